"""Page queries on a million facts on both stores, and what reading costs in a callback of a page.

python benchmarks/pages.py [ROWS]      default 1,000,000

The query is that of a page: children of a unit, 90 days, six indicators with their previous period. The callbacks
run through the whole application, guard and session included, in turn with the same callbacks whose answers are
constants and whose visitor is known beforehand, so that whatever else the machine does falls on both.
"""

import asyncio
import gzip
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import httpx
from city import clock, make_instance, write_cases

from callbacks import kpi_page, map_page
from callbacks.guard import Guard
from callbacks.identity import enter, session_cookie
from callbacks.serving import PAGES
from callbacks.web import build_web
from data.ledger import ingest
from data.people import add_person
from data.query import Period, Query
from data.reader import Reader
from data.refreshing import refresh_all
from data.scope import whole_scope
from data.sessions import open_session
from data.sources.definition import load_source
from data.store import Store
from layouts import ids

ROWS, ASKED, CALLS = 1_000_000, 200, 60
WIDE = ((8, 5), (10, 5))  # 2,000 units of one level, as many as a map draws
WIDE_ROWS = 100_000
PERIOD = Period(date(2026, 3, 1), date(2026, 5, 30))
SIX = (
    "cases_reported", "cases_closed", "cases_open", "cases_overdue_open", "case_closure_rate",
    "case_on_time_closure_rate",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A callback to measure: the module that answers it and a part of its output's name."""

    name: str
    module: ModuleType
    output: str
    path: str
    search: str = ""


PAGES_ASKED = (
    Page("map, 100 micro-grids", map_page, ids.Map.GRAPH, "/map/microgrid/01"),
    Page("map, 1,200 micro-grids", map_page, ids.Map.GRAPH, "/map/microgrid/-"),
    Page(
        "map, 12 sub-districts, a category",
        map_page,
        ids.Map.GRAPH,
        "/map/subdistrict/-",
        "?category=class 3",
    ),
    Page("KPI of a sub-district", kpi_page, ids.Shell.FRAME, "/kpi/01"),
    Page("KPI of everything", kpi_page, ids.Shell.FRAME, "/kpi/-"),
)


def main() -> None:
    """Print percentiles and the share of reading for each store, then the size of an answer for 2,000 units."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from postgres import running

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(running())
        for name, url in (("sqlite", ""), ("postgresql", cluster.create())):
            store = _filled(make_instance(folder / name, url=url), rows)
            _queries(store)
            _categories(store)
            asyncio.run(_callbacks(store, PAGES_ASKED))
            store.close()
        store = _filled(make_instance(folder / "wide", splits=WIDE), WIDE_ROWS)
        asyncio.run(_callbacks(store, [Page("map, 2,000 areas", map_page, ids.Map.GRAPH, "/map/area/-")]))


def _filled(store: Store, rows: int) -> Store:
    folder = store.settings.folder
    write_cases(folder / "cases.csv", rows=rows)
    ingest(store, load_source(folder / "sources" / "cases.toml"), [folder / "cases.csv"], clock=clock)
    refresh_all(store, clock=clock)
    return store


def _queries(store: Store) -> None:
    reader = Reader(store, whole_scope(), clock=clock)
    version = reader.version
    parents = [
        code for code, level in zip(version.code_at[1:], version.level_at[1:], strict=True) if level < 3
    ]
    rng = random.Random(1)
    reading, whole = [], []
    for _ in range(ASKED):
        unit = reader.unit(rng.choice(parents))
        query = Query(store.settings.names[unit.depth + 1], unit.code, SIX, PERIOD)
        start = time.perf_counter()
        reader.tables(query, depth=unit.depth + 1, periods=[PERIOD, PERIOD.before])
        middle = time.perf_counter()
        reader.measures(query)
        reading.append(middle - start)
        whole.append(time.perf_counter() - middle)
    for name, times in (("sums of a page", reading[10:]), ("measures with ranks and intervals", whole[10:])):
        print(f"{store.dialect}: {name}: {_percentiles(times)}")


def _percentiles(times: list[float]) -> str:
    middle, last = statistics.median(times), sorted(times)[int(0.95 * len(times))]
    return f"median {middle * 1e3:.2f} ms, p95 {last * 1e3:.2f} ms"


def _categories(store: Store) -> None:
    """The whole city, narrowed: a kind of case, a class of six kinds, a channel."""
    whole = Query("subdistrict", None, ("case_on_time_closure_rate",), PERIOD)
    asked = {
        "a category": replace(whole, category="class 3/kind 20"),
        "a class of categories": replace(whole, category="class 3"),
        "a class of categories, 1,200 micro-grids": replace(whole, category="class 3", level="microgrid"),
        "a channel": replace(whole, channel="patrol"),
    }
    for name, query in asked.items():
        times = []
        for _ in range(20):
            reader = Reader(store, whole_scope(), clock=clock)
            start = time.perf_counter()
            reader.measures(query)
            times.append(time.perf_counter() - start)
        print(f"{store.dialect}: {name} over the whole city: {_percentiles(times)}")


async def _callbacks(store: Store, pages: tuple[Page, ...] | list[Page]) -> None:
    person = add_person(store, "bench", password="a long enough passphrase 1", role="leader", now=clock())
    cookie = open_session(store, person, now=clock())
    web = build_web(store, clock=clock, pages=PAGES)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web),
        base_url="http://127.0.0.1",
        cookies={session_cookie(https=False): cookie},
    ) as client:
        for page in pages:
            await _compare(web, client, page, store.dialect)


async def _compare(web: Guard, client: httpx.AsyncClient, page: Page, dialect: str) -> None:
    body = _body(web, page)
    if page.module is map_page:  # a change of the question: the units are drawn already
        first = (await _post(client, body)).json()["response"]
        body = _body(web, page, drawn=first[ids.Map.DRAWN]["value"])
    times: dict[bool, list[float]] = {True: [], False: []}
    size = 0
    with _constants(page.module) as switch:
        for number in range(CALLS):
            for constant in (False, True):
                switch(constant)
                start = time.perf_counter()
                answer = await _post(client, body)
                if number >= 3:
                    times[constant].append(time.perf_counter() - start)
                size = len(gzip.compress(answer.content))
    real, fixed = statistics.median(times[False]), statistics.median(times[True])
    print(
        f"{dialect}: {page.name}: {real * 1e3:.1f} ms, from constants {fixed * 1e3:.1f} ms: "
        f"reading adds {real / fixed - 1:.0%}; answer {size / 1024:.1f} kB gzipped"
    )


@contextmanager
def _constants(module: ModuleType) -> Iterator[Callable[[bool], None]]:
    """A switch: on, the module's answers and the visitor are those of the last real call."""
    answer, visit = module.ask_and_answer, Guard._visit
    kept: dict = {"constant": False}

    def answering(*arguments):
        if not kept["constant"]:
            kept["answer"] = answer(*arguments)
        return kept["answer"]

    async def known(self, request, *, extend):
        if not kept["constant"]:
            kept["visit"] = await visit(self, request, extend=extend)
        enter(kept["visit"])
        return kept["visit"]

    def switch(constant: bool) -> None:
        kept["constant"] = constant

    with patch.object(module, "ask_and_answer", answering), patch.object(Guard, "_visit", known):
        yield switch


def _body(web: Guard, page: Page, drawn: str = "") -> bytes:
    """The post a browser would make for the callback of a page, `drawn` being what its map shows."""
    output, entry = next(
        (out, entry) for out, entry in web.dash.callback_map.items() if f"{page.output}." in out
    )
    outputs = [
        dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
        for part in output.strip(".").split("...")
    ]
    values = {"pathname": page.path, "search": page.search, "value": "", "href": page.path}
    inputs = [{**item, "value": values.get(item["property"])} for item in entry["inputs"]]
    values["value"] = drawn
    state = [{**item, "value": values.get(item["property"])} for item in entry["state"]]
    document = {
        "output": output,
        "outputs": outputs if len(outputs) > 1 or output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": state,
        "changedPropIds": [f"{item['id']}.{item['property']}" for item in entry["inputs"]],
    }
    return json.dumps(document).encode()


async def _post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    headers = {
        "content-type": "application/json",
        "origin": "http://127.0.0.1",
        "sec-fetch-site": "same-origin",
    }
    answer = await client.post("/_dash-update-component", content=body, headers=headers)
    return answer.raise_for_status()


if __name__ == "__main__":
    main()
