"""Reading the summed tables: one statement for all flows and stocks of a subject, whatever the periods.

A page costs as many round trips as it has statements, and a strip carries every sum of its subject; so what periods
need is asked together, each span of days once, and added up here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sqlalchemy import Connection, TextClause, text

from data.defining import Indicator
from data.histograms import BINS
from data.rollup import Published
from data.store import AS_BYTES
from data.strips import unpack, unpack_bins
from data.sums import Days, Region, Sums
from data.tally import columns, histogram_of, segments

Span = tuple[int, int]  # how many days, and the first of them
Histograms = dict[str, dict[tuple[int, int], np.ndarray]]  # counts per bin by column, then row and period


@lru_cache(maxsize=64)
def _statement(query: str) -> TextClause:
    """A statement, made once: to take its text to pieces takes as long as to run it."""
    return text(query).execution_options(**AS_BYTES)


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
    def histograms(self) -> tuple[str, ...]:
        """Histogram columns that the quantiles asked for are read from."""
        return tuple(dict.fromkeys(histogram_of(x) for x in self.indicators if x.kind == "quantile"))

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

    def within(self, day: np.ndarray) -> np.ndarray:
        """Local days, -1 for those that no answer needs."""
        first = 0 if self.stocks else min(start for start, _ in self.periods)
        return np.where((day >= first) & (day < self.ends[-1]), day, np.int32(-1))

    def of_runs(self, sums: np.ndarray) -> np.ndarray:
        """Sums by row, run and column as sums by row, period and column."""
        if not self.stocks:
            return sums
        return sums.cumsum(axis=1)[:, [self.ends.index(end) for _, end in self.periods]]


def holds(seen: Published, indicators: Sequence[Indicator]) -> bool:
    """Whether the published rows know these indicators: one that came with an upgrade waits for the next refresh."""
    subject, ask = indicators[0].subject, Ask(tuple(indicators), ())
    known = set(seen.histograms(subject)).issuperset(ask.histograms)
    return known and set(seen.columns(subject)).issuperset(ask.names)


def from_rollup(connection: Connection, seen: Published, region: Region, asks: Sequence[Ask]) -> list[Sums]:
    """Sums of one subject's flows and stocks, one answer for each ask; a stock is summed from the first day on."""
    subject = asks[0].indicators[0].subject
    runs = [ask.runs(seen.first_on) for ask in asks]
    plan = _Plan([run for part in runs for run in part])
    hists = tuple(dict.fromkeys(name for ask in asks for name in ask.histograms))
    seg, units, sums, *bins = _strips(connection, seen, region, subject, spans=plan.spans, hists=hists)
    held = seen.columns(subject)
    lines = unpack(units, sums, width=len(held))
    added = _Added(lines.pos, seg[lines.owner], region, plan)
    counts = {
        name: _histograms(unpack_bins(units, packed), seg, region, plan)
        for name, packed in zip(hists, bins, strict=True)
    }
    found, first = [], 0
    for ask, part in zip(asks, runs, strict=True):
        mine = slice(first, first + len(part))
        chosen = [added.column(lines.sums[:, held.index(name)])[:, mine] for name in ask.names]
        shape = (len(added.rows), len(part), 0)
        values = ask.of_runs(np.stack(chosen, axis=2) if chosen else np.zeros(shape, dtype=np.int64))
        binned = {name: _of_runs(counts[name], first, len(part)) for name in ask.histograms}
        found.append(_sums(ask, added.rows, values, binned))
        first += len(part)
    return found


def _sums(ask: Ask, rows: np.ndarray, values: np.ndarray, counts: Histograms) -> Sums:
    """Lines by row and period of sums by row, period and column."""
    periods = values.shape[1]
    row, period = np.repeat(rows, periods), np.tile(np.arange(periods), len(rows))
    return Sums(row, period, ask.names, values.reshape(len(row), len(ask.names)), counts)


def _of_runs(
    counts: dict[tuple[int, int], np.ndarray], first: int, size: int
) -> dict[tuple[int, int], np.ndarray]:
    """Histograms of some of the runs, numbered from 0."""
    return {(row, run - first): line for (row, run), line in counts.items() if 0 <= run - first < size}


class _Plan:
    """Which spans of days the runs are made of: each span once, and for each the runs that want it."""

    def __init__(self, runs: Sequence[Days]):
        self.runs = len(runs)
        wanted: dict[Span, list[int]] = {}
        for run, days in enumerate(runs):
            for span, first, last in segments(*days):
                for day in range(first, last + 1, span):
                    wanted.setdefault((span, day), []).append(run)
        self.spans = list(wanted)
        self._size = np.array([len(found) for found in wanted.values()], dtype=np.int64)
        self._run = np.array([run for found in wanted.values() for run in found], dtype=np.int64)
        self._start = np.cumsum(self._size) - self._size

    def spread(self, seg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lines of spans repeated for every run that wants them: the line, and the run."""
        size = self._size[seg]
        line = np.repeat(np.arange(len(seg)), size)
        within = np.arange(len(line)) - np.repeat(np.cumsum(size) - size, size)
        return line, self._run[self._start[seg][line] + within]


class _Added:
    """Lines of a region, to be added up by row and run."""

    def __init__(self, pos: np.ndarray, seg: np.ndarray, region: Region, plan: _Plan):
        line, run = plan.spread(seg)
        inside = (pos[line] >= region.low) & (pos[line] <= region.high)
        self._line, self._runs = line[inside], plan.runs
        used = np.zeros(region.high - region.low + 1, dtype=bool)
        at = pos[self._line] - region.low
        used[at] = True
        self.rows = np.flatnonzero(used) + region.low
        self._cell = (np.cumsum(used) - 1)[at] * plan.runs + run[inside]

    def column(self, values: np.ndarray) -> np.ndarray:
        """int64 [rows, runs] of a column of the lines; exact, for sums stay far below 2**53."""
        total = np.bincount(self._cell, values[self._line], minlength=len(self.rows) * self._runs)
        return total.astype(np.int64).reshape(-1, self._runs)


def _strips(
    connection: Connection,
    seen: Published,
    region: Region,
    subject: str,
    *,
    spans: Sequence[Span],
    hists: Sequence[str],
) -> tuple:
    """Columns of the strips that hold a region's spans: the span's number, units, sums, and each histogram.

    One index range a span. SQLite takes CROSS JOIN for the order of its loops. PostgreSQL chooses for itself and,
    before a list of unknown length, chooses to read the whole table; a sub-select that cannot be pulled up leaves
    it no choice.
    """
    strip_at = region.version.strips[region.depth]
    values = {"version": region.version.id, "depth": region.depth, "base": seen.base, "last": seen.generation}
    values |= {"low": int(strip_at[region.low]), "high": int(strip_at[region.high])}
    matches = """r.version_id = :version AND r.level = :depth AND r.span = seg.span AND r.day = seg.day
          AND r.strip BETWEEN :low AND :high AND r.gen BETWEEN :base AND :last"""
    if connection.dialect.name == "sqlite":
        seg = """(SELECT key number, json_extract(value, '$[0]') span, json_extract(value, '$[1]') day
            FROM json_each(:spans)) seg"""
        rows = f"rollup_{subject} r WHERE {matches}"
        asked: dict = {"spans": json.dumps(spans)}
    else:
        lists = "CAST(:span AS integer[]), CAST(:day AS integer[])"
        seg = f"unnest({lists}) WITH ORDINALITY seg (span, day, number)"
        rows = f"LATERAL (SELECT * FROM rollup_{subject} r WHERE {matches} OFFSET 0) r"
        asked = {name: _list([span[at] for span in spans]) for at, name in enumerate(("span", "day"))}
    chosen = ", ".join(f"r.{name}" for name in ("units", "sums", *hists))
    query = _statement(f"SELECT seg.number, {chosen} FROM {seg} CROSS JOIN {rows}")
    found = connection.execute(query, values | asked).all()
    number, *blobs = zip(*found, strict=True) if found else [()] * (3 + len(hists))
    first = 0 if connection.dialect.name == "sqlite" else 1
    return np.array(number, dtype=np.int64) - first, *blobs


def _list(numbers: Sequence[int]) -> str:
    """A list as PostgreSQL writes it; the driver would look at every element first."""
    return f"{{{','.join(map(str, numbers))}}}"


def _histograms(
    lines: np.ndarray, seg: np.ndarray, region: Region, plan: _Plan
) -> dict[tuple[int, int], np.ndarray]:
    """Counts per bin of each row of the region and run."""
    owner, pos, bins, counts = lines[(lines[:, 1] >= region.low) & (lines[:, 1] <= region.high)].T
    line, run = plan.spread(seg[owner])
    cells, at = np.unique(pos[line] * plan.runs + run, return_inverse=True)
    table = np.bincount(at * BINS + bins[line], counts[line], minlength=len(cells) * BINS).reshape(-1, BINS)
    keys = zip(*(part.tolist() for part in divmod(cells, plan.runs)), strict=True)
    return {(row, number): line for (row, number), line in zip(keys, table, strict=True)}
