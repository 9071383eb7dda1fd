"""Signing in and out: sessions, cookies, refusals that look alike."""

import re
from datetime import timedelta

import pytest
from guarded import NOW, ORIGIN, PASSWORD, City, populated, run

from callbacks.identity import read_cookie
from data.people import add_person, disable_person
from layouts.sign_in_page import Account, SignIn, sign_in_page


@pytest.fixture
def city(tmp_path, monkeypatch):
    with populated(tmp_path, monkeypatch) as made:
        yield made


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
