"""More than one tree of units: equal totals in each, versions of their own."""

import pytest
from grove import COMMITTEES, EVERY, REDRAWN, ask, everything, totals
from world import SIX, World, case

from data.measure_table import Parts, measure_table
from data.query import QueryError
from data.trees import trees_of
from data.verify import verify


@pytest.fixture
def world(tmp_path, store_url):
    made = World(tmp_path, store_url)
    yield made
    made.store.close()


def test_both_trees_give_the_whole_for_every_indicator_and_level(world):
    world.publish(SIX)
    world.publish(COMMITTEES, tree="admin")
    everything(world)
    world.refresh()
    whole = {}
    for tree, levels in (("grid", ("district", "block")), ("admin", ("town", "committee"))):
        reader = world.reader(tree=tree)
        whole[tree] = totals(reader, ask(*EVERY, tree=tree))
        for level in levels:
            table = measure_table(reader, ask(*EVERY, tree=tree), Parts(("unit_code",), level))
            sums = table.groupby("indicator")[["numerator", "denominator", "n"]].sum(min_count=1).fillna(-1.0)
            for name, (numerator, denominator, _, n) in whole[tree].items():
                assert sums.loc[name].tolist() == [numerator, denominator, n], (tree, level, name)
    assert whole["grid"] == whole["admin"]
    assert {name for name, (_, _, value, n) in whole["grid"].items() if n > 0 and value >= 0} == set(EVERY)
    assert verify(world.store) == []


def test_units_of_each_tree_are_counted_by_their_own_borders(world):
    world.publish(SIX)
    world.publish(COMMITTEES, tree="admin")
    world.load([case(1, square=0.3), case(2, square=0.7), case(3, square=None, hint="Committee K5")])
    world.refresh()
    by = {
        tree: measure_table(
            world.reader(tree=tree), ask("cases_reported", tree=tree), Parts(("unit_code",), level)
        ).set_index("unit_code")["value"]
        for tree, level in (("grid", "block"), ("admin", "committee"))
    }
    assert by["grid"][by["grid"] > 0].to_dict() == {"A1": 2, "/-": 1}
    assert by["admin"][by["admin"] > 0].to_dict() == {"K1": 1, "K2": 1, "K5": 1}


def test_each_tree_has_versions_of_its_own(world):
    world.publish(SIX)
    world.publish(COMMITTEES, tree="admin")
    world.publish(REDRAWN, tree="admin", valid_from=20_490)
    assert [version.tree for version in world.reader().versions] == ["grid"]
    admin = world.reader(tree="admin")
    assert [len(version.units) for version in admin.versions] == [7, 6]
    assert [tree.name for tree in trees_of(admin)] == ["grid", "admin"]
    assert [level.name for level in admin.levels()] == ["town", "committee"]


def test_an_unknown_tree_and_a_question_of_another_one_are_refused(world):
    world.publish(SIX)
    with pytest.raises(QueryError, match="tree: got 'roads'; expected one of grid, admin"):
        world.reader(tree="roads")
    world.refresh()
    with pytest.raises(QueryError, match="tree: got 'admin'; expected 'grid'"):
        world.reader().measures(ask("cases_reported", tree="admin", level="block"))
    with pytest.raises(QueryError, match="tree: got 'admin'; expected 'grid'"):
        world.reader().facts("cases", ask(tree="admin"))
