"""What tests of jobs share: a clock that stands until it is moved, bodies that count and fail, looks at the ledger."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from data.jobs import Job, run_pending
from data.leader import take_term
from data.schema import job_run
from data.slots import Every, written

NOW = datetime(2026, 3, 1, 9, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW):
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def after(self, **span: float) -> "Clock":
        """The same clock, moved on."""
        self.now += timedelta(**span)
        return self


class Body:
    """A job's body that counts its runs and fails as often as it is told to."""

    def __init__(self, *, fails=0, summary=None):
        self.fails, self.summary, self.slots = fails, summary or {}, []

    def __call__(self, store, settings, clock, slot):
        self.slots.append((written(slot.at)[11:16], slot.attempt))
        if len(self.slots) <= self.fails:
            raise OSError(f"disk {len(self.slots)}")
        return dict(self.summary)


def collect(body, **options) -> Job:
    """A job of that body, every minute."""
    return Job("collect", Every(MINUTE), body, **options)


def pending(store, jobs, clock, term=None, **options):
    """Do everything that is due, as a leader of that term."""
    term = term or take_term(store, holder="test", now=clock())
    return run_pending(store, store.settings, jobs, clock=clock, term=term, **options)


def rows(store, *columns) -> list[tuple]:
    """Columns of the ledger by job and slot."""
    with store.read() as connection:
        return [
            tuple(row) for row in connection.execute(select(*columns).order_by(job_run.c.job, job_run.c.slot))
        ]


def states(store) -> list[tuple]:
    """Job, slot, state and attempt of every run."""
    return rows(store, job_run.c.job, job_run.c.slot, job_run.c.state, job_run.c.attempt)
