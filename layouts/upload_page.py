"""The page to which a file is dragged, and the words when a file is refused as a whole."""

from dash import dcc, html
from dash.development.base_component import Component

from layouts import parts
from layouts.plain import plain
from layouts.upload_ask import LARGEST, PATH
from layouts.words import Words

MB = 1 << 20
STEPS = ("look", "match", "store")


def page(words: Words, *, csrf: str) -> Component:
    """The whole page below the top bar."""
    return html.Main(plain([html.H1(words("upload.title"), className="sr"), drop(words, csrf), _steps(words)]),
                     className="page sources upload start")  # fmt: skip


def drop(words: Words, csrf: str, *, to: str = PATH, kind: str = "upload") -> Component:
    """Where a file is dragged or chosen; assets/upload.js sends it and says how far it is.

    kind  begins the keys of what may be dragged there, and of what is done with it
    """
    told = {
        "data-upload": to,
        "data-token": csrf,
        "data-largest": LARGEST,
        "data-large": words("upload.large", most=words.number(LARGEST / MB)),
        "data-sending": words("upload.sending"),
        "data-reading": words(f"{kind}.reading"),
        "data-broken": words("upload.broken"),
    }
    choose = html.Button(words("upload.choose"), className="btn p", type="button", **{"data-choose": "yes"})
    bar = html.Div(html.I(), className="progress", **{"aria-hidden": "true"})
    return html.Section(
        [
            html.I(className="ic file", **{"aria-hidden": "true"}),
            html.P(words(f"{kind}.drop"), className="lead"),
            choose,
            html.P(words(f"{kind}.formats", most=words.number(LARGEST / MB)), className="t3 f12"),
            bar,
            html.P("", className="said", role="status"),
        ],
        className="card drop",
        **told,
    )


def _steps(words: Words) -> Component:
    items = [
        html.Li(
            [
                html.B(words(f"upload.step.{name}")),
                html.Span(words(f"upload.step.{name}.text"), className="t2"),
            ]
        )
        for name in STEPS
    ]
    return parts.card(html.Ol(items), name="steps")


def hidden(pairs: dict[str, str]) -> list[Component]:
    """Fields of a form that are not seen."""
    return [dcc.Input(type="hidden", name=name, value=value) for name, value in pairs.items()]
