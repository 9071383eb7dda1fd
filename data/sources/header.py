"""Which row is the header, and which of its cells is the column a source names.

Headers are compared as written first, then normalised (NFKC, case, spaces and the punctuation that exports
sprinkle), so that `12345 工单编号：` is `12345工单编号`.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from data.sources.batch import SourceError
from data.sources.declared import listed
from data.sources.definition import Source

SEARCHED_ROWS = 10
MOST_COLUMNS = 2000
_NOISE = re.compile(r"[\s_\-—:：()（）【】]+")


@dataclass(frozen=True)
class Header:
    """The header of one file.

    row      its row number
    cells    its cells as written
    columns  column as the source names it -> position; columns that a list may do without are absent
    """

    row: int
    cells: tuple[str, ...]
    columns: dict[str, int]


def normalise(name: str) -> str:
    """A header as it is compared."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", name)).casefold()


def wanted(source: Source) -> tuple[str, ...]:
    """Every column the source reads, in the order of its fields, each once."""
    names = [column for mapped in source.fields for column in mapped.reads]
    return tuple(dict.fromkeys([*names, *source.extra]))


def find_header(rows: Sequence[Sequence[str]], source: Source, *, file: str) -> Header:
    """The header among the first rows of a file: the declared one, else the one most columns are found in.

    rows     the first rows as text; at least `source.header` of them where it is declared
    Raises   SourceError where a column is missing or found twice
    """
    if source.header is not None:
        if len(rows) < source.header:
            raise SourceError(f"{file}: got {len(rows)} rows; expected the header in row {source.header}")
        index = source.header - 1
    else:
        names = {normalise(column) for column in wanted(source)}
        scores = [len(names & {normalise(cell) for cell in row}) for row in rows[:SEARCHED_ROWS]]
        if not any(map(any, rows[:SEARCHED_ROWS])):
            raise SourceError(f"{file}: got blank rows only; expected a header")
        index = scores.index(max(scores)) if max(scores) else _first_filled(rows)
    cells = tuple(cell.strip() for cell in rows[index])
    if len(cells) > MOST_COLUMNS:
        raise SourceError(
            f"{file} row {index + 1}: got {len(cells):,} columns; expected at most {MOST_COLUMNS:,}"
        )
    return Header(index + 1, cells, match(source, cells, where=f"{file} row {index + 1}"))


def _first_filled(rows: Sequence[Sequence[str]]) -> int:
    return next(index for index, row in enumerate(rows) if any(row))


def match(source: Source, cells: Sequence[str], *, where: str) -> dict[str, int]:
    """Position of every column the source reads. Raises SourceError, naming the field, the column and those there."""
    found = {}
    for column in wanted(source):
        places = [place for place, cell in enumerate(cells) if cell == column.strip()]
        places = places or [place for place, cell in enumerate(cells) if normalise(cell) == normalise(column)]
        if len(places) > 1:
            raise SourceError(f"{where}: got the column {column!r} {len(places)} times; expected it once")
        if places:
            found[column] = places[0]
    check_columns(source, found, where=where, shown=cells)
    return found


def check_columns(source: Source, found: dict[str, int], *, where: str, shown: Sequence[str]) -> None:
    """Refuse a file that lacks a column. A list tried in turn may lack all but one. Raises SourceError."""
    there = listed(cell for cell in shown if cell)
    for mapped in source.fields:
        in_turn = mapped.join is None and len(mapped.columns) > 1
        if in_turn and not any(column in found for column in mapped.columns):
            names = " or ".join(map(repr, mapped.columns))
            raise SourceError(f"{where}: {mapped.name}: got no column {names}; expected one among: {there}")
        needed = mapped.reads[len(mapped.columns) :] if in_turn else mapped.reads
        for column in needed:
            if column not in found:
                raise SourceError(
                    f"{where}: {mapped.name}: got no column {column!r}; expected it among: {there}"
                )
    for column in source.extra:
        if column not in found:
            raise SourceError(f"{where}: sealed: got no column {column!r}; expected it among: {there}")
