import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, insert, update

from callbacks import health, live
from callbacks.live import Pulse, events
from callbacks.policies import PUBLIC, Policies
from data.people import Person
from data.schema import job_run, person, publication
from data.sessions import SessionRules, open_session
from data.settings import parse_settings
from data.store import Store, StoreError

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def publish(store, generation):
    row = {"generation": generation, "base": 1, "load": 1, "definition": "", "levels": "{}", "first_on": 0}
    with store.write() as connection:
        if connection.execute(update(publication).values(generation=generation)).rowcount == 0:
            connection.execute(insert(publication).values(id=1, **row, published_at=5))


def parse(text):
    return {key: value for key, _, value in (line.partition(": ") for line in text.strip().splitlines())}


async def take(stream, count):
    found = []
    async for text in stream:
        found.append(parse(text))
        if len(found) == count:
            break
    await stream.aclose()
    return found


def test_a_new_page_is_told_the_present_and_then_each_new_generation(lite):
    publish(lite, 3)

    async def ask():
        stream = events(Pulse(lite, every=0.02), last=None, ping=5, signed_in=lambda: True)
        task = asyncio.create_task(take(stream, 3))
        await asyncio.sleep(0.2)
        publish(lite, 4)
        return await task

    hello, present, new = asyncio.run(ask())
    assert hello == {"retry": "3000"}
    assert (present["id"], json.loads(present["data"])) == ("3", {"generation": 3, "published_at": 5})
    assert new["id"] == "4"


@pytest.mark.parametrize(("last", "expected"), [(3, []), (2, ["3"]), (9, ["3"]), (None, ["3"])])
def test_a_page_that_comes_back_is_told_once_what_it_missed(lite, last, expected):
    publish(lite, 3)

    async def ask():
        stream = events(Pulse(lite, every=0.02), last=last, ping=0.1, signed_in=lambda: True)
        return await take(stream, 3)

    assert [event["id"] for event in asyncio.run(ask()) if "id" in event] == expected


def test_nothing_is_said_before_the_first_publication_but_that_we_are_here(lite):
    async def ask():
        return await take(events(Pulse(lite, every=0.02), last=None, ping=0.05, signed_in=lambda: True), 3)

    assert [set(event) for event in asyncio.run(ask())] == [{"retry"}, {""}, {""}]


def test_many_listeners_cost_one_question_and_none_cost_nothing(lite):
    publish(lite, 1)
    pulse = Pulse(lite, every=0.05)
    asked = []
    real = pulse._read
    pulse._read = lambda: asked.append(1) or real()

    async def ask():
        streams = [events(pulse, last=1, ping=30, signed_in=lambda: True) for _ in range(50)]
        tasks = [asyncio.create_task(take(stream, 2)) for stream in streams]
        await asyncio.sleep(0.6)
        began = len(asked)
        publish(lite, 2)
        found = await asyncio.gather(*tasks)
        ended = len(asked)
        await asyncio.sleep(0.3)
        return found, began, len(asked) - ended

    found, began, after = asyncio.run(ask())
    assert all(events[-1]["id"] == "2" for events in found)
    assert began <= 50 + 14  # one at each beginning, then one for all
    assert after <= 1


def test_a_stream_ends_with_its_session(lite):
    answers = iter([True, True, False])

    async def ask():
        return [
            text async for text in events(Pulse(lite), last=None, ping=0.02, signed_in=lambda: next(answers))
        ]

    assert len(asyncio.run(ask())) == 3


def test_a_database_that_is_away_is_asked_again(lite, monkeypatch):
    publish(lite, 1)
    real, failures = lite.read, [1, 2, 3]

    def read():
        if failures:
            raise StoreError(f"database: away {failures.pop()}")
        return real()

    monkeypatch.setattr(lite, "read", read)

    async def ask():
        return await take(events(Pulse(lite, every=0.02), last=None, ping=20, signed_in=lambda: True), 2)

    assert asyncio.run(ask())[1]["id"] == "1"
    assert failures == []


def application(store, *, now=NOW):
    server, policies = FastAPI(), Policies()
    pulse = Pulse(store, every=0.02)
    live.register(server, policies, store, clock=lambda: now, sessions=SessionRules(), pulse=pulse, ping=0.05)
    health.register(server, policies, store, clock=lambda: now)
    return server, policies


def ask(server, path, cookie=""):
    """One GET through the application as a server would call it; a stream is read until it ends."""
    sent = []

    async def receive():
        await asyncio.sleep(30)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": [(b"cookie", cookie.encode())], "http_version": "1.1", "scheme": "http",
             "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": ""}  # fmt: skip
    asyncio.run(asyncio.wait_for(server(scope, receive, send), 20))
    body = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return sent[0]["status"], dict(sent[0]["headers"]), body


def test_the_stream_of_a_signed_in_browser_ends_when_idle_and_keeps_nothing_alive(lite):
    publish(lite, 7)
    with lite.write() as connection:
        row = {"id": 1, "name": "li", "password_hash": "", "role": "leader", "created_at": 0}
        connection.execute(insert(person).values(row))
    session = open_session(lite, Person(1, "li", "leader", ()), now=NOW, rules=SessionRules())
    minutes = iter(range(0, 60, 10))
    server, policies = FastAPI(), Policies()
    live.register(
        server, policies, lite, clock=lambda: NOW + timedelta(minutes=next(minutes)),
        sessions=SessionRules(), pulse=Pulse(lite, every=0.02), ping=0.02,
    )  # fmt: skip
    status, headers, body = ask(server, "/live", f"linli-session={session}")
    assert status == 200
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"x-accel-buffering"] == b"no"
    assert body.count("id: 7") == 1
    assert next(minutes) == 40  # asked at 0, 10, 20 and 30 minutes: idle at the last
    rule, _ = policies.find("/live", "GET")
    assert (rule.permission, rule.extends) == ("any", False)


def test_health_says_whether_jobs_run_and_readiness_whether_the_database_answers(lite, tmp_path):
    server, policies = application(lite)
    assert ask(server, "/healthz")[::2] == (200, '{"status":"ok","jobs":"never"}')
    for minutes, state in ((2, "running"), (4, "late")):
        with lite.write() as connection:
            connection.execute(delete(job_run))
            at = int((NOW - timedelta(minutes=minutes)).timestamp() * 1e6)
            row = {"job": "collect", "slot": str(minutes), "term": 1, "state": "done", "attempt": 1}
            connection.execute(insert(job_run).values(**row, requested_by="", summary="{}", finished_at=at))
        assert json.loads(ask(server, "/healthz")[2])["jobs"] == state
    assert ask(server, "/readyz")[::2] == (200, '{"status":"ready"}')
    empty = Store(parse_settings({"levels": [{"name": "grid"}]}, folder=tmp_path / "nothing"))
    gone, _ = application(empty)
    assert ask(gone, "/readyz")[::2] == (503, '{"status":"not ready"}')
    assert json.loads(ask(gone, "/healthz")[2]) == {"status": "ok", "jobs": "unknown"}
    assert policies.find("/healthz", "GET")[0].permission == PUBLIC
