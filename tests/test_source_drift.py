"""Exports change: names, order, number of columns, headers in two rows, words, numbers and dates written otherwise."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_files import CASES, SMALL, SMALL_HEADER, SMALL_ROW, cases, declare, facts, read, write

from data.fields import KINDS, specs
from data.sources.aliases import also_called, columns_of, known_columns, plain
from data.sources.batch import SourceError

# Names


def test_the_table_of_names_is_sound():
    for kind in KINDS:
        fields = set(specs(kind)) | {"", "drop"}
        names = [
            name
            for column in known_columns()
            if kind in column.kinds
            for name in set(map(plain, column.names))
        ]
        assert len(names) == len(set(names)), kind
        assert {column.field for column in columns_of(kind).values()} <= fields
        required = {name for name, spec in specs(kind).items() if spec.required}
        assert required <= {column.field for column in columns_of(kind).values()}
    assert all(len(set(map(plain, column.names))) == len(column.names) for column in known_columns())


def test_the_names_of_one_column():
    assert plain("12345工单编号") in also_called("order", "工单号")
    assert plain("工单号") in also_called("order", " 12345 工单_编号：")
    assert plain("任务号") not in also_called("order", "工单号")
    assert also_called("order", "nobody's column") == frozenset()


def test_a_column_is_found_under_the_name_another_export_gives_it(tmp_path):
    before, _, none = cases(tmp_path, SMALL_HEADER, SMALL_ROW)
    header = "案件编号,大类名称,小类名称,上报日期,结案日期,所属社区,街道名称"
    after, _, notes = cases(tmp_path, header, SMALL_ROW)
    assert not none
    pd.testing.assert_frame_equal(facts(before), facts(after))
    assert notes["renamed_column:案件号=案件编号"] == 1
    assert len(notes) == 7


def test_its_own_name_comes_first_and_two_others_are_not_chosen_between(tmp_path):
    frame, _, notes = cases(tmp_path, "案件编号," + SMALL_HEADER, "B9," + SMALL_ROW)
    assert frame["key"].tolist() == ["A1"]
    assert not notes
    with pytest.raises(
        SourceError, match=r"row 1: id: got no column '案件号'; expected it among: 案件编号, 案卷号"
    ):
        cases(tmp_path, SMALL_HEADER.replace("案件号", "案件编号,案卷号"), "A," + SMALL_ROW)


def test_further_names_of_a_source(tmp_path):
    source = SMALL.replace("[fields]", '[aliases]\n"大类" = ["一级", "甲级"]\n[fields]')
    frame, _, notes = cases(tmp_path, SMALL_HEADER.replace("大类", "甲 级"), SMALL_ROW, source=source)
    assert frame["category"].tolist() == ["市容/垃圾"]
    assert not notes
    for text, message in (
        (
            '"中类" = ["x"]',
            r"aliases.中类: got \['x'\]; expected further names of a column a field reads: 案件号",
        ),
        ('"大类" = 7', "aliases.大类: got 7; expected a text or a list of texts"),
    ):
        with pytest.raises(SourceError, match=message):
            declare(tmp_path, SMALL.replace("[fields]", f"[aliases]\n{text}\n[fields]"))


noise = st.text("_-—:：()（）【】 　\t", max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_spelling_never_hides_a_column(tmp_path, data):
    """Case, width, spaces and punctuation in any place of any header."""
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    text = SMALL.replace("案件号", "Case ID 12345")
    cells = []
    for name in SMALL_HEADER.replace("案件号", "Case ID 12345").split(","):
        letters = [letter + data.draw(noise) for letter in name]
        drawn = "".join(letters)
        cells.append(data.draw(st.sampled_from([drawn, drawn.upper(), drawn.translate(wide)])))
    frame, _, notes = cases(tmp_path, ",".join(cells), SMALL_ROW, source=text)
    assert frame["key"].tolist() == ["A1"]
    assert not notes


def test_a_file_without_a_header_does_not_show_its_numbers(tmp_path):
    with pytest.raises(SourceError, match=r"expected it among: A\*\*\*, 王, \*\*\*, 2025-01-01$"):
        cases(tmp_path, "A20250001,王,13812345678,2025-01-01", "A20250002,李,13812345679,2025-01-01")


# Columns that come and go


def test_a_column_that_is_gone_is_noted_unless_every_fact_needs_it(tmp_path):
    frame, _, notes = cases(tmp_path, "案件号,上报时间,社区", "A1,2025-01-01,延吉社区")
    assert frame["unit_hint"].tolist() == ["延吉社区"]
    assert frame[["category", "closed_at", "unit_hint_2"]].isna().all(axis=None)
    assert dict(notes) == {f"absent_column:{name}": 1 for name in ("大类", "小类", "结案时间", "街道")}
    with pytest.raises(
        SourceError, match="reported_at: got no column '上报时间'; expected it among: 案件号, 大类"
    ):
        cases(tmp_path, SMALL_HEADER.replace("上报时间", "时刻"), SMALL_ROW)


def test_what_only_counts_whole_is_refused_by_halves(tmp_path):
    with pytest.raises(SourceError, match="category: got no column '小类'; expected it among"):
        cases(tmp_path, SMALL_HEADER.replace("小类", "细类"), SMALL_ROW)
    with pytest.raises(SourceError, match="lat: got no column '纬度'; expected it among"):
        cases(tmp_path, "编号,类别,上报时间,结案时间,经度", "A,x,2025-01-01,,121.5", source=CASES)
    frame, _, notes = cases(tmp_path, "编号,类别,上报时间,结案时间", "A,x,2025-01-01,", source=CASES)
    assert frame["lon"].isna().all()
    assert (notes["absent_column:经度"], notes["absent_column:纬度"]) == (1, 1)


def test_new_columns_are_noted_where_the_source_says_what_it_knew(tmp_path):
    frame, _, notes = cases(tmp_path, SMALL_HEADER + ",评分,备注", SMALL_ROW + ",1,2")
    assert len(frame) == 1
    assert not notes
    source = SMALL.replace("[fields]", 'known = ["备 注", "监督员"]\ndrop = ["照片"]\n[fields]')
    _, _, notes = cases(tmp_path, SMALL_HEADER + ",评分,备注,照片", SMALL_ROW + ",1,2,3", source=source)
    assert dict(notes) == {"new_column:评分": 1}


def test_renamed_keys_of_records(tmp_path):
    record = {"案件编号": "A1", "上报日期": "2025-01-01", "extra": {"x": 1}}
    path = write(tmp_path, json.dumps([record]), name="a.json")
    frame, _, notes = read(declare(tmp_path, SMALL.replace('"csv"', '"json"')), path)
    assert frame["key"].tolist() == ["A1"]
    assert notes["renamed_column:案件号=案件编号"] == 1
    assert notes["absent_column:大类"] == 1


# Headers in two rows


def test_a_header_in_two_rows_of_merged_cells(tmp_path):
    """Groups above names; names that are merged downwards; names of which only both rows make sense."""
    upper = "案件号,问题分类,,时间,,所在,"
    lower = ",大类,小类,上报时间,结案时间,社区,街道"
    frame, rejects, notes = cases(tmp_path, "2025年案件明细,,,,,,", ",,,,,,", upper, lower, SMALL_ROW)
    assert not rejects
    assert not notes
    assert frame["category"].tolist() == ["市容/垃圾"]
    assert frame["row"].tolist() == [5]


def test_a_header_whose_words_are_broken_over_two_rows(tmp_path):
    upper = "案件,大,小,上报,结案,社区,街道"
    lower = "号,类,类,时间,时间,,"
    frame, rejects, _ = cases(tmp_path, upper, lower, SMALL_ROW)
    assert not rejects
    assert frame["unit_hint_2"].tolist() == ["延吉街道"]
    assert frame["closed_at"].notna().all()


def test_both_rows_of_a_header_are_dropped_where_they_come_again(tmp_path):
    upper, lower = "案件号,问题分类,,时间,,所在,", ",大类,小类,上报时间,结案时间,社区,街道"
    frame, rejects, notes = cases(
        tmp_path, upper, lower, SMALL_ROW, upper, lower, SMALL_ROW.replace("A1", "A2")
    )
    assert not rejects
    assert frame["key"].tolist() == ["A1", "A2"]
    assert notes["repeated_headers"] == 2


def test_one_row_is_enough_where_it_says_as_much(tmp_path):
    """The first record is not taken for the lower half of a header."""
    frame, _, _ = cases(tmp_path, SMALL_HEADER, SMALL_ROW.replace("市容", "大类"), SMALL_ROW)
    assert frame["row"].tolist() == [2, 3]


def test_a_declared_row_may_have_an_upper_one(tmp_path):
    source = SMALL.replace("[fields]", "header = 3\n[fields]")
    upper, lower = "案件,大,小,上报,结案,社区,街道", "号,类,类,时间,时间,,"
    frame, _, _ = cases(tmp_path, "x", upper, lower, SMALL_ROW, source=source)
    assert frame["row"].tolist() == [4]


# Rows that are no records


def test_subtotals_anywhere_in_a_row_are_dropped(tmp_path):
    rows = [
        SMALL_ROW,
        ",小计,3,,,,",
        SMALL_ROW.replace("A1", "A2"),
        ",,,,,延吉街道 合计,5",
        ",,,,,,总计：8 件",
    ]
    frame, rejects, notes = cases(tmp_path, SMALL_HEADER, *rows)
    assert frame["key"].tolist() == ["A1", "A2"]
    assert notes["total_rows"] == 2
    assert [reject.row for reject in rejects] == [6]  # what is not known to be a total is told, not lost


def test_merged_cells_are_filled_only_where_it_is_declared(tmp_path):
    rows = [
        "A1,市容,垃圾,2025-01-01,,延吉社区,延吉街道",
        "A2,,,2025-01-01,,,",
        "小计,2,,,,,",
        "A3,,渣土,2025-01-01,,,",
        "A4,设施,,2025-01-01,,定海社区,定海街道",
        "A5,设施,井盖,2025-01-01,,,",
        "A6,,,2025-01-01,,,",
    ]
    plainly, _, _ = cases(tmp_path, SMALL_HEADER, *rows)
    assert plainly["category"].isna().tolist() == [False, True, False, False, False, True]
    source = SMALL.replace("[fields]", 'fill = ["大类", "小类"]\n[fields]')
    for limit in (2, 50_000):  # what is above may lie in the part before
        path = write(tmp_path, "\n".join((SMALL_HEADER, *rows)) + "\n")
        frame, rejects, _ = read(declare(tmp_path, source), path, limit=limit)
        assert not rejects
        assert frame["category"].tolist() == [
            "市容/垃圾", "市容/垃圾", "市容/渣土", "设施", "设施/井盖", "设施/井盖"
        ]  # fmt: skip
        assert frame["unit_hint"].isna().tolist() == [False, True, True, False, True, True]
    with pytest.raises(SourceError, match="fill: got '来源'; expected a column a field reads: 案件号, 大类"):
        declare(tmp_path, source.replace('"小类"]', '"来源"]', 1))


# Values


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-01 09:00", "2025/1/1 9:00", "2025年1月1日 9时", "2025年1月1日9时00分", "２０２５年１月１日 上午9点",
        "2025.1.1 09:00:00", "20250101090000", "45658.375", "2025-01-01T09:00:00+08:00", "2025-1-1 9:00",
        "2025年01月01日 09:00:00", "2025/01/01 9:00 AM",
    ],
)  # fmt: skip
def test_dates_of_every_form(tmp_path, text):
    frame, rejects, _ = cases(tmp_path, SMALL_HEADER, SMALL_ROW.replace("2025-01-01 09:00", text))
    assert not rejects
    assert frame["reported_at"][0] == pd.Timestamp("2025-01-01T01:00:00Z")


@pytest.mark.parametrize("text", ["7月", "2025年7月", "1/2/2025", "2025", "昨天"])
def test_half_a_date_is_refused_not_completed(tmp_path, text):
    _, rejects, _ = cases(tmp_path, SMALL_HEADER, SMALL_ROW.replace("2025-01-01 09:00", text))
    assert [(reject.field, reject.value) for reject in rejects] == [("reported_at", text)]


def test_yes_and_no_in_every_spelling(tmp_path):
    source = SMALL.replace("[fields]", '[fields]\non_time = "是否按时"')
    words = {
        "是": True,
        "否": False,
        "1": True,
        "0": False,
        "Y": True,
        "n": False,
        "１": True,
        "1.0": True,
        "": None,
    }
    rows = [f"{SMALL_ROW.replace('A1', f'A{n}')},{word}" for n, word in enumerate(words)]
    frame, rejects, _ = cases(tmp_path, SMALL_HEADER + ",是否按时", *rows, SMALL_ROW + ",或许", source=source)
    assert [None if pd.isna(value) else bool(value) for value in frame["on_time"]] == list(words.values())
    assert [reject.value for reject in rejects] == ["或许"]


def test_an_order_has_one_number_with_or_without_what_stands_before_it(tmp_path):
    source = SMALL.replace('"案件号"', '{ column = "案件号", strip = ["12345", "SH"] }')
    numbers = ["12345-2025001", "SH2025001", "2025001", "１２３４５－２０２５００１", "12345", "sh2025001"]
    rows = [SMALL_ROW.replace("A1", number) for number in numbers]
    frame, _, _ = cases(tmp_path, SMALL_HEADER, *rows, source=source)
    assert frame["key"].tolist() == ["2025001"] * 4 + ["12345", "sh2025001"]
    with pytest.raises(SourceError, match=r"fields.closed_at.strip: got \['x'\]; expected nothing to strip"):
        declare(tmp_path, SMALL.replace('"结案时间"', '{ column = "结案时间", strip = ["x"] }'))


PARKING = """
kind = "parking"
format = "csv"
delimiter = ";"
decimal = ","
timezone = "Europe/Berlin"
crs = "EPSG:4326"
[fields]
lot = "lot"
observed_at = "at"
capacity = "total"
occupied = "taken"
lon = "lon"
lat = "lat"
"""


def test_numbers_with_a_decimal_comma(tmp_path):
    text = "lot;at;total;taken;lon;lat\nP1;2025-01-01;1.234;1.000,0;6,958;50,941\nP2;2025-01-01;12.34;1;6.958;50,9\n"
    frame, rejects, _ = read(declare(tmp_path, PARKING), write(tmp_path, text))
    assert frame[["capacity", "occupied", "lon", "lat"]].values.tolist() == [[1234, 1000, 6.958, 50.941]]
    assert [(reject.row, reject.field, reject.value) for reject in rejects] == [(3, "capacity", "12.34")]
    with pytest.raises(SourceError, match=r"decimal: got ';'; expected one of \., ,"):
        declare(tmp_path, PARKING.replace('decimal = ","', 'decimal = ";"'))
