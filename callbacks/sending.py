"""What the pages to which people send files share: who may speak for the whole, a file that comes, forms, patience."""

import asyncio
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from fastapi import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from callbacks.identity import current_csrf, current_person, current_scope
from callbacks.router import Desk, language
from data.boundary_files import BoundaryFiles
from data.sources.batch import SourceError
from data.staging import BeingStored
from data.uploads import Uploads
from layouts.upload_refusals import refusal
from layouts.words import Words, load_words

AT_ONCE = 4  # files of a page written at one time; more of them wait
STILL = 1.0  # seconds between looks at a file that another request is storing
PATIENCE = 120
MOST_FIELDS = 3000


async def taken_in(
    request: Request,
    desk: Desk,
    files: Uploads | BoundaryFiles,
    turns: asyncio.Semaphore,
    *,
    to: Callable[[str], str],
) -> Response:
    """The answer to a file that is sent: where it is shown (`to` of its token), or why it was refused."""
    if not same(request.headers.get("x-token", "")) or not current_scope().whole:
        return forbidden()
    words, name = words_of(desk, request), unquote(request.headers.get("x-file-name", ""))
    try:
        async with turns:
            upload = await files.receive(current_person(), name, request.stream())
        await asyncio.to_thread(files.admit, upload)
    except SourceError as error:
        return JSONResponse({"refused": refusal(str(error), words), "sentence": str(error)}, 422)
    return JSONResponse({"to": to(upload.token)}, 201)


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
