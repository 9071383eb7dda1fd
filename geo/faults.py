"""Faults of a set of units, found by exact geometry.

Two kinds of small discord are told apart from real ones: whatever is narrower than ``SLIVER_WIDTH_M`` on
average, or smaller than ``SLIVER_AREA_M2``, is a sliver (digitising noise along a border). What is narrower than
``NOISE_WIDTH_M`` or smaller than ``NOISE_AREA_M2`` is the rounding of coordinates and not reported. Areas are
taken in an equal-area projection around the units.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from geo.exact import as_array

ACCEPTABLE = frozenset({"gap", "overlap", "sliver", "child-outside-parent", "unknown-code"})
FATAL = frozenset({"missing-code", "duplicate-code", "invalid-ring", "orphan"})
SLIVER_WIDTH_M = 1.0
SLIVER_AREA_M2 = 1.0
NOISE_WIDTH_M = 1e-3
NOISE_AREA_M2 = 1e-3
_POLYGON = 3


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: one of ``ACCEPTABLE`` or ``FATAL``.
        level: depth of the unit named first.
        codes: the units concerned: the pair that overlaps; the parent of a gap; the child, then the unit above
            that it leaves; none of a unit without a code; otherwise the unit itself.
        area_m2, width_m: area, and mean width (twice the area over the perimeter); 0 where there is none.
        text: one plain line.
    """

    kind: str
    level: int
    codes: tuple[str, ...]
    area_m2: float
    width_m: float
    text: str


@dataclass(frozen=True)
class _Set:
    """Units as arrays: rows of the frame, the row of each parent (-1: none), usable shapes, metres."""

    code: np.ndarray
    level: np.ndarray
    parent: np.ndarray
    shape: np.ndarray
    metres: Transformer


def check(units: pd.DataFrame) -> list[Fault]:
    """Every fault of a set of units.

    Args:
        units: columns code, name, level (int depth, 0 at the top), parent_code (missing at the top), geometry
            (WGS84 polygon or multipolygon, None or missing without a shape).

    Returns:
        Faults: missing and duplicate codes and orphans first, then invalid rings, then per level overlaps and
        slivers, gaps between the children of a shaped parent whose children all have shapes, and children outside
        a unit above. Shapes with invalid rings take no part in the later tests.
    """
    units = units.reset_index(drop=True)
    faults = [*_uncoded(units), *_duplicates(units), *_orphans(units)]
    shapes = as_array(units["geometry"].to_numpy())
    broken = [row for row, shape in enumerate(shapes) if shape is not None and not shapely.is_valid(shape)]
    for row in broken:
        code, reason = units["code"][row], shapely.is_valid_reason(shapes[row])
        faults.append(_plain("invalid-ring", units, row, f"unit {code}: got a shape with {reason}"))
    shapes[broken] = None
    level = units["level"].to_numpy(dtype=np.int64)
    known = units["code"].drop_duplicates()
    at = pd.Index(known).get_indexer(units["parent_code"].fillna("").astype(str))
    parent = np.where(at >= 0, known.index.to_numpy()[at], -1)
    parent = np.where((parent >= 0) & (level[parent] < level), parent, -1)
    tree = _Set(units["code"].to_numpy(dtype=object), level, parent, shapes, _metres(shapes))
    for depth in sorted(set(level.tolist())):
        faults += [*_overlaps(tree, depth), *_against_children(tree, depth)]
    return faults


def _plain(kind: str, units: pd.DataFrame, row: int, text: str) -> Fault:
    return Fault(kind, int(units["level"][row]), (str(units["code"][row]),), 0.0, 0.0, text)


def _uncoded(units: pd.DataFrame) -> Iterator[Fault]:
    for row in np.flatnonzero((units["code"] == "").to_numpy()).tolist():
        yield uncoded(str(units["name"][row]), int(units["level"][row]))


def uncoded(name: str, level: int) -> Fault:
    """The fault of a unit that has no code."""
    text = f"unit {name or 'without a name'}: got no code; expected one (--skip-uncoded leaves it out)"
    return Fault("missing-code", level, (), 0.0, 0.0, text)


def unknown(code: str, name: str, level: int) -> Fault:
    """The fault of an outline whose code no unit has that it could be joined to."""
    text = (
        f"outline {code} {name}: got a code that no unit of the level has; expected one (accepted: left out)"
    )
    return Fault("unknown-code", level, (code,), 0.0, 0.0, text)


def _duplicates(units: pd.DataFrame) -> Iterator[Fault]:
    counts = units.loc[units["code"] != "", "code"].value_counts()
    for code in sorted(counts.index[counts > 1]):
        row = int(np.flatnonzero(units["code"] == code)[0])
        text = f"code {code}: got {counts[code]} units; expected one"
        yield _plain("duplicate-code", units, row, text)


def _orphans(units: pd.DataFrame) -> Iterator[Fault]:
    top = units.groupby("code")["level"].min()
    parent = units["parent_code"].astype("str").where(units["parent_code"].notna(), "")
    above = parent.map(top)
    missing = parent == ""
    lost = (missing & (units["level"] > 0)) | (~missing & ~(above < units["level"]))
    for row in np.flatnonzero(lost.to_numpy(dtype=bool)).tolist():
        got = f"parent {parent[row]!r}" if parent[row] else "no parent"
        text = f"unit {units['code'][row]}: got {got}; expected the code of a unit at a level above"
        yield _plain("orphan", units, row, text)


def _metres(shapes: np.ndarray) -> Transformer:
    """Equal-area projection around the middle of the shapes."""
    there = shapes[~shapely.is_missing(shapes)]
    west, south, east, north = shapely.total_bounds(there) if len(there) else (0.0, 0.0, 0.0, 0.0)
    local = (
        f"+proj=laea +lat_0={(south + north) / 2:.6f} +lon_0={(west + east) / 2:.6f} +datum=WGS84 +units=m"
    )
    return Transformer.from_crs("EPSG:4326", CRS.from_proj4(local), always_xy=True)


def _measured(tree: _Set, shape: BaseGeometry) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Area and mean width of the parts of a shape: real ones, slivers."""
    parts = shapely.get_parts(shape)
    parts = parts[shapely.get_type_id(parts) == _POLYGON]
    if not len(parts):
        return [], []
    flat = shapely.transform(parts, tree.metres.transform, interleaved=False)
    area, around = shapely.area(flat), shapely.length(flat)
    width = np.divide(2 * area, around, out=np.zeros(len(flat)), where=around > 0)
    real: list[tuple[float, float]] = []
    slivers: list[tuple[float, float]] = []
    for size, mean in zip(area.tolist(), width.tolist(), strict=True):
        if size >= NOISE_AREA_M2 and mean >= NOISE_WIDTH_M:
            (real if mean >= SLIVER_WIDTH_M and size >= SLIVER_AREA_M2 else slivers).append((size, mean))
    return real, slivers


def _sum(parts: list[tuple[float, float]]) -> tuple[float, float]:
    """Total area, and mean width of parts laid end to end."""
    area = sum(size for size, _ in parts)
    length = sum(size / width for size, width in parts)
    return area, area / length


def _faults(
    tree: _Set, rows: tuple[int, ...], shape: BaseGeometry, *, kind: str, text: str
) -> Iterator[Fault]:
    """At most one real fault and one sliver for what a shape holds."""
    codes = tuple(str(tree.code[row]) for row in rows)
    for name, parts in zip((kind, "sliver"), _measured(tree, shape), strict=True):
        if parts:
            area, width = _sum(parts)
            places = "" if len(parts) == 1 else f" in {len(parts)} places"
            line = f"{text}: {area:,.1f} m² of mean width {width:,.2f} m{places}"
            yield Fault(name, int(tree.level[rows[0]]), codes, area, width, line)


def _overlaps(tree: _Set, depth: int) -> Iterator[Fault]:
    """Pairs of one level whose insides meet."""
    rows = np.flatnonzero((tree.level == depth) & ~shapely.is_missing(tree.shape))
    shapes = tree.shape[rows]
    if not len(rows):
        return
    # A clean coverage has no overlap; else only pairs with an edge that is not matched can have one.
    unmatched = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
    if not unmatched.any():
        return
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    kept = (first < second) & (unmatched[first] | unmatched[second])
    first, second = first[kept], second[kept]
    common = shapely.intersection(shapes[first], shapes[second])
    for one, other, shape in zip(rows[first], rows[second], common, strict=True):
        text = f"units {tree.code[one]} and {tree.code[other]} overlap"
        yield from _faults(tree, (one, other), shape, kind="overlap", text=text)


def _against_children(tree: _Set, depth: int) -> Iterator[Fault]:
    """Gaps between the children of each shaped unit of a level, and what lies below it but outside it."""
    below: dict[int, list[int]] = {}
    for row in np.flatnonzero(tree.parent >= 0).tolist():
        below.setdefault(int(tree.parent[row]), []).append(row)
    held = (tree.level == depth) & ~shapely.is_missing(tree.shape)
    outer = [row for row in np.flatnonzero(held).tolist() if row in below]
    shaped = [tree.shape[below[row]][~shapely.is_missing(tree.shape[below[row]])] for row in outer]
    unions = as_array([_together(shapes) for shapes in shaped])
    rest = shapely.difference(tree.shape[outer], unions)
    excess = shapely.difference(unions, tree.shape[outer])
    for at, row in enumerate(outer):
        if len(shaped[at]) == len(below[row]):
            text = f"unit {tree.code[row]} holds ground that none of its {len(shaped[at])} children holds"
            yield from _faults(tree, (row,), rest[at], kind="gap", text=text)
        if len(shaped[at]) < len(below[row]) or not shapely.is_empty(excess[at]):
            yield from _outside(tree, below, row)


def _together(shapes: np.ndarray) -> BaseGeometry:
    if len(shapes) and shapely.coverage_is_valid(shapes):
        return shapely.coverage_union_all(shapes)
    return shapely.union_all(shapes)


def _outside(tree: _Set, below: dict[int, list[int]], outer: int) -> Iterator[Fault]:
    """Units that leave the nearest shaped unit above, then whatever below them leaves it too.

    The descent names the unit that is at the bottom of it: a tract that lies in another borough makes its
    neighbourhood and its district leave their borough too.
    """
    waiting = list(below[outer])
    while waiting:
        row = waiting.pop(0)
        if tree.shape[row] is None:
            waiting += below.get(row, [])
            continue
        rest = shapely.difference(tree.shape[row], tree.shape[outer])
        text = f"unit {tree.code[row]} lies partly outside {tree.code[outer]}"
        found = list(_faults(tree, (row, outer), rest, kind="child-outside-parent", text=text))
        yield from found
        if any(fault.kind == "child-outside-parent" for fault in found):
            waiting += below.get(row, [])
