"""Rows of facts as a table of text: which columns a preview shows, how each kind of value is written.

The preview shows what one reads; every other column is one link away and in every file.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component
from pandas import NA

from layouts import parts, values
from layouts.words import Words

MINUTE = 60_000_000
# Columns a preview shows; "took" and "limit" are read off the row's own instants, "major" and "minor" off its category.
PREVIEW = {
    "cases": ("id", "reported_at", "major", "minor", "unit_name", "address", "channel", "status", "took", "limit"),
    "orders": (
        "id", "accepted_at", "minor", "unit_name", "department", "first_contact", "closing_judgement",
        "satisfaction", "took", "limit",
    ),
    "alerts": ("id", "occurred_at", "kind", "unit_name", "building", "device", "confidence", "severity", "state"),
    "parking": ("name", "observed_at", "type", "unit_name", "occupied", "capacity", "out_of_service", "lot"),
    "stays": ("name", "entry_at", "exit_at", "took", "type", "unit_name", "fee", "capacity", "lot"),
    "measures": (
        "indicator", "unit_name", "unit_code", "kind", "numerator", "denominator", "value", "low", "high", "n",
        "previous", "change",
    ),
}  # fmt: skip
STARTS = {"cases": "reported_at", "orders": "accepted_at", "stays": "entry_at"}
ENDS = {"cases": ("closed_at",), "orders": ("finished_at", "closed_at"), "stays": ("exit_at",)}
MADE = ("took", "limit", "major", "minor")
NUMBERS = ("count", "number", "point")


@dataclass(frozen=True)
class RowStyle:
    """How rows are written: the words, the instance's own translations of data words, the present instant.

    word  kind and text of a data word, answered in the reader's language
    when  microseconds since 1970 UTC, answered as text in local time
    now   microseconds since 1970 UTC
    """

    words: Words
    word: Callable[[str, str], str]
    when: Callable[[int], str]
    now: int


def value_cell(name: str, kind: str, row: dict, style: RowStyle, subject: str) -> Component:
    """One cell of the preview."""
    if name == "took":
        return parts.cell(took(row, subject, style.words), name="num")
    if name == "limit":
        text, tone = limit(row, subject, style)
        return parts.cell(html.Span(text, className=tone), name="num")
    if name in ("major", "minor"):
        whole = written("category", "word", row.get("category"), style)
        part = whole.split("/")[0 if name == "major" else -1]
        return parts.cell(part, name="t2 major" if name == "major" else "", title=whole)
    text = written(name, kind, row.get(name), style)
    tone = "num" if kind in NUMBERS else "t2" if name in ("id", "address", "unit_code") else ""
    return parts.cell(text, name=tone, title=text)


def written(name: str, kind: str, value: object, style: RowStyle) -> str:
    """A value as text; what is missing is a dash."""
    if value is NA or value is None or value != value or value == "":
        return values.NOTHING
    if kind == "at":
        return style.when(int(value))  # type: ignore[call-overload]  # a nullable integer of the frame
    if kind == "yes":
        return style.words("analyst.yes" if value else "analyst.no")
    if kind == "word" or name == "source":
        return style.word(name, str(value))
    if kind == "point":
        return f"{float(value):.6f}"  # type: ignore[arg-type]  # a float of the frame
    if kind == "count":
        return style.words.number(float(value))  # type: ignore[arg-type]  # as above
    if kind == "number":
        text = style.words.number(float(value), 4)  # type: ignore[arg-type]  # as above
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def took(row: dict, subject: str, words: Words) -> str:
    """From the start of a fact to its end, in two units at most; a dash while it is open."""
    start, end = _instant(row, STARTS[subject]), _end(row, subject)
    if start is None or end is None or end < start:
        return values.NOTHING
    return words.duration((end - start) / MINUTE)


def limit(row: dict, subject: str, style: RowStyle) -> tuple[str, str]:
    """Text and class: in time, so much left, so much over; a dash without a limit."""
    due, end = _instant(row, "due_at"), _end(row, subject)
    if due is None:
        return values.NOTHING, "t3"
    over = ((style.now if end is None else end) - due) / MINUTE
    if over > 0:
        return style.words("analyst.limit.over", span=style.words.duration(over)), "bad"
    if end is not None:
        return style.words("analyst.limit.met"), ""
    return style.words("analyst.limit.left", span=style.words.duration(-over)), ""


def _instant(row: dict, name: str) -> int | None:
    number = values.known(row.get(name))
    return None if number is None else int(row[name])


def _end(row: dict, subject: str) -> int | None:
    return next((found for name in ENDS[subject] if (found := _instant(row, name)) is not None), None)
