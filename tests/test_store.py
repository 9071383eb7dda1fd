"""The two doors of the store: a snapshot that cannot write, and pooled connections that outlive their server."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from data import bulk
from data import store as stores
from data.schema import term
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


@pytest.mark.parametrize("count", [0, 1, bulk.ROWS_AT_ONCE, 3 * bulk.ROWS_AT_ONCE + 5])
def test_every_row_is_inserted_once_and_in_order_however_many_go_together(store, count):
    numbers = list(range(1, count + 1))
    given = zip(numbers, [f"word {number}" for number in numbers], strict=True)
    with store.write() as connection:
        bulk.insert_rows(connection, term, ("id", "text"), given, same={"kind": 7})
    with store.read() as connection:
        kept = connection.execute(select(term.c.id, term.c.kind, term.c.text).order_by(term.c.id)).all()
    assert [tuple(row) for row in kept] == [(number, "7", f"word {number}") for number in numbers]


def test_a_wide_table_stays_below_the_variables_every_database_takes(store, monkeypatch):
    monkeypatch.setattr(bulk, "LEAST_VARIABLES", 5)  # two rows of two columns a statement
    with store.write() as connection:
        bulk.insert_rows(connection, term, ("id", "text"), [(n, str(n)) for n in range(9)], same={"kind": 7})
        assert connection.scalar(select(func.count()).select_from(term)) == 9


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
