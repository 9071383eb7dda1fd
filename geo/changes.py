"""What became of each unit from one version of the boundaries to the next."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from geo.exact import as_array

KINDS = ("same", "renamed", "redrawn", "split", "merged", "new", "gone")
SAME_SHARE = 1e-6  # of the area; below it a border has not moved
PART_SHARE = 0.02  # of a unit's area; a smaller piece of a neighbour is a border's noise, not a part
WHOLE_SHARE = 0.9
OLD_GROUND_SHARE = 0.5  # of a unit that began; with less of old units it is new
_EQUAL_AREA = "EPSG:6933"
_NOTHING = shapely.Polygon()
_COLUMNS = ("code", "name", "old_name", "level", "change", "share", "others")


def compare(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Change of every unit of two versions.

    Args:
        old, new: columns code, name, level, geometry (WGS84 shape, or missing); codes are unique in each.

    Returns:
        One row per code of either version, by level and code: code, name (new, or old when gone), old_name,
        level, change, share, others. A code in both versions is ``same``, ``renamed`` (the name differs, the
        border does not) or ``redrawn`` (share: of the old area that stayed). A code that ended is ``split``
        (others: the units that hold its parts), ``merged`` (others: the one unit that holds it with more), or
        ``gone``. A code that began is ``split`` (others: the unit it was a part of), ``merged`` (others: the
        units it was made of), or ``new``. ``others`` is codes joined by commas; ``share`` is missing unless
        both shapes are known. A unit with the shape of one that ended is ``renamed``, its code too.
    """
    rows = [
        row
        for level in sorted({*old["level"], *new["level"]})
        for row in _level(old[old["level"] == level], new[new["level"] == level], int(level))
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    frame = frame.astype({"code": "str", "name": "str", "old_name": "str", "change": "str", "others": "str"})
    return frame.sort_values(["level", "code"], ignore_index=True)


def ground_of(old: pd.DataFrame, new: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Ground that units lost and gained from one version to the next.

    Args:
        old, new: as for `compare`.
        codes: the units asked about.

    Returns:
        Index the codes; columns before_m2, after_m2, lost_m2, gained_m2: square metres in an equal-area projection,
        0 on the side where the unit is not there; all missing where it is there without a shape.
    """
    sides = [frame.set_index("code")["geometry"].reindex(list(codes)) for frame in (old, new)]
    flat = [_flat(as_array(side.to_numpy())) for side in sides]
    bare = np.zeros(len(codes), dtype=bool)
    for frame, shapes in zip((old, new), flat, strict=True):
        there = np.isin(np.asarray(codes, dtype=object), frame["code"].to_numpy(dtype=object))
        bare |= there & shapely.is_missing(shapes)
    before, after = (np.where(shapely.is_missing(shapes), _NOTHING, shapes) for shapes in flat)
    found = {
        "before_m2": shapely.area(before),
        "after_m2": shapely.area(after),
        "lost_m2": shapely.area(shapely.difference(before, after)),
        "gained_m2": shapely.area(shapely.difference(after, before)),
    }
    return pd.DataFrame(
        {name: np.where(bare, np.nan, area) for name, area in found.items()}, index=list(codes)
    )


def _flat(shapes: np.ndarray) -> np.ndarray:
    metres = Transformer.from_crs("EPSG:4326", _EQUAL_AREA, always_xy=True)
    return shapely.transform(shapes, metres.transform, interleaved=False)


class _Unit(NamedTuple):
    code: str
    name: str
    shape: BaseGeometry | None


class _Part(NamedTuple):
    """Ground that an old and a new unit share, as shares of their areas."""

    old: str
    new: str
    of_old: float
    of_new: float


def _by_code(units: pd.DataFrame) -> dict[str, _Unit]:
    shapes = as_array(units["geometry"].to_numpy())
    rows = zip(units["code"], units["name"], shapes, strict=True)
    return {code: _Unit(code, name, shape) for code, name, shape in rows}


def _level(old: pd.DataFrame, new: pd.DataFrame, level: int) -> Iterator[tuple]:
    of_old, of_new = defaultdict(list), defaultdict(list)
    for part in _parts(old, new):
        of_old[part.old].append(part)
        of_new[part.new].append(part)
    before, after = _by_code(old), _by_code(new)
    for code in sorted({*before, *after}):
        was, now = before.get(code), after.get(code)
        if was is not None and now is not None:
            change, share, others = _stayed(was, now, of_old[code])
        else:
            change, share, others = _began(of_new[code]) if was is None else _ended(of_old[code])
        old_name, name = (None if unit is None else unit.name for unit in (was, now))
        yield code, old_name if now is None else name, old_name, level, change, share, ",".join(others)


def _without_equals(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames without the units whose shape is the same in the other: most of them, most of the time."""
    both = old[["code", "geometry"]].merge(new[["code", "geometry"]], on="code", suffixes=("", "_new"))
    before, after = as_array(both["geometry"].to_numpy()), as_array(both["geometry_new"].to_numpy())
    equal = both["code"][shapely.equals_exact(before, after, 0.0)]
    return old[~old["code"].isin(equal)], new[~new["code"].isin(equal)]


def _parts(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[_Part]:
    """Pairs of changed units that share ground worth the name."""
    old, new = _without_equals(old, new)
    before, after = as_array(old["geometry"].to_numpy()), as_array(new["geometry"].to_numpy())
    other, one = shapely.STRtree(before).query(after, predicate="intersects")
    area = shapely.area(shapely.intersection(before[one], after[other]))
    of_old, of_new = area / shapely.area(before)[one], area / shapely.area(after)[other]
    kept = np.flatnonzero((of_old >= PART_SHARE) | (of_new >= PART_SHARE))
    old_code, new_code = old["code"].to_numpy()[one], new["code"].to_numpy()[other]
    for at in kept.tolist():
        yield _Part(old_code[at], new_code[at], float(of_old[at]), float(of_new[at]))


def _stayed(was: _Unit, now: _Unit, parts: list[_Part]) -> tuple[str, float, list[str]]:
    named = "same" if was.name == now.name else "renamed"
    if was.shape is None or now.shape is None:
        appeared = (was.shape is None) != (now.shape is None)
        return "redrawn" if appeared else named, np.nan, []
    if shapely.equals_exact(was.shape, now.shape, 0.0):
        return named, 1.0, []
    kept = next((part for part in parts if part.new == now.code), _Part(was.code, now.code, 0.0, 0.0))
    moved = min(kept.of_old, kept.of_new) < 1 - SAME_SHARE
    return "redrawn" if moved else named, kept.of_old if moved else 1.0, []


def _ended(parts: list[_Part]) -> tuple[str, float, list[str]]:
    heirs = [part for part in parts if part.of_old >= PART_SHARE]
    if not heirs:
        return "gone", np.nan, []
    largest = max(heirs, key=lambda part: part.of_old)
    if largest.of_old < WHOLE_SHARE:
        return "split", largest.of_old, sorted(part.new for part in heirs)
    alone = largest.of_new >= WHOLE_SHARE
    return ("renamed" if alone else "merged"), largest.of_old, [largest.new]


def _began(parts: list[_Part]) -> tuple[str, float, list[str]]:
    sources = [part for part in parts if part.of_new >= PART_SHARE]
    if sum(part.of_new for part in sources) < OLD_GROUND_SHARE:
        return "new", np.nan, []
    largest = max(sources, key=lambda part: part.of_new)
    if largest.of_new < WHOLE_SHARE:
        return "merged", largest.of_new, sorted(part.old for part in sources)
    alone = largest.of_old >= WHOLE_SHARE
    return ("renamed" if alone else "split"), largest.of_new, [largest.old]
