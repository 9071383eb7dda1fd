"""What the pages to which people send files share: who may speak for the whole, a file that comes, forms, patience."""

import asyncio
import hmac
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, unquote

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from callbacks.identity import current_csrf, current_person, current_scope
from callbacks.router import Desk, language
from data.people import Person
from data.query import QueryError
from data.sources.batch import SourceError
from data.staging import BeingStored, UnknownUpload, Upload
from layouts.upload_refusals import refusal
from layouts.words import Words, load_words

AT_ONCE = 4  # files of a page written at one time; more of them wait
STILL = 1.0  # seconds between looks at a file that another request is storing
PATIENCE = 120
MOST_FIELDS = 3000


class Files(Protocol):
    """Files that wait for a confirmation (`data.uploads`, `data.boundary_files`, `data.list_files`)."""

    async def receive(self, person: Person, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Write a file as it comes. Raises SourceError."""

    def admit(self, upload: Upload) -> None:
        """Read it. Raises SourceError, with the file gone."""

    def open(self, token: str, person: Person) -> Upload:
        """The file of a token. Raises UnknownUpload."""

    def discard(self, upload: Upload) -> None:
        """Throw it away."""


class Route(NamedTuple):
    """An address a door answers; `streams`: its body is read as it comes."""

    path: str
    method: str
    answer: Callable
    streams: bool = False


class Forms:
    """Forms and lists of a page; unless it says otherwise, one that speaks for the whole instance.

    permission  what who sends a form must be allowed
    whole       whether it must be somebody who sees the whole instance
    """

    permission = "upload"
    whole = True

    def __init__(self, desk: Desk):
        self.desk = desk

    def open_routes(self, server: FastAPI, routes: Iterable[Route], *, checks: str) -> None:
        """Add addresses with their policies."""
        for route in routes:
            server.add_api_route(
                route.path, route.answer, methods=[route.method], include_in_schema=False, response_model=None
            )
            told = f"{checks}; own origin, token of the session" if route.method == "POST" else checks
            self.desk.policies.route(
                route.path, (route.method,), permission=self.permission, checks=told, streams=route.streams
            )

    async def posted(self, request: Request, act: Callable[[dict[str, str]], str]) -> Response:
        """Do in a thread what a form says; `act` answers where that is told, QueryError is for a form of others."""
        form = form_of(await request.body())
        if not same(form.get("token", "")) or (self.whole and not current_scope().whole):
            return forbidden()
        try:
            return RedirectResponse(await asyncio.to_thread(act, form), 303)
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400)

    async def downloaded(self, made: Callable[[], str], name: str) -> Response:
        """A list as a CSV file that spreadsheets read as UTF-8."""
        if not current_scope().whole:
            return forbidden()
        head = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        try:
            text = await asyncio.to_thread(made)
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400)
        return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=head)


class Door(Forms, ABC):
    """The answers to a file that is sent and to what is decided about it; a page's own door says how it is settled.

    home  the page the file is sent to
    """

    home: str

    def __init__(self, desk: Desk, files: Files):
        super().__init__(desk)
        self.files = files
        self.turns = asyncio.Semaphore(AT_ONCE)

    def shown(self, token: str) -> str:
        """Where a file is shown."""
        return f"{self.home}/{token}"

    @abstractmethod
    async def settle(self, upload: Upload, form: dict[str, str]) -> str:
        """Do what a form decides about a file; answers where that is told. Raises QueryError for a form of others."""

    def open_routes(self, server: FastAPI, routes: Iterable[Route], *, checks: str) -> None:
        """Add the addresses a file is sent to and decided at, and more, each with its policy."""
        sent = Route(self.home, "POST", self.receive, True)
        decided = Route(self.home + "/{token}", "POST", self.decide)
        super().open_routes(server, (sent, *routes, decided), checks=checks)

    async def receive(self, request: Request) -> Response:
        """Take a file in and read it; answers where it is shown, or why it was refused."""
        if not same(request.headers.get("x-token", "")) or not current_scope().whole:
            return forbidden()
        words, name = words_of(self.desk, request), unquote(request.headers.get("x-file-name", ""))
        try:
            async with self.turns:
                upload = await self.files.receive(current_person(), name, request.stream())
            await asyncio.to_thread(self.files.admit, upload)
        except SourceError as error:
            return JSONResponse({"refused": refusal(str(error), words), "sentence": str(error)}, 422)
        return JSONResponse({"to": self.shown(upload.token)}, 201)

    async def decide(self, request: Request, token: str) -> Response:
        """Settle a file or throw it away; then a page says what became of it."""
        form = form_of(await request.body())
        if not same(form.get("token", "")) or not current_scope().whole:
            return forbidden()
        try:
            upload = await asyncio.to_thread(self.files.open, token, current_person())
            if form.get("act") == "discard":
                await asyncio.to_thread(self.files.discard, upload)
                return RedirectResponse(self.home, 303)
            return RedirectResponse(await self.settle(upload, form), 303)
        except UnknownUpload:
            return PlainTextResponse("nothing here\n", 404)
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400)


async def settled(function: Callable, *values: Any, **named: Any) -> None:
    """Store something in a thread; where another request is storing the same, wait until it has."""
    for _ in range(PATIENCE):
        try:
            await asyncio.to_thread(function, *values, **named)
            return
        except BeingStored:
            await asyncio.sleep(STILL)


def words_of(desk: Desk, request: Request) -> Words:
    """The words of who sends a request."""
    return load_words(language(request.cookies, desk.settings))


def same(given: str) -> bool:
    """Whether a token is that of the session."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), current_csrf().encode())


def forbidden() -> Response:
    """The answer to who may not speak for the whole, or whose form is not of this session."""
    return PlainTextResponse(
        "expected the token of this session, and a person who sees the whole instance\n", 403
    )


def form_of(body: bytes) -> dict[str, str]:
    """Fields of a posted form; the last of equal names counts."""
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}
