"""What the checks of lists share: what a file is, the rows that are refused, one confirmation."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from data.sources.batch import Reject
from layouts import parts
from layouts.reasons import reason
from layouts.upload_page import hidden
from layouts.values import NOTHING
from layouts.words import Words

SHOWN = 50


def strip(name: str, counted: Sequence[tuple[str, str]], words: Words) -> Component:
    """What the file is."""
    pairs = [(words("upload.file"), name, None), *((label, value, None) for label, value in counted)]
    return parts.facts(pairs, parts.badge("unknown", words("lists.waiting")), name="what")


def faults_card(faults: Sequence[Reject], fields: str, words: Words) -> list[Component]:
    """The first refused rows; `fields` begins the keys of the names of fields."""
    if not faults:
        return []
    title = words("lists.faults", n=words.number(len(faults)))
    heads = [
        parts.column(words(f"sources.reject.{key}"), name=f"num {key}" if key == "row" else key)
        for key in ("row", "field", "value", "rule")
    ]
    body = []
    for one in faults[:SHOWN]:
        why = reason(one.rule, f"place.{one.field}", words)
        body.append(html.Tr([
            parts.cell(str(one.row), name="num t3"),
            parts.cell(words.texts.get(f"{fields}.{one.field}", NOTHING), name="field"),
            parts.cell(one.value or NOTHING, name="b value" if one.value else "t3 value", title=one.value),
            parts.cell(why, name="bad rule", title=why),
        ]))  # fmt: skip
    table = parts.table(heads, body, caption=title, name="rejects")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    note = words("lists.faults.note")
    return [parts.card(parts.head(title, note), scroll, name="low-card refused-rows")]


def confirm_bar(
    action: str,
    csrf: str,
    asked: dict[str, str],
    *,
    take: str,
    busy: str,
    note: str,
    sound: bool,
    words: Words,
) -> Component:
    """The list is taken, or thrown away."""
    leave = leave_button(words)
    button = html.Button(
        take,
        className="btn p",
        type="submit",
        name="act",
        value="take",
        disabled=not sound,
        **{"data-busy": busy},
    )
    fields = hidden({"token": csrf, **{name: value for name, value in asked.items() if value}})
    return html.Form(
        [*fields, html.P(note, className="t2"), html.Span(className="sp"), button, leave],
        method="post", action=action, className="card confirm",
    )  # fmt: skip


def leave_button(words: Words) -> Component:
    """The way out: the file is thrown away, whatever is filled in."""
    return html.Button(words("upload.discard"), className="btn", type="submit", name="act", value="discard",
                       formNoValidate=True)  # fmt: skip
