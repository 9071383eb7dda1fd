"""The sources page: the account of every source, its rejects with reasons, runs with what they say."""

import fakes_pages as fakes
import pytest
from fakes_pages import find, links, text_of

from data.indicators import INDICATORS
from data.instants import moment
from layouts import glossary_page, sources_page
from layouts.sources_page import SourcesAnswer, SourcesAsk, chosen, told
from layouts.values import known
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)


def answer_of(**changes) -> SourcesAnswer:
    def when(instant):
        return None if known(instant) is None else moment(int(instant))

    answered = {
        "sources": fakes.sources(),
        "rejects": fakes.rejects(),
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
    assert "停更 1天6小时" in text_of(notes[0]) and links(notes[0]) == ["/kpi/-?group=street"]


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
    clean = sources.assign(rejected=0)
    assert chosen(SourcesAsk(), clean) == "网格案件" and chosen(SourcesAsk(), sources[:0]) == ""


def test_rejects_come_with_row_value_and_reason():
    table = find(sources_page.body(SourcesAsk("回访评价"), answer_of(), ZH), "rejects")[0]
    rows = [text_of(row) for row in table.children[2].children]
    assert rows[0] == "4closed_at2062/11/20expected a date from 1990 to 2100回访_1120.xlsx"
    assert "–" in rows[3], "an empty value is a dash"


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


@pytest.mark.parametrize("words", [ZH, EN])
def test_the_glossary_explains_every_indicator_and_its_anchor_is_the_name(words):
    page = glossary_page.body(words, targets=fakes.TARGETS, unit="WT", examples={"cases_reported": "a | b"})
    entries = find(page, "entry")
    assert [entry.id for entry in entries] == list(INDICATORS)
    for entry, indicator in zip(entries, INDICATORS.values(), strict=True):
        shown = text_of(entry)
        for part in (
            indicator.name,
            words(f"indicator.{indicator.name}"),
            words(f"day.{indicator.counted_on}"),
            indicator.basis,
        ):
            assert part in shown
    assert "a | b" in text_of(entries[0]) and "≥ 92.0" in text_of(
        find(page, "entry")[list(INDICATORS).index("order_satisfaction")]
    )
