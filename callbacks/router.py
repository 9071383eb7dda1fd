"""From an address to a page: one callback that draws the frame, and what every page module is handed.

A page module offers `register(app, desk)`, in which it adds its builder to the desk and its own callbacks; nobody
imports the application. A builder reads, lays out and returns, in a thread of its own.
"""

import asyncio
import functools
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote, urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, ctx
from dash.development.base_component import Component
from pandas import DataFrame

from callbacks.identity import current_csrf, current_person, current_scope
from callbacks.known import until_midnight
from callbacks.policies import Policies
from callbacks.search import search_hits
from callbacks.sign_in import LANGUAGE_COOKIE, THEME_COOKIE
from data.measures import NotReady
from data.query import QueryError, as_of_part, parse_instant, parse_tree, tree_part
from data.reader import Reader, UnknownUnit
from data.scope import PERMISSIONS
from data.settings import FIRST_TREE, Settings
from data.store import Store
from data.trees import home_tree
from layouts import ids, parts, shell
from layouts.theme import THEMES
from layouts.words import LANGUAGES, Words, load_words

WEBGL_COOKIE, WIDE_COOKIE = "linli-webgl", "linli-wide"  # what the browser tells of itself
HOME = "map"
HOMES = ("/", "", None)  # addresses that name nothing: a person's own page, in the tree of the scope

logger = logging.getLogger("linli.pages")


@dataclass(frozen=True)
class Call:
    """One request for a page: its address in parts, who reads, and how it is to look.

    place   path after the page's name, decoded
    params  query string; of repeated names the last counts
    wide    whether the window has room for what only wide ones show
    """

    page: str
    place: tuple[str, ...]
    params: Mapping[str, str]
    reader: Reader
    words: Words
    theme: str = "light"
    webgl: bool = True
    wide: bool = False

    def word(self, kind: str, text: str) -> str:
        """A data word in the reader's language: the instance's own translation, else that of our own words."""
        own = self.reader.settings.word(kind, text, self.words.locale)
        return self.words.texts.get(f"word.{kind}.{text}", own) if own == text else own

    def titled(self, sources: DataFrame) -> DataFrame:
        """Sources with what people call them in the reader's language."""
        return sources.assign(title=[self.word("source", str(name)) for name in sources["source"]])


@dataclass(frozen=True)
class Page:
    """What a builder answers: the page, its breadcrumb and controls for the top bar, the unit it speaks of."""

    body: Component
    crumbs: Sequence[Component] = ()
    controls: Sequence[Component] = ()
    unit: str | None = None


Builder = Callable[[Call], Page]
Used = Callable[[Mapping[str, str]], tuple[str, ...] | None]


@dataclass
class Desk:
    """What page modules share: store, clock, policies, and the builders they add."""

    store: Store
    policies: Policies
    clock: Callable[[], datetime]
    builders: dict[str, Builder] = field(default_factory=dict)
    used: dict[str, Used] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def page(
        self,
        name: str,
        builder: Builder,
        *paths: str,
        permission: str,
        checks: str,
        home: str = "",
        used: Used = lambda params: None,
    ) -> None:
        """Add a page: its addresses with their policy, what builds it, and the subjects its figures come from.

        used  from the query string to the subjects whose sources the freshness badge speaks of; None for all
        """
        self.policies.page(name, *paths, permission=permission, checks=checks, home=home)
        self.builders[name] = builder
        self.used[name] = used
        self.paths += paths

    def sources(self, call: "Call") -> DataFrame:
        """Freshness of the sources the page of an address rests on."""
        used = self.used.get(call.page)
        return parts.feeding(call.titled(call.reader.freshness()), used(call.params) if used else None)

    @property
    def settings(self) -> Settings:
        """Settings of the instance."""
        return self.store.settings

    def reader(self, params: Mapping[str, str] | None = None) -> Reader:
        """A reader with the scope of who asks, in the tree and as of the instant an address names.

        Raises NoPerson outside a signed-in request, QueryError for an unknown tree or what is no instant.
        """
        asked = params or {}
        reader = Reader(self.store, current_scope(), clock=self.clock, tree=parse_tree(asked))
        return reader.at(parse_instant(asked["as-of"])) if asked.get("as-of") else reader

    def _asked(self, path: str | None, params: Mapping[str, str]) -> Reader:
        """A reader in the tree an address names; an unknown one is said where the question is read.

        Where it names none, a person's own page is read in the tree of the scope, any other in the first; while that
        has no units yet, in the one that has.
        """
        try:
            reader = self.reader(params)
        except QueryError:
            return self.reader()
        if "tree" in params or len(self.settings.trees) < 2:  # with one there is nothing to look up
            return reader
        settled = path not in HOMES and reader.has_units
        return reader if settled else reader.in_tree(home_tree(reader))

    def call(self, path: str | None, search: str | None) -> Call:
        """The request of an address, with the language and theme its cookies name."""
        params = until_midnight(dict(parse_qsl((search or "").removeprefix("?"))), self.settings)
        reader, cookies = self._asked(path, params), ctx.cookies
        page, *place = [unquote(part) for part in (path or "/").strip("/").split("/")]
        theme = cookies.get(THEME_COOKIE, "")
        return Call(
            page=page or HOME,
            place=tuple(place),
            params=params | tree_part(reader.tree),
            reader=reader,
            words=load_words(language(cookies, self.settings)).on(reader.today),
            theme=theme if theme in THEMES else THEMES[0],
            webgl=cookies.get(WEBGL_COOKIE) != "no",
            wide=cookies.get(WIDE_COOKIE) == "yes",
        )


def language(cookies: Mapping[str, str], settings: Settings) -> str:
    """The language chosen, else that of the instance, else the first."""
    chosen = cookies.get(LANGUAGE_COOKIE) or settings.locale
    return chosen if chosen in LANGUAGES else next(iter(LANGUAGES))


def offload(function: Callable) -> Callable[..., Awaitable]:
    """Run a blocking function in a thread: a callback that blocks would stop the server for everybody."""

    @functools.wraps(function)
    async def inner(*values, **named):
        return await asyncio.to_thread(function, *values, **named)

    return inner


def register(app: Dash, desk: Desk) -> None:
    """Add the router, the freshness badge and the search box."""
    app.clientside_callback(
        ClientsideFunction("linli", "page"),
        Output(ids.Shell.KIND, "value"),
        Input(ids.Shell.URL, "pathname"),
        Input(ids.Shell.URL, "search"),
        Input(ids.Shell.TICK, "value"),
        State(ids.Shell.KIND, "value"),
    )

    @desk.policies.callback(
        app, Output(ids.Shell.FRAME, "children"), Input(ids.Shell.KIND, "value"),
        State(ids.Shell.URL, "pathname"), State(ids.Shell.URL, "search"),
        permission="any", checks="the page's own permission", prevent_initial_call=True,
    )  # fmt: skip
    async def show(_kind, pathname, search):
        return await offload(frame)(desk, pathname, search)

    @desk.policies.callback(
        app, Output(ids.Shell.FRESHNESS, "children"), Input(ids.Shell.TICK, "value"),
        State(ids.Shell.URL, "pathname"), State(ids.Shell.URL, "search"),
        permission="any", checks="no more than the age of sources", prevent_initial_call=True,
    )  # fmt: skip
    async def refresh(_tick, pathname, search):
        call = await offload(desk.call)(pathname, search)
        return shell.badge(await offload(desk.sources)(call), call.words)

    @desk.policies.callback(
        app, Output(ids.Shell.SEARCH_HITS, "children"), Input(ids.Shell.SEARCH, "value"),
        permission="map", checks="units and facts of the scope only", prevent_initial_call=True,
    )  # fmt: skip
    async def find(text):
        if not text or not text.strip():
            return None
        call = await offload(desk.call)("/", "")
        return await offload(search_hits)(call.reader, text, call.words)


def frame(desk: Desk, pathname: str | None, search: str | None) -> list[Component]:
    """Top bar and page of an address; what cannot be shown says so in a designed state."""
    call = desk.call(pathname, search)
    found = answered(desk, call, here=f"{pathname or '/'}{search or ''}")
    person = current_person()
    bar = shell.Bar(
        page=call.page if call.page in shell.PAGES else HOME,
        to=pages_of(desk, found.unit, tree=call.reader.tree, as_of=call.reader.as_of),
        sources=desk.sources(call),
        theme=call.theme,
        person=person.name,
        role=person.role,
        token=current_csrf(),
        crumbs=found.crumbs,
        controls=found.controls,
    )
    return shell.frame(bar, found.body, call.words)


def pages_of(
    desk: Desk, unit: str | None, *, tree: str = FIRST_TREE, as_of: int | None = None
) -> dict[str, str]:
    """Addresses of the pages this person may open, at the same unit, in the same tree, as of the same instant."""
    role, place = current_person().role, quote(unit or "-", safe="")
    addresses = {"map": f"/map/-/{place}", "kpi": f"/kpi/{place}", "assessment": "/assessment", "analyst": "/analyst",
                 "sources": "/sources", "glossary": "/glossary"}  # fmt: skip
    asked = tree_part(tree) | as_of_part(as_of)
    for name in ("map", "kpi", "analyst"):
        more = urlencode({"unit": unit, **asked} if unit and name == "analyst" else asked)
        addresses[name] += f"?{more}" if more else ""
    rules = {name: desk.policies.find(to.partition("?")[0], "GET")[0] for name, to in addresses.items()}
    return {
        name: to
        for name, to in addresses.items()
        if name in desk.builders
        and (rule := rules[name]) is not None
        and role in PERMISSIONS.get(rule.permission, frozenset())
    }


def _may_open(desk: Desk, call: Call, path: str) -> bool:
    """Whether this person may open the page, and the very address, which may demand more than its page does."""
    rule, _ = desk.policies.find(path, "GET")
    mine = rule is None or current_person().role in PERMISSIONS.get(rule.permission, frozenset())
    return mine and call.page in pages_of(desk, None)


def answered(desk: Desk, call: Call, *, here: str) -> Page:
    """The page, or the state that says why there is none. An unforeseen failure is recorded under an id."""
    words, home = call.words, "/"
    if call.page not in desk.builders or not _may_open(desk, call, here.partition("?")[0]):
        return Page(shell.notice(words("shell.missing"), words("shell.missing.text"), link=words("app.home"), to=home,
                                 kind="forbidden", words=words))  # fmt: skip
    try:
        return desk.builders[call.page](call)
    except (UnknownUnit, KeyError):
        # A unit that is not there and one that may not be seen answer alike.
        title, text, kind = "shell.forbidden", words("parts.state.forbidden"), "forbidden"
        link, to = "app.home", home
    except QueryError as error:
        title, text, kind, link, to = "shell.unreadable", str(error), "failed", "app.home", home
    except NotReady:
        title, text, kind, link, to = (
            "shell.notready",
            words("shell.notready.text"),
            "empty",
            "parts.state.retry",
            here,
        )
    except Exception:
        error_id = uuid.uuid4().hex[:12]
        logger.exception("page %s failed, error %s", call.page, error_id)
        title, text, kind = "shell.failed", words("shell.failed.text", id=error_id), "failed"
        link, to = "parts.state.retry", here
    return Page(shell.notice(words(title), text, link=words(link), to=to, kind=kind, words=words))
