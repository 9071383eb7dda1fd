"""What stands on a map as points: open cases and orders, alerts of the last days, parking lots.

More of them than can be told apart are counted by unit instead. Open facts are few among many: they are found by an
index that holds no others, and each is looked up for its place. SQLite takes CROSS JOIN for the order of its loops;
left to itself it begins with all places of a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pandas import DataFrame
from sqlalchemy import TextClause, text

from data.bulk import whole_numbers
from data.factstore import load_as_of
from data.instants import micros
from data.running import SEEN, open_facts

if TYPE_CHECKING:
    from data.places import Version
    from data.reader import Reader

MOST = 300  # in view: more symbols than that cannot be told apart
KINDS = ("overdue", "case", "order", "alert", "parking")
LISTED = ("kind", "id", "lon", "lat", "title", "detail", "at")
LONGEST = ("id", "category", "address", "unit_code", "unit_name", "due_at", "overdue_minutes", "lon", "lat")
COUNTED = ("unit_code", "unit_name", "lon", "lat", "kind", "n")
OPEN_ALERTS = ("raised", "acknowledged", "verified", "assigned", "reopened")
RECENT_ALERT_DAYS = 7
RECENT_READING_DAYS = 2
DAY = 86_400_000_000
Asked = tuple[int, int | None]


@dataclass(frozen=True)
class Points:
    """Points of a view, or how many there are in each unit where they would be too many.

    listed   kind (overdue, case, order, alert, parking), id, lon, lat, title, detail, at; overdue cases first
    counted  unit_code, unit_name, lon, lat of its label, kind, n; of the units shown, and of units above them for
             what lies in none of those
    """

    listed: DataFrame
    counted: DataFrame


@dataclass(frozen=True)
class _Source:
    """Where points come from: `clause` names the fact `f` and its place `p`; the rest are parts of a point."""

    clause: str
    kind: str
    title: str
    detail: str
    at: str


def points(reader: Reader, unit: str | None, level: str, *, limit: int) -> Points:
    """Points inside a unit: each of them up to `limit`, else their counts by unit of a level."""
    with reader.read() as connection:
        values, spans = _asked(reader, unit)
        values["alerts_from"] = values["now"] - RECENT_ALERT_DAYS * DAY
        newest = min(connection.scalar(_LAST_READING) or 0, values["now"])
        values["readings_from"] = newest - RECENT_READING_DAYS * DAY
        listed = connection.execute(_listing(spans), values | {"most": limit + 1}).all()
        many = len(listed) > limit
        counts = connection.execute(_counting(spans), values).all() if many else []
    depth = reader.level(level).depth
    lines = [(KINDS[kind], *rest) for kind, *rest in ([] if many else sorted(listed, key=_newest))]
    counted = _by_unit(counts, reader.version, depth) if many else []
    return Points(DataFrame(lines, columns=list(LISTED)), DataFrame(counted, columns=list(COUNTED)))


def longest_overdue(reader: Reader, unit: str | None, *, limit: int) -> DataFrame:
    """Open cases past their limit at the clock, or as of the instant the reader is of, longest first.

    returns  id, category, address, unit_code, unit_name, due_at (microseconds UTC), overdue_minutes, lon, lat
    """
    with reader.read() as connection:
        values, spans = _asked(reader, unit)
        rows = connection.execute(_longest(spans), values | {"limit": limit}).all()
    code, name, now = reader.version.code_at, reader.version.name_at, values["now"]
    found = [
        (*shown, code[place], name[place], due_at, (now - due_at) // 60_000_000, lon, lat)
        for *shown, place, due_at, lon, lat in rows
    ]
    return DataFrame(found, columns=list(LONGEST))


def _asked(reader: Reader, unit: str | None) -> tuple[dict[str, int], Asked]:
    """Values of the statements, and how many ranges of places they ask for, here and in the scope's own tree."""
    seen, spans = reader.published, reader.ground(unit)
    now, load = micros(reader.clock()), seen.load if seen else 0
    if reader.as_of is not None:
        with reader.read() as connection:
            now, load = min(now, reader.as_of), min(load, load_as_of(connection, reader.as_of))
    values = {"now": now, "load": load, "version": reader.version.id}
    for number, (low, high) in enumerate(spans):
        values |= {f"low{number}": low, f"high{number}": high}
    if reader.across is None:
        return values, (len(spans), None)
    held = reader.across.today
    own = held.spans if held else ()
    values |= {"home": held.version.id if held else 0}
    for number, (low, high) in enumerate(own):
        values |= {f"own_low{number}": low, f"own_high{number}": high}
    return values, (len(spans), len(own))


_LAST_READING = text("SELECT MAX(observed_at) FROM fact_parking")


def _placed(subject: str, spans: int, own: int | None) -> str:
    """Condition for a fact placed in one of so many ranges; the sum keeps the index of places out of it.

    own  of a scope of another tree: how many ranges there the fact must lie in one of, too
    """
    ranges = [f"p.place + 0 BETWEEN :low{number} AND :high{number}" for number in range(spans)]
    here = f"p.rev = f.rev AND p.version_id = :version AND ({' OR '.join(ranges) or 'FALSE'})"
    if own is None:
        return here
    ranges = [f"s.place + 0 BETWEEN :own_low{number} AND :own_high{number}" for number in range(own)]
    return f"""{here} AND EXISTS (SELECT 1 FROM place_{subject} s
        WHERE s.rev = f.rev AND s.version_id = :home AND ({" OR ".join(ranges) or "FALSE"}))"""


def _open(subject: str, spans: int, own: int | None, *, drawn: bool = True) -> list[str]:
    """Open facts of a subject (`data.running`) with their places, in parts."""
    placed = _placed(subject, spans, own) + (" AND f.lon IS NOT NULL" if drawn else "")
    return [
        f"FROM fact_{subject} f CROSS JOIN place_{subject} p WHERE {known} AND {placed}"
        for known in open_facts(subject)
    ]


def _sources(spans: int, own: int | None) -> list[_Source]:
    """Everything that is drawn as a point."""
    alerts = f"""FROM fact_alerts f CROSS JOIN place_alerts p
        WHERE f.occurred_at > :alerts_from AND {SEEN} AND {_placed("alerts", spans, own)} AND f.lon IS NOT NULL
        AND f.state IN (SELECT id FROM term WHERE kind = 'alerts.state' AND text IN {OPEN_ALERTS})"""
    # By the index of instants: to look for the newest reading of each lot among all of them takes half a second.
    lots = f"""FROM (SELECT f.lot, MAX(f.observed_at) latest FROM fact_parking f
        WHERE f.observed_at > :readings_from AND {SEEN} GROUP BY f.lot) newest
        CROSS JOIN fact_parking f CROSS JOIN place_parking p
        WHERE f.lot = newest.lot AND f.observed_at = newest.latest
        AND {SEEN} AND {_placed("parking", spans, own)} AND f.lon IS NOT NULL"""
    late = "CASE WHEN f.due_at < :now THEN 0 ELSE 1 END"
    return [
        *(
            _Source(clause, late, "f.category", "f.address", "f.reported_at")
            for clause in _open("cases", spans, own)
        ),
        *(
            _Source(clause, "2", "f.category", "f.address", "f.accepted_at")
            for clause in _open("orders", spans, own)
        ),
        _Source(alerts, "3", "f.kind", "f.building", "f.occurred_at"),
        _Source(lots, "4", "COALESCE(f.name, f.lot)", "f.occupied || '/' || f.capacity", "f.observed_at"),
    ]


@lru_cache(maxsize=64)
def _counting(asked: Asked) -> TextClause:
    """kind, place, count."""
    parts = [
        f"SELECT {each.kind} kind, p.place, COUNT(*) {each.clause} GROUP BY 1, 2" for each in _sources(*asked)
    ]
    query = " UNION ALL ".join(parts)
    return text(query)


@lru_cache(maxsize=64)
def _listing(asked: Asked) -> TextClause:
    """kind, id, lon, lat, title, detail, at; no more than `most`."""
    parts = [
        f"""SELECT {each.kind} kind, f.key, f.lon, f.lat, (SELECT text FROM term WHERE id = {each.title}),
        {each.detail}, {each.at} {each.clause}"""
        for each in _sources(*asked)
    ]
    query = " UNION ALL ".join(parts) + " LIMIT :most"
    return text(query)


@lru_cache(maxsize=64)
def _longest(asked: Asked) -> TextClause:
    """id, category, address, place, due_at, lon, lat."""
    parts = [
        f"""SELECT f.key id, f.category, f.address, p.place, f.due_at due_at, f.lon, f.lat
        {clause} AND f.due_at < :now"""
        for clause in _open("cases", *asked, drawn=False)
    ]
    longest = " UNION ALL ".join(parts) + " ORDER BY due_at, id LIMIT :limit"
    query = f"""SELECT id, (SELECT text FROM term WHERE term.id = longest.category), address, place, due_at, lon, lat
        FROM ({longest}) longest ORDER BY due_at, longest.id"""
    return text(query)


def _newest(row: Sequence) -> tuple:
    """Kinds in their order, the newest of each first."""
    return row[0], -row[6]


def _by_unit(counts: Sequence[tuple[int, int, int]], version: Version, depth: int) -> list[tuple]:
    """Counts by place as lines of `COUNTED`, the fullest unit first; what lies in no unit at all is left out."""
    kind, place, count = whole_numbers(counts, width=3).T
    row = version.ancestors[depth][place]
    found = np.zeros((int(row.max()) + 1, len(KINDS)), dtype=np.int64)
    np.add.at(found, (row, kind), count)
    found[0] = 0
    lines = []
    for pos in np.argsort(-found.sum(axis=1), kind="stable")[: np.count_nonzero(found.any(axis=1))].tolist():
        unit = (version.code_at[pos], version.name_at[pos], *version.label_at[pos, :2].tolist())
        lines += [(*unit, KINDS[kind], n) for kind, n in enumerate(found[pos].tolist()) if n]
    return lines
