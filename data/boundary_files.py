"""A file of boundaries that a person sent: seen over the present units, its faults and changes told, then published.

Nothing is staged in the store before it is published, and then by the functions of `linli units`: a page that is
drawn again reads the file again, or remembers the last few it read.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Lock

import pandas as pd
from pandas import DataFrame
from sqlalchemy import func, select

from data import boundaries, places
from data.boundary_proposals import Fields, propose
from data.boundary_trials import Decision, Trial, check_decision
from data.jobs import request_run
from data.locks import one_at_a_time
from data.people import Person
from data.schema import staged_unit
from data.settings import FIRST_TREE, Level
from data.sources.gates import OUTLINES
from data.sources.outlines import BOUNDARIES
from data.sources.sandbox import Child
from data.staging import STORED, UnknownUpload, Upload
from data.uploads import Uploads
from data.versions import standing
from geo.boundaries import BoundaryError
from geo.changes import compare, ground_of
from geo.faults import ACCEPTABLE, Fault
from geo.readers import read_table

KEPT = 4  # readings of files that a process remembers
UNCLEAR = ("missing-code", "duplicate-code", "invalid-ring")  # with these no change can be told
ALIKE = ("same",)


@dataclass(frozen=True)
class BoundaryAsked:
    """The choices of a person; empty is as proposed. `dissolve`: rows of one code are one unit."""

    tree: str = FIRST_TREE
    fields: Fields = field(default_factory=Fields)
    crs: str = ""
    dissolve: bool = False


class BoundaryFiles:
    """The files of boundaries of one instance, kept among its uploads."""

    def __init__(self, uploads: Uploads):
        self.uploads, self.store, self.clock = uploads, uploads.store, uploads.clock
        self._turns, self._lock = BoundedSemaphore(1), Lock()
        self._trials: OrderedDict[tuple, Trial] = OrderedDict()

    async def receive(self, person: Person, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Write a file as it comes. Raises SourceError."""
        return await self.uploads.receive(person, name, chunks)

    def open(self, token: str, person: Person) -> Upload:
        """The file of a token. Raises UnknownUpload, also for one that holds no boundaries."""
        upload = self.uploads.staging.find(token, person, now=self.clock())
        if upload.kept(BOUNDARIES) is None:
            raise UnknownUpload("no boundaries")
        return upload

    def discard(self, upload: Upload) -> None:
        """Throw a file away."""
        self.uploads.discard(upload)

    def admit(self, upload: Upload) -> None:
        """Have a child read a file and keep what it holds. Raises SourceError, with the file gone."""
        try:
            with self._turns:
                child = Child(
                    {"job": "outlines"}, [upload.path], form=BOUNDARIES, limits=OUTLINES, follow=False
                )
                _keep(upload, child)
        except BaseException:
            self.discard(upload)
            raise

    def trial(self, upload: Upload, asked: BoundaryAsked) -> Trial:
        """What a file would come to with the choices of a person."""
        with self.store.read() as connection:
            known = places.versions(connection, tree=asked.tree, store=self.store)
            staged = connection.execute(
                select(staged_unit.c.level, func.count(), func.max(staged_unit.c.code))
                .where(staged_unit.c.tree == asked.tree)
                .group_by(staged_unit.c.level)
            ).all()
        key = (upload.folder.name, asked, known[-1].id if known else 0, tuple(map(tuple, staged)))
        with self._lock:
            if key in self._trials:
                self._trials.move_to_end(key)
                return self._trials[key]
        with self._turns:
            made = self._try(upload, asked, known[-1] if known else None)
        with self._lock:
            self._trials[key] = made
            while len(self._trials) > KEPT:
                self._trials.popitem(last=False)
        return made

    def _try(self, upload: Upload, asked: BoundaryAsked, newest: places.Version | None) -> Trial:
        tree, kept = self.store.settings.tree(asked.tree), upload.kept(BOUNDARIES)
        with self.store.read() as connection:
            standing = boundaries.staged_set(connection, tree.name)
            strays = boundaries.staged_strays(connection, tree.name)
            present = _present(connection, newest)
            staged = connection.scalars(
                select(staged_unit.c.level).where(staged_unit.c.tree == tree.name).distinct()
            ).all()
        values = {
            name: [None if cell is None else str(cell) for cell in cells]
            for name, cells in read_table(outlines(upload), wanted="").columns.items()
        }
        fields = propose(values, standing, tree, asked.fields)
        level = tree.level(fields.level)
        made = {
            "fields": fields, "level": level, "columns": tuple(kept["columns"]), "rows": kept["rows"],
            "declared": kept["crs"], "before": newest.id if newest else 0, "present": present,
            "from_on": newest.valid_from_on if newest else None,
            "staged": tuple(depth for depth in sorted(staged) if depth != level.depth),
        }  # fmt: skip
        try:
            draft = boundaries.draft(
                self.store, outlines(upload), level, tree=tree.name, **_choices(upload, asked, fields, level)
            )
        except BoundaryError as error:
            return Trial(**made, fault=str(error))
        return _weighed(made, draft, standing, strays)

    def publish(self, upload: Upload, asked: BoundaryAsked, decided: Decision, person: Person) -> None:
        """Stage the file and publish it, then ask for a refresh. Confirming twice publishes once.

        Raises BoundaryError with nothing changed, BeingStored
        """
        with upload.claimed(), one_at_a_time(self.store, BOUNDARIES):
            if self.open(upload.token, person).state == STORED:
                return
            tried = self.trial(upload, asked)
            check_decision(tried, decided)
            choices = _choices(upload, asked, tried.fields, tried.level)
            with standing(self.store, asked.tree):
                boundaries.stage(
                    self.store, outlines(upload), tried.level, tree=asked.tree,
                    valid_from_on=decided.valid_from_on, **choices,
                )  # fmt: skip
                version, faults = boundaries.publish(
                    self.store, accept=decided.accept, clock=self.clock, tree=asked.tree,
                    by=person.name, reason=decided.reason,
                )  # fmt: skip
            upload.keep("result", {"tree": asked.tree, "version": version.id, "accepted": len(faults)})
            outlines(upload).unlink(missing_ok=True)
            upload.stored()
        request_run(self.store, "refresh", by=person.name, now=self.clock())


def outlines(upload: Upload) -> Path:
    """The file as our own reading has it."""
    return upload.folder / f"{Path(upload.name).stem or 'file'}.geojson"


def _keep(upload: Upload, child: Child) -> None:
    """What a child has read, written beside the file."""
    frames = child.frames()
    found = next(frames).header
    with outlines(upload).open("xb") as file:
        file.write(b'{"type":"FeatureCollection","features":[\n')
        for number, frame in enumerate(frames):
            file.write((b",\n" if number else b"") + frame.body)
        file.write(b"]}\n")
    upload.keep(BOUNDARIES, {name: found[name] for name in ("rows", "columns", "crs")})


def _choices(upload: Upload, asked: BoundaryAsked, fields: Fields, level: Level) -> dict:
    """Arguments of `boundaries.draft`; below the top, without a column of parents, outlines are joined by code."""
    system = asked.crs or upload.kept(BOUNDARIES)["crs"]
    if not system:
        raise BoundaryError(f"{upload.name}: got no coordinate system; expected one to be chosen")
    joined = level.depth > 0 and not fields.parent
    return {
        "code": fields.code, "name": fields.name, "parent": fields.parent if level.depth else None,
        "crs": system, "dissolve": asked.dissolve, "join": joined, "named": joined,
    }  # fmt: skip


def _present(connection, newest: places.Version | None) -> DataFrame:
    """Units of the newest version with their shapes; nothing where there is none."""
    if newest is None:
        return DataFrame({name: [] for name in ("code", "name", "level", "geometry")}).astype(
            {"level": "int64"}
        )
    return places.with_geometry(connection, newest)


def _weighed(made: dict, draft: boundaries.Draft, standing: DataFrame, strays: DataFrame) -> Trial:
    """The set with the drafted level in place of what stands, its faults and its changes."""
    level: Level = made["level"]
    names = ["code", "name", "level", "parent_code", "geometry"]
    rest = standing.loc[standing["level"] != level.depth, names]
    drawn = draft.units.assign(level=level.depth)[names]
    units = pd.concat([drawn, rest], ignore_index=True) if len(rest) else drawn.reset_index(drop=True)
    units = units.astype({"code": "str", "name": "str", "parent_code": "str", "level": "int64"})
    aside = [strays[strays["level"] != level.depth], draft.strays.assign(level=level.depth)]
    outside = pd.concat([frame[["code", "name", "level"]] for frame in aside], ignore_index=True)
    faults = sorted(boundaries.faults_of(units, outside), key=lambda fault: fault.kind in ACCEPTABLE)
    unclear = any(fault.kind in UNCLEAR for fault in faults)
    changes = None if unclear else _changes(made["present"], units)
    return Trial(**made, units=units, faults=tuple(faults), changes=changes, notes=draft.notes)


def _changes(present: DataFrame, units: DataFrame) -> DataFrame:
    found = compare(present, units)
    found = found[~found["change"].isin(ALIKE)].reset_index(drop=True)
    ground = ground_of(present, units, found["code"].tolist()).reset_index(drop=True)
    return pd.concat([found, ground], axis=1)


def kinds_of(faults: Collection[Fault]) -> tuple[str, ...]:
    """The kinds among faults, in order of the alphabet."""
    return tuple(sorted({fault.kind for fault in faults}))
