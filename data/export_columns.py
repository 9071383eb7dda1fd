"""What an exported file holds: its columns in order with their meaning, and a chunk of rows as typed arrays.

Kinds: at (instant), word, text, id, source, unit (all text), count, number, point (degrees), yes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pandas import DataFrame

from data import factlist

if TYPE_CHECKING:
    from data.reader import Reader

TEXTS = frozenset({"word", "text", "id", "source", "unit"})
ARROW = {
    "at": pa.timestamp("us", tz="UTC"),
    "count": pa.int64(),
    "number": pa.float64(),
    "point": pa.float64(),
    "yes": pa.bool_(),
}
MEASURES = {
    "indicator": "word", "level": "word", "unit_code": "unit", "unit_name": "unit", "kind": "word",
    "numerator": "number", "denominator": "number", "value": "number", "low": "number", "high": "number",
    "n": "count", "previous": "number", "change": "number", "position": "count", "rank_low": "count",
    "rank_high": "count", "state": "word",
}  # fmt: skip
MEANINGS = {
    "id": "number of the record in its source",
    "source": "name of the source that delivered it",
    "category": "category, parts of a path joined by '/'",
    "channel": "channel it came through",
    "status": "status as the source gives it",
    "type": "type as the source gives it",
    "department": "department in charge, by its name in the list of departments",
    "department_given": "department in charge as the source writes it",
    "reported_at": "instant of the report",
    "filed_at": "instant of filing",
    "dispatched_at": "instant of dispatch",
    "due_at": "deadline",
    "handled_at": "instant the handling ended",
    "closed_at": "instant of closing; empty: open",
    "on_time": "verdict of the source: closed by the deadline",
    "suspensions": "times suspended",
    "extensions": "times extended",
    "redispatches": "times dispatched again",
    "reworks": "times sent back to be handled again",
    "forced": "closed by force",
    "voided": "voided, not counted",
    "address": "address as written by the source",
    "text": "description",
    "accepted_at": "instant of acceptance",
    "first_contact": "caller contacted in time: yes, no or unrated",
    "first_contact_at": "instant of the first contact",
    "first_contact_due_at": "deadline of the first contact",
    "finished_at": "instant the department finished",
    "closing_judgement": "judgement at closing: solved, explained or unrated",
    "called_back_at": "instant of the call back",
    "callback_resolution": "answer of the caller: solved, unsolved or unrated",
    "satisfaction": "satisfied, mostly, neutral, dissatisfied or unrated",
    "returned_at": "instant of the last return",
    "returns": "times returned",
    "repeat_of": "number of the order it repeats",
    "linked_case": "number of the case it belongs to",
    "excluded": "why it is excluded from assessment",
    "kind": "what was seen: littering or wall",
    "device": "device that saw it",
    "occurred_at": "instant it occurred",
    "received_at": "instant it arrived",
    "building": "building",
    "floor_low": "lowest floor",
    "floor_high": "highest floor",
    "confidence": "confidence of the detection, 0 to 1",
    "severity": "severity as the source gives it",
    "image_url": "address of the picture",
    "clip_url": "address of the clip",
    "state": "state of the alert",
    "state_log": "earlier states",
    "lot": "code of the parking lot",
    "name": "name",
    "capacity": "spaces",
    "out_of_service": "spaces out of service",
    "observed_at": "instant of the reading",
    "occupied": "spaces occupied",
    "acknowledged_at": "instant the alert was acknowledged",
    "verified_at": "instant it was found to be true",
    "resolved_at": "instant it was resolved",
    "allowed_minutes": "minutes a car may stand there",
    "entry_at": "instant of entry",
    "exit_at": "instant of exit; empty: still there",
    "fee": "fee paid",
    "unit_code": "code of the finest unit that holds it",
    "unit_name": "name of that unit",
    "lon": "longitude in degrees, WGS84",
    "lat": "latitude in degrees, WGS84",
    "flags": "rules of the source that marked the row",
    "indicator": "name of the indicator",
    "level": "level of the unit; empty for the total",
    "numerator": "sum of the numerator",
    "denominator": "sum of the denominator; empty for a count",
    "value": "numerator by denominator; empty where the denominator is 0",
    "low": "lower end of the 95 % interval",
    "high": "upper end of the 95 % interval",
    "n": "base",
    "previous": "value of the period before",
    "change": "value less the value of the period before",
    "position": "position among the units shown; empty: not ranked",
    "rank_low": "best position the interval allows",
    "rank_high": "worst position the interval allows",
}
OF_MEASURES = {
    "kind": "unit; unassigned: the part of the unit above that lies in none below; total",
    "state": "ok, few (base too small to rank) or none (no base)",
}


@dataclass(frozen=True)
class ExportColumn:
    """One column of a file; its meaning is one line of plain English."""

    name: str
    kind: str
    meaning: str

    @property
    def is_text(self) -> bool:
        """Whether its cells are text."""
        return self.kind in TEXTS


def columns_of(reader: "Reader", subject: str) -> tuple[ExportColumn, ...]:
    """Columns of a subject's file in order. Sealed fields are not among what a reader offers."""
    if subject == "measures":
        meanings = MEANINGS | OF_MEASURES
        return tuple(ExportColumn(name, kind, meanings[name]) for name, kind in MEASURES.items())
    sealed = factlist.SEALED.get(subject, ())
    offered = reader.fact_columns(subject)
    return tuple(
        ExportColumn(column.name, column.kind, MEANINGS[column.name])
        for column in offered
        if column.name not in sealed
    )


def arrays(frame: DataFrame, columns: Sequence[ExportColumn]) -> list[pa.Array]:
    """One typed array a column: instants in microseconds UTC, missing as null, everything else as it is."""
    return [_array(frame[column.name], column) for column in columns]


def _array(series, column: ExportColumn) -> pa.Array:
    if column.kind == "at":
        numbers = pa.array(series.astype("Int64"), from_pandas=True)
        return pa.Array.from_buffers(ARROW["at"], len(numbers), numbers.buffers(), offset=numbers.offset)
    if column.is_text:
        return pa.array(series.astype("str"), type=pa.string(), from_pandas=True)
    if column.kind == "count":
        return pa.array(series.astype("Int64"), type=pa.int64(), from_pandas=True)
    if column.kind == "yes":
        return pa.array(series.astype("boolean"), type=pa.bool_(), from_pandas=True)
    return pa.array(series.astype("float64"), type=ARROW[column.kind], from_pandas=True)
