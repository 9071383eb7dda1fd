"""Boundary versions as the store keeps them, and where facts lie in them.

Invariants: a published version never changes; every visible fact has a place in every version, 0 when it lies
nowhere; a place is the position of the finest unit known, so that a sub-tree is one range of places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from pandas import DataFrame, Series
from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select

from data.bulk import any_of
from data.packing import Narrow, read_narrow
from data.schema import FACTS, PLACES, boundary_version, unit
from data.store import Store
from geo.place import kept_locator, open_locator
from geo.units import HintIndex, ancestors

FIRST_DAY = -10_000_000  # the first version of a tree holds from the beginning of time
HINT_SEPARATOR = "|"
FEW = 2_000
LAST_PLACE = 2**31 - 1
LISTED = ("pos", "code", "name", "level", "lon", "lat", "area_m2", "has_shape")
STRIP_UNITS = 32  # units of a level that the summed tables keep side by side
WIDE_SHARE = 8  # from an eighth of the units on, facts are looked up one by one


@dataclass(frozen=True)
class Version:
    """A published set of units, arranged in preorder; valid from a local day on.

    units: pos, end, level, parent_pos, code, name, area_m2, label_lon, label_lat, has_shape; sorted by pos.
    ancestors: by depth, the row key of every pos (see `geo.units.ancestors`).
    """

    id: int
    tree: str
    valid_from_on: int
    recorded_at: int
    fingerprint: str
    units: DataFrame

    @cached_property
    def ancestors(self) -> np.ndarray:
        """int32 [levels, units + 1]."""
        return ancestors(self.units)

    @cached_property
    def strips(self) -> np.ndarray:
        """int32 [levels, units + 1]: the strip of every row key, rising with the position."""
        depths = np.array(self.level_at)
        mine = depths == np.arange(len(self.ancestors))[:, None]
        before = np.cumsum(mine, axis=1) - mine
        return (before // STRIP_UNITS).astype(np.int32)

    @cached_property
    def by_code(self) -> dict[str, int]:
        """Position of each code."""
        return dict(zip(self.units["code"], self.units["pos"].tolist(), strict=True))

    @cached_property
    def code_at(self) -> list[str]:
        """Code of every position, '' at the root."""
        return ["", *self.units["code"].tolist()]

    @cached_property
    def level_at(self) -> list[int]:
        """Depth of every position, -1 at the root."""
        return [-1, *self.units["level"].tolist()]

    @cached_property
    def listed(self) -> DataFrame:
        """pos, code, name, level, lon, lat, area_m2, has_shape of every unit."""
        return self.units.rename(columns={"label_lon": "lon", "label_lat": "lat"})[list(LISTED)]

    @cached_property
    def end_at(self) -> list[int]:
        """Last position of every position's sub-tree."""
        return [len(self.units), *self.units["end"].tolist()]

    @cached_property
    def name_at(self) -> list[str]:
        """Name of every position, '' at the root."""
        return ["", *self.units["name"].tolist()]

    @cached_property
    def parent_at(self) -> list[int]:
        """Position of every position's parent, 0 where it has none."""
        return [0, *self.units["parent_pos"].tolist()]

    @cached_property
    def label_at(self) -> np.ndarray:
        """lon, lat, area_m2 of every position, NaN where there is none."""
        known = self.units[["label_lon", "label_lat", "area_m2"]].to_numpy(dtype=float)
        return np.vstack([np.full((1, 3), np.nan), known])

    @cached_property
    def shape_at(self) -> np.ndarray:
        """Whether every position has an outline."""
        return np.concatenate([[False], self.units["has_shape"].to_numpy(dtype=bool)])

    def at_depth(self, depth: int, low: int, high: int) -> np.ndarray:
        """Positions of a depth inside low..high, ascending."""
        known = self._by_depth.get(depth)
        if known is None:
            return np.zeros(0, dtype=np.int64)
        return known[np.searchsorted(known, low) : np.searchsorted(known, high, side="right")]

    @cached_property
    def _by_depth(self) -> dict[int, np.ndarray]:
        levels = np.array(self.level_at)
        return {depth: np.flatnonzero(levels == depth) for depth in set(self.level_at[1:])}

    @cached_property
    def hints(self) -> HintIndex:
        """Names and codes to positions."""
        return HintIndex(self.units)

    def tops(self, ranges: Sequence[tuple[int, int]]) -> list[int]:
        """Positions in ascending ranges that have no ancestor in any of them."""
        found: list[int] = []
        for low, high in ranges:
            pos = max(low, 1, self.end_at[found[-1]] + 1 if found else 1)
            while pos <= high:
                found.append(pos)
                pos = self.end_at[pos] + 1  # past the sub-tree
        return found

    def span(self, code: str | None) -> tuple[int, int]:
        """First and last position of a unit's sub-tree; of everything for None. Raises KeyError."""
        if code is None:
            return 0, len(self.units)
        pos = self.by_code[code]
        return pos, self.end_at[pos]


_VERSIONS = select(boundary_version).order_by(
    boundary_version.c.tree, boundary_version.c.valid_from_on, boundary_version.c.id
)


def versions(
    connection: Connection, *, tree: str | None = None, store: Store | None = None
) -> tuple[Version, ...]:
    """Published versions by the day they hold from, of one day the later published last.

    They are kept in `store.atlas` when a store is given.
    """
    rows = connection.execute(_VERSIONS).all()
    found = []
    for row in rows if tree is None else [row for row in rows if row.tree == tree]:
        kept = store.atlas.get(row.id) if store else None
        version = kept or Version(
            row.id,
            row.tree,
            row.valid_from_on,
            row.recorded_at,
            row.fingerprint,
            read_units(connection, row.id),
        )
        if store:
            store.atlas[row.id] = version
        found.append(version)
    return tuple(found)


def read_units(connection: Connection, version_id: int) -> DataFrame:
    """Units of a version sorted by position, without their shapes but telling who has one."""
    names = ("pos", "end", "level", "parent_pos", "code", "name", "area_m2", "label_lon", "label_lat")
    query = select(*(unit.c[name] for name in names), unit.c.shape.is_not(None).label("has_shape"))
    rows = connection.execute(query.where(unit.c.version_id == version_id).order_by(unit.c.pos)).all()
    frame = DataFrame(rows, columns=[*names, "has_shape"])
    whole = ("pos", "end", "level", "parent_pos")
    return frame.astype({**dict.fromkeys(whole, "int64"), "code": "str", "name": "str", "has_shape": "bool"})


def shapes(connection: Connection, version_id: int, *, level: int | None = None) -> Series:
    """Shapes of a version's units by position, in WGS84; units without one are absent."""
    query = select(unit.c.pos, unit.c.shape).where(unit.c.version_id == version_id, unit.c.shape.is_not(None))
    if level is not None:
        query = query.where(unit.c.level == level)
    rows = connection.execute(query.order_by(unit.c.pos)).all()
    return Series(
        shapely.from_wkb([row.shape for row in rows]), index=[row.pos for row in rows], dtype=object
    )


def with_geometry(connection: Connection, version: Version) -> DataFrame:
    """A version's units with their shapes (None without one) as `geometry`."""
    return version.units.assign(
        geometry=shapes(connection, version.id).reindex(version.units["pos"]).to_numpy()
    )


class Placer:
    """Finds the place of facts in one version: by coordinates, else by the first hint that names a unit."""

    def __init__(self, connection: Connection, version: Version, *, cache: Path):
        self.version = version
        kept = kept_locator(cache, version.fingerprint) if version.fingerprint else None
        self._locator = kept or open_locator(with_geometry(connection, version), cache)

    def at(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Position (int32) of the finest unit that holds each point, 0 where none does."""
        return self._locator.locate(lon, lat)

    def inside(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Whether each point lies in any unit."""
        return self.at(lon, lat) > 0

    def place(self, lon: np.ndarray, lat: np.ndarray, hints: Series) -> tuple[np.ndarray, np.ndarray]:
        """Place of each fact, and how it was found: 1 point, 2 hint, 3 point outside every unit, 4 neither.

        A point outside every unit is still counted where its hint says, but stays marked as outside, if any unit has
        a shape. Below a unit that holds the point a hint names the place among units without a shape, which no point
        can lie in.
        """
        place = self._locator.locate(lon, lat).astype(np.int32)
        has_point = np.isfinite(lon) & np.isfinite(lat) & self.version.shape_at.any()
        named = self._named(hints, (place == 0) | self._shapeless_below[place])
        how = np.select([place > 0, has_point, named > 0], [1, 3, 2], default=4)
        below = (named > place) & (named <= self._ends[place]) & self._shapeless[named]
        return np.where((place == 0) | below, named, place), how

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.array(self.version.end_at)

    @cached_property
    def _shapeless(self) -> np.ndarray:
        """By position: whether a unit has no shape; the root counts as having one."""
        return np.concatenate([[False], ~self.version.units["has_shape"].to_numpy(dtype=bool)])

    @cached_property
    def _shapeless_below(self) -> np.ndarray:
        """By position: whether a unit below has no shape; not of the root, as what lies nowhere is asked anyway."""
        up_to = np.cumsum(self._shapeless)
        below = up_to[self._ends] > up_to
        below[0] = False
        return below

    def _named(self, hints: Series, wanted: np.ndarray) -> np.ndarray:
        found = np.zeros(len(hints), dtype=np.int32)
        texts = hints[wanted & hints.notna().to_numpy()].unique()
        resolved = {text: self._first(text) for text in texts}
        found[wanted] = hints[wanted].map(resolved).fillna(0).astype("int32").to_numpy()
        return found

    def _first(self, text: str) -> int:
        tried = self.version.hints.resolve(pd.Series(text.split(HINT_SEPARATOR), dtype="str"))
        hits = tried[tried > 0]
        return int(hits[0]) if len(hits) else 0


def inside(subject: str, version: Version, spans: Sequence[tuple[int, int]]) -> list[ColumnElement[bool]]:
    """Conditions for the facts of a subject placed in ranges of positions; none where that is everything.

    A small range is read through the index of places; where it is a good part of the whole, each fact the other
    conditions leave is looked up instead.
    """
    if list(spans) == [(0, len(version.units))]:
        return []
    table, place = FACTS[subject], PLACES[subject]
    held = or_(false(), *(place.c.place.between(low, high) for low, high in spans))
    mine = and_(place.c.version_id == version.id, held)
    if sum(high - low + 1 for low, high in spans) * WIDE_SHARE > len(version.units):
        return [exists(select(1).where(place.c.rev == table.c.rev, mine)).correlate(table)]
    return [table.c.rev.in_(select(place.c.rev).where(mine))]


def place_in(subject: str, version_id: int) -> ColumnElement[int]:
    """Place of each fact a statement selects, in a version; 0 where none is recorded."""
    table, place = FACTS[subject], PLACES[subject]
    found = select(place.c.place).where(place.c.version_id == version_id, place.c.rev == table.c.rev)
    return func.coalesce(found.correlate(table).scalar_subquery(), 0)


def of_revisions(connection: Connection, subject: str, version_id: int, revs: Series) -> np.ndarray:
    """Place of each revision (sorted or not) in a version; 0 where none is recorded."""
    table, wanted = PLACES[subject], revs.to_numpy(dtype=np.int64)
    where = [table.c.version_id == version_id]
    last = connection.scalar(select(func.max(table.c.rev)).where(*where)) or 0
    if 0 < len(wanted) <= FEW:
        where.append(table.c.rev.in_(any_of(connection, wanted.tolist())))
    columns = [Narrow("rev", table.c.rev, 0, last), Narrow("place", table.c.place, 0, LAST_PLACE)]
    known, place = read_narrow(connection, columns, where, order=table.c.rev)
    known, place = np.append(known, -1), np.append(place, 0)
    index = np.searchsorted(known[:-1], wanted)
    return np.where(known[index] == wanted, place[index], 0)
