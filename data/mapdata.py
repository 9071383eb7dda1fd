"""What a map draws besides values: points, outlines, and what the search box finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, func, select

from data import places
from data.factstore import load_as_of, term_kind, terms, visible
from data.instants import micros
from data.rollup import published
from data.running import open_facts
from data.schema import FACTS, STARTS
from geo import shapes as drawing

if TYPE_CHECKING:
    from data.reader import Reader

TOLERANCE_M = 0.3
OPEN_ALERTS = ("raised", "acknowledged", "verified", "assigned", "reopened")
RECENT_ALERT_DAYS = 7
RECENT_READING_DAYS = 2


def longest_overdue(reader: Reader, unit: str | None, *, limit: int) -> DataFrame:
    """Open cases past their limit at the clock, longest first.

    returns  id, category, address, unit_code, unit_name, due_at (microseconds UTC), overdue_minutes, lon, lat
    """
    table = FACTS["cases"]
    now = micros(reader.clock())
    with reader.store.read() as connection:
        query = (
            select(
                table.c.rev,
                table.c.key,
                table.c.category,
                table.c.address,
                table.c.due_at,
                table.c.lon,
                table.c.lat,
            )
            .where(
                *_open(connection, "cases"),
                table.c.due_at < now,
                *places.inside("cases", reader.version, reader.spans(unit)),
            )
            .order_by(table.c.due_at, table.c.rev)
            .limit(limit)
        )
        frame = DataFrame(connection.execute(query).all(), columns=[*_NAMES, "due_at", "lon", "lat"])
        frame = _with_words(connection, reader, frame, "cases")
    return frame.assign(overdue_minutes=(now - frame["due_at"].astype("int64")) // 60_000_000)


_NAMES = ("rev", "id", "category", "address")


def _open(connection: Connection, subject: str) -> list:
    seen = published(connection)
    return open_facts(subject, load=seen.load if seen else load_as_of(connection, 0))


def _with_words(connection: Connection, reader: Reader, frame: DataFrame, subject: str) -> DataFrame:
    if "category" in frame:
        frame["category"] = (
            frame["category"].map(terms(connection, term_kind(subject, "category"))).astype("str")
        )
    placed = places.of_revisions(connection, subject, reader.version.id, frame["rev"].astype("int64"))
    codes, names = reader.version.code_at, reader.version.name_at
    frame["unit_code"] = [codes[pos] for pos in placed.tolist()]
    frame["unit_name"] = [names[pos] for pos in placed.tolist()]
    return frame.drop(columns="rev")


def points(reader: Reader, unit: str | None, *, limit: int) -> DataFrame:
    """Newest open facts with coordinates.

    returns  kind (overdue, case, order, alert, parking), id, lon, lat, title, detail, at; overdue cases first, at most
             `limit` rows of each kind
    """
    now = micros(reader.clock())
    with reader.store.read() as connection:
        parts = [_open_points(connection, reader, subject, unit, limit) for subject in ("cases", "orders")]
        parts += [_alert_points(connection, reader, unit, limit, now), _lots(connection, reader, unit, limit)]
    frame = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    overdue = (frame["kind"] == "case") & (frame["due_at"] < now)
    frame.loc[overdue, "kind"] = "overdue"
    return frame.drop(columns="due_at")


_POINT = ("kind", "id", "lon", "lat", "title", "detail", "at", "due_at")


def _open_points(
    connection: Connection, reader: Reader, subject: str, unit: str | None, limit: int
) -> DataFrame:
    table = FACTS[subject]
    start = table.c[STARTS[subject]]
    columns = (
        table.c.key,
        table.c.lon,
        table.c.lat,
        table.c.category,
        table.c.address,
        start,
        table.c.due_at,
    )
    late_first = func.coalesce(table.c.due_at, 2**62)
    query = select(*columns).where(
        *_open(connection, subject),
        table.c.lon.is_not(None),
        *places.inside(subject, reader.version, reader.spans(unit)),
    )
    order = (late_first, start.desc()) if subject == "cases" else (start.desc(), table.c.rev)
    rows = connection.execute(query.order_by(*order).limit(limit)).all()
    frame = DataFrame(rows, columns=list(_POINT[1:]))
    frame["title"] = frame["title"].map(terms(connection, term_kind(subject, "category"))).astype("str")
    return frame.assign(kind="case" if subject == "cases" else "order")[list(_POINT)]


def _alert_points(
    connection: Connection, reader: Reader, unit: str | None, limit: int, now: int
) -> DataFrame:
    table = FACTS["alerts"]
    kinds, states = (terms(connection, term_kind("alerts", name)) for name in ("kind", "state"))
    still_open = [number for number, word in states.items() if word in OPEN_ALERTS]
    query = (
        select(table.c.key, table.c.lon, table.c.lat, table.c.kind, table.c.building, table.c.occurred_at)
        .where(*_open(connection, "alerts"), table.c.lon.is_not(None), table.c.state.in_(still_open))
        .where(table.c.occurred_at > now - RECENT_ALERT_DAYS * 86_400_000_000)
        .where(*places.inside("alerts", reader.version, reader.spans(unit)))
        .order_by(table.c.occurred_at.desc())
        .limit(limit)
    )
    frame = DataFrame(connection.execute(query).all(), columns=list(_POINT[1:-1]))
    frame["title"] = frame["title"].map(kinds).astype("str")
    return frame.assign(kind="alert", due_at=None)[list(_POINT)]


def _lots(connection: Connection, reader: Reader, unit: str | None, limit: int) -> DataFrame:
    """Newest reading of each parking lot that was read in the last days anything was."""
    table = FACTS["parking"]
    last = connection.scalar(select(func.max(table.c.observed_at))) or 0
    # By the index of instants: to look for the newest of each lot among all readings takes half a second.
    live = [*_open(connection, "parking"), table.c.observed_at > last - RECENT_READING_DAYS * 86_400_000_000]
    newest = (
        select(table.c.lot, func.max(table.c.observed_at).label("at"))
        .where(*live)
        .group_by(table.c.lot)
        .subquery()
    )
    lots = terms(connection, term_kind("parking", "name")) | terms(connection, term_kind("parking", "lot"))
    query = (
        select(table.c.key, table.c.lon, table.c.lat, func.coalesce(table.c.name, table.c.lot), table.c.occupied,
               table.c.capacity, table.c.observed_at)
        .join(newest, (newest.c.lot == table.c.lot) & (newest.c.at == table.c.observed_at))
        .where(*live, table.c.lon.is_not(None), *places.inside("parking", reader.version, reader.spans(unit)))
        .limit(limit)
    )  # fmt: skip
    rows = [
        ("parking", key, lon, lat, lots.get(name, ""), f"{occupied}/{capacity}", at, pd.NA)
        for key, lon, lat, name, occupied, capacity, at in connection.execute(query)
    ]
    return DataFrame(rows, columns=list(_POINT))


def search(reader: Reader, text: str, *, limit: int) -> DataFrame:
    """Units whose name or code holds the text, then cases and orders whose number starts with it.

    returns  kind (unit, case, order), code, title, detail (level of a unit, category of a fact)
    """
    wanted = text.strip().casefold()
    if not wanted:
        return DataFrame({"kind": [], "code": [], "title": [], "detail": []}, dtype="str")
    units = reader.version.units
    hit = units["name"].str.casefold().str.contains(wanted, regex=False) | units[
        "code"
    ].str.casefold().str.startswith(wanted)
    seen = [pos for pos in units.loc[hit, "pos"].tolist() if reader.sees(pos)][:limit]
    rows = [
        ("unit", unit["code"], unit["name"], reader.settings.names[unit["level"]])
        for unit in (reader.version.row(pos) for pos in seen)
    ]
    with reader.store.read() as connection:
        for subject, kind in (("cases", "case"), ("orders", "order")):
            rows += _facts_named(connection, reader, subject, kind, text.strip(), limit - len(rows))
    return DataFrame(rows, columns=["kind", "code", "title", "detail"])


def _facts_named(
    connection: Connection, reader: Reader, subject: str, kind: str, text: str, limit: int
) -> list[tuple]:
    if limit <= 0 or len(text) < 3:
        return []
    table = FACTS[subject]
    seen = published(connection)
    query = (
        select(table.c.key, table.c.category, table.c.address)
        .where(visible(table, seen.load if seen else 0), ~table.c.withdrawn)
        .where(table.c.key.startswith(text, autoescape=True))
        .where(*places.inside(subject, reader.version, reader.spans(None)))
        .limit(limit)
    )
    known = terms(connection, term_kind(subject, "category"))
    return [
        (kind, key, known.get(category, key), address or "")
        for key, category, address in connection.execute(query)
    ]


def shapes(reader: Reader, level: str, within: str | None) -> tuple[str, bytes]:
    """GeoJSON of a level's outlines inside a unit, lightly simplified, and the hash of its bytes."""
    body = drawing.feature_collection(_with_shapes(reader, level, within), tolerance_m=TOLERANCE_M)
    return drawing.content_hash(body), body


def _with_shapes(reader: Reader, level: str, within: str | None) -> DataFrame:
    units = reader.units(level, within)
    with reader.store.read() as connection:
        outlines = places.shapes(connection, reader.version.id, level=reader.settings.level(level).depth)
    frame = units.assign(geometry=outlines.reindex(units["pos"]).to_numpy())
    return frame[frame["geometry"].notna()]
