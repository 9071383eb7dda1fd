"""Facts that tell of one event: which orders another fact speaks for already, by the numbers they name.

An order passed on as a case (`linked_case`) is told by that case as soon as it is known and as long as it counts; an
order that repeats another (`repeat_of`) by the one it names, where that was accepted before it, so that of orders
that name each other one is left. Where to look for the fact is declared with the source (`data.sources.links`).

Only indicators that count an event once ask this. What is known depends on the load, so that a refresh counts those
orders anew whose case or first order has changed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)

from data import left_out
from data.declared_sources import declared_sources
from data.schema import FACTS, SUBJECT_OF_KIND

SUBJECT = "orders"
NAMED = {"linked_case": "cases", "repeat_of": "orders"}


@dataclass(frozen=True)
class Link:
    """Facts of one source name others by a field; they lie in some sources."""

    source_id: int
    field: str
    targets: tuple[int, ...]


def declared(connection: Connection, *, load: int | None = None) -> tuple[Link, ...]:
    """Every link of the sources known, in a stable order, by the definitions of a load; None: by the newest."""
    rows = declared_sources(connection, load=load)
    found = []
    for row in rows:
        for field, names in sorted(json.loads(row.links or "{}").items()):
            held = [other for other in rows if SUBJECT_OF_KIND[other.kind] == NAMED[field]]
            targets = tuple(other.id for other in held if not names or other.name in names)
            found.append(Link(row.id, field, targets))
    return tuple(found)


def told(
    connection: Connection, *, load: int, as_of: int | None, cleared: bool = False
) -> ColumnElement[int]:
    """`elsewhere` by the links declared now, or at the load where an instant is asked about."""
    known = declared(connection, load=None if as_of is None else load)
    return elsewhere(known, load=load, cleared=cleared)


def elsewhere(links: Sequence[Link], *, load: int, cleared: bool = False) -> ColumnElement[int]:
    """1 for an order whose event another fact tells at a load, else 0: a column of `fact_orders`.

    cleared  as if nothing were left out of the assessment: what is left out tells of no event
    """
    order = FACTS[SUBJECT]
    told = [
        and_(
            order.c.source_id == link.source_id,
            order.c[link.field].is_not(None),
            _told(link, load=load, cleared=cleared),
        )
        for link in links
    ]
    return case((or_(false(), *told), 1), else_=0) if told else literal(0)


def _told(link: Link, *, load: int, cleared: bool) -> ColumnElement[bool]:
    order, other = FACTS[SUBJECT], FACTS[NAMED[link.field]].alias()
    where = [
        other.c.source_id.in_(link.targets),
        other.c.key == order.c[link.field],
        other.c.load <= load,
        other.c.superseded > load,
        ~other.c.withdrawn,
    ]
    subject = NAMED[link.field]
    if not cleared:
        where.append(~left_out.aside(other, subject, load=load))
        where += [other.c.excluded.is_(None)] if subject == SUBJECT else []
    if link.field == "linked_case":
        where.append(func.coalesce(other.c.voided, False).is_(False))
    else:
        where.append(_earlier(other.c, order.c))
    return select(other.c.rev).where(*where).correlate(order).exists()


def _earlier(one, other) -> ColumnElement[bool]:
    same = and_(one.accepted_at == other.accepted_at, one.key < other.key)
    return or_(one.accepted_at < other.accepted_at, same)


def near(links: Sequence[Link], *, since: int, load: int) -> list[ColumnElement[bool]]:
    """Conditions for the orders that name a fact changed after a load, up to another."""
    order = FACTS[SUBJECT]
    fields = sorted({link.field for link in links})
    return [order.c[field].in_(_changed_keys(NAMED[field], since=since, load=load)) for field in fields]


def _changed_keys(subject: str, *, since: int, load: int) -> Select:
    table = FACTS[subject]
    come = select(table.c.key).where(table.c.load > since, table.c.load <= load)
    gone = select(table.c.key).where(table.c.superseded > since, table.c.superseded <= load)
    every = union_all(come, gone, left_out.decided(subject, since=since, load=load)).subquery()
    return select(every.c.key)
