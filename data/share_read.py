"""Counting from the shares kept of every fact: any level, category and channel, as published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, bindparam, select

from data.crossing import Ranges
from data.defining import Indicator
from data.factstore import narrowing
from data.indicators import of_subject
from data.kept import Kept
from data.places import Version, of_revisions
from data.rollup import Published
from data.rollup_read import Ask
from data.schema import generation, share
from data.shares import added, place_column, unpacked, value_column, version_of
from data.store import AS_BYTES
from data.sums import Counted, Filter, Region, below
from data.tally import Cells, Share, Shares, add_up, columns, histograms, merge
from data.terms import read_terms, term_kind

_MINE = (
    share.c.subject == bindparam("subject"),
    share.c.gen.between(bindparam("first"), bindparam("last")),
    share.c.name.in_(bindparam("names", expanding=True)),
)
_HEADS = (  # the instant a generation was begun tells it from one of its number in a database put in this one's place
    select(
        share.c.gen,
        share.c.part,
        share.c.name,
        share.c.sign,
        share.c.size,
        share.c.kind,
        generation.c.started_at,
    )
    .join(generation, generation.c.id == share.c.gen)
    .where(*_MINE)
)
_BODIES = (
    select(share.c.gen, share.c.part, share.c.name, share.c.body).where(*_MINE).execution_options(**AS_BYTES)
)

POSITION = "<i4"  # of a fact in its part


@dataclass(frozen=True)
class Part:
    """Columns of some facts, by name, and whether they were added (1) or taken away (-1).

    key  names what never changes: a part of a published generation; None of facts that were taken from it
    """

    sign: int
    size: int
    columns: dict[str, np.ndarray]
    key: tuple | None = None


class BrokenShares(ValueError):
    """What was kept of facts is not whole. Its arguments: where, what is stored, what was expected."""

    def __str__(self) -> str:
        where, got, expected = self.args
        return f"{where}: got {got}; expected {expected}"


def read_shares(
    connection: Connection, seen: Published, subject: str, names: Collection[str], *, kept: Kept
) -> list[Part]:
    """Columns of every fact of the published generations, those in `kept` without reading them. Raises BrokenShares."""
    asked = {"subject": subject, "first": seen.base, "last": seen.generation, "names": sorted(names)}
    heads = connection.execute(_HEADS, asked).all()
    started = {head.gen: head.started_at for head in heads}
    keys = [(head.gen, head.part, head.name) for head in heads]
    bodies = {key: kept.get((subject, started[key[0]], *key)) for key in keys}
    if absent := [key for key, body in bodies.items() if body is None]:
        fewer = {"first": min(key[0] for key in absent), "names": sorted({key[2] for key in absent})}
        for gen, part, name, body in connection.execute(_BODIES, asked | fewer):
            kept.put((subject, started[gen], gen, part, name), body)
            bodies[gen, part, name] = body
    found: dict[tuple[int, int], Part] = {}
    for gen, part, name, sign, size, kind, _ in heads:
        body = bodies[gen, part, name] or b""
        try:
            column = unpacked(kind, body, size)
        except ValueError:
            where, got = f"shares of {subject}, part {gen}.{part}", f"{len(body)} bytes in column '{name}'"
            raise BrokenShares(where, got, f"{size} integers {kind}") from None
        one = found.setdefault((gen, part), Part(sign, size, {}, (subject, started[gen], gen, part)))
        one.columns[name] = column
    _check_whole(found, subject, names)
    return list(found.values())


def _check_whole(found: Mapping[tuple[int, int], Part], subject: str, names: Collection[str]) -> None:
    """Raise BrokenShares where a part lacks a column."""
    for (gen, number), one in found.items():
        if lacking := set(names) - one.columns.keys():
            where, wanted = f"shares of {subject}, part {gen}.{number}", ", ".join(sorted(lacking))
            raise BrokenShares(where, f"{len(one.columns)} of {len(names)} columns", f"{wanted} too")


def count_shares(
    connection: Connection,
    seen: Published,
    region: Region,
    asks: Sequence[Ask],
    *,
    only: Filter,
    words: Sequence[str] = (),
    less: Sequence[tuple[Indicator, DataFrame]] = (),
    kept: Kept,
) -> Counted:
    """Count flows and stocks of one subject in a region, narrowed to words and split by words.

    less  facts that have not entered a stock yet, by indicator (`data.running.entering`)
    """
    indicators = [entry for ask in asks for entry in ask.indicators]
    subject, version = indicators[0].subject, region.version
    known, place = narrowing(subject), place_column(version.id)
    split = [word for word in words if word in known]
    names = {place, *split, *_names(indicators)}
    parts: list[Part] = []
    if set(only.words).issubset(known):  # what has no category is in none
        here: Ranges | None = ((region.low, region.high),) if region.partial else None
        where: list[tuple[str, Ranges | None]] = [(place, here)]
        if only.held is not None:
            where.append((place_column(only.held.version.id), only.held.spans))
        ids = {
            word: below(connection, subject, word, text, as_of=only.as_of)
            for word, text in only.words.items()
        }
        wanted = {*names, *ids, *(column for column, _ in where)}
        read = read_shares(connection, seen, subject, wanted, kept=kept)
        read += [_taken(connection, entry, facts, wanted) for entry, facts in less if len(facts)]
        parts = [_chosen(part, names, where, ids, kept=kept) for part in read]
    found = {name: _joined([part.columns[name] for part in parts]) for name in names}
    signs = _joined([np.full(part.size, part.sign) for part in parts])
    row = version.ancestors[region.depth][found[place]]
    texts = {word: read_terms(connection, term_kind(subject, word), as_of=only.as_of) for word in split}
    rows, keys = _keyed(row, {word: found[word] for word in split}, texts, words)
    return Counted(_added(found, asks, signs, rows), keys)


def _taken(connection: Connection, entry: Indicator, facts: DataFrame, names: Collection[str]) -> Part:
    """Prepared facts as a part that takes them from one stock: of all other sums and histograms they are no part."""
    every = of_subject(entry.subject)
    bins = {value_column(*pair) for x in every if x.kind == "quantile" for pair in added(x)}
    values = {value_column(*pair) for x in every for pair in added(x)} - bins
    found: dict[str, np.ndarray] = {}
    for name in names:
        version = version_of(name)
        if version is not None:
            found[name] = of_revisions(connection, entry.subject, version, facts["rev"])
        elif name in narrowing(entry.subject):
            found[name] = facts[f"{name}_id"].to_numpy()
        elif name == value_column(f"n_{entry.name}", entry.counted_on):
            found[name] = facts.pipe(entry.numerator).to_numpy()
        elif name == entry.counted_on:
            found[name] = facts[name].to_numpy()
        else:
            found[name] = np.full(len(facts), 0 if name in values else -1)
    return Part(-1, len(facts), found)


def _added(
    found: Mapping[str, np.ndarray], asks: Sequence[Ask], signs: np.ndarray, rows: np.ndarray
) -> Cells:
    """Sums by row and day of what the chosen facts add and take away."""
    used = np.zeros(int(rows.max(initial=-1)) + 1, dtype=bool)
    used[rows] = True
    dense = (np.cumsum(used) - 1)[rows]  # positions of a level lie far apart, and each would want its days
    cells = []
    for sign in (1, -1):
        mine = signs == sign
        if sign == 1 or mine.any():
            whole = slice(None) if mine.all() else mine
            cells.append(add_up(_shares(found, asks, whole), dense[whole], sign=sign))
    summed = cells[0] if len(cells) == 1 else merge(cells)
    return replace(summed, row=np.flatnonzero(used)[summed.row])


def all_shares(
    connection: Connection, seen: Published, version: Version, subject: str
) -> dict[str, DataFrame]:
    """Everything kept of a subject, line by line, for each column of the summed tables.

    returns  place, category_id … (`data.factstore.narrowing`), day, value, bin (of histograms; else 0), sign
    """
    place, words, every = place_column(version.id), narrowing(subject), of_subject(subject)
    parts = read_shares(connection, seen, subject, {place, *words, *_names(every)}, kept=Kept(0))
    found: dict[str, list[DataFrame]] = {}
    for part in parts:
        known = {"place": part.columns[place], **{f"{word}_id": part.columns[word] for word in words}}
        for name, on in {pair for entry in every for pair in added(entry)}:
            value = part.columns[value_column(name, on)].astype(np.int64)
            day = part.columns[on].astype(np.int64)
            line = known | {"day": day, "value": value, "bin": 0, "sign": part.sign}
            frame = DataFrame(line, dtype="int64")
            if name in histograms(every):
                frame = frame[value >= 0].assign(bin=value[value >= 0], value=1)
            found.setdefault(name, []).append(frame[frame["day"] >= 0])
    return {name: pd.concat(frames, ignore_index=True) for name, frames in found.items()}


def _names(indicators: Sequence[Indicator]) -> set[str]:
    """Columns of days and values that indicators are counted from."""
    found = {pair for entry in indicators for pair in added(entry)}
    return {on for _, on in found} | {value_column(*pair) for pair in found}


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _chosen(
    part: Part,
    names: Collection[str],
    where: Sequence[tuple[str, Ranges | None]],
    ids: Mapping[str, Sequence[int]],
    *,
    kept: Kept,
) -> Part:
    """The facts of a part that lie in some ranges of places (None: anywhere) and have one of the words of each kind.

    Who has narrowed a page looks at the same facts again and again, so their positions are kept like columns.
    """
    narrow = tuple((column, spans) for column, spans in where if spans is not None)
    if not narrow and not ids:
        return Part(part.sign, part.size, {name: part.columns[name] for name in names})
    key = part.key and (*part.key, narrow, *((word, *wanted) for word, wanted in sorted(ids.items())))
    body = kept.get(key) if key else None
    if body is None:
        at = np.flatnonzero(_inside(part, narrow, ids)).astype(POSITION)
        if key:
            kept.put(key, at.tobytes())
    else:
        at = np.frombuffer(body, dtype=POSITION)
    return Part(part.sign, len(at), {name: part.columns[name][at] for name in names})


def _inside(part: Part, narrow: Sequence[tuple[str, Ranges]], ids: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Which facts of a part meet every condition."""
    inside = np.ones(part.size, dtype=bool)
    for column, spans in narrow:
        places = part.columns[column]
        mine = [(places >= low) & (places <= high) for low, high in spans]
        inside &= np.logical_or.reduce(mine) if mine else False
    for word, wanted in ids.items():
        have = part.columns[word]
        known = np.zeros(max([*wanted, int(have.max(initial=-1))], default=-1) + 2, dtype=bool)
        known[np.array(wanted, dtype=np.int64)] = True
        inside &= known[have]  # none is -1: the last, which is never wanted
    return inside


def _shares(found: Mapping[str, np.ndarray], asks: Sequence[Ask], mine: np.ndarray | slice) -> Shares:
    """What the chosen facts add on the days asked for."""
    sums: list[Share] = []
    bins: dict[str, Share] = {}
    for ask in asks:
        days: dict[str, np.ndarray] = {}
        for entry in ask.indicators:
            for name, on in added(entry):
                if on not in days:
                    days[on] = ask.within(found[on][mine])
                day = days[on]
                value = found[value_column(name, on)][mine]
                if entry.kind == "quantile":
                    bins[name] = Share(name, on, np.where(value >= 0, day, -1), value)
                else:
                    sums.append(Share(name, on, day, value))
    return Shares(
        columns([entry for ask in asks for entry in ask.indicators]), tuple(sums), tuple(bins.values())
    )


def _keyed(
    pos: np.ndarray,
    ids: Mapping[str, np.ndarray],
    texts: Mapping[str, Mapping[int, str]],
    words: Sequence[str],
) -> tuple[np.ndarray, DataFrame | None]:
    """A dense number for each combination of position and words in use, and what it stands for."""
    if not words:
        return pos, None
    key = pos.astype(np.int64)
    for number in ids.values():
        key = key * (int(number.max(initial=-1)) + 2) + number + 1
    _, first, rows = np.unique(key, return_index=True, return_inverse=True)
    named = {word: [""] * len(first) for word in words}
    named |= {
        word: [texts[word].get(one, "") for one in number[first].tolist()] for word, number in ids.items()
    }
    return rows, DataFrame({"pos": pos[first], **named})
