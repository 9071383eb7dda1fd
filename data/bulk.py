"""Many rows at once: in and out of the store as its driver gives them, indexes for them, lists to look rows up by."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

import numpy as np
from sqlalchemy import ARRAY, BigInteger, Connection, Select, Table, Text, TextClause, bindparam, func, select

from data.store import USUAL_CACHE, StoreError

FETCHED_AT_ONCE = 1_000  # rows: what the processor's cache holds; ten times as many take half as long again
ROWS_AT_ONCE = 32  # of one INSERT on SQLite: half the time of a row a statement; more gain nothing
LEAST_VARIABLES = 999  # that every SQLite takes in one statement
SORT_CACHE = (
    "PRAGMA cache_size=-1000"  # KiB: SQLite sorts runs of this size and merges them, small ones faster
)


def any_of(connection: Connection, values: Sequence[str] | Sequence[int]) -> Select:
    """Sub-select of many values of one kind, without a bound variable each."""
    if connection.dialect.name == "sqlite":
        return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)
    kind = Text if isinstance(values[0], str) else BigInteger
    return select(func.unnest(bindparam(None, list(values), type_=ARRAY(kind))))


def raw_rows(
    connection: Connection,
    statement: Select | TextClause,
    values: Mapping[str, Any] | None = None,
    *,
    size: int = FETCHED_AT_ONCE,
) -> Iterator[list[tuple]]:
    """Rows as the driver gives them, in parts: half the time of SQLAlchemy's row objects."""
    plain = {"stream_results": False}  # a streaming connection would keep the first row for itself
    cursor: Any = connection.execute(statement, values, execution_options=plain).cursor
    while rows := cursor.fetchmany(size):
        yield rows


def whole_numbers(rows: Iterable[Sequence[int]], *, width: int) -> np.ndarray:
    """Rows of integers as int64 [rows, width]; numpy alone would try every protocol on every row first."""
    return np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, width)


def insert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[tuple],
    *,
    same: Mapping[str, int] | None = None,
) -> None:
    """Insert native tuples fast: some rows a statement on SQLite, COPY on PostgreSQL (ten times its insert).

    rows    best a `zip` of columns: it makes no tuple for each row that Python's collector would walk
    same    further columns that hold one whole number in every row
    Raises  StoreError where the database cannot take them: a full disk, a lost connection.
    """
    if not columns:  # nothing is known of any row, so there is none
        return
    try:
        _insert(connection, table, columns, rows, same or {})
    except connection.dialect.loaded_dbapi.OperationalError as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"database: got {reason}; expected one that can be read and written") from error


def _insert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[tuple],
    same: Mapping[str, int],
) -> None:
    names = ", ".join(f'"{name}"' for name in (*columns, *same))
    if connection.dialect.name == "sqlite":
        row = f"({', '.join([*('?' * len(columns)), *(str(int(value)) for value in same.values())])})"
        into = f'INSERT INTO "{table.name}" ({names}) VALUES '
        _insert_together(connection, into, row, rows, width=len(columns))
        return
    rest = tuple(same.values())
    cursor: Any = connection.connection.cursor()  # psycopg's, which knows COPY
    with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for given in rows:
            copy.write_row(given + rest)


def _insert_together(
    connection: Connection, into: str, row: str, rows: Iterable[tuple], *, width: int
) -> None:
    """Insert on SQLite, `ROWS_AT_ONCE` rows a statement, what is left in one of its own."""
    together = max(1, min(ROWS_AT_ONCE, LEAST_VARIABLES // width))
    flat = chain.from_iterable(rows)
    left: list[Any] = []

    def whole() -> Iterator[tuple]:
        while len(values := tuple(islice(flat, together * width))) == together * width:
            yield values
        left.extend(values)

    cursor: Any = connection.connection.cursor()  # sqlite3's, which takes an iterator
    cursor.executemany(into + ", ".join([row] * together), whole())
    if left:
        cursor.execute(into + ", ".join([row] * (len(left) // width)), left)


def drop_indexes(connection: Connection, table: Table) -> None:
    """Take the secondary indexes of an empty table away, so that a first load builds each of them once."""
    for index in table.indexes:
        index.drop(connection, checkfirst=True)


def ensure_indexes(connection: Connection, table: Table) -> None:
    """Build the secondary indexes that a table lacks."""
    with _sorting_in_runs(connection):
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            index.create(connection, checkfirst=True)


@contextmanager
def _sorting_in_runs(connection: Connection) -> Iterator[None]:
    """Let SQLite build indexes in half the time: one long run sorted in a large cache misses the processor's."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql(SORT_CACHE)
    try:
        yield
    finally:
        connection.exec_driver_sql(USUAL_CACHE)
