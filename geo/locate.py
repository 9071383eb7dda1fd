"""Points to units, exactly and fast: a raster whose border cells keep only the edges that cross them.

Whatever the raster cannot decide beyond doubt (points within about a ten-thousandth of a cell of an edge, cells
crowded with edges) shapely decides, so the answer is always that of ``shapely.intersects`` with the lowest index
among the geometries that hold the point.
"""

import hashlib
import math
import os
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.edges import Edges, edges_of, shared
from geo.grid import NOWHERE, SCALE, Cells, Grid, border_label, lowest, walk
from geo.raster import build

FORMAT = 1
MAX_CELLS = 11_000_000
MAX_PIECES = 3_000_000
CELLS_ACROSS_A_UNIT = 32
MIN_CELL_M = 0.25
_METRES_PER_DEGREE = 111_320.0
_BLOCK = 1 << 16


def fingerprint(geometries: Sequence[BaseGeometry | None] | np.ndarray) -> str:
    """Hash of the shapes in their order; equal for equal coordinates, and changed by a new index format."""
    return _Shapes.of(_as_array(geometries)).fingerprint()


def _as_array(geometries: Sequence[BaseGeometry | None] | np.ndarray) -> np.ndarray:
    array = np.empty(len(geometries), dtype=object)
    array[:] = [None if shape is None or shape.is_empty else shape for shape in geometries]
    return array


@dataclass(frozen=True)
class _Shapes:
    """Geometries as they lie on disk, made into objects when the exact test first asks for them."""

    blob: np.ndarray
    first: np.ndarray
    made: dict[int, BaseGeometry] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)  # preparing a geometry is not thread-safe

    @classmethod
    def of(cls, geometries: np.ndarray) -> "_Shapes":
        texts = [
            b"" if text is None else text
            for text in shapely.to_wkb(geometries, byte_order=1, output_dimension=2)
        ]
        first = np.r_[0, np.cumsum([len(text) for text in texts], dtype=np.int64)]
        return cls(np.frombuffer(b"".join(texts), dtype=np.uint8), first.astype(np.int64))

    def fingerprint(self) -> str:
        digest = hashlib.sha256(f"linli locator {FORMAT}\n".encode())
        digest.update(self.first.tobytes())
        digest.update(self.blob.tobytes())
        return digest.hexdigest()

    def hold(self, units: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Whether each unit's closed shape holds the point beside it."""
        with self.lock:
            distinct, back = np.unique(units, return_inverse=True)
            for unit in distinct.tolist():
                if unit not in self.made:
                    shape = shapely.from_wkb(self.blob[self.first[unit] : self.first[unit + 1]].tobytes())
                    shapely.prepare(shape)
                    self.made[unit] = shape
            shapes = _as_array([self.made[unit] for unit in distinct.tolist()])
            return shapely.intersects_xy(shapes[back], lon, lat)


@dataclass(frozen=True)
class Locator:
    """Finds the geometry that holds a point; made by ``build`` or ``load``, never changed afterwards."""

    grid: Grid
    cells: Cells
    shapes: _Shapes

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
        array = _as_array(geometries)
        edges = edges_of(array)
        grid = _grid(array, edges, cell_m)
        shapes = _Shapes.of(array)
        shapely.prepare(array)
        return cls(grid, build(array, edges, grid), shapes)

    @property
    def nbytes(self) -> int:
        """Memory of the index, the shapes for the exact test included."""
        return self.cells.nbytes + self.shapes.blob.nbytes + self.shapes.first.nbytes

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
        unit, which = self.cells.units_in(cell)
        holds = self.shapes.hold(unit, lon[which], lat[which])
        found = np.full(len(cell), NOWHERE, dtype=np.int32)
        # Units of a cell ascend: written backwards, the lowest that holds the point stays.
        found[which[holds][::-1]] = unit[holds][::-1]
        return found

    def save(self, path: Path) -> None:
        """Write the index to a file that appears only when complete."""
        grid = np.array([FORMAT, *vars(self.grid).values()], dtype=np.float64)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez(file, grid=grid, blob=self.shapes.blob, blob_first=self.shapes.first, **vars(self.cells))
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Locator":
        """Read an index that ``save`` wrote.

        Raises:
            ValueError: the file is not such an index, or one of another format.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            version, west, south, per_lon, per_lat, columns, rows = arrays.pop("grid").tolist()
            shapes = _Shapes(arrays.pop("blob"), arrays.pop("blob_first"))
            cells = Cells(**arrays)
        except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path}: got {error}; expected an index of boundaries") from error
        if version != FORMAT:
            raise ValueError(f"{path}: got index format {version:.0f}; expected {FORMAT}")
        return cls(Grid(west, south, per_lon, per_lat, int(columns), int(rows)), cells, shapes)


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
    areas = shapely.area(geometries[[shape is not None for shape in geometries]]) * metres.prod()
    fine = math.sqrt(float(areas.mean())) / CELLS_ACROSS_A_UNIT
    order, first = shared(edges)
    distinct = order[first[:-1]]
    steps = np.abs((edges.b[distinct] - edges.a[distinct]) * metres).sum()
    room = max(MAX_PIECES - len(distinct), MAX_PIECES // 10)
    return max(fine, MIN_CELL_M, math.sqrt(float(size.prod()) / MAX_CELLS), float(steps) / room)
