"""The list of departments through the server: mended one by one, joined, taken from a file; nobody else may."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from offices import PAGE, ZH, drawn, run
from sqlalchemy import select
from world import CASES

from data.departments import DEPARTMENT, NEIGHBOURHOOD, Department, record, roster
from data.ledger import ingest
from data.schema import audit_entry
from data.scope import PERMISSIONS, ROLES
from layouts.departments_ask import EDIT, EXPORT, PATH

LIST = [Department("城管中队", DEPARTMENT, ("城管",)), Department("听月居委会", NEIGHBOURHOOD)]
SENT = "名称,别名,类型\n城管中队,城管|执法队,部门\n房管办,,\n"


@pytest.fixture
def listed(office):
    record(office.world.store, LIST, now=office.clock(), by="test")
    return office


async def send(browser, text=SENT, name="部门.csv"):
    head = {"x-token": browser.token, "x-file-name": quote(name)}
    return await browser.post(PATH, content=text.encode(), headers=head)


async def edit(browser, name, act="save", **fields):
    found = re.search(r"value\W+(\d+)\W+type\W+hidden\W+name\W+seen", await drawn(browser, PATH))
    browser.seen = found[1] if found else 0
    given = {"f.name": name, "f.kind": "department", "f.aliases": "", "seen": str(browser.seen)}
    return await browser.post(
        EDIT, data={"token": browser.token, "department": name, "act": act, **given, **fields}
    )


def known(office) -> dict[str, Department]:
    with office.world.store.read() as connection:
        return {entry.name: entry for entry in roster(connection).entries}


def asked(answer) -> dict[str, str]:
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_operators_and_administrators_of_the_whole_and_nobody_else(listed):
    async def ask(name):
        async with listed.browser(name) as browser:
            nothing = f"{PATH}/{'x' * 32}"
            return {
                "page": (await browser.get(PATH, headers=PAGE)).status_code,
                "send": (await send(browser)).status_code,
                "decide": (
                    await browser.post(nothing, data={"token": browser.token, "act": "take"})
                ).status_code,
                "edit": (await edit(browser, "城管中队")).status_code,
                "export": (await browser.get(EXPORT)).status_code,
            }

    may = {"page": 200, "send": 201, "decide": 404, "edit": 303, "export": 200}
    for role in ROLES:
        expected = may if role in PERMISSIONS["upload"] else dict.fromkeys(may, 403)
        assert run(ask(role)) == expected, role
    assert run(ask("partial")) == {**dict.fromkeys(may, 403), "page": 200}


def test_words_in_use_come_first_and_are_joined(listed):
    source = CASES.replace('channel = "channel"', 'department = "channel"')
    path = listed.world.settings.folder / "named.csv"
    head = "id,category,reported_at,closed_at,due_at,lon,lat,channel"
    path.write_text(head + "\nN1,litter,2026-02-01 08:00,,,121.005,31.005,执法队\n", encoding="utf-8")
    found = ingest(listed.world.store, listed.world.source("named", source), [path], clock=listed.world.clock)
    assert found.accepted == 1

    async def ask():
        async with listed.browser("operator") as browser:
            before = await drawn(browser, PATH)
            joined = await edit(browser, "执法队", act="join", owner="城管中队")
            return before, asked(joined), await drawn(browser, PATH)

    before, told, after = run(ask())
    assert ZH("departments.same", name="执法队") in before and before.index("执法队") < before.index(
        "城管中队"
    )
    assert told == {"department": "城管中队", "done": "joined"}
    assert known(listed)["城管中队"].aliases == ("城管", "执法队")
    assert "warn aliases" in before and "warn aliases" not in after


def test_a_department_is_added_renamed_and_removed_and_each_list_is_kept(listed):
    async def ask():
        async with listed.browser("operator") as browser:
            new = await edit(browser, "", **{"f.name": "房管办", "f.aliases": "房办、房屋办"})
            renamed = await edit(browser, "城管中队", **{"f.name": "执法队", "f.aliases": "城管"})
            gone = await edit(browser, "听月居委会", act="remove")
            return [asked(one) for one in (new, renamed, gone)]

    assert run(ask()) == [
        {"department": "房管办", "done": "saved"}, {"department": "执法队", "done": "saved"}, {"done": "removed"},
    ]  # fmt: skip
    assert known(listed) == {
        "房管办": Department("房管办", DEPARTMENT, ("房办", "房屋办")),
        "执法队": Department("执法队", DEPARTMENT, ("城管", "城管中队")),
    }
    with listed.world.store.read() as connection:
        lists = connection.scalars(
            select(audit_entry.c.person).where(audit_entry.c.action == "departments listed")
        )
        assert lists.all() == ["test", "operator", "operator", "operator"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [("", {"f.name": ""}), ("", {"f.name": "新办", "f.kind": "other"}), ("", {"f.name": "新办", "f.aliases": "城管"}),
     ("听月居委会", {"f.aliases": "城管中队"}), ("听月居委会", {"f.name": "城管中队"}), ("", {"f.name": "城管中队"})],
)  # fmt: skip
def test_what_cannot_be_saved_comes_back_with_the_reason(listed, name, fields):
    async def ask():
        async with listed.browser("operator") as browser:
            answer = await edit(browser, name, **fields)
            return asked(answer), await drawn(browser, PATH, "?" + urlsplit(answer.headers["location"]).query)

    told, page = run(ask())
    owners = ZH("upload.refused.owners", text="\0", one="\0", other="\0").split("\0")[1]
    namesake = ZH("upload.refused.namesake", text="城管中队")
    assert "done" not in told and any(
        text in page for text in (owners, namesake, ZH("upload.refused.nameless"))
    )
    assert known(listed) == {entry.name: entry for entry in LIST}


@pytest.mark.parametrize("fields", [{"act": "other"}, {"token": "x" * 43}])
def test_a_form_that_no_page_of_ours_sends_is_refused(listed, fields):
    async def ask():
        async with listed.browser("operator") as browser:
            return (await edit(browser, "城管中队", **fields)).status_code

    assert run(ask()) == (403 if "token" in fields else 400)


def test_joining_with_none_and_removing_none_change_nothing(listed):
    async def ask():
        async with listed.browser("operator") as browser:
            return [asked(await edit(browser, "执法队", act="join", owner="没有")),
                    asked(await edit(browser, "没有", act="remove"))]  # fmt: skip

    assert all("done" not in one for one in run(ask()))
    assert known(listed) == {entry.name: entry for entry in LIST}


def test_a_list_is_shown_against_the_present_one_then_counts(listed):
    async def ask():
        async with listed.browser("operator") as browser, listed.browser("second") as other:
            to = (await send(browser)).json()["to"]
            page, theirs = await drawn(browser, to), await drawn(other, to)
            done = [await browser.post(to, data={"token": browser.token, "act": "take"}) for _ in range(2)]
            return to, page, theirs, done, await drawn(browser, to), await browser.get(EXPORT)

    to, page, theirs, done, result, file = run(ask())
    assert "部门.csv" not in theirs and ZH("upload.over") in theirs
    assert all(ZH(f"departments.change.{key}") in page for key in ("new", "changed", "leaves"))
    assert [one.headers["location"] for one in done] == [to, to]
    assert ZH("departments.taken", n="2") in result
    assert known(listed)["城管中队"].aliases == ("城管", "执法队") and "听月居委会" not in known(listed)
    assert file.text == "\ufeffname,aliases,kind\n城管中队,城管|执法队,department\n房管办,,department\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [("code,title\na,b\n", "departments"), ("名称,别名\n甲,丙\n乙,丙\n", "owners"), ("名称,类型\n甲,警察\n", "kind"),
     ("名称,别名\n,丙\n", "nameless")],
)  # fmt: skip
def test_an_unfit_list_is_shown_with_the_reason_and_cannot_be_taken(listed, text, key):
    async def ask():
        async with listed.browser("operator") as browser:
            to = (await send(browser, text)).json()["to"]
            await browser.post(to, data={"token": browser.token, "act": "take"})
            return await drawn(browser, to)

    page = run(ask())
    assert ZH.texts[f"upload.refused.{key}"].split("{")[0].split("“")[0] in page and "disabled" in page
    assert set(known(listed)) == {"城管中队", "听月居委会"}


def test_who_saves_what_somebody_else_has_changed_is_told_and_may_save_again(listed):
    async def ask():
        async with listed.browser("operator") as browser:
            late = await edit(browser, "城管中队", seen="0", **{"f.aliases": "城管、执法队"})
            told, page = (
                asked(late),
                await drawn(browser, PATH, "?" + urlsplit(late.headers["location"]).query),
            )
            before = known(listed)["城管中队"].aliases
            await edit(browser, "城管中队", **{"f.aliases": "城管、执法队"})
            return told, page, before

    told, page, before = run(ask())
    assert told["done"] == "outdated" and told["f.aliases"] == "城管、执法队" and "城管、执法队" in page
    assert (before, known(listed)["城管中队"].aliases) == (("城管",), ("城管", "执法队"))
