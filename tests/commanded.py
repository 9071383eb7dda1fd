"""A town small enough to count by hand, made by commands."""

import shutil
from pathlib import Path

import shapely
from commanding import CASES, City, geojson, linli

HEADER = "id,version,category,channel,reported,due,closed,lon,lat,place"
MAPPED = (
    CASES
    + """
channel = "channel"
due_at = "due"
closed_at = "closed"
unit_hint = "place"
"""
)
VERSIONED = MAPPED.replace('id = "id"', 'id = "id"\nversion = "version"')
PARKING = """
kind = "parking"
format = "csv"
timezone = "Asia/Shanghai"
every = "30 min"
[fields]
lot = "lot"
observed_at = "at"
capacity = "spaces"
occupied = "taken"
unit_hint = "place"
"""
FIRST = [  # two districts of two blocks, from west to east: A1 A2 | B1 B2
    ("1", 1, "litter", "patrol", "03-01 08:00", "03-03 08:00", "03-02 08:00", "121.005", "31.005", ""),
    ("2", 1, "litter", "12345", "03-01 23:59", "03-02 08:00", "03-04 08:00", "121.005", "31.005", ""),
    ("3", 1, "road/lamp", "patrol", "03-02 00:00", "03-02 08:00", "", "121.025", "31.005", ""),
    ("4", 1, "road/hole", "patrol", "03-03 12:00", "", "", "", "", "Upper"),
    ("5", 1, "road/hole", "12345", "03-03 12:00", "", "", "", "", ""),
]
PERIOD = ("--from", "2026-03-01", "--to", "2026-03-05")


def cases(path: Path, rows) -> Path:
    def cell(value: object) -> str:
        text = str(value)
        return f"2026-{text}" if text[2:3] == "-" else text

    path.write_text("\n".join([HEADER, *(",".join(map(cell, row)) for row in rows)]) + "\n", encoding="utf-8")
    return path


def outlines(folder: Path, blocks: str = "AABB") -> tuple[Path, Path]:
    """Files of two levels; `blocks` says to which district each block belongs."""
    shapes = [shapely.box(121 + at / 100, 31, 121 + (at + 1) / 100, 31.01) for at in range(len(blocks))]
    names = {"A": "Upper", "B": "Lower"}
    fine = [
        ({"code": f"{up}{blocks[:at].count(up) + 1}", "name": f"Block {at + 1}", "up": up}, shapes[at])
        for at, up in enumerate(blocks)
    ]
    coarse = [
        (
            {"code": up, "name": names[up]},
            shapely.union_all([shapes[at] for at, of in enumerate(blocks) if of == up]),
        )
        for up in sorted(set(blocks))
    ]
    return geojson(folder / "districts.geojson", coarse), geojson(folder / "blocks.geojson", fine)


def stage(city: City, folder: Path, *options: object, blocks: str = "AABB") -> None:
    for path, level, parent in zip(
        outlines(folder, blocks), ("district", "block"), ([], ["--parent", "up"]), strict=True
    ):
        city("units", "import", path, "--level", level, "--code", "code", "--name", "name", *parent, *options)


def founded(folder: Path) -> City:
    """The town before its first record."""
    city = City(folder / "instance")
    linli("init", city.folder, "--levels", "district,block", "--locale", "en")
    stage(city, folder)
    city("units", "publish")
    for name, text in (("cases", MAPPED), ("versioned", VERSIONED), ("parking", PARKING)):
        city.source(name, text)
    return city


def copy(template: City, folder: Path) -> City:
    return City(Path(shutil.copytree(template.folder, folder)))


def settled(template: City, folder: Path) -> City:
    """The town with five cases; nobody changes it."""
    city = copy(template, folder / "instance")
    city.ledger = city.ingest("cases", cases(folder / "first.csv", FIRST))
    city("refresh")
    return city
