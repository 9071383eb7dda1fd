"""The queue's page: rows, proposals, the picture, who may decide, and the whole of it in a browser."""

import json
import shutil
from collections.abc import Iterator
from urllib.parse import quote

import fakes_pages as fakes
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import dash_idle, sign_in
from fakes_pages import links, text_of
from pandas import DataFrame
from playwright.sync_api import Page, expect
from serving import Server, serving
from shapely.geometry import box

from data.instants import moment
from data.placing import HOWS
from data.unplaced import Choice, FactKey, Open
from layouts import unplaced_page
from layouts.plain import written as markup
from layouts.sketch import HEIGHT, WIDTH, View, sketch
from layouts.unplaced_page import PATH, UnplacedAnswer, UnplacedAsk, chosen, view_of, written
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
CHOICE = Choice("A1", "听景里1号楼", "梧桐里 / 北苑", 0.83, "spelling", 121.52, 31.28, 7)
ROWS = [
    Open(FactKey("cases", "grid", "C1"), 1_790_000_000_000_000, "litter", "北苑<路>1号", "", "", outside=False,
         reason="unknown-number", choices=(CHOICE,)),
    Open(FactKey("orders", "hot", "O|2"), 1_780_000_000_000_000, "", "", "S", "梧桐里", True, "empty", ()),
]  # fmt: skip
FIRST = UnplacedAsk()
WHOLE = View(121.5, 31.3, 0.1)


def answer(**changes) -> UnplacedAnswer:
    located = DataFrame([{"source": "grid", "subject": "cases", **dict.fromkeys(HOWS, 0), "hand": 3}])
    given = {
        "rows": ROWS, "total": 1_463, "located": located, "whole": WHOLE, "subjects": ("cases", "orders"),
        "may_place": True, "may_remember": True, "when": moment,
    }  # fmt: skip
    return UnplacedAnswer(**(given | changes))


def shown(ask: UnplacedAsk = FIRST, **changes) -> str:
    """Everything the page writes, as text of markup."""
    return json.dumps(
        [part.to_plotly_json() for part in unplaced_page.body(ask, answer(**changes), ZH)],
        default=lambda one: one.to_plotly_json(),
        ensure_ascii=False,
    )


@pytest.mark.parametrize("words", [ZH, EN])
def test_a_row_says_what_waits_and_why(words):
    queue = unplaced_page._queue(UnplacedAsk(), answer(), ROWS[0], words)
    text = text_of(queue)
    for part in (
        "1,463",
        words("places.reason.unknown-number"),
        words("places.without"),
        words("places.reason.outside"),
    ):
        assert part in text, part
    assert f"{PATH}?fact=orders%7Chot%7CO%7C2" in links(queue)
    assert "北苑&lt;路&gt;1号" in markup(queue)


def test_the_chosen_fact_is_the_one_asked_for_else_the_first():
    assert chosen(UnplacedAsk(fact=written(ROWS[1].key)), ROWS) is ROWS[1]
    assert chosen(UnplacedAsk(fact="nobody"), ROWS) is ROWS[0] and chosen(UnplacedAsk(), []) is None


def test_only_those_who_may_decide_have_the_means():
    assert "data-decide" in shown() and "data-remember" in shown()
    assert "data-decide" not in shown(may_place=False) and "data-remember" not in shown(may_place=False)
    assert "data-remember" not in shown(may_remember=False) and "data-decide" in shown(may_remember=False)
    assert '"data-may": ""' in shown(may_place=False) and '"data-may": "yes"' in shown()
    nameless = shown(UnplacedAsk(fact=written(ROWS[1].key)))
    assert "data-remember" not in nameless  # without an address there is nothing to remember


def test_pages_of_the_queue_are_links():
    later = unplaced_page._pager(UnplacedAsk("cases", 50), answer(), ZH)
    assert links(later) == [f"{PATH}?subject=cases", f"{PATH}?subject=cases&start=52"]
    assert links(unplaced_page._pager(UnplacedAsk(), answer(total=2), ZH)) == []


def test_an_empty_queue_says_so():
    assert ZH("places.none") in shown(rows=[], total=0)


def test_the_picture_stands_where_the_proposals_are_and_turns_pixels_into_degrees():
    view = view_of(ROWS[0], answer())
    assert (view.lon, view.lat) == (121.52, 31.28) and view_of(ROWS[1], answer()) is WHOLE
    assert view.at(view.lon, view.lat) == (WIDTH / 2, HEIGHT / 2)
    west, south, east, north = view.box
    assert view.at(west, north) == pytest.approx((0, 0), abs=1e-6) and view.at(east, south) == pytest.approx(
        (WIDTH, HEIGHT)
    )
    units = DataFrame(
        {
            "name": ["<甲>", "乙"],
            "lon": [121.52, 121.52],
            "lat": [31.28, 31.28],
            "geometry": [box(*view.box)] * 2,
        }
    )
    text = sketch(view, units, units[:0], [(121.52, 31.28)], theme="dark")
    assert text.count("<polygon") == 2 and "&lt;甲&gt;" in text and "乙" not in text and ">1</text>" in text


# In the browser


@pytest.fixture(scope="module")
def city(sample_city, tmp_path_factory) -> Iterator[Server]:
    """A server on a copy of the sample city that may be changed."""
    folder = tmp_path_factory.mktemp("queue")
    instance = shutil.copytree(sample_city, folder / "instance")
    with serving(instance, log=folder / "server.log") as server:
        yield server


def opened(page: Page, server: Server, name: str, address: str = PATH) -> None:
    """The queue as a person of that name sees it."""
    sign_in(page, server.url, name)
    page.goto(server.url + address)
    page.wait_for_selector("main.unplaced")
    dash_idle(page)


def waiting(page: Page) -> int:
    return int("".join(filter(str.isdigit, page.locator(".unplaced .hd h2").first.inner_text())))


@pytest.mark.browser
def test_one_key_accepts_the_best_proposal_and_it_can_be_undone(page, city):
    opened(page, city, "operator")
    before, address = waiting(page), page.locator(".chosen h2").inner_text()
    page.keyboard.press("KeyY")
    expect(page.locator("#unplaced-said [data-undo]")).to_be_visible()
    expect(page.locator(".unplaced .hd h2").first).to_contain_text(f"{before - 1:,}")
    assert page.locator(".chosen h2").inner_text() != address
    page.click("#unplaced-said [data-undo]")
    expect(page.locator(".unplaced .hd h2").first).to_contain_text(f"{before:,}")
    assert page.locator(".chosen h2").inner_text() == address


@pytest.mark.browser
def test_a_click_on_the_map_places_where_it_points(page, city):
    opened(page, city, "operator", f"{PATH}?subject=orders")
    picture = page.locator("img.sketch")
    picture.scroll_into_view_if_needed()
    size = picture.bounding_box()
    assert size is not None
    page.locator("[data-sketch=in]").click()
    before = waiting(page)
    picture.click(position={"x": size["width"] / 2, "y": size["height"] / 2})
    expect(page.locator("#unplaced-said [data-undo]")).to_be_visible()
    expect(page.locator(".unplaced .hd h2").first).to_contain_text(f"{before - 1:,}")
    # The middle of the picture was over the best proposal; the facts of the hand placement say where it went.
    with sqlite(city) as connection:
        lon, lat = connection.execute("SELECT lon, lat FROM hand_place ORDER BY id DESC LIMIT 1").fetchone()
    assert 121.4 < lon < 121.6 and 31.2 < lat < 31.4


@pytest.mark.browser
def test_remembering_moves_all_of_that_name(page, city):
    opened(page, city, "operator")
    page.locator("[data-remember]").click()
    expect(page.locator("[data-remember]")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("KeyY")
    expect(page.locator("#unplaced-said [data-undo]")).to_be_visible()
    with sqlite(city) as connection:
        assert connection.execute("SELECT count(*) FROM place_entry WHERE origin = 'rule'").fetchone() == (1,)


@pytest.mark.browser
def test_rows_go_by_keys_and_by_links(page, city):
    opened(page, city, "operator")
    second = page.locator(".queue .row-link").nth(1).inner_text()
    page.keyboard.press("KeyJ")
    expect(page.locator(".chosen h2")).to_have_text(second)
    assert "fact=" in page.url
    page.keyboard.press("KeyK")
    expect(page.locator(".queue .row-link").first).to_have_attribute("aria-current", "true")


@pytest.mark.browser
def test_a_refused_click_says_why_and_leaves_one_where_one_was(page, city):
    opened(page, city, "operator")
    page.keyboard.press("KeyJ")
    page.wait_for_url("**fact=**")
    dash_idle(page)
    fact, before = written_first(page), waiting(page)
    far = json.dumps({"fact": fact, "lon": 10.0, "lat": 50.0})
    page.evaluate("what => window.dash_clientside.set_props('unplaced-decided', {value: what})", far)
    expect(page.locator("#unplaced-said .failed")).to_contain_text("辖区之外")
    assert (written_first(page), waiting(page)) == (fact, before)


@pytest.mark.browser
def test_others_look_and_cannot_decide(page, city, faults):
    opened(page, city, "analyst")
    assert page.locator("[data-decide]").count() == 0
    before = waiting(page)
    page.locator("img.sketch").click()
    page.keyboard.press("KeyY")
    dash_idle(page)
    assert page.locator("#unplaced-said").inner_text() == "" and waiting(page) == before
    faults.allow(r"http 40\d: .*_dash-update-component", r"console: .*(40\d|your role does not open this)")
    forged = json.dumps({"fact": list(written_first(page)), "lon": 121.525, "lat": 31.285})
    page.evaluate("what => window.dash_clientside.set_props('unplaced-decided', {value: what})", forged)
    dash_idle(page)
    page.reload()
    page.wait_for_selector("main.unplaced")
    assert waiting(page) == before


def written_first(page: Page) -> list[str]:
    return json.loads(page.locator(".chosen").get_attribute("data-fact") or "[]")


@pytest.mark.browser
def test_a_manager_sees_the_queue_of_their_own_units_only(page, city):
    opened(page, city, "manager")
    assert waiting(page) < 300
    outside = page.request.get(f"{city.url}{PATH}/map.svg?lon=121.525&lat=31.285&span=0.05&at=&theme=light")
    assert outside.status == 200 and 0 < outside.text().count("<polygon") < 60
    assert "锦林苑" in outside.text() and "听景里" not in outside.text()
    for bad in (
        "lon=x&lat=1&span=1",
        "lon=1&lat=1&span=0",
        "lon=1&lat=1&span=nan",
        "lon=1&lat=1&span=1&at=a",
    ):
        assert page.request.get(f"{city.url}{PATH}/map.svg?{bad}").status == 400, bad


@pytest.mark.browser
def test_a_stranger_is_answered_nothing(page, city):
    picture = f"{city.url}{PATH}/map.svg?lon=121.5&lat=31.3&span=1"
    assert page.request.get(picture, max_redirects=0).status == 401
    page.goto(city.url + PATH)
    assert "/login" in page.url


@pytest.mark.browser
@pytest.mark.parametrize(("language", "theme", "width"), [("zh", "light", 1440), ("en", "dark", 390)])
def test_no_serious_finding_and_no_overflow(pages, city, language, theme, width):
    page = pages(viewport={"width": width, "height": 900})
    page.context.add_cookies([
        {"name": name, "value": value, "url": city.url}
        for name, value in {"linli-language": language, "linli-theme": theme}.items()
    ])  # fmt: skip
    opened(page, city, "operator", f"{PATH}?subject={quote('cases')}")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert not [(each["id"], [node["html"][:140] for node in each["nodes"][:3]]) for each in grave]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def sqlite(server: Server):
    """The server's database, to look at."""
    import sqlite3
    from contextlib import closing

    return closing(sqlite3.connect(server.log.parent / "instance" / "linli.db"))
