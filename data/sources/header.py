"""Which row is the header, and which of its cells is the column a source names.

A header may lie in two rows (merged cells, or words broken in two): the lower cell names a column, the upper one
where the lower is blank, or both together. Names are compared as written first, then plain (`aliases.plain`), so that
`12345 工单编号：` is `12345工单编号`; then by the source's own further names; last by what other exports call the same
column (`aliases.toml`). What was found under another name, what is gone and what is new is counted in the notes.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from data.sources.aliases import RETURNED, also_called, plain
from data.sources.batch import SourceError, shorten
from data.sources.declared import listed
from data.sources.definition import Source
from data.sources.mapping import FieldMap

SEARCHED_ROWS = 10
MOST_COLUMNS = 2000
UNDER_ANOTHER_NAME = 0.75  # of a column found under its own
LONGEST_SHOWN = 40  # characters of a name in a message
_LONG_DIGITS = re.compile(r"\d{7,}")


@dataclass(frozen=True)
class Header:
    """The header of one file.

    row      number of its last row
    rows     its one or two rows, as written
    columns  column as the source names it -> position; columns that are not in the file are absent
    notes    `renamed_column:DECLARED=FOUND`, `absent_column:DECLARED`, `new_column:FOUND`
    """

    row: int
    rows: tuple[tuple[str, ...], ...]
    columns: dict[str, int]
    notes: Counter[str]

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return max(map(len, self.rows))

    def cells(self) -> dict[str, tuple[str, ...]]:
        """The header's own cells of each column, to know a header that is repeated further down."""
        return {
            name: tuple(row[place] if place < len(row) else "" for row in self.rows)
            for name, place in self.columns.items()
        }


@dataclass(frozen=True)
class Names:
    """What the columns of a header may be called.

    own     their name: the lower cell, or the upper one where that is blank
    joined  upper and lower cell together, the upper one of a merged cell counted for all it spans
    """

    own: tuple[str, ...]
    joined: tuple[str, ...]

    @cached_property
    def plain(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Both as they are compared."""
        return tuple(map(plain, self.own)), tuple(map(plain, self.joined))

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]]) -> "Names":
        """The names in one row, or in an upper and a lower one."""
        cells = [[cell.strip() for cell in row[:MOST_COLUMNS]] for row in rows]
        if len(cells) == 1:
            return cls(tuple(cells[0]), tuple(cells[0]))
        width = max(map(len, cells))
        upper, lower = (row + [""] * (width - len(row)) for row in cells)
        own = tuple(low or high for high, low in zip(upper, lower, strict=True))
        spans, last = [], ""
        for cell in upper:
            last = cell or last
            spans.append(last)
        return cls(own, tuple(high + low for high, low in zip(spans, lower, strict=True)))

    @property
    def every(self) -> frozenset[str]:
        """Every name as it is compared."""
        return frozenset(chain(*self.plain)) - {""}


def wanted(source: Source) -> tuple[str, ...]:
    """Every column the source reads, in the order of its fields, each once."""
    names = [column for mapped in source.fields for column in mapped.reads]
    return tuple(dict.fromkeys([*names, *source.extra]))


def find_header(rows: Sequence[Sequence[str]], source: Source, *, file: str) -> Header:
    """The header among the first rows of a file: the declared one, else the one most columns are found in.

    rows     the first rows as text; at least `source.header` of them where it is declared
    Raises   SourceError where a column every fact needs is missing, or one is found twice
    """
    first, last = _best(rows, source, file)
    found = tuple(tuple(cell.strip() for cell in row) for row in rows[first : last + 1])
    where = f"{file} row {last + 1}"
    width = max(map(len, found))
    if width > MOST_COLUMNS:
        raise SourceError(f"{where}: got {width:,} columns; expected at most {MOST_COLUMNS:,}")
    names = Names.of(found)
    columns, notes = match(source, names, where=where)
    return Header(last + 1, found, columns, notes)


def _best(rows: Sequence[Sequence[str]], source: Source, file: str) -> tuple[int, int]:
    """First and last row (from 0) of the header; two rows only where one alone says less."""
    if source.header is not None:
        if len(rows) < source.header:
            raise SourceError(f"{file}: got {len(rows)} rows; expected the header in row {source.header}")
        ends = [source.header - 1]
    else:
        ends = list(range(min(len(rows), SEARCHED_ROWS)))
    if not any(any(rows[end]) for end in ends):
        raise SourceError(f"{file}: got blank rows only; expected a header")
    scores = _scorer(source)
    spans = [(end, end) for end in ends] + [(end - 1, end) for end in ends if end]
    scored = [scores(Names.of(rows[first : last + 1])) for first, last in spans]
    best = max(range(len(spans)), key=lambda place: scored[place])  # the first of equals
    if scored[best]:
        return spans[best]
    return next((end, end) for end in ends if any(rows[end]))


def _scorer(source: Source):
    """A function that counts the wanted columns found among some names."""
    known = [
        (
            frozenset(map(plain, (column, *source.aliases.get(column, ())))),
            also_called(source.kind, column),
        )
        for column in wanted(source)
    ]

    def score(names: Names) -> float:
        there = names.every
        return sum(
            1.0 if own & there else UNDER_ANOTHER_NAME if others & there else 0 for own, others in known
        )

    return score


def match(source: Source, names: Names, *, where: str) -> tuple[dict[str, int], Counter[str]]:
    """Position of every column the source reads, and notes on what changed.

    Raises SourceError, naming the field, the column and those there
    """
    found, notes = find_columns(source, names, where=where)
    check_columns(source, found, where=where, shown=names.own)
    return found, notes + absent(source, found)


def find_columns(source: Source, names: Names, *, where: str) -> tuple[dict[str, int], Counter[str]]:
    """Position of the columns that are there, and notes on those under another name and on new ones.

    Raises SourceError where one is there twice
    """
    found: dict[str, int] = {}
    for column in wanted(source):
        place = _declared(column, source.aliases.get(column, ()), names, where)
        if place is not None:
            found[column] = place
    notes: Counter[str] = Counter()
    for column in _missing(source, found):
        place = _elsewhere(source, column, names, taken=set(found.values()))
        if place is not None:
            found[column] = place
            notes[f"renamed_column:{shorten(column)}={shorten(names.own[place])}"] = 1
    if source.known:
        known = frozenset(map(plain, chain(source.known, source.drop, RETURNED, *source.aliases.values())))
        new = [cell for place, cell in enumerate(names.own) if cell and place not in found.values()]
        notes.update({f"new_column:{shorten(cell)}": 1 for cell in new if plain(cell) not in known})
    return found, notes


def _declared(column: str, further: Sequence[str], names: Names, where: str) -> int | None:
    """Where a column stands under a name the source gives it. Raises SourceError where it stands twice."""
    for name in (column.strip(), *further):
        own, joined = names.plain
        for cells, sought in ((names.own, name), (own, plain(name)), (joined, plain(name))):
            places = [place for place, cell in enumerate(cells) if cell == sought]
            if len(places) > 1:
                raise SourceError(f"{where}: got the column {column!r} {len(places)} times; expected it once")
            if places:
                return places[0]
    return None


def _missing(source: Source, found: dict[str, int]) -> list[str]:
    """Columns to be looked for under other names: of several tried in turn only where none is there."""
    missing = [column for column in source.extra if column not in found]
    for mapped in source.fields:
        columns = [column for column in mapped.columns if column not in found]
        if not (in_turn(mapped) and len(columns) < len(mapped.columns)):
            missing += columns
        missing += [column for column, _ in mapped.when if column not in found]
    return list(dict.fromkeys(missing))


def _elsewhere(source: Source, column: str, names: Names, *, taken: set[int]) -> int | None:
    """Where a column stands under a name that other exports give it; nowhere if two could be meant."""
    others = also_called(source.kind, column)
    for cells in names.plain:
        places = [place for place, cell in enumerate(cells) if place not in taken and cell in others]
        if places:
            return places[0] if len(places) == 1 else None
    return None


def in_turn(mapped: FieldMap) -> bool:
    """Whether a field has several columns of which the first that is filled counts."""
    return mapped.join is None and len(mapped.columns) > 1


def check_columns(source: Source, found: dict[str, int], *, where: str, shown: Sequence[str]) -> None:
    """Refuse a file without a column every fact needs, or with half of what only counts whole. Raises SourceError."""
    there = shown_names(shown)
    needed = {mapped.name for mapped in source.fields if mapped.spec.required}
    needed |= {"occupied", "vacant"} & {mapped.name for mapped in source.fields}
    if "vacant" in needed:
        needed.add("capacity")
    if any(column in found for name in ("lon", "lat") for column in _reads(source, name)):
        needed |= {"lon", "lat"}
    for mapped in source.fields:
        here = [column for column in mapped.columns if column in found]
        whole = len(mapped.columns) if mapped.join is not None and here else min(1, len(mapped.columns))
        if len(here) < whole and (here or mapped.name in needed):
            gone = [column for column in mapped.columns if column not in found]
            names = " or ".join(map(repr, gone)) if in_turn(mapped) else repr(gone[0])
            one = "one" if in_turn(mapped) else "it"
            raise SourceError(f"{where}: {mapped.name}: got no column {names}; expected {one} among: {there}")


def shown_names(cells: Sequence[str]) -> str:
    """Names of columns in a message; where there is no header they are values, so no long number is shown."""
    return listed(_LONG_DIGITS.sub("***", shorten(cell)[:LONGEST_SHOWN]) for cell in cells if cell)


def _reads(source: Source, name: str) -> tuple[str, ...]:
    return source.by_field[name].columns if name in source.by_field else ()


def absent(source: Source, found: dict[str, int]) -> Counter[str]:
    """Notes on declared columns that are not there; of several tried in turn only where none is."""
    gone = [column for column in source.extra if column not in found]
    for mapped in source.fields:
        columns = [column for column in mapped.columns if column not in found]
        gone += columns if not in_turn(mapped) or len(columns) == len(mapped.columns) else []
        gone += [column for column, _ in mapped.when if column not in found]
    return Counter({f"absent_column:{shorten(column)}": 1 for column in gone})
