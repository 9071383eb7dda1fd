"""The web application of one instance: Dash on FastAPI, every page and route, the guard in front.

Built by calling `build_web`; nothing lives at import. Two applications can stand in one process.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import datetime
from html import escape
from pathlib import Path
from types import ModuleType

from dash import Dash
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

import layouts
from callbacks import files, health, live, map_page, router, sign_in
from callbacks.guard import Guard, GuardRules, guard_app
from callbacks.policies import Policies
from callbacks.router import Desk, language
from callbacks.sign_in import THEME_COOKIE, SignInParts
from data.people import SAMPLE_ACCOUNTS
from data.sessions import SessionRules
from data.store import Store
from layouts import shell
from layouts.sign_in_page import Account
from layouts.theme import THEMES
from layouts.words import load_words

ASSETS = Path(layouts.__file__).parent / "assets"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

DOCUMENT = """<!DOCTYPE html>
<html lang="{lang}" data-theme="{theme}">
<head><title>{title}</title><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{favicon}{css}</head>
<body data-failed="{failed}" data-retry="{retry}"><div id="react-entry-point"></div>
<footer>{config}{scripts}{renderer}</footer></body>
</html>"""

# Language tag, theme, title and words of the document under way; a context variable, because Dash asks for none of it.
_face: ContextVar[dict[str, str] | None] = ContextVar("linli_face", default=None)


class Application(Dash):
    """Dash with a document of our own: language and theme as the visitor chose them, no word of anybody else's."""

    def interpolate_index(self, **parts: str) -> str:
        """The document around the bundles."""
        face = {name: escape(text) for name, text in (_face.get() or _words_of("zh", "")).items()}
        shown = {name: parts[name] for name in ("favicon", "css", "config", "scripts", "renderer")}
        return DOCUMENT.format(**face, **shown)


def build_web(
    store: Store, *, clock: Callable[[], datetime], host: str = "127.0.0.1", pages: Sequence[ModuleType] = ()
) -> Guard:
    """The application to serve. `pages` are further page modules: each offers `register(app, desk)`."""
    settings, policies = store.settings, Policies()
    desk = Desk(store, policies, clock)
    server = FastAPI(title="Linli", docs_url=None, redoc_url=None, openapi_url=None)
    shelf = files.Shelf(settings)
    files.register(server, policies, shelf=shelf, reader=desk.reader, https=settings.https)
    app = _dash(server)
    router.register(app, desk)
    map_page.register(app, desk, shelf)
    for module in pages:
        module.register(app, desk)
    sign_in.register(server, policies, _sign_in_parts(desk))
    live.register(server, policies, store, clock=clock, sessions=SessionRules(), https=settings.https)
    health.register(server, policies, store, clock=clock)
    _serve_documents(server, app, desk)
    # Behind a proxy that ends TLS the city's own name comes in; else another name on loopback is an attack.
    own_names = LOOPBACK if host in LOOPBACK and not settings.https else ()
    rules = GuardRules(https=settings.https, hosts=own_names)
    return guard_app(app, store=store, policies=policies, rules=rules, clock=clock)


def _dash(server: FastAPI) -> Dash:
    app = Application(
        "linli",
        server=server,
        assets_folder=str(ASSETS),
        compress=True,
        enable_mcp=False,
        suppress_callback_exceptions=True,
        update_title="",
    )
    app.backend.websocket_capability = False  # else every page opens a socket, which the guard refuses
    app.layout = shell.skeleton()
    app.validation_layout = shell.skeleton()
    return app


def _serve_documents(server: FastAPI, app: Dash, desk: Desk) -> None:
    """Every page's address answers the same document; Dash's own route for the rest is never reached."""

    async def document(request: Request) -> HTMLResponse:
        _face.set(_words_of(language(request.cookies, desk.settings), request.cookies.get(THEME_COOKIE, "")))
        token = set_current_request(request)  # as Dash's own route for pages does around the same call
        try:
            return HTMLResponse(app.index())
        finally:
            reset_current_request(token)

    own = [route for route in server.router.routes if getattr(route, "path", "") == "/"]
    for path in desk.paths:
        server.add_api_route(path, document, methods=["GET"], include_in_schema=False)
    for route in own:  # Dash's own answer at "/" would know no language
        server.router.routes.remove(route)


def _words_of(locale: str, theme: str) -> dict[str, str]:
    """What the document says before any page is drawn."""
    words = load_words(locale)
    return {
        "lang": words.lang,
        "theme": theme if theme in THEMES else THEMES[0],
        "title": f"{words('app.brand')} {words('app.latin')}",
        "failed": words("parts.state.failed"),
        "retry": words("parts.state.retry"),
    }


def _sign_in_parts(desk: Desk) -> SignInParts:
    settings = desk.settings
    accounts = (
        [Account(each.name, each.role, each.password) for each in SAMPLE_ACCOUNTS] if settings.sample else []
    )
    return SignInParts(
        store=desk.store,
        instance=settings.name,
        locale=language({}, settings),
        words=load_words,
        homes=desk.policies.homes,
        https=settings.https,
        accounts=accounts,
        clock=desk.clock,
    )
