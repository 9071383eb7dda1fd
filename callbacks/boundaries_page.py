"""Boundaries in the browser: versions, a file over the present units, one confirmation, the newest version taken back.

A file comes as every upload comes (`upload_page`), waits in the same place, for the same person and day. Whoever
brings or takes back boundaries must see the whole instance, for they hold for all of it.
"""

import asyncio
from collections.abc import Mapping
from datetime import date

from dash import Dash
from fastapi import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from callbacks.identity import current_csrf, current_person, current_scope
from callbacks.router import Call, Desk, Page
from callbacks.sending import Door, Route, forbidden, form_of, same, settled
from data.boundaries import KINDS
from data.boundary_files import BoundaryFiles
from data.boundary_trials import Decision, Trial
from data.jobs import request_run
from data.query import QueryError, parse_date
from data.settings import EPOCH_DAY
from data.staging import STORED, UnknownUpload, Upload
from data.uploads import Uploads
from data.versions import history, take_back
from geo.boundaries import BoundaryError
from layouts import boundaries_check, boundaries_page, shell
from layouts.boundaries_ask import LONGEST, PATH, BoundaryAsk, TrialAnswer, VersionsAnswer, read_ask
from layouts.boundaries_view import drawn, pointed, view_of
from layouts.theme import THEMES

ONE = PATH + "/{token}"
PICTURE = ONE + "/map.svg"
UNDO = ONE + "/undo"


def register(app: Dash, desk: Desk, uploads: Uploads) -> BoundaryFiles:
    """Add the addresses of the pages, and the routes with their policies."""
    brought = BoundaryFiles(uploads)
    checks = "whole scope; a token opens the file of its own person only"
    desk.policies.page("sources", PATH, ONE, permission="upload", checks=checks, home="/sources")
    desk.paths += [PATH, ONE]
    door = _Door(desk, brought)
    more = [Route(UNDO, "POST", door.undo), Route(PICTURE, "GET", door.picture)]
    door.open_routes(app.server, more, checks=checks)
    return brought


class _Door(Door):
    """Files of boundaries, their picture, and versions that are taken back."""

    home = PATH

    def __init__(self, desk: Desk, brought: BoundaryFiles):
        super().__init__(desk, brought)
        self.brought = brought

    async def settle(self, upload: Upload, form: dict[str, str]) -> str:
        """Publish the file; where that has other grounds than were shown, the page weighs it again and says so."""
        ask = await asyncio.to_thread(_ask, self.brought, upload.token, form)
        decided = read_decision(form)
        try:
            await settled(self.brought.publish, upload, ask.asked, decided, current_person())
        except BoundaryError:
            return ask.href() + ("&" if ask.pairs else "?") + "changed=yes"
        return ask.address

    async def undo(self, request: Request, token: str) -> Response:
        """Take the newest version back; where it stays, the page of versions says why."""
        form = form_of(await request.body())
        if not same(form.get("token", "")) or not current_scope().whole:
            return forbidden()
        trees = {tree.name for tree in self.desk.settings.trees}
        reason, tree = _reason(form), form.get("tree", "")
        if not (reason and token.isdecimal() and len(token) < 9 and tree in trees):
            return PlainTextResponse("expected the number of a version, its tree and a reason\n", 400)
        done = await asyncio.to_thread(self._take_back, int(token), tree, reason, current_person().name)
        return RedirectResponse(PATH if done else f"{PATH}?stays=yes", 303)

    def _take_back(self, number: int, tree: str, reason: str, by: str) -> bool:
        store, clock = self.desk.store, self.desk.clock
        try:
            take_back(store, number, by=by, reason=reason, clock=clock, tree=tree)
        except BoundaryError:  # taken back a moment ago, or facts have come
            return False
        request_run(store, "refresh", by=by, now=clock())
        return True

    async def picture(self, request: Request, token: str) -> Response:
        """The outlines of a view as SVG."""
        params = request.query_params
        ask = await asyncio.to_thread(_ask, self.brought, token, params)
        if not current_scope().whole:
            return forbidden()
        if ask.view is None:
            return PlainTextResponse("map: expected lon, lat and span in degrees\n", 400)
        try:
            upload = await asyncio.to_thread(self.brought.open, token, current_person())
            if upload.state == STORED:
                raise UnknownUpload("published")
            text = await asyncio.to_thread(self._drawn, upload, ask, params)
        except UnknownUpload:
            return PlainTextResponse("nothing here\n", 404)
        return Response(text, media_type="image/svg+xml")

    def _drawn(self, upload: Upload, ask: BoundaryAsk, params: Mapping[str, str]) -> str:
        trial, theme = self.brought.trial(upload, ask.asked), params.get("theme", "")
        return drawn(trial, ask, which=params.get("which", ""), theme=theme if theme in THEMES else THEMES[0])


def read_decision(form: Mapping[str, str]) -> Decision:
    """What a form decides. Raises QueryError for one that lacks a reason or holds what no form of ours sends."""
    reason, before = _reason(form), form.get("before", "")
    accept = frozenset(kind for kind in form.get("accept", "").split(",") if kind)
    if not reason or form.get("act") != "publish":
        raise QueryError("reason: got none; expected why the boundaries change")
    if not (before.isdecimal() and len(before) < 9) or accept - KINDS:
        raise QueryError("form: got other values; expected those of the page")
    day: date | None = parse_date(form["from"], "from") if form.get("from") else None
    return Decision(reason, None if day is None else (day - EPOCH_DAY).days, int(before), accept)


def _reason(form: Mapping[str, str]) -> str:
    return " ".join(form.get("reason", "").split())[:LONGEST]


def _ask(brought: BoundaryFiles, token: str, params: Mapping[str, str]) -> BoundaryAsk:
    trees = brought.store.settings.trees
    return read_ask(token, params, trees=trees, systems=brought.uploads.systems())


def build(call: Call, brought: BoundaryFiles) -> Page:
    """The page of an address: the versions, a file that waits, or what became of one."""
    words, scope = call.words, call.reader.scope
    if not (scope.may("upload") and scope.whole):
        raise KeyError("upload")  # answered as what may not be seen
    if len(call.place) == 1:
        trees = [(tree, history(brought.store, tree.name)) for tree in call.reader.settings.trees]
        return _page(
            call,
            boundaries_page.page(
                VersionsAnswer(trees, current_csrf(), call.params.get("stays") == "yes"), words
            ),
        )
    ask = _ask(brought, call.place[1], call.params)
    try:
        upload = brought.open(ask.token, current_person())
    except UnknownUpload:
        told = shell.notice(words("upload.over"), words("borders.over.text"), link=words("borders.title"), to=PATH,
                            kind="empty", words=words)  # fmt: skip
        return _page(call, told)
    if upload.state == STORED:
        version = str(upload.kept("result")["version"])
        return _page(call, boundaries_check.published(upload.name, version, words))
    trial = brought.trial(upload, ask.asked)
    ask = pointed(trial, ask)
    return _page(call, boundaries_check.page(ask, _answer(call, upload, brought, ask, trial), words))


def _page(call: Call, body) -> Page:
    words = call.words
    up = [(call.reader.settings.name, "/"), (words("sources.title"), "/sources")]
    return Page(body=body, crumbs=shell.crumbs(up, words("borders.title"), words))


def _answer(
    call: Call, upload: Upload, brought: BoundaryFiles, ask: BoundaryAsk, trial: Trial
) -> TrialAnswer:
    return TrialAnswer(
        name=upload.name,
        trial=trial,
        view=ask.view or view_of(trial, ask),
        trees=call.reader.settings.trees,
        systems=brought.uploads.systems(),
        theme=call.theme,
        today=call.reader.today,
        csrf=current_csrf(),
        changed=call.params.get("changed") == "yes",
    )
