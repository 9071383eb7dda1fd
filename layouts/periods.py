"""Periods a page shows beside the chosen one: the last thirteen, the same a year before, and the presets."""

from datetime import date, timedelta

from data.assessment_periods import named, so_far
from data.assessment_year import YearStart, months_on
from data.query import Period
from layouts.words import Words

COUNT = 13
CALENDAR = YearStart()
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


def presets(today: date, start: YearStart = CALENDAR) -> dict[str, Period]:
    """Periods one chooses by name, so far: all but last month end with today.

    start  day the assessment year begins on; where it is that of the calendar the year is named once
    """
    month = today.replace(day=1)
    own = {} if start.calendar else {"assessment": so_far("year", today, start)}
    return {
        "month": so_far("month", today, start),
        "last-month": Period(_month(month, -1), month),
        "week": so_far("week", today, start),
        "quarter": so_far("quarter", today, start),
        **own,
        "days7": named("rolling-7", today, start),
        "days30": named("rolling-30", today, start),
        "days90": named("rolling-90", today, start),
        "year": so_far("calendar-year", today, start),
    }


def title(name: str, period: Period, words: Words) -> str:
    """What a preset is called; an assessment year by the year it ends in, with its first and last month."""
    if name != "assessment":
        return words(f"period.{name}")
    first = period.start
    last = months_on(first, 12) - timedelta(days=1)
    return words(
        "period.assessment",
        year=last.year,
        first=words.on(first).month(first),
        last=words.on(last).month(last),
    )


def name_of(period: Period, today: date, start: YearStart, words: Words) -> str:
    """What a period is called among the presets; "" where it has no name."""
    for name, choice in presets(today, start).items():
        if choice == period:
            return title(name, choice, words)
    return ""


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
