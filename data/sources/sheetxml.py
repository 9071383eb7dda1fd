"""The XML of a workbook's parts as bytes, looked through without parsing: what would harm a parser, what it spans."""

import re
from dataclasses import dataclass
from typing import IO

from data.sources.batch import SourceError

SHEETS = "xl/worksheets/"
CHUNK = 1 << 20
LONGEST = 128 << 10  # bytes of a comment, a section or an instruction
_LONG = (
    b"<!--",
    b"<![",
    b"<?",
)  # what may be long; where it is short it is taken out before these are looked for
_SHORT = re.compile(rb"<!--.{0,100000}?-->|<!\[CDATA\[.{0,100000}?\]\]>|<\?.{0,100000}?\?>", re.DOTALL)
_ROW = re.compile(rb'<(?:\w+:)?row\b[^<>]*?\sr="(\d{1,20})"')
_COLUMN = re.compile(rb'<(?:\w+:)?c\b[^<>]*?\sr="([A-Za-z]{1,3})\d')
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
LISTS = {
    "xl/workbook.xml": re.compile(rb"<(?:\w+:)?sheet\s"),
    "xl/sharedStrings.xml": re.compile(rb"<(?:\w+:)?si[\s/>]"),
}
_LONG_NUMBER = re.compile(rb"<(?:\w+:)?v>-?\d{16}")
_ROWS = re.compile(rb"<(?:\w+:)?row[\s/>]")


@dataclass
class Span:
    """What a part holds, counted from its bytes.

    cells, located     cells, and those that say where they are
    rows, last_row     rows, and the highest number of one
    last_column        the highest number of a column
    errors             cells with an error value of Excel's
    long_numbers       cells with a number of so many digits that a float would lose some
    listed             entries of a part that lists: sheets, shared texts
    """

    cells: int = 0
    located: int = 0
    rows: int = 0
    last_row: int = 0
    last_column: int = 0
    errors: int = 0
    long_numbers: int = 0
    listed: int = 0

    @property
    def plain(self) -> bool:
        """Whether every cell says where it is, and none is an error or a number a float cannot hold."""
        return self.located == self.cells and not self.errors and not self.long_numbers

    def count(self, text: bytes, entry: str) -> None:
        """Add what a piece of a part holds."""
        if entry.startswith(SHEETS):
            columns = _COLUMN.findall(text)
            self.cells += len(_CELL.findall(text))
            self.located += len(columns)
            self.rows += len(_ROWS.findall(text))
            self.last_row = max([self.last_row, self.rows, *map(int, _ROW.findall(text))])
            self.last_column = max([self.last_column, *map(_number, set(columns))])
            self.errors += text.count(b't="e"')
            self.long_numbers += len(_LONG_NUMBER.findall(text))
        elif entry in LISTS:
            self.listed += len(LISTS[entry].findall(text))


def _number(letters: bytes) -> int:
    """The number of a column from its letters: A is 1, XFD is 16,384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def look_through(part: IO[bytes], *, where: str, entry: str) -> Span:
    """What a part of XML spans.

    What makes a parser slow or makes it fetch is refused: document types, and comments and the like that are so long
    that it reads them again and again; between two "<" there is nothing else but a tag and a cell's text.

    where   how a message begins; entry: the part's name
    Raises  SourceError
    """
    span, rest = Span(), b""
    while chunk := part.read(CHUNK):
        text = rest + chunk
        if any(mark in text for mark in _LONG):
            text = _SHORT.sub(b"", text)
        if b"<!DOCTYPE" in text:
            raise SourceError(f"{where} a document type in {entry}; expected plain XML")
        far = max(len(text) - LONGEST, 0)
        cut = max(text.rfind(b"<", 0, far), 0)
        if any(mark in text[:far] for mark in _LONG) or (not cut and far > LONGEST):
            raise SourceError(f"{where} one piece of over {LONGEST >> 10} kB in {entry}; expected cells")
        span.count(text[:cut], entry)
        rest = text[cut:]
    span.count(rest, entry)
    return span
