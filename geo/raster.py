"""Fills the raster of ``grid.py`` from polygons: cut the edges, fill the rows, number the units, calibrate."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import shapely

from geo.edges import Edges, clip, mix, on_grid, shared, touched
from geo.exact import NOWHERE
from geo.grid import MAX_UNITS, SCALE, Cells, Grid, border_label, spread, walk

MAX_EDGES = 96  # beyond so many edges in one cell the exact test is the quicker one
_BLOCK = 1 << 16
_FILL = 1 << 21
# Where a border cell is calibrated: the first of these that lies near none of its edges.
_PROBES = (
    (0.5, 0.5), (0.31, 0.67), (0.73, 0.29), (0.13, 0.17), (0.87, 0.83), (0.41, 0.07), (0.07, 0.91), (0.61, 0.97),
)  # fmt: skip


def _spans(edges: Edges) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cells whose centre a unit holds, row by row: unit (descending), row, first column, number of columns."""
    ymin, ymax = np.minimum(edges.a[:, 1], edges.b[:, 1]), np.maximum(edges.a[:, 1], edges.b[:, 1])
    low, high = np.ceil(ymin - 0.5).astype(np.int64), np.ceil(ymax - 0.5).astype(np.int64)
    edge, row = spread(low, high - low)
    a, b, unit = edges.a[edge], edges.b[edge], edges.unit[edge]
    x = a[:, 0] + (row + 0.5 - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    order = np.lexsort((x, row, -unit))
    unit, row, x = unit[order][::2], row[order][::2], x[order]
    first, stop = np.ceil(x[::2] - 0.5).astype(np.int64), np.ceil(x[1::2] - 0.5).astype(np.int64)
    return unit, row, first, stop - first


def fill(edges: Edges, grid: Grid, border: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give every cell the lowest unit that holds its centre.

    Args:
        edges: all edges in cells of the grid.
        grid: the raster.
        border: flat numbers of the border cells, ascending.

    Returns:
        (label, cell, unit): int32 labels of all cells, border cells by ``border_label``, and the pairs of a
        border cell's number and a unit that holds its centre.
    """
    numbers = np.full(grid.rows * grid.columns, -1, dtype=np.int32)
    numbers[border] = np.arange(len(border), dtype=np.int32)
    label = np.full(grid.rows * grid.columns, NOWHERE, dtype=np.int32)
    cells, units = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int32)]
    unit, row, first, columns = _spans(edges)
    for block in _blocks(columns, _FILL):
        which, cell = spread((row * grid.columns + first)[block], columns[block])
        owner = unit[block][which]
        label[cell] = owner  # units come in descending order, so the lowest is written last
        number = numbers[cell]
        on_border = number >= 0
        cells.append(number[on_border])
        units.append(owner[on_border])
    label[border] = border_label(np.arange(len(border), dtype=np.int32))
    return label, np.concatenate(cells), np.concatenate(units)


def _blocks(sizes: np.ndarray, limit: int) -> Iterator[slice]:
    """Consecutive slices whose sizes sum to about the limit."""
    total = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        reached = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, reached + limit, side="right")))
        yield slice(start, stop)
        start = stop


def lists_of_units(
    cell: np.ndarray, unit: np.ndarray, cells: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Equal lists of units kept once.

    Args:
        cell, unit: pairs sorted by cell, then unit; every cell from 0 on occurs.
        cells: number of cells.

    Returns:
        (group, group_first, group_units) as in ``Cells``.
    """
    if not cells:
        return np.zeros(0, dtype=np.int32), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32)
    first = np.searchsorted(cell, np.arange(cells + 1))
    rank = np.arange(len(cell)) - first[cell]
    for salt in count():  # another salt in the unlikely case that two different lists collide
        key = mix(unit.astype(np.uint64) ^ (rank.astype(np.uint64) << np.uint64(40)) ^ mix(np.array([salt])))
        _, example, group = np.unique(
            np.add.reduceat(key, first[:-1]), return_index=True, return_inverse=True
        )
        length = np.diff(first)
        if not np.array_equal(length[example][group], length):
            continue
        _, at = spread(first[example][group], length)
        if np.array_equal(unit[at], unit):
            break
    _, at = spread(first[example], length[example])
    group_first = np.r_[0, np.cumsum(length[example])].astype(np.int32)
    return group.astype(np.int32), group_first, np.r_[unit[at], NOWHERE].astype(np.int32)


def _pieces(placed: Edges, distinct: np.ndarray, grid: Grid) -> tuple[np.ndarray, ...]:
    """Distinct edges cut by cells.

    Returns:
        (border, cell, number, ends): flat numbers of the border cells, ascending; and per piece, by cell, the
        number of its border cell, of its distinct edge, and its ends as ``clip`` gives them.
    """
    a, b = placed.a[distinct], placed.b[distinct]
    number, flat = touched(a, b, grid)
    corner = np.column_stack([flat % grid.columns, flat // grid.columns]).astype(np.float64)
    kept, ends = clip(a[number] - corner, b[number] - corner)
    number, flat = number[kept], flat[kept]
    by_cell = np.argsort(flat, kind="stable")
    border, cell = np.unique(flat[by_cell], return_inverse=True)
    return border, cell, number[by_cell], ends[by_cell]


def _flips(pieces: int, piece: np.ndarray, bit: np.ndarray) -> np.ndarray:
    """Bits of the units that each piece bounds; 0 where it bounds none, or too many share the cell."""
    bits = np.where(bit < MAX_UNITS, np.left_shift(1, np.minimum(bit, MAX_UNITS - 1)), 0).astype(np.uint16)
    if not pieces:
        return np.zeros(0, dtype=np.uint16)
    return np.bitwise_xor.reduceat(bits, np.searchsorted(piece, np.arange(pieces)))


def build(geometries: np.ndarray, edges: Edges, grid: Grid) -> Cells:
    """Fill the raster.

    Args:
        geometries: object array of valid polygons and multipolygons or None; prepared by this call.
        edges: ``edges_of(geometries)``.
        grid: a raster with at least one empty cell all around the geometries.
    """
    placed = on_grid(edges, grid)
    order, first = shared(edges)
    border, cell, number, ends = _pieces(placed, order[first[:-1]], grid)
    label, inner_cell, inner_unit = fill(placed, grid, border)

    piece, at = spread(first[number], np.diff(first)[number])
    key = cell[piece] * len(geometries) + edges.unit[order[at]]
    keys = np.sort(np.concatenate([key, inner_cell.astype(np.int64) * len(geometries) + inner_unit]))
    keys = keys[np.diff(keys, prepend=-1) != 0]  # several times quicker than np.unique here
    holder, unit = keys // len(geometries), (keys % len(geometries)).astype(np.int32)
    rank = np.arange(len(keys)) - np.searchsorted(holder, np.arange(len(border) + 1))[holder]
    flip = _flips(len(cell), piece, rank[np.searchsorted(keys, key)])
    del placed, order, number, piece, at, key

    pieces_in, units_in = np.bincount(cell, minlength=len(border)), np.bincount(holder, minlength=len(border))
    crowded = (pieces_in > MAX_EDGES) | (units_in > MAX_UNITS)
    flip[crowded[cell]] = 0
    kept = ~crowded[cell] | (np.diff(cell, prepend=-1) != 0)
    group, group_first, group_units = lists_of_units(holder, unit, len(border))
    cells = Cells(
        label=label,
        first=np.searchsorted(cell[kept], np.arange(len(border) + 1)).astype(np.int32),
        edge=np.ascontiguousarray(ends[kept]).view(np.int64).reshape(-1),
        flip=flip[kept],
        base=np.zeros(len(border), dtype=np.uint16),
        group=group,
        group_first=group_first,
        group_units=group_units,
    )
    return calibrate(cells, geometries, grid, border)


def calibrate(cells: Cells, geometries: np.ndarray, grid: Grid, border: np.ndarray) -> Cells:
    """Set the base state of every border cell from the exact state of one point in it.

    A cell where every probe lies near an edge keeps no answer of its own: its flips become 0.
    """
    base, flip = cells.base.copy(), cells.flip.copy()
    open_ = np.arange(len(border))
    for probe in _PROBES:
        missed = [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(open_), _BLOCK):
            cell = open_[start : start + _BLOCK]
            x, y = (np.full(len(cell), int(part * SCALE), dtype=np.int32) for part in probe)
            state, near = walk(cells, cell, x, y)
            flat = border[cell]
            lon = grid.west + (flat % grid.columns + probe[0]) / grid.per_lon
            lat = grid.south + (flat // grid.columns + probe[1]) / grid.per_lat
            base[cell] = state ^ _state(cells, geometries, cell, lon, lat)
            missed.append(cell[near])
        open_ = np.concatenate(missed)
    _, at = spread(cells.first[open_], cells.first[open_ + 1] - cells.first[open_])
    flip[at] = 0
    return replace(cells, base=base, flip=flip)


def _state(
    cells: Cells, geometries: np.ndarray, cell: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> np.ndarray:
    """Exact bits of the units that hold a point of each border cell."""
    unit, which = cells.units_in(cell)
    rank = np.arange(len(unit)) - np.searchsorted(which, which)
    holds = shapely.intersects_xy(geometries[unit], lon[which], lat[which]) & (rank < MAX_UNITS)
    bits = np.left_shift(holds.astype(np.uint16), np.minimum(rank, MAX_UNITS - 1).astype(np.uint16))
    return np.bitwise_or.reduceat(bits, np.searchsorted(which, np.arange(len(cell))))
