"""A small application behind the guard, with one thing of each kind, and the people who ask it."""

import asyncio
import re
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import httpx
from dash import ALL, Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate
from fastapi import FastAPI, Request

from callbacks import sign_in
from callbacks.guard import GuardRules, guard_app
from callbacks.identity import current_person, current_scope
from callbacks.policies import Policies
from data import passwords
from data.people import add_person
from data.schema import metadata
from data.scope import ROLES
from data.settings import parse_settings
from data.store import Store

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
ORIGIN = "http://city.test"
PAGE = {"accept": "text/html,application/xhtml+xml"}


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class City:
    """A small application with one thing of each kind, behind the guard."""

    def __init__(self, folder, **rules):
        raw = {"levels": [{"name": "grid"}]}
        self.store = Store(parse_settings(raw, folder=folder))
        with self.store.write() as connection:
            metadata.create_all(connection)
        self.clock = Clock()
        self.policies = Policies()
        self.server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        self.app = Dash(
            "city", server=self.server, suppress_callback_exceptions=True, compress=True, enable_mcp=False
        )
        self.app.layout = html.Div([dcc.Location(id="url"), html.Div(id="who")])
        self._callbacks()
        self._routes(rules)
        self.guard = guard_app(
            self.app, store=self.store, policies=self.policies, rules=GuardRules(**rules), clock=self.clock
        )

    def _callbacks(self):
        app, policies = self.app, self.policies

        @policies.callback(
            app, Output("who", "children"), Input("url", "pathname"), State("url", "search"),
            permission="map", checks="scope",
        )  # fmt: skip
        async def who(path, search):
            return await asyncio.to_thread(lambda: current_scope().person)

        @policies.callback(
            app, Output("run", "children"), Input({"kind": "run", "job": ALL}, "n_clicks"),
            permission="run", checks="role",
        )  # fmt: skip
        async def run(clicks):
            return len(clicks)

        @policies.callback(
            app, Output("bad", "children"), Input("url", "pathname"), permission="map", checks="-"
        )
        async def bad(path):
            if path == "/none":
                raise PreventUpdate
            raise ZeroDivisionError(path)

        app.clientside_callback("function(a){return a}", Output("js", "children"), Input("url", "pathname"))

    def _routes(self, rules):
        @self.server.get("/export/{unit}.csv")
        async def export(unit: str):
            return current_person().name

        @self.server.post("/echo")
        async def echo(request: Request):
            return len(await request.body())

        @self.server.get("/broken")
        async def broken():
            raise ZeroDivisionError("secret inside")

        policies = self.policies
        policies.route("/export/{unit}.csv", ("GET",), permission="export", checks="scope")
        policies.route("/echo", ("POST",), permission="any", checks="-")
        policies.route("/broken", ("GET",), permission="any", checks="-")
        policies.page("home", "/", permission="any", checks="scope")
        policies.page("map", "/map", "/map/{level}/{within}", permission="map", checks="scope")
        sign_in.register(
            self.server,
            policies,
            sign_in.SignInParts(
                store=self.store, instance="梧桐里 <街道>", locale="zh", words=lambda _: lambda key: key,
                homes=policies.homes, https=rules.get("https", False), clock=self.clock,
            ),
        )  # fmt: skip

    def browser(self, **headers) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.guard, raise_app_exceptions=False),
            base_url=ORIGIN,
            headers=headers,
        )

    @asynccontextmanager
    async def person(self, name: str):
        """A browser that has signed in through the page."""
        async with self.browser(origin=ORIGIN) as browser:
            answer = await self.enter(browser, name, PASSWORD)
            assert answer.status_code == 303, answer.text
            yield browser

    async def enter(self, browser, name, password, **fields):
        page = await browser.get("/login")
        token = re.search('name="token" value="([^"]+)"', page.text)
        form = {"name": name, "password": password, "token": token[1] if token else "", **fields}
        return await browser.post("/login", data=form)


def callback(output="who.children", **changes):
    body = {
        "output": "who.children",
        "outputs": {"id": "who", "property": "children"},
        "inputs": [{"id": "url", "property": "pathname", "value": "/map"}],
        "changedPropIds": ["url.pathname"],
        "parsedChangedPropsIds": ["url.pathname"],
        "state": [{"id": "url", "property": "search", "value": ""}],
    }
    if output == "run.children":
        item = {"id": {"kind": "run", "job": "collect"}, "property": "n_clicks", "value": 1}
        body |= {"outputs": {"id": "run", "property": "children"}, "inputs": [[item]], "changedPropIds": []}
        body.pop("state")
    return {**body, "output": output, **changes}


def run_with(item):
    return callback("run.children", inputs=[[item]])


@contextmanager
def populated(folder, monkeypatch):
    """The city with one person of each role, at the least cost of hashing."""
    monkeypatch.setattr(passwords, "COSTS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    city = City(folder)
    for role in ROLES:
        add_person(city.store, role, role=role, password=PASSWORD, now=NOW, units=["G1"])
    yield city
    city.store.close()


def run(coroutine):
    return asyncio.run(coroutine)
