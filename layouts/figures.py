"""Small charts as plain elements: a sparkline, a trend with last year, weekly bars, an interval bar.

A line is a path whose colour is a token of the style sheet, so a chart follows the theme, weighs a few hundred bytes,
stretches with its card and needs no script. Values are fractions of the box; all words come from the caller.

Deliberately absent: zoom, animation, a charting library. The map has those where they earn their weight.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dash import html
from dash.development.base_component import Component

from layouts.plain import Line

Value = float | None
STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0)
WHOLE = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0)  # below ten, so that the three marks share one precision


@dataclass(frozen=True)
class Trend:
    """What a trend shows: one value a period, the same periods a year before, the target.

    labels  name of each period, for the pointer and the table
    ticks   shorter names under the axis; "" leaves a place empty
    text    writes a value with its unit; `axis` writes one without
    most    the largest value there can be, None where there is none: no mark of the axis lies beyond it
    """

    labels: Sequence[str]
    ticks: Sequence[str]
    values: Sequence[Value]
    before: Sequence[Value] = ()
    target: Value = None
    most: Value = None
    text: Callable[[float], str] = "{:g}".format
    axis: Callable[[float], str] = "{:g}".format
    words: dict[str, str] = field(default_factory=dict)  # period, value, before, target, table


def sparkline(values: Sequence[Value], *, target: Value = None) -> Component:
    """A line 40 px high with its last value as a dot and the target dashed; the card beside it has the words."""
    known = [value for value in (*values, target) if value is not None]
    if len([value for value in values if value is not None]) < 2:
        return html.Div(className="spark", **{"aria-hidden": "true"})
    low, high = _padded(min(known), max(known))
    parts = [drawn_line(values, low, high, "line"), _dot(values, low, high)]
    if target is not None:
        parts.insert(0, html.I(className="target", style={"bottom": at_share(target, low, high)}))
    return html.Div(html.Div(parts, className="plot"), className="spark", **{"aria-hidden": "true"})


def trend(figure: Trend) -> Component:
    """Three grid lines, this year solid, last year dotted, the target dashed, and the same as a table."""
    known = [value for value in (*figure.values, *figure.before, figure.target) if value is not None]
    marks = nice_ticks(min(known), max(known), most=figure.most) if known else (0.0, 1.0, 2.0)
    low, high = marks[0], marks[-1]
    parts = [grid_mark(figure.axis(mark), at_share(mark, low, high)) for mark in marks]
    if figure.target is not None:
        parts.append(html.I(className="target", style={"bottom": at_share(figure.target, low, high)}))
    parts += [drawn_line(figure.before, low, high, "before"), drawn_line(figure.values, low, high, "line")]
    parts += [_dot(figure.values, low, high), *_ends(figure, low, high), *_axis(figure.ticks), *_hits(figure)]
    return html.Div(
        [html.Div(parts, className="plot", **{"aria-hidden": "true"}), _twin(figure)], className="trend"
    )


def bars(values: Sequence[float], *, labels: Sequence[str], partial_last: bool) -> Component:
    """One bar a week, from zero; the last is lighter while its week runs. Each bar tells its label."""
    top = max([*values, 1])
    return html.Div(
        [
            html.I(
                style={"height": f"{max(100 * value / top, 0):.1f}%"},
                className="part" if partial_last and place == len(values) - 1 else "",
                title=label,
            )
            for place, (value, label) in enumerate(zip(values, labels, strict=True))
        ],
        className="bars",
        **{"aria-hidden": "true"},
    )


def interval_bar(
    value: Value, *, low: Value, high: Value, span: tuple[float, float], target: Value
) -> Component:
    """The 95 % interval as a bar, the value as a dot, the target dashed, all on the scale of the whole table."""
    parts = [html.I(className="rail")]
    if target is not None:
        parts.append(html.I(className="aim", style={"left": at_share(target, *span)}))
    if low is not None and high is not None:
        start, end = _fraction(low, *span), _fraction(high, *span)
        parts.append(
            html.I(
                className="range", style={"left": f"{start:.1%}", "width": f"{max(end - start, 0.01):.1%}"}
            )
        )
    if value is not None:
        parts.append(html.I(className="dot", style={"left": at_share(value, *span)}))
    return html.Span(parts, className="ibar", **{"aria-hidden": "true"})


def nice_ticks(low: float, high: float, *, most: Value = None) -> tuple[float, float, float]:
    """Three round marks, evenly spaced, that hold `low` and `high` between first and last; none above `most`."""
    if high - low <= 1e-9 * max(1.0, abs(low), abs(high)):
        low, high = (max(low - 1, 0.0) if low >= 0 else low - 1), high + 1
        high = high if most is None else min(high, most)
    size = 10.0 ** math.floor(math.log10((high - low) / 2))
    while True:
        for step in (factor * size for factor in (STEPS if size >= 10 else WHOLE)):
            first = math.floor(round(low / step, 9)) * step
            if most is not None and high <= most < first + 2 * step:
                first = most - 2 * step
            if low >= 0 and first < 0:
                first = 0.0
            if first + 2 * step >= high - 1e-9 * step:
                return round(first, 10), round(first + step, 10), round(first + 2 * step, 10)
        size *= 10


def span_of(values: Sequence[Value]) -> tuple[float, float]:
    """One scale for all rows of a table: the smallest and largest of the known values, a little wider."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return _padded(min(known), max(known), share=0.04) if known else (0.0, 1.0)


def _padded(low: float, high: float, *, share: float = 0.12) -> tuple[float, float]:
    room = (high - low) * share or abs(high) * share or 1.0
    return low - room, high + room


def _fraction(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def at_share(value: float, low: float, high: float) -> str:
    """Where a value lies between two ends, as a share of the way; never beyond them."""
    return f"{_fraction(value, low, high):.1%}"


def _across(place: int, count: int) -> float:
    return place / (count - 1) if count > 1 else 0.5


def drawn_line(values: Sequence[Value], low: float, high: float, name: str) -> Component | None:
    """The line of class `name`; a missing value breaks it, none draws nothing."""
    if all(value is None for value in values):
        return None
    path, pen = [], "M"
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x, y = 1000 * _across(place, len(values)), 100 - 100 * _fraction(value, low, high)
        path.append(f"{pen}{x:.0f} {y:.1f}")
        pen = "L"
    return Line("".join(path), name)


def _last(values: Sequence[Value]) -> tuple[int, float] | None:
    return next(
        ((place, value) for place, value in reversed(list(enumerate(values))) if value is not None), None
    )


def _dot(values: Sequence[Value], low: float, high: float) -> Component | None:
    last = _last(values)
    if last is None:
        return None
    left = f"{_across(last[0], len(values)):.1%}"
    return html.I(className="dot", style={"left": left, "bottom": at_share(last[1], low, high)})


def grid_mark(text: str, bottom: str) -> Component:
    """A grid line with its number at the left."""
    return html.I(html.Span(text), className="grid", style={"bottom": bottom})


def _ends(figure: Trend, low: float, high: float) -> list[Component]:
    """The last value and the target, written at the right end and kept a line apart."""
    last, aim = _last(figure.values), figure.target
    at = None if last is None else _fraction(last[1], low, high)
    to = None if aim is None else _fraction(aim, low, high)
    near = at is not None and to is not None and abs(to - at) < 0.2
    ends = []
    if last is not None and at is not None:
        shift = ("up" if to is not None and at >= to else "down") if near else ""
        ends.append(html.B(figure.axis(last[1]), className=f"end {shift}", style={"bottom": f"{at:.1%}"}))
    if aim is not None and to is not None:
        shift = ("down" if at is not None and at >= to else "up") if near else ""
        name = f"{figure.words.get('target', '')} {figure.axis(aim)}".strip()
        shift = "up" if to < 0.1 else shift  # the names of the axis stand below
        ends.append(html.Span(name, className=f"end {shift}", style={"bottom": f"{to:.1%}"}))
    return ends


def _axis(ticks: Sequence[str]) -> list[Component]:
    shown = [(place, tick) for place, tick in enumerate(ticks) if tick]
    return [
        html.Span(
            tick,
            # Every second one, counted from the last, gives way where there is no room.
            className="tick"
            + (" first" if place == 0 else "")
            + (" odd" if (len(shown) - number) % 2 == 0 else ""),
            style={"left": f"{_across(place, len(ticks)):.1%}"},
        )
        for number, (place, tick) in enumerate(shown)
    ]


def _hits(figure: Trend) -> list[Component]:
    """An unseen column a period that shows its values under the pointer."""
    count = len(figure.labels)
    width = 1 / max(count - 1, 1)
    return [
        html.I(
            className="hit left" if place > count / 2 else "hit",
            style={"left": f"{_across(place, count) - width / 2:.2%}", "width": f"{width:.2%}"},
            **{"data-tip": "\n".join(line)},
        )
        for place, line in enumerate(_lines(figure))
    ]


def _lines(figure: Trend) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for place, label in enumerate(figure.labels):
        value = figure.values[place]
        row: tuple[str, ...] = (label, "–" if value is None else figure.text(value))
        if figure.before:
            earlier = figure.before[place]
            text = "–" if earlier is None else figure.text(earlier)
            row = (*row, f"{figure.words.get('before', '')} {text}".strip())
        rows.append(row)
    return rows


def _twin(figure: Trend) -> Component:
    """The same numbers as a table: for screen readers, for the keyboard, for copying."""
    names = ["period", "value", *(["before"] if figure.before else [])]
    head = html.Tr([html.Th(figure.words.get(name, name), scope="col") for name in names])
    body = []
    for place, label in enumerate(figure.labels):
        cells = [figure.values[place], *([figure.before[place]] if figure.before else [])]
        shown = [html.Td("–" if cell is None else figure.text(cell), className="num") for cell in cells]
        body.append(html.Tr([html.Th(label, scope="row"), *shown]))
    table = html.Table([html.Thead(head), html.Tbody(body)])
    return html.Details(
        [html.Summary(figure.words.get("table", "")), html.Div(table, className="pop")], className="twin"
    )
