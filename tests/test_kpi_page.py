"""The KPI page: cards, ranking and trends from an answer, and every choice in the address."""

from urllib.parse import parse_qs, urlsplit

import fakes_pages as fakes
import pytest
from fakes_pages import find, links, text_of

from data.aims import Aims
from data.indicators import INDICATORS
from data.query import Period, parse_query
from layouts import kpi_page, periods
from layouts.kpi_ask import GROUPS, KpiAnswer, KpiAsk, parse_ask
from layouts.league import League, Links, league, ordered, summed
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)


def ask_of(**params: str) -> KpiAsk:
    return parse_ask(fakes.query(**params), params)


def answer_of(ask: KpiAsk, **changes) -> KpiAnswer:
    names = tuple(indicator.name for indicator in ask.indicators)
    recent = periods.recent(ask.query.period)
    every = [*(periods.year_before(period) for period in recent), *recent]
    answered = {
        "path": [fakes.unit()], "level": fakes.LEVELS[2], "levels": fakes.LEVELS[1:], "measures": fakes.measures(names),
        "series": fakes.series(names, every), "sources": fakes.sources(), "aims": fakes.AIMS,
        "compared": fakes.compared(ask.query),
        "elapsed": periods.elapsed(ask.query.period, fakes.TODAY), "inside": [("A1", "北苑片区")],
    }  # fmt: skip
    return KpiAnswer(**(answered | changes))


def test_every_indicator_has_a_card_in_some_group():
    assert {name for names in GROUPS.values() for name in names} == set(INDICATORS)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("words", [ZH, EN])
def test_a_page_of_every_group_in_both_languages(group, words):
    ask = ask_of(group=group)
    body = kpi_page.body(ask, answer_of(ask), words)
    assert len(find(body, "k")) == len(GROUPS[group])
    assert len(find(body, "trend")) == len(GROUPS[group])
    for name in GROUPS[group]:
        assert words(f"indicator.{name}") in text_of(body)


def test_a_card_tells_all_that_is_needed_to_judge_its_value():
    ask = ask_of()
    card = next(one for one in find(kpi_page.body(ask, answer_of(ask), ZH), "k") if "满意度" in text_of(one))
    row = answer_of(ask).total("order_satisfaction")
    shown = text_of(card)
    for part in (
        f"{row['value'] * 100:.1f}",
        "分",
        "目标 ≥ 92.0",
        f"n {row['n']:,.0f}",
        "区间 ",
        "较上月同期",
        "失败",
    ):
        assert part in shown, part
    assert find(card, "spark") and find(card, "target")


def test_the_metric_card_shows_the_formula_with_its_numbers():
    ask = ask_of()
    card = next(
        one for one in find(kpi_page.body(ask, answer_of(ask), ZH), "metric") if "实际解决率" in text_of(one)
    )
    row = answer_of(ask).total("order_resolution_rate")
    formula = text_of(find(card, "formula"))
    above, below = f"{row['numerator']:,.0f}", f"{row['denominator']:,.0f}"
    assert formula == f"实际解决 {above} ÷ 实际解决与解释说明合计 {below} = {row['value'] * 100:.1f} %"
    assert "结案日（11月1日–22日）" in text_of(card) and "GB/T 33358-2016" in text_of(card)
    to = links(card)
    assert to[2] == "/glossary#order_resolution_rate"
    assert parse_qs(urlsplit(to[1]).query)["subject"] == ["orders"]


def test_an_address_brings_back_the_question_it_was_made_from():
    ask = ask_of(group="cases", order="worst", indicator="case_hours_p90", level="grid")
    to = urlsplit(ask.href(period=Period(fakes.date(2026, 9, 1), fakes.date(2026, 10, 1))))
    params = {name: values[0] for name, values in parse_qs(to.query).items()}
    again = parse_ask(
        parse_query(params, level=params.get("level"), within=to.path.split("/")[2], today=fakes.TODAY),
        params,
    )
    assert again.query.period == Period(fakes.date(2026, 9, 1), fakes.date(2026, 10, 1))
    assert (again.group, again.order, again.ranked.name) == ("cases", "worst", "case_hours_p90")
    assert (again.query.within, again.query.level) == ("WT", "grid")
    assert again.href() == f"{to.path}?{to.query}"


def test_an_indicator_alone_opens_the_group_that_holds_it():
    assert ask_of(indicator="wall_episodes").group == "alerts"
    assert ask_of(indicator="cases_open").group == "cases"
    assert ask_of(group="nonsense", order="nonsense").group == "key"


def test_the_ranking_closes_with_few_unassigned_and_total():
    ask = ask_of(indicator="case_on_time_closure_rate")
    table = find(kpi_page.body(ask, answer_of(ask), ZH), "league")[0]
    body, foot = table.children[2].children, table.children[3].children
    assert len(body) == 19 and len(foot) == 3
    assert "数据过少 9 / 20" in text_of(foot[0]) and "只知到梧桐里街道" in text_of(foot[1])
    assert "合计" in text_of(foot[2])


@pytest.mark.parametrize(("name", "falls"), [("case_on_time_closure_rate", True), ("case_hours_p90", False)])
def test_best_first_is_the_order_of_places(name, falls):
    table = League(fakes.measures((name,)), (INDICATORS[name],), INDICATORS[name])
    units = [row for row in ordered(table) if row["kind"] == "unit" and row["state"] == "ok"]
    found = [row["value"] for row in units]
    assert found == sorted(found, reverse=falls)
    assert [row["position"] for row in units] == sorted(row["position"] for row in units)
    worst = ordered(League(table.measures, table.columns, table.ranked, order="worst"))
    assert worst[0]["unit_code"] == units[-1]["unit_code"]
    assert worst[-1]["kind"] == "total", "the total is never ranked"


def test_a_volume_has_no_interval_and_no_range():
    ask = ask_of(group="cases", indicator="cases_reported")
    row = find(kpi_page.body(ask, answer_of(ask), ZH), "league")[0].children[2].children[0]
    assert text_of(row.children[-1]) == "–"


def test_what_lies_before_the_first_record_is_unknown_not_zero():
    ask = ask_of(group="cases")
    answer = answer_of(ask)
    shown = periods.recent(ask.query.period)
    series = answer.series.copy()
    early = series["period_start"] < shown[4].start
    series.loc[early, ["value", "n"]] = 0.0
    line = answer_of(ask, series=series).line("cases_reported", shown)
    assert line[:4] == [None] * 4 and None not in line[4:]


def test_a_unit_is_judged_by_its_own_target_and_others_by_that_of_their_level():
    name = "order_satisfaction"
    rows = fakes.measures((name,))
    first, second = rows.loc[rows["kind"] == "unit", "unit_code"].head(2)

    def marked(aims: Aims) -> dict[str, bool]:
        table = League(rows, (INDICATORS[name],), INDICATORS[name], aims=aims)
        to = Links(lambda code: f"/kpi/{code}", lambda *_: "/kpi")
        lines = league(table, ZH, links=to, level="网格").children.children[2].children
        return {line.to_plotly_json()["props"]["data-code"]: bool(find(line, "under")) for line in lines}

    found = marked(Aims({name: 1.0}, {name: 0.0}, {(name, first): 1.0}))
    assert found[first] and not found[second]
    assert not any(marked(Aims({name: 1.0})).values()), "the unit shown has a target, its parts have none"


def test_a_unit_of_the_finest_level_says_so():
    ask = ask_of()
    body = kpi_page.body(ask, answer_of(ask, level=None, levels=()), ZH)
    assert "梧桐里街道没有下级单元" in text_of(body) and not find(body, "league")


def test_too_few_shows_a_dash_and_the_reason():
    ask = ask_of()
    measures = fakes.measures(tuple(indicator.name for indicator in ask.indicators))
    total = (measures["kind"] == "total") & (measures["indicator"] == "order_satisfaction")
    measures.loc[total, ["state", "n"]] = ["few", 9]
    body = kpi_page.body(ask, answer_of(ask, measures=measures), ZH)
    card = next(one for one in find(body, "k") if "满意度" in text_of(one))
    assert "数据过少：9 / 20" in text_of(card) and text_of(find(card, "big")) == "–"
    assert not find(card, "spark")


def test_groups_and_levels_keep_the_rest_of_the_question():
    ask = ask_of(**{"from": "2026-09-01", "to": "2026-10-01", "boundaries": "today"})
    body = kpi_page.body(ask, answer_of(ask), ZH)
    for to in links(find(body, "seg")):
        asked = parse_qs(urlsplit(to).query)
        assert (asked["from"], asked["to"], asked["boundaries"]) == (
            ["2026-09-01"],
            ["2026-10-01"],
            ["today"],
        )


def test_controls_lead_to_the_units_inside_and_to_periods():
    ask = ask_of()
    to = links(kpi_page.controls(ask, answer_of(ask), ZH, today=fakes.TODAY))
    assert any(link.startswith("/kpi/A1?") for link in to)
    assert any("from=2026-10-01&to=2026-11-01" in link for link in to)


def test_many_unassigned_parts_are_one_sum_at_the_foot():
    names = ("order_on_time_rate", "case_hours_p90", "cases_open")
    measures = fakes.measures(names)
    loose = measures[measures["kind"] == "unassigned"]
    both = fakes.pd.concat(
        [measures, loose.assign(unit_code="A1/-", unit_name="北苑片区")], ignore_index=True
    )
    rows = {row["indicator"]: row for row in summed(both).to_dict("records")}
    one = {row["indicator"]: row for row in loose.to_dict("records")}
    assert rows["order_on_time_rate"]["n"] == 2 * one["order_on_time_rate"]["n"]
    assert rows["order_on_time_rate"]["value"] == pytest.approx(one["order_on_time_rate"]["value"])
    assert rows["cases_open"]["value"] == 2 * one["cases_open"]["value"]
    assert rows["case_hours_p90"]["state"] == "none", "quantiles do not add up"
    ask = ask_of(group="key", indicator="order_on_time_rate")
    every = fakes.measures(tuple(indicator.name for indicator in ask.indicators))
    more = every[every["kind"] == "unassigned"].assign(unit_code="A1/-", unit_name="北苑片区")
    table = find(kpi_page.body(ask, answer_of(ask, measures=fakes.pd.concat([every, more])), ZH), "league")[0]
    assert "分布在 2 个上级单元" in text_of(table.children[3].children[1])
    assert len(table.children[2].children) == 21 and len(table.children[3].children) == 3


def test_a_short_ranking_lies_across_the_page():
    ask = ask_of()
    answer = answer_of(ask)
    few = answer.measures[answer.measures["unit_code"].isin(["G00", "G01", "WT/-", ""])]
    assert "across" not in find(kpi_page.body(ask, answer, ZH), "low")[0].className
    assert "across" in find(kpi_page.body(ask, answer_of(ask, measures=few), ZH), "low")[0].className


def test_the_card_of_the_ranked_indicator_opens_by_a_key():
    ask = ask_of(indicator="order_on_time_rate")
    cards = find(kpi_page.body(ask, answer_of(ask), ZH), "open")
    assert [text_of(card) for card in cards if hasattr(card, "data-main")] == ["按期办结率"]


def test_an_indicator_is_chosen_with_a_group_that_shows_it():
    ask = ask_of(group="cases", indicator="cases_open")
    menu = kpi_page.controls(ask, answer_of(ask), ZH, today=fakes.TODAY)[0]
    asked = {parse_qs(urlsplit(link).query)["indicator"][0]: link for link in links(menu)}
    assert set(asked) == set(INDICATORS)
    for name, link in asked.items():
        params = {key: found[0] for key, found in parse_qs(urlsplit(link).query).items()}
        again = parse_ask(parse_query(params, level="grid", within="WT", today=fakes.TODAY), params)
        assert again.ranked.name == name
    assert "group=cases" in asked["case_hours_p90"]


def test_what_a_card_rests_on():
    shown = {
        name: text_of(next(card for card in find(kpi_page.body(ask, answer_of(ask), EN), "k")
                           if text_of(card).startswith(EN(f"indicator.{name}"))))
        for group in reversed(GROUPS)
        for ask in [ask_of(group=group)]
        for name in GROUPS[group]
    }  # fmt: skip
    assert " a day" in shown["cases_reported"] and "at the end" in shown["cases_open"]
    assert "space-hours" in shown["parking_occupancy"] and "n 2,148" in shown["order_satisfaction"]


@pytest.mark.parametrize("words", [ZH, EN])
@pytest.mark.parametrize("indicator", ["order_resolution_rate", "order_satisfaction"])
def test_the_forms_of_the_ranking_in_both_languages(words, indicator):
    for view in ("funnel", "chart"):
        ask = ask_of(indicator=indicator, view=view)
        card = find(kpi_page.body(ask, answer_of(ask), words), "lea")[0]
        assert len(find(card, "band")) == 1 and not find(card, "league")
        rows = find(card, "twin")[0].children[1].children.children[2].children
        assert len(rows) == (20 if view == "funnel" else periods.COUNT)
    ask = ask_of(indicator=indicator, rank="shrunk")
    table = find(kpi_page.body(ask, answer_of(ask), words), "league")[0]
    assert len(find(table, "raw")) == 1 + 20 + 2, "the raw value stands beside every shrunk one"


def test_a_small_unit_is_offered_ninety_days():
    ask = ask_of(indicator="order_resolution_rate")
    card = find(kpi_page.body(ask, answer_of(ask), ZH), "lea")[0]
    assert "1 个单元数据过少 看近90天" in text_of(card)
    assert any("from=2026-08-25" in link and "to=2026-11-23" in link for link in links(card))


def test_a_volume_has_no_other_form():
    ask = ask_of(group="cases", indicator="cases_reported", view="funnel", rank="shrunk")
    card = find(kpi_page.body(ask, answer_of(ask), ZH), "lea")[0]
    assert find(card, "league") and not find(card, "band") and not find(card, "fair-row")


def test_the_label_of_a_change_says_what_was_matched():
    ask = ask_of()
    assert "较上月同期（同 15 个工作日）" in text_of(find(kpi_page.body(ask, answer_of(ask), ZH), "k")[0])
    by_days = answer_of(ask, compared=fakes.compared(ask.query, by="days"))
    assert "较上月同期（同 22 天）" in text_of(find(kpi_page.body(ask, by_days, ZH), "k")[0])
