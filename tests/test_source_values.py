"""Values of a CSV: times, places, choices and numbers become facts, and what breaks a rule a reject."""

import csv
import io
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_files import CASES, HEADER, ROW, declare, read, write

from data.sources.batch import SourceError

ORDER = """
kind = "order"
format = "csv"
timezone = "Asia/Shanghai"

[fields]
id = "工单编号"
accepted_at = "受理时间"
due_at = "办理期限"
first_contact = "先行联系"
satisfaction = "综合满意度"
returns = "退单次数"
caller_phone = "来电电话"

[values.satisfaction]
"满意" = "satisfied"
"不满意" = "dissatisfied"
"""


@pytest.mark.parametrize(
    ("row", "field", "value", "rule"),
    [
        (",x,2025-01-01,,,", "id", "", "a value; every case has one"),
        ("A,x,,,,", "reported_at", "", "a value; every case has one"),
        ("A,x,2025-13-01,,,", "reported_at", "2025-13-01", "a time such as 2025-01-31 09:05"),
        ("A,x,2999-01-01,,,", "reported_at", "2999-01-01", "a time from 1990-01-01 to 2026-07-02"),
        ("A,x,1889-01-01,,,", "reported_at", "1889-01-01", "a time from 1990-01-01 to 2026-07-02"),
        ("A,x,2025-01-01,soon,,", "closed_at", "soon", "a time such as 2025-01-31 09:05"),
        ("A,x,2025-01-01,,east,31", "lon", "east", "a number"),
        (f"{'A' * 201},x,2025-01-01,,,", "id", "A" * 79 + "…", "at most 200 bytes"),
        ("A\0B,x,2025-01-01,,,", "id", "A�B", "text without NUL characters"),
    ],
)
def test_a_bad_row_is_a_reject_and_the_rest_loads(tmp_path, row, field, value, rule):
    frame, rejects, _ = read(declare(tmp_path), write(tmp_path, f"{HEADER}\n{row}\n{ROW}\n"))
    assert frame["key"].tolist() == ["A1"]
    (reject,) = rejects
    assert (reject.file, reject.row, reject.field, reject.value, reject.rule) == (
        "cases.csv",
        2,
        field,
        value,
        rule,
    )


def test_a_fact_closed_before_it_was_reported_is_kept_and_flagged(tmp_path):
    text = f"{HEADER}\nA,x,2025-01-02,2025-01-01,,\n{ROW}\n"
    frame, rejects, notes = read(declare(tmp_path), write(tmp_path, text))
    assert frame["flags"].tolist() == ["closed_before_reported", ""]
    assert notes["flagged:closed_before_reported"] == 1
    assert not rejects


def test_coordinates_that_are_no_place_become_empty_and_are_counted(tmp_path):
    rows = [
        "A,x,2025-01-01,,0,0",
        "B,x,2025-01-01,,31.2,121.5",
        "C,x,2025-01-01,,NaN,31",
        "D,x,2025-01-01,,121.5,",
    ]
    rows += [
        "E,x,2025-01-01,,999,31",
        "F,x,2025-01-01,,１２１．５００１,31.2001",
        "G,x,2025-01-01,,121.52,31.21",
    ]
    frame, rejects, notes = read(declare(tmp_path), write(tmp_path, "\n".join([HEADER, *rows])))
    assert frame["lon"].isna().tolist() == [True] * 5 + [False] * 2
    assert frame["lon"].isna().equals(frame["lat"].isna())
    assert frame["lon"][5] == 121.5001
    assert notes["coordinates_missing"] == 2
    assert notes["coordinates_unusable"] == 3
    assert notes["axes_swapped"] == 1
    assert notes["coordinates_coarse"] == 1
    assert not rejects


def test_other_coordinate_systems_become_wgs84(tmp_path):
    text = f"{HEADER}\nA,x,2025-01-01,,121.529348,31.282932\n"
    frame, _, _ = read(declare(tmp_path, CASES.replace("EPSG:4326", "GCJ-02")), write(tmp_path, text))
    assert frame["lon"][0] == pytest.approx(121.525, abs=2e-6)
    assert frame["lat"][0] == pytest.approx(31.285, abs=2e-6)
    metres = f"{HEADER}\nA,x,2025-01-01,,645217.004,3463576.541\nB,x,2025-01-01,,0,0\n"
    frame, _, notes = read(
        declare(tmp_path, CASES.replace("EPSG:4326", "EPSG:4549")), write(tmp_path, metres)
    )
    assert frame["lon"][0] == pytest.approx(121.525, abs=1e-5)
    assert pd.isna(frame["lon"][1])
    assert notes["coordinates_unusable"] == 1


def test_orders_choices_counts_and_deadlines(tmp_path):
    header = "工单编号,受理时间,办理期限,先行联系,综合满意度,退单次数,来电电话"
    rows = [
        "1,2026-06-01,2030-01-01,是,满意,１２,13900000000",
        "2,2026-06-01,2099-01-01,否,,0,13900000000",
        "3,2026-06-01,,也许,,0,13900000000",
        "4,2026-06-01,,,很好,0,13900000000",
        "5,2026-06-01,,,,-1,13900000000",
        '6,2026-06-01,,未评价,,"1,000",13900000000',
        "7,2026-06-01,,unrated,Dissatisfied,1.5,13900000000",
        "8,2026-06-01,,unrated,Dissatisfied,,13900000000",
    ]
    frame, rejects, _ = read(declare(tmp_path, ORDER), write(tmp_path, "\n".join([header, *rows])))
    assert frame["key"].tolist() == ["1", "8"]
    assert frame["first_contact"].tolist() == ["yes", "unrated"]
    assert frame["satisfaction"].tolist() == ["satisfied", "dissatisfied"]
    assert frame["returns"].tolist() == [12, pd.NA]
    assert [(reject.row, reject.field) for reject in rejects] == [
        (3, "due_at"), (4, "first_contact"), (5, "satisfaction"), (6, "returns"), (7, "first_contact"), (8, "returns")
    ]  # fmt: skip
    assert rejects[2].rule == "one of satisfied, mostly, neutral, dissatisfied, unrated"


def test_sealed_values_arrive_named_and_never_show_in_a_reject(tmp_path):
    text = ORDER.replace("[fields]", 'sealed = ["联系人"]\ndrop = ["姓名"]\n[fields]')
    source = declare(tmp_path, text)
    header = "工单编号,受理时间,办理期限,先行联系,综合满意度,退单次数,来电电话,联系人,姓名"
    rows = ["1,2026-06-01,,,,,139\0,王,李", "2,2026-06-01,,,,,13900000000,王,李"]
    frame, rejects, _ = read(source, write(tmp_path, "\n".join([header, *rows])))
    assert set(source.sealed) == {"caller_phone", "联系人"}
    assert frame["联系人"].tolist() == ["王"]
    assert "李" not in frame.to_csv()
    assert (rejects[0].field, rejects[0].value) == ("caller_phone", "•••")


PARKING = """
kind = "parking"
format = "csv"
timezone = "Europe/London"
[fields]
lot = "lot"
observed_at = "t"
capacity = "cap"
occupied = "n"
"""


@pytest.mark.parametrize(
    ("otherwise", "kept", "occupied", "flags"),
    [
        ("flag", 3, [5, -1, 12], ["", "occupied_below_min", "occupied_above_capacity"]),
        ("clip", 3, [5, 0, 10], ["", "occupied_clipped", "occupied_clipped"]),
        ("reject", 1, [5], [""]),
    ],
)
def test_rules_reject_flag_or_clip(tmp_path, otherwise, kept, occupied, flags):
    rules = f'[rules]\noccupied = {{ min = 0, max = "cap", else = "{otherwise}" }}\n'
    text = "lot,t,cap,n\nL,2016-10-04 07:59:42,10,5\nL,2016-10-04 08:00:00.5,10,-1\nL,2016-12-04 08:00:00,10,12\n"
    frame, rejects, notes = read(declare(tmp_path, PARKING + rules), write(tmp_path, text))
    assert len(frame) == kept
    assert frame["occupied"].tolist() == occupied
    assert frame["flags"].tolist() == flags
    assert len(rejects) == 3 - kept
    assert sum(notes.values()) == (kept - 1 if otherwise != "reject" else 0)
    assert frame["key"].tolist()[:2] == ["L@2016-10-04T06:59:42Z", "L@2016-10-04T07:00:00.500000Z"][:kept]


def test_a_negative_count_without_a_rule_is_a_reject(tmp_path):
    _, rejects, _ = read(
        declare(tmp_path, PARKING), write(tmp_path, "lot,t,cap,n\nL,2016-10-04,10,-1\nL,2016-10-05,9,\n")
    )
    assert [reject.rule for reject in rejects] == [
        "a whole number, 0 or more",
        "a value; every parking reading has one",
    ]


def test_vacant_gives_occupied(tmp_path):
    source = declare(tmp_path, PARKING.replace("occupied =", "vacant ="))
    text = "lot,t,cap,n\nL,2016-10-04,10,4\nL,2016-10-05,10,11\nL,2016-10-06,,1\n"
    frame, rejects, _ = read(source, write(tmp_path, text))
    assert frame["occupied"].tolist() == [6]
    assert "vacant" not in frame
    assert [reject.row for reject in rejects] == [3, 4]


def test_fields_from_constants_parts_joins_lists_and_conditions(tmp_path):
    text = """
kind = "case"
format = "csv"
timezone = "UTC"
crs = "EPSG:4326"
[fields]
id = { columns = ["a", "b"], join = "-" }
version = "v"
category = { columns = ["big", "small"] }
channel = { value = "app" }
status = ["gone", "state"]
reported_at = { columns = ["day", "clock"], join = " " }
closed_at = { column = "changed", when = { state = ["done", "shut"] } }
lat = { column = "where", part = 1 }
lon = { column = "where", part = 2 }
unit_hint = ["grid", "town"]
[missing]
"*" = ["NULL"]
unit_hint = "-"
"""
    header = "a,b,v,big,small,state,day,clock,changed,where,grid,town"
    rows = [
        '1,x,7,B,S,done,2025-01-01,09:00,2025-01-02,"(31.2001, 121.5001)",-,T',
        "2,,2025-01-01 00:00:00,B,NULL,open,2025-01-01,,2025-01-02,,G,T",
    ]
    frame, rejects, _ = read(declare(tmp_path, text), write(tmp_path, "\n".join([header, *rows])))
    assert not rejects
    assert frame["key"].tolist() == ["1-x", "2"]
    assert frame["version"].tolist() == [7, 1735689600000000]
    assert frame["category"].tolist() == ["B/S", "B"]
    assert frame["channel"].tolist() == ["app", "app"]
    assert frame["status"].tolist() == ["done", "open"]
    assert frame["reported_at"].dt.hour.tolist() == [9, 0]
    assert frame["closed_at"].isna().tolist() == [False, True]
    assert (frame["lat"][0], frame["lon"][0]) == (31.2001, 121.5001)
    assert frame["unit_hint"].isna().tolist() == [True, False]
    assert frame["unit_hint_2"].tolist() == ["T", "T"]


def test_clocks_that_went_back_are_counted(tmp_path):
    source = declare(tmp_path, CASES.replace("Asia/Shanghai", "America/New_York"))
    text = f"{HEADER}\nA,x,2025-11-02 01:30:00,2025-11-02 03:30:00,,\nB,x,2026-03-08 02:30:00,,,\n"
    frame, _, notes = read(source, write(tmp_path, text))
    assert (notes["time_folds"], notes["time_gaps"]) == (1, 1)
    assert frame["reported_at"][0] == pd.Timestamp("2025-11-02T05:30:00Z")


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
times = st.sampled_from(
    ["2025-01-01", "2025/1/1 9:05", "2999-01-01", "soon", "", "45658.5", "2025-03-09T02:30:00Z"]
)
numbers = st.sampled_from(["", "0", "121.5", "31.2", "x", "NaN", "1,234.5", "-999", "1e400", "１２１"])
table = st.lists(st.tuples(cells, cells, times, times, numbers, numbers), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(table, st.integers(1, 7))
def test_every_row_is_accepted_or_rejected_or_counted(tmp_path, rows, limit):
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([HEADER.split(","), *rows])
    frame, rejects, notes = read(declare(tmp_path), write(tmp_path, out.getvalue()), limit=limit)
    furniture = notes["blank_rows"] + notes["total_rows"] + notes["repeated_headers"]
    assert len(frame) + len(rejects) + furniture == len(rows)
    seen = [*frame.get("row", []), *(reject.row for reject in rejects)]
    assert len(set(seen)) == len(seen)
    for key, row in zip(frame.get("key", []), frame.get("row", []), strict=True):
        assert key == rows[row - 2][0].strip()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_on_one_line(tmp_path, body):
    path = tmp_path / "cases.csv"
    path.write_bytes(HEADER.encode() + b"\n" + body)
    try:
        read(declare(tmp_path), path)
    except SourceError as error:
        assert "\n" not in str(error)
        assert str(error).startswith("cases.csv")


def test_the_clock_is_a_parameter(tmp_path):
    path = write(tmp_path, f"{HEADER}\n{ROW}\n")
    assert not read(declare(tmp_path), path, now=datetime(2025, 1, 1, tzinfo=UTC))[1]
    assert len(read(declare(tmp_path), path, now=datetime(2024, 12, 30, tzinfo=UTC))[1]) == 1
