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
    op.create_table(
        "deadline_list",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("valid_from_on", sa.Integer()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_table(
        "deadline",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("list_id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("category", "condition", "channel", "type")
        ),
        sa.Column("limit", sa.Text(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False),
    )
    op.create_index("deadline_by_list", "deadline", ["list_id"])
    op.create_table(
        "due_given",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("source_id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("load", sa.Integer(), nullable=False),
        sa.Column("deadline_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("from_at", "due_at", "calendar_at")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_due_given_load", "due_given", ["load"])
    op.create_table(
        "due_change",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("rev", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("field", sa.Text(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )


def _targets() -> None:
    op.create_table(
        "target",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("start_on", sa.Integer(), nullable=False),
        sa.Column("end_on", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("bands", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
    )
    op.create_table(
        "composite",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("start_on", sa.Integer(), nullable=False),
        sa.Column("end_on", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
    )


def _exclusions() -> None:
    op.create_table(
        "exclusion",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("key", "state", "reason", "clause", "text", "applicant")
        ),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("load", sa.Integer()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
    )
    op.create_index("exclusion_by_fact", "exclusion", ["subject", "source_id", "key"])
    only = sa.text("excluded IS NOT NULL")
    op.create_index(
        "fact_orders_excluded", "fact_orders", ["superseded"], sqlite_where=only, postgresql_where=only
    )


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Integer(), nullable=False),
        sa.Column("to_on", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("boundaries", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.UniqueConstraint("name", "act"),
    )


def _published() -> None:
    op.create_table(
        "bulletin",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Integer(), nullable=False),
        sa.Column("start_on", sa.Integer(), nullable=False),
        sa.Column("end_on", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
    )
    op.create_table(
        "published_figure",
        sa.Column("bulletin_id", sa.Integer(), primary_key=True),
        sa.Column("row", sa.Integer(), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text()),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("numerator", sa.BigInteger()),
        sa.Column("denominator", sa.BigInteger()),
        sa.Column("rank", sa.Integer()),
        sa.Column("score", sa.Float()),
        sa.Column("weight", sa.Float()),
    )


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
    for name in ("due_change", "due_given", "deadline", "deadline_list"):
        op.drop_table(name)
    op.drop_table("published_figure")
    op.drop_table("bulletin")
    op.drop_table("place_stays")
    op.drop_table("fact_stays")
    for name in reversed(ALERT_TIMES):
        op.drop_column("fact_alerts", name)
    op.drop_table("composite")
    op.drop_table("target")
    op.drop_index("fact_orders_excluded", table_name="fact_orders")
    op.drop_table("exclusion")
    op.drop_table("release")
