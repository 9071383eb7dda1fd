"""A scope of one tree, read in the other."""

import shutil
import tempfile
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import SOAK
from grove import BOTH, COMMITTEES, EVERY, REDRAWN, YEAR, ask, totals
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import Series
from world import SIX, World, case, same_by_shares_and_facts

from data.measure_table import Parts, measure_table
from data.places import of_revisions
from data.query import Period, Query
from data.reader import UnknownUnit
from data.schema import FACTS
from data.trees import home_tree, place_of


@pytest.fixture
def world(tmp_path, store_url):
    made = World(tmp_path, store_url)
    yield made
    made.store.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def worlds(request):
    """A new world for each example of a property, once on each store."""
    if request.param == "sqlite":
        template = request.getfixturevalue("migrated_sqlite")
    else:
        template, cluster = (request.getfixturevalue(name) for name in ("migrated_postgres", "postgres"))

    @contextmanager
    def fresh():
        with tempfile.TemporaryDirectory() as folder:
            if request.param == "sqlite":
                url = f"sqlite:///{folder}/store.db"
                shutil.copyfile(template, Path(folder) / "store.db")
            else:
                url = cluster.create(template=template)
            made = World(Path(folder), url)
            yield made
            made.store.close()
            if request.param == "postgresql":
                cluster.drop(url)

    return fresh


def two_trees(world: World) -> None:
    world.publish(SIX)
    world.publish(COMMITTEES, tree="admin")
    world.load(
        [
            case(1, square=0.3),  # A1, K1
            case(2, square=0.7, closed=2, due=4),  # A1, K2
            case(3, square=1.5, reported=3),  # A2, K2
            case(4, square=3.5, reported=5),  # B1, K3
            case(5, square=None, hint="Committee K2"),  # nowhere, K2
            case(6, square=None, hint="Block A1"),  # A1, nowhere
            case(7, square=None, hint="Town T"),  # nowhere, T
        ]
    )
    world.refresh()


def ids(reader, query: Query) -> list[str]:
    return sorted(reader.facts("cases", query)[0]["id"])


def test_a_committee_sees_its_own_facts_in_either_tree(world):
    two_trees(world)
    own = world.reader("K2", tree="admin", of="admin")
    other = world.reader("K2", tree="grid", of="admin")
    assert ids(own, ask(tree="admin")) == ids(other, ask()) == ["C2", "C3", "C5"]
    assert totals(own, ask(*EVERY, tree="admin")) == totals(other, ask(*EVERY))
    rows = measure_table(other, ask("cases_reported"), Parts(("unit_code",), "block")).set_index("unit_code")
    assert rows["value"].to_dict() == {"A1": 1, "A2": 1, "/-": 1}
    assert place_of(own) == place_of(other) == "Committee K2"
    assert (home_tree(own), home_tree(other), home_tree(world.reader())) == ("admin", "admin", "grid")


def test_a_unit_without_a_fact_of_the_scope_is_not_there(world):
    two_trees(world)
    other = world.reader("K2", tree="grid", of="admin")
    assert other.units("block", None)["code"].tolist() == ["A1", "A2"]
    assert [unit.code for unit in other.roots()] == ["A"]
    for code in ("A3", "B", "B1", "K2", "nothing"):
        with pytest.raises(UnknownUnit) as refusal:
            other.unit(code)
        assert str(refusal.value) == f"unit: got '{code}'; expected a code of a unit you may see"
        with pytest.raises(UnknownUnit):
            other.measures(ask("cases_reported", level="block", within=code))
    inside = other.measures(ask("cases_reported", level="block", within="A1"), compare=False)
    assert inside.loc[inside["kind"] == "total", "value"].item() == 1  # of two that lie there
    assert other.search("B1")["code"].tolist() == []
    assert other.search("C1", limit=5).empty and other.search("C4", limit=5).empty


def test_a_scope_opens_nothing_by_a_code_that_another_tree_has_too(world):
    world.publish(SIX)
    world.publish((("A", "A1", 5.0), ("B", "B1", 1.0)), tree="admin")  # the same codes over other ground
    world.load([case(1, square=0.5), case(2, square=4.5), case(3, square=5.5)])
    world.refresh()
    reader = world.reader("A", tree="grid", of="admin")
    assert ids(reader, ask()) == ["C1", "C2"]
    assert ids(world.reader("A", tree="grid"), ask()) == ["C1"]
    whole = totals(reader, ask("cases_reported"))
    assert whole["cases_reported"][0] == 2


def test_no_scope_and_a_tree_that_is_gone_open_nothing(world):
    two_trees(world)
    for reader in (
        world.reader("K9", of="admin"),
        world.reader("A", of="gone"),
        world.reader("A", tree="admin", of="gone"),
    ):
        assert reader.ranges == () and not reader.opens
        assert ids(reader, ask(tree=reader.tree)) == []
        assert totals(reader, ask("cases_reported", tree=reader.tree))["cases_reported"][0] == 0
        assert (
            reader.points(None, reader.levels()[1].name).listed.empty and reader.longest_overdue(None).empty
        )
        assert reader.words("cases", "category") == []
        assert reader.search("C").empty


def test_points_overdue_words_and_summary_stay_inside_a_crossing_scope(world):
    two_trees(world)
    other = world.reader("K1", tree="grid", of="admin")
    assert other.points(None, "block").listed["id"].tolist() == ["C1"]
    assert other.points("A1", "block").listed["id"].tolist() == ["C1"]
    counted = world.reader("K2", tree="grid", of="admin").points(None, "block", limit=0).counted
    assert counted[["unit_code", "n"]].values.tolist() == [["A2", 1]]  # open, and placed by a point
    overdue = world.reader("K2", tree="grid", of="admin").longest_overdue(None)
    assert set(overdue["id"]) <= {"C3", "C5"}
    assert other.summary("cases", ask())["rows"] == 1
    assert sum(len(part) for part in other.fact_chunks("cases", ask())) == 1
    assert world.reader("K5", tree="grid", of="admin").words("cases", "category") == []


def test_a_redrawn_committee_reads_its_past_as_it_was_in_the_other_tree_too(world):
    world.publish(SIX)
    world.publish(COMMITTEES, tree="admin")
    world.load([case(1, square=0.3), case(2, square=0.7), case(3, square=0.7, reported=80)])
    world.publish(REDRAWN, tree="admin", valid_from=20_500)  # 2026-02-16: K1 grows from 0.5 to 1.5 squares
    world.refresh()
    found = {
        (tree, boundaries): totals(
            world.reader("K1", tree=tree, of="admin"), ask("cases_reported", tree=tree, boundaries=boundaries)
        )["cases_reported"][0]
        for tree in BOTH
        for boundaries in ("as-was", "today")
    }
    assert found == {
        ("grid", "as-was"): 2,
        ("admin", "as-was"): 2,
        ("grid", "today"): 3,
        ("admin", "today"): 3,
    }


def test_new_facts_open_new_units_at_the_next_refresh(world):
    two_trees(world)
    assert world.reader("K5", of="admin").units("block", None).empty
    world.load([case(8, square=5.5)])
    world.refresh()
    assert world.reader("K5", of="admin").units("block", None)["code"].tolist() == ["B3"]


@st.composite
def histories(draw):
    """Cases anywhere, a committee or two, and whether the boundaries of either tree were redrawn."""
    rows = draw(
        st.lists(
            st.tuples(
                st.one_of(st.none(), st.floats(-0.4, 6.4)),
                st.integers(0, 120),
                st.one_of(st.none(), st.integers(1, 60)),
                st.sampled_from(
                    [None, "Block A2", "Committee K3", "Town T", "District B", "Block B1|Committee K1"]
                ),
            ),
            max_size=25,
        )
    )
    units = draw(
        st.sets(st.sampled_from(["K1", "K2", "K3", "K4", "K5", "K6", "T", "U"]), min_size=1, max_size=3)
    )
    redrawn = draw(st.sets(st.sampled_from(["grid", "admin"])))
    first = date(2026, 1, 25) + timedelta(days=draw(st.integers(0, 40)))
    period = draw(st.sampled_from([YEAR, Period(first, first + timedelta(days=draw(st.integers(1, 20))))]))
    return rows, sorted(units), redrawn, period


def oracle(world: World, units: list[str]) -> set[str]:
    """Cases a scope of `admin` must open today, found fact by fact and unit by unit."""
    version = world.reader(tree="admin").version
    wanted = {version.by_code[code] for code in units if code in version.by_code}
    table = FACTS["cases"]
    with world.store.read() as connection:
        rows = connection.execute(table.select()).all()
        revs = Series([row.rev for row in rows], dtype="int64")
        placed = of_revisions(connection, "cases", version.id, revs)
    found = set()
    for row, place in zip(rows, placed.tolist(), strict=True):
        above = place
        while above and above not in wanted:
            above = int(version.units["parent_pos"].iloc[above - 1])
        if above:
            found.add(row.key)
    return found


@settings(max_examples=400 if SOAK else 4)
@given(history=histories(), boundaries=st.sampled_from(["as-was", "today"]))
def test_any_scope_has_equal_totals_in_both_trees(worlds, history, boundaries):
    rows, units, redrawn, period = history
    with worlds() as world:
        world.publish(SIX)
        world.publish(COMMITTEES, tree="admin")
        world.load(
            [
                case(number, square=square, reported=start, due=start + 6, hint=hint,
                     closed=None if took is None else start + took)
                for number, (square, start, took, hint) in enumerate(rows)
            ]
        )  # fmt: skip
        if "grid" in redrawn:
            world.publish((("A", "A1", 2), ("B", "B2", 2), ("B", "B3", 2)), valid_from=20_495)
        if "admin" in redrawn:
            world.publish(REDRAWN, tree="admin", valid_from=20_500)
        world.refresh()
        own = world.reader(*units, tree="admin", of="admin")
        other = world.reader(*units, tree="grid", of="admin")
        found = totals(other, ask(boundaries=boundaries, period=period))
        assert totals(own, ask(tree="admin", boundaries=boundaries, period=period)) == found
        expected = oracle(world, units)
        assert set(ids(own, ask(tree="admin"))) == set(ids(other, ask())) == expected
        if boundaries == "today" and period == YEAR:
            assert found["cases_reported"][0] == len(expected)
        same_by_shares_and_facts(world, other)
        asked = {"boundaries": boundaries, "period": period}
        whole = [totals(world.reader(tree=tree), ask(tree=tree, **asked)) for tree in BOTH]
        assert whole[0] == whole[1]
