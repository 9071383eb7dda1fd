"""The calendar in the browser: the year as it is known, days entered and never overwritten, nobody else may."""

import re
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from offices import EN, PAGE, ZH, drawn, run

from data.calendar_days import Day, days, entered, list_of
from data.holidays import FREE, WORKING, first_of
from data.scope import PERMISSIONS, ROLES
from layouts.calendar_page import EDIT, EXPORT, PATH, CalendarAnswer, body
from layouts.plain import written

NEW_YEAR = "2027-01-01 休 元旦\n2027/01/03，班\n"


async def enter(browser, text, **more):
    return await browser.post(EDIT, data={"token": browser.token, "days": text, "year": "2027", **more})


def asked(answer):
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def page(office, year, words=ZH, **more):
    settings = office.world.settings
    with office.world.store.read() as connection:
        found = days(connection, settings, year)
    return written(
        body(CalendarAnswer(year=year, days=found, entries=[], hours=settings.working_time, **more), words)
    )


def test_a_year_is_drawn_day_by_day_with_its_exchanged_days(office):
    drawn_year = page(office, 2026)
    assert len(re.findall(r'<td class="odd free"', drawn_year)) == 33  # of the published list
    assert len(re.findall(r'<td class="odd work"', drawn_year)) == 6
    assert ">248</b>" in drawn_year.replace("<b >", "<b>")
    cells = re.findall(r'<td class="(?:odd )?(?:free|work)"[^>]*>(\d+)', drawn_year)
    assert len(cells) == 365 and cells[:31] == [str(at) for at in range(1, 32)]
    assert "Spring Festival" in page(office, 2026, EN) and "春节" not in page(office, 2026, EN)


def test_a_year_nobody_knows_is_said_and_not_guessed(office):
    unknown = page(office, 2027)
    assert ZH("calendar.unknown", year=2027) in unknown and "<td class" not in unknown
    assert unknown.count("<b>–</b>") == 2


def test_entering_exceptions_makes_a_year_known_and_keeps_who_did_it(office):
    async def ask():
        async with office.browser("leader") as browser:
            told = asked(await enter(browser, NEW_YEAR))
            return (
                told,
                await drawn(browser, PATH, "?year=2027"),
                (await browser.get(f"{EXPORT}?year=2027")).text,
            )

    told, after, file = run(ask())
    assert told == {"year": "2027", "done": "365"}  # the others follow the week
    with office.world.store.read() as connection:
        known = entered(connection)
    assert known[first_of(2027)] == Day(first_of(2027), FREE, "元旦")
    assert known[first_of(2027) + 2].working == WORKING  # a Sunday
    assert "leader" in after and ZH("calendar.unknown", year=2027) not in after
    lines = file.removeprefix("\ufeff").splitlines()
    assert lines[:2] == ["day,working,name", "2027-01-01,0,元旦"] and len(lines) == 366
    rows = [line.split(",") for line in lines]
    assert len(list_of(rows, "file", office.world.settings)) == 365  # the file can be brought again


@pytest.mark.parametrize(
    ("text", "key"),
    [("2027-13-01 休", "date"), ("2027-01-01 maybe", "working"), ("2027-01-01 休\n2027-01-01 班", "again")],
)
def test_what_cannot_be_entered_comes_back_with_the_reason(office, text, key):
    async def ask():
        async with office.browser("administrator") as browser:
            told = asked(await enter(browser, text))
            return told, await drawn(
                browser, PATH, "?" + "&".join(f"{name}={value}" for name, value in told.items())
            )

    told, shown = run(ask())
    assert "done" not in told
    reason = ZH(f"upload.refused.{key}", text="\0", example="2027-01-01").split("\0")[1]
    assert reason in shown and text.splitlines()[0] in shown
    with office.world.store.read() as connection:
        assert entered(connection) == {}


def test_leaders_and_administrators_of_the_whole_and_nobody_else(office):
    async def ask(name):
        async with office.browser(name) as browser:
            edit = (await enter(browser, "2026-12-31 休 年末")).status_code
            return edit, (await browser.get(PATH, headers=PAGE)).status_code

    for role in ROLES:
        expected = 303 if role in PERMISSIONS["judge"] else 403
        assert run(ask(role)) == (expected, 200), role

    async def forged():
        async with office.browser("leader") as browser:
            return (await enter(browser, "2026-12-30 休", token="x" * 43)).status_code

    assert run(forged()) == 403
    with office.world.store.read() as connection:
        assert list(entered(connection)) == [(date(2026, 12, 31) - date(1970, 1, 1)).days]


@pytest.mark.parametrize("year", ["1900", "x", "99999999"])
def test_a_year_that_is_none_is_refused_in_words(office, year):
    async def ask():
        async with office.browser("leader") as browser:
            return (
                await drawn(browser, PATH, f"?year={year}"),
                (await browser.get(f"{EXPORT}?year={year}")).status_code,
            )

    shown, export = run(ask())
    assert ZH("shell.unreadable") in shown and export == 400
