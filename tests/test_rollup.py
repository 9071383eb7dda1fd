"""The laws of the summed tables, on both stores: reconcile, conserve, incremental equals full, reproduce."""

import tempfile
from datetime import date
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from conftest import SOAK
from hypothesis import given, settings
from hypothesis import strategies as st
from world import SIX, STEPPED, World, case, same_by_shares_and_facts, stored

from data import measures
from data.indicators import INDICATORS
from data.measure_table import Parts, measure_table
from data.query import Period, Query
from data.refreshing import gather
from data.verify import verify

ALL = tuple(name for name, entry in INDICATORS.items() if entry.subject == "cases")
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def ask(
    *names: str, level: str | None = None, within: str | None = None, period: Period = YEAR, **more
) -> Query:
    return Query(level=level, within=within, indicators=names or ALL, period=period, **more)


def table(world: World, query: Query, *, level: str | None = None, time: str | None = None):
    order = tuple(part for part in ("unit_code" if level else None, time) if part)
    return measure_table(world.reader(), query, Parts(order, level, time))


def test_counts_rates_and_stocks_of_a_few_cases(world):
    rows = [
        case(1, square=0.5, reported=0, due=4, closed=2),  # closed in time
        case(2, square=0.5, reported=0, due=4, closed=9),  # closed late
        case(3, square=1.5, reported=1, due=5),  # overdue and open
        case(4, square=3.5, reported=8),  # open, no limit
    ]
    ledger = world.load(rows)
    assert (ledger.read, ledger.accepted, ledger.located) == (4, 4, 4)
    world.refresh()
    got = table(
        world, ask("cases_reported", "cases_closed", "cases_open", "cases_overdue_open"), level="district"
    )
    values = {(row.indicator, row.unit_code): row.value for row in got.itertuples()}
    assert values == {
        ("cases_reported", "A"): 3, ("cases_reported", "B"): 1, ("cases_closed", "A"): 2, ("cases_closed", "B"): 0,
        ("cases_open", "A"): 1, ("cases_open", "B"): 1, ("cases_overdue_open", "A"): 1, ("cases_overdue_open", "B"): 0,
    }  # fmt: skip
    rate = table(world, ask("case_on_time_closure_rate"), level="district").set_index("unit_code")
    assert rate.loc["A", ["numerator", "denominator"]].tolist() == [1, 3]
    assert np.isnan(rate.loc["B", "value"])


def test_a_stock_is_that_of_the_last_day(world):
    world.load([case(1, reported=0, due=4, closed=10)])
    world.refresh()
    days = table(
        world,
        ask("cases_open", "cases_overdue_open", period=Period(date(2026, 1, 31), date(2026, 2, 6))),
        time="day",
    )
    found = {(row.indicator, row.day): row.value for row in days.itertuples()}
    assert {day: found[("cases_open", day)] for _, day in found if ("cases_open", day) in found} == {
        "2026-02-01": 1, "2026-02-02": 1,
    }  # fmt: skip
    assert found[("cases_overdue_open", "2026-02-02")] == 1
    assert ("cases_overdue_open", "2026-02-01") not in found


def test_unassigned_rows_close_the_sum_at_every_level(world):
    rows = [
        case(1),
        case(2, square=None, hint="A"),
        case(3, square=None, hint="Block B2"),
        case(4, square=99.5),
        case(5, square=None),
    ]
    ledger = world.load(rows)
    assert (ledger.located, ledger.outside, ledger.no_location) == (3, 1, 1)
    world.refresh()
    blocks = table(world, ask("cases_reported"), level="block").set_index("unit_code")["value"]
    districts = table(world, ask("cases_reported"), level="district").set_index("unit_code")["value"]
    assert blocks[blocks > 0].to_dict() == {"A1": 1, "A/-": 1, "B2": 1, "/-": 2}
    assert districts[districts > 0].to_dict() == {"A": 2, "B": 1, "/-": 2}
    inside = world.reader().measures(ask("cases_reported", level="block", within="A"), compare=False)
    assert inside.loc[inside["kind"] == "total", "value"].item() == districts["A"]


def test_a_second_delivery_changes_nothing(world):
    rows = [case(number, closed=number if number % 2 else None) for number in range(20)]
    world.load(rows)
    world.refresh()
    again = world.load(rows)
    assert (again.accepted, again.updated, again.unchanged) == (0, 0, 20)
    before = stored(world, "cases")
    assert world.refresh().mode == "changes"
    assert (stored(world, "cases") == before).all()


def test_differences_are_gathered_without_changing_a_number(world):
    for number in range(3):
        world.load([case(number, closed=number or None)])
        world.refresh()
    before = stored(world, "cases")
    assert gather(world.store, clock=world.clock)
    assert (stored(world, "cases")[:, 5:] == before[:, 5:]).all()
    assert not gather(world.store, clock=world.clock)


def test_repeated_keys_in_one_file_are_revisions_in_order(world):
    ledger = world.load([case(1, closed=None), case(1, closed=3), case(1, closed=3)])
    assert (ledger.accepted, ledger.updated, ledger.unchanged) == (1, 1, 1)
    world.refresh()
    assert table(world, ask("cases_open"))["value"].item() == 0
    assert verify(world.store) == []


def test_a_delivery_with_repeated_keys_changes_nothing_the_second_time(world):
    rows = [case(1, closed=None), case(2), case(1, closed=3), case(3, closed=2), case(3)]
    world.load(rows)
    again = world.load(rows)
    assert (again.accepted, again.updated, again.unchanged) == (0, 0, 5)
    reopened = world.load([case(1, closed=3), case(1, closed=None)])
    assert (reopened.updated, reopened.unchanged) == (1, 1)
    world.refresh()
    assert table(world, ask("cases_open"))["value"].item() == 3
    assert verify(world.store) == []


def test_as_of_gives_what_was_known_then(world):
    world.load([case(1), case(2)])
    world.refresh()
    instant = int(world.now.timestamp() * 1e6)
    world.load([case(1, closed=2), case(3)])
    world.refresh()
    assert table(world, ask("cases_reported"))["value"].item() == 3
    then = table(world, ask("cases_reported", "cases_closed", as_of=instant)).set_index("indicator")["value"]
    assert then.to_dict() == {"cases_reported": 2, "cases_closed": 0}


def test_boundaries_as_they_were_and_as_they_are(world):
    world.load(
        [case(1, square=2.5, reported=0), case(2, square=2.5, reported=80, closed=90), case(3, square=0.5)]
    )
    moved = (("A", "A1", 1), ("A", "A2", 1), ("B", "A3", 1), *SIX[3:])
    world.publish(moved, valid_from=20_500)  # 2026-02-16: A3 goes over to B
    world.refresh()
    assert verify(world.store) == []
    was = table(world, ask("cases_reported"), level="district").set_index("unit_code")["value"].to_dict()
    now = (
        table(world, ask("cases_reported", boundaries="today"), level="district")
        .set_index("unit_code")["value"]
        .to_dict()
    )
    assert (was, now) == ({"A": 2, "B": 1}, {"A": 1, "B": 2})
    stock = table(
        world, ask("cases_open", period=Period(date(2026, 2, 1), date(2026, 2, 18))), level="district"
    )
    assert stock.set_index("unit_code")["value"].to_dict() == {"A": 1, "B": 1}  # handed over with the unit


def test_a_scope_sees_its_own_units_and_nothing_else(world):
    world.load([case(1, square=0.5), case(2, square=3.5), case(3, square=99.5)])
    world.refresh()
    mine = world.reader("B")
    found = mine.measures(ask("cases_reported", level="block"), compare=False)
    assert found.loc[found["kind"] == "unit", "unit_code"].tolist() == ["B1", "B2", "B3"]
    assert found.loc[found["kind"] == "total", "value"].item() == 1
    rows, count = mine.facts("cases", ask())
    assert (count, rows["id"].tolist()) == (1, ["C2"])
    for code in ("A", "A1", "nobody"):
        with pytest.raises(LookupError):
            mine.unit(code)
    assert (
        world.reader("nobody").measures(ask("cases_reported", level="block"), compare=False)["value"].sum()
        == 0
    )


def test_a_category_is_counted_with_all_below_it_and_sums_to_the_whole(world):
    world.publish(SIX)
    kinds = ["litter", "parking/lane", "parking/kerb", "parkings", "parking/kerb"]
    world.load([case(at, square=at + 0.5, closed=at + 2, category=kind) for at, kind in enumerate(kinds)])
    world.load([case(9, square=None, hint="A", category="parking")])
    world.refresh()
    world.load(
        [case(2, square=0.5, closed=30, category="litter"), case(1, square=1.5, category="parking/kerb")]
    )
    world.refresh()
    found = table(world, ask("cases_reported", category="parking"), level="block").set_index("unit_code")[
        "value"
    ]
    assert found[found > 0].to_dict() == {"A2": 1, "B2": 1, "A/-": 1}
    split = measure_table(
        world.reader(), ask("cases_reported", "cases_open"), Parts(("category",), None, None, ("category",))
    ).set_index(["indicator", "category"])["value"]  # fmt: skip
    assert split["cases_reported"].to_dict() == {"litter": 2, "parking": 1, "parking/kerb": 2, "parkings": 1}
    assert split["cases_open"].to_dict() == {"parking": 1, "parking/kerb": 1}
    same_by_shares_and_facts(world)
    assert [str(entry) for entry in verify(world.store)] == []


def test_a_level_of_too_many_units_is_counted_from_the_shares(world, monkeypatch):
    from data import rollup

    world.publish(SIX)
    world.load(
        [
            case(at, square=at % 7, reported=20 - at, due=24, closed=at * 3 if at % 3 else None)
            for at in range(20)
        ]
    )
    world.refresh()
    held = table(world, ask(), level="block")
    monkeypatch.setattr(rollup, "MAX_UNITS", 1)
    assert world.refresh().mode == "full"
    with world.store.read() as connection:
        assert not any(rollup.published(connection).levels.values())
    with patch.object(measures, "count_facts", side_effect=AssertionError("read from the facts")):
        pd.testing.assert_frame_equal(table(world, ask(), level="block"), held)
    assert [str(entry) for entry in verify(world.store)] == []


rows = st.lists(
    st.builds(
        case,
        st.integers(1, 12),
        square=st.one_of(st.none(), st.sampled_from([0.5, 1.5, 2.0, 3.5, 5.5, 40.0])),
        reported=st.integers(0, 60),
        due=st.one_of(st.none(), st.integers(0, 80)),
        closed=st.one_of(st.none(), st.integers(0, 80)),
        category=st.sampled_from(["litter", "parking/lane", "parking/kerb"]),
        hint=st.one_of(st.none(), st.sampled_from(["A", "B2", "Block A3", "elsewhere"])),
    ),
    max_size=8,
)
steps = st.lists(st.one_of(rows, st.just("refresh"), st.just("redraw")), min_size=1, max_size=6)


@given(steps)
@settings(max_examples=200 if SOAK else 6)
def test_any_history_equals_a_full_rebuild(migrated_sqlite, history):
    """Loads, corrections, refreshes and a redrawn boundary in any order end where a clean rebuild ends."""
    import shutil

    with tempfile.TemporaryDirectory() as name:
        shutil.copyfile(migrated_sqlite, Path(name) / "store.db")
        world = World(Path(name), f"sqlite:///{name}/store.db")
        world.publish(SIX)
        for step in history:
            if step == "refresh":
                world.refresh()
            elif step == "redraw":
                world.publish((("A", "A1", 2), ("A", "A2", 1), *SIX[3:]), valid_from=20_495 + world.loads)
            else:
                ledger = world.load(step, text=STEPPED)
                assert ledger.read == ledger.accepted + ledger.updated + ledger.unchanged + ledger.rejected
                assert (
                    ledger.accepted + ledger.updated == ledger.located + ledger.outside + ledger.no_location
                )
        world.refresh()
        same_by_shares_and_facts(world)
        grown = stored(world, "cases")
        assert [str(entry) for entry in verify(world.store)] == []
        whole = world.reader().measures(ask(level="block"), compare=False)
        for name_of, part in whole[whole["numerator"].notna()].groupby("indicator"):
            shown = part.set_index("kind")["numerator"]
            assert shown.drop("total").sum() == shown["total"], name_of
        world.refresh(full=True)
        assert (stored(world, "cases")[:, 5:] == grown[:, 5:]).all()
        world.store.close()


def test_rows_in_no_unit_of_a_level_can_be_listed(world):
    world.load([case(1), case(2, square=None, hint="A"), case(3, square=99.5)])
    world.refresh()
    reader = world.reader()
    for level, expected in (("block", ["C2", "C3"]), ("district", ["C3"])):
        rows, count = reader.facts("cases", ask(), filters={"unassigned": level})
        assert (count, sorted(rows["id"])) == (len(expected), expected)
        assert reader.summary("cases", ask(), level=level)["unassigned"] == count
    assert reader.summary("cases", ask())["unassigned"] == 1  # C3 alone lies nowhere
    assert world.reader("A").facts("cases", ask(), filters={"unassigned": "block"})[1] == 1
    assert world.reader("A").summary("cases", ask(), level="block")["unassigned"] == 1


def test_a_new_indicator_is_counted_from_the_start(world, monkeypatch):
    """One entry is all a new metric needs: the next refresh makes its columns and counts the past."""
    from dataclasses import replace

    from data import indicators

    world.load([case(1), case(2, closed=3)])
    world.refresh()
    entry = replace(indicators.INDICATORS["cases_closed"], name="cases_closed_again")
    monkeypatch.setitem(indicators.INDICATORS, entry.name, entry)
    assert world.refresh().mode == "full"
    assert table(world, ask(entry.name))["value"].item() == 1
