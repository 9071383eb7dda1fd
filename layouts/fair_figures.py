"""A funnel plot of units and a chart of one unit over time: plain elements, as in `layouts.figures`.

Limits are lines whose colour is a token, points are marks with a sign of their own where they lie outside: ▲ above, ▼
below, filled beyond the 99.8 % limits. Each figure is hidden from screen readers and stands beside a table of the
same numbers. Values are as written: per cent, or points of 100.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from layouts import parts
from layouts.figures import Value, at_share, drawn_line, grid_mark, nice_ticks

NAMED = 8  # points outside that are called by name beside their mark
FULL = 100.0  # the largest value there can be


@dataclass(frozen=True)
class Mark:
    """One point.

    at     how far to the right, 0 to 1
    place  -2, -1, 0, 1, 2: outside below or above, by which limit; 0 between the limits
    tone   good, bad or "": what lying there means
    small  of too small a base to be judged: drawn hollow
    tip    what the pointer is told
    """

    at: float
    value: float
    name: str
    tip: str
    place: int = 0
    tone: str = ""
    small: bool = False


@dataclass(frozen=True)
class Band:
    """A figure: points, a mean, an aim, and limits as pairs of lines evenly spaced from left to right.

    ticks  where on the axis below, 0 to 1, and what is written there
    axis   writes a value beside a grid line
    """

    marks: Sequence[Mark]
    mean: float
    inner: tuple[Sequence[Value], Sequence[Value]] | None
    outer: tuple[Sequence[Value], Sequence[Value]]
    ticks: Sequence[tuple[float, str]]
    axis: Callable[[float], str]
    aim: Value = None
    line: Sequence[Value] = ()
    below: str = ""


def band(figure: Band, *, name: str) -> Component:
    """The figure itself, hidden from screen readers."""
    low, high, grid = _frame(figure)
    drawn = [grid_mark(figure.axis(mark), at_share(mark, low, high)) for mark in grid]
    for pair, kind in ((figure.outer, "outer"), (figure.inner, "inner")):
        drawn += [drawn_line(edge, low, high, kind) for edge in pair or ()]
    drawn.append(html.I(className="mean", style={"bottom": at_share(figure.mean, low, high)}))
    if figure.aim is not None:
        drawn.append(html.I(className="target", style={"bottom": at_share(figure.aim, low, high)}))
    drawn.append(drawn_line(figure.line, low, high, "line") if figure.line else None)
    drawn += [
        html.Span(text, className="tick", style={"left": f"{at:.1%}"}) for at, text in figure.ticks if text
    ]
    told = 0
    for mark in sorted(figure.marks, key=lambda each: abs(each.place)):
        outside = abs(mark.place) == 2 and told < NAMED
        told += outside
        drawn.append(_mark(mark, low, high, named=outside and not figure.line))
    drawn.append(html.Span(figure.below, className="below") if figure.below else None)
    plot = html.Div([each for each in drawn if each is not None], className="plot", **{"aria-hidden": "true"})
    return html.Div(plot, className=f"band {name}")


def _frame(figure: Band) -> tuple[float, float, tuple[float, ...]]:
    """Ends of the scale and its grid lines: all points are inside, limits may run out of it."""
    known = [figure.mean, *(mark.value for mark in figure.marks)]
    known += [figure.aim] if figure.aim is not None else []
    tail = max(len(figure.outer[0]) // 6, 1)  # the narrow end of a funnel, which is always seen whole
    known += [edge for line in figure.outer for edge in line[tail:] if edge is not None]
    grid = nice_ticks(min(known), max(known), most=FULL)
    return grid[0], grid[-1], grid


def _mark(mark: Mark, low: float, high: float, *, named: bool) -> Component:
    sign = "" if not mark.place else "▲" if mark.place > 0 else "▼"
    kind = "far" if abs(mark.place) == 2 else "out" if mark.place else "few" if mark.small else "in"
    style = {"left": f"{mark.at:.1%}", "bottom": at_share(mark.value, low, high)}
    side = "left" if mark.at > 0.6 else ""
    name = html.Span(mark.name, className="who") if named else None
    return html.I(
        [sign, name], className=f"mk {kind} {mark.tone} {side}", style=style, **{"data-tip": mark.tip}
    )


def numbers(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, title: str, text: Sequence[int] = ()
) -> Component:
    """The figure as a table behind a word: for screen readers, for the keyboard, for copying.

    text  columns, besides the first, that hold words
    """
    kinds = ["" if place == 0 or place in text else "num" for place in range(len(heads))]
    columns = [parts.column(head, name=kind) for head, kind in zip(heads, kinds, strict=True)]
    body = [
        html.Tr(
            [
                html.Th(row[0], scope="row"),
                *(parts.cell(cell, name=kind) for cell, kind in list(zip(row, kinds, strict=True))[1:]),
            ]
        )
        for row in rows
    ]
    table = parts.table(columns, body, caption=caption)
    return html.Details([html.Summary(title), html.Div(table, className="pop")], className="twin")
