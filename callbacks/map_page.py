"""The map page: its builder, and the callback that changes it in place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from pandas import DataFrame

from callbacks import map_files
from callbacks.files import Shelf
from callbacks.known import past_of
from callbacks.map_places import levels_at, own_unit
from callbacks.router import Call, Desk, Page, offload
from data.aims import Aims, aims
from data.indicators import INDICATORS
from data.points import Points
from data.query import DEFAULT_INDICATOR, NARROWING, Period, Query, parse_query
from data.reader import Reader, UnknownUnit
from data.settings import Level
from data.trees import place_of, ways
from layouts import ids, map_page, periods, values
from layouts.map_figure import STRONG, drawn, figure, patch
from layouts.map_panel import side
from layouts.map_view import MOST_SHAPES, PARTNERS, MapAnswer, MapAsk, parse_map_ask
from layouts.narrowing import Narrowed
from layouts.parts import feeding
from layouts.plain import plain
from layouts.shell import badge
from layouts.tree_switch import Way

NAMED = 60  # units of a level above whose names may stand for those of units too small for theirs
CONTEXT_SHAPES = 300  # borders around the unit looked inside are drawn as long as they are no more than these


def register(app: Dash, desk: Desk, shelf: Shelf) -> None:
    """Add the page, its files and its callback."""
    map_files.register(app, desk)  # ahead of the page, whose address would hold theirs
    desk.page(
        "map", lambda call: build(call, shelf), "/", "/map", "/map/{level}/{within}",
        permission="map", checks="unit and level inside the scope", home="/", used=used,
    )  # fmt: skip

    @desk.policies.callback(
        app,
        Output(ids.Map.GRAPH, "figure"), Output(ids.Map.DRAWN, "value"), Output(ids.Map.OVERLAY, "children"),
        Output(ids.Map.SIDE, "children"), Output(ids.Shell.CRUMB, "children"), Output(ids.Shell.CONTROLS, "children"),
        Output(ids.Shell.FRESHNESS, "children", allow_duplicate=True),
        Input(ids.Map.ASKED, "value"), State(ids.Shell.URL, "pathname"), State(ids.Shell.URL, "search"),
        State(ids.Map.DRAWN, "value"),
        permission="map", checks="unit and level inside the scope", prevent_initial_call=True,
    )  # fmt: skip
    async def change(_asked, pathname, search, shown):
        if not is_map(pathname):
            raise PreventUpdate
        return await offload(changed)(await offload(desk.call)(pathname, search), shelf, shown)


def used(params: Mapping[str, str]) -> tuple[str, ...] | None:
    """Subjects whose sources feed the indicator shown."""
    named = INDICATORS.get(params.get("indicator", DEFAULT_INDICATOR).split(",")[0])
    return None if named is None else (named.subject,)


def is_map(pathname: str | None) -> bool:
    """Whether an address is one of this page."""
    return (pathname or "/").strip("/").partition("/")[0] in ("", "map")


def build(call: Call, shelf: Shelf) -> Page:
    """The whole page of an address."""
    ask, answer = ask_and_answer(call, shelf)
    return Page(
        body=map_page.page(ask, answer, call.words),
        crumbs=map_page.bar(ask, answer, call.words),
        controls=map_page.controls(
            ask, call.words, presets=preset_periods(call), less=answer.narrowed, past=answer.past
        ),
        unit=answer.unit.code if answer.unit else None,
    )


def changed(call: Call, shelf: Shelf, shown: str | None) -> tuple:
    """What another address, or new data, changes on the page: values are patched where the same units are drawn."""
    ask, answer = ask_and_answer(call, shelf)
    found = build_parts(ask, answer, call)
    now = drawn(answer)
    picture = patch(ask, answer, call.words) if now == shown else figure(ask, answer, call.words)
    return picture, no_update if now == shown else now, *found


def preset_periods(call: Call) -> list[tuple[str, Period]]:
    """The named periods of the menu."""
    return map_page.preset_periods(call.reader.today, call.reader.settings.year_start)


def build_parts(ask: MapAsk, answer: MapAnswer, call: Call) -> tuple:
    """Overlay, side, breadcrumb, controls, freshness."""
    words = call.words
    presets = preset_periods(call)
    parts = (
        map_page.overlay(ask, answer, words),
        side(ask, answer, words),
        map_page.bar(ask, answer, words),
        map_page.controls(ask, words, presets=presets, less=answer.narrowed, past=answer.past),
    )
    fed = feeding(answer.sources, (ask.indicator.subject,))
    return (*(plain(part) for part in parts), badge(fed, words))


def ask_and_answer(call: Call, shelf: Shelf) -> tuple[MapAsk, MapAnswer]:
    """Read the address, then the store, all of it in one state. Raises QueryError, UnknownUnit, NotReady."""
    named, within, *_ = (*call.place, "-", "-")
    reader = call.reader
    query = parse_query(call.params, level=named, within=within, today=reader.today)
    with reader.read():
        query = query.asking(indicators=query.indicators[:1], within=query.within or own_unit(reader))
        levels = levels_at(reader, query.within, named)
        query = query.asking(level=named if named != "-" else levels[0].name)
        ask = parse_map_ask(query, call.params)
        return ask, read_answer(ask, call, shelf, levels)


def ways_of(reader: Reader, within: str | None) -> list[Way]:
    """The trees a page can be read in, for its switch."""
    return [Way(tree, unit or "-", tree.name == reader.tree) for tree, unit in ways(reader, within)]


def narrowed_to(query: Query, call: Call) -> list[Narrowed]:
    """The words a question is narrowed to, in the reader's language."""
    words = [(name, getattr(query, name)) for name in NARROWING if getattr(query, name)]
    return [Narrowed(name, call.word(name, text)) for name, text in words]


def read_answer(ask: MapAsk, call: Call, shelf: Shelf, levels: list[Level]) -> MapAnswer:
    """Everything the page shows."""
    reader, query = call.reader, ask.query
    level = next((each for each in reader.levels() if each.name == query.level), None)
    if level is None or level.name not in {each.name for each in levels}:
        raise UnknownUnit(f"level: got '{query.level}'; expected one below the unit")
    shown = reader.units(level.name, query.within)
    recent = periods.recent(query.period)
    lines = read_lines(call, query, [*recent, *map(periods.year_before, recent)])
    upper = (reader.units(each.name, query.within) for each in levels if each.depth < level.depth)
    return MapAnswer(
        path=reader.path(query.within) if query.within else (),
        levels=levels,
        all_levels=reader.levels(),
        level=level,
        below=next((each for each in levels if each.depth > level.depth), None),
        above=[few for few in upper if len(few) <= NAMED],
        measures=reader.measures(query),
        compared=reader.compared(query),
        units=shown,
        points=titled_points(reader.points(query.within, level.name), call),
        longest=reader.longest_overdue(query.within),
        periods=recent,
        line=lines[0][: len(recent)],
        years=lines[0][len(recent) :],
        second=[line[: len(recent)] for line in lines[1:]],
        cuts=read_cuts(reader, query, aimed := aims(reader, query, level=level.name, codes=shown["code"])),
        sources=call.titled(reader.freshness()),
        shapes=shelf.shapes_address(reader, level.name, query.within) if drawable(shown) else "",
        borders=read_borders(reader, query, level, shelf),
        style=shelf.style_address(call.theme),
        theme=call.theme,
        aims=aimed,
        webgl=call.webgl,
        place=place_of(reader),
        ways=ways_of(reader, query.within),
        narrowed=narrowed_to(query, call),
        past=past_of(reader, query),
        word=call.word,
    )


def drawable(units: DataFrame) -> bool:
    """Whether units have outlines, and no more than a map can hold."""
    return 0 < len(units) <= MOST_SHAPES and bool(units["has_shape"].any())


def titled_points(points: Points, call: Call) -> Points:
    """Points with what they are called in the reader's language: a category, or the kind of an alert."""
    listed = points.listed
    kinds = ["kind" if kind == "alert" else "category" for kind in listed["kind"]]
    titles = [call.word(kind, str(title)) for kind, title in zip(kinds, listed["title"], strict=True)]
    return replace(points, listed=listed.assign(title=titles))


def read_cuts(reader: Reader, query: Query, aimed: Aims) -> tuple[float, ...]:
    """Cuts of the colour scale, about the target of the level where it judges."""
    name = query.indicator
    return reader.scale(name, query.level or "", days=query.period.days, target=aimed.level.get(name))


def read_lines(call: Call, query: Query, wanted: Sequence[Period]) -> list[list[float | None]]:
    """Values of the indicator, and of its partner where it is shown, in each period; what lies before the first
    record is unknown, not 0."""
    shown = call.wide or INDICATORS[query.indicator].kind == "stock"
    names = (query.indicator, *(PARTNERS.get(query.indicator, ()) if shown else ()))
    rows = call.reader.series(names, unit=query.within, periods=wanted, query=query).to_dict("records")
    found = []
    for name in names:
        own = [row for row in rows if row["indicator"] == name]
        known = {
            row["period_start"]: (values.known(row["value"]), values.known(row["n"]) or 0) for row in own
        }
        first = min((start for start, (_, n) in known.items() if n), default=None)
        found.append([known[each.start][0] if first and each.start >= first else None for each in wanted])
    return found


def read_borders(reader: Reader, query: Query, level: Level, shelf: Shelf) -> list[tuple[str, int]]:
    """Outlines of the levels above: around the unit too as long as they are few, else only of what lies inside."""
    own = reader.path(query.within) if query.within else ()
    around, top = (own[0].code, own[0].depth) if own else (None, 0)
    found = []
    for upper in reader.levels()[top : level.depth + (level.depth <= STRONG)]:
        within = around if len(reader.shown(upper.depth, around)) <= CONTEXT_SHAPES else query.within
        inside = reader.shown(upper.depth, within)
        if 0 < len(inside) <= MOST_SHAPES and reader.version.shape_at[inside].any():
            found.append((shelf.shapes_address(reader, upper.name, within), upper.depth))
    return found
