"""The ledger of jobs: which slots are due, which run is under way, which failed, and why.

The truth is the table `job_run`, where (job, slot) is unique: a slot runs once, whoever wakes up how often. What
is due follows from the ledger and the clock. States go requested → running → done, or back to requested after a
failure until the third attempt, then failed. A run that its worker left behind is requested again.

A slot that nobody booked in time is caught up once and in order. A job whose runs each do all there is to do
(`coalesce`) books the newest of the missed slots only and says in its summary how many it stands for.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from data.instants import micros
from data.leader import FencedStore, FenceLost
from data.schema import job_run
from data.settings import Settings
from data.slots import Rhythm, parsed, written
from data.store import Store

ATTEMPTS = 3
LEASE = timedelta(seconds=60)
WAIT_AFTER_FAILURE = timedelta(seconds=10)
LONGEST_ERROR = 500

Clock = Callable[[], datetime]
logger = logging.getLogger("linli.jobs")


class UnknownJob(ValueError):
    """A job of that name does not exist."""


class JobFailed(RuntimeError):
    """A run that was asked for came to a bad end, or to none."""


class PartlyFailed(RuntimeError):
    """Some of a run's parts failed for reasons that trying again does not mend; the others are done."""

    def __init__(self, text: str, summary: dict[str, Any]):
        super().__init__(text)
        self.summary = summary


@dataclass(frozen=True)
class Slot:
    """What a job's body is told of its run."""

    run: int
    job: str
    at: datetime
    attempt: int
    requested_by: str = ""


@dataclass(frozen=True)
class Job:
    """One job. Its body gets a store whose writes are fenced, and returns the summary of its run.

    then  jobs to request when a summary's `changed` is not 0; they stand later in the table
    """

    name: str
    rhythm: Rhythm
    body: Callable[[Store, Settings, Clock, Slot], dict[str, Any]]
    coalesce: bool = True
    then: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One finished attempt."""

    job: str
    slot: datetime
    state: str
    attempt: int
    summary: dict[str, Any]
    error: str | None = None


def run_pending(
    store: Store, settings: Settings, jobs: Sequence[Job], *, clock: Clock, term: int, certain: bool = False
) -> list[Run]:
    """Do everything that is due, one after the other in the order of the table.

    1. take back runs whose worker is gone; 2. book the slots that came due; 3. run what is requested; 4. record.
    certain  whether all earlier leaders are known to be dead; otherwise their leases are waited for
    Raises FenceLost as soon as another worker leads.
    """
    fenced = FencedStore(store, term)
    _take_back(fenced, now=clock(), certain=certain)
    runs: list[Run] = []
    for job in jobs:
        _book(fenced, job, settings=settings, now=clock())
        for row in _requested(fenced, job, now=clock()):
            run = _attempt(fenced, settings, job, row, clock=clock)
            runs.append(run)
            if run.summary.get("changed"):
                for name in job.then:
                    request_run(fenced, name, by=job.name, now=clock())
    return runs


def request_run(store: Store, name: str, *, by: str, now: datetime) -> int:
    """Ask for a run now; one that is asked for and has not begun serves both. Returns the number of the run."""
    with store.write() as connection:
        waiting = select(func.min(job_run.c.id)).where(job_run.c.job == name, job_run.c.state == "requested")
        found = connection.scalar(waiting.where(job_run.c.requested_by != ""))
        if found is not None:
            return found
        while True:
            values = {"job": name, "slot": written(now), "term": 0, "state": "requested", "attempt": 0}
            made = _insert_new(connection, {**values, "requested_by": by})
            if made is not None:
                return made
            now += timedelta(microseconds=1)  # a slot of that very instant is booked already


def find_job(jobs: Sequence[Job], name: str) -> Job:
    """The job of that name. Raises UnknownJob naming those there are."""
    for job in jobs:
        if job.name == name:
            return job
    raise UnknownJob(f"jobs run: got '{name}'; expected one of {', '.join(job.name for job in jobs)}")


def _take_back(store: FencedStore, *, now: datetime, certain: bool) -> None:
    """Request again what a worker left running, or give it up after the third attempt."""
    gone = job_run.c.lease_until < micros(now)
    if certain:
        gone |= job_run.c.term < store.term
    lost = (job_run.c.state == "running") & gone
    last = job_run.c.attempt >= ATTEMPTS
    change = {
        "state": case((last, "failed"), else_="requested"),
        "finished_at": case((last, micros(now)), else_=None),
        "lease_until": None,
        "error": "the worker ended in mid-run",
    }
    with store.read() as connection:
        if connection.scalar(select(func.count()).select_from(job_run).where(lost)) == 0:
            return
    with store.write() as connection:
        connection.execute(update(job_run).where(lost).values(change))


def _book(store: Store, job: Job, *, settings: Settings, now: datetime) -> None:
    """Write down the slots that came due since the last one in the ledger."""
    zone = settings.timezone
    # A slot after `now` was booked by a clock that ran ahead: it says nothing about what is due.
    booked = select(func.max(job_run.c.slot)).where(
        job_run.c.job == job.name, job_run.c.requested_by == "", job_run.c.slot <= written(now)
    )
    with store.read() as connection:
        last = connection.scalar(booked)
    newest = job.rhythm.latest(now, zone)
    due = job.rhythm.between(parsed(last), now, zone) if last else [newest]
    if not due:
        return
    values = {"job": job.name, "term": 0, "state": "requested", "attempt": 0, "requested_by": ""}
    if job.coalesce:
        missed = job.rhythm.count(parsed(last), now, zone) - 1 if last else 0
        values["summary"] = json.dumps({"caught_up": missed, "since": written(due[0])} if missed else {})
        due = [newest]
    with store.write() as connection:
        for slot in due:
            _insert_new(connection, {**values, "slot": written(slot)})


def _insert_new(connection: Connection, values: dict[str, Any]) -> int | None:
    """Add a run unless its slot is taken; its number, or None."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.scalar(make(job_run).values(values).on_conflict_do_nothing().returning(job_run.c.id))


def _requested(store: Store, job: Job, *, now: datetime) -> Sequence[Row]:
    """Runs to begin, in the order of their slots; after a failure `lease_until` says from when."""
    ready = or_(job_run.c.lease_until.is_(None), job_run.c.lease_until <= micros(now))
    query = select(job_run).where(job_run.c.job == job.name, job_run.c.state == "requested", ready)
    with store.read() as connection:
        return connection.execute(query.order_by(job_run.c.slot)).all()


def _attempt(store: FencedStore, settings: Settings, job: Job, row: Row, *, clock: Clock) -> Run:
    """One attempt of one run, from the first mark in the ledger to the last."""
    slot = Slot(row.id, job.name, parsed(row.slot), row.attempt + 1, row.requested_by)
    begun = {"state": "running", "term": store.term, "attempt": slot.attempt, "finished_at": None}
    _mark(store, row.id, {**begun, "started_at": micros(clock()), "lease_until": micros(clock() + LEASE)})
    summary, error, again = json.loads(row.summary), None, False
    try:
        with _lease_kept(store, row.id, clock=clock):
            summary |= job.body(store, settings, clock, slot)
    except FenceLost:
        raise
    except PartlyFailed as failure:
        summary, error = summary | failure.summary, str(failure)[:LONGEST_ERROR]
    except Exception as failure:
        logger.exception("job %s, run %s, attempt %s failed", job.name, row.id, slot.attempt)
        error = f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR]
        again = slot.attempt < ATTEMPTS
    state = "done" if error is None else "requested" if again else "failed"
    wait = micros(clock() + WAIT_AFTER_FAILURE * slot.attempt) if again else None
    ended = {"state": state, "finished_at": micros(clock()), "lease_until": wait, "error": error}
    _mark(store, row.id, {**ended, "summary": json.dumps(summary, ensure_ascii=False, default=str)})
    return Run(job.name, slot.at, state, slot.attempt, summary, error)


def _mark(store: Store, run: int, values: dict[str, Any]) -> None:
    with store.write() as connection:
        connection.execute(update(job_run).where(job_run.c.id == run).values(values))


@contextmanager
def _lease_kept(store: Store, run: int, *, clock: Clock) -> Iterator[None]:
    """Prolong the lease while the body runs, so that a long run is not taken for a lost one."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(LEASE.total_seconds() / 4):
            try:
                _mark(store, run, {"lease_until": micros(clock() + LEASE)})
            except FenceLost:
                return  # the body learns it at its next write
            except OperationalError as error:
                logger.warning("lease of run %s not prolonged: %s", run, type(error.orig).__name__)

    keeper = threading.Thread(target=keep, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
