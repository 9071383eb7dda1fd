"""The worker process: killed, doubled, stopped, asked from a shell, without its database."""

import os
import subprocess
import sys
import threading
import time as clocks
from itertools import pairwise

import pytest
from conftest import ROOT
from jobbing import Body, Clock, collect, rows
from sqlalchemy import select

from data.jobs import JobFailed, PartlyFailed, UnknownJob
from data.leader import leader_lock
from data.schema import job_run
from data.settings import parse_settings
from data.worker import Worker, run_now, work

RAW = {"levels": [{"name": "grid"}]}


WORKER = """
import pathlib, sys, threading, time
from datetime import datetime, timedelta, UTC
from data.jobs import Job
from data.settings import parse_settings
from data.slots import Every
from data.store import Store
from data.worker import work, stop_on_signals
folder, name, seconds = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
def body(store, settings, clock, slot):
    with open(folder / "trace", "a") as trace:
        trace.write(f"begin {name} {slot.run}\\n")
    time.sleep(seconds)
    with open(folder / "trace", "a") as trace:
        trace.write(f"end {name} {slot.run}\\n")
    return {"changed": 0}
store = Store(parse_settings({"levels": [{"name": "grid"}]}, folder=folder))
job = Job("collect", Every(timedelta(seconds=1)), body)
stop = stop_on_signals()
(folder / f"ready-{name}").touch()
work(store, [job], clock=lambda: datetime.now(UTC), stop=stop, tick_seconds=0.05)
"""


def start(folder, name, seconds):
    (folder / f"ready-{name}").unlink(missing_ok=True)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), name, str(seconds)], cwd=os.getcwd()
    )
    wait_for((folder / f"ready-{name}").exists)
    return worker


def trace(folder):
    path = folder / "trace"
    return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []


def somebody_leads(store):
    lock = leader_lock(store)
    free = lock.acquire()
    lock.release()
    return not free


def wait_for(condition, *, seconds=30):
    deadline = clocks.monotonic() + seconds
    while not condition():
        assert clocks.monotonic() < deadline, "waited in vain"
        clocks.sleep(0.02)


def test_a_worker_killed_in_mid_job_is_followed_by_another_which_runs_that_job_again(lite, tmp_path):
    first = start(tmp_path, "first", 60)
    wait_for(lambda: trace(tmp_path))
    second = start(tmp_path, "second", 0.01)
    clocks.sleep(1.5)  # it stands by
    assert [entry[:2] for entry in trace(tmp_path)] == [("begin", "first")]
    killed = trace(tmp_path)[0][2]
    first.kill()
    first.wait()
    wait_for(lambda: ("end", "second", killed) in trace(tmp_path))
    second.terminate()
    assert second.wait(timeout=20) == 0
    with lite.read() as connection:
        row = connection.execute(select(job_run).where(job_run.c.id == int(killed))).one()
    assert (row.state, row.attempt, row.error) == ("done", 2, None)


def test_of_two_workers_never_both_run_and_no_run_is_doubled(lite, tmp_path):
    workers = [start(tmp_path, name, 0.2) for name in "ab"]
    for _ in range(3):
        seen = len(trace(tmp_path))
        wait_for(lambda seen=seen: len(trace(tmp_path)) >= seen + 4)
        leader = trace(tmp_path)[-1][1]
        index = "ab".index(leader)
        workers[index].kill()
        workers[index].wait()
        workers[index] = start(tmp_path, leader, 0.2)
    for worker in workers:
        worker.terminate()
        assert worker.wait(timeout=20) == 0
    events = trace(tmp_path)
    ended = [(name, run) for kind, name, run in events if kind == "end"]
    assert len({run for _, run in ended}) >= 6
    # A worker killed between the end of a run and its record leaves it to its successor, who does it again next.
    again = [pair for pair in pairwise(ended) if pair[0][1] == pair[1][1]]
    assert len(ended) - len({run for _, run in ended}) == len(again) <= 3
    assert all(first[0] != second[0] for first, second in again)
    for (kind, name, run), following in pairwise(events):
        if kind == "begin":  # its own end, or a kill and the other one's begin: never two at a time
            assert following == ("end", name, run) or (following[0] == "begin" and following[1] != name)


INSIDE = """
import os, signal
from data.worker import stop_on_signals
stop = stop_on_signals()
with stop._cond:  # as in the first moment of its wait
    os.kill(os.getpid(), signal.SIGTERM)
raise SystemExit(0 if stop.wait(20) else 1)
"""


def test_a_signal_is_heard_in_whatever_moment_it_comes():
    assert subprocess.run([sys.executable, "-c", INSIDE], cwd=ROOT, timeout=60, check=False).returncode == 0


def test_a_worker_stops_when_told_and_its_run_is_finished(lite):
    stop, begun = threading.Event(), threading.Event()

    def body(store, settings, clock, slot):
        begun.set()
        clocks.sleep(0.3)
        return {"whole": True}

    thread = threading.Thread(
        target=work,
        args=(lite, [collect(body)]),
        kwargs={"clock": Clock(), "stop": stop, "tick_seconds": 0.05},
    )
    thread.start()
    assert begun.wait(20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert rows(lite, job_run.c.state, job_run.c.summary) == [("done", '{"whole": true}')]
    assert not somebody_leads(lite)


def test_a_run_from_the_command_line_is_done_here_or_by_the_worker_that_leads(lite):
    body, clock = Body(), Clock()
    jobs = [collect(body)]
    number, _ = run_now(lite, jobs, "collect", by="command line", clock=clock)
    assert len(body.slots) == 2  # the slot that was due, and the run asked for
    stop = threading.Event()
    options = {"clock": clock, "stop": stop, "tick_seconds": 0.05}
    thread = threading.Thread(target=work, args=(lite, jobs), kwargs=options)
    thread.start()
    try:
        wait_for(lambda: somebody_leads(lite))
        assert run_now(lite, jobs, "collect", by="command line", clock=clock.after(seconds=1))[0] > number
    finally:
        stop.set()
        thread.join(20)
    assert len(body.slots) == 3


def test_a_run_from_the_command_line_says_what_came_of_it(lite):
    good = [collect(Body(summary={"read": 7}))]
    assert run_now(lite, good, "collect", by="command line", clock=Clock())[1] == {"read": 7}

    def refused(store, settings, clock, slot):
        raise PartlyFailed("hotline.csv: got nothing; expected rows", {"read": 3})

    with pytest.raises(JobFailed, match=r"jobs run collect: hotline\.csv: got nothing; expected rows"):
        run_now(lite, [collect(refused)], "collect", by="command line", clock=Clock().after(seconds=5))
    with pytest.raises(UnknownJob, match="got 'colect'; expected one of collect"):
        run_now(lite, good, "colect", by="command line", clock=Clock())


def test_a_database_that_is_away_is_asked_again(lite, monkeypatch):
    worker = Worker(lite, [collect(body := Body())], clock=Clock())
    real = lite.settings
    lite.settings = parse_settings(RAW, folder=lite.settings.folder / "gone")
    lite.close()
    assert worker.tick() == []
    lite.settings = real
    lite.close()
    assert [run.state for run in worker.tick()] == ["done"]
    assert len(body.slots) == 1
    worker.resign()
