"""The way of a file through the server: who may send one, what is refused, what nobody else sees, what stays behind."""

import gc
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from offices import PAGE, ZH, drawn, run
from test_hostile_files import memory
from uploading import csv_of, row
from world import START

from data import staging
from data.scope import PERMISSIONS, ROLES
from layouts.upload_ask import PATH

FILE = csv_of([*(row(n) for n in range(30)), row(90, 上报时间="never")])


async def send(browser, body=FILE, name="案件.csv", **headers):
    given = {"x-token": browser.token, "x-file-name": quote(name), **headers}
    return await browser.post(PATH, content=body, headers=given)


async def staged(browser, body=FILE, name="案件.csv") -> str:
    answer = await send(browser, body, name)
    assert answer.status_code == 201, answer.text
    return answer.json()["to"]


async def decide(browser, to: str, act: str, **fields):
    return await browser.post(to, data={"token": browser.token, "act": act, **fields})


def test_operators_and_administrators_may_send_files_and_nobody_else(office):
    async def ask(role):
        async with office.browser(role) as browser:
            return {
                "page": (await browser.get(PATH, headers=PAGE)).status_code,
                "one": (await browser.get(f"{PATH}/{'x' * 32}", headers=PAGE)).status_code,
                "send": (await send(browser)).status_code,
                "decide": (await decide(browser, f"{PATH}/{'x' * 32}", "store")).status_code,
                "rejects": (await browser.get(f"{PATH}/{'x' * 32}/rejects.xlsx")).status_code,
            }

    for role in ROLES:
        may = {"page": 200, "one": 200, "send": 201, "decide": 404, "rejects": 404}
        expected = may if role in PERMISSIONS["upload"] else dict.fromkeys(may, 403)
        assert run(ask(role)) == expected, role
    assert len(office.left) == 2


def test_a_stranger_learns_nothing(office):
    async def ask():
        async with office.browser("") as stranger:
            page = await stranger.get(PATH, headers=PAGE)
            return page, await send(stranger), await decide(stranger, f"{PATH}/{'x' * 32}", "store")

    page, sent, decided = run(ask())
    assert (page.status_code, page.headers["location"]) == (303, "/login?page=sources")
    assert (sent.status_code, decided.status_code) == (401, 401) and office.left == []


def test_a_part_of_the_instance_is_not_enough_to_speak_for_all(office):
    async def ask():
        async with office.browser("partial") as browser, office.browser("operator") as whole:
            to = await staged(whole)
            refused = [
                await send(browser),
                await decide(browser, to, "store"),
                await browser.get(f"{to}/rejects.xlsx"),
            ]
            return (
                [one.status_code for one in refused],
                await drawn(browser, PATH),
                await drawn(browser, "/sources"),
            )

    statuses, page, sources = run(ask())
    assert statuses == [403, 403, 403] and len(office.left) == 1
    assert ZH("shell.forbidden") in page and "data-upload" not in page and PATH not in sources


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"x-token": ""},
     {"x-token": "x" * 43}],
)  # fmt: skip
def test_a_file_comes_from_a_page_of_ours_or_not_at_all(office, headers):
    async def ask():
        async with office.browser("operator") as browser:
            to = await staged(browser)
            refused = await send(browser, **headers)
            form = {"token": headers.get("x-token", browser.token), "act": "discard"}
            other = {name: value for name, value in headers.items() if name != "x-token"}
            return refused.status_code, (await browser.post(to, data=form, headers=other)).status_code

    assert run(ask()) == (403, 403) and len(office.left) == 1


def test_another_person_finds_nothing_under_a_token(office):
    async def ask():
        async with office.browser("operator") as owner, office.browser("second") as other:
            to = await staged(owner)
            answers = [await decide(other, to, act) for act in ("store", "discard")]
            answers.append(await other.get(f"{to}/rejects.xlsx"))
            return [one.status_code for one in answers], await drawn(other, to), await drawn(owner, to)

    statuses, theirs, mine = run(ask())
    assert statuses == [404, 404, 404] and len(office.left) == 1
    assert ZH("upload.over") in theirs and "案件.csv" not in theirs and "案件.csv" in mine


def test_what_a_page_may_not_show_is_not_drawn_for_who_asks_past_it(office):
    """The frame is drawn by one callback for every page: the address itself decides who may open it."""

    async def ask():
        async with office.browser("leader") as leader, office.browser("auditor") as auditor:
            return [
                await drawn(leader, PATH),
                await drawn(auditor, "/sources/unplaced"),
                await drawn(leader, "/sources"),
            ]

    upload, queue, sources = run(ask())
    assert "data-upload" not in upload and ZH("shell.missing") in upload
    assert ZH("places.report") not in queue and PATH not in sources


def test_the_whole_way_of_a_file(office):
    async def ask():
        async with office.browser("operator") as browser:
            to = await staged(browser)
            check = await drawn(browser, to, "?every=1+day")
            book = await browser.get(f"{to}/rejects.xlsx")
            done = await decide(browser, to, "store", every="1 day")
            again = await decide(browser, to, "store", every="1 day")
            return (
                to,
                check,
                book,
                done,
                again,
                await drawn(browser, to),
                await browser.get(f"{to}/rejects.xlsx"),
            )

    to, check, book, done, again, result, after = run(ask())
    assert "R90" not in check and ZH("upload.rejects", n="1") in check
    assert book.content[:2] == after.content[:2] == b"PK"
    assert unquote(book.headers["content-disposition"]).endswith("案件_拒收.xlsx")
    assert {(one.status_code, one.headers["location"]) for one in (done, again)} == {(303, to)}
    assert (
        ZH("upload.done", n="30", source="案件") in result and "/map/-/-?indicator=cases_reported" in result
    )
    origin = (office.world.settings.folder / "sources" / "案件.toml").read_text(encoding="utf-8")
    assert 'every = "1 day"' in origin
    with office.world.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM load").scalar() == 1


def test_a_discarded_file_and_one_that_is_over_are_gone(office):
    async def ask():
        async with office.browser("operator") as browser:
            to, other = await staged(browser), await staged(browser)
            answer = await decide(browser, to, "discard")
            return answer, await drawn(browser, to), other

    answer, page, _ = run(ask())
    assert answer.headers["location"] == PATH and ZH("upload.over") in page and len(office.left) == 1


def test_housekeeping_sweeps_what_is_over(office):
    from data.jobs import Slot
    from data.schedule import keep_house

    async def ask():
        async with office.browser("operator") as browser:
            await staged(browser)

    run(ask())
    slot = Slot(1, "housekeeping", START, 1)
    assert keep_house(office.world.store, office.world.settings, office.clock, slot)["uploads"] == 0
    office.now = START + staging.KEPT * 2
    assert keep_house(office.world.store, office.world.settings, office.clock, slot)["uploads"] == 1
    assert office.left == []


def test_a_large_file_is_written_as_it_comes_and_one_too_large_leaves_nothing(office):
    async def lines(count):
        yield ",".join(("任务号", "上报时间", "大类名称")).encode() + b"\n"
        for number in range(count):
            yield b"".join(b"R%d-%d,2026-02-01 08:00,%s\n" % (number, n, b"x" * 30) for n in range(2000))

    async def ask():
        async with office.browser("operator") as browser:
            await send(browser)
            gc.collect()
            Path("/proc/self/clear_refs").write_text("5")
            before = memory("VmRSS")
            name = {"x-token": browser.token, "x-file-name": "large.csv"}
            large = await browser.post(PATH, content=lines(1200), headers=name)
            return large, memory("VmHWM") - before

    large, grown = run(ask())
    assert large.status_code == 422 and "100 MB" in large.json()["sentence"]
    assert ZH("upload.refused.large", size="100 MB") == large.json()["refused"]
    assert grown < 20 and len(office.left) == 1
