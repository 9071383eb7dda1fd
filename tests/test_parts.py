"""The parts every page shares: what they say, and that they never say it by colour alone."""

import re
from itertools import pairwise

import fakes_pages as fakes
import pandas as pd
import pytest
from fakes_pages import find, text_of
from hypothesis import given
from hypothesis import strategies as st

from data.indicators import INDICATORS
from data.query import Period
from layouts import figures, parts, periods, values
from layouts.parts import Freshness, Option
from layouts.plain import written
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
RATE, STOCK = INDICATORS["order_first_contact_rate"], INDICATORS["cases_overdue_open"]
SCORE, HOURS = INDICATORS["order_satisfaction"], INDICATORS["case_hours_median"]


@pytest.mark.parametrize("words", [ZH, EN])
def test_values_are_written_with_their_unit_and_nothing_as_a_dash(words):
    assert str(values.show(RATE, 0.9758, words)) == ("97.6 %" if words is ZH else "97.6%")
    assert values.show(STOCK, 1848, words).number == "1,848"
    assert values.show(SCORE, 0.908, words).number == "90.8"
    assert values.show(HOURS, 17.333, words).number == "17.3"
    for missing in (None, float("nan"), pd.NA):
        assert str(values.show(RATE, values.known(missing), words)) == "–"


def test_colour_names_the_judgement_and_the_arrow_the_direction():
    assert values.change(RATE, -0.004, ZH) == ("▼ 0.4 点", "bad")
    assert values.change(RATE, 0.012, EN) == ("▲ 1.2 pts", "good")
    assert values.change(STOCK, 14, ZH) == ("▲ 14 件", "bad")
    assert values.change(STOCK, -3, ZH) == ("▼ 3 件", "good")
    assert values.change(INDICATORS["cases_reported"], 5, ZH) == ("▲ 5 件", "t2")
    assert values.change(RATE, 0.0004, ZH) == ("持平", "t2")
    assert values.change(RATE, None, ZH) == ("–", "t3")


def test_a_target_is_met_at_the_precision_shown():
    assert values.verdict(RATE, 0.976, 0.98, ZH) == ("差 0.4 点", "bad")
    assert values.verdict(RATE, 0.9796, 0.98, ZH) == ("达标", "good")
    assert values.verdict(STOCK, 116, 60, ZH) == ("超 56 件", "bad")
    assert values.verdict(SCORE, 0.908, 0.92, ZH) == ("差 1.2 分", "bad")
    assert values.verdict(RATE, 0.9, None, ZH) == ("", "")
    assert values.target(STOCK, 60, ZH) == "≤ 60"
    assert values.target(RATE, 0.98, EN) == "≥ 98.0"


def test_every_state_of_freshness_has_a_shape_and_words():
    seen = set()
    for state, age in [("fresh", 12), ("due", 47), ("stale", 1810), ("unknown", None), ("failed", 3)]:
        badge = parts.freshness(Freshness(state, age), ZH)
        assert find(badge, "ic"), "a badge without a shape"
        seen.add(text_of(badge))
    assert seen == {"12 分钟前", "47 分钟前", "停更 1天6小时", "节奏未知", "失败"}
    assert text_of(parts.freshness(Freshness("stale", 1810), ZH, short=True)) == "1天6小时"


def test_one_is_not_many():
    assert [str(values.show(STOCK, n, EN)) for n in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]
    assert values.change(STOCK, -1, EN)[0] == "▼ 1 case" and values.change(STOCK, 3, EN)[0] == "▲ 3 cases"
    assert values.change(STOCK, -1, EN, bare=True)[0] == "▼ 1"
    assert str(values.show(INDICATORS["wall_episodes"], 1, EN)) == "1 episode"
    assert [values.verdict(STOCK, 12 + over, 12, EN)[0] for over in (1, 2)] == ["1 case over", "2 cases over"]


def test_a_card_shows_the_worst_of_its_own_sources_and_nothing_is_never_fresh():
    sources = fakes.sources()
    assert parts.worst(sources, "orders").state == "failed"
    assert parts.worst(sources, "parking").state == "fresh"
    assert parts.worst(sources, "alerts") == Freshness("stale", 1810.0, "视频告警")
    assert parts.worst(sources[:0], "cases") == Freshness("unknown")
    assert parts.worst(sources).source == "回访评价"


def test_what_came_once_says_nothing_of_how_fresh_a_page_is():
    once = (
        fakes.sources()
        .assign(kind="case", state="unknown", every_minutes=float("nan"), age_minutes=9e5)
        .head(1)
    )
    timed = fakes.sources().assign(kind="case", state="fresh", every_minutes=15.0, age_minutes=4.0).head(1)
    assert parts.worst(pd.concat([once, timed]), "cases").state == "fresh"
    assert parts.worst(once, "cases").state == "unknown"
    assert parts.worst(pd.concat([once.assign(state="failed"), timed]), "cases").state == "failed"


def test_a_reject_is_never_thinner_than_it_can_be_seen():
    bar = parts.ledger_bar(100_000, 40_000, 59_999, 1)
    widths = {part.className: float(part.style["flex"].split()[0]) for part in bar.children}
    assert widths["rejected"] == 1.5 and widths["accepted"] == pytest.approx(40)
    assert [part.className for part in parts.ledger_bar(10, 10, 0, 0).children] == ["accepted"]
    assert not getattr(parts.ledger_bar(0, 0, 0, 0), "children", None)


def test_a_chosen_option_is_marked_for_those_who_see_no_colour():
    segment = parts.segment("level", [Option("片区", "/a"), Option("网格", "/b", chosen=True)])
    assert [getattr(link, "aria-current", None) for link in segment.children] == [None, "true"]


@pytest.mark.parametrize("kind", ["empty", "few", "stale", "forbidden", "failed"])
def test_the_five_states_say_what_is_the_matter(kind):
    for words in (ZH, EN):
        shown = text_of(parts.state(kind, "满意度", words))
        assert words(f"parts.state.{kind}") in shown and "–" in shown


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_three_round_marks_hold_the_values_between_them(low, reach):
    marks = figures.nice_ticks(low, low + reach)
    slack = 1e-6 * max(1.0, abs(low), reach)
    assert marks[0] <= low + slack and low + reach <= marks[2] + slack
    assert marks[1] - marks[0] == pytest.approx(marks[2] - marks[1])
    if low >= 0 and reach:
        assert marks[0] >= 0, "a count below nothing"


@given(st.floats(0, 100), st.floats(0, 100))
def test_no_mark_of_a_share_lies_beyond_the_whole(one, other):
    low, high = sorted((one, other))
    marks = figures.nice_ticks(low, high, most=100.0)
    assert marks[0] <= low + 1e-6 and high <= marks[2] + 1e-6 and marks[2] <= 100 + 1e-9
    assert marks[0] >= 0 and marks[0] < marks[1] < marks[2]


def _path(component) -> str:
    """The path drawn by the line of a chart."""
    return re.search(r' d="([^"]*)"', written(find(component, "line")[0])).group(1)


def test_a_missing_value_breaks_the_line_instead_of_touching_zero():
    assert _path(figures.sparkline([1.0, 2.0, None, 4.0])).count("M") == 2
    assert _path(figures.sparkline([1.0, 2.0, 3.0, 4.0])).count("M") == 1


def test_a_line_is_small_and_asks_nobody_for_a_picture():
    drawn = written(find(figures.sparkline([float(n) for n in range(13)]), "line")[0])
    assert drawn.startswith("<svg") and "url" not in drawn and len(drawn) < 350


def test_a_trend_has_the_same_numbers_as_a_table():
    words = {"before": "去年同期", "period": "时段", "value": "值", "table": "表格", "target": "目标"}
    drawn = figures.trend(
        figures.Trend(
            ["9月", "10月", "11月"],
            ["9月", "", "11月"],
            [90.0, None, 91.2],
            [89.0, 90.1, 90.4],
            92.0,
            words=words,
        )
    )
    twin = find(drawn, "twin")[0]
    assert text_of(twin) == "表格时段值去年同期9月908910月–90.111月91.290.4"
    assert [text_of(end) for end in find(drawn, "end")] == ["91.2", "目标 92"]


@pytest.mark.parametrize("known", [[], [None, None], [3.0], [5.0, 5.0]])
def test_charts_stand_without_values_too(known):
    figures.sparkline(known)
    figures.trend(figures.Trend([""] * len(known), [""] * len(known), known))
    figures.bars([value or 0 for value in known], labels=[""] * len(known), partial_last=True)


def test_the_interval_bar_lies_on_the_scale_of_the_table():
    bar = figures.interval_bar(0.9, low=0.8, high=1.0, span=(0.5, 1.0), target=0.75)
    style = {part.className: part.style for part in bar.children if hasattr(part, "style")}
    assert style["dot"]["left"] == "80.0%" and style["aim"]["left"] == "50.0%"
    assert style["range"] == {"left": "60.0%", "width": "40.0%"}


@given(st.dates(min_value=fakes.date(2001, 1, 1), max_value=fakes.date(2090, 1, 1)), st.integers(1, 400))
def test_periods_shown_beside_one_never_overlap_and_end_with_it(start, days):
    period = Period(start, start + fakes.timedelta(days=days))
    shown = periods.recent(period)
    assert len(shown) == periods.COUNT and shown[-1] == period
    assert all(one.end <= two.start for one, two in pairwise(shown))
    assert all(one.days > 0 for one in shown)
    assert periods.year_before(period).end <= period.start or days > 364


def test_a_month_is_compared_by_the_same_days():
    november = Period(fakes.date(2026, 11, 1), fakes.date(2026, 11, 23))
    assert (
        periods.recent(november)[-2]
        == Period(fakes.date(2026, 10, 1), fakes.date(2026, 10, 23))
        == november.before
    )
    assert periods.year_before(november) == Period(fakes.date(2025, 11, 1), fakes.date(2025, 11, 23))
    march = Period(fakes.date(2026, 3, 1), fakes.date(2026, 3, 31))
    assert periods.recent(march)[-2] == Period(fakes.date(2026, 2, 1), fakes.date(2026, 3, 1))
    assert periods.elapsed(november, fakes.TODAY) == (22, 30)
    assert periods.elapsed(Period(fakes.date(2026, 10, 1), fakes.date(2026, 11, 1)), fakes.TODAY) is None
