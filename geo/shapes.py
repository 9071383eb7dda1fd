"""Shapes as a map draws them: one GeoJSON per level and parent, and label points.

Features carry the unit's code as ``id`` and its name, nothing else: values travel apart from shapes.
"""

import hashlib
import json

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.exact import as_array

DECIMALS = 6  # a tenth of a metre
METRES_PER_DEGREE = 111_320.0
_LABEL_PRECISION = 1e-2  # of the shape's smaller side


def feature_collection(units: pd.DataFrame, *, tolerance_m: float) -> bytes:
    """GeoJSON of the units that have a shape.

    Args:
        units: columns code, name, geometry (WGS84 polygons, None or missing without a shape).
        tolerance_m: how far, about, a border may move to lose points; 0 keeps every point.

    Returns:
        A FeatureCollection of six-decimal coordinates, features in the order of the frame. Borders are
        simplified once for both sides, so that neighbours leave no gaps. Equal input gives equal bytes.
    """
    units, shapes = _shaped(units)
    if tolerance_m > 0 and len(shapes):
        degrees = tolerance_m / METRES_PER_DEGREE
        valid = np.where(shapely.is_valid(shapes), shapes, shapely.make_valid(shapes))
        # In the algorithm the tolerance is the root of the area of a triangle that may go.
        simple = shapely.coverage_simplify(valid, degrees)
        shapes = np.where(shapely.is_empty(simple), shapes, simple)
    return _collection(units, shapes)


def content_hash(content: bytes) -> str:
    """Short hash that names the content in a URL."""
    return hashlib.sha256(content).hexdigest()[:16]


def label_point(shape: BaseGeometry) -> tuple[float, float]:
    """Longitude and latitude of a point well inside: the middle of the largest circle in the largest part."""
    parts = shapely.get_parts(shape)
    largest = parts[int(np.argmax(shapely.area(parts)))]
    west, south, east, north = shapely.bounds(largest)
    side = min(east - west, north - south)
    if side <= 0 or not shapely.is_valid(largest):
        point = shapely.point_on_surface(largest)
    else:
        circle = shapely.maximum_inscribed_circle(largest, tolerance=side * _LABEL_PRECISION)
        point = shapely.get_point(circle, 0)
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def _shaped(units: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    shapes = as_array(units["geometry"].to_numpy())
    there = ~shapely.is_missing(shapes)
    return units[there], shapes[there]


def _collection(units: pd.DataFrame, shapes: np.ndarray) -> bytes:
    features = [
        {"type": "Feature", "id": code, "properties": {"name": name}, "geometry": _rounded(shape)}
        for code, name, shape in zip(units["code"], units["name"], shapes, strict=True)
        if shape is not None
    ]
    whole = {"type": "FeatureCollection", "features": features}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _rounded(shape: BaseGeometry) -> dict:
    mapped = json.loads(shapely.to_geojson(shape))
    mapped["coordinates"] = _round(mapped["coordinates"])
    return mapped


def _round(value: list | float) -> list | float:
    if isinstance(value, list):
        return [_round(part) for part in value]
    return round(value, DECIMALS)


def cut(units: pd.DataFrame, box: tuple[float, float, float, float], *, pixel: float) -> pd.DataFrame:
    """Units as a picture of a box shows them.

    Args:
        units: columns code, name, geometry (WGS84 shape, None or missing without one).
        box: west, south, east, north in degrees.
        pixel: degrees that cannot be told apart.

    Returns:
        code, name, lon, lat (a point inside what is seen), geometry (cut to the box) of the units that are seen.
    """
    units, shapes = _shaped(units)
    near = shapely.intersects(shapely.envelope(shapes), shapely.box(*box))
    units, shapes = units[near], shapes[near]
    seen = shapely.clip_by_rect(shapely.simplify(shapely.make_valid(shapes), pixel), *box)
    there = ~shapely.is_empty(seen)
    units, seen = units[there], seen[there]
    points = shapely.point_on_surface(seen)
    return units[["code", "name"]].assign(lon=shapely.get_x(points), lat=shapely.get_y(points), geometry=seen)
