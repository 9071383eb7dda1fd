"""Periods a page shows beside the chosen one: the last thirteen, the same a year before, and the presets."""

from datetime import date, timedelta

from data.query import Period

COUNT = 13
YEAR = timedelta(days=364)  # whole weeks, so that weekdays meet weekdays


def monthly(period: Period) -> bool:
    """Whether the period is a month or the first days of one."""
    return period.start.day == 1 and period.end <= _month(period.start, 1)


def recent(period: Period, *, count: int = COUNT) -> tuple[Period, ...]:
    """The last `count` periods like this one, oldest first, the last being the period itself.

    Of a month the same days of each month, so that the last point and the one before differ by the change the
    card tells; of any other period as many days, one after the other.
    """
    if not monthly(period):
        steps = (timedelta(days=period.days * back) for back in range(count - 1, -1, -1))
        return tuple(Period(period.start - step, period.end - step) for step in steps)
    return tuple(_days_of_month(period, back) for back in range(count - 1, -1, -1))


def year_before(period: Period) -> Period:
    """The same days a year before: of a month by the calendar, else 52 weeks back."""
    if monthly(period):
        return _days_of_month(period, 12)
    return Period(period.start - YEAR, period.end - YEAR)


def presets(today: date) -> dict[str, Period]:
    """Periods one chooses by name, ending with today."""
    tomorrow, month = today + timedelta(days=1), today.replace(day=1)
    return {
        "month": Period(month, tomorrow),
        "last-month": Period(_month(month, -1), month),
        "days7": Period(tomorrow - timedelta(days=7), tomorrow),
        "days30": Period(tomorrow - timedelta(days=30), tomorrow),
        "days90": Period(tomorrow - timedelta(days=90), tomorrow),
        "year": Period(today.replace(month=1, day=1), tomorrow),
    }


def begun(period: Period, today: date | None) -> int:
    """Days of the period up to and with today; all of them where no day is named."""
    end = period.end if today is None else min(period.end, today + timedelta(days=1))
    return max((end - period.start).days, 0)


def elapsed(period: Period, today: date) -> tuple[int, int] | None:
    """Day n of m of the running month; None when the period is not the running one."""
    if not monthly(period) or not period.start <= today < _month(period.start, 1) or period.end <= today:
        return None
    return today.day, (_month(period.start, 1) - period.start).days


def _month(first: date, step: int) -> date:
    months = first.year * 12 + first.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


def _days_of_month(period: Period, back: int) -> Period:
    start, after = _month(period.start, -back), _month(period.start, 1 - back)
    whole = period.end == _month(period.start, 1)
    return Period(start, after if whole else min(after, start + timedelta(days=period.days)))
