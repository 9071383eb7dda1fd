"""Two more forms of the ranking: the funnel plot of the units of a level, and the unit itself as a chart over time."""

from collections.abc import Sequence

import numpy as np
from dash import html
from dash.development.base_component import Component

from data import fairness
from data.defining import Indicator
from data.query import Period
from layouts import parts, periods, values
from layouts.fair_figures import Band, Mark, band, numbers
from layouts.kpi_ask import KpiAnswer, KpiAsk
from layouts.words import Words

STEPS = 60  # points of a limit line
NAN = float("nan")
FUNNEL_HEADS = ("fair.head.unit", "fair.funnel.base", "fair.head.value", "fair.head.place")
CHART_HEADS = ("fair.head.period", "fair.head.base", "fair.head.value", "fair.head.limits", "fair.head.place")


def funnel(ask: KpiAsk, answer: KpiAnswer, words: Words, *, level: str) -> list[Component]:
    """Value against base of every unit, with the limits chance allows."""
    indicator = ask.ranked
    found = fairness.funnel_of(answer.measures, indicator)
    own = answer.measures[answer.measures["indicator"] == indicator.name]
    rows = own[(own["kind"] == "unit") & own["value"].notna() & (own["n"] > 0)]
    if found is None or not len(rows):
        return [html.P(words("fair.funnel.none"), className="none")]
    n, value = rows["n"].to_numpy(dtype=float), rows["value"].to_numpy(dtype=float)
    ranked = (rows["state"] == "ok").to_numpy()
    place = np.where(ranked, found.outside(value, n), 0).tolist()
    most = float(n.max()) * 1.08
    units = rows.to_dict("records")
    marks = [_unit_mark(row, where, most, indicator, words) for row, where in zip(units, place, strict=True)]
    figure = Band(
        marks=marks,
        mean=found.mean * 100,
        inner=_limits(found, fairness.Z95, most),
        outer=_limits(found, fairness.Z998, most),
        ticks=[(share, words.number(most * share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        axis=lambda mark: words.number(mark, 0 if mark == round(mark) else 1),
        aim=values.scaled(indicator, answer.aims.level.get(indicator.name)),
        below=words("fair.funnel.base"),
    )
    title = words("fair.funnel.caption", level=level, indicator=words(f"indicator.{indicator.name}"))
    table = [
        (str(row["unit_name"]), values.base(indicator, row["n"], words),
         str(values.show(indicator, row["value"], words)), _place(where, small=row["state"] != "ok", words=words))
        for row, where in zip(units, place, strict=True)
    ]  # fmt: skip
    heads = [words(key) for key in FUNNEL_HEADS]
    twin = numbers(heads, table, caption=title, title=words("parts.trend.table"), text=(3,))
    return [html.Div([band(figure, name="funnel"), twin], className="fair"), *_said(found, marks, words, ask)]


def _unit_mark(row: dict, where: int, most: float, indicator: Indicator, words: Words) -> Mark:
    """The point of a unit; one of too small a base is not judged."""
    small, name = row["state"] != "ok", str(row["unit_name"])
    told = (name, str(values.show(indicator, row["value"], words)), f"n {words.number(row['n'])}")
    return Mark(
        at=row["n"] / most,
        value=row["value"] * 100,
        name=name,
        tip="\n".join((*told, _place(where, small=small, words=words))),
        place=where,
        tone=_tone(indicator, where),
        small=small,
    )


def _limits(found: fairness.Funnel, z: float, most: float) -> tuple[list, list]:
    """Both lines as written; nothing at a base of 0, where there is no limit."""
    low, high = found.limits(np.linspace(0, most, STEPS + 1)[1:], z)
    return [None, *(low * 100).tolist()], [None, *(high * 100).tolist()]


def _said(found: fairness.Funnel, marks: Sequence[Mark], words: Words, ask: KpiAsk) -> list[Component]:
    """What the picture says, in words: who lies outside, the mean, whether the limits were widened."""
    outside = [f"{mark.name} {'▲' if mark.place > 0 else '▼'}" for mark in marks if mark.place]
    told = words("fair.out", names=words("fair.join").join(outside)) if outside else words("fair.out.none")
    few = sum(not mark.small for mark in marks) < fairness.LEAST
    if found.dispersed:
        spread = words(
            "fair.funnel.phi", factor=words.number(found.phi**0.5, 2), phi=words.number(found.phi, 2)
        )
    elif few:
        spread = words("fair.funnel.unsure", least=fairness.LEAST)
    else:
        spread = words("fair.funnel.calm")
    mean = words("fair.funnel.mean", mean=values.show(ask.ranked, found.mean, words))
    line = words.gap.join((mean, words("fair.funnel.limits"), spread))
    return [html.P(told, className="note f12 b"), html.P(line, className="note f12 t3")]


def _place(where: int, *, small: bool, words: Words) -> str:
    return words("fair.place.few") if small else words(f"fair.place.{where}")


def _tone(indicator: Indicator, where: int) -> str:
    if not where or indicator.better is None:
        return ""
    return "good" if (where > 0) == (indicator.better == "high") else "bad"


def over_time(ask: KpiAsk, answer: KpiAnswer, words: Words) -> list[Component]:
    """The last periods of the unit between the limits that their bases allow."""
    indicator, shown = ask.ranked, periods.recent(ask.query.period)
    value, low, high, n = _series(answer, indicator.name, shown)
    variance = None
    if indicator.kind == "score":
        variance = fairness.pooled(fairness.spread(value, low, high, n), n)
    found = fairness.chart(value, n, variance)
    if found is None:
        return [html.P(words("fair.chart.none"), className="none")]
    rows = [
        (words.period(period.start, period.end), words.number(n[at]),
         str(values.show(indicator, values.known(value[at]), words)),
         values.interval(indicator, values.known(found.low[at]), values.known(found.high[at]), words),
         _when(int(found.outside[at]), n[at], words))
        for at, period in enumerate(shown)
    ]  # fmt: skip
    title = words(
        "fair.chart.caption", unit=answer.name, indicator=words(f"indicator.{indicator.name}"), n=len(shown)
    )
    heads = [words(key) for key in CHART_HEADS]
    twin = numbers(heads, rows, caption=title, title=words("parts.trend.table"), text=(4,))
    figure = _chart(found, value, rows, ask, answer, words)
    out = [row[0] for row, where in zip(rows, found.outside.tolist(), strict=True) if where]
    told = words("fair.chart.out", names=words("fair.join").join(out)) if out else words("fair.chart.calm")
    mean = values.show(indicator, found.mean, words)
    return [
        html.Div([band(figure, name="chart"), twin], className="fair"),
        html.P(told, className="note f12 b"),
        html.P(words("fair.chart.limits", mean=mean), className="note f12 t3"),
    ]


def _chart(
    found: fairness.Chart,
    value: np.ndarray,
    rows: Sequence[Sequence[str]],
    ask: KpiAsk,
    answer: KpiAnswer,
    words: Words,
) -> Band:
    """The figure over time; `rows` are the lines of its table. A period without a base has no point."""
    last, shown = len(rows) - 1, periods.recent(ask.query.period)
    marks = [
        Mark(
            at=at / last,
            value=float(value[at]) * 100,
            name=row[0],
            tip="\n".join((row[0], row[2], f"n {row[1]}", row[4])),
            place=where * 2,
            tone=_tone(ask.ranked, where),
        )
        for at, (row, where) in enumerate(zip(rows, found.outside.tolist(), strict=True))
        if not np.isnan(value[at])
    ]
    return Band(
        marks=marks,
        mean=found.mean * 100,
        inner=None,
        outer=([_scaled(edge) for edge in found.low], [_scaled(edge) for edge in found.high]),
        ticks=[
            (at / last, "" if (last - at) % 4 else words.day(period.start)) for at, period in enumerate(shown)
        ],
        axis=lambda mark: words.number(mark, 0 if mark == round(mark) else 1),
        aim=values.scaled(ask.ranked, answer.aim(ask.ranked)),
        line=[_scaled(each) for each in value],
    )


def _series(answer: KpiAnswer, name: str, shown: Sequence[Period]) -> list[np.ndarray]:
    """Value, low, high and n of each period, 0 as n of one that was not counted."""
    own = answer.series[answer.series["indicator"] == name]
    known = {row["period_start"]: row for row in own.to_dict("records")}
    found = []
    for column, nothing in (("value", NAN), ("low", NAN), ("high", NAN), ("n", 0.0)):
        cells = [values.known(known.get(period.start, {}).get(column)) for period in shown]
        found.append(np.array([nothing if cell is None else cell for cell in cells], dtype=float))
    return found


def _scaled(edge: float) -> float | None:
    return None if np.isnan(edge) else float(edge) * 100


def _when(where: int, n: float, words: Words) -> str:
    if not n > 0:
        return words("fair.chart.empty")
    return words("fair.chart.high" if where > 0 else "fair.chart.low" if where < 0 else "fair.chart.in")


def view(ask: KpiAsk, answer: KpiAnswer, words: Words, *, level: str) -> list[Component] | None:
    """The form asked for; None for the table, and where chance says nothing of the indicator."""
    if ask.view == "table" or not fairness.fair_kind(ask.ranked):
        return None
    return funnel(ask, answer, words, level=level) if ask.view == "funnel" else over_time(ask, answer, words)


def switches(ask: KpiAsk, words: Words) -> Component | None:
    """Form and values of the ranking, of indicators that chance says something of."""
    if not fairness.fair_kind(ask.ranked):
        return None
    forms = [
        parts.Option(words(f"fair.view.{name}"), ask.href(view=name), name == ask.view)
        for name in ("table", "funnel", "chart")
    ]
    ranks = [
        parts.Option(words(f"fair.rank.{name}"), ask.href(rank=name), name == ask.rank)
        for name in ("raw", "shrunk")
    ]
    values_ = parts.segment(words("fair.ranks"), ranks) if ask.view == "table" else None
    return html.Div([parts.segment(words("fair.views"), forms), values_], className="fair-row")
