"""One event, several records: orders passed on as cases and repeated orders, counted once where that is asked."""

import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest
from conftest import SOAK
from hypothesis import given, settings
from hypothesis import strategies as st
from test_deliveries import ALL
from world import CASES, SIX, World, case, declared, same_by_shares_and_facts, stored

from data.measure_table import Parts, measure_table
from data.query import Period, Query
from data.verify import verify

ORDERS = declared(
    "order",
    {
        "id": "id",
        "linked_case": "category",
        "repeat_of": "channel",
        "excluded": "hint",
        "accepted_at": "reported_at",
    },
)
VOIDED = ALL.replace('channel = "channel"', 'voided = "channel"')
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def order(
    number: int, *, case: str = "", repeats: int | str = "", excluded: str = "", accepted: float = 0
) -> tuple:
    """A row of `ORDERS`; later numbers are accepted later unless said otherwise."""
    from world import case as row

    first = f"O{repeats}" if isinstance(repeats, int) else repeats
    made = row(number, reported=accepted or number, category=case, channel=first, hint=excluded)
    return (f"O{number}", *made[1:])


def events(world: World) -> dict[str, float]:
    """Cases reported, orders accepted, and orders counted once, after a refresh that agrees with a recount."""
    world.refresh()
    assert [str(entry) for entry in verify(world.store)] == []
    names = ("cases_reported", "orders_accepted", "order_events")
    query = Query(level=None, within=None, indicators=names, period=YEAR)
    return measure_table(world.reader(), query, Parts(())).set_index("indicator")["value"].to_dict()


def counts(world: World) -> tuple[float, float, float]:
    """The same as cases, orders, events of orders."""
    cases, orders, told = events(world).values()
    return cases, orders, told


def test_an_order_passed_on_is_told_by_its_case_as_long_as_that_counts(world):
    world.load([order(1, case="C7"), order(2)], name="hotline", text=ORDERS)
    assert counts(world) == (0, 2, 2)
    world.load([case(7, channel="no"), case(8, channel="no")], text=VOIDED)
    assert counts(world) == (2, 2, 1)
    world.load([case(8, channel="no")], text=VOIDED)
    assert counts(world) == (1, 2, 2)
    world.load([case(7, channel="yes"), case(8, channel="no")], text=VOIDED)
    assert counts(world) == (1, 2, 2)
    world.load([case(7, channel="no"), case(8, channel="no")], text=VOIDED)
    assert counts(world) == (2, 2, 1)
    grown = stored(world, "orders")
    world.refresh(full=True)
    assert stored(world, "orders").tolist() == grown.tolist()


def test_of_orders_that_repeat_each_other_the_first_is_left(world):
    rows = [
        order(1), order(2, repeats=1), order(3, repeats=2),  # a chain: one event
        order(4, repeats=5), order(5, repeats=4),  # each names the other
        order(6, repeats=6),  # itself
        order(7, repeats=99),  # one that is not known
        order(8, excluded="elsewhere"), order(9, repeats=8),  # one that does not count
    ]  # fmt: skip
    world.load(rows, name="hotline", text=ORDERS)
    assert counts(world) == (0, 8, 5)


def test_a_case_is_looked_for_where_the_source_says(world):
    world.load([case(7)], name="grid")
    world.load([case(7), case(8)], name="park")
    for text, expected in ((ORDERS, 0), (ORDERS + '[links]\nlinked_case = "grid"\n', 1)):
        world.load([order(1, case="C7"), order(2, case="C8")], name="hotline", text=text)
        assert counts(world) == (3, 2, expected)


def test_what_was_known_then_decides_what_counted_once_then(world):
    world.load([order(1, case="C7")], name="hotline", text=ORDERS)
    world.refresh()
    then = int(world.now.timestamp() * 1e6)
    world.load([case(7)])
    assert counts(world) == (1, 1, 0)
    query = Query(level=None, within=None, indicators=("order_events",), period=YEAR, as_of=then)
    assert measure_table(world.reader(), query, Parts(()))["value"].item() == 1


def test_a_link_needs_its_field(world):
    with pytest.raises(
        ValueError, match=r"cases.toml: links.linked_case: got 'grid'; expected linked_case among the"
    ):
        world.source(
            text=ORDERS.replace('linked_case = "category"\n', "") + '[links]\nlinked_case = "grid"\n'
        )
    with pytest.raises(
        ValueError, match=r"cases.toml: links: got 'linked_case'; expected none: a case names no"
    ):
        world.source(text=CASES + '[links]\nlinked_case = "grid"\n')


case_rows = st.lists(st.builds(case, st.integers(1, 5), channel=st.sampled_from(["yes", "no"])), max_size=5)
order_rows = st.lists(
    st.builds(
        order,
        st.integers(1, 8),
        case=st.sampled_from(["", "C1", "C3", "C5", "C9"]),
        repeats=st.one_of(st.just(""), st.integers(1, 9)),
        excluded=st.sampled_from(["", "", "for a reason"]),
        accepted=st.integers(1, 4),
    ),
    max_size=5,
)
step = st.one_of(
    st.tuples(st.just("cases"), case_rows), st.tuples(st.just("orders"), order_rows), st.just(("refresh", []))
)


def expected_events(cases: dict[str, tuple], orders: dict[str, tuple]) -> int:
    """Orders told by nothing else, worked out one by one."""
    live = {key for key, row in cases.items() if row[2] != "yes"}
    told = 0
    for key, row in orders.items():
        first = orders.get(row[2])
        again = first is not None and not first[8] and (first[3], first[0]) < (row[3], key)
        told += not row[8] and row[1] not in live and not again
    return told


@given(st.lists(step, min_size=2, max_size=7))
@settings(max_examples=500 if SOAK else 5)
def test_any_history_of_cases_and_orders_counts_each_event_once(migrated_sqlite, history):
    with tempfile.TemporaryDirectory() as name:
        shutil.copyfile(migrated_sqlite, Path(name) / "store.db")
        world = World(Path(name), f"sqlite:///{name}/store.db")
        world.publish(SIX)
        cases: dict[str, tuple] = {}
        orders: dict[str, tuple] = {}
        for what, rows in history:
            last = {row[0]: row for row in rows}
            if what == "refresh":
                world.refresh()
            elif what == "cases":  # a snapshot of everything
                world.load(list(last.values()), text=VOIDED, accept_shrink=True)
                cases = last
            elif rows:
                world.load(list(last.values()), name="hotline", text=ORDERS)
                orders |= last
        found = events(world)
        assert found["order_events"] == expected_events(cases, orders)
        same_by_shares_and_facts(world)
        grown = stored(world, "orders")
        world.refresh(full=True)
        assert stored(world, "orders").tolist() == grown.tolist()
        world.store.close()
