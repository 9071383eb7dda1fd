"""KPI, analyst, sources and glossary in a real browser: addresses, keyboard, phone, both languages, axe."""

import shutil
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import dash_idle, sign_in
from playwright.sync_api import Page, expect
from serving import Server, serving

from layouts.assessment import SECTIONS

pytestmark = pytest.mark.browser
OCTOBER = "from=2026-10-01&to=2026-11-01"
VIEWS = {
    "kpi": f"/kpi/-?{OCTOBER}",
    "kpi-cases": f"/kpi/-?{OCTOBER}&group=cases&level=grid",
    "analyst": f"/analyst?{OCTOBER}",
    "sources": "/sources",
    "glossary": "/glossary",
    **{name: f"/assessment/{name}" for name in SECTIONS},
}


@pytest.fixture(scope="module")
def city(sample_city, tmp_path_factory) -> Iterator[Server]:
    """One server for the tests of this module, on a copy of the sample city."""
    folder = tmp_path_factory.mktemp("pages")
    instance = shutil.copytree(sample_city, folder / "instance")
    with serving(instance, log=folder / "server.log") as server:
        yield server


def go(page: Page, server: Server, address: str) -> None:
    page.goto(server.url + address)
    page.wait_for_selector("main.page")
    dash_idle(page)


def asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
@pytest.mark.parametrize("name", VIEWS)
def test_no_page_has_a_serious_finding_or_is_wider_than_its_window(page, city, name, language, theme):
    sign_in(page, city.url, "operator", language=language, theme=theme)
    go(page, city, VIEWS[name])
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert not [(each["id"], [node["html"][:140] for node in each["nodes"][:3]]) for each in grave]
    for width, height in ((1440, 900), (1920, 1080), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        wide, tall = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert wide <= width, f"{wide} px in {width}"
        if name in ("kpi", "kpi-cases", "sources") and width >= 1440:
            assert tall <= height, f"the page scrolls, {tall} px in {height}"


def test_what_cannot_be_shown_fits_a_phone_too(pages, city):
    page = pages(viewport={"width": 390, "height": 844})
    for language in ("zh", "en"):
        sign_in(page, city.url, "leader", language=language, theme="dark")
        go(page, city, "/map/grid/no-such-unit")
        assert page.locator(".st.forbidden").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not page.locator(".controls").is_visible(), "an empty row of selectors"


def test_rows_of_the_ranking_are_walked_by_keys_and_lead_down_and_up(page, city):
    sign_in(page, city.url, "leader")
    go(page, city, VIEWS["kpi"])
    page.keyboard.press("j")
    page.keyboard.press("j")
    name = page.locator(".league tr.sel th").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(name)
    dash_idle(page)
    page.keyboard.press("Backspace")
    expect(page.locator("h1")).not_to_have_text(name)
    page.keyboard.press("c")
    expect(page.locator(".metric:popover-open .formula")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    assert page.evaluate("document.activeElement.closest('details.indicator') !== null")


def test_the_window_is_called_by_place_and_page(page, city):
    sign_in(page, city.url, "leader")
    go(page, city, "/glossary")
    page.wait_for_function("() => document.title.startsWith('词汇表 · 词汇 · ')")
    go(page, city, "/kpi/no-such-unit")
    page.wait_for_function("() => document.title.includes('看不到这个单元')")


def test_rejects_of_the_sample_are_told_with_their_reasons(page, city):
    sign_in(page, city.url, "leader")
    go(page, city, "/sources?source=hotline_12345")
    expect(page.locator(".rejects tbody tr")).to_have_count(3)
    expect(page.locator(".rejects")).to_contain_text("不在取值表：满意、基本满意")
    expect(page.locator("table.loads tbody tr").first).to_contain_text("hotline_12345-")
    expect(page.locator(".accounts")).to_contain_text("高空抛物摄像")


def test_the_metric_card_opens_by_keyboard_and_gives_the_focus_back(page, city):
    sign_in(page, city.url, "leader")
    go(page, city, VIEWS["kpi"])
    page.focus("[data-opens=metric-order_satisfaction]")
    page.keyboard.press("Enter")
    card = page.locator("#metric-order_satisfaction")
    expect(card).to_be_visible()
    expect(card.locator(".formula")).to_contain_text("÷")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.opens") == "metric-order_satisfaction"


def test_every_choice_of_the_kpi_page_is_in_the_address(page, city):
    sign_in(page, city.url, "leader")
    go(page, city, VIEWS["kpi"])
    page.click(".kpi-strip .seg a >> nth=1")
    page.wait_for_selector(".cards.n8")
    page.click(".lea .seg a:text-is('网格')")
    page.wait_for_function("() => document.querySelectorAll('.league tbody tr').length > 5")
    page.click(".league th a >> text=用时 P90")
    page.wait_for_url("**indicator=case_hours_p90**")
    dash_idle(page)
    shown = page.locator(".league").inner_text()
    assert (
        asked(page)["group"] == "cases"
        and asked(page)["level"] == "grid"
        and asked(page)["from"] == "2026-10-01"
    )
    page.reload()
    page.wait_for_selector(".league")
    assert page.locator(".league").inner_text() == shown
    page.go_back()
    page.wait_for_function("() => !location.search.includes('case_hours_p90')")
    dash_idle(page)
    expect(page.locator(".league th[aria-sort] a")).to_contain_text("按期结案")


def test_a_unit_leads_down_and_a_foreign_one_says_nothing(page, city):
    sign_in(page, city.url, "leader")
    go(page, city, VIEWS["kpi"])
    name = page.locator(".league tbody a").first.inner_text()
    page.locator(".league tbody a").first.click()
    expect(page.locator("h1")).to_have_text(name)
    go(page, city, "/kpi/no-such-unit")
    expect(page.locator("main")).to_contain_text("不在你的范围内")


def test_preview_filters_sorts_and_downloads_one_selection(page, city):
    sign_in(page, city.url, "analyst")
    go(page, city, VIEWS["analyst"])
    every = int(page.locator(".stat dd b").first.inner_text().split()[0].replace(",", ""))
    page.select_option("select[name=status]", "closed")
    page.wait_for_url("**status=closed**")
    dash_idle(page)
    closed = int(page.locator(".stat dd b").first.inner_text().split()[0].replace(",", ""))
    assert 0 < closed < every
    page.click(".g th a >> text=上报时间")
    page.wait_for_url("**sort=reported_at**")
    dash_idle(page)
    expect(page.locator(".g th[aria-sort=ascending]")).to_have_count(1)
    with page.expect_download() as found:
        page.click("text=通用 CSV")
    lines = found.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) - 1 == closed and lines[0].startswith("id,source,category")
    manifest = page.evaluate(
        "fetch(document.querySelector('.manifest a').href).then(answer => answer.json())"
    )
    assert manifest["rows"] == closed and manifest["query"]["filters"] == {"status": "closed"}
    page.click(".pager a >> nth=0")
    page.wait_for_url("**start=50**")
    dash_idle(page)
    expect(page.locator(".pager")).to_contain_text("第 51–100 行")
    assert asked(page)["status"] == "closed"


def test_another_subject_keeps_place_and_time_only(page, city):
    sign_in(page, city.url, "analyst")
    go(page, city, VIEWS["analyst"] + "&status=closed")
    page.select_option("select[name=subject]", "alerts")
    page.wait_for_url("**subject=alerts**")
    dash_idle(page)
    assert "status" not in asked(page) and asked(page)["from"] == "2026-10-01"
    expect(page.locator(".g thead")).to_contain_text("发生时间")


def test_a_run_is_asked_for_by_those_who_may(pages, city):
    operator, leader = pages(), pages()
    sign_in(operator, city.url, "operator")
    sign_in(leader, city.url, "leader")
    go(leader, city, VIEWS["sources"])
    expect(leader.locator(".accounts button")).to_have_count(0)
    go(operator, city, VIEWS["sources"])
    operator.locator(".accounts button").first.click()
    expect(operator.locator("#sources-asked")).to_contain_text("已排队")
    operator.reload()
    operator.wait_for_selector(".runs")
    expect(operator.locator(".runs tbody")).to_contain_text("排队")


def test_the_glossary_opens_at_the_indicator_named(page, city):
    sign_in(page, city.url, "leader")
    go(page, city, "/glossary#order_satisfaction")
    page.wait_for_function(
        "() => document.getElementById('order_satisfaction').getBoundingClientRect().top < 200"
    )
    go(page, city, VIEWS["kpi"])
    page.click("[data-opens=metric-order_satisfaction]")
    page.click("#metric-order_satisfaction >> text=词汇表")
    page.wait_for_url("**/glossary#order_satisfaction")
    expect(page.locator("#order_satisfaction")).to_be_in_viewport()


def test_files_answer_only_what_is_asked_rightly_and_by_whom_may(pages, city):
    analyst, stranger = pages(), pages()
    sign_in(analyst, city.url, "analyst")
    for address, status in {
        f"/files/cases.csv?{OCTOBER}&flavour=machine": 200,
        f"/files/measures.xlsx?{OCTOBER}&level=grid": 200,
        f"/files/cases.csv?{OCTOBER}&flavour=odd": 400,
        "/files/cases.csv?from=2026-13-01": 400,
        f"/files/cases.csv?{OCTOBER}&unit=no-such-unit": 404,
        "/files/cases.exe": 404,
        "/files/people.csv": 404,
    }.items():
        assert analyst.request.get(city.url + address).status == status, address
        assert stranger.request.get(city.url + address, max_redirects=0).status == 401, address
