"""Files of boundaries as plain columns and shapes, whatever their format and encoding."""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError
from shapely.geometry.base import BaseGeometry

from geo.crs import WGS84

ENCODINGS = ("utf-8", "gb18030")  # in this order: GB18030 would read UTF-8 as nonsense


class BoundaryError(ValueError):
    """A file of boundaries, or a set of them, cannot be used: one line where, what was got, what is expected."""


@dataclass(frozen=True)
class Table:
    """Rows of a file: values by column name, a shape or None per row, and the system the file declares."""

    columns: dict[str, list[object]]
    geometries: list[BaseGeometry | None]
    crs: str | None


def read_table(path: Path, *, wanted: str) -> Table:
    """Read a file by its suffix.

    Args:
        path: the file.
        wanted: a column that the right layer has, where a file holds several layers.

    Raises:
        BoundaryError: the file is missing, empty, a folder, or not what its suffix says.
    """
    if path.is_dir():
        raise BoundaryError(f"{path.name}: got a folder; expected a file")
    if not path.is_file():
        raise BoundaryError(f"{path}: got no such file; expected a file of boundaries")
    if path.stat().st_size == 0:
        raise BoundaryError(f"{path.name}: got an empty file; expected a file of boundaries")
    suffix = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        raise BoundaryError(
            f"{path.name}: got {suffix or 'no suffix'}; expected one of: {', '.join(_READERS)}"
        )
    return reader(path, wanted)


def _bytes(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix.lower() != ".gz":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise BoundaryError(f"{path.name}: got {error}; expected a gzip file") from error


def _text(path: Path) -> str:
    raw = _bytes(path).removeprefix(codecs.BOM_UTF8)
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BoundaryError(f"{path.name}: got an unknown encoding; expected one of: {', '.join(ENCODINGS)}")


def _geojson(path: Path, wanted: str) -> Table:
    try:
        document = json.loads(_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BoundaryError(f"{path.name}: got {error}; expected GeoJSON") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise BoundaryError(f"{path.name}: got other JSON; expected a GeoJSON FeatureCollection")
    properties = [feature.get("properties") or {} for feature in features]
    names = list(dict.fromkeys(name for row in properties for name in row))
    columns = {name: [row.get(name) for row in properties] for name in names}
    if "id" not in columns and any("id" in feature for feature in features):
        columns["id"] = [feature.get("id") for feature in features]
    shapes = [
        _shape(path, number, feature.get("geometry")) for number, feature in enumerate(features, start=1)
    ]
    return Table(columns, shapes, _declared(document))


def _declared(document: dict) -> str:
    """System named by the member ``crs`` of older GeoJSON; RFC 7946 knows WGS84 only."""
    member = document.get("crs")
    if isinstance(member, dict) and isinstance(member.get("properties"), dict):
        return str(member["properties"].get("name") or WGS84)
    return WGS84


def _shape(path: Path, number: int, geometry: object) -> BaseGeometry | None:
    if geometry is None:
        return None
    try:
        return _open_end(shapely.from_geojson(json.dumps(geometry)))
    except (shapely.errors.GEOSException, ValueError) as error:
        reason = str(error).removeprefix("ParseException: ")
        raise BoundaryError(
            f"{path.name} unit {number}: got {reason}; expected a GeoJSON geometry"
        ) from error


def _open_end(shape: BaseGeometry) -> BaseGeometry | None:
    return None if shape.is_empty else shape


def _csv(path: Path, wanted: str) -> Table:
    rows = list(csv.reader(io.StringIO(_text(path), newline="")))
    header, *body = rows or [[]]
    names = [name.strip() for name in header]
    body = [row for row in body if any(cell.strip() for cell in row)]
    columns: dict[str, list[object]] = {
        name: [row[at] if at < len(row) else None for row in body] for at, name in enumerate(names)
    }
    return Table(columns, [None] * len(body), None)


def _geopackage(path: Path, wanted: str) -> Table:
    return _from_gdal(path, wanted, raw_text=False)


def _shapefile(path: Path, wanted: str) -> Table:
    table = _from_gdal(path, wanted, raw_text=True)
    for encoding in ENCODINGS:
        try:
            columns = {
                _decoded(name, encoding): [
                    _decoded(value, encoding) if isinstance(value, str) else value for value in values
                ]
                for name, values in table.columns.items()
            }
        except UnicodeDecodeError:
            continue
        return Table(columns, table.geometries, table.crs)
    raise BoundaryError(f"{path.name}: got an unknown encoding; expected one of: {', '.join(ENCODINGS)}")


def _decoded(text: str, encoding: str) -> str:
    """Text that was read byte by byte as Latin-1; a character cut in half by a narrow field is left off."""
    return codecs.getincrementaldecoder(encoding)().decode(text.encode("latin-1"))


def _from_gdal(path: Path, wanted: str, *, raw_text: bool) -> Table:
    # The .cpg of a Shapefile is often wrong or missing: its text is read as bytes and decoded by trial.
    encoding = "ISO-8859-1" if raw_text else None
    try:
        layer = _layer(path, wanted, encoding)
        meta, _, shapes, values = pyogrio.raw.read(path, layer=layer, encoding=encoding)
    except (DataSourceError, DataLayerError, FieldError, UnicodeError) as error:
        said = str(error).splitlines()[0].split(".; It might")[0].replace(f"{path.parent}/", "")
        raise BoundaryError(f"{path.name}: got {said}; expected a readable {path.suffix} file") from error
    columns: dict[str, list[object]] = {
        str(name): np.asarray(column).tolist() for name, column in zip(meta["fields"], values, strict=True)
    }
    rows = len(values[0]) if len(values) else len(shapes if shapes is not None else [])
    made = shapely.from_wkb(shapes) if shapes is not None else [None] * rows
    return Table(columns, [None if shape is None else _open_end(shape) for shape in made], meta["crs"])


def _layer(path: Path, wanted: str, encoding: str | None) -> str:
    """The first layer that has the wanted column, or just the first."""
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if not names:
        raise BoundaryError(f"{path.name}: got no layer; expected one with boundaries")
    for name in names:
        if wanted in pyogrio.read_info(path, layer=name, encoding=encoding)["fields"]:
            return name
    return names[0]


_READERS: dict[str, Callable[[Path, str], Table]] = {
    ".geojson": _geojson,
    ".json": _geojson,
    ".geojson.gz": _geojson,
    ".json.gz": _geojson,
    ".gpkg": _geopackage,
    ".shp": _shapefile,
    ".csv": _csv,
    ".csv.gz": _csv,
}
