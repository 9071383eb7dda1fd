"""What is known of sources and jobs: age, account, rejects, runs. Freshness shouts; unknown is never shown as well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Select, func, select

from data.instants import micros
from data.mixups import MixUp
from data.schema import FACTS, STARTS, SUBJECT_OF_KIND, job_run, load, reject, source

if TYPE_CHECKING:
    from data.reader import Reader

MINUTE = 60_000_000
STALE_AFTER = 2.0  # rhythms
ACCOUNT = (
    "read", "accepted", "updated", "unchanged", "rejected", "located", "outside", "no_location", "withdrawn",
)  # fmt: skip


def _last_good() -> Select:
    """Each source with the instant of its newest finished load."""
    good = (
        select(load.c.source_id, func.max(load.c.recorded_at).label("at"))
        .where(load.c.state == "done", load.c.kind == "delivery")
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
    """Freshness with format, the counts of each source's newest load, its number, seconds and notes (a dict), and
    whether any load of it refused rows."""
    with reader.read() as connection:
        refusing = (
            select(source.c.name).join(load, source.c.id == load.c.source_id).where(load.c.rejected > 0)
        )
        refused = set(connection.scalars(refusing.distinct()))
        newest = (
            select(func.max(load.c.id))
            .where(load.c.state == "done", load.c.kind == "delivery")
            .group_by(load.c.source_id)
        )
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
    found = freshness(reader).merge(DataFrame(account, columns=names), on="source", how="left")
    return found.assign(refused_ever=found["source"].isin(refused))


def loads(reader: Reader, name: str, *, limit: int) -> DataFrame:
    """Newest loads of a source: load_id, at (microseconds UTC), seconds, files (names), and the account's counts."""
    with reader.store.read() as connection:
        query = select(load).join(source, source.c.id == load.c.source_id)
        brought = (source.c.name == name, load.c.state == "done", load.c.kind != "exclusion")
        query = query.where(*brought).order_by(load.c.id.desc())
        rows = connection.execute(query.limit(limit)).mappings().all()
    table = [
        (
            row["id"],
            row["recorded_at"],
            row["seconds"],
            json.loads(row["files"]),
            *(row[part] for part in ACCOUNT),
        )
        for row in rows
    ]
    return DataFrame(table, columns=["load_id", "at", "seconds", "files", *ACCOUNT])


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


def mixups(reader: Reader, name: str) -> tuple[list[MixUp], int | None]:
    """What looked mixed up in the newest load of a source in which anything did, and when that was recorded."""
    query = (
        select(load.c.notes, load.c.recorded_at)
        .join(source, source.c.id == load.c.source_id)
        .where(source.c.name == name, load.c.state == "done", load.c.notes.contains('"mixups"'))
    )
    with reader.read() as connection:
        found = connection.execute(query.order_by(load.c.id.desc()).limit(1)).one_or_none()
    if found is None:
        return [], None
    return [MixUp(**one) for one in json.loads(found.notes)["mixups"]], found.recorded_at


def withdrawals(reader: Reader, name: str, *, limit: int) -> DataFrame:
    """Facts that the newest load of a source to withdraw any found no longer: id, started_at, load_id, at, all.

    started_at  the instant its subject begins with; at: when the load was recorded; all: how many the load withdrew
    """
    columns = ["id", "started_at", "load_id", "at", "all"]
    with reader.store.read() as connection:
        query = (
            select(load.c.id, load.c.recorded_at, load.c.withdrawn, source.c.kind)
            .join(source, source.c.id == load.c.source_id)
            .where(source.c.name == name, load.c.state == "done", load.c.withdrawn > 0)
        )
        found = connection.execute(query.order_by(load.c.id.desc()).limit(1)).one_or_none()
        if found is None:
            return DataFrame(columns=columns)
        subject = SUBJECT_OF_KIND[found.kind]
        table = FACTS[subject]
        start = table.c[STARTS[subject]]
        gone = select(table.c.key, start).where(table.c.load == found.id, table.c.withdrawn)
        rows = connection.execute(gone.order_by(start.desc(), table.c.rev).limit(limit)).all()
    same = (found.id, found.recorded_at, found.withdrawn)
    return DataFrame([(*row, *same) for row in rows], columns=columns)


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


def _known_until(reader: Reader, recorded_at: int | None, waiting: int | None) -> int | None:
    """The last instant whose knowledge is the published load: now, or just before a load that waits for a refresh."""
    if recorded_at is None:
        return None
    now = micros(reader.clock())
    return max(recorded_at, now if waiting is None else min(now, waiting - 1))


def state(reader: Reader) -> dict:
    """What is published: generation, load and the instants from which and up to which it is what is known,
    published_at (microseconds UTC), boundary version; None before a first refresh."""
    with reader.read() as connection:
        seen = reader.published
        at = seen.load if seen else -1
        known = select(load.c.recorded_at).where(load.c.id == at)
        unseen = select(func.min(load.c.recorded_at)).where(load.c.state == "done", load.c.id > at)
        both = select(known.scalar_subquery(), unseen.scalar_subquery())  # in one round trip
        recorded_at, waiting = connection.execute(both).one()
    version = reader.versions[-1] if reader.versions else None
    return {
        "generation": seen.generation if seen else None,
        "load": seen.load if seen else None,
        "published_at": seen.published_at if seen else None,
        "recorded_at": recorded_at,
        "known_until": _known_until(reader, recorded_at, waiting),
        "boundary_version": version.id if version else None,
        "boundary_fingerprint": version.fingerprint if version else None,
        "boundary_valid_from_on": version.valid_from_on if version else None,
    }
