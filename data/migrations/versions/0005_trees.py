"""More than one tree of units: outlines of no unit are kept aside until a set is published; departments by list.

Frozen like every step: it names its tables itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stray_outline",
        sa.Column("tree", sa.Text(), primary_key=True),
        sa.Column("level", sa.Integer(), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
    )
    op.create_table(
        "department_list",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("department_list")
    op.drop_table("stray_outline")
