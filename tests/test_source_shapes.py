"""Real records in every shape an export gives them are the same facts."""

import pandas as pd
import pytest
import xlsxwriter
from source_files import DECLARED, NOW, SMALL, SMALL_HEADER, SMALL_ROW, declare, facts, read
from xls_files import write_xls

from data.sources.definition import load_source
from data.sources.reading import read_batches


@pytest.fixture(scope="module")
def pingshan(real_data):
    """Pingshan as it was delivered: the file's rows, and the facts they are."""
    path = real_data / "pingshan_cases/pingshan_cases_2018-02_2018-10_gb18030.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="gb18030")
    frame, rejects, notes = read(load_source(DECLARED / "pingshan_gb18030.toml"), path)
    assert (len(frame), len(rejects), len(notes)) == (6_952, 0, 0)
    return table, facts(frame)


RENAMED = {
    "事件编号": "案件编号", "创建日期": "上报 时间：", "街道": "所属街道", "社区": "社区名称", "行政区": "所属区",
    "事件来源": "问题来源", "事件类型": "【问题类型】", "大类": "大类名称", "小类": "小类名称", "处置单位": "主责部门",
    "办结状态": "是否按期办结",
}  # fmt: skip
SPLIT = {
    "事件编号": ("事件", "编号"), "创建日期": ("创建", "日期"), "大类": ("问题分类", "大类"), "小类": ("", "小类"),
    "行政区": ("所在地", "行政区"), "街道": ("", "街道"), "街道编码": ("", "街道编码"), "社区": ("", "社区"),
}  # fmt: skip


def shapes(table: pd.DataFrame) -> dict[str, list[list[str]]]:
    """The rows of a file in the shapes exports take over the years, header and all."""
    names, rows = list(table), table.values.tolist()
    renamed = [RENAMED.get(name, name) for name in names]
    backwards = [[row[-1 - place] for place in range(len(row))] for row in [names, *rows]]
    wide = [["序号", *names, "备注", "照片"], *([str(n), *row, "", "x"] for n, row in enumerate(rows))]
    upper = [SPLIT.get(name, (name, ""))[0] for name in names]
    lower = [SPLIT.get(name, (name, ""))[1] for name in names]
    blank = [""] * len(names)
    dressed = [
        ["2018年案件明细", *blank[1:]],
        blank,
        names,
        *rows[:3000],
        ["小计", "3000", *blank[2:]],
        names,
    ]
    dressed += [*rows[3000:], ["合计", "6952", *blank[2:]]]
    return {
        "renamed": [renamed, *rows],
        "reordered": backwards,
        "widened": wide,
        "split": [upper, lower, *rows],
        "dressed": dressed,
        "everything": [["坪山区事件表", *blank], *([*row, "y"] for row in ([*upper], [*lower], *rows))],
    }


def as_csv(path, rows, encoding):
    text = pd.DataFrame(rows).to_csv(index=False, header=False)
    path.write_bytes(text.encode(encoding))
    return path


def as_xlsx(path, rows):
    """A workbook with its blank header cells merged into the one before, as a person makes it."""
    book = xlsxwriter.Workbook(path, {"strings_to_numbers": False})
    sheet = book.add_worksheet("明细")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, [cell or None for cell in row])
    if rows[0][-1] == "" and rows[0][0]:
        sheet.merge_range(0, 0, 0, len(rows[2]) - 1, rows[0][0])
    book.close()
    return path


@pytest.mark.real
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("shape", ["renamed", "reordered", "widened", "split", "dressed", "everything"])
def test_pingshan_is_equal_in_every_shape(tmp_path, pingshan, shape, encoding):
    table, expected = pingshan
    path = as_csv(tmp_path / "cases.csv", shapes(table)[shape], encoding)
    frame, rejects, _ = read(load_source(DECLARED / "pingshan_gb18030.toml"), path)
    assert not rejects
    pd.testing.assert_frame_equal(facts(frame), expected)


@pytest.mark.real
@pytest.mark.parametrize("form", ["xlsx", "xls"])
@pytest.mark.parametrize("shape", ["renamed", "split", "dressed"])
def test_pingshan_is_equal_as_a_workbook(tmp_path, pingshan, shape, form):
    table, expected = pingshan
    rows = shapes(table)[shape]
    path = tmp_path / f"cases.{form}"
    made = (
        as_xlsx(path, rows) if form == "xlsx" else write_xls(path, [[c or None for c in row] for row in rows])
    )
    text = (DECLARED / "pingshan_gb18030.toml").read_text(encoding="utf-8").replace('"csv"', f'"{form}"')
    frame, rejects, _ = read(declare(tmp_path, text), made)
    assert not rejects
    pd.testing.assert_frame_equal(facts(frame), expected)


def test_the_clock_is_a_parameter_here_too(tmp_path):
    """What is read in a child is judged by the time it is told."""
    path = write_xls(tmp_path / "a.xls", [SMALL_HEADER.split(","), SMALL_ROW.split(",")])
    source = declare(tmp_path, SMALL.replace('"csv"', '"xls"'))
    early = NOW.replace(year=2024)
    rejects = [reject for batch in read_batches(source, [path], now=early) for reject in batch.rejects]
    assert [reject.field for reject in rejects] == ["reported_at"]
