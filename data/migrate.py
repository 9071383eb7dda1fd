"""Bringing a database to the tables of this program, step by step, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from data.store import Store

FOLDER = Path(__file__).parent / "migrations"


def migrate(store: Store) -> None:
    """Apply every step the database lacks, each in one transaction."""
    config = _config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(store: Store) -> bool:
    """Whether the database has every step of this program."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config
