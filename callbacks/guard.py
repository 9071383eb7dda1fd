"""The guard: one middleware ahead of Dash and of every route. What is not allowed by name is refused.

In this order: host, size, origin of what changes things, declared policy, session, role, shape of a callback.
Every answer leaves with the security headers, also those that the application or the server fails to give.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from dash import Dash
from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from callbacks.headers import Headers, warm_up
from callbacks.identity import enter, read_cookie, session_cookie
from callbacks.policies import CLOSED, PUBLIC, Policies, Rule
from callbacks.shape import Malformed, read_callback
from data.instants import utc_now
from data.scope import PERMISSIONS
from data.sessions import SessionRules, Visit, notice, read_session, wants_notice
from data.store import Store

LARGEST_BODY = 1_000_000
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

T = TypeVar("T")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger("linli.guard")


@dataclass(frozen=True)
class GuardRules:
    """How the door is kept. `hosts` are the only names this server answers to; empty: any."""

    https: bool = False
    hosts: tuple[str, ...] = ()
    sessions: SessionRules = field(default_factory=SessionRules)


class Refusal(Exception):
    """A request that ends here, with this answer."""

    def __init__(self, status: int, text: str, **headers: str):
        super().__init__(text)
        self.answer: Response = PlainTextResponse(text + "\n", status, headers=headers)


class Guard:
    """An ASGI application around another. `ready` runs once, after start-up and before the socket is served."""

    def __init__(
        self,
        app: Dash,
        *,
        store: Store,
        policies: Policies,
        headers: Headers,
        rules: GuardRules,
        clock: Callable[[], datetime],
    ):
        self.dash, self.inner, self.store, self.policies = app, app.server, store, policies
        self.headers, self.rules, self.clock = headers, rules, clock
        # Sessions are read in threads of their own: a slow page must not keep others from being recognised.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="session")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, self._ready_first(send))
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._refuse_socket(scope, receive, send)

    def _ready_first(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await warm_up(self.dash, self.headers)
            await send(message)

        return sending

    async def _refuse_socket(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """No page opens a socket; a refusal before acceptance answers 403 without a connection."""
        if scope["type"] == "websocket" and (await receive())["type"] == "websocket.connect":
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        answer = _Answer(send, self.headers)
        enter(None)
        try:
            request = RequestHeaders(scope=scope)
            rule, receive = await self._admit(scope, request, receive)
            answer.rule = rule
            await self.inner(scope, receive, answer)
        except Refusal as refusal:
            await refusal.answer(scope, receive, answer)
        except Exception:
            if not answer.hidden:
                logger.exception("%s failed, error %s", scope["method"], answer.error_id)
            if not answer.started:
                await PlainTextResponse(f"error {answer.error_id}\n", 500)(scope, receive, answer)

    async def _admit(
        self, scope: MutableMapping[str, Any], request: RequestHeaders, receive: Receive
    ) -> tuple[Rule, Receive]:
        """The rule under which a request may pass, and its body. Raises Refusal."""
        method, path = scope["method"], scope["path"]
        self._check_host(request)
        rule, methods = self.policies.find(path, method)
        if rule is None or rule.permission != PUBLIC:
            visit = await self._visit(request, extend=rule is None or rule.extends)
            rule = self._check_person(visit, rule, methods, scope, request)
        if method not in SAFE:
            check_origin(request, https=self.rules.https)
            if rule.streams:
                return rule, receive
            body = await read_body(request, receive)
            if rule.callback_body:
                body = self._check_callback(body, request, scope)
            receive = _replay(body, receive)
        return rule, receive

    def _check_host(self, request: RequestHeaders) -> None:
        if self.rules.hosts and _name(request.get("host", "")) not in map(_name, self.rules.hosts):
            raise Refusal(400, "host: expected this server's own name")

    async def _visit(self, request: RequestHeaders, *, extend: bool) -> Visit | None:
        session_id = read_cookie(request.get("cookie", ""), session_cookie(https=self.rules.https))
        if not session_id:
            return None

        now = self.clock()
        find = partial(read_session, self.store, session_id, now=now, rules=self.rules.sessions, extend=False)
        # One row of a local file is read faster than a thread is woken; writing may wait for another writer.
        visit = find() if self.store.dialect == "sqlite" else await self._in_thread(find)
        if visit is not None:
            enter(visit)
            if extend and wants_notice(visit, now=now):
                await self._in_thread(partial(notice, self.store, visit, now=now))
        return visit

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def _check_person(
        self,
        visit: Visit | None,
        rule: Rule | None,
        methods: frozenset[str],
        scope: MutableMapping[str, Any],
        request: RequestHeaders,
    ) -> Rule:
        """The rule, if this person may. A stranger learns nothing, not even what exists."""
        if visit is None:
            if rule is not None and rule.page and "text/html" in request.get("accept", ""):
                raise _to_sign_in(rule.page)
            raise Refusal(401, "sign in first")
        if rule is None and methods:
            raise Refusal(405, "method not allowed", Allow=", ".join(sorted(methods)))
        if rule is None or rule.permission == CLOSED:
            raise Refusal(404, "nothing here")
        if visit.person.role not in PERMISSIONS[rule.permission]:
            raise Refusal(403, "your role does not open this; an administrator can grant it")
        scope.setdefault("state", {})["visit"] = visit
        return rule

    def _check_callback(self, body: bytes, request: RequestHeaders, scope: MutableMapping[str, Any]) -> bytes:
        if request.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "content-type: expected application/json")
        try:
            output, document = read_callback(body, self.dash.callback_map)
        except Malformed as error:
            raise Refusal(400, str(error)) from None
        rule = self.policies.callbacks.get(output)
        role = scope["state"]["visit"].person.role
        if rule is None or role not in PERMISSIONS[rule.permission]:
            raise Refusal(403, "your role does not open this; an administrator can grant it")
        _set_length(scope, len(document))
        return document


class _Answer:
    """Sends one answer, with the headers; knows whether it has begun and how to find its error in the log."""

    def __init__(self, send: Send, headers: Headers):
        self._send, self._headers = send, headers
        self.rule: Rule | None = None
        self.started = self.hidden = False
        self.error_id = uuid.uuid4().hex[:12]

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message = self._start(message)
        elif self.hidden:
            message = {**message, "body": b""}
        await self._send(message)

    def _start(self, message: Message) -> Message:
        """The head of the answer. Dash fails over the name of a file that a bundle lacks: that is a 404."""
        status, raw = message["status"], list(message.get("headers", ()))
        kept = self.rule is not None and self.rule.cacheable
        self.hidden = status == 500 and kept and self.rule is not None and self.rule.permission == PUBLIC
        if self.hidden:
            status, raw = 404, [(b"content-length", b"0")]
        headers = MutableHeaders(raw=raw)
        self._headers.apply(headers, cacheable=kept and status < 400)
        if status >= 500:
            headers["X-Error-Id"] = self.error_id
        return {**message, "status": status, "headers": headers.raw}


def check_origin(request: RequestHeaders, *, https: bool) -> None:
    """Refuse what another site's page sent. A browser says where a change comes from in one header or both."""
    site, origin = request.get("sec-fetch-site"), request.get("origin")
    own = f"{'https' if https else 'http'}://{request.get('host', '')}"
    if (site, origin) == (None, None) or site not in (None, "same-origin") or origin not in (None, own):
        raise Refusal(403, "origin: expected a page of this server")


async def read_body(request: RequestHeaders, receive: Receive) -> bytes:
    """The whole body, at most 1 MB: counted as it comes, whatever its length was said to be. Raises Refusal."""
    said = request.get("content-length", "0")
    if not said.isascii() or not said.isdigit() or int(said[:12]) > LARGEST_BODY:
        raise Refusal(413, f"body: expected at most {LARGEST_BODY} bytes", Connection="close")
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "body: cut short")
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise Refusal(413, f"body: expected at most {LARGEST_BODY} bytes", Connection="close")
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    unread = [body]

    async def receiving() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return receiving


def _set_length(scope: MutableMapping[str, Any], length: int) -> None:
    kept = [pair for pair in scope["headers"] if pair[0].lower() != b"content-length"]
    scope["headers"] = [*kept, (b"content-length", str(length).encode())]


def _to_sign_in(page: str) -> Refusal:
    refusal = Refusal(303, "sign in first")
    refusal.answer = RedirectResponse(f"/login?{urlencode({'page': page})}", 303)
    return refusal


def _name(host: str) -> str:
    """A host without port and brackets: `[::1]:8050` and `::1` are one name."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def guard_app(
    app: Dash,
    *,
    store: Store,
    policies: Policies,
    rules: GuardRules,
    headers: Headers | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Guard:
    """The application to serve: `app` behind the guard. Raises PolicyError where something has no policy."""
    policies.assert_complete(app)
    return Guard(
        app,
        store=store,
        policies=policies,
        rules=rules,
        clock=clock,
        headers=headers or Headers(https=rules.https),
    )
