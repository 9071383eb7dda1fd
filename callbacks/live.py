"""/live: server-sent events that tell an open page that newer numbers are published.

The number of an event is that of the published generation, so a page that comes back after a broken connection says
which one it has (`Last-Event-ID`) and is told once what it missed. Each process asks the database once a second
while anybody listens, however many do. Being told is not activity: it keeps no session alive, and a session that
ends takes its stream with it.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime

from fastapi import FastAPI, Request
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from starlette.responses import StreamingResponse

from callbacks.identity import read_cookie, session_cookie
from callbacks.policies import Policies
from data.schema import publication
from data.sessions import SessionRules, read_session
from data.store import Store, StoreError

EVERY_SECONDS = 1.0
PING_SECONDS = 15.0
RETRY_MS = 3000

logger = logging.getLogger("linli.live")

Publication = tuple[int, int]  # generation, published_at in microseconds; (0, 0) before the first one


class Pulse:
    """The newest publication, as one task of this process learns it while there are listeners."""

    def __init__(self, store: Store, *, every: float = EVERY_SECONDS):
        self._store, self._every = store, every
        self._newest: Publication = (0, 0)
        self._changed = asyncio.Event()
        self._listeners = 0
        self._task: asyncio.Task[None] | None = None

    async def listen(self, *, last: int | None, ping: float) -> AsyncGenerator[Publication | None]:
        """Publications newer than the one `last` names, at once and as they come; None where nothing came."""
        self._listeners += 1
        try:
            await self._begin()
            while True:
                if self._newest[0] != (last or 0):
                    last = self._newest[0]
                    yield self._newest
                changed = self._changed
                try:
                    async with asyncio.timeout(ping):
                        await changed.wait()
                except TimeoutError:
                    yield None
        finally:
            self._listeners -= 1
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _begin(self) -> None:
        """Learn the present state; start asking where nobody does yet."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask())
        self._take(await asyncio.to_thread(self._read))

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            self._take(await asyncio.to_thread(self._read))

    def _take(self, found: Publication | None) -> None:
        """Wake all listeners where the publication is another one."""
        if found is not None and found != self._newest:
            self._newest = found
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    def _read(self) -> Publication | None:
        try:
            with self._store.read() as connection:
                row = connection.execute(select(publication.c.generation, publication.c.published_at)).first()
        except (StoreError, DBAPIError) as error:
            logger.warning("publication not read: %s", type(error).__name__)
            return None
        return (row.generation, row.published_at) if row else (0, 0)


def register(
    server: FastAPI,
    policies: Policies,
    store: Store,
    *,
    clock: Callable[[], datetime],
    sessions: SessionRules,
    https: bool = False,
    pulse: Pulse | None = None,
    ping: float = PING_SECONDS,
) -> None:
    """Add /live with its policy."""
    source = pulse or Pulse(store)

    async def live(request: Request) -> StreamingResponse:
        session_id = read_cookie(request.headers.get("cookie", ""), session_cookie(https=https)) or ""

        def signed_in() -> bool:
            return read_session(store, session_id, now=clock(), rules=sessions, extend=False) is not None

        stream = events(
            source, last=_number(request.headers.get("last-event-id", "")), ping=ping, signed_in=signed_in
        )
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    server.add_api_route("/live", live, methods=["GET"], include_in_schema=False, response_model=None)
    policies.route("/live", ("GET",), permission="any", checks="a number only, no data", extends=False)


async def events(
    pulse: Pulse, *, last: int | None, ping: float, signed_in: Callable[[], bool]
) -> AsyncGenerator[str]:
    """The text of one stream; ends with the session, which is asked for at each pause."""
    yield f"retry: {RETRY_MS}\n\n"
    async with aclosing(pulse.listen(last=last, ping=ping)) as news:
        async for found in news:
            if not await asyncio.to_thread(signed_in):
                return
            yield ": still here\n\n" if found is None else _event(found)


def _event(found: Publication) -> str:
    generation, published_at = found
    return (
        f"id: {generation}\ndata: {json.dumps({'generation': generation, 'published_at': published_at})}\n\n"
    )


def _number(text: str) -> int | None:
    """The generation a page says it has; anything else is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
