"""Boundaries from files of every format, their faults, and what changed between versions."""

import gzip
import json
from collections import Counter

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from shapely.affinity import translate

from geo.boundaries import BoundaryError, read_units
from geo.changes import compare
from geo.faults import ACCEPTABLE, FATAL, check

LON, LAT = 121.525, 31.285
METRE = np.array([1 / (111_320.0 * np.cos(np.radians(LAT))), 1 / 110_860.0])


def block(left, bottom, right, top):
    """A box in metres from the middle of the town."""
    (west, south), (east, north) = np.array([[left, bottom], [right, top]]) * METRE + (LON, LAT)
    return shapely.box(west, south, east, north)


def write_geojson(path, rows, **members):
    features = [
        {"type": "Feature", "properties": values, "geometry": shape and json.loads(shapely.to_geojson(shape))}
        for values, shape in rows
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


ROWS = [
    ({"code": "007", "name": "坪山", "up": "A"}, block(0, 0, 100, 100)),
    ({"code": "010", "name": "碧岭", "up": "A"}, block(100, 0, 200, 100)),
    ({"code": "011", "name": None, "up": "B"}, None),
]


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.geojson.gz", "a.json.gz"])
def test_geojson_with_codes_as_written(tmp_path, name):
    path = write_geojson(tmp_path / name, ROWS)
    read = read_units(path, code="code", name="name", parent="up", level="grid")
    assert read.notes == ()
    assert read.units["code"].tolist() == ["007", "010", "011"]
    assert read.units["name"].tolist() == ["坪山", "碧岭", "011"]
    assert read.units["parent_code"].tolist() == ["A", "A", "B"]
    assert read.units["level"].tolist() == ["grid"] * 3
    assert read.units["geometry"][0].equals(ROWS[0][1]) and read.units["geometry"][2] is None


@pytest.mark.parametrize(
    ("value", "code"),
    [(36005000100.0, "36005000100"), (36005000100, "36005000100"), (" 01 ", "01"), (1.5, "1.5")],
)
def test_codes_are_text(tmp_path, value, code):
    path = write_geojson(tmp_path / "a.geojson", [({"code": value, "name": "x"}, None)])
    units = read_units(path, code="code", name="name", level=0).units
    assert units["code"].tolist() == [code] and units["parent_code"].isna().all()


def metric(shape):
    convert = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True).transform
    return shapely.transform(shape, convert, interleaved=False)


@pytest.mark.parametrize("format", ["geojson", "declared", "gpkg", "shp"])
def test_the_declared_system_is_converted(tmp_path, format):
    shape = metric(ROWS[0][1])
    frame = geopandas.GeoDataFrame({"code": ["007"], "name": ["坪山"]}, geometry=[shape], crs="EPSG:4549")
    path = tmp_path / f"a.{'geojson' if format == 'declared' else format}"
    crs = None
    if format == "declared":
        write_geojson(path, [({"code": "007", "name": "坪山"}, shape)])
        crs = "EPSG:4549"
    elif format == "geojson":
        member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
        write_geojson(path, [({"code": "007", "name": "坪山"}, shape)], crs=member)
    else:
        frame.to_file(path, encoding="utf-8")
    units = read_units(path, code="code", name="name", crs=crs, level=0).units
    assert units["code"].tolist() == ["007"]
    found = shapely.get_coordinates(shapely.normalize(units["geometry"].to_numpy()))
    np.testing.assert_allclose(found, shapely.get_coordinates(shapely.normalize(ROWS[0][1])), atol=1e-8)


def test_the_layer_that_has_the_code(tmp_path):
    path = tmp_path / "a.gpkg"
    for layer, column in (("roads", "road"), ("units", "code")):
        frame = geopandas.GeoDataFrame({column: ["1"], "name": ["x"]}, geometry=[ROWS[0][1]], crs="EPSG:4326")
        frame.to_file(path, layer=layer)
    assert read_units(path, code="code", name="name", level=0).units["code"].tolist() == ["1"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("cpg", [None, "UTF-8", "GBK", "936", "nonsense"])
def test_shapefile_with_a_wrong_or_missing_cpg(tmp_path, encoding, cpg):
    frame = geopandas.GeoDataFrame(
        {"编码": ["007", "010"], "名称": ["坪山街道", "碧岭街道"]},
        geometry=[shape for _, shape in ROWS[:2]],
        crs="EPSG:4490",
    )
    frame.to_file(tmp_path / "a.shp", encoding=encoding)
    (tmp_path / "a.cpg").unlink()
    if cpg:
        (tmp_path / "a.cpg").write_text(cpg)
    units = read_units(tmp_path / "a.shp", code="编码", name="名称", level=0).units
    assert units["code"].tolist() == ["007", "010"]
    assert units["name"].tolist() == ["坪山街道", "碧岭街道"]


def test_a_code_list_without_shapes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("编码,名称,上级\r\n007,坪山,A\r\n\r\n010,碧岭,\r\n".encode("gb18030"))
    units = read_units(path, code="编码", name="名称", parent="上级", level=0).units
    assert units["code"].tolist() == ["007", "010"]
    assert units["parent_code"].fillna("?").tolist() == ["A", "?"]
    assert all(shape is None for shape in units["geometry"])


@pytest.mark.real
def test_real_code_lists_are_equal_in_both_encodings(real_data):
    names = {"utf8": ("subdistrict_code", "subdistrict_name"), "gb18030": ("街道代码", "街道名称")}
    lists = [
        read_units(
            real_data / "shanghai" / f"yangpu_divisions_{key}.csv",
            code=code,
            name=name,
            dissolve=True,
            level=0,
        )
        for key, (code, name) in names.items()
    ]
    assert lists[0].units.equals(lists[1].units) and len(lists[0].units) == 12


def test_dissolve_unites_and_the_most_frequent_parent_wins(tmp_path):
    rows = [
        ({"area": "X", "name": "x", "up": up}, block(left, 0, left + 100, 100))
        for left, up in ((0, "B"), (100, "B"), (200, "A"))
    ]
    rows.append(({"area": "W", "name": "w", "up": "A"}, block(300, 0, 400, 100)))
    path = write_geojson(tmp_path / "a.geojson", rows)
    read = read_units(path, code="area", name="name", parent="up", dissolve=True, level=1)
    assert read.units[["code", "parent_code"]].to_numpy().tolist() == [["W", "A"], ["X", "B"]]
    assert shapely.area(shapely.difference(read.units["geometry"][1], block(0, 0, 300, 100))) < 1e-16
    assert read.units["geometry"][1].geom_type == "Polygon"
    assert read.notes == ("X: children give different parents: 'B' 2 times wins over 'A' 1 times",)


def _refused(path, **options):
    with pytest.raises(BoundaryError) as caught:
        read_units(path, **{"code": "code", "name": "name", "level": 0, **options})
    message = str(caught.value)
    assert "\n" not in message and path.name in message and "expected" in message
    return message


@pytest.mark.parametrize(
    ("name", "content", "got"),
    [
        ("a.geojson", b"", "an empty file"),
        ("a.geojson", b"{", "expected GeoJSON"),
        ("a.geojson", b"[]", "other JSON"),
        ("a.geojson", b'{"type": "Topology", "features": 3}', "other JSON"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "no unit"),
        ("a.geojson", b"\xff\xfe{", "an unknown encoding"),
        ("a.geojson.gz", b"{}", "expected a gzip file"),
        ("a.gpkg", b"PK nothing", "expected a readable .gpkg file"),
        ("a.shp", b"nothing", "expected a readable .shp file"),
        ("a.csv", b"code,name\n", "no unit"),
        ("a.dxf", b"x", "expected one of: .geojson"),
    ],
)
def test_files_that_are_not_what_they_say(tmp_path, name, content, got):
    (tmp_path / name).write_bytes(content)
    assert got in _refused(tmp_path / name)


def test_missing_files_and_folders(tmp_path):
    assert "no such file" in _refused(tmp_path / "none.geojson")
    (tmp_path / "a.geojson").mkdir()
    assert "a folder" in _refused(tmp_path / "a.geojson")


def test_what_is_missing_is_named(tmp_path):
    path = write_geojson(tmp_path / "a.geojson", ROWS)
    assert "no column 'kode'; expected one of: code, name, up" in _refused(path, code="kode")
    assert "no column 'parent'" in _refused(path, parent="parent")
    assert "'EPSG:999999'" in _refused(path, crs="EPSG:999999")
    path = write_geojson(tmp_path / "b.geojson", [({"code": "", "name": "x"}, None)])
    assert "code: got nothing in any unit; expected codes" in _refused(path)
    path = write_geojson(tmp_path / "c.geojson", [({"code": "1", "name": "x"}, shapely.Point(1, 1))])
    assert "unit 1: got a Point" in _refused(path)


def test_units_without_a_code_are_kept_as_faults_or_left_out_when_asked(tmp_path):
    bare = [({"code": None, "name": "菊园"}, None), ({"code": " ", "name": None}, None)]
    path = write_geojson(tmp_path / "a.geojson", [*ROWS, *bare])
    for dissolve in (False, True):
        read = read_units(path, code="code", name="name", parent="up", dissolve=dissolve, level=1)
        assert read.units["code"].tolist() == ["007", "010", "011", "", ""]
        assert read.units["name"].tolist()[3:] == ["菊园", ""]
        assert read.notes == ()
        few = read_units(
            path, code="code", name="name", parent="up", dissolve=dissolve, skip_uncoded=True, level=1
        )
        assert few.units["code"].tolist() == ["007", "010", "011"]
        assert few.notes == ("2 left out, without a code: 菊园, without a name",)


def test_each_unit_without_a_code_is_a_fault_of_its_own_and_no_duplicate():
    units = units_of(("A", 0, None, None), ("", 1, "A", None), ("", 1, "A", None), ("B", 1, "", None))
    faults = check(units.assign(name=["A", "菊园", "", "B"]))
    assert [(fault.kind, fault.codes, fault.level) for fault in faults] == [
        ("missing-code", (), 1), ("missing-code", (), 1), ("orphan", ("B",), 1),
    ]  # fmt: skip
    assert faults[0].text == "unit 菊园: got no code; expected one (--skip-uncoded leaves it out)"
    assert "missing-code" in FATAL and "missing-code" not in ACCEPTABLE


def test_a_system_that_cannot_be_right_is_refused(tmp_path):
    path = write_geojson(tmp_path / "a.geojson", [({"code": "1", "name": "x"}, metric(ROWS[0][1]))])
    assert "(645" in _refused(path) and "nowhere on earth" in _refused(path)
    path = write_geojson(tmp_path / "b.geojson", ROWS)
    assert "got degrees such as (121.52" in _refused(path, crs="EPSG:4549")
    frame = geopandas.GeoDataFrame({"code": ["1"], "name": ["x"]}, geometry=[ROWS[0][1]])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "c.shp")
    assert "no coordinate system" in _refused(tmp_path / "c.shp")


def units_of(*rows):
    """Frame of (code, level, parent, shape)."""
    frame = pd.DataFrame(rows, columns=["code", "level", "parent_code", "geometry"])
    return frame.assign(name=frame["code"]).astype({"code": "str", "name": "str", "parent_code": "str"})


def town(**shapes):
    """A parent of 200 m by 100 m and its two halves; shapes replace those of the codes named."""
    rows = {
        "P": (0, np.nan, block(0, 0, 200, 100)),
        "A": (1, "P", block(0, 0, 100, 100)),
        "B": (1, "P", block(100, 0, 200, 100)),
    }
    return units_of(*((code, *row[:2], shapes.get(code, row[2])) for code, row in rows.items()))


def kinds(faults):
    return Counter((fault.kind, fault.codes) for fault in faults)


def test_a_clean_set_has_no_fault():
    assert check(town()) == []
    assert check(town(A=None, B=None)) == []
    assert check(town(P=None)) == []
    assert check(units_of()) == []


@pytest.mark.parametrize(
    ("shape", "expected", "area", "width"),
    [
        (block(0, 0, 90, 100), [("gap", ("P",))], 1000, 9.09),
        (block(0, 0, 110, 100), [("overlap", ("A", "B"))], 1000, 9.09),
        (block(0, 0, 100.3, 100), [("sliver", ("A", "B"))], 30, 0.3),
        (block(0, 0, 99.7, 100), [("sliver", ("P",))], 30, 0.3),
        (block(-5, 0, 100, 100), [("child-outside-parent", ("A", "P"))], 500, 4.76),
        (block(-0.2, 0, 100, 100), [("sliver", ("A", "P"))], 20, 0.2),
        (shapely.difference(block(0, 0, 100, 100), block(40, 40, 60, 60)), [("gap", ("P",))], 400, 10),
        (block(0.0001, 0, 100, 100), [], 0, 0),
    ],
)
def test_each_geometric_fault_with_its_area(shape, expected, area, width):
    faults = check(town(A=shape))
    assert list(kinds(faults)) == expected
    for fault in faults:
        # Mean width of a strip of length l and width w is 2 l w / (2 l + 2 w), a little below w ... here in full.
        assert fault.area_m2 == pytest.approx(area, rel=0.01)
        assert fault.width_m == pytest.approx(width, rel=0.05)
        assert f"{fault.codes[0]} " in fault.text and "m²" in fault.text


def test_an_overlap_that_swallows_its_neighbour():
    assert ("overlap", ("A", "B")) in kinds(check(town(A=block(0, 0, 200, 100))))
    assert ("overlap", ("A", "B")) in kinds(check(town(B=block(20, 20, 40, 40))))


def test_what_leaves_an_upper_unit_is_named_down_to_the_bottom():
    far = block(200, 0, 300, 100)
    units = units_of(
        ("P", 0, np.nan, block(0, 0, 200, 100)),
        ("Q", 0, np.nan, far),
        ("A", 1, "P", shapely.union(block(0, 0, 200, 100), far)),
        ("A1", 2, "A", block(0, 0, 200, 100)),
        ("A2", 2, "A", far),
    )
    found = kinds(check(units))
    outside = {codes for kind, codes in found if kind == "child-outside-parent"}
    assert outside == {("A", "P"), ("A2", "P")}


def test_faults_that_cannot_be_accepted():
    bow = shapely.Polygon([(LON, LAT), (LON + 0.001, LAT + 0.001), (LON + 0.001, LAT), (LON, LAT + 0.001)])
    strays = units_of(
        ("B", 1, "P", None), ("C", 1, "none", None), ("D", 1, np.nan, None), ("E", 1, "A", None)
    )
    units = pd.concat([town(A=bow), strays])
    found = kinds(fault for fault in check(units) if fault.kind in FATAL)
    expected = [
        ("duplicate-code", ("B",)),
        ("invalid-ring", ("A",)),
        *(("orphan", (code,)) for code in "CDE"),
    ]
    assert found == Counter(expected)
    assert any("Self-intersection" in fault.text for fault in check(units))
    assert not ACCEPTABLE & FATAL


@pytest.fixture(scope="module")
def new_york(real_data):
    folder = real_data / "nyc_boundaries"
    levels = [
        ("borough", {"code": "borough", "name": "name"}),
        ("nta_2020", {"code": "cdta2020", "name": "cdta_name", "parent": "borough", "dissolve": True}),
        ("nta_2020", {"code": "nta2020", "name": "name", "parent": "cdta2020"}),
        ("census_tract_2020", {"code": "geoid", "name": "name", "parent": "nta2020"}),
    ]
    read = [
        read_units(folder / f"{file}.geojson.gz", level=depth, **columns)
        for depth, (file, columns) in enumerate(levels)
    ]
    return pd.concat([file.units for file in read], ignore_index=True), [
        note for file in read for note in file.notes
    ]


@pytest.mark.real
def test_new_york_and_its_known_traps(new_york):
    units, notes = new_york
    assert units.groupby("level").size().tolist() == [5, 71, 262, 2325]
    assert notes == ["QN01: children give different parents: 'QUEENS' 8 times wins over 'BRONX' 1 times"]
    faults = check(units)
    assert {fault.kind for fault in faults} <= ACCEPTABLE
    real = {fault.codes: fault for fault in faults if fault.kind != "sliver"}
    assert set(real) == {
        ("MANHATTAN",), ("BRONX",),
        ("BX08", "BRONX"), ("BX0802", "BRONX"), ("36061030900", "BRONX"),
        ("QN01", "QUEENS"), ("QN0151", "QUEENS"), ("36005000100", "QUEENS"),
    }  # fmt: skip
    hill = units.loc[units["code"] == "BX0802", "geometry"].iloc[0]
    bronx = units.loc[units["code"] == "BRONX", "geometry"].iloc[0]
    assert shapely.area(shapely.difference(hill, bronx)) / shapely.area(hill) == pytest.approx(
        0.267, abs=0.0005
    )
    assert real["36005000100", "QUEENS"].area_m2 == pytest.approx(1_687_500, rel=0.001)


def changes(old, new):
    frame = compare(old, new)
    return {row.code: (row.change, row.others) for row in frame.itertuples()}, frame.set_index("code")


def test_what_changed_from_version_to_version():
    old = units_of(
        *((code, 1, "P", block(100 * at, 0, 100 * at + 100, 100)) for at, code in enumerate("ABCDEFG")),
        ("L", 1, "P", None),
        ("M", 1, "P", None),
    )
    new = units_of(
        ("A", 1, "P", block(0, 0, 100, 100)),
        ("B", 1, "P", block(100, 0, 200, 100)),
        ("C", 1, "P", block(200, 0, 275, 100)),
        ("D1", 1, "P", block(300, 0, 340, 100)),
        ("D2", 1, "P", block(340, 0, 400, 100)),
        ("EF", 1, "P", block(400, 0, 600, 100)),
        ("N", 1, "P", block(900, 0, 1000, 100)),
        ("H", 1, "P", block(600, 0, 700, 100)),
        ("L", 1, "P", None),
    ).assign(name=lambda frame: frame["name"].replace({"B": "Bee"}))
    found, frame = changes(old, new)
    assert found == {
        "A": ("same", ""), "B": ("renamed", ""), "C": ("redrawn", ""),
        "D": ("split", "D1,D2"), "D1": ("split", "D"), "D2": ("split", "D"),
        "E": ("merged", "EF"), "F": ("merged", "EF"), "EF": ("merged", "E,F"),
        "G": ("renamed", "H"), "H": ("renamed", "G"),
        "L": ("same", ""), "M": ("gone", ""), "N": ("new", ""),
    }  # fmt: skip
    assert frame["share"]["C"] == pytest.approx(0.75) and frame["share"]["A"] == 1
    assert frame["share"]["D"] == pytest.approx(0.6) and np.isnan(frame["share"]["L"])
    assert (frame["old_name"]["B"], frame["name"]["B"], frame["name"]["M"]) == ("B", "Bee", "M")


def test_a_whole_set_that_moved_is_redrawn_and_the_levels_do_not_mix():
    old = town()
    moved = old.assign(geometry=[translate(shape, 20 * METRE[0]) for shape in old["geometry"]])
    found, frame = changes(old, moved)
    assert {change for change, _ in found.values()} == {"redrawn"}
    assert frame["share"][["P", "A", "B"]].tolist() == pytest.approx([0.9, 0.8, 0.8], abs=1e-6)
    assert compare(old, old)["change"].tolist() == ["same"] * 3
    assert compare(old.iloc[:0], old)["change"].tolist() == ["new"] * 3
    assert compare(old, old.iloc[:0])["change"].tolist() == ["gone"] * 3
