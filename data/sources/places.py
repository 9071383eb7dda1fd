"""Coordinates of a batch: to WGS84 by the declared system; what cannot be a place becomes empty and is counted.

Nothing is switched silently: axes that look swapped are reported in the notes and left out.
"""

from typing import TYPE_CHECKING

import numpy as np
from geo.crs import to_wgs84, unusable

if TYPE_CHECKING:
    from data.sources.normalise import Draft


def locate(draft: "Draft") -> None:
    """Put lon and lat (degrees WGS84, NaN where unknown) among the columns of a draft.

    notes  coordinates_missing (one or both empty), coordinates_unusable (0,0, out of range, not finite),
           axes_swapped (a longitude and a latitude in each other's place; among the unusable)
    """
    if "lon" not in draft.numbers:
        return
    lon, lat = draft.numbers["lon"].copy(), draft.numbers["lat"].copy()
    missing = np.isnan(lon) | np.isnan(lat)
    zero = (lon == 0) & (lat == 0)
    lon[missing | zero] = lat[missing | zero] = np.nan
    lon, lat = to_wgs84(lon, lat, draft.source.crs)
    poor = ~missing & unusable(lon, lat)
    swapped = poor & (np.abs(draft.numbers["lat"]) > 90) & (np.abs(draft.numbers["lat"]) <= 180)
    swapped &= (np.abs(draft.numbers["lon"]) <= 90) & ~zero
    lon, lat = np.where(missing | poor, np.nan, lon), np.where(missing | poor, np.nan, lat)
    for name, mask in (
        ("coordinates_missing", missing),
        ("coordinates_unusable", poor),
        ("axes_swapped", swapped),
    ):
        if mask.any():
            draft.notes[name] += int(mask.sum())
    draft.columns["lon"], draft.columns["lat"] = lon, lat
