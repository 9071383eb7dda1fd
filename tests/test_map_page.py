"""The map page from an answer: colours, figure and patch, ranking, legend, states, every choice in the address."""

import re
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import fakes_pages as fakes
import numpy as np
import pytest
from dash._utils import to_json
from fakes_map import CUTS, EN, ZH, answer_of, ask_of, longest
from fakes_pages import find, links, text_of
from hypothesis import given
from hypothesis import strategies as st

from data.indicators import INDICATORS
from data.query import parse_query
from layouts import map_page
from layouts.map_panel import side
from layouts.map_ranking import ordered, ranking, together
from layouts.map_view import PARTNERS, MapAsk, parse_map_ask
from layouts.plain import written

# Page


@pytest.mark.parametrize("words", [ZH, EN])
@pytest.mark.parametrize("name", INDICATORS)
def test_the_page_stands_for_every_indicator_in_both_languages(name, words):
    ask = ask_of(indicator=name)
    answer = answer_of(ask, cuts=CUTS if INDICATORS[name].kind == "rate" else (1, 2, 3, 5, 8, 13))
    body = text_of(side(ask, answer, words)) + text_of(map_page.overlay(ask, answer, words))
    assert words(f"indicator.{name}") in body
    assert "nan" not in body and "None" not in body
    written(side(ask, answer, words))


def test_the_head_tells_base_target_change_and_interval():
    ask = ask_of()
    answer = answer_of(ask)
    row, shown = answer.total, text_of(side(ask, answer, ZH))
    assert f"{row['value'] * 100:.1f}" in shown
    assert f"{row['numerator']:,.0f}/{row['denominator']:,.0f}" in shown
    assert "≥ 90.0" in shown and f"{row['low'] * 100:.1f}–{row['high'] * 100:.1f}" in shown


def test_a_silent_source_dims_the_value_and_says_so():
    ask = ask_of()
    loud = side(ask, answer_of(ask), ZH)
    silent = side(ask, answer_of(ask, sources=fakes.sources().assign(state="stale")), ZH)
    assert not find(loud, "quiet") and find(silent, "quiet") and "停更" in text_of(find(silent, "unit"))


def test_the_name_of_the_indicator_opens_its_card():
    ask = ask_of()
    shown = written(side(ask, answer_of(ask), ZH))
    assert (
        f'data-opens="metric-{ask.indicator.name}"' in shown and f'id="metric-{ask.indicator.name}"' in shown
    )
    assert "按期结案 1,728 ÷ 应结案 1,844" in text_of(find(side(ask, answer_of(ask), ZH), "metric"))


def test_space_minutes_are_told_in_hours():
    ask = ask_of(indicator="parking_occupancy")
    answer = answer_of(ask)
    measured = answer.measures.assign(n=23_026_800.0)
    shown = text_of(side(ask, replace(answer, measures=measured), EN))
    assert "space-hours383,780" in shown


def test_a_count_tells_its_average_and_a_stock_the_other_stock():
    ask = ask_of(indicator="cases_reported", **{"from": "2026-11-01", "to": "2026-11-23"})
    total = answer_of(ask).total["value"]
    assert f"日均{total / 22:,.1f}" in text_of(side(ask, answer_of(ask), ZH))
    stock = ask_of(indicator="cases_overdue_open")
    shown = side(stock, answer_of(stock, second=[[*[None] * 12, 618.0]]), ZH)
    assert "未结618" in text_of(find(shown, "unit"))


def test_a_partner_has_a_trend_of_its_own():
    ask = ask_of()
    both = find(side(ask, answer_of(ask, second=[[13.0] * 13]), ZH), "tr")
    assert len(both) == 2 and text_of(both[1]).startswith("超期未结")
    assert set(PARTNERS) <= set(INDICATORS)
    for name, others in PARTNERS.items():
        assert {INDICATORS[other].subject for other in others} == {INDICATORS[name].subject}


def test_without_an_interval_there_is_no_range_of_ranks():
    ask = ask_of(indicator="parking_occupancy")
    answer = answer_of(ask)
    measured = answer.measures.assign(low=np.nan, high=np.nan)
    shown = find(ranking(ask, replace(answer, measures=measured), ZH), "range")
    assert {text_of(cell) for cell in shown[1:]} == {"–"}


def test_changes_leave_their_unit_to_the_head():
    ask = ask_of()
    heads = [text_of(head) for head in find(ranking(ask, answer_of(ask), EN), "change")]
    assert heads[0].startswith("Change pts") and all("pts" not in cell for cell in heads[1:])


def test_the_ranking_sums_to_the_whole_and_says_why_a_unit_is_not_ranked():
    ask = ask_of()
    table = ranking(ask, answer_of(ask), ZH)
    shown = text_of(table)
    assert "20 个网格" in shown and "数据过少 9 / 20" in shown
    assert shown.index("松间") > shown.index("汀溪")
    assert "未归属" in shown and "合计" in shown and "只知到梧桐里街道" in shown


def test_rows_lead_a_level_down_and_heads_sort():
    ask = ask_of()
    found = links(ranking(ask, answer_of(ask), ZH))
    down = [urlsplit(link) for link in found if "/map/microgrid/" in link]
    assert len(down) == 20 and {parse_qs(link.query)["indicator"][0] for link in down} == {ask.indicator.name}
    assert {parse_qs(urlsplit(link).query).get("sort", [""])[0] for link in found} >= {
        "name",
        "value",
        "-base",
    }


def test_at_the_lowest_level_rows_stay_reachable_by_keyboard():
    ask = ask_of()
    table = written(ranking(ask, answer_of(ask, below=None), ZH))
    assert "/map/microgrid/" not in table and table.count('tabindex="0"') >= 20


@pytest.mark.parametrize(
    ("sort", "column", "rising"),
    [("name", "unit_name", True), ("-base", "n", False), ("change", "change", True)],
)
def test_the_order_asked_for(sort, column, rising):
    ask = ask_of(sort=sort)
    found = ordered(ask, answer_of(ask).rows)[column].tolist()
    assert found == sorted(found, reverse=not rising)


def test_unranked_rows_come_last_by_default():
    ask = ask_of()
    states = ordered(ask, answer_of(ask).rows)["state"].tolist()
    assert states == ["ok"] * 19 + ["few"]


def test_a_category_is_told_in_the_language_of_the_reader():
    ask = ask_of()
    answer = answer_of(ask, word=lambda kind, text: f"{kind}/{text[:2]}")
    assert "设施" in text_of(find(side(ask, answer, EN), "late"))


def test_a_long_ranking_is_cut_and_says_so():
    ask = ask_of(rows="5")
    table = ranking(ask, answer_of(ask), ZH)
    assert len(re.findall("data-code", written(table))) == 5
    assert "还有 15 个" in text_of(table)


def test_several_unassigned_parts_are_added_up_before_the_rate():
    common = {"kind": "unassigned", "denominator": 10.0, "n": 10.0, "change": 0.1, "unit_name": "a"}
    rows = [{**common, "numerator": 9.0, "value": 0.9}, {**common, "numerator": 1.0, "value": 0.1}]
    assert together(rows)["value"] == pytest.approx(0.5)
    assert together(rows[:1])["value"] == 0.9


def test_a_volume_shows_bars_and_change():
    ask = ask_of(indicator="cases_overdue_open")
    table = written(ranking(ask, answer_of(ask, cuts=(1, 2, 3, 5, 8, 13)), ZH))
    assert table.count('class="vbar"') == 20 and "变化" in table and "▼ 7" in table


# Overlay


def test_the_legend_is_open_with_cuts_hatch_and_symbols():
    ask = ask_of()
    shown = text_of(map_page.legend(ask, answer_of(ask), ZH))
    for part in (
        "80",
        "84",
        "88",
        "92",
        "95",
        "97",
        "对目标 90.0",
        "差于目标",
        "优于目标",
        "数据过少（n < 20）",
        "超期",
        "停车",
    ):
        assert part in shown


def test_a_chip_counts_what_lies_nowhere():
    ask = ask_of()
    answer = answer_of(ask)
    shown = map_page.overlay(ask, answer, ZH)
    assert f"{answer.nowhere} 件未归属" in text_of(shown)
    empty = replace(answer, measures=answer.measures[answer.measures["kind"] != "unassigned"])
    assert "未归属" not in text_of(map_page.overlay(ask, empty, ZH))


def test_a_map_that_cannot_be_drawn_says_why():
    ask = ask_of()
    assert "画不下" in text_of(map_page.overlay(ask, answer_of(ask, shapes=""), ZH))
    alone = answer_of(ask).units.assign(has_shape=False)
    assert "没有边界" in text_of(map_page.overlay(ask, answer_of(ask, shapes="", units=alone), ZH))


def test_without_webgl_the_table_stands_alone():
    ask = ask_of()
    body = map_page.page(ask, answer_of(ask, webgl=False), ZH)
    assert "tableonly" in body.className and "WebGL2" in text_of(body)
    assert "dash_core_components" not in to_json(body)


def test_no_base_at_all_is_the_empty_state():
    ask = ask_of()
    answer = answer_of(ask)
    none = answer.measures.assign(state="none", value=np.nan, n=0.0)
    shown = side(ask, replace(answer, measures=none), ZH)
    assert find(shown, "st") and "时段内没有记录" in text_of(shown)
    silent = replace(answer, measures=none, sources=fakes.sources().assign(state="stale"))
    assert "数据源停更" in text_of(side(ask, silent, ZH)) and "数据源正常" not in text_of(
        side(ask, silent, ZH)
    )


def test_no_overdue_case_is_said():
    ask = ask_of()
    assert "没有超期未结的案件" in text_of(side(ask, answer_of(ask, longest=longest(0)), ZH))


# Addresses


def test_the_last_day_of_a_form_goes_before_the_day_after():
    asked = parse_query({"from": "2026-11-01", "to": "2026-11-09", "last": "2026-11-22"}, level=None, within=None,
                        today=fakes.TODAY)  # fmt: skip
    assert (str(asked.period.start), str(asked.period.end)) == ("2026-11-01", "2026-11-23")


def test_every_level_and_ancestor_has_its_address():
    ask = ask_of()
    answer = answer_of(
        ask, path=[fakes.unit(), SimpleNamespace(code="A1", name="北苑片区", level="area", depth=1)]
    )
    crumbs = links(map_page.bar(ask, answer, ZH))
    assert [urlsplit(link).path for link in crumbs] == ["/map/area/WT", "/map/grid/A1"]
    levels = links(map_page.overlay(ask, answer, ZH))
    assert [urlsplit(link).path for link in levels[:3]] == [
        "/map/area/WT",
        "/map/grid/WT",
        "/map/microgrid/WT",
    ]


@given(
    st.sampled_from(sorted(INDICATORS)),
    st.sampled_from(["", "name", "-value", "-change"]),
    st.integers(1, 2000),
)
def test_an_address_read_again_asks_the_same(name, sort, rows):
    params = {"indicator": name, "from": "2026-11-01", "to": "2026-11-20", "category": "市容环境/暴露垃圾"}
    ask = MapAsk(parse_query(params, level="grid", within="A&1/?", today=fakes.TODAY), sort, rows)
    path, _, search = ask.here.partition("?")
    again = {key: found[0] for key, found in parse_qs(search).items()}
    assert path == "/map/grid/A%261%2F%3F"
    assert parse_map_ask(parse_query(again, level="grid", within="A&1/?", today=fakes.TODAY), again) == ask


def test_another_place_starts_the_ranking_anew():
    ask = ask_of(sort="name", rows="400")
    assert "sort" not in ask.href(level="microgrid", within="G01") and "sort=name" in ask.href(
        indicators=("cases_open",)
    )


def test_unreadable_order_and_length_are_the_usual():
    assert ask_of(sort="drop table", rows="-1") == ask_of()
