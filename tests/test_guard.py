import asyncio
import json
import re
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from dash import ALL, Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from callbacks import sign_in
from callbacks.guard import GuardRules, guard_app
from callbacks.identity import NoPerson, current_person, current_scope, read_cookie
from callbacks.policies import Policies, PolicyError
from callbacks.shape import Malformed, read_callback
from data import passwords
from data.people import add_person, disable_person
from data.schema import metadata
from data.scope import PERMISSIONS, ROLES
from data.settings import parse_settings
from data.store import Store
from layouts.sign_in_page import Account, SignIn, sign_in_page

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


@pytest.fixture
def city(tmp_path, monkeypatch):
    monkeypatch.setattr(passwords, "COSTS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    city = City(tmp_path)
    for role in ROLES:
        add_person(city.store, role, role=role, password=PASSWORD, now=NOW, units=["G1"])
    yield city
    city.store.close()


def run(coroutine):
    return asyncio.run(coroutine)


def test_a_stranger_gets_only_what_is_public(city):
    async def ask():
        async with city.browser() as stranger:
            pages = {path: await stranger.get(path, headers=PAGE) for path in ("/", "/map", "/map/grid/G1")}
            closed = [
                await stranger.request(method, path)
                for path in ("/", "/map", "/export/G1.csv", "/echo", "/logout", "/nothing", "/docs", "/openapi.json",
                             "/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/_reload-hash",
                             "/_mcp")
                for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
            ]  # fmt: skip
            html_of_nothing = await stranger.get("/nothing", headers=PAGE)
            login = await stranger.get("/login?page=map")
            layout = (
                await stranger.get("/_dash-component-suites/dash/deps/react@18.v4_4_1m0.min.js")
            ).status_code
        return pages, closed, html_of_nothing, login, layout

    pages, closed, html_of_nothing, login, bundle = run(ask())
    assert {path: (a.status_code, a.headers["location"]) for path, a in pages.items()} == {
        "/": (303, "/login?page=home"), "/map": (303, "/login?page=map"), "/map/grid/G1": (303, "/login?page=map"),
    }  # fmt: skip
    assert {answer.status_code for answer in closed} == {401}
    assert html_of_nothing.status_code == 401
    assert login.status_code == 200
    assert "梧桐里 &lt;街道&gt;" in login.text
    assert bundle != 401


def test_a_person_is_known_to_routes_callbacks_and_their_threads(city):
    async def ask():
        async with city.person("manager") as browser:
            export = await browser.get("/export/G1.csv")
            answer = await browser.post("/_dash-update-component", json=callback())
            home = await browser.get("/", headers=PAGE)
            layout = await browser.get("/_dash-layout")
        return export, answer, home, layout

    export, answer, home, layout = run(ask())
    assert export.json() == "manager"
    assert answer.json() == {"multi": True, "response": {"who": {"children": "manager"}}}
    assert home.status_code == layout.status_code == 200


def test_nobody_is_left_over_from_the_request_before(city):
    async def ask():
        async with city.person("leader") as browser, city.browser() as stranger:
            await browser.get("/_dash-layout")
            assert current_person().name == "leader"  # the transport runs the application in this very task
            await stranger.get("/login")
            with pytest.raises(NoPerson):
                current_person()

    run(ask())


def test_people_at_once_are_never_mixed(city):
    async def ask():
        stack = AsyncExitStack()
        browsers = {
            role: await stack.enter_async_context(city.person(role)) for role in ROLES if role != "auditor"
        }

        async def one(role):
            answer = await browsers[role].post("/_dash-update-component", json=callback())
            return role, answer.json()["response"]["who"]["children"]

        async with stack:
            return await asyncio.gather(*(one(role) for _ in range(20) for role in browsers))

    answers = run(ask())
    assert len(answers) == 100
    assert all(role == name for role, name in answers)


def test_roles_open_what_the_table_says_and_nothing_else(city):
    async def ask(role):
        async with city.person(role) as browser:
            return {
                "map": (await browser.post("/_dash-update-component", json=callback())).status_code,
                "run": (
                    await browser.post("/_dash-update-component", json=callback("run.children"))
                ).status_code,
                "export": (await browser.get("/export/G1.csv")).status_code,
                "any": (await browser.get("/_dash-layout")).status_code,
            }

    for role in ROLES:
        expected = {
            name: 200 if role in PERMISSIONS[name] else 403 for name in ("map", "run", "export", "any")
        }
        assert run(ask(role)) == expected, role


def test_what_is_missing_is_404_and_what_is_closed_is_too(city):
    async def ask():
        async with city.person("administrator") as browser:
            paths = (
                "/nothing",
                "/_reload-hash",
                "/docs",
                "/openapi.json",
                "/map/a/b/c",
                "/export/a/b.csv",
                "/_mcp",
            )
            missing = [(await browser.get(path)).status_code for path in paths]
            return missing, await browser.put("/echo"), await browser.get("/_dash-update-component")

    missing, put, get = run(ask())
    assert set(missing) == {404}
    assert (put.status_code, put.headers["allow"]) == (405, "POST")
    assert get.status_code == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": ORIGIN}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-origin", "origin": ORIGIN}, 200),
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "https://city.test"}, 403),
        ({"origin": "http://city.test.evil.test"}, 403),
        ({"origin": "http://city.test:81"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": ORIGIN}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://evil.test"}, 403),
    ],
)
def test_what_changes_things_must_come_from_a_page_of_ours(city, headers, status):
    async def ask():
        async with city.person("leader") as browser:
            del browser.headers["origin"]
            return (
                (await browser.post("/echo", headers=headers, content=b"x")).status_code,
                (await browser.post("/_dash-update-component", headers=headers, json=callback())).status_code,
                (await browser.post("/login", headers=headers, data={"name": "leader"})).status_code,
            )

    echo, dash, login = run(ask())
    assert echo == dash == status
    assert login == (403 if status == 403 else 400)  # from our page, but without the token of its form


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b"\x00",
        b'{"output": 1}', b'{"output": "who.children"}', b'{"output": "nothing.children", "inputs": []}',
        b'{"output": "who.children", "inputs": 7, "outputs": 7, "changedPropIds": 7, "state": 7}',
        b'{"output": {"a": 1}}', b'{"output": ["who.children"]}', b'{"output": "js.children"}',
        json.dumps(callback(inputs=[])).encode(),
        json.dumps(callback(state=None)).encode(),
        json.dumps(callback(state=[{"id": "url", "property": "hash", "value": ""}])).encode(),
        json.dumps(callback(inputs=[{"id": "other", "property": "pathname"}])).encode(),
        json.dumps(callback(inputs=[{"id": {"a": 1}, "property": "pathname"}])).encode(),
        json.dumps(callback(inputs=[[{"id": "url", "property": "pathname"}]])).encode(),
        json.dumps(callback(outputs={"id": "who", "property": "style"})).encode(),
        json.dumps(callback(outputs=[{"id": "who", "property": "children"}])).encode(),
        json.dumps(callback(changedPropIds=["secret.value"])).encode(),
        json.dumps(callback(changedPropIds=[["url.pathname"]])).encode(),
        json.dumps(callback(unknown=1)).encode(),
        json.dumps(callback()).replace('"/map"', "[" * 900 + "]" * 900).encode(),
        json.dumps(run_with({"id": {"kind": "walk", "job": "x"}, "property": "n_clicks"})).encode(),
        json.dumps(run_with({"id": {"kind": "run"}, "property": "n_clicks"})).encode(),
        json.dumps(run_with({"id": {"kind": "run", "job": {}}, "property": "n_clicks"})).encode(),
        json.dumps(callback("run.children", changedPropIds=['{"kind":"walk","job":"x"}.n_clicks'])).encode(),
        json.dumps(callback("run.children", changedPropIds=["{.n_clicks"])).encode(),
    ],
)  # fmt: skip
def test_a_body_that_is_no_callback_of_ours_is_refused_never_a_500(city, body):
    async def ask():
        async with city.person("administrator") as browser:
            return await browser.post(
                "/_dash-update-component", content=body, headers={"content-type": "application/json"}
            )

    assert run(ask()).status_code == 400


def test_bodies_of_wrong_type_or_size_are_refused(city):
    async def ask():
        async def endless():
            for _ in range(20):
                yield b"x" * 100_000

        async with city.person("leader") as browser:
            post = browser.post
            types = [
                (
                    await post("/_dash-update-component", content=b"{}", headers={"content-type": kind})
                ).status_code
                for kind in ("text/plain", "application/x-www-form-urlencoded", "application/ld+json", "")
            ]
            sizes = [
                (await post("/echo", content=b"x" * size)).status_code for size in (0, 1_000_000, 1_000_001)
            ]
            streamed = (await post("/echo", content=endless())).status_code
            lie = (await post("/echo", content=b"x", headers={"content-length": "1" * 30})).status_code
        return types, sizes, streamed, lie

    assert run(ask()) == ([415] * 4, [200, 200, 413], 413, 413)


def test_dash_is_handed_the_document_as_it_was_read_here(city):
    body = json.dumps(callback()).replace('"/map"', "1" * 300 + ', "value": 12345678901234567890123').encode()
    _, document = read_callback(body, city.app.callback_map)
    assert document.count(b'"value"') == 2  # of the doubled key one is left: the one that was checked
    (path,) = json.loads(document)["inputs"]
    assert isinstance(path["value"], float)

    async def ask():
        async with city.person("leader") as browser:
            kind = {"content-type": "application/json"}
            return await browser.post("/_dash-update-component", content=body, headers=kind)

    assert run(ask()).status_code == 200


SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_every_answer_carries_the_headers_errors_too(city):
    async def ask():
        async with city.browser() as stranger, city.person("leader") as browser:
            return [
                await stranger.get("/map", headers=PAGE),
                await stranger.get("/nothing"),
                await stranger.get("/login"),
                await stranger.get("/assets/none.css"),
                await stranger.get("/_dash-component-suites/dash/none.js"),
                await browser.get("/export/G1.csv"),
                await browser.get("/nothing"),
                await browser.put("/echo"),
                await browser.get("/broken"),
                await browser.post("/echo", content=b"x" * 1_000_001),
                await browser.post("/_dash-update-component", json={}),
            ]

    answers = run(ask())
    assert [answer.status_code for answer in answers] == [
        303,
        401,
        200,
        404,
        404,
        200,
        404,
        405,
        500,
        413,
        400,
    ]
    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY} == SECURITY
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe-eval" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


def test_an_error_is_found_in_the_log_by_its_id_and_says_nothing_else(city, caplog):
    async def ask():
        async with city.person("leader") as browser:
            body = callback("bad.children", state=[], outputs={"id": "bad", "property": "children"})
            none = {**body, "inputs": [{"id": "url", "property": "pathname", "value": "/none"}]}
            return (
                await browser.get("/broken"),
                await browser.post("/_dash-update-component", json=body),
                await browser.post("/_dash-update-component", json=none),
            )

    broken, bad, none = run(ask())
    assert broken.status_code == bad.status_code == 500
    assert "secret inside" not in broken.text + bad.text
    assert broken.headers["x-error-id"] in caplog.text
    assert "callback bad failed" in caplog.text
    assert none.status_code == 204


def test_the_way_back_is_the_name_of_a_page_and_never_an_address(city):
    async def ask(page):
        browser = city.browser(origin=ORIGIN)
        return (await city.enter(browser, "leader", PASSWORD, page=page)).headers["location"]

    assert run(ask("map")) == "/map"
    for page in (
        "",
        "http://evil.test",
        "//evil.test",
        "/\\evil.test",
        "map/..//evil.test",
        "javascript:alert(1)",
        "MAP",
    ):
        assert run(ask(page)) == "/"


def test_signing_in_gives_a_new_session_and_ends_the_old_one(city):
    async def ask():
        async with city.browser(origin=ORIGIN) as browser:
            browser.cookies.set("linli-session", "chosen-by-somebody", domain="city.test")
            await city.enter(browser, "leader", PASSWORD)
            first = browser.cookies["linli-session"]
            other = city.browser(origin=ORIGIN, cookie=f"linli-session={first}")
            assert (await other.get("/_dash-layout")).status_code == 200
            page = city.browser(origin=ORIGIN)
            token = re.search('name="token" value="([^"]+)"', (await page.get("/login")).text)[1]
            cookie = f"linli-session={first}; linli-form={token}"
            form = {"name": "analyst", "password": PASSWORD, "token": token}
            again = await city.browser(origin=ORIGIN, cookie=cookie).post("/login", data=form)
            return first, again, (await other.get("/_dash-layout")).status_code

    first, again, old = run(ask())
    assert first != "chosen-by-somebody"
    assert again.status_code == 303
    assert first not in again.headers["set-cookie"]
    assert old == 401


def test_session_cookie_is_closed_to_scripts_and_other_sites(city, tmp_path):
    async def cookies(city, scheme):
        async with city.browser(origin=f"{scheme}://city.test") as browser:
            page = await browser.get("/login")
            token = re.search('name="token" value="([^"]+)"', page.text)[1]
            form = next(header for header in page.headers.get_list("set-cookie"))
            browser.headers["cookie"] = form.partition(";")[0]
            answer = await browser.post(
                "/login", data={"name": "leader", "password": PASSWORD, "token": token}
            )
            return answer.status_code, answer.headers.get_list("set-cookie")[0], page

    status, cookie, _ = run(cookies(city, "http"))
    assert status == 303
    assert re.fullmatch(r"linli-session=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax", cookie)
    (tmp_path / "tls").mkdir()
    behind_tls = City(tmp_path / "tls", https=True)
    add_person(behind_tls.store, "leader", role="leader", password=PASSWORD, now=NOW)
    status, cookie, page = run(cookies(behind_tls, "https"))
    assert status == 303
    assert re.fullmatch(r"__Host-linli-session=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Secure", cookie)
    assert page.headers["strict-transport-security"] == "max-age=31536000"


def test_refusals_at_sign_in_look_alike(city):
    async def ask(name, password):
        async with city.browser(origin=ORIGIN) as browser:
            answer = await city.enter(browser, name, password)
            return answer.status_code, re.sub(
                '(token" value="|id="name" name="name" value=")[^"]*', "", answer.text
            )

    disable_person(city.store, "auditor", now=NOW)
    wrong = run(ask("leader", "wrong"))
    assert wrong[0] == 401
    assert "signin.refused" in wrong[1]
    assert run(ask("nobody", "wrong")) == run(ask("auditor", PASSWORD)) == wrong
    for _ in range(5):
        run(ask("analyst", "wrong"))
    assert run(ask("analyst", PASSWORD)) == wrong


def test_signing_out_needs_the_sessions_token_and_ends_the_session(city):
    async def ask():
        async with city.person("leader") as browser:
            without = await browser.post("/logout", data={"token": "x"})
            still = await browser.get("/_dash-layout")
            with city.store.read() as connection:
                token = connection.exec_driver_sql("SELECT csrf FROM web_session").scalar_one()
            session = browser.cookies["linli-session"]
            left = await browser.post("/logout", data={"token": token})
            after = await browser.get("/_dash-layout", headers={"cookie": f"linli-session={session}"})
            return without.status_code, still.status_code, left, after.status_code

    without, still, left, after = run(ask())
    assert (without, still, after) == (403, 200, 401)
    assert (left.status_code, left.headers["location"]) == (303, "/login")


def test_disabled_and_idle_people_are_strangers_at_their_next_request(city):
    async def ask():
        async with city.person("leader") as leader, city.person("analyst") as analyst:
            disable_person(city.store, "leader", now=NOW)
            gone = (await leader.get("/_dash-layout")).status_code
            city.clock.now = NOW + timedelta(minutes=29)
            stays = (await analyst.get("/_dash-layout")).status_code
            city.clock.now = NOW + timedelta(minutes=59)
            return gone, stays, (await analyst.get("/_dash-layout")).status_code

    assert run(ask()) == (401, 200, 401)


def test_only_the_declared_names_of_this_server_are_answered(tmp_path):
    city = City(tmp_path, hosts=("127.0.0.1", "::1"))

    async def ask(host):
        async with city.browser() as stranger:
            return (await stranger.get("/login", headers={"host": host})).status_code

    assert [run(ask(host)) for host in ("127.0.0.1", "127.0.0.1:8050", "[::1]:8050", "evil.test", "")] == [
        200, 200, 200, 400, 400,
    ]  # fmt: skip


def test_sockets_are_refused(city):
    sent = []

    async def ask():
        messages = [{"type": "websocket.connect"}]

        async def receive():
            return messages.pop()

        async def send(message):
            sent.append(message["type"])

        scope = {"type": "websocket", "path": "/_dash-ws-callback", "headers": [], "subprotocols": []}
        await city.guard(scope, receive, send)

    run(ask())
    assert sent == ["websocket.close"]


def test_start_up_names_what_has_no_policy(city):
    @city.server.get("/forgotten")
    async def forgotten():
        return 1

    @city.app.callback(Output("x", "children"), Input("url", "pathname"))
    async def secret(path):
        return path

    with pytest.raises(PolicyError, match=r"callback x\.children; route /forgotten GET"):
        city.policies.assert_complete(city.app)
    with pytest.raises(PolicyError, match="got a plain function"):
        city.policies.callback(
            city.app, Output("y", "children"), Input("url", "href"), permission="map", checks="-"
        )(lambda href: href)
    with pytest.raises(PolicyError, match="got 'maps'"):
        city.policies.route("/x", ("GET",), permission="maps", checks="-")


def test_a_callback_added_after_start_up_is_closed(city):
    @city.app.callback(Output("late", "children"), Input("url", "pathname"))
    async def late(path):
        return path

    async def ask():
        async with city.person("administrator") as browser:
            body = callback("late.children", state=[], outputs={"id": "late", "property": "children"})
            return (await browser.post("/_dash-update-component", json=body)).status_code

    assert run(ask()) == 403


def test_warm_up_sends_the_first_request_and_learns_the_hashes(city):
    async def start():
        sent, messages = [], [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message["type"])

        await city.guard({"type": "lifespan"}, receive, send)
        async with city.browser() as stranger:
            return sent, (await stranger.get("/login")).headers["content-security-policy"]

    sent, policy = run(start())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert all(hashed in policy for hashed in city.app.csp_hashes())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["output", "outputs", "inputs", "state", "changedPropIds"]), JSON))
def test_any_body_is_read_or_refused_in_one_way(changes):
    entry = {
        "callback": 1,
        "inputs": [{"id": "url", "property": "pathname"}],
        "state": [{"id": "url", "property": "search"}],
        "output": Output("who", "children"),
    }
    body = json.dumps({**callback(), **changes}).encode()
    try:
        output, document = read_callback(body, {"who.children": entry})
    except Malformed:
        assert changes
    else:
        assert output == "who.children"
        assert json.loads(document)["output"] == output


def test_a_cookie_given_twice_is_no_cookie():
    assert read_cookie("a=1; linli-session=x; b=2", "linli-session") == "x"
    assert read_cookie("linli-session=x; linli-session=y", "linli-session") is None
    assert read_cookie("", "linli-session") is None
    assert read_cookie("xlinli-session=x; linli-session", "linli-session") == ""


def test_sign_in_page_escapes_everything():
    evil = '"><script>alert(1)</script>'
    view = SignIn(
        evil,
        evil,
        "zh",
        (("en", evil),),
        evil,
        evil,
        "signin.refused",
        (Account(evil, "leader", evil),),
        evil,
    )
    text = sign_in_page(view, lambda key, **_: evil)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 10
