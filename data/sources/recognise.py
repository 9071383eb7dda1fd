"""A first look at an unknown file: what it is, where its header lies, what each column might be, what it holds.

`examine` has a child look (`look`) and gives a picture that can be shown before anything is stored: personal values
are masked in the child already. `propose` says what each column may be for a kind of source; a person decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data.fields import KINDS, START, specs
from data.sources.aliases import columns_of, known_columns, plain
from data.sources.batch import SourceError, shorten, writable
from data.sources.definition import Source, source_of
from data.sources.gates import UPLOAD, Limits
from data.sources.grid import Grid, Table, grid_of
from data.sources.header import MOST_COLUMNS, SEARCHED_ROWS, Names, absent, check_columns, find_columns
from data.sources.looks import PERSONAL, Look, look_at, mask
from data.sources.proposals import Seen, kind_scores
from data.sources.sandbox import Child

SAMPLES = 3


@dataclass(frozen=True)
class Fit:
    """How a file fits a source that is declared already.

    found    declared columns that are there, of which `renamed` under another name
    missing  those that are not; new: columns of the file that the source did not know, where it says what it knew
    fault    why the file cannot be loaded, empty if it can
    """

    source: str
    found: int
    renamed: int
    missing: tuple[str, ...]
    new: tuple[str, ...]
    fault: str


@dataclass(frozen=True)
class Examination:
    """What a first look found.

    format      csv, xlsx, xls, json, geojson or open311; encoding and delimiter are empty where it has none
    sheets      names of a workbook's sheets; `sheet` is the one that was looked at
    header      numbers of the header's one or two rows, () for records
    columns     what each column looks like, in the order of the file
    kinds       kind -> how well the headers fit it, 0 to 1; `kind` is the likeliest
    fits        declared sources this file may be for, the best first
    rows        records looked at
    """

    file: str
    format: str
    encoding: str
    delimiter: str
    sheets: tuple[str, ...]
    sheet: str
    header: tuple[int, ...]
    columns: tuple[Seen, ...]
    kinds: dict[str, float]
    kind: str
    fits: tuple[Fit, ...]
    rows: int


def examine(
    path: Path, known: Mapping[str, Source], *, sheet: str | None = None, limits: Limits = UPLOAD
) -> Examination:
    """Look at an unknown file, in a child under limits.

    known    declared sources by name
    sheet    of a workbook; by default the one whose header is understood best
    Raises   SourceError, one line, for what cannot be read
    """
    order = {
        "job": "examine",
        "sheet": sheet,
        "sources": [{"name": source.name, "text": source.text} for source in known.values()],
    }
    child = Child(order, [path], form=None, limits=limits, follow=False)
    answers = [frame.header for frame in child.frames() if frame.kind == "answer"]
    if len(answers) != 1:
        raise child.broken("no answer")
    return examination_of(answers[0]["examination"])


def as_json(found: Examination) -> dict[str, Any]:
    """An examination as it travels."""
    return asdict(found)


def examination_of(document: dict[str, Any]) -> Examination:
    """An examination that has travelled."""
    columns = tuple(
        Seen(**{**entry, "look": Look(**{**entry["look"], "words": tuple(entry["look"]["words"])}),
                "samples": tuple(entry["samples"])})
        for entry in document["columns"]
    )  # fmt: skip
    fits = tuple(
        Fit(**{**entry, "missing": tuple(entry["missing"]), "new": tuple(entry["new"])})
        for entry in document["fits"]
    )
    lists = {"sheets": tuple(document["sheets"]), "header": tuple(document["header"])}
    return Examination(**{**document, **lists, "columns": columns, "fits": fits})


def look(path: Path, known: Sequence[dict[str, str]], *, sheet: str | None) -> Examination:
    """Look at a file in this process; for the child. Raises SourceError."""
    grid = grid_of(path)
    table = _choose(grid, sheet, path.name)
    first, last = _header(table, path.name)
    names = Names.of(table.rows[first : last + 1])
    body = [row for row in table.rows[last + 1 :] if any(row)]
    columns = tuple(_column(names, place, body) for place in range(len(names.own)))
    scores = kind_scores(columns)
    numbered = () if table.header is not None else tuple(range(first + 1, last + 2))
    fits = [_fit(source_of(entry["name"], entry["text"].encode()), names, path.name) for entry in known]
    return Examination(
        file=path.name,
        format=grid.format,
        encoding=grid.encoding,
        delimiter=grid.delimiter,
        sheets=tuple(entry.sheet for entry in grid.tables if entry.sheet),
        sheet=table.sheet,
        header=numbered,
        columns=columns,
        kinds=scores,
        kind=max(scores, key=lambda kind: scores[kind]),
        fits=tuple(sorted(fits, key=lambda fit: (bool(fit.fault), len(fit.missing), fit.renamed))),
        rows=len(body),
    )


def _choose(grid: Grid, sheet: str | None, file: str) -> Table:
    tables = [table for table in grid.tables if any(map(any, table.rows))]
    if sheet is not None:
        tables = [table for table in tables if table.sheet == sheet]
    if not tables:
        raise SourceError(f"{file}: got no row with text; expected a header, and records below it")
    return max(tables, key=_understood)  # the first of equals


def _understood(table: Table) -> float:
    return max(_scores(table).values())


def _scores(table: Table) -> dict[tuple[int, int], float]:
    """How many names of some kind stand in each possible header of one or two rows."""
    ends = range(min(len(table.rows), SEARCHED_ROWS if table.header is None else 1))
    spans = [(end, end) for end in ends] + [(end - 1, end) for end in ends if end]
    known = [set(columns_of(kind)) for kind in KINDS]
    found = {}
    for first, last in spans:
        there = Names.of(table.rows[first : last + 1]).every
        found[first, last] = float(max(len(names & there) for names in known))
    return found


def _header(table: Table, file: str) -> tuple[int, int]:
    """First and last row of the header: where most names are known, else the first row that is as wide as the rest."""
    if table.header is not None:
        return table.header, table.header
    scores = _scores(table)
    best = max(scores, key=lambda span: scores[span])  # the first of equals: one row before two
    if not scores[best]:
        widths = [sum(map(bool, row)) for row in table.rows]
        usual = max(set(widths), key=widths.count)
        best = next((n, n) for n, width in enumerate(widths) if width >= usual)
    width = max(map(len, table.rows[best[0] : best[1] + 1]))
    if width > MOST_COLUMNS:
        raise SourceError(
            f"{file} row {best[1] + 1}: got {width:,} columns; expected at most {MOST_COLUMNS:,}"
        )
    return best


def _column(names: Names, place: int, body: Sequence[Sequence[str]]) -> Seen:
    values = [writable(row[place]) if place < len(row) else "" for row in body]
    seen = look_at(values)
    plain_name = names.plain[0][place]
    personal = seen.name in PERSONAL or _is_personal(plain_name)
    header = names.own[place]
    if names.plain[0].count(plain_name) > 1 and names.joined[place]:
        header = names.joined[place]  # of two columns under groups, only the group tells which is which
    different = [value for value in dict.fromkeys(values) if value.strip()]
    samples = tuple(mask(value, look=seen.name, personal=personal) for value in different[:SAMPLES])
    if personal:
        seen = Look(seen.name, seen.filled, format=seen.format, comma=seen.comma)
    return Seen(shorten(header), seen, samples, personal)


def _is_personal(name: str) -> bool:
    """Whether a known column of this name holds personal values, in any kind."""
    fields = {
        column.field for column in known_columns() if any(plain(other) == name for other in column.names)
    }
    spec = {field: spec for kind in KINDS for field, spec in specs(kind).items()}
    return "drop" in fields or any(field in spec and spec[field].personal for field in fields)


def _fit(source: Source, names: Names, file: str) -> Fit:
    try:
        found, notes = find_columns(source, names, where=file)
        check_columns(source, found, where=file, shown=names.own)
        fault = ""
    except SourceError as error:
        return Fit(source.name, 0, 0, (), (), str(error))
    missing = tuple(name.partition(":")[2] for name in absent(source, found))
    new = tuple(name.partition(":")[2] for name in notes if name.startswith("new_column:"))
    start = source.by_field[START[source.kind]].columns
    if start and not any(column in found for column in start):
        fault = f"{file}: got no column {start[0]!r}; expected it"
    renamed = sum(name.startswith("renamed_column:") for name in notes)
    return Fit(source.name, len(found), renamed, missing, new, fault)
