"""The pages of an upload without a server: addresses, choices, words for confidence, refusals and mix-ups."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import fakes_pages as fakes
import pytest
from fakes_pages import find, text_of

from data.fields import FIELDS
from data.intake import Ledger
from data.matching import DROP, NONE, Asked, Match, Plan
from data.mixups import MixUp
from data.query import LONGEST_DAYS
from data.sources.batch import Reject
from data.sources.looks import Look
from data.sources.proposals import Seen
from data.sources.recognise import Examination
from data.uploads import Checked
from layouts import upload_check, upload_page, upload_result
from layouts.mixups import mixups_card, said
from layouts.plain import Markup
from layouts.upload_ask import PATH, Candidate, StoredAnswer, UploadAnswer, UploadAsk, read_ask
from layouts.upload_columns import columns_card
from layouts.upload_refusals import refusal
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
TOKEN = "t" * 32
QUOTE = "x.csv: got a quote that is never closed; expected a closing quote"
COLUMNS = ("任务号", "时间<b>", "备注")
FOUND = Examination(
    "案件.xlsx", "xlsx", "", "", ("明细",), "明细", (2, 3),
    tuple(Seen(name, Look("code", 1.0), ("A1", "A2"), False) for name in COLUMNS), {"case": 0.5}, "case", (), 9,
)  # fmt: skip
MATCHES = (
    Match(0, "任务号", ("A1", "A2"), "id", "id", 1.0, "alias", ("id", "reported_at", "lon", DROP)),
    Match(1, "时间<b>", ("x",), "reported_at", NONE, 0.5, "hand", ("id", "reported_at", "lon", DROP)),
    Match(2, "备注", (), NONE, NONE, 0.0, "", ("id", "reported_at", "lon", DROP)),
)
PLAN = Plan("案件", "case", True, MATCHES, timezone="Asia/Shanghai", crs="EPSG:4326", is_changed=True)
MIXED = MixUp("crs", 9, [["a.csv", 4, "121.1, 31.2"]],
              {"declared": "EPSG:4326", "declared_share": 0.5, "better": "GCJ-02", "better_share": 1.0})  # fmt: skip
LEDGER = Ledger(
    "案件", ["案件.xlsx"], read=12, accepted=9, updated=1, rejected=2, located=8, outside=2,
    rejects=[Reject("案件.xlsx", 4, "reported_at", "never", "a time such as 2025-01-31 09:05")],
    notes=Counter({"total_rows": 1, "absent_column:地址": 1, "time_gaps": 3}), mixups=[MIXED],
    first_on="2025-01-02", last_on="2026-03-04",
)  # fmt: skip


def answer(**changes) -> UploadAnswer:
    checked = replace(Checked(FOUND, PLAN, LEDGER), **changes)
    known = [Candidate("grid", "网格案件", 0.9)]
    return UploadAnswer("案件.xlsx", checked, known, ("EPSG:4326", "GCJ-02"), "Asia/Shanghai", csrf="secret")


def shown(page) -> str:
    """The markup of a page."""
    part = page.children
    assert isinstance(part, Markup)
    return part.markup


def test_choices_travel_in_the_address_and_back():
    asked = Asked(
        "new", {3: "id", 11: NONE}, name="案件", kind="order", every="1 w", timezone="UTC", crs="GCJ-02"
    )
    ask = UploadAsk(TOKEN, asked)
    assert read_ask(TOKEN, ask.pairs) == ask
    assert ask.href(crs="", every="").startswith(f"{PATH}/{TOKEN}?source=new&name=")
    assert UploadAsk(TOKEN).href() == f"{PATH}/{TOKEN}" and UploadAsk().address == PATH


@pytest.mark.parametrize(
    "params", [{"c": "id"}, {"c-1": "id"}, {"c99999": "id"}, {"c3": ""}, {"cx": "id"}, {"c²": "id"}]
)
def test_what_is_no_choice_says_nothing(params):
    assert read_ask(TOKEN, params) == UploadAsk(TOKEN)


@pytest.mark.parametrize("words", [ZH, EN])
def test_the_check_shows_what_was_understood_and_one_confirmation(words):
    page = shown(upload_check.page(UploadAsk(TOKEN), answer(), words))
    told = (
        "案件.xlsx", "明细", words("upload.header.row", n="2" + words.texts["upload.and"] + "3"),
        words("upload.matched", n="2", all="3"),
        words("upload.why.both", why=words("upload.why.alias"), sure=words("upload.sure.sure")),
        words("upload.why.hand"), words("upload.why.none"), words("upload.account.read", n="12"),
        words("upload.note.total_rows", n="1"),
        words("upload.note.absent_column", names="地址"), "never", words("upload.promise.new", n="10", source="案件"),
    )  # fmt: skip
    assert [text for text in told if text not in page] == []
    assert page.count('value="store"') == 1 and re.search(r'<input [^>]*value="secret"', page)
    assert "时间&lt;b&gt;" in page and "时间<b>" not in page
    proposal = re.search(r"<button [^>]*data-field[^>]*>", page)[0]
    assert 'data-field="crs"' in proposal and 'data-value="GCJ-02"' in proposal, "one click away"


def test_what_is_proposed_sends_nothing_and_what_was_chosen_is_chosen():
    rows = columns_card(answer(), ZH)
    options = [
        [(one.value, one.selected, text_of(one)) for one in find_options(row)] for row in find_rows(rows)
    ]
    assert options[0][:2] == [("none", False, "不入库"), ("", True, "编号 *")]
    assert ("reported_at", True, "上报时间 *") in options[1] and ("", False, "不入库") in options[1]
    assert options[2][0] == ("", True, "不入库") and options[2][-1] == ("drop", False, "永不入库")


def find_rows(card) -> list:
    return find(card, "columns")[0].children[2].children


def find_options(row) -> list:
    return row.children[1].children.children[1].children


def test_without_what_every_fact_needs_there_is_nothing_to_confirm():
    lacking = replace(PLAN, lacking=("id", "reported_at"))
    page = shown(upload_check.page(UploadAsk(TOKEN), answer(plan=lacking, ledger=None), ZH))
    assert ZH("upload.lacking", names="编号、上报时间") in page
    assert re.search(r'value="store" disabled', page) or re.search(r"disabled[^>]*value=\"store\"", page)


def test_a_snapshot_that_shrinks_asks_for_a_second_word():
    fault = "a: got a snapshot that lacks 7 of the 8 facts it speaks for; expected 10 % (--accept-shrink confirms more)"
    page = shown(upload_check.page(UploadAsk(TOKEN), answer(ledger=None, fault=fault), ZH))
    assert 'name="shrink"' in page and "缺少已知 8 条中的 7 条" in page and "disabled" not in page
    plain = shown(
        upload_check.page(
            UploadAsk(TOKEN), answer(ledger=None, fault="x: got a quote that is never closed"), ZH
        )
    )
    assert 'name="shrink"' not in plain and "disabled" in plain and "引号没有结束" in plain


def test_the_result_leads_to_the_map_over_the_days_of_the_file():
    stored = StoredAnswer("案件.xlsx", LEDGER, "网格案件", "case")
    page = shown(upload_result.page(UploadAsk(TOKEN), stored, ZH))
    assert "/map/-/-?indicator=cases_reported&amp;from=2025-01-02&amp;to=2026-03-05" in page
    assert (
        f'href="{PATH}/{TOKEN}/rejects.xlsx"' in page
        and ZH("upload.again") in page
        and f'href="{PATH}"' in page
    )
    years = replace(stored, ledger=replace(LEDGER, first_on="1999-01-01"))
    first = date(2026, 3, 4) - timedelta(days=LONGEST_DAYS - 1)
    assert f"from={first}&" in upload_result.map_link(years), "no more days than a page can ask for"
    clean = replace(LEDGER, rejected=0, rejects=[], mixups=[], first_on="")
    page = shown(upload_result.page(UploadAsk(TOKEN), replace(stored, ledger=clean), EN))
    assert "rejects.xlsx" not in page and EN("upload.again") not in page and "from=" not in page


def test_the_start_page_says_what_may_be_sent():
    page = shown(upload_page.page(ZH, csrf="secret"))
    assert 'data-token="secret"' in page and "100 MB" in page and f'data-upload="{PATH}"' in page


@pytest.mark.parametrize("words", [ZH, EN])
def test_every_mix_up_has_its_sentence_with_its_count(words):
    facts = MIXED.facts | {"point": "1, 2", "share": 0.3, "addresses": 4, "months": "2025-05", "usual": 10.0}
    for kind in ("crs", "axes", "one_point", "coarse", "future", "month", "volume"):
        sentence = said(MixUp(kind, 1234, [], facts), words)
        assert "1,234" in sentence and "{" not in sentence, kind
    assert "90°" in said(MixUp("axes", 3), words)
    assert mixups_card([], words) == []


def test_the_rows_behind_a_mix_up_can_be_opened():
    (card,) = mixups_card([MIXED, MixUp("future", 1, [["a.csv", 7, "2066-01-01", "closed_at"]])], ZH)
    text = text_of(card)
    assert "第 4 行" in text and "121.1, 31.2" in text and "2066-01-01结案" in text


@pytest.mark.parametrize(
    ("sentence", "zh"),
    [
        ("a.csv: got an empty file of 0 bytes; expected records, or at least a header", "文件是空的"),
        ("a.csv: got more than 100 MB; expected at most 100 MB", "文件太大（100 MB）"),
        ("a.xlsx: got a workbook under a password; expected one without", "工作簿有密码，请去掉密码再上传"),
        ("a.zip: got 2 files in the archive; expected one of .csv", "压缩包里有 2 个文件，应只有一个"),
        ("a.zip: got 'a.exe' in the archive; expected one of .csv", "压缩包里的“a.exe”不能读取"),
        ("a.csv: got text that is neither UTF-8 nor GB18030; expected …", "文字编码既不是 UTF-8 也不是 GB18030"),
        ("a.csv row 1: got the column '编号' 2 times; expected it once", "第 1 行：列“编号”出现了不止一次"),
        ("a.csv: id: got no column '编号'; expected it among: 类别", "没有列“编号”，而每条记录都需要它"),
        ("sources/a.toml: got a file of json; expected csv", "这个数据源读 csv，文件是 json"),
        ("a.zip: got 2 files of boundaries in the archive; expected one", "压缩包里有 2 个边界文件，应只有一个"),
        ("a.zip: got a .shp without its .dbf; expected a Shapefile", "Shapefile 缺少 .dbf 文件，请一并压缩"),
        ("a.gpkg: got other content; expected a readable .gpkg file", "内容不是 .gpkg 文件"),
        ("a.zip: got 60,000 units; expected at most 50,000", "内容过多（60,000），最多 50,000"),
        ("a.zip: got no coordinate system; expected one to be declared (--crs)", "文件没有注明坐标系，请选择"),
        ("a.zip unit 3: got a Point; expected a Polygon or MultiPolygon", "有不是面的图形（Point）"),
        ("a.json: got degrees such as (121, 31) declared as EPSG:4549; expected metres, or another system (--crs)",
         "坐标是经纬度，与坐标系 EPSG:4549 不符，请另选"),
        ("a.geojson: got expecting value: line 1; expected GeoJSON", "内容不能按 GeoJSON 读取"),
        ("a.json: line 2: got extra data; expected JSON", "内容不能按 JSON 读取"),
        ("a.csv: got bytes after line 9 that are not UTF-8; expected UTF-8 text", "文件里有不是 UTF-8 的内容"),
        ("a.csv: got a thing nobody foresaw; expected another",
         "文件不能读取：a.csv: got a thing nobody foresaw; expected another"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_the_language_of_the_reader(sentence, zh):
    assert refusal(sentence, ZH) == zh
    assert refusal(sentence, EN)


def test_every_field_has_a_name_for_people():
    names = {spec.name for fields in FIELDS.values() for spec in fields}
    assert [name for name in sorted(names) if f"field.{name}" not in ZH.texts] == []
