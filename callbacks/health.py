"""/healthz and /readyz: for supervisors and balancers, and open to strangers, so they say next to nothing.

healthz: this process answers; and whether jobs are being run, because a scheduler that has stopped makes no noise.
readyz: the database answers and has our tables; 503 otherwise.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from starlette.responses import JSONResponse

from callbacks.policies import PUBLIC, Policies
from data.instants import micros
from data.schema import job_run, person
from data.store import Store, StoreError

LATE_AFTER = timedelta(minutes=3)  # jobs come every minute; one of them may take a while


def register(server: FastAPI, policies: Policies, store: Store, *, clock: Callable[[], datetime]) -> None:
    """Add both routes with their policies."""

    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok", "jobs": await asyncio.to_thread(jobs_state, store, now=clock())})

    async def readyz() -> JSONResponse:
        ready = await asyncio.to_thread(is_ready, store)
        return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503)

    for path, route in (("/healthz", healthz), ("/readyz", readyz)):
        server.add_api_route(path, route, methods=["GET"], include_in_schema=False, response_model=None)
        policies.route(path, ("GET",), permission=PUBLIC, checks="no data, no names")


def jobs_state(store: Store, *, now: datetime) -> str:
    """`running`; `late` when no run has begun or ended for three minutes; `never`; `unknown` without a database."""
    newest = func.max(func.coalesce(job_run.c.finished_at, job_run.c.lease_until, job_run.c.started_at))
    try:
        with store.read() as connection:
            last = connection.scalar(select(newest))
    except (StoreError, DBAPIError):
        return "unknown"
    if last is None:
        return "never"
    return "late" if micros(now) - last > LATE_AFTER // timedelta(microseconds=1) else "running"


def is_ready(store: Store) -> bool:
    """Whether the database answers and has our tables."""
    try:
        with store.read() as connection:
            connection.execute(select(person.c.id).limit(1))
    except (StoreError, DBAPIError):
        return False
    return True
