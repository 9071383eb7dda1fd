"""Workbooks, .xlsx or .xls whatever their name: one sheet row by row, every cell as the text a person would copy.

Excel's own error values (#N/A and the like) are empty cells, counted. Rows without a cell are passed over, counted.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.sources import xls, xlsx
from data.sources.batch import FIRST, Raw, SourceError
from data.sources.declared import listed
from data.sources.definition import Source
from data.sources.header import SEARCHED_ROWS, Header, find_header
from data.sources.ole import MAGIC
from data.sources.text import check_file

EXCEL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
Row = tuple[int, tuple[Any, ...]]


@dataclass(frozen=True)
class Book:
    """An open workbook: the names of its sheets, and the rows of one under their numbers."""

    file: str
    sheets: tuple[str, ...]
    rows: Callable[[str], Iterator[Row]]

    def sheet(self, name: str | None) -> Iterator[Row]:
        """Rows of a sheet, of the first one without a name. Raises SourceError where it is not there."""
        if not self.sheets:
            raise SourceError(f"{self.file}: got no sheet of cells; expected one")
        if name is not None and name not in self.sheets:
            raise SourceError(f"{self.file}: got no sheet {name!r}; expected it among: {listed(self.sheets)}")
        return self.rows(self.sheets[0] if name is None else name)


@contextmanager
def open_book(path: Path) -> Iterator[Book]:
    """A workbook of either kind, told by its first bytes. Whatever a parser trips over becomes a SourceError."""
    check_file(path)
    with path.open("rb") as file:
        old = file.read(len(MAGIC)) == MAGIC
    opened: AbstractContextManager = xls.opened(path) if old else xlsx.opened(path)
    try:
        with opened as (sheets, rows):
            yield Book(path.name, sheets, rows)
    except (SourceError, MemoryError):
        raise
    except Exception as error:  # a parser fed with a damaged workbook fails in ways of its own
        kind = "whole .xls" if old else "whole .xlsx"
        found = f"a workbook that cannot be read ({type(error).__name__})"
        raise SourceError(f"{path.name}: got {found}; expected a {kind}") from error


def open_workbook(source: Source, path: Path, *, limit: int) -> Iterator[Raw]:
    """Check the workbook and its header now; the rows follow as they are asked for.

    Raises SourceError: no workbook, cut short, suspicious, no such sheet, a column gone that every fact needs
    """
    stream = _raws(source, path, limit)
    return chain([next(stream)], stream)  # up to the first part, the header alone


def _raws(source: Source, path: Path, limit: int) -> Iterator[Raw]:
    """The header as a part without rows, then the rows."""
    with open_book(path) as book:
        rows = book.sheet(source.sheet)
        searched = list(islice(rows, max(SEARCHED_ROWS, source.header or 0)))
        if not searched:
            raise SourceError(f"{path.name}: got an empty sheet; expected records, or at least a header")
        header = find_header([texts(cells) for _, cells in searched], source, file=path.name)
        yield _raw(path.name, header, [], +header.notes)
        following = chain(searched[header.row :], rows)
        while part := list(islice(following, limit)):
            filled = [row for row in part if row[1]]
            notes = Counter(blank_rows=len(part) - len(filled))
            yield _raw(path.name, header, filled, +notes)


def texts(cells: tuple[Any, ...]) -> list[str]:
    """A row as trimmed texts, blank where a cell is empty."""
    return [(text_of(cell) or "").strip() for cell in cells]


def _raw(file: str, header: Header, part: list[Row], notes: Counter[str]) -> Raw:
    def column(place: int) -> pa.StringArray:
        cells = [text_of(row[place]) if place < len(row) else None for _, row in part]
        errors = [text in EXCEL_ERRORS for text in cells]
        if any(errors):
            notes["excel_errors"] += sum(errors)
            cells = [None if text in EXCEL_ERRORS else text for text in cells]
        return pa.array(cells, pa.string())

    columns = {name: column(place) for name, place in header.columns.items()}
    rows = np.array([row for row, _ in part], dtype=np.int64)
    return Raw(file, {FIRST: column(0), **columns}, rows, notes=notes, header=header.cells(), suspect=True)


def text_of(cell: Any) -> str | None:
    """A cell as text: whole numbers without a point, times in ISO form."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
