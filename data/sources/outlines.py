"""Files of boundaries from strangers: read in a child under limits, handed back as GeoJSON of our own writing.

A zip archive may hold a Shapefile (`.shp` with `.dbf` and `.shx`, perhaps `.prj` and `.cpg`) or one of the other
formats; a `.csv` is a code list, units without shapes. What GDAL is given begins as its name says: GDAL itself goes by
the content, and some formats it knows lead to other files and hosts.
"""

import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.sources.archive import MAGIC, entries_of, litter
from data.sources.batch import SourceError, writable
from data.sources.frames import Frame
from data.sources.text import CHUNK

BOUNDARIES = "boundaries"  # the form of such files where a form is named
MOST_UNITS = 50_000
MOST_CORNERS = 1_000_000
MOST_COLUMNS = 200
LONGEST_SYSTEM = 4_000  # characters of a declared coordinate system
LONGEST_TEXT = 500  # characters of a value
AT_ONCE = 200  # units of one frame
ALONE = (".geojson", ".json", ".gpkg")
SHAPEFILE, NEEDED, SIDE = ".shp", (".dbf", ".shx"), (".prj", ".cpg")
BEGINS = {".gpkg": b"SQLite format 3\0", ".shp": b"\0\0\x27\x0a"}
EXPECTED = "a Shapefile (.shp, .dbf, .shx), a .geojson or a .gpkg in it"


def parts_of(entries: list[zipfile.ZipInfo], *, name: str) -> list[zipfile.ZipInfo]:
    """What of an archive is read: the parts of one Shapefile, its .shp first, or one other file. Raises SourceError."""
    files = {entry.filename.lower(): entry for entry in entries if not litter(entry.filename)}
    found = [each for each in files if each.endswith((SHAPEFILE, *ALONE))]
    if len(found) != 1:
        raise SourceError(f"{name}: got {len(found)} files of boundaries in the archive; expected {EXPECTED}")
    if not found[0].endswith(SHAPEFILE):
        return [files[found[0]]]
    stem = found[0].removesuffix(SHAPEFILE)
    for suffix in NEEDED:
        if stem + suffix not in files:
            raise SourceError(f"{name}: got a .shp without its {suffix}; expected {EXPECTED}")
    there = [stem + suffix for suffix in (*NEEDED, *SIDE) if stem + suffix in files]
    return [files[each] for each in (found[0], *there)]


def unpacked_outlines(path: Path, folder: Path) -> Path:
    """The file to read, under a suffix that tells its format. Runs in the child. Raises SourceError."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            file.seek(0)
            return _inflated(
                path, folder, parts_of(entries_of(file, name=path.name, expected=EXPECTED), name=path.name)
            )
    if path.suffix.lower() != ".gpkg":
        return path
    copy = folder / path.name  # SQLite follows links to where others may write
    shutil.copyfile(path, copy)
    return copy


def _inflated(path: Path, folder: Path, parts: list[zipfile.ZipInfo]) -> Path:
    targets = [folder / f"{path.stem}{Path(part.filename).suffix.lower()}" for part in parts]
    try:
        with zipfile.ZipFile(path) as archive:
            for part, target in zip(parts, targets, strict=True):
                with archive.open(part) as source, target.open("xb") as out:
                    shutil.copyfileobj(source, out, CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise SourceError(
            f"{path.name}: got an archive that cannot be unpacked; expected a whole one"
        ) from error
    return targets[0]


def outline_frames(path: Path) -> Iterator[Frame]:
    """One frame that says what the file is, then its units as GeoJSON. Runs in the child. Raises SourceError."""
    from geo.boundaries import as_text  # GDAL is loaded in the child alone
    from geo.crs import WGS84
    from geo.readers import BoundaryError, read_table

    _check_beginning(path)
    try:
        table = read_table(path, wanted="")
    except BoundaryError as error:
        raise SourceError(str(error)) from error
    rows = len(table.geometries)
    _check_size(path.name, table.geometries, len(table.columns), table.crs or "")
    system = table.crs or ("" if any(table.geometries) else WGS84)  # a code list has nothing to place
    yield Frame("answer", {"rows": rows, "columns": list(table.columns), "crs": system})
    columns = {name: as_text(values) for name, values in table.columns.items()}
    for start in range(0, rows, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, rows))
        lines = [_feature(columns, table.geometries[number], number) for number in numbers]
        yield Frame("part", {}, ",\n".join(lines).encode("ascii"))


def _check_beginning(path: Path) -> None:
    begins = BEGINS.get(path.suffix.lower())
    if begins is None:
        return
    with path.open("rb") as file:
        if file.read(len(begins)) != begins:
            raise SourceError(
                f"{path.name}: got other content; expected a readable {path.suffix.lower()} file"
            )


def _check_size(name: str, shapes: list, columns: int, system: str) -> None:
    import shapely

    counts = {
        "units": (len(shapes), MOST_UNITS),
        "columns": (columns, MOST_COLUMNS),
        "corners": (int(shapely.get_num_coordinates(shapes).sum()), MOST_CORNERS),
        "characters of a coordinate system": (len(system), LONGEST_SYSTEM),
    }
    for what, (count, most) in counts.items():
        if count > most:
            raise SourceError(f"{name}: got {count:,} {what}; expected at most {most:,}")
    if not shapes:
        raise SourceError(f"{name}: got no unit; expected at least one")


def _feature(columns: dict[str, list], shape: Any, number: int) -> str:
    import shapely

    values = {name: texts[number] for name, texts in columns.items()}
    known = {
        name: writable(str(text))[:LONGEST_TEXT] if text == text else None for name, text in values.items()
    }
    drawn = "null" if shape is None else shapely.to_geojson(shape)
    return f'{{"type":"Feature","properties":{json.dumps(known)},"geometry":{drawn}}}'
