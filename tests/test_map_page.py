"""The map page from an answer: colours, figure and patch, ranking, legend, states, every choice in the address."""

import gzip
import json
import re
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import fakes_pages as fakes
import numpy as np
import pandas as pd
import pytest
from dash._utils import to_json
from fakes_pages import find, links, text_of
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from data.indicators import INDICATORS
from data.points import COUNTED, MOST, Points
from data.query import parse_query
from data.scales import _shares
from data.settings import Level
from layouts import map_page, periods
from layouts.map_figure import CONFIG, drawn, figure, patch
from layouts.map_panel import side
from layouts.map_ranking import ordered, ranking, together
from layouts.map_style import BACKGROUND, style
from layouts.map_view import PARTNERS, MapAnswer, MapAsk, classes, diverging, parse_map_ask
from layouts.plain import written
from layouts.theme import PALETTES
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
MICRO = Level("microgrid", 3, {"zh": "微网格", "en": "Micro-grid"})
CUTS = (0.8, 0.84, 0.88, 0.92, 0.95, 0.97)


def ask_of(**params: str) -> MapAsk:
    return parse_map_ask(fakes.query(**params), params)


def points(count: int = 3) -> Points:
    kinds = ["overdue", "case", "order", "alert", "parking"]
    rows = [
        (kinds[at % 5], f"N{at}", 121.5 + at / 1e4, 31.2, "市容环境/暴露垃圾", "沧浪路 1 号")
        for at in range(count)
    ]
    frame = DataFrame(rows, columns=["kind", "id", "lon", "lat", "title", "detail"])
    return Points(frame, DataFrame(columns=list(COUNTED)))


def crowd(units: int) -> Points:
    """Three overdue cases and an order in each of so many units; the last is known without a label."""
    rows = [
        (f"G{at:02d}", f"网格{at}", 121.5 + at / 1000 if at < units - 1 else np.nan, 31.2, kind, n)
        for at in range(units)
        for kind, n in (("overdue", 3), ("order", 1))
    ]
    return Points(points(0).listed, DataFrame(rows, columns=list(COUNTED)))


def longest(count: int = 2) -> DataFrame:
    rows = [
        ("C1", "设施/井盖松动", None if at else "沧浪路 128 号", "鹤鸣二", 13_260 - at, 121.5, 31.2)
        for at in range(count)
    ]
    names = ["id", "category", "address", "unit_name", "overdue_minutes", "lon", "lat"]
    return DataFrame(rows, columns=names)


def answer_of(ask: MapAsk, **changes) -> MapAnswer:
    measured = fakes.measures((ask.indicator.name,))
    units = measured[measured["kind"] == "unit"]
    places = DataFrame({
        "code": units["unit_code"], "name": units["unit_name"], "has_shape": True,
        "lon": 121.5 + np.arange(len(units)) / 1000, "lat": 31.2, "area_m2": 90_000.0,
    })  # fmt: skip
    recent = periods.recent(ask.query.period)
    answered = {
        "path": [fakes.unit()], "levels": [*fakes.LEVELS[1:], MICRO], "all_levels": [*fakes.LEVELS, MICRO],
        "level": fakes.LEVELS[2], "below": MICRO, "measures": measured, "units": places, "points": points(),
        "longest": longest(), "periods": recent, "line": [0.9] * 13, "years": [None] * 13, "cuts": CUTS,
        "sources": fakes.sources(), "shapes": "/shapes/abc/grid/WT", "borders": [("/shapes/d/area/WT", 1)],
        "style": "/map-style/e/light", "aim": fakes.TARGETS.get(ask.indicator.name), "place": "梧桐里",
    }  # fmt: skip
    return MapAnswer(**(answered | changes))


# Colours


def rows_of(found, states=None) -> DataFrame:
    return DataFrame({"value": found, "state": states or ["ok"] * len(found)})


def test_classes_stand_between_fixed_cuts():
    entry = INDICATORS["case_on_time_closure_rate"]
    found = classes(rows_of([0.1, 0.8, 0.9, 0.97, 1.0]), entry, cuts=CUTS, both_sides=True)
    assert found.tolist() == [0, 1, 3, 6, 6]


def test_unknown_and_too_few_have_no_class():
    entry = INDICATORS["case_on_time_closure_rate"]
    found = classes(rows_of([np.nan, 0.9, 0.9], ["none", "few", "ok"]), entry, cuts=CUTS, both_sides=True)
    assert found.tolist() == [-1, -1, 3]


def test_ochre_is_worse_also_where_less_is_better():
    entry = replace(INDICATORS["case_on_time_closure_rate"], better="low")
    found = classes(rows_of([0.1, 0.9, 1.0]), entry, cuts=CUTS, both_sides=True)
    assert found.tolist() == [6, 3, 0]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_a_larger_value_never_has_a_lower_class(found):
    entry = INDICATORS["case_on_time_closure_rate"]
    found = sorted(found)
    steps = classes(rows_of(found), entry, cuts=CUTS, both_sides=True).tolist()
    assert steps == sorted(steps) and set(steps) <= set(range(7))


def test_only_rates_and_scores_with_a_target_run_to_both_sides():
    assert diverging(INDICATORS["case_on_time_closure_rate"], 0.9)
    assert not diverging(INDICATORS["case_on_time_closure_rate"], None)
    assert not diverging(INDICATORS["cases_overdue_open"], 60)


def test_a_target_that_does_not_judge_has_no_worse_side():
    assert not diverging(INDICATORS["parking_occupancy"], 0.85)


def test_cuts_of_a_share_stay_apart_and_below_the_whole():
    assert _shares([0.4, 0.401, 0.402, 0.5, 0.61, 0.7]) == (0.4, 0.41, 0.42, 0.5, 0.61, 0.7)
    crowded = _shares([0.99] * 6)
    assert crowded == (0.94, 0.95, 0.96, 0.97, 0.98, 0.99)


# Figure


def test_a_unit_without_a_value_says_why():
    ask = ask_of()
    answer = answer_of(ask)
    measured = answer.measures.assign(state=["none", "few", *answer.measures["state"][2:]])
    cards = figure(ask, replace(answer, measures=measured), ZH)["data"][0]["customdata"]
    assert [card[0] for card in cards[:2]] == ["", ""]
    assert [card[3] for card in cards[:2]] == ["无数据", "数据过少"]


def test_the_first_guess_of_the_view_holds_every_unit():
    ask = ask_of()
    for spread in (0.001, 0.02, 5.0):
        places = answer_of(ask).units
        places = places.assign(lon=121.5 + spread * np.linspace(0, 1, len(places)))
        view = figure(ask, answer_of(ask, units=places), ZH)["layout"]["map"]
        pixels = 512 * 2 ** view["zoom"] / 360 * spread
        assert pixels < 720 and view["center"]["lon"] == pytest.approx(121.5 + spread / 2)


def test_names_of_levels_above_go_along():
    ask = ask_of()
    places = answer_of(ask).units.head(3).assign(lon=[121.5, np.nan, 121.6])
    above = figure(ask, answer_of(ask, above=[places]), ZH)["layout"]["meta"]["above"]
    assert [level["name"] for level in above] == [[places["name"].iloc[0], places["name"].iloc[2]]]


def test_a_figure_carries_codes_and_values_and_no_outline():
    ask = ask_of()
    drawn_figure = figure(ask, answer_of(ask), ZH)
    fill = drawn_figure["data"][0]
    assert fill["geojson"] == "/shapes/abc/grid/WT" and fill["type"] == "choroplethmap"
    assert len(fill["z"]) == len(fill["locations"]) == len(fill["customdata"]) == 20
    assert "coordinates" not in json.dumps(drawn_figure)
    assert drawn_figure["layout"]["uirevision"] == "keep"
    assert CONFIG["showSendToCloud"] is False


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["case_on_time_closure_rate", "cases_overdue_open"])
def test_colours_are_discrete_steps_of_the_ramp(theme, name):
    ask = ask_of(indicator=name)
    fill = figure(ask, answer_of(ask, theme=theme), ZH)["data"][0]
    colours = [colour for _, colour in fill["colorscale"]]
    ramp = PALETTES[theme].ramp(diverging=name == "case_on_time_closure_rate")
    assert colours[::2] == colours[1::2] == [PALETTES[theme].nd_fill, *ramp]
    # Class k, from -1 to 6, lies in the middle of its step.
    edges = [place for place, _ in fill["colorscale"]]
    for step in range(-1, 7):
        at = (step - fill["zmin"]) / (fill["zmax"] - fill["zmin"])
        assert edges[2 * (step + 1)] < at < edges[2 * (step + 1) + 1]


def test_units_without_an_outline_are_in_the_table_only():
    ask = ask_of()
    answer = answer_of(ask)
    places = answer.units.assign(has_shape=[False] + [True] * 19)
    answer = replace(answer, units=places)
    assert len(figure(ask, answer, ZH)["data"][0]["z"]) == 19
    assert len(answer.rows) == 20


def test_a_patch_changes_values_and_leaves_view_and_outlines():
    ask = ask_of(indicator="cases_overdue_open")
    changed = json.loads(to_json(patch(ask, answer_of(ask), ZH)))
    places = {tuple(step["location"]) for step in changed["operations"]}
    assert ("data", 0, "z") in places and ("data", 0, "customdata") in places
    for kept in (
        ("data", 0, "locations"),
        ("data", 0, "geojson"),
        ("layout", "map"),
        ("layout", "uirevision"),
    ):
        assert not any(place[: len(kept)] == kept for place in places)


def test_what_is_drawn_is_known_by_its_outlines_theme_and_style():
    ask = ask_of()
    answer = answer_of(ask)
    other = ask_of(indicator="cases_overdue_open")
    assert drawn(answer) == drawn(answer_of(other))
    assert drawn(answer) != drawn(replace(answer, shapes="/shapes/xyz/grid/WT"))
    assert drawn(answer) != drawn(replace(answer, theme="dark"))


def test_every_point_is_drawn_with_what_it_is():
    ask = ask_of()
    shown = figure(ask, answer_of(ask, points=points(MOST)), ZH)["data"][1]
    assert len(shown["lon"]) == MOST
    assert {row[0] for row in shown["customdata"]} == {"case", "open", "order", "alert", "parking"}
    assert shown["customdata"][0] == ["case", "市容环境/暴露垃圾", "沧浪路 1 号", "N0"]


def test_too_many_points_are_one_disc_a_unit_with_its_counts():
    ask = ask_of()
    answer = answer_of(ask, points=crowd(4))
    drawn_figure = figure(ask, answer, ZH)
    shown, about = drawn_figure["data"][1], drawn_figure["layout"]["meta"]["card"]["points"]
    assert len(shown["lon"]) == len(shown["lat"]) == 3
    name, counts = shown["customdata"][0][1:]
    # The script writes each count behind the title at the same place.
    titled = {title: n for title, n in zip(about.values(), counts, strict=False) if n}
    assert (name, titled) == ("网格0", {"超期": 3, "工单": 1}) and "count" in about
    legend = map_page.legend(ask, answer, ZH)
    assert find(legend, "count") and "超过 300 个点：按网格计数" in text_of(legend)
    assert "停车" not in text_of(legend)
    changed = json.loads(to_json(patch(ask, answer, ZH)))
    places = {tuple(step["location"]): step["params"]["value"] for step in changed["operations"]}
    assert places["data", 1, "customdata"] == shown["customdata"]


@pytest.mark.parametrize("of_points", [points(300), crowd(2000)])
def test_a_change_of_indicator_at_2000_units_weighs_under_40_kb(of_points):
    ask = ask_of()
    base = answer_of(ask)
    random, times = np.random.default_rng(1), 100
    units = pd.concat([base.rows] * times, ignore_index=True)
    units["unit_code"] = [f"3101990{number:07d}" for number in range(len(units))]
    units["unit_name"] = [f"梧桐里{number}号楼" for number in range(len(units))]
    units["value"] = random.random(len(units))
    units["numerator"] = random.integers(1, 9999, len(units)).astype(float)
    rest = base.measures[base.measures["kind"] != "unit"]
    places = DataFrame({"code": units["unit_code"], "name": units["unit_name"], "has_shape": True,
                        "lon": random.random(len(units)), "lat": random.random(len(units)),
                        "area_m2": 4e6})  # fmt: skip
    answer = replace(
        base, measures=pd.concat([units, rest], ignore_index=True), units=places, points=of_points
    )
    body = to_json([
        patch(ask, answer, ZH), written(map_page.overlay(ask, answer, ZH)), written(side(ask, answer, ZH)),
        written(map_page.bar(ask, answer, ZH)),
        written(map_page.controls(ask, ZH, presets=map_page.preset_periods(fakes.TODAY))),
    ]).encode()  # fmt: skip
    assert len(answer.units) == 2000
    assert len(gzip.compress(body, 6)) < 40 * 1024


def test_borders_are_thicker_the_higher():
    ask = ask_of()
    answer = answer_of(ask, borders=[("/a", 0), ("/b", 1), ("/c", 2)])
    layers = figure(ask, answer, ZH)["layout"]["map"]["layers"]
    assert [layer["source"] for layer in layers] == ["/c", "/b", "/a"]
    widths = [layer["line"]["width"] for layer in layers]
    assert widths == sorted(widths)


# Style


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_style_asks_nobody_else(theme):
    found = style(theme, {part: f"/background/x/{part}" for part in BACKGROUND})
    text = json.dumps(found)
    assert "http" not in text and "glyphs" not in found and "sprite" not in found
    names = [layer["id"] for layer in found["layers"]]
    assert names.index("fills-below") < names.index("buildings") < names.index("main") < names.index("water")
    assert names.index("water") < names.index("borders-below") < names.index("road-names")
    assert len(names) == len(set(names))


def test_a_style_without_background_still_has_a_source():
    assert style("light", {})["sources"]


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
