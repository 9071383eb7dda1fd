"""The glossary: every declared indicator, how it is computed, on which day it counts, on what it rests.

One article an indicator, its anchor is the indicator's name, so a card or a file can point at it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from dash import html
from dash.development.base_component import Component

from data.indicators import INDICATORS, Indicator
from data.judge import judged
from layouts import ids, parts, values
from layouts.plain import plain
from layouts.words import Words

NONE: Mapping[str, str] = MappingProxyType({})
SUBJECTS = tuple(dict.fromkeys(entry.subject for entry in INDICATORS.values()))


def page(
    words: Words, *, targets: Mapping[str, float], unit: str, examples: Mapping[str, str] = NONE
) -> Component:
    """The whole page below the top bar; see `body`."""
    shown = body(words, targets=targets, unit=unit, examples=examples)
    return html.Main(plain(shown), id=ids.Glossary.BODY, className="page glossary")


def body(
    words: Words, *, targets: Mapping[str, float], unit: str, examples: Mapping[str, str] = NONE
) -> list[Component]:
    """Contents, and one article an indicator.

    targets   of the instance, by indicator
    examples  worked examples of the specification by indicator, as text; the same the tests run
    unit      code of the unit whose KPI page the entries lead to
    """
    listed = [
        html.Section(
            [
                html.H2(words(f"parts.subject.{subject}")),
                html.Ul(
                    [html.Li(html.A(words(f"indicator.{entry.name}"), href=f"#{entry.name}")) for entry in of]
                ),
            ]
        )
        for subject, of in _by_subject().items()
    ]
    contents = html.Nav(
        [html.H1(words("glossary.title")), html.P(words("glossary.lead"), className="t2"), *listed],
        className="contents",
        **{"aria-label": words("glossary.jump")},
    )
    articles = [
        _article(entry, words, targets=targets, example=examples.get(entry.name, ""), unit=unit)
        for entry in INDICATORS.values()
    ]
    return [contents, html.Div(articles, className="entries")]


def _by_subject() -> dict[str, list[Indicator]]:
    return {name: [entry for entry in INDICATORS.values() if entry.subject == name] for name in SUBJECTS}


def _article(
    entry: Indicator, words: Words, *, targets: Mapping[str, float], example: str, unit: str
) -> Component:
    name = entry.name
    aim = values.target(entry, targets.get(name), words)
    has_below = entry.denominator is not None
    rows = [
        ("numerator", words(f"indicator.{name}.numerator")),
        ("denominator", words(f"indicator.{name}.denominator") if has_below else values.NOTHING),
        ("kind", words(f"glossary.kind.{entry.kind}")),
        ("day", words(f"day.{entry.counted_on}")),
        ("excluded", words(f"indicator.{name}.excluded")),
        ("better", words(f"glossary.better.{entry.better or 'none'}")),
        ("target", aim),
        ("base", str(entry.min_base) if judged(entry) else values.NOTHING),
        ("basis", entry.basis),
    ]
    pairs = [html.Div([html.Dt(words(f"glossary.{key}")), html.Dd(text)]) for key, text in rows]
    spec = [html.H3(words("glossary.example")), html.Pre(example, tabIndex=0)] if example else []
    link = html.A(words("glossary.cards"), href=f"/kpi/{unit or '-'}?indicator={name}", className="link")
    return html.Article(
        [
            parts.head(words(f"indicator.{name}"), html.Code(name), link),
            html.P(words(f"indicator.{name}.about")),
            html.Div(formula(entry, words), className="formula"),
            html.Dl(pairs),
            *spec,
        ],
        id=name,
        className="card entry",
        tabIndex=-1,
    )


def formula(entry: Indicator, words: Words) -> str:
    """The formula in words: numerator ÷ denominator, a count, or a quantile of the durations."""
    above = words(f"indicator.{entry.name}.numerator")
    if entry.denominator is not None:
        return f"Σ {above} ÷ Σ {words(f'indicator.{entry.name}.denominator')}"
    if entry.quantile:
        return words("glossary.quantile", numerator=above, share=words.percent(entry.quantile, 0))
    return f"Σ {above}"
