"""The analyst page: one selection behind preview, address and files; each kind of value written as people read it."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import fakes_pages as fakes
import pytest
from fakes_pages import find, links, text_of

from data.factlist import FactColumn, fact_columns
from data.query import parse_query
from data.settings import Level
from layouts import analyst_page
from layouts.analyst_ask import AnalystAnswer, AnalystAsk, parse_analyst_ask
from layouts.rows import MADE, PREVIEW, RowStyle, limit, took, written
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
NOW = int(fakes.NOW.timestamp() * 1e6)
HOUR = 3_600_000_000
COLUMNS = {column.name: column for column in fact_columns("cases")}


def ask_of(**params: str) -> AnalystAsk:
    query = parse_query(params, level=None, within=params.get("unit", "WT"), today=fakes.TODAY)
    return parse_analyst_ask(query, params, COLUMNS)


def style_of(words) -> RowStyle:
    def stamp(at: int) -> str:
        return words.stamp(datetime.fromtimestamp(at / 1e6, UTC))

    return RowStyle(words, lambda kind, text: words.texts.get(f"word.{kind}.{text}", text), stamp, NOW)


def answer_of(ask: AnalystAsk, **changes) -> AnalystAnswer:
    rows = fakes.cases()
    answered = {
        "rows": rows, "total": 11_842, "columns": {name: column.kind for name, column in COLUMNS.items()},
        "sortable": frozenset(name for name, column in COLUMNS.items() if column.sortable),
        "filterable": frozenset(name for name, column in COLUMNS.items() if column.filterable),
        "choices": {"category": ["市容环境", "市容环境/暴露垃圾"], "channel": ["居民上报"], "status": ["open"]},
        "units": [("WT", "梧桐里街道", 0), ("A1", "北苑片区", 1)], "path": [fakes.unit()],
        "summary": {"rows": 11_842, "closed": 11_224, "overdue": 1007, "unassigned": 61, "weeks": [(0, 30), (2, 40)]},
        "state": {"generation": 3918}, "published": "11月22日 14:35", "boundary": "2026-07-01",
    }  # fmt: skip
    return AnalystAnswer(**(answered | changes))


@pytest.mark.parametrize("words", [ZH, EN])
def test_a_page_tells_how_many_match_and_what_they_are(words):
    ask = ask_of()
    body = analyst_page.body(ask, answer_of(ask), style_of(words))
    shown = text_of(body)
    assert words("analyst.rows", n="11,842") in shown and "WT26112204187" in shown
    assert words("analyst.manifest.generation", n="3,918") in shown
    assert len(find(body, "weekly")) == 1


def test_the_count_of_unassigned_rows_leads_to_them():
    ask, levels = ask_of(), [Level("block", 1)]

    def counted(**changes) -> list[str]:
        return [
            part.href
            for part in find(analyst_page.body(ask, answer_of(ask, **changes), style_of(ZH)), "unassigned")
        ]

    (href,) = counted(levels=levels)
    assert dict(parse_qsl(urlsplit(href).query))["unassigned"] == "block"
    assert counted() == []  # below the chosen unit there is nothing
    assert counted(levels=levels, summary={"rows": 3, "unassigned": 0, "weeks": []}) == []


def test_preview_address_and_files_hold_one_selection():
    ask = ask_of(
        category="市容环境",
        status="open",
        address="青藤",
        sort="-due_at",
        **{"from": "2026-06-01", "to": "2026-07-01"},
    )
    page = dict(parse_qsl(urlsplit(ask.href(start=100)).query))
    again = ask_of(**page)
    assert again.selection() == ask.selection() and again.sort == ask.sort and again.start == 100
    for suffix, flavour in (("csv", "excel"), ("csv", "machine"), ("xlsx", "excel")):
        to = urlsplit(ask.file(suffix, flavour))
        params = dict(parse_qsl(to.query))
        assert to.path == f"/files/cases.{suffix}" and params.pop("flavour") == flavour
        assert {**params, "subject": "cases"} == ask.selection()


def test_only_declared_columns_filter_and_sort():
    ask = ask_of(sort="-password_hash", password_hash="x", lon="1", text="水", status="open")
    assert ask.sort == "-reported_at" and dict(ask.filters) == {"text": "水", "status": "open"}
    assert ask_of(sort="text").sort == "-reported_at", "a long text is no order"


@pytest.mark.parametrize(("start", "first"), [("0", 0), ("149", 100), ("-5", 0), ("x", 0), ("9" * 40, 10**9)])
def test_a_page_starts_where_pages_start(start, first):
    assert ask_of(start=start).start == first


def test_heads_sort_by_links_and_say_so():
    ask = ask_of()
    heads = find(analyst_page.body(ask, answer_of(ask), style_of(ZH)), "c-reported_at")
    assert getattr(heads[0], "aria-sort") == "descending" and text_of(heads[0]) == "上报时间 ↓"
    assert parse_qs(urlsplit(links(heads)[0]).query)["sort"] == ["reported_at"]


def test_the_pager_knows_where_it_is():
    ask = ask_of(start="11800")
    pager = find(analyst_page.body(ask, answer_of(ask, rows=fakes.cases(42)), style_of(ZH)), "pager")[0]
    assert "第 11,801–11,842 行，共 11,842 行" in text_of(pager) and "第 237 / 237 页" in text_of(pager)
    assert len(links(pager)) == 2, "there is nothing after the last page"


def test_no_rows_are_a_state_not_a_blank():
    ask = ask_of()
    body = analyst_page.body(ask, answer_of(ask, rows=fakes.cases(0), total=0, summary={}), style_of(ZH))
    assert "没有符合的行" in text_of(body) and "共 0 行" in text_of(body)


def test_durations_and_limits_are_read_off_the_row():
    row = {"reported_at": NOW - 5 * HOUR, "closed_at": NOW - 4 * HOUR, "due_at": NOW - 4.5 * HOUR}
    assert took(row, "cases", ZH) == "1小时"
    assert limit(row, "cases", style_of(ZH)) == ("超期 30分", "bad")
    open_row = {"reported_at": NOW - HOUR, "closed_at": fakes.pd.NA, "due_at": NOW + 2 * HOUR}
    assert took(open_row, "cases", ZH) == "–"
    assert limit(open_row, "cases", style_of(EN)) == ("2 h left", "")
    assert limit({"reported_at": NOW}, "cases", style_of(ZH)) == ("–", "t3")
    finished = {"accepted_at": NOW - HOUR, "finished_at": NOW, "due_at": NOW + HOUR}
    assert limit(finished, "orders", style_of(ZH)) == ("按期", "")
    assert took({"reported_at": NOW, "closed_at": NOW - HOUR}, "cases", ZH) == "–", (
        "closed before it was reported"
    )


@pytest.mark.parametrize(
    ("name", "kind", "value", "text"),
    [
        ("status", "word", "closed", "已结案"), ("status", "word", "他们的词", "他们的词"),
        ("on_time", "yes", False, "否"), ("value", "number", 0.5, "0.5"),
        ("reworks", "count", 1200, "1,200"), ("lon", "point", 121.5123456, "121.512346"),
        ("n", "number", 12_345.0, "12,345"), ("address", "text", float("nan"), "–"), ("due_at", "at", fakes.pd.NA, "–"),
        ("reported_at", "at", NOW, "11-22 06:35"),
    ],
)  # fmt: skip
def test_each_kind_of_value_is_written_as_people_read_it(name, kind, value, text):
    assert written(name, kind, value, style_of(ZH)) == text


@pytest.mark.parametrize("subject", ["cases", "orders", "alerts", "parking"])
def test_a_preview_shows_columns_that_exist_and_have_a_title(subject):
    known = {column.name for column in fact_columns(subject)} | set(MADE)
    assert set(PREVIEW[subject]) <= known
    for words in (ZH, EN):
        assert all(f"field.{name}" in words.texts for name in known)


def test_all_columns_are_one_link_away():
    ask = ask_of()
    body = analyst_page.body(ask, answer_of(ask), style_of(ZH))
    every = next(to for to in links(find(body, "tools")) if "columns=all" in to)
    wide = ask_of(**dict(parse_qsl(urlsplit(every).query)))
    heads = find(analyst_page.body(wide, answer_of(wide), style_of(ZH)), "g")[0].children[1].children
    assert len(heads[0].children) == len(COLUMNS)
    assert isinstance(COLUMNS["status"], FactColumn)


def test_every_week_of_the_period_has_a_bar_also_one_without_rows():
    ask = ask_of(**{"from": "2026-10-01", "to": "2026-10-25"})
    bars = find(analyst_page.body(ask, answer_of(ask), style_of(ZH)), "bars")[0]
    assert [bar.style["height"] for bar in bars.children] == ["75.0%", "0.0%", "100.0%", "0.0%"]
    assert bars.children[-1].className == "part"
