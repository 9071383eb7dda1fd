"""The store: one database behind two doors, SQLite or PostgreSQL.

`read()` is a snapshot that cannot write; `write()` is one short transaction. On SQLite a writer begins IMMEDIATE,
because a deferred one that reads first fails at once under contention whatever the busy timeout, and the write-ahead
log is synced on every commit, so that what was acknowledged survives a power cut.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    bindparam,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from data.settings import Settings

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=8192",
)


class StoreError(RuntimeError):
    """The database cannot be reached or is not one of ours; one plain line."""


class Store:
    """Live connections of one instance. Nothing is opened before the first use."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.atlas: dict[
            int, Any
        ] = {}  # boundary versions already read, by id; a published one never changes
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
        return create_engine(
            self.settings.url, pool_pre_ping=True, pool_size=10, isolation_level="REPEATABLE READ"
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only snapshot: every statement inside sees the same state."""
        with self._connect(self._reader) as connection, connection.begin():
            if self.dialect == "postgresql":
                connection.execute(text("SET TRANSACTION READ ONLY"))
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
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def any_of(connection: Connection, values: Sequence[str] | Sequence[int]) -> Select:
    """Sub-select of many values of one kind, without a bound variable each."""
    if connection.dialect.name == "sqlite":
        return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)
    kind = Text if isinstance(values[0], str) else BigInteger
    return select(func.unnest(bindparam(None, list(values), type_=ARRAY(kind))))


def raw_rows(connection: Connection, statement: Select, *, size: int = 100_000) -> Iterator[list[tuple]]:
    """Rows as the driver gives them, in parts: half the time of SQLAlchemy's row objects, for bulk reads only."""
    plain = {"stream_results": False}  # a streaming connection would keep the first row for itself
    cursor: Any = connection.execute(statement, execution_options=plain).cursor
    while rows := cursor.fetchmany(size):
        yield rows


def whole_numbers(rows: Iterable[Sequence[int]], *, width: int) -> np.ndarray:
    """Rows of integers as int64 [rows, width]; numpy alone would try every protocol on every row first."""
    return np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, width)


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple]) -> None:
    """Insert native tuples fast: `executemany` on SQLite, COPY on PostgreSQL (ten times its insert).

    Raises StoreError where the database cannot take them: a full disk, a lost connection.
    """
    if not rows:
        return
    try:
        _insert(connection, table, columns, rows)
    except connection.dialect.loaded_dbapi.OperationalError as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"database: got {reason}; expected one that can be read and written") from error


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.connection.cursor().executemany(
            f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows
        )
        return
    cursor: Any = connection.connection.cursor()  # psycopg's, which knows COPY
    with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
