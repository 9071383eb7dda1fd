"""Alembic's entry: runs the steps on the connection the program hands over."""

from alembic import context

from data import schema_judging  # noqa: F401 - its tables belong to the metadata
from data.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
