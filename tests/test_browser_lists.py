"""Place names and departments from the browser: an entry put on the small map, a workbook taken, words joined."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from browsing import dash_idle, sign_in
from playwright.sync_api import Page, expect
from serving import Server, serving
from test_browser_upload import choose, fits, grave

from layouts.departments_ask import PATH as DEPARTMENTS
from layouts.gazetteer_ask import PATH

pytestmark = pytest.mark.browser


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
    sign_in(page, city.url, "operator")
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
    page.wait_for_selector("[role=status] .met")
    page.fill("[name=text]", "望江茶室")
    page.press("[name=text]", "Enter")
    page.wait_for_url("**text=**")
    expect(page.locator(".book-rows tbody tr")).to_have_count(1)
    page.fill("[name=address]", "望江茶室门口")
    page.press("[name=address]", "Enter")
    expect(page.locator(".try .fb")).to_be_visible()
    page.fill("[name='f.low']", "x")
    page.press("[name='f.low']", "Enter")  # saves; what ends an entry is further on, and asked for twice
    expect(page.locator(".entry [role=alert]")).to_contain_text("整数")
    assert page.input_value("[name='f.low']") == "x"
    page.click(".entry button[value=end]")
    expect(page.locator(".entry button[value=end]")).to_have_text("再点一次停用")
    page.click(".entry button[value=end]")
    expect(page.locator("[role=status] .met")).to_contain_text("已停用")


def test_a_workbook_of_place_names_is_weighed_and_taken(page, city, workbook):
    sign_in(page, city.url, "operator")
    opened(page, city, f"{PATH}?view=import")
    choose(page, workbook)
    page.wait_for_selector(".confirm")
    dash_idle(page)
    expect(page.locator(".rejects tbody tr")).to_have_count(1)
    expect(page.locator(".rejects")).to_contain_text("住所")
    page.click(".confirm button[value=take]")
    expect(page.locator(".done h1")).to_contain_text("地名已导入")
    opened(page, city, f"{PATH}?text=新竹路12")
    expect(page.locator(".book-rows tbody tr")).to_have_count(1)


@pytest.fixture(scope="module")
def often(sample_city) -> str:
    """An address that many facts with coordinates have."""
    with sqlite3.connect(f"file:{sample_city / 'linli.db'}?mode=ro", uri=True) as connection:
        asked = """SELECT address FROM fact_cases WHERE lon IS NOT NULL AND address LIKE '%路___号'
                   GROUP BY address ORDER BY count(*) DESC LIMIT 1"""
        return connection.execute(asked).fetchone()[0]


def test_what_facts_tell_of_an_ended_entry_is_proposed_and_accepted(page, city, often):
    sign_in(page, city.url, "operator")
    opened(page, city, f"{PATH}?text={often}")
    expect(page.locator(".book-rows tbody tr")).to_have_count(1)
    for _ in range(2):
        page.click(".entry button[value=end]")
    page.wait_for_selector("[role=status] .met")
    opened(page, city, f"{PATH}?view=proposals")
    page.click("button[value=grow]")
    page.wait_for_selector("[role=status] .met")
    dash_idle(page)
    expect(page.locator(".judged tbody tr")).to_contain_text(often)
    ticks = page.locator(".judged tbody input[type=checkbox]")
    page.locator(".every").click()
    assert page.locator(".judged tbody input:checked").count() == ticks.count() == 1
    page.locator(".judged tbody input").first.focus()
    page.keyboard.press("Enter")  # accepts: what comes first in the form
    page.wait_for_url("**done=judged**")
    opened(page, city, f"{PATH}?text={often}")
    expect(page.locator(".book-rows tbody tr")).to_contain_text("记录推荐")


def test_a_word_no_list_knows_is_joined_with_a_department(page, city):
    sign_in(page, city.url, "operator")
    opened(page, city, DEPARTMENTS)
    first = page.locator(".book-rows tbody tr").first
    word = first.locator("a").inner_text()
    expect(first.locator(".warn")).to_be_visible()
    page.select_option("[name=owner]", "城管中队")
    page.click("button[value=join]")
    page.wait_for_selector("[role=status] .met")
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
    sign_in(page, city.url, "operator", language=language, theme=theme)
    asked = (f"{PATH}?entry=0&address=听景里", f"{PATH}?view=proposals", DEPARTMENTS, f"{PATH}?view=import")
    for address in asked:
        opened(page, city, address)
        assert grave(page) == [] and fits(page, size[0]), address
    choose(page, workbook)
    page.wait_for_selector(".confirm")
    dash_idle(page)
    assert grave(page) == [] and fits(page, size[0])
