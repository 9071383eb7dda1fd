"""Changes of targets by a person: one added, changed or withdrawn. A change is a new row; none is overwritten."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from data import places
from data.indicators import INDICATORS
from data.instants import micros
from data.locks import one_at_a_time
from data.people import note
from data.schema_judging import target as target_table
from data.settings import Settings
from data.store import Store
from data.targets import Target, targets

WHERE = "targets"
LARGEST = 1e9
LONGEST_NOTE = 300


class TargetError(ValueError):
    """A target cannot be recorded: where: got value; expected rule."""


class Outdated(TargetError):
    """Somebody else has changed the target since it was looked at."""


def check(entry: Target, settings: Settings) -> None:
    """Raise TargetError where a target says what cannot be; whether there is such a unit only the store knows."""
    indicator = INDICATORS.get(entry.indicator)
    if indicator is None:
        raise TargetError(f"{WHERE}: indicator: got '{entry.indicator[:60]}'; expected the name of one")
    most = 1.0 if indicator.kind in ("rate", "score") else LARGEST
    for value in (entry.value, *(entry.bands or ())):
        if not math.isfinite(value) or not 0 <= value <= most:
            raise TargetError(f"{WHERE}: value: got {value:g}; expected 0 to {most:g}")
    levels = {name for tree in settings.trees for name in tree.names}
    if entry.level and (entry.unit or entry.level not in levels):
        raise TargetError(
            f"{WHERE}: level: got '{entry.level[:60]}'; expected a level, or a unit, or neither"
        )
    if entry.start >= entry.end:
        raise TargetError(f"{WHERE}: last: got a day before the first; expected one from it on")
    if len(entry.note) > LONGEST_NOTE:
        raise TargetError(f"{WHERE}: note: got {len(entry.note)} characters; expected at most {LONGEST_NOTE}")
    _check_bands(entry, indicator.better)


def _check_bands(entry: Target, better: str | None) -> None:
    if entry.bands is None:
        return
    good, warn = entry.bands
    if good == warn or (better and (better == "high") != (good > warn)):
        way = {"high": "above", "low": "below", None: "apart from"}[better]
        raise TargetError(f"{WHERE}: bands: got {good:g} and {warn:g}; expected the first {way} the second")


def put(
    store: Store, entry: Target, *, number: int = 0, seen: int = 0, clock: Callable[[], datetime], by: str
) -> int:
    """Record a target: a new one (number 0), or what one is from now on. Answers its number.

    seen    id of the row that was looked at
    Raises  TargetError, Outdated; of a target that says the same nothing is recorded
    """
    check(entry, store.settings)
    with one_at_a_time(store, WHERE):
        with store.read() as connection:
            known = _known(connection, store, number, seen) if number else None
            if entry.unit and not any(
                entry.unit in version.by_code for version in places.versions(connection, store=store)
            ):
                raise TargetError(f"{WHERE}: unit: got '{entry.unit[:60]}'; expected the code of a unit")
        if known is not None and _same(known, entry):
            return number
        (made,) = record(store, [replace(entry, number=number)], now=clock(), by=by)
    return made


def withdraw(store: Store, number: int, *, seen: int, clock: Callable[[], datetime], by: str) -> None:
    """Let a target count no more, from now on. Raises TargetError, Outdated."""
    with one_at_a_time(store, WHERE):
        with store.read() as connection:
            known = _known(connection, store, number, seen)
        if not known.withdrawn:
            record(store, [replace(known, withdrawn=True)], now=clock(), by=by)


def record(store: Store, entries: Iterable[Target], *, now: datetime, by: str) -> list[int]:
    """Write rows: those of number 0 are new targets. Answers their numbers."""
    with store.write() as connection:
        first = (connection.scalar(select(func.max(target_table.c.id))) or 0) + 1
        wanted = list(enumerate(entries, start=first))
        numbers = [entry.number or at for at, entry in wanted]
        rows = [
            {
                "id": at, "number": entry.number or at, "indicator": entry.indicator, "level": entry.level,
                "unit_code": entry.unit, "start_on": entry.start, "end_on": entry.end, "value": entry.value,
                "bands": json.dumps(entry.bands), "note": entry.note, "withdrawn": entry.withdrawn,
                "recorded_at": micros(now), "recorded_by": by,
            }
            for at, entry in wanted
        ]  # fmt: skip
        if rows:
            connection.execute(insert(target_table), rows)
            note(connection, "targets set", by=by, now=now, detail=f"{len(rows)} rows")
    return numbers


def _known(connection: Connection, store: Store, number: int, seen: int) -> Target:
    known = targets(connection, store.settings).newest.get(number)
    if known is None:
        raise TargetError(f"{WHERE}: got number {number}; expected that of a target")
    if known.id != seen:
        raise Outdated(f"{WHERE}: got row {seen} as the newest; expected {known.id}")
    return known


def _same(known: Target, entry: Target) -> bool:
    told = ("indicator", "value", "level", "unit", "start", "end", "bands", "note", "withdrawn")
    return all(getattr(known, name) == getattr(entry, name) for name in told)
