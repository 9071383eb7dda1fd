"""The running day: what a stock is at this minute.

Flows put a fact among the overdue on the day its limit falls, so the stock of a running day would hold whatever falls
due until midnight. Taken away again, for periods that end after the present: open facts whose limit is still ahead.
The present is the clock, or the instant as of which is asked. Past days stay as the flows have them.

So with the time that open stays hold their spaces: what of it lies ahead of the present is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, TextClause, text

from data import stays
from data.bulk import raw_rows, whole_numbers
from data.defining import Indicator
from data.facts import Promises, prepare
from data.factstore import read_rows, visible
from data.left_out import COUNTED_CASE
from data.places import of_revisions
from data.schema import FACTS, FOREVER, STARTS
from data.settings import Settings

if TYPE_CHECKING:
    from data.rollup_read import Ask
    from data.sums import Days, Region, Sums

SEEN = "f.load + 0 <= :load AND f.superseded > :load AND NOT f.withdrawn"


def open_facts(subject: str) -> tuple[str, str]:
    """Conditions for the facts `f` known at the load `:load` that are open: not withdrawn, closed or voided.

    In two parts, for each an index: those that still hold, and those that only loads not published yet replaced.
    """
    valid = " AND NOT COALESCE(f.voided, FALSE)" if subject == "cases" else ""
    still, replaced = (
        f"f.closed_at IS NULL AND f.superseded {sign} {FOREVER} AND {SEEN}{valid}" for sign in ("=", "<")
    )
    return still, replaced


def not_yet(facts: DataFrame, indicators: Sequence[Indicator], *, now: int) -> DataFrame:
    """Prepared facts in which those that are open and whose limit is ahead have not entered the stocks."""
    changed = facts.copy(deep=False)
    for entry in indicators:
        if entry.enters_at is not None:
            ahead = (facts[entry.enters_at] >= now) & (facts["closed_on"] < 0)
            changed[entry.counted_on] = facts[entry.counted_on].where(~ahead, -1)
    if any(entry.lasts for entry in indicators):
        changed["parked_seconds"] = facts["parked_seconds"] - stays.ahead(facts, now)
    return changed


def _lasting(connection: Connection, settings: Settings, *, load: int, now: int) -> DataFrame:
    """Parts of open stays that lie after `now`, with what of them does as parked_seconds."""
    table = FACTS["stays"]
    near = table.c.entry_at > now - stays.LONGEST_STAY
    where = (visible(table, load), ~table.c.withdrawn, table.c.exit_at.is_(None), near)
    facts = prepare(read_rows(connection, "stays", where, load=load), "stays", settings, promises=Promises())
    facts["parked_seconds"] = stays.ahead(facts, now)
    return facts[facts["parked_seconds"] > 0]


def entering(
    connection: Connection, settings: Settings, asks: Sequence[Ask], *, load: int, now: int
) -> list[tuple[Indicator, DataFrame]]:
    """Prepared facts that have not entered a stock at `now`, by indicator; none where every period has ended."""
    until = max(settings.day_start(end) for ask in asks for _, end in ask.periods)
    wanted = {entry.name: entry for ask in asks for entry in ask.indicators if entry.enters_at is not None}
    found = []
    for entry in wanted.values() if until > now else ():
        table = FACTS[entry.subject]
        ahead = table.c[str(entry.enters_at)].between(now, until - 1)
        known = (visible(table, load), ~table.c.withdrawn, table.c.closed_at.is_(None), ahead)
        newest = (table.c.superseded == FOREVER, table.c.superseded < FOREVER)  # for each an index
        parts = [read_rows(connection, entry.subject, [*known, held], load=load) for held in newest]
        rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
        found.append((entry, prepare(rows, entry.subject, settings, promises=Promises())))
    spent = {entry.name: entry for ask in asks for entry in ask.indicators if entry.lasts}
    if spent and until > now:
        parts_ahead = _lasting(connection, settings, load=load, now=now)
        found += [(entry, parts_ahead) for entry in spent.values()]
    return found


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
    """Sums from the rollups, less what has not entered stocks, or not been spent, at `now` (microseconds UTC)."""
    ends = np.array([settings.day_start(end) for _, end in periods])
    if not any(entry.enters_at or entry.lasts for entry in indicators) or not (ends > now).any():
        return found
    parts = [(found.row, found.period, found.values)]
    spent = [f"n_{entry.name}" for entry in indicators if entry.lasts]
    if spent:
        facts = _lasting(connection, settings, load=load, now=now)
        parts += _unspent(connection, region, facts, [found.names.index(name) for name in spent], periods=periods,
                          width=len(found.names))  # fmt: skip
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


def _unspent(
    connection: Connection,
    region: Region,
    facts: DataFrame,
    columns: list[int],
    *,
    periods: Sequence[Days],
    width: int,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Row, period and sums that take the time ahead from some columns."""
    place = of_revisions(connection, "stays", region.version.id, facts["rev"])
    inside = (place >= region.low) & (place <= region.high)
    row = region.version.ancestors[region.depth][place]
    day, seconds = facts["parked_on"].to_numpy(), (facts["parked_seconds"] * facts["told"]).to_numpy()
    found = []
    for number, (start, end) in enumerate(periods):
        mine = inside & (day >= start) & (day < end)
        values = np.zeros((int(mine.sum()), width), dtype=np.int64)
        values[:, columns] = -seconds[mine, None]
        found.append((row[mine], np.full(len(values), number), values))
    return found


def _ahead(
    connection: Connection, region: Region, entry: Indicator, *, load: int, now: int, until: int
) -> tuple[np.ndarray, np.ndarray]:
    """Place of each open fact whose limit lies between now and an instant, and when it enters the stock."""
    values = {"load": load, "version": region.version.id, "now": now, "until": until}
    query = _entering(entry.subject, str(entry.enters_at))
    rows = [row for part in raw_rows(connection, query, values) for row in part]
    found = whole_numbers(rows, width=3)
    inside = found[(found[:, 0] >= region.low) & (found[:, 0] <= region.high)]
    return inside[:, 0], inside[:, 1:].max(axis=1, initial=now)


@lru_cache(maxsize=8)
def _entering(subject: str, limit: str) -> TextClause:
    """place, limit, start of open facts; few, found by their limits: a join would begin with all places."""
    counted = f" AND {COUNTED_CASE}" if subject == "cases" else ""
    parts = [
        f"""SELECT COALESCE((SELECT p.place FROM place_{subject} p WHERE p.version_id = :version AND p.rev = f.rev), 0),
        f.{limit}, f.{STARTS[subject]} FROM fact_{subject} f
        WHERE {known} AND f.{limit} >= :now AND f.{limit} < :until{counted}"""
        for known in open_facts(subject)
    ]
    query = " UNION ALL ".join(parts)
    return text(query)
