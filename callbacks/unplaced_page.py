"""The queue of unplaced facts: its builder, the callback of every decision, and the picture of the small map."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import isfinite

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate
from fastapi import Request
from pandas import DataFrame
from starlette.responses import Response

from callbacks.identity import current_person
from callbacks.kpi_page import local
from callbacks.map_page import ways_of
from callbacks.router import Call, Desk, Page, offload
from data import settling
from data.jobs import request_run
from data.measures import NotReady
from data.outlines import Box
from data.query import Period
from data.reader import Reader, UnknownUnit
from data.trees import home_tree
from data.unplaced import SUBJECTS, FactKey
from layouts import ids, shell, unplaced_page
from layouts.sketch import View, sketch
from layouts.theme import THEMES
from layouts.unplaced_page import PAGE, PATH, UnplacedAnswer, UnplacedAsk, written

REPORTED_DAYS = 30
MOST_MARKS = 3


def register(app: Dash, desk: Desk) -> None:
    """Add the page's address, its picture and the callback of its decisions."""
    checks = "facts and units of the scope"
    desk.policies.page("sources", PATH, permission="analyst", checks=checks, home="/sources")
    desk.paths.append(PATH)
    picture = f"{PATH}/map.svg"
    app.server.add_api_route(picture, drawing(desk), methods=["GET"], include_in_schema=False)
    desk.policies.route(picture, ("GET",), permission="analyst", checks="outlines of the scope")

    @desk.policies.callback(
        app,
        Output(ids.Unplaced.SAID, "children"), Output(ids.Unplaced.BODY, "children"),
        Input(ids.Unplaced.DECIDED, "value"), State(ids.Shell.URL, "search"),
        permission="place", checks="fact and unit inside the scope; operators and administrators",
        prevent_initial_call=True,
    )  # fmt: skip
    async def decide(decision, search):
        return await offload(decided)(desk, await offload(desk.call)(PATH, search), decision)


def build(call: Call) -> Page:
    """The whole page of an address."""
    ask, words = asked(call), call.words
    crumbs = shell.crumbs(
        [(call.reader.settings.name, "/"), (words("sources.title"), "/sources")], words("places.title"), words
    )
    return Page(body=unplaced_page.page(ask, read_answer(ask, call), words), crumbs=crumbs)


def asked(call: Call) -> UnplacedAsk:
    """What an address asks; what cannot be read counts as not said."""
    subject, start = call.params.get("subject", ""), call.params.get("start", "")
    number = int(start) if start.isdecimal() and len(start) < 9 else 0
    tree = at_home(call.reader).tree
    return UnplacedAsk(subject if subject in SUBJECTS else "", number, call.params.get("fact", ""), tree)


def at_home(reader: Reader) -> Reader:
    """A reader in the tree of the scope, in which alone facts may be placed; of the whole, in the tree asked for."""
    return reader if reader.across is None else reader.in_tree(home_tree(reader))


def read_answer(ask: UnplacedAsk, call: Call) -> UnplacedAnswer:
    """Everything the page shows."""
    reader = at_home(call.reader)
    rows, total = reader.unplaced(subject=ask.subject or None, start=ask.start, limit=PAGE)
    return UnplacedAnswer(
        rows=rows,
        total=total,
        located=call.titled(
            reader.located(
                Period(reader.today - timedelta(days=REPORTED_DAYS), reader.today + timedelta(days=1))
            )
        ),
        whole=whole(reader),
        subjects=SUBJECTS,
        may_place=reader.scope.may("place"),
        may_remember=reader.scope.whole,
        theme=call.theme,
        tree=reader.tree,
        ways=ways_of(reader, None) if reader.scope.whole else (),
        when=lambda instant: local(reader, instant),
    )


def whole(reader: Reader) -> View:
    """A view over all units the reader sees."""
    roots = [unit for unit in reader.roots() if isfinite(unit.lon) and isfinite(unit.lat)]
    if not roots:
        return View(0.0, 0.0, 20.0)
    west, east = min(unit.lon for unit in roots), max(unit.lon for unit in roots)
    south, north = min(unit.lat for unit in roots), max(unit.lat for unit in roots)
    area = max(unit.area_m2 if isfinite(unit.area_m2) else 1e6 for unit in roots)
    span = max(east - west, north - south) + 2.2 * area**0.5 / 100_000
    return View((west + east) / 2, (south + north) / 2, span)


def decided(desk: Desk, call: Call, decision: str | None) -> tuple:
    """Do what a person decided; answers what became of it, and the page without the fact."""
    try:
        asked_for = json.loads(decision or "")
        key = FactKey(*map(str, asked_for["fact"]))
    except (ValueError, KeyError, TypeError):
        raise PreventUpdate from None
    words, ask = call.words, asked(call)
    try:
        text = _settled(call, key, asked_for)
    except (settling.PlacingError, UnknownUnit) as error:
        text = unplaced_page.refused(str(error), words)
        ask = replace(ask, fact=written(key))  # who is told why stays where he was
    else:
        request_run(desk.store, "refresh", by=current_person().name, now=desk.clock())
        ask = replace(ask, fact="" if ask.fact == written(key) else ask.fact)
    return text, unplaced_page.body(ask, read_answer(ask, call), words)


def _settled(call: Call, key: FactKey, what: dict):
    reader, words, remember = at_home(call.reader), call.words, what.get("remember") is True
    if what.get("undo") is True:
        return words("places.undone", n=words.number(settling.withdraw(reader, key)))
    if isinstance(what.get("unit"), str):
        entry = what.get("entry")
        done = settling.accept(
            reader, key, what["unit"], entry=entry if isinstance(entry, int) else -1, remember=remember
        )
    elif all(isinstance(what.get(name), int | float) for name in ("lon", "lat")):
        done = settling.place(reader, key, float(what["lon"]), float(what["lat"]), remember=remember)
    else:
        raise PreventUpdate
    return unplaced_page.said(done.unit_name, done.moved, remembered=done.remembered, key=key, words=words)


def drawing(desk: Desk):
    """The route of the small map's picture."""

    async def answer(request: Request) -> Response:
        try:
            view, marks = _view(request.query_params)
            found = await asyncio.to_thread(_outlines, desk, request.query_params, Box(*view.box))
        except (ValueError, NotReady):
            return Response("map: expected lon, lat and span in degrees\n", 400, media_type="text/plain")
        theme = request.query_params.get("theme", "")
        text = sketch(view, *found, marks, theme=theme if theme in THEMES else THEMES[0])
        return Response(text, media_type="image/svg+xml")

    return answer


def _outlines(desk: Desk, params: Mapping[str, str], box: Box) -> tuple[DataFrame, DataFrame]:
    return at_home(desk.reader(params)).outlines(box)


def _view(params) -> tuple[View, list[tuple[float, float]]]:
    """The view and the marks an address names. Raises ValueError."""
    lon, lat, span = (float(params.get(name, "")) for name in ("lon", "lat", "span"))
    if not (abs(lon) <= 180 and abs(lat) <= 85 and 0 < span <= 40):
        raise ValueError("view")
    pairs = [pair.split(",") for pair in params.get("at", "").split(";")[:MOST_MARKS] if pair]
    marks = [(float(x), float(y)) for x, y in pairs]
    if not all(isfinite(x) and isfinite(y) for x, y in marks):
        raise ValueError("marks")
    return View(lon, lat, span), marks
