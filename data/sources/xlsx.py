"""XLSX: one sheet read row by row, every cell as the text a person would copy out of it.

Before a parser sees the file its directory is checked: a workbook is a zip archive and can be a bomb. Excel's own
error values (#N/A and the like) are empty cells, counted.
"""

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa

from data.sources.batch import FIRST, Raw, SourceError
from data.sources.declared import listed
from data.sources.definition import Source
from data.sources.header import SEARCHED_ROWS, Header, find_header
from data.sources.text import check_file

MOST_ENTRIES = 60
LARGEST_INFLATED = 200 << 20
LARGEST_RATIO = 100
RATIO_FROM = 1 << 20  # a small part may well repeat itself
MOST_ROWS, MOST_COLUMNS = 1_048_576, 512
OLE_MAGIC = b"\xd0\xcf\x11\xe0"  # an old .xls, or a workbook under a password
EXCEL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})


def open_xlsx(source: Source, path: Path, *, limit: int) -> Iterator[Raw]:
    """Check the workbook and its header now; the rows follow as they are asked for.

    Raises SourceError: no workbook, cut short, suspicious, no such sheet, a missing column
    """
    check_file(path)
    check_archive(path)
    stream = _raws(source, path, limit)
    return chain([next(stream)], stream)  # up to the first part, the header alone


def check_archive(path: Path) -> None:
    """Refuse an archive that is damaged or unlike a workbook, by its directory. Raises SourceError."""
    with path.open("rb") as file:
        if file.read(4) == OLE_MAGIC:
            raise SourceError(
                f"{path.name}: got an old .xls or a workbook under a password; expected a plain .xlsx"
            )
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(path.name, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise SourceError(f"{path.name}: got no whole zip archive; expected an .xlsx workbook") from error


def _check_entries(name: str, archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    total = sum(entry.file_size for entry in entries)
    faults = {
        f"{len(entries):,} parts; expected at most {MOST_ENTRIES}": len(entries) > MOST_ENTRIES,
        f"{total >> 20:,} MB inflated; expected at most {LARGEST_INFLATED >> 20}": total > LARGEST_INFLATED,
        "two parts of one name; expected every name once": len(set(names)) < len(names),
        "a part that names a place outside; expected plain names": any(map(_escapes, names)),
        "an encrypted part; expected a plain workbook": any(entry.flag_bits & 1 for entry in entries),
        f"a part that grows over {LARGEST_RATIO}-fold; expected a workbook": any(map(_swells, entries)),
        "no part xl/workbook.xml; expected an .xlsx workbook": "xl/workbook.xml" not in names,
    }
    for fault, found in faults.items():
        if found:
            raise SourceError(f"{name}: got {fault}")
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            with archive.open(entry) as part:
                if b"<!DOCTYPE" in part.read(4096):
                    raise SourceError(f"{name}: got a document type in {entry.filename}; expected plain XML")


def _escapes(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name


def _swells(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > RATIO_FROM and entry.file_size > entry.compress_size * LARGEST_RATIO


@contextmanager
def _rows(source: Source, path: Path) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Rows of the declared sheet, or the first one. Whatever the parser trips over becomes a SourceError."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = _sheet(book, source, path)
            sheet.reset_dimensions()  # what a workbook says of its own size is often wrong
            yield sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
        finally:
            book.close()
    except SourceError:
        raise
    except Exception as error:  # a parser fed with a damaged workbook fails in ways of its own
        text = f"{path.name}: got a workbook that cannot be read ({type(error).__name__}); expected a whole .xlsx"
        raise SourceError(text) from error


def _sheet(book: openpyxl.Workbook, source: Source, path: Path) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if not sheets:
        raise SourceError(f"{path.name}: got no sheet of cells; expected one")
    if source.sheet is None:
        return next(iter(sheets.values()))
    if source.sheet not in sheets:
        raise SourceError(f"{path.name}: got no sheet {source.sheet!r}; expected it among: {listed(sheets)}")
    return sheets[source.sheet]


def _raws(source: Source, path: Path, limit: int) -> Iterator[Raw]:
    """The header as a part without rows, then the rows."""
    with _rows(source, path) as rows:
        numbered = enumerate(rows, 1)
        searched = list(islice(numbered, max(SEARCHED_ROWS, source.header or 0)))
        if not searched:
            raise SourceError(f"{path.name}: got an empty sheet; expected records, or at least a header")
        texts = [[(_text(cell) or "").strip() for cell in row] for _, row in searched]
        header = find_header(texts, source, file=path.name)
        yield _raw(path.name, header, [])
        following = chain(searched[header.row :], numbered)
        while part := list(islice(following, limit)):
            yield _raw(path.name, header, part)


def _raw(file: str, header: Header, part: list[tuple[int, tuple[Any, ...]]]) -> Raw:
    notes: Counter[str] = Counter()

    def column(place: int) -> pa.StringArray:
        texts = [_text(row[place]) if place < len(row) else None for _, row in part]
        errors = [text in EXCEL_ERRORS for text in texts]
        if any(errors):
            notes["excel_errors"] += sum(errors)
            texts = [None if text in EXCEL_ERRORS else text for text in texts]
        return pa.array(texts, pa.string())

    columns = {name: column(place) for name, place in header.columns.items()}
    cells = {name: header.cells[place] for name, place in header.columns.items()}
    rows = np.array([row for row, _ in part], dtype=np.int64)
    return Raw(file, {FIRST: column(0), **columns}, rows, notes=notes, header=cells, suspect=True)


def _text(cell: Any) -> str | None:
    """A cell as text: whole numbers without a point, times in ISO form."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)
