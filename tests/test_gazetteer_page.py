"""The gazetteer through the server: who may change it, a file weighed and taken, entries mended, proposals judged."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from addressed import ENTRIES, fact
from offices import PAGE, ZH, drawn, run
from sqlalchemy import select

from data import gazetteer
from data.schema import audit_entry, job_run, place_entry
from data.scope import PERMISSIONS, ROLES
from layouts.gazetteer_ask import ENTRY, EXPORT, JUDGED, PATH

NEW = {"f.kind": "building", "f.road": "白石路", "f.low": "7", "f.unit": "A1"}


async def send(browser, text=ENTRIES, name="地名.csv"):
    body = text if isinstance(text, bytes) else text.encode()
    return await browser.post(
        PATH, content=body, headers={"x-token": browser.token, "x-file-name": quote(name)}
    )


async def staged(browser, text=ENTRIES) -> str:
    answer = await send(browser, text)
    assert answer.status_code == 201, answer.text
    return answer.json()["to"]


async def post(browser, to, **fields):
    return await browser.post(to, data={"token": browser.token, **fields})


async def save(browser, number=0, act="save", **fields):
    return await post(browser, ENTRY, entry=str(number), act=act, **{**NEW, **fields})


def entries(office, state="active"):
    with office.world.store.read() as connection:
        return gazetteer.entries(connection, state=state)


def asked(answer) -> dict[str, str]:
    """Where an answer leads, as the question of that address."""
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_operators_and_administrators_of_the_whole_and_nobody_else(office):
    async def ask(name):
        async with office.browser(name) as browser:
            nothing = f"{PATH}/{'x' * 32}"
            return {
                "page": (await browser.get(PATH, headers=PAGE)).status_code,
                "send": (await send(browser)).status_code,
                "decide": (await post(browser, nothing, act="take")).status_code,
                "entry": (await save(browser)).status_code,
                "judge": (await post(browser, JUDGED, act="accept")).status_code,
                "export": (await browser.get(EXPORT)).status_code,
            }

    may = {"page": 200, "send": 201, "decide": 404, "entry": 303, "judge": 303, "export": 200}
    for role in ROLES:
        expected = may if role in PERMISSIONS["upload"] else dict.fromkeys(may, 403)
        assert run(ask(role)) == expected, role
    assert run(ask("partial")) == {**dict.fromkeys(may, 403), "page": 200}
    assert len(entries(office)) == 1  # the second who saved the same words was told so


def test_a_part_of_the_instance_sees_nothing_of_it(office):
    async def ask():
        async with office.browser("operator") as whole, office.browser("partial") as browser:
            await save(whole)
            return await drawn(browser, PATH), await drawn(browser, "/sources"), await drawn(whole, PATH)

    page, sources, mine = run(ask())
    assert "白石路" not in page and PATH not in sources and "白石路" in mine


def test_another_person_and_another_page_find_nothing_under_a_token(office):
    async def ask():
        async with office.browser("operator") as owner, office.browser("second") as other:
            to = await staged(owner)
            moved = [to.replace("gazetteer", part) for part in ("departments", "upload", "boundaries")]
            statuses = [(await post(other, to, act="take")).status_code]
            statuses += [(await post(owner, one, act="take")).status_code for one in moved]
            return statuses, [await drawn(owner, one) for one in moved], await drawn(owner, to)

    statuses, pages, mine = run(ask())
    assert statuses == [404] * 4 and "地名.csv" in mine
    assert all(ZH("upload.over") in page for page in pages)


@pytest.mark.parametrize(
    ("to", "fields"),
    [
        (ENTRY, {"act": "save", "entry": ""}), (ENTRY, {"act": "other", "entry": "1"}),
        (JUDGED, {"act": "grow", "least": "0"}), (JUDGED, {"act": "grow", "least": "many"}), (JUDGED, {"act": ""}),
    ],
)  # fmt: skip
def test_a_form_that_no_page_of_ours_sends_is_refused(office, to, fields):
    async def ask():
        async with office.browser("operator") as browser:
            return [
                await post(browser, to, **fields),
                await post(browser, to, **{**fields, "token": "x" * 43}),
            ]

    wrong, foreign = run(ask())
    assert (wrong.status_code, foreign.status_code) == (400, 403), wrong.text
    assert entries(office).empty


def test_a_file_is_weighed_and_then_taken_once(office):
    office.world.deliver(
        fact(1, address="青藤路2号"), fact(2, address="沧浪路5号"), fact(3, address="白石路7号")
    )
    text = ENTRIES + "house,松风苑,,,,,,,121,31,,,\nlandmark,远方,,,,,,,99,1,,,\n"

    async def ask():
        async with office.browser("operator") as browser:
            to = await staged(browser, text)
            checked = await drawn(browser, to)
            before = len(entries(office))
            replacing = await drawn(browser, to, "?replace=yes")
            done = [await post(browser, to, act="take"), await post(browser, to, act="take")]
            return to, checked, before, replacing, done, await drawn(browser, to), await drawn(browser, PATH)

    to, checked, before, replacing, done, result, listed = run(ask())
    assert before == 0 and ZH("lists.faults", n="1") in checked
    assert ZH("gazetteer.would.nowhere", n="1") in checked and "松风苑1号楼" in checked
    assert ZH("upload.refused.replaced", n="1") in replacing
    assert [one.headers["location"] for one in done] == [to, to]
    assert ZH("gazetteer.taken", n="2") in result and ZH("gazetteer.count.added", n="8") in result
    assert len(entries(office)) == 8 and ZH("gazetteer.found", n="8") in listed
    assert office.world.where()["C1"] == ("A2", "gazetteer")
    with office.world.store.read() as connection:
        said = connection.execute(
            select(audit_entry).where(audit_entry.c.action == "gazetteer changed")
        ).all()
        assert [(row.person, row.detail) for row in said] == [("operator", "8 entries, import")]
        assert [row.job for row in connection.execute(select(job_run))] == ["refresh"]


def test_a_file_that_replaces_ends_what_it_does_not_name(office):
    office.world.entries()
    shorter = "\n".join(ENTRIES.splitlines()[:4]) + "\n"

    async def ask():
        async with office.browser("operator") as browser:
            to = await staged(browser, shorter)
            page = await drawn(browser, to, "?replace=yes")
            await post(browser, to, act="take", replace="yes")
            return page, await drawn(browser, to)

    page, result = run(ask())
    assert ZH("gazetteer.would.closed") in page and ZH("gazetteer.count.closed", n="4") in result
    assert len(entries(office)) == 3


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("name,road\n松风苑,青藤路\n", "kinds"), ("类型,名称,楼层\n小区,松风苑,3\n", "unknown.column"),
        ("kind,name,kind\nestate,x,road\n", "twice"), ("kind,name\nhouse,x\n", "entries"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_gazetteer_is_shown_with_the_reason(office, text, key):
    async def ask():
        async with office.browser("operator") as browser:
            to = await staged(browser, text)
            return await drawn(browser, to), await post(browser, to, act="take")

    page, refused = run(ask())
    start = re.split(r"[{“]", ZH.texts[f"upload.refused.{key}"])[0]
    assert start in page and "disabled" in page and refused.status_code == 303
    assert entries(office).empty


@pytest.mark.parametrize(
    "body", [b"", b"\n\n", b"PK\x03\x04 broken", b'{"a":1}', b"kind," + b"x" * 600 + b"\n"]
)
def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(office, body):
    async def ask():
        async with office.browser("operator") as browser:
            return await send(browser, body)

    answer = run(ask())
    assert answer.status_code == 422 and answer.json()["refused"] and office.left == []


def test_an_entry_is_added_mended_and_ended_and_facts_follow(office):
    office.world.deliver(fact(1, address="白石路7号"))
    where = []

    async def ask():
        async with office.browser("operator") as browser:
            answers = [await save(browser)]
            where.append(office.world.where()["C1"])
            number = int(entries(office).index[0])
            answers.append(await save(browser, number, **{"f.unit": "Block B2"}))
            where.append(office.world.where()["C1"])
            number = int(entries(office).index[0])
            answers.append(await save(browser, number, act="end"))
            where.append(office.world.where()["C1"])
            return answers, await drawn(browser, PATH, "?done=saved&count=1")

    answers, page = run(ask())
    assert [asked(one) for one in answers] == [
        {"done": "saved", "count": "1", "entry": "1"}, {"done": "saved", "count": "1", "entry": "2"},
        {"done": "ended", "count": "1"},
    ]  # fmt: skip
    assert where == [("A1", "gazetteer"), ("B2", "gazetteer"), ("", "open")]
    assert ZH("gazetteer.done.saved.one", n="1") in page
    with office.world.store.read() as connection:
        rows = connection.execute(select(place_entry).order_by(place_entry.c.id)).all()
        said = connection.scalars(
            select(audit_entry.c.action).where(audit_entry.c.action.like("gazetteer%"))
        ).all()
    assert [(row.origin, row.recorded_by, row.superseded_at is None) for row in rows] == [
        ("rule", "operator", False)
    ] * 2
    assert said == ["gazetteer entry added", "gazetteer entry mended", "gazetteer entry ended"]


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"f.low": "seven"}, "reason.whole.any"), ({"f.low": "9", "f.high": "7"}, "reason.up"),
        ({"f.unit": ""}, "reason.place"), ({"f.unit": "A9"}, "reason.one.unit"),
        ({"f.unit": "", "f.lon": "121"}, "reason.both"), ({"f.lon": "999", "f.lat": "31"}, "reason.degrees"),
        ({"f.valid_from": "soon"}, "reason.day"),
        ({"f.valid_from": "2026-02-01", "f.valid_to": "2026-02-01"}, "reason.later"),
        ({"f.road": ""}, "reason.named"), ({"f.kind": "x"}, "reason.choice"),
        ({"f.level": "house"}, "reason.choice"), ({"f.parity": "x"}, "reason.parity"),
    ],
)  # fmt: skip
def test_fields_that_cannot_be_saved_come_back_with_the_reason(office, fields, key):
    async def ask():
        async with office.browser("operator") as browser:
            answer = await save(browser, **fields)
            return answer, await drawn(browser, PATH, "?" + urlsplit(answer.headers["location"]).query)

    answer, page = run(ask())
    given = asked(answer)
    assert "done" not in given and all(given.get(name, "") == value for name, value in fields.items())
    assert re.split(r"[{（]", ZH.texts[key])[0] in page and entries(office).empty


def test_two_entries_about_the_same_words_and_one_that_is_gone_are_told(office):
    async def ask():
        async with office.browser("operator") as browser:
            await save(browser)
            twice, gone = await save(browser), await save(browser, 77)
            pages = [
                await drawn(browser, PATH, "?" + urlsplit(one.headers["location"]).query)
                for one in (twice, gone)
            ]
            return pages, await drawn(browser, PATH, "?entry=77")

    (twice, gone), empty = run(ask())
    assert ZH("reason.own") in twice and ZH("reason.holds") in gone and ZH("gazetteer.gone") in empty
    assert len(entries(office)) == 1


def test_proposals_are_grown_ticked_accepted_and_refused(office):
    facts = [fact(n, square=1.5, address="白石路7号") for n in range(5)]
    facts += [fact(10 + n, square=4.5, address="听竹苑") for n in range(5)]
    office.world.deliver(*facts, fact(30, address="白石路7号"), fact(31, address="听竹苑"))

    async def ask():
        async with office.browser("operator") as browser:
            grown = await post(browser, JUDGED, act="grow", least="5")
            page = await drawn(browser, PATH, "?view=proposals")
            one, other = entries(office, "proposed").sort_values("road").index.tolist()
            nothing = await post(browser, JUDGED, act="accept")
            accepted = await post(browser, JUDGED, act="accept", **{f"p{other}": "yes"})
            refused = await post(browser, JUDGED, act="refuse", **{f"p{one}": "yes"})
            stale = await post(browser, JUDGED, act="accept", **{f"p{one}": "yes"})
            again = await post(browser, JUDGED, act="grow", least="5")
            return page, [asked(each) for each in (grown, nothing, accepted, refused, stale, again)]

    page, told = run(ask())
    assert "白石路7号" in page and ZH("gazetteer.facts", there="5", all="5") in page
    assert [one.get("done") for one in told] == ["grown", None, "judged", "judged", None, "grown"]
    assert [one.get("count") for one in told] == ["2", None, "1", None, None, None]
    assert office.world.where()["C30"] == ("A2", "gazetteer") and office.world.where()["C31"] == ("", "open")


def test_the_list_is_found_by_words_kind_and_number_and_an_address_is_tried(office):
    office.world.entries()

    async def ask():
        async with office.browser("operator") as browser:
            asked = (
                "text=松风",
                "kind=lane",
                "text=青藤路9",
                "text=%25",
                "text=松风苑2号楼 青藤路2号",
                "text=青藤路9弄3号",
            )
            tried = ("address=青藤路9弄3号", "address=白石路7号")
            pages = [await drawn(browser, PATH, f"?{query}") for query in (*asked, *tried)]
            return pages, await browser.get(EXPORT)

    (*found, tried, opened), file = run(ask())
    assert all(ZH("gazetteer.found", n=n) in page for n, page in zip("211011", found, strict=True))
    assert "青藤路9弄1-20号" in found[1]
    assert ZH("gazetteer.how.range") in tried and "Block A3" in tried
    assert ZH("places.reason.unknown-name") in opened
    assert file.text.startswith("\ufeffkind,name,road") and len(file.text.splitlines()) == 8
    assert "no-store" in file.headers["cache-control"]


def test_an_entry_in_no_unit_is_saved_and_said_to_be_so(office):
    async def ask():
        async with office.browser("operator") as browser:
            far = await save(browser, **{"f.unit": "", "f.lon": "21.5", "f.lat": "31", "f.level": "BLOCK"})
            return await drawn(browser, PATH, "?" + urlsplit(far.headers["location"]).query)

    page = run(ask())
    assert ZH("gazetteer.done.nowhere") in page and ZH("gazetteer.nowhere") in page
    assert entries(office)["level"].tolist() == ["block"]
