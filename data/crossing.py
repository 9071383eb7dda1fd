"""A scope given in one tree, read in another.

The law: a person sees the facts placed in his own units and no other, whatever tree a page is read in. In another
tree such facts lie in many units, beside facts of strangers; so nothing is taken from the summed tables there, every
number is counted from the facts of the scope. A unit of the other tree is there for this person when one of those
facts lies in it; any other answers like a missing one. Equal questions give equal totals in every tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import ColumnElement, Connection, false, select

from data import places
from data.factstore import visible
from data.schema import FACTS, PLACES, SUBJECTS
from data.scope import Scope

if TYPE_CHECKING:
    from data.rollup import Published
    from data.store import Store

Ranges = tuple[tuple[int, int], ...]
KEPT = 64


@dataclass(frozen=True)
class Held:
    """The part of one boundary version that a scope opens: facts must lie in one of the spans."""

    version: places.Version
    spans: Ranges

    def conditions(self, subject: str) -> list[ColumnElement[bool]]:
        """What a fact must be to lie in it."""
        return places.inside(subject, self.version, self.spans)


@dataclass(frozen=True)
class Crossing:
    """A scope as seen from another tree: the versions of its own tree, oldest first."""

    scope: Scope
    versions: tuple[places.Version, ...]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Codes of the topmost units of the scope, as its newest version has them."""
        if not self.versions:
            return ()
        newest = self.versions[-1]
        ranges = self.scope.ranges(newest.units, tree=newest.tree)
        return tuple(newest.code_at[low] for low, _ in ranges)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of those units."""
        newest = self.versions[-1] if self.versions else None
        return tuple(newest.name_at[newest.by_code[code]] for code in self.codes) if newest else ()

    def held(self, version: places.Version) -> Held:
        """What the scope opens of one version of its tree: its units, as far as they were there already."""
        spans = [version.span(code) for code in self.codes if code in version.by_code]
        return Held(version, tuple(sorted(spans)))

    @property
    def today(self) -> Held | None:
        """What the scope opens of its tree in today's boundaries; None where that has none."""
        return self.held(self.versions[-1]) if self.versions else None

    def now(self, subject: str) -> list[ColumnElement[bool]]:
        """What a fact must be to lie in the scope in today's boundaries."""
        return self.today.conditions(subject) if self.today else [false()]

    def units(
        self, connection: Connection, store: Store, other: places.Version, seen: Published | None
    ) -> Ranges:
        """Positions of another tree's version that the scope's facts lie in, with all above them, as ranges."""
        if not self.codes:
            return ()
        key = (self.scope.units, self.versions[-1].id, other.id, seen.load if seen else 0)
        if key not in store.crossings:
            if len(store.crossings) >= KEPT:
                store.crossings.clear()
            store.crossings[key] = _runs(_places(connection, self, other, load=key[-1]))
        return store.crossings[key]


def _places(connection: Connection, crossing: Crossing, other: places.Version, *, load: int) -> np.ndarray:
    """Sorted positions of the units that hold one of the scope's facts known at a load, or all above one."""
    found: set[int] = set()
    for subject in SUBJECTS:
        table, place = FACTS[subject], PLACES[subject]
        query = (
            select(place.c.place)
            .join(table, table.c.rev == place.c.rev)
            .where(place.c.version_id == other.id, visible(table, load), ~table.c.withdrawn)
            .where(*crossing.now(subject))
        )
        found.update(connection.scalars(query.distinct()))
    lowest = np.array(sorted(found), dtype=np.int64)
    upward = other.ancestors[:, lowest] if len(other.ancestors) else lowest
    every = np.unique(np.concatenate([lowest, upward.ravel()]))
    return every[every > 0]


def _runs(positions: np.ndarray) -> Ranges:
    """Sorted positions as ranges of neighbours, both ends inclusive."""
    return tuple(
        (run[0][1], run[-1][1])
        for _, found in groupby(enumerate(positions.tolist()), key=lambda pair: pair[1] - pair[0])
        if (run := list(found))
    )


def crossing_of(scope: Scope, tree: str, atlas: Sequence[places.Version]) -> Crossing | None:
    """The crossing a reader in `tree` needs; None where the scope is of that tree, or the whole."""
    if scope.whole or scope.tree == tree:
        return None
    return Crossing(scope, tuple(version for version in atlas if version.tree == scope.tree))
