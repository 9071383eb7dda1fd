"""Fair ranking: published numbers of the formulas, what shrinking and limits must never do, the order published."""

from dataclasses import replace

import fakes_pages as fakes
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import judge
from data.fairness import (
    LEAST,
    Z95,
    Z998,
    between,
    chart,
    fair_kind,
    funnel,
    funnel_of,
    means_between,
    pooled,
    shares_between,
    shrunk,
    shrunk_interval,
    shrunken,
    siblings,
    spread,
)
from data.indicators import INDICATORS
from data.judge import mean_interval, ranks, weigh, wilson

RATE, SCORE = INDICATORS["order_resolution_rate"], INDICATORS["order_satisfaction"]
counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
many = st.lists(counts, min_size=LEAST, max_size=30)


def arrays(pairs) -> tuple[np.ndarray, np.ndarray]:
    above, n = np.array(pairs, dtype=float).T
    return above, n


@pytest.mark.parametrize(
    ("above", "n", "low", "high"), [(9, 10, 0.596, 0.982), (180, 200, 0.851, 0.934), (3, 4, 0.30, 0.95)]
)
def test_wilson_as_published(above, n, low, high):
    found = wilson(np.array([float(above)]), np.array([float(n)]))
    assert [float(edge[0]) for edge in found] == pytest.approx([low, high], abs=0.0051 if n == 4 else 0.0006)


def test_the_funnel_as_published():
    """θ = 0.85: at n = 50 the 99.8 % band is 69 to 100 %."""
    value, n = np.full(6, 0.85), np.full(6, 100.0)
    found = funnel(value, n)
    assert found.mean == pytest.approx(0.85) and not found.dispersed
    low, high = found.limits(np.array([50.0]), Z998)
    assert round(float(low[0]), 2) == 0.69 and round(float(high[0]), 2) == 1.0
    low, high = found.limits(np.array([50.0]), Z95)
    assert round(float(low[0]), 3) == 0.751 and round(float(high[0]), 3) == 0.949


def test_over_dispersion_is_the_mean_of_trimmed_squares():
    """By hand: 20 units of n = 100 about 0.5, z = 2·(p − 0.5)·10; the two ends are drawn to the deciles."""
    value = 0.5 + np.linspace(-0.19, 0.19, 20)
    n = np.full(20, 100.0)
    z = np.clip((value - 0.5) / 0.05, *np.quantile((value - 0.5) / 0.05, [0.1, 0.9]))
    found = funnel(value, n)
    assert found.phi == pytest.approx(float((z**2).mean())) and found.dispersed
    narrow = found.mean - 1.96 * 0.05
    assert found.limits(n[:1], Z95)[0][0] == pytest.approx(0.5 - 1.96 * 0.05 * found.phi**0.5)
    assert found.limits(n[:1], Z95)[0][0] < narrow
    calm = funnel(0.5 + np.linspace(-0.02, 0.02, 20), n)
    assert calm.phi < 1 and calm.limits(n[:1], Z95)[0][0] == pytest.approx(0.5 - 1.96 * 0.05)


def test_a_few_units_have_no_over_dispersion_and_are_not_shrunk():
    value, n = np.array([0.1, 0.5, 0.9, 0.5]), np.full(4, 100.0)
    assert funnel(value, n).phi == 1.0
    assert shares_between(value * n, n) is None and means_between(value, n, value) is None
    assert funnel(value[:0], n[:0]) is None


def test_outside_says_which_limit_and_which_side():
    found = funnel(np.full(8, 0.5), np.full(8, 100.0))
    value = np.array([0.5, 0.6, 0.66, 0.39, 0.33])
    assert found.outside(value, np.full(5, 100.0)).tolist() == [0, 1, 2, -1, -2]


@given(many)
def test_a_shrunk_share_lies_between_its_own_and_the_mean(pairs):
    above, n = arrays(pairs)
    raw, found = above / n, shares_between(above, n)
    value = shrunk(raw, n, found)
    assert np.all(value >= np.minimum(raw, found.mean) - 1e-12)
    assert np.all(value <= np.maximum(raw, found.mean) + 1e-12)
    low, high = shrunk_interval(value, n, found)
    assert np.all((low <= value) & (value <= high))


@given(many, st.floats(0, 1), st.integers(1, 300), st.integers(1, 300))
def test_the_larger_base_is_shrunk_less(pairs, raw, first, more):
    found = shares_between(*arrays(pairs))
    value = shrunk(np.array([raw, raw]), np.array([first, first + more], dtype=float), found)
    assert abs(value[1] - raw) <= abs(value[0] - raw) + 1e-12


def test_units_that_differ_by_chance_alone_are_drawn_together():
    random = np.random.default_rng(3)
    n = np.full(200, 50.0)
    alike = shares_between(random.binomial(50, 0.7, 200).astype(float), n)
    apart = shares_between(random.binomial(50, random.beta(14, 6, 200)).astype(float), n)
    assert alike.weight > 300, "chance alone: next to nothing of a unit's own is kept"
    assert apart.weight == pytest.approx(20, rel=0.35), "α + β are found again"
    assert apart.mean == pytest.approx(0.7, abs=0.02)


@given(many, st.integers(1, 500), st.integers(1, 500))
def test_limits_narrow_with_the_base(pairs, first, more):
    above, n = arrays(pairs)
    found = funnel(above / n, n)
    for z in (Z95, Z998):
        low, high = found.limits(np.array([first, first + more], dtype=float), z)
        assert low[0] <= low[1] <= found.mean + 1e-12 and found.mean - 1e-12 <= high[1] <= high[0]
    inner, outer = found.limits(n, Z95), found.limits(n, Z998)
    assert np.all(outer[0] <= inner[0]) and np.all(inner[1] <= outer[1])


@given(st.lists(st.sampled_from([0, 6, 8, 10]), min_size=2, max_size=60))
def test_the_spread_of_scores_is_read_back_from_their_interval(scores):
    tenths, n = np.array([float(sum(scores))]) / 10, np.array([float(len(scores))])
    low, high = mean_interval(tenths, np.array([float(sum(x * x for x in scores))]) / 100, n)
    found = float(spread(tenths / n, low, high, n)[0])
    real = float(np.var(np.array(scores) / 10, ddof=1))
    cut = low[0] == 0 and high[0] == 1
    assert cut or found == pytest.approx(real, abs=1e-9)


def test_limits_of_scores_rest_on_the_pooled_spread():
    variance, n = np.array([0.04, 0.09, np.nan]), np.array([11.0, 31.0, 1.0])
    assert pooled(variance, n) == pytest.approx((10 * 0.04 + 30 * 0.09) / 40)
    found = funnel(np.full(6, 0.9), np.full(6, 40.0), 0.04)
    assert found.limits(np.array([100.0]), Z95)[0][0] == pytest.approx(0.9 - 1.96 * 0.2 / 10)


def test_a_chart_over_time_by_hand():
    """p̄ = 200 / 400; at n = 100 the limits are 0.5 ± 0.15, at n = 0 there are none."""
    n = np.array([100.0, 100.0, 0.0, 100.0, 100.0])
    value = np.array([0.66, 0.34, np.nan, 0.5, 0.5])
    found = chart(value, n)
    assert found.mean == pytest.approx(0.5) and found.outside.tolist() == [1, -1, 0, 0, 0]
    assert (
        found.low[0] == pytest.approx(0.35)
        and found.high[3] == pytest.approx(0.65)
        and np.isnan(found.low[2])
    )
    assert chart(value[2:3], n[2:3]) is None


# The order published -----------------------------------------------------------------------------------------------


def published(rows) -> list[tuple]:
    """What a ranking tells of its ranked units: order, place and rank range."""
    ranked = rows[rows["position"].notna()].sort_values(["position", "n"], ascending=[True, False])
    return list(
        zip(ranked["unit_code"], ranked["position"], ranked["rank_low"], ranked["rank_high"], strict=True)
    )


def frame(indicator, above: np.ndarray, n: np.ndarray):
    """Measures as `Reader.measures` answers, of units U0, U1 …"""
    weighed = weigh(
        indicator, (above * indicator.scale).astype(np.int64), n.astype(np.int64),
        (above * indicator.scale**2 * 0.9).astype(np.int64),
    )  # fmt: skip
    state = judge.states(indicator, weighed.n)
    placed = ranks(indicator, weighed, state == "ok")
    rows = pd.DataFrame(vars(weighed)).assign(
        indicator=indicator.name, unit_code=[f"U{at}" for at in range(len(n))], kind="unit", state=state
    )
    for name, numbers in zip(("position", "rank_low", "rank_high"), placed, strict=True):
        rows[name] = pd.arrays.IntegerArray(numbers, numbers == 0)
    return rows


small = st.integers(1, 19).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
large = st.integers(20, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize("indicator", [RATE, SCORE])
@settings(max_examples=40)
@given(st.lists(large, min_size=LEAST, max_size=12), st.lists(small, min_size=1, max_size=8), st.randoms())
def test_what_is_published_stays_when_small_units_move(indicator, known, few, random):
    """Small units are permuted among their values, and each to any value inside its interval: nothing else moves."""
    moved = [(random.randint(0, n), n) for _, n in few]
    shuffled = random.sample(few, len(few))
    before = frame(indicator, *arrays([*known, *few]))
    for other in (moved, shuffled):
        after = frame(indicator, *arrays([*known, *other]))
        assert published(before) == published(after)
        one, two = shrunken(before, indicator), shrunken(after, indicator)
        assert published(one) == published(two)
        assert funnel_of(before, indicator) == funnel_of(after, indicator)


@given(st.lists(large, min_size=2, max_size=12), st.randoms())
def test_rank_ranges_stay_when_any_unit_moves_inside_its_interval(pairs, random):
    """Ranges rest on the intervals: wherever the true values lie in them, who is surely before whom stays."""
    above, n = arrays(pairs)
    weighed = weigh(RATE, above.astype(np.int64), n.astype(np.int64), np.zeros(len(n)))
    every = np.ones(len(n), dtype=bool)
    _, best, worst = ranks(RATE, weighed, every)
    true = np.array([random.uniform(low, high) for low, high in zip(weighed.low, weighed.high, strict=True)])
    place, again, last = ranks(RATE, replace(weighed, value=true), every)
    assert again.tolist() == best.tolist() and last.tolist() == worst.tolist()
    assert np.all((best <= place) & (place <= worst)), (
        "every place that can be true lies in the range published"
    )


def test_shrunken_places_by_the_shrunk_value_and_keeps_the_rest():
    rows = fakes.measures(("order_resolution_rate", "cases_open"))
    answer = shrunken(rows, RATE)
    own = siblings(answer, RATE)
    found = between(rows, RATE)
    assert np.all(np.abs(own["value"] - found.mean) <= np.abs(own["raw"] - found.mean) + 1e-12)
    assert sorted(own["position"]) == own.sort_values("value", ascending=False)["position"].tolist()
    assert (own["rank_low"] <= own["position"]).all() and (own["position"] <= own["rank_high"]).all()
    others = answer.index.difference(own.index)
    assert answer.loc[others].drop(columns="raw").equals(rows.loc[others])
    assert answer.loc[own.index, ["numerator", "denominator", "n"]].equals(
        rows.loc[own.index, ["numerator", "denominator", "n"]]
    )


def test_what_chance_says_nothing_of_is_not_shrunk():
    for name in ("cases_open", "case_hours_median", "parking_occupancy"):
        assert not fair_kind(INDICATORS[name])
        assert shrunken(fakes.measures((name,)), INDICATORS[name]) is None
        assert funnel_of(fakes.measures((name,)), INDICATORS[name]) is None
