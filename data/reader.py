"""The only way to read: a store seen through a scope.

Pages, routes, exports and alerts receive a `Reader` and nothing else, so that an unscoped read cannot be written.
A unit that is not there and one that may not be seen answer alike. No scope means no rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection

from data import factlist, factstream, judge, mapdata, places, scales, sourcebook
from data.indicators import INDICATORS
from data.measures import UNASSIGNED, Counter, NotReady, Tables, elapsed
from data.query import Period, Query
from data.scope import Scope
from data.settings import Level, Settings
from data.store import Store

WEIGHED = ("numerator", "denominator", "value", "low", "high", "n")
MEASURED = dict.fromkeys(("indicator", "unit_code", "unit_name", "kind", "state"), "str")


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

    def __init__(self, store: Store, scope: Scope, *, clock: Callable[[], datetime]):
        self.store, self.scope, self.clock = store, scope, clock

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
        return self.version.listed.take(self._shown(self.settings.level(level).depth, within)).reset_index(
            drop=True
        )

    def _shown(self, depth: int, within: str | None) -> np.ndarray:
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
        return Counter(connection, self.settings, query, self.versions)

    def measures(self, query: Query, *, compare: bool = True) -> DataFrame:
        """Measures of the units of `query.level` inside `query.within`, the unassigned rows and the total.

        returns  indicator, unit_code, unit_name, pos, kind (unit, unassigned, total), numerator, denominator, value,
                 low, high, n, previous, change, position, rank_low, rank_high (absent when not ranked),
                 state (ok, few, none)
        Raises   UnknownUnit, NotReady; KeyError for an unknown level
        """
        now = elapsed(query.period, self.today)
        periods = [now, now.before] if compare else [now]
        depth = self.settings.level(query.level or self.settings.names[0]).depth
        found = self.tables(query, depth=depth, periods=periods)
        rows = self._rows(query, found, depth)
        whole = found.together("")
        parts = [self._judged(name, found, whole, rows, compare=compare) for name in query.indicators]
        columns: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for name in ("position", "rank_low", "rank_high"):
            columns[name] = pd.arrays.IntegerArray(columns[name], columns[name] == 0)
        return DataFrame(columns).astype(MEASURED)

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

    def _rows(self, query: Query, found: Tables, depth: int) -> list[tuple[str, str, str, int]]:
        """Lines to show (code, name, kind, pos): today's units of the level, former ones with figures, unassigned."""
        version = self.version
        shown = (self._shown(depth, query.within) + 1).tolist()
        rows = [(version.code_at[pos], version.name_at[pos], "unit", pos) for pos in shown]
        known = {row[0] for row in rows}
        loose = []
        for (code,) in found.keys:
            if code.endswith(UNASSIGNED):
                loose.append((code, self._parent_name(code), "unassigned", 0))
            elif code not in known:
                rows.append((code, self._former_name(code), "unit", version.by_code.get(code, 0)))
        return rows + loose

    def _former_name(self, code: str) -> str:
        for version in reversed(self.versions):
            if code in version.by_code:
                return str(version.row(version.by_code[code])["name"])
        return code

    def _parent_name(self, code: str) -> str:
        parent = code.removesuffix(UNASSIGNED)
        return self._former_name(parent) if parent else ""

    def _judged(
        self, name: str, found: Tables, whole: Tables, rows: list[tuple[str, str, str, int]], *, compare: bool
    ) -> dict[str, np.ndarray]:
        """Columns of one indicator: the rows and, last, their total."""
        indicator = INDICATORS[name]
        keys, total = [(row[0],) for row in rows], [("",)]
        now = [found.measures(name, keys, period=0), whole.measures(name, total, period=0)]
        values = {field: np.concatenate([getattr(part, field) for part in now]) for field in WEIGHED}
        before = np.full(len(keys) + 1, np.nan)
        if compare:
            parts = [found.measures(name, keys, period=1).value, whole.measures(name, total, period=1).value]
            before = np.concatenate(parts)
        lines = [*rows, ("", "", "total", 0)]
        kind = np.array([line[2] for line in lines])
        state = judge.states(indicator, values["n"])
        position, best, worst = judge.ranks(
            indicator,
            judge.Weighed(**values),
            (kind == "unit") & (state == "ok") & ~np.isnan(values["value"]),
        )
        return {
            "indicator": np.full(len(lines), name, dtype=object),
            "unit_code": np.array([line[0] for line in lines], dtype=object),
            "unit_name": np.array([line[1] for line in lines], dtype=object),
            "pos": np.array([line[3] for line in lines]),
            "kind": kind.astype(object),
            **values,
            "previous": before,
            "change": values["value"] - before,
            "position": position,
            "rank_low": best,
            "rank_high": worst,
            "state": state.astype(object),
        }

    def series(
        self, indicators: Sequence[str], *, unit: str | None, periods: Sequence[Period], query: Query
    ) -> DataFrame:
        """One unit's measures over many periods.

        returns  indicator, period_start, period_end, numerator, denominator, value, n
        """
        asked = query.asking(indicators=tuple(indicators), within=unit)
        whole = self.tables(asked, depth=None, periods=periods).together("")
        rows = []
        for name in indicators:
            for number, period in enumerate(periods):
                found = whole.measures(name, [("",)], period=number)
                shown = (found.numerator[0], found.denominator[0], found.value[0], found.n[0])
                rows.append((name, period.start, period.end, *shown))
        names = ["indicator", "period_start", "period_end", "numerator", "denominator", "value", "n"]
        return DataFrame(rows, columns=names)

    def _depth_of(self, within: str | None) -> int:
        return 0 if within is None else self._unit(self.version.by_code[within]).depth

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
