"""Points to positions in the tree: the finest unit that holds a point, at whatever level its shape lies."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from geo.exact import NOWHERE, Shapes, as_array, lowest_holder, read_arrays, write_arrays
from geo.locate import FORMAT, Locator
from geo.units import ROOT

KEPT = 8  # locators a process keeps


def fingerprint(units: pd.DataFrame) -> str:
    """Hash of an arranged frame's tree and shapes: a name under which to keep its index."""
    digest = hashlib.sha256(f"linli places {FORMAT}\n".encode())
    for column in ("end", "level"):
        digest.update(units[column].to_numpy(dtype=np.int32).tobytes())
    digest.update("\n".join(units["code"].astype(str)).encode())
    digest.update(Shapes.of(as_array(units["geometry"].to_numpy())).fingerprint().encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class UnitLocator:
    """Finds the finest unit that holds a point.

    Units with a shape and no shaped unit below them share one index, finest level first and by code within a
    level. A point in none of them (in an accepted gap, say) is tried against the shaped units above, from the
    bottom up. Upper levels of a point found follow the published parents (``units.ancestors``), not shapes.
    """

    fine: Locator
    fine_pos: np.ndarray
    upper: Shapes
    upper_pos: np.ndarray
    upper_bounds: np.ndarray

    @classmethod
    def build(cls, units: pd.DataFrame, *, cell_m: float | None = None) -> "UnitLocator":
        """Index an arranged frame with a column geometry (WGS84 shapes, missing where a unit has none)."""
        geometries = as_array(units["geometry"].to_numpy())
        shaped = ~shapely.is_missing(geometries)
        up_to = np.r_[0, np.cumsum(shaped)]
        below = up_to[units["end"].to_numpy()] - up_to[units["pos"].to_numpy()]
        order = (
            units.reset_index(drop=True)
            .sort_values(["level", "code"], ascending=[False, True])
            .index.to_numpy()
        )
        fine, upper = (order[chosen[order]] for chosen in (shaped & (below == 0), shaped & (below > 0)))
        pos = units["pos"].to_numpy(dtype=np.int32)
        return cls(
            fine=Locator.build(geometries[fine], cell_m=cell_m),
            fine_pos=np.r_[pos[fine], np.int32(ROOT)],
            upper=Shapes.of(geometries[upper]),
            upper_pos=np.r_[pos[upper], np.int32(ROOT)],
            upper_bounds=shapely.bounds(geometries[upper]).reshape(-1, 4),
        )

    def locate(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Positions (int32) of the finest units that hold the points, 0 where none does.

        Args:
            lon, lat: float64 degrees (WGS84) of equal length; not-a-number is nowhere.
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        found = self.fine.locate(lon, lat)
        pos = self.fine_pos[found]  # -1 reads the last entry: the root
        lost = np.flatnonzero((found == NOWHERE) & np.isfinite(lon) & np.isfinite(lat))
        if len(lost) and len(self.upper_bounds):
            boxes = shapely.STRtree(shapely.box(*self.upper_bounds.T))
            point, unit = boxes.query(shapely.points(lon[lost], lat[lost]))
            order = np.lexsort((unit, point))
            holder = lowest_holder(self.upper, (unit[order], point[order]), lon[lost], lat[lost])
            pos[lost] = self.upper_pos[holder]
        return pos

    def save(self, path: Path) -> None:
        """Write the index to a file that appears only when complete."""
        own = {
            "fine_pos": self.fine_pos,
            "upper_pos": self.upper_pos,
            "upper_blob": self.upper.blob,
            "upper_first": self.upper.first,
            "upper_bounds": self.upper_bounds,
        }
        write_arrays(path, {**self.fine.arrays(), **own})

    @classmethod
    def load(cls, path: Path) -> "UnitLocator":
        """Read an index that ``save`` wrote.

        Raises:
            ValueError: the file is not such an index, or one of another format.
        """
        arrays = read_arrays(path)
        fine = Locator.of_arrays(arrays)
        missing = {"fine_pos", "upper_pos", "upper_blob", "upper_first", "upper_bounds"} - arrays.keys()
        if missing:
            raise ValueError(f"{path}: got no {min(missing)}; expected an index of a tree of units")
        upper = Shapes(arrays["upper_blob"], arrays["upper_first"])
        return cls(fine, arrays["fine_pos"], upper, arrays["upper_pos"], arrays["upper_bounds"])


def open_locator(units: pd.DataFrame, folder: Path) -> UnitLocator:
    """The locator of an arranged frame, kept in the folder under the frame's fingerprint.

    A kept file that cannot be read (cut off, or of an older format) is made anew.
    """
    mark = fingerprint(units)
    kept = kept_locator(folder, mark)
    if kept is not None:
        return kept
    path = _path(folder, mark)
    path.unlink(missing_ok=True)
    locator = UnitLocator.build(units)
    folder.mkdir(parents=True, exist_ok=True)
    locator.save(path)
    return locator


def kept_locator(folder: Path, mark: str) -> UnitLocator | None:
    """The locator kept under a fingerprint; None where there is none that can be read."""
    path = _path(folder, mark)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, ValueError):
        return None


def _path(folder: Path, mark: str) -> Path:
    return folder / f"places-{mark[:32]}.npz"


@lru_cache(maxsize=KEPT)
def _read(path: Path, _written_at: int) -> UnitLocator:
    """A file as it was written at that time, read once for all the loads of a process."""
    return UnitLocator.load(path)
