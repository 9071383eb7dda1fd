"""The first rows of any file as text, before anybody says what it is: format, encoding, sheets, rows or records."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from data.sources.archive import MAGIC as ZIP
from data.sources.batch import SourceError
from data.sources.definition import DELIMITERS
from data.sources.geojson import features_of
from data.sources.json import find_records, is_lines, read_document, read_line_records
from data.sources.ole import MAGIC as OLE
from data.sources.open311 import read_answer
from data.sources.records import Record
from data.sources.text import open_bytes, read_lines, scan
from data.sources.workbook import open_book, texts

LOOKED_AT = 200  # rows or records
MOST_SHEETS = 20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Table:
    """The first rows of one table.

    sheet   its name, of a workbook
    rows    cells as text, in the order of the file; of records the first row is their names
    header  number of the header's row, where the format has one of its own (records: 0), else None
    """

    sheet: str
    rows: list[list[str]]
    header: int | None = None


@dataclass(frozen=True)
class Grid:
    """What a file is. `encoding` and `delimiter` are empty where the format has none."""

    format: str
    encoding: str
    delimiter: str
    tables: tuple[Table, ...]


def grid_of(path: Path) -> Grid:
    """The first rows of a file. Raises SourceError: empty, damaged, of no known format."""
    with open_bytes(path) as file:
        head = file.read(4096)
    with path.open("rb") as file:
        packed = file.read(4)
    if packed in (ZIP, OLE):
        with open_book(path) as book:
            tables = tuple(_sheet(book, name) for name in book.sheets[:MOST_SHEETS])
        return Grid("xlsx" if packed == ZIP else "xls", "", "", tables)
    encoding = "utf-16" if head.startswith(_UTF16) else scan(path, "auto").encoding
    mark = head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")[:1]
    if mark in ("{", "["):
        form = "geojson" if b'"FeatureCollection"' in head else "json"
        return _records(path, encoding, form)
    if mark == "<":
        with open_bytes(path) as file:
            return _of_records("open311", path, encoding, read_answer(file.read(), encoding, where=path.name))
    return _csv(path, encoding)


def every_row(path: Path, *, sheet: str | None) -> Iterator[list[str]]:
    """All rows of a table as trimmed texts: of a sheet, the first one without a name, or of CSV. Raises SourceError."""
    with path.open("rb") as file:
        packed = file.read(4)
    if packed in (ZIP, OLE):
        with open_book(path) as book:
            yield from (texts(cells) for _, cells in book.sheet(sheet))
        return
    found = grid_of(path)
    if found.format != "csv":
        raise SourceError(f"{path.name}: got {found.format}; expected a workbook or CSV")
    with open_bytes(path) as file:
        lines = (line.removeprefix("\ufeff") for line in read_lines(file, found.encoding))
        try:
            for row in csv.reader(lines, delimiter=found.delimiter):
                yield [cell.strip() for cell in row]
        except csv.Error as error:
            raise SourceError(f"{path.name}: got {error}; expected rows of CSV") from error


def _sheet(book: Any, name: str) -> Table:
    rows = islice(book.rows(name), LOOKED_AT)
    return Table(name, [texts(cells) for _, cells in rows])


def _csv(path: Path, encoding: str) -> Grid:
    with open_bytes(path) as file:
        lines = list(islice(read_lines(file, encoding), LOOKED_AT))
    lines[0] = lines[0].removeprefix("\ufeff")
    found = {mark: _cells(lines, mark) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: _regular(found[mark]))
    return Grid("csv", encoding, delimiter, (Table("", found[delimiter]),))


def _cells(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    except csv.Error:  # a cell without an end: not this delimiter, or no table
        return []


def _regular(rows: list[list[str]]) -> int:
    """How many cells lie in rows of the usual width; rows of one cell are none."""
    widths = [len(row) for row in rows if len(row) > 1]
    usual = max(set(widths), key=widths.count, default=0)
    return usual * widths.count(usual)


def _records(path: Path, encoding: str, form: str) -> Grid:
    if is_lines(path, encoding):
        return _of_records("json", path, encoding, islice(read_line_records(path, encoding), LOOKED_AT))
    document = read_document(path, encoding, form=form)
    if isinstance(document, dict) and isinstance(document.get("features"), list):
        features = document["features"][:LOOKED_AT]
        return _of_records("geojson", path, encoding, features_of(features, path.name))
    records = enumerate(find_records(document, where=path.name)[:LOOKED_AT], 1)
    return _of_records("json", path, encoding, records)


def _of_records(form: str, path: Path, encoding: str, numbered: Any) -> Grid:
    records = [record for _, record in numbered if isinstance(record, dict)][:LOOKED_AT]
    if not records:
        raise SourceError(f"{path.name}: got no record; expected at least one to look at")
    flat = [dict(named_texts(record)) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    rows = [names, *([record.get(name, "") for name in names] for record in flat)]
    return Grid(form, encoding, "", (Table("", rows, header=0),))


def named_texts(record: Record, above: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts of a record; of one inside it by its path."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from named_texts(value, f"{above}{name}.")
        elif isinstance(value, list):
            yield f"{above}{name}", ", ".join(part for part in value if isinstance(part, str))
        else:
            yield f"{above}{name}", "" if value is None else "yes" if value is True else str(value)
