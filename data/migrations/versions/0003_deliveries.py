"""What snapshots withdraw and speak for, and the fields by which sources link what is one event.

Frozen: see the first step.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SUBJECTS = ("cases", "orders", "alerts", "parking")
LINKS = ("linked_case", "repeat_of")


def upgrade() -> None:
    op.add_column("source", sa.Column("links", sa.Text()))
    op.add_column("load", sa.Column("withdrawn", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "coverage",
        sa.Column("load_id", sa.Integer(), primary_key=True),
        sa.Column("start_at", sa.BigInteger(), primary_key=True),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
    )
    op.create_index("coverage_by_stamp", "coverage", ["source_id", "stamp"])
    for subject in SUBJECTS:
        _partial(
            f"fact_{subject}_withdrawn",
            f"fact_{subject}",
            "source_id",
            where=sa.column("withdrawn", sa.Boolean()),
        )
    for name in LINKS:
        _partial(f"fact_orders_by_{name}", "fact_orders", name, where=sa.column(name).is_not(None))


def _partial(name: str, table: str, column: str, *, where: sa.ColumnElement) -> None:
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in LINKS:
        op.drop_index(f"fact_orders_by_{name}", "fact_orders")
    for subject in SUBJECTS:
        op.drop_index(f"fact_{subject}_withdrawn", f"fact_{subject}")
    op.drop_table("coverage")
    with op.batch_alter_table("load") as table:
        table.drop_column("withdrawn")
    with op.batch_alter_table("source") as table:
        table.drop_column("links")
