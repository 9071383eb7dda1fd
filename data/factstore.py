"""Reading stored revisions as frames: all that are visible at a load, or the difference between two loads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, Table, and_, case, false, func, literal_column, select

from data import left_out, links
from data.bulk import raw_rows, whole_numbers
from data.declared_sources import declared_sources
from data.facts import DAY_MICROSECONDS, Promises
from data.fields import FIELDS
from data.packing import Narrow, Packing
from data.places import LAST_PLACE, place_in
from data.schema import FACT_COLUMNS, FACTS, FOREVER, STARTS, SUBJECT_OF_KIND, SUBJECTS, load, source, term
from data.stays import LONGEST_STAY
from data.terms import read_terms, term_kind

# What the indicators of a subject read; everything else stays on disk.
COUNTED = {
    "cases": (
        "reported_at", "filed_at", "dispatched_at", "due_at", "handled_at", "closed_at", "on_time", "redispatches",
        "reworks", "forced", "voided",
    ),
    "orders": (
        "accepted_at", "dispatched_at", "due_at", "finished_at", "called_back_at", "closed_at", "first_contact",
        "closing_judgement", "callback_resolution", "satisfaction", "returns", "repeat_of", "excluded",
    ),
    "alerts": (
        "kind", "device", "occurred_at", "received_at", "state", "acknowledged_at", "resolved_at", "closed_at",
    ),
    "parking": ("lot", "observed_at", "capacity", "out_of_service", "occupied"),
    "stays": ("lot", "entry_at", "exit_at", "capacity", "allowed_minutes"),
}  # fmt: skip
WORDS = ("category", "channel", "department")
READ_AT_ONCE = 10_000  # rows held as Python objects
GROUPS = {
    "alerts": "device",
    "parking": "lot",
    "stays": "lot",
}  # facts whose worth depends on their neighbours


def last_load(connection: Connection) -> int:
    """Number of the newest finished load; 0 when there is none."""
    return connection.scalar(select(func.max(load.c.id)).where(load.c.state == "done")) or 0


def touched_subjects(connection: Connection, *, since: int, until: int) -> tuple[str, ...]:
    """Subjects of the loads after `since` up to `until`, and of facts whose worth hangs on theirs by a link."""
    query = select(source.c.kind).distinct().join(load, load.c.source_id == source.c.id)
    kinds = connection.scalars(query.where(load.c.id > since, load.c.id <= until, load.c.state == "done"))
    found = {SUBJECT_OF_KIND[kind] for kind in kinds}
    if any(links.NAMED[link.field] in found for link in links.declared(connection)):
        found.add(links.SUBJECT)
    return tuple(subject for subject in SUBJECTS if subject in found)


def load_as_of(connection: Connection, instant: int) -> int:
    """Number of the newest load known at an instant (microseconds UTC); 0 when none was."""
    known = and_(load.c.state == "done", load.c.recorded_at <= instant)
    return connection.scalar(select(func.max(load.c.id)).where(known)) or 0


def promised(connection: Connection, *, load: int | None = None) -> Promises:
    """What the sources promise by the definitions they had at a load; None: by their newest."""
    rhythms: dict[int, float] = {}
    lacking: dict[str, set[int]] = {}
    for row in declared_sources(connection, load=load):
        if row.every_minutes is not None:
            rhythms[row.id] = row.every_minutes
        if row.fields is not None:
            for name in {spec.name for spec in FIELDS[row.kind]} - set(json.loads(row.fields)):
                lacking.setdefault(name, set()).add(row.id)
    return Promises(rhythms, {name: frozenset(ids) for name, ids in lacking.items()})


def visible(table: Table, at_load: int) -> ColumnElement[bool]:
    """Condition for the revisions known at a load.

    Nearly all rows meet it; the sum keeps planners from taking it for a reason to read by the index on loads.
    """
    return and_(table.c.load + 0 <= at_load, table.c.superseded > at_load)


def read_facts(
    connection: Connection,
    subject: str,
    *,
    load: int,
    where: Sequence[ColumnElement[bool]] = (),
    extra: Sequence[str] = (),
    as_of: int | None = None,
    cleared: bool = False,
    version: int | None = None,
) -> DataFrame:
    """Revisions visible at `load`, sorted by rev: rev, key (alerts), source_id, withdrawn and the counted columns."""
    seen = visible(FACTS[subject], load)
    return read_rows(
        connection,
        subject,
        [seen, *where],
        load=load,
        extra=extra,
        as_of=as_of,
        cleared=cleared,
        version=version,
    )


def narrowing(subject: str) -> tuple[str, ...]:
    """Words by which questions about a subject are narrowed and split."""
    return tuple(word for word in WORDS if FACT_COLUMNS[subject].get(word) == "word")


def read_rows(
    connection: Connection,
    subject: str,
    where: Sequence[ColumnElement[bool]],
    *,
    load: int,
    extra: Sequence[str] = (),
    as_of: int | None = None,
    cleared: bool = False,
    version: int | None = None,
) -> DataFrame:
    """Counted columns of the revisions that meet every condition; instants, flags and counts -1 when absent, words
    text, of other texts whether there is one (1, else -1).

    load     the one whose knowledge says which orders another fact tells (`elsewhere`), and what is left out
    as_of    the instant whose names of departments hold; None: today's
    cleared  as if nothing were left out of the assessment (`data.left_out`)
    version  a boundary version: with the `place` of each in it, 0 where none is recorded
    returns  with them the words a question may be narrowed to, as ids of `term` (`category_id` …; -1 when absent)
    """
    table = FACTS[subject]
    kinds = {name: FACT_COLUMNS[subject][name] for name in (*COUNTED[subject], *extra)}
    lying = [] if version is None else [Narrow("place", place_in(subject, version), 0, LAST_PLACE)]
    packing = Packing([*_narrow(connection, table, kinds, words=narrowing(subject)), *lying])
    wide = [name for name, kind in kinds.items() if kind not in ("word", "yes", "text")]
    chosen = packing.selected + [_wide(table.c[name], kinds[name]) for name in wide]
    if subject == "alerts":
        chosen.append(table.c.key)
    if subject == links.SUBJECT:
        told = links.told(connection, load=load, as_of=as_of, cleared=cleared)
        chosen.append(told.label("elsewhere"))
    names = [str(column.key) for column in chosen]
    statement = select(*chosen).where(*where).order_by(table.c.rev)
    columns = _columns(names, chain.from_iterable(raw_rows(connection, statement)), kinds)
    frame = DataFrame(packing.unpack(columns), copy=False)
    for name in (name for name, kind in kinds.items() if kind == "word"):
        words = {} if frame.empty else read_terms(connection, term_kind(subject, name), as_of=as_of)
        frame[name] = _words(frame[name].to_numpy(dtype=np.int64), words)
    left_out.mark(connection, frame, subject, load=load, cleared=cleared)
    return frame


def _narrow(
    connection: Connection, table: Table, kinds: Mapping[str, str], words: Sequence[str]
) -> list[Narrow]:
    """Columns of a fact table whose numbers are small: no larger than the numbers given so far."""
    revs, sources, terms = (
        connection.scalar(select(func.max(column))) or 0 for column in (table.c.rev, source.c.id, term.c.id)
    )
    columns = [
        Narrow("rev", table.c.rev, 0, revs),
        Narrow("source_id", table.c.source_id, 0, sources),
        Narrow("withdrawn", case((table.c.withdrawn, 1), else_=0), 0, 1),
    ]
    yes = [name for name, kind in kinds.items() if kind == "yes"]
    columns += [Narrow(name, _yes(table.c[name]), -1, 1) for name in yes]
    texts = [name for name, kind in kinds.items() if kind == "text"]
    columns += [Narrow(name, _present(table.c[name]), -1, 1) for name in texts]
    ids = [(name, name) for name, kind in kinds.items() if kind == "word"]
    ids += [(f"{word}_id", word) for word in words]
    return columns + [Narrow(name, func.coalesce(table.c[word], -1), -1, terms) for name, word in ids]


def _yes(column: ColumnElement) -> ColumnElement[int]:
    return case((column.is_(None), -1), (column, 1), else_=0)


def _present(column: ColumnElement) -> ColumnElement[int]:
    return case((column.is_(None), -1), else_=1)


def _wide(column: ColumnElement, kind: str) -> ColumnElement:
    return func.coalesce(column, -1).label(column.key) if kind in ("at", "count") else column


def _dtype(name: str, kinds: Mapping[str, str]) -> type:
    return {"text": object, "count": float, "number": float}.get(
        kinds.get(name, ""), object if name == "key" else np.int64
    )


def _columns(names: list[str], rows: Iterator[tuple], kinds: Mapping[str, str]) -> dict[str, np.ndarray]:
    types = [_dtype(name, kinds) for name in names]
    if all(kind is np.int64 for kind in types):  # most subjects are: one pass, no list a column
        return dict(zip(names, np.ascontiguousarray(whole_numbers(rows, width=len(names)).T), strict=True))
    parts: list[list[np.ndarray]] = [[np.zeros(0, dtype=kind) for kind in types]]
    while part := list(islice(rows, READ_AT_ONCE)):
        values = zip(zip(*part, strict=True), types, strict=True)
        parts.append([np.array(column, dtype=kind) for column, kind in values])
    return {
        name: np.concatenate(column) for name, column in zip(names, zip(*parts, strict=True), strict=True)
    }


def _words(ids: np.ndarray, texts: Mapping[int, str]) -> pd.Categorical:
    place = {
        text: at for at, text in enumerate(dict.fromkeys(texts.values()))
    }  # several words may read alike
    code = np.full(max(texts, default=0) + 2, -1, dtype=np.int32)
    code[list(texts)] = [place[text] for text in texts.values()]
    return pd.Categorical.from_codes(code[ids], categories=pd.Index(list(place), dtype="str"))


def changed_facts(
    connection: Connection, subject: str, *, since: int, load: int, promises: Promises
) -> tuple[DataFrame, DataFrame]:
    """Facts to take away (as known at load `since`) and to add (as known at `load`).

    Where the worth of a fact depends on its neighbours (readings of a lot, alerts of a device, orders and what they
    name), the neighbours come along in both frames, so that whatever did not change cancels out; so do facts that
    were left out or taken in again.
    """
    table = FACTS[subject]
    gone = and_(
        table.c.load <= since, table.c.superseded > since, table.c.superseded <= load, _replaced(table)
    )
    come = and_(table.c.load > since, table.c.load <= load, table.c.superseded > load)
    near, alone = [], []
    if subject in left_out.SUBJECTS:
        near = left_out.near(connection, subject, since=since, load=load)
    if subject in GROUPS:
        near = [_neighbourhood(connection, subject, (gone, come), promises=promises)]
        alone = [table.c[GROUPS[subject]].is_(None)]
    elif subject == links.SUBJECT:
        near += links.near(links.declared(connection), since=since, load=load)
    return (
        _together(
            connection, subject, [[gone, *alone], *([visible(table, since), one] for one in near)], load=since
        ),
        _together(
            connection, subject, [[come, *alone], *([visible(table, load), one] for one in near)], load=load
        ),
    )


def _replaced(table: Table) -> ColumnElement[bool]:
    """What the partial index on replaced revisions is made for, word by word, so that it is used."""
    return table.c.superseded < literal_column(str(FOREVER))


def _together(
    connection: Connection, subject: str, conditions: list[list[ColumnElement[bool]]], *, load: int
) -> DataFrame:
    """Rows of any of some conditions, once; an index range each, where one OR would read the whole table."""
    parts = [read_rows(connection, subject, where, load=load) for where in conditions]
    filled = [part for part in parts if len(part)] or parts[:1]
    return filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True).drop_duplicates("rev")


def _neighbourhood(
    connection: Connection,
    subject: str,
    touched: Sequence[ColumnElement[bool]],
    *,
    promises: Promises,
) -> ColumnElement[bool]:
    """Condition for everything near enough to the touched facts for its worth to depend on them."""
    table = FACTS[subject]
    group, at = table.c[GROUPS[subject]], table.c[STARTS[subject]]
    found = [
        row
        for where in touched
        for row in connection.execute(
            select(group, func.min(at), func.max(at)).where(where, group.is_not(None)).group_by(group)
        )
    ]
    if not found:
        return false()
    groups = group.in_(sorted({row[0] for row in found}))
    if subject == "alerts":
        return groups
    reach = int(promises.longest * 2 * 60_000_000)
    if subject == "stays":  # what shares a day with a stay, which may have begun as long before it
        reach = LONGEST_STAY + 2 * DAY_MICROSECONDS
    low, high = min(row[1] for row in found) - reach, max(row[2] for row in found) + reach
    return and_(groups, at.between(low, high))
