"""The list of departments in the browser: mended one by one, or taken whole from a file.

Names apply to the whole instance, so whoever reads or changes them here must see the whole of it.
"""

import csv
import io
from contextlib import suppress
from dataclasses import replace

from dash import Dash
from fastapi import Request
from starlette.responses import Response

from callbacks.identity import current_csrf, current_person
from callbacks.router import Call, Desk, Page
from callbacks.sending import Door, Route, settled
from data import department_edits
from data.department_uses import Use, uses
from data.departments import KINDS, Department, DepartmentError, newest, roster, spellings
from data.list_files import ListFiles
from data.query import QueryError
from data.staging import STORED, UnknownUpload, Upload
from data.uploads import Uploads
from layouts import departments_page, shell
from layouts.departments_ask import (
    EDIT,
    EXPORT,
    LONGEST,
    PATH,
    DepartmentsAnswer,
    DepartmentsAsk,
    ListAnswer,
    read_ask,
)

ONE = PATH + "/{token}"
HEADER = ("name", "aliases", "kind")


def register(app: Dash, desk: Desk, uploads: Uploads) -> ListFiles:
    """Add the addresses of the pages, and the routes with their policies."""
    files = ListFiles(uploads, "departments")
    checks = "whole scope; a token opens the file of its own person only"
    desk.policies.page("sources", PATH, ONE, permission="upload", checks=checks, home="/sources")
    desk.paths += [PATH, ONE]
    door = _Door(desk, files)
    more = [Route(EDIT, "POST", door.edit), Route(EXPORT, "GET", door.export)]
    door.open_routes(app.server, more, checks=checks)
    return files


class _Door(Door):
    """Lists that are sent, the form of a department, the list as a file."""

    home = PATH

    def __init__(self, desk: Desk, files: ListFiles):
        super().__init__(desk, files)
        self.lists = files

    async def settle(self, upload: Upload, form: dict[str, str]) -> str:
        """Make the list the one that counts; where it cannot be, the page reads it again and says why."""
        store, clock = self.desk.store, self.desk.clock
        with suppress(DepartmentError):
            await settled(
                department_edits.take_list, store, self.lists, upload, current_person(), clock=clock
            )
        return self.shown(upload.token)

    async def edit(self, request: Request) -> Response:
        """Save, remove or join one department; what is wrong is said beside what was filled in."""

        def act(form: dict[str, str]) -> str:
            ask = _edited(self.desk, form)
            return ask.href(done=ask.done, given=ask.given, new=ask.new)

        return await self.posted(request, act)

    async def export(self, request: Request) -> Response:
        """The list as CSV, as `linli departments import` reads it."""
        return await self.downloaded(lambda: _as_csv(self.desk), "departments.csv")


def _edited(desk: Desk, form: dict[str, str]) -> DepartmentsAsk:
    """Do what the form of a department says; answers the address that tells of it. Raises QueryError."""
    ask, act = read_ask(form), form.get("act")
    store, clock, by = desk.store, desk.clock, current_person().name
    if act not in ("save", "remove", "join"):
        raise QueryError("act: got another; expected those of the page")
    try:
        if act == "remove":
            department_edits.remove(store, ask.name, clock=clock, by=by)
            return DepartmentsAsk(done="removed")
        if act == "join":
            owner = form.get("owner", "")
            department_edits.also_called(store, owner, ask.name, clock=clock, by=by)
            return DepartmentsAsk(name=owner, done="joined")
        entry, seen = _entry(ask), form.get("seen", "")
        number = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
        department_edits.mend(store, ask.name, entry, seen=number, clock=clock, by=by)
    except department_edits.Outdated:
        return replace(ask, new=not ask.name, done="outdated")
    except DepartmentError:  # the page says it, with the fields as they were filled in
        return replace(ask, new=not ask.name)
    return DepartmentsAsk(name=entry.name, done="saved")


def _entry(ask: DepartmentsAsk) -> Department:
    """A department as it was filled in. Raises DepartmentError."""
    name, kind = ask.given.get("name", "")[:LONGEST], ask.given.get("kind", "")
    if not name or kind not in KINDS:
        raise DepartmentError("departments: name: got nothing; expected the name of a department")
    also = dict.fromkeys(text for text in spellings(ask.given.get("aliases", "")) if text != name)
    return Department(name, kind, tuple(also))


def _as_csv(desk: Desk) -> str:
    with desk.store.read() as connection:
        entries = roster(connection).entries
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([HEADER, *((entry.name, "|".join(entry.aliases), entry.kind) for entry in entries)])
    return text.getvalue()


def build(call: Call, files: ListFiles) -> Page:
    """The page of an address: the departments, a list that waits, or what became of one."""
    if not (call.reader.scope.may("upload") and call.reader.scope.whole):
        raise KeyError("upload")  # answered as what may not be seen
    words = call.words
    if len(call.place) == 1:
        ask = read_ask(call.params)
        body = departments_page.page(ask, _answer(ask, call), words)
    else:
        body = _file(call, files)
    up = [(call.reader.settings.name, "/"), (words("sources.title"), "/sources")]
    return Page(body=body, crumbs=shell.crumbs(up, words("departments.title"), words))


def _file(call: Call, files: ListFiles):
    words = call.words
    try:
        upload = files.open(call.place[1], current_person())
    except UnknownUpload:
        return shell.notice(words("upload.over"), words("lists.over"), link=words("departments.title"), to=PATH,
                            kind="empty", words=words)  # fmt: skip
    answer = ListAnswer(upload.name, upload.token, current_csrf())
    if upload.state == STORED:
        return departments_page.taken(replace(answer, result=upload.kept("result")), words)
    trial = department_edits.try_list(call.reader.store, files, upload)
    return departments_page.check(replace(answer, trial=trial), words)


def _answer(ask: DepartmentsAsk, call: Call) -> DepartmentsAnswer:
    """Everything the page shows: words that no list knows first, for they want somebody."""
    with call.reader.store.read() as connection:
        found, seen = uses(connection), newest(connection)
    rows = sorted(found, key=lambda use: (use.listed, -use.facts, use.department.name))
    first = None if ask.new or ask.name else next(iter(rows), None)
    chosen = next((use for use in rows if use.department.name == ask.name), first)
    return DepartmentsAnswer(
        rows, current_csrf(), seen, chosen, ask.given or _values(chosen), _fault(ask, rows)
    )


def _values(chosen: Use | None) -> dict[str, str]:
    if chosen is None:
        return {}
    one = chosen.department
    return {"name": one.name, "kind": one.kind, "aliases": "、".join(one.aliases)}


def _fault(ask: DepartmentsAsk, rows: list[Use]) -> str:
    """What is wrong with the fields of an address; nothing where they could be saved."""
    if not ask.given:
        return ""
    try:
        entry = _entry(ask)
        others = [use.department for use in rows if use.listed and use.department.name != ask.name]
        department_edits.check_entry(entry, others)
    except DepartmentError as error:
        return str(error)
    return ""
