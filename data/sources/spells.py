"""Suspensions and extensions told one by one, where others only say how many: cells of text, a column at a time.

A suspension (挂账) is a span, `2026-03-02 09:00/2026-03-04 17:00`, without an end while it lasts; an extension (延期)
is a limit, `2工作日`; several stand with semicolons between them. A plain number stays a count and tells no times.
"""

import re
import unicodedata
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.limits import LimitError, read_limit
from data.sources.times import NAT, read_times

SPELLS = {"suspensions": "suspensions_told", "extensions": "extensions_told"}  # field -> column of the frame
BETWEEN = ";"
RULES = {
    "suspensions": "a number, or spans such as 2026-03-02 09:00/2026-03-04 17:00",
    "extensions": "a number, or limits such as 2工作日",
}
_NUMBER = r"^[+-]?[0-9０-９.,]+$"  # whatever the reader of numbers is to judge


def read_spells(
    texts: pa.StringArray, field: str, *, zone: ZoneInfo, fold: str
) -> tuple[pa.StringArray, pa.StringArray, np.ndarray]:
    """A column of suspensions or extensions: how many they are, what they are, the mask of what is neither.

    zone, fold  of instants without an offset, as in `data.sources.times.read_times`
    returns     counts as text; spells as `microseconds/microseconds` or limits, null where only a count was given
    """
    plain = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), True)
    told = np.flatnonzero(~np.asarray(plain))
    bad = np.zeros(len(texts), dtype=bool)
    if not len(told):
        return texts, pa.nulls(len(texts), pa.string()), bad
    counts, spells = texts.to_pylist(), np.full(len(texts), None, dtype=object)
    known: dict[str, list[str] | None] = {}
    for at in told.tolist():
        text = counts[at]
        if text not in known:
            known[text] = _spans(text, zone, fold) if field == "suspensions" else _limits(text)
        found = known[text]
        if found is None:
            bad[at] = True
        else:
            counts[at], spells[at] = str(len(found)), BETWEEN.join(found)
    return pa.array(counts, pa.string()), pa.array(spells, pa.string()), bad


def spans_of(text: str) -> list[tuple[int, int | None]]:
    """Spans as `read_spells` writes them, in order, those that touch joined; the end of a lasting one is None."""
    found: list[tuple[int, int | None]] = []
    for begin, end in sorted((int(a), int(b) if b else None) for a, b in _halves(text)):
        if found and (found[-1][1] is None or begin <= found[-1][1]):
            last = found[-1][1]
            found[-1] = (found[-1][0], None if last is None or end is None else max(last, end))
        else:
            found.append((begin, end))
    return found


def _halves(text: str) -> list[tuple[str, str]]:
    return [(begin, end) for begin, _, end in (part.partition("/") for part in text.split(BETWEEN))]


def _parts(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text)
    return [part.strip() for part in plain.split(BETWEEN) if part.strip()]


def _spans(text: str, zone: ZoneInfo, fold: str) -> list[str] | None:
    found = []
    for part in _parts(text):
        cells = re.split(r"[/~至]", part)  # a date with strokes has two of its own
        half = len(cells) // 2
        if len(cells) % 2 or not cells[0].strip():
            return None
        ends = ["/".join(cells[:half]).strip(), "/".join(cells[half:]).strip()]
        times = read_times(
            pa.array([end or None for end in ends], pa.string()), zone=zone, form=None, fold=fold
        )
        begin, end = times.at.tolist()
        if times.bad.any() or begin == NAT or (end != NAT and end < begin):
            return None
        found.append(f"{begin}/{'' if end == NAT else end}")
    return found or None


def _limits(text: str) -> list[str] | None:
    parts = _parts(text)
    try:
        for part in parts:
            read_limit(part)
    except LimitError:
        return None
    return parts or None
