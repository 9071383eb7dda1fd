"""Signing in and out: three plain routes, a page and two forms.

A session is made at sign-in only, always with a new id; an answer does not tell a wrong name from a wrong
password or a locked account; the way back is the name of a page, never an address.
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from callbacks.identity import (
    current_csrf,
    drop_cookie,
    form_cookie,
    read_cookie,
    session_cookie,
    set_cookie,
)
from callbacks.policies import PUBLIC, Policies
from data.instants import utc_now
from data.people import Person, check_password
from data.sessions import SessionRules, close_session, open_session, read_session
from data.store import Store
from layouts.sign_in_page import Account, SignIn, sign_in_page

AT_ONCE = 2  # passwords verified at one time: each takes 64 MB and a core for a tenth of a second
WAITING = 50
LANGUAGE_COOKIE = "linli-language"
THEME_COOKIE = "linli-theme"
LANGUAGES = {"zh": "中文", "en": "English"}


@dataclass(frozen=True)
class SignInParts:
    """What the routes need: `words` gives the catalogue of a language; `accounts` are named on the page."""

    store: Store
    instance: str
    locale: str
    words: Callable[[str], Callable[..., str]]
    homes: dict[str, str]
    https: bool = False
    sessions: SessionRules = field(default_factory=SessionRules)
    accounts: Sequence[Account] = ()
    clock: Callable[[], datetime] = utc_now


def register(server: FastAPI, policies: Policies, parts: SignInParts) -> None:
    """Add /login and /logout with their policies."""
    desk = _Desk(parts)
    server.add_api_route("/login", desk.show, methods=["GET"], include_in_schema=False, response_model=None)
    server.add_api_route("/login", desk.enter, methods=["POST"], include_in_schema=False, response_model=None)
    server.add_api_route(
        "/logout", desk.leave, methods=["POST"], include_in_schema=False, response_model=None
    )
    policies.route(
        "/login", ("GET", "POST"), permission=PUBLIC, checks="own origin, token of the form, password"
    )
    policies.route("/logout", ("POST",), permission="any", checks="own origin, token of the session")


class _Desk:
    """The three answers, with what they share."""

    def __init__(self, parts: SignInParts):
        self.parts = parts
        self.turn = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0

    async def show(self, request: Request) -> Response:
        """The page; somebody who is signed in already is led on."""
        page = _page(request.query_params.get("page", ""), self.parts.homes)
        if await asyncio.to_thread(self._is_signed_in, request):
            return RedirectResponse(self._way(page), 303)
        return self._page(request, status=200, page=page)

    async def enter(self, request: Request) -> Response:
        """Check the form, then the password; a session on success, the page again otherwise."""
        form = _form(await request.body())
        page, name = _page(form.get("page", ""), self.parts.homes), form.get("name", "")[:64]
        token = read_cookie(request.headers.get("cookie", ""), form_cookie(https=self.parts.https))
        if not token or not _same(form.get("token", ""), token):
            return self._page(request, status=400, page=page, name=name, problem="signin.again")
        if self.waiting >= WAITING:
            return self._page(request, status=503, page=page, name=name, problem="signin.busy")
        self.waiting += 1
        try:
            async with self.turn:
                person = await asyncio.to_thread(self._check, name, form.get("password", ""))
        finally:
            self.waiting -= 1
        if person is None:
            return self._page(request, status=401, page=page, name=name, problem="signin.refused")
        session_id = await asyncio.to_thread(self._open, person, self._session_of(request))
        answer = RedirectResponse(self._way(page), 303)
        https = self.parts.https
        answer.headers.append("Set-Cookie", set_cookie(session_cookie(https=https), session_id, https=https))
        answer.headers.append("Set-Cookie", drop_cookie(form_cookie(https=https), https=https))
        return answer

    async def leave(self, request: Request) -> Response:
        """End the session; the form must carry its token, or another page could sign people out."""
        if not _same(_form(await request.body()).get("token", ""), current_csrf()):
            return Response("token: expected that of this session\n", 403, media_type="text/plain")
        session_id = self._session_of(request)
        await asyncio.to_thread(close_session, self.parts.store, session_id, now=self.parts.clock())
        answer = RedirectResponse("/login", 303)
        https = self.parts.https
        answer.headers.append("Set-Cookie", drop_cookie(session_cookie(https=https), https=https))
        return answer

    def _check(self, name: str, password: str) -> Person | None:
        return check_password(self.parts.store, name, password, now=self.parts.clock())

    def _open(self, person: Person, old_id: str) -> str:
        """A session with a new id; the one this browser had before ends."""
        if old_id:
            close_session(self.parts.store, old_id, now=self.parts.clock())
        return open_session(self.parts.store, person, now=self.parts.clock(), rules=self.parts.sessions)

    def _session_of(self, request: Request) -> str:
        cookie = session_cookie(https=self.parts.https)
        return read_cookie(request.headers.get("cookie", ""), cookie) or ""

    def _is_signed_in(self, request: Request) -> bool:
        session_id, parts = self._session_of(request), self.parts
        if not session_id:
            return False
        found = read_session(parts.store, session_id, now=parts.clock(), rules=parts.sessions, extend=False)
        return found is not None

    def _way(self, page: str) -> str:
        return self.parts.homes.get(page, "/")

    def _page(
        self, request: Request, *, status: int, page: str, name: str = "", problem: str = ""
    ) -> Response:
        """The page with a fresh token, which the browser keeps in a cookie of its own."""
        parts, token = self.parts, secrets.token_urlsafe(32)
        language = _language(request, parts.locale)
        cookies = request.headers.get("cookie", "")
        view = SignIn(
            parts.instance, token, language, tuple(LANGUAGES.items()), page, name, problem, parts.accounts,
            theme="dark" if read_cookie(cookies, THEME_COOKIE) == "dark" else "",
        )  # fmt: skip
        answer = HTMLResponse(sign_in_page(view, parts.words(language)), status)
        https = parts.https
        answer.headers.append("Set-Cookie", set_cookie(form_cookie(https=https), token, https=https))
        if "language" in request.query_params:
            answer.headers.append("Set-Cookie", set_cookie(LANGUAGE_COOKIE, language, https=https))
        return answer


def _language(request: Request, default: str) -> str:
    asked = request.query_params.get("language") or read_cookie(
        request.headers.get("cookie", ""), LANGUAGE_COOKIE
    )
    return asked if asked in LANGUAGES else default


def _page(name: str, homes: dict[str, str]) -> str:
    """A page's name, if it is one of ours; an address is none."""
    return name if name in homes else ""


def _form(body: bytes) -> dict[str, str]:
    """Fields of a posted form; the last of equal names counts."""
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=10))
    except ValueError:
        return {}


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
