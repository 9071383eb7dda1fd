"""The first tables: units, sources, facts as revisions, places, generations, jobs and people."""

from alembic import op

from data.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
