"""Answers to a question: measures of the units of a level, with total, unassigned rows, ranks and comparison."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection

from data import judge, places
from data.factstore import load_as_of
from data.indicators import INDICATORS, Indicator, of_subject
from data.query import Period, Query
from data.rollup import Published, published
from data.settings import EPOCH_DAY, Settings
from data.sums import Filter, Region, Sums, from_facts, from_rollup
from data.tally import BINS, columns, histogram_of

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

    As it was: every day in the version in force on it. Today's grid: all days in the newest.
    """
    start, end = epoch_day(period.start), epoch_day(period.end)
    if query.boundaries == "today":
        return [(versions[-1], start, end)]
    found = []
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        last = following.valid_from_on if following else end
        if max(start, version.valid_from_on) < min(end, last):
            found.append((version, max(start, version.valid_from_on), min(end, last)))
    return found


class Counter:
    """Sums for one question in one snapshot of the store."""

    def __init__(
        self, connection: Connection, settings: Settings, query: Query, versions: Sequence[places.Version]
    ):
        seen = published(connection)
        if seen is None:
            raise NotReady("nothing is published yet; expected a first 'linli refresh'")
        self.connection, self.settings, self.query, self.versions = connection, settings, query, versions
        self.seen: Published = seen
        self.only = Filter(query.category, query.channel)
        self.load = seen.load if query.as_of is None else min(seen.load, load_as_of(connection, query.as_of))

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
            return from_rollup(self.connection, self.seen, region, indicators, periods=periods)
        return from_facts(
            self.connection,
            self.settings,
            region,
            indicators,
            load=self.load,
            periods=periods,
            only=self.only,
            words=words,
        )

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
        found = Tables(("code", *words))
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
            rows = np.unique(
                np.r_[sums.table["row"], [row for kept in sums.counts.values() for row, _ in kept]]
            )
            rows = rows.astype(np.int64)
            pos = rows if sums.keys is None else sums.keys["pos"].reindex(rows).to_numpy()
            key = DataFrame({"code": codes(version, pos, depth)}, index=rows)
            for word in words:
                key[word] = sums.keys[word].reindex(rows) if sums.keys is not None else ""
            found.add(sums, key, [number for number, _, _ in runs])

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


def codes(version: places.Version, pos: np.ndarray, depth: int) -> np.ndarray:
    """Codes of row keys at a depth; a row of a shallower unit is its unassigned part, `CODE/-`."""
    units = version.units
    code = np.concatenate([[""], units["code"].to_numpy(dtype=object)])[pos]
    level = np.concatenate([[-1], units["level"].to_numpy()])[pos]
    return np.where(level < depth, code + UNASSIGNED, code)


@dataclass
class Tables:
    """Sums gathered over boundary versions and parts of a scope, by the parts (code, words …) and period.

    table   the parts, period and the integer columns; equal keys are added up when read
    counts  histograms by column, then (key, period); a key is the tuple of its parts
    """

    parts: tuple[str, ...]
    pieces: list[DataFrame] = field(default_factory=list)
    counts: dict[str, dict[tuple[tuple, int], np.ndarray]] = field(default_factory=dict)

    def add(self, sums: Sums, key: DataFrame, numbers: list[int]) -> None:
        """Take sums whose rows stand for `key` (by row) and whose periods are `numbers` of the question."""
        table = sums.table.astype({"row": "int64", "period": "int64"})
        named = key.loc[table["row"]].reset_index(drop=True)
        values = table.drop(columns=["row", "period"]).reset_index(drop=True)
        period = np.array([*numbers, 0])[table["period"].to_numpy()]
        self.pieces.append(pd.concat([named.assign(period=period), values], axis=1))
        tuples = dict(zip(key.index.tolist(), key.itertuples(index=False, name=None), strict=True))
        for name, bins in sums.counts.items():
            for (row, run), count in bins.items():
                self._add_bins(name, (tuples[row], numbers[run]), count)

    def _add_bins(self, name: str, key: tuple, count: np.ndarray) -> None:
        kept = self.counts.setdefault(name, {})
        kept[key] = kept[key] + count if key in kept else count

    @property
    def table(self) -> DataFrame:
        """One row per key and period."""
        if not self.pieces:
            return DataFrame({name: [] for name in (*self.parts, "period")})
        whole = pd.concat(self.pieces, ignore_index=True).fillna(0)
        return whole.groupby([*self.parts, "period"], as_index=False).sum()

    @property
    def keys(self) -> list[tuple]:
        """All keys in use, sorted."""
        found = set(self.table[list(self.parts)].itertuples(index=False, name=None))
        return sorted(found | {key for kept in self.counts.values() for key, _ in kept})

    def together(self, code: str) -> "Tables":
        """The same with all codes put together under one."""
        whole = Tables(self.parts)
        whole.pieces = [piece.assign(code=code) for piece in self.pieces]
        for name, kept in self.counts.items():
            for (key, period), count in kept.items():
                whole._add_bins(name, ((code, *key[1:]), period), count)
        return whole

    def merged(self, other: "Tables") -> "Tables":
        """Both together."""
        both = Tables(self.parts, [*self.pieces, *other.pieces])
        for source in (self, other):
            for name, kept in source.counts.items():
                for key, count in kept.items():
                    both._add_bins(name, key, count)
        return both

    def measures(self, name: str, keys: Sequence[tuple], *, period: int) -> DataFrame:
        """Measures of one indicator for keys in the order given; what was not counted is 0."""
        indicator = INDICATORS[name]
        if indicator.kind == "quantile":
            kept = self.counts.get(histogram_of(indicator, of_subject(indicator.subject)), {})
            nothing = np.zeros(BINS)
            return judge.weigh(indicator, DataFrame(), [kept.get((key, period), nothing) for key in keys])
        table = self.table
        mine = table[table["period"] == period].set_index(list(self.parts))
        index = (
            pd.MultiIndex.from_tuples(list(keys), names=self.parts)
            if len(self.parts) > 1
            else [k[0] for k in keys]
        )
        sums = mine.reindex(columns=columns([indicator])).reindex(index).fillna(0)
        return judge.weigh(indicator, sums.reset_index(drop=True))
