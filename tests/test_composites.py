"""Composites: the published example, the traps of real systems, and scores that come from sums."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import run_linli
from world import START, World, declared

from data.composite_edits import CompositeError, Outdated, check, put, record
from data.composites import Composite, Part, combine, composites, grade
from data.instants import micros
from data.query import Period, Query
from data.schema import FOREVER
from data.target_fields import composite_fields, read_composite

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
FIRST, SOLVED, SATISFIED = "order_first_contact_rate", "order_resolution_rate", "order_satisfaction"
EXAMPLE = Composite(
    "township", (Part(FIRST, 30), Part(SOLVED, 20), Part(SATISFIED, 40)), {"zh": "综合", "en": "Score"}
)
VOLUME = Part("orders_accepted", 5, "bands", ((10.0, 60.0), (20.0, 100.0)))
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def clock() -> datetime:
    return MORNING


def points(part: Part, *values: float | None) -> list[float | None]:
    found = part.points(np.array([np.nan if value is None else value for value in values]))
    return [None if np.isnan(each) else round(float(each), 9) for each in found]


def score(values: list[float | None], weights: list[float], missing: str = "renormalise") -> float | None:
    row = np.array([[np.nan if value is None else value for value in values]], dtype=float)
    found = float(combine(row, weights, missing)[0])
    return None if np.isnan(found) else found


# The published example (domain.md 2.3): 5 volume + 30 first contact + 20 resolution + 40 satisfaction = 95 ------------


def test_the_example_of_a_township_reproduces():
    whole = (VOLUME, *EXAMPLE.parts)
    assert sum(part.weight for part in whole) == 95 and EXAMPLE.ceiling == 90
    shares = [points(VOLUME, 25.0)[0], *(points(part, value)[0] for part, value in
              zip(EXAMPLE.parts, (0.9, 0.7, 0.85), strict=True))]  # fmt: skip
    weights = [part.weight for part in whole]
    assert score(shares, weights) == pytest.approx(5 + 27 + 14 + 34)  # 80 of 95
    assert score([100.0] * 4, weights) == 95
    without = [shares[0], shares[1], None, shares[3]]
    assert score(without, weights, "zero") == pytest.approx(66), "as published: a missing part counts 0"
    assert score(without, weights) == pytest.approx(66 * 95 / 75), "better: the rest stands for the whole"
    assert score(without, weights, "none") is None


# The traps -----------------------------------------------------------------------------------------------------------


def test_a_zero_where_less_is_better_is_best():
    assert points(Part("case_rework_rate", 30, "rest"), 0.0, 0.05, 1.0) == [100, 95, 0]
    late = Part("cases_overdue_open", 10, "bands", ((0.0, 100.0), (5.0, 60.0)))
    assert points(late, 0.0, 1.0, 5.0, 6.0) == [100, 60, 60, 0]


def test_no_data_is_never_a_zero():
    assert points(EXAMPLE.parts[0], None, 0.0) == [None, 0]
    for missing in ("renormalise", "zero", "none"):
        assert score([None, None], [50, 50], missing) is None
    assert grade(None, 90) == "" and grade(float("nan"), 90) == ""


def test_weights_that_do_not_sum_to_100_are_not_scaled():
    assert score([80.0, 80.0, 80.0], [30, 20, 40]) == 72, "of 90, not 80 of 100"
    check(EXAMPLE)
    assert EXAMPLE.ceiling == 90


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (100, "A"),
        (90, "A"),
        (89.9, "B"),
        (75, "B"),
        (74.9, "C"),
        (60, "C"),
        (59.9, "D"),
        (40, "D"),
        (39.9, "E"),
        (0, "E"),
    ],
)
def test_grades_by_their_edges_where_a_real_system_graded_everybody_a(value, expected):
    assert grade(value, 100) == expected
    assert grade(value * 0.9, 90) == expected, "by the share of what can be reached"


def test_what_reads_as_90_is_graded_as_90():
    assert grade(89.96, 100) == "A" and grade(89.94, 100) == "B"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part("case_closure_rate", 40, "rest"), "case_closure_rate: scale: got 'rest'; expected 'value'"),
        (Part("case_rework_rate", 30, "value"), "case_rework_rate: scale: got 'value'; expected 'rest'"),
        (Part("cases_closed", 30, "value"), "scale: got 'value'; expected bands"),
        (Part("case_hours_p90", 30, "rest"), "scale: got 'rest'; expected bands"),
        (Part("case_closure_rate", 30, "square"), "scale: got 'square'"),
        (Part("case_closure_rate", 0), "weight: got 0"),
        (Part("case_closure_rate", 101), "weight: got 101"),
        (Part("case_closure_rate", float("nan")), "weight: got nan"),
        (Part("happiness", 30), "happiness: got it as a part"),
        (Part("cases_closed", 30, "bands"), "bands: got 0"),
        (Part("cases_closed", 30, "bands", ((5, 10), (5, 20))), "bands: got 2; expected ascending"),
        (Part("case_closure_rate", 30, "bands", ((0.5, 80), (0.9, 20))), "fewer points for a better value"),
        (Part("cases_overdue_open", 30, "bands", ((0, 20), (5, 80))), "fewer points for a better value"),
    ],
)
def test_a_part_against_its_direction_or_nature_is_refused(part, said):
    """Seen in a real system: 100 − closure rate, which put who closed most last, with weights that sum to 70."""
    with pytest.raises(CompositeError) as error:
        check(replace(EXAMPLE, parts=(part,)))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (replace(EXAMPLE, name="Über"), "name: got 'Über'"),
        (replace(EXAMPLE, parts=()), "parts: got 0"),
        (replace(EXAMPLE, parts=(EXAMPLE.parts[0],) * 2), "expected 1 to 12, all different"),
        (replace(EXAMPLE, missing="guess"), "missing: got 'guess'"),
        (replace(EXAMPLE, start=9, end=9), "last: got a day before the first"),
        (replace(EXAMPLE, titles={"zh": "长" * 61}), "title: got"),
    ],
)
def test_a_composite_that_cannot_be_is_refused(entry, said):
    with pytest.raises(CompositeError) as error:
        check(entry)
    assert said in str(error.value)


@given(
    rows=st.lists(
        st.lists(st.one_of(st.none(), st.floats(0, 100)), min_size=3, max_size=3), min_size=1, max_size=6
    ),
    weights=st.lists(st.floats(1, 100), min_size=3, max_size=3),
    missing=st.sampled_from(["renormalise", "zero", "none"]),
)
def test_combining_is_the_sum_told_plainly(rows, weights, missing):
    table = np.array([[np.nan if one is None else one for one in row] for row in rows], dtype=float)
    for row, found in zip(rows, combine(table, weights, missing), strict=True):
        there = [(one, weight) for one, weight in zip(row, weights, strict=True) if one is not None]
        if not there or (missing == "none" and len(there) < 3):
            assert np.isnan(found)
            continue
        total = sum(one * weight for one, weight in there) / 100
        if missing == "renormalise":
            total *= sum(weights) / sum(weight for _, weight in there)
        assert found == pytest.approx(total)
        assert -1e-9 <= found <= sum(weights) + 1e-9


# Of the sums ----------------------------------------------------------------------------------------------------

ORDERS = declared(
    "order",
    {"id": "id", "accepted_at": "reported_at", "closed_at": "closed_at", "first_contact": "category",
     "satisfaction": "channel"},
    more='[values.first_contact]\n"y" = "yes"\n"n" = "no"\n'
    '[values.satisfaction]\n"s" = "satisfied"\n"d" = "dissatisfied"\n',
)  # fmt: skip
TWO = Composite("two", (Part(FIRST, 60), Part(SATISFIED, 40)))


def load(world: World, spread: dict[str, list[tuple[str, str, int]]]) -> None:
    """Orders of a block: first contact, satisfaction, day of March."""
    places = {"A1": 121.005, "A2": 121.015, "B1": 121.035}
    rows = []
    for block, orders in spread.items():
        for contact, mood, day in orders:
            at = f"2026-03-{day:02}"
            rows.append((f"{block}-{len(rows)}", contact, mood, f"{at} 08:00", "", f"{at} 09:00", places[block],
                         31.005, ""))  # fmt: skip
    world.load(rows, name="orders", text=ORDERS)
    world.now = START + timedelta(days=31)
    world.refresh()


def test_a_score_comes_from_the_sums_of_days_and_children(world: World):
    # One order contacted on the first day, nine not on the second: 10 %, and not the mean of 100 % and 0 %.
    load(world, {"A1": [("y", "s", 1), *[("n", "", 2)] * 9], "A2": [("y", "s", 2)] * 30})
    found = world.reader().scores(Query("block", None, (), MARCH), TWO).set_index(["kind", "unit_code"])
    one, whole = found.loc["unit", "A1"], found.loc["total", ""]
    assert one[f"{FIRST}.points"] == pytest.approx(10) and one[f"{SATISFIED}.points"] == pytest.approx(100)
    assert one["score"] == pytest.approx(0.6 * 10 + 0.4 * 100)
    assert (whole[f"{FIRST}.numerator"], whole[f"{FIRST}.denominator"]) == (31, 40)
    assert whole["score"] == pytest.approx(60 * 31 / 40 + 40)
    assert (one["state"], found.loc["unit", "A2"]["state"]) == ("few", "ok")
    assert np.isnan(one["position"]) and found.loc["unit", "A2"]["position"] == 1
    nobody = found.loc["unit", "A3"]
    assert nobody["state"] == "none" and np.isnan(nobody["score"]) and nobody["grade"] == ""
    assert nobody["missing"] == f"{FIRST},{SATISFIED}"


def test_a_part_without_a_base_is_named_and_done_with_as_the_composite_says(world: World):
    load(world, {"A1": [("y", "", 1)] * 15 + [("n", "", 2)] * 5})
    for missing, expected in (("renormalise", 75.0), ("zero", 45.0), ("none", None)):
        found = world.reader().scores(Query("block", None, (), MARCH), replace(TWO, missing=missing))
        one = found[found["unit_code"] == "A1"].iloc[0]
        assert one["missing"] == SATISFIED
        assert (None if np.isnan(one["score"]) else one["score"]) == expected


def test_equals_share_a_place_and_a_reader_sees_his_own_units(world: World):
    load(world, {"A1": [("y", "s", 1)] * 20, "A2": [("y", "s", 2)] * 40, "B1": [("n", "d", 2)] * 20})
    found = world.reader().scores(Query("block", None, (), MARCH), TWO).set_index("unit_code")
    assert found.loc[["A1", "A2", "B1"], "position"].tolist() == [1, 1, 3]
    assert found.loc["B1", "score"] == 0 and found.loc["B1", "grade"] == "E", (
        "a zero that was measured is one"
    )
    mine = world.reader("A").scores(Query("block", None, (), MARCH), TWO)
    assert set(mine[mine["kind"] == "unit"]["unit_code"]) == {"A1", "A2", "A3"}


# Recorded -------------------------------------------------------------------------------------------------------


def read(store, as_of: int | None = None):
    with store.read() as connection:
        return composites(connection, as_of=as_of)


def test_new_weights_are_a_new_row_from_their_day_on_and_the_past_stays(store):
    put(store, EXAMPLE, clock=clock, by="leader")
    day = 20_600  # 2026-05-27
    later = MORNING + timedelta(hours=1)
    heavier = replace(EXAMPLE, parts=(Part(FIRST, 60), Part(SATISFIED, 40)), start=day)
    with pytest.raises(Outdated, match="got row 0 as the newest; expected 1"):
        put(store, heavier, clock=clock, by="leader")
    put(store, heavier, seen=1, clock=lambda: later, by="leader")
    found = read(store)
    assert [row.recorded_by for row in found.rows] == ["leader", "leader"]
    assert [part.weight for part in found.of("township", date(2026, 5, 27)).parts] == [60, 40]
    assert found.of("township", date(2026, 5, 26)).ceiling == 90
    assert read(store, micros(MORNING)).of("township", date(2026, 5, 27)).ceiling == 90
    assert read(store, micros(MORNING) - 1).rows == ()
    put(store, heavier, seen=2, clock=clock, by="leader")
    assert len(read(store).rows) == 2, "the same again says nothing new"
    put(store, replace(heavier, withdrawn=True), seen=2, clock=clock, by="leader")
    assert read(store).of("township", date(2026, 5, 27)) is None
    assert [one.name for one in read(store).on(date(2026, 5, 26))] == ["township"]


def test_what_stands_in_the_form_is_read_back_as_it_was():
    late = Part("cases_overdue_open", 10, "bands", ((0.0, 100.0), (5.0, 60.0)))
    share = Part("case_closure_rate", 7.5, "bands", ((0.9, 60.0), (0.95, 100.0)))
    for one in (EXAMPLE, replace(EXAMPLE, parts=(late, share), missing="none", start=20_000, end=20_100)):
        assert read_composite(composite_fields(one, locale="zh"), one, locale="zh") == one
    assert read_composite({"name": "x", "missing": "zero", "title": "T"}, None, locale="en") == Composite(
        "x", (), {"en": "T"}, "zero", 0, FOREVER
    )


def test_the_command_prints_the_scores_with_all_behind_them(tmp_path, migrated_sqlite):
    import shutil

    folder = tmp_path / "instance"
    shutil.copyfile(migrated_sqlite, tmp_path / "store.db")
    world = World(folder, f"sqlite:///{tmp_path / 'store.db'}")
    world.publish((("A", "A1", 1), ("A", "A2", 1), ("B", "B1", 1)))
    load(world, {"A1": [("y", "s", 1)] * 20, "A2": [("n", "s", 2)] * 30})
    record(world.store, [TWO, EXAMPLE], now=MORNING, by="leader")
    world.store.close()
    lines = ['timezone = "Asia/Shanghai"', f'database_url = "sqlite:///{tmp_path / "store.db"}"',
             'levels = ["district", "block"]', '[assessment]\nyear_start = "11-01"\n']  # fmt: skip
    (folder / "linli.toml").write_text("\n".join(lines), encoding="utf-8")
    ask = ("--instance", folder, "composite")
    text = run_linli(*ask, "two", "--by", "level:block", "--period", "month", "--on", "2026-03-09").stdout
    table = pd.read_csv(io.StringIO(text)).set_index("unit_code")
    assert table.loc["A1", ["score", f"{FIRST}.numerator", f"{FIRST}.weight"]].tolist() == [100, 20, 60]
    assert table.loc["A2", ["score", f"{FIRST}.value", f"{FIRST}.points"]].tolist() == [40, 0, 0]
    whole = json.loads(run_linli(*ask, "two", "--json", "--from", "2026-03-01", "--to", "2026-04-01").stdout)
    assert [row["kind"] for row in whole] == ["total"] and whole[0]["score"] == pytest.approx(64)
    assert "township" in run_linli(*ask).stdout and "(weights sum to 90, not 100)" in run_linli(*ask).stdout
    year = run_linli(
        "--instance", folder, "measure", "orders_accepted", "--period", "year", "--on", "2026-03-09"
    )
    assert pd.read_csv(io.StringIO(year.stdout))["value"].tolist() == [50]
    for wrong, said in (
        (("three",), "composite: got 'three'; expected one in force, of: township, two"),
        (("two", "--by", "day"), "by: got 'day'; expected level:L alone"),
        (("two", "--period", "year", "--from", "2026-03-01"), "--period: got 'year' with --from or --to"),
    ):
        done = run_linli(*ask, *wrong, check=False)
        assert done.returncode == 1 and said in done.stderr, done.stderr
