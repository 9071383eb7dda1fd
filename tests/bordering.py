"""Files of boundaries in tests: blocks of the small world as GeoJSON, GeoPackage, or a Shapefile in a zip."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import geopandas
import shapely
from shapely.geometry.base import BaseGeometry
from world import SIDE

from geo.crs import wgs84_to_gcj02

Block = tuple[str, str, str, BaseGeometry | None]  # code, name, code of the district, shape


def square(west: float, east: float, *, north: float = 1) -> BaseGeometry:
    """Ground of the world in blocks from its western edge."""
    return shapely.box(121 + west * SIDE, 31, 121 + east * SIDE, 31 + north * SIDE)


def blocks(*changed: Block, without: Sequence[str] = ()) -> list[Block]:
    """The six blocks of the world, some of them changed, some left out."""
    six = {f"{part}{n}": (f"{part}{n}", f"Block {part}{n}", part, square(at + n - 1, at + n))
           for at, part in ((0, "A"), (3, "B")) for n in (1, 2, 3)}  # fmt: skip
    six |= {block[0]: block for block in changed}
    return [block for code, block in six.items() if code not in without]


def geojson(rows: Sequence[Block], *, shifted: bool = False) -> bytes:
    """As GeoJSON; `shifted`: in GCJ-02, which GeoJSON cannot say."""
    features = []
    for code, name, up, shape in rows:
        moved = shapely.transform(shape, wgs84_to_gcj02, interleaved=False) if shifted and shape else shape
        drawn = moved and json.loads(shapely.to_geojson(moved))
        values = {"code": code, "name": name, "up": up}
        features.append({"type": "Feature", "properties": values, "geometry": drawn})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def written(rows: Sequence[Block], folder: Path, form: str, *, crs: int = 4549) -> bytes:
    """As a GeoPackage, or a zip with a Shapefile, in metres."""
    names = ("code", "name", "up")
    values = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    frame = geopandas.GeoDataFrame(values, geometry=[row[3] for row in rows], crs=4326).to_crs(crs)
    path = folder / f"blocks.{'gpkg' if form == 'gpkg' else 'shp'}"
    frame.to_file(path)
    if form == "gpkg":
        return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in sorted(folder.glob("blocks.*")):
            archive.write(part, f"边界/{part.name}")
    return packed.getvalue()
