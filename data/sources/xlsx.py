"""XLSX: the rows of a sheet, after a look through what the workbook inflates to.

A sheet whose cells fill what they span is read by calamine, which lays it out in full; one with a far cell, with
Excel's error values, which calamine drops, or with numbers of 16 digits and more, which it makes floats, by openpyxl,
which streams and takes four times as long.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl

from data.sources import dense
from data.sources.archive import check_workbook, entries_of
from data.sources.batch import SourceError
from data.sources.sheetxml import SHEETS, Span, look_through

MOST_ROWS, MOST_COLUMNS = 1_048_576, 512
MOST = {"xl/workbook.xml": (255, "sheets"), "xl/sharedStrings.xml": (1_000_000, "different texts")}
SPARSE = 4  # cells laid out for each that is filled
SMALL_BOX, LARGEST_BOX = 200_000, 5_000_000  # cells; of 24 bytes and more


@contextmanager
def opened(path: Path) -> Iterator[tuple[tuple[str, ...], Callable[[str], dense.Rows]]]:
    """The names of the sheets, and a function that gives the rows of one under their numbers, blank ones as ().

    Raises SourceError for what is no plain workbook; whatever else a parser raises for a damaged one
    """
    with path.open("rb") as file:
        check_workbook(entries_of(file, name=path.name, expected="an .xlsx workbook"), name=path.name)
        if all(map(is_dense, _spans(file, path.name))):
            with dense.opened(path) as found:
                yield found
            return
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        yield tuple(sheets), lambda name: _rows(sheets[name])


def is_dense(span: Span) -> bool:
    """Whether a sheet may be laid out in full."""
    box = span.last_row * span.last_column
    return span.plain and box <= min(span.cells * SPARSE + SMALL_BOX, LARGEST_BOX)


def _rows(sheet: Any) -> dense.Rows:
    sheet.reset_dimensions()  # what a workbook says of its own size is often wrong
    rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    blank: tuple[Any, ...] = ()
    for number, row in enumerate(rows, 1):
        if row is blank or row.count(None) == len(row):  # empty rows below a far cell are one object
            blank = row
            yield number, ()
        else:
            yield number, row


def _spans(file: Any, name: str) -> list[Span]:
    """Look through every part while inflating it; what each sheet spans. Raises SourceError."""
    found = []
    with zipfile.ZipFile(file) as archive:
        for entry in archive.namelist():
            if not entry.endswith((".xml", ".rels")):
                continue
            with archive.open(entry) as part:
                span = look_through(part, where=f"{name}: got", entry=entry)
            most, things = MOST.get(entry, (0, ""))
            if things and span.listed > most:
                raise SourceError(f"{name}: got more than {most:,} {things}; expected fewer")
            if entry.startswith(SHEETS):
                found.append(span)
    return found
