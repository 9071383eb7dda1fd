"""The sources page: the account of every source, its rejects with reasons, runs with what they say."""

import ast
from pathlib import Path

import fakes_pages as fakes
import pytest
from fakes_pages import find, links, text_of

from data.indicators import INDICATORS
from data.instants import moment
from data.spec_tables import load_spec
from layouts import glossary_page, reasons, sources_page
from layouts.sources_ask import SourcesAnswer, SourcesAsk, chosen
from layouts.sources_lists import told, took
from layouts.values import known
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)


def answer_of(**changes) -> SourcesAnswer:
    def when(instant):
        return None if known(instant) is None else moment(int(instant))

    answered = {
        "sources": fakes.sources(),
        "rejects": fakes.rejects(),
        "loads": fakes.loads(),
        "runs": fakes.runs(),
        "may_run": True,
        "when": when,
    }
    return SourcesAnswer(**(answered | changes))


@pytest.mark.parametrize("words", [ZH, EN])
def test_every_source_shows_rhythm_age_and_account(words):
    body = sources_page.body(SourcesAsk(), answer_of(), words)
    rows = find(body, "accounts")[0].children[2].children
    assert len(rows) == 7
    first = text_of(rows[0])
    for part in ("网格案件", words.duration(15), words.age(12), "1,284", "57", "1,224", "3"):
        assert part in first, part
    assert words("sources.nothing") in text_of(rows[3]) and not find(rows[3], "led")


def test_silent_and_failed_sources_stand_above_with_what_they_hold_back():
    notes = find(sources_page.body(SourcesAsk(), answer_of(), ZH), "note")
    assert [text_of(note)[:4] for note in notes[:2]] == ["视频告警", "回访评价"]
    assert "停更 1天6小时" in text_of(notes[0]) and links(notes[0]) == ["/kpi/-?group=alerts"]


@pytest.mark.parametrize("words", [ZH, EN])
def test_what_a_snapshot_no_longer_holds_is_listed_with_its_count(words):
    body = sources_page.body(SourcesAsk("网格案件"), answer_of(withdrawn=fakes.withdrawals()), words)
    (listed,) = find(body, "withdrawn")
    assert words("sources.withdrawn", source="网格案件", n="57") in text_of(listed)
    assert [text_of(row)[:6] for row in listed.children[2].children] == ["C-0417", "C-0388"]
    assert not find(sources_page.body(SourcesAsk(), answer_of(), words), "withdrawn")


def test_withdrawals_held_back_are_said_aloud():
    sources = fakes.sources()
    sources["notes"] = [{"withdrawals_held": 3} if name == "网格案件" else {} for name in sources["source"]]
    for name, shown in (("网格案件", True), ("12345工单", False)):
        text = text_of(sources_page.body(SourcesAsk(name), answer_of(sources=sources), EN))
        assert (EN("sources.withdrawn.held", n="3") in text) == shown


def test_the_button_is_only_there_for_those_who_may():
    ids = [getattr(one, "id", None) for one in find(sources_page.body(SourcesAsk(), answer_of(), ZH), "btn")]
    assert {"type": "sources-run", "source": "网格案件"} in ids
    assert not find(sources_page.body(SourcesAsk(), answer_of(may_run=False), ZH), "btn")


def test_the_source_shown_is_the_one_asked_for_else_one_that_refused_rows():
    sources = fakes.sources()
    assert chosen(SourcesAsk("停车余位"), sources) == "停车余位"
    assert chosen(SourcesAsk("no such source"), sources) == "网格案件"
    clean = sources.assign(rejected=0, refused_ever=False)
    assert chosen(SourcesAsk(), clean) == "网格案件" and chosen(SourcesAsk(), sources[:0]) == ""
    once = clean.assign(refused_ever=clean["source"] == "回访评价")
    assert chosen(SourcesAsk(), once) == "回访评价"


def test_a_source_is_called_by_its_title():
    sources = fakes.sources().assign(title=[f"title of {name}" for name in fakes.sources()["source"]])
    shown = text_of(sources_page.body(SourcesAsk("停车余位"), answer_of(sources=sources), ZH))
    assert "title of 停车余位　最近装载" in shown and "title of 视频告警 停更" in shown


def test_the_last_loads_of_a_source_are_told_with_their_accounts():
    loads = find(sources_page.body(SourcesAsk(), answer_of(), ZH), "loads")[-1]
    rows = [text_of(row) for row in loads.children[2].children]
    assert len(rows) == 3 and rows[0] == "11-22 06:35案件_0.csv100574031.8 秒"
    assert "没有装载" in text_of(sources_page.body(SourcesAsk(), answer_of(loads=fakes.loads(0)), ZH))


def test_a_moment_is_not_nothing():
    assert (took(0.01, EN), took(0.26, EN), took(None, EN)) == ("< 0.1 s", "0.3 s", "–")


def test_rejects_come_with_row_value_and_reason():
    table = find(sources_page.body(SourcesAsk("回访评价"), answer_of(), ZH), "rejects")[0]
    rows = [text_of(row) for row in table.children[2].children]
    assert rows[0] == "4结案时间2062/11/20expected a date from 1990 to 2100"
    assert "–" in rows[3], "an empty value is a dash"
    several = fakes.rejects().assign(file=[f"{number}.xlsx" for number in range(6)])
    table = find(sources_page.body(SourcesAsk("回访评价"), answer_of(rejects=several), ZH), "rejects")[0]
    assert text_of(table.children[2].children[5]).endswith("5.xlsx")


def test_a_source_without_rejects_says_so():
    body = sources_page.body(SourcesAsk("停车余位"), answer_of(rejects=fakes.rejects()[:0]), ZH)
    assert "没有拒收的行" in text_of(body)


def test_a_run_says_what_it_did_or_why_it_failed():
    rows = [
        text_of(row)
        for row in find(sources_page.body(SourcesAsk(), answer_of(), ZH), "runs")[0].children[2].children
    ]
    assert "收集" in rows[0] and "读取 1,872" in rows[0] and "0.9 秒" in rows[0]
    assert "没有新的" in rows[3] and "排队" in rows[4]
    assert "失败" in rows[2] and "got no answer in 30 s" in rows[2]
    assert (
        told({"generation": 7, "odd": 3, "runs": 0, "failed": {"视频": "x"}}, EN)
        == f"generation 7{EN.gap}not collected: 视频"
    )


def test_failed_runs_alone_have_an_address():
    ask = SourcesAsk("回访评价")
    assert ask.href(failed=True) == "/sources?source=%E5%9B%9E%E8%AE%BF%E8%AF%84%E4%BB%B7&runs=failed"
    assert SourcesAsk().href() == "/sources"


def test_an_instance_without_sources_says_what_to_do():
    body = sources_page.body(
        SourcesAsk(), answer_of(sources=fakes.sources()[:0], rejects=fakes.rejects()[:0]), ZH
    )
    assert "sources/" in text_of(body)


@pytest.mark.parametrize(
    ("rule", "field", "zh"),
    [
        ("a value; every order has one", "id", "必填项为空"),
        ("a time from 1990-01-01 to 2026-11-25", "closed_at", "时间应在 1990-01-01 至 2026-11-25"),
        ("one of satisfied, mostly, unrated", "satisfaction", "不在取值表：满意、基本满意、未评价"),
        ("at most capacity", "occupied", "不大于 泊位数"),
        ("at most 1,000 bytes", "text", "不超过 1,000 字节"),
        ("something nobody foresaw", "id", "something nobody foresaw"),
    ],
)
def test_a_reason_is_told_in_the_language_of_the_reader(rule, field, zh):
    assert reasons.reason(rule, field, ZH) == zh


def _rules(path: Path):
    """Every rule a module of the intake may write: the last argument of a refusal, placeholders filled."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(getattr(node, "func", None), "attr", None) or getattr(
            getattr(node, "func", None), "id", ""
        )
        if isinstance(node, ast.Call) and name in ("refuse", "Reject") and len(node.args) in (3, 5):
            rule = node.args[-1]
            if isinstance(rule, ast.Constant):
                yield rule.value
            elif isinstance(rule, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "1" for part in rule.values)


def test_every_rule_the_intake_writes_has_its_words():
    folder = Path(reasons.__file__).parent.parent / "data" / "sources"
    rules = [
        rule for name in ("normalise", "json", "geojson", "records") for rule in _rules(folder / f"{name}.py")
    ]
    assert len(rules) >= 12
    assert not [rule for rule in rules if reasons.reason(rule, "id", ZH) == rule]


@pytest.mark.parametrize("words", [ZH, EN])
def test_the_glossary_explains_every_indicator_and_its_anchor_is_the_name(words):
    specs = {name: load_spec(name) for name in INDICATORS}
    page = glossary_page.body(words, targets=fakes.TARGETS, unit="WT", specs=specs)
    entries = find(page, "entry")
    assert [entry.id for entry in entries] == list(INDICATORS)
    for entry, indicator in zip(entries, INDICATORS.values(), strict=True):
        shown = text_of(entry)
        for part in (
            indicator.name,
            words(f"indicator.{indicator.name}"),
            words(f"day.{indicator.counted_on}"),
            indicator.basis,
            specs[indicator.name].remarks[words.locale][0],
        ):
            assert part in shown
        assert len(find(entry, "facts")[0].children[2].children) == len(specs[indicator.name].facts)
    satisfaction = entries[list(INDICATORS).index("order_satisfaction")]
    assert "≥ 92.0" in text_of(satisfaction)
    value = {"zh": "60.0 分", "en": "60.0 points"}[words.locale]
    assert text_of(find(satisfaction, "sums")[0].children[2]).endswith(f"2.44{value}")
