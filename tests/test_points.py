"""Points of a map on both stores: what is open stands at its place; too many of them are counted by unit."""

import pytest
from sqlalchemy import text
from world import CASES, case

from data import points
from data.points import MOST

ORDERS = CASES.replace('kind = "case"', 'kind = "order"').replace("reported_at =", "accepted_at =")
HEAD = CASES.partition("[fields]")[0] + '[fields]\nlon = "lon"\nlat = "lat"\n'
ALERTS = (
    HEAD.replace('"case"', '"alert"')
    + """
id = "id"
kind = "category"
device = "channel"
occurred_at = "reported_at"
state = "hint"
"""
)
LOTS = (
    HEAD.replace('"case"', '"parking"')
    + """
lot = "id"
observed_at = "reported_at"
capacity = "category"
occupied = "channel"
"""
)
LATER = 200  # quarter days after the first of February: after the clock


def kinds(found: points.Points) -> dict[str, list[str]]:
    """Ids by kind, sorted."""
    return {kind: sorted(part["id"]) for kind, part in found.listed.groupby("kind")}


def counts(found: points.Points) -> dict[str, dict[str, int]]:
    """Counts by unit and kind."""
    answer: dict[str, dict[str, int]] = {}
    for row in found.counted.itertuples():
        answer.setdefault(row.unit_code, {})[row.kind] = row.n
    return answer


def test_open_facts_are_points_of_their_kind(world):
    world.load([
        case(1, square=0.5, due=4), case(2, square=3.5, due=LATER), case(3, square=1.5),
        case(4, square=0.5, closed=2),  # closed
        case(5, square=None, hint="A"),  # nowhere to draw it
    ])  # fmt: skip
    world.load([case(6, square=2.5, category="noise/music")], name="orders", text=ORDERS)
    world.refresh()
    found = world.reader().points(None, "block")
    assert kinds(found) == {"overdue": ["C1"], "case": ["C2", "C3"], "order": ["C6"]}
    assert len(found.counted) == 0
    order = found.listed.iloc[-1]
    assert (order["title"], order["lon"], order["lat"]) == ("noise/music", 121.025, 31.005)
    assert kinds(world.reader().points("B", "block")) == {"case": ["C2"]}
    assert kinds(world.reader("A").points(None, "block")) == {
        "overdue": ["C1"],
        "case": ["C3"],
        "order": ["C6"],
    }
    assert kinds(world.reader("nobody").points(None, "block")) == {}


def test_new_alerts_and_the_last_reading_of_each_lot_are_points(world):
    now = 28 * 4 + 1  # the first of March, as the clock of the world
    world.load([
        case(1, reported=now, category="littering", hint="raised"),
        case(2, reported=now, category="wall", hint="false_alarm"),
        case(3, reported=now - 40, category="wall", hint="raised"),  # ten days ago
    ], name="alerts", text=ALERTS)  # fmt: skip
    world.load([
        case(1, square=3.5, reported=now - 2, category="10", channel="4"),
        case(1, square=3.5, reported=now, category="10", channel="7"),
        case(2, square=3.5, reported=now - 40, category="10", channel="7"),  # silent for days
    ], name="lots", text=LOTS)  # fmt: skip
    world.refresh()
    found = world.reader().points(None, "block").listed
    assert found[["kind", "title", "detail"]].fillna("").values.tolist() == [
        ["alert", "littering", ""], ["parking", "C1", "7/10"],
    ]  # fmt: skip


def test_more_points_than_can_be_told_apart_are_counted_by_unit(world):
    rows = [case(number, square=0.5, due=4) for number in range(3)]
    rows += [case(number, square=3.5) for number in range(3, 5)]
    rows += [case(5, square=99.5, hint="A"), case(6, square=99.5)]
    world.load(rows)
    world.load([case(7, square=0.5)], name="orders", text=ORDERS)
    world.refresh()
    reader = world.reader()
    assert len(reader.points(None, "block", limit=8).listed) == 8
    found = reader.points(None, "block", limit=7)
    assert len(found.listed) == 0
    # What lies in no block counts at the district it is known in; what lies nowhere has no place on a map.
    assert counts(found) == {"A1": {"overdue": 3, "order": 1}, "B1": {"case": 2}, "A": {"case": 1}}
    assert counts(reader.points(None, "district", limit=7)) == {
        "A": {"overdue": 3, "case": 1, "order": 1},
        "B": {"case": 2},
    }
    assert counts(reader.points("B", "block", limit=1)) == {"B1": {"case": 2}}
    assert found.counted.iloc[0]["unit_name"] == "Block A1"
    assert abs(found.counted.iloc[0]["lon"] - 121.005) < 1e-6
    assert MOST == 300  # look.md: more in view are counted instead


def test_points_are_those_of_the_published_load(world):
    world.load([case(1), case(2)])
    world.refresh()
    world.load([case(1, closed=3), case(3)])
    reader = world.reader()
    assert kinds(reader.points(None, "block")) == {"case": ["C1", "C2"]}
    world.refresh()
    assert kinds(reader.points(None, "block")) == {"case": ["C2", "C3"]}


def test_the_longest_overdue_come_first(world):
    world.load([
        case(1, due=9, square=3.5), case(2, due=4, category="litter/bags"), case(3, due=6, closed=7),
        case(4, due=LATER), case(5, due=5, square=None, hint="A"),
    ])  # fmt: skip
    world.refresh()
    world.load([case(1, due=9, closed=10, square=3.5)])  # not published yet
    reader = world.reader()
    found = reader.longest_overdue(None)
    assert found["id"].tolist() == ["C2", "C5", "C1"]
    assert found["unit_code"].tolist() == ["A1", "A", "B1"] and found["category"][0] == "litter/bags"
    assert found["overdue_minutes"].is_monotonic_decreasing
    assert reader.longest_overdue("B")["id"].tolist() == ["C1"]
    assert reader.longest_overdue(None, limit=1)["id"].tolist() == ["C2"]
    assert reader.longest_overdue("A2").empty


@pytest.mark.parametrize("settled_url", ["sqlite"], indirect=True)
def test_open_facts_are_found_by_their_own_index(world):
    """Else a page reads every fact of a unit, which takes half a second at a million."""
    world.load([case(1, due=4)])
    world.refresh()
    reader = world.reader()
    with reader.read() as connection:
        values, spans = points._asked(reader, "A")
        for query in (points._listing(spans), points._counting(spans), points._longest(spans)):
            asked = values | {"most": 1, "limit": 1, "alerts_from": 0, "readings_from": 0}
            steps = connection.execute(text(f"EXPLAIN QUERY PLAN {query.text}"), asked).all()
            plan = [step[-1] for step in steps]
            assert any("f USING INDEX fact_cases_open" in step for step in plan)
            assert not any("p USING COVERING INDEX" in step or step in ("SCAN f", "SCAN p") for step in plan)
