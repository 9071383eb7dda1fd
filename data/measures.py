"""Answers to a question: measures of the units of a level, with total, unassigned rows, ranks and comparison."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from data import places
from data.crossing import Crossing, Held
from data.defining import Indicator
from data.factstore import load_as_of
from data.indicators import INDICATORS
from data.kept import Kept
from data.query import Period, Query
from data.rollup import Published
from data.rollup_read import Ask, from_rollup, holds
from data.running import entering, until_now
from data.settings import EPOCH_DAY, Settings
from data.share_read import count_shares
from data.sums import Days, Filter, Region, Sums, count_facts
from data.tables import Tables

UNASSIGNED = "/-"
KINDS = ("unit", "unassigned", "total")
Run = tuple[int, int, int]  # number of a period, and local days [start, end) of it


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
    return _pieces(versions, query, epoch_day(period.start), epoch_day(period.end))


def _pieces(
    versions: Sequence[places.Version], query: Query, start: int, end: int
) -> list[tuple[places.Version, int, int]]:
    if query.boundaries == "today" or not versions:
        return [(version, start, end) for version in versions[-1:]]
    found = []
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        first = start if version is versions[0] else max(start, version.valid_from_on)
        last = min(end, following.valid_from_on) if following else end
        if first < last:
            found.append((version, first, last))
    return found


class Counter:
    """Sums for one question in one snapshot of the store.

    now     the present, microseconds UTC: what a stock of a running day is counted at (`data.running`)
    across  a scope given in another tree than that of `versions`: only its own facts are counted
    kept    columns of shares read before
    cut     whether `versions` lacks some that are published: the rollups hold of each version only its own days
    """

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        query: Query,
        versions: Sequence[places.Version],
        seen: Published,
        *,
        now: int,
        across: Crossing | None = None,
        kept: Kept,
        cut: bool = False,
    ):
        self.connection, self.settings, self.query, self.versions = connection, settings, query, versions
        self.seen, self.across, self.kept, self.cut = seen, across, kept, cut
        self._days: Days | None = None  # that the periods asked for lie in
        self.only = Filter(query.category, query.channel, query.department, as_of=query.as_of)
        self.now = now
        self.load = seen.load if query.as_of is None else min(seen.load, load_as_of(connection, query.as_of))

    def narrowed(self, held: Held | None) -> Filter:
        """What facts must be to be counted here."""
        return self.only if held is None else replace(self.only, held=held)

    def sums(
        self, region: Region, asks: Sequence[Ask], words: Sequence[str], held: Held | None = None
    ) -> list[Sums]:
        """From the rollups when they hold the level and nothing narrows the question, else from shares or facts."""
        only = self.narrowed(held)
        wanted = [entry for ask in asks for entry in ask.indicators]
        known = self.load == self.seen.load and holds(self.seen, wanted)
        summed = region.depth in self.seen.levels.get(region.version.id, ())
        if known and summed and not self.cut and not words and not only:
            found = from_rollup(self.connection, self.seen, region, asks)
            return [self._until_now(region, ask, sums) for ask, sums in zip(asks, found, strict=True)]
        if known and self.seen.shares and self._placed(region, held):
            late = entering(self.connection, self.settings, asks, load=self.load, now=self.now)
            counted = count_shares(
                self.connection, self.seen, region, asks, only=only, words=words, less=late, kept=self.kept
            )
        else:
            counted = count_facts(
                self.connection, self.settings, region, wanted[0].subject, load=self.load, now=self.now, only=only,
                indicators=list(dict.fromkeys(wanted)), words=words, days=self._days,
            )  # fmt: skip
        return [counted.sums(ask.indicators, ask.periods) for ask in asks]

    def _until_now(self, region: Region, ask: Ask, sums: Sums) -> Sums:
        return until_now(
            self.connection, self.settings, region, sums, ask.indicators, periods=ask.periods, load=self.load,
            now=self.now,
        )  # fmt: skip

    def _placed(self, region: Region, held: Held | None) -> bool:
        """Whether the shares say where facts lie in the versions asked about."""
        asked = [region.version] if held is None else [region.version, held.version]
        return all(self.seen.knows(version.id) for version in asked)

    def by_code(
        self,
        names: Sequence[str],
        *,
        within: str | None,
        depth: int,
        periods: Sequence[Period],
        words: Sequence[str] = (),
    ) -> Tables:
        """Sums by unit code, words and period over all boundary versions that answer for them."""
        self._days = (
            min(epoch_day(period.start) for period in periods),
            max(epoch_day(period.end) for period in periods),
        )
        found = Tables(("code", *words), len(periods))
        for subject in dict.fromkeys(INDICATORS[name].subject for name in names):
            wanted = [INDICATORS[name] for name in names if INDICATORS[name].subject == subject]
            begun = [self._begun(period) for period in periods] if subject == "stays" else periods
            for version in self.versions:
                if within is not None and within not in version.by_code:
                    continue
                region = Region(version, depth, *version.span(within))
                for held, asks, numbers in self.asks(version, wanted, begun):
                    for sums, of_period in zip(self.sums(region, asks, words, held), numbers, strict=True):
                        rows = _rows(sums)
                        found.add(sums, rows, _keys(sums, rows, version, depth, words), of_period)
        return found

    def _begun(self, period: Period) -> Period:
        """The days of a period that have begun: an open stay would be told on days to come."""
        today = datetime.fromtimestamp(self.now / 1_000_000, self.settings.timezone).date()
        return Period(period.start, max(period.start, min(period.end, today + timedelta(days=1))))

    def asks(
        self, version: places.Version, wanted: Sequence[Indicator], periods: Sequence[Period]
    ) -> Iterable[tuple[Held | None, list[Ask], list[list[int]]]]:
        """What a version is asked, flows and stocks apart, and the number of each period it answers for.

        Where a scope crosses trees it is asked apart for what each version of the scope's own tree lets count.
        """
        found: dict[int, tuple[Held | None, list[Ask], list[list[int]]]] = {}
        for stocks in (False, True):
            part = tuple(entry for entry in wanted if (entry.kind == "stock") == stocks)
            runs = self._runs(version, periods, stocks=stocks) if part else []
            for own, held, cut in self._parted(runs):
                _, asks, numbers = found.setdefault(own, (held, [], []))
                asks.append(Ask(part, tuple((start, end) for _, start, end in cut)))
                numbers.append([number for number, _, _ in cut])
        return found.values()

    def _parted(self, runs: Sequence[Run]) -> Iterable[tuple[int, Held | None, list[Run]]]:
        """Runs as they are; where a scope crosses trees, by the version of its own tree in force (its id, else 0)."""
        if self.across is None:
            return [(0, None, list(runs))] if runs else []
        found: dict[int, tuple[int, Held | None, list[Run]]] = {}
        for number, start, end in runs:
            for version, first, last in _pieces(self.across.versions, self.query, start, end):
                part = found.setdefault(version.id, (version.id, self.across.held(version), []))
                part[2].append((number, first, last))
        return found.values()

    def _runs(self, version: places.Version, periods: Sequence[Period], *, stocks: bool) -> list[Run]:
        """Days this version answers for in each period; a stock asks only the version of its last day."""
        runs = []
        for number, period in enumerate(periods):
            asked = Period(period.end - timedelta(days=1), period.end) if stocks else period
            for other, start, end in pieces(self.versions, self.query, asked):
                if other.id == version.id and start < end:
                    runs.append((number, start, end))
        return runs


def _rows(sums: Sums) -> np.ndarray:
    """Row numbers in use, ascending."""
    binned = [row for kept in sums.counts.values() for row, _ in kept]
    return np.unique(np.concatenate([sums.row, np.array(binned, dtype=np.int64)]))


def _keys(
    sums: Sums, rows: np.ndarray, version: places.Version, depth: int, words: Sequence[str]
) -> list[tuple[str, ...]]:
    """What each row stands for: the code and words."""
    if sums.keys is None:
        named = [[""] * len(rows) for _ in words]
        return list(zip(codes(version, rows, depth), *named, strict=True))
    known = sums.keys.loc[rows]
    return list(
        zip(codes(version, known["pos"].to_numpy(), depth), *(known[word] for word in words), strict=True)
    )


def codes(version: places.Version, pos: np.ndarray, depth: int) -> list[str]:
    """Codes of row keys at a depth; a row of a shallower unit is its unassigned part, `CODE/-`."""
    names, levels = version.code_at, version.level_at
    return [names[at] if levels[at] >= depth else names[at] + UNASSIGNED for at in pos.tolist()]
