"""Exclusions through the server: applied for, decided by a second person, within the scope of each."""

from urllib.parse import parse_qs, urlsplit

import pytest
from excluding import apply, fact, numbers, orders
from offices import PAGE, ZH, drawn, run
from sqlalchemy import select
from world import case

from data import exclusions
from data.schema import job_run
from data.scope import PERMISSIONS, ROLES
from layouts.exclusions_ask import APPLY, DECIDE, PATH, WITHDRAW

WEST, EAST = "orders/orders/C101", "orders/orders/C102"  # in the districts A and B


@pytest.fixture
def court(office):
    orders(
        office.world,
        case(101, square=0.5, reported=1, due=9, closed=3), case(102, square=4.5, reported=1, due=9, closed=3),
    )  # fmt: skip
    office.world.refresh()
    return office


async def send(browser, to, named=WEST, **fields):
    given = {
        "token": browser.token,
        "fact": named,
        "reason": "outside",
        "clause": "3.2",
        "text": "",
        "note": "seen",
    }
    return await browser.post(to, data=given | fields)


def told(answer) -> str:
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["done"][0]


def state(office, key: str) -> str:
    with office.world.store.read() as connection:
        found = exclusions.standing(connection).get(fact(office.world, key))
    return found.state if found else ""


def test_who_may_apply_and_who_may_decide(court):
    async def ask(name):
        async with court.browser(name) as browser:
            page = (await browser.get(PATH, headers=PAGE)).status_code
            apply, decide = [
                (await send(browser, to, "orders/orders/C999", act="approved")).status_code
                for to in (APPLY, DECIDE)
            ]
            return page, apply, decide

    for role in ROLES:
        page, apply, decide = run(ask(role))
        assert (page == 200) == (role in PERMISSIONS["assessment"])
        assert (apply == 400) == (role in PERMISSIONS["propose"])  # let in, though there is no such fact
        assert (decide == 400) == (role in PERMISSIONS["judge"])


def test_one_applies_and_another_decides(court):
    async def acts():
        async with court.browser("leader") as leader, court.browser("administrator") as other:
            assert told(await send(leader, APPLY)) == "applied"
            assert told(await send(leader, DECIDE, act="approved")) == "own"
            page = await drawn(leader, PATH)
            assert (
                ZH("exclusions.promise.withdraw.own") in page and ZH("exclusions.promise.decide") not in page
            )
            assert ZH("exclusions.promise.decide") in await drawn(other, PATH)
            assert state(court, "C101") == "applied"
            assert told(await send(other, DECIDE, act="approved")) == "approved"
            assert told(await send(other, DECIDE, act="refused")) == "moved"

    run(acts())
    assert state(court, "C101") == "approved"
    with court.world.store.read() as connection:
        assert (
            connection.scalar(select(job_run.c.job).where(job_run.c.requested_by == "administrator"))
            == "refresh"
        )
    court.world.refresh()
    assert numbers(court.world, "orders_accepted")["orders_accepted"][0] == 1


def test_a_manager_sees_and_touches_facts_of_his_units_only(court):
    apply(court.world, "C102")

    async def acts():
        async with court.browser("manager") as browser:
            foreign = await send(browser, APPLY, EAST)
            missing = await send(browser, APPLY, "orders/orders/C999")
            assert (foreign.status_code, foreign.text) == (missing.status_code, missing.text)
            assert (await send(browser, WITHDRAW, EAST)).text == missing.text
            pages = [
                await drawn(browser, PATH, f"?state=all&fact=orders/orders/{key}") for key in ("C102", "C999")
            ]
            assert pages[0].replace("C102", "C999") == pages[1] and ZH("exclusions.missing") in pages[1]
            found = await drawn(browser, PATH, "?number=C10")
            assert "C101" in found and "C102" not in found
            assert told(await send(browser, APPLY)) == "applied"
            assert told(await send(browser, WITHDRAW)) == "withdrawn"

    run(acts())
    assert (state(court, "C101"), state(court, "C102")) == ("withdrawn", "applied")


def test_a_form_without_the_token_of_the_session_does_nothing(court):
    async def acts():
        async with court.browser("leader") as browser:
            assert (await send(browser, APPLY, token="x" * 43)).status_code == 403
            assert (await send(browser, DECIDE, act="kept")).status_code == 400
            assert told(await send(browser, APPLY, reason="tired")) == "moved"

    run(acts())
    assert state(court, "C101") == ""


def test_the_page_shows_each_state_and_what_approval_changes(court):
    apply(court.world, "C101")
    apply(court.world, "C102", by="leader")
    store, clock = court.world.store, court.world.clock
    exclusions.decide(
        store, fact(court.world, "C102"), "refused", note="依据不足", by="li", clock=clock, judge=True
    )

    async def pages():
        async with court.browser("leader") as browser:
            await browser.get("/glossary", headers=PAGE)
            names = ("", "?state=refused", "?state=approved", "?state=all", f"?fact={EAST}", "?number=C10")
            return [await drawn(browser, PATH, name) for name in names]

    waiting, refused, approved, every, one, search = run(pages())
    assert "C101" in waiting and "C102" not in waiting and "C102" in refused and "C101" not in refused
    assert ZH("exclusions.none") in approved and "C101" in every and "C102" in every
    assert ZH("exclusions.effect.after") in waiting and ZH("indicator.orders_accepted") in waiting
    assert (
        "依据不足" in one
        and ZH("exclusions.apply") in one
        and ZH("exclusions.promise.withdraw.own") not in one
    )
    assert "C101" in search and "C102" in search


def test_the_metric_card_tells_before_and_after_where_anything_is_left_out(court):
    async def card():
        async with court.browser("leader") as browser:
            return await drawn(browser, "/kpi/A", "?group=orders&from=2026-02-01&to=2026-03-01")

    title = ZH("exclusions.card")
    assert title not in run(card())
    apply(court.world, "C101")
    exclusions.decide(
        court.world.store,
        fact(court.world, "C101"),
        "approved",
        note="",
        by="li",
        clock=court.world.clock,
        judge=True,
    )
    court.world.refresh()
    assert title in run(card())
