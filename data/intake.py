"""What becomes of the rows of one delivery, counted row by row: the part that a load and a dry run share.

Who derives from `Intake` says where rows are compared, what is done with what is new in them, and where it is placed.
So a dry run cannot count otherwise than the load that follows it.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pandas import DataFrame
from sqlalchemy import Connection

from data import places
from data.deliveries import Account, Delivery
from data.due_dates import Dues
from data.instants import micros
from data.mixups import MixUp, Watch, usual_rows
from data.placing import LOCATED, NOWHERE, OUTSIDE, Finder, leading
from data.plates import without_plates
from data.revisions import Revisions, Sorted
from data.schema import SUBJECT_OF_KIND
from data.sources.batch import Batch, Reject
from data.sources.definition import Source
from data.store import Store

SHOWN_REJECTS = 20
KEPT_REJECTS = 50_000


@dataclass
class Ledger:
    """The account of one load; `read = accepted + updated + unchanged + rejected`.

    withdrawn  facts no longer in a snapshot, beside the rows read; `withdrawals` holds the first of their numbers
    load       its number; 0 of a dry run
    first_on, last_on   local days of the oldest and the newest fact read; empty without any
    mixups     what looks mixed up, see `data.mixups`
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
    first_on: str = ""
    last_on: str = ""
    mixups: list[MixUp] = field(default_factory=list)

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


class Intake(ABC):
    """One delivery under way. `revisions` and `delivery` are set by who derives from it."""

    revisions: Revisions
    delivery: Delivery

    def __init__(self, store: Store, origin: Source, ledger: Ledger, clock: Callable[[], datetime]):
        self.store, self.origin, self.ledger, self.clock = store, origin, ledger, clock
        self.subject = SUBJECT_OF_KIND[origin.kind]
        now = clock()
        with store.read() as connection:
            versions = places.versions(connection, store=store)
            cache = store.settings.folder / ".cache"
            self.placers = [places.Placer(connection, version, cache=cache) for version in versions]
            self.finder = Finder(connection, store, self.subject, self.placers)
            main = leading(versions, store.settings)
            self.main = [version.id for version in versions].index(main.id) if main else None
            usual = usual_rows(connection, origin.name)
            self.dues = Dues(connection, store.settings, self.subject, now=micros(now))
        self.watch = Watch(
            origin, now=now, zone=store.settings.timezone, usual=usual,
            inside=None if self.main is None else self.placers[self.main].inside,
        )  # fmt: skip

    @abstractmethod
    def _comparing(self) -> AbstractContextManager[Connection]:
        """A connection on which rows are compared with what is known, and what is new is dealt with."""

    @abstractmethod
    def _add(self, connection: Connection, found: Sorted) -> DataFrame:
        """Deal with what is new; answers rev and what `data.placing` asks for of each new row."""

    @abstractmethod
    def _locate(self, connection: Connection, taken: DataFrame) -> None:
        """Find the place of each new row; the ledger follows the newest version of the first tree."""

    @abstractmethod
    def _keep_rejects(self, rejects: Sequence[Reject]) -> None:
        """Keep refused rows for who asks later."""

    @abstractmethod
    def _settled(self, *, accept_shrink: bool) -> Account:
        """What the delivery says as a whole."""

    def take(self, batch: Batch) -> None:
        """Account for the rows of a batch and deal with what is new in them."""
        ledger = self.ledger
        batch = without_plates(batch, self.origin, self.store)
        ledger.read += batch.read
        ledger.rejected += len(batch.rejects)
        ledger.notes.update(batch.notes)
        room = KEPT_REJECTS - len(ledger.rejects)
        if kept := list(batch.rejects[:room]):
            ledger.rejects += kept
            self._keep_rejects(kept)
        self.watch.take(batch.frame, batch.rejects)
        self._keep(self.delivery.take(batch))

    def _keep(self, rows: DataFrame) -> None:
        """Deal with what is new in some rows and account for all of them."""
        ledger, news = self.ledger, self._news(rows)
        ledger.unchanged += len(rows) - len(news)
        for frame in self.revisions.rounds(news):
            with self._comparing() as connection:
                found = self.revisions.sort_out(connection, frame)
                ledger.notes += self.dues.give(connection, found, source_id=self.revisions.source_id)
                self._locate(connection, self._add(connection, found))
            ledger.accepted += int(found.fresh.sum())
            ledger.updated += int(found.changed.sum())
            ledger.unchanged += len(frame) - int(found.fresh.sum()) - int(found.changed.sum())

    def _news(self, frame: DataFrame) -> DataFrame:
        """Rows without those whose key stands several times and ends where it stands already: a known past."""
        last = self.revisions.last_of_repeated(frame)
        if last.empty:
            return frame
        with self._comparing() as connection:
            found = self.revisions.sort_out(connection, last)
        return frame[~frame["key"].isin(last["key"][~found.fresh & ~found.changed])]

    def _count(self, how: list[Any]) -> None:
        """Add to the ledger how some new rows were placed."""
        counts = Counter(how)
        self.ledger.located += sum(counts[how] for how in LOCATED)
        self.ledger.outside += counts[OUTSIDE]
        self.ledger.no_location += counts[NOWHERE]

    def _count_without_units(self, taken: DataFrame) -> None:
        """Add new rows of an instance without units: every point lies outside."""
        points = taken["lon"].notna() & taken["lat"].notna()
        self._count([OUTSIDE if point else NOWHERE for point in points])

    def settle(self, *, accept_shrink: bool) -> None:
        """What the delivery says as a whole, after its last row; see `data.deliveries`."""
        ledger, found = self.ledger, self._settled(accept_shrink=accept_shrink)
        ledger.unchanged += found.unchanged
        ledger.withdrawn, ledger.withdrawals = found.withdrawn, found.keys
        ledger.notes += Counter(withdrawals_held=found.held, withdrawals_undecided=found.undecided)
        watch, zone = self.watch, self.store.settings.timezone
        ledger.mixups = watch.found()
        ledger.hint = watch.hint.text if watch.hint else ""  # said, never switched
        if watch.first and watch.last:
            days = [f"{at.astimezone(zone):%Y-%m-%d}" for at in (watch.first, watch.last)]
            ledger.first_on, ledger.last_on = days
