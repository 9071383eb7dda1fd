"""The district's table in the browser: shown with ours beside it, taken from a file, withdrawn."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from dash import Dash
from dash.development.base_component import Component
from fastapi import Request
from starlette.responses import Response

from callbacks.identity import current_csrf, current_person
from callbacks.router import Call, Desk
from callbacks.sending import Door, Route
from data.aims import everywhere
from data.bulletin_file import Listed, figures_of
from data.bulletins import BulletinError, Draft, file_hash, record, with_codes, withdraw
from data.district_standing import standing
from data.list_files import ListFiles
from data.measures import NotReady
from data.query import LONGEST_DAYS, Period, Query, QueryError, parse_date
from data.reader import Reader
from data.recoverable import Prospect, month_of
from data.scope import Scope
from data.sources.batch import SourceError
from data.staging import UnknownUpload, Upload
from data.uploads import Uploads
from layouts import district_check, district_page, parts
from layouts.district_ask import (
    FIELDS,
    LONGEST,
    PATH,
    WITHDRAW,
    CheckAnswer,
    DistrictAnswer,
    DistrictAsk,
    read_ask,
    usual_fields,
)

ONE = PATH + "/{token}"
CHECKS = (
    "published figures are the district's own; our figures and orders of the scope only; files: whole scope"
)


def register(app: Dash, desk: Desk) -> Callable[[Call], list[Component]]:
    """Add the addresses of files and forms with their policies; answers the builder of the section."""
    files = ListFiles(Uploads(desk.store, desk.clock), "district")
    desk.policies.page("assessment", ONE, permission="judge", checks=CHECKS, home=PATH)
    desk.paths.append(ONE)
    door = _Door(desk, files)
    door.open_routes(app.server, [Route(WITHDRAW, "POST", door.withdraw)], checks=CHECKS)

    def build(call: Call) -> list[Component]:
        return _file(call, files) if len(call.place) > 1 else _shown(call)

    return build


class _Door(Door):
    """Tables that are sent, and those that are withdrawn."""

    home = PATH
    permission = "judge"

    def __init__(self, desk: Desk, files: ListFiles):
        super().__init__(desk, files)
        self.lists = files

    async def settle(self, upload: Upload, form: dict[str, str]) -> str:
        """Take the table; where it cannot be, the page says why beside what was filled in."""
        given = _given(form)
        with suppress(BulletinError, SourceError, QueryError):
            return await asyncio.to_thread(self._take, upload, given)
        upload.keep("given", given)
        return self.shown(upload.token)

    def _take(self, upload: Upload, given: dict[str, str]) -> str:
        store, now = self.desk.store, self.desk.clock()
        listed = figures_of(self.lists.rows(upload), upload.name)
        version = self.desk.reader().version
        draft = draft_of(given, file_hash(upload.path))
        figures = with_codes(listed, version, draft.own, upload.name)
        number, new = record(store, draft, figures, now=now, by=current_person().name)
        self.lists.discard(upload)
        return DistrictAsk().href(number=number, done="taken" if new else "there")

    async def withdraw(self, request: Request) -> Response:
        """Let a table count no longer."""

        def act(form: dict[str, str]) -> str:
            number = read_ask({"bulletin": form.get("number", "")}).number
            try:
                withdraw(self.desk.store, number, now=self.desk.clock(), by=current_person().name)
            except BulletinError as error:
                raise QueryError(str(error)) from None
            return DistrictAsk().href(done="withdrawn")

        return await self.posted(request, act)


def _given(form: dict[str, str]) -> dict[str, str]:
    return {name: " ".join(form.get(name, "").split())[:LONGEST] for name in FIELDS}


def draft_of(given: dict[str, str], sha256: str) -> Draft:
    """What a form says of a table. Raises BulletinError, QueryError."""
    if not given["title"]:
        raise BulletinError("bulletin: title: got nothing; expected what the table is called")
    start, last = parse_date(given["from"], "from"), parse_date(given["last"], "last")
    period = Period(start, last + timedelta(days=1))
    if not 1 <= period.days <= LONGEST_DAYS:
        raise BulletinError(f"bulletin: last: got '{last}'; expected {start} or a later day")
    on = parse_date(given["published"], "published")
    return Draft(given["title"], given["issuer"], on, period, sha256, given["own"])


def judges(scope: Scope) -> bool:
    """Whether a reader may take and withdraw tables."""
    return scope.may("judge") and scope.whole


def _shown(call: Call) -> list[Component]:
    ask, reader = read_ask(call.params), call.reader
    with reader.read():
        found = reader.published_tables()
        one = next((each for each in found if ask.number in (0, each.number)), None)
        answer = DistrictAnswer(
            found, current_csrf(), reader.settings.timezone, reader.beside(one) if one else None,
            standing(reader), _prospect(reader), everywhere(reader), judges(reader.scope),
            reader.has_units and any(not unit.depth for unit in reader.roots()),
        )  # fmt: skip
    return district_page.page(ask, answer, call.words)


def _prospect(reader: Reader) -> Prospect | None:
    """What may still come of the running month in the units of the scope."""
    if not reader.opens:
        return None
    query = Query(None, None, ("order_on_time_rate",), month_of(reader.today), tree=reader.tree)
    with suppress(NotReady):
        return reader.prospect(query, limit=district_page.ROWS)
    return None


def _file(call: Call, files: ListFiles) -> list[Component]:
    """A file that waits: what it says, and the form that takes it."""
    words = call.words
    if not judges(call.reader.scope):
        raise KeyError("judge")  # answered as what may not be seen
    try:
        upload = files.open(call.place[1], current_person())
    except UnknownUpload:
        return [parts.state("empty", words("upload.over"), words, note=words("lists.over"))]
    given = upload.kept("given")
    filled = given or usual_fields(upload.name, call.reader.today)
    listed, figures, fault = _tried(call.reader, files, upload, filled, told=given is not None)
    answer = CheckAnswer(upload.name, upload.token, current_csrf(), filled, listed, figures, fault)
    return district_check.check(answer, words)


def _tried(reader: Reader, files: ListFiles, upload: Upload, given: dict[str, str], *, told: bool):
    """The figures of a file with whose they are, and what is wrong with what was filled in."""
    listed: Listed | None = None
    try:
        listed = figures_of(files.rows(upload), upload.name)
        if told:
            draft_of(given, "")
        return listed, with_codes(listed, reader.version, given["own"], upload.name), ""
    except (BulletinError, SourceError, QueryError) as error:
        return listed, listed.figures if listed else (), str(error)
