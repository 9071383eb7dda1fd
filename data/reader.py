"""The only way to read: a store seen through a scope.

Pages, routes, exports and alerts receive a `Reader` and nothing else, so that an unscoped read cannot be written.
A unit that is not there and one that may not be seen answer alike. No scope means no rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np
from pandas import DataFrame
from sqlalchemy import Connection

from data import answers, factlist, factstream, mapdata, places, scales, sourcebook
from data.indicators import INDICATORS
from data.instants import micros
from data.measures import Counter, NotReady, Tables
from data.query import Period, Query
from data.scope import Scope
from data.settings import Level, Settings
from data.store import Store


class UnknownUnit(LookupError):
    """No such unit, or none this reader may see."""


@dataclass(frozen=True)
class Unit:
    """One place at a level, in today's boundaries; label point in WGS84 degrees, NaN without a shape."""

    code: str
    name: str
    level: str
    depth: int
    pos: int
    end: int
    lon: float
    lat: float
    has_shape: bool
    area_m2: float


class Reader:
    """What one person may see of one instance. Cheap to make: one for each request."""

    def __init__(
        self, store: Store, scope: Scope, *, clock: Callable[[], datetime], present: int | None = None
    ):
        self.store, self.scope, self.clock, self._present = store, scope, clock, present

    def standing(self, query: Query) -> "Reader":
        """The same reader with its clock stopped, for answers that take a while: the present of a question stays."""
        now = self.clock()
        return Reader(self.store, self.scope, clock=lambda: now, present=self.present(query))

    def present(self, query: Query) -> int:
        """The instant at which stocks of a running day are counted: the clock, or as of when is asked."""
        if self._present is not None:
            return self._present
        now = micros(self.clock())
        return now if query.as_of is None else min(now, query.as_of)

    @property
    def settings(self) -> Settings:
        """Settings of the instance."""
        return self.store.settings

    @property
    def today(self) -> date:
        """Local day of the clock."""
        return self.clock().astimezone(self.settings.timezone).date()

    @cached_property
    def versions(self) -> tuple[places.Version, ...]:
        """Published boundary versions of the scope's tree, oldest first."""
        with self.store.read() as connection:
            return places.versions(connection, tree=self.scope.tree, store=self.store)

    @property
    def version(self) -> places.Version:
        """Boundaries in force."""
        if not self.versions:
            raise NotReady("no boundaries are published yet; expected 'linli units publish'")
        return self.versions[-1]

    @cached_property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Ranges of positions the scope opens in today's boundaries."""
        return self.scope.ranges(self.version.units)

    def sees(self, pos: int) -> bool:
        """Whether a position of today's boundaries lies in the scope."""
        return any(low <= pos <= high for low, high in self.ranges)

    def levels(self) -> tuple[Level, ...]:
        """Levels of the instance, top first."""
        return self.settings.levels

    def _unit(self, pos: int) -> Unit:
        row = self.version.row(pos)
        return Unit(
            row["code"], row["name"], self.settings.names[row["level"]], int(row["level"]), pos, int(row["end"]),
            float(row["label_lon"] or np.nan), float(row["label_lat"] or np.nan), bool(row["has_shape"]),
            float(row["area_m2"] or np.nan),
        )  # fmt: skip

    def unit(self, code: str) -> Unit:
        """The unit of that code. Raises UnknownUnit alike for a missing and a foreign one."""
        pos = self.version.by_code.get(code)
        if pos is None or not self.sees(pos):
            raise UnknownUnit(f"unit: got '{code[:60]}'; expected a code of a unit you may see")
        return self._unit(pos)

    def roots(self) -> tuple[Unit, ...]:
        """Topmost units of the scope."""
        units = self.version.units
        top = [pos for low, high in self.ranges for pos in _tops(units, low, high)]
        return tuple(self._unit(pos) for pos in top)

    def path(self, code: str) -> tuple[Unit, ...]:
        """The unit's ancestors inside the scope, topmost first, and the unit itself last."""
        found = [self.unit(code)]
        while (parent := int(self.version.row(found[0].pos)["parent_pos"])) and self.sees(parent):
            found.insert(0, self._unit(parent))
        return tuple(found)

    def units(self, level: str, within: str | None) -> DataFrame:
        """Units of a level inside a unit (or the whole scope): pos, code, name, level, lon, lat, area_m2, has_shape."""
        if within is not None:
            self.unit(within)
        return self.version.listed.take(self.shown(self.settings.level(level).depth, within)).reset_index(
            drop=True
        )

    def shown(self, depth: int, within: str | None) -> np.ndarray:
        """Rows of the units of a depth inside a unit that the scope opens."""
        low, high = self.version.span(within)
        chosen = np.flatnonzero(self._seen_mask & self.version.at_depth(depth))
        return chosen[(chosen + 1 >= low) & (chosen + 1 <= high)]

    def spans(self, within: str | None) -> tuple[tuple[int, int], ...]:
        """Ranges of positions of a unit, or of all the scope opens. Raises UnknownUnit."""
        return (self.version.span(self.unit(within).code),) if within else self.ranges

    @cached_property
    def _seen_mask(self) -> np.ndarray:
        pos = self.version.units["pos"].to_numpy()
        mask = np.zeros(len(pos), dtype=bool)
        for low, high in self.ranges:
            mask |= (pos >= low) & (pos <= high)
        return mask

    def _withins(self, within: str | None) -> tuple[str | None, ...]:
        """Sub-trees a question covers: the unit asked for, or everything the scope opens."""
        if within is not None:
            return (self.unit(within).code,)
        if self.scope.whole:
            return (None,)
        return tuple(unit.code for unit in self.roots())

    def counter(self, connection: Connection, query: Query) -> Counter:
        """Sums for a question in one snapshot; the caller has checked what it may ask."""
        return Counter(connection, self.settings, query, self.versions, now=self.present(query))

    def measures(self, query: Query, *, compare: bool = True) -> DataFrame:
        """Measures of a level's units, the unassigned rows and the total; see `data.answers.measures`."""
        return answers.measures(self, query, compare=compare)

    def tables(
        self, query: Query, *, depth: int | None, periods: Sequence[Period], words: Sequence[str] = ()
    ) -> Tables:
        """Sums of a question by unit code, words and period; without a depth, at that of each unit asked for."""
        found = Tables(("code", *words), len(periods))
        with self.store.read() as connection:
            counter = self.counter(connection, query)
            for within in self._withins(query.within):
                at = self._depth_of(within) if depth is None else depth
                found.take(
                    counter.by_code(query.indicators, within=within, depth=at, periods=periods, words=words)
                )
        return found

    def _depth_of(self, within: str | None) -> int:
        return 0 if within is None else self._unit(self.version.by_code[within]).depth

    def series(
        self, indicators: Sequence[str], *, unit: str | None, periods: Sequence[Period], query: Query
    ) -> DataFrame:
        """One unit's measures over many periods; see `data.answers.series`."""
        return answers.series(self, query.asking(indicators=tuple(indicators), within=unit), periods)

    def scale(self, indicator: str, level: str, *, days: int) -> tuple[float, ...]:
        """Six fixed cuts of the colour ramp for an indicator at a level; of a flow, for periods of that length."""
        return scales.cuts(
            self.store, INDICATORS[indicator], self.settings, level=level, days=days, tree=self.scope.tree
        )

    # Facts -----------------------------------------------------------------------------------------------------

    def facts(
        self,
        subject: str,
        query: Query,
        *,
        start: int = 0,
        limit: int = 100,
        sort: Sequence[tuple[str, str]] = (),
        filters: Mapping[str, str] | None = None,
    ) -> tuple[DataFrame, int]:
        """A page of rows of the period and the count of all; see `data.factlist`."""
        return factlist.page(self, subject, query, start=start, limit=limit, sort=sort, filters=filters or {})

    def fact_columns(self, subject: str) -> tuple[factlist.FactColumn, ...]:
        """Columns a page of facts has, in order."""
        return factlist.fact_columns(subject)

    def fact_chunks(
        self, subject: str, query: Query, *, filters: Mapping[str, str] | None = None, chunk: int = 50_000
    ) -> Iterator[DataFrame]:
        """All rows of the period in one snapshot, oldest first."""
        return factstream.chunks(self, subject, query, filters=filters or {}, chunk=chunk)

    def summary(self, subject: str, query: Query, *, filters: Mapping[str, str] | None = None) -> dict:
        """Counts for the head of the analyst page."""
        return factlist.summary(self, subject, query, filters=filters or {})

    def words(self, subject: str, column: str) -> list[str]:
        """Values in use of a word column (category, channel, status …) inside the scope."""
        return factlist.words(self, subject, column)

    def categories(self, subject: str) -> list[str]:
        """Categories in use, inside the scope."""
        return self.words(subject, "category")

    def channels(self, subject: str) -> list[str]:
        """Channels in use, inside the scope."""
        return self.words(subject, "channel")

    def longest_overdue(self, unit: str | None, *, limit: int = 10) -> DataFrame:
        """Open cases past their limit, longest first; see `data.mapdata`."""
        return mapdata.longest_overdue(self, unit, limit=limit)

    def points(self, unit: str | None, *, limit: int = 300) -> DataFrame:
        """Newest open cases, orders and alerts, and parking lots, as points."""
        return mapdata.points(self, unit, limit=limit)

    def nowhere(self, query: Query) -> int:
        """Facts behind the first indicator that lie in no unit of the shown level."""
        rows = self.measures(query.asking(indicators=(query.indicator,)), compare=False)
        loose = rows[rows["kind"] == "unassigned"]
        return int(loose["n"].fillna(0).sum())

    def search(self, text: str, *, limit: int = 20) -> DataFrame:
        """Units by name or code and facts by number: kind, code, title, detail."""
        return mapdata.search(self, text, limit=limit)

    def shapes(self, level: str, within: str | None) -> tuple[str, bytes]:
        """Outlines of a level as GeoJSON, and the hash of their content."""
        return mapdata.shapes(self, level, within)

    # Sources ---------------------------------------------------------------------------------------------------

    def freshness(self) -> DataFrame:
        """Each source's age: source, kind, every_minutes, last_good_at, age_minutes, state."""
        return sourcebook.freshness(self)

    def sources(self) -> DataFrame:
        """Freshness and the account of each source's newest load."""
        return sourcebook.sources(self)

    def rejects(self, source: str, *, limit: int = 200) -> DataFrame:
        """Refused rows of a source's newest load that refused any."""
        return sourcebook.rejects(self, source, limit=limit)

    def withdrawals(self, source: str, *, limit: int = 200) -> DataFrame:
        """Facts that a source's newest load to withdraw any found no longer."""
        return sourcebook.withdrawals(self, source, limit=limit)

    def runs(self, *, limit: int = 50, failed: bool = False) -> DataFrame:
        """Newest runs of jobs."""
        return sourcebook.runs(self, limit=limit, failed=failed)

    def state(self) -> dict:
        """What a manifest says of the data: generation, load, boundary version, published_at."""
        return sourcebook.state(self)


def _tops(units: DataFrame, low: int, high: int) -> list[int]:
    """Positions without an ancestor inside a range."""
    inside = units[units["pos"].between(max(low, 1), high)]
    return inside.loc[(inside["parent_pos"] < max(low, 1)) | (inside["parent_pos"] == 0), "pos"].tolist()
