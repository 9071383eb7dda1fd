"""The map as a figure: classes and colours, outlines by address, points, style."""

import gzip
import json
from dataclasses import replace

import fakes_pages as fakes
import numpy as np
import pandas as pd
import pytest
from dash._utils import to_json
from fakes_map import CUTS, ZH, answer_of, ask_of, crowd, points
from fakes_pages import find, text_of
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from data.indicators import INDICATORS
from data.points import MOST
from data.scales import _shares
from layouts import map_page
from layouts.map_figure import CONFIG, drawn, figure, patch
from layouts.map_panel import side
from layouts.map_style import BACKGROUND, style
from layouts.map_view import classes, diverging
from layouts.plain import written
from layouts.theme import PALETTES

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
