"""The gazetteer and the queue of unplaced facts where there is more than one tree of units."""

import json
from types import SimpleNamespace

import pytest
from addressed import ENTRIES, FEBRUARY, Town, fact
from dash._utils import to_json
from grove import COMMITTEES
from pandas import DataFrame
from sqlalchemy import select
from world import SIX, START

from callbacks.unplaced_page import asked, at_home, read_answer
from data import settling
from data.placing import HOWS
from data.reader import Reader, UnknownUnit
from data.relocation import relocate
from data.schema import FACTS, FOREVER, PLACES
from data.scope import Scope
from data.unplaced import FactKey
from data.verify import verify
from layouts.unplaced_page import UnplacedAsk, page
from layouts.words import load_words


def where(town: Town, tree: str) -> dict[str, tuple[str, str]]:
    """Unit code and way of location of every current fact, in the newest version of a tree."""
    version = town.reader(tree=tree).version
    table, place = FACTS["cases"], PLACES["cases"]
    query = select(table.c.key, place.c.place, place.c.how).join(place, place.c.rev == table.c.rev)
    with town.store.read() as connection:
        rows = connection.execute(
            query.where(table.c.superseded == FOREVER, place.c.version_id == version.id)
        ).all()
    return {key: (version.code_at[pos], HOWS[how]) for key, pos, how in rows}


def writer(town: Town, *units: str, of: str, tree: str) -> Reader:
    """Somebody who may place facts in some units of a tree, reading in a tree."""
    scope = Scope("olga", "operator", units, whole=not units, tree=of)
    return Reader(town.store, scope, clock=town.clock, tree=tree)


def queued(reader: Reader) -> list[str]:
    """Numbers in the queue, after counting them."""
    rows, total = reader.unplaced()
    assert len(rows) == total
    return sorted(row.key.id for row in rows)


def mixed(town: Town) -> None:
    town.publish(COMMITTEES, tree="admin")
    town.deliver(
        fact(1, hint="Town T"),  # nowhere, T
        fact(2, hint="Town U"),  # nowhere, U
        fact(3, hint="District A", address="白石路7号"),  # A, nowhere
        fact(4),  # nowhere in both
        fact(5, square=0.3),  # A1, K1
        fact(6, square=5.5),  # B3, K5
    )  # fmt: skip
    town.refresh()


def test_the_queue_of_another_tree_holds_what_lies_in_the_scope(town):
    mixed(town)
    assert queued(writer(town, of="admin", tree="grid")) == ["C1", "C2", "C4"]
    assert queued(writer(town, of="admin", tree="admin")) == ["C3", "C4"]
    assert queued(writer(town, "T", of="admin", tree="grid")) == ["C1"]
    assert queued(writer(town, "U", of="admin", tree="grid")) == ["C2"]
    assert queued(writer(town, "A", of="grid", tree="admin")) == ["C3"]
    assert (
        queued(writer(town, "T", of="admin", tree="admin"))
        == queued(writer(town, "A", of="grid", tree="grid"))
        == []
    )
    for units, of in ((("K4",), "admin"), (("T",), "grid"), (("A",), "elsewhere"), (("A",), "")):
        for tree in ("grid", "admin"):
            reader = writer(town, *units, of=of, tree=tree)
            assert queued(reader) == [] and reader.located(FEBRUARY).empty


def test_how_facts_were_located_is_counted_inside_the_scope(town):
    mixed(town)

    def counts(*units: str, of: str, tree: str) -> dict[str, int]:
        table = writer(town, *units, of=of, tree=tree).located(FEBRUARY)
        return {name: n for name in HOWS if len(table) and (n := int(table[name].sum()))}

    assert counts(of="grid", tree="grid") == {"coordinates": 2, "hint": 1, "open": 3}
    assert counts("T", of="admin", tree="admin") == {"coordinates": 1, "hint": 1}
    assert counts("T", of="admin", tree="grid") == {"coordinates": 1, "open": 1}
    assert counts("B", of="grid", tree="admin") == {"coordinates": 1}


def test_facts_are_placed_in_the_tree_of_the_scope_only(town):
    mixed(town)
    key = FactKey("cases", "cases", "C1")
    other = writer(town, "T", of="admin", tree="grid")
    for act in (
        lambda: settling.place(other, key, 121.005, 31.005),
        lambda: settling.accept(other, key, "A1"),
        lambda: settling.withdraw(other, key),
    ):
        with pytest.raises(settling.PlacingError, match="got tree 'grid'; expected 'admin'"):
            act()
    with pytest.raises(UnknownUnit):
        settling.accept(other, key, "B3")
    mine = writer(town, "T", of="admin", tree="admin")
    with pytest.raises(settling.PlacingError, match="a point inside a unit you may see"):
        settling.place(mine, key, 121.055, 31.005)
    assert settling.place(mine, key, 121.003, 31.005).unit_code == "K1"
    assert where(town, "admin")["C1"] == ("K1", "hand") and where(town, "grid")["C1"] == ("A1", "hand")
    assert settling.withdraw(mine, key) == 1
    assert settling.accept(mine, key, "K2").unit_code == "K2"  # a unit of one tree says nothing in another
    assert where(town, "admin")["C1"] == ("K2", "hand") and where(town, "grid")["C1"] == ("", "open")
    town.refresh()
    assert [str(one) for one in verify(town.store)] == []


def called(reader: Reader, **params: str) -> SimpleNamespace:
    """A call of the page as the router makes it; sources go by their own names."""

    def titled(sources: DataFrame) -> DataFrame:
        return sources.assign(title=sources["source"])

    return SimpleNamespace(reader=reader, theme="dark", params=params, titled=titled)


def test_the_page_is_read_in_the_tree_of_the_scope_and_of_the_whole_in_any(town):
    mixed(town)
    assert at_home(writer(town, "T", of="admin", tree="grid")).tree == "admin"
    assert at_home(writer(town, "A", of="grid", tree="admin")).tree == "grid"
    reader = writer(town, of="grid", tree="admin")
    call = called(reader, subject="cases")
    ask = asked(call)
    assert ask == UnplacedAsk("cases", tree="admin") and ask.href(start=50).endswith("tree=admin")
    text = repr(json.loads(to_json(page(ask, read_answer(ask, call), load_words("zh").on(START.date())))))
    assert "tree=admin" in text and "/sources/unplaced/map.svg" in text
    assert 'href="/sources/unplaced?subject=cases"' in text  # the first tree is left out
    scoped = called(writer(town, "T", of="admin", tree="grid"))
    assert asked(scoped) == UnplacedAsk(tree="admin") and not read_answer(asked(scoped), scoped).ways


def test_a_tree_of_names_only_asks_the_gazetteer_even_for_facts_with_coordinates(town):
    """No point can lie in a unit without an outline, so that coordinates say nothing in such a tree."""
    town.publish(COMMITTEES, tree="admin", shapes=False)
    town.deliver(
        fact(1, square=0.5, address="青藤路1号"), fact(2, square=0.5, hint="Town T", address="青藤路12号"),
        fact(3, square=0.5, hint="Town U"), fact(4, square=0.5), fact(5, address="青藤路1号"),
    )  # fmt: skip
    assert where(town, "admin") == {
        "C1": ("", "open"), "C2": ("T", "hint"), "C3": ("U", "hint"), "C4": ("", "open"), "C5": ("", "open"),
    }  # fmt: skip
    lines = ["kind,road,low,unit,unit:admin", "building,青藤路,1,A2,K1", "building,青藤路,12,A3,K2"]
    town.entries("\n".join(lines) + "\n")
    assert where(town, "admin") == {
        "C1": ("K1", "gazetteer"), "C2": ("K2", "gazetteer"), "C3": ("U", "hint"), "C4": ("", "open"),
        "C5": ("K1", "gazetteer"),
    }  # fmt: skip
    assert where(town, "grid") == {f"C{n}": ("A1", "coordinates") for n in range(1, 5)} | {
        "C5": ("A2", "gazetteer")
    }
    town.refresh()
    assert [str(one) for one in verify(town.store)] == []
    assert relocate(town.store, clock=town.clock).facts == 0


@pytest.mark.parametrize(
    ("level", "grid", "admin"),
    [
        ("", "A1", "K1"),
        ("block", "A1", "K1"),
        ("committee", "A1", "K1"),
        ("district", "A", "T"),
        ("town", "A", "T"),
    ],
)
def test_a_point_is_no_finer_in_one_tree_than_it_is_known_in_another(town, level, grid, admin):
    town.publish(COMMITTEES, tree="admin")
    town.entries(f"kind,road,low,level,lon,lat\nbuilding,青藤路,1,{level},121.003,31.005\n")
    town.deliver(fact(1, address="青藤路1号"))
    assert where(town, "grid")["C1"] == (grid, "gazetteer")
    assert where(town, "admin")["C1"] == (admin, "gazetteer")


def test_an_entry_of_another_tree_s_level_is_written_out_and_read_again(town):
    from data.gazetteer import export_file

    town.publish(COMMITTEES, tree="admin")
    town.entries(ENTRIES.replace("1,1,,,121.005", "1,1,,committee,121.005"))
    text = export_file(town.store)
    assert "committee" in text
    assert town.entries(text).added == 0


def test_loads_are_counted_by_the_first_tree_that_has_units(tmp_path, store_url):
    made = Town(tmp_path, store_url)
    made.publish(COMMITTEES, tree="admin")
    done = made.deliver(fact(1, hint="Town T"), fact(2, square=0.3), fact(3))
    assert (done.located, done.outside, done.no_location) == (2, 0, 1)
    made.publish(SIX)
    done = made.deliver(fact(4, hint="Town T"), fact(5, square=0.3))
    assert (done.located, done.outside, done.no_location) == (1, 0, 1)
    assert relocate(made.store, clock=made.clock).facts == 0
    made.store.close()
