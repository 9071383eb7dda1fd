"""Open facts by an index that holds no others: nearly every fact was open once, and most revisions of them are past."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = {
    "cases": ["due_at", "load", "withdrawn", "voided", "lon"],
    "orders": ["due_at", "load", "withdrawn", "lon"],
}


def upgrade() -> None:
    for subject, columns in COLUMNS.items():
        _open_facts(subject, columns, "closed_at IS NULL AND superseded = 2147483647")


def downgrade() -> None:
    for subject in COLUMNS:
        _open_facts(subject, ["due_at"], "closed_at IS NULL")


def _open_facts(subject: str, columns: list[str], where: str) -> None:
    name, only = f"fact_{subject}", sa.text(where)
    op.drop_index(f"{name}_open", table_name=name)
    op.create_index(f"{name}_open", name, columns, sqlite_where=only, postgresql_where=only)
