"""The calendar an office keeps: the seed, days entered over it, what was known when, and the commands."""

import json
from datetime import UTC, datetime

import pytest
from serving import run_linli

from data.calendar import UNKNOWN, Limit
from data.calendar_days import CalendarError, calendar, days, entered, list_of, record, unknown
from data.holidays import first_of
from data.instants import micros

HEAD = ["日期", "是否工作日", "名称"]
NOTICE = [HEAD, ["2027-01-01", "休", "元旦"], ["2027/01/03", "班", ""], [], ["2027-02-06", "否", "春节"]]
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def of_year(store, year: int, **known) -> dict[str, tuple[int, str]]:
    with store.read() as connection:
        return {
            day.on.isoformat(): (day.working, day.name)
            for day in days(connection, store.settings, year, **known)
        }


def test_the_exceptions_of_a_year_are_enough_to_know_it(store):
    assert set(of_year(store, 2027).values()) == {(-1, "")}
    listed = list_of(NOTICE, "notice.csv", store.settings)
    assert len(listed) == 365
    assert record(store, listed, now=MORNING, by="operator") == 365
    found = of_year(store, 2027)
    assert found["2027-01-01"] == (0, "元旦") and found["2027-01-03"] == (1, "")  # a Friday; a Sunday
    assert found["2027-01-04"] == (1, "") and found["2027-02-06"] == (0, "春节")
    with store.read() as connection:
        assert unknown(connection, store.settings, (2026, 2027, 2028)) == [2028]


def test_a_day_of_a_known_year_is_mended_alone_and_the_past_stays_as_it_was_known(store):
    before = of_year(store, 2026)
    mended = list_of([HEAD, ["2026-03-02", "休", "放假一天"]], "x.csv", store.settings)
    assert len(mended) == 1 and before["2026-03-02"] == (1, "")
    assert record(store, mended, now=MORNING, by="operator") == 1
    assert record(store, mended, now=MORNING, by="operator") == 0, "the same list again says nothing new"
    back = list_of([HEAD, ["2026-03-02", "班", ""]], "x.csv", store.settings)
    assert of_year(store, 2026) == before | {"2026-03-02": (0, "放假一天")}
    assert of_year(store, 2026, as_of=micros(MORNING) - 1) == before
    assert record(store, back, now=MORNING.replace(hour=9), by="operator") == 1
    assert of_year(store, 2026) == before
    assert of_year(store, 2026, as_of=micros(MORNING)) != before
    with store.read() as connection:
        assert len(entered(connection)) == 1


def test_deadlines_follow_the_days_entered(store):
    friday = micros(datetime(2026, 12, 31, 9, tzinfo=store.settings.timezone))

    def due() -> int:
        import numpy as np

        with store.read() as connection:
            of = calendar(connection, store.settings, until=2027)
        return int(of.due(np.array([friday]), [Limit(1, "working days")], np.array([0]), np.array([0]))[0])

    assert due() == UNKNOWN
    record(store, list_of(NOTICE, "notice.csv", store.settings), now=MORNING, by="operator")
    assert due() == store.settings.day_start(first_of(2027) + 3) - 1  # Sunday the 3rd is worked


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["日期", "名称"], ["2027-01-01", "元旦"]], "got columns 日期, 名称; expected day and working"),
        ([HEAD, ["01.01.2027", "休", ""]], "row 2: day: got '01.01.2027'"),
        ([HEAD, ["2027-01-01", "半", ""]], "row 2: working: got '半'"),
        ([HEAD, ["2027-01-01", "休", ""], ["2027-01-01", "班", ""]], "row 3: day: got 2027-01-01 again"),
        ([], "got columns ; expected"),
    ],
)
def test_what_is_no_list_of_days_is_refused(store, rows, said):
    with pytest.raises(CalendarError) as error:
        list_of(rows, "x.csv", store.settings)
    assert said in str(error.value)


def test_commands_of_the_calendar(tmp_path):
    instance = tmp_path / "instance"
    run_linli("init", instance)
    ask = ("--instance", instance, "--json", "calendar", "--year")
    known = json.loads(run_linli(*ask, "2026").stdout)
    assert (known["known"], known["working_days"]) == (True, 248)
    assert {"day": "2026-02-14", "working": True, "name": "春节"} in known["days"]
    assert json.loads(run_linli(*ask, "2027").stdout) == {
        "year": 2027, "known": False, "working_days": None, "days": [],
    }  # fmt: skip
    assert "not known yet" in run_linli("--instance", instance, "calendar", "--year", "2027").stdout
    notice = tmp_path / "notice.csv"
    notice.write_text("\n".join(map(",".join, NOTICE)) + "\n", encoding="gb18030")
    assert (
        "365 days entered of 2027" in run_linli("--instance", instance, "calendar", "import", notice).stdout
    )
    assert json.loads(run_linli(*ask, "2027").stdout)["known"]
    wrong = run_linli("--instance", instance, "calendar", "--year", "1", check=False)
    assert wrong.returncode == 1 and wrong.stderr == "linli: --year: got 1; expected 1970 to 2999\n"
