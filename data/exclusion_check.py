"""The record of exclusions gone through the plain way: its order, and what it leaves out of the numbers."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, Row, select

from data.bulk import any_of
from data.exclusions import AFTER
from data.left_out import APPROVED
from data.schema import FACTS, load
from data.schema_judging import exclusion

Found = tuple[str, str, str]  # where, what is stored, what was expected
FACT = ["subject", "source_id", "key"]


def check(connection: Connection) -> list[Found]:
    """What does not agree: states in an order that cannot be, own applications decided, decisions without a load."""
    loads = {row.id: row for row in connection.execute(select(load).where(load.c.kind == "exclusion"))}
    facts: dict[tuple, list[Row]] = {}
    for row in connection.execute(select(exclusion).order_by(exclusion.c.id)):
        facts.setdefault((row.subject, row.source_id, row.key), []).append(row)
    return [
        (f"exclusion {at}: {what}", got, wanted)
        for rows in facts.values()
        for at, what, got, wanted in _of_fact(rows, loads)
        if got != wanted
    ]


def _of_fact(rows: Sequence[Row], loads: Mapping[int, Row]) -> Iterator[tuple[int, str, str, str]]:
    before = ""
    for row in rows:
        allowed = AFTER.get(row.state, ())
        yield (
            row.id,
            f"state before '{row.state}'",
            before,
            before if before in allowed else " or ".join(allowed),
        )
        if row.state in (APPROVED, "refused"):
            second = "nobody" if row.decided_by == row.applicant else "another"
            yield row.id, "decided by", second, "another"
        yield row.id, "load", str(row.load is not None), str(APPROVED in (row.state, before))
        if row.load is not None:
            one = loads.get(row.load)
            got = (one.source_id, one.state, one.recorded_at) if one else None
            yield row.id, f"load {row.load}", str(got), str((row.source_id, "done", row.recorded_at))
        before = row.state


def left_out_plainly(connection: Connection, subject: str, revs: pd.Series, *, at_load: int) -> np.ndarray:
    """Which revisions are of facts that the record leaves out at a load."""
    table = pd.read_sql(select(exclusion).order_by(exclusion.c.id), connection)
    known = table[(table["subject"] == subject) & (table["load"] <= at_load)]
    last = known.groupby(FACT, sort=False).tail(1)
    out = last.loc[last["state"] == APPROVED, ["source_id", "key"]]
    if out.empty:
        return np.zeros(len(revs), dtype=bool)
    fact = FACTS[subject].c
    query = select(fact.rev, fact.source_id, fact.key)
    rows = connection.execute(query.where(fact.key.in_(any_of(connection, out["key"].tolist())))).all()
    named = DataFrame(rows, columns=["rev", "source_id", "key"]).merge(out, on=["source_id", "key"])
    return revs.isin(named["rev"]).to_numpy()
