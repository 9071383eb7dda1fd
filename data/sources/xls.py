"""XLS (Excel 97 to 2003, BIFF8): the rows of a sheet as calamine reads them, after a look at the file's streams."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.sources.ole import check_compound


@contextmanager
def opened(path: Path) -> Iterator[tuple[tuple[str, ...], Callable[[str], Iterator]]]:
    """The names of the sheets, and a function that gives the rows of one under their numbers, blank ones as ().

    Raises SourceError for what is no plain workbook; CalamineError for a damaged one
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum  # wanted where such a file is opened only

    with path.open("rb") as file:
        check_compound(file, name=path.name)
    with CalamineWorkbook.from_path(path) as book:
        sheets = [meta.name for meta in book.sheets_metadata if meta.typ is SheetTypeEnum.WorkSheet]
        yield tuple(sheets), lambda name: _rows(book.get_sheet_by_name(name))


def _rows(sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield number, tuple(row) if any(cell != "" for cell in row) else ()
