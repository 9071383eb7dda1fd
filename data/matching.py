"""How a file is to be read: the source it belongs to, or a new one; what each of its columns is; what a person changed.

Made from a first look (`data.sources.recognise`) and the choices of a page, without touching the file again. Outcome
is always the text of a declaration, so that a browser can make nothing a shell could not.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from data.fields import specs
from data.sources.aliases import RETURNED, plain
from data.sources.batch import SourceError
from data.sources.definition import Source, source_of
from data.sources.delivered import TABLES, as_delivered
from data.sources.drafting import Choices, draft, remember, spoken_in, usual, with_words
from data.sources.header import Names, absent, find_columns
from data.sources.proposals import SEVERAL, propose
from data.sources.recognise import Examination, Fit
from data.unknown_words import sound

NEW = "new"  # a source that is not declared yet
NONE, DROP = "none", "drop"  # a column that is not stored; one that is declared never to be
BELONGS = 0.6  # share of a source's columns that must be there for a file to seem to be its
WGS84 = "EPSG:4326"
_TAIL = re.compile(r"[\d\W_年月日]+\Z")
_ODD = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Asked:
    """What a person has chosen; what is empty stays as proposed.

    source   name of a declared one, or NEW
    columns  place of a column -> our field, a declared column it is another name of, NONE or DROP
    words    our field and a word of theirs -> our word
    name, kind, every, timezone, crs   of a new source
    """

    source: str = ""
    columns: Mapping[int, str] = field(default_factory=dict)
    words: Mapping[tuple[str, str], str] = field(default_factory=dict)
    name: str = ""
    kind: str = ""
    every: str = ""
    timezone: str = ""
    crs: str = ""


@dataclass(frozen=True)
class Match:
    """What one column of a file is taken for.

    place       its position; header as written, samples masked where personal
    means       our field, a declared column, DROP or NONE
    proposed    what it would be taken for if nobody said otherwise; confidence (0 to 1) and reason of that
    why         alias | alike | values | declared | renamed | hand | seen | ""
    choices     what a person may say it is, beside NONE; empty where there is nothing to say
    """

    place: int
    header: str
    samples: tuple[str, ...]
    means: str
    proposed: str
    confidence: float
    why: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How a file is to be read.

    origin    the declaration as it would be kept; None while something is lacking
    reading   the same for this very file
    name, kind, timezone, crs, every   of the source; is_new: whether it is to be made, is_changed: to be written
    lacking   our fields every fact has and no column is taken for
    missing   declared columns that are not there
    fault     why it cannot be read so; empty if it can
    """

    name: str
    kind: str
    is_new: bool
    matches: tuple[Match, ...]
    origin: Source | None = None
    reading: Source | None = None
    timezone: str = ""
    crs: str = ""
    every: str = ""
    is_changed: bool = False
    lacking: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    fault: str = ""


def belongs(found: Examination, sources: Mapping[str, Source]) -> str:
    """The declared source a file seems to be for; NEW where it seems to be for none."""
    for fit in found.fits:
        if fit.source in sources and share(fit) >= BELONGS and _can_read(sources[fit.source], found):
            return fit.source
    return NEW


def share(fit: Fit) -> float:
    """Share of a source's columns that a file has; 0 where it cannot be loaded."""
    return 0.0 if fit.fault or not fit.found else fit.found / (fit.found + len(fit.missing))


def _can_read(source: Source, found: Examination) -> bool:
    return source.format == found.format or {source.format, found.format} <= set(TABLES)


def plan(found: Examination, sources: Mapping[str, Source], asked: Asked, *, timezone: str) -> Plan:
    """How a file is to be read.

    sources   the declared ones by name
    timezone  of the instance, for a new source
    """
    name = asked.source if asked.source in (*sources, NEW) else belongs(found, sources)
    made = (
        _plan_new(found, sources, asked, timezone)
        if name == NEW
        else _plan_known(found, sources[name], asked)
    )
    if made.origin is None:
        return made
    try:
        reading = as_delivered(
            made.origin, found.format, encoding=found.encoding, delimiter=found.delimiter, sheet=found.sheet
        )
    except SourceError as error:
        return replace(made, origin=None, fault=str(error))
    return replace(made, reading=reading)


# A source that is declared


def _plan_known(found: Examination, source: Source, asked: Asked) -> Plan:
    headers = tuple(column.header for column in found.columns)
    same = Plan(source.name, source.kind, False, (), timezone=source.timezone.key, crs=source.crs)
    try:
        places, _ = find_columns(source, Names(headers, headers), where=found.file)
    except SourceError as error:
        return replace(same, matches=_unread(found), fault=str(error))
    lost = tuple(name.partition(":")[2] for name in absent(source, places))
    told = {place: means for place, means in asked.columns.items() if means in lost and place < len(headers)}
    matches = _known_matches(found, source, places, lost, told)
    left = (
        [m.header for m in matches if m.header and m.means == NONE and m.why != "seen"]
        if source.known
        else []
    )
    try:
        names = {headers[place]: means for place, means in told.items()}
        text = remember(source, names, seen=left, words=sound(asked.words, source.kind))
    except SourceError as error:
        return replace(same, matches=matches, missing=lost, fault=str(error))
    missing = tuple(name for name in lost if name not in told.values())
    changed = text != source.text
    origin = source_of(source.name, text.encode("utf-8")) if changed else source
    return replace(same, matches=matches, missing=missing, origin=origin, is_changed=changed)


def _known_matches(
    found: Examination,
    source: Source,
    places: Mapping[str, int],
    lost: Sequence[str],
    told: Mapping[int, str],
) -> tuple[Match, ...]:
    """The columns of a file as a declared source reads them."""
    reads = {place: column for column, place in places.items()}
    fields = {column: mapped.name for mapped in reversed(source.fields) for column in mapped.reads}
    known = set(map(plain, (*source.known, *source.drop, *RETURNED)))
    matches = []
    for place, column in enumerate(found.columns):
        means, why, choices = NONE, "", tuple(lost)
        if place in told:
            means, why = told[place], "hand"
        elif place in reads:
            own = (reads[place], *source.aliases.get(reads[place], ()))
            means, choices = fields.get(reads[place], reads[place]), ()
            why = "declared" if plain(column.header) in map(plain, own) else "renamed"
        elif plain(column.header) in known:
            means, why = (DROP, "declared") if column.header in source.drop else (NONE, "seen")
        sure = 1.0 if why in ("declared", "renamed") else 0.0
        matches.append(
            Match(
                place,
                column.header,
                column.samples,
                means,
                "" if place in told else means,
                sure,
                why,
                choices,
            )
        )
    return tuple(matches)


def _unread(found: Examination) -> tuple[Match, ...]:
    return tuple(
        Match(place, column.header, column.samples, NONE, NONE, 0.0, "")
        for place, column in enumerate(found.columns)
    )


# A new one


def _plan_new(found: Examination, sources: Mapping[str, Source], asked: Asked, timezone: str) -> Plan:
    kind = asked.kind if asked.kind in found.kinds else found.kind
    name = asked.name or suggest_name(found.file, kind, taken=sources)
    zone = asked.timezone or timezone
    usually = usual(found, name=name, timezone=zone, kind=kind, crs=asked.crs)
    choices = _changed(found, replace(usually, every=asked.every), asked.columns)
    choices = replace(choices, values=with_words(choices.values, sound(asked.words, kind)))
    crs = asked.crs or WGS84
    if "lon" in choices.fields:
        choices = replace(choices, crs=crs)
    made = Plan(
        name, kind, True, _new_matches(found, kind, choices, usually, asked.columns), timezone=zone, crs=crs,
        every=asked.every, is_changed=True, lacking=_lacking(kind, choices),
    )  # fmt: skip
    if name.lower() in map(str.lower, sources):
        return replace(made, fault=f"{name}: got a name that is taken; expected a new one")
    if made.lacking:
        return made
    try:
        text = draft(found, choices)
        return replace(made, origin=source_of(name, text.encode("utf-8")))
    except SourceError as error:
        return replace(made, fault=str(error))


def _changed(found: Examination, choices: Choices, columns: Mapping[int, str]) -> Choices:
    """Choices with what a person said of single columns; a field of one column is taken from the one it had."""
    fields = {name: list(headers) for name, headers in choices.fields.items()}
    drop, values = list(choices.drop), dict(choices.values)
    for place, means in columns.items():
        if not 0 <= place < len(found.columns) or not found.columns[place].header:
            continue
        column = found.columns[place]
        for name in [name for name, headers in fields.items() if column.header in headers]:
            fields[name].remove(column.header)
        drop = [header for header in drop if header != column.header]
        if means == DROP:
            drop.append(column.header)
        elif means in specs(choices.kind):
            fields[means] = [*(fields.get(means, []) if means in SEVERAL else []), column.header]
            values[means] = spoken_in(column, means, choices.kind)
    kept = {name: headers for name, headers in fields.items() if headers}
    return replace(choices, fields=kept, drop=drop, values=values)


def _lacking(kind: str, choices: Choices) -> tuple[str, ...]:
    """Fields every fact has that are read from no column."""
    lacking = [name for name, spec in specs(kind).items() if spec.required and name not in choices.fields]
    if kind == "parking" and not {"occupied", "vacant"} & set(choices.fields):
        lacking.append("occupied")
    return tuple(lacking)


def _new_matches(
    found: Examination, kind: str, choices: Choices, usually: Choices, columns: Mapping[int, str]
) -> tuple[Match, ...]:
    names = (*specs(kind), DROP)

    def means(header: str, chosen: Choices) -> str:
        if header in chosen.drop:
            return DROP
        return next((name for name, headers in chosen.fields.items() if header in headers), NONE)

    return tuple(
        Match(
            place, column.header, column.samples, means(column.header, choices), means(column.header, usually),
            proposal.confidence, "hand" if place in columns else proposal.why, names if column.header else (),
        )
        for place, (column, proposal) in enumerate(zip(found.columns, propose(found.columns, kind), strict=True))
    )  # fmt: skip


def suggest_name(file: str, kind: str, *, taken: Mapping[str, Source]) -> str:
    """A name for a source, from that of its first file without date and ending; with a number where it is taken."""
    stem = unicodedata.normalize("NFKC", file).partition(".")[0]
    stem = _ODD.sub("_", _TAIL.sub("", stem)).strip("_-")[:40] or f"{kind}s"
    lowered, name, number = {other.lower() for other in taken}, stem, 1
    while name.lower() in (*lowered, NEW):
        number += 1
        name = f"{stem}_{number}"
    return name
