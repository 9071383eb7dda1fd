"""The ranking of the KPI page: the parts of the unit side by side, by one level of one tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from layouts import parts, values
from layouts.league import League, Links, league
from layouts.parts import Option
from layouts.tree_switch import switch
from layouts.words import Words

if TYPE_CHECKING:
    from layouts.kpi_page import KpiAnswer, KpiAsk


def ranking(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    """The card with its controls; where the unit has no parts it says so."""
    ranked = ask.ranked
    title = f"{words('kpi.ranking')} {words.gap}{words(f'indicator.{ranked.name}')}"
    if answer.level is None:
        note = html.Span([words("kpi.leaf", unit=answer.name), _trees(ask, answer, words)])
        return parts.state("empty", title, words, note=note)
    choices = [
        Option(level.title(words.locale), ask.href(level=level.name), level.name == answer.level.name)
        for level in answer.levels
    ]
    table = League(answer.measures, ask.indicators, ranked, ask.order, answer.aims)
    links = Links(
        unit=lambda code: ask.href(unit=code), order=lambda name, way: ask.href(indicator=name, order=way)
    )
    aim = values.target(ranked, answer.aims.get(ranked.name), words)
    note = words("kpi.ranking.note", target=aim) if aim != values.NOTHING else words("kpi.ranking.plain")
    return parts.card(
        parts.head(title, note, _trees(ask, answer, words), parts.segment(words("kpi.levels"), choices)),
        league(table, words, links=links, level=answer.level.title(words.locale)),
        html.P(_more(answer, words), className="note f12 t3"),
        name="lea",
    )


def _trees(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component | None:
    return switch(answer.ways, words, to=lambda way: ask.href(unit=way.within, tree=way.tree.name))


def _more(answer: KpiAnswer, words: Words) -> str:
    units = answer.measures[answer.measures["kind"] == "unit"]["pos"].nunique()
    under = words("kpi.ranking.under")
    return under if units <= 100 else f"{under} {words('kpi.ranking.cut', shown=100, n=words.number(units))}"
