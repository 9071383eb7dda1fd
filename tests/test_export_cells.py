"""What a spreadsheet would do with a cell: no text is run as a formula or written back otherwise."""

import itertools
import re
import unicodedata

import openpyxl
import pyarrow as pa
import pytest
from exported import cases, column, read_csv, sheet
from fakes_export import QUERY
from hypothesis import given
from hypothesis import strategies as st

from data.export import write_export
from data.export_text import guarded

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


def would_run(text: str) -> bool:
    """Whether a spreadsheet could take a cell for a formula: an independent, stricter reading of the rule."""
    seen = unicodedata.normalize("NFKC", text)
    while seen and (seen[0].isspace() or unicodedata.category(seen[0]) in ("Cc", "Cf", "Zs", "Zl", "Zp")):
        seen = seen[1:]
    return seen[:1] in tuple("=+-@")


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
