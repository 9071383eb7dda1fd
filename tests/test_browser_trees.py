"""Two trees of units in a real Chromium: the switch on every page, a committee's own view, tables in place of maps."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import dash_idle, map_ready, sign_in
from playwright.sync_api import Page, expect
from serving import Server, run_linli, serving

pytestmark = pytest.mark.browser
OCTOBER = "from=2026-10-01&to=2026-11-01"
PASSWORD = "linli-sample-city"
TOTAL = "table.ranking tfoot tr.tot, table.league tfoot tr.tot"


@pytest.fixture(scope="module")
def city(sample_city, tmp_path_factory) -> Iterator[Server]:
    """A server on a copy of the sample city: with a tree without outlines, and a committee's secretary."""
    folder = tmp_path_factory.mktemp("trees")
    instance = shutil.copytree(sample_city, folder / "instance")
    parts = folder / "parts.csv"
    parts.write_text("code,name,street,title\nP1,东片,S,梧桐里街道\nP2,西片,S,梧桐里街道\n", encoding="utf-8")
    at = ("--instance", instance)
    run_linli(*at, "trees", "add", "parts", "--levels", "street,part", "--title", "片")
    fields = {"street": ("--code", "street", "--name", "title", "--dissolve"),
              "part": ("--code", "code", "--name", "name", "--parent", "street")}  # fmt: skip
    for level, columns in fields.items():
        run_linli(*at, "units", "import", parts, "--tree", "parts", "--level", level, *columns)
    run_linli(*at, "units", "publish", "--tree", "parts")
    add = ("users", "add", "secretary", "--role", "manager", "--tree", "admin", "--unit", "310199001007")
    run_linli(*at, *add, "--password-stdin", input=PASSWORD + "\n")
    with serving(Path(instance), log=folder / "server.log") as server:
        yield server


def go(page: Page, server: Server, address: str) -> None:
    page.goto(server.url + address)
    page.wait_for_selector("main.page")
    dash_idle(page)


def total(page: Page) -> str:
    """The line that sums the ranking up, with the columns that have no room here."""
    return page.locator(TOTAL).text_content() or ""


def tree_of(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("tree", [])


def switch_to(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "true")
    dash_idle(page)


def test_every_page_switches_and_shows_the_same_total(page, city):
    sign_in(page, city.url, "leader", password=PASSWORD)
    for address in (f"/map/grid/310199001?indicator=cases_reported&{OCTOBER}", f"/kpi/310199001?{OCTOBER}"):
        go(page, city, address)
        by_grid = total(page)
        switch_to(page, "按居委")
        assert tree_of(page) == ["admin"] and total(page) == by_grid and by_grid.strip()
        assert page.locator("tbody tr th.name").first.inner_text().endswith("居委会")
        switch_to(page, "按网格")
        assert tree_of(page) == [] and total(page) == by_grid
    go(page, city, f"/analyst?subject=cases&unit=310199001&{OCTOBER}")
    rows = page.locator(".stat dd").first.inner_text()
    switch_to(page, "按居委")
    assert page.locator(".stat dd").first.inner_text() == rows
    page.get_by_role("button", name="查看").click()
    dash_idle(page)
    assert tree_of(page) == ["admin"]


def test_a_secretary_sees_the_committee_alone_whatever_the_tree(page, city):
    sign_in(page, city.url, "secretary", password=PASSWORD)
    page.goto(f"{city.url}/?indicator=cases_reported&{OCTOBER}")
    dash_idle(page)
    map_ready(page)
    assert page.locator(".unit h1").inner_text().startswith("清风居委会")
    own = total(page)
    switch_to(page, "按网格")
    page.wait_for_function("() => location.search.indexOf('tree=') < 0")
    assert page.locator(".unit h1").inner_text().startswith("清风居委会") and total(page) == own
    go(page, city, f"/map/grid/-?indicator=cases_reported&{OCTOBER}")
    assert total(page) == own
    units = page.locator("table.ranking tbody tr").count()
    assert 2 <= units < 20
    go(page, city, f"/map/grid/31019900105?{OCTOBER}")  # the area of 南塘, where none of its facts lie
    assert page.locator("section.forbidden").count() == 1
    for name in ("指标", "分析"):
        page.get_by_role("link", name=name, exact=True).first.click()
        dash_idle(page)
        assert page.locator("main.page").count() == 1


def test_units_without_outlines_take_the_room_of_the_map(page, city):
    sign_in(page, city.url, "leader", password=PASSWORD)
    go(page, city, f"/map/grid/310199001?indicator=cases_reported&{OCTOBER}")
    map_ready(page)
    by_grid = total(page)
    switch_to(page, "按片")
    note = page.locator(".board .shapeless")
    expect(note).to_be_visible()
    expect(page.locator(".board .frame")).to_be_hidden()
    assert page.locator(".side").bounding_box()["width"] > 1300
    go(page, city, f"/map/part/-?tree=parts&indicator=cases_reported&{OCTOBER}")
    rows = page.locator("table.ranking tbody th.name").all_inner_texts()
    assert rows == ["东片", "西片"]
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    switch_to(page, "按网格")
    map_ready(page)
    expect(page.locator(".board .frame")).to_be_visible()
    assert page.locator("#map-graph .js-plotly-plot").bounding_box()["width"] > 600
    assert total(page) and by_grid


def test_a_phone_reaches_the_other_tree_and_departments(pages, city):
    page = pages(viewport={"width": 390, "height": 844})
    sign_in(page, city.url, "leader", password=PASSWORD)
    go(page, city, f"/map/grid/310199001?indicator=cases_reported&{OCTOBER}")
    switch_to(page, "按居委")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    go(page, city, f"/kpi/310199001?{OCTOBER}")
    page.get_by_role("link", name="承办部门", exact=True).click()
    dash_idle(page)
    assert page.locator("table.league tbody th.name").first.inner_text()
    edges = "[...document.querySelectorAll('.lea .seg')].map(each => each.getBoundingClientRect().right)"
    assert max(page.evaluate(edges)) <= 390  # more choices than fit go on a second line
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_department_of_the_league_leads_to_its_own_page(page, city):
    sign_in(page, city.url, "leader", password=PASSWORD)
    go(page, city, f"/kpi/310199001?{OCTOBER}&group=orders&by=department")
    row = page.locator("table.league tbody tr", has_text="城管中队")
    shown = row.locator("td.base").inner_text()
    row.get_by_role("link").click()
    dash_idle(page)
    assert parse_qs(urlsplit(page.url).query)["department"] == ["城管中队"]
    expect(page.locator("#shell-controls")).to_contain_text("城管中队")
    assert page.locator("table.league tfoot tr.tot td.base").inner_text() == shown
    page.locator("#shell-controls details.menu summary", has_text="城管中队").click()
    page.get_by_role("link", name="全部", exact=True).click()
    dash_idle(page)
    assert "department" not in parse_qs(urlsplit(page.url).query)
