"""GeoJSON files from shapes in ticks: every coordinate the nearest decimal, the same bytes every time."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import shapely

from data.sample.board import TICKS

FAST = 1


def write_bytes(path: Path, body: bytes, *, compressed: bool) -> Path:
    """Write a file, gzipped without a clock in its header if asked; returns the path with its suffix."""
    if compressed:
        path = path.with_name(path.name + ".gz")
        body = gzip.compress(body, compresslevel=FAST, mtime=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def _degrees(ticks: np.ndarray) -> np.ndarray:
    """The nearest double of each decimal, so that equal ticks print alike."""
    return np.round(ticks) / TICKS


def _collection(features: Iterable[tuple[dict, shapely.Geometry]]) -> bytes:
    properties, shapes = zip(*features, strict=True)
    written = shapely.to_geojson(shapely.transform(np.array(shapes, dtype=object), _degrees))
    rows = [
        b'{"type":"Feature","properties":' + orjson.dumps(own) + b',"geometry":' + text.encode() + b"}"
        for own, text in zip(properties, written, strict=True)
    ]
    return b'{"type":"FeatureCollection","features":[\n' + b",\n".join(rows) + b"\n]}\n"


def write_features(
    path: Path, features: Iterable[tuple[dict, shapely.Geometry]], *, compressed: bool
) -> Path:
    """A FeatureCollection of shapes given in ticks."""
    return write_bytes(path, _collection(features), compressed=compressed)


def write_units(path: Path, units: pd.DataFrame, *, compressed: bool) -> Path:
    """One level of units with code, name and parent."""
    rows = zip(units["code"], units["name"], units["parent"], units["geometry"], strict=True)
    features = (
        ({"code": code, "name": name, "parent": parent or None}, shape) for code, name, parent, shape in rows
    )
    return write_features(path, features, compressed=compressed)
