"""The map page in a real Chromium: deep link, indicator, drill and Back keeping the view, keys, phone, no WebGL."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import ARGUMENTS, SLOW, WINDOW, dash_idle, map_ready, new_page, sign_in
from serving import serving

from data.people import SAMPLE_PASSWORD

pytestmark = pytest.mark.browser

VIEW = """() => {
  const map = document.querySelector('#map-graph .js-plotly-plot')._fullLayout.map._subplot.map;
  const {lng, lat} = map.getCenter();
  return [lng, lat, map.getZoom()].map(number => Number(number.toFixed(4)));
}"""
READY = "() => (document.querySelector('#map-graph .js-plotly-plot') || {dataset: {}}).dataset.ready || ''"
LABELS = """() => document.querySelector('#map-graph .js-plotly-plot')._fullLayout.map._subplot.map
  .queryRenderedFeatures({layers: ['linli-names']}).map(each => each.properties.name)"""
AT = """code => {
  const map = document.querySelector('#map-graph .js-plotly-plot')._fullLayout.map._subplot.map;
  const graph = document.querySelector('#map-graph .js-plotly-plot');
  const at = graph.data[0].locations.indexOf(code), box = graph.getBoundingClientRect();
  const spot = map.project([graph.layout.meta.lon[at], graph.layout.meta.lat[at]]);
  return [spot.x + box.left, spot.y + box.top];
}"""
FILLED = """() => {
  const graph = document.querySelector('#map-graph .js-plotly-plot'), map = graph._fullLayout.map._subplot.map;
  const north = graph.layout.meta.lat.map((lat, at) => map.project([graph.layout.meta.lon[at], lat]).y);
  return (Math.max(...north) - Math.min(...north)) / graph.clientHeight;
}"""
COUNTED = """() => {
  const graph = document.querySelector('#map-graph .js-plotly-plot'), about = graph.layout.meta;
  const customdata = [['count', '甲网格', [0, 12, 4, 0, 0]]];
  Object.assign(graph.data[1], {lon: [about.lon[0]], lat: [about.lat[0]], customdata});
  return window.Plotly.redraw(graph);
}"""
DRAWN = """() => document.querySelector('#map-graph .js-plotly-plot')._fullLayout.map._subplot.map
  .queryRenderedFeatures({layers: ['linli-counts']}).length"""
DISC = """() => {
  const graph = document.querySelector('#map-graph .js-plotly-plot'), map = graph._fullLayout.map._subplot.map;
  const box = graph.getBoundingClientRect(), label = map.project([graph.data[1].lon[0], graph.data[1].lat[0]]);
  for (let x = -60; x <= 60; x += 4) for (let y = -60; y <= 60; y += 4) {
    const hit = map.queryRenderedFeatures([label.x + x, label.y + y], {layers: ['linli-counts']})[0];
    if (hit) return {n: hit.properties.n, x: label.x + x + box.left, y: label.y + y + box.top};
  }
}"""
# Corners of the units shown that lie under what stands over the map, and how much of the map the units fill.
COVERED = """async () => {
  const graph = document.querySelector('#map-graph .js-plotly-plot'), map = graph._fullLayout.map._subplot.map;
  const frame = graph.getBoundingClientRect(), found = await (await fetch(graph.layout.meta.shapes)).json();
  const spots = found.features.flatMap(each => each.geometry.coordinates.flat(each.geometry.type === 'Polygon' ? 1 : 2))
    .map(at => map.project(at)).map(at => [at.x + frame.left, at.y + frame.top]);
  const over = [...document.querySelectorAll('.board .lg, .board .seg, .board .zoom, .board .chip')]
    .map(each => each.getBoundingClientRect()).filter(box => box.width);
  const wide = list => Math.max(...list) - Math.min(...list);
  return {
    under: spots.filter(([x, y]) => over.some(b => x > b.left && x < b.right && y > b.top && y < b.bottom)).length,
    outside: spots.filter(([x, y]) => x < frame.left || x > frame.right || y < frame.top || y > frame.bottom).length,
    filled: Math.max(wide(spots.map(at => at[0])) / frame.width, wide(spots.map(at => at[1])) / frame.height),
  };
}"""
# Names drawn, and those of them that touch a point or another name.
TOUCHING = """() => {
  const graph = document.querySelector('#map-graph .js-plotly-plot'), map = graph._fullLayout.map._subplot.map;
  const pen = document.createElement('canvas').getContext('2d'), seen = new Map();
  pen.font = '600 12px "Noto Sans CJK SC", sans-serif';
  for (const {properties, geometry} of map.queryRenderedFeatures({layers: ['linli-names']})) {
    const at = map.project(geometry.coordinates), half = pen.measureText(properties.name).width / 2;
    seen.set(properties.code, [at.x - half, at.y - 14, at.x + half, at.y + 14]);
  }
  const spots = graph.data[1].lon.map((lon, at) => map.project([lon, graph.data[1].lat[at]]));
  const points = spots.map(at => [at.x, at.y, at.x, at.y]);
  const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
  const boxes = [...seen.values()];
  return {names: boxes.length, on: boxes.filter(box => points.some(point => meet(box, point))).length,
    pairs: boxes.filter((box, at) => boxes.slice(at + 1).some(other => meet(box, other))).length};
}"""
GRAVE = ("serious", "critical")
CHOSEN = "() => (document.querySelector('table.ranking tr.sel') || {dataset: {}}).dataset.code || ''"


@pytest.fixture(scope="module")
def server(sample_city, tmp_path_factory):
    import shutil

    folder = tmp_path_factory.mktemp("browser_map")
    instance = shutil.copytree(sample_city, folder / "instance")
    with serving(instance, log=folder / "server.log") as running:
        yield running


@pytest.fixture(scope="module")
def people(chromium, server):
    """A signed-in browser of each account, made once: its cache spares every test the bundles."""
    made = {}

    def browser_of(name: str):
        if name not in made:
            made[name] = chromium.new_context(**WINDOW)
            made[name].set_default_timeout(SLOW)
            page = made[name].new_page()
            sign_in(page, server.url, name)
            page.close()
        return made[name]

    yield browser_of
    for context in made.values():
        context.close()


@pytest.fixture
def signed(people, server, faults):
    """Open a watched page of a sample account at an address, in a language and theme, in a window of some size."""
    opened = []

    def open_at(
        path: str, *, name: str = "leader", language: str = "zh", theme: str = "light", size=(1440, 900)
    ):
        context = people(name)
        chosen = {"linli-language": language, "linli-theme": theme}
        context.add_cookies(
            [{"name": key, "value": value, "url": server.url} for key, value in chosen.items()]
        )
        page = faults.watch(context.new_page())
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(server.url + path)
        opened.append(page)
        return page

    yield open_at
    for page in opened:
        page.close()


def standing(page) -> None:
    """Wait until the map is drawn with its names, and nothing is under way."""
    page.wait_for_selector("#map-graph .js-plotly-plot")
    dash_idle(page)
    map_ready(page)
    page.wait_for_function("path => (" + READY + ")().startsWith(path)", arg=path_of(page))


def settled(page):
    """The view once it has stopped changing: fitting may follow the first drawing."""
    last = None
    while last != (now := page.evaluate(VIEW)):
        last = now
        page.wait_for_timeout(1500)
    return now


def path_of(page) -> str:
    return page.evaluate("() => location.pathname")


def wait_for_address(page, part: str) -> None:
    """Wait until the address holds a text: moving inside the page loads no document to wait for."""
    page.wait_for_function("part => location.href.includes(part)", arg=part)


def test_home_leads_to_ones_own_unit_and_nothing_scrolls(signed):
    page = signed("/")
    standing(page)
    assert "网格" in page.inner_text(".board .seg")
    assert len(page.evaluate(LABELS)) >= 3
    assert page.evaluate(FILLED) > 0.3  # the view is fitted to the unit, not the first guess of the server
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.locator(".side .tr").count() == 1
    settled(page)
    holds_every_unit(page, least=0.8)


def holds_every_unit(page, *, least: float) -> None:
    """No unit lies outside the map or under what stands over it, and they fill a good part of it."""
    found = page.evaluate(COVERED)
    assert found["under"] == 0 and found["outside"] == 0
    assert found["filled"] > least, found


def test_names_touch_neither_points_nor_each_other(signed):
    page = signed("/map/area/-?indicator=cases_open")
    for level in ("area", "grid"):
        standing(page)
        settled(page)
        found = page.evaluate(TOUCHING)
        assert found["names"] >= 5 and found["on"] == 0 and found["pairs"] == 0, level
        if level == "area":
            page.click(".board .seg a[href*='/map/grid/']")
            page.wait_for_function("() => location.pathname.startsWith('/map/grid/')")


def test_units_too_small_for_their_names_show_those_of_a_level_above(signed):
    page = signed("/map/metagrid/-")
    standing(page)
    settled(page)
    above = LABELS.replace("linli-names", "linli-above")
    assert page.evaluate(LABELS) == [] and 5 <= len(set(page.evaluate(above))) <= 30


def test_ones_own_level_shows_the_unit_alone(signed):
    page = signed("/map/subdistrict/-")
    standing(page)
    assert page.locator("table.ranking tbody tr[data-code]").count() == 1
    assert "街道" in page.inner_text(".board .seg a.on")


def test_the_badge_speaks_of_the_sources_of_the_indicator(signed):
    page = signed("/")
    standing(page)
    first = page.inner_text("#shell-freshness")
    page.click(".controls details.indicator summary")
    page.click(".controls .list a[href*='order_satisfaction']")
    page.wait_for_function("text => document.querySelector('#shell-freshness').innerText !== text", arg=first)
    assert "2 源" in first and "源" not in page.inner_text("#shell-freshness")  # two of cases, one of orders
    assert page.get_attribute("#shell-freshness", "href") == "/sources"


def test_a_key_opens_the_card_of_the_indicator_and_pages_keep_place_and_days(signed):
    page = signed("/?from=2026-10-01&to=2026-11-01")
    standing(page)
    page.keyboard.press("c")
    page.wait_for_selector(".metric:popover-open")
    assert "÷" in page.inner_text(".metric .formula")
    page.keyboard.press("Escape")
    page.wait_for_selector(".metric:popover-open", state="hidden")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.pathname.split('/')[2] === 'grid'")
    standing(page)
    code = page.evaluate("() => location.pathname.split('/')[3]")
    page.keyboard.press("g")
    page.keyboard.press("k")
    page.wait_for_selector(".page.kpi")
    assert page.evaluate("() => location.pathname") == f"/kpi/{code}"
    assert "from=2026-10-01" in page.url and "case_on_time_closure_rate" in page.url


def test_a_wide_window_has_a_second_trend(signed):
    page = signed("/", size=(1920, 1080))
    standing(page)
    assert page.locator(".side .tr").count() == 2 and page.locator(".side .tr.second").is_visible()
    assert page.evaluate("() => document.querySelector('.side').offsetWidth") == 640


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_no_serious_finding_on_the_map(signed, language, theme):
    page = signed("/map/grid/-", language=language, theme=theme)
    standing(page)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    told = [
        (each["id"], [node["html"][:140] for node in each["nodes"][:3]])
        for each in found
        if each["impact"] in GRAVE
    ]
    assert not told
    told_in = {"zh": ("zh-CN", "按期结案率"), "en": ("en", "On-time closure")}[language]
    assert page.get_attribute("html", "lang") == told_in[0] and told_in[1] in page.inner_text(".side .unit")
    assert page.get_attribute("html", "data-theme") == theme
    page.click("a.switch.icon")
    page.wait_for_selector(f"html[data-theme={'dark' if theme == 'light' else 'light'}]")


def test_change_of_indicator_is_one_small_answer_and_keeps_the_view(signed):
    page = signed("/")
    standing(page)
    settled(page)
    page.click(".board [data-zoom=in]")
    before, sent = settled(page), []
    page.on("response", lambda answer: sent.append(answer) if "_dash-update" in answer.url else None)
    page.click(".controls details.indicator summary")
    page.click(".controls .list a[href*='cases_overdue_open']")
    dash_idle(page)
    assert page.evaluate(VIEW) == before and "indicator=cases_overdue_open" in page.url
    assert len(sent) == 1 and len(sent[0].body()) and int(sent[0].headers.get("content-length", 0)) < 40_000
    assert "超期未结" in page.inner_text(".side .unit")


def test_click_down_and_back_gives_the_same_picture(signed):
    page = signed("/")
    standing(page)
    page.click(".board .seg a:nth-child(2)")
    standing(page)
    upper, address = settled(page), page.url
    code = page.evaluate("() => document.querySelector('#map-graph .js-plotly-plot').data[0].locations[0]")
    page.mouse.click(*page.evaluate(AT, code))
    wait_for_address(page, f"/{code}?")
    standing(page)
    lower = settled(page)
    assert lower != upper
    page.go_back()
    wait_for_address(page, address.partition("/map")[2])
    standing(page)
    assert settled(page) == upper
    page.go_forward()
    standing(page)
    assert settled(page) == lower


def test_a_pasted_address_gives_the_same_picture_to_another_person(signed, server):
    first = signed("/")
    standing(first)
    first.click(".board .seg a:nth-child(2)")
    standing(first)
    other = signed(first.url.removeprefix(server.url), name="analyst")
    standing(other)
    for shown in (".side .unit", ".ranking tbody", ".lg"):
        assert other.inner_text(shown) == first.inner_text(shown)
    assert settled(other) == settled(first)


def test_rows_are_walked_by_keys(signed):
    page = signed("/")
    standing(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    codes = page.eval_on_selector_all(
        "table.ranking tr[data-code]", "rows => rows.map(row => row.dataset.code)"
    )
    assert page.evaluate(CHOSEN) == codes[0]
    page.keyboard.press("Enter")
    wait_for_address(page, f"/{codes[0]}?")
    standing(page)
    page.keyboard.press("Backspace")
    page.wait_for_function("code => !location.href.includes(code)", arg=codes[0])
    page.keyboard.press("Shift+?")
    assert page.is_visible("dialog#shell-help")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.id") == "shell-search"


def test_the_card_beside_the_pointer_tells_name_value_base_and_rank_or_the_kinds_of_a_disc(signed):
    page = signed("/")
    standing(page)
    page.click(".board .seg a:nth-child(2)")
    standing(page)
    row = page.locator("table.ranking tbody tr[data-code]").first
    x, y = page.evaluate(AT, row.get_attribute("data-code"))
    page.mouse.move(x + 9, y + 26)
    page.mouse.move(x + 10, y + 27)
    page.wait_for_selector(".hov:not([hidden])")
    card = page.inner_text(".hov")
    for part in (row.locator("th").inner_text(), "按期结案率", "件"):
        assert part in card
    counted_points_are_discs_that_tell_their_kinds(page)


def counted_points_are_discs_that_tell_their_kinds(page) -> None:
    page.evaluate(COUNTED)
    page.wait_for_function(DRAWN)
    disc = page.evaluate(DISC)
    assert disc["n"] == 16
    page.mouse.move(disc["x"] - 1, disc["y"])
    page.mouse.move(disc["x"], disc["y"])
    page.wait_for_function("() => document.querySelector('.hov').innerText.includes('甲网格')")
    assert "超期 12 · 工单 4" in page.inner_text(".hov")


def test_a_phone_has_a_sheet_with_three_stops_and_tabs(signed):
    page = signed("/", size=(390, 844))
    standing(page)
    assert page.is_visible(".tabs a.on") and not page.is_visible(".nav")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.is_visible(".board .seg a.on")
    settled(page)
    holds_every_unit(page, least=0.5)
    heights = []
    for _ in range(3):
        heights.append(page.evaluate("() => document.querySelector('.side').offsetHeight"))
        page.click(".grip")
    assert len(set(heights)) == 3


def test_without_webgl_the_table_stands_and_says_why(chromium, faults, server):
    browser = chromium.browser_type.launch(
        executable_path=server_executable(), args=[*ARGUMENTS, "--disable-3d-apis"]
    )
    page = new_page(browser, faults)
    page.goto(f"{server.url}/login")
    page.fill("#name", "leader")
    page.fill("#password", SAMPLE_PASSWORD)
    page.click("form.signin-form button[type=submit]")
    page.wait_for_selector("table.ranking tbody tr")
    assert "WebGL2" in page.inner_text(".board") and page.query_selector("#map-graph") is None
    browser.close()


def server_executable() -> str:
    from tools import chromium as find

    return str(find())


def test_the_measures_behind_the_map_as_files(signed, server):
    page = signed("/kpi/-")
    page.wait_for_selector("main.page")
    code = page.evaluate("() => location.pathname.split('/')[2]")
    rows = json.loads(page.request.get(f"{server.url}/map/area/{code}.json").text())
    text = page.request.get(f"{server.url}/map/area/{code}.csv").text()
    assert {row["kind"] for row in rows} >= {"unit", "total"}
    assert text.splitlines()[0].startswith("indicator,unit_code") and len(text.splitlines()) == len(rows) + 1
