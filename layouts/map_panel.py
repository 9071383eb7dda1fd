"""The side of the map page: the unit's own value, the ranking, the trend, the longest overdue cases."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from dash import html
from dash.development.base_component import Component

from data.defining import Indicator
from data.indicators import INDICATORS
from data.judge import judged
from data.query import Period, as_of_part
from layouts import as_of, comparing, ids, parts, periods, values
from layouts.cards import Card, CardLinks, metric_card
from layouts.figures import Trend, trend
from layouts.map_figure import base
from layouts.map_ranking import ranking
from layouts.map_view import PARTNERS, MapAnswer, MapAsk
from layouts.parts import Freshness
from layouts.words import Words


def side(ask: MapAsk, answer: MapAnswer, words: Words) -> list[Component]:
    """The four cards, top to bottom, below what says that they are of the past."""
    return [
        *as_of.banner(answer.past, ask.href(as_of=None), words),
        unit_head(ask, answer, words),
        ranking(ask, answer, words),
        trends(ask, answer, words),
        longest_card(answer, words),
    ]


def unit_head(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    """Value large; beside it base, target, change over the same elapsed part, interval. The name opens its card."""
    row, indicator = answer.total, ask.indicator
    name, title = answer.unit.name if answer.unit else answer.place, words(f"indicator.{indicator.name}")
    fresh = parts.worst(answer.sources, indicator.subject)
    silent = fresh.state == "stale"
    if row["state"] == "none":
        return parts.state("stale" if silent else "empty", f"{name}{words.gap}{title}", words)
    opens = {"data-opens": ids.Kpi.metric(indicator.name), "aria-haspopup": "dialog"}
    about = html.Button(title, type="button", className="about", **opens, **{"data-main": ""})
    shown = values.show(indicator, values.known(row["value"]), words)
    big = html.Div([shown.number, html.U(shown.unit)], className="big")
    pairs = [
        html.Div([html.Dt(label), html.Dd(text, className=tone)])
        for label, text, tone in _pairs(ask, answer, words)
    ]
    note = html.P(
        words("map.few.note", n=words.number(row["n"]), least=indicator.min_base), className="warn f12"
    )
    few = [note] if row["state"] == "few" else []
    heading = html.Div(
        [
            html.H1([html.Span(name, className="t2"), about]),
            parts.freshness(fresh, words) if silent else None,
        ],
        className="top-row nw",
    )
    return html.Section(
        [heading, big, html.Dl(pairs), *few, _metric(ask, answer, words, fresh=fresh)],
        className="card unit" + (" quiet" if silent else ""),
    )


def _metric(ask: MapAsk, answer: MapAnswer, words: Words, *, fresh: Freshness) -> Component:
    """The card behind the indicator's name."""
    period, indicator = ask.query.period, ask.indicator
    card = Card(
        indicator=indicator,
        row=answer.total,
        line=answer.line,
        aim=answer.aim(indicator),
        fresh=fresh,
        against="",
        period=words.period(period.start, period.end),
        compared=comparing.lines(answer.compared, indicator, answer.total, words),
    )
    days = {"from": period.start.isoformat(), "to": period.end.isoformat()}
    unit = ask.query.within or ""
    place = ({"unit": unit} if unit else {}) | as_of_part(ask.query.as_of)
    links = CardLinks(
        ranking=f"/kpi/{quote(unit or '-', safe='')}?"
        + urlencode({"indicator": indicator.name, **days, **as_of_part(ask.query.as_of)}),
        records="/analyst?" + urlencode({"subject": indicator.subject, **place, **days}),
        glossary=f"/glossary#{indicator.name}",
    )
    return metric_card(card, words, links=links)


def _pairs(ask: MapAsk, answer: MapAnswer, words: Words) -> list[tuple[str, str, str]]:
    row, indicator = answer.total, ask.indicator
    change, tone = values.change(indicator, values.known(row["change"]), words)
    aim = (words("map.head.target"), values.target(indicator, answer.aim(indicator), words), "")
    moved = (comparing.brief(answer.compared, words), change, tone)
    if not judged(indicator):
        return [*_beside(ask, answer, words), aim, moved, *_longest(indicator, answer, words)]
    known = base(row, ask, words) if indicator.base_scale == 1 else values.base(indicator, row["n"], words)
    count = (values.base_unit(indicator, words) or words("map.head.base"), known, "")
    between = values.interval(indicator, values.known(row["low"]), values.known(row["high"]), words)
    return [count, aim, moved, (words("map.head.interval"), between, "")]


def _beside(ask: MapAsk, answer: MapAnswer, words: Words) -> list[tuple[str, str, str]]:
    """What a volume is read against: its average a day; of a stock, the other stock."""
    indicator, value = ask.indicator, values.known(answer.total["value"])
    if indicator.kind == "stock":
        return [
            (words(f"indicator.{name}.short"), values.number(INDICATORS[name], line[-1], words), "")
            for name, line in zip(PARTNERS.get(indicator.name, ()), answer.second, strict=False)
        ]
    days = periods.begun(ask.query.period, words.today)
    return [(words("map.head.daily"), words.number((value or 0) / days, 1), "")] if days else []


def _longest(indicator: Indicator, answer: MapAnswer, words: Words) -> list[tuple[str, str, str]]:
    if indicator.name != "cases_overdue_open":
        return []
    late = answer.longest["overdue_minutes"]
    text = words.duration(float(late.max())) if len(late) else values.NOTHING
    return [(words("map.head.longest"), text, "bad" if len(late) else "")]


def trends(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    """The last thirteen periods, the same a year before dotted, the target dashed; where there is room, a partner."""
    years = answer.years if any(value is not None for value in answer.years) else ()
    key = "map.trend.months" if periods.monthly(ask.query.period) else "map.trend.windows"
    title = words(key, n=len(answer.periods), days=ask.query.period.days)
    own = _trend(ask.indicator, answer.line, years, answer.aim(ask.indicator), answer.periods, words)
    note = words("map.trend.years") if years else ""
    cards = [html.Section([parts.head(title, note), own], className="card tr")]
    for name, line in zip(PARTNERS.get(ask.indicator.name, ()), answer.second, strict=False):
        drawn = _trend(INDICATORS[name], line, (), None, answer.periods, words)
        cards.append(
            html.Section([parts.head(words(f"indicator.{name}"), title), drawn], className="card tr second")
        )
    return html.Div(cards, className="trs")


def _trend(
    indicator: Indicator,
    line: Sequence[float | None],
    years: Sequence[float | None],
    aim: float | None,
    shown: Sequence[Period],
    words: Words,
) -> Component:
    figure = Trend(
        labels=[words.period(period.start, period.end) for period in shown],
        ticks=[_tick(period, place, len(shown), words) for place, period in enumerate(shown)],
        values=[values.scaled(indicator, value) for value in line],
        before=[values.scaled(indicator, value) for value in years],
        target=values.scaled(indicator, aim),
        most=values.most(indicator),
        text=lambda value: values.with_unit(
            indicator, words.number(value, values.decimals(indicator)), words
        ),
        axis=lambda value: words.number(value, 0 if value == round(value) else 1),
        words={
            part: words(f"parts.trend.{part}") for part in ("period", "value", "before", "target", "table")
        },
    )
    return html.Div(trend(figure), className="box")


def _tick(period: Period, place: int, count: int, words: Words) -> str:
    """A name under every fourth period, counted from the last."""
    if (count - 1 - place) % 4:
        return ""
    if periods.monthly(period):
        # Under a trend the year goes without saying: the last tick is the period shown.
        return words.month(period.start.replace(year=words.today.year) if words.today else period.start)
    return f"{period.start.month}/{period.start.day}"


def longest_card(answer: MapAnswer, words: Words) -> Component:
    """Open cases past their limit, longest first."""
    rows = answer.longest.to_dict("records")
    title = words("map.longest", n=len(rows)) if rows else words("map.longest.title")
    if not rows:
        return html.Section(
            [parts.head(title), html.P(words("map.longest.none"), className="t2 none")], className="card late"
        )
    body = [
        html.Tr([
            _category(answer.word("category", str(row["category"]))),
            parts.cell(str(row["unit_name"]) or values.NOTHING, name="t2", title=str(row["unit_name"])),
            parts.cell(_text(row["address"]), name="t2", title=_text(row["address"])),
            parts.cell(words.duration(float(row["overdue_minutes"])), name="num bad"),
        ], **{"data-lon": _degree(row["lon"]), "data-lat": _degree(row["lat"])})
        for row in rows
    ]  # fmt: skip
    heads = [
        html.Th(words(f"map.longest.{name}"), scope="col") for name in ("category", "unit", "address", "late")
    ]
    grid = html.Table(
        [html.Caption(title, className="sr"), html.Thead(html.Tr(heads), className="sr"), html.Tbody(body)]
    )
    return html.Section([parts.head(title), html.Div(grid, className="scroll", tabIndex=0, role="region",
                                                     **{"aria-label": title})], className="card late")  # fmt: skip


def _category(text: str) -> Component:
    """The finest part of a category, the whole in its title."""
    return parts.cell(text.split("/")[-1], title=text)


def _text(value: object) -> str:
    return str(value) if isinstance(value, str) and value else values.NOTHING


def _degree(value: object) -> str:
    number = values.known(value)
    return "" if number is None else f"{number:.6f}"
