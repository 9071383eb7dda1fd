"""The KPI card and the metric card behind it: a value with all that is needed to judge it.

A card tells the value, its target and verdict, its change against the comparable period, its base, its interval
and the age of its own source; the metric card tells how the number came about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from data.defining import Indicator
from layouts import parts, values
from layouts.figures import sparkline
from layouts.ids import Kpi
from layouts.parts import Freshness
from layouts.words import Words


@dataclass(frozen=True)
class Card:
    """One indicator of one unit.

    row      the unit's row of `Reader.measures`; None where the reader gave none
    line     the values of the last periods, oldest first
    aim      target, None where none is set
    against  what the change compares with, in words; `brief` the same where room is short
    period   the period in words
    main     whether the page is about this indicator: its card opens by a key
    days     days of the period that have begun, for the average of a count
    without  how many facts were left out of the assessment, and the value with them; None where none were
    compared what it is compared with, in full: a line each
    """

    indicator: Indicator
    row: dict | None
    line: Sequence[float | None]
    aim: float | None
    fresh: Freshness
    against: str
    period: str
    main: bool = False
    days: int = 0
    without: tuple[int, float | None] | None = None
    compared: Sequence[str] = ()
    brief: str = ""

    @property
    def name(self) -> str:
        """Name of the indicator."""
        return self.indicator.name

    def value(self, column: str = "value") -> float | None:
        """A number of the row, None where it is missing."""
        return values.known(self.row[column]) if self.row else None


@dataclass(frozen=True)
class CardLinks:
    """Where a metric card leads: the ranking by it, its records, its place in the glossary."""

    ranking: str
    records: str
    glossary: str


def kpi_card(card: Card, words: Words, *, links: CardLinks) -> Component:
    """Name and verdict, value, sparkline, target and change, base and interval, age of the source."""
    state = card.row["state"] if card.row else "none"
    stale = card.fresh.state == "stale"
    title = words(f"indicator.{card.name}")
    opens = {"data-opens": Kpi.metric(card.name), "aria-haspopup": "dialog"}
    opens |= {"data-main": ""} if card.main else {}
    heading = html.H3(html.Button(title, type="button", className="open", title=title, **opens))
    return html.Article(
        [
            html.Div([heading, _verdict(card, words)], className="top-row"),
            _value(card, state, words),
            *(_judged(card, words) if state == "ok" else _unjudged(card, state, words)),
            html.Div(
                [
                    parts.freshness(card.fresh, words, short=True),
                    html.Span(card.brief or card.against, className="t3 against", title=card.against),
                ],
                className="row foot",
            ),
            metric_card(card, words, links=links),
        ],
        className=f"card k {state}" + (" quiet" if stale else ""),
    )


def _verdict(card: Card, words: Words) -> Component | None:
    text, tone = values.verdict(card.indicator, card.value(), card.aim, words)
    if not text or (card.row and card.row["state"] != "ok"):
        return None
    return parts.badge("met" if tone == "good" else "missed", text, title=text)


def _value(card: Card, state: str, words: Words) -> Component:
    counts = card.indicator.kind in ("count", "stock")
    value = card.value() if state == "ok" or (counts and state == "few") else None
    shown = values.show(card.indicator, value, words)
    return html.Div([shown.number, html.U(shown.unit) if shown.unit else None], className="big")


def _judged(card: Card, words: Words) -> list[Component]:
    change, tone = values.change(card.indicator, card.value("change"), words)
    interval = values.interval(card.indicator, card.value("low"), card.value("high"), words)
    aim = values.target(card.indicator, card.aim, words)
    return [
        sparkline(
            [values.scaled(card.indicator, value) for value in card.line],
            target=values.scaled(card.indicator, card.aim),
        ),
        _row(
            words("parts.card.target", target=aim),
            html.Span(change, className=f"{tone} b", title=card.against),
        ),
        _row(_base(card, words), words("parts.card.interval", interval=interval)),
    ]


def _base(card: Card, words: Words) -> str:
    """What the value rests on; a count is its own base and tells its average a day, a stock that it is one."""
    indicator = card.indicator
    if indicator.kind == "stock":
        return words("parts.card.stock")
    if indicator.kind == "count":
        daily = words.number((card.value() or 0) / card.days, 1) if card.days else values.NOTHING
        return words("parts.card.daily", n=daily)
    n = values.base(indicator, card.value("n") or 0, words)
    unit = values.base_unit(indicator, words)
    return f"{n} {unit}" if unit else words("parts.card.base", n=n)


def _unjudged(card: Card, state: str, words: Words) -> list[Component]:
    """Too few or none: the reason stands where the line would, the base stays."""
    base = words.number(card.value("n") or 0)
    text = (
        words("parts.card.few", n=base, least=card.indicator.min_base)
        if state == "few"
        else words("parts.card.none")
    )
    aim = values.target(card.indicator, card.aim, words)
    return [
        html.Div(text, className="why"),
        _row(words("parts.card.target", target=aim), ""),
        _row(words("parts.card.base", n=base), words("parts.card.interval", interval=values.NOTHING)),
    ]


def _row(left: parts.Child, right: parts.Child) -> Component:
    return html.Div([html.Span(left), html.Span(right)], className="row")


def metric_card(card: Card, words: Words, *, links: CardLinks) -> Component:
    """The popover behind a card: formula with the numbers in it, counting day, what is left out, source, data."""
    title = f"{Kpi.metric(card.name)}-title"
    name = html.B(words(f"indicator.{card.name}"), id=title)
    hint = html.Span(words("parts.metric.hint"), className="t3")
    ways = [("ranking", links.ranking), ("records", links.records), ("glossary", links.glossary)]
    return html.Div(
        [
            html.Div([name, hint], className="top-row"),
            html.Div(formula(card, words), className="formula"),
            html.Dl([html.Div([html.Dt(key), html.Dd(text)]) for key, text in _particulars(card, words)]),
            html.Div(
                [html.A(words(f"parts.metric.{way}"), href=to, className="link") for way, to in ways],
                className="links",
            ),
        ],
        id=Kpi.metric(card.name),
        className="pop metric",
        role="dialog",
        **{"aria-labelledby": title, "data-popover": "auto"},
    )


def _particulars(card: Card, words: Words) -> list[tuple[str, parts.Child | list[parts.Child]]]:
    day = words(f"day.{card.indicator.counted_on}")
    source = card.fresh.source or words("parts.metric.sourceless")
    return [
        (words("parts.metric.day"), words("parts.metric.counted", day=day, period=card.period)),
        *([(words("fair.compared.title"), _lines(card.compared))] if card.compared else []),
        (words("parts.metric.excluded"), words(f"indicator.{card.name}.excluded")),
        *_left_out(card, words),
        (words("parts.metric.basis"), card.indicator.basis),
        (words("parts.metric.data"), [source, " ", parts.freshness(card.fresh, words)]),
    ]


def _left_out(card: Card, words: Words) -> list[tuple[str, parts.Child | list[parts.Child]]]:
    """How many facts were left out of the assessment, and the value before and after."""
    if card.without is None:
        return []
    before, after = (values.show(card.indicator, value, words) for value in (card.without[1], card.value()))
    text = words("exclusions.card.text", n=words.number(card.without[0]), before=before, after=after)
    return [(words("exclusions.card"), text)]


def _lines(texts: Sequence[str]) -> list[parts.Child]:
    """Texts one under the other."""
    return [html.Div(text) for text in texts]


def formula(card: Card, words: Words) -> list[parts.Child]:
    """The formula with its numbers: "实际解决 724 ÷ 实际解决与解释说明合计 868 = 83.4 %"."""
    indicator, value = card.indicator, values.show(card.indicator, card.value(), words)
    above = words(f"indicator.{card.name}.numerator")
    if indicator.denominator is None:
        key = "parts.metric.quantile" if indicator.quantile else "parts.metric.count"
        share = words.percent(indicator.quantile, 0) if indicator.quantile else ""
        return [
            words(key, name=above, n=words.number(card.value("n") or 0), share=share),
            " = ",
            html.B(str(value)),
        ]
    below = words(f"indicator.{card.name}.denominator")
    text = words(
        "parts.metric.ratio",
        above=above,
        top=words.number(card.value("numerator") or 0, 1 if indicator.kind == "score" else 0),
        below=below,
        bottom=words.number(card.value("denominator") or 0),
    )
    return [text, " = ", html.B(str(value))]
