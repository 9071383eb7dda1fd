"""Lists of deadlines: limits as written, files, the list in force on a day, versions, a limit counted day by day."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from serving import run_linli

from data.calendar import Limit
from data.deadline_files import DeadlineError, list_of, read_list
from data.deadline_steps import steps
from data.deadlines import Deadline, changes, lists, record, versions
from data.instants import micros, moment
from data.limits import LimitError, clock_of, read_limit
from data.settings import EPOCH_DAY, parse_settings

PLAIN = parse_settings({"levels": ["grid"]}, folder=Path("."))
HEAD = ["大类", "小类", "立案条件", "时限", "计时", "计法", "起算", "种类"]
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAY = 20_000
STANDARDS = "cn_case_standards/yuncheng_case_standards.csv"


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("2紧急工作时", 2, "hours"), ("4工作时", 4, "working hours"), ("5工作日", 5, "working days"),
        (" ５ 个工作日 ", 5, "working days"), ("3 working days", 3, "working days"), ("24 h", 24, "hours"),
        ("30 min", 30, "minutes"), ("1.5小时", 1.5, "hours"), ("2天", 2, "days"),
        ("10 business hours", 10, "working hours"),
        ("种植季节15工作日", 15, "working days"), ("1 Day", 1, "days"), ("15分钟", 15, "minutes"),
    ],
)  # fmt: skip
def test_limits_as_people_write_them(text, amount, unit):
    assert read_limit(text) == Limit(amount, unit)


@pytest.mark.parametrize(
    "text", ["", "尽快", "5", "工作日", "0工作日", "-2 h", "1.5工作日", "999工作日", "3 weeks", "2 h 30 min"]
)
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(LimitError, match="expected a limit such as"):
        read_limit(text)


def test_the_clock_and_the_counting_beside_a_limit():
    assert read_limit("4小时", clock="working") == Limit(4, "working hours")
    assert read_limit("3天", clock="working", by_hours=True) == Limit(3, "working days in hours")
    assert read_limit("5工作日", by_hours=True) == Limit(5, "working days in hours")
    assert [clock_of(read_limit(text)) for text in ("2紧急工作时", "4工作时")] == ["continuous", "working"]
    with pytest.raises(LimitError, match="on the continuous clock"):
        read_limit("5工作日", clock="continuous")


def test_every_limit_of_the_published_standards_is_read(real_data):
    found = read_list(real_data / STANDARDS, PLAIN)
    assert list(found) == ["case"]
    rows = found["case"]
    assert len(rows) == 279 and len({row.place for row in rows}) == 279
    units = [row.length.unit for row in rows]
    assert [units.count(unit) for unit in ("hours", "working hours", "working days")] == [19, 26, 234]
    season = [row for row in rows if row.limit == "种植季节15工作日"]
    assert [(row.length, row.condition) for row in season] == [(Limit(15, "working days"), "缺失")]
    one = rows[0]
    assert (one.category, one.limit, one.starts) == ("公用设施/上水井盖", "2紧急工作时", "filed")


def test_a_table_of_limits():
    rows = [
        HEAD,
        ["市容环境", "暴露垃圾", "", "4小时", "工作", "", "派遣", ""],
        [],
        ["市容环境", "", "", "5工作日", "", "按工时", "", "案件"],
        ["噪声扰民", "", "", "3 working days", "", "", "", "工单"],
    ]
    assert list_of(rows, "x.csv", PLAIN) == {
        "case": (
            Deadline("市容环境/暴露垃圾", "4小时", Limit(4, "working hours"), "dispatched"),
            Deadline("市容环境", "5工作日", Limit(5, "working days in hours"), "filed"),
        ),
        "order": (Deadline("噪声扰民", "3 working days", Limit(3, "working days"), "accepted"),),
    }


def test_an_instance_may_count_working_days_by_their_hours():
    by_hours = parse_settings({"levels": ["grid"], "working_time": {"days": "hours"}}, folder=PLAIN.folder)
    row = list_of([["category", "limit"], ["x", "5工作日"]], "x.csv", by_hours)["case"][0]
    assert row.length.unit == "working days in hours"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["a", "", "", "soon", "", "", "", ""], "x.csv row 2: limit: got 'soon'; expected a limit"),
        (["a", "", "", "5工作日", "fast", "", "", ""], "x.csv row 2: clock: got 'fast'; expected one of continuous"),
        (["a", "", "", "4 h", "", "工时", "", ""], "x.csv row 2: counting: got 'hours'; expected it for working"),
        (["a", "", "", "4 h", "", "", "受理", ""], "x.csv row 2: starts: got 'accepted'; expected one of filed"),
        (["a", "", "", "4 h", "", "", "", "告警"], "x.csv row 2: kind: got '告警'; expected one of case, order"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_meant_is_refused(row, said):
    with pytest.raises(DeadlineError) as error:
        list_of([HEAD, row], "x.csv", PLAIN)
    assert str(error.value).startswith(said)


def test_what_is_no_list_is_refused():
    for rows, said in (
        ([], "got columns "), ([["a", "b"]], "got columns a, b; expected category and limit"),
        ([["category", "limit"]], "got no limit; expected one or more"),
        ([["category", "limit"], ["a", "4 h"], ["a", "5 h"]], "x.csv row 3: category: got 'a' again"),
        ([["大类代码", "小类代码"], ["1", "2"]], "expected it among"),
    ):  # fmt: skip
        with pytest.raises(DeadlineError) as error:
            list_of(rows, "x.csv", PLAIN)
        assert said in str(error.value)


def limit(category: str, text: str, **more) -> Deadline:
    return Deadline(category, text, read_limit(text), "filed", **more)


def test_which_list_holds_on_a_day(store):
    def said(day: int, as_of: int | None = None) -> str | None:
        with store.read() as connection:
            found = lists(connection, "case", as_of=as_of).on(day)
        return found and found.rows[0].limit

    assert said(DAY) is None
    today = (MORNING.date() - EPOCH_DAY).days
    record(store, "case", [limit("a", "1 h")], now=MORNING, by="operator")
    record(store, "case", [limit("a", "2 h")], now=MORNING.replace(hour=9), by="operator", valid_from_on=DAY)
    record(store, "case", [limit("a", "3 h")], now=MORNING.replace(hour=10), by="operator", valid_from_on=DAY)
    record(store, "case", [limit("a", "4 h")], now=MORNING.replace(hour=11), by="operator")
    record(store, "order", [limit("a", "9 h")], now=MORNING.replace(hour=12), by="operator")
    assert [said(day) for day in (0, DAY - 1, DAY, today - 1, today)] == ["1 h", "1 h", "3 h", "3 h", "4 h"]
    assert said(DAY, micros(MORNING.replace(hour=9))) == "2 h"
    assert said(DAY, micros(MORNING) - 1) is None
    with store.read() as connection:
        told = [(one.number, one.kind, one.valid_from_on, one.recorded_by) for one in versions(connection)]
    assert told == [
        (5, "order", None, "operator"), (4, "case", today, "operator"), (3, "case", DAY, "operator"),
        (2, "case", DAY, "operator"), (1, "case", None, "operator"),
    ]  # fmt: skip


def test_what_changed_between_two_lists(store):
    old = [limit("a", "1 h"), limit("b", "2 h"), limit("c", "5工作日"), limit("d", "1 h", condition="wet")]
    new = [limit("a", "60 min"), limit("b", "2小时"), limit("d", "1 h", condition="dry"), limit("e", "1 h")]
    for rows in (old, new):
        record(store, "case", rows, now=MORNING, by="operator")
    with store.read() as connection:
        before, after = sorted(lists(connection, "case").lists, key=lambda one: one.number)
    told = [(x.row.category, x.old and x.old.limit, x.new and x.new.limit) for x in changes(before, after)]
    assert told == [
        ("a", "1 h", "60 min"), ("d", None, "1 h"), ("e", None, "1 h"), ("c", "5工作日", None), ("d", "1 h", None),
    ]  # fmt: skip


COUNTED = [  # limit, start, due, days listed, those that count
    ("4工作时", "2026-09-30 16:00", "2026-10-08 10:00", 9, 2),  # over the holidays of October
    ("3工作日", "2026-09-30 16:00", "2026-10-10 23:59", 11, 3),  # Saturday the 10th is worked
    ("30 h", "2026-09-30 16:00", "2026-10-01 22:00", 2, 2),
    ("2天", "2026-09-30 16:00", "2026-10-08 23:59", 9, 2),  # the last day is none of work, so it moves on
    ("90 min", "2026-09-30 16:00", "2026-09-30 17:30", 1, 1),
]


@pytest.mark.parametrize(("text", "start", "due", "listed", "counting"), COUNTED)
def test_the_days_of_a_limit_add_up_to_it(lite, text, start, due, listed, counting):
    zone, length = lite.settings.timezone, read_limit(text)
    with lite.read() as connection:
        begin = micros(datetime.fromisoformat(start).replace(tzinfo=zone))
        found = steps(connection, lite.settings, length, begin)
    assert found.due is not None and f"{moment(found.due).astimezone(zone):%Y-%m-%d %H:%M}" == due
    assert (len(found.steps), sum(step.counted > 0 for step in found.steps)) == (listed, counting)
    assert found.steps[-1].total == length.amount and not found.cut


def test_days_that_nobody_knows_end_the_count(lite):
    zone = lite.settings.timezone
    with lite.read() as connection:
        begin = micros(datetime(2026, 12, 30, 9, tzinfo=zone))
        found = steps(connection, lite.settings, read_limit("5工作日"), begin)
        far = steps(
            connection, lite.settings, read_limit("100工作日"), micros(datetime(2026, 1, 5, tzinfo=zone))
        )
    assert found.due is None
    assert [(step.on.isoformat(), step.day.working) for step in found.steps][-1] == ("2027-01-01", -1)
    assert far.cut and far.due is not None


def test_commands_of_the_deadlines(tmp_path):
    instance = tmp_path / "instance"
    run_linli("init", instance)
    ask = ("--instance", instance, "--json", "deadlines")
    assert json.loads(run_linli(*ask, "--on", "2026-11-02").stdout) == {"on": "2026-11-02", "lists": []}
    path = tmp_path / "limits.csv"
    path.write_text("种类,类别,时限\n案件,市容环境,4工作时\n工单,噪声扰民,5工作日\n", encoding="gb18030")
    assert (
        "1 deadlines of cases recorded"
        in run_linli("--instance", instance, "deadlines", "import", path).stdout
    )
    path.write_text("category,limit\n市容环境,2 h\n", encoding="utf-8")
    run_linli(*ask, "import", path, "--valid-from", "2026-11-03", "--note", "faster")
    before, after = (
        json.loads(run_linli(*ask, "--on", day).stdout)["lists"] for day in ("2026-11-02", "2026-11-03")
    )
    assert [(one["kind"], one["deadlines"][0]["limit"]) for one in before] == [
        ("case", "4工作时"),
        ("order", "5工作日"),
    ]
    assert (after[0]["note"], after[0]["valid_from"]) == ("faster", "2026-11-03")
    assert after[0]["deadlines"][0] == {
        "category": "市容环境", "condition": "", "channel": "", "type": "", "limit": "2 h", "amount": 2.0,
        "unit": "hours", "clock": "continuous", "starts": "filed",
    }  # fmt: skip
    told = json.loads(run_linli(*ask, "versions").stdout)["versions"]
    assert [one["number"] for one in told] == [3, 2, 1]
    path.write_text("category,limit\nx,soon\n", encoding="utf-8")
    wrong = run_linli("--instance", instance, "deadlines", "import", path, check=False)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("linli: limits.csv row 2: limit: got 'soon'; expected a limit such as")
