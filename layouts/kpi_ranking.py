"""The ranking of the KPI page: the parts of the unit side by side, by one level of one tree."""

from dash import html
from dash.development.base_component import Component

from layouts import parts, values
from layouts.kpi_ask import KpiAnswer, KpiAsk
from layouts.league import ROWS, League, Links, league
from layouts.parts import Option
from layouts.tree_switch import switch
from layouts.words import Words


def ranking(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    """The card with its controls; where the unit has no parts it says so."""
    ranked, by = ask.ranked, ask.by
    title = f"{words('kpi.ranking')} {words.gap}{words(f'indicator.{ranked.name}')}"
    if answer.level is None and not by:
        note = html.Span([words("kpi.leaf", unit=answer.name), _trees(ask, answer, words)])
        return parts.state("empty", title, words, note=note)
    rest = words(f"kpi.by.{by}.rest") if by else ""
    table = League(answer.measures, ask.indicators, ranked, ask.order, answer.aims, rest=rest)
    links = Links(
        unit=lambda code: ask.href(department=code, by="") if by else ask.href(unit=code),
        order=lambda name, way: ask.href(indicator=name, order=way),
    )
    title_of = words(f"kpi.by.{by}") if by else answer.level.title(words.locale) if answer.level else ""
    aim = values.target(ranked, answer.aims.level.get(ranked.name), words)
    note = words("kpi.ranking.note", target=aim) if aim != values.NOTHING else words("kpi.ranking.plain")
    return parts.card(
        parts.head(title, note, _trees(ask, answer, words), _choices(ask, answer, words)),
        league(table, words, links=links, level=title_of),
        html.P(_more(answer, words), className="note f12 t3"),
        name="lea",
    )


def _choices(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    """What is ranked: departments, neighbourhoods and departments apart, or the units of a level."""
    kinds = [Option(words(f"kpi.by.{kind}"), ask.href(by=kind), kind == ask.by) for kind in answer.kinds]
    levels = [
        Option(
            level.title(words.locale), ask.href(level=level.name, by=""), not ask.by and level == answer.level
        )
        for level in answer.levels
    ]
    return parts.segment(words("kpi.levels"), [*kinds, *levels])


def _trees(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component | None:
    return switch(answer.ways, words, to=lambda way: ask.href(unit=way.within, tree=way.tree.name))


def _more(answer: KpiAnswer, words: Words) -> str:
    under = words("kpi.ranking.under")
    if answer.count <= ROWS:
        return under
    return f"{under} {words('kpi.ranking.cut', shown=ROWS, n=words.number(answer.count))}"
