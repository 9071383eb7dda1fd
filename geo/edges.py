"""Edges of polygons: taken apart, matched with their twins across a border, cut into the cells of a grid."""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.grid import PAD, RIGHT, SCALE, Grid, spread

_REACH = PAD / SCALE


@dataclass(frozen=True)
class Edges:
    """Edges of polygons in cells of a grid: ends ``a`` and ``b`` (n, 2), and the unit that owns each."""

    a: np.ndarray
    b: np.ndarray
    unit: np.ndarray


def edges_of(geometries: np.ndarray) -> Edges:
    """Every edge of every ring, in degrees, its lower-left end first; missing geometries have none."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = np.flatnonzero((ring[1:] == ring[:-1]) & (points[1:] != points[:-1]).any(axis=1))
    a, b = points[joined], points[joined + 1]
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    a[swap], b[swap] = b[swap], a[swap]
    return Edges(a, b, owner[part][ring[joined]].astype(np.int32))


def on_grid(edges: Edges, grid: Grid) -> Edges:
    """The same edges in cells of the grid."""
    corner, scale = (grid.west, grid.south), (grid.per_lon, grid.per_lat)
    return Edges((edges.a - corner) * scale, (edges.b - corner) * scale, edges.unit)


def mix(values: np.ndarray) -> np.ndarray:
    """Scatter 64-bit numbers (the finaliser of splitmix64)."""
    z = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def shared(edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """Edges grouped by equal ends: an order of all edges, and where in it each distinct edge starts (and n).

    Two distinct edges whose hashes collide may split a group, which costs room, never correctness.
    """
    ends = np.hstack([edges.a, edges.b])
    words = np.ascontiguousarray(ends + 0.0).view(np.uint64)  # + 0.0: -0.0 and 0.0 are one place
    key = np.zeros(len(words), dtype=np.uint64)
    for column in range(4):
        key = mix(key ^ words[:, column])
    order = np.argsort(key, kind="stable")
    differs = (ends[order][1:] != ends[order][:-1]).any(axis=1)
    return order, np.r_[0, np.flatnonzero(differs) + 1, len(order)] if len(order) else np.zeros(
        1, dtype=np.int64
    )


def touched(a: np.ndarray, b: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Cells whose padded square an edge may touch: the edges' numbers and the flat numbers of the cells."""
    reach = _REACH + 2 / SCALE
    low = np.floor(np.minimum(a[:, 1], b[:, 1]) - reach).astype(np.int64)
    high = np.floor(np.maximum(a[:, 1], b[:, 1]) + reach).astype(np.int64)
    edge, row = spread(low, high - low + 1)
    ax, ay = a[edge].T
    bx, by = b[edge].T
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(by != ay, (bx - ax) / (by - ay), 0.0)
        lower = np.where(by != ay, ax + (row - reach - ay) * slope, ax)
        upper = np.where(by != ay, ax + (row + 1 + reach - ay) * slope, bx)
    lower, upper = np.minimum(lower, upper), np.maximum(lower, upper)
    # A nearly level edge has a huge slope: its own ends bound it.
    left = np.floor(np.clip(lower, ax, bx) - reach).astype(np.int64)
    right = np.floor(np.clip(upper, ax, bx) + reach).astype(np.int64)
    which, column = spread(left, right - left + 1)
    return edge[which], row[which] * grid.columns + column


def clip(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clip edges, given from their cell's corner in cells, to the padded cell.

    Returns:
        (kept, ends): which edges touch the padded cell, and for those four int16 (ax, ay, bx, by) in steps;
        an edge that leaves through the right side has bx == RIGHT, and no other edge has.
    """
    low, high = -_REACH, 1 + _REACH
    delta = b - a
    with np.errstate(divide="ignore", invalid="ignore"):
        at_low, at_high = (low - a) / delta, (high - a) / delta
    level = delta == 0
    inside = (a >= low) & (a <= high)
    enter = np.where(level, np.where(inside, -np.inf, np.inf), np.minimum(at_low, at_high)).max(axis=1)
    leave = np.where(level, np.where(inside, np.inf, -np.inf), np.maximum(at_low, at_high)).min(axis=1)
    enter, leave = np.maximum(enter, 0.0), np.minimum(leave, 1.0)
    kept = enter <= leave
    a, b, delta = a[kept], b[kept], delta[kept]
    enter, leave = enter[kept, None], leave[kept, None]
    # Ends that are not cut keep their own coordinates, so that edges meeting there still meet after rounding.
    first = np.where(enter > 0, a + enter * delta, a)
    last = np.where(leave < 1, a + leave * delta, b)
    out_first = (a[:, 0] > high) & (first[:, 0] > high - 1e-9)
    out_last = (b[:, 0] > high) & (last[:, 0] > high - 1e-9)
    ends = np.rint(np.hstack([first, last]) * SCALE).clip(-PAD, RIGHT).astype(np.int16)
    ends[:, 0] = np.where(out_first, RIGHT, np.minimum(ends[:, 0], RIGHT - 1))
    ends[:, 2] = np.where(out_last, RIGHT, np.minimum(ends[:, 2], RIGHT - 1))
    ends[out_first] = ends[out_first][:, [2, 3, 0, 1]]
    return kept, ends
