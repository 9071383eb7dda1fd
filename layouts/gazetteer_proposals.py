"""Proposals that facts made for the gazetteer: looked for, ticked, accepted or refused."""

from dash import dcc, html
from dash.development.base_component import Component

from data.place_list import PlaceEntry
from layouts import parts
from layouts.gazetteer_ask import JUDGED, LEAST, GazetteerAnswer, GazetteerAsk
from layouts.gazetteer_entry import pager, unit_cell
from layouts.upload_page import hidden
from layouts.words import Words


def proposals_card(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    """What facts suggest: chosen by a tick each, accepted or refused by one button."""
    title = words("gazetteer.proposals", n=words.number(answer.total))
    grow = _grow(ask, answer, words)
    head = parts.head(title, words("gazetteer.proposals.note"))
    if not answer.rows:
        return parts.card(
            head, grow, html.P(words("gazetteer.proposals.none"), className="note-line t2"), name="entries"
        )
    heads = [
        parts.column(_all(words), name="tick"),
        *(
            parts.column(words(f"gazetteer.column.{key}"), name=key)
            for key in ("words", "kind", "in-unit", "facts")
        ),
    ]
    body = [_proposal(row, words) for row in answer.rows]
    table = parts.table(heads, body, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    busy = {"data-busy": words("gazetteer.judging")}
    buttons = [
        html.Button(
            words(f"gazetteer.{act}"), className=f"btn{tone}", type="submit", name="act", value=act, **busy
        )
        for act, tone in (("accept", " p"), ("refuse", ""))
    ]
    bar = html.Div(
        [html.P(words("gazetteer.judge.note"), className="t2"), html.Span(className="sp"), *buttons],
        className="bar",
    )
    form = html.Form([*_kept(ask, answer), scroll, bar], method="post", action=JUDGED, className="judged")
    return parts.card(head, grow, form, pager(ask, len(answer.rows), answer.total, words), name="entries")


def _all(words: Words) -> Component:
    """The tick that sets all of a page; assets/gazetteer.js."""
    every = dcc.Input(type="checkbox", name="", value="")
    return html.Label([every, html.Span(words("gazetteer.column.tick"), className="sr")], className="every")


def _proposal(row: PlaceEntry, words: Words) -> Component:
    name = html.Span(words("gazetteer.tick", words=row.entry.written), className="sr")
    tick = html.Label([dcc.Input(type="checkbox", name=f"p{row.id}", value="yes"), name])
    there, _, all_ = row.note.partition("/")
    facts = words("gazetteer.facts", there=there, all=all_) if all_ else row.note
    return html.Tr(
        [
            parts.cell(tick, name="tick"),
            html.Th(row.entry.written, scope="row", className="b words", title=row.entry.written),
            parts.cell(words(f"word.place.kind.{row.entry.kind}"), name="t2 kind"),
            unit_cell(row, words),
            parts.cell(facts, name="t2 facts"),
        ]
    )


def _kept(ask: GazetteerAsk, answer: GazetteerAnswer) -> list[Component]:
    return hidden({"token": answer.csrf, **ask.kept("tree")})


def _grow(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    """The form that looks for proposals."""
    number = {"type": "number", "min": 1, "max": 1000}
    least = dcc.Input(name="least", value=str(LEAST), required=True, **number)
    return html.Form(
        [
            *_kept(ask, answer),
            html.Label([html.Em(words("gazetteer.least")), least], className="ctl field least"),
            html.Button(
                words("gazetteer.grow"), className="btn s", type="submit", name="act", value="grow",
                **{"data-busy": words("gazetteer.growing")},
            ),
        ],
        method="post", action=JUDGED, className="ask",
    )  # fmt: skip
