"""The rules that figures rest on, as they were known at an instant: what a release freezes beside its figures.

One section a rule, plain values throughout, so that two sets are compared and written as they are. What carries
`recorded_at` is read as of the instant; what stands in the settings file is what the file says.
"""

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from data.calendar_days import entered
from data.composites import composites
from data.deadlines import versions
from data.declared_sources import definitions
from data.departments import roster
from data.exclusions import standing
from data.factstore import load_as_of
from data.left_out import APPROVED
from data.query import Period
from data.schema import boundary_version, source, source_definition
from data.settings import EPOCH_DAY, Settings
from data.targets import targets


def rules_as_of(connection: Connection, settings: Settings, at: int, *, period: Period) -> dict:
    """Sections by name; of the calendar the days of the period that the office entered."""
    return {
        "boundaries": _boundaries(connection, at),
        "calendar": _calendar(connection, at, period),
        "composites": [_plain(one) for one in composites(connection, as_of=at).rows],
        "deadlines": [
            [one.number, one.kind, one.valid_from_on, [_plain(row) for row in one.rows]]
            for one in versions(connection, as_of=at)
        ],
        "departments": [
            [one.name, one.kind, list(one.aliases)] for one in roster(connection, as_of=at).entries
        ],
        "exclusions": _exclusions(connection, at),
        "settings": _settings(settings),
        "sources": _sources(connection, at),
        "targets": [_plain(row) for row in targets(connection, settings, as_of=at).rows],
    }


def _plain(row: Any) -> dict:
    """A row of a list as it is written: its fields, of what they hold in turn theirs."""
    return json.loads(json.dumps(asdict(row), default=str, sort_keys=True))


def _exclusions(connection: Connection, at: int) -> list[list]:
    """What was left out of the assessment: subject, source, number, reason and clause."""
    found = standing(connection, as_of=at)
    return sorted(
        [fact.subject, fact.source_id, fact.key, event.reason, event.clause]
        for fact, event in found.items()
        if event.state == APPROVED
    )


def _settings(settings: Settings) -> dict:
    time = settings.working_time
    return {
        "targets": dict(sorted(settings.targets.items())),
        "timers": dict(sorted(settings.timers.items())),
        "timezone": settings.timezone.key,
        "working_slots": [list(slot) for slot in time.slots],
        "working_week": sorted(time.week),
    }


def _calendar(connection: Connection, at: int, period: Period) -> list[list]:
    low, high = ((day - EPOCH_DAY).days for day in (period.start, period.end))
    days = entered(connection, as_of=at)
    return [
        [days[day].on.isoformat(), days[day].working, days[day].name]
        for day in sorted(days)
        if low <= day < high
    ]


def _boundaries(connection: Connection, at: int) -> list[list]:
    """Versions of every tree: tree, number, day it holds from, fingerprint."""
    table = boundary_version.c
    query = select(table.tree, table.id, table.valid_from_on, table.fingerprint)
    rows = connection.execute(query.where(table.recorded_at <= at).order_by(table.id))
    return [list(row) for row in rows]


def _sources(connection: Connection, at: int) -> list[list]:
    """Name and hash of the definition of every source that had delivered."""
    numbers = definitions(connection, load=load_as_of(connection, at)).values()
    query = select(source.c.name, source_definition.c.sha256)
    query = query.join(source, source.c.id == source_definition.c.source_id)
    rows = connection.execute(query.where(source_definition.c.id.in_(numbers)).order_by(source.c.name))
    return [list(row) for row in rows]
