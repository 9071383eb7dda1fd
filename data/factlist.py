"""Rows of facts for people: a page with its full count, words to choose from, counts for the head.

Columns, sorts and filters come from one table per subject; nothing a browser says names a column directly.
Sealed fields are not among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pandas import DataFrame, Series
from sqlalchemy import ColumnElement, Connection, and_, case, false, func, or_, select

from data import places
from data.factstore import load_as_of, visible
from data.measures import epoch_day
from data.query import NARROWING, Query
from data.schema import FACT_COLUMNS, FACTS, PLACES, STARTS, source, term, unit
from data.sums import word_condition
from data.terms import read_terms, term_kind, terms

if TYPE_CHECKING:
    from data.reader import Reader

SEALED = {"orders": ("caller_name", "caller_phone", "text"), "stays": ("plate",)}
LARGEST_PAGE = 5_000
GIVEN = "department_given"  # column: the department as the source writes it
UNASSIGNED = "unassigned"  # filter: rows in no unit of the level it names


@dataclass(frozen=True)
class FactColumn:
    """A column of a page: kind is id, source, unit, point or one of at, word, text, count, number, yes."""

    name: str
    kind: str
    sortable: bool = True
    filterable: bool = False


def fact_columns(subject: str) -> tuple[FactColumn, ...]:
    """Columns of a subject's rows in order, as the contract names its fields, with where each fact lies."""
    plain = [
        FactColumn(name, kind, sortable=kind != "text", filterable=kind in ("word", "text"))
        for name, kind in FACT_COLUMNS[subject].items()
        if name not in SEALED.get(subject, ())
    ]
    if "department" in FACT_COLUMNS[subject]:
        at = [column.name for column in plain].index("department") + 1
        plain.insert(at, FactColumn(GIVEN, "word", sortable=False))
    head = [FactColumn("id", "id", filterable=True), FactColumn("source", "source", sortable=False)]
    unit = [FactColumn("unit_code", "unit", sortable=False), FactColumn("unit_name", "unit", sortable=False)]
    tail = [FactColumn("lon", "point", sortable=False), FactColumn("lat", "point", sortable=False)]
    return (*head, *plain, *unit, *tail, FactColumn("flags", "word", sortable=False))


def page(
    reader: Reader,
    subject: str,
    query: Query,
    *,
    start: int,
    limit: int,
    sort: Sequence[tuple[str, str]],
    filters: Mapping[str, str],
) -> tuple[DataFrame, int]:
    """Rows start..start+limit of the period in the order asked, newest first by default, and the count of all.

    returns  the columns of `fact_columns`; instants in microseconds UTC (NaN where absent), words as text
    """
    with reader.read() as connection:
        where = conditions(connection, reader, subject, query, filters)
        if where is None:
            return _named(connection, reader, subject, [], as_of=query.as_of), 0
        table = FACTS[subject]
        total = connection.scalar(select(func.count()).select_from(table).where(*where)) or 0
        asked = _order(connection, subject, sort, as_of=query.as_of)
        order = [*asked, table.c[STARTS[subject]].desc(), table.c.rev.desc()]
        rows = (
            select(table).where(*where).order_by(*order).offset(max(start, 0)).limit(min(limit, LARGEST_PAGE))
        )
        found = connection.execute(rows).all()
        return _named(connection, reader, subject, found, as_of=query.as_of), int(total)


def conditions(
    connection: Connection, reader: Reader, subject: str, query: Query, filters: Mapping[str, str]
) -> list[ColumnElement[bool]] | None:
    """What a row of a question must be; None when the scope opens nothing."""
    table = FACTS[subject]
    seen = reader.published
    at_load = seen.load if seen else 0
    if query.as_of is not None:
        at_load = min(at_load, load_as_of(connection, query.as_of))
    where = [visible(table, at_load), ~table.c.withdrawn]
    days = (epoch_day(query.period.start), epoch_day(query.period.end))
    low, high = (reader.settings.day_start(day) for day in days)
    where.append(table.c[STARTS[subject]].between(low, high - 1))
    where += reader.inside(subject, reader.asked(query).within)
    if not reader.opens:
        return None
    wanted = {name: getattr(query, name) for name in NARROWING if getattr(query, name)}
    for name, value in {**wanted, **filters}.items():
        nowhere = name == UNASSIGNED
        where.append(
            _above(reader, subject, value)
            if nowhere
            else _matches(connection, subject, name, value, as_of=query.as_of)
        )
    return where


def _above(reader: Reader, subject: str, level: str | None) -> ColumnElement[bool]:
    """Condition for rows that lie in no unit of a level: known further up, or nowhere. Raises KeyError.

    level  None: nowhere only
    """
    table, place, version = FACTS[subject], PLACES[subject], reader.version
    depth = reader.level(level).depth if level else 0
    upper = select(unit.c.pos).where(unit.c.version_id == version.id, unit.c.level < depth)
    shallow = or_(place.c.place == 0, place.c.place.in_(upper))
    return table.c.rev.in_(select(place.c.rev).where(place.c.version_id == version.id, shallow))


def _matches(
    connection: Connection, subject: str, name: str, value: str, *, as_of: int | None
) -> ColumnElement[bool]:
    """Condition of one filter: a word exactly (or below it), a text by what it contains. Raises KeyError."""
    columns = {column.name: column for column in fact_columns(subject)}
    if name in NARROWING and name not in columns:
        return false()  # no such word in these facts: none is of it
    column = columns[name]
    if not column.filterable:
        raise KeyError(name)
    table = FACTS[subject]
    if column.kind == "word":
        return word_condition(connection, subject, name, value, as_of=as_of)
    return table.c["key" if name == "id" else name].contains(value, autoescape=True)


def _order(
    connection: Connection, subject: str, sort: Sequence[tuple[str, str]], *, as_of: int | None
) -> list[ColumnElement]:
    """Sort clauses for whitelisted columns; words sort by their text. Raises KeyError."""
    columns = {column.name: column for column in fact_columns(subject)}
    table = FACTS[subject]
    clauses: list[ColumnElement] = []
    for name, direction in sort:
        column = columns[name]
        if not column.sortable:
            raise KeyError(name)
        by: ColumnElement = table.c["key" if name == "id" else name]
        if column.kind == "word":
            kind = term_kind(subject, name)
            plain, read = terms(connection, kind), read_terms(connection, kind, as_of=as_of)
            renamed = {number: text for number, text in read.items() if text != plain[number]}
            written = select(term.c.text).where(term.c.id == by).scalar_subquery()
            by = case(renamed, value=by, else_=written) if renamed else written
        clauses.append(by.desc() if direction == "desc" else by.asc())
    return clauses


def _named(
    connection: Connection, reader: Reader, subject: str, rows: Sequence, *, as_of: int | None
) -> DataFrame:
    """Stored rows with words as text, the source's name and the unit each fact lies in."""
    table = FACTS[subject]
    frame = DataFrame(rows, columns=[column.name for column in table.columns])
    for name, kind in (*FACT_COLUMNS[subject].items(), ("flags", "word")):
        if kind == "word":
            kind_of_term = "flags" if name == "flags" else term_kind(subject, name)
            if name == "department":
                frame[GIVEN] = frame[name].map(terms(connection, kind_of_term)).astype("str")
            frame[name] = frame[name].map(read_terms(connection, kind_of_term, as_of=as_of)).astype("str")
        elif kind == "text":
            frame[name] = frame[name].astype("str")
        elif kind in ("at", "count"):
            frame[name] = frame[name].astype("Int64")
    sources = {row.id: row.name for row in connection.execute(select(source.c.id, source.c.name))}
    frame["source"] = frame["source_id"].map(sources).astype("str")
    placed = places.of_revisions(connection, subject, reader.version.id, frame["rev"].astype("int64"))
    units = reader.version.units
    for target, column in (("unit_code", "code"), ("unit_name", "name")):
        frame[target] = Series(
            np.concatenate([[""], units[column].to_numpy(dtype=object)])[placed], dtype="str"
        )
    frame = frame.rename(columns={"key": "id"})
    return frame[[column.name for column in fact_columns(subject)]]


def words(reader: Reader, subject: str, column: str) -> list[str]:
    """Values in use of a word column within the scope, with the upper parts of their paths, sorted."""
    if FACT_COLUMNS[subject].get(column) != "word":
        return []
    table = FACTS[subject]
    with reader.read() as connection:
        seen = reader.published
        if seen is None or not reader.opens:
            return []
        ids = (
            select(table.c[column]).where(visible(table, seen.load), *reader.inside(subject, None)).distinct()
        )
        known = read_terms(connection, term_kind(subject, column))
        found = {known[number] for (number,) in connection.execute(ids) if number in known}
    upper = {word.rsplit("/", depth)[0] for word in found for depth in range(1, word.count("/") + 1)}
    return sorted(found | upper)


def summary(
    reader: Reader, subject: str, query: Query, *, filters: Mapping[str, str], level: str | None = None
) -> dict:
    """rows, closed, overdue, unassigned, and rows by week of the period (list of week start and count).

    level  unassigned are the rows in no unit of this level, as in the ranking of that level; None: those nowhere
    """
    with reader.read() as connection:
        where = conditions(connection, reader, subject, query, filters)
        if where is None:
            return {"rows": 0, "closed": None, "overdue": None, "unassigned": 0, "weeks": []}
        table = FACTS[subject]
        start = table.c[STARTS[subject]]
        counts: list[ColumnElement] = [func.count()]
        if subject in ("cases", "orders"):
            now = reader.present(query)
            late = or_(
                table.c.closed_at > table.c.due_at, and_(table.c.closed_at.is_(None), table.c.due_at < now)
            )
            counts += [func.count(table.c.closed_at), func.count().filter(late)]
        found = connection.execute(select(*counts).select_from(table).where(*where)).one()
        loose = select(func.count()).select_from(table).where(*where, _above(reader, subject, level))
        unassigned = connection.scalar(loose)
        week = (start - reader.settings.day_start(epoch_day(query.period.start))) // 604_800_000_000
        weekly = connection.execute(
            select(week.label("week"), func.count()).where(*where).group_by(week).order_by(week)
        ).all()
    closed, overdue = (int(found[1]), int(found[2])) if len(found) > 1 else (None, None)
    weeks = [(int(number), int(count)) for number, count in weekly]
    return {
        "rows": int(found[0]),
        "closed": closed,
        "overdue": overdue,
        "unassigned": int(unassigned or 0),
        "weeks": weeks,
    }
