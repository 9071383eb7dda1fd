"""Points to units, exactly and fast: a raster whose border cells keep only the edges that cross them.

Whatever the raster cannot decide beyond doubt (points within about a ten-thousandth of a cell of an edge, cells
crowded with edges) shapely decides, so the answer is always that of ``shapely.intersects`` with the lowest index
among the geometries that hold the point.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.edges import Edges, edges_of, shared
from geo.exact import NOWHERE, Shapes, as_array, lowest_holder, read_arrays, write_arrays
from geo.grid import SCALE, Cells, Grid, border_label, lowest, walk
from geo.raster import build

FORMAT = 1
MAX_CELLS = 11_000_000
MAX_PIECES = 3_000_000
CELLS_ACROSS_A_UNIT = 32
MIN_CELL_M = 0.25
_METRES_PER_DEGREE = 111_320.0
_BLOCK = 1 << 16


def fingerprint(geometries: Sequence[BaseGeometry | None] | np.ndarray) -> str:
    """Hash of the shapes in their order: a name under which to keep their index."""
    return Shapes.of(as_array(geometries)).fingerprint()


@dataclass(frozen=True)
class Locator:
    """Finds the geometry that holds a point; made by ``build`` or ``load``, never changed afterwards."""

    grid: Grid
    cells: Cells
    shapes: Shapes

    @classmethod
    def build(
        cls, geometries: Sequence[BaseGeometry | None] | np.ndarray, *, cell_m: float | None = None
    ) -> "Locator":
        """Index polygons and multipolygons.

        Args:
            geometries: valid shapes in WGS84 degrees, in the order of preference (sorted by code); None and
                empty ones are never found.
            cell_m: side of a cell in metres; by default it suits the units and keeps the index below 128 MB.
        """
        array = as_array(geometries)
        edges = edges_of(array)
        grid = _grid(array, edges, cell_m)
        shapes = Shapes.of(array)
        shapely.prepare(array)
        return cls(grid, build(array, edges, grid), shapes)

    @property
    def nbytes(self) -> int:
        """Memory of the index, the shapes for the exact test included."""
        return self.cells.nbytes + self.shapes.nbytes

    def locate(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Index of the geometry that holds each point.

        Args:
            lon, lat: float64 degrees of equal length; not-a-number and infinite values are nowhere.

        Returns:
            int32 indices, -1 for points in none; on a border, and where shapes overlap, the lowest index.
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        found = np.empty(len(lon), dtype=np.int32)
        for start in range(0, len(lon), _BLOCK):
            block = slice(start, start + _BLOCK)
            found[block] = self._block(lon[block], lat[block])
        return found

    def _block(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        grid, cells = self.grid, self.cells
        # The outermost cells are empty: whatever lies outside, not-a-number too, is put there.
        across = np.fmin(np.fmax(grid.across(lon), 0.0), grid.columns - 1)
        up = np.fmin(np.fmax(grid.up(lat), 0.0), grid.rows - 1)
        column, row = across.astype(np.int32), up.astype(np.int32)
        found = cells.label[row * grid.columns + column]
        at = np.flatnonzero(found < NOWHERE)
        if not len(at):
            return found
        cell = border_label(found[at])
        x = ((across[at] - column[at]) * SCALE).astype(np.int32)
        y = ((up[at] - row[at]) * SCALE).astype(np.int32)
        state, near = walk(cells, cell, x, y)
        found[at] = lowest(cells, cell, state)
        if len(near):
            found[at[near]] = self._exact(cell[near], lon[at[near]], lat[at[near]])
        return found

    def _exact(self, cell: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return lowest_holder(self.shapes, self.cells.units_in(cell), lon, lat)

    def arrays(self) -> dict[str, np.ndarray]:
        """The whole index as named arrays."""
        grid = np.array([FORMAT, *vars(self.grid).values()], dtype=np.float64)
        return {"grid": grid, "blob": self.shapes.blob, "blob_first": self.shapes.first, **vars(self.cells)}

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray]) -> "Locator":
        """The index that ``arrays`` gave.

        Raises:
            ValueError: arrays are missing, or belong to another format.
        """
        try:
            version, west, south, per_lon, per_lat, columns, rows = arrays["grid"].tolist()
            cells = Cells(**{part.name: arrays[part.name] for part in fields(Cells)})
            shapes = Shapes(arrays["blob"], arrays["blob_first"])
        except KeyError as error:
            raise ValueError(f"index of boundaries: got no {error}; expected it") from error
        if version != FORMAT:
            raise ValueError(f"index of boundaries: got format {version:.0f}; expected {FORMAT}")
        return cls(Grid(west, south, per_lon, per_lat, int(columns), int(rows)), cells, shapes)

    def save(self, path: Path) -> None:
        """Write the index to a file that appears only when complete."""
        write_arrays(path, self.arrays())

    @classmethod
    def load(cls, path: Path) -> "Locator":
        """Read an index that ``save`` wrote.

        Raises:
            ValueError: the file is not such an index, or one of another format.
        """
        return cls.of_arrays(read_arrays(path))


def _grid(geometries: np.ndarray, edges: Edges, cell_m: float | None) -> Grid:
    """A raster around all shapes with two empty cells on every side."""
    if not len(edges.unit):
        return Grid(0.0, 0.0, 1.0, 1.0, 1, 1)
    west, south, east, north = shapely.total_bounds(geometries)
    metres = np.array(
        [_METRES_PER_DEGREE * max(math.cos(math.radians((south + north) / 2)), 0.01), _METRES_PER_DEGREE]
    )
    size = np.array([east - west, north - south]) * metres
    side = cell_m or _side(geometries, edges, metres, size)
    per_lon, per_lat = metres / side
    columns, rows = (np.floor(size / side).astype(int) + 5).tolist()
    return Grid(
        float(west - 2 / per_lon), float(south - 2 / per_lat), float(per_lon), float(per_lat), columns, rows
    )


def _side(geometries: np.ndarray, edges: Edges, metres: np.ndarray, size: np.ndarray) -> float:
    """Side of a cell in metres: fine enough for the units, coarse enough for the memory."""
    areas = shapely.area(geometries[~shapely.is_missing(geometries)]) * metres.prod()
    fine = math.sqrt(float(areas.mean())) / CELLS_ACROSS_A_UNIT
    order, first = shared(edges)
    distinct = order[first[:-1]]
    steps = np.abs((edges.b[distinct] - edges.a[distinct]) * metres).sum()
    room = max(MAX_PIECES - len(distinct), MAX_PIECES // 10)
    return max(fine, MIN_CELL_M, math.sqrt(float(size.prod()) / MAX_CELLS), float(steps) / room)
