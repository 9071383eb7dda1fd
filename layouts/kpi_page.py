"""The KPI page: cards of one group of indicators for one unit, the ranking of its parts, a trend for each.

Everything chosen stands in the address: the unit is the path; period, group, ranked indicator, level and order
are the question. Pure: a `KpiAsk` and a `KpiAnswer` in, components out.
"""

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from data.defining import Indicator
from data.indicators import INDICATORS
from data.query import NARROWING, Period, as_of_part, tree_part
from layouts import as_of, comparing, ids, kpi_ahead, parts, periods, shell, values
from layouts.cards import Card, CardLinks, kpi_card
from layouts.figures import Trend, trend
from layouts.kpi_ask import GROUPS, USUAL, KpiAnswer, KpiAsk, group_of
from layouts.kpi_ranking import ranking
from layouts.narrowing import narrowed
from layouts.parts import Option
from layouts.plain import plain
from layouts.words import Words

SHORT = 7  # units whose ranking leaves most of a column empty


def page(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    return html.Main(plain(body(ask, answer, words)), id=ids.Kpi.BODY, className="page kpi")


def body(ask: KpiAsk, answer: KpiAnswer, words: Words) -> list[Component]:
    """Strip, cards, ranking and trends: what another address changes."""
    cards = [_card(indicator, ask, answer, words) for indicator in ask.indicators]
    return [
        *as_of.banner(answer.past, ask.href(as_of=None), words),
        _strip(ask, answer, words),
        html.Div(cards, className=f"cards n{len(cards)}"),
        _low(ask, answer, words),
    ]


def _low(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    """A short ranking lies over the trends, beside what can still change where that is told; a long one beside both."""
    table, trends = ranking(ask, answer, words), _trends(ask, answer, words)
    if answer.ahead.prospect is not None:
        still = kpi_ahead.card(answer.ahead, words)
        if answer.count > SHORT:
            return html.Div([table, html.Div([still, trends], className="stack")], className="low long")
        return html.Div([table, still, html.Div(trends, className="across")], className="low ahead")
    return html.Div([table, trends], className="low across" if answer.count <= SHORT else "low")


def bar(ask: KpiAsk, answer: KpiAnswer, words: Words) -> list[Component]:
    """The breadcrumb of the top bar."""
    up = [(unit.name, ask.href(unit=unit.code)) for unit in answer.path[:-1]]
    return shell.crumbs(up, answer.name, words)


def controls(ask: KpiAsk, answer: KpiAnswer, words: Words, *, today: date) -> list[Component]:
    """Ranked indicator, units inside and period, as menus of links."""
    named = [
        Option(words(f"indicator.{name}"), ask.href(indicator=name, group=group_with(name, ask.group)),
               name == ask.ranked.name)
        for name in INDICATORS
    ]  # fmt: skip
    inside = [Option(name, ask.href(unit=code)) for code, name in answer.inside]
    units = [parts.menu(words("kpi.parts"), inside, value=words.number(len(inside)))] if inside else []
    presets = list(periods.presets(today, answer.year_start).items())
    move = shell.period_menu(
        ask.query.period, presets, to=lambda period: ask.href(period=period), words=words
    )
    known = as_of.menu(answer.past, lambda instant: ask.href(as_of=instant), words)
    less = narrowed(answer.narrowed, ask.href(), words, to=lambda column: ask.href(**{column: None}))
    return [*less, parts.menu(words("kpi.ranked"), named, name="indicator"), *units, move, known]


def group_with(indicator: str, group: str) -> str:
    """The group that shows an indicator: the one shown if it does, else the first that does."""
    return group if indicator in GROUPS[group] else group_of({"indicator": indicator})


def _strip(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    period = ask.query.period
    day = words("kpi.day", n=answer.elapsed[0], m=answer.elapsed[1]) if answer.elapsed else ""
    if not day and words.today:
        day = periods.name_of(period, words.today, answer.year_start, words)
    judged = [
        values.met(each, values.known((answer.total(each.name) or {}).get("value")), answer.aim(each))
        for each in ask.indicators
    ]
    targets = [reached for reached in judged if reached is not None]
    met = words("kpi.met", k=sum(targets), m=len(targets)) if targets else values.NOTHING
    groups = [
        Option(words(f"kpi.group.{name}"), ask.href(group=name, indicator=USUAL[name]), name == ask.group)
        for name in GROUPS
    ]
    pairs = [
        (words("kpi.period"), words.period(period.start, period.end), day),
        *kpi_ahead.pairs(answer.ahead, words),
        (words("kpi.targets"), met, ""),
        (words("kpi.data_at"), answer.data_at or values.NOTHING, ""),
    ]
    title = html.H1(answer.name, className="sr")
    return parts.facts(pairs, title, parts.segment(words("kpi.groups"), groups), name="kpi-strip")


def _card(indicator: Indicator, ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    period, name = ask.query.period, indicator.name
    card = Card(
        indicator=indicator,
        row=answer.total(name),
        line=answer.line(name, periods.recent(period)),
        aim=answer.aim(indicator),
        fresh=parts.worst(answer.sources, indicator.subject),
        against=comparing.before(answer.compared, words),
        brief=comparing.brief(answer.compared, words),
        period=words.period(period.start, period.end),
        main=indicator == ask.ranked,
        days=periods.begun(period, words.today),
        without=answer.without.get(name),
        compared=comparing.lines(answer.compared, indicator, answer.total(name), words),
    )
    asked = {"subject": indicator.subject, "unit": ask.query.within or ""}
    asked |= {"from": period.start.isoformat(), "to": period.end.isoformat(), **tree_part(ask.query.tree)}
    asked |= {name: getattr(ask.query, name) or "" for name in NARROWING} | as_of_part(ask.query.as_of)
    links = CardLinks(
        ranking=ask.href(indicator=name),
        records="/analyst?" + urlencode({key: value for key, value in asked.items() if value}),
        glossary=f"/glossary#{name}",
    )
    return kpi_card(card, words, links=links)


def _trends(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    shown = periods.recent(ask.query.period)
    key = "kpi.trend.months" if periods.monthly(ask.query.period) else "kpi.trend.windows"
    title = words(key, n=len(shown), days=ask.query.period.days)
    cells = [_trend(indicator, shown, ask, answer, words) for indicator in ask.indicators]
    body = html.Div(cells, className=f"trends n{len(cells)}")
    return parts.card(parts.head(title, words("kpi.trend.note")), body, name="tre")


def _trend(
    indicator: Indicator, shown: Sequence[Period], ask: KpiAsk, answer: KpiAnswer, words: Words
) -> Component:
    name = indicator.name
    now = answer.line(name, shown)
    before = answer.line(name, [periods.year_before(period) for period in shown])
    figure = Trend(
        labels=[words.period(period.start, period.end) for period in shown],
        ticks=[_tick(period, place, words) for place, period in enumerate(shown)],
        values=[values.scaled(indicator, value) for value in now],
        before=[values.scaled(indicator, value) for value in before]
        if any(v is not None for v in before)
        else (),
        target=values.scaled(indicator, answer.aim(indicator)),
        most=values.most(indicator),
        text=lambda value: values.with_unit(
            indicator, words.number(value, values.decimals(indicator)), words
        ),
        axis=lambda value: words.number(value, 0 if value == round(value) else 1),
        words={
            part: words(f"parts.trend.{part}") for part in ("period", "value", "before", "target", "table")
        },
    )
    link = html.A(words(f"indicator.{name}"), href=ask.href(indicator=name), className="row-link")
    value = values.show(indicator, now[-1], words)
    heading = html.Div(
        [html.H3(link, title=words(f"indicator.{name}")), html.Span(str(value), className="b")],
        className="top-row",
    )
    chosen = " sel" if indicator == ask.ranked else ""
    return html.Div([heading, trend(figure)], className="cell" + chosen)


def _tick(period: Period, place: int, words: Words) -> str:
    """A name under every third period, counted from the last."""
    if (periods.COUNT - 1 - place) % 3:
        return ""
    start = (
        period.start.replace(year=words.today.year) if words.today and period.start.day < 29 else period.start
    )
    return words.month(start) if periods.monthly(period) else words.day(start)
