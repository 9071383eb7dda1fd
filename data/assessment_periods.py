"""Periods by name: the assessment year and its halves and quarters, the month, the week, the last days.

Halves and quarters divide the assessment year, wherever it starts; a month is that of the calendar, a week begins on
Monday (ISO 8601), a rolling period ends with the day asked. A year is called after the year it ends in.
"""

from datetime import date, timedelta

from data.assessment_year import YearStart, months_on
from data.query import Period, QueryError

PARTS = {"year": 12, "half": 6, "quarter": 3}  # months
ROLLING = {"rolling-7": 7, "rolling-30": 30, "rolling-90": 90}
NAMES = (*PARTS, "month", "week", *ROLLING, "calendar-year")


def named(name: str, day: date, start: YearStart) -> Period:
    """The whole period of that name in which a day lies. Raises QueryError."""
    if name in ROLLING:
        return Period(day + timedelta(days=1 - ROLLING[name]), day + timedelta(days=1))
    if name in PARTS:
        return _part(PARTS[name], day, start)
    if name == "calendar-year":
        return _part(12, day, YearStart())
    if name == "month":
        first = day.replace(day=1)
        return Period(first, months_on(first, 1))
    if name == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=7))
    raise QueryError(f"period: got '{name[:40]}'; expected one of {', '.join(NAMES)}")


def so_far(name: str, day: date, start: YearStart) -> Period:
    """The part of a named period up to and with a day. Raises QueryError."""
    return Period(named(name, day, start).start, day + timedelta(days=1))


def _part(months: int, day: date, start: YearStart) -> Period:
    first = start.first(day)
    while (following := months_on(first, months)) <= day:
        first = following
    return Period(first, following)
