import json
import os
import shutil
import time as clocks
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from jobbing import NOW, Clock
from sqlalchemy import func, insert, select

from data import schedule
from data.jobs import request_run, run_pending
from data.leader import take_term
from data.ledger import Ledger
from data.schema import FACTS, job_run, load
from data.settings import make_folders
from data.sourcebook import freshness

HOTLINE = """
kind = "case"
format = "csv"
timezone = "UTC"
every = "15 min"

[fields]
id = "no"
category = "what"
reported_at = "when"
"""
SERVER = """
kind = "case"
format = "open311"
timezone = "UTC"
every = "15 min"

[open311]
url = "http://127.0.0.1:9/"

[fields]
id = "service_request_id"
category = "service_name"
reported_at = "requested_datetime"
"""


@pytest.fixture
def store(store, monkeypatch):
    """An instance with one declared source; files need no second look."""
    monkeypatch.setattr(schedule, "BETWEEN_LOOKS", timedelta(0))
    make_folders(store.settings.folder)
    (store.settings.folder / "sources" / "hotline.toml").write_text(HOTLINE, encoding="utf-8")
    return store


def drop(store, name, *lines, at=NOW):
    path = store.settings.folder / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["no,what,when", *lines]) + "\n", encoding="utf-8")
    os.utime(path, (at.timestamp() - 60, at.timestamp() - 60))


def look(store, clock, *names, demo=False):
    jobs = [job for job in schedule.job_table(store.settings, demo=demo) if not names or job.name in names]
    term = take_term(store, holder="test", now=clock())
    return run_pending(store, store.settings, jobs, clock=clock, term=term, certain=True)


def facts(store):
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(FACTS["cases"]))


def test_a_file_in_the_inbox_becomes_facts_once(store):
    clock = Clock()
    drop(store, "hotline.csv", "1,noise,2026-02-28 10:00:00", "2,waste,2026-02-28 11:00:00")
    (run,) = look(store, clock, "collect")
    assert run.error is None
    assert run.summary == {
        "read": 2, "accepted": 2, "updated": 0, "unchanged": 0, "rejected": 0, "withdrawn": 0, "files": 1,
        "polled": 0, "waiting": 0, "unknown": [], "failed": {}, "changed": 2,
    }  # fmt: skip
    assert (store.settings.folder / "inbox/done/2026-03-01/hotline.csv").is_file()
    drop(store, "hotline-again.csv", "1,noise,2026-02-28 10:00:00", "2,waste,2026-02-28 11:00:00")
    (run,) = look(store, clock.after(minutes=1), "collect")
    assert (run.summary["accepted"], run.summary["unchanged"], run.summary["changed"]) == (0, 2, 0)
    assert facts(store) == 2
    with store.read() as connection:
        assert [json.loads(files) for files in connection.scalars(select(load.c.files).order_by(load.c.id))] == [
            ["hotline.csv"], ["hotline-again.csv"],
        ]  # fmt: skip


def test_a_snapshot_that_only_lacks_rows_asks_for_a_refresh_and_a_short_one_is_refused(store):
    clock = Clock()
    text = HOTLINE.replace('every = "15 min"', 'every = "15 min"\ndelivery = "snapshot"')
    (store.settings.folder / "sources" / "hotline.toml").write_text(text, encoding="utf-8")
    rows = [f"{n},noise,2026-02-28 1{n}:00:00" for n in range(9)]
    drop(store, "hotline-a.csv", *rows)
    drop(store, "hotline-b.csv", rows[0], *rows[2:], at=NOW + timedelta(seconds=30))
    runs = look(store, clock)
    assert (runs[0].summary["withdrawn"], runs[0].summary["changed"]) == (1, 10)
    assert [run.job for run in runs[:2]] == ["collect", "refresh"]
    drop(store, "hotline-c.csv", rows[0], rows[8], at=NOW + timedelta(seconds=40))
    (run,) = look(store, clock.after(minutes=1), "collect")
    assert "hotline: got a snapshot that lacks 6 of the 8 facts it speaks for" in run.error
    assert (store.settings.folder / "inbox/failed/hotline-c.csv").is_file()


def test_a_refused_file_and_a_broken_declaration_stop_nobody_else(store):
    clock = Clock()
    (store.settings.folder / "sources" / "broken.toml").write_text("kind = 7", encoding="utf-8")
    drop(store, "hotline-a.csv", "1,noise,2026-02-28 10:00:00")
    (store.settings.folder / "inbox/hotline-b.csv").write_text("", encoding="utf-8")
    os.utime(store.settings.folder / "inbox/hotline-b.csv", (NOW.timestamp() - 50,) * 2)
    drop(store, "hotline-c.csv", "2,noise,2026-02-28 10:00:00", at=NOW + timedelta(seconds=30))
    drop(store, "nobody.csv")
    (run,) = look(store, clock, "collect")
    assert run.state == "failed"
    assert set(run.summary["failed"]) == {"broken", "hotline"}
    assert run.summary["failed"]["broken"] in run.error
    assert (run.summary["accepted"], run.summary["unknown"]) == (2, ["nobody.csv"])
    reason = (store.settings.folder / "inbox/failed/hotline-b.csv.error.txt").read_text(encoding="utf-8")
    assert reason.strip() == run.summary["failed"]["hotline"]
    assert look(store, clock, "collect") == []  # what is refused is not tried again


def test_a_file_over_which_the_program_fails_is_laid_aside(store, monkeypatch):
    def stumble(store, origin, files, *, clock, limits):
        if "bad" in files[0].name:
            raise ZeroDivisionError
        return Ledger("hotline", [], read=1, accepted=1)

    monkeypatch.setattr(schedule, "ingest", stumble)
    drop(store, "hotline-bad.csv")
    drop(store, "hotline-good.csv", at=NOW + timedelta(seconds=1))
    (run,) = look(store, Clock(), "collect")
    assert (run.state, run.summary["accepted"]) == ("failed", 1)
    assert "ZeroDivisionError" in run.summary["failed"]["hotline"]
    assert (store.settings.folder / "inbox/failed/hotline-bad.csv").is_file()


def test_a_file_read_while_the_disk_fails_is_read_again(store, monkeypatch):
    def fail(*_, **__):
        raise OSError("no space left on device")

    clock = Clock()
    drop(store, "hotline.csv", "1,noise,2026-02-28 10:00:00")
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "ingest", fail)
        (run,) = look(store, clock, "collect")
        assert (run.state, run.error) == ("requested", "OSError: no space left on device")
    (run,) = look(store, clock.after(seconds=15), "collect")
    assert (run.state, run.attempt, run.summary["accepted"]) == ("done", 2, 1)


def test_a_server_is_asked_when_its_rhythm_has_passed_and_its_silence_is_recorded(store, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(schedule, "poll", partial(schedule.poll, pause=lambda seconds: None))
    (store.settings.folder / "sources" / "r311.toml").write_text(SERVER, encoding="utf-8")
    (run,) = look(store, clock, "collect")
    assert run.state == "failed"
    assert "r311" in run.summary["failed"]
    origin = schedule.load_source(store.settings.folder / "sources" / "r311.toml")
    schedule.ingest_batches(store, origin, [], names=["saved"], clock=clock)
    for minutes, polled in ((14, 0), (1, 1)):
        runs = look(store, clock.after(minutes=minutes), "collect")
        assert runs[-1].summary["polled"] == polled


def test_collect_is_followed_by_refresh_at_once_and_housekeeping_keeps_what_counts(store):
    clock = Clock()
    runs = look(store, clock)
    assert [(run.job, run.state) for run in runs] == [
        ("collect", "done"), ("refresh", "done"), ("housekeeping", "done"),
    ]  # fmt: skip
    with store.write() as connection:
        for day in range(30):
            at = int((NOW - timedelta(days=day)).timestamp() * 1e6)
            for job, summary in (("collect", '{"changed": 0}'), ("collect", '{"changed": 3}')):
                row = {"job": job, "slot": f"old-{day}-{summary}", "term": 1, "state": "done", "attempt": 1}
                connection.execute(
                    insert(job_run).values(**row, summary=summary, finished_at=at, requested_by="x")
                )
    request_run(store, "housekeeping", by="test", now=clock())
    (run,) = look(store, clock, "housekeeping")
    assert run.summary["runs"] == 22  # the quiet ones of days 8 to 29
    assert look(store, clock, "collect") == []


def test_a_file_that_was_just_written_is_read_after_a_second_look(store, monkeypatch):
    monkeypatch.setattr(schedule, "BETWEEN_LOOKS", timedelta(seconds=2))
    drop(store, "hotline.csv", "1,noise,2026-02-28 10:00:00")
    fresh = store.settings.folder / "inbox/hotline.csv"
    os.utime(fresh)
    slept, sleep = [], clocks.sleep
    monkeypatch.setattr(clocks, "sleep", lambda seconds: (slept.append(seconds), sleep(seconds)))
    jobs = [job for job in schedule.job_table(store.settings) if job.name == "collect"]
    term = take_term(store, holder="test", now=NOW)
    (run,) = run_pending(store, store.settings, jobs, clock=lambda: datetime.now(UTC), term=term)
    assert run.summary["files"] == 1
    assert slept == [2.1]


def test_freshness_names_a_source_whose_last_collection_failed(store):
    clock = Clock()
    drop(store, "hotline.csv", "1,noise,2026-02-28 10:00:00")
    look(store, clock, "collect")
    (store.settings.folder / "inbox/hotline.csv").write_bytes(b"")
    os.utime(store.settings.folder / "inbox/hotline.csv", (NOW.timestamp(),) * 2)
    look(store, clock.after(minutes=1), "collect")

    class Seen:
        def __init__(self):
            self.store, self.clock, self.read = store, clock, store.read

    assert freshness(Seen())["state"].tolist() == ["failed"]


def test_the_sample_citys_records_arrive_through_the_inbox_without_gap_or_repeat(store, monkeypatch):
    asked = []
    monkeypatch.setattr(
        schedule, "arrivals", lambda folder, *, since, until: asked.append((since, until)) or []
    )
    clock = Clock()
    for _ in range(3):
        look(store, clock.after(minutes=2), "arrivals", demo=True)
    assert asked[0][1] - asked[0][0] == timedelta(days=7)
    assert [until for _, until in asked[:-1]] == [since for since, _ in asked[1:]]
    assert [job.name for job in schedule.job_table(store.settings)] == ["collect", "refresh", "housekeeping"]
    shutil.rmtree(store.settings.folder / "inbox")
    assert look(store, clock.after(minutes=1), "collect")[0].state == "done"  # no inbox, no files
