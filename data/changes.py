"""What changed since: the facts behind the difference between a number as known then and as known later.

Invariant: what the listed facts gave before and give now adds up to exactly the difference of the two numbers.
Nothing is told of a fact but its number, its source, which fields differ and the units the reader may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, select

from data import places
from data.bulk import any_of
from data.contributions import contributions
from data.factlist import SEALED
from data.factstore import load_as_of, visible
from data.indicators import INDICATORS
from data.instants import micros, moment
from data.query import Query, QueryError
from data.schema import FACT_COLUMNS, FACTS, load, source

if TYPE_CHECKING:
    from data.reader import Reader

LATE, CORRECTED, WITHDRAWN, RESTORED, MOVED = "late", "corrected", "withdrawn", "restored", "moved"
REDRAWN, PASSED, RELATED = "redrawn", "passed", "related"
KINDS = (LATE, CORRECTED, WITHDRAWN, RESTORED, MOVED, REDRAWN, PASSED, RELATED)
ROWS = (
    "indicator", "source", "id", "change", "fields", "recorded_at", "unit_before", "unit_after",
    "numerator_before", "numerator_after", "denominator_before", "denominator_after",
)  # fmt: skip
SIDES = ("numerator", "denominator", "bin")
WHERE = ("lon", "lat", "hint")


@dataclass(frozen=True)
class Changes:
    """The facts behind a difference (`ROWS`), and the two numbers of each indicator.

    rows    change is one of KINDS: late (not known then), corrected, withdrawn, restored, moved (from or to another
            unit), redrawn (the unit was), passed (only time did, or a limit fell), related (other facts or the lists
            it is read by changed); recorded_at in microseconds, of what changed it; NaN where nothing of it did
    totals  indicator, numerator_before, numerator_after, denominator_before, denominator_after, value_before,
            value_after
    """

    rows: DataFrame
    totals: DataFrame


def changes(reader: Reader, query: Query, *, since: int) -> Changes:
    """Facts that make a question's numbers as known at `since` (microseconds UTC) those of now, or of `as_of`.

    Raises UnknownUnit, NotReady; QueryError for an instant after the other
    """
    until = query.as_of if query.as_of is not None else micros(reader.clock())
    if since > until:
        raise QueryError(
            f"since: got '{moment(since).isoformat()}'; expected one up to {moment(until).isoformat()}"
        )
    earlier = query.asking(as_of=since)
    with reader.read() as connection:
        both = (_Side(connection, reader, earlier), _Side(connection, reader, query))
        merged = _both(contributions(reader, earlier), contributions(reader, query))
        parts = [DataFrame({name: [] for name in ROWS})]
        for subject in dict.fromkeys(INDICATORS[name].subject for name in query.indicators):
            own = merged[[INDICATORS[name].subject == subject for name in merged["indicator"]]]
            if len(own):
                parts.append(_told(connection, subject, own, both))
        totals = _totals(reader, earlier, query)
    rows = pd.concat(parts[1:] or parts, ignore_index=True)
    return Changes(rows.sort_values(["indicator", "source", "id"], kind="stable", ignore_index=True), totals)


class _Side:
    """One of the two instants: the reader then, the load known then."""

    def __init__(self, connection: Connection, reader: Reader, query: Query):
        self.reader, seen = reader.at(query.as_of), reader.published
        known = seen.load if seen else 0
        self.load = known if query.as_of is None else min(known, load_as_of(connection, query.as_of))

    def facts(self, connection: Connection, subject: str, keys: Sequence[str]) -> dict[tuple, Mapping]:
        """Revisions known, by source and key."""
        table = FACTS[subject]
        query = select(table).where(table.c.key.in_(any_of(connection, keys)), visible(table, self.load))
        return {(row["source_id"], row["key"]): row for row in connection.execute(query).mappings()}

    def units(
        self, connection: Connection, subject: str, found: Mapping[tuple, Mapping]
    ) -> dict[tuple, tuple[str, bool]]:
        """Code of the unit each fact lies in, and whether the reader may see it."""
        revs = pd.Series([row["rev"] for row in found.values()], dtype="int64")
        version = self.reader.version
        placed = places.of_revisions(connection, subject, version.id, revs).tolist()
        return {
            key: (version.code_at[pos], self.reader.sees(pos)) for key, pos in zip(found, placed, strict=True)
        }


def _both(before: DataFrame, after: DataFrame) -> DataFrame:
    """Shares of revisions then and now, side by side, without those that are equal."""
    merged = before.merge(after, on=["indicator", "rev"], how="outer", suffixes=("_before", "_after"))
    names = [f"{side}_{when}" for side in SIDES for when in ("before", "after")]
    merged[names] = merged[names].fillna(0).astype("int64")
    return _differing(merged)


def _differing(found: DataFrame) -> DataFrame:
    different = np.zeros(len(found), dtype=bool)
    for side in SIDES:
        different |= (found[f"{side}_before"] != found[f"{side}_after"]).to_numpy()
    return found[different]


def _told(connection: Connection, subject: str, shares: DataFrame, both: tuple[_Side, _Side]) -> DataFrame:
    """The facts of some shares with what became of them."""
    table = FACTS[subject]
    revs = any_of(connection, [int(rev) for rev in shares["rev"].unique()])
    owners = connection.execute(
        select(table.c.rev, table.c.source_id, table.c.key).where(table.c.rev.in_(revs))
    )
    named = DataFrame(owners.all(), columns=["rev", "source_id", "key"])
    grouped = shares.merge(named, on="rev").drop(columns="rev")
    grouped = _differing(grouped.groupby(["indicator", "source_id", "key"], as_index=False).sum())
    keys = sorted(set(grouped["key"]))
    if not keys:
        return DataFrame({name: [] for name in ROWS})
    then, now = (side.facts(connection, subject, keys) for side in both)
    at = [side.units(connection, subject, found) for side, found in zip(both, (then, now), strict=True)]
    sources = {row.id: row.name for row in connection.execute(select(source.c.id, source.c.name))}
    known = {row.id: row.recorded_at for row in connection.execute(select(load.c.id, load.c.recorded_at))}
    lines = []
    for row in grouped.to_dict("records"):
        key = (row["source_id"], row["key"])
        old, new = then.get(key), now.get(key)
        units = tuple(side.get(key, ("", True)) for side in at)
        change, fields = _what(subject, row, old, new, moved=units[0] != units[1])
        same = old is not None and new is not None and old["rev"] == new["rev"]
        shown = [code if seen else "" for code, seen in units]
        recorded = known.get(new["load"]) if new is not None and not same else None
        lines.append(
            (
                row["indicator"],
                sources[key[0]],
                key[1],
                change,
                " ".join(fields),
                recorded,
                *shown,
                *_sides(row),
            )
        )
    return DataFrame(lines, columns=list(ROWS)).astype({"recorded_at": "float64"})


def _sides(row: Mapping[Any, Any]) -> list[float]:
    """What a fact gave and gives, as measures count it; a quantile has no numerator."""
    entry = INDICATORS[row["indicator"]]
    scales = {"numerator": entry.scale, "denominator": entry.base_scale}
    return [row[f"{side}_{when}"] / scale for side, scale in scales.items() for when in ("before", "after")]


def _what(
    subject: str, row: Mapping[Any, Any], old: Mapping | None, new: Mapping | None, *, moved: bool
) -> tuple[str, list[str]]:
    """What became of a fact, and the fields that differ."""
    if old is None or new is None:
        return LATE, []
    if old["rev"] == new["rev"]:
        entry = INDICATORS[row["indicator"]]
        return (REDRAWN if moved else PASSED if entry.enters_at else RELATED), []
    if new["withdrawn"] or old["withdrawn"]:
        return (WITHDRAWN if new["withdrawn"] else RESTORED), []
    closed = SEALED.get(subject, ())
    names = [name for name in (*FACT_COLUMNS[subject], *WHERE) if name not in closed]
    fields = [name for name in names if old[name] != new[name]]
    nothing = [not (row[f"numerator_{when}"] or row[f"denominator_{when}"]) for when in ("before", "after")]
    return (MOVED if moved and any(nothing) else CORRECTED), fields


def _totals(reader: Reader, earlier: Query, query: Query) -> DataFrame:
    """The numbers themselves, read as everywhere else."""
    parts = {}
    for when, asked in (("before", earlier), ("after", query)):
        known = reader.series(asked.indicators, unit=asked.within, periods=[asked.period], query=asked)
        parts[when] = known.set_index("indicator")[["numerator", "denominator", "value"]]
    joined = parts["before"].merge(
        parts["after"], left_index=True, right_index=True, suffixes=("_before", "_after"), sort=False
    )
    order = [f"{side}_{when}" for side in ("numerator", "denominator", "value") for when in parts]
    return joined[order].reset_index()
