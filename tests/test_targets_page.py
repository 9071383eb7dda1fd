"""The page of targets and composites through the server: who reads and changes what, history, as of an instant."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from offices import PAGE, ZH, drawn, run
from sqlalchemy import select

from data import composite_edits, target_edits
from data.composites import Composite, Part, composites
from data.schema import audit_entry
from data.scope import PERMISSIONS, ROLES
from data.targets import Target, targets
from layouts.targets_ask import EDIT, PATH, WEIGH

RATE, STOCK = "case_on_time_closure_rate", "cases_overdue_open"
GIVEN = {"f.indicator": RATE, "f.value": "90", "f.first": "2026-01-01"}
SCORE = Composite("street", (Part("case_closure_rate", 30), Part(RATE, 60)), {"zh": "街面得分"})


@pytest.fixture
def aimed(office):
    """An office with three targets and one composite."""
    rows = [Target(RATE, 0.8, level="block"), Target(RATE, 0.85, unit="A1"), Target(STOCK, 5, unit="B1")]
    target_edits.record(office.world.store, rows, now=office.now - timedelta(days=2), by="chief")
    composite_edits.record(office.world.store, [SCORE], now=office.now - timedelta(days=2), by="chief")
    return office


async def edit(browser, act="save", to=EDIT, **fields):
    return await browser.post(to, data={"token": browser.token, "act": act, **fields})


def told(answer) -> dict[str, str]:
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def known(office):
    with office.world.store.read() as connection:
        return targets(connection, office.world.settings)


def weights(office) -> list[list[float]]:
    with office.world.store.read() as connection:
        return [[part.weight for part in row.parts] for row in composites(connection).rows]


def asked(office, name: str, search: str = "") -> str:
    async def ask():
        async with office.browser(name) as browser:
            return await drawn(browser, PATH, search)

    return run(ask())


def test_leaders_and_administrators_of_the_whole_change_and_all_of_them_read(aimed):
    async def ask(name):
        async with aimed.browser(name) as browser:
            return {
                "page": (await browser.get(PATH, headers=PAGE)).status_code,
                "edit": (await edit(browser, **GIVEN)).status_code,
                "weigh": (await edit(browser, to=WEIGH, composite="none")).status_code,
                "form": "f.value" in await drawn(browser, PATH, "?new=yes"),
            }

    for role in ROLES:
        may = role in PERMISSIONS["judge"]
        expected = {"page": 200, "edit": 303 if may else 403, "weigh": 303 if may else 403, "form": may}
        assert run(ask(role)) == expected, role
    assert {row.recorded_by for row in known(aimed).rows} == {"chief", "leader", "administrator"}


def test_a_leader_of_a_part_changes_nothing(aimed):
    aimed.person("district", "leader", ["A"])

    async def ask():
        async with aimed.browser("district") as browser:
            return (await edit(browser, **GIVEN)).status_code, await drawn(browser, PATH, "?new=yes")

    status, page = run(ask())
    assert status == 403 and "f.value" not in page
    assert len(known(aimed).rows) == 3


@pytest.mark.parametrize(("fields", "status"), [({"act": "other"}, 400), ({"token": "x" * 43}, 403)])
def test_a_form_that_no_page_of_ours_sends_is_refused(aimed, fields, status):
    async def ask():
        async with aimed.browser("leader") as browser:
            return [(await edit(browser, to=to, **{**GIVEN, **fields})).status_code for to in (EDIT, WEIGH)]

    assert run(ask()) == [status, status]
    assert len(known(aimed).rows) == 3


def test_a_stranger_learns_nothing(aimed):
    async def ask():
        async with aimed.browser("") as browser:
            page = await browser.get(PATH, headers=PAGE)
            return page.status_code, (await browser.post(EDIT, data=GIVEN)).status_code

    assert run(ask()) == (303, 401)


def test_a_target_is_added_changed_and_withdrawn_and_every_row_is_kept(aimed):
    async def ask():
        async with aimed.browser("leader") as browser:
            added = told(await edit(browser, **GIVEN, **{"f.good": "90", "f.warn": "82,5"}))
            wrong = {"f.good": "82.5"} | {name: added[name] for name in added if name.startswith("f.")}
            added = told(
                await edit(browser, **GIVEN, **{"f.good": "90", "f.warn": "82.5", "f.note": "年初下达"})
            )
            number = added["target"]
            changed = told(await edit(browser, target=number, seen=number, **{**GIVEN, "f.value": "92"}))
            gone = told(await edit(browser, "withdraw", target=number, seen=str(int(number) + 1), **GIVEN))
            return wrong, added, changed, gone, await drawn(browser, PATH, f"?target={number}&every=yes")

    wrong, added, changed, gone, page = run(ask())
    assert wrong["f.warn"] == "82,5", "what was filled in comes back"
    assert (added["done"], changed["done"], gone["done"]) == ("saved", "saved", "withdrawn")
    rows = [row for row in known(aimed).rows if row.number == int(added["target"])]
    assert [(row.value, row.bands, row.withdrawn) for row in rows] == [
        (0.9, (0.9, 0.825), False), (0.92, None, False), (0.92, None, True),
    ]  # fmt: skip
    assert rows[0].start == 20_454 and rows[0].note == "年初下达"
    assert "≥ 90.0 %" in page and "≥ 92.0 %" in page and ZH("targets.withdrawn") in page
    with aimed.world.store.read() as connection:
        people = connection.scalars(select(audit_entry.c.person).where(audit_entry.c.action == "targets set"))
        assert people.all() == ["chief", "leader", "leader", "leader"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"f.indicator": "happiness"}, "indicator"),
        ({"f.value": "viel"}, "value"),
        ({"f.value": "900"}, "value"),
        ({"f.value": "nan"}, "value"),
        ({"f.good": "90"}, "bands"),
        ({"f.good": "80", "f.warn": "90"}, "bands"),
        ({"f.level": "block", "f.unit": "A1"}, "level"),
        ({"f.unit": "nowhere"}, "unit"),
        ({"f.first": "1.1.2026"}, "first"),
        ({"f.last": "2025-12-30"}, "last"),
    ],
)
def test_what_cannot_be_aimed_at_comes_back_with_the_reason(aimed, fields, fault):
    async def ask():
        async with aimed.browser("leader") as browser:
            answer = await edit(browser, **{**GIVEN, **fields})
            return told(answer), await drawn(browser, PATH, "?" + urlsplit(answer.headers["location"]).query)

    found, page = run(ask())
    assert "done" not in found and found["new"] == "yes"
    assert ZH(f"targets.fault.{fault}") in page
    assert all(text in page for name, text in fields.items() if name in ("f.value", "f.unit"))
    assert len(known(aimed).rows) == 3


def test_who_saves_what_somebody_else_has_changed_is_told(aimed):
    async def ask():
        async with aimed.browser("leader") as browser:
            await edit(browser, target="1", seen="1", **{**GIVEN, "f.level": "block"})
            late = told(await edit(browser, target="1", seen="1", **{**GIVEN, "f.value": "70"}))
            return late, await drawn(browser, PATH, "?" + urlencode(late))

    late, page = run(ask())
    assert late["done"] == "outdated" and late["f.value"] == "70" and late["target"] == "1"
    assert ZH("targets.done.outdated") in page
    assert [row.value for row in known(aimed).rows if row.number == 1] == [0.8, 0.9]


def test_a_manager_reads_general_targets_and_those_of_his_own_units(aimed):
    whole, mine = asked(aimed, "leader"), asked(aimed, "manager")
    assert ZH("targets.count", n="3") in whole and "Block B1" in whole
    assert ZH("targets.count", n="2") in mine and "Block A1" in mine and "B1" not in mine
    foreign, missing = asked(aimed, "manager", "?target=3"), asked(aimed, "manager", "?target=99")
    same = [re.sub(r"[\w-]{43}", "", page) for page in (foreign, missing.replace("99", "3"))]
    assert same[0] == same[1], "alike"
    assert ZH("targets.none") in foreign


def test_the_page_as_of_an_instant_shows_what_was_known_and_changes_nothing(aimed):
    async def ask():
        async with aimed.browser("leader") as browser:
            aimed.now += timedelta(minutes=10)
            await edit(browser, target="1", seen="1", **{**GIVEN, "f.level": "block", "f.value": "95"})
            then = "&as-of=" + "2026-03-01T08:05:00Z"
            early = "&as-of=" + "2026-02-01T00:00:00Z"
            return [await drawn(browser, PATH, f"?target=1{more}") for more in ("", then, early)]

    now, then, early = run(ask())
    assert "≥ 95.0 %" in now and "≥ 95.0 %" not in then and "≥ 80.0 %" in then
    assert ZH("targets.count", n="0") in early and ZH("targets.none") in early
    assert "f.value" in now and "f.value" not in then, "the past is read, not written"
    assert ZH("targets.to.now") in then


def test_what_cannot_be_read_says_so(aimed):
    assert "as-of: got" in asked(aimed, "leader", "?as-of=yesterday")
    assert ZH("shell.forbidden") in asked(aimed, "leader", "?composite=nothing")


def test_the_assessment_year_is_told(aimed):
    assert ZH("period.assessment", year=2026, first="1月", last="12月") in asked(aimed, "leader")


def test_the_settings_stand_below_and_go_where_a_record_is_above_them(aimed):
    aimed.world.settings.targets.update({RATE: 0.77, "order_satisfaction": 0.66})
    assert "≥ 77.0 %" in asked(aimed, "leader") and "≥ 66.0" in asked(aimed, "leader")
    target_edits.record(aimed.world.store, [Target(RATE, 0.79)], now=aimed.now, by="chief")
    page = asked(aimed, "leader")
    assert "≥ 77.0 %" not in page and "≥ 79.0 %" in page and "≥ 66.0" in page


# Composites ---------------------------------------------------------------------------------------------------------


def test_the_league_of_a_composite_with_its_parts_and_the_sum_said(aimed):
    blank = asked(aimed, "leader", "?composite=street")
    assert ZH("targets.no.figures") in blank, "nothing is published yet"
    rows = [(f"N{at}", "litter", "", "2026-02-20 08:00", "2026-02-22 08:00", "2026-02-21 08:00", 121.005, 31.005, "")
            for at in range(25)]  # fmt: skip
    aimed.world.load(rows)
    aimed.world.refresh()
    page = asked(aimed, "leader", "?composite=street&level=block&from=2026-02-01&to=2026-03-01")
    assert "街面得分" in page and ZH("targets.sum.odd") in page
    assert ZH("targets.out.of", n="90") in page and ">90.0<" in page and "Block A1" in page
    assert ZH("targets.why.none") in page, "blocks without records have no score"
    mine = asked(aimed, "manager", "?composite=street&level=block&from=2026-02-01&to=2026-03-01")
    assert "Block A1" in mine and "Block B1" not in mine
    assert ZH("targets.no.figures") in asked(aimed, "auditor", "?composite=street")
    assert ZH("shell.forbidden") in asked(aimed, "leader", "?composite=street&level=planet")


def test_weights_are_changed_as_a_new_version(aimed):
    fields = {"f.title": "街面得分", "f.missing": "zero", "f.0.indicator": "case_closure_rate", "f.0.weight": "40",
              "f.1.indicator": RATE, "f.1.weight": "60"}  # fmt: skip

    async def ask():
        async with aimed.browser("leader") as browser:
            saved = told(await edit(browser, to=WEIGH, composite="street", seen="1", **fields))
            late = told(
                await edit(browser, to=WEIGH, composite="street", seen="1", **{**fields, "f.0.weight": "9"})
            )
            page = await drawn(browser, PATH, "?composite=street")
            gone = told(await edit(browser, "withdraw", to=WEIGH, composite="street", seen="2"))
            return saved, late, page, gone, await drawn(browser, PATH, "?view=composites")

    saved, late, page, gone, after = run(ask())
    assert (saved["done"], saved["composite"]) == ("saved", "street")
    assert late["done"] == "outdated" and late["f.0.weight"] == "9"
    assert weights(aimed) == [[30, 60], [40, 60], [40, 60]]
    assert ZH("targets.sum.odd") not in page and ZH("targets.missing.zero.text") in page
    assert gone["done"] == "withdrawn" and ZH("targets.composite.none") in after


def test_a_new_composite_and_what_is_wrong_with_one(aimed):
    fields = {"new": "yes", "view": "composites", "f.name": "closing", "f.title": "结案", "f.missing": "renormalise",
              "f.0.indicator": "case_closure_rate", "f.0.weight": "100"}  # fmt: skip

    async def ask(**more):
        async with aimed.browser("leader") as browser:
            answer = await edit(browser, to=WEIGH, **{**fields, **more})
            return told(answer), await drawn(browser, PATH, "?" + urlsplit(answer.headers["location"]).query)

    for more, fault in (
        ({"f.0.scale": "rest"}, "scale"), ({"f.0.weight": "viel"}, "weight"), ({"f.0.weight": "0"}, "weight"),
        ({"f.name": "Über"}, "name"), ({"f.missing": ""}, "missing"), ({"f.0.indicator": ""}, "parts"),
        ({"f.0.scale": "bands", "f.0.bands": "95"}, "bands"), ({"f.first": "x"}, "first"),
    ):  # fmt: skip
        found, page = run(ask(**more))
        assert "done" not in found and ZH(f"targets.fault.{fault}") in page, more
    assert len(weights(aimed)) == 1
    found, page = run(ask())
    assert (found["done"], found["composite"]) == ("saved", "closing") and "结案" in page
    assert weights(aimed) == [[30, 60], [100]]
    assert run(ask())[0]["done"] == "outdated", "the name is taken"


def test_a_composite_as_of_an_instant(aimed):
    heavier = replace(SCORE, parts=(Part(RATE, 77),))
    composite_edits.record(aimed.world.store, [heavier], now=aimed.now, by="chief")
    then = "&as-of=" + (aimed.now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ">77<" in asked(aimed, "leader", "?composite=street")
    page = asked(aimed, "leader", f"?composite=street{then}")
    assert ">77<" not in page and ">60<" in page and "f.missing" not in page
