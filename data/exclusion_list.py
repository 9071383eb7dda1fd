"""Applications to leave facts out of the assessment, with what each fact is, as far as the reader sees the facts.

Facts are read as last loaded, not as last refreshed. Never shown: who called, phone, address, text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pandas import Series
from sqlalchemy import ColumnElement, Connection, or_, select

from data import left_out, places
from data.exclusions import Event, Fact, standing
from data.factstore import last_load, visible
from data.measures import epoch_day
from data.query import Period
from data.schema import FACTS, STARTS, source
from data.terms import read_terms, term_kind

if TYPE_CHECKING:
    from data.reader import Reader

SHORTEST = 3  # characters of a number that is looked for


@dataclass(frozen=True)
class Listed:
    """A fact and what stands of it; instants in microseconds UTC.

    excluded  what the source itself gave as reason, if it left the fact out
    event     None where nobody has applied
    """

    fact: Fact
    source: str
    category: str
    unit_code: str
    unit_name: str
    start_at: int
    closed_at: int | None
    excluded: str = ""
    event: Event | None = None


def listed(
    reader: Reader, *, unit: str | None = None, period: Period | None = None, as_of: int | None = None
) -> list[Listed]:
    """Every application about a fact the reader sees, those that wait first, then the newest.

    unit    only of facts that lie in it today; raises UnknownUnit
    period  only those made on its days
    as_of   microseconds UTC: as they stood then
    """
    low, high = (-(2**62), 2**62)
    if period is not None:
        low, high = (reader.settings.day_start(epoch_day(day)) for day in (period.start, period.end))
    with reader.read() as connection:
        known = standing(connection, as_of=as_of)
        wanted = {fact: event for fact, event in known.items() if low <= event.applied_at < high}
        found = [
            replace(one, event=wanted[one.fact])
            for subject in left_out.SUBJECTS
            for one in _facts(connection, reader, subject, _named(connection, subject, wanted), unit=unit)
            if one.fact in wanted
        ]
    return sorted(found, key=_order)


def _order(one: Listed) -> tuple:
    event = one.event
    return (event is None or event.state != "applied", -(event.applied_at if event else 0), one.fact.key)


def found_by_number(reader: Reader, text: str, *, limit: int = 10) -> list[Listed]:
    """Facts the reader sees whose number begins so, with what stands of each; none of too short a text."""
    wanted = text.strip()
    if len(wanted) < SHORTEST:
        return []
    with reader.read() as connection:
        known = standing(connection)
        parts = [
            _facts(
                connection,
                reader,
                subject,
                FACTS[subject].c.key.startswith(wanted, autoescape=True),
                most=limit,
            )
            for subject in left_out.SUBJECTS
        ]
    return [replace(one, event=known.get(one.fact)) for part in parts for one in part][:limit]


def one_fact(reader: Reader, name: str, key: str, *, subject: str) -> Listed | None:
    """The fact of a source's name and its number there; None alike for a missing and a foreign one."""
    if subject not in left_out.SUBJECTS:
        return None
    with reader.read() as connection:
        same = FACTS[subject].c.key == key
        found = [one for one in _facts(connection, reader, subject, same) if one.source == name]
        known = standing(connection) if found else {}
    return replace(found[0], event=known.get(found[0].fact)) if found else None


def _named(connection: Connection, subject: str, wanted: dict[Fact, Event]) -> ColumnElement[bool] | None:
    keys: dict[int, list[str]] = {}
    for fact in wanted:
        if fact.subject == subject:
            keys.setdefault(fact.source_id, []).append(fact.key)
    return or_(*left_out.facts_of(connection, subject, keys)) if keys else None


def _facts(
    connection: Connection,
    reader: Reader,
    subject: str,
    where: ColumnElement[bool] | None,
    *,
    unit: str | None = None,
    most: int | None = None,
) -> Sequence[Listed]:
    """Current facts in the scope that meet a condition; none without a condition."""
    if where is None or not reader.opens:
        return []
    table = FACTS[subject].c
    excluded = [table.excluded] if subject == "orders" else []
    query = select(
        table.rev,
        table.source_id,
        table.key,
        table.category,
        table[STARTS[subject]],
        table.closed_at,
        *excluded,
    ).where(where, visible(FACTS[subject], last_load(connection)), ~table.withdrawn)
    rows = connection.execute(
        query.where(*reader.inside(subject, unit)).order_by(table.key).limit(most)
    ).all()
    if not rows:
        return []
    words = read_terms(connection, term_kind(subject, "category"))
    names = {row.id: row.name for row in connection.execute(select(source.c.id, source.c.name))}
    version = reader.version
    placed = places.of_revisions(connection, subject, version.id, Series([row[0] for row in rows]))
    return [
        Listed(
            Fact(subject, row[1], row[2]), names[row[1]], words.get(row[3], ""),
            version.code_at[at], version.name_at[at], row[4] or 0, row[5], (row[6] or "") if excluded else "",
        )
        for row, at in zip(rows, placed.tolist(), strict=True)
    ]  # fmt: skip
