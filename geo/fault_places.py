"""Where a fault lies: the ground it speaks of, for a picture to show."""

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.exact import as_array
from geo.faults import Fault


def place_of(fault: Fault, units: pd.DataFrame) -> BaseGeometry | None:
    """The ground of a fault.

    Args:
        fault: one of `faults.check` of these units.
        units: columns code, level (depth), parent_code, geometry (WGS84 shape, None or missing).

    Returns:
        What an overlap has in common, what a gap leaves free, what lies outside the unit above; of other faults, and
        where that ground is empty, the units they name. None where none of them has a shape.
    """
    named = [_shape(units[units["code"] == code]) for code in fault.codes]
    there = [shape for shape in named if shape is not None]
    if not there:
        return None
    found = _between(fault, units, there) if len(there) == len(fault.codes) else None
    return shapely.union_all(there) if found is None or shapely.is_empty(found) else found


def _between(fault: Fault, units: pd.DataFrame, shapes: list[BaseGeometry]) -> BaseGeometry | None:
    if len(shapes) == 2:
        levels = [units.loc[units["code"] == code, "level"].iloc[0] for code in fault.codes]
        meet = shapely.intersection if levels[0] == levels[1] else shapely.difference
        return meet(*shapes)
    if fault.kind in ("gap", "sliver"):
        children = _shape(units[units["parent_code"] == fault.codes[0]])
        return None if children is None else shapely.difference(shapes[0], children)
    return None


def _shape(units: pd.DataFrame) -> BaseGeometry | None:
    """The union of units, invalid shapes mended."""
    shapes = as_array(units["geometry"].to_numpy())
    there = shapes[~shapely.is_missing(shapes)]
    return shapely.union_all(shapely.make_valid(there)) if len(there) else None
