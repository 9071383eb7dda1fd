"""Bad input: one plain line on standard error, exit status 1 (2 for wrong usage), no traceback, nothing changed."""

import gzip

import openpyxl
import pytest
import shapely
from commanding import City, geojson, linli
from refusing import BLOCKS, COLUMNS, GOOD, OUTLINES, csv, declared, imports, settled


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> City:
    return settled(tmp_path_factory.mktemp("town"))


# Boundaries


def test_boundaries_that_are_not_there(town, tmp_path):
    (tmp_path / "empty.geojson").write_bytes(b"")
    (tmp_path / "cut.geojson").write_text('{"type": "FeatureCollection", "features": [')
    (tmp_path / "cut.geojson.gz").write_bytes(gzip.compress(b'{"type": "FeatureCollection"}' * 99)[:40])
    (tmp_path / "none.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (tmp_path / "other.json").write_text("[1, 2]")
    (tmp_path / "bytes.csv").write_bytes(b"code,name\n\xff\xff\xff\x00,x\n")
    (tmp_path / "letter.gpkg").write_bytes(b"a letter")
    (tmp_path / "letter.docx").write_bytes(b"a letter")
    for name, says in {
        "empty.geojson": "empty.geojson: got an empty file",
        "absent.geojson": "absent.geojson: got no such file",
        "cut.geojson": "cut.geojson: got Expecting value",
        "cut.geojson.gz": "cut.geojson.gz: got ",
        "none.geojson": "none.geojson: got no unit; expected at least one",
        "other.json": "other.json: got other JSON; expected a GeoJSON FeatureCollection",
        "bytes.csv": "bytes.csv: got an unknown encoding; expected one of: utf-8, gb18030",
        "letter.gpkg": "letter.gpkg: got ",
        "letter.docx": "letter.docx: got .docx; expected one of",
    }.items():
        assert "; expected" in town.refused(*imports(tmp_path / name), says=says)
    town.refused(*imports(tmp_path), says=": got a folder; expected a file")


def test_boundaries_of_another_system(town, tmp_path):
    degrees = geojson(tmp_path / "degrees.geojson", BLOCKS)
    metres = [({"code": "A1", "name": "A1", "up": "A"}, shapely.box(405_000, 3_430_000, 406_000, 3_431_000))]
    wrong = geojson(tmp_path / "metres.geojson", metres)
    town.refused(*imports(degrees, "--parent", "up", "--crs", "EPSG:4549"), says="degrees such as (121")
    town.refused(*imports(wrong, "--parent", "up"), says="which lie nowhere on earth; expected the system")
    town.refused(*imports(degrees, "--parent", "up", "--crs", "EPSG:99999"), says="degrees.geojson: ")
    town.refused(*imports(degrees, "--parent", "up", "--crs", "nonsense"), says="degrees.geojson: ")


def test_boundaries_with_the_wrong_columns(town, tmp_path):
    path = geojson(tmp_path / "a.geojson", BLOCKS)
    town.refused(
        "units", "import", path, "--level", "block", "--code", "id", "--name", "name",
        says="a.geojson: got no column 'id'; expected one of: code, name, up",
    )  # fmt: skip
    town.refused(
        *imports(path), says="a.geojson: level block: got units without a parent; expected --parent FIELD"
    )
    town.refused(
        *imports(path, level="street"), says="--level: got 'street'; expected one of district, block"
    )
    town.refused(
        *imports(path, "--parent", "up", "--valid-from", "2026-02-30"), says="--valid-from: got '2026-02-30'"
    )
    points = geojson(
        tmp_path / "points.geojson", [({"code": "A1", "name": "x", "up": "A"}, shapely.Point(121, 31))]
    )
    town.refused(
        *imports(points, "--parent", "up"), says="points.geojson unit 1: got a Point; expected a Polygon"
    )
    blank = geojson(tmp_path / "blank.geojson", [({"code": " ", "name": "x", "up": "A"}, BLOCKS[0][1])])
    town.refused(
        *imports(blank, "--parent", "up"), says="blank.geojson: code: got nothing in any unit; expected codes"
    )


BOW_TIE = shapely.Polygon([(121, 31), (121.01, 31.02), (121.01, 31), (121, 31.02)])


@pytest.mark.parametrize(
    ("units", "kind", "code"),
    [
        ([*BLOCKS, BLOCKS[0]], "duplicate-code", "A1"),
        ([({"code": "A1", "name": "x", "up": "A"}, BOW_TIE), BLOCKS[1]], "invalid-ring", "A1"),
        ([*BLOCKS, ({"code": "Z", "name": "x", "up": "nobody"}, None)], "orphan", "Z"),
    ],
)
def test_faults_that_cannot_be_accepted(tmp_path, units, kind, code):
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "district,block", "--locale", "en")
    path = geojson(tmp_path / "district.geojson", OUTLINES)
    city(*imports(path, level="district"))
    city(*imports(geojson(tmp_path / "block.geojson", units), "--parent", "up"))
    faults = city("units", "check", "--json").json["faults"]
    assert (kind, code) in [(fault["kind"], fault["codes"][0]) for fault in faults]
    city.refused("units", "publish", "--accept", f"gap,overlap,sliver,child-outside-parent,{kind}", says=kind)
    city.refused("units", "publish", says=f"expected {kind} mended")
    city.refused("measure", "cases_reported", says="published yet; expected ")


def test_publishing_nothing_or_an_unknown_kind(town):
    town.refused("units", "publish", says="units: got nothing staged; expected 'linli units import' first")
    town.refused("units", "check", says="units: got nothing staged")
    town.refused(
        "units", "publish", "--accept", "holes", says="--accept: got 'holes'; expected some of child-outside"
    )


# Records


def test_files_that_cannot_be_read(town, tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "blank.csv").write_bytes(b"\n\n\n")
    (tmp_path / "bytes.csv").write_bytes(b"number,category\n\xff\xff\xff\xff,x\n")
    (tmp_path / "quote.csv").write_text(
        ",".join(COLUMNS) + '\n1,"never closed,2026-03-01,,,,\n2,x,2026-03-01,,,,\n'
    )
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(("x" * 70_000).encode())[:-20])
    csv(tmp_path / "short.csv", ("1", "litter"), header=("number", "category"))
    csv(tmp_path / "twice.csv", (*GOOD, ""), header=(*COLUMNS, "lon"))
    for name, says in {
        "empty.csv": "empty.csv: got an empty file of 0 bytes; expected records",
        "absent.csv": "absent.csv: got no such file; expected a file",
        "blank.csv": "blank.csv: got blank rows only; expected a header",
        "bytes.csv": "bytes.csv: got bytes that are neither UTF-8 nor GB18030; expected the encoding to be declared",
        "quote.csv": "got a quote that is never closed",
        "cut.csv.gz": "cut.csv.gz: got gzip data that is cut short or damaged; expected a whole file",
        "short.csv": "short.csv row 1: reported_at: got no column 'reported'; expected it among: number, category",
        "twice.csv": "twice.csv row 1: got the column 'lon' 2 times; expected it once",
    }.items():
        town.refused("ingest", "cases", tmp_path / name, says=says)
    town.refused("ingest", "cases", tmp_path, says=": got a directory; expected a file")
    accents = csv(tmp_path / "accents.csv", ("2", "détritus", *GOOD[2:]))
    town.refused("ingest", "strict", accents, says="accents.csv")


def test_one_bad_file_among_good_ones_loads_none(town, tmp_path):
    good = csv(tmp_path / "good.csv", ("7", *GOOD[1:]))
    (tmp_path / "bad.csv").write_bytes(b"")
    town.refused("ingest", "cases", good, tmp_path / "bad.csv", says="bad.csv: got an empty file")


def book(path, *rows):
    sheet = openpyxl.Workbook()
    for row in rows:
        sheet.active.append(row)
    sheet.save(path)
    return path


def test_workbooks_that_cannot_be_read(town, tmp_path):
    whole = book(
        tmp_path / "whole.xlsx", COLUMNS, *[(number, *GOOD[1:]) for number in range(2, 400)]
    ).read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.xlsx").write_bytes(b"")
    (tmp_path / "letter.xlsx").write_bytes(b"a letter")
    town.refused(
        "ingest", "books", tmp_path / "cut.xlsx", says="cut.xlsx: got no whole zip archive; expected an .xlsx"
    )
    town.refused("ingest", "books", tmp_path / "empty.xlsx", says="empty.xlsx: got an empty file")
    town.refused("ingest", "books", tmp_path / "letter.xlsx", says="letter.xlsx: got ")
    town.refused("ingest", "books", book(tmp_path / "bare.xlsx"), says="bare.xlsx")


@pytest.mark.parametrize("name", ["cases", "books"])
def test_a_header_and_nothing_else_is_a_load_of_no_rows(town, tmp_path, name):
    path = csv(tmp_path / "bare.csv") if name == "cases" else book(tmp_path / "bare.xlsx", COLUMNS)
    facts = town.rows("SELECT * FROM fact_cases")
    ledger = town.ingest(name, path)
    assert (ledger["read"], ledger["accepted"], ledger["rejected"]) == (0, 0, 0)
    assert town.rows("SELECT * FROM fact_cases") == facts


def test_declarations_that_cannot_be_used(town, tmp_path):
    path = csv(tmp_path / "good.csv", ("8", *GOOD[1:]))
    town.refused("ingest", "nobody", path, says="nobody: got no ")
    for text, says in {
        declared(crs="EPSG:99999"): "crs: got 'EPSG:99999'",
        declared(encoding="klingon"): "encoding: got 'klingon'",
        declared(format="parquet"): "format: got 'parquet'",
        declared().replace("Asia/Shanghai", "Asia/Atlantis"): "timezone: got 'Asia/Atlantis'",
        declared().replace("category =", "catgory ="): "catgory",
        declared() + '\n[rules]\nnoise = { min = 0, else = "reject" }\n': "noise",
        "kind = ": "expected TOML in UTF-8",
        declared().replace('id = "number"', ""): "fields.id: got nothing",
    }.items():
        town.source("bad", text)
        try:
            town.refused("ingest", "bad", path, says=says)
            assert "sources/bad.toml" in linli("--instance", town.folder, "ingest", "bad", path, status=1).err
        finally:
            (town.folder / "sources" / "bad.toml").unlink()


def test_bad_rows_are_rejects_and_the_rest_load(tmp_path):
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "district", "--locale", "en")
    city(*imports(geojson(tmp_path / "a.geojson", OUTLINES), level="district"))
    city("units", "publish")
    city.source("cases", declared())
    rows = [
        GOOD,
        ("2", "litter", "2999-01-01 08:00", "", "121.005", "31.005", ""),
        ("3", "litter", "2026-02-30 08:00", "", "121.005", "31.005", ""),
        ("", "litter", "2026-03-01 08:00", "", "121.005", "31.005", ""),
        ("5", "litter", "2026-03-01 08:00", "", "east", "31.005", ""),
        ("6", "litter", "", "", "121.005", "31.005", ""),
        ("7", "litter", "2026-03-02 08:00", "", "0", "0", "East"),
    ]
    lines = [",".join(row) for row in (COLUMNS, *rows)] + ["8,too,few", ",".join(GOOD).replace("1,", "9,", 1)]
    (tmp_path / "mixed.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ledger = city.ingest("cases", tmp_path / "mixed.csv")
    assert (ledger["read"], ledger["accepted"], ledger["rejected"], ledger["located"]) == (9, 3, 6, 3)
    found = [(entry["file"], entry["row"], entry["field"], entry["value"]) for entry in ledger["rejects"]]
    assert found == [
        ("mixed.csv", 3, "reported_at", "2999-01-01 08:00"),
        ("mixed.csv", 4, "reported_at", "2026-02-30 08:00"),
        ("mixed.csv", 5, "id", ""),
        ("mixed.csv", 6, "lon", "east"),
        ("mixed.csv", 7, "reported_at", ""),
        ("mixed.csv", 9, "", "3 cells"),
    ]
    assert all(entry["rule"] for entry in ledger["rejects"])
    assert city.rows("SELECT row, field FROM reject ORDER BY id") == [
        (row, field) for _, row, field, _ in found
    ]
    city("refresh")
    assert city.values("cases_reported", "--by", "level:district") == {"A": 3}
    assert city("verify", "--json").json["differences"] == 0
