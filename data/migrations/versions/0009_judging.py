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
    pass


def _streets() -> None:
    pass


def downgrade() -> None:
    # Tables of the sections above, last first.
    op.drop_table("release")
