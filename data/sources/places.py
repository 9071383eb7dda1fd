"""Coordinates of a batch: to WGS84 by the declared system; what cannot be a place becomes empty and is counted.

Nothing is switched silently: axes that look swapped are reported in the notes and left out.
"""

import numpy as np

from data.sources.draft import Draft
from geo.crs import in_degrees, to_wgs84, unusable

GIVEN = ("given_lon", "given_lat")
COARSE = "two-decimals"  # kept: about a kilometre is still a place at the upper levels


def locate(draft: Draft) -> None:
    """Put lon and lat (degrees WGS84, NaN where unknown) among the columns of a draft, and what was given.

    given_lon and given_lat are not stored; by them another system can be seen to fit better.

    notes  coordinates_missing (one or both empty); coordinates_unusable (0,0, out of range, not finite);
           axes_swapped (longitude and latitude in each other's place; among the unusable);
           coordinates_coarse (both cut to two decimals; kept)
    """
    if "lon" not in draft.numbers:
        return
    lon, lat = draft.numbers["lon"], draft.numbers["lat"]
    degrees = in_degrees(draft.source.crs)
    missing = np.isnan(lon) | np.isnan(lat)
    faults = unusable(lon, lat, degrees=degrees)
    coarse = faults == COARSE
    poor = (faults != "") & ~coarse & ~missing
    swapped = poor & (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90) & degrees
    x, y = to_wgs84(
        np.where(missing | poor, np.nan, lon), np.where(missing | poor, np.nan, lat), draft.source.crs
    )
    lost = ~missing & ~(np.isfinite(x) & np.isfinite(y) & (np.abs(x) <= 180) & (np.abs(y) <= 90))
    draft.columns["lon"], draft.columns["lat"] = np.where(lost, np.nan, x), np.where(lost, np.nan, y)
    draft.columns |= dict(zip(GIVEN, (lon, lat), strict=True))
    draft.note("coordinates_missing", missing)
    draft.note("coordinates_unusable", lost)
    draft.note("axes_swapped", swapped)
    draft.note("coordinates_coarse", coarse)
