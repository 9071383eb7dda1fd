"""Outlines of units, and what the search box finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pandas import DataFrame
from sqlalchemy import Connection, select

from data import places
from data.factstore import visible
from data.schema import FACTS
from data.terms import term_kind, terms
from geo import shapes as drawing

if TYPE_CHECKING:
    from data.reader import Reader

TOLERANCE_M = 0.3


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
    known = reader.version
    rows = [
        ("unit", known.code_at[pos], known.name_at[pos], reader.levels()[known.level_at[pos]].name)
        for pos in seen
    ]
    with reader.read() as connection:
        for subject, kind in (("cases", "case"), ("orders", "order")):
            rows += _facts_named(connection, reader, subject, kind, text.strip(), limit - len(rows))
    return DataFrame(rows, columns=["kind", "code", "title", "detail"])


def _facts_named(
    connection: Connection, reader: Reader, subject: str, kind: str, text: str, limit: int
) -> list[tuple]:
    if limit <= 0 or len(text) < 3:
        return []
    table = FACTS[subject]
    seen = reader.published
    query = (
        select(table.c.key, table.c.category, table.c.address)
        .where(visible(table, seen.load if seen else 0), ~table.c.withdrawn)
        .where(table.c.key.startswith(text, autoescape=True))
        .where(*reader.inside(subject, None))
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
    with reader.read() as connection:
        outlines = places.shapes(connection, reader.version.id, level=reader.level(level).depth)
    frame = units.assign(geometry=outlines.reindex(units["pos"]).to_numpy())
    return frame[frame["geometry"].notna()]
