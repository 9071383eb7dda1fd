"""What is known of sources and jobs: age, account, rejects, runs. Freshness shouts; unknown is never shown as well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Select, func, select

from data.instants import micros
from data.schema import job_run, load, reject, source

if TYPE_CHECKING:
    from data.reader import Reader

MINUTE = 60_000_000
STALE_AFTER = 2.0  # rhythms
ACCOUNT = ("read", "accepted", "updated", "unchanged", "rejected", "located", "outside", "no_location")


def _last_good() -> Select:
    """Each source with the instant of its newest finished load."""
    good = (
        select(load.c.source_id, func.max(load.c.recorded_at).label("at"))
        .where(load.c.state == "done")
        .group_by(load.c.source_id)
        .subquery()
    )
    chosen = (source.c.name, source.c.kind, source.c.every_minutes, good.c.at)
    return select(*chosen).join(good, good.c.source_id == source.c.id, isouter=True).order_by(source.c.id)


# Built once: every page asks both.
_LAST_GOOD = _last_good()
_COLLECTED = (
    select(job_run.c.summary, job_run.c.finished_at)
    .where(job_run.c.job == "collect")
    .order_by(job_run.c.id.desc())
    .limit(200)
)


def freshness(reader: Reader) -> DataFrame:
    """One row per source: source, kind, every_minutes, last_good_at, age_minutes, state.

    state  fresh up to one rhythm after the last good load, due up to two, then stale; unknown without a rhythm or
           without a load; failed when the newest attempt to collect it failed after the last good load
    """
    now = micros(reader.clock())
    with reader.read() as connection:
        rows = connection.execute(_LAST_GOOD).all()
        broken = _failures(connection)
    states = []
    for row in rows:
        age = None if row.at is None else max(now - row.at, 0) / MINUTE
        failed = broken.get(row.name, 0) > (row.at or 0)
        states.append((age, _state(age, row.every_minutes, failed)))
    return DataFrame({
        "source": [row.name for row in rows], "kind": [row.kind for row in rows],
        "every_minutes": np.array([row.every_minutes for row in rows], dtype=float),
        "last_good_at": pd.array([row.at for row in rows], dtype="Int64"),
        "age_minutes": np.array([age for age, _ in states], dtype=float), "state": [state for _, state in states],
    })  # fmt: skip


def _state(age: float | None, every: float | None, failed: bool) -> str:
    if failed:
        return "failed"
    if age is None or every is None:
        return "unknown"
    if age <= every:
        return "fresh"
    return "due" if age <= STALE_AFTER * every else "stale"


def _failures(connection) -> dict[str, int]:
    """Newest failure to collect each source, in microseconds."""
    found: dict[str, int] = {}
    for summary, at in connection.execute(_COLLECTED):
        for name in json.loads(summary or "{}").get("failed", {}):
            found[name] = max(found.get(name, 0), at or 0)
    return found


def sources(reader: Reader) -> DataFrame:
    """Freshness with format, the counts of each source's newest load, its number, seconds and notes (a dict)."""
    with reader.read() as connection:
        newest = select(func.max(load.c.id)).where(load.c.state == "done").group_by(load.c.source_id)
        query = select(source.c.name, source.c.format, load).join(source, source.c.id == load.c.source_id)
        rows = connection.execute(query.where(load.c.id.in_(newest))).mappings().all()
    names = ["source", "format", "load_id", "seconds", "files", "notes", *ACCOUNT]
    account = [
        (
            row["name"], row["format"], row["id"], row["seconds"], json.loads(row["files"]), json.loads(row["notes"]),
            *(row[name] for name in ACCOUNT),
        )
        for row in rows
    ]  # fmt: skip
    return freshness(reader).merge(DataFrame(account, columns=names), on="source", how="left")


def rejects(reader: Reader, name: str, *, limit: int) -> DataFrame:
    """Refused rows of the newest load of a source that refused any: row, file, field, value, rule, load_id, at."""
    with reader.read() as connection:
        latest = (
            select(func.max(load.c.id))
            .join(source, source.c.id == load.c.source_id)
            .where(source.c.name == name, load.c.state == "done", load.c.rejected > 0)
            .scalar_subquery()
        )
        columns = (
            reject.c.row,
            reject.c.file,
            reject.c.field,
            reject.c.value,
            reject.c.rule,
            reject.c.load_id,
        )
        query = select(*columns, load.c.recorded_at).join(load, load.c.id == reject.c.load_id)
        rows = connection.execute(
            query.where(reject.c.load_id == latest).order_by(reject.c.id).limit(limit)
        ).all()
    return DataFrame(rows, columns=["row", "file", "field", "value", "rule", "load_id", "at"])


def runs(reader: Reader, *, limit: int, failed: bool) -> DataFrame:
    """Newest runs: id, job, slot, state, attempt, requested_by, started_at, seconds, summary (a dict), error."""
    query = select(job_run).order_by(func.coalesce(job_run.c.started_at, 2**62).desc(), job_run.c.id.desc())
    if failed:
        query = query.where(job_run.c.state == "failed")
    with reader.read() as connection:
        rows = connection.execute(query.limit(limit)).all()
    table = [
        (
            row.id, row.job, row.slot, row.state, row.attempt, row.requested_by, row.started_at,
            (row.finished_at - row.started_at) / 1e6 if row.finished_at and row.started_at else float("nan"),
            json.loads(row.summary or "{}"), row.error,
        )
        for row in rows
    ]  # fmt: skip
    names = [
        "id",
        "job",
        "slot",
        "state",
        "attempt",
        "requested_by",
        "started_at",
        "seconds",
        "summary",
        "error",
    ]
    frame = DataFrame(table, columns=names)
    return frame.astype({"started_at": "Int64"}) if len(frame) else frame


def state(reader: Reader) -> dict:
    """What is published: generation, load and the instant from which it is known, published_at (microseconds UTC),
    boundary version; None before a first refresh."""
    with reader.read() as connection:
        seen = reader.published
        known = select(load.c.recorded_at).where(load.c.id == (seen.load if seen else -1))
        recorded_at = connection.scalar(known)
    version = reader.versions[-1] if reader.versions else None
    return {
        "generation": seen.generation if seen else None,
        "load": seen.load if seen else None,
        "published_at": seen.published_at if seen else None,
        "recorded_at": recorded_at,
        "boundary_version": version.id if version else None,
        "boundary_fingerprint": version.fingerprint if version else None,
        "boundary_valid_from_on": version.valid_from_on if version else None,
    }
