"""Bringing a database to the tables of this program, step by step, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from data.store import Store, StoreError

FOLDER = Path(__file__).parent / "migrations"


def migrate(store: Store) -> None:
    """Apply every step the database lacks, in one transaction. Raises StoreError for one of a later program."""
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    at, newest = _step(store), scripts.get_current_head()
    if at == newest:
        return  # the usual case, and no writer has to wait for it
    if at is not None and at not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(f"database: got step {at}; expected one this program knows, up to {newest}")
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(store: Store) -> bool:
    """Whether the database has every step of this program."""
    return _step(store) == ScriptDirectory.from_config(_config()).get_current_head()


def _step(store: Store) -> str | None:
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config
