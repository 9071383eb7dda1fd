"""Downloads through the whole application and a real socket: who may, and what a broken answer looks like outside."""

import hashlib
import json
import re
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from serving import free_port
from world import World, case

from callbacks.serving import PAGES, SERVER
from callbacks.web import build_web
from data import export, passwords
from data.people import add_person
from data.reader import Reader

QUESTION = "/files/cases.csv?from=2026-01-01&to=2026-12-01&flavour=machine"
PASSWORD = "correct horse battery"
CHUNK, COUNT = 500, 1_200  # three chunks
WAYS = ("identity", "gzip")


@dataclass(frozen=True)
class Site:
    """A running application and its world."""

    url: str
    port: int
    world: World

    @contextmanager
    def person(self, name: str):
        """A browser that has signed in through the page."""
        with httpx.Client(base_url=self.url, headers={"origin": self.url}, timeout=20) as browser:
            token = re.search('name="token" value="([^"]+)"', browser.get("/login").text)
            assert token
            form = {"name": name, "password": PASSWORD, "token": token[1]}
            assert browser.post("/login", data=form).status_code == 303
            yield browser

    def spoken(self, browser: httpx.Client, version: str) -> tuple[str, bytes]:
        """Head and body of the raw answer to the question in an HTTP version, up to the end of the connection."""
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        lines = (f"GET {QUESTION} HTTP/{version}", f"Host: 127.0.0.1:{self.port}", f"Cookie: {cookie}")
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
            answer = b"".join(iter(lambda: line.recv(65_536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.decode().lower(), body


@pytest.fixture
def site(world, monkeypatch):
    """Twelve hundred cases, an analyst of everything, one of district A and an auditor, who may not take files."""
    monkeypatch.setattr(export, "CHUNK_ROWS", CHUNK)
    monkeypatch.setattr(passwords, "COSTS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    world.load([case(n, square=n % 6 + 0.5, reported=n % 90) for n in range(COUNT)])
    world.refresh()
    for name, role, units in (("all", "analyst", ()), ("part", "analyst", ("A",)), ("eye", "auditor", ())):
        add_person(world.store, name, role=role, units=units, password=PASSWORD, now=world.now)
    port, now = free_port(), world.now
    web = build_web(world.store, clock=lambda: now, pages=PAGES)
    server = uvicorn.Server(uvicorn.Config(web, host="127.0.0.1", port=port, **SERVER))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline
        time.sleep(0.02)
    yield Site(f"http://127.0.0.1:{port}", port, world)
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def failing(monkeypatch):
    """The store goes away after the first chunk was taken."""
    chunks = Reader.fact_chunks

    def short(self, *arguments, **options):
        for number, frame in enumerate(chunks(self, *arguments, **options)):
            if number:
                time.sleep(0.2)  # until what was written before is on its way
                raise RuntimeError("the store went away")
            yield frame

    monkeypatch.setattr(Reader, "fact_chunks", short)


def manifest_address(answer: httpx.Response) -> str:
    return answer.headers["link"].split(";")[0].strip("<>")


def test_the_manifest_is_of_the_bytes_that_came_and_for_who_took_them(site):
    with site.person("all") as browser, site.person("part") as other:
        for way in WAYS:
            answer = browser.get(QUESTION, headers={"accept-encoding": way})
            assert answer.headers["transfer-encoding"] == "chunked"
            assert answer.headers.get("content-encoding", "identity") == way
            manifest = browser.get(manifest_address(answer)).json()
            assert manifest["sha256"] == hashlib.sha256(answer.content).hexdigest()
            assert (manifest["bytes"], manifest["rows"]) == (len(answer.content), COUNT)
            assert other.get(manifest_address(answer)).status_code == 404
        part = other.get(QUESTION)
        assert other.get(manifest_address(part)).json()["rows"] == part.content.count(b"\n") - 1 == COUNT // 2


def test_files_and_their_manifests_are_for_who_may_export(site):
    with (
        site.person("all") as browser,
        site.person("eye") as auditor,
        httpx.Client(base_url=site.url) as nobody,
    ):
        address = manifest_address(browser.get(QUESTION))
        for asked in (QUESTION, address):
            assert browser.get(asked).status_code == 200
            assert auditor.get(asked).status_code == 403
            assert nobody.get(asked).status_code == 401
    assert list((site.world.settings.folder / "exports").rglob(".sent-*")) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_client_sees_that_an_answer_broke_off_and_finds_no_manifest(site, failing, way):
    with site.person("all") as browser:
        with (
            browser.stream("GET", QUESTION, headers={"accept-encoding": way}) as answer,
            pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"),
        ):
            assert answer.status_code == 200
            answer.read()
        assert browser.get(manifest_address(answer)).status_code == 404
        assert browser.get("/healthz").status_code == 200


def test_without_chunks_a_file_comes_whole_with_its_length(site):
    with site.person("all") as browser:
        head, body = site.spoken(browser, "1.0")
        assert " 200 " in head and f"content-length: {len(body)}" in head and "transfer-encoding" not in head
        assert body.count(b"\n") == COUNT + 1
        head, body = site.spoken(browser, "1.1")
        assert "transfer-encoding: chunked" in head and body.endswith(b"0\r\n\r\n")


def test_without_chunks_a_file_that_breaks_off_is_an_error(site, failing):
    with site.person("all") as browser:
        assert " 500 " in site.spoken(browser, "1.0")[0]
        head, body = site.spoken(browser, "1.1")
        assert " 200 " in head and body.count(b"\n") > CHUNK and not body.endswith(b"0\r\n\r\n")


def test_the_name_says_the_tree(site):
    site.world.publish([("K", "K1", 6)], tree="admin")
    site.world.refresh()
    with site.person("all") as browser:
        answer = browser.get(f"{QUESTION}&tree=admin")
        assert 'filename="cases_admin_20260101-20261201.csv"' in answer.headers["content-disposition"]
        assert json.loads(browser.get(manifest_address(answer)).content)["query"]["tree"] == "admin"
