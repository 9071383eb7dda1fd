"""The summed tables: made from facts, kept up to date by differences, published by flipping one row.

A refresh writes a generation nobody reads yet and then points the one row of `publication` at it. A full refresh
starts a new base; an incremental one adds signed rows: what facts said at the last published load, taken away, and
what they say now, added. Sums are integers, so any history of refreshes equals a full rebuild to the last digit.

Levels of more units than fit a map are not summed: they are counted from what is kept of every fact (`data.shares`).
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from pandas import Series
from sqlalchemy import DDL, Connection, delete, insert, inspect, select, update

from data import links, places
from data.facts import prepare
from data.factstore import changed_facts, last_load, promised, read_facts, touched_subjects
from data.indicators import of_subject
from data.instants import micros
from data.places import STRIP_UNITS
from data.schema import FACTS, PLACES, SUBJECTS, generation, publication, share
from data.shares import FORMAT, Tallied, write_shares
from data.store import Store
from data.strips import NEVER_DAY, StripWriter, rollup_table
from data.tally import SPANS, Cells, add_up, columns, histograms, lift, merge, shares_of

MAX_UNITS = 2_500  # of a level held as rollups: more do not fit on a map, and their facts are few
SHARES = f"shares {FORMAT}"  # in a definition: that they are kept, and how


@dataclass(frozen=True)
class Published:
    """The published generation: its rows are those of generations base..generation."""

    generation: int
    base: int
    load: int
    levels: dict[int, tuple[int, ...]]
    first_on: int
    published_at: int
    definition: str

    @cached_property
    def _defined(self) -> list:
        return json.loads(self.definition)

    def columns(self, subject: str) -> tuple[str, ...]:
        """Names of the integer columns its rows hold."""
        return tuple(self._defined[0][subject][0])

    def histograms(self, subject: str) -> tuple[str, ...]:
        """Names of the histograms its rows hold."""
        return tuple(self._defined[0][subject][1])

    @property
    def shares(self) -> bool:
        """Whether the shares of every fact were kept with its rows."""
        return self._defined[-1] == SHARES

    def knows(self, version_id: int) -> bool:
        """Whether facts were placed in that boundary version for it; one published since waits for a refresh."""
        return version_id in self.levels


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did."""

    generation: int
    load: int
    mode: str  # full | changes | nothing
    rows: int
    seconds: float


_PUBLICATION = select(publication)


def published(connection: Connection) -> Published | None:
    """The generation readers see, or None before the first refresh."""
    row = connection.execute(_PUBLICATION).one_or_none()
    if row is None:
        return None
    levels = {int(version): tuple(depths) for version, depths in json.loads(row.levels).items()}
    return Published(
        row.generation, row.base, row.load, levels, row.first_on, row.published_at, row.definition
    )


def refresh(store: Store, *, clock: Callable[[], datetime], full: bool = False) -> Refreshed:
    """Bring the rollups up to date with the last finished load.

    1. see what is published and what has been loaded since; 2. decide between a new base and differences;
    3. write the rows of an unpublished generation in short transactions; 4. flip the publication row;
    5. drop rows no generation reads. Running it again changes nothing.
    """
    started = time.perf_counter()
    with store.read() as connection:
        known = published(connection)
        load_id = last_load(connection)
        subjects = touched_subjects(connection, since=known.load if known else 0, until=load_id)
        versions = places.versions(connection, store=store)
        definition = _definition(store, connection, versions)
    full = full or known is None or known.definition != definition
    if not full and known is not None and known.load == load_id:
        return Refreshed(known.generation, load_id, "nothing", 0, time.perf_counter() - started)
    since = None if full or known is None else known
    number = _begin(store, load_id=load_id, base=since.base if since else 0, now=micros(clock()))
    levels = {version.id: _stored_levels(version) for version in versions}
    writer = StripWriter(store, number)
    for subject in subjects if since else SUBJECTS:
        changes = _changes(store, subject, versions, levels, since=since, load_id=load_id, number=number)
        for version, depth, cells in changes:
            writer.take(subject, cells, version=version, depth=depth)
    writer.flush()
    rows, first_on = writer.rows, min(writer.first_on, since.first_on if since else NEVER_DAY)
    flip = Published(
        number, since.base if since else number, load_id, levels, first_on, micros(clock()), definition
    )
    _publish(store, flip, seconds=time.perf_counter() - started, rows=rows)
    return Refreshed(number, load_id, "full" if full else "changes", rows, time.perf_counter() - started)


def _definition(store: Store, connection: Connection, versions: tuple["places.Version", ...]) -> str:
    """Everything the sums hang on beside the facts: where it has changed they are made anew."""
    indicators = {
        subject: [columns(of_subject(subject)), histograms(of_subject(subject))] for subject in SUBJECTS
    }
    boundaries = [[version.id, version.fingerprint] for version in versions]
    linked = [[link.source_id, link.field, link.targets] for link in links.declared(connection)]
    known = [promised(connection).counted, linked, sorted(store.settings.timers.items())]
    return json.dumps([indicators, boundaries, *known, SPANS, MAX_UNITS, STRIP_UNITS, SHARES])


def _stored_levels(version: "places.Version") -> tuple[int, ...]:
    counts = Counter(version.level_at[1:])
    return tuple(sorted(depth for depth, count in counts.items() if count <= MAX_UNITS))


def _begin(store: Store, *, load_id: int, base: int, now: int) -> int:
    """Open a generation; leavings of one that never was published are removed first.

    base  the generation it adds to; 0: it starts anew, and its tables are made or made again
    """
    with store.write() as connection:
        for subject in SUBJECTS if not base else ():
            _ensure_table(connection, subject)
        stale = connection.scalars(select(generation.c.id).where(generation.c.state == "building")).all()
        for table in (*map(rollup_table, SUBJECTS), share) if stale else ():
            connection.execute(delete(table).where(table.c.gen.in_(stale)))
        connection.execute(delete(generation).where(generation.c.state == "building"))
        number = (
            connection.scalar(select(generation.c.id).order_by(generation.c.id.desc()).limit(1)) or 0
        ) + 1
        connection.execute(
            insert(generation).values(
                id=number, load=load_id, base=base or number, state="building", started_at=now, summary="{}"
            )
        )
    return number


def _ensure_table(connection: Connection, subject: str) -> None:
    """The subject's table, made anew when the declared histograms no longer fit its columns."""
    table = rollup_table(subject)
    table.metadata.create_all(connection)
    have = {column["name"] for column in inspect(connection).get_columns(table.name)}
    if have != set(table.c.keys()):
        table.metadata.drop_all(connection)
        table.metadata.create_all(connection)


def _changes(
    store: Store,
    subject: str,
    versions: tuple["places.Version", ...],
    levels: Mapping[int, tuple[int, ...]],
    *,
    since: Published | None,
    load_id: int,
    number: int,
) -> Iterator[tuple["places.Version", int, Cells]]:
    """Sums to add, by boundary version and level; what was counted is kept as shares of generation `number`."""
    with store.read() as connection:
        counted = _counted(connection, store, subject, versions, since=since, load_id=load_id)
    for version, ends in with_ends(versions):
        depths = levels[version.id]
        if not counted or not depths:
            continue
        cells = _finest(version, counted, depth=depths[-1], ends=ends)
        yield version, depths[-1], cells
        for depth in reversed(depths[:-1]):
            cells = lift(cells, version.ancestors[depth])
            yield version, depth, cells
    write_shares(store, subject, number, counted)


def _counted(
    connection: Connection,
    store: Store,
    subject: str,
    versions: tuple["places.Version", ...],
    *,
    since: Published | None,
    load_id: int,
) -> list[Tallied]:
    """Facts to add and to take away, with what each is worth and where it lies."""
    promises = promised(connection)
    if since is None:
        parts = [(read_facts(connection, subject, load=load_id), 1)]
    else:
        gone, come = changed_facts(connection, subject, since=since.load, load=load_id, promises=promises)
        parts = [(gone, -1), (come, 1)]
    found = []
    for rows, sign in parts:
        if len(rows):
            facts = prepare(rows, subject, store.settings, promises=promises)
            worth = shares_of(facts, of_subject(subject))
            found.append(Tallied(facts, worth, sign, _places(connection, subject, versions, facts["rev"])))
    return found


def _places(
    connection: Connection, subject: str, versions: tuple["places.Version", ...], revs: Series
) -> dict[int, np.ndarray]:
    """Place of each revision by version."""
    return {version.id: places.of_revisions(connection, subject, version.id, revs) for version in versions}


def _finest(version: "places.Version", counted: Sequence[Tallied], *, depth: int, ends: int | None) -> Cells:
    """Sums of the finest level held; the coarser ones are added up from it."""
    row = version.ancestors[depth]
    parts = [
        add_up(part.shares.before(ends), row[part.places[version.id]], sign=part.sign) for part in counted
    ]
    return parts[0] if len(parts) == 1 else merge(parts)


def with_ends(versions: tuple["places.Version", ...]) -> list[tuple["places.Version", int | None]]:
    """Versions with the day their successor takes over; what happens from then on is not theirs to count."""
    ends = []
    for version in versions:
        later = [
            other.valid_from_on for other in versions if other.tree == version.tree and _after(other, version)
        ]
        ends.append((version, min(later, default=None)))
    return ends


def _after(other: "places.Version", version: "places.Version") -> bool:
    return (other.valid_from_on, other.id) > (version.valid_from_on, version.id)


def _publish(store: Store, new: Published, *, seconds: float, rows: int) -> None:
    values = {
        "generation": new.generation,
        "base": new.base,
        "load": new.load,
        "definition": new.definition,
        "levels": json.dumps(new.levels),
        "first_on": new.first_on,
        "published_at": new.published_at,
    }
    with store.write() as connection:
        done = connection.execute(update(publication).where(publication.c.id == 1).values(**values))
        if not done.rowcount:
            connection.execute(insert(publication).values(id=1, **values))
        connection.execute(
            update(generation)
            .where(generation.c.id == new.generation)
            .values(
                state="published",
                base=new.base,
                published_at=new.published_at,
                seconds=seconds,
                summary=json.dumps({"rows": rows}),
            )
        )
    if new.base == new.generation:
        _tidy(store, new.base)


def _tidy(store: Store, base: int) -> None:
    """Drop the rows no generation reads any more; tell PostgreSQL's planner what the tables hold now."""
    with store.write() as connection:
        connection.execute(delete(share).where(share.c.gen < base))
    for subject in SUBJECTS:
        table = rollup_table(subject)
        with store.write() as connection:
            connection.execute(delete(table).where(table.c.gen < base))
            if store.dialect == "postgresql":
                for counted in (table, FACTS[subject], PLACES[subject]):
                    connection.execute(DDL("ANALYZE %(fullname)s").against(counted))
