"""The declaration of a source: `sources/NAME.toml` read strictly into a frozen `Source`.

Everything unknown is refused by name before a row is read: keys, kinds, formats, encodings, zones, coordinate
systems, fields. The text of the file and its hash are kept, so that a load can say what it was read with.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from data.fields import FIELDS, IDENTITY, KINDS, ColumnSpec, specs
from data.sources.batch import SourceError
from data.sources.declared import Section, listed
from data.sources.georeport import DEFAULT_FIELDS, Georeport, read_georeport
from data.sources.links import Links, read_links
from data.sources.lots import check_lots, resolved
from data.sources.mapping import FieldMap, Rule, read_fields, read_missing, read_rules, read_values
from data.sources.snapshot import Snapshot, read_snapshot
from geo.crs import is_known

FORMATS = ("csv", "xlsx", "xls", "json", "geojson", "open311")
WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "utf-8": "utf-8-sig", "utf8": "utf-8-sig"}
NAME = re.compile(r"[^\W_][\w-]{0,63}\Z")
LARGEST = 256 * 1024  # bytes of a declaration
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Source:
    """An outside system as its file declares it.

    every_minutes  promised rhythm, None when it promises none
    header         row of the header, None when it is to be found
    fields         our fields in the order of `data.fields`; a list given for `unit_hint` becomes unit_hint,
                   unit_hint_2 …
    drop           their columns that are never stored
    sealed         columns of the canonical frame that must be stored encrypted
    extra          their columns kept for no field of ours, only because they are declared as sealed
    values         our field -> their value -> ours; missing: our field (or "*") -> texts that mean not known
    fold           which of the two instants a local time means when clocks go back
    decimal        what stands before the decimals of their numbers
    fill           their columns of merged cells, the upper first: a blank cell means the one above it
    aliases        their column -> further names it has in their files
    known          columns of their files seen before, if they are noted: any other is reported as new
    snapshot       what a delivery of everything speaks for; None where deliveries are changes
    links          our field -> sources in which the facts lie that it names
    """

    name: str
    kind: str
    format: str
    encoding: str
    timezone: ZoneInfo
    crs: str
    every_minutes: int | None
    header: int | None
    delivery: str
    snapshot: Snapshot | None
    links: Links
    fields: tuple[FieldMap, ...]
    drop: tuple[str, ...]
    sealed: tuple[str, ...]
    extra: tuple[str, ...]
    values: dict[str, dict[str, str]]
    missing: dict[str, frozenset[str]]
    rules: dict[str, Rule]
    fold: str
    decimal: str
    fill: tuple[str, ...]
    aliases: dict[str, tuple[str, ...]]
    known: tuple[str, ...]
    delimiter: str
    sheet: str | None
    georeport: Georeport | None
    text: str
    sha256: str

    @property
    def by_field(self) -> dict[str, FieldMap]:
        """Our field -> how it is read."""
        return {mapped.name: mapped for mapped in self.fields}

    def spec(self, field: str) -> ColumnSpec:
        """What a field of the canonical frame means."""
        return self.by_field[field].spec


def load_source(path: Path) -> Source:
    """Read and check a declaration.

    path     sources/NAME.toml; the stem of the file names the source
    Raises   SourceError with one line: where, what was found, what was expected
    """
    where = f"sources/{path.name}"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{where}: got {error.strerror or error}; expected a readable file") from error
    return source_of(path.stem, raw)


def source_of(name: str, raw: bytes) -> Source:
    """Read and check a declaration that is not in its file yet, or no longer; see `load_source`."""
    where = f"sources/{name}.toml"
    if not NAME.match(name):
        raise SourceError(f"{where}: got the name {name!r}; expected letters, digits, - and _, at most 64")
    try:
        if len(raw) > LARGEST:
            raise SourceError(f"{where}: got {len(raw):,} bytes; expected at most {LARGEST:,}")
        text = raw.decode("utf-8-sig")
        top = Section(where, tomllib.loads(text))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{where}: got {error}; expected TOML in UTF-8") from error
    return _source(name, top, text=text, sha256=hashlib.sha256(raw).hexdigest())


def _source(name: str, top: Section, *, text: str, sha256: str) -> Source:
    kind = resolved(top.choice("kind", (*KINDS, "stay")), top)
    form = top.choice("format", FORMATS)
    fields = _fields(top, kind, form)
    drop, named = top.texts("drop"), top.texts("sealed")
    delivery = top.choice("delivery", ("delta", "snapshot"), "delta")
    _check_dropped(top, fields, drop)
    sealed, extra = _sealed(top, fields, named, drop=drop)
    source = Source(
        name=name,
        kind=kind,
        format=form,
        encoding=_encoding(top),
        timezone=_zone(top),
        crs=_crs(top, form, fields),
        every_minutes=top.minutes("every"),
        header=_header(top),
        delivery=delivery,
        snapshot=read_snapshot(top, kind, fields, delivery),
        links=read_links(top.sub("links"), kind, name, fields),
        fields=fields,
        drop=drop,
        sealed=sealed,
        extra=extra,
        values=read_values(top.sub("values"), fields),
        missing=read_missing(top.sub("missing"), fields),
        rules=read_rules(top.sub("rules"), fields),
        fold=top.choice("fold", ("first", "second"), "first"),
        decimal=top.choice("decimal", (".", ","), "."),
        fill=_read_columns(top, "fill", fields),
        aliases=_aliases(top, fields, extra),
        known=top.texts("known"),
        delimiter=top.choice("delimiter", DELIMITERS, ","),
        sheet=top.take("sheet", str),
        georeport=read_georeport(top.sub("open311")) if form == "open311" else None,
        text=text,
        sha256=sha256,
    )
    top.finish()
    return source


def _fields(top: Section, kind: str, form: str) -> tuple[FieldMap, ...]:
    declared = top.sub("fields")
    defaults: dict[str, object] = {}
    if form == "open311" and kind == "case":
        defaults = dict(DEFAULT_FIELDS)
    elif form == "geojson":
        defaults = {"lon": "geometry.lon", "lat": "geometry.lat"}
    merged = Section(declared.where, {**defaults, **declared.values})
    fields = read_fields(merged, FIELDS[kind])
    _check_required(top, kind, {mapped.name for mapped in fields})
    return fields


def _check_required(top: Section, kind: str, mapped: set[str]) -> None:
    for name, spec in specs(kind).items():
        if spec.required and name not in mapped:
            raise SourceError(f"{top.at('fields.' + name)}: got nothing; expected the column it is read from")
    check_lots(top, kind, mapped)
    if ("lon" in mapped) != ("lat" in mapped):
        raise SourceError(f"{top.at('fields')}: got one of lon and lat; expected both or neither")


def _check_dropped(top: Section, fields: tuple[FieldMap, ...], drop: tuple[str, ...]) -> None:
    for mapped in fields:
        for column in set(mapped.reads) & set(drop):
            raise top.refuse("drop", column, f"a column no field reads; {mapped.name} does")


def _sealed(
    top: Section, fields: tuple[FieldMap, ...], named: tuple[str, ...], *, drop: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of the frame to encrypt: sealed by nature or by declaration; and their columns kept only for that."""
    readers = {column: mapped for mapped in fields for column in mapped.reads}
    names = [mapped.name for mapped in fields if mapped.spec.sealed]
    extra = []
    for column in named:
        if column in drop:
            raise top.refuse("sealed", column, "a column that is not dropped")
        if column not in readers:
            extra.append(column)
        elif readers[column].spec.type != "text" or readers[column].name in IDENTITY.values():
            raise top.refuse(
                "sealed", column, f"a column of free text; {readers[column].name} counts with it"
            )
        else:
            names.append(readers[column].name)
    clash = set(extra) & (set(specs_of(fields)) | {"key", "file", "row", "flags"})
    if clash:
        raise top.refuse(
            "sealed", min(clash), "a column whose name is not a field of ours, or one a field reads"
        )
    return tuple(dict.fromkeys(names)) + tuple(extra), tuple(extra)


def specs_of(fields: tuple[FieldMap, ...]) -> tuple[str, ...]:
    """Names of the mapped fields."""
    return tuple(mapped.name for mapped in fields)


def _read_columns(top: Section, key: str, fields: tuple[FieldMap, ...]) -> tuple[str, ...]:
    """Columns of theirs that must be read by a field, or naming them would do nothing and hide a slip."""
    reads = dict.fromkeys(column for mapped in fields for column in mapped.reads)
    for column in top.texts(key):
        if column not in reads:
            raise top.refuse(key, column, "a column a field reads: " + listed(reads))
    return top.texts(key)


def _aliases(
    top: Section, fields: tuple[FieldMap, ...], extra: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    table = top.sub("aliases")
    reads = dict.fromkeys([column for mapped in fields for column in mapped.reads] + list(extra))
    for column, names in table.values.items():
        if column not in reads:
            raise table.refuse(column, names, "further names of a column a field reads: " + listed(reads))
    return {column: table.texts(column) for column in table.values}


def _zone(top: Section) -> ZoneInfo:
    name = top.take("timezone", str, required=True)
    try:
        return ZoneInfo(name)
    except (
        OSError,
        ValueError,
        KeyError,
    ) as error:  # what ZoneInfo raises for a folder, a path, an unknown name
        raise top.refuse("timezone", name, "a zone such as Asia/Shanghai") from error


def _crs(top: Section, form: str, fields: tuple[FieldMap, ...]) -> str:
    located = "lon" in specs_of(fields)
    default = "EPSG:4326" if form in ("geojson", "open311") or not located else None
    name = top.take("crs", str, default, required=default is None)
    if not is_known(name):
        raise top.refuse("crs", name, "a coordinate system such as EPSG:4326, EPSG:4549, GCJ-02 or BD-09")
    return name


def _encoding(top: Section) -> str:
    name = top.take("encoding", str, "auto")
    if name == "auto":
        return name
    try:
        "x".encode(name)
    except (LookupError, UnicodeError) as error:
        raise top.refuse(
            "encoding", name, "auto, or an encoding such as utf-8, gb18030, big5, utf-16"
        ) from error
    return WIDER.get(name.lower().replace("_", "-"), name)


def _header(top: Section) -> int | None:
    value = top.values.get("header", "auto")
    if type(value) is int:
        return top.whole("header", 1, 1000, 1)
    if top.take("header", str, "auto") != "auto":
        raise top.refuse("header", value, "auto or the number of a row")
    return None


def load_sources(folder: Path) -> dict[str, Source]:
    """Every declaration of a folder by name, in alphabetical order.

    Raises  SourceError for the first that is refused, or where two differ only in case
    """
    found = {path.stem: load_source(path) for path in sorted(folder.glob("*.toml"))}
    lowered = [name.lower() for name in found]
    if len(set(lowered)) != len(lowered):
        raise SourceError(f"{folder.name}: got {listed(found)}; expected names that differ in more than case")
    return found
