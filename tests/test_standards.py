"""Published standards for filing cases: categories with limits, from merged cells under two heading rows."""

import csv
from collections import Counter

import pytest
import xlsxwriter
from xls_files import write_xls

from data.sources.batch import SourceError
from data.sources.tables import read_table
from data.standards import disagreements, read_limit, read_standards

HEADER = ["大类代码", "大类名称", "小类代码", "小类名称", "立案条件", "处置时限", "结案条件"]
ROWS = [
    ["某市立案、处置和结案标准", "", "", "", "", "", ""],
    HEADER,
    ["01", "公用设施", "01", "上水井盖", "缺失", "2紧急工作时", "恢复"],
    ["", "", "", "", "破损", "4工作时", ""],
    ["", "", "02", "污水井盖", "弹跳", "2工作日", ""],
    HEADER,
    ["02", "交通设施", "01", "停车场", "破损", "种植季节15工作日", ""],
    ["", "", "", "", "脏乱", " ５ 个工作日", ""],
]


def test_merged_cells_are_filled_and_every_condition_has_its_own_limit():
    found, rejects = read_standards(ROWS, file="a.csv")
    assert [
        (s.row, s.major_code, s.minor_code, s.minor_name, s.condition, s.limit_kind, s.amount) for s in found
    ] == [
        (3, "01", "01", "上水井盖", "缺失", "urgent working hours", 2),
        (4, "01", "01", "上水井盖", "破损", "working hours", 4),
        (5, "01", "02", "污水井盖", "弹跳", "working days", 2),
        (8, "02", "01", "停车场", "脏乱", "working days", 5),
    ]
    assert found[1].major_name == "公用设施"
    assert found[3].limit == "５ 个工作日"
    assert [str(reject) for reject in rejects] == [
        "a.csv row 7: 处置时限: got '种植季节15工作日'; "
        "expected a number and one of 紧急工作时, 工作时, 工作日, as in 4工作时"
    ]


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        (["03", "市容", "", "", "脏", "1工作日"], "小类代码", ""),
        (["A", "市容", "01", "厕所", "脏", "1工作日"], "大类代码", "A"),
        (["", "", "09", "", "脏", "1工作日"], "小类名称", ""),
        (["", "", "", "", "", "1工作日"], "立案条件", ""),
        (["", "", "", "", "脏", ""], "处置时限", ""),
        (["", "", "", "", "脏", "尽快"], "处置时限", "尽快"),
        (["", "", "", "", "脏", "0工作日"], "处置时限", "0工作日"),
        (["", "", "", "", "脏", "999工作日"], "处置时限", "999工作日"),
        (["", "", "", "", "脏", "2小时"], "处置时限", "2小时"),
    ],
)
def test_a_row_that_says_too_little_is_refused_not_guessed(row, field, value):
    found, rejects = read_standards([HEADER, ROWS[2], row], file="a.csv")
    assert len(found) == 1
    assert [(reject.row, reject.field, reject.value) for reject in rejects] == [(3, field, value)]


def test_a_table_without_the_columns_is_refused():
    with pytest.raises(
        SourceError, match=r"a\.csv: got no column '处置时限'; expected it among: 大类代码, 大类名称"
    ):
        read_standards([HEADER[:5]], file="a.csv")
    with pytest.raises(SourceError, match=r"a\.csv: got no column '大类代码'; expected it among: nothing"):
        read_standards([], file="a.csv")


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("2紧急工作时", ("urgent working hours", 2)),
        ("4 工作时", ("working hours", 4)),
        ("１０个工作日", ("working days", 10)),
        ("4工作时内", None),
        ("工作日", None),
        ("2-3工作日", None),
        ("", None),
    ],
)
def test_limits(text, limit):
    assert read_limit(text) == limit


def test_codes_with_two_names_are_told():
    rows = [
        HEADER,
        ["02", "道路交通设施", "01", "停车场", "坏", "1工作日"],
        ["02", "交通设施", "01", "停车场", "脏", "1工作日"],
    ]
    assert disagreements(read_standards(rows, file="a")[0]) == (
        "02: got the names 道路交通设施 (1 times), 交通设施 (1 times); expected one",
    )


# The published table of a city


@pytest.fixture(scope="module")
def yuncheng(real_data):
    return real_data / "cn_case_standards/yuncheng_case_standards.csv"


def as_workbook(path, yuncheng):
    """The table as the city publishes it: title and categories merged over what they span."""
    with yuncheng.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    book = xlsxwriter.Workbook(path, {"strings_to_numbers": False})
    sheet = book.add_worksheet("部件")
    sheet.merge_range(0, 0, 0, len(rows[0]) - 1, rows[0][0])
    merged = 0
    for column in range(len(rows[0])):
        starts = [n for n in range(1, len(rows)) if rows[n][column]]
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            if end - start > 1 and column < 4 and start > 1:
                sheet.merge_range(start, column, end - 1, column, rows[start][column])
                merged += 1
            else:
                sheet.write_string(start, column, rows[start][column])
    book.close()
    assert merged > 100
    return path


def check_yuncheng(path):
    found, rejects = read_standards(read_table(path), file=path.name)
    assert (len(found), len(rejects)) == (278, 1)
    assert rejects[0].value == "种植季节15工作日"
    assert Counter(one.limit_kind for one in found) == {
        "working days": 233, "working hours": 26, "urgent working hours": 19
    }  # fmt: skip
    assert len({(one.major_code, one.minor_code) for one in found}) == 66
    first = [(one.condition[:2], one.limit_kind, one.amount) for one in found if one.minor_name == "上水井盖"]
    assert first == [
        ("缺失", "urgent working hours", 2), ("破损", "working hours", 4),
        ("弹跳", "working days", 2), ("井盖", "working days", 5),
    ]  # fmt: skip
    assert disagreements(found) == (
        "02: got the names 道路交通设施 (11 times), 交通设施 (59 times); expected one",
    )
    return found


@pytest.mark.real
def test_the_standards_of_yuncheng(yuncheng, tmp_path):
    as_csv = check_yuncheng(yuncheng)
    as_xlsx = check_yuncheng(as_workbook(tmp_path / "standards.xlsx", yuncheng))
    assert as_csv == as_xlsx
    with yuncheng.open(encoding="utf-8-sig", newline="") as file:
        rows = [[cell or None for cell in row] for row in csv.reader(file)]
    assert check_yuncheng(write_xls(tmp_path / "standards.xls", rows)) == as_csv
