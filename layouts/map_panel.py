"""The side of the map page: the unit's own value, the ranking, the trend, the longest overdue cases."""

from dash import html
from dash.development.base_component import Component

from data.judge import judged
from data.query import Period
from layouts import parts, periods, values
from layouts.figures import Trend, trend
from layouts.map_figure import base
from layouts.map_ranking import ranking
from layouts.map_view import MapAnswer, MapAsk
from layouts.words import Words


def side(ask: MapAsk, answer: MapAnswer, words: Words) -> list[Component]:
    """The four cards, top to bottom."""
    return [
        unit_head(ask, answer, words),
        ranking(ask, answer, words),
        trend_card(ask, answer, words),
        longest_card(answer, words),
    ]


def unit_head(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    """Value large; beside it base, target, change over the same elapsed part, interval."""
    row, indicator = answer.total, ask.indicator
    name = answer.unit.name if answer.unit else answer.place
    title = html.H1([name, words.gap, html.Span(words(f"indicator.{indicator.name}"))], className="t2 nw")
    if row["state"] == "none":
        return parts.state("empty", f"{name}{words.gap}{words(f'indicator.{indicator.name}')}", words)
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
    return html.Section([html.Div([title, big]), html.Dl(pairs), *few], className="card unit")


def _pairs(ask: MapAsk, answer: MapAnswer, words: Words) -> list[tuple[str, str, str]]:
    row, indicator = answer.total, ask.indicator
    change, tone = values.change(indicator, values.known(row["change"]), words)
    pairs = []
    if judged(indicator):
        pairs.append((words("map.head.base"), base(row, ask, words).replace("/", " / "), ""))
    pairs.append((words("map.head.target"), values.target(indicator, answer.aim, words), ""))
    key = "map.head.change.month" if periods.monthly(ask.query.period) else "map.head.change"
    pairs.append((words(key), change, tone))
    if judged(indicator):
        between = values.interval(indicator, values.known(row["low"]), values.known(row["high"]), words)
        pairs.append((words("map.head.interval"), between, ""))
    else:
        late = answer.longest["overdue_minutes"]
        text = words.duration(float(late.max())) if len(late) else values.NOTHING
        pairs.append((words("map.head.longest"), text, "bad" if len(late) else ""))
    return pairs


def trend_card(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    """The last thirteen periods, the same a year before dotted, the target dashed."""
    indicator, shown = ask.indicator, answer.periods
    years = answer.years if any(value is not None for value in answer.years) else ()
    figure = Trend(
        labels=[words.period(period.start, period.end) for period in shown],
        ticks=[_tick(period, place, len(shown), words) for place, period in enumerate(shown)],
        values=[values.scaled(indicator, value) for value in answer.line],
        before=[values.scaled(indicator, value) for value in years],
        target=values.scaled(indicator, answer.aim),
        text=lambda value: (
            f"{words.number(value, values.decimals(indicator))} {values.unit(indicator, words)}"
        ),
        axis=lambda value: words.number(value, 0 if value == round(value) else 1),
        words={
            part: words(f"parts.trend.{part}") for part in ("period", "value", "before", "target", "table")
        },
    )
    key = "map.trend.months" if periods.monthly(ask.query.period) else "map.trend.windows"
    title = words(key, n=len(shown), days=ask.query.period.days)
    note = words("map.trend.years") if years else ""
    return html.Section(
        [parts.head(title, note), html.Div(trend(figure), className="box")], className="card tr"
    )


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
            parts.cell(str(row["category"]).split("/")[-1], title=str(row["category"])),
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


def _text(value: object) -> str:
    return str(value) if isinstance(value, str) and value else values.NOTHING


def _degree(value: object) -> str:
    number = values.known(value)
    return "" if number is None else f"{number:.6f}"
