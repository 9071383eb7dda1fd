"""Boundaries from files of every format, their faults, and what changed between versions."""

import gzip
import json

import geopandas
import numpy as np
import pytest
import shapely
from metres import block
from pyproj import Transformer

from geo.boundaries import BoundaryError, read_units


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


def test_a_system_that_cannot_be_right_is_refused(tmp_path):
    path = write_geojson(tmp_path / "a.geojson", [({"code": "1", "name": "x"}, metric(ROWS[0][1]))])
    assert "(645" in _refused(path) and "nowhere on earth" in _refused(path)
    path = write_geojson(tmp_path / "b.geojson", ROWS)
    assert "got degrees such as (121.52" in _refused(path, crs="EPSG:4549")
    frame = geopandas.GeoDataFrame({"code": ["1"], "name": ["x"]}, geometry=[ROWS[0][1]])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "c.shp")
    assert "no coordinate system" in _refused(tmp_path / "c.shp")
