"""Facts left out of the assessment by application and decision: what numbers make of them, and who may decide."""

import pytest
from excluding import ORDER_NAMES, apply, decide, leave_out, numbers, orders, right
from grove import STEPS
from world import case

from data import exclusions
from data.exclusions import ExclusionError
from data.instants import micros


def test_an_approved_exclusion_leaves_an_order_out_of_every_number(world):
    orders(world, *(case(n, reported=n, due=n + 4, closed=n + 2) for n in range(4)))
    world.refresh()
    assert numbers(world, *ORDER_NAMES)["orders_accepted"][0] == 4
    apply(world, "C1")
    assert right(world)
    assert numbers(world, *ORDER_NAMES)["orders_accepted"][0] == 4  # an application alone changes nothing
    decide(world, "C1", "approved")
    assert right(world)
    assert {name: row[3] for name, row in numbers(world, *ORDER_NAMES).items()} == dict.fromkeys(
        ORDER_NAMES, 3
    )
    decide(world, "C1", "withdrawn")
    assert right(world)
    assert numbers(world, *ORDER_NAMES)["orders_accepted"][0] == 4


def test_a_later_delivery_does_not_lose_it_and_a_repeated_one_changes_nothing(world):
    rows = [case(n, reported=n, due=n + 4) for n in range(3)]
    orders(world, *rows)
    leave_out(world, "C0")
    assert right(world)
    orders(world, *rows)
    orders(world, case(0, reported=0, due=4, closed=9), *rows[1:])
    assert right(world)
    assert numbers(world, "orders_accepted")["orders_accepted"][0] == 2


def test_a_case_left_out_counts_like_one_that_was_voided(world):
    rows = [
        case(n, reported=n, due=n + 400) for n in range(3)
    ]  # not due yet: not in the stock of today either
    world.load(rows, text=STEPS)
    world.load([case(9, reported=1, due=2)], text=STEPS)
    for key in ("C0", "C9"):
        leave_out(world, key, source="cases")
    assert right(world)
    found = numbers(world)
    assert found["cases_open"][0] == found["cases_reported"][0] == 2
    assert found["cases_overdue_open"][0] == 0
    assert found["case_filing_rate"][1] == 4  # of every report, as of voided ones


def test_as_of_an_instant_the_numbers_are_those_known_then(world):
    orders(world, *(case(n, reported=n, closed=n + 2) for n in range(3)))
    world.refresh()
    marks = [micros(world.now)]
    leave_out(world, "C1")
    marks.append(micros(world.clock()))
    decide(world, "C1", "withdrawn")
    world.refresh()
    known = [numbers(world, "orders_accepted", as_of=at)["orders_accepted"][0] for at in (*marks, None)]
    assert known == [3, 2, 3]
    with world.store.read() as connection:
        states = [exclusions.standing(connection, as_of=at) for at in (*marks, None)]
    assert [[event.state for event in one.values()] for one in states] == [[], ["approved"], ["withdrawn"]]


def test_nobody_decides_on_his_own_application(world):
    orders(world, case(1), case(2))
    apply(world, "C1", by="zhang")
    for state in ("approved", "refused"):
        with pytest.raises(ExclusionError, match=r"got 'zhang', who applied; expected a second person"):
            decide(world, "C1", state, by="zhang")
    with pytest.raises(ExclusionError, match="expected a person who may decide"):
        decide(world, "C1", "approved", by="wang", judge=False)
    with pytest.raises(ExclusionError, match="expected a person who may decide"):
        decide(world, "C1", "withdrawn", by="wang", judge=False)
    assert decide(world, "C1", "withdrawn", by="zhang", judge=False).state == "withdrawn"
    with pytest.raises(ExclusionError, match="got no application"):
        decide(world, "C2", "approved")


@pytest.mark.parametrize("state", ["approved", "refused"])
def test_what_is_decided_is_not_decided_again(world, state):
    orders(world, case(1))
    apply(world, "C1")
    with pytest.raises(ExclusionError, match="got one that is applied"):
        apply(world, "C1")
    decide(world, "C1", state)
    with pytest.raises(ExclusionError, match=f"got one that is {state}; expected applied"):
        decide(world, "C1", "approved", by="wang")


def test_reasons_are_those_of_the_instance(world):
    orders(world, case(1))
    with pytest.raises(ExclusionError, match="reason: got 'tired'; expected one of outside, repeat"):
        apply(world, "C1", reason="tired")


def test_every_event_stays_in_the_record(world):
    orders(world, case(1))
    apply(world, "C1")
    decide(world, "C1", "refused")
    leave_out(world, "C1")
    with world.store.read() as connection:
        found = list(exclusions.events(connection))
    assert [event.state for event in found] == ["applied", "refused", "applied", "approved"]
    assert [event.load is None for event in found] == [True, True, True, False]
    assert [event.recorded_at for event in found] == sorted(event.recorded_at for event in found)
