"""Place names and departments from the browser: an entry put on the small map, a workbook taken, words joined."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from browsing import dash_idle
from playwright.sync_api import Page, expect
from serving import Server, serving
from test_browser_upload import choose, fits, grave, sign_in

from layouts.departments_ask import PATH as DEPARTMENTS
from layouts.gazetteer_ask import PATH

pytestmark = pytest.mark.browser
SLOW = 60_000  # milliseconds that moving facts may take on a busy machine


@pytest.fixture(scope="module")
def city(sample_city, tmp_path_factory) -> Iterator[Server]:
    """One server for the tests of this module, on a copy of the sample city."""
    folder = tmp_path_factory.mktemp("lists")
    instance = shutil.copytree(sample_city, folder / "instance")
    with serving(instance, log=folder / "server.log") as server:
        yield server


@pytest.fixture
def workbook(tmp_path) -> Path:
    """Place names as an office keeps them, one of them not to be read."""
    book = openpyxl.Workbook()
    book.active.append(["地名类型", "名称", "路名", "门牌号", "经度", "纬度"])
    book.active.append(["小区", "新听竹苑", "", "", 121.5195, 31.2885])
    book.active.append(["楼栋", "", "新竹路", 12, 121.5195, 31.2885])
    book.active.append(["住所", "看不懂", "", "", 121.5195, 31.2885])
    path = tmp_path / "地名.xlsx"
    book.save(path)
    return path


def opened(page: Page, city: Server, address: str) -> None:
    page.goto(f"{city.url}{address}")
    page.wait_for_selector("main.book")
    dash_idle(page)


def test_an_entry_is_put_on_the_map_found_again_and_answers_an_address(page, city):
    sign_in(page, city)
    page.goto(f"{city.url}/sources")
    page.wait_for_selector(".accounts")
    page.click(f"a[href='{PATH}']")
    page.wait_for_selector(".book-rows")
    page.click("a[href*='entry=0']")
    page.wait_for_url("**entry=0**")
    dash_idle(page)
    page.fill("[name='f.name']", "望江茶室")
    page.select_option("[name='f.kind']", "landmark")
    page.locator("img.sketch").click(position={"x": 120, "y": 90})
    lon, lat = (page.input_value(f"[name='f.{name}']") for name in ("lon", "lat"))
    assert 121 < float(lon) < 122 and 31 < float(lat) < 32
    assert f"at={lon}%2C{lat}" in page.locator("img.sketch").get_attribute("src")
    page.locator("img.sketch").focus()
    page.keyboard.press("Enter")
    assert page.input_value("[name='f.lon']") != lon, "Enter takes the middle"
    page.click(".entry button[value=save]")
    page.wait_for_selector("[role=status] .met", timeout=SLOW)
    page.fill("[name=text]", "望江茶室")
    page.press("[name=text]", "Enter")
    page.wait_for_url("**text=**")
    expect(page.locator(".book-rows tbody tr")).to_have_count(1)
    page.fill("[name=address]", "望江茶室门口")
    page.press("[name=address]", "Enter")
    expect(page.locator(".try .fb")).to_be_visible()
    page.fill("[name='f.low']", "x")
    page.click(".entry button[value=save]")
    expect(page.locator(".entry [role=alert]")).to_contain_text("整数", timeout=SLOW)
    assert page.input_value("[name='f.low']") == "x"


def test_a_workbook_of_place_names_is_weighed_and_taken(page, city, workbook):
    sign_in(page, city)
    opened(page, city, f"{PATH}?view=import")
    choose(page, workbook)
    page.wait_for_selector(".confirm", timeout=SLOW)
    dash_idle(page)
    expect(page.locator(".rejects tbody tr")).to_have_count(1)
    expect(page.locator(".rejects")).to_contain_text("住所")
    page.click(".confirm button[value=take]")
    expect(page.locator(".done h1")).to_contain_text("地名已导入", timeout=SLOW)
    opened(page, city, f"{PATH}?text=新竹路12")
    expect(page.locator(".book-rows tbody tr")).to_have_count(1)


def test_proposals_are_looked_for_and_ticked_at_once(page, city):
    sign_in(page, city)
    opened(page, city, f"{PATH}?view=proposals")
    page.fill("[name=least]", "1")
    page.click("button[value=grow]")
    page.wait_for_selector("[role=status] .met", timeout=SLOW)
    dash_idle(page)
    ticks = page.locator(".judged tbody input[type=checkbox]")
    if ticks.count():
        page.locator(".every").click()
        assert page.locator(".judged tbody input:checked").count() == ticks.count()
        page.click("button[value=refuse]")
        page.wait_for_url("**done=judged**", timeout=SLOW)
    else:
        expect(page.locator(".entries .note-line")).to_be_visible()


def test_a_word_no_list_knows_is_joined_with_a_department(page, city):
    sign_in(page, city)
    opened(page, city, DEPARTMENTS)
    first = page.locator(".book-rows tbody tr").first
    word = first.locator("a").inner_text()
    expect(first.locator(".warn")).to_be_visible()
    page.select_option("[name=owner]", "城管中队")
    page.click("button[value=join]")
    page.wait_for_selector("[role=status] .met", timeout=SLOW)
    dash_idle(page)
    assert word in page.input_value("[name='f.aliases']")
    assert page.locator(".book-rows .sel").inner_text().startswith("城管中队")


@pytest.mark.parametrize(
    ("size", "language", "theme"),
    [((1440, 900), "en", "dark"), ((390, 844), "zh", "light")],
    ids=["desktop-en", "phone-zh"],
)
def test_no_serious_finding_and_no_overflow(pages, city, workbook, size, language, theme):
    page = pages(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 500)
    sign_in(page, city, language=language, theme=theme)
    asked = (f"{PATH}?address=听景里", f"{PATH}?entry=0", f"{PATH}?view=proposals", DEPARTMENTS,
             f"{DEPARTMENTS}?view=import", f"{PATH}?view=import")  # fmt: skip
    for address in asked:
        opened(page, city, address)
        assert grave(page) == [] and fits(page, size[0]), address
    choose(page, workbook)
    page.wait_for_selector(".confirm", timeout=SLOW)
    dash_idle(page)
    assert grave(page) == [] and fits(page, size[0])
