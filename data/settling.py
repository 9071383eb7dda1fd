"""What a person decides about a fact of the queue: a proposal accepted, or a point on the map.

A decision is a hand placement of that one fact, with a line of the audit trail. Remembered (以后同名都归此), it is
an entry of the gazetteer too and moves every fact that is meant by the same words. Absent on purpose: a decision
about a fact or a unit that the reader may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from data import places
from data.gazetteer import after_all, remembered, write
from data.instants import micros
from data.locks import one_at_a_time
from data.people import note
from data.placing import Target, gazetteer_of, read_entries
from data.relocation import relocate
from data.schema import FACTS, PLACES, hand_place, source
from data.unplaced import SUBJECTS, FactKey, seen_by

if TYPE_CHECKING:
    from data.reader import Reader


class PlacingError(ValueError):
    """A fact cannot be placed so; one line: where: got value; expected rule."""


@dataclass(frozen=True)
class Settled:
    """Where a fact lies now, and how many facts moved with it (itself among them)."""

    unit_code: str
    unit_name: str
    moved: int
    remembered: bool


def accept(
    reader: Reader, key: FactKey, unit_code: str, *, entry: int = -1, remember: bool = False
) -> Settled:
    """Place a fact in a unit, as the gazetteer's entry says where one proposed it. Raises UnknownUnit, PlacingError."""
    unit = reader.unit(unit_code)
    with reader.store.read() as connection:
        entries = read_entries(connection)
    target = Target(units={reader.version.tree: unit.code})
    if entry in entries.index:
        lon, lat = entries.loc[[entry], ["lon", "lat"]].to_numpy(dtype=float)[0].tolist()
        if _position(reader, lon, lat, unit.depth) == unit.pos:
            target = Target(lon, lat, unit.level)  # a point holds in other versions, too
    return _settle(reader, key, target, unit.pos, remember=remember)


def place(reader: Reader, key: FactKey, lon: float, lat: float, *, remember: bool = False) -> Settled:
    """Place a fact at a point (WGS84 degrees). Raises PlacingError for a point in no unit of the scope."""
    pos = _position(reader, lon, lat, max(reader.version.level_at))
    if not pos or not reader.sees(pos):
        raise PlacingError(f"place: got {lon:.6f}, {lat:.6f}; expected a point inside a unit you may see")
    return _settle(reader, key, Target(lon, lat), pos, remember=remember)


def withdraw(reader: Reader, key: FactKey) -> int:
    """Take back what somebody decided about a fact; a rule that came with it stays. Answers the facts moved.

    Raises PlacingError for a fact that nobody placed, or none this reader may see.
    """
    store, now = reader.store, reader.clock()
    with one_at_a_time(store, "load"):
        with store.read() as connection:
            fact = _fact(connection, reader, key)
        with store.write() as connection:
            closed = connection.execute(
                update(hand_place)
                .where(*_of(key.subject, fact))
                .values(superseded_at=after_all(connection, micros(now)))
            )
            if not closed.rowcount:
                raise PlacingError(f"place: got '{key.id[:60]}'; expected a fact placed by hand")
            note(connection, "hand placement withdrawn", by=reader.scope.person, now=now, about=" ".join(key))
        return relocate(store, clock=reader.clock, only=[(key.subject, fact.source_id, key.id)]).facts


def _position(reader: Reader, lon: float, lat: float, depth: int) -> int:
    """Position of a point at a depth; 0 where no unit holds it."""
    version = reader.version
    with reader.store.read() as connection:
        placer = places.Placer(connection, version, cache=reader.settings.folder / ".cache")
    found = int(placer.at(np.array([lon], dtype=float), np.array([lat], dtype=float))[0])
    return int(version.ancestors[depth][found])


def _settle(reader: Reader, key: FactKey, target: Target, pos: int, *, remember: bool) -> Settled:
    """Write the placement, the entry where it is to be remembered, and move what they concern."""
    store, person, now = reader.store, reader.scope.person, reader.clock()
    if remember and not reader.scope.whole:
        raise PlacingError("place: got a rule for all; expected somebody who sees the whole instance")
    with one_at_a_time(store, "load"):
        with store.read() as connection:
            fact = _fact(connection, reader, key)
            row = _row(connection, reader, fact.address, target) if remember else None
        if remember and row is None:
            raise PlacingError(f"place {key.id}: got no address; expected one to remember")
        with store.write() as connection:
            if row is not None:
                write(connection, row, now=now, by=person, origin="rule")
            at = after_all(connection, micros(now))
            _place_by_hand(connection, key.subject, fact, target, by=person, at=at)
            detail = f"{reader.version.code_at[pos]}{' and all of that name' if remember else ''}"
            note(connection, "placed by hand", by=person, now=now, about=" ".join(key), detail=detail)
        only = None if remember else [(key.subject, fact.source_id, key.id)]
        moved = relocate(store, clock=reader.clock, only=only)
    version = reader.version
    return Settled(version.code_at[pos], version.name_at[pos], moved.facts, remember)


def _fact(connection: Connection, reader: Reader, key: FactKey) -> Row:
    """source_id, key and address of a fact. Raises PlacingError alike for a missing and a foreign one."""
    if reader.across is not None:
        raise PlacingError(
            f"place: got tree '{reader.tree}'; expected '{reader.scope.tree}', the tree of your units"
        )
    seen = seen_by(connection, reader, key.subject) if key.subject in SUBJECTS else None
    if seen is not None:
        table, held = FACTS[key.subject], PLACES[key.subject]
        query = (
            select(table.c.source_id, table.c.key, table.c.address)
            .join(held, held.c.rev == table.c.rev)
            .join(source, source.c.id == table.c.source_id)
            .where(*seen, source.c.name == key.source, table.c.key == key.id)
        )
        found = connection.execute(query).one_or_none()
        if found is not None:
            return found
    raise PlacingError(f"place: got '{key.id[:60]}'; expected a fact you may see")


def _row(connection: Connection, reader: Reader, address: str | None, target: Target):
    """The entry that remembers a decision; None for a fact without words to remember."""
    if not address:
        return None
    placer = places.Placer(connection, reader.version, cache=reader.settings.folder / ".cache")
    entry = gazetteer_of(connection, placer, reader.store).entry_for(address)
    return None if entry is None else remembered(entry, target)


def _place_by_hand(
    connection: Connection, subject: str, fact: Row, target: Target, *, by: str, at: int
) -> None:
    connection.execute(update(hand_place).where(*_of(subject, fact)).values(superseded_at=at))
    number = (connection.scalar(select(func.max(hand_place.c.id))) or 0) + 1
    about = {"id": number, "subject": subject, "source_id": fact.source_id, "key": fact.key}
    connection.execute(insert(hand_place).values(**about, **target.values(), recorded_at=at, recorded_by=by))


def _of(subject: str, fact: Row) -> tuple[ColumnElement[bool], ...]:
    """Conditions for the hand placement of a fact that holds."""
    return (
        hand_place.c.subject == subject,
        hand_place.c.source_id == fact.source_id,
        hand_place.c.key == fact.key,
        hand_place.c.superseded_at.is_(None),
    )
