"""Who may run jobs: one leader among any number of workers, and a fence against those that were leader once.

The lock saves work; the fence keeps the promise. A leader takes a new term, and every write of a job asks, inside
its own transaction, whether that term is still the newest: a worker that was frozen, cut off or replaced writes
nothing. The lock is the operating system's or the database server's, so it is free the moment its holder dies.
"""

import fcntl
import os
import weakref
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from data.instants import micros
from data.schema import leader_term
from data.store import Store


class FenceLost(RuntimeError):
    """Another worker leads; what was about to be written is not."""


class LeaderLock(Protocol):
    """A lock held for as long as its process lives."""

    certain: bool  # whether holding it proves that the one who held it before is dead

    def acquire(self) -> bool:
        """Take the lock if it is free; True also where it is held already."""

    def holds(self) -> bool:
        """Whether the lock is still ours, asked of the one who grants it."""

    def release(self) -> None:
        """Give the lock up."""


class FileLock:
    """A lock on a file in the instance folder (local disk only), for SQLite.

    A child forked while it is held would inherit it and keep it after our death, so children close it first.
    """

    certain = True

    def __init__(self, path: Path):
        self._path = path
        self._file: IO[bytes] | None = None  # closed with this object at the latest
        os.register_at_fork(after_in_child=_releaser(weakref.ref(self)))

    def acquire(self) -> bool:
        """Take the lock if it is free."""
        if self._file is not None:
            return True
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        file = os.fdopen(handle, "rb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def holds(self) -> bool:
        """Ours until released; a file that was replaced under us is another file's lock."""
        if self._file is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(self._path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Close the file, and with it the lock where nobody else holds the same opening."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _releaser(here: weakref.ref[FileLock]) -> Callable[[], None]:
    def release() -> None:
        lock = here()
        if lock is not None:
            lock.release()

    return release


class AdvisoryLock:
    """A lock of one PostgreSQL session, on a connection kept for nothing else; it ends with that session."""

    certain = False  # the server may have ended the session of a process that lives
    _KEY = zlib.crc32(b"linli:leader")

    def __init__(self, store: Store):
        self._store = store
        self._held = ExitStack()
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free."""
        if self.holds():
            return True
        self.release()
        connection = self._held.enter_context(self._store.session())
        connection.detach()  # never lent to anybody else, closed for good at the end
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._KEY}):
            self._held.close()
            return False
        self._connection = connection
        return True

    def holds(self) -> bool:
        """Ask the server whether this session still has the lock."""
        if self._connection is None:
            return False
        query = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() "
            "AND classid = 0 AND objid::bigint = :key AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        try:
            return self._connection.scalar(query, {"key": self._KEY}) == 1
        except DBAPIError:
            self._connection = None  # the session is gone, and its lock with it
            return False

    def release(self) -> None:
        """Close the session, and with it the lock."""
        self._connection = None
        held, self._held = self._held, ExitStack()
        with suppress(DBAPIError):  # a session that is gone already has no lock to give up
            held.close()


def leader_lock(store: Store) -> LeaderLock:
    """The lock of this instance's store."""
    if store.dialect == "postgresql":
        return AdvisoryLock(store)
    return FileLock(store.settings.folder / ".leader.lock")


def take_term(store: Store, *, holder: str, now: datetime) -> int:
    """Begin a new term: from here on no write of an earlier one succeeds."""
    with store.write() as connection:
        row = {"holder": holder, "taken_at": micros(now)}
        made = connection.execute(insert(leader_term).values(row).returning(leader_term.c.id))
        return made.scalar_one()


def fence(connection: Connection, term: int) -> None:
    """Let the transaction go on only while `term` is the newest, up to its commit. Raises FenceLost.

    On SQLite the writer is alone; on PostgreSQL the table is held against new terms until this one commits.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE leader_term IN SHARE MODE"))
    newest = connection.scalar(select(func.max(leader_term.c.id)))
    if newest != term:
        raise FenceLost(f"job: got term {term}; expected {newest}, another worker leads")


class FencedStore(Store):
    """A store whose every write belongs to one term; this is what a job is given."""

    def __init__(self, store: Store, term: int):
        super().__init__(store.settings)
        self._store, self.term = store, term
        self.atlas = store.atlas

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction of the term; see `fence`."""
        with self._store.write() as connection:
            fence(connection, self.term)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """As of the store."""
        with self._store.read() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """As of the store."""
        with self._store.session() as connection:
            yield connection

    def close(self) -> None:
        """Nothing: the connections belong to the store it was made from."""
