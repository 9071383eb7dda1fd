"""Addresses matched with entries: exact, by range, by likeness, or open with a reason."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Series

from geo.gazetteer import HOWS, Entry, Gazetteer
from geo.units import arrange

# A town of two grids with two micro-grids each; positions 1 street, 2 A, 3 A1, 4 A2, 5 B, 6 B1, 7 B2.
UNITS = arrange(
    DataFrame(
        [("S", "梧桐里街道", 0, None), ("A", "甲网格", 1, "S"), ("A1", "甲一", 2, "A"), ("A2", "甲二", 2, "A"),
         ("B", "乙网格", 1, "S"), ("B1", "乙一", 2, "B"), ("B2", "乙二", 2, "B")],
        columns=["code", "name", "level", "parent_code"],
    )
)  # fmt: skip
A, A1, A2, B, B1, B2 = 2, 3, 4, 5, 6, 7
ROWS = [
    ("region", "汀洲市", "", 0, 0, 0, -1, 0),
    ("building", "松风苑1号楼", "青藤路", 0, 1, 1, -1, A1),
    ("building", "松风苑2号楼", "青藤路", 0, 2, 2, -1, A1),
    ("estate", "松风苑", "", 0, 0, 0, -1, A1),
    ("lane", "", "青藤路", 9, 1, 20, 1, A2),
    ("lane", "", "青藤路", 9, 1, 20, 0, B1),
    ("lane", "", "沧浪路", 7, 0, 0, -1, B2),
    ("building", "", "青藤路", 0, 12, 12, -1, A2),
    ("building", "", "青藤路", 0, 14, 14, -1, B1),
    ("building", "", "青藤路", 0, 30, 30, -1, A1),
    ("building", "", "青藤路", 0, 32, 32, -1, A2),
    ("landmark", "鹤鸣小学|鹤小", "", 0, 0, 0, -1, B1),
    ("landmark", "八号桥", "", 0, 0, 0, -1, B2),
    ("landmark", "青藤路/沧浪路", "", 0, 0, 0, -1, B),
    ("road", "", "延吉路", 0, 0, 0, -1, 0),
    ("shop", "Corner Café", "", 0, 0, 0, -1, A2),
    ("building", "", "5th Avenue", 0, 350, 350, -1, A2),
]
NAMES = ["kind", "name", "road", "lane", "low", "high", "side", "pos"]


def gazetteer(*more, **dated) -> Gazetteer:
    frame = DataFrame([*ROWS, *more], columns=NAMES).assign(
        branch=0, valid_from_on=np.nan, valid_to_on=np.nan
    )
    for row, (start, end) in dated.items():
        frame.loc[int(row[1:]), ["valid_from_on", "valid_to_on"]] = [start, end]
    return Gazetteer(frame, UNITS)


BOOK = gazetteer()


@pytest.mark.parametrize(
    ("text", "pos", "how", "reason"),
    [
        ("青藤路1号", A1, "exact", "listed"),
        ("汀洲市梧桐里街道青藤路1号302室", A1, "exact", "listed"),
        ("青藤1号", A1, "exact", "listed"),
        ("松风苑2幢", A1, "exact", "listed"),
        ("松风苑", A1, "exact", "listed"),
        ("松风苑88号楼", A1, "range", "in-estate"),
        ("松风苑2楼", A1, "exact", "floor-or-building"),
        ("青藤路9弄3号", A2, "range", "in-range"),
        ("青藤路9弄4号", B1, "range", "in-range"),
        ("沧浪路7弄999号", B2, "range", "in-lane"),
        ("青藤路30-32号", A, "range", "in-range"),  # both in one unit a level up
        ("青藤路12-14号", 0, "none", "ambiguous"),  # one in A, one in B
        ("青腾路1号", A1, "fuzzy", "spelling"),
        ("藤青路1号", A1, "fuzzy", "spelling"),
        ("青路1号", A1, "fuzzy", "spelling"),
        ("青藤路1好", A1, "fuzzy", "odd-sign"),
        ("青藤路9-3号", A2, "fuzzy", "odd-sign"),  # 9弄3号
        ("青藤路3号0", A1, "fuzzy", "odd-sign"),  # 30号
        ("鹤鸣小学", B1, "exact", "listed"),
        ("鹤小", B1, "exact", "listed"),
        ("鹤鸣小学旁", B, "exact", "listed"),  # beside is not in
        ("八号桥", B2, "exact", "listed"),
        ("青藤路沧浪路路口", B, "exact", "listed"),
        ("沧浪路与青藤路交叉口", B, "exact", "listed"),
        ("青藤路1号近沧浪路", A1, "exact", "listed"),
        ("松风苑青藤路1号", A1, "exact", "listed"),
        ("corner café", A2, "exact", "listed"),
        ("350 5th Avenue, New York", A2, "exact", "listed"),
        ("甲网格青藤路1号", A1, "exact", "listed"),
        ("市民反映青藤路1号有垃圾", A1, "exact", "listed"),
        ("", 0, "none", "empty"),
        ("白石路1号", 0, "none", "unknown-name"),
        ("新青藤路1号", 0, "none", "unknown-name"),
        ("青藤东路1号", 0, "none", "unknown-name"),
        ("延西路1号", 0, "none", "unknown-name"),
        ("青藤路77号", 0, "none", "unknown-number"),
        ("青藤路", 0, "none", "no-number"),
        ("青藤路3辆车", 0, "none", "no-number"),
        ("青藤路9弄3号5", 0, "none", "unread-number"),
        ("青藤路1号松风苑对面", 0, "none", "opposite"),
        ("北京市青藤路1号", 0, "none", "elsewhere"),
        ("乙网格青藤路1号", 0, "none", "outside-district"),
        ("鹤鸣小学青藤路1号", 0, "none", "two-places"),
        ("青藤路1号鹤鸣小学", 0, "none", "two-places"),
        ("青藤路白石路路口", 0, "none", "crossing"),
        ("青藤路0号", 0, "none", "unknown-number"),
    ],
)
def test_answers_and_their_reasons(text, pos, how, reason):
    answer = gazetteer().ask(text)
    assert (answer.pos, answer.how, answer.reason) == (pos, how, reason)


@given(
    st.text(
        st.sampled_from(
            "青藤路沧浪松风苑鹤鸣小学汀洲市区街道弄号楼幢室支单双对面旁口0123456789一二十百千廿-~、,() aB#至到和近近９"
        ),
        max_size=40,
    )
)
@settings(max_examples=400)
def test_no_text_breaks_the_reader_and_what_is_open_has_no_place(text):
    answer = BOOK.ask(text)
    assert (answer.pos == 0) == (answer.how == "none") and answer.reason
    assert answer == BOOK.ask(text + " ") and 0 <= answer.score <= 1


@pytest.mark.parametrize(
    "text",
    ["一" * 50_000 + "弄", "9" * 50_000 + "号", "青藤路" * 20_000, "市区" * 20_000 + "1号", "-" * 9_999],
)
def test_absurd_texts_are_read_in_no_time(text):
    start = time.perf_counter()
    assert BOOK.ask(text).pos == 0
    assert time.perf_counter() - start < 1


def test_open_answers_name_their_best_proposals():
    nearest = gazetteer().ask("青藤路31号")
    assert nearest.pos == 0 and [one.pos for one in nearest.proposals] == [A1]
    torn = gazetteer().ask("青藤路12-14号")
    assert {one.pos for one in torn.proposals} == {A2, B1}
    assert gazetteer().ask("北京市青藤路1号").proposals[0].pos == A1


def test_a_name_that_others_resemble_forgives_no_wrong_character():
    crowded = gazetteer(("building", "", "青萝路", 0, 8, 8, -1, B2))
    assert gazetteer().ask("青蔓路1号").pos == A1
    assert crowded.ask("青蔓路1号").reason == "unknown-name"
    assert crowded.ask("藤青路1号").pos == A1  # nothing is lost in a change of places


def test_two_names_that_a_slip_fits_equally_give_no_answer():
    twins = gazetteer(("building", "", "云亭路", 0, 5, 5, -1, A1), ("building", "", "云台路", 0, 5, 5, -1, B1),
                      ("building", "", "云台路", 0, 6, 6, -1, B1))  # fmt: skip
    torn = twins.ask("云路5号")
    assert (torn.reason, {one.pos for one in torn.proposals}) == ("ambiguous", {A1, B1})
    assert twins.ask("云路6号").pos == B1  # of the two only one has that door


def test_a_known_road_is_no_slip_of_another():
    assert gazetteer(("building", "", "延吉里路", 0, 1, 1, -1, B1)).ask("延吉路1号").pos == 0


def test_two_entries_of_one_name_are_told_apart_by_the_district_or_stay_open():
    twice = gazetteer(
        ("landmark", "大草坪", "", 0, 0, 0, -1, A1), ("landmark", "大草坪", "", 0, 0, 0, -1, B1)
    )
    assert twice.ask("大草坪").reason == "ambiguous"
    assert twice.ask("甲网格大草坪").pos == A1
    assert twice.ask("大草坪", within=B).pos == B1
    assert twice.ask("松风苑", within=B).reason == "outside-district"


def test_entries_are_valid_for_their_days():
    moved = gazetteer(("landmark", "老年食堂", "", 0, 0, 0, -1, A1), ("landmark", "老年食堂", "", 0, 0, 0, -1, B1),
                      r17=(np.nan, 100), r18=(100, np.nan))  # fmt: skip
    texts = Series(["老年食堂", "老年食堂", None, "老年食堂旁"])
    found = moved.match(texts, days=np.array([99, 100, 100, 99]))
    assert found["pos"].tolist() == [A1, B1, 0, A]
    assert [HOWS[how] for how in found["how"]] == ["exact", "exact", "none", "exact"]
    assert moved.match(texts, days=np.array([99, 99, 99, 99]), within=np.array([B, 0, 0, A]))[
        "pos"
    ].tolist() == [0, A1, 0, A]


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("梧桐里街道白石路7号302室", Entry("building", "", "白石路", 0, 0, 7, 7, -1)),
        ("白石路12弄7号", Entry("building", "", "白石路", 12, 0, 7, 7, -1)),
        ("白石路12弄", Entry("lane", "", "白石路", 12)),
        ("听雨苑三幢", Entry("building", "听雨苑3号楼")),
        ("听雨大厦旁", Entry("landmark", "听雨大厦")),
        ("白石路7号听雨大厦", Entry("landmark", "白石路7号听雨大厦")),
        ("", None),
    ],
)
def test_an_address_becomes_the_entry_that_answers_it(text, entry):
    found = gazetteer().entry_for(text)
    assert found == entry
    if found:
        row = (found.kind, found.name, found.road, found.lane, found.low, found.high, found.side, B2)
        answer = gazetteer(row).ask(text)
        assert answer.pos in (B2, B)
