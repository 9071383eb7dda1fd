"""Deliveries that hold everything of a span of time: what is no longer in them is withdrawn, never deleted.

A snapshot speaks for the spans its source declares (`data.sources.snapshot`). A fact known before that lies in one
and is not in the delivery gets a revision that says *withdrawn*; a row that comes back is an update.

Where versions order a source, so do they order its deliveries: a snapshot is as new as its newest version, and a
fact is withdrawn when one that speaks for it, newer than every sign of it, does not hold it. Signs of it are the
snapshots that speak for it and hold it, and its own version. `coverage` keeps what was spoken for, so that
deliveries come to one state in whatever order and however often they arrive. Without versions the order of
delivery decides.

A row that was refused still says that its fact is there. A delivery with rows that could not be read at all, or
without any version where versions order, withdraws nothing and says how much it would have.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from sqlalchemy import ColumnElement, Connection, Row, Table, func, literal_column, select, update

from data.bulk import any_of, insert_rows, raw_rows
from data.schema import FACTS, FOREVER, PLACES, STARTS, coverage
from data.sources.batch import Batch, SourceError
from data.sources.definition import Source
from data.spans import EVERYTHING, Span, Spans, covered, numbers
from data.store import Store

NEVER = EVERYTHING[0]  # an instant or a version that is not known
LATEST = EVERYTHING[1]
SIGNED_AT_ONCE = 100_000  # rows compared at a time
SHOWN = 20
SIGNED = ("rev", "key", "at", "version")
NOBODY = DataFrame(columns=list(SIGNED)).astype(
    {"rev": "int64", "key": "str", "at": "int64", "version": "int64"}
)


@dataclass(frozen=True)
class Account:
    """What a delivery as a whole came to.

    unchanged  rows of withdrawn facts that a newer snapshot overrules
    withdrawn  facts that got a revision; `keys` names the first of them
    held       facts that would have been withdrawn, had every row been read
    undecided  facts it lacks, though nothing in it is newer than the last sign of them
    """

    unchanged: int
    withdrawn: int
    keys: list[str]
    held: int
    undecided: int


class Delivery:
    """One load, seen as a whole: what stands in it, and what therefore does not."""

    def __init__(self, store: Store, origin: Source, *, source_id: int, subject: str, load_id: int):
        self.store, self.origin = store, origin
        self.source_id, self.subject, self.load_id = source_id, subject, load_id
        self.table, self.snapshot = FACTS[subject], origin.snapshot
        self.by = self.snapshot.by if self.snapshot else STARTS[subject]
        self._spans = Spans(self.snapshot, origin.timezone) if self.snapshot else None
        self._hashes: list[np.ndarray] = []
        self._waiting: list[DataFrame] = []
        self._stamp, self._oldest, self._unread, self._undecided = NEVER, LATEST, 0, 0
        self._gone = self._withdrawn_keys() if self.ordered else pd.Index([])

    @property
    def ordered(self) -> bool:
        """Whether versions say which delivery is newer."""
        if self.snapshot:
            return self.snapshot.order == "version"
        return "version" in self.origin.by_field

    def _withdrawn_keys(self) -> pd.Index:
        with self.store.read() as connection:
            now = [self.table.c.source_id == self.source_id, self.table.c.superseded == FOREVER]
            query = select(self.table.c.key).where(*now, is_withdrawn(self.table))
            return pd.Index(connection.scalars(query).all(), dtype="str")

    def take(self, batch: Batch) -> DataFrame:
        """Note what stands in a batch; answers its rows but those of facts that are withdrawn and whose turn
        depends on how new the delivery is, which its last row tells."""
        frame = batch.frame
        if self._spans is not None:
            self._spans.take(frame, frame[self.by])
            self._hashes += [_hashed(frame["key"]), _hashed(Series(batch.refused, dtype="str"))]
            self._unread += batch.unread
        if not self.ordered:
            return frame
        versions = numbers(frame["version"])
        self._stamp = max(self._stamp, int(versions.max(initial=NEVER)))
        self._oldest = min(self._oldest, int(versions.min(initial=LATEST)))
        waits = frame["key"].isin(self._gone) if len(self._gone) else None
        if waits is None or not waits.any():
            return frame
        self._waiting.append(frame[waits])
        return frame[~waits]

    def settle(self, keep: Callable[[DataFrame], None], *, confirmed: bool) -> Account:
        """Say what the delivery as a whole means, after its last row, and write the withdrawals; see `weigh`."""
        account, leaving, spans = self.weigh(keep, confirmed=confirmed)
        with self.store.write() as connection:
            _withdraw(connection, self.subject, leaving["rev"].tolist(), load_id=self.load_id)
            if self.ordered and self._stamp > NEVER and not account.held:
                rows = [(self.load_id, start, end, self.source_id, self._stamp) for start, end in spans]
                insert_rows(connection, coverage, [column.name for column in coverage.columns], rows)
        return account

    def weigh(
        self, keep: Callable[[DataFrame], None], *, confirmed: bool
    ) -> tuple[Account, DataFrame, list[Span]]:
        """What the delivery as a whole means, the facts to be withdrawn, and the spans it speaks for.

        keep       stores rows that come back
        confirmed  whether more may vanish than the source allows
        Raises     SourceError where more does; nothing is withdrawn then
        """
        spans = self._spans.found() if self._spans else []
        back, unchanged = self._returning(spans)
        if len(back):
            keep(back)
        with self.store.read() as connection:
            gone = self._vanished(connection, spans, confirmed=confirmed)
            late = self._late(connection, spans)
        blind = self._blind and not confirmed
        leaving = late if blind else pd.concat([gone, late])
        keys = leaving["key"].sort_values().head(SHOWN).tolist()  # databases answer in no order of their own
        held = len(gone) if blind else 0
        return Account(unchanged, len(leaving), keys, held=held, undecided=self._undecided), leaving, spans

    @property
    def _blind(self) -> bool:
        """Whether it cannot tell what is not in it: rows could not be read, or none has the version that orders."""
        return self._unread > 0 or (self.ordered and self._stamp == NEVER)

    def _signs(self, at: np.ndarray, versions: np.ndarray, spans: list[Span]) -> np.ndarray:
        """How new the sign is that a row of this delivery gives: where it speaks for the row as new as itself."""
        return np.where(covered(at, spans), self._stamp, versions)

    def _newest(self, connection: Connection, at: np.ndarray, *, above: int) -> np.ndarray:
        """For each instant the newest earlier snapshot that speaks for it, of those newer than `above`."""
        query = select(coverage.c.start_at, coverage.c.end_at, coverage.c.stamp)
        mine = (coverage.c.source_id == self.source_id) & (coverage.c.stamp > above)
        newest = np.full(len(at), NEVER)
        for start, end, stamp in connection.execute(query.where(mine)):
            inside = (at >= start) & (at <= end)
            newest[inside] = np.maximum(newest[inside], stamp)
        return newest

    def _returning(self, spans: list[Span]) -> tuple[DataFrame, int]:
        """Rows set aside that say a withdrawn fact is there again; and how many a newer snapshot overrules."""
        if not self._waiting:
            return DataFrame(), 0
        rows = pd.concat(self._waiting, ignore_index=True)
        at, versions = numbers(rows[self.by]), numbers(rows["version"])
        signs = self._signs(at, versions, spans)
        with self.store.read() as connection:
            back = signs >= self._newest(connection, at, above=int(signs.min()) - 1)
        return rows[back], int((~back).sum())

    def _vanished(self, connection: Connection, spans: list[Span], *, confirmed: bool) -> DataFrame:
        """Facts known before this load that it speaks for and does not hold."""
        if self.snapshot is None or not spans:
            return NOBODY
        known, parts = 0, [NOBODY]
        held = np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *self._hashes]))
        for part in self._known(connection, spans):
            known += len(part)
            lacking = part[~np.isin(_hashed(part["key"]), held)]
            parts.append(self._overtaking(connection, lacking))
        gone = pd.concat(parts, ignore_index=True)
        if len(gone) * 100 > known * self.snapshot.shrink and not confirmed:
            raise SourceError(
                f"{self.origin.name}: got a snapshot that lacks {len(gone):,} of the {known:,} facts it speaks for; "
                f"expected at most {self.snapshot.shrink} % to vanish at once (--accept-shrink confirms more)"
            )
        return gone

    def _known(self, connection: Connection, spans: list[Span]) -> Iterator[DataFrame]:
        """Facts that stood before this load in some spans, in parts: rev, key, at, version."""
        table = self.table
        where = [~table.c.withdrawn, table.c.load + 0 < self.load_id, table.c.superseded >= self.load_id]
        if spans == [EVERYTHING]:
            where.append(table.c.source_id == self.source_id)
        else:  # by the index of instants: the sum keeps planners from the one of sources
            where.append(table.c.source_id + 0 == self.source_id)
            where.append(table.c[self.by].between(spans[0][0], spans[-1][1]))
        query = select(*self._columns()).where(*where).order_by(table.c.rev)
        for rows in raw_rows(connection, query, size=SIGNED_AT_ONCE):
            part = DataFrame(rows, columns=list(SIGNED))
            yield part[covered(part["at"].to_numpy(dtype=np.int64), spans)]

    def _overtaking(self, connection: Connection, part: DataFrame) -> DataFrame:
        """Of facts this delivery lacks those for which it is newer than every sign of them, as far as that is known."""
        if not self.ordered or self._stamp == NEVER:
            return part
        at, versions = (part[name].to_numpy(dtype=np.int64) for name in ("at", "version"))
        signs = np.maximum(versions, self._newest(connection, at, above=self._stamp - 1))
        self._undecided += int((signs == self._stamp).sum())
        return part[signs < self._stamp]

    def _late(self, connection: Connection, spans: list[Span]) -> DataFrame:
        """Facts this load brought first, though a newer snapshot that speaks for them does not hold them."""
        newer = select(coverage.c.stamp).where(
            coverage.c.source_id == self.source_id, coverage.c.stamp > self._oldest
        )
        if not self.ordered or connection.execute(newer.limit(1)).first() is None:
            return NOBODY
        part = self._brought(connection)
        at, versions = (part[name].to_numpy(dtype=np.int64) for name in ("at", "version"))
        signs = self._signs(at, versions, spans)
        return part[self._newest(connection, at, above=int(signs.min(initial=LATEST))) > signs]

    def _brought(self, connection: Connection) -> DataFrame:
        """Facts that this load brought first, as it leaves them: rev, key, at, version."""
        table, before = self.table, self.table.alias()
        older = select(before.c.rev).where(
            before.c.source_id == self.source_id, before.c.key == table.c.key, before.c.load < self.load_id
        )
        mine = [
            table.c.source_id + 0 == self.source_id,
            table.c.load == self.load_id,
        ]  # by the index of loads
        query = select(*self._columns()).where(*mine, table.c.superseded == FOREVER, ~table.c.withdrawn)
        return DataFrame(connection.execute(query.where(~older.exists())).all(), columns=list(SIGNED))

    def _columns(self) -> list[ColumnElement]:
        table = self.table
        return [
            table.c.rev,
            table.c.key,
            func.coalesce(table.c[self.by], NEVER),
            func.coalesce(table.c.version, NEVER),
        ]


def _hashed(keys: Series) -> np.ndarray:
    """64 bits of each key: what a delivery holds fits into memory, however large it is."""
    return pd.util.hash_array(keys.to_numpy(dtype=object))


def is_withdrawn(table: Table) -> ColumnElement[bool]:
    """What the partial index on withdrawn revisions is made for, word by word, so that it is used."""
    return literal_column(f"{table.name}.withdrawn")  # of no type, or it would be written as `= 1`


def _withdraw(connection: Connection, subject: str, revs: list[int], *, load_id: int) -> None:
    """Give facts a revision that says they are withdrawn: what was known of them, in the places they had."""
    if not revs:
        return
    table, place = FACTS[subject], PLACES[subject]
    start = (connection.scalar(select(func.max(table.c.rev))) or 0) + 1
    new = {old: start + number for number, old in enumerate(sorted(revs))}
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in _of(connection, table, new)]
    for row in rows:
        row |= {"rev": new[row["rev"]], "load": load_id, "superseded": FOREVER, "withdrawn": True}
        row["digest"] = -1 - row["digest"]  # no row says this, so the one that comes back is a change
    parts = [column.name for column in place.columns]
    old = [dict(zip(parts, row, strict=True)) for row in _of(connection, place, new)]
    placed = [tuple((row | {"rev": new[row["rev"]]}).values()) for row in old]
    closing = table.c.rev.in_(any_of(connection, list(new)))
    connection.execute(update(table).where(closing).values(superseded=load_id))
    insert_rows(connection, table, names, [tuple(row.values()) for row in rows])
    insert_rows(connection, place, parts, placed)


def _of(connection: Connection, table: Table, revs: dict[int, int]) -> Sequence[Row]:
    return connection.execute(select(table).where(table.c.rev.in_(any_of(connection, list(revs))))).all()
