"""GeoJSON: the points of a FeatureCollection, their properties as columns.

Beside the properties there are the columns `geometry.lon`, `geometry.lat` (of a Point, in the order RFC 7946
fixes) and `feature.id`. A feature without a point stays a fact without coordinates and is counted.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.sources.batch import Raw, Reject, SourceError
from data.sources.definition import Source
from data.sources.json import read_document
from data.sources.records import Numbered, Record, to_raws
from data.sources.text import scan


def open_geojson(source: Source, path: Path, *, limit: int) -> Iterator[Raw]:
    """Features of a file as raw columns. Raises SourceError: no JSON, no FeatureCollection, a missing column."""
    document = read_document(path, scan(path, source.encoding).encoding, form="geojson")
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise SourceError(f"{path.name}: got no list of features; expected a GeoJSON FeatureCollection")
    shapes = sum(_point(feature) is None and _has_shape(feature) for feature in features)
    raws = to_raws(features_of(features, path.name), source, file=path.name, limit=limit)
    return _noting(raws, shapes)


def _noting(raws: Iterator[Raw], shapes: int) -> Iterator[Raw]:
    for raw in raws:
        yield replace(raw, notes=raw.notes + Counter(geometry_not_a_point=shapes)) if shapes else raw
        shapes = 0


def _has_shape(feature: Any) -> bool:
    return isinstance(feature, dict) and isinstance(feature.get("geometry"), dict)


def features_of(features: list[Any], file: str) -> Iterator[Numbered]:
    """Properties of features as records under their position; what is no feature becomes a reject."""
    for row, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties", {}), (dict, type(None))):
            yield row, Reject(file, row, "", "a value", "a feature with properties")
            continue
        record: Record = dict(feature.get("properties") or {})
        point = _point(feature)
        if point is not None:
            record["geometry.lon"], record["geometry.lat"] = point
        record["feature.id"] = feature.get("id")
        yield row, record


def _point(feature: Any) -> tuple[str, str] | None:
    """Longitude and latitude as written, of a Point or of a MultiPoint of one."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict):
        return None
    place = geometry.get("coordinates")
    if geometry.get("type") == "MultiPoint" and isinstance(place, list) and len(place) == 1:
        place = place[0]
    elif geometry.get("type") != "Point":
        return None
    if not isinstance(place, list) or len(place) < 2 or not all(isinstance(part, str) for part in place[:2]):
        return None
    return place[0], place[1]
