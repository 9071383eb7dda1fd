"""Published boundary versions: what changed in each, why it was published, and taking the newest one back.

A version never changes and is never deleted: numbers already given must be found again as of then, and every process
keeps the versions it has read. Taking one back publishes the set before it once more, from the same day on; of two
versions of one day the later published counts.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pandas import DataFrame
from sqlalchemy import Connection, delete, func, insert, select

from data import places
from data.boundaries import kept, publish
from data.bulk import insert_rows
from data.instants import moment
from data.schema import boundary_version, load, staged_unit, stray_outline
from data.settings import FIRST_TREE
from data.store import Store
from geo.boundaries import BoundaryError
from geo.changes import compare
from geo.faults import ACCEPTABLE


@dataclass(frozen=True)
class Entry:
    """One version as it is listed.

    published_at  local time
    counts  depth -> units; lasting: why it cannot be taken back, a key of words, empty where it can
    """

    version: places.Version
    published_at: datetime
    note: str
    counts: dict[int, int]
    lasting: str


def history(store: Store, tree: str = FIRST_TREE) -> list[Entry]:
    """Versions of a tree, the newest first."""
    with store.read() as connection:
        known = places.versions(connection, tree=tree, store=store)
        chosen = select(boundary_version.c.id, boundary_version.c.note)
        notes = {row.id: row.note for row in connection.execute(chosen)}
        newest = lasting(connection, known, tree)
    entries = []
    for at, version in enumerate(known):
        counts = dict(sorted(Counter(version.level_at[1:]).items()))
        why = newest if at == len(known) - 1 else "older"
        published_at = moment(version.recorded_at).astimezone(store.settings.timezone)
        entries.append(Entry(version, published_at, notes[version.id], counts, why))
    return entries[::-1]


def lasting(connection: Connection, known: tuple[places.Version, ...], tree: str) -> str:
    """Why the newest version of a tree cannot be taken back: first, older, levels, staged, facts; or empty."""
    if len(known) < 2:
        return "first"
    before, newest = known[-2:]
    if newest.id != max(version.id for version in known):
        return "older"  # one published later holds from an earlier day
    if not set(newest.units["level"]) <= set(before.units["level"]):
        return "levels"  # what is not staged stays as it is
    if connection.scalar(select(func.count()).where(staged_unit.c.tree == tree)):
        return "staged"
    later = select(func.count()).where(
        func.coalesce(load.c.recorded_at, load.c.started_at) >= newest.recorded_at
    )
    return "facts" if connection.scalar(later) else ""


def take_back(
    store: Store, number: int, *, by: str, reason: str, clock: Callable[[], datetime], tree: str = FIRST_TREE
) -> places.Version:
    """Publish the set before the newest version again, from that version's day on.

    Raises BoundaryError where `number` is not the newest, or it cannot be taken back
    """
    with standing(store, tree):
        with store.write() as connection:
            known = places.versions(connection, tree=tree)
            why = lasting(connection, known, tree) if known and known[-1].id == number else "older"
            if why:
                raise BoundaryError(
                    f"version {number}: got one that stays ({why}); expected the newest, without facts"
                )
            _stage_again(connection, known[-2], day=known[-1].valid_from_on)
        return publish(store, accept=ACCEPTABLE, clock=clock, tree=tree, by=by, reason=reason)[0]


def _stage_again(connection: Connection, version: places.Version, *, day: int) -> None:
    """Stage every unit of a version, to hold from another day on."""
    frame = kept(connection, version, ()).sort_values("level", kind="stable")
    missing = frame["parent_code"].isna()
    frame["parent_code"] = frame["parent_code"].astype(object).where(~missing, None)
    seq = frame.groupby("level").cumcount()
    columns = [frame[name].tolist() for name in ("code", "name", "parent_code", "shape")]
    rows = zip(frame["level"].tolist(), seq.tolist(), *columns, strict=True)
    names = ("tree", "level", "seq", "code", "name", "parent_code", "shape", "note", "valid_from_on")
    insert_rows(connection, staged_unit, names, [(version.tree, *row, "", day) for row in rows])


@contextmanager
def standing(store: Store, tree: str) -> Iterator[None]:
    """What is staged for a tree stands again as it was where the body fails."""
    tables = (staged_unit, stray_outline)
    with store.read() as connection:
        asked = {table: select(table).where(table.c.tree == tree) for table in tables}
        before = {table: connection.execute(each).mappings().all() for table, each in asked.items()}
    try:
        yield
    except BaseException:
        with store.write() as connection:
            for table, rows in before.items():
                connection.execute(delete(table).where(table.c.tree == tree))
                if rows:
                    connection.execute(insert(table), [dict(row) for row in rows])
        raise


def changes(store: Store, tree: str = FIRST_TREE) -> list[tuple[places.Version, DataFrame | None]]:
    """Versions with what changed since the one before (see `geo.changes.compare`); None for the first."""
    with store.read() as connection:
        known = places.versions(connection, tree=tree)
        frames = [
            version.units.assign(
                geometry=places.shapes(connection, version.id).reindex(version.units["pos"]).to_numpy()
            )
            for version in known
        ]
    pairs = zip(known, [None, *frames][: len(frames)], frames, strict=True)
    return [(version, None if old is None else compare(old, new)) for version, old, new in pairs]


def valid_from(version: places.Version) -> str | None:
    """ISO date a version holds from; None from the beginning of time."""
    if version.valid_from_on == places.FIRST_DAY:
        return None
    return str(np.datetime64(version.valid_from_on, "D"))
