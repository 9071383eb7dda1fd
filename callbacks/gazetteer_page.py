"""The gazetteer in the browser: entries, proposals, a file that is brought, an address that is tried.

Entries hold for the whole instance, so whoever reads or changes them here must see the whole of it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from dash import Dash
from fastapi import Request
from pandas import DataFrame
from starlette.responses import Response

from callbacks.identity import current_csrf, current_person
from callbacks.kpi_page import local
from callbacks.map_page import ways_of
from callbacks.router import Call, Desk, Page
from callbacks.sending import Door, Route, settled
from callbacks.unplaced_page import at_home, whole
from data import gazetteer, place_list
from data.gazetteer_file import GazetteerError, Refused, as_table, entry_of
from data.gazetteer_import import take_file, try_file
from data.jobs import request_run
from data.list_files import ListFiles
from data.place_list import PlaceEntry
from data.query import QueryError
from data.reader import Reader
from data.staging import STORED, UnknownUpload, Upload
from data.unplaced import said
from data.uploads import Uploads
from layouts import gazetteer_check, gazetteer_page, shell
from layouts.gazetteer_ask import (
    ENTRY,
    EXPORT,
    JUDGED,
    PAGE,
    PATH,
    GazetteerAnswer,
    GazetteerAsk,
    ImportAnswer,
    fields_of,
    read_ask,
)

ONE = PATH + "/{token}"
MOST_LEAST = 1000


def register(app: Dash, desk: Desk, uploads: Uploads) -> ListFiles:
    """Add the addresses of the pages, and the routes with their policies."""
    files = ListFiles(uploads, "gazetteer")
    checks = "whole scope; a token opens the file of its own person only"
    desk.policies.page("sources", PATH, ONE, permission="upload", checks=checks, home="/sources")
    desk.paths += [PATH, ONE]
    door = _Door(desk, files)
    more = [
        Route(ENTRY, "POST", door.entry),
        Route(JUDGED, "POST", door.judged),
        Route(EXPORT, "GET", door.export),
    ]
    door.open_routes(app.server, more, checks=checks)
    return files


class _Door(Door):
    """Files of place names, the form of an entry, the judgement of proposals, the file of all."""

    home = PATH

    def __init__(self, desk: Desk, files: ListFiles):
        super().__init__(desk, files)
        self.lists = files

    async def settle(self, upload: Upload, form: dict[str, str]) -> str:
        """Take the file; where it cannot be, the page tries it again and says why."""
        reader, shown = at_home(self.desk.reader()), self.shown(upload.token)
        asked = form.get("replace") == "yes"
        try:
            await settled(take_file, reader, self.lists, upload, current_person(), replace=asked)
        except GazetteerError:
            return shown + ("?replace=yes" if asked else "")
        return shown

    async def entry(self, request: Request) -> Response:
        """Save or end one entry; what is wrong with it is said beside what was filled in."""
        return await self.posted(request, lambda form: _told(_entry(self.desk, form)))

    async def judged(self, request: Request) -> Response:
        """Grow proposals from facts, accept or refuse those that were ticked."""
        return await self.posted(request, lambda form: _told(_judged(self.desk, form)))

    async def export(self, request: Request) -> Response:
        """The entries that hold as CSV, as `linli gazetteer export` writes them."""
        return await self.downloaded(lambda: gazetteer.export_file(self.desk.store), "gazetteer.csv")


def _told(ask: GazetteerAsk) -> str:
    """The address that tells what became of a form."""
    return ask.href(done=ask.done, count=ask.count, given=ask.given)


def _entry(desk: Desk, form: dict[str, str]) -> GazetteerAsk:
    """Do what the form of an entry says; answers the address that tells of it. Raises QueryError."""
    reader, by = at_home(desk.reader(form)), current_person().name
    ask = read_ask(form, tree=reader.tree)
    if ask.entry is None or form.get("act") not in ("save", "end"):
        raise QueryError("entry: got no number or act; expected those of the page")
    try:
        if form["act"] == "end":
            done = gazetteer.end(desk.store, ask.entry, clock=desk.clock, by=by)
        else:
            row = DataFrame([entry_of(_coded(reader, fields_of(form)), reader.settings)])
            done = gazetteer.mend(desk.store, ask.entry, row, clock=desk.clock, by=by)
    except (Refused, GazetteerError):  # the page says it, with the fields as they were filled in
        return ask
    request_run(desk.store, "refresh", by=by, now=desk.clock())
    told = "ended" if form["act"] == "end" else "saved"
    return replace(ask, given={}, done=told, count=done.moved.facts, entry=done.number or None)


def _coded(reader: Reader, given: Mapping[str, str]) -> dict[str, str]:
    """Fields with units by their codes, where they were named. Raises Refused for one that is none, or several."""
    texts = {name: " ".join(text.split()) for name, text in given.items()}
    for tree in reader.settings.trees:
        name = "unit" if tree.name == reader.settings.trees[0].name else f"unit:{tree.name}"
        if texts.get(name):
            texts[name] = _code(reader.in_tree(tree.name), texts[name], name)
    return {"kind": "", **texts}


def _code(reader: Reader, text: str, name: str) -> str:
    version = reader.version
    if text in version.by_code:
        return text
    found = np.flatnonzero(version.units["name"].to_numpy() == text)
    if len(found) != 1:
        raise Refused(name, text, "the code of a unit, or a name that only one has")
    return str(version.units["code"].iloc[found[0]])


def _judged(desk: Desk, form: dict[str, str]) -> GazetteerAsk:
    """Do what the form of proposals says; answers the address that tells of it. Raises QueryError."""
    reader, by = at_home(desk.reader(form)), current_person().name
    ask, act = GazetteerAsk(view="proposals", tree=reader.tree), form.get("act")
    if act == "grow":
        least = form.get("least", "")
        if not least.isdecimal() or not 1 <= int(least[:9]) <= MOST_LEAST:
            raise QueryError(f"least: got '{least[:20]}'; expected 1 to {MOST_LEAST}")
        made = gazetteer.propose(desk.store, clock=desk.clock, by=by, least=int(least))
        return replace(ask, done="grown", count=made)
    if act not in ("accept", "refuse"):
        raise QueryError("act: got another; expected those of the page")
    numbers = [int(name[1:]) for name in form if name[:1] == "p" and name[1:].isdecimal() and len(name) < 10]
    if not numbers:
        return ask
    try:
        moved = gazetteer.judge(desk.store, numbers, accepted=act == "accept", clock=desk.clock, by=by)
    except GazetteerError:  # somebody judged one of them a moment ago
        return ask
    request_run(desk.store, "refresh", by=by, now=desk.clock())
    return replace(ask, done="judged", count=moved.facts)


def build(call: Call, files: ListFiles) -> Page:
    """The page of an address: the gazetteer, a file that waits, or what became of one."""
    if not (call.reader.scope.may("upload") and call.reader.scope.whole):
        raise KeyError("upload")  # answered as what may not be seen
    reader = at_home(call.reader)
    if len(call.place) == 1:
        ask = read_ask(call.params, tree=reader.tree)
        return _page(call, gazetteer_page.page(ask, _answer(ask, call, reader), call.words))
    return _page(call, _file(call, reader, files))


def _page(call: Call, body) -> Page:
    words = call.words
    up = [(call.reader.settings.name, "/"), (words("sources.title"), "/sources")]
    return Page(body=body, crumbs=shell.crumbs(up, words("gazetteer.title"), words))


def _file(call: Call, reader: Reader, files: ListFiles):
    words, asked = call.words, call.params.get("replace") == "yes"
    try:
        upload = files.open(call.place[1], current_person())
    except UnknownUpload:
        return shell.notice(words("upload.over"), words("lists.over"), link=words("gazetteer.title"), to=PATH,
                            kind="empty", words=words)  # fmt: skip
    answer = ImportAnswer(upload.name, upload.token, current_csrf(), asked)
    if upload.state == STORED:
        return gazetteer_check.taken(replace(answer, result=upload.kept("result")), words)
    trial = try_file(reader, files, upload, replace=asked)
    return gazetteer_check.page(replace(answer, trial=trial), words)


def _answer(ask: GazetteerAsk, call: Call, reader: Reader) -> GazetteerAnswer:
    """Everything the page shows."""
    state = "proposed" if ask.view == "proposals" else "active"
    rows, total = place_list.listed(
        reader, state=state, text=ask.text, kind=ask.kind, start=ask.start, limit=PAGE
    )
    first = rows[0] if rows and ask.entry is None and state == "active" else None
    chosen = place_list.one(reader, ask.entry) if ask.entry else first
    return GazetteerAnswer(
        counts=place_list.counts(reader),
        rows=rows,
        total=total,
        csrf=current_csrf(),
        whole=whole(reader),
        trees=reader.settings.trees,
        chosen=chosen,
        values=ask.given or (_values(chosen) if chosen else {}),
        refused=_refusal(reader, ask, chosen) if ask.given else None,
        tried=said(reader, ask.address) if ask.address else None,
        ways=ways_of(reader, None),
        theme=call.theme,
        when=lambda instant: local(reader, instant),
    )


def _values(row: PlaceEntry) -> dict[str, str]:
    """An entry as the fields of a file."""
    held = {
        name: getattr(row, name) for name in ("lon", "lat", "level", "valid_from_on", "valid_to_on", "note")
    }
    frame = DataFrame([{**row.entry._asdict(), **held, "units": json.dumps(dict(row.units))}])
    found = as_table(frame.astype({"valid_from_on": "float64", "valid_to_on": "float64"})).iloc[0]
    return {str(name): str(value) for name, value in found.items() if not pd.isna(value)}


def _refusal(reader: Reader, ask: GazetteerAsk, chosen: PlaceEntry | None) -> Refused | None:
    """What is wrong with the fields of an address; nothing where they could be saved."""
    try:
        entry_of(_coded(reader, ask.given), reader.settings)
    except Refused as refusal:
        return refusal
    return Refused("", "", "words of its own" if ask.entry == 0 or chosen else "an entry that still holds")
