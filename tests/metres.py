"""Ground in metres from the middle of a town, in WGS84 degrees."""

import numpy as np
import shapely

LON, LAT = 121.525, 31.285
METRE = np.array([1 / (111_320.0 * np.cos(np.radians(LAT))), 1 / 110_860.0])


def block(left, bottom, right, top):
    """A box in metres from the middle of the town."""
    (west, south), (east, north) = np.array([[left, bottom], [right, top]]) * METRE + (LON, LAT)
    return shapely.box(west, south, east, north)
