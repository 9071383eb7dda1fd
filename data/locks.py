"""Locks between processes of one instance: a file lock beside SQLite, an advisory lock on PostgreSQL."""

import fcntl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from data.store import Store

WAIT_SECONDS = 600.0


class Busy(RuntimeError):
    """Somebody else holds the lock and kept it longer than we were willing to wait."""


@contextmanager
def one_at_a_time(store: Store, name: str, *, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the instance's lock of that name; the operating system or server frees it when the process dies."""
    if store.dialect == "postgresql":
        yield from _advisory(store, name, wait)
        return
    path = store.settings.folder / f".{name}.lock"
    with path.open("a") as handle:
        deadline = time.monotonic() + wait
        while not _try(handle):
            if time.monotonic() > deadline:
                raise Busy(f"{path}: held by another process; expected it free within {wait:.0f} s")
            time.sleep(0.05)
        yield


def _try(handle) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _advisory(store: Store, name: str, wait: float) -> Iterator[None]:
    key = zlib.crc32(f"linli:{name}".encode())
    with store.session() as connection:
        deadline = time.monotonic() + wait
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
            if time.monotonic() > deadline:
                raise Busy(f"{name}: held by another process; expected it free within {wait:.0f} s")
            time.sleep(0.05)
        try:
            yield
        finally:
            connection.scalar(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
