"""A file of place names that a person sent: what taking it would do, then taken like `linli gazetteer import`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pandas import DataFrame

from data import gazetteer
from data.gazetteer import Changed, Weighed, weigh
from data.gazetteer_file import GazetteerError, entries_of
from data.jobs import request_run
from data.list_files import ListFiles
from data.people import Person
from data.place_list import located
from data.sources.batch import Reject
from data.staging import STORED, Upload

if TYPE_CHECKING:
    from data.reader import Reader

ORIGIN = "import"


@dataclass(frozen=True)
class PlaceTrial:
    """What taking a file would do.

    rows     its entries; units: code and name of the unit each lies in, empty where none does
    faults   rows that are refused; the others can be taken without them
    weighed  what would be added, replaced, ended
    fault    why it cannot be taken so
    """

    rows: DataFrame = field(default_factory=DataFrame)
    units: tuple[tuple[str, str], ...] = ()
    faults: tuple[Reject, ...] = ()
    weighed: Weighed | None = None
    fault: str = ""

    @property
    def meant(self) -> list[bool]:
        """Which rows say where they lie."""
        return (self.rows["lon"].notna() | (self.rows["units"] != "{}")).tolist()

    @property
    def nowhere(self) -> int:
        """Entries that say where they lie, and lie in no unit."""
        return sum(named and not code for named, (code, _) in zip(self.meant, self.units, strict=True))


def try_file(reader: Reader, files: ListFiles, upload: Upload, *, replace: bool) -> PlaceTrial:
    """What taking a file would do; `replace`: entries of files that are not in this one end."""
    try:
        rows, faults = entries_of(files.rows(upload), upload.name, reader.settings)
        if rows.empty:
            raise GazetteerError(f"{upload.name}: got no entry that can be read; expected one or more")
    except GazetteerError as error:
        return PlaceTrial(fault=str(error))
    fault = ""
    if replace and faults:
        fault = (
            f"{upload.name}: got {len(faults)} refused rows; expected none where a file replaces all others"
        )
    units = located(reader, rows)
    with reader.store.read() as connection:
        weighed = weigh(connection, rows, origin=ORIGIN, replace=replace)
    return PlaceTrial(rows, tuple(units), faults, weighed, fault)


def take_file(reader: Reader, files: ListFiles, upload: Upload, person: Person, *, replace: bool) -> None:
    """Take the entries of a file and ask for a refresh. Taking twice takes once.

    Raises GazetteerError with nothing changed, BeingStored
    """
    with upload.claimed():
        if files.open(upload.token, person).state == STORED:
            return
        tried = try_file(reader, files, upload, replace=replace)
        if tried.fault:
            raise GazetteerError(tried.fault)
        done = gazetteer.put(
            reader.store, tried.rows, clock=reader.clock, by=person.name, origin=ORIGIN, replace=replace
        )
        upload.keep("result", result_of(done))
        upload.stored()
    request_run(reader.store, "refresh", by=person.name, now=reader.clock())


def result_of(done: Changed) -> dict:
    """What a change did, as it is kept and told."""
    counts = {name: getattr(done, name) for name in ("added", "replaced", "unchanged", "closed")}
    return {**counts, "moved": done.moved.facts, "how": done.moved.how}
