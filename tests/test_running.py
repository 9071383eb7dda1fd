"""The running day: what is overdue at this minute is one number on the map, in the KPI, in the list and in files."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import CASES, World, case

from data.export import write_export
from data.measure_table import Parts, measure_table
from data.query import Period, Query
from data.reader import Reader
from data.verify import verify

TODAY = date(2026, 3, 1)
NOON, EVENING = 28 * 4 + 2, 28 * 4 + 3  # quarter days since 2026-02-01, as `world.local` takes them
RECENT = Period(date(2026, 2, 20), TODAY + timedelta(days=1))
NAME = "cases_overdue_open"
ROWS = [
    case(1, square=0.5, due=NOON - 4),  # overdue since yesterday noon
    case(2, square=1.5, due=NOON),  # since today's noon
    case(3, square=0.5, due=EVENING),  # not before this evening
    case(4, square=3.5, due=EVENING, category="parking"),
    case(5, square=3.5, due=EVENING + 4),  # tomorrow
    case(6, square=3.5, due=NOON - 4, closed=NOON),  # closed late today
    case(7, square=3.5),  # no limit
]


@pytest.fixture
def world(world):
    """Loaded and refreshed at four in the afternoon of the running day, Shanghai time."""
    world.now = datetime(2026, 3, 1, 7, tzinfo=UTC)
    world.load(ROWS)
    world.refresh()
    world.now = datetime(2026, 3, 1, 8, tzinfo=UTC)
    return world


def asked(period: Period = RECENT, **more) -> Query:
    return Query(**({"level": "block", "within": None, "indicators": (NAME,), "period": period} | more))


def by_unit(world: World, query: Query) -> dict[str, float]:
    """What a map shows, and its total under no code."""
    rows = world.reader().measures(query, compare=False)
    shown = rows[rows["kind"].isin(["unit", "total"]) & (rows["numerator"] != 0)]
    return dict(zip(shown["unit_code"], shown["value"], strict=True))


def by_day(world: World, period: Period) -> dict[str, float]:
    """What a table by days shows, without the days of nothing."""
    table = measure_table(world.reader(), asked(period, level=None), Parts(("day",), None, "day"))
    return dict(zip(table["day"], table["value"], strict=True))


def listed(world: World, reader: Reader | None = None) -> list[str]:
    return sorted((reader or world.reader()).longest_overdue(None, limit=1000)["id"])


def test_what_falls_due_later_today_is_not_overdue_yet(world):
    assert by_unit(world, asked()) == {"A1": 1, "A2": 1, "": 2}
    assert listed(world) == ["C1", "C2"]
    (kpi,) = world.reader().series([NAME], unit=None, periods=[RECENT], query=asked())["value"]
    assert kpi == 2
    assert verify(world.store) == []


def test_in_the_evening_it_is(world):
    world.now = datetime(2026, 3, 1, 10, 0, 0, 1, tzinfo=UTC)
    assert by_unit(world, asked()) == {"A1": 2, "A2": 1, "B1": 1, "": 4}
    assert listed(world) == ["C1", "C2", "C3", "C4"]


def test_at_the_very_instant_of_its_limit_a_case_is_not_overdue(world):
    world.now = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert by_unit(world, asked())[""] == len(listed(world)) == 2


def test_every_level_and_the_facts_themselves_agree_with_the_rollups(world):
    assert by_unit(world, asked(level="district")) == {"A": 2, "": 2}
    assert by_unit(world, asked(within="A")) == {"A1": 1, "A2": 1, "": 2}
    assert by_unit(world, asked(category="litter")) == {"A1": 1, "A2": 1, "": 2}
    assert by_unit(world, asked(category="parking")) == {}


def test_past_days_stay_as_the_flows_have_them_and_days_to_come_are_as_of_now(world):
    days = by_day(world, Period(date(2026, 2, 27), TODAY + timedelta(days=3)))
    assert days == {"2026-02-28": 2, "2026-03-01": 2, "2026-03-02": 2, "2026-03-03": 2}
    world.now += timedelta(days=2)
    assert by_day(world, Period(date(2026, 2, 27), TODAY + timedelta(days=3))) == {
        "2026-02-28": 2, "2026-03-01": 4, "2026-03-02": 5, "2026-03-03": 5,
    }  # fmt: skip


def test_as_of_an_instant_that_instant_is_the_present(world):
    noon = int(datetime(2026, 3, 1, 8, tzinfo=UTC).timestamp() * 1e6)
    world.now += timedelta(days=2)
    assert by_unit(world, asked())[""] == 4
    assert by_unit(world, asked(as_of=noon)) == {"A1": 1, "A2": 1, "": 2}
    world.load([case(8, square=5.5, due=NOON)])
    world.refresh()
    assert by_unit(world, asked(as_of=noon))[""] == 2


def test_a_file_holds_what_the_map_shows_however_long_ago_the_data_came(world, tmp_path):
    world.now = datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC)  # two hours after the last load
    write_export(world.reader(), "measures", asked(), tmp_path / "file.csv", flavour="machine")
    rows = pd.read_csv(tmp_path / "file.csv", dtype={"unit_code": "str"})
    held = rows[rows["kind"].isin(["unit", "total"]) & (rows["numerator"] != 0)].fillna({"unit_code": ""})
    assert dict(zip(held["unit_code"], held["value"], strict=True)) == by_unit(world, asked())
    assert by_unit(world, asked())[""] == len(listed(world)) == 4


def test_departments_and_their_total_are_of_this_minute_too(world):
    rows = [case(n, category=name, due=due) for n, name, due in (
        (1, "Roads", NOON - 4), (2, "Roads", EVENING), (3, "Parks", EVENING), (4, "Parks", NOON), (5, "Parks", NOON),
    )]  # fmt: skip
    world.load(rows, name="departed", text=CASES.replace('category = "category"', 'department = "category"'))
    world.refresh()
    world.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    query = asked(level=None)
    table = measure_table(world.reader(), query, Parts(("department",), words=("department",)))
    assert table.set_index("department")["value"].to_dict() == {"": 2, "Parks": 2, "Roads": 1}
    league = world.reader().departments(query, kind="department", compare=False)
    assert league[league["kind"] == "total"]["value"].tolist() == [5]


def test_every_tree_and_a_scope_that_crosses_trees_count_what_their_list_holds(world):
    world.publish([("K", "K1", 1.5), ("K", "K2", 1.7), ("L", "L1", 2.8)], tree="admin")
    world.refresh()
    for hour, expected in ((9, {"K": 2}), (11, {"K": 3, "L": 1})):
        world.now = datetime(2026, 3, 1, hour, tzinfo=UTC)
        whole = sum(expected.values())
        town = asked(level="town", tree="admin")
        for reader, query, total in (
            (world.reader(tree="admin"), town, whole),
            (world.reader("K", tree="admin", of="admin"), town, expected["K"]),
            (world.reader("A", tree="admin", of="grid"), town, len(listed(world, world.reader("A")))),
            (world.reader("K", tree="grid", of="admin"), asked(), expected["K"]),
        ):
            rows = reader.measures(query, compare=False)
            assert rows[rows["kind"] == "total"]["value"].tolist() == [total]
            assert len(listed(world, reader)) == total
        shown = world.reader(tree="admin").measures(town, compare=False)
        units = shown[(shown["kind"] == "unit") & (shown["numerator"] > 0)]
        assert dict(zip(units["unit_code"], units["value"], strict=True)) == expected


def test_a_load_that_is_not_published_yet_changes_neither_number(world):
    world.load(
        [case(1, square=0.5, due=NOON - 4, closed=NOON), case(3, square=0.5, due=EVENING, closed=NOON)]
    )
    world.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert by_unit(world, asked()) == {"A1": 1, "A2": 1, "": 2}
    world.now = datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert by_unit(world, asked())[""] == len(listed(world)) == 4
    world.refresh()
    assert by_unit(world, asked())[""] == len(listed(world)) == 2


def test_the_head_of_a_table_counts_as_of_the_instant_asked(world):
    noon = int(datetime(2026, 3, 1, 8, tzinfo=UTC).timestamp() * 1e6)
    world.now = datetime(2026, 3, 1, 11, tzinfo=UTC)
    whole = Query(None, None, (), Period(date(2026, 1, 1), date(2026, 4, 1)))
    assert world.reader().summary("cases", whole)["overdue"] == 5  # four open, one closed late
    assert world.reader().summary("cases", whole.asking(as_of=noon))["overdue"] == 3


def test_the_other_stock_is_left_alone(world):
    assert by_unit(world, asked(indicators=("cases_open",)))[""] == 6


rows = st.lists(
    st.builds(
        case,
        st.integers(1, 30),
        square=st.sampled_from([0.5, 1.5, 3.5, 5.5, 40.0, None]),
        reported=st.integers(100, EVENING),
        due=st.one_of(st.none(), st.integers(NOON - 8, EVENING + 8)),
        closed=st.one_of(st.none(), st.none(), st.integers(NOON - 6, NOON)),
        category=st.sampled_from(["litter", "parking"]),
    ),
    max_size=12,
)


@given(rows, st.integers(0, 71))
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_at_any_hour_every_way_of_asking_counts_what_the_list_holds(world, more, hour):
    """From the running day's beginning on: map of either level, table, category, list."""
    world.now = datetime(2026, 3, 1, 8, tzinfo=UTC)
    world.load(more)
    world.refresh()
    world.now = datetime(2026, 2, 28, 16, 0, 1, tzinfo=UTC) + timedelta(hours=hour)
    period = Period(date(2026, 2, 20), world.reader().today + timedelta(days=1))
    expected = len(listed(world))
    assert by_unit(world, asked(period)).get("", 0) == expected
    assert by_unit(world, asked(period, level="district")).get("", 0) == expected
    split = Counter(world.reader().longest_overdue(None, limit=1000)["category"])
    for name in ("litter", "parking"):
        assert by_unit(world, asked(period, category=name)).get("", 0) == split[name]
    last = by_day(world, period).get(world.reader().today.isoformat(), 0)
    assert last == expected
