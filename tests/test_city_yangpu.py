"""Real units: the 301 committees of Yangpu as a tree without shapes, and outlines of Shanghai that join it by code."""

import csv
import gzip
from pathlib import Path

import pytest
from commanding import CASES, City, linli

pytestmark = pytest.mark.real

OUTLINES = "shanghai/shanghai_subdistricts_osm_partial.geojson.gz"
ENCODINGS = {
    "utf8": ("committee_code", "committee_name", "subdistrict_code", "subdistrict_name"),
    "gb18030": ("居委会代码", "居委会名称", "街道代码", "街道名称"),
}
OUTSIDE = 106  # of 112 outlines, one of them without a code
MAPPED = CASES + 'unit_hint = ["committee", "street"]\n'


def admin(folder: Path, real_data: Path, *, file: str, fields: tuple[str, ...]) -> City:
    """An instance with a tree `admin` of sub-districts and committees, staged from a list of codes."""
    city = City(folder / "instance")
    linli("init", city.folder, "--levels", "subdistrict,grid")
    city("trees", "add", "admin", "--levels", "subdistrict,committee", "--title", "居委")
    path = real_data / "shanghai" / file
    code, name, parent, parent_name = fields
    tree = ("--tree", "admin", "--json")
    city(
        "units",
        "import",
        path,
        "--level",
        "subdistrict",
        "--code",
        parent,
        "--name",
        parent_name,
        "--dissolve",
        *tree,
    )
    city(
        "units",
        "import",
        path,
        "--level",
        "committee",
        "--code",
        code,
        "--name",
        name,
        "--parent",
        parent,
        *tree,
    )
    return city


def join(city: City, real_data: Path, *options: str) -> dict:
    return city(
        "units", "import", real_data / OUTLINES, "--tree", "admin", "--level", "subdistrict", "--join",
        "--code", "subdistrict_code", "--name", "subdistrict_name", *options, "--json",
    ).json  # fmt: skip


@pytest.fixture(scope="module")
def yangpu(tmp_path_factory, real_data) -> City:
    """Yangpu, published without shapes, then again with the outlines joined."""
    city = admin(
        tmp_path_factory.mktemp("yangpu"),
        real_data,
        file="yangpu_divisions_utf8.csv",
        fields=ENCODINGS["utf8"],
    )
    city("units", "publish", "--tree", "admin")
    join(city, real_data, "--skip-uncoded")
    city("units", "publish", "--tree", "admin", "--accept", "unknown-code")
    return city


def units(city: City, version: int) -> list[tuple]:
    return city.rows(
        f"SELECT code, name, level, shape IS NOT NULL FROM unit WHERE version_id = {version} ORDER BY pos"
    )


def test_both_encodings_give_the_same_tree(tmp_path, real_data):
    found = []
    for name, fields in ENCODINGS.items():
        file = f"yangpu_divisions_{name}.csv"
        city = admin(tmp_path / name, real_data, file=file, fields=fields)
        assert city("units", "check", "--tree", "admin").out == "no faults\n"
        done = city("units", "publish", "--tree", "admin", "--json").json
        assert (done["tree"], done["version"], done["units"]) == ("admin", 1, 313)
        found.append(units(city, 1))
    assert found[0] == found[1]
    assert [sum(row[2] == depth for row in found[0]) for depth in (0, 1)] == [12, 301]
    assert not any(row[3] for row in found[0])


def test_outlines_join_the_units_of_their_code_and_the_rest_is_listed(tmp_path, real_data):
    city = admin(tmp_path, real_data, file="yangpu_divisions_utf8.csv", fields=ENCODINGS["utf8"])
    done = join(city, real_data)
    assert (done["units"], done["with_shape"]) == (12, 5)
    assert done["notes"] == [
        "5 units took an outline, 7 stay without one",
        "107 outlines are of no unit of the level: see 'linli units check'",
    ]
    faults = city("units", "check", "--tree", "admin", "--json").json["faults"]
    kinds = [fault["kind"] for fault in faults]
    assert (kinds.count("unknown-code"), kinds.count("missing-code"), len(kinds)) == (OUTSIDE, 1, 107)
    bare = next(fault for fault in faults if fault["kind"] == "missing-code")
    assert bare["text"] == "unit 菊园街道: got no code; expected one (--skip-uncoded leaves it out)"
    line = city("units", "publish", "--tree", "admin", "--accept", "unknown-code,missing-code", status=1).err
    assert "1 faults (missing-code); expected missing-code mended" in line
    assert join(city, real_data, "--skip-uncoded")["notes"][0] == "1 left out, without a code: 菊园街道"
    line = city("units", "publish", "--tree", "admin", status=1).err
    assert "106 faults (unknown-code); expected --accept unknown-code" in line
    city("units", "publish", "--tree", "admin", "--accept", "unknown-code")
    assert [row[:2] for row in units(city, 1) if row[3]] == [
        ("310110009", "四平路街道"), ("310110012", "控江路街道"), ("310110016", "殷行街道"),
        ("310110019", "五角场街道"), ("310110020", "新江湾城街道"),
    ]  # fmt: skip
    assert city.rows("SELECT COUNT(*) FROM stray_outline") == [(0,)]


def test_outlines_can_be_a_tree_of_their_own_import(tmp_path, real_data):
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "subdistrict")
    fields = ("--level", "subdistrict", "--code", "subdistrict_code", "--name", "subdistrict_name")
    staged = city("units", "import", real_data / OUTLINES, *fields, "--json").json
    assert (staged["units"], staged["with_shape"]) == (112, 112)
    faults = city("units", "check", "--json").json["faults"]
    assert [fault["kind"] for fault in faults if fault["kind"] == "missing-code"] == ["missing-code"]
    assert "missing-code mended" in city("units", "publish", "--accept", "sliver,overlap", status=1).err
    city("units", "import", real_data / OUTLINES, *fields, "--skip-uncoded")
    done = city("units", "publish", "--accept", "sliver,overlap", "--json").json
    assert (done["tree"], done["units"]) == ("grid", 111)


def test_all_outlines_with_a_code_join_the_whole_city(tmp_path, real_data):
    city = admin(tmp_path, real_data, file="shanghai_divisions_2023.csv.gz", fields=ENCODINGS["utf8"])
    assert join(city, real_data, "--skip-uncoded")["notes"][1:] == [
        "111 units took an outline, 123 stay without one"
    ]
    done = city("units", "publish", "--tree", "admin", "--accept", "sliver,overlap", "--json").json
    assert done["units"] == 234 + 6509


def test_a_joined_outline_is_a_change_of_its_unit_and_of_no_other(yangpu):
    versions = yangpu("units", "versions", "--tree", "admin", "--json").json
    assert (versions["tree"], len(versions["versions"])) == ("admin", 2)
    changes = [row["change"] for row in versions["versions"][1]["changes"]]
    assert (changes.count("redrawn"), changes.count("same"), len(changes)) == (5, 308, 313)
    assert yangpu("units", "versions").out == "no versions yet\n"


def test_a_committee_is_found_by_name_and_a_point_finds_what_has_an_outline(yangpu, tmp_path, real_data):
    with gzip.open(real_data / "shanghai/shanghai_divisions_2023.csv.gz", "rt", encoding="utf-8") as file:
        listed = {
            row["committee_name"]: row for row in csv.DictReader(file) if row["district_code"] == "310110"
        }
    siping = next(row for row in listed.values() if row["subdistrict_code"] == "310110009")["committee_name"]
    dinghai = next(row for row in listed.values() if row["subdistrict_code"] == "310110001")["committee_name"]
    rows = [
        ("1", "", "", siping, ""),  # by name alone
        ("2", "", "", dinghai, "定海路街道"),
        ("3", "121.5005", "31.2745", "", ""),  # inside 四平路街道, no committee named
        ("4", "121.5005", "31.2745", siping, ""),  # the name says which of its committees
        ("5", "121.5005", "31.2745", dinghai, ""),  # the point lies in 四平路, whatever the name says
        ("6", "", "", "", "控江路街道"),
        ("7", "120.0", "30.0", "", ""),
    ]
    path = tmp_path / "cases.csv"
    lines = ["id,category,reported,lon,lat,committee,street"]
    lines += [
        f"{key},x,2026-03-01 08:00,{lon},{lat},{committee},{street}"
        for key, lon, lat, committee, street in rows
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    yangpu.source("cases", MAPPED)
    ledger = yangpu.ingest("cases", path)
    assert (ledger["located"], ledger["outside"], ledger["no_location"]) == (6, 1, 0)
    yangpu("refresh")
    where = ("--tree", "admin", "--boundaries", "today", "--from", "2026-03-01", "--to", "2026-03-02")
    committees = yangpu.values("cases_reported", "--by", "level:committee", *where)
    assert {code: value for code, value in committees.items() if value} == {
        listed[siping]["committee_code"]: 2, listed[dinghai]["committee_code"]: 1, "310110009/-": 2,
        "310110012/-": 1, "/-": 1,
    }  # fmt: skip
    assert sum(committees.values()) == 7
    assert yangpu("verify").out == "every rollup and every ledger agrees\n"


def test_a_committee_of_yangpu_can_be_granted_and_a_grid_of_that_code_cannot(yangpu):
    add = ("users", "add", "li", "--role", "manager", "--password-stdin", "--unit", "310110009001")
    secret = "a long enough password\n"
    yangpu(*add, "--tree", "admin", stdin=secret)
    line = yangpu("users", "add", "wu", "--role", "manager", "--password-stdin", "--unit", "310110999999",
                  "--tree", "admin", stdin=secret, status=1).err  # fmt: skip
    assert "got '310110999999'; expected the code of a published unit" in line
    assert yangpu("users", "list", "--json").json["users"][0]["tree"] == "admin"
