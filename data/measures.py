"""Answers to a question: measures of the units of a level, with total, unassigned rows, ranks and comparison."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Connection

from data import judge, places
from data.factstore import load_as_of
from data.indicators import INDICATORS, Indicator, of_subject
from data.query import Period, Query
from data.rollup import Published, published
from data.running import until_now
from data.settings import EPOCH_DAY, Settings
from data.sums import Counted, Filter, Region, Sums, count_facts, from_rollup
from data.tally import columns, histogram_of

UNASSIGNED = "/-"
KINDS = ("unit", "unassigned", "total")


class NotReady(RuntimeError):
    """Nothing is published yet."""


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH_DAY).days


def elapsed(period: Period, today: date) -> Period:
    """The part of a period that has begun: never past the end of today, at least one day."""
    end = min(period.end, today + timedelta(days=1))
    return Period(period.start, max(end, period.start + timedelta(days=1)))


def pieces(
    versions: Sequence[places.Version], query: Query, period: Period
) -> list[tuple[places.Version, int, int]]:
    """The boundary versions that answer for a period, each with its days [start, end).

    As it was: every day in the version in force on it, days before the first version in the first, so that no
    fact is lost. Today's grid: all days in the newest.
    """
    start, end = epoch_day(period.start), epoch_day(period.end)
    if query.boundaries == "today":
        return [(versions[-1], start, end)]
    found = []
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        first = start if version is versions[0] else max(start, version.valid_from_on)
        last = min(end, following.valid_from_on) if following else end
        if first < last:
            found.append((version, first, last))
    return found


class Counter:
    """Sums for one question in one snapshot of the store."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        query: Query,
        versions: Sequence[places.Version],
        *,
        now: int,
    ):
        seen = published(connection)
        if seen is None:
            raise NotReady("nothing is published yet; expected a first 'linli refresh'")
        self.connection, self.settings, self.query, self.versions = connection, settings, query, versions
        self.seen: Published = seen
        self._kept: dict[tuple, Counted] = {}
        self.only = Filter(query.category, query.channel)
        self.load = seen.load if query.as_of is None else min(seen.load, load_as_of(connection, query.as_of))
        self.now = now

    def sums(
        self,
        region: Region,
        indicators: Sequence[Indicator],
        periods: Sequence[tuple[int, int]],
        words: Sequence[str],
    ) -> Sums:
        """From the rollups when they hold the level and nothing narrows the question, else from the facts."""
        held = region.depth in self.seen.levels.get(region.version.id, ())
        if held and not words and not self.only and self.load == self.seen.load:
            found = from_rollup(self.connection, self.seen, region, indicators, periods=periods)
            return until_now(
                self.connection,
                self.settings,
                region,
                found,
                indicators,
                periods=periods,
                load=self.load,
                now=self.now,
            )
        return self._counted(region, indicators[0].subject, tuple(words)).sums(indicators, periods)

    def _counted(self, region: Region, subject: str, words: tuple[str, ...]) -> Counted:
        """Facts of a region counted once for all indicators of a question."""
        key = (region.version.id, region.depth, region.low, region.high, subject, words)
        if key not in self._kept:
            self._kept[key] = count_facts(
                self.connection, self.settings, region, subject, load=self.load, now=self.now, only=self.only,
                words=words,
            )  # fmt: skip
        return self._kept[key]

    def by_code(
        self,
        names: Sequence[str],
        *,
        within: str | None,
        depth: int,
        periods: Sequence[Period],
        words: Sequence[str] = (),
    ) -> "Tables":
        """Sums by unit code, words and period over all boundary versions that answer for them."""
        found = Tables(("code", *words), len(periods))
        for subject in dict.fromkeys(INDICATORS[name].subject for name in names):
            wanted = [INDICATORS[name] for name in names if INDICATORS[name].subject == subject]
            for stocks in (False, True):
                part = [entry for entry in wanted if (entry.kind == "stock") == stocks]
                if part:
                    self._over_versions(found, part, within, depth=depth, periods=periods, stocks=stocks)
        return found

    def _over_versions(
        self,
        found: "Tables",
        wanted: list[Indicator],
        within: str | None,
        *,
        depth: int,
        periods: Sequence[Period],
        stocks: bool,
    ) -> None:
        words = found.parts[1:]
        for version in self.versions:
            runs = self._runs(version, periods, stocks=stocks)
            if not runs or (within is not None and within not in version.by_code):
                continue
            low, high = version.span(within)
            region = Region(version, depth, low, high)
            sums = self.sums(region, wanted, [(start, end) for _, start, end in runs], words)
            found.add(sums, self._keys(sums, version, depth, words), [number for number, _, _ in runs])

    def _keys(
        self, sums: Sums, version: places.Version, depth: int, words: Sequence[str]
    ) -> dict[int, tuple]:
        """What each row in use stands for: the code and words."""
        used = {row for kept in sums.counts.values() for row, _ in kept}
        rows = np.array(sorted(used.union(sums.row.tolist())), dtype=np.int64)
        pos = rows if sums.keys is None else sums.keys["pos"].reindex(rows).to_numpy()
        parts = [codes(version, pos, depth)]
        for word in words:
            parts.append([""] * len(rows) if sums.keys is None else sums.keys[word].reindex(rows).tolist())
        return dict(zip(rows.tolist(), zip(*parts, strict=True), strict=True))

    def _runs(
        self, version: places.Version, periods: Sequence[Period], *, stocks: bool
    ) -> list[tuple[int, int, int]]:
        """Days this version answers for in each period; a stock asks only the version of its last day."""
        runs = []
        for number, period in enumerate(periods):
            asked = Period(period.end - timedelta(days=1), period.end) if stocks else period
            for other, start, end in pieces(self.versions, self.query, asked):
                if other.id == version.id:
                    runs.append((number, start, end))
        return runs


def codes(version: places.Version, pos: np.ndarray, depth: int) -> list[str]:
    """Codes of row keys at a depth; a row of a shallower unit is its unassigned part, `CODE/-`."""
    names, levels = version.code_at, version.level_at
    return [names[at] if levels[at] >= depth else names[at] + UNASSIGNED for at in pos.tolist()]


class Tables:
    """Sums gathered over boundary versions and parts of a scope, by key (code, words …) and period.

    Sums of equal keys are added up; what was never counted is 0.
    """

    def __init__(self, parts: tuple[str, ...], periods: int):
        self.parts, self.periods = parts, periods
        self._index: dict[tuple, int] = {}
        self._pieces: list[tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]] = []
        self._counts: dict[str, dict[tuple[int, int], np.ndarray]] = {}

    @property
    def keys(self) -> list[tuple]:
        """All keys in use, sorted."""
        return sorted(self._index)

    def add(self, sums: Sums, keys: Mapping[int, tuple], numbers: Sequence[int]) -> None:
        """Take sums whose rows stand for `keys` and whose periods are `numbers` of the question."""
        at = {row: self._number(key) for row, key in keys.items()}
        row = np.array([at[row] for row in sums.row.tolist()], dtype=np.int64)
        period = np.array(numbers, dtype=np.int64)[sums.period]
        self._pieces.append((sums.names, row, period, sums.values))
        for name, kept in sums.counts.items():
            for (line, run), bins in kept.items():
                self._add_bins(name, (at[line], numbers[run]), bins)

    def _number(self, key: tuple) -> int:
        return self._index.setdefault(key, len(self._index))

    def _add_bins(self, name: str, cell: tuple[int, int], bins: np.ndarray) -> None:
        kept = self._counts.setdefault(name, {})
        kept[cell] = kept[cell] + bins if cell in kept else bins

    def take(self, other: "Tables") -> None:
        """Add everything another holds."""
        self._take(other, [self._number(key) for key in other._index])

    def together(self, code: str) -> "Tables":
        """The same with all codes put together under one."""
        whole = Tables(self.parts, self.periods)
        whole._take(self, [whole._number((code, *key[1:])) for key in self._index])
        return whole

    def _take(self, other: "Tables", numbers: list[int]) -> None:
        at = np.array(numbers, dtype=np.int64)
        self._pieces += [(names, at[row], period, values) for names, row, period, values in other._pieces]
        for name, kept in other._counts.items():
            for (row, period), bins in kept.items():
                self._add_bins(name, (numbers[row], period), bins)

    def measures(self, name: str, keys: Sequence[tuple], *, period: int) -> judge.Weighed:
        """Measures of one indicator for keys in the order given."""
        indicator = INDICATORS[name]
        rows = [self._index.get(key, -1) for key in keys]
        if indicator.kind == "quantile":
            kept = self._counts.get(histogram_of(indicator, of_subject(indicator.subject)), {})
            return judge.weigh_quantile(indicator, [kept.get((row, period)) for row in rows])
        sums = self._sums(columns([indicator]))
        nothing = np.zeros(len(rows), dtype=np.int64)
        chosen = [sums.get(f"{side}_{name}") for side in ("n", "d", "q")]
        return judge.weigh(indicator, *(nothing if part is None else part[rows, period] for part in chosen))

    def _sums(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Columns as arrays by key and period, with a last line of zeros for keys not in use."""
        answer = {name: np.zeros((len(self._index) + 1, self.periods), dtype=np.int64) for name in names}
        for held, row, period, values in self._pieces:
            for index, name in enumerate(held):
                if name in answer:
                    np.add.at(answer[name], (row, period), values[:, index])
        return answer
