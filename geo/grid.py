"""The raster under the locator: cells, the edges kept in border cells, and the test that reads them.

A cell that no border touches holds its answer. A border cell holds the edges that cross it, clipped to the cell
and a little around it (``PAD``), in whole numbers of 1/``SCALE`` cell, and the state of its top right corner.
Walking from a point to the right side of its cell and up to that corner, every edge met flips the units it
bounds; the lowest unit left over is the answer. Whole numbers make the walk exact for the rounded edges, so it
can only differ from the true shapes within ``NEAR`` steps of an edge: those points are reported as near and
decided by the exact test. Nothing assumes that units tile: overlaps, gaps and holes are only more flips.
"""

from dataclasses import dataclass

import numpy as np

from geo.exact import NOWHERE

SCALE = 32_000  # steps across one cell; with PAD every product of two differences fits in int32
PAD = 250  # steps around a cell for which its edges are kept
RIGHT = SCALE + PAD  # an edge that leaves through the padded right side has its second end exactly here
NEAR = 2  # steps; rounding moves a point by at most 0.71 and an edge by at most 0.71
MAX_UNITS = 16  # bits of a flip: units of one cell
_FIRST_BORDER = -2  # label of border cell 0; border cell k is _FIRST_BORDER - k
_LOWEST_BIT = np.array([0, *((n & -n).bit_length() - 1 for n in range(1, 1 << MAX_UNITS))], dtype=np.uint8)


@dataclass(frozen=True)
class Grid:
    """A raster over degrees: its south-west corner, cells per degree, columns and rows."""

    west: float
    south: float
    per_lon: float
    per_lat: float
    columns: int
    rows: int

    def across(self, lon: np.ndarray) -> np.ndarray:
        """Longitudes as cells from the west side."""
        return (lon - self.west) * self.per_lon

    def up(self, lat: np.ndarray) -> np.ndarray:
        """Latitudes as cells from the south side."""
        return (lat - self.south) * self.per_lat


def border_label(cell: np.ndarray) -> np.ndarray:
    """Label that stands for a border cell's number in the raster (and the number for the label)."""
    return _FIRST_BORDER - cell


@dataclass(frozen=True)
class Cells:
    """The filled raster.

    Attributes:
        label: int32 per cell: a unit, ``NOWHERE``, or the label of a border cell.
        first: int32 per border cell and one more: where its edges start in ``edge`` and ``flip``.
        edge: int64 per edge: four int16 ax, ay, bx, by in steps from the cell's south-west corner.
        flip: uint16 per edge: the units it bounds, as bits in the order of the cell's units; 0 asks for the
            exact test wherever in the cell the point lies.
        base: uint16 per border cell: the units that hold its top right corner.
        group: int32 per border cell: which list of units its bits stand for.
        group_first, group_units: those lists, ascending, end to end.
    """

    label: np.ndarray
    first: np.ndarray
    edge: np.ndarray
    flip: np.ndarray
    base: np.ndarray
    group: np.ndarray
    group_first: np.ndarray
    group_units: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return sum(array.nbytes for array in vars(self).values())

    def units_in(self, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All units of the border cells end to end, and for each the number of the cell's place in ``cell``."""
        group = self.group[cell]
        count = self.group_first[group + 1] - self.group_first[group]
        which, at = spread(self.group_first[group], count)
        return self.group_units[at], which


def spread(start: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs laid end to end: for each element the number of its run, and start, start + 1, … of that run."""
    ends = np.cumsum(count, dtype=np.int64)
    which = np.repeat(np.arange(len(count)), count)
    return which, np.arange(ends[-1] if len(ends) else 0) + np.repeat(start - (ends - count), count)


def walk(cells: Cells, cell: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """State of points in border cells: which of the cell's units hold each.

    Args:
        cells: the raster; each border cell has at least one edge.
        cell: number of the border cell of each point.
        x, y: int32 steps of each point from the cell's south-west corner.

    Returns:
        (state, near): uint16 bits of the units, and the sorted numbers of the points too near an edge to trust.
    """
    start = cells.first[cell]
    count = cells.first[cell + 1] - start
    which, at = spread(start, count)
    ax, ay, bx, by = np.ascontiguousarray(cells.edge[at].view(np.int16).reshape(-1, 4).T).astype(np.int32)
    flip = cells.flip[at]
    to_x, to_y = x[which] - ax, y[which] - ay
    dx, dy = bx - ax, by - ay
    below_a, below_b = to_y < 0, to_y < dy
    side = dx * to_y - dy * to_x
    met = (below_a != below_b) & ((side > 0) == below_b)
    met ^= (bx == RIGHT) & below_b
    wide, high = np.abs(dx), np.abs(dy)
    doubt = np.flatnonzero((np.abs(side) <= NEAR * (wide + high)) | (flip == 0))
    close = (np.abs(to_x[doubt]) <= wide[doubt] + NEAR) & (np.abs(to_y[doubt]) <= high[doubt] + NEAR)
    near = np.unique(which[doubt[close | (flip[doubt] == 0)]])
    flips = np.where(met, flip, np.uint16(0))
    state = cells.base[cell] ^ np.bitwise_xor.reduceat(flips, np.cumsum(count) - count)
    return state, near


def lowest(cells: Cells, cell: np.ndarray, state: np.ndarray) -> np.ndarray:
    """The lowest unit of each state (int32), ``NOWHERE`` for an empty one."""
    unit = cells.group_units[cells.group_first[cells.group[cell]] + _LOWEST_BIT[state]]
    return np.where(state == 0, np.int32(NOWHERE), unit)
