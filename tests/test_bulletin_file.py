"""A district's table as a file: title lines, headers of one and two rows, percent in three spellings, ties, totals."""

import pytest

from data.bulletin_columns import TOTAL
from data.bulletin_file import figures_of
from data.sources.batch import SourceError

CONTACT, TIMELY, CONTENT = "order_first_contact_rate", "order_on_time_rate", "order_satisfaction"


def read(text: str):
    return figures_of([line.split("|") for line in text.strip().splitlines()], "通报.csv")


def values(listed, indicator: str, part: str = "value") -> list:
    return [getattr(figure, part) for figure in listed.figures if figure.indicator == indicator]


def test_title_lines_full_width_digits_totals_and_notes():
    listed = read("""
全区街镇工单考核通报||||
2026年10月||||
序号|街道（镇）|先行联系率|综合得分|排名
1|甲街道|９６．１２％|93.1|1
2|乙镇|90.1%|1,090.5分|第二名
合计||93%|91|
全区平均||93%|91|
||||
注：数据截至11月3日||||""")
    assert listed.names == ["甲街道", "乙镇"] and listed.left_out == 3 and not listed.rejects
    assert values(listed, CONTACT) == [0.9612, pytest.approx(0.901)]
    assert values(listed, TOTAL) == [93.1, 1090.5] and values(listed, TOTAL, "rank") == [1, 2]


@pytest.mark.parametrize(
    ("head", "cells", "expected"),
    [
        ("先行联系率", ("0.95", "1"), (0.95, 1)),
        ("先行联系率", ("95", "100"), (0.95, 1)),
        ("先行联系率", ("95%", "0.9"), (0.95, 0.9)),
        ("先行联系率（％）", ("95", "1.5"), (0.95, 0.015)),
        ("先行联系率(%)", ("0.95", "0.9"), (0.95, 0.9)),
        ("退单率(%)", ("0.8", "0.5"), (0.008, 0.005)),
        ("退单率(%)", ("0.8", "1.2"), (0.008, 0.012)),
    ],
)
def test_what_a_number_means_is_settled_by_its_column(head, cells, expected):
    listed = read(f"街道|{head}\n甲|{cells[0]}\n乙|{cells[1]}")
    assert [figure.value for figure in listed.figures] == pytest.approx(expected) and not listed.rejects


def test_a_bad_cell_is_refused_alone():
    listed = read("""
单位|先行联系率|按时办结率|满意度|受理数|排名
甲|94.2|97%|abc|10|1
乙|0.93|120%|88|10.5|9
丙|91|–|/|12|
甲|90|90|90|1|2
|90|90|90|1|2""")
    told = {(reject.row, reject.field, reject.value): reject.rule for reject in listed.rejects}
    assert told == {
        (2, "满意度", "abc"): "a number",
        (3, "先行联系率", "0.93"): "per cent, as in the rest of the column",
        (3, "按时办结率", "120%"): "0 to 100 per cent",
        (3, "受理数", "10.5"): "a whole number, 0 or more",
        (3, "排名", "9"): "a rank of 1 to 3",
        (5, "unit", "甲"): "each sub-district once",
        (6, "unit", ""): "the name of a sub-district",
    }
    assert str(listed.rejects[0]) == "通报.csv row 2: 满意度: got 'abc'; expected a number"
    assert values(listed, CONTACT) == [pytest.approx(0.942), pytest.approx(0.91)]
    assert values(listed, TIMELY) == [pytest.approx(0.97)] and values(listed, CONTENT) == [
        pytest.approx(0.88)
    ]


@pytest.mark.parametrize(
    ("text", "rank"),
    [("并列3", 3), ("3（并列）", 3), ("第三", 3), ("第３名", 3), ("T3", 3), ("=3", 3), ("十二", 12), ("二十", 20),
     ("十", 10), ("二三", None), ("0", None), ("三十", None), ("第", None)],
)  # fmt: skip
def test_ranks_and_ties(text, rank):
    lines = "\n".join(f"单位{number}|{number}" for number in range(24))
    listed = read(f"单位|排名\n甲|{text}\n{lines.replace('单位0|0', '单位0|1')}")
    found = next((figure.rank for figure in listed.figures if figure.name == "甲"), None)
    assert found == rank and (rank is not None or listed.rejects)


def test_a_header_of_two_rows_gives_each_figure_its_parts():
    listed = read("""
10月考核||||||||
街道|先行联系率|||满意度||权重说明|综合|
|数值|得分|排名|分子|分母||得分|名次
甲街道|95%|28.5|2|180|200|好|93|1
乙街道|96%|28.8|1|||差|92|2""")
    assert not listed.rejects, "words under a title of no figure are none"
    (figure,) = [each for each in listed.figures if each.indicator == CONTACT and each.row == 4]
    assert (figure.value, figure.score, figure.rank) == (0.95, 28.5, 2)
    (content,) = [each for each in listed.figures if each.indicator == CONTENT]
    assert (content.value, content.numerator, content.denominator) == (None, 180, 200)
    (total,) = [each for each in listed.figures if each.indicator == TOTAL and each.row == 4]
    assert (total.value, total.rank) == (93, 1)


def test_a_figure_that_is_none_of_ours_keeps_its_title():
    listed = read("镇|满意度|网格巡查加分|曝光率\n甲镇|90|2.5|3%")
    assert {each.title: each.value for each in listed.figures if not each.indicator} == {
        "网格巡查加分": 2.5,
        "曝光率": 0.03,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("姓名|电话\n张三|1", "a column of sub-districts"),
        ("街道|备注\n甲|好", "a column of sub-districts"),
        ("街道|满意度|满意率\n甲|90|91", "got the column '满意"),
        ("街道|满意度\n合计|90", "expected one a sub-district"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(text, said):
    with pytest.raises(SourceError, match=said):
        read(text)
