"""What the newest snapshot of a source no longer held, for its page: withdrawn, or held back until it is sure."""

from collections.abc import Callable
from datetime import datetime

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame

from layouts import parts, values
from layouts.words import Words


def card(
    gone: DataFrame, held: int, words: Words, *, source: str, when: Callable[[object], datetime | None]
) -> list[Component]:
    """The list of withdrawn facts with their count; nothing where no snapshot ever lacked one.

    gone  of `Reader.withdrawals`; held: facts the newest load would have withdrawn, had every row been read
    """
    if gone.empty and not held:
        return []
    rows = gone.to_dict("records")
    every = int(rows[0]["all"]) if rows else 0
    title = words("sources.withdrawn", source=source, n=words.number(every))
    heads = [parts.column(words(f"sources.withdrawn.{key}"), name=key) for key in ("id", "started")]
    body = [html.Tr([parts.cell(str(row["id"]), name="b"), parts.cell(_stamp(when(row["started_at"]), words))])
            for row in rows]  # fmt: skip
    note = _stamp(when(rows[0]["at"]), words) if rows else ""
    table = parts.table(heads, body, caption=title, name="withdrawn")
    shown = words("sources.rejects.shown", n=words.number(len(rows)), all=words.number(every))
    foot = [html.P(shown, className="note-line f12 t2")] if rows else []
    kept = [html.P(words("sources.withdrawn.held", n=words.number(held)), className="note-line bad")]
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return [parts.card(parts.head(title, note), *(kept if held else []), scroll, *foot, name="low-card")]


def _stamp(moment: datetime | None, words: Words) -> str:
    return words.stamp(moment) if moment else values.NOTHING
