"""Loads: batches of rows become revisions of facts, and every row is accounted for.

A load is seen whole or not at all: its revisions carry its number, which counts only once the load is done, and a
load that fails is taken back to the last row. An equal row adds nothing; a changed one adds a revision and closes
the one before. Sealed fields are encrypted here; dropped ones never arrive.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from pandas import DataFrame
from sqlalchemy import Connection, Table, delete, func, select, update

from data import places, register
from data.deliveries import Delivery
from data.instants import micros
from data.locks import one_at_a_time
from data.placing import LOCATED, NOWHERE, OUTSIDE, Finder, leading
from data.revisions import Revisions
from data.schema import FACTS, FOREVER, PLACES, SUBJECT_OF_KIND, SUBJECTS, coverage, load, reject, sealed
from data.sources.batch import Batch, Reject
from data.sources.definition import Source
from data.sources.gates import Limits
from data.sources.reading import read_batches
from data.store import Store, drop_indexes, ensure_indexes, insert_rows
from geo.crs import likely_system

SHOWN_REJECTS = 20
KEPT_REJECTS = 50_000


@dataclass
class Ledger:
    """The account of one load; `read = accepted + updated + unchanged + rejected`.

    withdrawn  facts no longer in a snapshot, beside the rows read; `withdrawals` holds the first of their numbers
    """

    source: str
    files: list[str]
    read: int = 0
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    located: int = 0
    outside: int = 0
    no_location: int = 0
    rejects: list[Reject] = field(default_factory=list)
    withdrawn: int = 0
    withdrawals: list[str] = field(default_factory=list)
    notes: Counter = field(default_factory=Counter)
    seconds: float = 0.0
    load: int = 0
    hint: str = ""

    @property
    def gone(self) -> str:
        """What a snapshot no longer held, on one line."""
        more = ", …" if self.withdrawn > len(self.withdrawals) else ""
        return f"withdrawn: {', '.join(self.withdrawals)}{more}" if self.withdrawals else ""

    def as_json(self) -> dict:
        """The document `linli ingest --json` prints."""
        document = {key: value for key, value in asdict(self).items() if key not in ("notes", "rejects")}
        document["rejects"] = [asdict(entry) for entry in self.rejects[:SHOWN_REJECTS]]
        document["notes"] = dict(self.notes)
        return document


def ingest(
    store: Store,
    origin: Source,
    files: Sequence[Path],
    *,
    clock: Callable[[], datetime],
    progress: Callable[[int], None] = lambda rows: None,
    limits: Limits | None = None,
    accept_shrink: bool = False,
) -> Ledger:
    """Load files through a declared source. Raises SourceError with nothing changed.

    limits  of the child that parses files of strangers; None: they come from somebody with a shell

    1. take the lock and take back what a broken load left; 2. read batch by batch; 3. tell new rows from changed
    and equal ones; 4. locate in every boundary version; 5. write; 6. withdraw what a snapshot no longer holds;
    7. mark the load as done.

    accept_shrink  whether more of a snapshot may vanish than its source allows
    """
    batches = read_batches(origin, files, now=clock(), limits=limits)
    return ingest_batches(
        store, origin, batches, names=[path.name for path in files], clock=clock, progress=progress,
        accept_shrink=accept_shrink,
    )  # fmt: skip


def ingest_batches(
    store: Store,
    origin: Source,
    batches: Iterable[Batch],
    *,
    names: Sequence[str],
    clock: Callable[[], datetime],
    progress: Callable[[int], None] = lambda rows: None,
    accept_shrink: bool = False,
) -> Ledger:
    """Load batches already read (a polled service); see `ingest`."""
    started = time.perf_counter()
    ledger = Ledger(origin.name, list(names))
    with one_at_a_time(store, "load"):
        undo_broken(store)
        intake = _Intake(store, origin, ledger, clock)
        try:
            for batch in batches:
                intake.take(batch)
                progress(ledger.read)
            intake.settle(accept_shrink=accept_shrink)
        except BaseException:
            intake.undo()
            raise
        ledger.seconds = round(time.perf_counter() - started, 3)
        intake.finish()
    return ledger


class _Intake:
    """One load under way."""

    def __init__(self, store: Store, origin: Source, ledger: Ledger, clock: Callable[[], datetime]):
        self.store, self.origin, self.ledger, self.clock = store, origin, ledger, clock
        self.subject = SUBJECT_OF_KIND[origin.kind]
        with store.read() as connection:
            versions = places.versions(connection, store=store)
            cache = store.settings.folder / ".cache"
            self.placers = [places.Placer(connection, version, cache=cache) for version in versions]
            self.finder = Finder(connection, store, self.subject, self.placers)
            main = leading(versions, store.settings)
            self.main = [version.id for version in versions].index(main.id) if main else None
        with store.write() as connection:
            self.mark = register.begin_load(connection, origin, files=ledger.files, now=micros(clock()))
            self.first = not connection.execute(select(FACTS[self.subject].c.rev).limit(1)).first()
            for table in self._tables if self.first else ():
                drop_indexes(connection, table)
        ledger.load = self.mark.load_id
        self.revisions = Revisions(store, origin, subject=self.subject, load_id=self.mark.load_id)
        self.delivery = Delivery(
            store, origin, source_id=self.mark.source_id, subject=self.subject, load_id=self.mark.load_id
        )

    @property
    def _tables(self) -> tuple[Table, Table]:
        return FACTS[self.subject], PLACES[self.subject]

    def take(self, batch: Batch) -> None:
        """Account for the rows of a batch and write what is new in them."""
        ledger = self.ledger
        ledger.read += batch.read
        ledger.rejected += len(batch.rejects)
        ledger.notes.update(batch.notes)
        self._keep_rejects(batch.rejects)
        if ledger.read == batch.read:  # the first batch speaks for the file
            ledger.hint = self._system_hint(batch.frame)
        self._keep(self.delivery.take(batch))

    def _keep(self, rows: DataFrame) -> None:
        """Write what is new in some rows and account for all of them."""
        ledger, news = self.ledger, self._news(rows)
        ledger.unchanged += len(rows) - len(news)
        for frame in self.revisions.rounds(news):
            with self.store.write() as connection:
                found = self.revisions.sort_out(connection, frame)
                self._locate(connection, self.revisions.add(connection, found))
            ledger.accepted += int(found.fresh.sum())
            ledger.updated += int(found.changed.sum())
            ledger.unchanged += len(frame) - int(found.fresh.sum()) - int(found.changed.sum())

    def _news(self, frame: DataFrame) -> DataFrame:
        """Rows without those whose key stands several times and ends where it stands already: a known past."""
        last = self.revisions.last_of_repeated(frame)
        if last.empty:
            return frame
        with self.store.write() as connection:
            found = self.revisions.sort_out(connection, last)
        return frame[~frame["key"].isin(last["key"][~found.fresh & ~found.changed])]

    def _system_hint(self, frame: DataFrame) -> str:
        """Whether another coordinate system than the declared one fits the units better: said, never switched."""
        if self.main is None or "given_lon" not in frame:
            return ""
        lon, lat = (frame[name].to_numpy(dtype=float) for name in ("given_lon", "given_lat"))
        hint = likely_system(lon, lat, self.origin.crs, self.placers[self.main].inside)
        return hint.text if hint else ""

    def _locate(self, connection: Connection, taken: DataFrame) -> None:
        """Record the place of each new revision in every version; the ledger follows the newest of the first tree."""
        revs = taken["rev"].to_numpy()
        for index, placer in enumerate(self.placers):
            place, how = self.finder.place(placer, taken)
            # In the order of the index by place, which costs the most; a first load builds it at its end.
            order = slice(None) if self.first else np.argsort(place, kind="stable")
            rows = list(zip(*(part[order].tolist() for part in (revs, place, how)), strict=True))
            same = {"version_id": placer.version.id}
            insert_rows(connection, PLACES[self.subject], ("rev", "place", "how"), rows, same=same)
            if index == self.main:
                self._count(how.tolist())
        if self.main is None:
            self._count(
                [OUTSIDE if point else NOWHERE for point in (taken["lon"].notna() & taken["lat"].notna())]
            )

    def _count(self, how: list[int]) -> None:
        counts = Counter(how)
        self.ledger.located += sum(counts[how] for how in LOCATED)
        self.ledger.outside += counts[OUTSIDE]
        self.ledger.no_location += counts[NOWHERE]

    def _keep_rejects(self, rejects: Sequence[Reject]) -> None:
        room = KEPT_REJECTS - len(self.ledger.rejects)
        kept = list(rejects[:room])
        if not kept:
            return
        self.ledger.rejects += kept
        rows = [(self.mark.load_id, x.file, x.row, x.field, str(x.value)[:200], x.rule) for x in kept]
        with self.store.write() as connection:
            insert_rows(connection, reject, ("load_id", "file", "row", "field", "value", "rule"), rows)

    def settle(self, *, accept_shrink: bool) -> None:
        """What the delivery says as a whole; see `data.deliveries`."""
        ledger, found = self.ledger, self.delivery.settle(self._keep, confirmed=accept_shrink)
        ledger.unchanged += found.unchanged
        ledger.withdrawn, ledger.withdrawals = found.withdrawn, found.keys
        ledger.notes += Counter(withdrawals_held=found.held, withdrawals_undecided=found.undecided)

    def finish(self) -> None:
        """The load is known from now on, and never from before an earlier one."""
        ledger = self.ledger
        with self.store.write() as connection:
            self._rebuild_indexes(connection)
            latest = connection.scalar(select(func.max(load.c.recorded_at))) or 0
            connection.execute(
                update(load)
                .where(load.c.id == self.mark.load_id)
                .values(
                    state="done",
                    recorded_at=max(micros(self.clock()), latest + 1),
                    notes=json.dumps(
                        dict(ledger.notes) | ({"hint": ledger.hint} if ledger.hint else {}),
                        ensure_ascii=False,
                    ),
                    seconds=ledger.seconds,
                    **{name: getattr(ledger, name) for name in register.COUNTS},
                )
            )

    def undo(self) -> None:
        with self.store.write() as connection:
            take_back(connection, self.mark.load_id)
            register.forget(connection, self.mark)
            self._rebuild_indexes(connection)

    def _rebuild_indexes(self, connection: Connection) -> None:
        """Build what a first load has gone without."""
        for table in self._tables if self.first else ():
            ensure_indexes(connection, table)


def undo_broken(store: Store) -> None:
    """Take back loads whose process died; the caller holds the lock, so nothing else is loading."""
    with store.read() as connection:
        broken = connection.scalars(select(load.c.id).where(load.c.state == "running")).all()
    for number in broken:
        with store.write() as connection:
            take_back(connection, number)
            for table in (*FACTS.values(), *PLACES.values()):
                ensure_indexes(connection, table)


def take_back(connection: Connection, number: int) -> None:
    """Remove a load and everything it wrote; what it had closed is open again."""
    for subject in SUBJECTS:
        table, place = FACTS[subject], PLACES[subject]
        revs = select(table.c.rev).where(table.c.load == number)
        connection.execute(delete(place).where(place.c.rev.in_(revs)))
        connection.execute(delete(sealed).where(sealed.c.subject == subject, sealed.c.rev.in_(revs)))
        connection.execute(delete(table).where(table.c.load == number))
        reopened = update(table).where(table.c.superseded == number).values(superseded=FOREVER)
        connection.execute(reopened)
    connection.execute(delete(reject).where(reject.c.load_id == number))
    connection.execute(delete(coverage).where(coverage.c.load_id == number))
    connection.execute(delete(load).where(load.c.id == number))
