"""The page of releases and the instant in the top bar, through the server: who may, what is shown, what is said."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from offices import PAGE, ZH, drawn, run
from world import case

from data import releases
from data.instants import micros, moment
from data.query import Period
from data.releases import Wanted
from data.scope import PERMISSIONS, ROLES
from layouts.releases_ask import EDIT, FILE, PATH

FEBRUARY = Period(*(datetime(2026, month, 1).date() for month in (2, 3)))
AS_OF = micros(datetime(2026, 3, 1, 9, tzinfo=UTC))


@pytest.fixture
def released(office):
    """Two cases when it was released, one of them corrected and another come since."""
    office.world.load([case(1, closed=2), case(2, square=4.5)])
    office.world.refresh()
    office.world.now = moment(AS_OF)
    wanted = Wanted("2026-02", FEBRUARY, AS_OF, title="二月月报")
    releases.make(office.world.reader(), wanted, by="leader")
    office.world.load([case(1), case(2, square=4.5), case(3)])
    office.world.refresh()
    office.now = office.world.now
    return office


def told(answer) -> dict[str, str]:
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def send(browser, act, **fields):
    given = {
        "from": "2026-02-01",
        "last": "2026-02-14",
        "known": "2026-03-01",
        "token": browser.token,
        "act": act,
    }
    return await browser.post(EDIT, data=given | fields)


def test_leaders_and_administrators_make_releases_and_nobody_else(released):
    async def ask(name):
        async with released.browser(name) as browser:
            made = await send(browser, "make", **{"f.name": f"by-{name}"})
            file = await browser.get(f"{FILE}?release=2026-02")
            return (await browser.get(PATH, headers=PAGE)).status_code, made.status_code, file.status_code

    for role in ROLES:
        page = 200 if role in PERMISSIONS["assessment"] else 403
        made = 303 if role in PERMISSIONS["judge"] else 403
        file = 200 if role in PERMISSIONS["export"] and role != "manager" else 403
        assert run(ask(role)) == (page, made, file), role


def test_a_release_is_made_and_withdrawn_by_the_forms(released):
    async def ask():
        async with released.browser("leader") as browser:
            new = await drawn(browser, PATH, "?new=yes")
            made = await send(browser, "make", **{"f.name": "half", "f.title": "上半月"})
            again = await send(browser, "make", **{"f.name": "half", "f.title": "又一次"})
            late = await send(browser, "make", **{"f.name": "x", "last": "2026-01-01"})
            silent = await send(browser, "withdraw", release="half")
            gone = await send(browser, "withdraw", release="half", **{"f.reason": "数据有误"})
            shown = await drawn(browser, PATH, "?release=half")
            return new, [told(one) for one in (made, again, late, silent, gone)], shown

    new, answers, shown = run(ask())
    assert "f.name" in new and ZH("releases.known") in new
    assert answers == [
        {"release": "half", "done": "made"},
        {"new": "yes", "refused": "name", "f.name": "half", "f.title": "又一次"},
        {"new": "yes", "refused": "period", "f.name": "x"},
        {"release": "half", "refused": "reason"},
        {"release": "half", "done": "withdrawn"},
    ]
    assert "数据有误" in shown and ZH("releases.withdrawn") in shown
    assert ZH("releases.withdraw.title") not in shown, "withdrawn once is enough"


def test_figures_stand_beside_those_of_now_with_the_facts_behind(released):
    async def ask():
        async with released.browser("leader") as browser:
            of = "?release=2026-02&indicator=case_closure_rate&level=district"
            return await drawn(browser, PATH, of), await drawn(browser, PATH, of + "&behind=A")

    shown, behind = run(ask())
    assert ZH("releases.differ", n="2", m="3") in shown and ZH("releases.why") in shown
    assert "1/1" in shown and "0/2" in shown
    assert ZH("releases.behind", n="2") not in shown and ZH("releases.behind", n="2") in behind
    assert ZH("releases.what.corrected") in behind and ZH("releases.what.late") in behind
    assert "C1" in behind and "C3" in behind and "C2" not in behind


def test_who_sees_a_part_sees_the_figures_of_that_part_only(released):
    async def ask():
        async with released.browser("manager") as browser:
            of = "?release=2026-02&indicator=cases_reported&level=district"
            return [
                await drawn(browser, PATH, of + more) for more in ("", "&behind=A", "&behind=B", "&behind=-")
            ]

    shown, behind, foreign, whole = run(ask())
    assert "District A" in shown and "District B" not in shown and ZH("releases.total") not in shown
    assert "C3" in behind and "C2" not in behind
    assert ZH("shell.forbidden") in foreign
    assert "C3" not in whole
    assert ZH("releases.new") not in shown and ZH("releases.file") not in shown


@pytest.mark.parametrize("path", ["/kpi/-", "/map/-/-", "/analyst"])
def test_pages_offer_releases_and_say_that_they_show_the_past(released, path):
    at = moment(AS_OF).isoformat().replace("+", "%2B")

    async def ask():
        async with released.browser("leader") as browser:
            now = await drawn(browser, path, "?from=2026-02-01&to=2026-03-01")
            past = await drawn(browser, path, f"?from=2026-02-01&to=2026-03-01&as-of={at}")
            day = await drawn(browser, path, "?from=2026-02-01&to=2026-03-01&known=2026-02-28")
            return now, past, day

    now, past, day = run(ask())
    assert "二月月报" in now and ZH("asof.back") not in now
    assert ZH("asof.back") in past and "（定版 二月月报）" in past and "（定版 二月月报）" not in day
    assert "2月28日" in day and "23:59" in day
    links = set(re.findall(r'/(?:kpi|map|analyst)[^"\\\\]*from=2026-02-01[^"\\\\]*', past))
    lost = {link for link in links if "as-of=" not in link}
    assert len(links) > 1 and len(lost) == 1, "only the way back to now leaves the instant"


def test_the_map_of_the_past_shows_what_was_overdue_then(released):
    office = released
    office.world.load([case(9, reported=1, due=2)], name="second")
    office.world.refresh()
    then = micros(office.world.clock())
    office.world.load([case(9, reported=1, due=2, closed=50)], name="second")
    office.world.refresh()
    reader = office.world.reader()
    assert reader.longest_overdue(None).empty
    assert reader.at(then).longest_overdue(None)["id"].tolist() == ["C9"]
    assert "C9" in reader.at(then).points(None, "district").listed["id"].tolist()
    assert reader.at(AS_OF).longest_overdue(None).empty
