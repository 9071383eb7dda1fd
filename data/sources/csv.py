"""CSV: streamed in blocks through Arrow, every cell as text, every row by its number.

A row with too few or too many cells is a reject; a quote that is never closed refuses the file, since it hides
all that follows. Memory is one block whatever the size of the file.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from data.sources.batch import FIRST, Raw, Reject, SourceError
from data.sources.definition import Source
from data.sources.header import SEARCHED_ROWS, Header, find_header
from data.sources.text import Scan, Utf8Stream, open_bytes, read_lines, scan

SMALLEST_BLOCK, LARGEST_BLOCK = 1 << 20, 64 << 20


def open_csv(source: Source, path: Path, *, limit: int) -> Iterator[Raw]:
    """Check the file and its header now; the rows follow as they are asked for, at most `limit` at a time.

    Raises SourceError: not a text file, empty, undecodable, a missing column, a quote never closed
    """
    found = scan(path, source.encoding)
    if found.quotes % 2:
        _check_quotes(source, found)
    header, start = _read_header(source, found)
    return _rows(source, found, header, start, limit)


def _read_header(source: Source, found: Scan) -> tuple[Header, int]:
    """The header and the number of UTF-8 bytes up to the first row after it."""
    ends: list[int] = []
    rows: list[list[str]] = []
    size = 0

    def lines() -> Iterator[str]:
        nonlocal size
        for number, line in enumerate(read_lines(file, found.encoding)):
            text = line if number else line.removeprefix("\ufeff")
            size += len(text.encode("utf-8"))
            yield text

    with open_bytes(found.path) as file:
        try:
            for row in csv.reader(lines(), delimiter=source.delimiter):
                rows.append([cell.strip() for cell in row])
                ends.append(size)
                if len(rows) >= max(SEARCHED_ROWS, source.header or 0):
                    break
        except csv.Error as error:
            raise SourceError(
                f"{found.path.name} row {len(rows) + 1}: got {error}; expected a header"
            ) from error
    header = find_header(rows, source, file=found.path.name)
    return header, ends[header.row - 1]


def _check_quotes(source: Source, found: Scan) -> None:
    """An odd number of quotes: refuse the file if the last row is still inside one. Raises SourceError."""
    last: list[str] = []
    kept: list[str] = []
    row = 0

    def lines() -> Iterator[str]:
        for line in read_lines(file, found.encoding):
            last.append(line)
            yield line

    with open_bytes(found.path) as file:
        try:
            for number, _ in enumerate(csv.reader(lines(), delimiter=source.delimiter), 1):
                row, kept = number, last.copy()
                last.clear()
            list(csv.reader(kept, delimiter=source.delimiter, strict=True))
        except csv.Error as error:
            if "end of data" not in str(error) and "limit" not in str(error):
                return
            number = row + 1 if "limit" in str(error) else row
            text = (
                f"{found.path.name} row {number}: got a quote that is never closed; expected a closing quote"
            )
            raise SourceError(text) from error


def _rows(source: Source, found: Scan, header: Header, start: int, limit: int) -> Iterator[Raw]:
    ragged: list[Reject] = []
    expected = f"{header.width} cells as in the header"

    def refuse(row: arrow_csv.InvalidRow) -> str:
        number = header.row + row.number
        ragged.append(Reject(found.path.name, number, "", f"{row.actual_columns} cells", expected))
        return "skip"

    names = [f"c{place}" for place in range(header.width)]
    if header.notes:
        none = np.zeros(0, dtype=np.int64)
        yield replace(_raw(found, header, None, none, ()), notes=+header.notes)
    with open_bytes(found.path) as file:
        stream = Utf8Stream(file, found.encoding, skip=start)
        first = header.row + 1
        try:
            for block in _blocks(stream, names, header, source, _block_size(found, limit), refuse):
                for place in range(0, block.num_rows, limit):
                    part = block.slice(place, limit)
                    rows = _numbers(first, part.num_rows, [reject.row for reject in ragged])
                    first = int(rows[-1]) + 1
                    passed = tuple(reject for reject in ragged if reject.row < first)
                    del ragged[: len(passed)]
                    yield _raw(found, header, part, rows, passed)
        except pa.ArrowInvalid as error:
            text = f"{found.path.name} after row {first - 1}: got {_plain(error)}; expected rows of CSV"
            raise SourceError(text) from error
    if ragged:
        yield _raw(found, header, None, np.zeros(0, dtype=np.int64), tuple(ragged))


def _blocks(
    stream: io.RawIOBase, names: list[str], header: Header, source: Source, size: int, refuse
) -> Iterator[pa.RecordBatch]:
    head = stream.read(1)
    if not head:  # a header and nothing else: legal, no rows
        return
    places = sorted({0, *header.columns.values()})
    reader = arrow_csv.open_csv(
        _Joined(head, stream),
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=size, column_names=names),
        parse_options=arrow_csv.ParseOptions(
            delimiter=source.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,  # blank rows count in the numbering
            invalid_row_handler=refuse,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[names[place] for place in places],
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    yield from reader


class _Joined(io.RawIOBase):
    """One byte that was looked at, then the rest."""

    def __init__(self, head: bytes, rest: io.RawIOBase) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if self._head and size != 0:
            head, self._head = self._head, b""
            more = self._rest.read(size - 1 if size is not None and size > 0 else -1) or b""
            return head + more
        return self._rest.read(-1 if size is None else size) or b""


def _block_size(found: Scan, limit: int) -> int:
    """Bytes that hold about `limit` rows, so that a block is a batch."""
    line = (found.characters + 1) / (found.lines + 1)
    return int(min(max(line * limit, SMALLEST_BLOCK), LARGEST_BLOCK))


def _numbers(first: int, count: int, skipped: list[int]) -> np.ndarray:
    """The next `count` row numbers from `first` on that are not among `skipped`."""
    numbers = np.arange(first, first + count + len(skipped), dtype=np.int64)
    if skipped:
        numbers = numbers[~np.isin(numbers, skipped)]
    return numbers[:count]


def _raw(
    found: Scan, header: Header, block: pa.RecordBatch | None, rows: np.ndarray, rejects: tuple[Reject, ...]
) -> Raw:
    empty = pa.array([], type=pa.string())

    def column(place: int) -> pa.StringArray:
        return empty if block is None else block.column(f"c{place}")

    columns = {name: column(place) for name, place in header.columns.items()}
    cells = header.cells()
    return Raw(found.path.name, {FIRST: column(0), **columns}, rows, rejects, header=cells, suspect=found.nul)


def _plain(error: pa.ArrowInvalid) -> str:
    text = str(error)
    if "straddl" in text or "sync" in text:
        return "a row that is too long, or a quote that is never closed"
    return text.splitlines()[0][:120]
