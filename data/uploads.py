"""A file that a person sent: looked at, tried without storing anything, and on one confirmation loaded like any other.

What was found out is kept beside the staged file, so that a page drawn again does not read it again. The declaration
of the source is written before the load and taken back with it, so that neither is ever there without the other.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import func, select

from data.dry_run import dry_run
from data.intake import Ledger
from data.jobs import request_run
from data.ledger import ingest_batches
from data.matching import WGS84, Asked, Plan, plan, share
from data.mixups import MixUp
from data.people import Person, note
from data.rejected_rows import write_rejected
from data.schema import boundary_version, load, unit
from data.sources.batch import Reject, SourceError
from data.sources.chosen import read_chosen
from data.sources.definition import Source, load_source
from data.sources.delivered import READING
from data.sources.gates import UPLOAD
from data.sources.reading import read_batches
from data.sources.recognise import Examination, as_json, examination_of, examine
from data.staging import STORED, Staging, UnknownUpload, Upload
from data.store import Store
from geo.crs import BD09, GCJ02, zones_near

DEGREES = (WGS84, "EPSG:4490", GCJ02, BD09)
AT_ONCE = 2  # files read at one time: each takes a core and half a gigabyte


@dataclass(frozen=True)
class Checked:
    """What a file would come to.

    found    what a first look saw; plan: how it would be read
    ledger   the account of a dry run; None where it cannot be read so, and `fault` says why
    """

    found: Examination
    plan: Plan
    ledger: Ledger | None = None
    fault: str = ""

    @property
    def shrinks(self) -> bool:
        """Whether the fault is one that a person may confirm."""
        return "--accept-shrink" in self.fault


class Uploads:
    """The uploads of one instance."""

    def __init__(self, store: Store, clock: Callable[[], datetime]):
        self.store, self.clock = store, clock
        self.staging = Staging(store.settings.folder)
        self.turns = BoundedSemaphore(AT_ONCE)

    async def receive(self, person: Person, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Take a file in. Raises SourceError."""
        return await self.staging.receive(person, name, chunks, now=self.clock())

    def open(self, token: str, person: Person) -> Upload:
        """The file of a token. Raises UnknownUpload, also for one that holds no records (`data.boundary_files`)."""
        upload = self.staging.find(token, person, now=self.clock())
        if upload.kept("found") is None:
            raise UnknownUpload("no records")
        return upload

    def discard(self, upload: Upload) -> None:
        """Throw a file away."""
        self.staging.discard(upload)

    def admit(self, upload: Upload) -> None:
        """Look at a file and try it as proposed. Raises SourceError, with the file gone, where it cannot be read."""
        try:
            with self.turns:
                found = examine(upload.path, self.sources())
            if not found.rows:
                raise SourceError(f"{upload.name}: got no record below a header; expected one or more")
            upload.keep("found", as_json(found))
            tried = self.check(upload, Asked())
            if tried.plan.origin is not None and tried.ledger is None and not tried.shrinks:
                raise SourceError(tried.fault)
        except BaseException:
            self.discard(upload)
            raise

    def sources(self) -> dict[str, Source]:
        """The declared sources that can be read, by name."""
        found = {}
        for path in sorted((self.store.settings.folder / "sources").glob("*.toml")):
            with suppress(SourceError):  # a wrong file is said by `linli doctor` and by every run
                found[path.stem] = load_source(path)
        return found

    def shares(self, found: Examination, sources: Mapping[str, Source]) -> list[tuple[str, float]]:
        """Declared sources a file may be for with the share of their columns it has, the largest first."""
        there = [(fit.source, share(fit)) for fit in found.fits if fit.source in sources]
        return sorted(there, key=lambda pair: -pair[1])

    def systems(self) -> tuple[str, ...]:
        """Coordinate systems that files of this place may be in: degrees, and the zones of the plane around it."""
        with self.store.read() as connection:
            lon = connection.scalar(select(func.avg(unit.c.label_lon)))
        return (*DEGREES, *(zones_near(lon) if lon is not None else ()))

    def plan(self, found: Examination, asked: Asked) -> Plan:
        """How a file would be read."""
        return plan(found, self.sources(), asked, timezone=self.store.settings.timezone.key)

    def check(self, upload: Upload, asked: Asked) -> Checked:
        """What a file would come to with the choices of a person; the last answer is kept."""
        found = examination_of(upload.kept("found"))
        made = self.plan(found, asked)
        if made.reading is None or made.origin is None:
            return Checked(found, made, fault=made.fault)
        stamp = self._stamp(made.origin, made.reading)
        kept = upload.kept("check")
        if kept is None or kept["stamp"] != stamp:
            kept = {"stamp": stamp, **self._try(upload, made.origin, made.reading)}
            upload.keep("check", kept)
        ledger = _ledger_of(kept["ledger"]) if kept["ledger"] else None
        return Checked(found, made, ledger, kept["fault"])

    def _stamp(self, origin: Source, reading: Source) -> str:
        """What a dry run rests on: the declaration, how the file is read, what is stored."""
        with self.store.read() as connection:
            newest = select(func.max(load.c.id)).scalar_subquery()
            stored = connection.execute(select(newest, func.max(boundary_version.c.id))).one()
        read = tuple(getattr(reading, name) for name in READING)
        return hashlib.sha256(repr((origin.text, read, tuple(stored))).encode()).hexdigest()

    def _try(self, upload: Upload, origin: Source, reading: Source) -> dict[str, Any]:
        try:
            with self.turns:
                batches = read_batches(reading, [upload.path], now=self.clock(), limits=UPLOAD)
                found = dry_run(self.store, origin, batches, names=[upload.name], clock=self.clock)
        except SourceError as error:
            return {"ledger": None, "fault": str(error)}
        return {"ledger": _as_json(found), "fault": ""}

    def store_file(
        self, upload: Upload, asked: Asked, *, person: Person, accept_shrink: bool = False
    ) -> Ledger:
        """Load a file through its source, which is written first; then ask for a refresh.

        Confirming twice stores once. Raises SourceError with nothing changed, BeingStored.
        """
        with upload.claimed():
            if self.open(upload.token, person).state == STORED:
                return self.stored(upload)
            found = examination_of(upload.kept("found"))
            made = self.plan(found, asked)
            if made.origin is None or made.reading is None:
                raise SourceError(
                    made.fault or f"{upload.name}: got no column for {made.lacking[0]}; expected one"
                )
            with self.turns:
                ledger = self._load(upload, made, made.origin, made.reading, accept_shrink=accept_shrink)
                rows = self._rejected_rows(upload, found, ledger)
            upload.keep("rows", rows)
            upload.keep("result", _as_json(ledger))
            upload.stored()
        now = self.clock()
        with self.store.write() as connection:
            counts = f"read {ledger.read} accepted {ledger.accepted} rejected {ledger.rejected}"
            note(connection, "file loaded", by=person.name, now=now, about=made.name, detail=counts)
        request_run(self.store, "refresh", by=person.name, now=now)
        return ledger

    def stored(self, upload: Upload) -> Ledger:
        """The ledger of a file that was confirmed."""
        return _ledger_of(upload.kept("result"))

    def _load(
        self, upload: Upload, made: Plan, origin: Source, reading: Source, *, accept_shrink: bool
    ) -> Ledger:
        declaration = _Declaration(self.store.settings.folder / "sources" / f"{made.name}.toml")
        if made.is_changed:
            declaration.write(origin.text, is_new=made.is_new)
        try:
            batches = read_batches(reading, [upload.path], now=self.clock(), limits=UPLOAD)
            return ingest_batches(
                self.store,
                origin,
                batches,
                names=[upload.name],
                clock=self.clock,
                accept_shrink=accept_shrink,
            )
        except BaseException:
            declaration.undo()
            raise

    def write_rejected(
        self, upload: Upload, asked: Asked, path: Path, *, told: Callable[[Reject], str], locale: str
    ) -> None:
        """Write the refused rows of a file as a workbook; see `data.rejected_rows`. Raises SourceError."""
        found = examination_of(upload.kept("found"))
        if upload.state == STORED:
            ledger: Ledger | None = self.stored(upload)
        else:
            ledger = self.check(upload, asked).ledger
        if ledger is None or not ledger.rejects:
            raise SourceError(f"{upload.name}: got no refused row; expected one")
        rows = upload.kept("rows")
        if rows is None:
            with self.turns:
                rows = self._rejected_rows(upload, found, ledger)
        headers = [column.header for column in found.columns]
        write_rejected(path, headers, rows, ledger.rejects, told=told, locale=locale)

    def _rejected_rows(self, upload: Upload, found: Examination, ledger: Ledger) -> dict[str, list[str]]:
        wanted = {reject.row for reject in ledger.rejects}
        if not wanted:
            return {}
        names = [column.header for column in found.columns]
        rows = read_chosen(upload.path, names, wanted, sheet=found.sheet)
        return {str(number): cells for number, cells in rows.items()}


class _Declaration:
    """The file of a source, written whole or not at all, and taken back when its load fails."""

    def __init__(self, path: Path):
        self.path = path
        self._before: bytes | None = None
        self._written = False

    def write(self, text: str, *, is_new: bool) -> None:
        """Give it a new text. Raises SourceError where a new one meanwhile exists."""
        draft = self.path.with_name(f".{self.path.name}.part")
        draft.write_text(text, encoding="utf-8")
        try:
            if is_new:
                self.path.hardlink_to(draft)  # unlike a rename it does not take the place of another
            else:
                self._before = self.path.read_bytes()
                draft.replace(self.path)
        except FileExistsError:
            raise SourceError(f"{self.path.stem}: got a name that is taken; expected a new one") from None
        finally:
            draft.unlink(missing_ok=True)
        self._written = True

    def undo(self) -> None:
        """As it was before."""
        if not self._written:
            return
        if self._before is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_bytes(self._before)


def _as_json(ledger: Ledger) -> dict[str, Any]:
    document = asdict(ledger)
    document["rejects"] = [list(asdict(one).values()) for one in ledger.rejects]
    document["notes"] = dict(ledger.notes)
    return document


def _ledger_of(document: dict[str, Any]) -> Ledger:
    rejects = [Reject(*values) for values in document["rejects"]]
    mixups = [MixUp(**one) for one in document["mixups"]]
    return Ledger(**{**document, "rejects": rejects, "mixups": mixups, "notes": Counter(document["notes"])})
