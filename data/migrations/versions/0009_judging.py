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
    pass


def _published() -> None:
    pass


def _streets() -> None:
    pass


def downgrade() -> None:
    # Tables of the sections above, last first.
    op.drop_index("fact_orders_excluded", table_name="fact_orders")
    op.drop_table("exclusion")
