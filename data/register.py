"""The register of sources, their definitions over time, and the loads that came through them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from data.schema import load, source, source_definition, term
from data.sources.definition import Source, specs_of
from data.sources.state_log import delivered

COUNTS = (
    "read", "accepted", "updated", "unchanged", "rejected", "located", "outside", "no_location", "withdrawn",
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """Where a load began, so that it can be forgotten without a trace."""

    load_id: int
    source_id: int
    last_term: int
    new_source: bool
    new_definition: int | None


def begin_load(connection: Connection, origin: Source, *, files: Sequence[str], now: int) -> Mark:
    """Write the head of a load, its source and, when the file has changed, its definition."""
    source_id, new_source = ensure_source(connection, origin)
    definition_id, new_definition = _ensure_definition(connection, origin, source_id=source_id, now=now)
    number = (connection.scalar(select(func.max(load.c.id))) or 0) + 1
    connection.execute(
        insert(load).values(
            id=number, source_id=source_id, definition_id=definition_id, started_at=now, state="running",
            files=json.dumps(list(files), ensure_ascii=False), notes="{}", **dict.fromkeys(COUNTS, 0),
        )
    )  # fmt: skip
    last_term = connection.scalar(select(func.max(term.c.id))) or 0
    return Mark(number, source_id, last_term, new_source, definition_id if new_definition else None)


def ensure_source(connection: Connection, origin: Source) -> tuple[int, bool]:
    """Number of a source, written or brought up to date; and whether it is new."""
    values = {
        "kind": origin.kind,
        "format": origin.format,
        "every_minutes": origin.every_minutes,
        "delivery": origin.delivery,
        "links": json.dumps(origin.links, sort_keys=True) if origin.links else None,
        "fields": json.dumps(delivered(specs_of(origin.fields))),
    }
    known = connection.execute(select(source).where(source.c.name == origin.name)).one_or_none()
    if known is None:
        number = (connection.scalar(select(func.max(source.c.id))) or 0) + 1
        connection.execute(insert(source).values(id=number, name=origin.name, **values))
        return number, True
    if any(getattr(known, key) != value for key, value in values.items()):
        connection.execute(update(source).where(source.c.id == known.id).values(**values))
    return known.id, False


def _ensure_definition(
    connection: Connection, origin: Source, *, source_id: int, now: int
) -> tuple[int, bool]:
    query = select(source_definition).where(source_definition.c.source_id == source_id)
    latest = connection.execute(query.order_by(source_definition.c.id.desc()).limit(1)).one_or_none()
    if latest is not None and latest.sha256 == origin.sha256:
        return latest.id, False
    number = (connection.scalar(select(func.max(source_definition.c.id))) or 0) + 1
    connection.execute(
        insert(source_definition).values(
            id=number, source_id=source_id, recorded_at=now, sha256=origin.sha256, text=origin.text
        )
    )
    return number, True


def forget(connection: Connection, mark: Mark) -> None:
    """Take back what `begin_load` and the batches registered; the load itself is gone already."""
    connection.execute(delete(term).where(term.c.id > mark.last_term))
    if mark.new_definition is not None:
        connection.execute(delete(source_definition).where(source_definition.c.id == mark.new_definition))
    if mark.new_source:
        connection.execute(delete(source).where(source.c.id == mark.source_id))
