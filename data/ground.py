"""Where a reader stands: one snapshot of the store, the boundaries of one tree, the units a scope opens in them.

A unit that is not there and one that may not be seen answer alike. No scope means no units.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Self

import numpy as np
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection

from data import places
from data.crossing import Crossing, crossing_of
from data.instants import micros, moment
from data.measures import NotReady
from data.query import Query, QueryError
from data.rollup import Published, published
from data.scope import Scope
from data.settings import FIRST_TREE, Level, Settings, SettingsError
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


class Ground:
    """What one person may stand on: a snapshot of the store, and the units of one tree that the scope opens.

    present  at which stocks of a running day are counted, microseconds UTC; None: the clock, or as of when is asked

    as_of    the instant as of whose knowledge the boundaries are; None: those known now (see `at`)
    cut      whether boundaries published since are left out, which the summed tables reckon with

    Raises QueryError for a tree the instance does not declare.
    """

    as_of: int | None = None
    cut: bool = False

    def __init__(
        self,
        store: Store,
        scope: Scope,
        *,
        clock: Callable[[], datetime],
        tree: str = FIRST_TREE,
        present: int | None = None,
    ):
        self.store, self.scope, self.clock, self.tree = store, scope, clock, tree
        self._present = present
        try:
            self._tree = store.settings.tree(tree)
        except SettingsError as error:
            raise QueryError(str(error)) from None
        self._snapshot: Connection | None = None
        self._seen: Published | None = None

    def in_tree(self, tree: str) -> Self:
        """The same scope, read in another tree. Raises QueryError."""
        other = type(self)(self.store, self.scope, clock=self.clock, tree=tree, present=self._present)
        other.atlas, other.as_of, other.cut = self.atlas, self.as_of, self.cut
        return other

    def at(self, as_of: int | None) -> Self:
        """The same as of an instant: on the boundaries published by then, in the same snapshot; itself for None."""
        if as_of is None or as_of == self.as_of:
            return self
        other = self.in_tree(self.tree)
        other.atlas, other.as_of = _known_at(self.atlas, as_of), as_of
        other.cut = self.cut or len(other.atlas) < len(self.atlas)
        other._snapshot, other._seen = self._snapshot, self._seen
        return other

    def standing(self, query: Query) -> Self:
        """The same with the clock stopped, for answers that take a while: boundaries and present of a question stay."""
        now = self.clock()
        other = type(self)(
            self.store, self.scope, clock=lambda: now, tree=self.tree, present=self.present(query)
        )
        known = self.at(query.as_of)
        other.atlas, other.as_of, other.cut = known.atlas, known.as_of, known.cut
        return other

    def present(self, query: Query) -> int:
        """The instant at which stocks of a running day are counted: the clock, or as of when is asked."""
        if self._present is not None:
            return self._present
        now = micros(self.clock())
        return now if query.as_of is None else min(now, query.as_of)

    def day(self, query: Query) -> date:
        """Local day of the present of a question."""
        return moment(self.present(query)).astimezone(self.settings.timezone).date()

    @property
    def settings(self) -> Settings:
        """Settings of the instance."""
        return self.store.settings

    @property
    def today(self) -> date:
        """Local day of the clock."""
        return self.clock().astimezone(self.settings.timezone).date()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: all that is read inside sees one state of the store, so that no page shows parts of two."""
        if self._snapshot is not None:
            yield self._snapshot
            return
        with self.store.read() as connection:
            self._snapshot = connection
            try:
                yield connection
            finally:
                self._snapshot = self._seen = None

    @property
    def published(self) -> Published | None:
        """What readers see, None before a first refresh; asked once in a snapshot."""
        with self.read() as connection:
            self._seen = self._seen or published(connection)
            return self._seen

    @cached_property
    def atlas(self) -> tuple[places.Version, ...]:
        """Published boundary versions of all trees."""
        with self.read() as connection:
            return places.versions(connection, store=self.store)

    @cached_property
    def versions(self) -> tuple[places.Version, ...]:
        """Published boundary versions of the tree read in, oldest first."""
        return tuple(version for version in self.atlas if version.tree == self.tree)

    @property
    def has_units(self) -> bool:
        """Whether the tree read in has any; a version seen once stays, so that mostly nothing is read to know."""
        return any(known.tree == self.tree for known in self.store.atlas.values()) or bool(self.versions)

    @cached_property
    def across(self) -> Crossing | None:
        """How the scope reaches into the tree read in; None where it is of that tree, or the whole."""
        return crossing_of(self.scope, self.tree, self.atlas)

    @property
    def version(self) -> places.Version:
        """Boundaries in force."""
        if not self.versions:
            raise NotReady("no boundaries are published yet; expected 'linli units publish'")
        return self.versions[-1]

    @cached_property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Ranges of positions the scope opens in today's boundaries."""
        if self.across is not None:
            with self.read() as connection:
                return self.across.units(connection, self.store, self.version, self.published)
        return self.scope.ranges(self.version.units, tree=self.tree)

    @property
    def opens(self) -> bool:
        """Whether the scope opens anything at all."""
        return bool(self.ranges if self.across is None else self.across.codes)

    def sees(self, pos: int) -> bool:
        """Whether a position of today's boundaries lies in the scope."""
        return any(low <= pos <= high for low, high in self.ranges)

    def levels(self) -> tuple[Level, ...]:
        """Levels of the tree, top first."""
        return self._tree.levels

    def level(self, name: str | None) -> Level:
        """The level of that name, the top one for none. Raises KeyError."""
        return self._tree.level(name) if name else self._tree.levels[0]

    def _unit(self, pos: int) -> Unit:
        known, depth = self.version, self.version.level_at[pos]
        lon, lat, area = known.label_at[pos].tolist()
        return Unit(
            known.code_at[pos], known.name_at[pos], self._tree.names[depth], depth, pos, known.end_at[pos],
            lon, lat, bool(known.shape_at[pos]), area,
        )  # fmt: skip

    def unit(self, code: str) -> Unit:
        """The unit of that code. Raises UnknownUnit alike for a missing and a foreign one."""
        pos = self.version.by_code.get(code)
        if pos is None or not self.sees(pos):
            raise UnknownUnit(f"unit: got '{code[:60]}'; expected a code of a unit you may see")
        return self._unit(pos)

    def roots(self) -> tuple[Unit, ...]:
        """Topmost units of the scope."""
        return tuple(self._unit(pos) for pos in self.version.tops(self.ranges))

    def path(self, code: str) -> tuple[Unit, ...]:
        """The unit's ancestors inside the scope, topmost first, and the unit itself last."""
        found = [self.unit(code)]
        while (parent := self.version.parent_at[found[0].pos]) and self.sees(parent):
            found.insert(0, self._unit(parent))
        return tuple(found)

    def units(self, level: str, within: str | None) -> DataFrame:
        """Units of a level inside a unit (or the whole scope): pos, code, name, level, lon, lat, area_m2, has_shape."""
        shown = self.shown(self.level(level).depth, within)
        return self.version.listed.take(shown - 1).reset_index(drop=True)

    def shown(self, depth: int, within: str | None) -> np.ndarray:
        """Positions of the units of a depth inside a unit (or the whole scope)."""
        found = [self.version.at_depth(depth, low, high) for low, high in self.spans(within)]
        return np.concatenate(found) if len(found) > 1 else found[0] if found else np.zeros(0, dtype=np.int64)

    def spans(self, within: str | None) -> tuple[tuple[int, int], ...]:
        """Ranges of positions that the scope opens, of a unit or in all. Raises UnknownUnit."""
        if within is None:
            return self.ranges
        low, high = self.version.span(self.unit(within).code)
        if self.across is None:
            return ((low, high),)
        return tuple((max(low, a), min(high, b)) for a, b in self.ranges if a <= high and b >= low)

    def ground(self, within: str | None) -> tuple[tuple[int, int], ...]:
        """Ranges of positions facts may lie in, as far as the scope allows each (`across`). Raises UnknownUnit."""
        if self.across is None:
            return self.spans(within)
        return (self.version.span(self.unit(within).code if within else None),)

    def inside(self, subject: str, within: str | None) -> list[ColumnElement[bool]]:
        """What a fact must be to lie in a unit, or in all the scope opens, as of today. Raises UnknownUnit."""
        here = places.inside(subject, self.version, self.ground(within))
        return here if self.across is None else [*here, *self.across.now(subject)]

    def withins(self, within: str | None) -> tuple[str | None, ...]:
        """Sub-trees a question covers: the unit asked for, or everything the scope opens."""
        if within is not None:
            return (self.unit(within).code,)
        if self.scope.whole or self.across is not None:
            return (None,)
        return tuple(unit.code for unit in self.roots())


def _known_at(atlas: Sequence[places.Version], instant: int) -> tuple[places.Version, ...]:
    """Versions published by an instant; of each tree the first at least, which holds from the beginning of time."""
    firsts = {version.tree: version.id for version in reversed(atlas)}
    return tuple(
        version for version in atlas if version.recorded_at <= instant or version.id == firsts[version.tree]
    )
