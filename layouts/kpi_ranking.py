"""The ranking of the KPI page: the parts of the unit side by side, by one level of one tree, raw or shrunk."""

from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from data import fairness
from data.query import Period
from layouts import fair_views, parts, values
from layouts.kpi_ask import KpiAnswer, KpiAsk
from layouts.league import ROWS, League, Links, league
from layouts.parts import Option
from layouts.tree_switch import switch
from layouts.words import Words

LONGER = 90  # days over which units of a small base are offered to be ranked


def ranking(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    """The card with its controls; where the unit has no parts it says so, and shows the unit over time alone."""
    ranked, by = ask.ranked, ask.by
    title = f"{words('kpi.ranking')} {words.gap}{words(f'indicator.{ranked.name}')}"
    leaf = answer.level is None and not by
    if leaf and (ask.view != "chart" or not fairness.fair_kind(ranked)):
        note = html.Span([words("kpi.leaf", unit=answer.name), _trees(ask, answer, words)])
        return parts.state("empty", title, words, note=note)
    level = words(f"kpi.by.{by}") if by else answer.level.title(words.locale) if answer.level else ""
    aim = values.target(ranked, answer.aims.level.get(ranked.name), words)
    note = words("kpi.ranking.note", target=aim) if aim != values.NOTHING else words("kpi.ranking.plain")
    reading = words("kpi.reading", reading=words(f"kpi.boundaries.{ask.query.boundaries}"))
    note = f"{note}{words.gap}{reading}"
    return parts.card(
        parts.head(title, note, _trees(ask, answer, words), _choices(ask, answer, words)),
        fair_views.switches(ask, words),
        *(fair_views.view(ask, answer, words, level=level) or _table(ask, answer, words, level=level)),
        name="lea",
    )


def _table(ask: KpiAsk, answer: KpiAnswer, words: Words, *, level: str) -> list[Component]:
    """The ranking as a table, and what is to be known of it."""
    shrunk = fairness.shrunken(answer.measures, ask.ranked) if ask.rank == "shrunk" else None
    table = League(
        answer.measures if shrunk is None else shrunk,
        ask.indicators,
        ask.ranked,
        ask.order,
        answer.aims,
        rest=words(f"kpi.by.{ask.by}.rest") if ask.by else "",
        shrunk=shrunk is not None,
    )
    links = Links(
        unit=lambda code: ask.href(department=code, by="") if ask.by else ask.href(unit=code),
        order=lambda name, way: ask.href(indicator=name, order=way),
    )
    told = [_shrunk_note(ask, answer, words), _more(answer, words), words("fair.range.note")]
    notes = [html.Span(text) for text in told if text]
    return [
        league(table, words, links=links, level=level),
        html.P([*notes, _offer(ask, answer, words)], className="note f12 t3 said"),
    ]


def _shrunk_note(ask: KpiAsk, answer: KpiAnswer, words: Words) -> str:
    """What was done to shrunk values, or why there are none."""
    if ask.rank != "shrunk" or not fairness.fair_kind(ask.ranked):
        return ""
    found = fairness.between(answer.measures, ask.ranked)
    if found is None:
        return words("fair.shrunk.few", least=fairness.LEAST)
    mean = values.show(ask.ranked, found.mean, words)
    if found.weight == float("inf"):
        return words("fair.shrunk.alike", mean=mean)
    key = "fair.shrunk.score" if ask.ranked.kind == "score" else "fair.shrunk.note"
    return words(key, mean=mean, weight=words.number(found.weight))


def _offer(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component | None:
    """Units of too small a base, and the way to a longer period in which they may have enough."""
    own = answer.measures[answer.measures["indicator"] == ask.ranked.name]
    few = int(((own["kind"] == "unit") & (own["state"] == "few")).sum())
    if not few or words.today is None or ask.query.period.days >= LONGER:
        return None
    end = words.today + timedelta(days=1)
    longer = Period(end - timedelta(days=LONGER), end)
    link = html.A(words("fair.few.link"), href=ask.href(period=longer), className="link")
    return html.Span([words("fair.few.offer", n=words.number(few)), " ", link])


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
