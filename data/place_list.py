"""Entries of the gazetteer as a page lists them: found by words or kind, each with the unit it lies in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from data import places
from data.gazetteer import ALL
from data.placing import positions
from data.schema import place_entry
from geo.gazetteer import Entry

if TYPE_CHECKING:
    from data.reader import Reader

LARGEST_PAGE = 200
COLUMNS = ("id", *ALL, "origin", "recorded_at", "recorded_by")
_NUMBERED = re.compile(r"(?P<road>\D{2,}?)(?:(?P<lane>\d{1,6})弄)?(?:(?P<door>\d{1,6})(?:-\d{1,6})?号?)?\Z")


@dataclass(frozen=True)
class PlaceEntry:
    """One entry: its words, where it lies in the version asked for, how long it holds, who wrote it.

    unit_code      "" where the version knows no such place; then `has_target` says whether the entry names one
    lon, lat       WGS84 degrees, None where it names units; units: tree -> code
    valid_from_on  epoch days, None: open; recorded_at in microseconds UTC
    """

    id: int
    entry: Entry
    unit_code: str
    unit_name: str
    lon: float | None
    lat: float | None
    level: str
    units: Mapping[str, str]
    valid_from_on: int | None
    valid_to_on: int | None
    note: str
    origin: str
    recorded_at: int
    recorded_by: str

    @property
    def has_target(self) -> bool:
        """Whether it says where it lies."""
        return self.lon is not None or bool(self.units)


def listed(
    reader: Reader, *, state: str = "active", text: str = "", kind: str = "", start: int = 0, limit: int = 50
) -> tuple[list[PlaceEntry], int]:
    """Entries start..start+limit by their words, and the count of all.

    state  active or proposed
    text   parts of a name or a road, all of which hold; a road may have the number of a lane, a door or both
    """
    where = _asked(state, text, kind)
    limit, start = min(max(limit, 1), LARGEST_PAGE), max(start, 0)
    order = [place_entry.c[name] for name in ("road", "lane", "branch", "low", "name", "id")]
    query = select(*(place_entry.c[name] for name in COLUMNS)).where(*where)
    with reader.store.read() as connection:
        total = connection.scalar(select(func.count()).select_from(place_entry).where(*where)) or 0
        rows = connection.execute(query.order_by(*order).limit(limit).offset(start)).all()
        return _told(connection, reader, DataFrame(rows, columns=list(COLUMNS))), int(total)


def one(reader: Reader, number: int) -> PlaceEntry | None:
    """An entry that holds; None for any other number."""
    query = select(*(place_entry.c[name] for name in COLUMNS))
    with reader.store.read() as connection:
        rows = connection.execute(query.where(*_asked("active", "", ""), place_entry.c.id == number)).all()
        found = _told(connection, reader, DataFrame(rows, columns=list(COLUMNS)))
    return found[0] if found else None


def counts(reader: Reader) -> dict[str, int]:
    """How many entries hold, by kind; and under "proposed" how many proposals nobody has judged."""
    by = select(place_entry.c.state, place_entry.c.kind, func.count()).where(
        place_entry.c.superseded_at.is_(None), place_entry.c.state.in_(("active", "proposed"))
    )
    found: dict[str, int] = {"proposed": 0}
    with reader.store.read() as connection:
        for state, kind, count in connection.execute(by.group_by(place_entry.c.state, place_entry.c.kind)):
            key = kind if state == "active" else "proposed"
            found[key] = found.get(key, 0) + count
    return found


def located(reader: Reader, rows: DataFrame) -> list[tuple[str, str]]:
    """Code and name of the unit each row (lon, lat, level, units) lies in; empty where none of the version does."""
    if rows.empty:
        return []
    with reader.store.read() as connection:
        return _units(connection, reader, rows)


def _asked(state: str, text: str, kind: str) -> list[ColumnElement[bool]]:
    where = [place_entry.c.state == state, place_entry.c.superseded_at.is_(None)]
    if kind:
        where.append(place_entry.c.kind == kind)
    where += [_said(part) for part in text.split()]
    return where


def _said(text: str) -> ColumnElement[bool]:
    """Condition for entries that have a text in their name or road, or lie on a road at a number."""
    said = [place_entry.c[name].contains(text, autoescape=True) for name in ("name", "road")]
    found = _NUMBERED.match(text)
    if not found or not (found["lane"] or found["door"]):
        return or_(*said)
    on = place_entry.c.road.contains(found["road"], autoescape=True)
    numbers = [int(number) for number in (found["lane"], found["door"]) if number]
    low, high, lane = (place_entry.c[name] for name in ("low", "high", "lane"))
    if len(numbers) == 2:
        return or_(*said, and_(on, lane == numbers[0], low <= numbers[1], high >= numbers[1]))
    return or_(*said, and_(on, or_(lane == numbers[0], and_(low <= numbers[0], high >= numbers[0]))))


def _units(connection: Connection, reader: Reader, rows: DataFrame) -> list[tuple[str, str]]:
    placer = places.Placer(connection, reader.version, cache=reader.settings.folder / ".cache")
    typed = rows.astype({"lon": "float64", "lat": "float64"})
    version = reader.version
    at: Sequence[int] = positions(typed, placer, reader.settings).tolist()
    return [(version.code_at[pos], version.name_at[pos]) for pos in at]


def _told(connection: Connection, reader: Reader, rows: DataFrame) -> list[PlaceEntry]:
    if rows.empty:
        return []
    plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
    kept = (
        "id",
        "lon",
        "lat",
        "level",
        "valid_from_on",
        "valid_to_on",
        "note",
        "origin",
        "recorded_at",
        "recorded_by",
    )
    return [
        PlaceEntry(
            entry=Entry(*(row[name] for name in Entry._fields)), unit_code=code, unit_name=name,
            units=json.loads(row["units"]), **{key: row[key] for key in kept},
        )
        for row, (code, name) in zip(plain, _units(connection, reader, rows), strict=True)
    ]  # fmt: skip
