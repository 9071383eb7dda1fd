"""The ledger of jobs: slots run once, failures are tried again, requests are served."""

import json
from datetime import time, timedelta

import pytest
from jobbing import MINUTE, Body, Clock, collect, pending, rows, states
from sqlalchemy import select

from data.jobs import Job, UnknownJob, find_job, request_run
from data.schema import job_run
from data.slots import Daily, Every


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
