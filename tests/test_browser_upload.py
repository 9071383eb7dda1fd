"""From an unknown workbook to a map, as somebody does it who has never seen the page: every click is counted."""

import io
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import dash_idle, map_ready, sign_in
from playwright.sync_api import Page, expect
from serving import Server, run_linli, serving

from geo.crs import wgs84_to_gcj02

pytestmark = pytest.mark.browser
FEW = 12
HEADER = ("任务流水", "发现时刻", "大类", "处置部门", "详细地址", "经度", "纬度", "联系电话", "备注二")
WORDS = {"zh": ("上传文件", "已入库", "看地图"), "en": ("Upload a file", "Stored", "See the map")}
COUNT_CLICKS = """() => {
  const before = +(sessionStorage.getItem('clicks') || 0);
  sessionStorage.setItem('clicks', before);
  document.addEventListener('click', (event) => {
    if (event.isTrusted) sessionStorage.setItem('clicks', +sessionStorage.getItem('clicks') + 1);
  }, true);
  document.addEventListener('change', (event) => {
    if (event.isTrusted) sessionStorage.setItem('clicks', +sessionStorage.getItem('clicks') + 2);
  }, true);
}"""


@pytest.fixture(scope="module")
def city(sample_city, tmp_path_factory) -> Iterator[Server]:
    """One server for the tests of this module, on a copy of the sample city."""
    folder = tmp_path_factory.mktemp("upload")
    instance = shutil.copytree(sample_city, folder / "instance")
    with serving(instance, log=folder / "server.log") as server:
        yield server


@pytest.fixture(scope="module")
def places(sample_city) -> list[tuple[float, float]]:
    """Label points of micro-grids, in WGS84 degrees."""
    with sqlite3.connect(f"file:{sample_city / 'linli.db'}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT label_lon, label_lat FROM unit WHERE level = 3").fetchall()


def workbook(places, path: Path, *, rows: int = 120, prefix: str = "CG") -> Path:
    """An export of no known platform: a title, headers of its own, GCJ-02, two bad rows, a total."""
    book, rnd = openpyxl.Workbook(), random.Random(rows)
    book.active.append(["二〇二六年十月案件明细"])
    book.active.append(HEADER)
    spots = np.array([rnd.choice(places) for _ in range(rows)]) + np.random.default_rng(1).uniform(
        -4e-4, 4e-4, (rows, 2)
    )
    lon, lat = wgs84_to_gcj02(spots[:, 0], spots[:, 1])
    for n in range(rows):
        at = f"2026-10-{n % 28 + 1:02d} {n % 24:02d}:15"
        book.active.append([f"{prefix}{n:05d}", at, rnd.choice(["市容环境", "街面秩序"]), "城管中队", f"青藤路{n}号",
                            round(lon[n], 6), round(lat[n], 6), f"139{n:08d}", ""])  # fmt: skip
    book.active.append([f"{prefix}90001", "2026-13-40", "市容环境", "城管中队", "某处", 121.1, 31.1, "", ""])
    book.active.append([f"{prefix}90002", "", "市容环境", "城管中队", "某处", 121.1, 31.1, "", ""])
    book.active.append(["合计", rows + 2])
    book.save(path)
    return path


def choose(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.click("[data-choose]")
    chooser.value.set_files(path)


def grave(page: Page) -> list:
    """Serious findings of axe."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        (each["id"], [node["html"][:140] for node in each["nodes"][:3]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def fits(page: Page, width: int) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("size", "language", "theme"),
    [((1440, 900), "zh", "light"), ((390, 844), "en", "dark")],
    ids=["desktop-zh", "phone-en"],
)
def test_from_an_unknown_workbook_to_a_map(pages, city, places, tmp_path, size, language, theme):
    name = f"巡查明细{language}{size[0]}"
    path = workbook(places, tmp_path / f"{name}.xlsx", rows=100 + size[0] % 7, prefix=f"{language}{size[0]}-")
    page = pages(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 500)
    button, done, to_map = WORDS[language]
    sign_in(page, city.url, "operator", language=language, theme=theme)
    page.goto(f"{city.url}/sources")
    page.wait_for_selector(".accounts")
    dash_idle(page)
    page.add_init_script(f"({COUNT_CLICKS})()")
    page.evaluate(COUNT_CLICKS)
    page.click(f".legend >> text={button}")
    page.wait_for_selector(".drop")
    assert grave(page) == [] and fits(page, size[0])
    choose(page, path)
    page.wait_for_selector(".columns")
    dash_idle(page)
    expect(page.locator(".account-card .counts dd").first).to_have_text(str(100 + size[0] % 7))
    if language == "zh" and size[0] > 500:  # the source of the first run is known to those after it
        assert page.locator("select[name=source]").input_value() == "new"
        page.fill("input[name=name]", name)
    elif page.locator("select[name=source]").input_value() != "new":
        page.select_option("select[name=source]", "new")
        page.wait_for_selector("input[name=name]")
        dash_idle(page)
    page.wait_for_selector(".mixups >> text=GCJ-02")
    page.click(".mixups .btn")
    page.wait_for_url("**crs=GCJ-02**")
    page.wait_for_selector(".mixups", state="detached")
    dash_idle(page)
    assert grave(page) == [] and fits(page, size[0])
    page.click("button[value=store]")
    page.wait_for_selector(".done")
    dash_idle(page)
    expect(page.locator(".done h1")).to_contain_text(done)
    expect(page.locator(".refused-rows tbody tr")).to_have_count(2)
    assert grave(page) == [] and fits(page, size[0])
    run_linli("--instance", city.log.parent / "instance", "jobs", "run", "refresh")  # the worker's part
    page.click(f".done >> text={to_map}")
    map_ready(page)
    assert parse_qs(urlsplit(page.url).query)["from"] == ["2026-10-01"]
    assert int(page.evaluate("sessionStorage.getItem('clicks')")) < FEW


def test_rejected_rows_go_home_and_come_back(page, city, places, tmp_path):
    sign_in(page, city.url, "operator")
    page.goto(f"{city.url}/sources/upload")
    page.wait_for_selector(".drop")
    choose(page, workbook(places, tmp_path / "退回.xlsx", rows=20, prefix="TH"))
    page.wait_for_selector(".columns")
    dash_idle(page)
    if page.locator("select[name=source]").input_value() == "new":
        page.click("button[value=store]")
    else:
        page.select_option("select[name=source]", "new")
        page.wait_for_selector("input[name=name]")
        dash_idle(page)
        page.click("button[value=store]")
    page.wait_for_selector(".done")
    with page.expect_download() as found:
        page.click(".refused-rows a.btn")
    book = openpyxl.load_workbook(io.BytesIO(found.value.path().read_bytes()))
    rows = list(book.active.iter_rows())
    assert [cell.value for cell in rows[0]] == [*HEADER, "拒收原因", "原行号"]
    assert (
        rows[1][9].value == "上报时间：应为时间，如 2025-01-31 09:05"
        and rows[2][9].value == "上报时间：必填项为空"
    )
    for line in rows[1:]:
        line[1].value = "2026-10-20 08:00"
    book.save(tmp_path / "改好.xlsx")
    page.goto(f"{city.url}/sources/upload")
    page.wait_for_selector(".drop")
    choose(page, tmp_path / "改好.xlsx")
    page.wait_for_selector(".columns")
    dash_idle(page)
    expect(page.locator(".account-card .counts dd").first).to_have_text("2")


def test_a_column_is_matched_by_hand_and_the_check_follows(page, city, tmp_path):
    lines = ["甲,乙,丙,丁"] + [f"A{n:04d},2026-10-{n + 1:02d} 08:00,暴露垃圾,b{n}" for n in range(9)]
    path = tmp_path / "手工.csv"
    path.write_text("\n".join(lines), encoding="gb18030")
    sign_in(page, city.url, "operator")
    page.goto(f"{city.url}/sources/upload")
    page.wait_for_selector(".drop")
    choose(page, path)
    page.wait_for_selector(".columns")
    expect(page.locator(".what")).to_contain_text("GB18030")
    page.select_option("select[name=c2]", "category")
    page.wait_for_url("**c2=category**")
    expect(page.locator(".columns tbody tr").nth(2)).to_contain_text("手工指定")
    page.select_option("select[name=kind]", "order")
    page.wait_for_url("**kind=order**")
    assert "c2=" not in page.url, "another subject has other fields"
    page.go_back()
    page.wait_for_url("**c2=category**")
    expect(page.locator("select[name=c2]")).to_have_value("category")
    page.click("button[value=discard]")
    page.wait_for_selector(".drop")


def test_what_cannot_be_read_is_said_on_the_page(page, city, faults, tmp_path):
    faults.allow("http 422", "status of 422")
    path = tmp_path / "bad.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"x" * 400)
    sign_in(page, city.url, "operator")
    page.goto(f"{city.url}/sources/upload")
    page.wait_for_selector(".drop")
    choose(page, path)
    expect(page.locator(".said.failed")).to_contain_text("文件损坏或不完整")
    expect(page.locator("[data-choose]")).to_be_visible()


def test_a_file_is_dropped_on_the_page(page, city, tmp_path):
    sign_in(page, city.url, "operator")
    page.goto(f"{city.url}/sources/upload")
    page.wait_for_selector(".drop")
    data = page.evaluate_handle(
        """() => { const held = new DataTransfer();
        const lines = ['任务号,上报时间,大类名称', 'R1,2026-10-01 08:00,市容', 'R2,2026-10-02 08:00,市容'];
        held.items.add(new File([lines.join('\\n')], '拖放.csv')); return held; }"""
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": data})
    page.wait_for_selector(".columns")
    expect(page.locator(".what")).to_contain_text("拖放.csv")
