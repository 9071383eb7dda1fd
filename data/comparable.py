"""The part of an earlier period that may be compared with a period, and by which rule it was chosen.

A running period is compared over the part that has elapsed. Pure: days come from a function that tells of each date
whether it is a working day, free or not known (`data.calendar_days.looked_up`).

The rules, first that applies:

- `whole`          a whole month with the whole month before, or that of last year
- `days`           as many days, where the instance says so, or a period is longer than a year
- `unknown`        as many days, since the calendar does not know a year that the two lie in
- `festival`       last year's days at the same distance from the lunar new year, where one of the two touches the
                   Spring Festival (a month before is not moved: the label of a change says what was matched)
- `working-days`   up to the same working day: the n-th of the month, or n of them just before

What follows the n-th working day, a weekend or a holiday, is taken as far as the period itself ends on free days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from typing import Literal

from data.calendar_days import Day
from data.holidays import FREE, UNKNOWN_DAY, WORKING
from data.query import Period

Rule = Literal["whole", "days", "unknown", "festival", "working-days"]
Known = Callable[[date], Day]
ONE = timedelta(days=1)
WEEKS = timedelta(days=364)  # whole weeks, so that weekdays meet weekdays
LONGEST = 366
SPRING_FESTIVAL = "春节"
# Month and day on which the lunar year begins, by the Chinese calendar (GB/T 33661-2017).
NEW_YEAR = {
    2004: (1, 22), 2005: (2, 9), 2006: (1, 29), 2007: (2, 18), 2008: (2, 7), 2009: (1, 26),
    2010: (2, 14), 2011: (2, 3), 2012: (1, 23), 2013: (2, 10), 2014: (1, 31), 2015: (2, 19),
    2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12),
    2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6),
    2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31),
    2034: (2, 19), 2035: (2, 8),
}  # fmt: skip


@dataclass(frozen=True)
class Comparable:
    """An earlier period and how it was chosen.

    working  of rule `working-days`: working days of the period, and of the earlier one where the month had fewer
    """

    period: Period
    rule: Rule
    working: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Comparison:
    """What a period is compared with: `now` is its elapsed part; of a month, or of any days."""

    now: Period
    month: bool
    before: Comparable
    year: Comparable


def comparison(now: Period, known: Known, *, by: str) -> Comparison:
    """The period before and the same of last year, of the elapsed part of a period; `by` as the instance says."""
    month = now.start.day == 1 and now.end <= _month(now.start, 1)
    return Comparison(now, month, before(now, known, by=by), year_before(now, known, by=by))


def before(now: Period, known: Known, *, by: str) -> Comparable:
    """The comparable part of the month before, or of the days just before."""
    plain = now.before
    month = now.start.day == 1 and now.end <= _month(now.start, 1)
    if month and now.end == _month(now.start, 1):
        return Comparable(Period(_month(now.start, -1), now.start), "whole")
    if (rule := _by_days(now, plain, known, by)) is not None:
        return Comparable(plain, rule)
    if not month:
        return _backward(now, known)
    return _forward(now, _month(now.start, -1), known, limit=now.start)


def year_before(now: Period, known: Known, *, by: str) -> Comparable:
    """The comparable part of the same month of last year, or of the days 52 weeks ago."""
    month = now.start.day == 1 and now.end <= _month(now.start, 1)
    plain = _same_dates(now) if month else Period(now.start - WEEKS, now.end - WEEKS)
    if (rule := _by_days(now, plain, known, by)) is not None:
        return Comparable(plain, rule)
    moved = _by_festival(now, plain, known)
    if moved is not None:
        return Comparable(moved, "festival")
    if month and now.end == _month(now.start, 1):
        return Comparable(Period(plain.start, _month(plain.start, 1)), "whole")
    limit = _month(plain.start, 1) if month else now.start
    return _forward(now, plain.start, known, limit=limit)


def _by_days(now: Period, plain: Period, known: Known, by: str) -> Rule | None:
    """Why days are matched, if they are."""
    if by == "days" or now.days > LONGEST:
        return "days"
    # The earlier part may reach beyond as many days: a look at the days between tells of them as well.
    if any(known(day).working == UNKNOWN_DAY for day in (*_days(plain), *_days(now))):
        return "unknown"
    # No working day so far: a month that begins with a holiday.
    return None if _working(now, known) else "days"


def _forward(now: Period, start: date, known: Known, *, limit: date) -> Comparable:
    """From a day on up to the n-th working day, never past the limit."""
    wanted, counted, day = _working(now, known), 0, start
    while day < limit and counted < wanted and known(day).working != UNKNOWN_DAY:
        counted += known(day).working == WORKING
        day += ONE
    if counted < wanted:  # the month had fewer: the whole of it
        return Comparable(Period(start, limit), "working-days", (wanted, counted))
    for _ in range(_free_at_end(now, known)):
        if day < limit and known(day).working == FREE:
            day += ONE
    return Comparable(Period(start, day), "working-days", (wanted, counted))


def _backward(now: Period, known: Known) -> Comparable:
    """As many working days up to the day before, with as many free days ahead of them as the period begins with."""
    wanted, counted, day = _working(now, known), 0, now.start
    while counted < wanted:
        day -= ONE
        if known(day).working == UNKNOWN_DAY:
            return Comparable(now.before, "unknown")
        counted += known(day).working == WORKING
    for _ in takewhile(lambda each: known(each).working == FREE, _days(now)):
        if known(day - ONE).working == FREE:
            day -= ONE
    return Comparable(Period(day, now.start), "working-days", (wanted, counted))


def _by_festival(now: Period, plain: Period, known: Known) -> Period | None:
    """Last year's days at the same distance from the lunar new year; None where neither touches the festival."""
    days = map(known, (*_days(now), *_days(plain)))
    if not any(day.name == SPRING_FESTIVAL and day.working == FREE for day in days):
        return None
    year = now.start.year
    if year not in NEW_YEAR or year - 1 not in NEW_YEAR:
        return None
    moved = date(year, *NEW_YEAR[year]) - date(year - 1, *NEW_YEAR[year - 1])
    return Period(now.start - moved, now.end - moved)


def _working(period: Period, known: Known) -> int:
    return sum(known(day).working == WORKING for day in _days(period))


def _free_at_end(period: Period, known: Known) -> int:
    backward = reversed(_days(period))
    return sum(1 for _ in takewhile(lambda day: known(day).working == FREE, backward))


def _days(period: Period) -> list[date]:
    return [period.start + timedelta(days=number) for number in range(period.days)]


def _same_dates(period: Period) -> Period:
    """The same dates a year earlier, of the first days of a month; 29 February has none of its own."""
    start = _month(period.start, -12)
    return Period(start, min(start + timedelta(days=period.days), _month(start, 1)))


def _month(first: date, step: int) -> date:
    months = first.year * 12 + first.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)
