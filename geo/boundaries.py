"""Boundaries from files: GeoJSON, GeoPackage, Shapefile or a plain code list, as units in WGS84.

Codes are text, as the file has them; a whole number stored as a fraction loses its ``.0``. Shapes are not
mended here: ``faults.check`` names what is wrong with them.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from geo.crs import UnknownSystem, in_degrees, to_wgs84
from geo.readers import BoundaryError, Table, read_table

__all__ = ["BoundaryError", "UnitFile", "read_units"]


@dataclass(frozen=True)
class UnitFile:
    """What a file of boundaries held.

    Attributes:
        units: columns code (text, '' where the file has none), name, parent_code (missing when there is none),
            level (as given), geometry (WGS84 shape or None), in the order of the file, or by code when dissolved.
        notes: what was settled on the way, one plain line each.
    """

    units: pd.DataFrame
    notes: tuple[str, ...]


def read_units(
    path: Path,
    *,
    code: str,
    name: str,
    parent: str | None = None,
    crs: str | None = None,
    dissolve: bool = False,
    skip_uncoded: bool = False,
    level: str | int,
) -> UnitFile:
    """Read the units of one level.

    Args:
        path: .geojson, .json (also .gz), .gpkg, .shp, or a .csv (also .gz) without shapes.
        code, name, parent: names of the columns; without ``parent`` no unit names one.
        crs: the declared system; by default what the file declares (GeoJSON without a declaration is WGS84).
        dissolve: several rows carry one unit's code: their shapes are united, the most frequent name and
            parent win (of equally frequent ones the first in order of text) and the others are noted.
        skip_uncoded: leave out what has no code, and note it.
        level: carried into the column level.

    Raises:
        BoundaryError: one line "FILE: got …; expected …".
    """
    table = read_table(path, wanted=code)
    units = _named(path, table, code=code, name=name, parent=parent)
    units["level"] = level
    units["geometry"] = _placed(path, table, crs)
    notes: list[str] = []
    uncoded = units["code"] == ""
    if skip_uncoded and uncoded.any():
        names = ", ".join(units["name"][uncoded].replace("", "without a name"))
        notes.append(f"{int(uncoded.sum())} left out, without a code: {names}")
        units = units[~uncoded].reset_index(drop=True)
    if dissolve:
        units = _dissolved(units, notes)
    return UnitFile(units, tuple(notes))


def _named(path: Path, table: Table, *, code: str, name: str, parent: str | None) -> pd.DataFrame:
    """Columns code, name and parent_code of the table, refused by name when they are not there."""
    if not table.geometries:
        raise BoundaryError(f"{path.name}: got no unit; expected at least one")
    for column in (code, name, *([parent] if parent else [])):
        if column not in table.columns:
            there = ", ".join(table.columns)
            raise BoundaryError(f"{path.name}: got no column {column!r}; expected one of: {there}")
    units = pd.DataFrame(
        {
            "code": as_text(table.columns[code]),
            "name": as_text(table.columns[name]),
            "parent_code": as_text(table.columns[parent]) if parent else np.nan,
        }
    ).astype({"code": "str", "name": "str", "parent_code": "str"})
    units["code"] = units["code"].fillna("")
    if (units["code"] == "").all():
        raise BoundaryError(f"{path.name}: {code}: got nothing in any unit; expected codes")
    units["name"] = units["name"].fillna(units["code"])
    return units


def as_text(values: list[object]) -> list[object]:
    """Values as text: whole numbers without a fraction, blanks and missing ones as not-a-number."""
    return [_one_text(value) for value in values]


def _one_text(value: object) -> object:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return np.nan
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return text or np.nan


def _placed(path: Path, table: Table, crs: str | None) -> np.ndarray:
    """Shapes of the table in WGS84."""
    shapes = np.empty(len(table.geometries), dtype=object)
    shapes[:] = table.geometries
    shaped = ~shapely.is_missing(shapes)
    if not shaped.any():
        return shapes
    system = crs or table.crs
    if system is None:
        raise BoundaryError(f"{path.name}: got no coordinate system; expected one to be declared (--crs)")
    kinds = shapely.get_type_id(shapes)
    alien = np.flatnonzero(shaped & ~np.isin(kinds, (3, 6)))
    if len(alien):
        kind = shapes[alien[0]].geom_type
        raise BoundaryError(
            f"{path.name} unit {alien[0] + 1}: got a {kind}; expected a Polygon or MultiPolygon"
        )
    before = shapely.get_coordinates(shapes)
    such = f"({before[0, 0]:.10g}, {before[0, 1]:.10g})"
    try:
        if not in_degrees(system) and (np.abs(before) <= (180, 90)).all():
            got = f"degrees such as {such} declared as {system[:60]}"
            raise BoundaryError(f"{path.name}: got {got}; expected metres, or another system (--crs)")
        flat = shapely.force_2d(shapes)
        placed = shapely.transform(flat, lambda x, y: to_wgs84(x, y, system), interleaved=False)
    except UnknownSystem as error:
        raise BoundaryError(f"{path.name}: {error}") from error
    at = shapely.get_coordinates(placed)
    if not (np.isfinite(at).all() and (np.abs(at) <= (180, 90)).all()):
        raise BoundaryError(
            f"{path.name}: got coordinates such as {such} in {system[:60]}, which lie nowhere on earth; "
            "expected the system they are in to be declared (--crs)"
        )
    return placed


def _dissolved(units: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """One unit a code, what was settled added to the notes; those without a code stay as they are, last."""
    rows = []
    coded = units["code"] != ""
    for code, group in units[coded].groupby("code", sort=True):
        row = {"code": code, "level": group["level"].iloc[0]}
        for column, what in (("name", "name"), ("parent_code", "parent")):
            row[column], note = _winner(group[column])
            if note:
                notes.append(f"{code}: children give different {what}s: {note}")
        shapes = group["geometry"].to_numpy()
        row["geometry"] = _union(shapes)
        if broken := int((~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)).sum()):
            notes.append(f"{code}: {broken} invalid shapes of children were mended for the union")
        rows.append(row)
    names = ["code", "name", "parent_code", "level", "geometry"]
    frame = pd.concat([pd.DataFrame(rows)[names], units.loc[~coded, names]], ignore_index=True)
    return frame.astype({"code": "str", "name": "str", "parent_code": "str"})


def _winner(values: pd.Series) -> tuple[object, str]:
    """The most frequent value, and what else there was."""
    counts = Counter(values.dropna().tolist())
    if not counts:
        return np.nan, ""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if len(ranked) == 1:
        return ranked[0][0], ""
    others = ", ".join(f"{value!r} {count} times" for value, count in ranked[1:])
    return ranked[0][0], f"{ranked[0][0]!r} {ranked[0][1]} times wins over {others}"


def _union(shapes: np.ndarray) -> object:
    """Union of the shapes there are, None without any."""
    there = shapes[~shapely.is_missing(shapes)]
    if not len(there):
        return None
    united = shapely.union_all(np.where(shapely.is_valid(there), there, shapely.make_valid(there)))
    parts = shapely.get_parts(united)
    return shapely.union_all(parts[np.isin(shapely.get_type_id(parts), (3, 6))])
