"""What the sources declare, by their newest definitions or by those in force at a load.

What a source promises decides what its facts are worth, so a question as of an instant reads the definitions of then.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, func, select

from data.schema import load as load_table
from data.schema import source, source_definition
from data.sources.batch import SourceError
from data.sources.definition import Source, source_of


@dataclass(frozen=True)
class Declared:
    """A source as counting needs it: fields and links as JSON, None where it declares none."""

    id: int
    name: str
    kind: str
    every_minutes: float | None
    fields: str | None
    links: str | None


def declared_sources(connection: Connection, *, load: int | None = None) -> Sequence[Declared]:
    """All sources by number; with a load, each as the definition said that was in force at it."""
    columns = [source.c[name] for name in Declared.__dataclass_fields__]
    newest = [Declared(*row) for row in connection.execute(select(*columns).order_by(source.c.id))]
    if load is None:
        return newest
    earlier = _earlier(connection, load)
    return [_as_it_was(one, earlier[one.id]) if one.id in earlier else one for one in newest]


def definitions(connection: Connection, *, load: int) -> dict[int, int]:
    """Number of the definition in force at a load, by source."""
    done = (load_table.c.id <= load, load_table.c.state == "done")
    query = select(load_table.c.source_id, func.max(load_table.c.definition_id)).where(*done)
    return {row[0]: row[1] for row in connection.execute(query.group_by(load_table.c.source_id))}


def _earlier(connection: Connection, load: int) -> dict[int, tuple[str, str]]:
    """Name and text of definitions in force at a load that are no longer the newest, by source."""
    query = select(source_definition.c.source_id, func.max(source_definition.c.id))
    newest = {row[0]: row[1] for row in connection.execute(query.group_by(source_definition.c.source_id))}
    then = definitions(connection, load=load)
    older = [number for origin, number in then.items() if number and number != newest.get(origin)]
    if not older:
        return {}
    named = select(source_definition.c.source_id, source.c.name, source_definition.c.text)
    named = named.join(source, source.c.id == source_definition.c.source_id)
    rows = connection.execute(named.where(source_definition.c.id.in_(older)))
    return {row[0]: (row[1], row[2]) for row in rows}


def _as_it_was(newest: Declared, told: tuple[str, str]) -> Declared:
    origin = _read(*told)
    if origin is None:  # written for an earlier program: what it promised can only be guessed from the newest
        return newest
    fields = json.dumps([mapped.name for mapped in origin.fields])
    links = json.dumps(origin.links, sort_keys=True) if origin.links else None
    return Declared(newest.id, newest.name, newest.kind, origin.every_minutes, fields, links)


@lru_cache(maxsize=64)
def _read(name: str, text: str) -> Source | None:
    try:
        return source_of(name, text.encode())
    except SourceError:
        return None
