"""Sums by unit row and period: from the rollups where they hold them, else from the facts themselves.

Both paths answer the same frame and, by law, the same numbers.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, false, select, text

from data import places
from data.facts import prepare
from data.factstore import read_facts, source_rhythms, term_kind, terms
from data.histograms import BINS, unpack
from data.indicators import Indicator, of_subject
from data.rollup import Published
from data.running import not_yet
from data.schema import FACTS, PLACES
from data.settings import Settings
from data.store import whole_numbers
from data.tally import Cells, columns, histogram_of, segments, tally

Days = tuple[int, int]  # local days [start, end)


@dataclass(frozen=True)
class Sums:
    """Sums by row and period, each (row, period) once.

    row, period  what each line of `values` stands for; the period is its number in the order asked
    names        the integer columns of `values`
    counts       histograms by column, then (row, period)
    keys         what each row stands for: pos and the words it was split by; None where a row is a pos
    """

    row: np.ndarray
    period: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    counts: dict[str, dict[tuple[int, int], np.ndarray]] = field(default_factory=dict)
    keys: DataFrame | None = None


@dataclass(frozen=True)
class Region:
    """Rows of one boundary version: those at `depth` whose position lies in low..high."""

    version: places.Version
    depth: int
    low: int
    high: int


def from_rollup(
    connection: Connection,
    seen: Published,
    region: Region,
    indicators: Sequence[Indicator],
    *,
    periods: Sequence[Days],
) -> Sums:
    """Sums of one subject's flows, or of its stocks, over each period; a stock is summed from the first day on."""
    runs = _runs(indicators, periods, first=seen.first_on)
    subject = indicators[0].subject
    names = columns(indicators)
    table = np.zeros((0, len(names) + 2), dtype=np.int64)
    if names:
        table = _summed(connection, seen, region, subject=subject, names=names, runs=runs)
    wanted = {histogram_of(entry, of_subject(subject)) for entry in indicators if entry.kind == "quantile"}
    counts = {
        name: _histograms(connection, seen, region, subject=subject, name=name, runs=runs) for name in wanted
    }
    return Sums(table[:, 0], table[:, 1], names, table[:, 2:], counts)


def _runs(indicators: Sequence[Indicator], periods: Sequence[Days], *, first: int) -> list[Days]:
    """Days to add up: a flow's period, of a stock everything up to its end."""
    if any(entry.kind == "stock" for entry in indicators):
        return [(min(first, end), end) for _, end in periods]
    return list(periods)


def _source(
    connection: Connection, region: Region, seen: Published, subject: str, runs: Sequence[Days]
) -> tuple[str, dict]:
    """FROM clause that walks the spans of the periods and reads the region's rows of each: one index range a span.

    SQLite takes CROSS JOIN for the order of its loops. PostgreSQL chooses for itself and, before a list of unknown
    length, chooses to read the whole table; a sub-select that cannot be pulled up leaves it no choice.
    """
    spans = [
        (number, span, day)
        for number, days in enumerate(runs)
        for span, first, last in segments(*days)
        for day in range(first, last + 1, span)
    ]
    values = {"version": region.version.id, "depth": region.depth, "low": region.low, "high": region.high}
    values |= {"base": seen.base, "generation": seen.generation}
    matches = """r.version_id = :version AND r.level = :depth AND r.span = seg.span AND r.day = seg.day
          AND r.pos BETWEEN :low AND :high AND r.gen BETWEEN :base AND :generation"""
    if connection.dialect.name == "sqlite":
        seg = """SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
            FROM json_each(:spans)"""
        rows = f"CROSS JOIN rollup_{subject} r WHERE {matches}"
        asked: dict = {"spans": json.dumps(spans)}
    else:
        seg = "SELECT * FROM unnest(CAST(:p AS integer[]), CAST(:s AS integer[]), CAST(:d AS integer[]))"
        rows = f"CROSS JOIN LATERAL (SELECT * FROM rollup_{subject} r WHERE {matches} OFFSET 0) r WHERE true"
        asked = {key: [span[at] for span in spans] for at, key in enumerate("psd")}
    return f"WITH seg (period, span, day) AS ({seg}) SELECT %s FROM seg {rows}", values | asked


def _summed(
    connection: Connection,
    seen: Published,
    region: Region,
    *,
    subject: str,
    names: Sequence[str],
    runs: Sequence[Days],
) -> np.ndarray:
    """int64 lines of pos, period and the columns."""
    clause, values = _source(connection, region, seen, subject, runs)
    chosen = ", ".join(f"CAST(SUM(r.{name}) AS BIGINT)" for name in names)
    query = clause % f"r.pos, seg.period, {chosen}" + " GROUP BY r.pos, seg.period"
    return whole_numbers(connection.execute(text(query), values), width=len(names) + 2)


def _histograms(
    connection: Connection, seen: Published, region: Region, *, subject: str, name: str, runs: Sequence[Days]
) -> dict[tuple[int, int], np.ndarray]:
    clause, values = _source(connection, region, seen, subject, runs)
    query = clause % f"r.pos, seg.period, r.{name}" + f" AND r.{name} IS NOT NULL"
    found: dict[tuple[int, int], list[bytes]] = {}
    for pos, period, packed in connection.execute(text(query), values):
        found.setdefault((pos, period), []).append(packed)
    return {key: unpack(blobs) for key, blobs in found.items()}


@dataclass(frozen=True)
class Filter:
    """What facts must be to be counted: a category (with all below it) and a channel."""

    category: str | None = None
    channel: str | None = None

    def __bool__(self) -> bool:
        return bool(self.category or self.channel)


def word_condition(connection: Connection, subject: str, column: str, wanted: str) -> ColumnElement[bool]:
    """Condition for a word and everything below it on its path."""
    words = terms(connection, term_kind(subject, column))
    ids = [number for number, word in words.items() if word == wanted or word.startswith(wanted + "/")]
    return FACTS[subject].c[column].in_(ids)


@dataclass(frozen=True)
class Counted:
    """Daily sums counted from facts, and what each row stands for (see `Sums.keys`)."""

    cells: Cells
    keys: DataFrame | None

    def sums(self, indicators: Sequence[Indicator], periods: Sequence[Days]) -> Sums:
        """The sums of one subject's flows, or of its stocks, as the rollups would give them."""
        names = columns(indicators)
        runs = _runs(indicators, periods, first=-(2**31))
        parts = [_cut(self.cells, names, number, run) for number, run in enumerate(runs)]
        row, period, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        hists = {histogram_of(x, of_subject(x.subject)) for x in indicators if x.kind == "quantile"}
        counts = {name: _cut_histograms(self.cells, name, periods) for name in hists}
        return Sums(row, period, names, values, counts, self.keys)


def count_facts(
    connection: Connection,
    settings: Settings,
    region: Region,
    subject: str,
    *,
    load: int,
    now: int,
    only: Filter,
    words: Sequence[str] = (),
) -> Counted:
    """Count a region from the revisions visible at a load; slower, for any level, filter, word and instant."""
    facts = _facts_in(connection, settings, region, subject, load=load, only=only, words=words)
    facts = not_yet(facts, of_subject(subject), now=now)
    placed = places.of_revisions(connection, subject, region.version.id, facts["rev"])
    rows, keys = _keyed(facts, region.version.ancestors[region.depth][placed], words)
    return Counted(tally(facts, rows, of_subject(subject)), keys)


def _facts_in(
    connection: Connection,
    settings: Settings,
    region: Region,
    subject: str,
    *,
    load: int,
    only: Filter,
    words: Sequence[str],
) -> DataFrame:
    """Prepared facts of a region that pass the filter."""
    table, place = FACTS[subject], PLACES[subject]
    where: list[ColumnElement[bool]] = []
    if region.low > 0 or region.high < len(region.version.units):
        inside = select(place.c.rev).where(
            place.c.version_id == region.version.id, place.c.place.between(region.low, region.high)
        )
        where.append(table.c.rev.in_(inside))
    for column, wanted in (("category", only.category), ("channel", only.channel)):
        if wanted:
            known = column in table.c
            where.append(word_condition(connection, subject, column, wanted) if known else false())
    extra = [word for word in words if word in table.c]
    rows = read_facts(connection, subject, load=load, where=where, extra=extra)
    return prepare(rows, subject, settings, rhythms=source_rhythms(connection))


def _keyed(facts: DataFrame, pos: np.ndarray, words: Sequence[str]) -> tuple[np.ndarray, DataFrame | None]:
    """A dense number for each combination of position and words in use."""
    if not words:
        return pos, None
    texts = {word: facts[word].astype("str").fillna("") if word in facts else "" for word in words}
    combined = DataFrame({"pos": pos, **texts}, index=facts.index)
    numbers = combined.groupby(["pos", *words], sort=True).ngroup()
    keys = combined.assign(number=numbers).drop_duplicates("number").set_index("number").sort_index()
    return numbers.to_numpy(dtype=np.int64), keys


def _cut(
    cells: Cells, names: Sequence[str], number: int, run: Days
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, period and sums of the cells inside a run of days."""
    chosen = (cells.day >= run[0]) & (cells.day < run[1])
    row = cells.row[chosen]
    start = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.zeros(0, dtype=np.int64)
    keep = [cells.names.index(name) for name in names]
    values = cells.sums[chosen][:, keep]
    summed = np.add.reduceat(values, start, axis=0) if len(row) else values
    return row[start], np.full(len(start), number), summed


def _cut_histograms(cells: Cells, name: str, periods: Sequence[Days]) -> dict[tuple[int, int], np.ndarray]:
    cell, bins, count = cells.pairs[name]
    row, day = cells.row[cell], cells.day[cell]
    found = {}
    for number, (start, end) in enumerate(periods):
        chosen = (day >= start) & (day < end)
        for one in np.unique(row[chosen]).tolist():
            mine = chosen & (row == one)
            found[(one, number)] = np.bincount(bins[mine], count[mine], minlength=BINS)
    return found
