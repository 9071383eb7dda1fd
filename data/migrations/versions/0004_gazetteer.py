"""The gazetteer: entries, places given by hand, how each fact was located, and loads that only move facts.

Tables are written out as they were when this step was written, whatever `data.schema` says today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SUBJECTS = ("cases", "orders", "alerts", "parking")
COUNTS = ("read", "accepted", "updated", "unchanged", "rejected", "located", "outside", "no_location")


def upgrade() -> None:
    op.create_table(
        "place_entry",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_needed(sa.Text, "kind", "name", "road"),
        *_needed(sa.Integer, "lane", "branch", "low", "high", "side"),
        *_may(sa.Float, "lon", "lat"),
        *_needed(sa.Text, "level", "units"),
        *_may(sa.Integer, "valid_from_on", "valid_to_on"),
        *_needed(sa.Text, "state", "origin", "note"),
        *_recorded(),
    )
    op.create_index("place_entry_known", "place_entry", ["state", "superseded_at"])
    op.create_table(
        "hand_place",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_needed(sa.Text, "subject"),
        *_needed(sa.Integer, "source_id"),
        *_needed(sa.Text, "key"),
        *_may(sa.Float, "lon", "lat"),
        *_needed(sa.Text, "level", "units"),
        *_recorded(),
    )
    op.create_index("hand_place_by_key", "hand_place", ["subject", "source_id", "key"])
    if op.get_bind().dialect.name == "postgresql":
        for subject in SUBJECTS:
            op.add_column(f"place_{subject}", _how())
        op.add_column("load", _kind())
        return
    _remake_loads()
    for subject in SUBJECTS:
        _remake_places(f"place_{subject}")


def downgrade() -> None:
    for subject in SUBJECTS:
        op.drop_column(f"place_{subject}", "how")
    op.drop_column("load", "kind")
    op.drop_table("hand_place")
    op.drop_table("place_entry")


def _how() -> sa.Column:
    return sa.Column("how", sa.SmallInteger(), nullable=False, server_default="0")


def _kind() -> sa.Column:
    return sa.Column("kind", sa.Text(), nullable=False, server_default="delivery")


def _needed(kind: type, *names: str) -> list[sa.Column]:
    return [sa.Column(name, kind(), nullable=False) for name in names]


def _may(kind: type, *names: str) -> list[sa.Column]:
    return [sa.Column(name, kind(), nullable=True) for name in names]


def _recorded() -> list[sa.Column]:
    return [
        *_needed(sa.BigInteger, "recorded_at"),
        *_needed(sa.Text, "recorded_by"),
        *_may(sa.BigInteger, "superseded_at"),
    ]


def _remake_places(name: str) -> None:
    """SQLite would write an added column behind the key; made anew the table is what the schema declares."""
    op.drop_index(f"{name}_by_place", name)
    op.rename_table(name, f"{name}_before")
    op.create_table(
        name,
        sa.Column("version_id", sa.Integer(), primary_key=True),
        sa.Column("rev", sa.BigInteger(), primary_key=True, autoincrement=False),
        *_needed(sa.Integer, "place"),
        _how(),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO {name} SELECT version_id, rev, place, 0 FROM {name}_before")
    op.drop_table(f"{name}_before")
    op.create_index(f"{name}_by_place", name, ["version_id", "place", "rev"])


def _remake_loads() -> None:
    op.drop_index("load_by_source", "load")
    op.rename_table("load", "load_before")
    op.create_table(
        "load",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_needed(sa.Integer, "source_id", "definition_id"),
        *_needed(sa.BigInteger, "started_at"),
        *_may(sa.BigInteger, "recorded_at"),
        *_needed(sa.Text, "state", "files"),
        *_needed(sa.Integer, *COUNTS),
        *_needed(sa.Text, "notes"),
        *_may(sa.Float, "seconds"),
        *_may(sa.Text, "error"),
        sa.Column("withdrawn", sa.Integer(), nullable=False, server_default="0"),
        _kind(),
    )
    op.execute("INSERT INTO load SELECT *, 'delivery' FROM load_before")
    op.drop_table("load_before")
    op.create_index("load_by_source", "load", ["source_id", "id"])
