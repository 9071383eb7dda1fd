"""A small instance for what must be refused, and the declarations and files that are."""

from pathlib import Path

import shapely
from commanding import City, geojson, linli

SOURCE = """
kind = "case"
format = "{format}"
encoding = "{encoding}"
timezone = "Asia/Shanghai"
crs = "{crs}"
[fields]
id = "number"
category = "category"
reported_at = "reported"
closed_at = "closed"
lon = "lon"
lat = "lat"
unit_hint = "place"
"""
COLUMNS = ("number", "category", "reported", "closed", "lon", "lat", "place")
GOOD = ("1", "litter", "2026-03-01 08:00", "2026-03-01 09:00", "121.005", "31.005", "")
OUTLINES = [({"code": "A", "name": "East", "up": ""}, shapely.box(121, 31, 121.02, 31.02))]
BLOCKS = [
    ({"code": code, "name": code, "up": "A"}, shapely.box(west, 31, west + 0.01, 31.02))
    for code, west in (("A1", 121.0), ("A2", 121.01))
]


def declared(*, format="csv", encoding="auto", crs="EPSG:4326") -> str:
    return SOURCE.format(format=format, encoding=encoding, crs=crs)


def csv(path, *rows, header=COLUMNS):
    path.write_text("\n".join(",".join(row) for row in (header, *rows)) + "\n", encoding="utf-8")
    return path


def settled(folder: Path) -> City:
    """A small instance with two blocks and one case; every test leaves it as it was."""
    city = City(folder / "instance")
    linli("init", city.folder, "--levels", "district,block", "--locale", "en")
    for level, units in (("district", OUTLINES), ("block", BLOCKS)):
        path = geojson(folder / f"{level}.geojson", units)
        options = ["--parent", "up"] if level == "block" else []
        city("units", "import", path, "--level", level, "--code", "code", "--name", "name", *options)
    city("units", "publish")
    city.source("cases", declared())
    city.source("books", declared(format="xlsx"))
    city.source("strict", declared(encoding="ascii"))
    city.ingest("cases", csv(folder / "good.csv", GOOD))
    city("refresh")
    return city


def imports(path, *options, level="block"):
    return ("units", "import", path, "--level", level, "--code", "code", "--name", "name", *options)
