"""Reading the summed tables: one statement for all flows and stocks of a subject, whatever the periods.

A page costs as many round trips as it has statements, so what is counted on different days is asked together.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from sqlalchemy import Connection, text

from data.histograms import unpack
from data.indicators import Indicator, of_subject
from data.rollup import Published
from data.store import raw_rows, whole_numbers
from data.sums import Days, Region, Sums
from data.tally import columns, histogram_of, segments

_statement = lru_cache(maxsize=512)(text)  # to take a statement's text to pieces takes as long as to run it


@dataclass(frozen=True)
class Ask:
    """Flows, or stocks, of one subject over periods; of a stock only the end of a period counts."""

    indicators: tuple[Indicator, ...]
    periods: tuple[Days, ...]

    @property
    def stocks(self) -> bool:
        """Whether these are stocks."""
        return self.indicators[0].kind == "stock"

    @property
    def names(self) -> tuple[str, ...]:
        """Integer columns asked for."""
        return columns(self.indicators)

    @property
    def ends(self) -> list[int]:
        """The days up to which stocks are asked for, ascending, each once."""
        return sorted({end for _, end in self.periods})

    def runs(self, first: int) -> list[Days]:
        """Days to add up: each period of a flow; of a stock what each end adds to the one before, from `first` on."""
        if not self.stocks:
            return list(self.periods)
        starts = [first, *(max(first, end) for end in self.ends)]
        return [(min(start, end), end) for start, end in zip(starts, self.ends, strict=False)]


def from_rollup(connection: Connection, seen: Published, region: Region, asks: Sequence[Ask]) -> list[Sums]:
    """Sums of one subject's flows and stocks, one answer for each ask; a stock is summed from the first day on."""
    summed = [ask for ask in asks if ask.names]
    tables = dict(zip(map(id, summed), _summed(connection, seen, region, summed), strict=True))
    found = []
    for ask in asks:
        table = tables.get(id(ask), np.zeros((0, 2), dtype=np.int64))
        if ask.stocks:
            table = _heaped(table, ask)
        counts = {name: _histograms(connection, seen, region, ask, name) for name in _wanted(ask)}
        found.append(Sums(table[:, 0], table[:, 1], ask.names, table[:, 2:], counts))
    return found


def _wanted(ask: Ask) -> set[str]:
    """Histogram columns that the quantiles asked for are read from."""
    return {
        histogram_of(entry, of_subject(entry.subject)) for entry in ask.indicators if entry.kind == "quantile"
    }


def _summed(connection: Connection, seen: Published, region: Region, asks: Sequence[Ask]) -> list[np.ndarray]:
    """For each ask int64 lines of pos, run and its columns."""
    if not asks:
        return []
    width = max(len(ask.names) for ask in asks)
    parts: list[str] = []
    values: dict[str, int | str] = {**_region(region, seen)}
    for number, ask in enumerate(asks):
        clause, spans = _source(connection, ask.indicators[0].subject, ask.runs(seen.first_on), number)
        chosen = [f"CAST(SUM(r.{name}) AS BIGINT)" for name in ask.names] + ["0"] * (width - len(ask.names))
        parts.append(
            f"SELECT {number}, r.pos, seg.run, {', '.join(chosen)} FROM {clause} GROUP BY r.pos, seg.run"
        )
        values |= spans
    rows = raw_rows(connection, _statement(" UNION ALL ".join(parts)), values)
    table = whole_numbers(chain.from_iterable(rows), width=width + 3)
    return [table[table[:, 0] == number, 1 : len(ask.names) + 3] for number, ask in enumerate(asks)]


def _region(region: Region, seen: Published) -> dict[str, int]:
    return {
        "version": region.version.id, "depth": region.depth, "low": region.low, "high": region.high,
        "base": seen.base, "generation": seen.generation,
    }  # fmt: skip


def _source(
    connection: Connection, subject: str, runs: Sequence[Days], number: int
) -> tuple[str, dict[str, str]]:
    """FROM clause that walks the spans of the runs and reads the region's rows of each: one index range a span.

    SQLite takes CROSS JOIN for the order of its loops. PostgreSQL chooses for itself and, before a list of unknown
    length, chooses to read the whole table; a sub-select that cannot be pulled up leaves it no choice.
    """
    spans = [
        (run, span, day)
        for run, days in enumerate(runs)
        for span, first, last in segments(*days)
        for day in range(first, last + 1, span)
    ]
    matches = """r.version_id = :version AND r.level = :depth AND r.span = seg.span AND r.day = seg.day
          AND r.pos BETWEEN :low AND :high AND r.gen BETWEEN :base AND :generation"""
    if connection.dialect.name == "sqlite":
        seg = f"""(SELECT json_extract(value, '$[0]') run, json_extract(value, '$[1]') span,
            json_extract(value, '$[2]') day FROM json_each(:spans{number})) seg"""
        return f"{seg} CROSS JOIN rollup_{subject} r WHERE {matches}", {f"spans{number}": json.dumps(spans)}
    lists = ", ".join(f"CAST(:{part}{number} AS integer[])" for part in "rsd")
    rows = f"(SELECT * FROM rollup_{subject} r WHERE {matches} OFFSET 0) r"
    asked = {f"{part}{number}": _list([row[at] for row in spans]) for at, part in enumerate("rsd")}
    return f"unnest({lists}) seg (run, span, day) CROSS JOIN LATERAL {rows} WHERE true", asked


def _list(numbers: Sequence[int]) -> str:
    """A list as PostgreSQL writes it; the driver looks at every element first."""
    return f"{{{','.join(map(str, numbers))}}}"


def _heaped(table: np.ndarray, ask: Ask) -> np.ndarray:
    """Lines of pos, run and what each run of a stock adds become lines of pos, period and the stock at its end."""
    pos, row = np.unique(table[:, 0], return_inverse=True)
    ends = ask.ends
    added = np.zeros((len(pos), len(ends), table.shape[1] - 2), dtype=np.int64)
    added[row, table[:, 1]] = table[:, 2:]
    at_end = added.cumsum(axis=1)[:, [ends.index(end) for _, end in ask.periods]]
    number = np.tile(np.arange(len(ask.periods)), len(pos))
    keys = np.column_stack([np.repeat(pos, len(ask.periods)), number])
    return np.hstack([keys, at_end.reshape(len(keys), table.shape[1] - 2)])


def _histograms(
    connection: Connection, seen: Published, region: Region, ask: Ask, name: str
) -> dict[tuple[int, int], np.ndarray]:
    clause, spans = _source(connection, ask.indicators[0].subject, ask.runs(seen.first_on), 0)
    query = f"SELECT r.pos, seg.run, r.{name} FROM {clause} AND r.{name} IS NOT NULL"
    found: dict[tuple[int, int], list[bytes]] = {}
    rows = raw_rows(connection, _statement(query), _region(region, seen) | spans)
    for pos, run, packed in chain.from_iterable(rows):
        found.setdefault((pos, run), []).append(packed)
    return {key: unpack(blobs) for key, blobs in found.items()}
