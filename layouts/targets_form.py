"""The forms of targets and composites: their fields, and in the reader's language why they cannot be saved."""

import re
from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from data.indicators import INDICATORS
from layouts import parts
from layouts.upload_page import hidden
from layouts.words import Words

FIELD = re.compile(r"(\w+): got ")
FAULTS = ("indicator", "value", "level", "unit", "last", "first", "note", "bands", "name", "title", "missing", "parts",
          "weight", "scale")  # fmt: skip


def fault_text(sentence: str, words: Words) -> str:
    """A refusal in words; one about a part of a composite begins with the indicator's title."""
    found = FIELD.search(sentence)
    key = found[1] if found and found[1] in FAULTS else "other"
    text = words(f"targets.fault.{key}")
    named = sentence.split(": ")[1] if ": " in sentence else ""
    return f"{words(f'indicator.{named}')}{words.gap}{text}" if named in INDICATORS else text


def form(
    title: str, action: str, kept: dict[str, str], fields: Sequence[Component], fault: str,
    buttons: Sequence[Component], words: Words,
) -> Component:  # fmt: skip
    """A card with a form: its fields, what is wrong with them, what can be done."""
    told = []
    if fault:
        told = [html.P(parts.badge("failed", fault_text(fault, words)), className="note-line", role="alert")]
    bar = html.Div([html.P(words("targets.save.note"), className="t2 f12"), html.Span(className="sp"), *buttons],
                   className="bar")  # fmt: skip
    made = html.Form([*hidden(kept), html.Div(list(fields), className="fields"), *told, bar], method="post",
                     action=action, className="entry")  # fmt: skip
    return parts.card(parts.head(title), made, name="chosen")


def text_field(
    name: str, given: Mapping[str, str], words: Words, *, number: bool = False, day: bool = False, wide: bool = False,
    required: bool = False, note: str = "",
) -> Component:  # fmt: skip
    """A field of a form by its name; a date is chosen with the browser's own calendar."""
    kind = {"type": "date"} if day else {"inputMode": "decimal"} if number else {}
    hint = words(f"targets.field.{note}.note") if note else ""
    field = dcc.Input(name=f"f.{name}", value=given.get(name, ""), maxLength=300, autoComplete="off",
                      required=required, placeholder=hint, **kind)  # fmt: skip
    return html.Label([html.Em(words(f"targets.field.{name}")), field],
                      className="ctl field wide" if wide else "ctl field")  # fmt: skip


def button(act: str, text: str, words: Words, *, main: bool = False, sure: str = "") -> Component:
    """A way to send a form; `sure` is asked before what cannot be taken back by another click."""
    asked = {"data-busy": words("gazetteer.saving")} | ({"data-sure": sure} if sure else {})
    skip = {} if main else {"formNoValidate": True}
    return html.Button(text, className="btn p" if main else "btn", type="submit", name="act", value=act, **skip,
                       **asked)  # fmt: skip


def part_field(at: int, name: str, given: Mapping[str, str], words: Words) -> Component:
    """A field of one part of a composite; its label is only read out, for the columns speak."""
    kind = {"inputMode": "decimal"} if name == "weight" else {}
    field = dcc.Input(name=f"f.{at}.{name}", value=given.get(f"{at}.{name}", ""), maxLength=300, autoComplete="off",
                      placeholder=words(f"targets.field.{name}"), **kind)  # fmt: skip
    return html.Label(
        [html.Span(words(f"targets.field.{name}"), className="sr"), field], className=f"ctl field {name}"
    )
