"""What became of a file that was confirmed: its ledger, the way to the map, the refused rows as a workbook."""

from datetime import date, timedelta
from urllib.parse import quote, urlencode

from dash import html
from dash.development.base_component import Component

from data.query import LONGEST_DAYS
from layouts.mixups import mixups_card
from layouts.plain import plain
from layouts.upload_account import account_card, rejects_card
from layouts.upload_ask import PATH, StoredAnswer, UploadAsk
from layouts.words import Words

SHOWN_BY = {"case": "cases_reported", "order": "orders_accepted", "alert": "littering_episodes",
            "parking": "parking_occupancy", "stay": "parking_turnover"}  # fmt: skip


def page(ask: UploadAsk, answer: StoredAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    ledger = answer.ledger
    count = words.number(ledger.accepted + ledger.updated)
    links = [
        html.A(words("upload.to.map"), href=map_link(answer), className="btn p"),
        html.A(words("upload.to.source"), href=f"/sources?source={quote(ledger.source)}", className="btn"),
        html.A(words("upload.to.more"), href=PATH, className="btn"),
    ]
    head = html.Section(
        [
            html.Div([html.H1(words("upload.done", n=count, source=answer.title)),
                      html.P(words("upload.done.text", file=answer.name), className="t2")]),
            html.Span(className="sp"),
            html.Div(links, className="links"),
        ],
        className="card done",
    )  # fmt: skip
    rejects = rejects_card(ledger, words, to=f"{ask.address}/rejects.xlsx")
    again = [html.P(words("upload.again"), className="t2 f12")] if rejects else []
    mixed = mixups_card(ledger.mixups, words)
    two = html.Div(
        [html.Div([account_card(ledger, words, stored=True), *mixed], className="stack"),
         html.Div([*rejects, *again], className="stack")],
        className="two",
    )  # fmt: skip
    return html.Main(plain([head, two]), className="page sources upload stored")


def map_link(answer: StoredAnswer) -> str:
    """The map over the days of the file."""
    ledger = answer.ledger
    asked = {"indicator": SHOWN_BY[answer.kind]}
    if ledger.first_on:
        last = date.fromisoformat(ledger.last_on)
        first = max(date.fromisoformat(ledger.first_on), last - timedelta(days=LONGEST_DAYS - 1))
        asked |= {"from": first.isoformat(), "to": (last + timedelta(days=1)).isoformat()}
    return f"/map/-/-?{urlencode(asked)}"
