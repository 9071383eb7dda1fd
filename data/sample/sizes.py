"""The three sizes of the sample city, and one way to draw random numbers that never depends on order."""

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np

SizeName = Literal["subdistrict", "district", "city"]


@dataclass(frozen=True)
class Size:
    """How large a sample is: its units, and the facts of one day per sub-district.

    `home` is how many times as much happens in a grid of the home sub-district as elsewhere, so that its
    stories stand out in a large city too. `radius` is half the width and height of the street lattice that
    belongs to the city, in cells. `lots` counts car parks per sub-district, `reading_minutes` is the rhythm of
    parking readings kept in the history (live readings come every five minutes whatever the size).
    """

    name: str
    subdistricts: int
    radius: tuple[float, float]
    margin: int
    micros: int
    plots: int
    cases: float
    reports: float
    orders: float
    lots: int
    reading_minutes: int
    home: float
    compressed: bool


SIZES: dict[str, Size] = {
    "subdistrict": Size("subdistrict", 1, (0, 0), 3, 5, 7, 57, 8, 36, 12, 30, 1.0, False),
    "district": Size("district", 12, (9.2, 7.6), 2, 5, 7, 32, 4, 20, 3, 60, 1.5, True),
    "city": Size("city", 104, (21.5, 18.5), 1, 4, 6, 9.2, 0.6, 5, 1, 480, 3.0, True),
}


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator of its own for one purpose: the same names give the same numbers, in any order of calls."""
    words = [crc32(name.encode()) if isinstance(name, str) else name & 0xFFFFFFFF for name in names]
    return np.random.default_rng([seed & 0xFFFFFFFF, *words])
