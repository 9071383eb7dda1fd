"""Boundaries from the browser: a file over the present units, faults and changes shown, published, taken back."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from browsing import dash_idle, sign_in
from playwright.sync_api import Page, expect
from serving import Server, serving
from test_browser_upload import choose, fits, grave

from layouts.boundaries_ask import PATH

pytestmark = pytest.mark.browser
DOT = """async address => {
  const drawn = new DOMParser().parseFromString(await (await fetch(address)).text(), 'image/svg+xml');
  const [dot, box] = [drawn.querySelector('circle[r="4"]'), drawn.documentElement.viewBox.baseVal];
  return [dot.getAttribute('cx') / box.width, dot.getAttribute('cy') / box.height];
}"""
WHERE = 'img => new URLSearchParams(img.src.split("?")[1]).get("lon")'


@pytest.fixture(scope="module")
def city(sample_city, tmp_path_factory) -> Iterator[Server]:
    """One server for the tests of this module, on a copy of the sample city."""
    folder = tmp_path_factory.mktemp("boundaries")
    instance = shutil.copytree(sample_city, folder / "instance")
    with serving(instance, log=folder / "server.log") as server:
        yield server


@pytest.fixture
def areas(sample_city, tmp_path) -> Path:
    """The areas as an office would send them: one renamed, one with a hole in it."""
    with sqlite3.connect(f"file:{sample_city / 'linli.db'}?mode=ro", uri=True) as connection:
        newest = connection.execute("SELECT max(id) FROM boundary_version WHERE tree = 'grid'").fetchone()
        asked = "SELECT code, name, shape FROM unit WHERE version_id = ? AND level = 1 ORDER BY code"
        rows = connection.execute(asked, newest).fetchall()
        above = connection.execute(
            "SELECT code FROM unit WHERE version_id = ? AND level = 0", newest
        ).fetchone()
    features = []
    for at, (code, name, shape) in enumerate(rows):
        ground = shapely.from_wkb(shape)
        if at == 1:
            ground = ground.difference(ground.representative_point().buffer(0.0003))
        values = {"片区编码": code, "片区名称": f"{name}新" if at == 0 else name, "街道": above[0]}
        drawn = json.loads(shapely.to_geojson(ground))
        features.append({"type": "Feature", "properties": values, "geometry": drawn})
    path = tmp_path / "片区.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def looked_at(page: Page) -> str:
    """Where the picture stands."""
    return page.locator("img.sketch").first.evaluate(WHERE)


def put(page: Page, city: Server, path: Path) -> None:
    page.goto(f"{city.url}{PATH}")
    page.wait_for_selector(".drop")
    choose(page, path)
    page.wait_for_selector(".confirm")
    dash_idle(page)


def test_from_a_file_to_a_version_and_back(page, city, areas):
    sign_in(page, city.url, "operator")
    page.goto(f"{city.url}/sources")
    page.wait_for_selector(".accounts")
    page.click(f"a[href='{PATH}']")
    page.wait_for_selector(".drop")
    choose(page, areas)
    page.wait_for_selector(".confirm")
    dash_idle(page)
    assert page.locator("select[name=level]").input_value() == "area"
    assert page.locator("select[name=parent]").input_value() == "街道"
    expect(page.locator(".changed tbody tr")).to_have_count(2)
    whole = looked_at(page)
    page.locator(".faults .row-link").first.click()
    page.wait_for_url("**fault=**")
    dash_idle(page)
    assert looked_at(page) != whole
    page.click(".sketches a.btn")
    page.wait_for_url(lambda url: "fault=" not in url)
    dash_idle(page)
    box = page.locator("img.sketch").bounding_box()
    at = page.evaluate(DOT, page.locator("img.sketch").get_attribute("src"))
    page.locator("img.sketch").click(position={"x": at[0] * box["width"], "y": at[1] * box["height"]})
    page.wait_for_url("**near=**")
    expect(page.locator(".faults li.sel")).to_have_count(1)
    page.click("button[value=publish]")  # neither reason nor consent: the browser asks for them
    assert page.locator(".confirm").is_visible()
    page.fill("input[name=reason]", "片区调整")
    page.check("input[name=accept]")
    page.click("button[value=publish]")
    page.wait_for_selector(".done")
    page.click(f".done a[href='{PATH}']")
    page.wait_for_selector(".versions")
    newest = page.locator(".versions tbody tr").first
    expect(newest).to_contain_text("片区调整")
    newest.locator("input[name=reason]").fill("画错了")
    newest.locator("button").click()
    expect(page.locator(".versions tbody tr").first).to_contain_text("画错了")


def test_the_picture_is_dragged_and_brought_nearer(page, city, areas):
    sign_in(page, city.url, "operator")
    put(page, city, areas)
    before = looked_at(page)
    box = page.locator("img.sketch").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - box["width"] / 4, middle[1], steps=4)
    page.mouse.up()
    moved = looked_at(page)
    assert float(moved) > float(before)
    span = "img => +new URLSearchParams(img.src.split('?')[1]).get('span')"
    wide = page.locator("img.sketch").evaluate(span)
    page.click("[data-sketch=in]")
    assert page.locator("img.sketch").evaluate(span) == pytest.approx(wide / 2, abs=1e-6)
    page.click(".sketches .seg a:not(.on)")
    page.wait_for_url("**side=yes**")
    expect(page.locator("img.sketch")).to_have_count(2)
    assert looked_at(page) == moved, "the other way of looking stands where this one stood"


@pytest.mark.parametrize(
    ("size", "language", "theme"),
    [((1440, 900), "zh", "light"), ((390, 844), "en", "dark")],
    ids=["desktop-zh", "phone-en"],
)
def test_no_serious_finding_and_no_overflow(pages, city, areas, size, language, theme):
    page = pages(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 500)
    sign_in(page, city.url, "operator", language=language, theme=theme)
    page.goto(f"{city.url}{PATH}")
    page.wait_for_selector(".versions")
    dash_idle(page)
    assert grave(page) == [] and fits(page, size[0])
    choose(page, areas)
    page.wait_for_selector(".confirm")
    dash_idle(page)
    assert grave(page) == [] and fits(page, size[0])
    if size[0] > 1000:
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
