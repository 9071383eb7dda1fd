"""Files we write: both CSV flavours, XLSX, Parquet, GeoJSON, the manifest, and the moment a file appears."""

import csv
import gzip
import hashlib
import io
import itertools
import json
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes_export import NOW, QUERY, FakeReader
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from data import factlist
from data.export import ExportError, write_export
from data.export_columns import ExportColumn, columns_of
from data.export_text import guarded, iso_times
from data.export_xlsx import XlsxFile
from data.instants import EPOCH, micros
from data.schema import SUBJECTS

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = micros(datetime(2026, 11, 1, 8, 30, tzinfo=SHANGHAI))

HEADS = ["=1+1", "+1+1", "-1+cmd", "@SUM(A1)", "＝1+1", "＋1+1", "－1+1", "＠SUM(A1)", "﹦1+1", "=cmd|' /C calc'!A0",
         "@SUM(1+9)*cmd|' /C calc'!A0", '=HYPERLINK("x","y")', "-2+3+cmd|' /C calc'!A0", "=DDE(\"cmd\";\"/C\")",
         "+44=1", "=\u200b1", "=1+1\nx", '="1"', "=A1&\"\x00\"", "-A1"]  # fmt: skip
LEADS = [
    "",
    " ",
    "   ",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\x00",
    "\x0b",
    "\u00a0",
    "\u3000",
    "\ufeff",
    "\u200b",
    "\x1b",
    "\u2028",
]
PAYLOADS = [lead + head for lead, head in itertools.product(LEADS, HEADS)]


def cases(**columns) -> FakeReader:
    return FakeReader(DataFrame(columns))


def read_csv(path: Path, encoding: str) -> list[list[str]]:
    with open(path, encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def column(path: Path, name: str, encoding: str = "utf-8") -> list[str]:
    head, *rows = read_csv(path, encoding)
    return [row[head.index(name)] for row in rows]


def sheet(path: Path) -> tuple[list[str], list[dict]]:
    head, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows()
    names = [cell.value for cell in head]
    return names, [dict(zip(names, row, strict=True)) for row in rows]


def would_run(text: str) -> bool:
    """Whether a spreadsheet could take a cell for a formula: an independent, stricter reading of the rule."""
    seen = unicodedata.normalize("NFKC", text)
    while seen and (seen[0].isspace() or unicodedata.category(seen[0]) in ("Cc", "Cf", "Zs", "Zl", "Zp")):
        seen = seen[1:]
    return seen[:1] in tuple("=+-@")


# CSV


def test_excel_flavour_is_what_excel_opens(tmp_path):
    reader = cases(
        id=["007"],
        reported_at=[AT],
        address=["延吉路 1 号,乙\n室"],
        suspensions=[2],
        lon=[-121.5],
        forced=[True],
    )
    write_export(reader, "cases", QUERY, tmp_path / "a.csv")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid,source,category")
    assert raw.count(b"\r\n") == 2
    assert raw.endswith(b"\r\n")
    assert b'="' not in raw
    assert b"\t" not in raw
    head, row = read_csv(tmp_path / "a.csv", "utf-8-sig")
    cells = dict(zip(head, row, strict=True))
    assert cells["id"] == "'007"
    assert cells["reported_at"] == "2026-11-01 08:30:00"
    assert cells["address"] == "延吉路 1 号,乙\n室"
    assert (cells["suspensions"], cells["lon"], cells["forced"]) == ("2", "-121.5", "true")
    assert cells["closed_at"] == ""


def test_machine_flavour_alters_nothing(tmp_path):
    reader = cases(id=["007", "=1"], reported_at=[AT, AT + 1], address=["a\r\nb", "\x00"])
    write_export(reader, "cases", QUERY, tmp_path / "a.csv", flavour="machine")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"id,source,")
    assert raw.count(b"\r\n") == 1  # the one inside the cell
    assert column(tmp_path / "a.csv", "id") == ["007", "=1"]
    assert column(tmp_path / "a.csv", "address") == ["a\r\nb", "\x00"]
    assert column(tmp_path / "a.csv", "reported_at") == [
        "2026-11-01T08:30:00+08:00", "2026-11-01T08:30:00.000001+08:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "utc", "expected"),
    [
        ("America/New_York", "2026-11-01T05:30:00+00:00", "2026-11-01T01:30:00-04:00"),
        ("America/New_York", "2026-11-01T06:30:00+00:00", "2026-11-01T01:30:00-05:00"),
        ("Asia/Kolkata", "2026-11-01T00:00:00+00:00", "2026-11-01T05:30:00+05:30"),
        ("Asia/Shanghai", "1899-12-31T15:54:17+00:00", "1900-01-01T00:00:00+08:05:43"),
    ],
)
def test_offsets_are_those_of_the_instant(zone, utc, expected):
    instants = pa.array([micros(datetime.fromisoformat(utc)), None], pa.timestamp("us", tz="UTC"))
    assert iso_times(instants, ZoneInfo(zone)).to_pylist() == [expected, None]


def test_machine_times_in_one_file_may_have_different_offsets(tmp_path):
    moments = [micros(datetime.fromisoformat(f"2026-{month}-15T12:00:00+00:00")) for month in ("01", "07")]
    reader = FakeReader(DataFrame({"id": ["a", "b"], "reported_at": moments}), zone="Europe/Berlin")
    write_export(reader, "cases", QUERY, tmp_path / "a.csv", flavour="machine")
    assert [text[-6:] for text in column(tmp_path / "a.csv", "reported_at")] == ["+01:00", "+02:00"]


def test_gzip_holds_the_same_bytes_and_is_itself_reproducible(tmp_path):
    reader = cases(id=["1", "2"], reported_at=[AT, AT])
    for name in ("a.csv", "b.csv.gz", "c.csv.gz"):
        write_export(reader, "cases", QUERY, tmp_path / name, flavour="machine")
    packed = (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "a.csv").read_bytes()
    assert packed == (tmp_path / "c.csv.gz").read_bytes()


@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.integers(-(2**31), 2**31) | st.none(),
            st.floats(allow_nan=False, allow_infinity=False) | st.none(),
            st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1)) | st.none(),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_machine_csv_reads_back_as_it_was(rows, tmp_path_factory):
    texts, counts, numbers, times = zip(*rows, strict=True)
    instants = [None if time is None else micros(time.replace(tzinfo=EPOCH.tzinfo)) for time in times]
    reader = cases(id=list(texts), suspensions=counts, lon=numbers, reported_at=instants)
    path = tmp_path_factory.mktemp("round") / "a.csv"
    write_export(reader, "cases", QUERY, path, flavour="machine")
    assert column(path, "id") == list(texts)
    assert [int(cell) if cell else None for cell in column(path, "suspensions")] == list(counts)
    assert [float(cell) if cell else None for cell in column(path, "lon")] == list(numbers)
    found = [micros(datetime.fromisoformat(cell)) if cell else None for cell in column(path, "reported_at")]
    assert found == instants


# What a spreadsheet would do with a cell


def test_there_are_three_hundred_payloads():
    assert len(set(PAYLOADS)) == 300


def test_no_payload_survives_as_a_formula_in_csv(tmp_path):
    reader = cases(id=PAYLOADS, address=PAYLOADS, category=PAYLOADS, unit_name=PAYLOADS)
    write_export(reader, "cases", QUERY, tmp_path / "a.csv")
    book = openpyxl.Workbook()
    for name in ("id", "address", "category", "unit_name"):
        cells = column(tmp_path / "a.csv", name, "utf-8-sig")
        assert len(cells) == len(PAYLOADS)
        assert [cell for cell in cells if would_run(cell)] == []
        book.active.append(cells)
    assert not [cell for row in book.active.iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("flavour", ["excel", "machine"])
def test_no_payload_survives_as_a_formula_in_xlsx(tmp_path, flavour):
    reader = cases(id=PAYLOADS, address=PAYLOADS, category=PAYLOADS, unit_name=PAYLOADS)
    write_export(reader, "cases", QUERY, tmp_path / "a.xlsx", flavour=flavour)
    cells = [cell for row in sheet(tmp_path / "a.xlsx")[1] for cell in row.values()]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert not [cell for cell in cells if cell.hyperlink]


def test_headings_are_guarded_too(tmp_path):
    titles = {"id": "=1+1", "category": "类别"}
    write_export(cases(id=["1"]), "cases", QUERY, tmp_path / "a.csv", titles=titles)
    assert read_csv(tmp_path / "a.csv", "utf-8-sig")[0][:3] == ["'=1+1", "source", "类别"]
    write_export(cases(id=["1"]), "cases", QUERY, tmp_path / "b.csv", titles=titles, flavour="machine")
    assert read_csv(tmp_path / "b.csv", "utf-8")[0][:3] == ["id", "source", "category"]


@pytest.mark.parametrize(
    "text",
    ["007", "310110001002", "123456789012345678", "1E5", "12e3", "3-2", "2026/1/1", "1/2", "8:30", "1.10", "+86",
     "１２", "(5)", "5%", "1,000", "Mar-5", "SEPT2", "2-Jan-26", "TRUE", "-007", "00", "1.", "0.0"],
)  # fmt: skip
def test_text_that_excel_would_write_back_otherwise_is_guarded(text):
    assert guarded(pa.array([text])).to_pylist() == ["'" + text]


@pytest.mark.parametrize(
    "text",
    ["", "0", "7", "-5", "-12.5", "12345678901", "1.5", "A1", "G01-03", "延吉路 12 号", "3号楼", "a=b", "x-1", "a@b",
     "'=1", "Market", "12 bis", "maybe", "10号/2室"],
)  # fmt: skip
def test_text_that_excel_keeps_is_left_alone(text):
    assert guarded(pa.array([text])).to_pylist() == [text]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_guarding_adds_one_quote_or_nothing_and_only_removes_control_characters(text):
    clean = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)
    (found,) = guarded(pa.array([text])).to_pylist()
    assert found in (clean, "'" + clean)
    assert not would_run(found) or re.fullmatch(r"-[0-9.]+", found)


# XLSX


def test_xlsx_has_dates_as_dates_codes_as_text_and_numbers_as_numbers(tmp_path):
    reader = cases(
        id=["007"], reported_at=[AT], suspensions=[3], lon=[-121.25], forced=[True], unit_code=["310110"]
    )
    write_export(reader, "cases", QUERY, tmp_path / "a.xlsx")
    names, (row,) = sheet(tmp_path / "a.xlsx")
    assert names[0] == "id"
    assert row["reported_at"].value == datetime(2026, 11, 1, 8, 30)
    assert row["reported_at"].is_date
    assert (row["id"].value, row["id"].number_format) == ("007", "@")
    assert (row["unit_code"].value, row["unit_code"].data_type) == ("310110", "s")
    assert (row["suspensions"].value, row["lon"].value, row["forced"].value) == (3, -121.25, True)
    assert row["closed_at"].value is None


def test_machine_xlsx_keeps_the_offset(tmp_path):
    write_export(cases(id=["1"], reported_at=[AT]), "cases", QUERY, tmp_path / "a.xlsx", flavour="machine")
    assert sheet(tmp_path / "a.xlsx")[1][0]["reported_at"].value == "2026-11-01T08:30:00+08:00"


def test_rows_beyond_a_sheet_go_to_further_sheets(tmp_path):
    columns = (ExportColumn("id", "id", "number"),)
    book = XlsxFile(
        tmp_path / "a.xlsx",
        columns,
        ["id"],
        title="cases",
        flavour="excel",
        zone=SHANGHAI,
        made_at=NOW,
        sheet_rows=4,
    )
    for start in (0, 5):
        book.write(DataFrame({"id": [str(number) for number in range(start, start + 5)]}))
    book.close()
    sheets = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets
    assert [one.title for one in sheets] == ["cases", "cases 2", "cases 3"]
    values = [[cell.value for cell in one["A"]] for one in sheets]
    assert values == [["id", "0", "1", "2", "3"], ["id", "4", "5", "6", "7"], ["id", "8", "9"]]


def test_a_text_too_long_for_a_sheet_is_cut_and_counted(tmp_path):
    long, exact = "汉" * 40_000, "汉" * 32_767
    manifest = write_export(cases(id=["1", "2"], text=[long, exact]), "cases", QUERY, tmp_path / "a.xlsx")
    rows = sheet(tmp_path / "a.xlsx")[1]
    assert rows[0]["text"].value == "汉" * 32_766 + "…"
    assert rows[1]["text"].value == exact
    assert manifest.shortened_cells == 1


# Parquet, GeoJSON, measures


def test_parquet_keeps_types(tmp_path):
    reader = cases(
        id=["007", "=1"], reported_at=[AT, None], suspensions=[1, None], lon=[1.5, None], forced=[True, None]
    )
    manifest = write_export(reader, "cases", QUERY, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.field("reported_at").type == pa.timestamp("us", tz="Asia/Shanghai")
    assert table.schema.field("forced").type == pa.bool_()
    assert table.column("id").to_pylist() == ["007", "=1"]
    assert table.column("reported_at").cast(pa.int64()).to_pylist() == [AT, None]
    assert table.column("suspensions").to_pylist() == [1, None]
    assert manifest.flavour == "machine"


def test_parquet_gathers_chunks_to_row_groups(tmp_path):
    names = [str(number) for number in range(80_000)]
    write_export(cases(id=names), "cases", QUERY, tmp_path / "a.parquet")
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [
        64_000,
        16_000,
    ]
    assert file.read(["id"]).column("id").to_pylist() == names


def test_geojson_has_a_point_a_fact_and_null_for_nowhere(tmp_path):
    reader = cases(id=["1", "2"], reported_at=[AT, AT], lon=[121.5, None], lat=[31.2, None])
    write_export(reader, "cases", QUERY, tmp_path / "a.geojson")
    found = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert found["type"] == "FeatureCollection"
    first, second = found["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [121.5, 31.2]}
    assert second["geometry"] is None
    assert first["properties"]["reported_at"] == "2026-11-01T08:30:00+08:00"
    assert "lon" not in first["properties"]


def measures() -> DataFrame:
    rows = {
        "indicator": ["cases_reported"] * 3, "unit_code": ["A1", "/-", ""], "unit_name": ["Area", "", ""],
        "kind": ["unit", "unassigned", "total"], "numerator": [5.0, 1.0, 6.0], "denominator": [None] * 3,
        "value": [5.0, 1.0, 6.0], "low": [None] * 3, "high": [None] * 3, "n": [5, 1, 6],
        "previous": [4.0, 1.0, 5.0], "change": [1.0, 0.0, 1.0], "position": [1, None, None],
        "rank_low": [1, None, None], "rank_high": [1, None, None], "state": ["few"] * 3, "pos": [1, 0, 0],
    }  # fmt: skip
    return DataFrame(rows)


def test_measures_of_every_level_with_one_total(tmp_path):
    reader = FakeReader(DataFrame(), measures=measures())
    query = QUERY.asking(level=None)
    manifest = write_export(reader, "measures", query, tmp_path / "a.csv", flavour="machine")
    assert column(tmp_path / "a.csv", "level") == ["area", "area", "", "grid", "grid"]
    assert column(tmp_path / "a.csv", "kind").count("total") == 1
    assert column(tmp_path / "a.csv", "position") == ["1", "", "", "1", ""]
    assert manifest.rows == 5
    write_export(reader, "measures", QUERY, tmp_path / "a.geojson")
    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert [feature["geometry"] and feature["geometry"]["type"] for feature in features] == [
        "Polygon",
        None,
        None,
    ]


# Manifest and appearance


def test_manifest_says_what_the_file_is(tmp_path):
    reader = cases(id=["1", "2"], reported_at=[AT, AT])
    path = tmp_path / "a.csv"
    manifest = write_export(reader, "cases", QUERY, path, filters={"status": "open"})
    written = json.loads((tmp_path / "a.csv.manifest.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(manifest.as_json()))
    assert written["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert written["bytes"] == path.stat().st_size
    assert written["rows"] == 2
    assert [entry["name"] for entry in written["columns"]] == read_csv(path, "utf-8-sig")[0]
    assert written["query"]["from"] == "2026-01-01"
    assert written["query"]["filters"] == {"status": "open"}
    assert written["boundary_version"] == {
        "tree": "grid",
        "id": 2,
        "fingerprint": "f",
        "valid_from": "2024-10-04",
    }
    assert (written["generation"], written["load"]) == (7, 9)
    assert written["time_zone"] == "Asia/Shanghai"
    assert written["as_of"] == "2026-09-21T22:13:20+08:00"
    assert written["written_at"] == "2026-11-23T12:00:00+08:00"
    assert written["scope"]["units"] == ["A1"]
    assert written["program_version"]


def test_rows_are_those_known_when_the_export_began(tmp_path):
    reader = cases(id=["1"])
    write_export(reader, "cases", QUERY, tmp_path / "a.csv")
    assert reader.asked[0][1].as_of == 1_790_000_000_000_000
    write_export(reader, "cases", QUERY.asking(as_of=5), tmp_path / "a.csv")
    assert reader.asked[1][1].as_of == 5


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.xlsx", "a.parquet", "a.geojson"])
def test_a_file_appears_only_when_complete(tmp_path, name):
    class Failing(FakeReader):
        def fact_chunks(self, *arguments, **options):
            yield from super().fact_chunks(*arguments, **options)
            assert not (tmp_path / name).exists() or (tmp_path / name).read_bytes() == b"old"
            raise RuntimeError("the store went away")

    for before in (None, b"old"):
        if before:
            (tmp_path / name).write_bytes(before)
        with pytest.raises(RuntimeError, match="went away"):
            write_export(Failing(DataFrame({"id": ["1"]})), "cases", QUERY, tmp_path / name)
        assert [path.name for path in tmp_path.iterdir()] == ([name] if before else [])
        assert before is None or (tmp_path / name).read_bytes() == before


def test_progress_counts_rows(tmp_path):
    seen = []
    count = 20_000
    reader = cases(id=[str(number) for number in range(count)])
    manifest = write_export(reader, "cases", QUERY, tmp_path / "a.csv", progress=seen.append)
    assert manifest.rows == count
    assert seen == [8_000, 16_000, 20_000]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.xlsx", "a.parquet", "a.geojson"])
def test_no_rows_still_make_a_whole_file(tmp_path, name):
    manifest = write_export(cases(id=[]), "cases", QUERY, tmp_path / name)
    assert manifest.rows == 0
    assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize(
    ("subject", "name", "flavour", "message"),
    [
        ("cases", "a.txt", "excel", "a.txt: got '.txt'; expected one of .csv"),
        ("cases", "none/a.csv", "excel", "expected a file in a folder that exists"),
        ("people", "a.csv", "excel", "subject: got 'people'; expected one of cases"),
        ("cases", "a.csv", "pretty", "flavour: got 'pretty'; expected excel or machine"),
    ],
)
def test_refusals_are_one_plain_line(tmp_path, subject, name, flavour, message):
    with pytest.raises(ExportError, match=re.escape(message)) as caught:
        write_export(cases(id=[]), subject, QUERY, tmp_path / name, flavour=flavour)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_sealed_columns_never_leave_and_every_column_has_a_meaning():
    class Careless(FakeReader):
        def fact_columns(self, subject):
            sealed = factlist.SEALED.get(subject, ())
            return (*super().fact_columns(subject), *(factlist.FactColumn(name, "text") for name in sealed))

    reader = Careless(DataFrame())
    for subject in (*SUBJECTS, "measures"):
        columns = columns_of(reader, subject)
        assert not {one.name for one in columns} & set(factlist.SEALED.get(subject, ()))
        assert all(one.meaning for one in columns)


def test_memory_of_a_csv_writer_is_that_of_a_chunk():
    """Nothing is kept between chunks: the stream has taken all bytes when `write` returns."""
    from data.export_csv import CsvFile

    stream = io.BytesIO()
    writer = CsvFile(stream, (ExportColumn("id", "id", "number"),), ["id"], flavour="machine", zone=SHANGHAI)
    sizes = []
    for _ in range(3):
        writer.write(DataFrame({"id": ["x" * 100] * 10}))
        sizes.append(len(stream.getvalue()))
    assert sizes == [3 + 1030, 3 + 2060, 3 + 3090]
