"""Which facts the office left out of the assessment (不计入考核), as the numbers know it at a load.

A decision is no revision: it is recorded beside the facts (`data.exclusions`) with an empty load of its source, so it
holds for every revision of its fact, whatever is delivered later, and a refresh finds it like any other change.
"""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, exists, select

from data.bulk import any_of
from data.schema import FACTS
from data.schema_judging import exclusion

SUBJECTS = ("cases", "orders")
APPROVED = "approved"
# Of a case `f` known at the load `:load`, for statements that are text.
COUNTED_CASE = f"""NOT EXISTS (SELECT 1 FROM exclusion e WHERE e.subject = 'cases' AND e.source_id = f.source_id
 AND e.key = f.key AND e.load <= :load AND e.state = '{APPROVED}' AND NOT EXISTS (SELECT 1 FROM exclusion n
 WHERE n.subject = 'cases' AND n.source_id = f.source_id AND n.key = f.key AND n.load <= :load AND n.id > e.id))"""


def keys(connection: Connection, subject: str, *, load: int) -> dict[int, list[str]]:
    """Numbers of the facts left out at a load, by source."""
    table = exclusion.c
    query = select(table.source_id, table.key, table.state).where(
        table.subject == subject, table.load <= load
    )
    last = {(source, key): state for source, key, state in connection.execute(query.order_by(table.id))}
    found: dict[int, list[str]] = {}
    for (source, key), state in last.items():
        if state == APPROVED:
            found.setdefault(source, []).append(key)
    return found


def facts_of(
    connection: Connection, subject: str, named: Mapping[int, list[str]]
) -> list[ColumnElement[bool]]:
    """Conditions for the revisions of some facts, one a source, so that each is read by the index of keys."""
    fact = FACTS[subject].c
    return [
        and_(fact.source_id == source, fact.key.in_(any_of(connection, own))) for source, own in named.items()
    ]


def revisions(connection: Connection, subject: str, *, load: int) -> np.ndarray:
    """Numbers of all revisions of the facts left out at a load."""
    rev = FACTS[subject].c.rev
    named = keys(connection, subject, load=load)
    found = [connection.scalars(select(rev).where(one)).all() for one in facts_of(connection, subject, named)]
    return np.array([number for part in found for number in part], dtype=np.int64)


def mark(connection: Connection, frame: DataFrame, subject: str, *, load: int, cleared: bool) -> None:
    """Add set_aside (left out by the office at a load) and left_out (by whoever) to stored rows that may be.

    cleared  the rows are wanted as if nothing had been left out, beside what was
    """
    if subject not in SUBJECTS:
        return
    out = np.isin(frame["rev"], revisions(connection, subject, load=load))
    delivered = frame["excluded"].to_numpy() >= 0 if "excluded" in frame else np.zeros(len(frame), dtype=bool)
    frame["left_out"] = out | delivered
    frame["set_aside"] = np.zeros(len(frame), dtype=bool) if cleared else out
    if cleared and "excluded" in frame:
        frame["excluded"] = -1


def aside(fact: FromClause, subject: str, *, load: int) -> ColumnElement[bool]:
    """Condition for a fact that the office has left out at a load, inside a statement about it."""
    one, later = exclusion.alias(), exclusion.alias()

    def own(row: FromClause) -> ColumnElement[bool]:
        same = and_(row.c.source_id == fact.c.source_id, row.c.key == fact.c.key)
        return and_(row.c.subject == subject, same, row.c.load <= load)

    newer = select(later.c.id).where(own(later), later.c.id > one.c.id).correlate(fact, one)
    return exists(select(one.c.id).where(own(one), one.c.state == APPROVED, ~exists(newer)).correlate(fact))


def decided(subject: str, *, since: int, load: int) -> Select:
    """Numbers of the facts decided on after a load, up to another."""
    return select(exclusion.c.key).where(
        exclusion.c.subject == subject, exclusion.c.load > since, exclusion.c.load <= load
    )


def near(connection: Connection, subject: str, *, since: int, load: int) -> list[ColumnElement[bool]]:
    """Conditions for the facts decided on after a load, up to another."""
    query = decided(subject, since=since, load=load).add_columns(exclusion.c.source_id)
    found: dict[int, list[str]] = {}
    for key, source in connection.execute(query.distinct()):
        found.setdefault(source, []).append(key)
    return facts_of(connection, subject, found)
