"""Declarations written: a new source from an example file, and further names learnt by one that exists.

What is written is the TOML of the contract, for a person to read and a shell to use; it is read back by
`definition.source_of` before anybody keeps it. Where a declaration exists, comments and order stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import tomlkit
from tomlkit import TOMLDocument, comment, nl
from tomlkit.items import Array, InlineTable, Table

from data.fields import specs
from data.sources.aliases import plain
from data.sources.batch import SourceError
from data.sources.definition import Source, source_of
from data.sources.proposals import SEVERAL, SURE, Seen, propose
from data.sources.recognise import Examination
from data.sources.spoken import meaning

JOINED = "category"  # several columns make one word; of the other fields the first that is filled counts


@dataclass(frozen=True)
class Choices:
    """What a person has decided about a new source.

    fields    our field -> their columns as written; of `category` joined, of the others tried in turn
    every     the promised rhythm, such as "1 day"; empty for none
    drop      their columns that are never stored
    values    our field -> their value -> ours
    missing   our field, or "*" -> texts that mean not known
    """

    name: str
    kind: str
    timezone: str
    crs: str = ""
    every: str = ""
    delivery: str = "delta"
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    drop: Sequence[str] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)


def usual(found: Examination, *, name: str, timezone: str, kind: str | None = None, crs: str = "") -> Choices:
    """The choices that the proposals for a file come to, for a person to change.

    kind  of source; by default the likeliest
    """
    kind = kind or found.kind
    proposals = propose(found.columns, kind)
    chosen: dict[str, list[str]] = {}
    drop, values = [], {}
    for column, proposal in zip(found.columns, proposals, strict=True):
        if proposal.field == "drop":
            drop.append(column.header)
        elif proposal.field and (proposal.confidence >= SURE or specs(kind)[proposal.field].required):
            chosen.setdefault(proposal.field, []).append(column.header)
            if known := spoken_in(column, proposal.field, kind):
                values[proposal.field] = known
    ranks = {column.header: one.rank for column, one in zip(found.columns, proposals, strict=True)}
    for several in set(chosen) - {JOINED}:
        chosen[several].sort(key=ranks.__getitem__)
    if ("lon" in chosen) != ("lat" in chosen):
        chosen.pop("lon", None), chosen.pop("lat", None)
    return Choices(name, kind, timezone, crs=crs, fields=chosen, drop=drop, values=values)


def spoken_in(column: Seen, name: str, kind: str) -> dict[str, str]:
    """Words of a column that are known in a field: theirs -> ours; none where the reader knows them itself."""
    words = {word: meaning(word, specs(kind)[name]) for word in column.look.words}
    return {} if name in SEVERAL else {word: ours for word, ours in words.items() if ours}


def draft(found: Examination, choices: Choices) -> str:
    """A declaration for files like the one that was looked at.

    Raises  SourceError where a choice does not fit: no column for what every fact has, an unknown zone or system
    """
    document = _head(found, choices)
    document.add("fields", _fields(found, choices))
    for key, tables in (("values", choices.values), ("missing", choices.missing)):
        filled = {
            name: entries
            for name, entries in tables.items()
            if entries and (name in choices.fields or name == "*")
        }
        if filled:
            document.add(
                key,
                tomlkit.item({n: dict(e) if isinstance(e, Mapping) else list(e) for n, e in filled.items()}),
            )
    text = tomlkit.dumps(document)
    source_of(choices.name, text.encode("utf-8"))
    return text


def _head(found: Examination, choices: Choices) -> TOMLDocument:
    document = tomlkit.document()
    document.add(comment(f"Made from {found.file}."))
    document.add("kind", tomlkit.item(choices.kind))
    document.add("format", tomlkit.item(found.format))
    if found.encoding:
        usual_one = found.encoding in ("utf-8-sig", "gb18030")
        document.add("encoding", tomlkit.item("auto" if usual_one else found.encoding))
    if found.delimiter not in ("", ","):
        document.add("delimiter", tomlkit.item(found.delimiter))
    if len(found.sheets) > 1:
        document.add("sheet", tomlkit.item(found.sheet))
    if any(column.look.comma for column in found.columns if column.header in _numbers(choices)):
        document.add("decimal", tomlkit.item(","))
    document.add("timezone", tomlkit.item(choices.timezone))
    if choices.crs:
        document.add("crs", tomlkit.item(choices.crs))
    if choices.every:
        document.add("every", tomlkit.item(choices.every))
    document.add("delivery", tomlkit.item(choices.delivery))
    if choices.drop:
        document.add("drop", tomlkit.item(list(choices.drop)))
    document.add(comment("Every column there was: another one is reported as new."))
    document.add("known", tomlkit.item([column.header for column in found.columns if column.header]))
    document.add(nl())
    return document


def _numbers(choices: Choices) -> set[str]:
    known = specs(choices.kind)
    return {
        column
        for name, columns in choices.fields.items()
        if name in known and known[name].type in ("coordinate", "count", "number")
        for column in columns
    }


def _fields(found: Examination, choices: Choices) -> Table:
    table = tomlkit.table()
    looks = {column.header: column.look for column in found.columns}
    for name in specs(choices.kind):
        columns = list(choices.fields.get(name, ()))
        for column in columns:
            if column not in looks:
                raise SourceError(
                    f"{choices.name}: fields.{name}: got {column!r}; expected a column of {found.file}"
                )
        if not columns:
            continue
        form = looks[columns[0]].format if specs(choices.kind)[name].type == "instant" else ""
        if form or (name == JOINED and len(columns) > 1):
            inline = tomlkit.inline_table()
            inline.update(
                {"column": columns[0], "format": form} if form else {"columns": columns, "join": "/"}
            )
            table.add(name, inline)
        else:
            table.add(name, tomlkit.item(columns[0] if len(columns) == 1 else columns))
    unknown = set(choices.fields) - set(specs(choices.kind))
    if unknown:
        raise SourceError(
            f"{choices.name}: fields: got {min(unknown)!r}; expected a field of a {choices.kind}"
        )
    return table


def with_words(
    values: Mapping[str, Mapping[str, str]], words: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Tables of our field -> their value -> ours, with further ones that count before them."""
    return {name: {**values.get(name, {}), **words.get(name, {})} for name in (*values, *words)}


def remember(
    source: Source,
    names: Mapping[str, str],
    *,
    seen: Sequence[str] = (),
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """The declaration of a source with further names and words, so that they never ask again.

    names    header of a file -> our field it means; or -> a declared column that it is another name of
    words    our field -> their value -> ours
    seen     headers a person has looked at and left: where a source notes what it knows, they are no longer new
    returns  the text to keep, comments and order as they were; equal where nothing was new
    Raises   SourceError where the field is not one column, or the outcome is no declaration
    """
    document = tomlkit.parse(source.text)
    for header, meant in names.items():
        if meant not in source.by_field and meant not in _reads(source):
            raise SourceError(
                f"sources/{source.name}.toml: got {meant!r} for {header!r}; expected a field or a column it reads"
            )
        if header not in _reads(source):
            _learn(document, source, header, meant)
    known = document.get("known")
    if isinstance(known, Array):
        there = {plain(str(name)) for name in known}
        for header in (*names, *seen):
            if plain(header) not in there:
                known.append(header)
    for name, spoken in (words or {}).items():
        values = document.setdefault("values", tomlkit.table(is_super_table=True))
        values.setdefault(name, tomlkit.table()).update(spoken)
    text = tomlkit.dumps(document)
    source_of(source.name, text.encode("utf-8"))
    return text


def _reads(source: Source) -> set[str]:
    return {column for mapped in source.fields for column in mapped.reads} | set(source.extra)


def _learn(document: TOMLDocument, source: Source, header: str, meant: str) -> None:
    """Add a name where it belongs: to the list a field is tried in turn, else to the names of one column."""
    mapped = source.by_field.get(meant)
    if mapped is not None and mapped.join is None and meant != "unit_hint" and mapped.columns:
        fields = document["fields"]
        entry = fields.get(meant)
        if isinstance(entry, InlineTable | Table):
            entry["column"] = _with(entry["column"], header)
            return
        if entry is not None:
            fields[meant] = _with(entry, header)
            return
    columns = mapped.columns if mapped is not None else (meant,)
    if len(columns) != 1:
        expected = "one of its columns: " + ", ".join(columns)
        raise SourceError(
            f"sources/{source.name}.toml: fields.{meant}: got another name {header!r}; expected {expected}"
        )
    aliases = document.setdefault("aliases", tomlkit.table())
    aliases[columns[0]] = _with(aliases.get(columns[0], []), header)


def _with(entry: str | Sequence[str], header: str) -> Array:
    """A list of names with one more; a list keeps the way it is written."""
    if isinstance(entry, Array):
        if header not in entry:
            entry.append(header)
        return entry
    found = tomlkit.array()
    for name in [entry] if isinstance(entry, str) else entry:
        found.append(name)
    found.append(header)
    return found
