"""A first look at an unknown file, the source drafted from it, and names that are learnt once."""

import json

import pandas as pd
import pytest
import tomlkit
import xlsxwriter
from hostile import MADE
from source_files import NOW, read, write
from xls_files import write_xls

from data.sources.batch import SourceError
from data.sources.definition import load_source, source_of
from data.sources.drafting import Choices, draft, usual
from data.sources.proposals import propose
from data.sources.reading import read_batches
from data.sources.recognise import as_json, examine

# Headers as such exports have them, one row of values each; nobody of these exists.
SHANGHAI = {
    "任务号": "RW1", "受理时间": "2025-01-02 08:00", "12345工单编号": "SH20250102001",
    "12345工单类型": "投诉", "12345业务类型": "小区管理", "12345工单来源": "电话",
    "12345工单是否重复": "否", "12345重复工单号": "", "主责部门": "城管所", "三级主责部门": "一中队",
    "先行联系": "是", "解决情况": "实际解决", "综合满意度": "基本满意", "结案评判": "解释说明",
    "结案时间": "2025-01-05 17:00", "12345受理时间": "2025-01-02 07:40", "12345诉求区域": "杨浦区",
    "12345诉求地址": "延吉中路75弄12号", "12345内容描述": "楼道堆物，联系人王大明13812345678",
    "主办单位": "街道办", "答复市民要点": "已清理", "街道": "延吉街道", "小区名称": "延吉三村",
    "一级业务分类": "城市管理", "二级业务分类": "小区", "来电人": "王大明", "联系电话": "13812345678",
}  # fmt: skip
BEIJING = {
    "工单编号": "BJ001", "工单类型": "求助", "问题分类": "环境->垃圾->清运", "主要内容": "垃圾无人清运",
    "工单状态": "已办结", "来电人": "李小红", "来电人电话/账号": "13900001111",
    "被反映街乡镇": "拱辰街道", "受理时间": "2025/1/2 8:00", "办结时间": "2025/1/5 17:00",
    "是否解决": "是", "是否满意": "否", "村/社区": "北关社区",
}  # fmt: skip
GRID = {
    "案件号": "AJ1", "问题来源": "监督员上报", "问题类型": "事件", "大类名称": "市容环境",
    "小类名称": "暴露垃圾", "街道": "延吉街道", "社区": "延吉社区", "网格编码": "310110012003001",
    "上报时间": "2025-01-02 08:00", "受理时间": "2025-01-02 08:10", "立案时间": "2025-01-02 08:20",
    "派遣时间": "2025-01-02 08:30", "处置截止时间": "2025-01-03 08:30",
    "处置结束时间": "2025-01-02 18:00", "结案时间": "2025-01-02 19:00", "强制结案时间": "",
    "当前阶段": "[办结]", "监督员姓名": "赵一", "主责部门": "城管所", "是否返工": "0",
    "地址": "长海路168号门口", "经度": "121.525", "纬度": "31.285",
}  # fmt: skip
ALERTS = {
    "告警编号": "GJ1", "告警类型": "高空抛物", "设备编号": "CAM-01", "告警时间": "2025-01-02 08:00:01",
    "楼栋": "12号", "楼层": "18", "置信度": "0.93", "告警级别": "高",
    "图片地址": "https://a.example/1.jpg", "经度": "121.525", "纬度": "31.285",
}  # fmt: skip
PARKING = {
    "停车场编号": "P1", "停车场名称": "江湾停车场", "停车场类型": "公共", "总泊位数": "120",
    "剩余泊位数": "30", "更新时间": "2025-01-02 08:00", "经度": "121.525", "纬度": "31.285",
    "所属街道": "延吉街道",
}  # fmt: skip
EXPORTS = {"shanghai": ("order", SHANGHAI), "beijing": ("order", BEIJING), "grid": ("case", GRID),
           "alerts": ("alert", ALERTS), "parking": ("parking", PARKING)}  # fmt: skip
PEOPLE = ("王大明", "大明", "13812345678", "李小红", "小红", "13900001111", "赵一")


def table(path, export, *, rows=3):
    """A CSV with a title, a header, some rows whose first cell differs, and a total."""
    lines = [
        ["一月份明细"],
        [],
        list(export),
        *([f"{v}{n}" if not i else v for i, v in enumerate(export.values())] for n in range(rows)),
    ]
    width = len(export)
    frame = pd.DataFrame([[*line, *[""] * (width - len(line))] for line in [*lines, ["合计", str(rows)]]])
    path.write_text(frame.to_csv(index=False, header=False), encoding="utf-8-sig")
    return path


def by_header(found, kind=None):
    proposals = propose(found.columns, kind or found.kind)
    return {column.header: one for column, one in zip(found.columns, proposals, strict=True)}


def made(found, folder, **options):
    """The source that the proposals for a file come to."""
    choices = usual(found, name="made", timezone="Asia/Shanghai", **options)
    path = folder / "made.toml"
    path.write_text(draft(found, choices), encoding="utf-8")
    return load_source(path)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_known_by_its_header(tmp_path, name):
    kind, export = EXPORTS[name]
    found = examine(table(tmp_path / "a.csv", export), {})
    assert (found.kind, found.format, found.encoding, found.delimiter) == (kind, "csv", "utf-8-sig", ",")
    assert found.header == (3,)
    assert [column.header for column in found.columns] == list(export)
    unknown = [header for header, one in by_header(found).items() if one.why != "alias"]
    assert unknown == []


def test_what_the_columns_of_a_shanghai_order_are(tmp_path):
    found = examine(table(tmp_path / "a.csv", SHANGHAI), {})
    fields = {header: one.field for header, one in by_header(found).items()}
    assert fields["12345工单编号"] == "id"
    assert fields["任务号"] == ""  # the other number of the same order
    assert (fields["12345受理时间"], fields["受理时间"]) == ("accepted_at", "")
    assert (fields["解决情况"], fields["结案评判"]) == ("callback_resolution", "closing_judgement")
    assert (fields["来电人"], fields["联系电话"], fields["答复市民要点"]) == (
        "caller_name",
        "caller_phone",
        "drop",
    )
    assert [name for name, field in fields.items() if field == "category"] == [
        "12345业务类型", "一级业务分类", "二级业务分类"
    ]  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_nobody_is_seen_in_a_first_look(tmp_path, name):
    _, export = EXPORTS[name]
    text = json.dumps(as_json(examine(table(tmp_path / "a.csv", export), {})), ensure_ascii=False)
    assert [word for word in PEOPLE if word in text] == []


@pytest.mark.parametrize("name", EXPORTS)
def test_the_drafted_source_reads_the_file_it_was_made_from(tmp_path, name):
    kind, export = EXPORTS[name]
    path = table(tmp_path / "a.csv", export)
    crs = {} if "经度" not in export else {"crs": "GCJ-02"}
    source = made(examine(path, {}), tmp_path, **crs)
    frame, rejects, notes = read(source, path)
    assert source.kind == kind
    assert not rejects
    assert len(frame) == 3
    assert notes["total_rows"] == 1
    assert not [
        name for name in notes if name.partition(":")[0] in ("absent_column", "renamed_column", "new_column")
    ]


def test_the_values_of_few_words_are_written_out(tmp_path):
    shanghai, _, _ = read(
        made(examine(table(tmp_path / "a.csv", SHANGHAI), {}), tmp_path), tmp_path / "a.csv"
    )
    assert (
        shanghai[
            ["callback_resolution", "satisfaction", "closing_judgement", "first_contact"]
        ].values.tolist()
        == [["solved", "mostly", "explained", "yes"]] * 3
    )
    beijing = made(examine(table(tmp_path / "b.csv", BEIJING), {}), tmp_path)
    frame, _, _ = read(beijing, tmp_path / "b.csv")
    assert frame[["callback_resolution", "satisfaction"]].values.tolist() == [["solved", "dissatisfied"]] * 3
    assert beijing.values["satisfaction"] == {"否": "dissatisfied"}


def test_a_draft_is_for_a_person_to_read(tmp_path):
    found = examine(table(tmp_path / "grid.csv", GRID), {})
    choices = usual(found, name="grid_cases", timezone="Asia/Shanghai", crs="GCJ-02")
    text = draft(found, choices)
    assert text.startswith('# Made from grid.csv.\nkind = "case"\nformat = "csv"\nencoding = "auto"\n')
    assert 'category = {columns = ["问题类型", "大类名称", "小类名称"], join = "/"}' in text
    assert 'drop = ["监督员姓名"]' in text
    assert 'unit_hint = ["网格编码", "社区", "街道"]' in text  # the finest first
    assert source_of("grid_cases", text.encode()).drop == ("监督员姓名",)


def test_choices_that_do_not_fit_are_refused(tmp_path):
    found = examine(table(tmp_path / "grid.csv", GRID), {})
    good = usual(found, name="g", timezone="Asia/Shanghai", crs="GCJ-02")
    fields = dict(good.fields)
    for choices, says in (
        (usual(found, name="g", timezone="Asia/Shanghai"), "sources/g.toml: crs: got nothing"),
        (usual(found, name="g", timezone="Mars", crs="GCJ-02"), "timezone: got 'Mars'"),
        (Choices("g", "case", "UTC", fields={"id": ["案件号"]}), "fields.reported_at: got nothing"),
        (
            Choices("g", "case", "UTC", fields=fields | {"id": ["x"]}),
            "fields.id: got 'x'; expected a column of grid.csv",
        ),
        (
            Choices("g", "case", "UTC", fields=fields | {"due": ["案件号"]}),
            "got 'due'; expected a field of a case",
        ),
        (usual(found, name="../g", timezone="Asia/Shanghai", crs="GCJ-02"), "got the name '../g'"),
    ):
        with pytest.raises(SourceError) as caught:
            draft(found, choices)
        assert says in str(caught.value)


# Formats


def test_the_sheet_whose_header_is_understood(tmp_path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("说明").write_column(0, 0, ["本表由平台导出", "请勿修改"])
    sheet = book.add_worksheet("明细")
    sheet.merge_range(0, 0, 0, len(GRID) - 1, "网格案件")
    sheet.write_row(1, 0, list(GRID))
    sheet.write_row(2, 0, list(GRID.values()))
    book.close()
    found = examine(path, {})
    assert (found.format, found.sheets, found.sheet, found.header) == ("xlsx", ("说明", "明细"), "明细", (2,))
    assert found.kind == "case"
    assert examine(path, {}, sheet="说明").sheet == "说明"
    frame, rejects, _ = read(made(found, tmp_path, crs="GCJ-02"), path)
    assert (frame["key"].tolist(), rejects) == (["AJ1"], [])


def test_a_header_in_two_rows(tmp_path):
    upper = ["案件", "位置", None, "处置", None]
    lower = ["编号", "街道", "社区", "上报时间", "结案时间"]
    path = write_xls(tmp_path / "a.xls", [["明细"], upper, lower, ["A1", "x", "y", "2025-01-01", None]])
    found = examine(path, {})
    assert (found.format, found.header) == ("xls", (2, 3))
    assert {h: one.field for h, one in by_header(found).items()} == {
        "编号": "id", "街道": "unit_hint", "社区": "unit_hint", "上报时间": "reported_at", "结案时间": "closed_at"
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(tmp_path, encoding, mark):
    rows = "\n".join(mark.join([f"A{n}", "市容", "2025-01-01 09:00", "121.5", "31.2"]) for n in range(5))
    text = mark.join(["编号", "案件类别", "上报时间", "经度", "纬度"]) + "\n" + rows
    path = write(tmp_path, text, name="a.txt", encoding=encoding)
    found = examine(path, {})
    assert (found.encoding, found.delimiter, found.kind) == (encoding, mark, "case")
    frame, rejects, _ = read(made(found, tmp_path, crs="EPSG:4326"), path)
    assert (len(frame), rejects) == (5, [])


def test_records_and_features(tmp_path):
    record = {"id": "A1", "created": "2025-01-01", "place": {"name": "x"}, "closed": None}
    found = examine(write(tmp_path, json.dumps({"data": [record] * 3}), name="a.json"), {})
    assert (found.format, found.header, found.rows) == ("json", (), 3)
    assert [column.header for column in found.columns] == ["id", "created", "place.name", "closed"]
    assert [one.field for one in by_header(found, "case").values()] == ["id", "reported_at", "", "closed_at"]
    point = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [121.5, 31.2]},
        "properties": record,
    }
    features = json.dumps({"type": "FeatureCollection", "features": [point]})
    found = examine(write(tmp_path, features, name="a.geojson"), {})
    assert found.format == "geojson"
    lines = "\n".join([json.dumps(record)] * 3)
    assert examine(write(tmp_path, lines, name="a.jsonl"), {}).rows == 3


@pytest.mark.parametrize("kind", ["xlsx", "xls", "zip", "json", "xml"])
def test_a_hostile_file_is_refused_at_first_look_too(tmp_path, kind):
    name, (says, make) = next(iter(MADE[kind].items()))
    path = tmp_path / f"{name}.{kind}"
    path.write_bytes(make())
    with pytest.raises(SourceError) as caught:
        examine(path, {})
    assert says in str(caught.value)


def test_a_file_without_a_header_we_know(tmp_path):
    text = "甲,乙,丙,丁\n" + "\n".join(
        f"K-{n:05},2025-01-0{n + 1},13{n}12345678,121.50{n}1" for n in range(5)
    )
    found = examine(write(tmp_path, text), {})
    assert [column.look.name for column in found.columns] == ["code", "time", "phone", "longitude"]
    guesses = [(one.field, one.why) for one in by_header(found, "case").values()]
    assert guesses == [("id", "values"), ("reported_at", "values"), ("drop", "values"), ("lon", "values")]
    assert by_header(found, "order")["丙"].field == "caller_phone"
    assert all(one.confidence < 1 for one in by_header(found, "case").values())


def test_a_name_like_a_known_one_is_proposed_with_a_doubt(tmp_path):
    text = "工单受理编号,市民诉求受理时间,满意度评价\n" + "\n".join(f"A{n},2025-01-01,满意" for n in range(4))
    found = by_header(examine(write(tmp_path, text), {}), "order")
    assert [(one.field, one.why) for one in found.values()] == [
        ("id", "alike"), ("accepted_at", "alike"), ("satisfaction", "alike")
    ]  # fmt: skip
    assert all(0.5 < one.confidence < 1 for one in found.values())


def test_values_that_do_not_fit_a_name_lower_the_confidence(tmp_path):
    text = "编号,上报时间,结案时间\n" + "\n".join(f"A{n},2025-01-01,未结案件" for n in range(4))
    found = by_header(examine(write(tmp_path, text), {}), "case")
    assert found["上报时间"].confidence == 1
    assert found["结案时间"].confidence < 0.5


def test_a_declaration_written_by_the_program_is_plain_toml(tmp_path):
    found = examine(table(tmp_path / "grid.csv", GRID), {})
    text = draft(found, usual(found, name="g", timezone="Asia/Shanghai", crs="GCJ-02"))
    assert tomlkit.parse(text).unwrap()["known"] == list(GRID)


def test_where_a_case_stands_is_told_in_our_words_where_they_are_known(tmp_path):
    said = ["已结案", "已派单", "搁置中", "closed"] * 5
    lines = [f"A{n},垃圾,2026-01-01 09:00,{word}" for n, word in enumerate(said)]
    path = write(tmp_path, "\n".join(["案件号,小类,上报时间,状态", *lines]) + "\n", name="g.csv")
    text = draft(found := examine(path, {}), usual(found, name="g", timezone="Asia/Shanghai"))
    assert tomlkit.parse(text).unwrap()["values"]["status"] == {"已结案": "closed", "已派单": "dispatched"}
    (batch,) = read_batches(source_of("g", text.encode()), [path], now=NOW)
    assert batch.frame["status"].value_counts().to_dict() == {"closed": 10, "dispatched": 5, "搁置中": 5}
