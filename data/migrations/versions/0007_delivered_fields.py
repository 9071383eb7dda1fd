"""The fields a source delivers, so that what it never tells is not taken for a failure.

Frozen: see the first step.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source", sa.Column("fields", sa.Text()))


def downgrade() -> None:
    op.drop_column("source", "fields")
