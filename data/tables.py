"""Sums side by side: gathered over boundary versions and parts of a scope, then weighed into measures."""

from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np

from data import judge
from data.defining import Indicator
from data.indicators import INDICATORS
from data.sums import Sums
from data.tally import columns, histogram_of


class Tables:
    """Sums by key (code, words …) and period.

    Sums of equal keys are added up; what was never counted is 0.
    """

    def __init__(self, parts: tuple[str, ...], periods: int):
        self.parts, self.periods = parts, periods
        self._index: dict[tuple, int] = {}
        self._pieces: list[tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]] = []
        self._counts: dict[str, dict[tuple[int, int], np.ndarray]] = {}
        self._columns: dict[str, np.ndarray] = {}

    @property
    def keys(self) -> list[tuple]:
        """All keys in use, sorted."""
        return sorted(self._index)

    def add(self, sums: Sums, rows: np.ndarray, keys: Sequence[tuple], numbers: Sequence[int]) -> None:
        """Take sums: `rows`, ascending, are the rows in use, which stand for `keys`; their periods are `numbers`."""
        at = np.array([self._number(key) for key in keys], dtype=np.int64)
        period = np.array(numbers, dtype=np.int64)[sums.period]
        self._pieces.append((sums.names, at[np.searchsorted(rows, sums.row)], period, sums.values))
        for name, kept in sums.counts.items():
            for (line, run), bins in kept.items():
                self._add_bins(name, (int(at[np.searchsorted(rows, line)]), numbers[run]), bins)
        self._columns.clear()

    def _number(self, key: tuple) -> int:
        return self._index.setdefault(key, len(self._index))

    def _add_bins(self, name: str, cell: tuple[int, int], bins: np.ndarray) -> None:
        kept = self._counts.setdefault(name, {})
        kept[cell] = kept[cell] + bins if cell in kept else bins

    def take(self, other: "Tables", *, sign: int = 1) -> None:
        """Add everything another holds; with the sign -1 take it away."""
        self._take(other, [self._number(key) for key in other._index], sign=sign)

    def together(self, code: str) -> "Tables":
        """The same with all codes put together under one."""
        return self.grouped(lambda key: (code, *key[1:]))

    def grouped(self, key_of: Callable[[tuple], tuple]) -> "Tables":
        """The same under other keys; what gets one key is added up."""
        whole = Tables(self.parts, self.periods)
        whole._take(self, [whole._number(key_of(key)) for key in self._index])
        return whole

    def _take(self, other: "Tables", numbers: list[int], *, sign: int = 1) -> None:
        at = np.array(numbers, dtype=np.int64)
        self._pieces += [
            (names, at[row], period, values * sign) for names, row, period, values in other._pieces
        ]
        for name, kept in other._counts.items():
            for (row, period), bins in kept.items():
                self._add_bins(name, (numbers[row], period), bins * sign)
        self._columns.clear()

    def rows(self, keys: Sequence[tuple]) -> np.ndarray:
        """Where keys stand, for `measures`; those that were never counted too."""
        return np.array([self._index.get(key, -1) for key in keys], dtype=np.int64)

    def column(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Plain sums of a column by period and row, in the order given."""
        return self._chosen(name, rows, total=False)

    def measures(self, name: str, rows: np.ndarray, *, total: bool = False) -> judge.Weighed:
        """Measures of one indicator, arrays by period and row in the order given; with `total` the sum of all last."""
        indicator = INDICATORS[name]
        if indicator.kind == "quantile":
            return self._quantiles(indicator, rows, total=total)
        held = {column[:1]: self._chosen(column, rows, total=total) for column in columns([indicator])}
        nothing = np.zeros_like(held["n"])
        return judge.weigh(indicator, *(held.get(side, nothing) for side in "ndq"))

    def _chosen(self, name: str, rows: np.ndarray, *, total: bool) -> np.ndarray:
        """A column by period and row."""
        column = self._column(name)
        return np.vstack([column[rows], column.sum(axis=0)]).T if total else column[rows].T

    def _column(self, name: str) -> np.ndarray:
        """A column by key and period, with a last line of zeros for keys not in use."""
        if name not in self._columns:
            answer = np.zeros((len(self._index) + 1, self.periods), dtype=np.int64)
            for held, row, period, values in self._pieces:
                if name in held:
                    np.add.at(answer, (row, period), values[:, held.index(name)])
            self._columns[name] = answer
        return self._columns[name]

    def _quantiles(self, indicator: Indicator, rows: np.ndarray, *, total: bool) -> judge.Weighed:
        kept = self._counts.get(histogram_of(indicator), {})
        lines = []
        for period in range(self.periods):
            lines.append([kept.get((row, period)) for row in rows.tolist()])
            if total:
                every = [bins for (_, number), bins in kept.items() if number == period]
                lines[-1].append(np.sum(every, axis=0) if every else None)
        flat = judge.weigh_quantile(indicator, [bins for line in lines for bins in line])
        shape = (self.periods, len(rows) + total)
        return judge.Weighed(*(getattr(flat, part.name).reshape(shape) for part in fields(judge.Weighed)))
