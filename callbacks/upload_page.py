"""Files that people send: the page they are dragged to, the route that takes them in, the check, the confirmation.

A file comes as the body of a POST, written to disk as it comes; its name stands in a header. Whoever sends one must
see the whole instance, for a file speaks for all of it.
"""

import asyncio
from pathlib import Path
from secrets import token_hex

from dash import Dash
from fastapi import Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, PlainTextResponse, Response

from callbacks.downloads import TYPES
from callbacks.identity import current_csrf, current_person, current_scope
from callbacks.kpi_page import local
from callbacks.router import Call, Desk, Page
from callbacks.sending import Door, Route, forbidden, settled, words_of
from data.people import Person
from data.sources.batch import Reject, SourceError
from data.sources.definition import Source
from data.staging import STORED, UnknownUpload, Upload
from data.uploads import Uploads
from layouts import shell, upload_check, upload_page, upload_result
from layouts.reasons import name_of, reason
from layouts.upload_ask import PATH, Candidate, StoredAnswer, UploadAnswer, UploadAsk, read_ask
from layouts.words import Words

ONE = PATH + "/{token}"
REJECTS = ONE + "/rejects.xlsx"


def register(app: Dash, desk: Desk) -> Uploads:
    """Add the addresses of the page, and the routes with their policies."""
    uploads = Uploads(desk.store, desk.clock)
    checks = "whole scope; a token opens the file of its own person only"
    desk.policies.page("sources", PATH, ONE, permission="upload", checks=checks, home="/sources")
    desk.paths += [PATH, ONE]
    door = _Door(desk, uploads)
    door.open_routes(app.server, [Route(REJECTS, "GET", door.rejects)], checks=checks)
    return uploads


class _Door(Door):
    """Files of records, and the rows of them that were refused."""

    home = PATH

    def __init__(self, desk: Desk, uploads: Uploads):
        super().__init__(desk, uploads)
        self.uploads = uploads

    async def settle(self, upload: Upload, form: dict[str, str]) -> str:
        """Store the file; where it cannot be, the page tries it again and says why."""
        ask, shrink = read_ask(upload.token, form), form.get("shrink") == "yes"
        try:
            await settled(
                self.uploads.store_file, upload, ask.asked, person=current_person(), accept_shrink=shrink
            )
        except SourceError:
            return ask.href()
        return ask.address

    async def rejects(self, request: Request, token: str) -> Response:
        """The refused rows of a file as a workbook, each as delivered with the reason beside it."""
        if not current_scope().whole:
            return forbidden()
        ask, words = read_ask(token, dict(request.query_params)), words_of(self.desk, request)
        try:
            return await asyncio.to_thread(self._workbook, ask, current_person(), words)
        except (UnknownUpload, SourceError):
            return PlainTextResponse("nothing here\n", 404)

    def _workbook(self, ask: UploadAsk, person: Person, words: Words) -> Response:
        upload = self.uploads.open(ask.token, person)
        path = upload.folder / f".{token_hex(8)}.xlsx"

        def told(reject: Reject) -> str:
            name = name_of(reject.field, words)
            return words("upload.reject.told", field=name, why=reason(reject.rule, reject.field, words))

        try:
            self.uploads.write_rejected(upload, ask.asked, path, told=told, locale=words.locale)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        name = f"{Path(upload.name).stem}_{words('upload.rejects.name')}.xlsx"
        remove = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, media_type=TYPES["xlsx"], filename=name, background=remove)


def build(call: Call, uploads: Uploads) -> Page:
    """The page of an address: where a file is dragged to, one that waits, or what became of one."""
    words, scope = call.words, call.reader.scope
    if not (scope.may("upload") and scope.whole):
        raise KeyError("upload")  # answered as what may not be seen
    if len(call.place) == 1:
        return _page(call, upload_page.page(words, csrf=current_csrf()))
    ask = read_ask(call.place[1], call.params)
    try:
        upload = uploads.open(ask.token, current_person())
    except UnknownUpload:
        told = shell.notice(words("upload.over"), words("upload.over.text"), link=words("upload.title"), to=PATH,
                            kind="empty", words=words)  # fmt: skip
        return _page(call, told)
    if upload.state == STORED:
        return _page(call, upload_result.page(ask, _stored(call, upload, uploads), words))
    return _page(call, upload_check.page(ask, _checked(call, upload, uploads, ask), words))


def _page(call: Call, body) -> Page:
    words = call.words
    up = [(call.reader.settings.name, "/"), (words("sources.title"), "/sources")]
    return Page(body=body, crumbs=shell.crumbs(up, words("upload.title"), words))


def _checked(call: Call, upload: Upload, uploads: Uploads, ask: UploadAsk) -> UploadAnswer:
    checked = uploads.check(upload, ask.asked)
    known = uploads.sources()
    candidates = [
        Candidate(name, call.word("source", name), part)
        for name, part in uploads.shares(checked.found, known)
    ]
    return UploadAnswer(
        name=upload.name,
        checked=checked,
        candidates=candidates,
        systems=uploads.systems(),
        zone=call.reader.settings.timezone.key,
        csrf=current_csrf(),
    )


def _stored(call: Call, upload: Upload, uploads: Uploads) -> StoredAnswer:
    ledger = uploads.stored(upload)
    source: Source | None = uploads.sources().get(ledger.source)
    return StoredAnswer(
        name=upload.name, ledger=ledger, title=call.word("source", ledger.source),
        kind=source.kind if source else "case", when=lambda instant: local(call.reader, int(str(instant))),
    )  # fmt: skip
