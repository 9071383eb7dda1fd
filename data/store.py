"""The store: one database behind two doors, SQLite or PostgreSQL.

`read()` is a snapshot that cannot write; `write()` is one short transaction. On SQLite a writer begins IMMEDIATE,
because a deferred one that reads first fails at once under contention whatever the busy timeout, and the write-ahead
log is synced on every commit, so that what was acknowledged survives a power cut.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from select import POLLIN, poll
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    create_engine,
    event,
)
from sqlalchemy.exc import DatabaseError, DisconnectionError
from sqlalchemy.pool import QueuePool

from data.kept import Kept
from data.settings import Settings

USUAL_CACHE = "PRAGMA cache_size=-65536"
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    USUAL_CACHE,
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=8192",
)

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
