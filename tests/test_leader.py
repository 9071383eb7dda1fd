"""One leader at a time: terms fence writes, locks end with their holder."""

import os
import signal
import threading
import time as clocks
from datetime import timedelta

import pytest
from jobbing import NOW, Body, Clock, collect, pending, rows
from sqlalchemy import insert, select, text, update

from data import jobs as ledger
from data.leader import FencedStore, FenceLost, FileLock, fence, take_term
from data.schema import audit_entry, job_run
from data.store import Store
from data.worker import Worker


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
