"""Coordinate systems: anything PROJ knows, and the two Chinese map offsets it does not, to WGS84 degrees.

Everywhere x comes before y: longitude or easting first. GCJ-02 and BD-09 follow the formulas in wide use
(``eviltransform``, ``coordtransform``); the proprietary shift may differ from them by metres.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

WGS84 = "EPSG:4326"
GCJ02 = "GCJ-02"
BD09 = "BD-09"
_OWN = {"GCJ02": GCJ02, "BD09": BD09}
_AXIS = 6378245.0  # Krasovsky 1940, as the formula has it
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TURN = 3000.0 * np.pi / 180.0
_ROUNDS = 12
_STILL = 1e-11  # degrees, a micrometre

SUSPECTS = ("missing", "infinite", "zero", "out-of-range", "two-decimals")

Pair = tuple[np.ndarray, np.ndarray]


class UnknownSystem(ValueError):
    """A coordinate system that neither PROJ nor this module knows."""


def _named(crs: str) -> str:
    """GCJ-02 and BD-09 in their own spelling, anything else as it is."""
    text = str(crs).strip()
    return _OWN.get(text.upper().replace("-", "").replace("_", "").replace(" ", ""), text)


@lru_cache(maxsize=128)
def _known_system(name: str) -> CRS:
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise UnknownSystem(
            f"crs: got {name!r}; expected a PROJ name such as EPSG:4490, GCJ-02 or BD-09"
        ) from error


@lru_cache(maxsize=128)
def _transformer(name: str) -> Transformer | None:
    """The way to WGS84, None where there is nothing to do."""
    system = _known_system(name)
    wgs84 = CRS.from_user_input(WGS84)
    if system.equals(wgs84, ignore_axis_order=True):
        return None
    return Transformer.from_crs(system, wgs84, always_xy=True)


def is_known(crs: str) -> bool:
    """Whether the name is a coordinate system that ``to_wgs84`` accepts."""
    name = _named(crs)
    if name in (GCJ02, BD09):
        return True
    try:
        _known_system(name)
    except UnknownSystem:
        return False
    return True


def in_degrees(crs: str) -> bool:
    """Whether coordinates of the system are degrees of longitude and latitude.

    Raises:
        UnknownSystem: the name is not known.
    """
    name = _named(crs)
    return name in (GCJ02, BD09) or bool(_known_system(name).is_geographic)


def to_wgs84(lon: np.ndarray, lat: np.ndarray, crs: str) -> Pair:
    """Convert coordinates to WGS84.

    Args:
        lon, lat: float64 longitudes or eastings, latitudes or northings, in the units of ``crs``.
        crs: any name PROJ knows, GCJ-02 or BD-09.

    Returns:
        float64 longitudes and latitudes in degrees; not-a-number where the input is not finite or lies where
        the system is not defined. CGCS2000 (EPSG:4490) equals WGS84 to within case-location error.

    Raises:
        UnknownSystem: the name is not known.
    """
    x, y = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    name = _named(crs)
    if name == GCJ02:
        x, y = gcj02_to_wgs84(x, y)
    elif name == BD09:
        x, y = gcj02_to_wgs84(*bd09_to_gcj02(x, y))
    elif (transformer := _transformer(name)) is not None:
        x, y = (np.asarray(part, dtype=np.float64) for part in transformer.transform(x, y))
    lost = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(lost, np.nan, x), np.where(lost, np.nan, y)


def _in_china(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """The rough box within which GCJ-02 is shifted."""
    return (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)


def _gcj_offset(lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Shift from WGS84 to GCJ-02 in degrees, wherever the point lies."""
    x, y, pi = lon - 105.0, lat - 35.0, np.pi
    wave = 20 * np.sin(6 * pi * x) + 20 * np.sin(2 * pi * x)
    root = np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20 * np.sin(pi * y) + 40 * np.sin(pi * y / 3)) * 2 / 3
    north += (160 * np.sin(pi * y / 12) + 320 * np.sin(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20 * np.sin(pi * x) + 40 * np.sin(pi * x / 3)) * 2 / 3
    east += (150 * np.sin(pi * x / 12) + 300 * np.sin(pi * x / 30)) * 2 / 3
    phi = np.radians(lat)
    m = 1 - _ECCENTRICITY2 * np.sin(phi) ** 2
    down = _AXIS * (1 - _ECCENTRICITY2) / (m * np.sqrt(m)) * pi
    across = _AXIS / np.sqrt(m) * np.cos(phi) * pi
    return east * 180 / across, north * 180 / down


def wgs84_to_gcj02(lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Shift WGS84 degrees to GCJ-02; points outside China stay where they are."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    east, north = _gcj_offset(lon, lat)
    shifted = _in_china(lon, lat)
    return np.where(shifted, lon + east, lon), np.where(shifted, lat + north, lat)


def gcj02_to_bd09(lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Shift GCJ-02 degrees to BD-09."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _inverse(forward: Callable[[np.ndarray, np.ndarray], Pair], lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Fixed point ``w <- w - (forward(w) - goal)``: 8 mm after two rounds over Shanghai, then far below.

    Each point stops by itself, so that its result does not depend on the points delivered with it.
    """
    x, y = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    moving = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    for _ in range(_ROUNDS):
        ahead_x, ahead_y = forward(x[moving], y[moving])
        step_x, step_y = ahead_x - lon[moving], ahead_y - lat[moving]
        x[moving] -= step_x
        y[moving] -= step_y
        moving = moving[(np.abs(step_x) >= _STILL) | (np.abs(step_y) >= _STILL)]
        if not len(moving):
            break
    return x, y


def gcj02_to_wgs84(lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Undo ``wgs84_to_gcj02`` to well under 1 cm; points outside China stay where they are."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    shifted = _in_china(lon, lat)

    def forward(x: np.ndarray, y: np.ndarray) -> Pair:
        east, north = _gcj_offset(x, y)
        return x + east, y + north

    x, y = _inverse(forward, np.where(shifted, lon, np.nan), np.where(shifted, lat, np.nan))
    return np.where(shifted, x, lon), np.where(shifted, y, lat)


def bd09_to_gcj02(lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Undo ``gcj02_to_bd09`` to well under 1 cm."""
    return _inverse(gcj02_to_bd09, np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))


def unusable(lon: np.ndarray, lat: np.ndarray, *, degrees: bool = True) -> np.ndarray:
    """Why coordinates, as delivered, cannot be trusted.

    Args:
        lon, lat: float64 coordinates before any conversion.
        degrees: they are degrees (``in_degrees``); metres have no range and may well have two decimals.

    Returns:
        Text per point: empty when nothing speaks against it, else one of ``SUSPECTS``: missing, infinite, zero
        (both 0), out-of-range (also swapped axes that leave -90..90), two-decimals (both cut to about 1 km).
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        tests = [np.isnan(x) | np.isnan(y), np.isinf(x) | np.isinf(y), (x == 0) & (y == 0)]
        if degrees:
            coarse = (np.abs(x * 100 - np.rint(x * 100)) < 1e-9) & (np.abs(y * 100 - np.rint(y * 100)) < 1e-9)
            tests += [(np.abs(x) > 180) | (np.abs(y) > 90), coarse]
    return np.select(tests, SUSPECTS[: len(tests)], default="")


def zones_near(lon: float) -> tuple[str, ...]:
    """The CGCS2000 zone of 3 degrees around a longitude: without and with its number before the easting.

    returns  nothing outside 73.5 to 136.5 E, where there is no such zone
    """
    number = round((lon - 75) / 3)
    return (f"EPSG:{4534 + number}", f"EPSG:{4513 + number}") if 0 <= number <= 20 else ()


@dataclass(frozen=True)
class SystemHint:
    """Another coordinate system puts clearly more points inside the units than the declared one.

    Attributes:
        declared, declared_share: the declared system and the share (0 to 1) of usable points inside under it.
        better, better_share, swapped: the system that fits better, whether with x and y exchanged.
        points: how many points were compared.
    """

    declared: str
    declared_share: float
    better: str
    better_share: float
    swapped: bool
    points: int

    @property
    def text(self) -> str:
        """One plain line."""
        axes = " with x and y exchanged" if self.swapped else ""
        return (
            f"crs: got {self.declared!r}, which puts {self.declared_share:.1%} of {self.points} points inside "
            f"the units; {self.better}{axes} would put {self.better_share:.1%} there"
        )


_LEAST_POINTS = 20
_MOST_POINTS = 5_000
_LEAST_GAIN = 0.01
# CGCS2000 in zones of 3 degrees around 75 to 135 E: without and with the zone's number before the easting.
_ZONES = tuple(f"EPSG:{code}" for code in (*range(4534, 4555), *range(4513, 4534)))


def likely_system(
    lon: np.ndarray, lat: np.ndarray, declared: str, inside: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> SystemHint | None:
    """Name a coordinate system that fits clearly better than the declared one. A hint, never a switch.

    Args:
        lon, lat: coordinates as delivered.
        declared: the declared system.
        inside: for WGS84 degrees, which points lie in some unit (bool).

    Returns:
        The best of GCJ-02, BD-09, WGS84 and the CGCS2000 zones, each also with exchanged axes, when it puts at
        least 1 % more of the points inside and at most half as many outside; else None. None also below 20
        usable points.
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0)))
    if len(usable) < _LEAST_POINTS:
        return None
    usable = usable[:: -(-len(usable) // _MOST_POINTS)]
    x, y = x[usable], y[usable]

    def share(crs: str, swapped: bool) -> float:
        return float(np.mean(inside(*to_wgs84(y if swapped else x, x if swapped else y, crs))))

    metres = np.median(np.maximum(np.abs(x), np.abs(y))) > 360
    systems = [*(_ZONES if metres else (WGS84, GCJ02, BD09)), declared]
    held = share(declared, False)
    gained, better, swapped = max((share(crs, axes), crs, axes) for crs in systems for axes in (False, True))
    if gained - held < _LEAST_GAIN or (1 - gained) > (1 - held) / 2:
        return None
    return SystemHint(declared, held, better, gained, swapped, len(x))
