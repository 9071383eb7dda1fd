"""JSON: a list of records, an object that holds one such list, or one record a line.

A document is read whole and therefore bounded (`LARGEST`); JSON lines stream. Numbers keep the digits they
were written with, so that a long id stays an id. A list inside an object is found when it is the only one.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.sources.batch import Raw, Reject, SourceError
from data.sources.declared import listed
from data.sources.definition import Source
from data.sources.depth import check_depth
from data.sources.records import TWICE, Numbered, Record, to_raws
from data.sources.text import open_bytes, read_lines, scan

LARGEST = {"json": 128 << 20, "geojson": 20 << 20}  # bytes of one document, decompressed
LONGEST_LINE = 4 << 20  # characters of one JSON line
DEEPEST_LIST = 4  # objects above the list of records


def _pairs(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found[TWICE] = next(name for name in names if names.count(name) > 1)
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=str, parse_float=str, parse_constant=str)


def open_json(source: Source, path: Path, *, limit: int) -> Iterator[Raw]:
    """Records of a JSON file as raw columns. Raises SourceError: no JSON (with line and column), no list of records."""
    encoding = scan(path, source.encoding).encoding
    if is_lines(path, encoding):
        return to_raws(read_line_records(path, encoding), source, file=path.name, limit=limit)
    document = read_document(path, encoding)
    records = numbered(find_records(document, where=path.name), path.name)
    return to_raws(records, source, file=path.name, limit=limit)


def read_document(path: Path, encoding: str, *, form: str = "json") -> Any:
    """A whole JSON file, its size and depth bounded by its format. Raises SourceError."""
    with open_bytes(path, largest=LARGEST[form]) as file:
        text = file.read().decode(encoding)
    check_depth(text, form, name=path.name)
    return decode(text, where=path.name)


def decode(text: str, *, where: str) -> Any:
    """One JSON document, numbers as text. Raises SourceError with the place and the reason."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"{where} line {error.lineno} column {error.colno}"
        raise SourceError(f"{place}: got {error.msg[0].lower()}{error.msg[1:]}; expected JSON") from error
    except RecursionError as error:
        raise SourceError(f"{where}: got JSON nested too deep; expected a list of records") from error


def find_records(document: Any, *, where: str) -> list[Any]:
    """The list of records of a document: itself, or the only list in its objects. Raises SourceError."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise SourceError(f"{where}: got a single value; expected a list of records")
    lists = list(_lists(document, "", DEEPEST_LIST))
    if len(lists) != 1:
        found = f"lists at {listed(name for name, _ in lists)}" if lists else "an object without a list"
        raise SourceError(f"{where}: got {found}; expected one list of records")
    return lists[0][1]


def _lists(document: Record, path: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    for key, value in document.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            yield name, value
        elif isinstance(value, dict) and depth > 1:
            yield from _lists(value, name, depth - 1)


def numbered(records: list[Any], file: str) -> Iterator[Numbered]:
    """Records under their position in the list; what is no object becomes a reject."""
    for row, record in enumerate(records, 1):
        yield row, record if isinstance(record, dict) else _no_record(file, row)


def _no_record(file: str, row: int) -> Reject:
    return Reject(file, row, "", "a value", "a record (an object)")


def is_lines(path: Path, encoding: str) -> bool:
    """Whether the first two filled lines are each an object of their own."""
    filled = []
    with open_bytes(path) as file:
        for line in read_lines(file, encoding):
            if line.strip("\ufeff \t\r\n"):
                filled.append(line.strip("\ufeff \t\r\n"))
            if len(filled) == 2 or len(line) > LONGEST_LINE:
                break
    named = path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    return named or (len(filled) == 2 and all(line[0] == "{" and line[-1] == "}" for line in filled))


def read_line_records(path: Path, encoding: str) -> Iterator[Numbered]:
    """Records of JSON lines under the number of their line; what is no object becomes a reject."""
    with open_bytes(path) as file:
        for row, line in enumerate(read_lines(file, encoding), 1):
            text = line.strip("\ufeff \t\r\n")
            if not text:
                continue
            if len(text) > LONGEST_LINE:
                yield (
                    row,
                    Reject(
                        path.name, row, "", "a longer line", f"a line of at most {LONGEST_LINE:,} characters"
                    ),
                )
                continue
            try:
                record = decode(text, where=f"column of row {row}")
            except SourceError as error:
                yield row, Reject(path.name, row, "", _reason(error), "one JSON object a line")
                continue
            yield row, record if isinstance(record, dict) else _no_record(path.name, row)


def _reason(error: SourceError) -> str:
    return str(error).split("got ", 1)[-1].split(";", 1)[0]
