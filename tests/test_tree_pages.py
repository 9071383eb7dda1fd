"""Pages in more than one tree: the switch, what every address carries on, tables in place of maps, leagues."""

import shutil
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import fakes_pages as fakes
import pytest
from dash._utils import to_json
from fakes_map import answer_of as map_answer
from fakes_map import ask_of as map_ask
from fakes_pages import find, links, text_of
from test_analyst_page import answer_of as analyst_answer
from test_analyst_page import ask_of as analyst_ask
from test_analyst_page import style_of
from test_kpi_page import answer_of as kpi_answer
from test_kpi_page import ask_of as kpi_ask
from world import SIX, World, case

from callbacks import router
from callbacks.map_files import map_rows
from callbacks.map_places import own_unit
from callbacks.policies import Policies
from callbacks.router import Desk, pages_of
from callbacks.search import search_hits
from data.query import QueryError, parse_query
from data.reader import Reader, UnknownUnit
from data.scope import Scope, whole_scope
from data.settings import Level, Tree
from layouts import analyst_page, kpi_page, map_page
from layouts.map_figure import figure
from layouts.map_panel import side
from layouts.narrowing import Narrowed
from layouts.tree_switch import Way, switch
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
GRID = Tree("grid", fakes.LEVELS, {"zh": "网格", "en": "Grids"})
ADMIN = Tree("admin", (Level("committee", 0),), {"zh": "居委", "en": "Committees"})
WAYS = (Way(GRID, "WT"), Way(ADMIN, "-", chosen=True))
COMMITTEES = (("T", "K1", 2.0), ("U", "K2", 4.0))


def asked(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def test_the_first_tree_is_left_out_of_an_address_and_another_comes_back():
    plain = parse_query({}, level=None, within=None, today=fakes.TODAY)
    assert plain.tree == "grid" and "tree" not in plain.search()
    other = parse_query({"tree": "admin"}, level=None, within=None, today=fakes.TODAY)
    again = {name: values[0] for name, values in parse_qs(other.search()).items()}
    assert parse_query(again, level=None, within=None, today=fakes.TODAY) == other
    with pytest.raises(QueryError, match="tree: got"):
        parse_query({"tree": "a\nb"}, level=None, within=None, today=fakes.TODAY)


def test_the_switch_names_trees_and_is_absent_where_there_is_one():
    assert text_of(switch(WAYS, ZH, to=lambda way: "/")) == "按网格按居委"
    assert text_of(switch(WAYS, EN, to=lambda way: "/")) == "GridsCommittees"
    assert switch(WAYS[:1], ZH, to=lambda way: "/") is None and switch((), ZH, to=lambda way: "/") is None
    chosen = [link.className for link in switch(WAYS, ZH, to=lambda way: "/").children]
    assert chosen == ["", "on"]


@pytest.mark.parametrize("words", [ZH, EN])
def test_the_map_switches_trees_and_keeps_the_question(words):
    ask = map_ask(tree="admin", indicator="cases_open", department="城管中队")
    shown = side(ask, map_answer(ask, ways=WAYS, narrowed=[Narrowed("department", "城管中队")]), words)
    to = [link for link in links(find(shown, "rank")) if link.startswith("/map/-/")]
    assert [urlsplit(link).path for link in to] == ["/map/-/WT", "/map/-/-"]
    assert "tree" not in asked(to[0]) and asked(to[1])["tree"] == ["admin"]
    for link in to:
        assert (asked(link)["indicator"], asked(link)["department"]) == (["cases_open"], ["城管中队"])
    chip = find(map_page.overlay(ask, map_answer(ask), words), "nowhere")
    assert (asked(links(chip)[0])["tree"], asked(links(chip)[0])["department"]) == (["admin"], ["城管中队"])


def test_what_a_question_is_narrowed_to_stands_there_with_a_way_back():
    ask = map_ask(department="城管中队", category="市容环境")
    less = [Narrowed("category", "市容环境"), Narrowed("department", "城管中队")]
    shown = map_page.controls(ask, ZH, presets=[], less=less)
    assert text_of(shown).startswith("类别市容环境全部市容环境承办部门城管中队全部城管中队")
    assert "category" not in asked(links(shown)[0]) and asked(links(shown)[0])["department"] == ["城管中队"]
    ask = kpi_ask(department="城管中队")
    shown = kpi_page.controls(ask, kpi_answer(ask, narrowed=less[1:]), ZH, today=fakes.TODAY)
    assert "department" not in asked(links(shown)[0])


@pytest.mark.parametrize("words", [ZH, EN])
def test_units_without_outlines_are_a_table_in_place_of_a_map(words):
    ask = map_ask(tree="admin")
    places = map_answer(ask).units.assign(has_shape=False)
    answer = map_answer(ask, units=places, shapes="", borders=[], ways=WAYS)
    note = find(map_page.overlay(ask, answer, words), "shapeless")
    assert text_of(note) == words("map.shapeless") and note[0].role == "status"
    drawn = figure(ask, answer, words)
    assert drawn["data"][0]["geojson"]["features"] == [] and drawn["data"][0]["locations"] == []
    table = find(side(ask, answer, words), "ranking")
    assert len(find(table, "name")) >= 20
    crowded = map_answer(ask, shapes="", ways=WAYS)
    assert find(map_page.overlay(ask, crowded, words), "shapeless") == []


@pytest.mark.parametrize("words", [ZH, EN])
def test_the_kpi_page_ranks_units_departments_or_neighbourhoods(words):
    kinds = ("neighbourhood", "department")
    for by, chosen in (("", fakes.LEVELS[2].title(words.locale)), ("department", words("kpi.by.department"))):
        ask = kpi_ask(by=by, tree="admin")
        card = find(kpi_page.body(ask, kpi_answer(ask, kinds=kinds, ways=WAYS), words), "lea")
        trees, ranked, *_ = find(card, "seg")
        assert text_of(trees) in ("按网格按居委", "GridsCommittees")
        assert [text_of(link) for link in ranked.children][:2] == [words(f"kpi.by.{kind}") for kind in kinds]
        assert [text_of(link) for link in ranked.children if link.className == "on"] == [chosen]
        to = links(ranked)
        assert [asked(link).get("by") for link in to] == [["neighbourhood"], ["department"], None, None]
        assert {urlsplit(link).path for link in to} == {"/kpi/WT"}
        assert all(asked(link)["tree"] == ["admin"] for link in to)
        rest = words(f"kpi.by.{by}.rest") if by else words("parts.league.known", unit="梧桐里街道")
        assert rest in text_of(card)
        rows = [link for link in links(find(card, "league")) if "order=" not in link]
        assert bool(by) == any("department" in asked(link) for link in rows)
    assert kpi_ask(by="police").by == ""


def test_a_place_without_parts_still_ranks_departments():
    ask = kpi_ask(by="department")
    leaf = kpi_answer(ask, level=None, levels=[], kinds=("department",))
    assert find(kpi_page.body(ask, leaf, ZH), "league")
    plain = kpi_ask()
    assert find(kpi_page.body(plain, kpi_answer(plain, level=None, levels=[], ways=WAYS), ZH), "empty")


def test_the_analyst_page_and_its_files_name_their_tree():
    ask = replace(analyst_ask(tree="admin", department="城管中队"), filters=(("unassigned", "committee"),))
    assert ask.selection()["tree"] == "admin" and "tree" not in analyst_ask().selection()
    assert ask.number != replace(ask, query=ask.query.asking(tree="grid")).number
    assert asked(ask.file("csv", "machine"))["tree"] == asked(ask.at("A1"))["tree"] == ["admin"]
    other = asked(ask.by("grid", "WT"))
    assert "tree" not in other and "unassigned" not in other and other["unit"] == ["WT"]
    assert other["department"] == ["城管中队"] and "unit" not in asked(ask.by("admin", "-"))
    form = analyst_page.body(ask, analyst_answer(ask, ways=WAYS), style_of(ZH))
    assert text_of(find(form, "seg")) == "按网格按居委"
    assert '{"value":"admin","type":"hidden","name":"tree"}' in to_json(form)


# Readers and routes


@pytest.fixture
def desk(tmp_path, migrated_sqlite, monkeypatch):
    """A desk over a world with two trees, whose reader is whoever `be` says."""
    shutil.copyfile(migrated_sqlite, tmp_path / "store.db")
    world = World(tmp_path, f"sqlite:///{tmp_path}/store.db")
    world.publish(SIX)
    world.publish(COMMITTEES, tree="admin")
    world.load([case(1, square=0.5), case(2, square=1.5), case(3, square=4.5)])
    world.refresh()
    made = Desk(world.store, Policies(), clock=lambda: world.now)
    made.be = lambda scope: monkeypatch.setattr(router, "current_scope", lambda: scope)
    monkeypatch.setattr(router, "ctx", SimpleNamespace(cookies={}))
    made.be(whole_scope())
    yield made
    world.store.close()


PERIOD = {"indicator": "cases_reported", "from": "2026-01-01", "to": "2026-12-01"}


def test_a_persons_own_page_is_read_in_the_tree_of_the_scope(desk):
    call = desk.call("/", "")
    assert (call.reader.tree, call.params) == ("grid", {})
    desk.be(Scope("li", "manager", ("K1",), tree="admin"))
    call = desk.call("/", "?indicator=cases_open")
    assert (call.reader.tree, call.params) == ("admin", {"indicator": "cases_open", "tree": "admin"})
    assert own_unit(call.reader) == "K1"
    assert desk.call("/", "?tree=grid").reader.tree == "grid"
    desk.be(Scope("li", "manager", ("K1",), tree="admin"))
    named = desk.call("/map/block/-", "")  # an address means the same to everyone
    assert named.reader.tree == "grid" and own_unit(named.reader) is None


def test_an_instance_of_another_tree_alone_is_read_in_that(tmp_path, migrated_sqlite, monkeypatch):
    shutil.copyfile(migrated_sqlite, tmp_path / "store.db")
    world = World(tmp_path, f"sqlite:///{tmp_path}/store.db")
    world.publish(COMMITTEES, tree="admin")
    world.load([case(1, square=0.5)])
    world.refresh()
    desk = Desk(world.store, Policies(), clock=lambda: world.now)
    monkeypatch.setattr(router, "current_scope", whole_scope)
    monkeypatch.setattr(router, "ctx", SimpleNamespace(cookies={}))
    for path in ("/", "/kpi/-", "/analyst"):
        call = desk.call(path, "")
        assert (call.reader.tree, call.params) == ("admin", {"tree": "admin"})
    assert desk.call("/", "?tree=grid").reader.tree == "grid"
    world.store.close()


def test_an_unknown_tree_is_said_where_the_question_is_read(desk):
    call = desk.call("/kpi/-", "?tree=roads")
    query = parse_query(call.params, level="block", within=None, today=call.reader.today)
    with pytest.raises(QueryError, match="tree: got 'roads'; expected one of grid, admin"):
        call.reader.measures(query)
    with pytest.raises(QueryError, match="tree: got 'roads'"):
        map_rows(desk, ("block", "-"), {"tree": "roads"})


def test_the_file_of_a_map_is_of_its_tree_and_scope(desk):
    def rows(level: str, within: str = "-", **params: str) -> dict:
        found = map_rows(desk, (level, within), PERIOD | params)
        return found[found["value"] > 0].set_index("unit_code")["value"].to_dict()

    assert rows("block") == {"A1": 1, "A2": 1, "B2": 1, "": 3}
    assert rows("committee", tree="admin") == {"K1": 2, "K2": 1, "": 3}
    with pytest.raises(UnknownUnit):
        rows("committee")
    desk.be(Scope("li", "manager", ("K1",), tree="admin"))
    assert rows("block") == {"A1": 1, "A2": 1, "": 2}
    assert rows("committee", tree="admin") == {"K1": 2, "": 2}
    with pytest.raises(UnknownUnit):
        rows("block", "B")


def test_pages_lead_on_in_the_same_tree(desk, monkeypatch):
    monkeypatch.setattr(router, "current_person", lambda: SimpleNamespace(role="leader"))
    for name, path in (("map", "/map/{level}/{within}"), ("kpi", "/kpi/{unit}"), ("analyst", "/analyst")):
        desk.page(name, lambda call: None, path, permission=name, checks="nothing")
    assert pages_of(desk, "K1") == {"map": "/map/-/K1", "kpi": "/kpi/K1", "analyst": "/analyst?unit=K1"}
    assert pages_of(desk, "K&1", tree="admin") == {
        "map": "/map/-/K%261?tree=admin", "kpi": "/kpi/K%261?tree=admin", "analyst": "/analyst?unit=K%261&tree=admin",
    }  # fmt: skip
    assert pages_of(desk, None, tree="admin")["analyst"] == "/analyst?tree=admin"


def test_the_search_finds_units_of_every_tree_and_each_fact_once(desk):
    def found(text: str):
        return search_hits(desk.call("/", "").reader, text, ZH)

    assert links(found("K1")) == ["/map/-/K1?tree=admin"]
    assert links(found("A2")) == ["/map/-/A2"]
    desk.be(Scope("li", "manager", ("K1",), tree="admin"))
    assert links(found("A2")) == ["/map/-/A2"]  # one of its facts lies there
    assert found("B2").children == ZH("shell.search.none")


def test_outlines_are_addressed_by_tree(desk):
    from callbacks.files import Shelf

    shelf = Shelf(desk.settings)
    readers = {
        tree: Reader(desk.store, whole_scope(), clock=desk.clock, tree=tree) for tree in ("grid", "admin")
    }
    assert "tree" not in asked(shelf.shapes_address(readers["grid"], "block", None))
    address = shelf.shapes_address(readers["admin"], "committee", None)
    assert asked(address)["tree"] == ["admin"] and urlsplit(address).path.endswith("/committee/-")
