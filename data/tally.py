"""Fast exact sums: facts with a place and days become rows of integers per unit row, day and span.

A period is read as a few spans of 1, 8, 64 or 512 days instead of its days one by one, as a segment tree does, so a
quarter takes about fifteen rows a unit and a stock (everything since the beginning) hardly more. Durations are
held as sparse histograms with fixed edges, which add like numbers do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pandas import DataFrame

from data.defining import DURATION_EDGES, Indicator, above, below
from data.histograms import BINS

SPANS = (1, 8, 64, 512)


@dataclass(frozen=True)
class Cells:
    """Sums by (row, day), sorted by both: `sums` has one integer column per name, histograms stand apart.

    pairs: name -> (cell index, bin, count), sorted by cell and bin.
    """

    row: np.ndarray
    day: np.ndarray
    names: tuple[str, ...]
    sums: np.ndarray
    pairs: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Share:
    """What facts contribute to one column: `value` on `day` (-1: nothing), which is the day of the cohort `on`."""

    name: str
    on: str
    day: np.ndarray
    value: np.ndarray


def columns(indicators: Sequence[Indicator]) -> tuple[str, ...]:
    """Names of the integer columns: `n_` numerators, `d_` denominators, `q_` squares of a score's numerators."""
    names = []
    for entry in indicators:
        if entry.kind != "quantile":
            names.append(f"n_{entry.name}")
            if entry.denominator is not None:
                names.append(f"d_{entry.name}")
            if entry.kind == "score":
                names.append(f"q_{entry.name}")
    return tuple(names)


def histogram_of(indicator: Indicator) -> str:
    """Column that holds a quantile's histogram."""
    return f"h_{indicator.histogram}"


def histograms(indicators: Sequence[Indicator]) -> tuple[str, ...]:
    """Names of the histogram columns."""
    return tuple(dict.fromkeys(histogram_of(x) for x in indicators if x.kind == "quantile"))


@dataclass(frozen=True)
class Shares:
    """What facts contribute: to integer columns, and to histograms (`value` is then the bin)."""

    names: tuple[str, ...]
    sums: tuple[Share, ...]
    bins: tuple[Share, ...]

    def before(self, day: int | None) -> "Shares":
        """Only what counts before a local day."""
        if day is None:
            return self
        cut = [
            tuple(replace(part, day=np.where(part.day < day, part.day, -1)) for part in parts)
            for parts in (self.sums, self.bins)
        ]
        return Shares(self.names, *cut)


def shares_of(facts: DataFrame, indicators: Sequence[Indicator]) -> Shares:
    """What each prepared fact adds to each column."""
    sums: list[Share] = []
    bins: dict[str, Share] = {}
    for entry in indicators:
        day = facts[entry.counted_on].to_numpy()
        value = above(entry, facts).to_numpy()
        if entry.kind == "quantile":
            bins[histogram_of(entry)] = _binned(entry, day=day, minutes=value)
            continue
        sums.append(Share(f"n_{entry.name}", entry.counted_on, day, value))
        if entry.leaves_on is not None:
            left = facts[entry.leaves_on].to_numpy()
            sums.append(Share(f"n_{entry.name}", entry.leaves_on, left, np.where(day >= 0, -value, 0)))
        base = below(entry, facts)
        if base is not None:
            sums.append(Share(f"d_{entry.name}", entry.counted_on, day, base.to_numpy()))
        if entry.kind == "score":
            sums.append(Share(f"q_{entry.name}", entry.counted_on, day, value * value))
    return Shares(columns(indicators), tuple(sums), tuple(bins.values()))


def _binned(entry: Indicator, *, day: np.ndarray, minutes: np.ndarray) -> Share:
    bins = np.searchsorted(DURATION_EDGES, minutes, side="right")
    return Share(histogram_of(entry), entry.counted_on, np.where(minutes >= 0, day, -1), bins)


def tally(facts: DataFrame, rows: np.ndarray, indicators: Sequence[Indicator], *, sign: int = 1) -> Cells:
    """Add up prepared facts (see `data.facts.prepare`) by row and local day; see `add_up`."""
    return add_up(shares_of(facts, indicators), rows, sign=sign)


def add_up(shares: Shares, rows: np.ndarray, *, sign: int = 1) -> Cells:
    """Add up contributions by row and local day.

    rows   int array, the row key of each fact (a unit's position, or any other dense grouping)
    sign   -1 takes the facts away again
    """
    names, every = shares.names, (*shares.sums, *shares.bins)
    days = [share.day[share.day >= 0] for share in every]
    days = [day for day in days if len(day)]
    if not days:
        return _nothing(names, tuple(share.name for share in shares.bins))
    first = int(min(day.min() for day in days))
    width = int(max(day.max() for day in days)) - first + 1
    keyed = [(share, *_keys(share, rows, first, width)) for share in every]
    cells, rank = _used_cells(keyed)
    table = np.zeros((len(cells), len(names)), dtype=np.int64)
    for share, key, chosen in keyed[: len(shares.sums)]:
        weights = share.value[chosen].astype(np.float64) * sign  # exact: sums stay far below 2**53
        table[:, names.index(share.name)] += np.bincount(rank(key), weights, minlength=len(cells)).astype(
            np.int64
        )
    hists = keyed[len(shares.sums) :]
    pairs = {share.name: _pairs(rank(key), share.value[chosen], sign) for share, key, chosen in hists}
    return _without_zeros(Cells(cells // width, cells % width + first, names, table, pairs))


def _keys(share: Share, rows: np.ndarray, first: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    chosen = share.day >= 0
    if not share.name.startswith("h_"):
        chosen &= share.value != 0
    return rows[chosen].astype(np.int64) * width + (share.day[chosen] - first), chosen


def _used_cells(keyed: list) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Keys in use, sorted, and a function from keys to their index."""
    top = max((int(key.max()) for _, key, _ in keyed if len(key)), default=-1) + 1
    count = sum(len(key) for _, key, _ in keyed)
    if top <= max(64_000_000, 4 * count) and top <= 16 * max(count, 100_000):
        used = np.zeros(top, dtype=bool)
        for _, key, _ in keyed:
            used[key] = True
        cells = np.flatnonzero(used)
        index = np.cumsum(used, dtype=np.int64) - 1
        return cells, lambda key: index[key]
    cells = np.unique(np.concatenate([key for _, key, _ in keyed]))
    return cells, lambda key: np.searchsorted(cells, key)


def _pairs(cell: np.ndarray, bins: np.ndarray, sign: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keys, counts = np.unique(cell * BINS + bins, return_counts=True)
    return keys // BINS, keys % BINS, counts * sign


def _nothing(names: tuple[str, ...], hist: tuple[str, ...]) -> Cells:
    none = np.zeros(0, dtype=np.int64)
    return Cells(
        none, none, names, np.zeros((0, len(names)), dtype=np.int64), dict.fromkeys(hist, (none, none, none))
    )


def _without_zeros(cells: Cells) -> Cells:
    """Drop bins that came to nothing, and cells in which everything did."""
    keep = np.asarray((cells.sums != 0).any(axis=1))
    for cell, _, count in cells.pairs.values():
        keep[cell[count != 0]] = True
    if keep.all() and all((count != 0).all() for _, _, count in cells.pairs.values()):
        return cells
    index = np.cumsum(keep) - 1
    pairs = {}
    for name, (cell, bins, count) in cells.pairs.items():
        live = count != 0
        pairs[name] = (index[cell[live]], bins[live], count[live])
    return Cells(cells.row[keep], cells.day[keep], cells.names, cells.sums[keep], pairs)


def merge(parts: Sequence[Cells]) -> Cells:
    """Add cells of several tallies; what cancels out is dropped."""
    names = parts[0].names
    row = np.concatenate([part.row for part in parts])
    day = np.concatenate([part.day for part in parts])
    order = np.lexsort((day, row))
    sums = np.concatenate([part.sums for part in parts])[order]
    start, group = _groups(row[order], day[order])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = group
    table = np.add.reduceat(sums, start, axis=0) if len(start) else sums
    pairs = {}
    for name in parts[0].pairs:
        offset, joined = 0, []
        for part in parts:
            cell, bins, count = part.pairs[name]
            joined.append((place[cell + offset], bins, count))
            offset += len(part.row)
        pairs[name] = _add_pairs(*(np.concatenate(items) for items in zip(*joined, strict=True)))
    return _without_zeros(Cells(row[order][start], day[order][start], names, table, pairs))


def _groups(row: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start of each run of equal (row, day) in sorted arrays, and the run each element lies in."""
    if not len(row):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    fresh = np.r_[True, (row[1:] != row[:-1]) | (day[1:] != day[:-1])]
    return np.flatnonzero(fresh), np.cumsum(fresh) - 1


def _add_pairs(
    cell: np.ndarray, bins: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    key = cell * BINS + bins
    order = np.argsort(key)
    key = key[order]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    counts = np.add.reduceat(count[order], start) if len(start) else count
    return key[start] // BINS, key[start] % BINS, counts


def lift(cells: Cells, rows: np.ndarray) -> Cells:
    """The same sums by coarser rows: `rows` is the row that each row counts in one level up."""
    row = rows[cells.row]
    order = np.lexsort((cells.day, row))
    start, group = _groups(row[order], cells.day[order])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = group
    sums = np.add.reduceat(cells.sums[order], start, axis=0) if len(start) else cells.sums
    pairs = {name: _add_pairs(place[cell], bins, count) for name, (cell, bins, count) in cells.pairs.items()}
    lifted = Cells(row[order][start], cells.day[order][start], cells.names, sums, pairs)
    return _without_zeros(lifted)


def widen(cells: Cells, span: int) -> Cells:
    """Sums by spans of `span` days, aligned on the epoch; a span carries its first day."""
    if span == 1 or not len(cells.row):
        return cells
    day = cells.day // span * span
    start, group = _groups(cells.row, day)
    sums = np.add.reduceat(cells.sums, start, axis=0)
    pairs = {name: _add_pairs(group[cell], bins, count) for name, (cell, bins, count) in cells.pairs.items()}
    return Cells(cells.row[start], day[start], cells.names, sums, pairs)


def segments(start: int, end: int) -> list[tuple[int, int, int]]:
    """Cut days [start, end) into runs of spans: (span, first day, last first day), largest spans inside."""
    runs: list[tuple[int, int, int]] = []
    tail: list[tuple[int, int, int]] = []
    for index, span in enumerate(SPANS):
        if start >= end:
            break
        if index + 1 == len(SPANS):
            runs.append((span, start, end - span))
            break
        wide = SPANS[index + 1]
        inner_start, inner_end = -(-start // wide) * wide, end // wide * wide
        if inner_start >= inner_end:
            runs.append((span, start, end - span))
            break
        if start < inner_start:
            runs.append((span, start, inner_start - span))
        if inner_end < end:
            tail.append((span, inner_end, end - span))
        start, end = inner_start, inner_end
    return runs + tail[::-1]
