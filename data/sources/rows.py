"""Rows of a table that are no records: blank ones, totals, headers repeated on every page. Dropped and counted."""

import re
import unicodedata
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.fields import START
from data.sources.batch import Raw
from data.sources.definition import Source

SHORTEST_TIME = 5  # bytes: days since 1899
_TOTAL = re.compile(r"(?:.{0,20}(?:合计|小计|总计|共计)|(?:sub|grand)?totals?)[:.]?\Z", re.IGNORECASE)


def drop_furniture(raw: Raw, source: Source) -> Raw:
    """The records among the rows, the rest counted in notes (`blank_rows`, `total_rows`, `repeated_headers`).

    A total is a row without the time every record must have, in which a cell says so.
    """
    marks = _timed(raw, source, START[source.kind])
    if marks is None or not len(raw.rows) or not raw.header:  # records have no furniture
        return raw
    furniture = np.zeros(len(raw.rows), dtype=bool)
    notes = raw.notes.copy()
    places = np.flatnonzero(~marks)
    blank = places[_all_blank(raw, places)]
    total = np.setdiff1d(places[_says_total(raw, places)], blank)
    header = _repeated(raw)
    for name, found in (("blank_rows", blank), ("total_rows", total), ("repeated_headers", header)):
        furniture[found] = True
        if len(found):
            notes[name] += len(found)
    if not furniture.any():
        return raw
    keep = np.flatnonzero(~furniture)
    columns = {name: column.take(pa.array(keep)) for name, column in raw.columns.items()}
    return replace(raw, columns=columns, rows=raw.rows[keep], notes=notes)


def _timed(raw: Raw, source: Source, field: str) -> np.ndarray | None:
    """Mask of the rows where any column of a field has text long enough for a time; a total may have a count there."""
    columns = [raw.columns[c] for c in source.by_field[field].columns if c in raw.columns]
    lengths = [pc.fill_null(pc.binary_length(pc.utf8_trim_whitespace(column)), 0) for column in columns]
    return (
        np.logical_or.reduce([np.asarray(length) >= SHORTEST_TIME for length in lengths]) if lengths else None
    )


def _text(column: pa.StringArray) -> np.ndarray:
    """Mask of the cells with text other than blanks."""
    return np.asarray(pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False))


def _all_blank(raw: Raw, places: np.ndarray) -> np.ndarray:
    at = pa.array(places)
    return ~np.logical_or.reduce([_text(column.take(at)) for column in raw.columns.values()])


def _says_total(raw: Raw, places: np.ndarray) -> np.ndarray:
    """Which of some rows say that they are totals, in the first cell or in any column that is read."""
    found = np.zeros(len(places), dtype=bool)
    for column in raw.columns.values():
        texts = column.take(pa.array(places)).to_pylist()
        found |= np.array([text is not None and _is_total(text) for text in texts], dtype=bool)
    return found


def _is_total(text: str) -> bool:
    return bool(_TOTAL.match(re.sub(r"\s", "", unicodedata.normalize("NFKC", text[:60]))))


def _repeated(raw: Raw) -> np.ndarray:
    """Rows whose every cell of a mapped column is that column's header, in any row of it."""
    rows = max(map(len, raw.header.values()), default=0)
    found = [_equal_to(raw, {name: cells[row] for name, cells in raw.header.items()}) for row in range(rows)]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *found]))


def _equal_to(raw: Raw, header: dict[str, str]) -> np.ndarray:
    """Rows that hold these cells; a header of blank cells alone is nowhere."""
    places = np.arange(len(raw.rows)) if any(header.values()) else np.zeros(0, dtype=np.int64)
    for name, cell in header.items():
        if not len(places):
            break
        column = (
            raw.columns[name] if len(places) == len(raw.rows) else raw.columns[name].take(pa.array(places))
        )
        texts = pc.fill_null(pc.utf8_trim_whitespace(column), "")
        places = places[np.asarray(pc.equal(texts, cell))]
    return places
