"""Shapes for the exact test, kept as bytes until a point asks for one; and array files that appear whole."""

import hashlib
import os
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

NOWHERE = -1


def as_array(geometries: Sequence[BaseGeometry | None] | np.ndarray) -> np.ndarray:
    """Object array of the shapes; empty ones, and what is no shape, become None."""
    array = np.empty(len(geometries), dtype=object)
    array[:] = [
        shape if isinstance(shape, BaseGeometry) and not shape.is_empty else None for shape in geometries
    ]
    return array


@dataclass(frozen=True)
class Shapes:
    """Closed shapes in an order of preference.

    Attributes:
        blob: uint8, the shapes as two-dimensional WKB end to end; a missing shape takes no byte.
        first: int64, where each starts, and the end.
    """

    blob: np.ndarray
    first: np.ndarray
    _made: dict[int, BaseGeometry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)  # a prepared shape is not thread-safe

    @classmethod
    def of(cls, geometries: np.ndarray) -> "Shapes":
        """Shapes of an object array of geometries and None."""
        wkb = shapely.to_wkb(geometries, byte_order=1, output_dimension=2)
        texts = [b"" if text is None else text for text in wkb]
        first = np.zeros(len(texts) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in texts], out=first[1:])
        return cls(np.frombuffer(b"".join(texts), dtype=np.uint8), first)

    @property
    def nbytes(self) -> int:
        """Memory of the bytes; shapes already made are not counted."""
        return self.blob.nbytes + self.first.nbytes

    def fingerprint(self) -> str:
        """Hash of the shapes in their order."""
        digest = hashlib.sha256(self.first.tobytes())
        digest.update(self.blob.tobytes())
        return digest.hexdigest()

    def hold(self, units: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Whether each shape, given by its number, holds the point beside it (its border included)."""
        with self._lock:
            distinct, back = np.unique(units, return_inverse=True)
            shapes = as_array([self._shape(unit) for unit in distinct.tolist()])
            return shapely.intersects_xy(shapes[back], lon, lat)

    def _shape(self, unit: int) -> BaseGeometry:
        if unit not in self._made:
            shape = shapely.from_wkb(self.blob[self.first[unit] : self.first[unit + 1]].tobytes())
            shapely.prepare(shape)
            self._made[unit] = shape
        return self._made[unit]


def lowest_holder(
    shapes: Shapes, candidates: tuple[np.ndarray, np.ndarray], lon: np.ndarray, lat: np.ndarray
) -> np.ndarray:
    """The lowest shape that holds each point.

    Args:
        shapes: the shapes.
        candidates: pairs (unit, point), ascending by point and then unit, that have to be tested.
        lon, lat: the points.

    Returns:
        int32 numbers of shapes, -1 where none of a point's candidates holds it.
    """
    unit, point = candidates
    holds = shapes.hold(unit, lon[point], lat[point])
    found = np.full(len(lon), NOWHERE, dtype=np.int32)
    found[point[holds][::-1]] = unit[holds][::-1]  # written backwards, the lowest stays
    return found


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays to a file that appears only when complete."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read arrays that ``write_arrays`` wrote.

    Raises:
        ValueError: the file is missing, cut off or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: got {error}; expected an index of boundaries") from error
