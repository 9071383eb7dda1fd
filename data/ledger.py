"""Loads: batches of rows become revisions of facts, and every row is accounted for.

A load is seen whole or not at all: its revisions carry its number, which counts only once the load is done, and a
load that fails is taken back to the last row. An equal row adds nothing; a changed one adds a revision and closes
the one before. Sealed fields are encrypted here; dropped ones never arrive.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import numpy as np
from pandas import DataFrame
from sqlalchemy import Connection, Table, delete, func, select, update

from data import register
from data.ahead import ahead
from data.bulk import drop_indexes, ensure_indexes, insert_rows
from data.deliveries import Account, Delivery
from data.instants import micros
from data.intake import KEPT_REJECTS, SHOWN_REJECTS, Intake, Ledger
from data.locks import one_at_a_time
from data.revisions import Revisions, Sorted
from data.schema import FACTS, FOREVER, PLACES, SUBJECTS, coverage, load, reject, sealed
from data.schema_judging import due_change, due_given
from data.sources.batch import Batch, Reject
from data.sources.definition import Source
from data.sources.gates import Limits
from data.sources.reading import read_batches
from data.store import Store

__all__ = ["KEPT_REJECTS", "SHOWN_REJECTS", "Ledger", "ingest", "ingest_batches", "take_back", "undo_broken"]


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
        store, origin, ahead(batches), names=[path.name for path in files], clock=clock, progress=progress,
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
        intake = _Load(store, origin, ledger, clock)
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


class _Load(Intake):
    """One load under way."""

    def __init__(self, store: Store, origin: Source, ledger: Ledger, clock: Callable[[], datetime]):
        super().__init__(store, origin, ledger, clock)
        with store.write() as connection:
            self.mark = register.begin_load(connection, origin, files=ledger.files, now=micros(clock()))
            self.first = not connection.execute(select(FACTS[self.subject].c.rev).limit(1)).first()
            for table in self._tables if self.first else ():
                drop_indexes(connection, table)
        ledger.load = self.mark.load_id
        mine, load_id = self.mark.source_id, self.mark.load_id
        self.revisions = Revisions(store, origin, source_id=mine, subject=self.subject, load_id=load_id)
        self.delivery = Delivery(store, origin, source_id=mine, subject=self.subject, load_id=load_id)

    @property
    def _tables(self) -> tuple[Table, Table]:
        return FACTS[self.subject], PLACES[self.subject]

    def _comparing(self) -> AbstractContextManager[Connection]:
        return self.store.write()

    def _add(self, connection: Connection, found: Sorted) -> DataFrame:
        self.dues.keep(connection, source_id=self.mark.source_id, load_id=self.mark.load_id)
        return self.revisions.add(connection, found)

    def _locate(self, connection: Connection, taken: DataFrame) -> None:
        """Record the place of each new revision in every version."""
        revs = taken["rev"].to_numpy()
        for index, placer in enumerate(self.placers):
            place, how = self.finder.place(placer, taken)
            # In the order of the index by place, which costs the most; a first load builds it at its end.
            order = slice(None) if self.first else np.argsort(place, kind="stable")
            rows = zip(*(part[order].tolist() for part in (revs, place, how)), strict=True)
            same = {"version_id": placer.version.id}
            insert_rows(connection, PLACES[self.subject], ("rev", "place", "how"), rows, same=same)
            if index == self.main:
                self._count(how.tolist())
        if self.main is None:
            self._count_without_units(taken)

    def _keep_rejects(self, rejects: Sequence[Reject]) -> None:
        rows = [(self.mark.load_id, x.file, x.row, x.field, str(x.value)[:200], x.rule) for x in rejects]
        with self.store.write() as connection:
            insert_rows(connection, reject, ("load_id", "file", "row", "field", "value", "rule"), rows)

    def _settled(self, *, accept_shrink: bool) -> Account:
        return self.delivery.settle(self._keep, confirmed=accept_shrink)

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
                    notes=json.dumps(_notes(ledger), ensure_ascii=False),
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


def _notes(ledger: Ledger) -> dict:
    """What the table keeps of a load beside its counts: remarks, the hint, what looks mixed up."""
    said = {"hint": ledger.hint, "mixups": [asdict(one) for one in ledger.mixups]}
    return dict(ledger.notes) | {name: value for name, value in said.items() if value}


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
        for beside in (sealed, due_change):
            connection.execute(delete(beside).where(beside.c.subject == subject, beside.c.rev.in_(revs)))
        connection.execute(delete(table).where(table.c.load == number))
        reopened = update(table).where(table.c.superseded == number).values(superseded=FOREVER)
        connection.execute(reopened)
    connection.execute(delete(due_given).where(due_given.c.load == number))
    connection.execute(delete(reject).where(reject.c.load_id == number))
    connection.execute(delete(coverage).where(coverage.c.load_id == number))
    connection.execute(delete(load).where(load.c.id == number))
