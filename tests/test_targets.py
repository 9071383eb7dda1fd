"""Targets: the most specific wins, as known then; added, changed and withdrawn without a row being overwritten."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from world import World

from data.aims import aims, is_whole
from data.instants import micros
from data.measures import epoch_day
from data.query import Period, Query
from data.schema import FOREVER
from data.schema_judging import target as target_table
from data.scope import Scope
from data.settings import parse_settings
from data.standing import Standing, standing
from data.store import Store
from data.target_edits import Outdated, TargetError, put, withdraw
from data.targets import Target, Targets, deciding_day, targets

RATE, STOCK, LOW = "order_satisfaction", "cases_overdue_open", "case_rework_rate"
DAY = date(2026, 11, 22)
AT = epoch_day(DAY)
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def clock() -> datetime:
    return MORNING


def known(*rows: Target, **usual: float) -> Targets:
    numbered = [replace(row, id=at, number=row.number or at) for at, row in enumerate(rows, start=1)]
    return Targets(tuple(numbered), usual)


def rows_of(store: Store) -> list:
    with store.read() as connection:
        return list(connection.execute(select(target_table).order_by(target_table.c.id)))


def read(store: Store, as_of: int | None = None) -> Targets:
    with store.read() as connection:
        return targets(connection, store.settings, as_of=as_of)


# The rule -----------------------------------------------------------------------------------------------------------


def test_unit_before_level_before_everywhere_before_settings():
    found = known(
        Target(RATE, 0.9, unit="A1"), Target(RATE, 0.8, level="block"), Target(RATE, 0.7), **{RATE: 0.6}
    )
    assert found.of(RATE, day=DAY, level="block", unit="A1") == 0.9
    assert found.of(RATE, day=DAY, level="block", unit="A2") == 0.8
    assert found.of(RATE, day=DAY, level="block") == 0.8
    assert found.of(RATE, day=DAY, level="district", unit="A") == 0.7
    assert found.of(RATE, day=DAY) == 0.7
    assert known(**{RATE: 0.6}).of(RATE, day=DAY, level="block", unit="A1") == 0.6
    assert known().of(RATE, day=DAY) is None


def test_a_count_aimed_at_everywhere_speaks_of_the_whole_alone():
    found = known(Target(STOCK, 60.0), **{STOCK: 50.0})
    assert found.of(STOCK, day=DAY) == 60
    assert found.of(STOCK, day=DAY, level="district", unit="A", whole=True) == 60
    assert found.of(STOCK, day=DAY, level="district", unit="A") is None
    assert known(**{STOCK: 50.0}).of(STOCK, day=DAY, level="block") is None
    given_for_it = known(Target(STOCK, 5.0, level="block"), Target(STOCK, 3.0, unit="A1"))
    assert given_for_it.of(STOCK, day=DAY, level="block", unit="A1") == 3
    assert given_for_it.of(STOCK, day=DAY, level="block", unit="A2") == 5


def test_a_target_holds_from_its_first_day_to_the_one_before_its_end():
    found = known(Target(RATE, 0.9, start=AT, end=AT + 2))
    told = [found.of(RATE, day=DAY + timedelta(days=step)) for step in (-1, 0, 1, 2)]
    assert told == [None, 0.9, 0.9, None]


def test_the_day_of_a_period_is_its_last_that_has_begun():
    month = Period(date(2026, 11, 1), date(2026, 12, 1))
    assert deciding_day(month, DAY) == DAY
    assert deciding_day(month, date(2027, 1, 9)) == date(2026, 11, 30)
    assert deciding_day(month, date(2026, 10, 9)) == date(2026, 11, 1)


ROWS = st.builds(
    Target,
    indicator=st.sampled_from([RATE, STOCK]),
    value=st.sampled_from([0.5, 0.6, 0.7, 0.8]),
    level=st.just(""),
    unit=st.just(""),
    start=st.integers(AT - 3, AT + 3),
    end=st.one_of(st.integers(AT - 2, AT + 5), st.just(FOREVER)),
    withdrawn=st.booleans(),
    number=st.integers(0, 4),
    recorded_at=st.integers(0, 3),
)
PLACES = st.sampled_from([("", ""), ("block", ""), ("district", ""), ("", "A1"), ("", "A2")])
ASKED = st.sampled_from([("", ""), ("block", ""), ("block", "A1"), ("block", "A2"), ("district", "A")])


def plainly(found: Targets, indicator: str, level: str, unit: str, whole: bool) -> float | None:
    """The rule told again, without an index and without a key."""
    last: dict[int, Target] = {}
    for row in found.rows:
        last[row.number] = row
    there = [row for row in last.values() if row.indicator == indicator and not row.withdrawn]
    there = [row for row in there if row.start <= AT and row.end > AT]
    general = indicator == RATE or whole
    kinds = [
        [row for row in there if row.unit != "" and row.unit == unit],
        [row for row in there if row.level != "" and row.level == level],
        [row for row in there if row.unit == "" and row.level == "" and general],
    ]
    for kind in kinds:
        newest = None
        for row in kind:
            if newest is None or (row.recorded_at, row.id) > (newest.recorded_at, newest.id):
                newest = row
        if newest is not None:
            return newest.value
    return found.usual.get(indicator) if general else None


@given(
    drawn=st.lists(st.tuples(ROWS, PLACES), max_size=12), asked=ASKED, whole=st.booleans(),
    indicator=st.sampled_from([RATE, STOCK]), usual=st.booleans(),
)  # fmt: skip
def test_the_lookup_is_the_rule(drawn, asked, whole, indicator, usual):
    rows = [replace(row, level=level, unit=unit) for row, (level, unit) in drawn]
    found = known(*sorted(rows, key=lambda row: row.recorded_at), **({indicator: 0.4} if usual else {}))
    level, unit = asked
    expected = plainly(found, indicator, level, unit, whole)
    assert found.of(indicator, day=DAY, level=level, unit=unit, whole=whole) == expected
    differing = found.by_unit([indicator], day=DAY, level="block", units=["A1", "A2"])
    for code in ("A1", "A2"):
        own = found.of(indicator, day=DAY, level="block", unit=code)
        if own is not None:
            assert differing.get((indicator, code), found.of(indicator, day=DAY, level="block")) == own


# Recorded -----------------------------------------------------------------------------------------------------------


def put_in(store: Store, entry: Target, **more) -> int:
    return put(store, entry, **({"clock": clock, "by": "leader"} | more))


def test_a_change_is_a_new_row_and_the_past_is_answered_by_the_old(store):
    number = put_in(store, Target(RATE, 0.8, level="grid", note="年初"))
    first = read(store).newest[number]
    later = MORNING + timedelta(hours=1)
    assert (
        put_in(store, replace(first, value=0.85), number=number, seen=first.id, clock=lambda: later) == number
    )
    assert put_in(store, Target(LOW, 0.05)) == 3
    assert [(row.number, row.value, row.recorded_by) for row in rows_of(store)] == [
        (1, 0.8, "leader"), (1, 0.85, "leader"), (3, 0.05, "leader"),
    ]  # fmt: skip
    assert read(store).of(RATE, day=DAY, level="grid") == 0.85
    assert read(store, micros(later) - 1).of(RATE, day=DAY, level="grid") == 0.8
    assert read(store, micros(MORNING) - 1).of(RATE, day=DAY, level="grid") is None


def test_a_withdrawn_target_counts_no_more_and_stays_in_the_history(store):
    number = put_in(store, Target(RATE, 0.8))
    withdraw(store, number, seen=1, clock=lambda: MORNING + timedelta(hours=1), by="leader")
    assert read(store).of(RATE, day=DAY) is None and len(rows_of(store)) == 2
    assert read(store, micros(MORNING)).of(RATE, day=DAY) == 0.8
    withdraw(store, number, seen=2, clock=clock, by="leader")
    assert len(rows_of(store)) == 2, "withdrawn already"
    with pytest.raises(TargetError, match="got number 9"):
        withdraw(store, 9, seen=2, clock=clock, by="leader")


def test_who_changes_what_somebody_else_has_changed_is_refused(store):
    number = put_in(store, Target(RATE, 0.8))
    put_in(store, Target(RATE, 0.9), number=number, seen=1)
    with pytest.raises(Outdated, match="got row 1 as the newest; expected 2"):
        put_in(store, Target(RATE, 0.7), number=number, seen=1)
    put_in(store, Target(RATE, 0.9), number=number, seen=2)
    assert len(rows_of(store)) == 2, "the same again says nothing new"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Target("happiness", 0.8), "indicator: got 'happiness'"),
        (Target(RATE, 80.0), "value: got 80; expected 0 to 1"),
        (Target(RATE, -0.1), "value: got -0.1"),
        (Target(RATE, float("nan")), "value: got nan"),
        (Target(RATE, 0.8, level="block"), "level: got 'block'"),
        (Target(RATE, 0.8, level="grid", unit="A1"), "expected a level, or a unit, or neither"),
        (Target(RATE, 0.8, unit="nowhere"), "unit: got 'nowhere'; expected the code of a unit"),
        (Target(RATE, 0.8, start=AT, end=AT), "last: got a day before the first"),
        (Target(RATE, 0.8, bands=(0.7, 0.8)), "bands: got 0.7 and 0.8; expected the first above"),
        (Target(LOW, 0.05, bands=(0.1, 0.05)), "expected the first below the second"),
        (Target(RATE, 0.8, bands=(0.8, 0.8)), "expected the first above"),
        (Target(RATE, 0.8, note="长" * 301), "note: got 301 characters"),
    ],
)
def test_what_cannot_be_aimed_at_is_refused(store, entry, said):
    with pytest.raises(TargetError) as error:
        put_in(store, entry)
    assert said in str(error.value) and rows_of(store) == []


def test_bands_follow_the_direction():
    assert [Target(RATE, 0.9, bands=(0.9, 0.8)).band(value) for value in (0.95, 0.9, 0.8, 0.79)] == [
        "good", "good", "warn", "bad",
    ]  # fmt: skip
    assert [Target(LOW, 0.05, bands=(0.05, 0.1)).band(value) for value in (0.0, 0.05, 0.1, 0.11)] == [
        "good", "good", "warn", "bad",
    ]  # fmt: skip
    assert Target(RATE, 0.9).band(0.1) == ""


# Seen by a reader ---------------------------------------------------------------------------------------------------


def question(within: str | None, **changes) -> Query:
    month = Period(date(2026, 3, 1), date(2026, 4, 1))
    return Query("block", within, (RATE, STOCK), month).asking(**changes)


def test_a_page_is_judged_by_the_targets_of_its_unit_and_of_those_below(world: World):
    put_in(world.store, Target(RATE, 0.8, level="block"))
    put_in(world.store, Target(RATE, 0.9, unit="A1"))
    put_in(world.store, Target(STOCK, 7.0, unit="A"))
    put_in(world.store, Target(STOCK, 60.0))
    found = aims(world.reader(), question("A"), level="block", codes=["A1", "A2"])
    assert found.own == {STOCK: 7.0} and found.level == {RATE: 0.8}
    assert found.units == {(RATE, "A1"): 0.9}
    assert found.of(RATE, {"kind": "unit", "unit_code": "A1"}) == 0.9
    assert found.of(RATE, {"kind": "unit", "unit_code": "A2"}) == 0.8
    assert found.of(STOCK, {"kind": "total", "unit_code": ""}) == 7.0
    assert aims(world.reader(), question(None), level="block").own == {STOCK: 60.0}
    departments = aims(world.reader(), question("A1"), level=None)
    assert departments.level == {RATE: 0.9}, (
        "departments are parts of the unit, but numbers of records are not"
    )


def test_a_reader_of_a_part_learns_nothing_of_targets_elsewhere(world: World):
    put_in(world.store, Target(RATE, 0.9, unit="A1"))
    put_in(world.store, Target(RATE, 0.8, unit="B1"))
    put_in(world.store, Target(RATE, 0.7, level="block"))
    put_in(world.store, Target(STOCK, 60.0))
    mine = world.reader("A")
    assert {row.unit for row in mine.targets().rows} == {"A1", ""}
    assert {row.unit for row in world.reader().targets().rows} == {"A1", "B1", ""}
    assert not is_whole(mine, None) and not is_whole(mine, "A"), "there are two districts"
    assert aims(mine, question(None), level="block").own == {}
    nobody = replace(Scope("nobody", "manager"), units=())
    assert type(mine)(world.store, nobody, clock=clock).targets().live.keys() == {RATE, STOCK}
    assert all(not row.unit for row in type(mine)(world.store, nobody, clock=clock).targets().rows)


def test_how_a_target_is_met_is_told_of_a_unit_and_counted_for_a_level(world: World):
    world.now += timedelta(days=10)
    closed = [("A1", 121.005, "2026-03-02 08:00")] * 25 + [("A2", 121.015, "2026-03-05 08:00")] * 25
    world.load(
        [(f"{block}-{at}", "litter", "", "2026-03-01 08:00", "2026-03-03 08:00", end, lon, 31.005, "")
         for at, (block, lon, end) in enumerate(closed)]
    )  # fmt: skip
    world.refresh()
    name, month = "case_on_time_closure_rate", Period(date(2026, 3, 1), date(2026, 4, 1))
    reader = world.reader()
    assert standing(reader, Target(name, 0.5, unit="A1"), month) == Standing(1.0, 25, "good")
    assert standing(reader, Target(name, 0.9, bands=(0.9, 0.4)), month) == Standing(0.5, 50, "warn")
    assert standing(reader, Target(name, 0.9, level="block"), month) == Standing(units=(1, 0, 1))
    assert standing(reader, Target(RATE, 0.9, unit="A1"), month) == Standing(None, 0), (
        "no data is never a miss"
    )
    assert standing(reader, Target(name, 0.9, level="town"), month) is None, "a level of another tree"


def test_the_settings_stand_below_all_records(tmp_path, lite):
    raw = {"levels": ["grid"], "targets": {RATE: 0.6, STOCK: 20}}
    settings = parse_settings(raw, folder=tmp_path)
    with lite.read() as connection:
        assert targets(connection, settings).of(RATE, day=DAY) == 0.6
    put_in(lite, Target(RATE, 0.7, start=AT))
    with lite.read() as connection:
        found = targets(connection, settings)
    assert found.of(RATE, day=DAY) == 0.7
    assert found.of(RATE, day=DAY - timedelta(days=1)) == 0.6, "before its first day"
