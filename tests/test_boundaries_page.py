"""Boundaries through the server: who may bring them, what the page says, one confirmation, the way back."""

import re
from urllib.parse import quote

import pytest
from bordering import blocks, geojson, square
from offices import PAGE, ZH, drawn, run
from sqlalchemy import select
from test_upload_page import staged as staged_records
from world import case

from data.schema import audit_entry, boundary_version, job_run, staged_unit
from data.scope import PERMISSIONS, ROLES
from layouts.boundaries_ask import PATH

REDRAWN = blocks(("B3", "Block B3", "B", square(5, 6, north=0.5)), ("A1", "Alpha", "A", square(0, 1)))


async def send(browser, body=None, name="街区.geojson", **headers):
    given = {"x-token": browser.token, "x-file-name": quote(name), **headers}
    return await browser.post(PATH, content=geojson(REDRAWN) if body is None else body, headers=given)


async def staged(browser, body=None) -> str:
    answer = await send(browser, body)
    assert answer.status_code == 201, answer.text
    return answer.json()["to"]


async def publish(browser, to, **fields):
    form = {
        "token": browser.token,
        "act": "publish",
        "reason": "重划",
        "before": "1",
        "accept": "gap",
        **fields,
    }
    return await browser.post(to, data=form)


async def undo(browser, number, **fields):
    form = {"token": browser.token, "tree": "grid", "reason": "有误", **fields}
    return await browser.post(f"{PATH}/{number}/undo", data=form)


def rows(office, table):
    with office.world.store.read() as connection:
        return connection.execute(select(table)).all()


def test_operators_and_administrators_may_bring_boundaries_and_nobody_else(office):
    async def ask(role):
        async with office.browser(role) as browser:
            nothing = f"{PATH}/{'x' * 32}"
            return {
                "page": (await browser.get(PATH, headers=PAGE)).status_code,
                "one": (await browser.get(nothing, headers=PAGE)).status_code,
                "send": (await send(browser)).status_code,
                "decide": (await publish(browser, nothing)).status_code,
                "undo": (await undo(browser, 1)).status_code,
                "picture": (await browser.get(f"{nothing}/map.svg?lon=121&lat=31&span=1")).status_code,
            }

    for role in ROLES:
        may = {"page": 200, "one": 200, "send": 201, "decide": 404, "undo": 303, "picture": 404}
        assert run(ask(role)) == (may if role in PERMISSIONS["upload"] else dict.fromkeys(may, 403)), role
    assert len(rows(office, boundary_version)) == 1


def test_a_part_of_the_instance_is_not_enough(office):
    async def ask():
        async with office.browser("partial") as browser, office.browser("operator") as whole:
            to = await staged(whole)
            refused = [await send(browser), await publish(browser, to), await undo(browser, 1),
                       await browser.get(f"{to}/map.svg?lon=121&lat=31&span=1")]  # fmt: skip
            return (
                [one.status_code for one in refused],
                await drawn(browser, PATH),
                await drawn(browser, "/sources"),
            )

    statuses, page, sources = run(ask())
    assert statuses == [403] * 4 and "data-upload" not in page and PATH not in sources


def test_another_person_and_another_page_find_nothing_under_a_token(office):
    async def ask():
        async with office.browser("operator") as owner, office.browser("second") as other:
            to, records = await staged(owner), await staged_records(owner)
            moved = to.replace("boundaries", "upload"), records.replace("upload", "boundaries")
            statuses = [(await publish(other, to)).status_code, (await publish(owner, moved[1])).status_code,
                        (await other.get(f"{to}/map.svg?lon=121&lat=31&span=1")).status_code]  # fmt: skip
            return (
                statuses,
                await drawn(other, to),
                [await drawn(owner, one) for one in moved],
                await drawn(owner, to),
            )

    statuses, theirs, moved, mine = run(ask())
    assert statuses == [404, 404, 404] and "街区.geojson" not in theirs and "街区.geojson" in mine
    assert all(ZH("upload.over") in page for page in moved)


@pytest.mark.parametrize(
    "fields",
    [{"reason": " "}, {"before": "x"}, {"before": "-1"}, {"accept": "anything"}, {"from": "2026-13-01"},
     {"act": "other"}],
)  # fmt: skip
def test_a_form_that_no_page_of_ours_sends_is_refused(office, fields):
    async def ask():
        async with office.browser("operator") as browser:
            to = await staged(browser)
            return [await publish(browser, to, **fields), await publish(browser, to, token="x" * 43)]

    wrong, foreign = run(ask())
    assert (wrong.status_code, foreign.status_code) == (400, 403), wrong.text
    assert len(rows(office, boundary_version)) == 1 and not rows(office, staged_unit)


@pytest.mark.parametrize("fields", [{"reason": ""}, {"tree": "other"}])
def test_a_version_is_not_taken_back_without_reason_or_tree(office, fields):
    async def ask():
        async with office.browser("operator") as browser:
            return (await undo(browser, 1, **fields)).status_code

    assert run(ask()) == 400


def test_a_file_without_a_unit_is_refused_with_a_sentence(office):
    async def ask():
        async with office.browser("operator") as browser:
            bodies = (b'{"type":"FeatureCollection","features":[]}', b"<OGRVRTDataSource/>", b"")
            return [await send(browser, body) for body in bodies]

    for answer in run(ask()):
        assert (
            answer.status_code == 422
            and answer.json()["refused"]
            and "expected " in answer.json()["sentence"]
        )
    assert office.left == []


def test_the_whole_way_of_a_file_and_back(office):
    async def ask():
        async with office.browser("operator") as browser:
            to = await staged(browser)
            page = await drawn(browser, to, "?fault=0")
            picture = re.search(rf'src": ?"({to}/map.svg[^"]*)"', page)[1]
            svg = await browser.get(picture)
            unaccepted = await publish(browser, to, accept="")
            outdated = await publish(browser, to, before="7")
            done = [await publish(browser, to), await publish(browser, to)]
            result, listed = await drawn(browser, to), await drawn(browser, PATH)
            back = await undo(browser, 2)
            return page, svg, [unaccepted, outdated], done, result, listed, back, await drawn(browser, PATH)

    page, svg, refused, done, result, listed, back, after = run(ask())
    assert ZH("borders.change.from", name="Block A1") in page and ZH("borders.kind.gap") in page
    assert ZH("borders.changes.count", n="2") in page and "50.0 %" in page
    assert (
        svg.headers["content-type"] == "image/svg+xml"
        and "fill-opacity" in svg.text
        and svg.text.count("<polygon") == 5  # the ground; B2 and B3, old and new
    )
    assert all(one.status_code == 303 and "changed=yes" in one.headers["location"] for one in refused)
    assert all(one.status_code == 303 and "changed" not in one.headers["location"] for one in done)
    assert ZH("borders.done", version="2") in result, result[result.find("<main") :][:1500]
    assert "重划" in listed and f"{PATH}/2/undo" in listed
    assert back.status_code == 303 and "有误" in after and f"{PATH}/3/undo" in after
    assert [row.note for row in rows(office, boundary_version)] == ["", "重划", "有误"]
    said = [
        (row.person, row.object, row.detail)
        for row in rows(office, audit_entry)
        if row.action == "boundaries published"
    ]
    assert said == [("operator", "grid", "2: 重划"), ("operator", "grid", "3: 有误")]
    assert [row.job for row in rows(office, job_run)] == ["refresh"]


def test_with_facts_a_version_stays(office):
    async def ask():
        async with office.browser("operator") as browser:
            await publish(browser, await staged(browser))
            office.world.now = office.clock()
            office.world.load([case(1)])
            return await drawn(browser, PATH), await undo(browser, 2)

    page, answer = run(ask())
    assert ZH("borders.stays.facts") in page and "/undo" not in page
    assert answer.status_code == 303 and len(rows(office, boundary_version)) == 2
