"""Page queries on a million facts on both stores, and what reading costs in a callback of a page.

The query is that of a page: children of a unit, 90 days, six indicators with their previous period. The callbacks
run through the whole application, guard and session included, against the same callbacks whose answers are constants
and whose visitor is known beforehand.
"""

import asyncio
import gzip
import json
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from unittest.mock import patch

import httpx
from city import clock, make_instance, write_cases

from callbacks import kpi_page, map_page
from callbacks.guard import Guard
from callbacks.identity import session_cookie
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
from layouts import ids

ROWS, ASKED, CALLS = 1_000_000, 200, 60
SIX = (
    "cases_reported", "cases_closed", "cases_open", "cases_overdue_open", "case_closure_rate",
    "case_on_time_closure_rate",
)  # fmt: skip


def main() -> None:
    """Print percentiles for each store, then the share of reading in two callbacks."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from postgres import running

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(running())
        for url in ("", cluster.create()):
            place = folder / ("postgresql" if url else "sqlite")
            place.mkdir()
            store = _filled(place, url)
            _queries(store)
            if not url:
                asyncio.run(_callbacks(store))
            store.close()


def _filled(place: Path, url: str):
    store = make_instance(place, url=url)
    write_cases(place / "cases.csv", rows=ROWS)
    ingest(store, load_source(place / "sources" / "cases.toml"), [place / "cases.csv"], clock=clock)
    refresh_all(store, clock=clock)
    return store


def _queries(store) -> None:
    reader = Reader(store, whole_scope(), clock=clock)
    version = reader.version
    parents = [
        code for code, level in zip(version.code_at[1:], version.level_at[1:], strict=True) if level < 3
    ]
    rng = random.Random(1)
    period = Period(date(2026, 3, 1), date(2026, 5, 30))
    reading, whole = [], []
    for number in range(ASKED):
        unit = reader.unit(rng.choice(parents))
        query = Query(store.settings.names[unit.depth + 1], unit.code, SIX, period)
        start = time.perf_counter()
        reader.tables(query, depth=unit.depth + 1, periods=[period, period.before])
        middle = time.perf_counter()
        reader.measures(query)
        end = time.perf_counter()
        if number >= 10:
            reading.append(middle - start)
            whole.append(end - middle)
    for name, times in (("sums of a page", reading), ("measures with ranks and intervals", whole)):
        times.sort()
        print(
            f"{store.dialect}: {name}: median {statistics.median(times) * 1e3:.2f} ms, "
            f"p95 {times[int(0.95 * len(times))] * 1e3:.2f} ms"
        )


async def _callbacks(store) -> None:
    person = add_person(store, "bench", password="a long enough passphrase 1", role="leader", now=clock())
    cookie = open_session(store, person, now=clock())
    web = build_web(store, clock=clock, pages=PAGES)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web),
        base_url="http://127.0.0.1",
        cookies={session_cookie(https=False): cookie},
    ) as client:
        first = await client.get("/healthz")
        print("health", first.status_code)
        for name, module, key, path in (
            ("map", map_page, ids.Map.GRAPH, "/map/microgrid/01"),
            ("KPI", kpi_page, ids.Shell.FRAME, "/kpi/01"),
        ):
            await _compare(web, client, name=name, module=module, key=key, path=path)


async def _compare(web: Guard, client: httpx.AsyncClient, *, name: str, module, key: str, path: str) -> None:
    body = _body(web, key, path)
    real = await _timed(client, body)
    answer = module.ask_and_answer
    kept: dict = {}

    def constant(*arguments):
        return kept.setdefault("answer", answer(*arguments)) if "answer" not in kept else kept["answer"]

    visit = Guard._visit
    seen: dict = {}

    async def known(self, request, *, extend):
        from callbacks.identity import enter

        if "visit" not in seen:
            seen["visit"] = await visit(self, request, extend=extend)
        enter(seen["visit"])
        return seen["visit"]

    with patch.object(module, "ask_and_answer", constant), patch.object(Guard, "_visit", known):
        await _timed(client, body, calls=3)
        fixed = await _timed(client, body)
    again = await _timed(client, body)
    whole = min(real[0], again[0])
    print(
        f"{name} callback: {whole * 1e3:.1f} ms, from constants {fixed[0] * 1e3:.1f} ms: "
        f"reading adds {whole / fixed[0] - 1:.0%}; answer {real[1] / 1024:.1f} kB gzipped"
    )


def _body(web: Guard, key: str, path: str) -> bytes:
    """The post a browser would make for the callback that writes `key`."""
    output, entry = next((out, entry) for out, entry in web.dash.callback_map.items() if f"{key}." in out)
    outputs = [
        dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
        for part in output.strip(".").split("...")
    ]
    values = {"pathname": path, "search": "", "value": "", "href": path}
    inputs = [{**item, "value": values.get(item["property"])} for item in entry["inputs"]]
    state = [{**item, "value": values.get(item["property"])} for item in entry["state"]]
    changed = [f"{item['id']}.{item['property']}" for item in entry["inputs"]]
    document = {
        "output": output,
        "outputs": outputs if len(outputs) > 1 or output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": state,
        "changedPropIds": changed,
    }
    return json.dumps(document).encode()


async def _timed(client: httpx.AsyncClient, body: bytes, *, calls: int = CALLS) -> tuple[float, int]:
    """Median seconds of a callback and the gzipped size of its answer."""
    times, size = [], 0
    headers = {
        "content-type": "application/json",
        "origin": "http://127.0.0.1",
        "sec-fetch-site": "same-origin",
    }
    for _ in range(calls):
        start = time.perf_counter()
        answer = await client.post("/_dash-update-component", content=body, headers=headers)
        times.append(time.perf_counter() - start)
        answer.raise_for_status()
        size = len(gzip.compress(answer.content))
    return statistics.median(times), size


if __name__ == "__main__":
    main()
