"""Lists of exclusions: decisions taken elsewhere that are brought, and what people see of applications."""

import pytest
from excluding import apply, numbers, orders, right
from world import World, case

from data import exclusion_file, exclusions
from data.exclusion_list import found_by_number, one_fact
from data.exclusions import ExclusionError

# A list of decisions taken elsewhere ------------------------------------------------------------------------------

HEAD = ["source", "id", "reason", "clause", "applicant", "approved_by", "approved_at"]


def take(world: World, *rows: list[str]) -> dict[str, int]:
    return exclusion_file.take(world.store, [HEAD, *rows], "list.csv", clock=world.clock, by="desk").counts


def test_a_list_counts_its_rows_and_repeating_it_changes_nothing(world):
    orders(world, *(case(n, reported=n) for n in range(4)))
    good = ["orders", "C1", "职责外", "3.2", "张工", "李主任", "2026-02-20 09:00"]
    refused = [
        ["orders", "C9", *good[2:]], ["orders", "C2", "tired", *good[3:]],
        ["orders", "C2", *good[2:5], "张工", good[6]],
        ["orders", "C2", *good[2:6], "soon"], ["", *good[1:]],
    ]  # fmt: skip
    assert take(world, good, *refused, [""] * 7) == {
        "read": 6, "accepted": 1, "updated": 0, "unchanged": 0, "rejected": 5,
    }  # fmt: skip
    held = world.dump()
    assert take(world, good) == {"read": 1, "accepted": 0, "updated": 0, "unchanged": 1, "rejected": 0}
    assert world.dump() == held
    assert right(world)
    assert numbers(world, "orders_accepted")["orders_accepted"][0] == 3
    assert take(world, [*good[:3], "4.1", *good[4:]])["updated"] == 1
    assert right(world)
    with world.store.read() as connection:
        states = [event.state for event in exclusions.events(connection)]
    assert states == ["applied", "approved", "withdrawn", "applied", "approved"]


def test_a_list_approves_an_application_that_waits(world):
    orders(world, case(1))
    apply(world, "C1", by="张工")
    row = ["orders", "C1", "outside", "3.2", "张工", "李主任", "2026-03-20 09:00"]
    assert take(world, row)["updated"] == take(world, row)["unchanged"] == 1
    with world.store.read() as connection:
        assert [event.state for event in exclusions.events(connection)] == ["applied", "approved"]


def test_a_list_without_its_columns_is_refused(world):
    with pytest.raises(ExclusionError, match="got columns id; expected source, id"):
        exclusion_file.take(world.store, [["id"]], "list.csv", clock=world.clock, by="desk")


# Lists and scope --------------------------------------------------------------------------------------------------


def test_people_see_applications_about_facts_of_their_scope_only(world):
    orders(world, case(1, square=0.5), case(2, square=4.5))
    for key in ("C1", "C2"):
        apply(world, key)
    world.refresh()
    seen = {unit: [one.fact.key for one in world.reader(unit).exclusions()] for unit in ("A", "B", "A2")}
    assert seen == {"A": ["C1"], "B": ["C2"], "A2": []}
    assert [one.fact.key for one in world.reader().exclusions(unit="B")] == ["C2"]
    assert one_fact(world.reader("A"), "orders", "C2", subject="orders") is None
    assert one_fact(world.reader("A"), "orders", "C9", subject="orders") is None
    assert found_by_number(world.reader("A"), "C2") == []


def test_a_fact_is_found_by_its_number(world):
    orders(world, case(101), case(102, reported=3, closed=5))
    apply(world, "C101")
    world.refresh()
    found = found_by_number(world.reader(), "C10")
    assert [(one.fact.key, one.category, one.unit_code) for one in found] == [
        ("C101", "litter", "A1"), ("C102", "litter", "A1"),
    ]  # fmt: skip
    assert [one.event is None for one in found] == [False, True]
    assert found_by_number(world.reader(), "C1") == []
