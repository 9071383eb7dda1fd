"""The running day: what a stock is at this minute.

Flows put a fact among the overdue on the day its limit falls, so the stock of a running day would hold whatever falls
due until midnight. Taken away again, for periods that end after the present: open facts whose limit is still ahead.
The present is the clock, or the instant as of which is asked. Past days stay as the flows have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, func, select

from data.factstore import visible
from data.indicators import Indicator
from data.schema import FACTS, PLACES, STARTS
from data.settings import Settings
from data.store import raw_rows, whole_numbers

if TYPE_CHECKING:
    from data.sums import Days, Region, Sums


def open_facts(subject: str, *, load: int) -> list[ColumnElement[bool]]:
    """Conditions for the facts known at a load that are open: not withdrawn, closed or voided."""
    table = FACTS[subject]
    where = [visible(table, load), ~table.c.withdrawn]
    if subject in ("cases", "orders"):
        where.append(table.c.closed_at.is_(None))
    if subject == "cases":
        where.append(func.coalesce(table.c.voided, False).is_(False))
    return where


def not_yet(facts: DataFrame, indicators: Sequence[Indicator], *, now: int) -> DataFrame:
    """Prepared facts in which those that are open and whose limit is ahead have not entered the stocks."""
    changed = facts.copy(deep=False)
    for entry in indicators:
        if entry.enters_at is not None:
            ahead = (facts[entry.enters_at] >= now) & (facts["closed_on"] < 0)
            changed[entry.counted_on] = facts[entry.counted_on].where(~ahead, -1)
    return changed


def until_now(
    connection: Connection,
    settings: Settings,
    region: Region,
    found: Sums,
    indicators: Sequence[Indicator],
    *,
    periods: Sequence[Days],
    load: int,
    now: int,
) -> Sums:
    """Sums of stocks from the rollups, less what has not entered them at `now` (microseconds UTC)."""
    ends = np.array([settings.day_start(end) for _, end in periods])
    if not any(entry.enters_at for entry in indicators) or not (ends > now).any():
        return found
    parts = [(found.row, found.period, found.values)]
    for entry in indicators:
        if entry.enters_at is not None:
            place, enters = _ahead(connection, region, entry, load=load, now=now, until=int(ends.max()))
            row = region.version.ancestors[region.depth][place]
            for number in np.flatnonzero(ends > now).tolist():
                held, counts = np.unique(row[enters < ends[number]], return_counts=True)
                values = np.zeros((len(held), len(found.names)), dtype=np.int64)
                values[:, found.names.index(f"n_{entry.name}")] = -counts
                parts.append((held, np.full(len(held), number), values))
    row, period, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    width = len(region.version.units) + 1
    keys, at = np.unique(period * width + row, return_inverse=True)
    table = np.zeros((len(keys), len(found.names)), dtype=np.int64)
    np.add.at(table, at, values)
    return replace(found, row=keys % width, period=keys // width, values=table)


def _ahead(
    connection: Connection, region: Region, entry: Indicator, *, load: int, now: int, until: int
) -> tuple[np.ndarray, np.ndarray]:
    """Place of each open fact whose limit lies between now and an instant, and when it enters the stock."""
    table, known = FACTS[entry.subject], PLACES[entry.subject]
    limit, start = table.c[str(entry.enters_at)], table.c[STARTS[entry.subject]]
    # Few facts, found by their limits: a join would begin with all places of a wide region.
    lies = select(known.c.place).where(known.c.version_id == region.version.id, known.c.rev == table.c.rev)
    query = select(func.coalesce(lies.scalar_subquery(), 0), limit, start).where(
        *open_facts(entry.subject, load=load), limit >= now, limit < until
    )
    rows = [row for part in raw_rows(connection, query) for row in part]
    found = whole_numbers(rows, width=3)
    inside = found[(found[:, 0] >= region.low) & (found[:, 0] <= region.high)]
    return inside[:, 0], inside[:, 1:].max(axis=1, initial=now)
