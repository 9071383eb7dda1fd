"""Who may: strangers, people and their roles, origins, names, sockets and what has no policy."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from dash import Input, Output
from guarded import ORIGIN, PAGE, City, callback, populated, run

from callbacks.identity import NoPerson, current_person
from callbacks.policies import PolicyError
from data.scope import PERMISSIONS, ROLES


@pytest.fixture
def city(tmp_path, monkeypatch):
    with populated(tmp_path, monkeypatch) as made:
        yield made


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
