"""The two doors of the store: a snapshot that cannot write, and pooled connections that outlive their server."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from data import store as stores
from data.settings import parse_settings
from data.store import Store


@pytest.fixture
def store(store_url, tmp_path):
    made = Store(parse_settings({"database_url": store_url, "levels": [{"name": "grid"}]}, folder=tmp_path))
    yield made
    made.close()


def loads(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(text("SELECT COUNT(*) FROM load"))


def test_a_reader_cannot_write(store):
    for _ in range(2):  # the second time on the pooled connection
        with pytest.raises(DBAPIError, match=r"(?i)read.?only"), store.read() as connection:
            connection.execute(text("DELETE FROM load"))


def test_every_statement_of_a_snapshot_sees_the_same_state(store):
    with store.read() as connection:
        before = connection.scalar(text("SELECT COUNT(*) FROM term"))
        with store.write() as writing:
            writing.execute(text("INSERT INTO term (id, kind, text) VALUES (1, 'category', 'litter')"))
        assert connection.scalar(text("SELECT COUNT(*) FROM term")) == before


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("heard", [True, False])
def test_connections_that_died_while_resting_are_replaced(store, monkeypatch, heard):
    """By the end that was closed; or, where a network swallowed it, by asking after a long rest."""
    assert loads(store) == 0
    if not heard:
        monkeypatch.setattr(stores, "_speaks", lambda connection: False)
        monkeypatch.setattr(stores, "ASKED_AFTER", 0.0)
    others = """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid != pg_backend_pid()"""
    with store.write() as connection:
        assert any(connection.scalars(text(others)).all())
    assert loads(store) == 0
