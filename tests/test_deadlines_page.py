"""The page of the deadlines through the server: nothing yet, a list, versions, categories without, a limit tried."""

from offices import EN, ZH, drawn, run
from world import case

from data.deadline_files import list_of
from data.deadline_uses import uncovered
from data.deadlines import lists, record
from data.settings import EPOCH_DAY
from layouts.deadlines_ask import PATH, DeadlinesAsk, read_ask

HEAD = ["类别", "立案条件", "时限"]
ROADS = [["road", "hole", "2紧急工作时"], ["road", "crack", "4工作时"]]
FIRST = [HEAD, ["litter", "", "5工作日"], *ROADS]
SECOND = [HEAD, ["litter", "", "3工作日"], *ROADS]


def recorded(office, rows, *, kind="case", remark="") -> None:
    for own, limits in list_of(rows, "x.csv", office.world.settings, kind=kind).items():
        record(office.world.store, own, limits, now=office.clock(), by="张工", remark=remark)


def seen(office, name: str, search: str = "") -> str:
    async def ask():
        async with office.browser(name) as browser:
            return await drawn(browser, PATH, search)

    return run(ask())


def test_a_page_without_a_list_says_so_and_counts_a_limit(office):
    page = seen(office, "leader", "?start=2026-09-30 16:00&limit=4工作时")
    assert ZH("deadlines.none") in page and ZH("deadlines.uncovered.unknown") in page
    assert ZH("deadlines.trial.due") in page and "10月8日" in page and "10:00" in page


def test_a_list_its_versions_and_what_changed(office):
    recorded(office, FIRST, remark="第一版")
    recorded(office, SECOND, remark="缩短时限")
    page = seen(office, "analyst")
    assert (
        "3工作日" in page
        and "缩短时限" in page
        and "张工" in page
        and ZH("deadlines.found", n="3", all="3") in page
    )
    assert ZH("deadlines.changes.note", old=1, new=2, n="1") in page and "5工作日" in page
    narrowed = seen(office, "analyst", "?q=crack")
    assert ZH("deadlines.found", n="1", all="3") in narrowed and "2紧急工作时" not in narrowed
    assert ZH("deadlines.nothing") in seen(office, "analyst", "?q=nowhere")
    older = seen(office, "analyst", "?version=1")
    assert ZH("deadlines.other") in older and ZH("deadlines.back") in older
    orders = seen(office, "analyst", "?kind=order")
    assert ZH("deadlines.none") in orders
    assert "缩短时限" not in seen(office, "analyst", "?version=99"), "a version there is not"


def test_what_cannot_be_counted_is_said(office):
    assert ZH("deadlines.fault.limit") in seen(office, "leader", "?limit=soon")
    assert ZH("deadlines.fault.start") in seen(office, "leader", "?start=soon")
    assert ZH("deadlines.fault.start") in seen(office, "leader", "?start=0001-01-01")
    assert ZH("deadlines.trial.unknown") in seen(office, "leader", "?start=2026-12-31 09:00&limit=2工作日")


def test_categories_without_a_limit_are_those_of_the_scope(world):
    world.load(
        [
            case(1),
            case(2, category="road"),
            case(3, category="road", square=4.5),
            case(4, category="tree", square=4.5),
        ]
    )
    world.refresh()
    for kind, rows in list_of(FIRST, "x.csv", world.settings).items():
        record(world.store, kind, rows, now=world.clock(), by="operator")
    with world.store.read() as connection:
        known = lists(connection, "case").on((world.now.date() - EPOCH_DAY).days)

    def told(*units: str) -> list[tuple]:
        return [(x.category, x.facts, x.doubt) for x in uncovered(world.reader(*units), "case", known)]

    assert told() == [("road", 2, "condition"), ("tree", 1, "none")]
    assert told("A") == [("road", 1, "condition")]
    assert [x.category for x in uncovered(world.reader(), "case", None)] == ["road", "litter", "tree"]
    assert uncovered(world.reader(), "order", known) == []


def test_the_question_of_an_address_is_read_and_written():
    ask = DeadlinesAsk("order", "噪声", 3, "2026-03-02 09:00", "5工作日", "hours")
    assert read_ask(ask.pairs) == ask
    assert read_ask({"kind": "x", "version": "-1", "counting": "x"}) == DeadlinesAsk()
    assert DeadlinesAsk().href() == PATH and EN("deadlines.title")
