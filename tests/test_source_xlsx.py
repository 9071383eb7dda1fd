"""XLSX: cells as a person would copy them, and hostile or broken workbooks refused before they are parsed."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_files import CASES, NOW, declare, read

from data.sources import dense, sheetxml, xlsx
from data.sources.batch import SourceError
from data.sources.reading import read_batches
from data.sources.sheetxml import Span
from data.sources.workbook import text_of

DOCTYPE = b"<!DOCTYPE x [<!ENTITY a 'b'>]>"
SHEET = CASES.replace('"csv"', '"xlsx"')
HEADER = ["编号", "类别", "上报时间", "结案时间", "经度", "纬度"]


def book(folder, rows, *, name="cases.xlsx", sheet="Sheet1"):
    path = folder / name
    made = openpyxl.Workbook()
    made.active.title = sheet
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


def test_cells_of_every_type(tmp_path):
    rows = [
        ["2025年案件明细"],
        [],
        HEADER,
        [123456789012, "市容", datetime(2025, 1, 1, 9, 5), date(2025, 1, 2), 121.5001, 31.2001],
        ["A2", "市容", 45658.378472222, "2025/1/2 下午3:05", "121.5001", 31.2001],
        ["A3", "#N/A", "2025-01-01", None, None, None],
        ["合计", 3],
        [12.5, True, datetime(2025, 1, 1), None, None, None],
    ]
    frame, rejects, notes = read(declare(tmp_path, SHEET), book(tmp_path, rows))
    assert not rejects
    assert frame["key"].tolist() == ["123456789012", "A2", "A3", "12.5"]
    assert frame["row"].tolist() == [4, 5, 6, 8]
    assert frame["category"].tolist()[0] == "市容"
    assert pd.isna(frame["category"][2])
    assert frame["category"][3] == "yes"
    assert frame["reported_at"][0] == frame["reported_at"][1] == pd.Timestamp("2025-01-01T01:05:00Z")
    assert frame["closed_at"][1] == pd.Timestamp("2025-01-02T07:05:00Z")
    assert frame["lon"][0] == frame["lon"][1] == 121.5001
    assert (notes["total_rows"], notes["excel_errors"]) == (1, 1)


def test_a_bad_row_is_a_reject_and_batches_keep_to_the_limit(tmp_path):
    rows = [HEADER, *([f"K{n}", "x", "2999-01-01" if n == 7 else "2025-01-01"] for n in range(25))]
    frame, rejects, _ = read(declare(tmp_path, SHEET), book(tmp_path, rows), limit=10)
    assert len(frame) == 24
    assert [(reject.row, reject.field) for reject in rejects] == [(9, "reported_at")]


def test_a_sheet_by_name(tmp_path):
    path = book(tmp_path, [HEADER, ["A", "x", "2025-01-01"]], sheet="明细")
    source = declare(tmp_path, SHEET.replace("[fields]", 'sheet = "明细"\n[fields]'))
    assert len(read(source, path)[0]) == 1
    source = declare(tmp_path, SHEET.replace("[fields]", 'sheet = "汇总"\n[fields]'))
    with pytest.raises(SourceError, match=r"cases.xlsx: got no sheet '汇总'; expected it among: 明细"):
        read(source, path)


def test_a_header_alone_and_a_missing_column(tmp_path):
    assert len(read(declare(tmp_path, SHEET), book(tmp_path, [HEADER]))[0]) == 0
    with pytest.raises(
        SourceError, match=r"cases.xlsx row 1: lat: got no column '纬度'; expected it among: 编号"
    ):
        read(declare(tmp_path, SHEET), book(tmp_path, [HEADER[:-1]]))


def archive(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, body in parts:
            out.writestr(name, body)


def real_parts(folder):
    with zipfile.ZipFile(book(folder, [HEADER], name="real.xlsx")) as real:
        return [(name, real.read(name)) for name in real.namelist()]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cut", "got no whole zip archive"),
        ("text", "got no whole zip archive"),
        ("empty", "got an empty file of 0 bytes"),
        ("zip", "got no part xl/workbook.xml"),
        ("many", "got 67 parts; expected at most 60"),
        ("bomb", "got a part that grows over 100-fold"),
        ("huge", "got 1.. MB inflated; expected at most 100"),
        ("outside", "got a part that names a place outside"),
        ("twice", "got two parts of one name"),
        ("entities", "got a document type in xl/workbook.xml"),
        ("broken", "got a workbook that cannot be read"),
        ("ole", "got a file that is cut short or damaged; expected a whole .xls"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_no_sound_workbook_is_refused(tmp_path, name, message):
    path, parts = tmp_path / f"{name}.xlsx", real_parts(tmp_path)
    made = {
        "zip": lambda: [("[Content_Types].xml", b"<a/>")],
        "many": lambda: [*parts, *((f"x{n}", b"") for n in range(67 - len(parts)))],
        "bomb": lambda: [*parts, ("xl/worksheets/sheet2.xml", b" " * (20 << 20))],
        "huge": lambda: [*parts, *((f"x{n}", bytes(range(256)) * 4 * 41_000) for n in range(3))],
        "outside": lambda: [*parts, ("../../etc/passwd", b"x")],
        "twice": lambda: [*parts, parts[0]],
        "entities": lambda: [(n, DOCTYPE + b if n == "xl/workbook.xml" else b) for n, b in parts],
        "broken": lambda: [(n, b"<worksheet><sheetData><row" if "sheet1" in n else b) for n, b in parts],
    }
    if name in made:
        archive(path, made[name]())
    else:
        whole = (tmp_path / "real.xlsx").read_bytes()
        bodies = {"cut": whole[:-400], "text": b"a,b\n", "empty": b"", "ole": b"\xd0\xcf\x11\xe0" + whole}
        path.write_bytes(bodies[name])
    with pytest.raises(SourceError, match=f"{name}.xlsx: {message}") as caught:
        read_batches(declare(tmp_path, SHEET), [path], now=NOW)
    assert "\n" not in str(caught.value)


def test_a_far_cell_does_not_fill_memory(tmp_path):
    path = tmp_path / "far.xlsx"
    out = xlsxwriter.Workbook(path)
    sheet = out.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["A", "x", "2025-01-01"])
    sheet.write(200_000, 16_000, "far")
    out.close()
    frame, rejects, notes = read(declare(tmp_path, SHEET), path)
    assert len(frame) == 1
    assert not rejects
    assert notes["blank_rows"] == 199_999


def test_any_cut_of_a_workbook_is_refused_on_one_line(tmp_path):
    whole = book(tmp_path, [HEADER, ["A", "x", "2025-01-01"]]).read_bytes()
    for size in range(1, len(whole), 97):
        path = tmp_path / "part.xlsx"
        path.write_bytes(io.BytesIO(whole).read(size))
        with pytest.raises(SourceError):
            read(declare(tmp_path, SHEET), path)


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.floats(-1e12, 1e12),
    st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.dates(date(1990, 1, 1), date(2050, 1, 1)),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=8).map(str.strip),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.lists(cells, min_size=1, max_size=5), min_size=1, max_size=6))
def test_both_readers_of_a_workbook_say_the_same(tmp_path, rows):
    """Which of them reads a sheet depends on where its cells lie; it must not be seen in the facts."""
    path = tmp_path / "any.xlsx"
    out = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_urls": False,
                                     "strings_to_formulas": False})  # fmt: skip
    sheet = out.add_worksheet()
    sheet.write_string(0, 0, "header")
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, row)
    out.close()
    with dense.opened(path) as (names, rows_of):
        laid_out = list(rows_of(names[0]))
    streamed = list(xlsx._rows(openpyxl.load_workbook(path, read_only=True).worksheets[0]))
    assert [said(row) for row in laid_out] == [said(row) for row in streamed[: len(laid_out)]]


def said(numbered):
    """A row as it would be read: texts without the empty ones at its end; a day is its midnight."""
    number, row = numbered
    found = [(text_of(cell) or "").removesuffix(" 00:00:00") for cell in row]
    while found and not found[-1]:
        found.pop()
    return number, found


@pytest.mark.parametrize(
    ("span", "laid_out"),
    [
        (Span(cells=900, located=900, rows=100, last_row=100, last_column=9), True),
        (Span(cells=2, located=2, rows=2, last_row=1_048_576, last_column=16_384), False),
        (Span(cells=900_000, located=900_000, rows=100_000, last_row=100_000, last_column=9), True),
        (Span(cells=9_000_000, located=9_000_000, rows=1_000_000, last_row=1_000_000, last_column=9), False),
        (Span(cells=900, located=899, rows=100, last_row=100, last_column=9), False),
        (Span(cells=900, located=900, rows=100, last_row=100, last_column=9, errors=1), False),
        (Span(cells=900, located=900, rows=100, last_row=100, last_column=9, long_numbers=1), False),
    ],
)
def test_a_sheet_is_laid_out_where_its_cells_fill_it(span, laid_out):
    assert xlsx.is_dense(span) is laid_out


def test_a_long_number_keeps_its_digits(tmp_path):
    """Codes of units have 15 to 20 digits, and some programs write them as numbers."""
    path = book(tmp_path, [HEADER, [1, "x", "2025-01-01"], [2, "x", "2025-01-01"]])
    with zipfile.ZipFile(path) as made:
        parts = [(name, made.read(name)) for name in made.namelist()]
    codes = (b"<v>1</v>", b"<v>310110012003000124</v>"), (b"<v>2</v>", b"<v>1234567890123456</v>")
    for old, new in codes:
        parts = [(name, body.replace(old, new) if "sheet1" in name else body) for name, body in parts]
    archive(path, parts)
    frame, rejects, _ = read(declare(tmp_path, SHEET), path)
    assert not rejects
    assert frame["key"].tolist() == ["310110012003000124", "1234567890123456"]


def test_what_a_sheet_spans_is_counted_over_pieces_of_any_size(tmp_path, monkeypatch):
    monkeypatch.setattr(sheetxml, "CHUNK", 300)
    monkeypatch.setattr(sheetxml, "LONGEST", 64)
    rows = b"".join(
        b'<row r="%d"><c r="AB%d" t="e"><v>%d</v></c><x:c s="1" r="C1"/></row>' % (n, n, n)
        for n in range(1, 90)
    )
    body = (
        b"<?xml version='1.0'?><worksheet><cols><col/></cols><sheetData><!-- a --><row/>"
        + rows
        + b"</sheetData>"
    )
    span = sheetxml.look_through(io.BytesIO(body), where="a.xlsx: got", entry="xl/worksheets/sheet1.xml")
    assert (span.cells, span.located, span.errors) == (178, 178, 89)
    assert (span.rows, span.last_row, span.last_column) == (90, 90, 28)
