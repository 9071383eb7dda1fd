"""The map page: the map with its controls and legend at the left, the unit and its ranking at the right.

Every choice is a link, so that each state of the page has an address; the script only draws and moves.
"""

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from data.assessment_year import YearStart
from data.indicators import INDICATORS
from data.points import MOST
from data.query import NARROWING, Period, as_of_part, tree_part
from layouts import as_of, ids, parts, periods, values
from layouts.as_of import NOW, Past
from layouts.map_figure import CONFIG, drawn, figure
from layouts.map_panel import side
from layouts.map_view import MapAnswer, MapAsk, diverging
from layouts.narrowing import Narrowed, narrowed
from layouts.parts import Option
from layouts.plain import plain
from layouts.shell import crumbs, period_menu
from layouts.words import Words

SYMBOLS = ("case", "open", "order", "alert", "parking")


def page(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    """The page below the top bar. Without WebGL2 the table stands alone, and says why."""
    board = [_map(ask, answer, words), html.Div(plain(overlay(ask, answer, words)), id=ids.Map.OVERLAY)]
    if not answer.webgl:
        board = [html.P(words("map.webgl"), className="card notice", role="status")]
    return html.Main(
        [
            html.Data(id=ids.Map.ASKED, value=""),
            html.Data(id=ids.Map.DRAWN, value=drawn(answer)),
            html.Section(board, className="board", **{"aria-label": words("map.title")}),
            html.Aside(
                [html.Button(className="grip", title=words("map.sheet"), **{"aria-label": words("map.sheet")}),
                 html.Div(plain(side(ask, answer, words)), id=ids.Map.SIDE, className="cards")],
                className="side half",
            ),
        ],
        className="page map" + ("" if answer.webgl else " tableonly"),
    )  # fmt: skip


def _map(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    graph = dcc.Graph(id=ids.Map.GRAPH, figure=figure(ask, answer, words), config=CONFIG, className="plane",
                      responsive=True)  # fmt: skip
    zoom = [
        html.Button(
            sign,
            title=words(f"map.zoom.{name}"),
            **{"aria-label": words(f"map.zoom.{name}"), "data-zoom": name},
        )
        for name, sign in (("in", "+"), ("out", "−"), ("all", "⤢"))
    ]
    scale = html.Div(
        [html.I(), html.Span()],
        className="scale",
        **{
            "aria-hidden": "true",
            "data-m": words("map.scale.m", n="@"),
            "data-km": words("map.scale.km", n="@"),
        },
    )
    return html.Div([graph, html.Div(zoom, className="pop zoom"), scale, html.Div(className="pop hov", hidden=True)],
                    className="frame")  # fmt: skip


def overlay(ask: MapAsk, answer: MapAnswer, words: Words) -> list[Component]:
    """What stands above the map: level control, legend, the chip that counts what lies nowhere."""
    levels = [
        Option(level.title(words.locale), ask.href(level=level.name, within=ask.query.within or "-"),
               level.name == answer.level.name)
        for level in answer.levels
    ]  # fmt: skip
    found = [parts.segment(words("map.levels"), levels), legend(ask, answer, words)]
    if answer.nowhere:
        found.append(_chip(ask, answer, words))
    if not answer.shapes:
        name = (
            "crowded" if answer.units["has_shape"].any() else "shapeless"
        )  # then the table takes all the room
        note = words(f"map.{name}", n=words.number(len(answer.units)))
        found.append(html.P(note, className=f"card notice {name}", role="status"))
    return found


def _chip(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    unit = words.number(answer.nowhere)
    text = words("map.nowhere", n=unit, unit=_counted(ask, words))
    asked = {"subject": ask.indicator.subject, "unit": ask.query.within or ""}
    period = ask.query.period
    asked |= {"from": period.start.isoformat(), "to": period.end.isoformat()}
    asked |= {"unassigned": ask.query.level or "", **tree_part(ask.query.tree)}
    asked |= {name: getattr(ask.query, name) or "" for name in NARROWING} | as_of_part(ask.query.as_of)
    more = urlencode({name: value for name, value in asked.items() if value})
    links = [html.A(words("map.nowhere.show"), href=f"/analyst?{more}")]
    if ask.indicator.subject in ("cases", "orders", "alerts"):
        queue = urlencode({"subject": ask.indicator.subject, **tree_part(ask.query.tree)})
        links.append(html.A(words("map.nowhere.queue"), href=f"/sources/unplaced?{queue}"))
    return html.Div([text, *links], className="chip nowhere")


def _counted(ask: MapAsk, words: Words) -> str:
    return words(f"parts.unit.{values.UNITS[ask.indicator.subject]}")


def legend(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    """Always open: the seven steps with their fixed cuts, hatch, symbols."""
    indicator, target = ask.indicator, answer.level_aim(ask.indicator)
    both = diverging(indicator, target)
    name = "d" if both else "s"
    turned = both and indicator.better == "low"
    cuts = list(answer.cuts)[::-1] if turned else list(answer.cuts)
    bar = [html.I(className=f"{name}{place}") for place in range(1, 8)]
    ticks = [
        html.Span(values.number(indicator, cut, words) if indicator.kind not in ("rate", "score") else _cut(cut, words),
                  style={"left": f"{100 * (place + 1) / 7:.2f}%"})
        for place, cut in enumerate(cuts)
    ]  # fmt: skip
    aim = words("map.legend.target", target=values.number(indicator, target, words)) if both else ""
    unit = values.unit(indicator, words) if both or indicator.kind != "count" else _per(ask, answer, words)
    title = html.Div(
        [html.B(words(f"indicator.{indicator.name}")), f" {unit}", html.Span(aim, className="t3")]
    )
    ends = [words(f"map.legend.{end}") for end in ("worse", "met", "better")] if both else []
    few = (
        words("map.legend.few", n=indicator.min_base)
        if indicator.kind in ("rate", "score", "mean", "quantile") and indicator.min_base > 1
        else words("map.legend.none")
    )
    return html.Section(
        [
            title,
            html.Div(bar, className="bar"),
            html.Div(ticks, className="ticks"),
            html.Div([html.Span(end) for end in ends], className="ends") if ends else None,
            html.Div([html.I(className="hatch"), few], className="nd"),
            html.Div(_symbols(answer, words), className="syms"),
        ],
        className="lg",
        **{"aria-label": words("map.legend")},
    )  # fmt: skip


def _symbols(answer: MapAnswer, words: Words) -> list[Component]:
    """The symbols of points; where those are counted, the one disc and why."""
    if len(answer.points.counted):
        text = words("map.legend.counted", most=MOST, level=answer.level.title(words.locale))
        return [html.Span([html.I(className="sym count"), text], className="whole")]
    return [html.Span([html.I(className=f"sym {kind}"), words(f"map.point.{kind}")]) for kind in SYMBOLS]


def _cut(cut: float, words: Words) -> str:
    shown = cut * 100
    return words.number(shown, 0 if abs(shown - round(shown)) < 0.05 else 1)


def _per(ask: MapAsk, answer: MapAnswer, words: Words) -> str:
    unit = values.unit(ask.indicator, words)
    return words("map.legend.per", unit=unit, level=answer.level.title(words.locale))


def bar(ask: MapAsk, answer: MapAnswer, words: Words) -> list[Component]:
    """The breadcrumb of the top bar."""
    up = [(unit.name, ask.href(level=_below(unit, answer), within=unit.code)) for unit in answer.path]
    if not answer.path:
        up = [(answer.place, ask.href(within="-"))]
    here = words("map.crumb", n=words.number(len(answer.units)), level=answer.level.title(words.locale))
    return crumbs(up, here, words)


def _below(unit, answer: MapAnswer) -> str:
    """The level shown when going back up to a unit: the one just below it."""
    names = [level.name for level in sorted(answer.levels, key=lambda level: level.depth)]
    depths = {level.depth: level.name for level in answer.all_levels}
    return depths.get(unit.depth + 1) or (names[-1] if names else answer.level.name)


def controls(
    ask: MapAsk,
    words: Words,
    *,
    presets: Sequence[tuple[str, Period]],
    less: Sequence[Narrowed] = (),
    past: Past = NOW,
) -> list[Component]:
    """Indicator, period and the instant, as menus of links; before them what the question is narrowed to."""
    groups: dict[str, list[Option]] = {}
    for name, entry in INDICATORS.items():
        option = Option(
            words(f"indicator.{name}"), ask.href(indicators=(name,), sort=""), name == ask.indicator.name
        )
        groups.setdefault(entry.subject, []).append(option)
    options = [option for group in groups.values() for option in group]
    return [
        *narrowed(less, ask.here, words, to=lambda column: ask.href(**{column: None})),
        parts.menu(words("map.indicator"), options, name="indicator"),
        period_menu(ask.query.period, presets, to=lambda period: ask.href(period=period), words=words),
        as_of.menu(past, lambda instant: ask.href(as_of=instant), words),
    ]


def preset_periods(today: date, start: YearStart = periods.CALENDAR) -> list[tuple[str, Period]]:
    """The named periods of the menu; `start` is the day the assessment year begins on."""
    return list(periods.presets(today, start).items())
