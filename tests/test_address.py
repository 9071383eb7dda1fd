"""Addresses taken apart: every way to write one, numerals, sides of a road, slips."""

import pytest

from data.sample.spellings import chinese
from geo.address import Doors, numeral, parse
from geo.place_index import a_slip


def phrase(text: str):
    """The only phrase of an address, as road, lane, branch, first and last door, building."""
    (only,) = parse(text).phrases
    doors = only.doors or Doors(0, 0, -1)
    return only.head, only.lane, only.branch, doors.low, doors.high, only.building


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("青藤路66号", ("青藤路", 0, 0, 66, 66, 0)),
        ("青藤路６６号３０２室", ("青藤路", 0, 0, 66, 66, 0)),
        ("青藤路六十六号", ("青藤路", 0, 0, 66, 66, 0)),
        ("青藤路六十六", ("青藤路", 0, 0, 0, 0, 0)),  # a loose number, see below
        ("沧浪路一百二十八弄7号楼", ("沧浪路", 128, 0, 0, 0, 7)),
        ("沧浪路一二八弄七号302", ("沧浪路", 128, 0, 7, 7, 0)),
        ("沧浪路7号128弄", ("沧浪路", 128, 0, 7, 7, 0)),
        ("128弄7号沧浪路", ("沧浪路", 128, 0, 7, 7, 0)),
        ("延吉中路75弄12支弄3号", ("延吉中路", 75, 12, 3, 3, 0)),
        ("青藤路12-16号", ("青藤路", 0, 0, 12, 16, 0)),
        ("青藤路12号至16号", ("青藤路", 0, 0, 12, 16, 0)),
        ("青藤路12、14、16号", ("青藤路", 0, 0, 12, 16, 0)),
        ("青藤路66#302", ("青藤路", 0, 0, 66, 66, 0)),
        ("青藤路66号-302", ("青藤路", 0, 0, 66, 66, 0)),
        ("松风苑 3 幢 302 室", ("松风苑", 0, 0, 0, 0, 3)),
        ("控江二村12号101室", ("控江2村", 0, 0, 12, 12, 0)),
        ("350 5th Avenue", ("5th avenue", 0, 0, 350, 350, 0)),
        ("350-354 Fifth Avenue, Manhattan", ("fifth avenue", 0, 0, 350, 354, 0)),
        ("三门路12号", ("三门路", 0, 0, 12, 12, 0)),
    ],
)
def test_every_way_to_write_an_address(text, expected):
    assert phrase(text) == expected


def test_numbers_without_a_part_stay_loose_and_measures_are_none():
    assert parse("青藤路六十六").phrases[0].loose == ((66, ""),)
    assert parse("青藤路66好").phrases[0].loose == ((66, "好"),)
    for text in ("青藤路3辆车", "青藤路50米处", "青藤路2026年"):
        assert not parse(text).phrases[0].numbered, text
    assert parse("").phrases == () and parse("，。").phrases == ()


def test_sides_and_parts_of_doors():
    assert parse("青藤路1-99号(单号)").phrases[0].doors == Doors(1, 99, 1)
    assert parse("青藤路12-15号").phrases[0].doors == Doors(12, 15, -1)
    assert (parse("青藤路128-7号").phrases[0].doors, parse("青藤路128-7号").phrases[0].part) == (
        Doors(128, 128, -1),
        7,
    )


@pytest.mark.parametrize(
    ("text", "relation"),
    [("松风苑旁", "near"), ("青藤路66号对面", "opposite"), ("青藤路鹤鸣路路口", "crossing"), ("松风苑内", ""),
     ("松风苑东侧", "near")],
)  # fmt: skip
def test_qualifiers(text, relation):
    assert parse(text).relation == relation


@pytest.mark.parametrize("number", [1, 10, 12, 20, 66, 100, 101, 108, 110, 112, 128, 320, 999])
def test_chinese_numbers_are_read_as_they_are_written(number):
    assert numeral(chinese(number)) == number


def test_numerals_as_people_say_them():
    assert [numeral(text) for text in ("廿三", "三百二", "三百零二", "一二八", "三百七十四一")] == [
        23, 320, 302, 128, 3741,
    ]  # fmt: skip


def test_what_tells_names_apart_is_no_slip():
    assert a_slip("青腾路", "青藤路") and a_slip("藤青路", "青藤路") and a_slip("塘北路", "北塘路")
    assert not a_slip("延吉西路", "延吉中路") and not a_slip("新延吉路", "延吉路")
    assert not a_slip("延吉路", "延吉中路") and a_slip("映林区", "映林小区")
