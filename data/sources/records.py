"""Records with names of their own (JSON objects, XML elements, GeoJSON features) to raw columns of text."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from data.sources.batch import Raw, Reject, SourceError, shorten
from data.sources.definition import Source
from data.sources.header import Names, find_columns, shown_names, wanted

Record = dict[str, Any]
Numbered = tuple[int, Record | Reject]  # a record under its row number, or why it is none
TWICE = "\0twice"  # under this key a decoder leaves the name that an object holds twice
KEYS_SHOWN_OF = 100  # records whose names are shown when a column is missing


def to_raws(records: Iterable[Numbered], source: Source, *, file: str, limit: int) -> Iterator[Raw]:
    """Raw columns of at most `limit` records each.

    A column that no record of the first part has is refused where every fact needs it; elsewhere it is counted in
    the notes (`absent_column:NAME`), since records may leave out what is empty. Raises SourceError.
    """
    stream = iter(records)
    notes: Counter[str] = Counter()
    keys: dict[str, str] = {}
    first = True
    while part := list(islice(stream, limit)):
        if first:
            there = [record for _, record in part if isinstance(record, dict)]
            keys, notes = _find_keys(there, source, file)
            first = False
        yield _raw(part, source, keys, file, notes)
        notes = Counter()


def _find_keys(records: list[Record], source: Source, file: str) -> tuple[dict[str, str], Counter[str]]:
    """Under which key the records hold each column, where it is not its own name; and notes on what changed."""
    if not records:
        return {}, Counter()
    there = list(dict.fromkeys(key for record in records[:KEYS_SHOWN_OF] for key in record))
    present = {name for name in wanted(source) if any(_has(record, name) for record in records)}
    cells = there + [name for name in present if name not in there]
    found, notes = find_columns(source, Names(tuple(cells), tuple(cells)), where=file)
    absent = [name for name in wanted(source) if name not in found]
    for mapped in source.fields:
        missing = [column for column in mapped.columns if column in absent]
        if mapped.spec.required and mapped.columns and len(missing) == len(mapped.columns):
            names = " or ".join(map(repr, missing))
            raise SourceError(
                f"{file}: {mapped.name}: got no column {names}; expected it among: {shown_names(there)}"
            )
    notes.update({f"absent_column:{shorten(name)}": 1 for name in absent})
    return {name: cells[place] for name, place in found.items() if cells[place] != name}, notes


def _has(record: Record, name: str) -> bool:
    if name in record:
        return True
    outer, _, inner = name.partition(".")
    return bool(inner) and isinstance(record.get(outer), dict) and _has(record[outer], inner)


def lookup(record: Record, name: str) -> str | None:
    """The text under a name, or under a path of names joined by dots; a list of numbers as "-73.9, 40.7"."""
    value = record.get(name)
    if value is None and "." in name:
        outer, _, inner = name.partition(".")
        return lookup(record[outer], inner) if isinstance(record.get(outer), dict) else None
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or None
    return None


def _raw(part: list[Numbered], source: Source, keys: dict[str, str], file: str, notes: Counter[str]) -> Raw:
    names = {name: keys.get(name, name) for name in wanted(source)}
    rejects: list[Reject] = []
    kept: list[Record] = []
    rows: list[int] = []
    for row, record in part:
        fault = record if isinstance(record, Reject) else _fault(row, record, tuple(names.values()), file)
        if fault is None and isinstance(record, dict):
            kept.append(record)
            rows.append(row)
        elif fault is not None:
            rejects.append(fault)
    columns = {
        name: pa.array([lookup(record, key) for record in kept], pa.string()) for name, key in names.items()
    }
    return Raw(file, columns, np.array(rows, dtype=np.int64), tuple(rejects), notes, suspect=True)


def _fault(row: int, record: Record, names: tuple[str, ...], file: str) -> Reject | None:
    """Why a record cannot be stored as text, if so."""
    if TWICE in record:
        return Reject(file, row, record[TWICE], "two values", "every name once in a record")
    for name in names:
        text = lookup(record, name)
        if text is not None and not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
            return Reject(file, row, name, "a lone surrogate", "text that can be written as UTF-8")
    return None
