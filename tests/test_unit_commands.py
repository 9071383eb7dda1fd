"""A second tree by the commands: declared, staged, published, measured, exported, granted."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import shapely
from commanding import CASES, City, geojson, linli

MAPPED = CASES + 'unit_hint = ["grid", "committee"]\n'
PERIOD = ("--from", "2026-03-01", "--to", "2026-03-05")
SECRET = "a long enough password\n"


def boxes(path: Path, widths: dict[str, float]) -> Path:
    """Units side by side from west to east, 0.01 degrees for a width of 1."""
    west, found = 121.0, []
    for code, width in widths.items():
        found.append(
            ({"code": code, "name": f"Unit {code}"}, shapely.box(west, 31, west + width / 100, 31.01))
        )
        west += width / 100
    return geojson(path, found)


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> City:
    """Two grids and three committees over the same ground, five cases; nobody changes it."""
    folder = tmp_path_factory.mktemp("town")
    city = City(folder / "instance")
    linli("init", city.folder, "--levels", "grid", "--locale", "en")
    city("trees", "add", "admin", "--levels", "committee")
    fields = ("--code", "code", "--name", "name")
    city("units", "import", boxes(folder / "g.geojson", {"G1": 1, "G2": 2}), "--level", "grid", *fields)
    city("units", "publish")
    kept = boxes(folder / "k.geojson", {"K1": 0.5, "K2": 1, "K3": 1.5})
    city("units", "import", kept, "--level", "committee", "--tree", "admin", *fields)
    assert city("units", "check", "--tree", "admin").out == "no faults\n"
    city("units", "publish", "--tree", "admin")
    city.source("cases", MAPPED)
    rows = ["1,121.002,31.005,,", "2,121.007,31.005,,", "3,121.017,31.005,,", "4,,,,K3", "5,,,G2,"]
    lines = [
        "id,lon,lat,grid,committee,category,reported",
        *(f"{row},litter,2026-03-02 08:00" for row in rows),
    ]
    path = folder / "cases.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    city.ingest("cases", path)
    city("refresh")
    return city


def test_a_tree_is_declared_at_the_end_of_the_settings_which_stay_as_they_are(tmp_path):
    linli("init", tmp_path / "a", "--locale", "zh")
    before = (tmp_path / "a/linli.toml").read_text(encoding="utf-8")
    city = City(tmp_path / "a")
    done = city("trees", "add", "admin", "--levels", "subdistrict,committee", "--json")
    assert done.json == {"tree": "admin", "levels": ["subdistrict", "committee"]}
    city("trees", "add", "police", "--levels", "station,beat", "--title", '警"格"')
    after = (tmp_path / "a/linli.toml").read_text(encoding="utf-8")
    assert after.startswith(before.rstrip("\n"))
    assert city("trees", "list", "--json").json["trees"] == [
        {"tree": "grid", "title": "网格", "levels": ["subdistrict", "area", "grid", "microgrid", "metagrid"]},
        {"tree": "admin", "title": "居委", "levels": ["subdistrict", "committee"]},
        {"tree": "police", "title": '警"格"', "levels": ["station", "beat"]},
    ]
    assert "admin" in city("trees", "list").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["admin", "--levels", "a"], "trees.admin: got a name that is taken"),
        (["grid", "--levels", "a"], "trees.grid: got a name that is taken"),
        (["Roads", "--levels", "a"], "trees.Roads: got"),
        (["my tree", "--levels", "a"], "expected lower-case letters"),
        (["a.b", "--levels", "a"], "trees.a: got 'b'"),
        (["x", "--levels", ""], "trees.x: levels: got []; expected one or more"),
        (["x", "--levels", "a,a"], "expected one or more, all different"),
        (["x", "--levels", 'A"'], "trees.x: levels: got 'A\"'; expected lower-case letters"),
        (["x", "--levels", "a", "--title", "a\nb"], "expected lower-case letters, and a plain title"),
    ],
)
def test_an_unfit_tree_is_refused_and_the_settings_stay(town, arguments, says):
    town.refused("trees", "add", *arguments, says=says)


@pytest.mark.parametrize(
    "command",
    [
        ["units", "import", "x.csv", "--level", "grid", "--code", "code", "--name", "name"],
        ["units", "check"],
        ["units", "publish"],
        ["units", "versions"],
        ["measure", "cases_reported"],
        ["export", "cases", "-o", "x.csv"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_an_undeclared_tree_is_refused_by_every_command(town, command):
    says = "tree: got 'roads'; expected one of grid, admin (a new one: 'linli trees add')"
    town.refused(*command, "--tree", "roads", says=says)


def test_a_level_is_one_of_its_tree(town, tmp_path):
    path = boxes(tmp_path / "a.geojson", {"G1": 1})
    fields = ("--code", "code", "--name", "name")
    says = "--level: got 'grid'; expected one of committee"
    town.refused("units", "import", path, "--level", "grid", "--tree", "admin", *fields, says=says)
    says = "by: got 'level:committee'; expected level: and one of grid"
    town.refused("measure", "cases_reported", "--by", "level:committee", says=says)
    says = "got no unit to join outlines to"
    linli("init", tmp_path / "new", "--levels", "grid")
    City(tmp_path / "new").refused("units", "import", path, "--level", "grid", "--join", *fields, says=says)


def test_both_trees_are_measured_to_the_same_total(town):
    grids = town.values("cases_reported", "--by", "level:grid", *PERIOD)
    committees = town.values("cases_reported", "--by", "level:committee", "--tree", "admin", *PERIOD)
    assert grids == {"G1": 2, "G2": 2, "/-": 1}
    assert committees == {"K1": 1, "K2": 1, "K3": 2, "/-": 1}
    for tree in ("grid", "admin"):
        assert town.values("cases_reported", "--tree", tree, *PERIOD) == {"": 5}
    assert town.values("cases_reported", "--tree", "admin", "--unit", "K3", *PERIOD) == {"K3": 2}
    town.refused("measure", "cases_reported", "--unit", "K3", says="unit: got 'K3'")


def test_files_name_their_tree_and_give_its_units(town, tmp_path):
    for tree, units in (("grid", ["G1", "G1", "G2", "", "G2"]), ("admin", ["K1", "K2", "K3", "K3", ""])):
        path = tmp_path / f"{tree}.csv"
        town("export", "cases", "-o", path, "--flavour", "machine", "--tree", tree, *PERIOD)
        with open(path, encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["id"])
        assert [row["unit_code"] for row in rows] == units
        manifest = json.loads(path.with_name(f"{tree}.csv.manifest.json").read_text(encoding="utf-8"))
        assert (manifest["query"]["tree"], manifest["boundary_version"]["tree"]) == (tree, tree)
    path = tmp_path / "measures.csv"
    town("export", "measures", "-o", path, "--flavour", "machine", "--tree", "admin", *PERIOD)
    assert "K3" in path.read_text(encoding="utf-8") and "G1" not in path.read_text(encoding="utf-8")


def test_an_account_is_granted_units_of_one_tree(town, tmp_path):
    city = City(Path(shutil.copytree(town.folder, tmp_path / "instance")))
    add = ("users", "add", "--password-stdin", "--role", "manager", "li", "--unit", "K1")
    line = city(*add, stdin=SECRET, status=1).err
    assert "unit: got 'K1'; expected the code of a published unit" in line
    line = city(*add, "--tree", "roads", stdin=SECRET, status=1).err
    assert "users add li: tree: got 'roads'; expected one of grid, admin" in line
    city(*add, "--tree", "admin", stdin=SECRET)
    city("users", "add", "--password-stdin", "--role", "leader", "wu", "--tree", "admin", stdin=SECRET)
    assert city("users", "list", "--json").json["users"] == [
        {"name": "li", "role": "manager", "units": ["K1"], "tree": "admin", "disabled": False},
        {"name": "wu", "role": "leader", "units": [], "tree": "grid", "disabled": False},
    ]
