import json
import os
import signal
import subprocess
import sys
import threading
import time as clocks
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update

from data import jobs as ledger
from data.jobs import Job, JobFailed, PartlyFailed, UnknownJob, find_job, request_run, run_pending
from data.leader import FencedStore, FenceLost, FileLock, fence, leader_lock, take_term
from data.schema import audit_entry, job_run, metadata
from data.settings import parse_settings
from data.slots import Daily, Every, parsed, written
from data.store import Store
from data.worker import Worker, run_now, work

NOW = datetime(2026, 3, 1, 9, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
RAW = {"levels": [{"name": "grid"}]}


class Clock:
    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def after(self, **span):
        self.now += timedelta(**span)
        return self


@pytest.fixture
def store(store_url, tmp_path):
    store = Store(parse_settings({**RAW, "database_url": store_url}, folder=tmp_path))
    yield store
    store.close()


@pytest.fixture
def lite(tmp_path):
    """SQLite only: where the lock of a file or the time of a process is what is tested."""
    store = Store(parse_settings(RAW, folder=tmp_path))
    with store.write() as connection:
        metadata.create_all(connection)
    yield store
    store.close()


def rows(store, *columns):
    with store.read() as connection:
        return [
            tuple(row) for row in connection.execute(select(*columns).order_by(job_run.c.job, job_run.c.slot))
        ]


def states(store):
    return rows(store, job_run.c.job, job_run.c.slot, job_run.c.state, job_run.c.attempt)


class Body:
    """A job's body that counts its runs and fails as often as it is told to."""

    def __init__(self, *, fails=0, summary=None):
        self.fails, self.summary, self.slots = fails, summary or {}, []

    def __call__(self, store, settings, clock, slot):
        self.slots.append((written(slot.at)[11:16], slot.attempt))
        if len(self.slots) <= self.fails:
            raise OSError(f"disk {len(self.slots)}")
        return dict(self.summary)


def collect(body, **options):
    return Job("collect", Every(MINUTE), body, **options)


def pending(store, jobs, clock, term=None, **options):
    term = term or take_term(store, holder="test", now=clock())
    return run_pending(store, store.settings, jobs, clock=clock, term=term, **options)


def test_a_slot_runs_once_however_often_anybody_looks(store):
    body, clock = Body(), Clock()
    for _ in range(3):
        pending(store, [collect(body)], clock)
    assert body.slots == [("09:00", 1)]
    pending(store, [collect(body)], clock.after(seconds=29))
    assert body.slots == [("09:00", 1)]
    pending(store, [collect(body)], clock.after(seconds=1))
    assert body.slots == [("09:00", 1), ("09:01", 1)]
    assert {row[2] for row in states(store)} == {"done"}


def test_missed_slots_are_caught_up_in_order_or_as_one(store):
    each, one, clock = Body(), Body(), Clock()
    jobs = [collect(each, coalesce=False), Job("refresh", Every(MINUTE), one)]
    pending(store, jobs, clock)
    runs = pending(store, jobs, clock.after(minutes=4))
    assert [slot for slot, _ in each.slots] == ["09:00", "09:01", "09:02", "09:03", "09:04"]
    assert [slot for slot, _ in one.slots] == ["09:00", "09:04"]
    assert runs[-1].summary == {"caught_up": 3, "since": "2026-03-01T09:01:00.000000Z"}
    assert pending(store, jobs, clock) == []


def test_forty_days_away_are_no_storm(lite):
    body, clock = Body(), Clock()
    pending(lite, [collect(body)], clock)
    (run,) = pending(lite, [collect(body)], clock.after(days=40))
    assert run.summary["caught_up"] == 40 * 1440 - 1
    each = Job("windows", Every(MINUTE), Body(), coalesce=False)
    pending(lite, [each], clock)
    assert len(pending(lite, [each], clock.after(days=40))) == 1000


def test_a_clock_that_ran_ahead_neither_doubles_nor_stops_a_job(store):
    body, clock = Body(), Clock()
    pending(store, [collect(body)], clock.after(days=3650))
    pending(store, [collect(body)], clock.after(days=-3650))
    pending(store, [collect(body)], clock.after(minutes=1))
    assert [slot for slot, _ in body.slots] == ["09:00", "09:00", "09:01"]
    pending(store, [collect(body)], clock.after(days=-1))
    pending(store, [collect(body)], clock.after(days=1))
    assert len(body.slots) == 4  # the day before was never booked; 09:01 is done and stays done


def test_a_failure_is_tried_three_times_then_recorded(store):
    body, clock = Body(fails=9), Clock()
    (first,) = pending(store, [collect(body)], clock)
    assert (first.state, first.error) == ("requested", "OSError: disk 1")
    assert pending(store, [collect(body)], clock) == []  # not at once
    for _ in range(5):
        pending(store, [collect(body)], clock.after(seconds=10))
    assert [run for run in body.slots if run[0] == "09:00"] == [("09:00", 1), ("09:00", 2), ("09:00", 3)]
    with store.read() as connection:
        row = connection.execute(select(job_run).order_by(job_run.c.slot)).first()
    assert (row.state, row.attempt, row.error, row.lease_until) == ("failed", 3, "OSError: disk 3", None)
    assert row.finished_at > row.started_at - 1


def test_a_failure_that_passes_ends_as_done(store):
    body, clock = Body(fails=2, summary={"rows": 7}), Clock()
    for _ in range(4):
        pending(store, [Job("refresh", Every(timedelta(days=1)), body)], clock.after(seconds=20))
    assert body.slots == [("00:00", 1), ("00:00", 2), ("00:00", 3)]
    assert rows(store, job_run.c.state, job_run.c.error) == [("done", None)]
    assert json.loads(rows(store, job_run.c.summary)[0][0]) == {"rows": 7}


def test_what_collect_changed_is_refreshed_in_the_same_look(store):
    clock, refreshed = Clock(), Body()
    refresh = Job("refresh", Every(timedelta(days=1)), refreshed)
    for changed, expected in ((0, 1), (5, 2), (0, 2)):
        pending(
            store,
            [collect(Body(summary={"changed": changed}), then=("refresh",)), refresh],
            clock.after(minutes=1),
        )
        assert len(refreshed.slots) == expected
    assert [row[0] for row in rows(store, job_run.c.requested_by) if row[0]] == ["collect"]


def test_a_request_runs_next_and_two_are_one(store):
    body, clock = Body(), Clock()
    daily = Job("refresh", Daily(time(3, 30)), body)
    pending(store, [daily], clock)
    first = request_run(store, "refresh", by="wang", now=clock())
    assert request_run(store, "refresh", by="li", now=clock()) == first
    runs = pending(store, [daily], clock)
    assert [run.state for run in runs] == ["done"]
    second = request_run(store, "refresh", by="li", now=clock())  # the same instant: another slot
    assert second != first
    assert len(pending(store, [daily], clock)) == 1
    with pytest.raises(UnknownJob, match="got 'refres'; expected one of refresh"):
        find_job([daily], "refres")


def test_requests_do_not_count_as_slots(store):
    body, clock = Body(), Clock()
    pending(store, [collect(body)], clock)
    request_run(store, "collect", by="wang", now=clock.after(seconds=40)())
    pending(store, [collect(body)], clock)
    assert [slot for slot, _ in body.slots] == ["09:00", "09:01", "09:01"]


def test_an_old_term_writes_nothing(store):
    clock = Clock()
    old = take_term(store, holder="a", now=clock())
    with FencedStore(store, old).write() as connection:
        connection.execute(insert(audit_entry).values(at=1, person="a", action="kept"))
    new = take_term(store, holder="b", now=clock())
    assert new > old
    with (
        pytest.raises(FenceLost, match=f"got term {old}; expected {new}"),
        FencedStore(store, old).write() as connection,
    ):
        connection.execute(insert(audit_entry).values(at=1, person="a", action="lost"))
    with pytest.raises(FenceLost):
        pending(store, [collect(Body())], clock, term=old)
    with store.read() as connection:
        assert connection.scalars(select(audit_entry.c.action)).all() == ["kept"]


def test_a_leader_replaced_in_mid_run_writes_nothing_more(store):
    clock = Clock()

    def body(fenced, settings, clock, slot):
        with fenced.write() as connection:
            connection.execute(insert(audit_entry).values(at=1, person="old", action="before"))
        take_term(store, holder="new", now=clock())
        with fenced.write() as connection:
            connection.execute(insert(audit_entry).values(at=1, person="old", action="after"))
        return {}

    with pytest.raises(FenceLost):
        pending(store, [collect(body)], clock)
    with store.read() as connection:
        assert connection.scalars(select(audit_entry.c.action)).all() == ["before"]
    again = Body()
    pending(store, [collect(again)], clock.after(seconds=59))  # the lease still runs: that worker may live
    assert again.slots == [("09:01", 1)]
    pending(store, [collect(again)], clock.after(seconds=2))
    assert again.slots == [("09:01", 1), ("09:00", 2)]


def test_a_new_term_waits_for_a_transaction_of_the_old_one(store):
    """On PostgreSQL the fence holds the table until its commit; on SQLite the writer is alone."""
    order = []
    term = take_term(store, holder="a", now=NOW)

    def successor():
        take_term(store, holder="b", now=NOW)
        order.append("new term")

    with store.write() as connection:
        fence(connection, term)
        thread = threading.Thread(target=successor)
        thread.start()
        clocks.sleep(0.3)
        order.append("old commit")
    thread.join()
    assert order == ["old commit", "new term"]


def test_a_run_left_by_a_dead_worker_is_requested_again_three_times_at_most(store):
    clock, body = Clock(), Body()
    term = take_term(store, holder="dead", now=clock())
    pending(store, [collect(body)], clock, term=term)
    for attempt, expected in ((1, [("09:00", 1), ("09:00", 2)]), (3, [("09:00", 1), ("09:00", 2)])):
        with store.write() as connection:
            connection.execute(update(job_run).values(state="running", attempt=attempt, lease_until=2**62))
        pending(store, [collect(body)], clock, certain=True)
        assert body.slots == expected
    assert rows(store, job_run.c.state, job_run.c.error) == [("failed", "the worker ended in mid-run")]


def test_a_long_run_keeps_its_lease(lite, monkeypatch):
    monkeypatch.setattr(ledger, "LEASE", timedelta(seconds=0.2))
    clock, seen = Clock(), []

    def body(store, settings, clock, slot):
        for _ in range(3):
            clock.after(seconds=1)
            clocks.sleep(0.15)
            seen.extend(rows(lite, job_run.c.lease_until))
        return {}

    pending(lite, [collect(body)], clock)
    assert len(set(seen)) == 3


def test_every_write_of_a_fenced_store_is_fenced():
    own = {name for name, value in vars(Store).items() if callable(value) and not name.startswith("_")}
    assert own <= set(vars(FencedStore))


def test_one_lock_one_leader(store):
    first, second = (Worker(store, [], clock=Clock(), holder=name) for name in "ab")
    first.tick()
    second.tick()
    assert (first.term, second.term) == (1, None)
    first.resign()
    second.tick()
    first.tick()
    assert (first.term, second.term) == (None, 2)
    second.resign()


def test_a_leader_whose_session_was_ended_leads_no_more(store):
    if store.dialect != "postgresql":
        pytest.skip("sessions are PostgreSQL's")
    worker = Worker(store, [], clock=Clock())
    worker.tick()
    assert worker.lock.holds()
    with store.session() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        )
    assert not worker.lock.holds()
    worker.tick()
    assert worker.term == 2
    worker.resign()


def test_a_forked_child_does_not_keep_the_lock_of_its_dead_parent(tmp_path):
    lock, ready, go = FileLock(tmp_path / "lock"), os.pipe(), os.pipe()
    parent = os.fork()
    if parent == 0:
        lock.acquire()
        if os.fork() == 0:  # the child outlives its parent until it is told to go
            os.write(ready[1], b"x")
            os.read(go[0], 1)
        else:
            clocks.sleep(60)
        os._exit(0)
    os.read(ready[0], 1)
    try:
        assert not lock.acquire()
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        assert lock.acquire()
    finally:
        os.write(go[1], b"x")
    lock.release()


def test_a_lock_whose_file_was_replaced_is_not_held(tmp_path):
    lock = FileLock(tmp_path / "lock")
    assert lock.acquire() and lock.holds()
    (tmp_path / "lock").unlink()
    assert not lock.holds()
    lock.release()
    assert not lock.holds()


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


ZONES = sorted(available_timezones() - {"localtime", "Factory"})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1971, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 60 * 24 - 1),
    st.lists(st.integers(1, 60 * 24 * 40), min_size=1, max_size=6),
)
def test_each_local_day_has_one_slot_whatever_the_zone_and_however_late_we_look(zone, start, minute, steps):
    zone, rhythm = ZoneInfo(zone), Daily(time(minute // 60, minute % 60))
    last = rhythm.latest(start, zone)
    assert last <= start < last + timedelta(days=2, hours=3)
    now, found = start, []
    for step in steps:
        now += timedelta(minutes=step)
        new = rhythm.between(last, now, zone)
        found += new
        last = new[-1] if new else last
    whole = rhythm.between(rhythm.latest(start, zone), now, zone)
    assert found == whole == sorted(set(whole))
    assert all(slot <= now for slot in found)
    gaps = [later - earlier for earlier, later in pairwise(whole)]
    assert all(timedelta(hours=20) <= gap <= timedelta(hours=49) for gap in gaps)


def test_slots_of_a_rhythm_are_the_same_for_all_and_sort_as_texts():
    every = Every(timedelta(minutes=15))
    assert written(every.latest(NOW, SHANGHAI)) == "2026-03-01T09:00:00.000000Z"
    assert every.between(NOW, NOW + timedelta(minutes=31), SHANGHAI) == [
        parsed("2026-03-01T09:15:00.000000Z"), parsed("2026-03-01T09:30:00.000000Z"),
    ]  # fmt: skip
    assert every.count(NOW, NOW + timedelta(minutes=31), SHANGHAI) == 2
    assert written(Daily(time(3, 30)).latest(NOW, SHANGHAI)) == "2026-02-28T19:30:00.000000Z"
    assert written(NOW) < written(NOW + timedelta(microseconds=1)) < written(NOW + timedelta(seconds=1))
