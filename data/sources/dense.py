"""Workbooks whose sheets are laid out in full, by calamine: fast, at the cost of memory for every empty cell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Rows = Iterator[tuple[int, tuple[Any, ...]]]


@contextmanager
def opened(path: Path) -> Iterator[tuple[tuple[str, ...], Callable[[str], Rows]]]:
    """The names of the sheets, and a function that gives the rows of one under their numbers, blank ones as ().

    Raises CalamineError for a damaged workbook
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum  # wanted where a workbook is opened only

    with CalamineWorkbook.from_path(path) as book:
        sheets = [meta.name for meta in book.sheets_metadata if meta.typ is SheetTypeEnum.WorkSheet]
        yield tuple(sheets), lambda name: _rows(book.get_sheet_by_name(name))


def _rows(sheet: Any) -> Rows:
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield number, () if row.count("") == len(row) else tuple(row)
