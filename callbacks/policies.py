"""What each route, page and callback demands. Whatever is not declared here is answered to nobody.

The guard asks this table before anything else sees a request, and `assert_complete` refuses to start an
application that has a route or a callback nobody declared.
"""

import functools
import inspect
import logging
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import Dash
from dash._callback import GLOBAL_CALLBACK_MAP
from dash.exceptions import PreventUpdate
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from data.scope import PERMISSIONS

PUBLIC = "public"
CLOSED = "closed"
DASH_PAGES = "{path:path}"  # Dash's catch-all route: reached only through a declared page

logger = logging.getLogger("linli.callbacks")


class PolicyError(RuntimeError):
    """A route or callback without a policy, or a policy that names no permission; a fault of the program."""


@dataclass(frozen=True)
class Rule:
    """What one route, page or callback demands, and what is checked behind it, in words."""

    permission: str  # a key of PERMISSIONS, or PUBLIC, or CLOSED
    checks: str
    page: str = ""  # the page a stranger is led back to after signing in
    extends: bool = True  # whether a request keeps the session alive
    cacheable: bool = False  # whether the answer's own Cache-Control stands
    callback_body: bool = False  # whether the body is a Dash callback, checked against the registered shape
    streams: bool = False  # whether the body is handed on as it comes: the route itself counts and bounds it


@dataclass(frozen=True)
class _Route:
    template: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    rule: Rule


class Policies:
    """The table of one application. Dash's own routes are declared from the start."""

    def __init__(self) -> None:
        self._routes: list[_Route] = []
        self.callbacks: dict[str, Rule] = {}
        self.homes: dict[str, str] = {}
        get = ("GET",)
        for path in (
            "/_dash-component-suites/{package_name}/{fingerprinted_path:path}",
            "/assets/{path:path}",
        ):
            self.route(path, get, permission=PUBLIC, checks="files of the bundle only", cacheable=True)
        self.route("/_favicon.ico", get, permission=PUBLIC, checks="one picture", cacheable=True)
        for path in ("/_dash-layout", "/_dash-dependencies"):
            self.route(path, get, permission="any", checks="signed in; holds no data")
        self.route(
            "/_dash-update-component", ("POST",), permission="any", callback_body=True,
            checks="registered shape, then the callback's own policy",
        )  # fmt: skip
        self.route("/_reload-hash", get, permission=CLOSED, checks="development only")
        self.route("/_dash-ws-callback", (), permission=CLOSED, checks="no sockets: pushes go through /live")

    def route(
        self,
        path: str,
        methods: Sequence[str],
        *,
        permission: str,
        checks: str,
        extends: bool = True,
        cacheable: bool = False,
        callback_body: bool = False,
        streams: bool = False,
    ) -> None:
        """Declare a route by its path template, as FastAPI is given it."""
        rule = Rule(
            permission, checks, extends=extends, cacheable=cacheable, callback_body=callback_body, streams=streams
        )  # fmt: skip
        self._add(path, methods, rule)

    def page(self, name: str, *paths: str, permission: str, checks: str, home: str = "") -> None:
        """Declare a page by its addresses; `home` (default the first) is where signing in leads back to.

        A page is served by Dash's catch-all route: its address says nothing, its callbacks check everything.
        """
        self.homes[name] = home or paths[0]
        for path in paths:
            self._add(path, ("GET",), Rule(permission, checks, page=name))

    def _add(self, path: str, methods: Sequence[str], rule: Rule) -> None:
        _known(rule.permission, where=path)
        allowed = frozenset(methods) | ({"HEAD"} if "GET" in methods else set())
        self._routes.append(_Route(path, allowed, compile_path(path)[0], rule))

    def callback(
        self, app: Dash, *dependencies: Any, permission: str, checks: str, **options: Any
    ) -> Callable:
        """Register a callback and its policy in one step; the only way to add one that runs on the server.

        The function must be asynchronous, else it would stop the server for everybody while it runs. An error is
        logged here with an id, because Dash answers it without a trace.
        """

        def register(function: Callable) -> Callable:
            _known(permission, where=function.__name__)
            if not inspect.iscoroutinefunction(function):
                raise PolicyError(f"callback {function.__name__}: got a plain function; expected 'async def'")
            before = set(app.callback_map)
            app.callback(*dependencies, **options)(_logged(function))
            for output in set(app.callback_map) - before:
                self.callbacks[output] = Rule(permission, checks)
            return function

        return register

    def find(self, path: str, method: str) -> tuple[Rule | None, frozenset[str]]:
        """The rule of a request, and the methods its path knows; no rule means nobody may ask."""
        known: frozenset[str] = frozenset()
        for route in self._routes:
            if route.pattern.match(path):
                if method in route.methods:
                    return route.rule, route.methods
                known |= route.methods
        return None, known

    def assert_complete(self, app: Dash) -> None:
        """Raise PolicyError naming every route and callback of the application that lacks a policy."""
        lacking = [f"callback {key}" for key in GLOBAL_CALLBACK_MAP]
        lacking += [
            f"callback {key}"
            for key, entry in app.callback_map.items()
            if "callback" in entry and key not in self.callbacks
        ]
        declared: dict[str, frozenset[str]] = {}
        for each in self._routes:
            declared[each.template] = declared.get(each.template, frozenset()) | each.methods
            declared[each.template.removesuffix("/{path:path}")] = declared[each.template]  # a mount
        for context in iter_route_contexts(app.server.routes):
            path, methods = context.path or "", set(getattr(context, "methods", None) or ())
            if path != DASH_PAGES and (path not in declared or methods - declared[path]):
                lacking.append(f"route {path} {' '.join(sorted(methods))}".strip())
        if lacking:
            raise PolicyError(
                f"no policy: got {'; '.join(sorted(lacking))}; expected one for each, in callbacks/"
            )

    def rows(self) -> list[tuple[str, str, str, str]]:
        """The whole table for the documents and the matrix test: kind, name, permission, checks."""
        routes = [
            ("page" if each.rule.page else "route", f"{' '.join(sorted(each.methods))} {each.template}".strip(),
             each.rule.permission, each.rule.checks)
            for each in self._routes
        ]  # fmt: skip
        return routes + [
            ("callback", key, rule.permission, rule.checks) for key, rule in self.callbacks.items()
        ]


def _known(permission: str, *, where: str) -> None:
    if permission not in PERMISSIONS and permission not in (PUBLIC, CLOSED):
        raise PolicyError(
            f"{where}: permission: got '{permission}'; expected one of {', '.join(PERMISSIONS)}"
        )


def _logged(function: Callable) -> Callable:
    @functools.wraps(function)
    async def run(*values: Any, **named: Any) -> Any:
        try:
            return await function(*values, **named)
        except PreventUpdate:
            raise
        except Exception:
            logger.exception("callback %s failed, error %s", function.__name__, uuid.uuid4().hex[:12])
            raise

    return run
