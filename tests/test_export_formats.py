"""XLSX, Parquet, GeoJSON and files of measures keep their types and say all."""

import json
from datetime import datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from exported import AT, SHANGHAI, cases, column, sheet
from fakes_export import NOW, QUERY, FakeReader
from pandas import DataFrame

from data.export import write_export
from data.export_columns import ExportColumn
from data.export_xlsx import XlsxFile

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
