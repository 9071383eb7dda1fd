"""XLSX: the rows of a sheet as openpyxl reads them, after a look at what the workbook would inflate to."""

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import openpyxl

from data.sources.archive import check_workbook, entries_of
from data.sources.batch import SourceError

MOST_ROWS, MOST_COLUMNS = 1_048_576, 512
MOST_SHEETS = 255
MOST_STRINGS = 1_000_000  # different texts of one workbook
STRINGS = "xl/sharedStrings.xml"
_CHUNK = 1 << 20
_LONGEST = 128 << 10  # bytes of a comment, a section or an instruction
_SHORT = re.compile(rb"<!--.{0,100000}?-->|<!\[CDATA\[.{0,100000}?\]\]>|<\?.{0,100000}?\?>", re.DOTALL)


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
    blank: tuple[Any, ...] = ()
    for number, row in enumerate(rows, 1):
        if row is blank or row.count(None) == len(row):  # empty rows below a far cell are one object
            blank, row = row, ()  # noqa: PLW2901
        yield number, row


def _check_inflated(file: Any, name: str) -> None:
    """Look at every part while inflating it, and count what a parser would hold as objects. Raises SourceError."""
    counted = {
        "xl/workbook.xml": (b"<sheet ", MOST_SHEETS, "sheets"),
        STRINGS: (b"<si", MOST_STRINGS, "different texts"),
    }
    with zipfile.ZipFile(file) as archive:
        for entry in archive.namelist():
            if entry.endswith((".xml", ".rels")):
                mark, most, things = counted.get(entry, (b"", 0, ""))
                with archive.open(entry) as part:
                    if _look_through(part, mark, most, f"{name}: got", entry) > most:
                        raise SourceError(f"{name}: got more than {most:,} {things}; expected fewer")


def _look_through(part: IO[bytes], mark: bytes, most: int, got: str, entry: str) -> int:
    """How often a mark occurs in a part of XML, counted no further than past `most`.

    What makes expat slow or makes it fetch is refused: document types, and comments and the like that are so long that
    it reads them again and again; between two "<" there is nothing else but a tag and a cell's text.
    """
    count, rest = 0, b""
    while (chunk := part.read(_CHUNK)) and count <= most:
        text = _SHORT.sub(b"", rest + chunk)
        if b"<!DOCTYPE" in text:
            raise SourceError(f"{got} a document type in {entry}; expected plain XML")
        cut = max(len(text) - _LONGEST, 0)
        if any(mark in text[:cut] for mark in (b"<!--", b"<![", b"<?")) or (
            len(chunk) == _CHUNK and b"<" not in text
        ):
            raise SourceError(f"{got} one piece of over {_LONGEST >> 10} kB in {entry}; expected cells")
        count += text[:cut].count(mark) if mark else 0
        rest = text[cut:]
    return count + (rest.count(mark) if mark else 0)
