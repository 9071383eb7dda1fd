"""How far the next rank is and what may still come: whole-number arithmetic against every possibility tried."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.next_rank import Counted, exact, neighbours, ranks, rate, score, to_fall_behind, to_overtake
from data.outlook import Outlook

SHARES = st.integers(0, 1000).map(lambda part: Fraction(part, 1000))


def tried(start: dict[int, int], theirs: Fraction, scale: int, *, up: bool) -> int | None:
    """The fewest orders turned, by trying every choice of how many of each level."""
    count = sum(start.values())
    aim = scale if up else 0
    best = None
    for turned in product(*(range(orders + 1) for orders in start.values())):
        moved = list(zip(start.items(), turned, strict=True))
        if any(level == aim and number for (level, _), number in moved):
            continue
        worth = sum(level * (orders - number) + aim * number for (level, orders), number in moved)
        value = Fraction(worth, count * scale)
        if (value > theirs if up else value < theirs) and (best is None or sum(turned) < best):
            best = sum(turned)
    return best


@given(st.tuples(*[st.integers(0, 4)] * 4), SHARES)
@settings(max_examples=300, deadline=None)
def test_orders_of_a_score_against_every_choice(orders, theirs):
    levels = dict(zip((10, 8, 6, 0), orders, strict=True))
    counted = score(levels, scale=10)
    if not sum(orders):
        assert to_overtake(counted, theirs) is None and to_fall_behind(counted, theirs) is None
        return
    assert to_overtake(counted, theirs) == tried(levels, theirs, 10, up=True)
    assert to_fall_behind(counted, theirs) == tried(levels, theirs, 10, up=False)


@given(st.integers(0, 12), st.integers(0, 12), SHARES, st.sampled_from(["high", "low"]))
@settings(max_examples=300, deadline=None)
def test_orders_of_a_rate_against_every_choice(good, other, theirs, better):
    counted = rate(good, good + other, better=better)
    well = other if better == "low" else good
    start = {1: well, 0: good + other - well}
    if good + other:
        assert to_overtake(counted, theirs) == tried(start, theirs, 1, up=True)
        assert to_fall_behind(counted, theirs) == tried(start, theirs, 1, up=False)


def test_the_edges_by_hand():
    nine = rate(9, 10)
    assert to_overtake(nine, Fraction(9, 10)) == 1, "as good is not better"
    assert to_overtake(nine, Fraction(89, 100)) == 0, "above already"
    assert to_overtake(nine, Fraction(1)) is None, "nothing is above everything"
    assert to_fall_behind(nine, Fraction(0)) is None, "nothing is below nothing"
    assert to_fall_behind(nine, Fraction(85, 100)) == 1
    assert nine.lost_by_one == Fraction(1, 10)
    assert rate(0, 10).lost_by_one is None and Counted(0, 0).lost_by_one is None
    assert score({10: 1, 8: 1, 6: 0, 0: 2}, scale=10).lost_by_one == Fraction(10, 40)
    assert exact(0.9532) == Fraction(9532, 10000) and exact(None) is None


@pytest.mark.parametrize("better", ["high", "low"])
def test_neighbours_pass_over_equals_and_blanks(better):
    values = [None if each is None else Fraction(each) for each in (5, 7, None, 5, 3, 7)]
    up, down = (1, 4) if better == "high" else (4, 1)
    assert neighbours(values, 0, better=better) == (up, down)
    assert neighbours(values, 2, better=better) == (None, None)
    top = 1 if better == "high" else 4
    assert neighbours(values, top, better=better)[0] is None


def test_equal_values_share_the_better_rank():
    values = [Fraction(5), Fraction(7), None, Fraction(5), Fraction(3)]
    assert ranks(values) == [2, 1, None, 2, 4]
    assert ranks(values, better="low") == [2, 4, None, 2, 1]


@given(st.lists(st.sampled_from([0, 6, 8, 10]), max_size=6), st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_every_end_lies_between_best_and_worst_and_both_are_reached(settled, pending):
    outlook = Outlook("order_satisfaction", sum(settled), len(settled), pending, 10)
    ends = []
    for some in product((None, 0, 6, 8, 10), repeat=pending):
        ended = [*settled, *(each for each in some if each is not None)]
        if ended:
            ends.append(Fraction(sum(ended), 10 * len(ended)))
    assert (outlook.worst, outlook.best) == ((min(ends), max(ends)) if ends else (None, None))


def test_of_an_indicator_that_is_better_low_the_best_is_the_lowest():
    outlook = Outlook("order_return_rate", 2, 8, 2, better="low")
    assert (outlook.best, outlook.worst) == (Fraction(2, 10), Fraction(4, 10))
    assert [outlook.still(aim) for aim in (0.1, 0.3, 0.4, None)] == ["lost", "open", "safe", ""]


def test_a_target_is_safe_open_or_lost():
    outlook = Outlook("order_on_time_rate", 8, 9, 1)
    assert (outlook.worst, outlook.value, outlook.best) == (Fraction(8, 10), Fraction(8, 9), Fraction(9, 10))
    assert [outlook.still(aim) for aim in (0.8, 0.85, 0.9, 0.91)] == ["safe", "open", "open", "lost"]
    assert Outlook("order_on_time_rate", 0, 0, 0).still(0.9) == ""
