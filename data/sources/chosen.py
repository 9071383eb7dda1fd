"""Rows of a file as they were delivered, by their numbers: what a person gets back to put right."""

import csv
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from data.sources.archive import MAGIC as ZIP
from data.sources.batch import SourceError
from data.sources.gates import UPLOAD, Limits
from data.sources.geojson import features_of
from data.sources.grid import grid_of, named_texts
from data.sources.json import find_records, is_lines, numbered, read_document, read_line_records
from data.sources.ole import MAGIC as OLE
from data.sources.records import Numbered
from data.sources.sandbox import Child
from data.sources.text import open_bytes, read_lines
from data.sources.workbook import open_book, texts

ROWS_AT_ONCE = 1000
Row = tuple[int, list[str]]


def read_chosen(
    path: Path, names: Sequence[str], wanted: Collection[int], *, sheet: str = "", limits: Limits = UPLOAD
) -> dict[int, list[str]]:
    """Rows of a file by their numbers, as a reject tells them; read in a child.

    names    of the columns, by which the values of records are put in order; tables keep their own
    sheet    of a workbook
    returns  texts of each row that is there
    Raises   SourceError for what cannot be read
    """
    order = {"job": "chosen", "names": list(names), "wanted": sorted(wanted), "sheet": sheet or None}
    child = Child(order, [path], form=None, limits=limits, follow=False)
    return {number: cells for frame in child.frames() for number, cells in frame.header["rows"]}


def chosen_rows(
    path: Path, names: Sequence[str], wanted: Collection[int], *, sheet: str | None
) -> Iterator[Row]:
    """The wanted rows of a file in this process; for the child. Raises SourceError."""
    for number, cells in _rows(path, names, sheet):
        if number in wanted:
            yield number, cells


def _rows(path: Path, names: Sequence[str], sheet: str | None) -> Iterator[Row]:
    with path.open("rb") as file:
        packed = file.read(4)
    if packed in (ZIP, OLE):
        with open_book(path) as book:
            yield from ((number, texts(cells)) for number, cells in book.sheet(sheet))
        return
    found = grid_of(path)
    if found.format == "csv":
        yield from _lines(path, found.encoding, found.delimiter)
    for number, record in _records(path, found.format, found.encoding):
        if isinstance(record, dict):
            values = dict(named_texts(record))
            yield number, [values.get(name, "") for name in names]


def _lines(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    with open_bytes(path) as file:
        lines = (line.removeprefix("\ufeff") for line in read_lines(file, encoding))
        try:
            for number, row in enumerate(csv.reader(lines, delimiter=delimiter), 1):
                yield number, [cell.strip() for cell in row]
        except csv.Error as error:
            raise SourceError(f"{path.name}: got {error}; expected rows of CSV") from error


def _records(path: Path, form: str, encoding: str) -> Iterator[Numbered]:
    if form == "json" and is_lines(path, encoding):
        yield from read_line_records(path, encoding)
    elif form in ("json", "geojson"):
        document = read_document(path, encoding, form=form)
        if form == "geojson":
            yield from features_of(document["features"], path.name)
        else:
            yield from numbered(find_records(document, where=path.name), path.name)
