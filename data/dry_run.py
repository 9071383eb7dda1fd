"""A load that stores nothing: what a file would come to, counted by the same steps as the load itself.

Rows are compared in snapshots that cannot write. What an earlier row of the file has said of a key is remembered
here, and words the store does not know get numbers that nobody keeps. Between a dry run and the load others may
load; then the load's own ledger counts.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from sqlalchemy import Connection, select

from data.deliveries import NEVER, SIGNED, Account, Delivery
from data.intake import Intake, Ledger
from data.placing import placeable
from data.revisions import Revisions, Sorted
from data.schema import FOREVER, source
from data.sources.batch import Batch, Reject
from data.sources.definition import Source
from data.store import Store

NO_SOURCE = 0  # number of a source that has not loaded anything yet
UNKNOWN_WORD = 2**40  # numbers from here on are no word of the store


def dry_run(
    store: Store,
    origin: Source,
    batches: Iterable[Batch],
    *,
    names: Sequence[str],
    clock: Callable[[], datetime],
    accept_shrink: bool = False,
) -> Ledger:
    """The ledger that loading batches would give now. Raises SourceError as the load would.

    returns  as `ledger.ingest_batches`, with 0 for the number of the load
    """
    intake = _DryRun(store, origin, Ledger(origin.name, list(names)), clock)
    for batch in batches:
        intake.take(batch)
    intake.settle(accept_shrink=accept_shrink)
    return intake.ledger


class _DryRun(Intake):
    def __init__(self, store: Store, origin: Source, ledger: Ledger, clock: Callable[[], datetime]):
        super().__init__(store, origin, ledger, clock)
        with store.read() as connection:
            number = connection.scalar(select(source.c.id).where(source.c.name == origin.name))
        # Before the end of all loads: everything that is stored counts as known before.
        number = number or NO_SOURCE
        self.revisions: _Remembered = _Remembered(
            store, origin, source_id=number, subject=self.subject, load_id=FOREVER
        )
        self.delivery: _Weighed = _Weighed(
            store, origin, source_id=number, subject=self.subject, load_id=FOREVER
        )

    def _comparing(self) -> AbstractContextManager[Connection]:
        return self.store.read()

    def _add(self, connection: Connection, found: Sorted) -> DataFrame:
        self.revisions.remember(found)
        self.dues.remember()
        self.delivery.remember(found)
        rows = found.rows[found.fresh | found.changed]
        found_at = {"lon": rows["lon"], "lat": rows["lat"], "hint": rows["hint_text"]}
        source_id = self.revisions.source_id
        return placeable(rows, self.subject, source_id=source_id).assign(**found_at)

    def _locate(self, connection: Connection, taken: DataFrame) -> None:
        if self.main is None:
            self._count_without_units(taken)
        else:
            self._count(self.finder.place(self.placers[self.main], taken)[1].tolist())

    def _keep_rejects(self, rejects: Sequence[Reject]) -> None:
        """The ledger holds them already."""

    def _settled(self, *, accept_shrink: bool) -> Account:
        account, _, _ = self.delivery.weigh(self._keep, confirmed=accept_shrink)
        return account


class _Remembered(Revisions):
    """Revisions nobody writes: what this file has said of a key so far comes before what is stored of it."""

    def __init__(self, store: Store, origin: Source, *, source_id: int, subject: str, load_id: int):
        super().__init__(store, origin, source_id=source_id, subject=subject, load_id=load_id)
        self._said: dict[str, tuple[int, int | None]] = {}
        self._words = UNKNOWN_WORD

    def remember(self, found: Sorted) -> None:
        """Keep digest and version of what is new."""
        rows = found.rows[found.fresh | found.changed]
        versions = (
            rows["version"].astype(object).where(rows["version"].notna(), None) if "version" in rows else None
        )
        said = zip(rows["digest"].tolist(), [None] * len(rows) if versions is None else versions, strict=True)
        self._said.update(zip(rows["key"].tolist(), said, strict=True))

    def _known(self, connection: Connection, keys: Series) -> DataFrame:
        names = ["rev", "digest", "version"]
        stored = DataFrame(columns=names) if self._blank else super()._known(connection, keys)
        said = {key: self._said[key] for key in keys if key in self._said}
        if not said:
            return stored
        mine = DataFrame(
            [(0, *values) for values in said.values()], columns=names, index=pd.Index(said, name="key")
        )
        others = stored[~stored.index.isin(mine.index)]
        return pd.concat([others, mine]) if len(others) else mine

    def _new_words(self, connection: Connection, texts: list[str], kind: str) -> dict[str, int]:
        self._words += len(texts)
        return {text: self._words - place for place, text in enumerate(texts)}


class _Weighed(Delivery):
    """A delivery nobody writes: what it brought first is remembered, since the store does not hold it."""

    def __init__(self, store: Store, origin: Source, *, source_id: int, subject: str, load_id: int):
        super().__init__(store, origin, source_id=source_id, subject=subject, load_id=load_id)
        self._fresh: dict[str, tuple[int, int]] = {}

    def remember(self, found: Sorted) -> None:
        """Keep instant and version of what is new, or was new in this file and is said again."""
        if not self.ordered:
            return
        rows, new = found.rows, found.fresh | found.changed
        absent = Series(NEVER, index=rows.index)
        at, version = (rows[name].fillna(NEVER) if name in rows else absent for name in (self.by, "version"))
        for key, fresh, instant, number in zip(
            rows["key"][new], found.fresh[new], at[new], version[new], strict=True
        ):
            if fresh or key in self._fresh:
                self._fresh[key] = (int(instant), int(number))

    def _brought(self, connection: Connection) -> DataFrame:
        rows = [(0, key, *signs) for key, signs in self._fresh.items()]
        return DataFrame(rows, columns=list(SIGNED)).astype(
            {"rev": np.int64, "at": np.int64, "version": np.int64}
        )
