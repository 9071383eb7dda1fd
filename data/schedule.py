"""The jobs of an instance: what each does, how often, in which order.

collect (every minute) reads the inbox and polls the servers that are due; refresh (every minute, and right after a
collect that changed something) brings the rollups up to date; housekeeping (daily at 03:30 local) removes what is
over. A source that fails stops no other: it is named in the run's summary, and the run counts as failed.
"""

import logging
import time as clocks
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import DBAPIError

from data.inbox import BETWEEN_LOOKS, Delivery, Inbox
from data.instants import micros, moment
from data.jobs import Clock, Job, PartlyFailed, Slot
from data.leader import FenceLost
from data.ledger import Ledger, ingest, ingest_batches
from data.locks import Busy
from data.refreshing import gather, refresh_all
from data.sample.arrivals import arrivals
from data.schema import job_run, load, source
from data.sessions import SessionRules, drop_ended_sessions
from data.settings import Settings
from data.slots import Daily, Every, parsed, written
from data.sources.batch import SourceError
from data.sources.definition import Source, load_source
from data.sources.gates import DELIVERY
from data.sources.open311 import poll
from data.staging import Staging
from data.store import Store, StoreError

MINUTE = timedelta(minutes=1)
HOUSEKEEPING_AT = time(3, 30)
QUIET_RUNS_KEPT = timedelta(days=7)
RUNS_KEPT = timedelta(days=400)
OVERLAP = timedelta(
    hours=1
)  # asked again at each poll: a server may list a request late; repeating changes nothing
FIRST_POLL = timedelta(days=7)
DEFAULT_RHYTHM = 15  # minutes between polls of a server whose file promises none
POLL_TIMEOUT = 30.0
LONGEST_ABSENCE = timedelta(days=7)  # of the sample city: what came before that is not made up for
MACHINE_FAILS = (FenceLost, DBAPIError, StoreError, Busy, OSError, MemoryError)
COUNTS = ("read", "accepted", "updated", "unchanged", "rejected", "withdrawn")

logger = logging.getLogger("linli.schedule")


def job_table(settings: Settings, *, demo: bool = False) -> tuple[Job, ...]:
    """The jobs in the order they run. `demo`: what the sample city's sources deliver is put into the inbox first."""
    jobs = (
        Job("collect", Every(MINUTE), collect, then=("refresh",)),
        Job("refresh", Every(MINUTE), refresh),
        Job("housekeeping", Daily(HOUSEKEEPING_AT), keep_house),
    )
    return (Job("arrivals", Every(MINUTE), arrive, then=("collect",)), *jobs) if demo else jobs


def collect(store: Store, settings: Settings, clock: Clock, slot: Slot) -> dict[str, Any]:
    """Bring in what has come: 1. read the declarations; 2. the inbox, file by file; 3. servers that are due.

    Returns counts over all loads, `files`, `polled`, `waiting` (files not complete yet), `unknown` (files of no
    source) and `changed`. Raises PartlyFailed naming each source that failed.
    """
    sources, failed = _declared(settings.folder / "sources")
    summary: dict[str, Any] = dict.fromkeys(COUNTS, 0) | {"files": 0, "polled": 0}
    inbox = Inbox(settings.folder / "inbox", list(sources))
    for delivery in _deliveries(inbox, clock):
        _count(summary, _read(store, sources[delivery.source], delivery, inbox, clock=clock, failed=failed))
        summary["files"] += 1
    for name, since in _due_servers(store, sources, now=clock()):
        _count(summary, _poll(store, sources[name], since=since, clock=clock, failed=failed))
        summary["polled"] += 1
    summary |= {"waiting": inbox.waiting(), "unknown": inbox.unknown(), "failed": failed}
    summary["changed"] = summary["accepted"] + summary["updated"] + summary["withdrawn"]
    if failed:
        raise PartlyFailed("; ".join(failed.values()), summary)
    return summary


def refresh(store: Store, settings: Settings, clock: Clock, slot: Slot) -> dict[str, Any]:
    """Bring the rollups up to date with the last finished load."""
    done = refresh_all(store, clock=clock)
    return {"mode": done.mode, "rows": done.rows, "generation": done.generation, "load": done.load}


def keep_house(store: Store, settings: Settings, clock: Clock, slot: Slot) -> dict[str, Any]:
    """Remove sessions and uploads that are over, runs that did nothing after a week, all others after 400 days; gather
    rollups."""
    uploads = Staging(settings.folder).sweep(now=clock())
    sessions = drop_ended_sessions(store, now=clock(), rules=SessionRules())
    quiet = (job_run.c.state == "done") & (job_run.c.job.in_(("collect", "refresh", "arrivals")))
    idle = or_(job_run.c.summary.contains('"changed": 0'), job_run.c.summary.contains('"mode": "nothing"'))
    old = job_run.c.finished_at < micros(clock() - QUIET_RUNS_KEPT)
    # The newest run of each job stays: what is due next is counted from it.
    newest = select(func.max(job_run.c.id)).group_by(job_run.c.job)
    over = or_(quiet & idle & old, job_run.c.finished_at < micros(clock() - RUNS_KEPT))
    with store.write() as connection:
        runs = connection.execute(delete(job_run).where(over, job_run.c.id.not_in(newest))).rowcount
    return {"sessions": sessions, "uploads": uploads, "runs": runs, "gathered": gather(store, clock=clock)}


def arrive(store: Store, settings: Settings, clock: Clock, slot: Slot) -> dict[str, Any]:
    """Put into the inbox what the sample city's sources deliver since the slot before this one."""
    earlier = select(func.max(job_run.c.slot)).where(
        job_run.c.job == slot.job, job_run.c.state == "done", job_run.c.slot < written(slot.at)
    )
    with store.read() as connection:
        last = connection.scalar(earlier)
    far = slot.at - LONGEST_ABSENCE
    files = arrivals(settings.folder, since=max(parsed(last), far) if last else far, until=slot.at)
    return {"files": len(files), "changed": len(files)}


def _declared(folder: Path) -> tuple[dict[str, Source], dict[str, str]]:
    """Sources by name, and for each file that is refused the reason: one wrong file stops no other source."""
    sources, failed = {}, {}
    for path in sorted(folder.glob("*.toml")):
        try:
            sources[path.stem] = load_source(path)
        except SourceError as error:
            failed[path.stem] = str(error)
    return sources, failed


def _deliveries(inbox: Inbox, clock: Clock) -> Iterable[Delivery]:
    """Complete files; where some were written to just now, after a second look."""
    yield from inbox.claim(now=clock())
    if inbox.waiting():
        clocks.sleep(BETWEEN_LOOKS.total_seconds() + 0.1)
        yield from inbox.claim(now=clock())


def _read(
    store: Store, origin: Source, delivery: Delivery, inbox: Inbox, *, clock: Clock, failed: dict[str, str]
) -> Ledger | None:
    """Load one file and lay it away; a file that is refused is laid aside with the reason.

    Where the machine fails (database, disk, memory) it stays claimed and the next run reads it again; a file over
    which the program itself fails is laid aside too, or it would stop all that come after it for good.
    """
    try:
        ledger = ingest(store, origin, [delivery.path], clock=clock, limits=DELIVERY)
    except MACHINE_FAILS:
        raise
    except Exception as error:
        reason = str(error)
        if not isinstance(error, SourceError):
            logger.exception("source %s: a file could not be read", origin.name)
            reason = f"{delivery.name}: the program failed ({type(error).__name__}); see its log"
        failed[origin.name] = reason
        inbox.failed(delivery, reason)
        return None
    inbox.done(delivery, on=f"{clock().astimezone(store.settings.timezone):%Y-%m-%d}")
    return ledger


def _due_servers(store: Store, sources: dict[str, Source], *, now: datetime) -> list[tuple[str, datetime]]:
    """Servers whose rhythm has passed since their last good load, and since when to ask each."""
    newest = (
        select(source.c.name, func.max(load.c.recorded_at))
        .join(load, load.c.source_id == source.c.id)
        .where(load.c.state == "done", load.c.kind == "delivery")
        .group_by(source.c.name)
    )
    with store.read() as connection:
        last = {name: moment(at) for name, at in connection.execute(newest)}
    due = []
    for name, origin in sources.items():
        if origin.georeport is None or not origin.georeport.url:
            continue
        rhythm = timedelta(minutes=origin.every_minutes or DEFAULT_RHYTHM)
        if name not in last or now - last[name] >= rhythm:
            due.append((name, last[name] - OVERLAP if name in last else now - FIRST_POLL))
    return due


def _poll(
    store: Store, origin: Source, *, since: datetime, clock: Clock, failed: dict[str, str]
) -> Ledger | None:
    """Ask one server for what is new and load it."""
    with httpx.Client(timeout=POLL_TIMEOUT) as client:
        try:
            batches = poll(origin, since=since, until=clock(), client=client)
            name = f"{origin.name} since {since:%Y-%m-%dT%H:%M:%SZ}"
            return ingest_batches(store, origin, batches, names=[name], clock=clock)
        except (SourceError, httpx.HTTPError) as error:
            failed[origin.name] = f"{origin.name}: {error}"
            return None


def _count(summary: dict[str, Any], ledger: Ledger | None) -> None:
    if ledger is not None:
        for name in COUNTS:
            summary[name] += getattr(ledger, name)
