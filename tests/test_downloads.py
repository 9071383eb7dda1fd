"""Files that the analyst page links to: a CSV travels while it is written, and never ends as if it were whole."""

import asyncio
import hashlib
import json
import threading
import tracemalloc
from dataclasses import replace
from datetime import date
from itertools import repeat
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from world import case

from callbacks import downloads
from callbacks.policies import Policies
from data import export
from data.query import Period, Query, parse_tree
from data.reader import Reader
from data.scope import whole_scope

ADDRESS = "/files/cases.csv"
QUESTION = "from=2026-01-01&to=2026-12-01&flavour=machine"
YEAR = Query(None, None, (), Period(date(2026, 1, 1), date(2026, 12, 1)))
CHUNK, COUNT = 400, 1_000  # three chunks


@pytest.fixture
def filled(world, monkeypatch):
    """A thousand cases, published, written in three chunks."""
    monkeypatch.setattr(export, "CHUNK_ROWS", CHUNK)
    world.load([case(n, square=n % 6 + 0.5, reported=n % 90) for n in range(COUNT)])
    world.refresh()
    return world


@pytest.fixture
def town(filled):
    """An application with nothing but the route of files."""
    world = filled
    person = SimpleNamespace(name="someone")

    def reader(params=None) -> Reader:
        scope = replace(whole_scope(), person=person.name)
        return Reader(world.store, scope, clock=lambda: world.now, tree=parse_tree(params or {}))

    server, policies = FastAPI(), Policies()
    desk = SimpleNamespace(reader=reader, settings=world.settings, policies=policies)
    downloads.register(SimpleNamespace(server=server), desk)
    return SimpleNamespace(
        server=server, world=world, person=person, exports=world.settings.folder / "exports"
    )


async def call(server, path: str, query: str, told, *, accept: str = "") -> list[dict]:
    """Every message of one answer, in order; `told` sees each as it comes."""
    found = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        found.append(message)
        await told(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(b"accept-encoding", accept.encode())], "http_version": "1.1", "scheme": "http",
        "server": ("test", 80), "client": ("test", 1), "root_path": "", "state": {},
    }  # fmt: skip
    await server(scope, receive, send)
    return found


def headers_of(messages: list[dict]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in messages[0]["headers"]}


def body_of(messages: list[dict]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages[1:])


def get(server, address: str) -> httpx.Response:
    async def once():
        transport = httpx.ASGITransport(app=server)
        async with httpx.AsyncClient(transport=transport, base_url="http://city.test") as client:
            return await client.get(address)

    return asyncio.run(once())


def gated(monkeypatch, gate: threading.Event, *, fails: bool = False) -> None:
    """Let the rows after the first chunk wait for a gate, or fail there."""
    chunks = Reader.fact_chunks

    def waiting(self, *arguments, **options):
        for number, frame in enumerate(chunks(self, *arguments, **options)):
            if number:
                assert gate.wait(20)
                if fails:
                    raise RuntimeError("the store went away")
            yield frame

    monkeypatch.setattr(Reader, "fact_chunks", waiting)


def test_the_first_rows_travel_before_the_last_are_read(town, monkeypatch):
    gate = threading.Event()
    gated(monkeypatch, gate)
    early = []

    async def told(message):
        if message.get("body") and not gate.is_set():
            early.append(message["body"].count(b"\n"))
            gate.set()

    messages = asyncio.run(call(town.server, ADDRESS, QUESTION, told))
    assert early and 0 < early[0] <= CHUNK + 1
    body = body_of(messages)
    assert messages[-1]["more_body"] is False and body.count(b"\n") == COUNT + 1
    assert body.startswith(b"id,source,")
    assert 'filename="cases_20260101-20261201.csv"' in headers_of(messages)["content-disposition"]


def test_the_manifest_of_what_was_sent_stands_where_the_answer_says(town):
    answer = get(town.server, f"{ADDRESS}?{QUESTION}")
    link, rel, kind = answer.headers["link"].split("; ")
    assert (rel, kind) == ('rel="describedby"', 'type="application/json"')
    address = link.strip("<>")
    manifest = get(town.server, address).json()
    assert manifest["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (manifest["rows"], manifest["bytes"]) == (COUNT, len(answer.content))
    town.person.name = "somebody else"
    assert get(town.server, address).status_code == 404
    for wrong in ("0" * 32, "../../linli", "x"):
        assert get(town.server, f"{ADDRESS}.manifest.json?sent={wrong}").status_code == 404


def test_a_writing_that_fails_midway_leaves_the_answer_without_an_end_and_no_file(town, monkeypatch):
    gate = threading.Event()
    gate.set()
    gated(monkeypatch, gate, fails=True)
    messages = []

    async def told(message):
        messages.append(message)

    with pytest.raises(RuntimeError, match="went away"):
        asyncio.run(call(town.server, ADDRESS, QUESTION, told))
    assert messages[0]["status"] == 200 and all(message.get("more_body", True) for message in messages[1:])
    assert [path for path in town.exports.rglob("*") if path.is_file()] == []


def test_what_is_refused_is_refused_before_anything_is_sent(town):
    for query, status in (
        (f"{QUESTION[:-7]}odd", 400), ("from=2026-13-01", 400), (f"{QUESTION}&unit=nowhere", 404),
    ):  # fmt: skip
        answer = get(town.server, f"{ADDRESS}?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")


def test_a_question_without_rows_gets_a_file_with_its_header(town):
    answer = get(town.server, f"{ADDRESS}?from=2020-01-01&to=2020-02-01&flavour=machine")
    assert (answer.status_code, answer.content.count(b"\n")) == (200, 1)
    manifest = get(town.server, answer.headers["link"].split(";")[0].strip("<>")).json()
    assert manifest["sha256"] == hashlib.sha256(answer.content).hexdigest()


def test_what_is_packed_on_the_way_is_the_same_file(town):
    async def both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=town.server)
        async with httpx.AsyncClient(transport=transport, base_url="http://city.test") as client:
            address = f"{ADDRESS}?{QUESTION}"
            return [
                await client.get(address, headers={"accept-encoding": way}) for way in ("gzip", "identity")
            ]

    packed, plain = asyncio.run(both())
    assert (packed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert packed.content == plain.content


def test_a_slow_taker_holds_no_turn_and_no_snapshot(town, monkeypatch):
    """Two who take nothing further do not keep a third from its file."""
    monkeypatch.setattr(downloads, "BLOCK", 1 << 12)

    async def three() -> list[int]:
        stuck, gone = [asyncio.Event(), asyncio.Event()], asyncio.Event()

        def stopping(event):
            async def told(message):
                if message.get("body"):
                    event.set()
                    await gone.wait()

            return told

        slow = [asyncio.create_task(call(town.server, ADDRESS, QUESTION, stopping(event))) for event in stuck]
        for event in stuck:
            await asyncio.wait_for(event.wait(), 20)

        async def nothing(message):
            return None

        quick = await asyncio.wait_for(call(town.server, ADDRESS, QUESTION, nothing), 20)
        gone.set()
        return [len(body_of(each)) for each in (quick, *await asyncio.gather(*slow))]

    sizes = asyncio.run(three())
    assert len(set(sizes)) == 1 and sizes[0] > COUNT * 50


def test_other_formats_are_sent_whole(town):
    answer = get(town.server, f"/files/cases.geojson?{QUESTION}")
    assert len(json.loads(answer.content)["features"]) == COUNT
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert [path for path in town.exports.rglob("*") if path.is_file()] == []


def test_memory_is_that_of_a_chunk_however_long_the_file(town, monkeypatch):
    """Ten times the rows take no more, packed or not; the file is far larger than what may be added."""
    frame = next(iter(Reader.fact_chunks(town.world.reader(), "cases", YEAR, chunk=CHUNK)))
    most = {}
    for times in (12, 120):
        monkeypatch.setattr(Reader, "fact_chunks", lambda *given, times=times, **more: repeat(frame, times))
        for way in ("identity", "gzip"):
            sent = []

            async def told(message, sent=sent):
                sent.append(len(message.pop("body", b"")))

            tracemalloc.start()
            asyncio.run(call(town.server, ADDRESS, QUESTION, told, accept=way))
            most[way, times] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            if (way, times) == ("identity", 120):
                assert sum(sent) > 5_000_000 and max(sent) <= downloads.BLOCK
    for way in ("identity", "gzip"):
        assert most[way, 120] < most[way, 12] + 1_500_000


def test_who_leaves_midway_leaves_no_file_and_no_turn_taken(town, monkeypatch):
    gate = threading.Event()
    gated(monkeypatch, gate)

    async def leaving() -> list[dict]:
        began = asyncio.Event()

        async def told(message):
            if message.get("body"):
                began.set()

        for _ in range(downloads.AT_ONCE):
            began.clear()
            taking = asyncio.create_task(call(town.server, ADDRESS, QUESTION, told))
            await asyncio.wait_for(began.wait(), 20)
            taking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await taking
        gate.set()
        return await asyncio.wait_for(call(town.server, ADDRESS, QUESTION, told), 20)

    assert body_of(asyncio.run(leaving())).count(b"\n") == COUNT + 1
    kept = [path for path in town.exports.rglob("*") if path.is_file()]
    assert len(kept) == downloads.AT_ONCE + 1 and {path.parent.name for path in kept} == {".manifests"}
