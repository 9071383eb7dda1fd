"""What people are judged by: deadlines, targets, exclusions, releases, the district's own table; stays and alert times.

Frozen: see the first step.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _deadlines()
    _targets()
    _exclusions()
    _releases()
    _published()
    _streets()


def _deadlines() -> None:
    pass


def _targets() -> None:
    pass


def _exclusions() -> None:
    pass


def _releases() -> None:
    pass


def _published() -> None:
    pass


ALERT_TIMES = ("acknowledged_at", "verified_at", "resolved_at", "closed_at")


def _streets() -> None:
    for name in ALERT_TIMES:
        op.add_column("fact_alerts", sa.Column(name, sa.BigInteger()))
    _stays()
    op.create_table(
        "place_stays",
        sa.Column("version_id", sa.Integer(), primary_key=True),
        sa.Column("rev", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("how", sa.SmallInteger(), nullable=False, server_default="0"),
        sqlite_with_rowid=False,
    )
    op.create_index("place_stays_by_place", "place_stays", ["version_id", "place", "rev"])


def _stays() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "fact_stays",
        sa.Column("rev", serial, primary_key=True, autoincrement=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("load", sa.Integer(), nullable=False),
        sa.Column("superseded", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger()),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in ("lon", "lat")),
        *(sa.Column(name, sa.Integer()) for name in ("hint", "flags", "lot", "name", "type")),
        *(sa.Column(name, sa.Integer()) for name in ("capacity", "allowed_minutes")),
        *(sa.Column(name, sa.BigInteger()) for name in ("entry_at", "exit_at")),
        sa.Column("fee", sa.Float()),
        sa.Column("plate", sa.Text()),
    )
    op.create_index("fact_stays_by_key", "fact_stays", ["source_id", "key"])
    op.create_index("fact_stays_by_start", "fact_stays", ["entry_at"])
    op.create_index("fact_stays_by_load", "fact_stays", ["load"])
    replaced = sa.column("superseded", sa.Integer()) < 2_147_483_647
    withdrawn = sa.column("withdrawn", sa.Boolean())
    for name, column, where in (("replaced", "superseded", replaced), ("withdrawn", "source_id", withdrawn)):
        op.create_index(
            f"fact_stays_{name}", "fact_stays", [column], sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    # Tables of the sections above, last first.
    op.drop_table("place_stays")
    op.drop_table("fact_stays")
    for name in reversed(ALERT_TIMES):
        op.drop_column("fact_alerts", name)
