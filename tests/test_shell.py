"""The frame: ids, tokens, top bar, the document without data, files under their hash, designed states of a page."""

import gzip
import inspect
import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import fakes_pages as fakes
import pytest
from dash._utils import to_json
from fakes_pages import find, links, text_of
from fastapi import FastAPI
from starlette.testclient import TestClient

from callbacks import analyst_page, files, kpi_page, map_page, router
from callbacks.policies import Policies
from callbacks.router import Call, Desk, Page, answered, language, offload
from data.measures import NotReady
from data.query import QueryError
from data.reader import UnknownUnit
from data.settings import parse_settings
from layouts import ids, parts, periods, shell
from layouts.plain import written
from layouts.shell import Bar
from layouts.theme import PALETTES
from layouts.words import load_words

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "layouts" / "assets"
ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
SETTINGS = {"name": "梧桐里", "levels": [{"name": "subdistrict"}, {"name": "grid"}]}


# Ids and tokens


def test_every_id_is_written_once():
    classes = [item for _, item in inspect.getmembers(ids, inspect.isclass)]
    found = [value for each in classes for name, value in vars(each).items() if name.isupper()]
    assert len(found) == len(set(found)) and all(isinstance(value, str) for value in found)


def test_no_id_is_written_outside_ids():
    known = {
        value
        for _, each in inspect.getmembers(ids, inspect.isclass)
        for name, value in vars(each).items()
        if name.isupper()
    }
    for room in ("layouts", "callbacks"):
        for path in (ROOT / room).glob("*.py"):
            if path.name != "ids.py":
                text = path.read_text(encoding="utf-8")
                assert not [value for value in known if f'"{value}"' in text], path.name


def test_scripts_name_only_ids_that_exist():
    known = {
        value
        for _, each in inspect.getmembers(ids, inspect.isclass)
        for name, value in vars(each).items()
        if name.isupper()
    }
    for path in ASSETS.glob("*.js"):
        named = set(re.findall(r"[\"'`#]((?:shell|map)-[a-z-]+)[\"'` ]", path.read_text(encoding="utf-8")))
        assert named <= known, path.name


def _tokens(theme: str) -> dict[str, str]:
    text = (ASSETS / "look.css").read_text(encoding="utf-8")
    block = re.search(
        r":root \{(.*?)\n\}" if theme == "light" else r"\[data-theme=dark\] \{(.*?)\n\}", text, re.S
    )
    return dict(re.findall(r"--([a-z0-9-]+): ([^;]+);", block[1]))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_figures_are_the_tokens_of_the_style_sheet(theme):
    tokens, palette = _tokens(theme), PALETTES[theme]
    assert tuple(tokens[f"s{step}"] for step in range(1, 8)) == palette.sequential
    assert tuple(tokens[f"d{step}"] for step in range(1, 8)) == palette.diverging
    for token, name in (("surface", "surface"), ("accent", "accent"), ("t1", "t1"), ("bad", "bad"), ("warn", "warn"),
                        ("nodata", "nodata"), ("nd-fill", "nd_fill")):  # fmt: skip
        assert tokens[token] == getattr(palette, name)


def test_both_themes_define_the_same_tokens():
    assert _tokens("light").keys() == _tokens("dark").keys()


def test_style_sheets_and_scripts_name_no_other_host():
    for path in [*ASSETS.glob("*.css"), *ASSETS.glob("*.js")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text and "https:" not in text and "@import" not in text, path.name


# Frame


def bar(**changes) -> Bar:
    to = {"map": "/map/-/WT", "kpi": "/kpi/WT", "sources": "/sources"}
    return Bar(
        **({"page": "map", "to": to, "sources": fakes.sources(), "person": "leader", "token": "t0"} | changes)
    )


@pytest.mark.parametrize("words", [ZH, EN])
def test_the_bar_marks_the_page_and_offers_only_what_one_may_open(words):
    shown = shell.frame(bar(), shell.html.Main(), words)
    top = str(json.loads(to_json(shown[0])))
    assert words("shell.page.map") in top and words("shell.page.analyst") not in top
    assert top.count('aria-current="page"') == 2  # in the row of pages, and in the menu of narrow windows


def test_the_document_a_stranger_could_see_holds_no_word_and_no_data():
    text = to_json(shell.skeleton())
    assert not re.search(r"[一-鿿]", text)
    assert text_of(shell.skeleton()) == ""


def test_the_badge_is_the_worst_of_the_sources():
    both = fakes.sources()
    assert "失败" in text_of(shell.badge(both, ZH))
    silent = both.assign(state="stale")
    assert text_of(shell.badge(silent, ZH)) == f"停更 {len(both)} 源"
    fresh = both.assign(state="fresh", age_minutes=12.0)
    assert text_of(shell.badge(fresh, ZH)) == "12 分钟前"


def test_the_badge_speaks_of_the_sources_a_page_rests_on():
    sources = fakes.sources()
    assert parts.feeding(sources, None) is sources
    assert set(parts.feeding(sources, ("cases", "parking"))["kind"]) == {"case", "parking"}
    assert map_page.used({}) == ("cases",) and map_page.used({"indicator": "order_satisfaction"}) == (
        "orders",
    )
    assert map_page.used({"indicator": "no such"}) is None
    assert set(kpi_page.used({})) == {"orders", "cases"} and kpi_page.used({"group": "cases"}) == ("cases",)
    assert analyst_page.used({"subject": "parking"}) == ("parking",)
    assert analyst_page.used({"subject": "measures"}) is None


def test_the_account_menu_tells_the_role():
    shown = text_of(shell.frame(bar(role="leader"), shell.html.Main(), ZH))
    assert "街道领导" in shown


def test_a_page_without_selectors_leaves_no_empty_row():
    top = shell.frame(bar(crumbs=[], controls=[]), shell.html.Main(), ZH)[0]
    controls = next(each for each in find(top, "controls"))
    assert controls.children is None and len(find(top, "sep")) == 1
    with_both = shell.frame(
        bar(crumbs=[shell.html.B("x")], controls=[shell.html.B("y")]), shell.html.Main(), ZH
    )[0]
    assert find(with_both, "controls")[0].children is not None and len(find(with_both, "sep")) == 2


def test_the_way_up_is_made_of_links_and_ends_where_one_is():
    found = shell.crumbs([("汀南区", "/map/subdistrict/TN"), ("梧桐里", "/map/grid/WT")], "20 网格", ZH)
    assert links(found) == ["/map/subdistrict/TN", "/map/grid/WT"] and text_of(found[-1]) == "20 网格"


def test_a_long_way_up_is_told_by_its_ends():
    up = [(name, f"/map/-/{name}") for name in "ABCDE"]
    found = shell.crumbs(up, "here", ZH)
    assert links(found) == ["/map/-/A", "/map/-/D", "/map/-/E"]
    assert text_of(found) == "A›…›D›E›here" and 'title="B › C"' in written(found)


def test_the_period_menu_offers_presets_steps_and_dates():
    period = fakes.query().period
    menu = shell.period_menu(
        period,
        list(periods.presets(fakes.TODAY).items()),
        to=lambda p: f"/x?from={p.start}&to={p.end}",
        words=ZH,
    )
    found = links(menu)
    assert len(found) == len(periods.presets(fakes.TODAY)) + 2
    assert f"/x?from={period.start - (period.end - period.start)}&to={period.start}" in found
    assert f"/x?from={period.end}&to={period.end + (period.end - period.start)}" in found
    last = period.end - fakes.timedelta(days=1)
    assert re.search(f'value="{last}"[^>]*name="last"', written(menu)) and "11月22日" in text_of(menu)


def test_search_hits_are_links():
    found = fakes.DataFrame({"kind": ["unit"], "code": ["G1"], "title": ["北苑一"], "detail": ["网格"]})
    assert links(shell.hits(found, ["/map/-/G1"], ZH)) == ["/map/-/G1"]
    assert text_of(shell.hits(found.head(0), [], ZH)) == "没有找到"


# States of a page


@dataclass
class Settled:
    settings: object
    policies: object
    builders: dict

    def desk(self) -> Desk:
        desk = Desk(SimpleNamespace(settings=self.settings), self.policies, lambda: fakes.NOW)
        desk.builders.update(self.builders)
        return desk


def call_of(page: str = "map") -> Call:
    return Call(page, (), {}, SimpleNamespace(), ZH)


def state_of(monkeypatch, error: Exception | None, *, page: str = "map") -> str:
    def build(_call):
        if error:
            raise error
        return Page(shell.html.Main("there"))

    policies = Policies()
    policies.page("map", "/map", "/map/{level}/{within}", permission="map", checks="scope")
    monkeypatch.setattr(router, "current_person", lambda: SimpleNamespace(role="leader"))
    desk = Settled(None, policies, {"map": build}).desk()
    return text_of(answered(desk, call_of(page), here="/map/grid/WT").body)


def test_a_page_that_stands_is_answered(monkeypatch):
    assert state_of(monkeypatch, None) == "there"


def test_missing_and_foreign_units_answer_alike(monkeypatch):
    first, second = (state_of(monkeypatch, UnknownUnit(f"unit: got '{code}'")) for code in ("A", "B"))
    assert first == second and "请找管理员" in first


def test_an_address_that_cannot_be_read_says_where(monkeypatch):
    assert "from: got 'x'" in state_of(monkeypatch, QueryError("from: got 'x'; expected a date"))


def test_nothing_published_yet_is_a_state_of_its_own(monkeypatch):
    assert "还没有数据" in state_of(monkeypatch, NotReady("no boundaries"))


def test_an_unforeseen_failure_is_recorded_and_shown_by_its_number_only(monkeypatch, caplog):
    with caplog.at_level(logging.ERROR, logger="linli.pages"):
        shown = state_of(monkeypatch, RuntimeError("13800138000"))
    assert "13800138000" not in shown
    number = re.search(r"编号 ([0-9a-f]{12})", shown)[1]
    assert number in caplog.text


def test_a_page_nobody_added_is_said_to_be_missing(monkeypatch):
    assert "没有这个页面" in state_of(monkeypatch, None, page="wall")


# Languages, threads, files


@pytest.mark.parametrize(
    ("cookie", "locale", "expected"),
    [("en", "zh", "en"), ("xx", "zh", "zh"), ("", "en", "en"), ("", "fr", "zh")],
)
def test_the_language_chosen_then_that_of_the_instance(cookie, locale, expected):
    cookies = {"linli-language": cookie} if cookie else {}
    assert language(cookies, SimpleNamespace(locale=locale)) == expected


async def _twice(value):
    return await offload(lambda number: number * 2)(value)


def test_offloaded_work_answers_its_value():
    import asyncio

    assert asyncio.run(_twice(21)) == 42


@pytest.fixture
def client(tmp_path) -> TestClient:
    (tmp_path / "background").mkdir()
    (tmp_path / "background" / "roads.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    settings = parse_settings(SETTINGS, folder=tmp_path)
    server = FastAPI()
    shelf = files.Shelf(settings)
    files.register(server, Policies(), shelf=shelf, reader=lambda params: FakeReader(), https=False)
    client = TestClient(server)
    client.shelf = shelf
    return client


class FakeReader:
    as_of = None
    tree = "grid"
    ranges = ((1, 9),)
    version = SimpleNamespace(id=1)

    def shapes(self, level, within):
        if within == "FOREIGN":
            raise UnknownUnit("unit: got 'FOREIGN'")
        return "x", json.dumps({"level": level, "within": within}).encode()


def test_outlines_travel_once_under_their_hash(client):
    address = client.shelf.shapes_address(FakeReader(), "grid", "WT")
    answer = client.get(address)
    assert answer.json() == {"level": "grid", "within": "WT"} and answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"] and "private" in answer.headers["cache-control"]
    again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and not again.content
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.json() == answer.json()


def test_an_older_hash_is_answered_but_not_kept(client):
    assert client.get("/shapes/0000/grid/WT").headers["cache-control"] == "no-store"


def test_foreign_units_have_no_outlines(client):
    assert client.get("/shapes/0000/grid/FOREIGN").status_code == 404


def test_the_style_names_the_background_files_there_are(client):
    found = client.get(client.shelf.style_address("dark")).json()
    assert set(found["sources"]) == {"none", "roads"}
    address = found["sources"]["roads"]["data"]
    assert client.get(address).json()["features"] == []
    assert client.get("/background/0000/passwd").status_code == 404
    assert client.get("/map-style/0000/neon").status_code == 404


def test_a_choice_is_kept_and_leads_back_to_our_own_page_only(client):
    answer = client.get("/preference?theme=dark&language=en", headers={"Referer": "http://testserver/map/grid/WT?from=2026-11-01"},
                        follow_redirects=False)  # fmt: skip
    assert answer.headers["location"] == "/map/grid/WT?from=2026-11-01"
    assert {"linli-theme", "linli-language"} == set(answer.cookies)
    away = client.get(
        "/preference?theme=neon", headers={"Referer": "http://evil.example//x"}, follow_redirects=False
    )
    assert away.headers["location"] == "/" and not away.cookies


def test_compressed_bytes_are_the_same_every_time(tmp_path):
    shelves = [files.Shelf(parse_settings(SETTINGS, folder=tmp_path)) for _ in range(2)]
    first, second = (shelf.style("light") for shelf in shelves)
    assert first == second and json.loads(gzip.decompress(first[1]))["version"] == 8
