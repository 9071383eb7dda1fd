"""The calendar of an instance: what the seed knows, mended by what the office entered.

Invariants: a day entered is known from its `recorded_at` on and nothing of it is ever overwritten, so that a question
as of an instant is answered by the calendar known then. A year that neither the seed nor the office knows is unknown.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import Connection, func, insert, select

from data.calendar import Calendar
from data.holidays import FREE, UNKNOWN_DAY, WORKING, first_of, known_years, seeded
from data.instants import micros
from data.people import note
from data.schema import calendar_day
from data.settings import EPOCH_DAY, Settings
from data.sources.batch import shorten
from data.store import Store
from geo.units import fold

HEADERS = {
    "day": ("day", "date", "日期"),
    "working": ("working", "工作日", "是否工作日", "班休"),
    "name": ("name", "名称", "节日"),
}
WORDS = {
    WORKING: ("1", "yes", "on", "是", "班", "上班", "工作日", "working"),
    FREE: ("0", "no", "off", "否", "休", "放假", "休息日", "holiday", "free"),
}
FIRST_YEAR = 2004  # the first that the seed of China knows


class CalendarError(ValueError):
    """A list of days cannot be taken: where: got value; expected rule."""


@dataclass(frozen=True)
class Entry:
    """A day as somebody entered it, when (microseconds UTC) and who."""

    day: "Day"
    recorded_at: int
    recorded_by: str


@dataclass(frozen=True)
class Day:
    """A day (days since 1970-01-01), whether it is a working day (1, 0; -1 not known), and its name if it has one."""

    day: int
    working: int
    name: str = ""

    @property
    def on(self) -> date:
        """The day."""
        return EPOCH_DAY + timedelta(days=self.day)


def entered(connection: Connection, *, as_of: int | None = None) -> dict[int, Day]:
    """What the office entered, the last word of each day, as known at an instant (microseconds UTC; None: now)."""
    query = select(calendar_day).order_by(calendar_day.c.id)
    if as_of is not None:
        query = query.where(calendar_day.c.recorded_at <= as_of)
    return {row.day_on: Day(row.day_on, row.working, row.name) for row in connection.execute(query)}


def history(connection: Connection, year: int, *, as_of: int | None = None) -> list[Entry]:
    """Everything that was entered of a year, newest first."""
    query = select(calendar_day).order_by(calendar_day.c.id.desc())
    query = query.where(calendar_day.c.day_on >= first_of(year), calendar_day.c.day_on < first_of(year + 1))
    if as_of is not None:
        query = query.where(calendar_day.c.recorded_at <= as_of)
    return [
        Entry(Day(row.day_on, row.working, row.name), row.recorded_at, row.recorded_by)
        for row in connection.execute(query)
    ]


def days(connection: Connection, settings: Settings, year: int, *, as_of: int | None = None) -> list[Day]:
    """Every day of a year."""
    own = entered(connection, as_of=as_of)
    return [
        own.get(day) or Day(day, *seeded(day, settings)) for day in range(first_of(year), first_of(year + 1))
    ]


def looked_up(
    connection: Connection, settings: Settings, *, as_of: int | None = None
) -> Callable[[date], Day]:
    """Days one by one, for those who need few of them."""
    own = entered(connection, as_of=as_of)

    def known(on: date) -> Day:
        day = (on - EPOCH_DAY).days
        return own.get(day) or Day(day, *seeded(day, settings))

    return known


def calendar(connection: Connection, settings: Settings, *, until: int, as_of: int | None = None) -> Calendar:
    """The calendar from the first year known to the end of a year."""
    own = entered(connection, as_of=as_of)
    span = range(first_of(FIRST_YEAR), first_of(until + 1))
    working = np.array([own[day].working if day in own else seeded(day, settings)[0] for day in span])
    return Calendar(span.start, working, settings.working_time.slots, settings)


def unknown(connection: Connection, settings: Settings, years: Iterable[int]) -> list[int]:
    """Years of which at least one day is not known."""
    return [
        year for year in years if any(day.working == UNKNOWN_DAY for day in days(connection, settings, year))
    ]


def list_of(table: Iterable[Sequence[str]], file: str, settings: Settings) -> list[Day]:
    """Days from a table: date, whether it is a working day, and a name if any. Of each year named that the seed does
    not know, the days not named are what the week says, so that the exceptions of a year are enough to know it.

    Raises CalendarError
    """
    rows = iter(table)
    headers: Sequence[str] = next((row for row in rows if any(row)), ())
    at = {
        field: next((place for place, cell in enumerate(headers) if fold(cell) in names), None)
        for field, names in HEADERS.items()
    }
    if at["day"] is None or at["working"] is None:
        raise CalendarError(
            f"{file}: got columns {', '.join(map(shorten, headers))}; expected day and working"
        )
    found: dict[int, Day] = {}
    for number, row in enumerate(rows, start=2):
        cells = {name: _cell(row, place) for name, place in at.items()}
        if any(cells.values()):
            day = _day(cells, f"{file} row {number}")
            if day.day in found:
                raise CalendarError(f"{file} row {number}: day: got {day.on} again; expected each day once")
            found[day.day] = day
    for year in {day.on.year for day in found.values()} - _seeded_years(settings):
        for number in range(first_of(year), first_of(year + 1)):
            found.setdefault(number, Day(number, _by_week(number, settings)))
    return [found[number] for number in sorted(found)]


def record(store: Store, listed: Sequence[Day], *, now: datetime, by: str) -> int:
    """Enter days; those that say what is known already are left. Answers how many were entered."""
    with store.write() as connection:
        own = entered(connection)
        new = [
            day
            for day in listed
            if (own.get(day.day) or Day(day.day, *seeded(day.day, store.settings))) != day
        ]
        number = connection.scalar(select(func.max(calendar_day.c.id))) or 0
        rows = [
            {"id": at, "day_on": day.day, "working": day.working, "name": day.name, "recorded_at": micros(now),
             "recorded_by": by}
            for at, day in enumerate(new, start=number + 1)
        ]  # fmt: skip
        if rows:
            connection.execute(insert(calendar_day), rows)
            note(connection, "days entered", by=by, now=now, detail=f"{len(rows)} days")
    return len(rows)


def _seeded_years(settings: Settings) -> frozenset[int]:
    return known_years() if settings.working_time.chinese else frozenset(range(1970, 3000))


def _by_week(day: int, settings: Settings) -> int:
    weekday = (EPOCH_DAY + timedelta(days=day)).isoweekday()
    return WORKING if weekday in settings.working_time.week else FREE


def _day(cells: dict[str, str], where: str) -> Day:
    try:
        moment = date.fromisoformat(cells["day"][:10].replace("/", "-"))
    except ValueError:
        raise CalendarError(
            f"{where}: day: got '{shorten(cells['day'])}'; expected a date such as 2027-01-01"
        ) from None
    for working, words in WORDS.items():
        if fold(cells["working"]) in words:
            return Day((moment - EPOCH_DAY).days, working, cells["name"])
    raise CalendarError(
        f"{where}: working: got '{shorten(cells['working'])}'; expected 1 or 0, 是 or 否, 班 or 休"
    )


def _cell(row: Sequence[str], at: int | None) -> str:
    return "" if at is None or at >= len(row) else row[at].strip()
