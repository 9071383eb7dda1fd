"""Orders that can still change a result: which, why, and that the value ends at worst or best; on both databases."""

import pytest
from hotline import FEBRUARY, MARCH, at, deliver, order, question

from data.reader import UnknownUnit
from data.recoverable import CHANGED, ON_CLOSING, ON_TIME, RATING, REASONS

NOW = "03-10 01:00"  # 09:00 in Shanghai
OPEN = [
    order(1, accepted="03-09 09:00", due="03-11 18:00"),
    order(2, accepted="03-09 09:00", due="03-20 18:00"),
    order(3, accepted="03-09 09:00", due="03-20 18:00", returns="1"),
    order(4, accepted="03-01 09:00", due="03-05 18:00"),
    order(5, accepted="03-01 09:00", due="03-08 18:00", finished="03-07 10:00"),
    order(6, accepted="03-01 09:00", due="03-08 18:00", finished="03-07 10:00", called="03-08 10:00",
          satisfaction="unrated"),
    order(7, accepted="03-01 09:00", due="03-08 18:00", finished="03-07 10:00", called="03-08 10:00",
          satisfaction="satisfied", resolution="solved"),
    order(8, accepted="03-09 09:00", due="04-02 18:00"),
]  # fmt: skip
DONE = {
    "accepted": "03-01 09:00", "due": "03-06 18:00", "finished": "03-05 10:00", "contact": "yes", "judgement": "solved",
}  # fmt: skip
CLOSED = [
    order(20, closed="03-06 10:00", called="03-06 09:00", satisfaction="unrated", resolution="solved", **DONE),
    order(21, closed="03-06 10:00", called="03-06 09:00", satisfaction="mostly", resolution="unsolved", **DONE),
    order(22, closed="03-02 10:00", satisfaction="unrated", resolution="unrated", **DONE),  # too long ago
    order(23, accepted="03-01 09:00", due="03-04 18:00", finished="03-05 10:00", closed="03-06 10:00", contact="no",
          judgement="explained", satisfaction="dissatisfied", resolution="unsolved"),
    order(24, accepted="03-01 09:00", due="03-11 18:00", excluded="重复工单"),
]  # fmt: skip


def running(world) -> None:
    at(world, NOW)
    deliver(world, [*OPEN, *CLOSED, order(30, square=4.5, accepted="03-09 09:00", due="03-12 18:00")])
    at(world, NOW)


def test_each_order_once_under_the_first_reason_that_holds(world):
    running(world)
    rows = world.reader().recoverable(question(MARCH, within="A"))
    assert list(zip(rows["id"], rows["why"], strict=True)) == [
        ("O1", "due_soon"), ("O3", "returned"), ("O5", "call_back"), ("O20", "unrated"), ("O6", "unrated"),
        ("O2", "open"), ("O8", "open"), ("O4", "overdue"), ("O7", "closing"),
    ]  # fmt: skip
    can = dict(zip(rows["id"], rows["indicators"], strict=True))
    assert can["O1"] == can["O2"] == can["O3"] == CHANGED
    assert can["O4"] == can["O5"] == can["O8"] == ON_CLOSING, "its limit is past, kept, or in another month"
    assert can["O20"] == ("order_satisfaction",)
    assert set(rows["unit_code"]) == {"A1"} and rows["due_at"].notna().all()


def test_counts_are_of_all_and_the_list_is_cut(world):
    running(world)
    found = world.reader().prospect(question(MARCH, within="A"), limit=2)
    assert list(found.rows["id"]) == ["O1", "O3"] and found.total == 9
    assert list(found.counts) == list(REASONS) and found.counts["open"] == 2


def test_what_may_be_seen(world):
    running(world)
    assert list(world.reader("B").recoverable(question(MARCH))["id"]) == ["O30"]
    assert len(world.reader().recoverable(question(MARCH))) == 10
    assert world.reader("A2").recoverable(question(MARCH)).empty
    for unit in ("B", "nowhere"):
        with pytest.raises(UnknownUnit, match="expected a code of a unit you may see"):
            world.reader("A").recoverable(question(MARCH, within=unit))


def test_a_period_that_is_over_hangs_on_late_call_backs_only(world):
    running(world)
    at(world, "04-01 01:00")
    assert world.reader().recoverable(question(MARCH, within="A")).empty, "all call-backs are too long ago"
    assert world.reader().recoverable(question(FEBRUARY, within="A")).empty


def ended(row: dict, *, well: bool) -> dict:
    """The same order at its end: everything as good, or as bad, as it could still be."""
    done = "2026-03-10 15:00"
    late = "2026-03-30 15:00"
    told = {
        "satisfaction": "satisfied" if well else "dissatisfied",
        "resolution": "solved" if well else "unsolved",
    }
    if row["closed"]:
        return row | {name: text for name, text in told.items() if row[name] in ("", "unrated")}
    told |= {"contact": "yes" if well else "no", "judgement": "solved" if well else "explained"}
    finished = row["finished"] or (done if well else late)
    return row | told | {"finished": finished, "closed": "2026-03-30 16:00"}


@pytest.mark.parametrize("well", [True, False])
def test_the_value_ends_at_best_or_worst_when_all_do(world, well):
    running(world)
    outlooks = {
        each.indicator: each
        for each in world.reader().prospect(question(MARCH, within="A"), limit=1).outlooks
    }
    pending = {row["id"] for row in OPEN} | {"O20"}
    at(world, "04-20 01:00")
    deliver(world, [ended(row, well=well) for row in [*OPEN, *CLOSED] if row["id"] in pending])
    found = world.reader().series(CHANGED, unit="A", periods=[MARCH], query=question(MARCH, within="A"))
    for name, value in zip(found["indicator"], found["value"], strict=True):
        bound = outlooks[name].best if well else outlooks[name].worst
        reached = float(bound) == pytest.approx(value)
        # O7 was rated already: all open orders count as undecided, so that these two stop short of the bound.
        assert reached or (name in RATING and not well and float(bound) < value), name
    assert outlooks[ON_TIME].pending == 3 and outlooks[ON_TIME].settled == 9 - 1
