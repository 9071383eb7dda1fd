"""A limit counted day by day: what each day gives, until the limit is reached.

The instant comes from `Calendar.due`, as of every fact; the steps are counted on a path of their own and must add up to
the limit, which a test holds.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Connection

from data.calendar import DAY, MICROSECONDS, UNKNOWN, Calendar, Limit
from data.calendar_days import Day, calendar, days
from data.settings import EPOCH_DAY, Settings

MOST_STEPS = 62
YEARS_AHEAD = 2


@dataclass(frozen=True)
class Step:
    """One local day: whether it is worked, what of it counts and how much that is, in the unit of the limit.

    spans  instants between which the clock ran, for limits of hours and minutes
    """

    day: Day
    counted: float
    total: float
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def on(self) -> date:
        """The day."""
        return self.day.on


@dataclass(frozen=True)
class Steps:
    """A limit from an instant on: when it runs out (None: nobody knows yet) and the days on the way.

    measure  what is counted: minutes, hours or days
    cut      whether there are more days than are listed
    """

    limit: Limit
    start: int
    due: int | None
    measure: str
    steps: tuple[Step, ...]
    cut: bool


def steps(connection: Connection, settings: Settings, limit: Limit, start: int) -> Steps:
    """Count a limit from an instant (microseconds UTC), by the calendar known now."""
    first = _local_day(start, settings)
    known = calendar(connection, settings, until=_year(first) + YEARS_AHEAD)
    none = np.zeros(1, dtype=np.int64)
    due = int(known.due(np.array([start], dtype=np.int64), [limit], none, none)[0])
    last = _local_day(due, settings) if due != UNKNOWN else _first_unknown(known, first)
    shown = range(first, min(last, first + MOST_STEPS - 1) + 1)
    years = {_year(number) for number in shown}
    named = {day.day: day for year in years for day in days(connection, settings, year)}
    found: list[Step] = []
    total = 0.0
    for number in shown:
        counted, spans = _of_day(known, limit, start, due, named[number], total)
        total += counted
        found.append(Step(named[number], counted, total, tuple(spans)))
    measure = (
        "days"
        if limit.unit in ("days", "working days")
        else "minutes"
        if limit.unit == "minutes"
        else "hours"
    )
    return Steps(limit, start, None if due == UNKNOWN else due, measure, tuple(found), last > shown[-1])


def _of_day(
    known: Calendar, limit: Limit, start: int, due: int, day: Day, total: float
) -> tuple[float, list[tuple[int, int]]]:
    settings = known.settings
    if limit.unit in ("days", "working days"):
        runs = day.day > _local_day(start, settings) and total < limit.amount
        return float(runs and (limit.unit == "days" or day.working == 1)), []
    whole = [(settings.day_start(day.day), settings.day_start(day.day + 1))]
    open_ones = whole if limit.unit in ("minutes", "hours") else known.shifts(day.day)
    end = due if due != UNKNOWN else start + MOST_STEPS * DAY
    spans = [(max(a, start), min(b, end)) for a, b in open_ones if max(a, start) < min(b, end)]
    each = MICROSECONDS["minutes" if limit.unit == "minutes" else "hours"]
    return sum(b - a for a, b in spans) / each, spans


def _first_unknown(known: Calendar, first: int) -> int:
    """The first day from one on of which nobody knows whether it is worked, or the day itself outside the calendar."""
    at = first - known.first
    unknown = np.flatnonzero(known.working[max(at, 0) :] < 0)
    return first + int(unknown[0]) if at >= 0 and len(unknown) else first


def _local_day(instant: int, settings: Settings) -> int:
    day = instant // DAY
    while settings.day_start(day + 1) <= instant:
        day += 1
    while settings.day_start(day) > instant:
        day -= 1
    return day


def _year(day: int) -> int:
    return (EPOCH_DAY + timedelta(days=day)).year
