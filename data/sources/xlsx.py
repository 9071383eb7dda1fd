"""XLSX: the rows of a sheet as openpyxl reads them, after a look at what the workbook would inflate to."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl

from data.sources.archive import check_workbook, entries_of
from data.sources.batch import SourceError

MOST_ROWS, MOST_COLUMNS = 1_048_576, 512
MOST_SHEETS = 255
MOST_STRINGS = 1_000_000  # different texts of one workbook
_HEAD = 64 << 10  # bytes in which a document type would stand
_CHUNK = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[tuple[tuple[str, ...], Callable[[str], Iterator]]]:
    """The names of the sheets, and a function that gives the rows of one under their numbers, blank ones as ().

    Raises SourceError for what is no plain workbook; whatever else openpyxl raises for a damaged one
    """
    with path.open("rb") as file:
        check_workbook(entries_of(file, name=path.name, expected="an .xlsx workbook"), name=path.name)
        _check_inflated(file, path.name)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        yield tuple(sheets), lambda name: _rows(sheets[name])


def _rows(sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    sheet.reset_dimensions()  # what a workbook says of its own size is often wrong
    rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    for number, row in enumerate(rows, 1):
        yield number, row if any(cell is not None for cell in row) else ()


def _check_inflated(file: Any, name: str) -> None:
    """Count while inflating what a parser would hold as objects; a document type is refused. Raises SourceError."""
    with zipfile.ZipFile(file) as archive:
        for entry in archive.namelist():
            if entry.endswith((".xml", ".rels")):
                with archive.open(entry) as part:
                    if b"<!DOCTYPE" in part.read(_HEAD):
                        raise SourceError(f"{name}: got a document type in {entry}; expected plain XML")
        for entry, mark, most, things in (
            ("xl/workbook.xml", b"<sheet ", MOST_SHEETS, "sheets"),
            ("xl/sharedStrings.xml", b"<si", MOST_STRINGS, "different texts"),
        ):
            if entry in archive.namelist() and _count(archive, entry, mark, most) > most:
                raise SourceError(f"{name}: got more than {most:,} {things}; expected fewer")


def _count(archive: zipfile.ZipFile, entry: str, mark: bytes, most: int) -> int:
    """How often a mark occurs in a part, counted no further than past `most`."""
    count, rest = 0, b""
    with archive.open(entry) as part:
        while count <= most and (chunk := part.read(_CHUNK)):
            count += (rest + chunk).count(mark)
            rest = chunk[-len(mark) + 1 :]
    return count
