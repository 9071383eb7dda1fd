"""The steps of the migrations lead to the very tables that the program declares, on both stores."""

import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from data.migrate import _config, is_current, migrate
from data.schema import metadata
from data.settings import parse_settings
from data.store import Store, StoreError


def declared(connection: Connection) -> set[str]:
    """What a database says of its own tables and indexes, conditions of partial indexes and all."""
    if connection.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name != 'alembic_version'"
    else:
        query = """
            SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename != 'alembic_version'
            UNION ALL SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable,
                column_default) FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name != 'alembic_version'
        """
    return {re.sub(r"\s+", " ", row[0]) for row in connection.execute(text(query))}


def test_a_migrated_database_is_what_the_schema_declares(store):
    with store.write() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
        migrated = declared(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert migrated == declared(connection)


def test_the_steps_are_frozen():
    """A step that read today's schema would make other tables tomorrow."""
    steps = list((Path(_config().get_main_option("script_location")) / "versions").glob("*.py"))
    assert steps
    for step in steps:
        assert not re.search(
            r"^\s*(from|import) (data|geo|layouts|callbacks)", step.read_text(), re.MULTILINE
        ), step.name


def test_migrating_twice_changes_nothing_and_back_leaves_nothing(store):
    assert is_current(store)
    migrate(store)
    config = _config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with store.read() as connection:
        assert not any("alembic" not in line for line in declared(connection))
    assert not is_current(store)


def test_a_database_of_a_later_program_is_refused(store):
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(
        StoreError, match=r"database: got step 9999; expected one this program knows, up to \d{4}"
    ):
        migrate(store)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "linli.db"
    path.write_bytes(b"this is a letter, not a database" * 64)
    store = Store(parse_settings({"levels": [{"name": "grid"}]}, folder=tmp_path))
    with pytest.raises(StoreError, match=r"database: .*not a database; expected an instance"):
        migrate(store)
