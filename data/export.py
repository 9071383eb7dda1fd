"""The one exporter: whatever leaves as a file leaves here, through a `Reader`, with its manifest.

Invariants: a file appears under its name only when complete and on disk; memory does not grow with the rows; the
rows are those known at one instant, named in the manifest, however long the writing takes; sealed and dropped
fields are never among the columns. Deliberately absent: any other way to write a file of facts.
"""

import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, cast

import orjson
from pandas import DataFrame, Series

from data.export_columns import ExportColumn, columns_of
from data.export_csv import CsvFile
from data.export_other import GeoJsonFile, ParquetFile
from data.export_xlsx import XlsxFile
from data.manifest import Manifest, about_columns, about_data, about_question, fingerprint
from data.query import Query, QueryError
from data.schema import SUBJECTS

if TYPE_CHECKING:
    from data.reader import Reader

Flavour = Literal["excel", "machine"]
FORMATS = (".csv", ".csv.gz", ".xlsx", ".parquet", ".geojson")
FLAVOURED = (".csv", ".csv.gz", ".xlsx")
CHUNK_ROWS = 8_000  # larger ones are no faster and leave the processor's caches
GZIP_LEVEL = 4  # level 6 takes twice the time for 4 % less


class ExportError(QueryError):
    """The file asked for cannot be written: where: got value; expected rule."""


class _Writer(Protocol):
    def write(self, frame: DataFrame) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class _Order:
    """What is asked for, checked."""

    reader: "Reader"
    subject: str
    query: Query
    format: str
    flavour: Flavour
    columns: tuple[ExportColumn, ...]
    headings: list[str]
    filters: dict[str, str]
    now: datetime


def write_export(
    reader: "Reader",
    subject: str,
    query: Query,
    path: Path,
    *,
    flavour: Flavour = "excel",
    filters: Mapping[str, str] | None = None,
    titles: Mapping[str, str] | None = None,
    progress: Callable[[int], object] = lambda rows: None,
    begun: Callable[[Path], object] = lambda part: None,
) -> Manifest:
    """Write the rows of a question to `path` and its manifest to `path` + `.manifest.json`.

    subject   cases, orders, alerts, parking or measures
    path      its suffix picks the format: .csv, .csv.gz, .xlsx, .parquet, .geojson
    flavour   of CSV and XLSX; Parquet and GeoJSON are always the machine's
    filters   further conditions on columns of facts, as `Reader.facts` takes them
    titles    headings by column name, in the excel flavour only; else the field names
    progress  called with the number of rows written so far
    begun     called once, when the first rows of a CSV stand in it, with the file that is growing

    Raises ExportError for an unknown subject, suffix or flavour and for a folder that cannot be written.
    """
    order = _checked(reader, subject, query, path, flavour, filters or {}, titles or {})
    order, data = _pinned(order)
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
            part = Path(folder) / path.name
            rows, shortened = _write(order, part, progress, begun)
            manifest = _manifest(order, part, rows, shortened_cells=shortened, **data)
            _publish(part, path, manifest)
    except OSError as error:
        raise ExportError(
            f"{path}: {error.strerror or error}; expected a folder that can be written"
        ) from None
    return manifest


def _checked(
    reader: "Reader",
    subject: str,
    query: Query,
    path: Path,
    flavour: Flavour,
    filters: Mapping[str, str],
    titles: Mapping[str, str],
) -> _Order:
    if subject not in (*SUBJECTS, "measures"):
        raise ExportError(f"subject: got '{subject}'; expected one of {', '.join((*SUBJECTS, 'measures'))}")
    if flavour not in ("excel", "machine"):
        raise ExportError(f"flavour: got '{flavour}'; expected excel or machine")
    suffix = next((suffix for suffix in (".csv.gz", *FORMATS) if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        raise ExportError(f"{path.name}: got '{path.suffix}'; expected one of {', '.join(FORMATS)}")
    if path.is_dir() or not path.parent.is_dir():
        raise ExportError(f"{path}: got no folder to write into; expected a file in a folder that exists")
    kept: Flavour = flavour if suffix in FLAVOURED else "machine"
    columns = columns_of(reader, subject)
    shown = titles if kept == "excel" else {}
    headings = [shown.get(column.name, column.name) for column in columns]
    return _Order(reader, subject, query, suffix, kept, columns, headings, dict(filters), reader.clock())


def _pinned(order: _Order) -> tuple[_Order, dict]:
    """The order asking for what is known now and of this instant, whatever is published while it is written; and
    the data's state."""
    state = order.reader.state()
    known = [instant for instant in (order.query.as_of, state["known_until"]) if instant is not None]
    as_of = min(known, default=None)
    pinned = replace(order, reader=order.reader.standing(order.query), query=order.query.asking(as_of=as_of))
    return pinned, about_data(order.reader, state, as_of)


def _write(
    order: _Order, part: Path, progress: Callable[[int], object], begun: Callable[[Path], object]
) -> tuple[int, int]:
    """Write every chunk; returns the rows written and the cells cut short."""
    rows = 0
    with ExitStack() as stack:
        writer = _open(order, part, stack)
        for frame in _chunks(order):
            writer.write(frame)
            if not rows and len(frame):
                begun(part)
            rows += len(frame)
            progress(rows)
        writer.close()
    return rows, getattr(writer, "shortened", 0)


def _open(order: _Order, part: Path, stack: ExitStack) -> _Writer:
    zone = order.reader.settings.timezone
    if order.format == ".xlsx":
        return XlsxFile(
            part, order.columns, order.headings, title=order.subject, flavour=order.flavour, zone=zone,
            made_at=order.now,
        )  # fmt: skip
    file = stack.enter_context(part.open("wb"))
    stream: BinaryIO = file
    if order.format == ".csv.gz":
        packed = gzip.GzipFile("", "wb", compresslevel=GZIP_LEVEL, fileobj=file, mtime=0)
        stream = cast(BinaryIO, stack.enter_context(packed))
    if order.format == ".parquet":
        parquet = ParquetFile(stream, order.columns, zone=zone)
        stack.enter_context(parquet.writer)  # closed before the stream, also when a chunk fails
        return parquet
    if order.format == ".geojson":
        return GeoJsonFile(stream, order.columns, zone=zone, outlines=_outlines(order))
    live = order.format == ".csv"
    return CsvFile(stream, order.columns, order.headings, flavour=order.flavour, zone=zone, live=live)


def _chunks(order: _Order) -> Iterator[DataFrame]:
    if order.subject != "measures":
        yield from order.reader.fact_chunks(
            order.subject, order.query, filters=order.filters, chunk=CHUNK_ROWS
        )
        return
    for number, level in enumerate(_levels(order)):
        frame = order.reader.measures(order.query.asking(level=level))
        total = frame["kind"] == "total"
        frame = frame.assign(level=Series(level, index=frame.index, dtype="str").mask(total))
        yield frame if number == 0 else frame[~total]  # the total is the same at every level


def _levels(order: _Order) -> list[str]:
    """The level asked for, else all from that of the unit asked for down."""
    reader, query = order.reader, order.query
    if query.level is not None:
        return [query.level]
    names = [level.name for level in reader.levels()]
    return names[names.index(reader.unit(query.within).level) :] if query.within else names


def _manifest(order: _Order, part: Path, rows: int, **data) -> Manifest:
    return Manifest(
        file=part.name,
        format=order.format.removeprefix("."),
        flavour=order.flavour,
        subject=order.subject,
        rows=rows,
        bytes=part.stat().st_size,
        sha256=fingerprint(part),
        columns=about_columns(order.columns, order.headings),
        query=about_question(order.query, order.filters),
        written_at=order.now.astimezone(order.reader.settings.timezone).isoformat(),
        **data,
    )


def _outlines(order: _Order) -> dict[str, dict] | None:
    """Outlines of the units of a file of measures by code, None for a file of facts."""
    if order.subject != "measures":
        return None
    found: dict[str, dict] = {}
    for level in _levels(order):
        _hash, body = order.reader.shapes(level, order.query.within)
        found |= {feature["id"]: feature["geometry"] for feature in orjson.loads(body)["features"]}
    return found


def _publish(part: Path, path: Path, manifest: Manifest) -> None:
    """Give both files their names, the manifest first: who sees the file finds its manifest."""
    text = json.dumps(manifest.as_json(), ensure_ascii=False, indent=1) + "\n"
    note = part.with_name("manifest.json")
    note.write_text(text, encoding="utf-8")
    for file in (note, part):
        _sync(file)
    os.replace(note, path.with_name(f"{path.name}.manifest.json"))
    os.replace(part, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
