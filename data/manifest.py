"""The manifest beside an exported file: what it holds, of which question, as known when, made by whom."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from data.export_columns import ExportColumn
from data.instants import moment
from data.query import Query
from data.settings import EPOCH_DAY

if TYPE_CHECKING:
    from data.reader import Reader


@dataclass(frozen=True)
class Manifest:
    """Written as FILE.manifest.json. Instants are ISO 8601 with the offset of `time_zone`; days are local.

    columns         name, heading, kind and meaning of each
    as_of           the instant whose knowledge the file shows
    generation      of the rollups; `load` the last load it knows
    shortened_cells texts cut to the longest a sheet can hold
    """

    file: str
    format: str
    flavour: str
    subject: str
    rows: int
    bytes: int
    sha256: str
    columns: tuple[dict[str, str], ...]
    query: dict
    boundary_version: dict
    generation: int | None
    load: int | None
    as_of: str | None
    time_zone: str
    program_version: str
    scope: dict
    written_at: str
    shortened_cells: int = 0

    def as_json(self) -> dict:
        """The manifest as plain values."""
        return asdict(self)


def program_version() -> str:
    """Version of this program; 'source' when it runs without having been installed."""
    try:
        return version("linli")
    except PackageNotFoundError:
        return "source"


def fingerprint(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def about_question(query: Query, filters: dict[str, str]) -> dict:
    """The question as plain values; `to` is exclusive."""
    return {
        "unit": query.within,
        "level": query.level,
        "indicators": list(query.indicators),
        "from": query.period.start.isoformat(),
        "to": query.period.end.isoformat(),
        "category": query.category,
        "channel": query.channel,
        "department": query.department,
        "filters": filters,
        "boundaries": query.boundaries,
        "tree": query.tree,
    }


def about_data(reader: "Reader", state: dict, as_of: int | None) -> dict:
    """Boundary version, generation, load, as-of instant, zone and scope, as `Manifest` names them."""
    zone = reader.settings.timezone
    start = state["boundary_valid_from_on"]
    day = None if start is None or start <= (datetime.min.date() - EPOCH_DAY).days else _day(start)
    return {
        "boundary_version": {
            "tree": reader.tree,
            "id": state["boundary_version"],
            "fingerprint": state["boundary_fingerprint"],
            "valid_from": day,
        },
        "generation": state["generation"],
        "load": state["load"],
        "as_of": None if as_of is None else moment(as_of).astimezone(zone).isoformat(),
        "time_zone": zone.key,
        "program_version": program_version(),
        "scope": {
            "person": reader.scope.person,
            "role": reader.scope.role,
            "units": list(reader.scope.units),
            "whole": reader.scope.whole,
            "tree": reader.scope.tree,
        },
    }


def _day(number: int) -> str:
    return (EPOCH_DAY + timedelta(days=number)).isoformat()


def about_columns(columns: tuple[ExportColumn, ...], headings: list[str]) -> tuple[dict[str, str], ...]:
    """Name, heading, kind and meaning of each column."""
    return tuple(
        {"name": column.name, "heading": heading, "kind": column.kind, "meaning": column.meaning}
        for column, heading in zip(columns, headings, strict=True)
    )
