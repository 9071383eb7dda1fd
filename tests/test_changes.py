"""What changed since: every fact behind a difference, its reason, and sums that are exactly the difference."""

from datetime import date

import numpy as np
import pytest
from grove import EVERY, YEAR, ask, everything
from world import SIX, case

from data.calendar_days import Day, record
from data.changes import KINDS
from data.departments import DEPARTMENT, Department
from data.departments import record as list_departments
from data.holidays import first_of
from data.indicators import INDICATORS
from data.instants import micros
from data.query import Period, QueryError
from data.reader import UnknownUnit

MOVED = (("A", "A1", 2), ("A", "A3", 1), ("B", "B1", 1), ("B", "B2", 2))


def instant(world) -> int:
    return micros(world.clock())


def of(world, *names, since, unit=None, **more):
    found = world.reader().changes(ask(*names, within=unit, **more), since=since)
    return {row.id: row for row in found.rows.itertuples()}, found


def assert_exact(found) -> None:
    """The sums of the listed facts are the difference of the two numbers, to the last fraction."""
    for total in found.totals.to_dict("records"):
        entry = INDICATORS[total["indicator"]]
        own = found.rows[found.rows["indicator"] == entry.name]
        for side, scale in (("numerator", entry.scale), ("denominator", entry.base_scale)):
            if (side == "numerator" and entry.kind == "quantile") or total[f"{side}_after"] is None:
                continue
            told, listed = (
                np.round((rows[f"{side}_after"] - rows[f"{side}_before"]) * scale)
                for rows in (found.totals[found.totals["indicator"] == entry.name], own)
            )
            assert int(told.fillna(0).sum()) == int(listed.sum()), (entry.name, side)


def test_late_corrected_withdrawn_and_moved_facts_are_told_apart(world):
    snapshot = 'kind = "case"\ndelivery = "snapshot"\n'
    text = __import__("world").CASES.replace('kind = "case"\n', snapshot)
    world.load([case(1, closed=3), case(2, square=1.5), case(3), case(4), case(5)], text=text)
    world.refresh()
    then = instant(world)
    world.load(
        [case(1, closed=9), case(2, square=4.5), case(3), case(5, channel="video"), case(6)], text=text
    )
    world.refresh()
    rows, found = of(world, "cases_reported", since=then, unit="A")
    assert {number: (row.change, row.numerator_before, row.numerator_after) for number, row in rows.items()} == {
        "C2": ("moved", 1, 0), "C4": ("withdrawn", 1, 0), "C6": ("late", 0, 1),
    }  # fmt: skip
    assert (rows["C2"].unit_before, rows["C2"].unit_after, rows["C2"].fields) == ("A2", "B2", "lon")
    assert rows["C6"].recorded_at > then
    assert_exact(found)
    short = Period(date(2026, 2, 1), date(2026, 2, 3))
    rows, found = of(world, "cases_closed", since=then, unit="A", period=short)
    assert [(row.id, row.change, row.fields) for row in rows.values()] == [("C1", "corrected", "closed_at")]
    assert_exact(found)


def test_between_two_instants_of_the_past_and_with_nothing_between(world):
    world.load([case(1)])
    world.refresh()
    first = instant(world)
    world.load([case(2)], name="second")
    world.refresh()
    second = instant(world)
    world.load([case(3)], name="third")
    world.refresh()
    rows, _ = of(world, "cases_reported", since=first, as_of=second)
    assert list(rows) == ["C2"]
    assert list(of(world, "cases_reported", since=second)[0]) == ["C3"]
    assert of(world, "cases_reported", since=instant(world))[0] == {}
    with pytest.raises(QueryError, match=r"since: got .*; expected one up to"):
        of(world, "cases_reported", since=second, as_of=first)


def test_a_limit_that_falls_is_the_passing_of_time(world):
    world.load([case(1, reported=112, due=115)])  # due on 1 March at 18:00 local time
    world.refresh()
    then = instant(world)
    rows, _ = of(world, "cases_overdue_open", since=then, period=Period(date(2026, 2, 1), date(2026, 3, 2)))
    assert rows == {}
    world.now = world.now.replace(hour=12)
    rows, found = of(
        world, "cases_overdue_open", since=then, period=Period(date(2026, 2, 1), date(2026, 3, 2))
    )
    assert [(row.id, row.change, row.recorded_at != row.recorded_at) for row in rows.values()] == [
        ("C1", "passed", True)
    ]
    assert_exact(found)


def test_nothing_is_told_of_units_outside_the_scope(world):
    world.load([case(1, square=0.5), case(2, square=4.5)])
    world.refresh()
    then = instant(world)
    world.load([case(1, square=4.5), case(2, square=5.5), case(3, square=3.5)])
    world.refresh()
    found = world.reader("A").changes(ask("cases_reported"), since=then)
    assert [(row.id, row.unit_before, row.unit_after) for row in found.rows.itertuples()] == [
        ("C1", "A1", "")
    ]
    assert found.totals["numerator_after"].tolist() == [0]
    for code in ("B", "nowhere"):
        with pytest.raises(UnknownUnit):
            world.reader("A").changes(ask("cases_reported", within=code), since=then)


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_of_the_listed_facts_are_the_difference(world, seed):
    """Every indicator, through loads, corrections, moves, redrawn units and another list of departments."""
    draw = np.random.default_rng(seed)
    everything(world, seed)
    world.refresh()
    then = instant(world)
    everything(world, seed + 10)
    if seed:
        world.publish(MOVED, valid_from=first_of(2026) + int(draw.integers(30, 120)))
    list_departments(world.store, [Department("办", DEPARTMENT)], now=world.clock(), by="test")
    world.refresh()
    shown = set()
    for unit in (None, "A", "A1", "B"):
        for boundaries in ("as-was", "today"):
            found = world.reader().changes(ask(*EVERY, within=unit, boundaries=boundaries), since=then)
            assert_exact(found)
            shown |= set(found.rows["change"])
    assert {"late", "corrected"} <= shown <= set(KINDS)
    assert shown & {"redrawn"} or not seed


def test_days_entered_change_no_number_of_the_past(world):
    world.load([case(1)])
    world.refresh()
    then = instant(world)
    record(world.store, [Day(first_of(2026) + 60, 0, "x")], now=world.clock(), by="test")
    rows, _ = of(world, "cases_reported", since=then, period=YEAR)
    assert rows == {} and len(SIX) == 6
