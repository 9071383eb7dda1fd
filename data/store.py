"""The store: one database behind two doors, SQLite or PostgreSQL.

`read()` is a snapshot that cannot write; `write()` is one short transaction. On SQLite a writer begins IMMEDIATE,
because a deferred one that reads first fails at once under contention whatever the busy timeout, and the write-ahead
log is synced on every commit, so that what was acknowledged survives a power cut.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import chain, islice
from select import POLLIN, poll
from typing import Any

import numpy as np
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Dialect,
    Engine,
    Select,
    Table,
    Text,
    TextClause,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.exc import DatabaseError, DisconnectionError
from sqlalchemy.pool import QueuePool

from data.kept import Kept
from data.settings import Settings

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-65536",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=8192",
)

FETCHED_AT_ONCE = 1_000  # rows: what the processor's cache holds; ten times as many take half as long again
ROWS_AT_ONCE = 32  # of one INSERT on SQLite: half the time of a row a statement; more gain nothing
LEAST_VARIABLES = 999  # that every SQLite takes in one statement
SORT_CACHE = 1000  # KiB while an index is built: SQLite sorts runs of this size and merges them, the faster the smaller
KEPT_BYTES = 128_000_000  # three and a half million cases, every column of them
AS_BYTES = {"as_bytes": True}  # execution options of statements whose rows hold arrays as bytes
ASKED_AFTER = 30.0  # seconds a pooled connection may have been left alone before it is asked whether it lives


class StoreError(RuntimeError):
    """The database cannot be reached or is not one of ours; one plain line."""


class Store:
    """Live connections of one instance. Nothing is opened before the first use."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.atlas: dict[
            int, Any
        ] = {}  # boundary versions already read, by id; a published one never changes
        self.crossings: dict[tuple, Any] = {}  # units a scope reaches in another tree (`data.crossing`)
        self.columns = Kept(KEPT_BYTES)  # of the shares of published generations, which never change
        self.gazetteers: dict[tuple, Any] = {}  # made ready for a version, by what it and the entries are

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return "postgresql" if self.settings.url.startswith("postgres") else "sqlite"

    @cached_property
    def _writer(self) -> Engine:
        if self.dialect == "sqlite":
            return _sqlite_engine(self.settings.url, readonly=False)
        return create_engine(self.settings.url, pool_pre_ping=True, isolation_level="READ COMMITTED")

    @cached_property
    def _reader(self) -> Engine:
        if self.dialect == "sqlite":
            return _sqlite_engine(self.settings.url, readonly=True)
        return _postgres_reader(self.settings.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only snapshot: every statement inside sees the same state."""
        with self._connect(self._reader) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed when the block ends without an error."""
        with self._connect(self._writer) as connection, connection.begin():
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection outside any transaction of ours, for locks that live as long as it does."""
        with self._connect(self._writer.execution_options(isolation_level="AUTOCOMMIT")) as connection:
            yield connection

    @contextmanager
    def _connect(self, engine: Engine) -> Iterator[Connection]:
        try:
            connection = engine.connect()
        except DatabaseError as error:
            reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
            raise StoreError(f"database: {reason}; expected an instance made by 'linli init'") from None
        with connection:
            yield connection

    def close(self) -> None:
        """Drop all pooled connections."""
        for name in ("_writer", "_reader"):
            if name in self.__dict__:
                self.__dict__.pop(name).dispose()


def _sqlite_engine(url: str, *, readonly: bool) -> Engine:
    engine = create_engine(url, poolclass=QueuePool, pool_size=10, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we begin ourselves; the driver's implicit BEGIN is deferred
        for pragma in PRAGMAS:
            connection.execute(pragma)
        if readonly:
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def _postgres_reader(url: str) -> Engine:
    """Snapshots that cannot write, by the BEGIN of their first statement alone.

    A pooled connection is not asked whether it lives: that is one more round trip for each snapshot. A server that went
    away has closed its end, which shows without asking; only a connection left alone for long, which a network
    may have dropped without a word, is asked.
    """
    engine = create_engine(url, pool_size=10, isolation_level="REPEATABLE READ")
    event.listen(
        engine, "before_cursor_execute", partial(_as_bytes, engine.dialect.loaded_dbapi.pq.Format.BINARY)
    )
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", partial(_check_alive, engine.dialect))
    return engine.execution_options(postgresql_readonly=True)


def _as_bytes(
    binary: Any,
    _connection: Connection,
    cursor: Any,
    _statement: str,
    _values: Any,
    context: Any,
    _many: bool,
) -> None:
    """Let rows of a statement marked by `AS_BYTES` come as bytes are: written out in digits they are twice as many."""
    if context.execution_options.get("as_bytes"):
        cursor.format = binary


def _note_rest(_connection: object, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _check_alive(dialect: Dialect, connection: Any, record: Any, _proxy: object) -> None:
    """Raise DisconnectionError for a dead connection, so that the pool makes another."""
    rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
    if rested < ASKED_AFTER and not _speaks(connection):
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError(str(error)) from error


def _speaks(connection: Any) -> bool:
    """Whether an idle connection has something to be read: its end, most likely."""
    ear = poll()
    ear.register(connection.fileno(), POLLIN)
    return bool(ear.poll(0))


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
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{SORT_CACHE}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={usual}")
