"""Answers to a question: measures of the units of a level, with total, unassigned rows, ranks and comparison."""

from collections.abc import Sequence
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
        self, region: Region, indicators: Sequence[Indicator], periods: Sequence[tuple[int, int]]
    ) -> Sums:
        """From the rollups when they hold the level and nothing narrows the question, else from the facts."""
        held = region.depth in self.seen.levels.get(region.version.id, ())
        if held and not self.only and self.load == self.seen.load:
            return from_rollup(self.connection, self.seen, region, indicators, periods=periods)
        return from_facts(
            self.connection,
            self.settings,
            region,
            indicators,
            load=self.load,
            periods=periods,
            only=self.only,
        )

    def by_code(
        self, names: Sequence[str], *, within: str | None, depth: int, periods: Sequence[Period]
    ) -> tuple[DataFrame, dict[str, dict]]:
        """Sums by unit code and period over all boundary versions that answer for them.

        returns  a frame code, unit_kind, period and the integer columns of the indicators; histograms by
                 column, then (code, period)
        """
        tables: list[DataFrame] = []
        counts: dict[str, dict] = {}
        for subject in dict.fromkeys(INDICATORS[name].subject for name in names):
            wanted = [INDICATORS[name] for name in names if INDICATORS[name].subject == subject]
            for flows in (True, False):
                part = [entry for entry in wanted if (entry.kind != "stock") == flows]
                if part:
                    tables += self._over_versions(part, within, depth, periods, counts, stocks=not flows)
        if not tables:
            return DataFrame({"code": [], "period": []}), counts
        return pd.concat(tables, ignore_index=True).groupby(["code", "period"], as_index=False).sum(), counts

    def _over_versions(
        self,
        wanted: list[Indicator],
        within: str | None,
        depth: int,
        periods: Sequence[Period],
        counts: dict[str, dict],
        *,
        stocks: bool,
    ) -> list[DataFrame]:
        tables = []
        for version in self.versions:
            runs = self._runs(version, periods, stocks=stocks)
            if not runs or (within is not None and within not in version.by_code):
                continue
            low, high = version.span(within)
            sums = self.sums(
                Region(version, depth, low, high), wanted, [(start, end) for _, start, end in runs]
            )
            number = np.array([number for number, _, _ in runs])
            table = sums.table.astype({"pos": "int64", "period": "int64"})
            tables.append(
                table.assign(
                    code=codes(version, table["pos"].to_numpy(), depth),
                    period=number[table["period"].to_numpy()],
                ).drop(columns="pos")
            )
            for name, found in sums.counts.items():
                kept = counts.setdefault(name, {})
                for (pos, run), bins in found.items():
                    key = (codes(version, np.array([pos]), depth)[0], int(number[run]))
                    kept[key] = kept.get(key, 0) + bins
        return tables

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


def measures_of(
    name: str, table: DataFrame, counts: dict[str, dict], *, order: Sequence[str], period: int
) -> DataFrame:
    """Measures of one indicator for codes in a given order (0 where nothing was counted)."""
    indicator = INDICATORS[name]
    if indicator.kind == "quantile":
        found = counts.get(histogram_of(indicator, of_subject(indicator.subject)), {})
        nothing = np.zeros(BINS)
        rows = judge.weigh(
            indicator, DataFrame(index=range(len(order))), [found.get((c, period), nothing) for c in order]
        )
    else:
        mine = table[table["period"] == period].set_index("code")
        rows = judge.weigh(
            indicator, mine.reindex(columns=columns([indicator])).reindex(list(order)).fillna(0)
        )
    return rows.set_axis(list(order), axis="index")


def total_of(table: DataFrame, counts: dict[str, dict]) -> tuple[DataFrame, dict[str, dict]]:
    """The same sums with all codes put together under the code ''."""
    summed = table.drop(columns="code").groupby("period", as_index=False).sum().assign(code="")
    merged: dict[str, dict] = {}
    for name, found in counts.items():
        kept = merged.setdefault(name, {})
        for (_, period), bins in found.items():
            kept[("", period)] = kept.get(("", period), 0) + bins
    return summed, merged
