"""The worker process: wakes up every second, leads if nobody else does, and does what the ledger says is due.

APScheduler is the alarm clock and nothing more: its job store is memory, its only job is to look. What is due,
done or failed is in the ledger, so a wake-up that is late, lost or doubled has no effect.
"""

import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from queue import SimpleQueue

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Row, select
from sqlalchemy.exc import DBAPIError

from data.jobs import Job, JobFailed, Run, find_job, request_run, run_pending
from data.leader import FenceLost, leader_lock, take_term
from data.schedule import job_table
from data.schema import job_run
from data.settings import Settings
from data.store import Store, StoreError

TICK_SECONDS = 1.0
LONGEST_WAIT = 600.0

logger = logging.getLogger("linli.worker")


class Worker:
    """One candidate for the lead. `tick` is one look at the ledger; it never raises for what can pass."""

    def __init__(self, store: Store, jobs: Sequence[Job], *, clock: Callable[[], datetime], holder: str = ""):
        self.store, self.jobs, self.clock = store, tuple(jobs), clock
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        self.lock = leader_lock(store)
        self.term: int | None = None

    def tick(self) -> list[Run]:
        """Lead or stand by; as the leader, run what is due. A database that is away is asked again next time."""
        try:
            if not self._lead():
                return []
            return run_pending(
                self.store, self.store.settings, self.jobs,
                clock=self.clock, term=self.term or 0, certain=self.lock.certain,
            )  # fmt: skip
        except FenceLost as lost:
            logger.warning("%s", lost)
        except (StoreError, DBAPIError) as error:
            logger.warning("database away: %s", type(error).__name__)
        self.resign()
        return []

    def resign(self) -> None:
        """Give the lead up; the next tick may take it again, with a new term."""
        self.term = None
        self.lock.release()

    def _lead(self) -> bool:
        if self.term is not None and self.lock.holds():
            return True
        self.term = None
        if not self.lock.acquire():
            return False
        self.term = take_term(self.store, holder=self.holder, now=self.clock())
        logger.info("leading, term %s", self.term)
        return True


def work(
    store: Store,
    jobs: Sequence[Job],
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    tick_seconds: float = TICK_SECONDS,
) -> None:
    """Run jobs until `stop` is set; a run under way is finished first."""
    worker = Worker(store, jobs, clock=clock)
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.add_listener(_report, EVENT_JOB_ERROR)
    scheduler.add_job(worker.tick, "interval", seconds=tick_seconds, next_run_time=datetime.now(UTC))
    # A look that outlasts the second is followed by the next one; that one look was skipped is not worth a line.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler.start()
    try:
        stop.wait()
    finally:
        scheduler.shutdown(wait=True)
        worker.resign()


def run_worker(
    store: Store, settings: Settings, *, clock: Callable[[], datetime], demo: bool = False
) -> None:
    """The scheduler process, until SIGTERM or SIGINT. `demo`: the sample city's records keep arriving."""
    work(store, job_table(settings, demo=demo), clock=clock, stop=stop_on_signals())


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; to be called from the main thread.

    A handler runs in the main thread wherever that is, also inside the event's own lock, which it would then wait for
    for ever. It puts a word into a queue, which is safe anywhere, and another thread sets the event.
    """
    stop, told = threading.Event(), SimpleQueue[int]()

    def watch() -> None:
        told.get()
        stop.set()

    threading.Thread(target=watch, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: told.put(number))
    return stop


def run_now(
    store: Store, jobs: Sequence[Job], name: str, *, by: str, clock: Callable[[], datetime]
) -> tuple[int, dict]:
    """Ask for a run and see it through: by the worker that leads, else here. Returns its number and summary.

    Raises UnknownJob; JobFailed with the error of the run, or where no worker has come to it in ten minutes.
    """
    job = find_job(jobs, name)
    number = request_run(store, name, by=by, now=clock())
    worker = Worker(store, [job], clock=clock)
    deadline = time.monotonic() + LONGEST_WAIT
    try:
        while (row := _ended(store, number)) is None:
            worker.tick()
            if time.monotonic() > deadline:
                raise JobFailed(f"jobs run {name}: run {number} not begun; expected the worker to come to it")
            time.sleep(0.1)
    finally:
        worker.resign()
    if row.state == "failed":
        raise JobFailed(f"jobs run {name}: {row.error}")
    return number, json.loads(row.summary)


def _ended(store: Store, number: int) -> Row | None:
    """A run that has come to its end, good or bad; None while it has not."""
    query = select(job_run).where(job_run.c.id == number, job_run.c.state.in_(("done", "failed")))
    with store.read() as connection:
        return connection.execute(query).one_or_none()


def _report(event: JobExecutionEvent) -> None:
    logger.error("worker: look failed", exc_info=event.exception)
