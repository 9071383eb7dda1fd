"""The district's table through the server: who may, a file taken and withdrawn, refusals, what each reader sees."""

import re
from datetime import date
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hotline import FEBRUARY, at, deliver, figure, order
from offices import EN, PAGE, ZH, drawn, run

from data.bulletin_columns import TOTAL
from data.bulletin_file import Listed
from data.bulletins import Draft, bulletins, figures, record, with_codes
from data.district_standing import standing
from data.recoverable import prospect
from data.scope import PERMISSIONS, ROLES
from layouts import district_strip, recoverable
from layouts.district_ask import PATH, WITHDRAW

SENT = "二月通报,,\n街道（镇）,先行联系率,综合得分,排名\nDistrict A,80%,90,2\n云亭街道,120%,95,1\n合计,,,\n"
FILLED = {
    "title": "二月通报",
    "issuer": "区",
    "published": "2026-03-04",
    "from": "2026-02-01",
    "last": "2026-02-28",
}


@pytest.fixture
def told(office):
    at(office.world, "03-01 07:00")
    rows = [order(n, closed="02-20 09:00", contact="yes" if n < 8 else "no") for n in range(10)]
    deliver(office.world, [*rows, order(90, accepted="02-28 09:00", due="03-02 18:00")])
    table = (
        figure(3, "云亭街道", "order_first_contact_rate", 0.91), figure(3, "云亭街道", TOTAL, 95.0, rank=1),
        figure(4, "District A", "order_first_contact_rate", 0.79), figure(4, "District A", TOTAL, 90.0, rank=2),
    )  # fmt: skip
    listed = with_codes(Listed(table), office.world.reader().version, "", "x.csv")
    draft = Draft("二月通报", "区", date(2026, 2, 28), FEBRUARY, "sha")
    record(office.world.store, draft, listed, now=office.clock(), by="test")
    return office


def known(office):
    with office.world.store.read() as connection:
        return [(one, figures(connection, one.id)) for one in bulletins(connection)]


async def send(browser, text=SENT, name="通报.csv"):
    head = {"x-token": browser.token, "x-file-name": quote(name)}
    return await browser.post(PATH, content=text.encode(), headers=head)


def test_leaders_and_administrators_of_the_whole_and_nobody_else(office):
    async def ask(name):
        async with office.browser(name) as browser:
            form = {"token": browser.token, "number": "7"}
            return {
                "page": (await browser.get(PATH, headers=PAGE)).status_code,
                "send": (await send(browser)).status_code,
                "decide": (await browser.post(f"{PATH}/{'x' * 32}", data=form)).status_code,
                "withdraw": (await browser.post(WITHDRAW, data=form)).status_code,
                "foreign": (await browser.post(WITHDRAW, data=form | {"token": "x"})).status_code,
            }

    may = {"page": 200, "send": 201, "decide": 404, "withdraw": 400, "foreign": 403}
    for role in ROLES:
        expected = may if role in PERMISSIONS["judge"] else {**dict.fromkeys(may, 403), "page": 200}
        assert run(ask(role)) == expected, role


def test_a_file_is_shown_with_its_faults_taken_and_withdrawn(office):
    async def ask():
        async with office.browser("leader") as browser:
            to = (await send(browser)).json()["to"]
            check = await drawn(browser, to)
            form = {"token": browser.token, "act": "take"} | FILLED
            late = await browser.post(to, data=form | {"last": "2026-01-01"})
            again = await drawn(browser, to)
            done = await browser.post(to, data=form)
            taken = known(office)
            shown = await drawn(browser, PATH, f"?{urlsplit(done.headers['location']).query}")
            gone = await browser.post(
                WITHDRAW, data={"token": browser.token, "number": str(taken[0][0].number)}
            )
            return check, late, again, done, taken, shown, gone, await drawn(browser, PATH)

    check, late, again, done, taken, shown, gone, after = run(ask())
    assert "120%" in check and ZH("reason.percent") in check and ZH("district.refused", n="1") in check
    assert late.status_code == 303 and late.headers["location"].startswith(f"{PATH}/"), (
        "shown again with the fault"
    )
    assert ZH("upload.refused.district.period", text="2026-01-01") in again
    assert parse_qs(urlsplit(done.headers["location"]).query)["done"] == ["taken"]
    ((one, listed),) = taken
    assert (one.period, one.recorded_by, one.issuer) == (FEBRUARY, "leader", "区")
    assert {each.name: each.unit_code for each in listed} == {"District A": "A", "云亭街道": None}
    assert ZH("district.done.taken") in shown and ZH("district.of", rank=2, n="2") in shown
    assert "done=withdrawn" in gone.headers["location"] and not known(office)
    assert ZH("district.none") in after


def test_what_is_no_table_is_said_and_can_only_be_thrown_away(office):
    async def ask():
        async with office.browser("leader") as browser:
            to = (await send(browser, "姓名,电话\n张工,1\n")).json()["to"]
            shown = await drawn(browser, to)
            await browser.post(to, data={"token": browser.token, "act": "take"} | FILLED)
            left = known(office)
            await browser.post(to, data={"token": browser.token, "act": "discard"})
            return shown, left, await drawn(browser, to)

    shown, left, over = run(ask())
    assert ZH("upload.refused.district") in shown and "district.take" not in shown and not left
    assert ZH("upload.over") in over


def test_each_reader_sees_the_table_and_only_the_own_beside_it(told):
    async def ask(name):
        async with told.browser(name) as browser:
            return await drawn(browser, PATH), await drawn(browser, PATH, "?view=import")

    told.person("blockhead", "manager", ["A1"])
    whole, bring = run(ask("leader"))
    assert "云亭街道" in whole and "+1.00" in whole, "80 known here, 79 published"
    assert ZH("district.drop") in bring and ZH("district.withdraw") in whole
    manager, not_theirs = run(ask("manager"))
    assert "+1.00" in manager and ZH("district.withdraw") not in manager
    assert ZH("district.drop") not in not_theirs
    partial, _ = run(ask("blockhead"))
    assert "云亭街道" in partial and "+1.00" not in partial and ZH("district.foreign") in partial


def test_the_strip_and_the_compact_card_stand_alone(told):
    reader = told.world.reader()
    place = str(district_strip.strip(standing(reader, unit="A"), EN, to=PATH))
    assert "2 of 2" in place and "5.00 points" in place and EN("district.last") in place
    assert EN("district.unranked") in str(district_strip.strip(None, EN))
    from hotline import MARCH, question

    found = prospect(reader, question(MARCH, within="A"), limit=5)
    card = str(recoverable.card(found, reader.settings.timezone, EN, to=PATH))
    assert "O90" in card and EN("district.why.due_soon") in card and re.search(r"1 order\b", card)
    empty = prospect(reader, question(FEBRUARY, within="A2"), limit=5)
    assert EN("district.recoverable.none") in str(
        recoverable.card(empty, reader.settings.timezone, EN, to=PATH)
    )
