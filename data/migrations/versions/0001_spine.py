"""The first tables: units, sources, facts as revisions, places, generations, jobs and people.

Frozen: the tables as they were when this step was written, whatever `data.schema` says today. A change of the
schema is a step of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SUBJECTS = ("cases", "orders", "alerts", "parking")
TABLES = (
    "boundary_version", "unit", "staged_unit", "source", "source_definition", "load", "reject", "term",
    *(f"fact_{subject}" for subject in SUBJECTS), *(f"place_{subject}" for subject in SUBJECTS), "sealed",
    "generation", "publication", "scale", "job_run", "leader_term", "person", "person_unit", "web_session",
    "audit_entry",
)  # fmt: skip


def upgrade() -> None:
    _units()
    _sources()
    _cases()
    _orders()
    _alerts()
    _parking()
    for subject in SUBJECTS:
        _places(subject)
    _rollups()
    _jobs()
    _people()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)


def _serial(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)


def _key(name: str, kind: type = sa.Integer, **options) -> sa.Column:
    return sa.Column(name, kind(), primary_key=True, **options)


def _needed(kind: type, *names: str) -> list[sa.Column]:
    return [sa.Column(name, kind(), nullable=False) for name in names]


def _may(kind: type, *names: str) -> list[sa.Column]:
    return [sa.Column(name, kind(), nullable=True) for name in names]


def _units() -> None:
    op.create_table(
        "boundary_version",
        _key("id"),
        *_needed(sa.Text, "tree"),
        *_needed(sa.Integer, "valid_from_on"),
        *_needed(sa.BigInteger, "recorded_at"),
        *_needed(sa.Text, "fingerprint", "note"),
    )
    op.create_table(
        "unit",
        _key("version_id"),
        _key("pos"),
        *_needed(sa.Integer, "end", "level", "parent_pos"),
        *_needed(sa.Text, "code", "name"),
        *_may(sa.LargeBinary, "shape"),
        *_may(sa.Float, "area_m2", "label_lon", "label_lat"),
        sqlite_with_rowid=False,
    )
    op.create_index("unit_by_code", "unit", ["version_id", "code"])
    op.create_index("unit_by_level", "unit", ["version_id", "level", "pos"])
    op.create_table(
        "staged_unit",
        _key("tree", sa.Text),
        _key("level"),
        _key("seq"),
        *_needed(sa.Text, "code", "name"),
        *_may(sa.Text, "parent_code"),
        *_may(sa.LargeBinary, "shape"),
        *_needed(sa.Text, "note"),
        *_may(sa.Integer, "valid_from_on"),
    )


def _sources() -> None:
    op.create_table(
        "source",
        _key("id"),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        *_needed(sa.Text, "kind", "format"),
        *_may(sa.Float, "every_minutes"),
        *_needed(sa.Text, "delivery"),
    )
    op.create_table(
        "source_definition",
        _key("id"),
        *_needed(sa.Integer, "source_id"),
        *_needed(sa.BigInteger, "recorded_at"),
        *_needed(sa.Text, "sha256", "text"),
    )
    counts = ("read", "accepted", "updated", "unchanged", "rejected", "located", "outside", "no_location")
    op.create_table(
        "load",
        _key("id"),
        *_needed(sa.Integer, "source_id", "definition_id"),
        *_needed(sa.BigInteger, "started_at"),
        *_may(sa.BigInteger, "recorded_at"),
        *_needed(sa.Text, "state", "files"),
        *_needed(sa.Integer, *counts),
        *_needed(sa.Text, "notes"),
        *_may(sa.Float, "seconds"),
        *_may(sa.Text, "error"),
    )
    op.create_index("load_by_source", "load", ["source_id", "id"])
    op.create_table(
        "reject",
        _serial("id"),
        *_needed(sa.Integer, "load_id"),
        *_needed(sa.Text, "file"),
        *_needed(sa.Integer, "row"),
        *_needed(sa.Text, "field", "value", "rule"),
    )
    op.create_index("ix_reject_load_id", "reject", ["load_id"])
    op.create_table(
        "term", _key("id"), *_needed(sa.Text, "kind", "text"), sa.UniqueConstraint("kind", "text")
    )
    op.create_table(
        "sealed",
        _key("subject", sa.Text),
        _key("rev", sa.BigInteger),
        _key("field", sa.Text),
        *_needed(sa.LargeBinary, "box"),
    )


def _facts(subject: str, start: str, columns: list[sa.Column], *, closes: bool = False) -> None:
    """The table of one subject: what every revision has, its own columns, its indexes."""
    name = f"fact_{subject}"
    rev = _serial("rev")
    rev.autoincrement = False
    op.create_table(
        name,
        rev,
        *_needed(sa.Integer, "source_id"),
        *_needed(sa.Text, "key"),
        *_needed(sa.Integer, "load", "superseded"),
        *_may(sa.BigInteger, "version"),
        *_needed(sa.BigInteger, "digest"),
        *_needed(sa.Boolean, "withdrawn"),
        *_may(sa.Float, "lon", "lat"),
        *_may(sa.Integer, "hint", "flags"),
        *columns,
    )
    op.create_index(f"{name}_by_key", name, ["source_id", "key"])
    op.create_index(f"{name}_by_start", name, [start])
    op.create_index(f"{name}_by_load", name, ["load"])
    replaced, left_open = sa.text("superseded < 2147483647"), sa.text("closed_at IS NULL")
    op.create_index(
        f"{name}_replaced", name, ["superseded"], sqlite_where=replaced, postgresql_where=replaced
    )
    if closes:
        op.create_index(f"{name}_open", name, ["due_at"], sqlite_where=left_open, postgresql_where=left_open)


def _cases() -> None:
    instants = ("reported_at", "filed_at", "dispatched_at", "due_at", "handled_at", "closed_at")
    columns = [
        *_may(sa.Integer, "category", "channel", "status", "department"),
        *_may(sa.BigInteger, *instants),
        *_may(sa.Boolean, "on_time"),
        *_may(sa.Integer, "suspensions", "extensions", "redispatches", "reworks"),
        *_may(sa.Boolean, "forced", "voided"),
        *_may(sa.Text, "address", "text"),
    ]
    _facts("cases", "reported_at", columns, closes=True)


def _orders() -> None:
    texts = ("repeat_of", "linked_case", "excluded", "address", "caller_name", "caller_phone", "text")
    columns = [
        *_may(sa.Integer, "type", "category", "channel", "department"),
        *_may(sa.BigInteger, "accepted_at", "dispatched_at"),
        *_may(sa.Integer, "first_contact"),
        *_may(
            sa.BigInteger, "first_contact_at", "first_contact_due_at", "due_at", "finished_at", "closed_at"
        ),
        *_may(sa.Integer, "closing_judgement"),
        *_may(sa.BigInteger, "called_back_at"),
        *_may(sa.Integer, "callback_resolution", "satisfaction"),
        *_may(sa.BigInteger, "returned_at"),
        *_may(sa.Integer, "returns", "suspensions", "extensions"),
        *_may(sa.Text, *texts),
    ]
    _facts("orders", "accepted_at", columns, closes=True)


def _alerts() -> None:
    columns = [
        *_may(sa.Integer, "kind", "device"),
        *_may(sa.BigInteger, "occurred_at", "received_at"),
        *_may(sa.Text, "building"),
        *_may(sa.Integer, "floor_low", "floor_high"),
        *_may(sa.Float, "confidence"),
        *_may(sa.Integer, "severity"),
        *_may(sa.Text, "image_url", "clip_url"),
        *_may(sa.Integer, "state"),
        *_may(sa.Text, "state_log", "address"),
    ]
    _facts("alerts", "occurred_at", columns)


def _parking() -> None:
    columns = [
        *_may(sa.Integer, "lot", "name", "type", "capacity", "out_of_service"),
        *_may(sa.BigInteger, "observed_at"),
        *_may(sa.Integer, "occupied"),
    ]
    _facts("parking", "observed_at", columns)


def _places(subject: str) -> None:
    name = f"place_{subject}"
    rev = _key("rev", sa.BigInteger, autoincrement=False)
    op.create_table(name, _key("version_id"), rev, *_needed(sa.Integer, "place"), sqlite_with_rowid=False)
    op.create_index(f"{name}_by_place", name, ["version_id", "place", "rev"])


def _rollups() -> None:
    op.create_table(
        "generation",
        _key("id"),
        *_needed(sa.Integer, "load", "base"),
        *_needed(sa.Text, "state"),
        *_needed(sa.BigInteger, "started_at"),
        *_may(sa.BigInteger, "published_at"),
        *_may(sa.Float, "seconds"),
        *_needed(sa.Text, "summary"),
    )
    op.create_table(
        "publication",
        _key("id"),
        *_needed(sa.Integer, "generation", "base", "load"),
        *_needed(sa.Text, "definition", "levels"),
        *_needed(sa.Integer, "first_on"),
        *_needed(sa.BigInteger, "published_at"),
    )
    keys = (_key("tree", sa.Text), _key("level"), _key("indicator", sa.Text))
    op.create_table("scale", *keys, *_needed(sa.Text, "cuts"))


def _jobs() -> None:
    op.create_table(
        "job_run",
        _key("id"),
        *_needed(sa.Text, "job", "slot"),
        *_needed(sa.Integer, "term"),
        *_needed(sa.Text, "state"),
        *_needed(sa.Integer, "attempt"),
        *_needed(sa.Text, "requested_by"),
        *_may(sa.BigInteger, "started_at", "finished_at", "lease_until"),
        *_needed(sa.Text, "summary"),
        *_may(sa.Text, "error"),
        sa.UniqueConstraint("job", "slot"),
    )
    op.create_index("job_run_by_start", "job_run", ["started_at"])
    op.create_table(
        "leader_term", _key("id"), *_needed(sa.Text, "holder"), *_needed(sa.BigInteger, "taken_at")
    )


def _people() -> None:
    op.create_table(
        "person",
        _key("id"),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        *_needed(sa.Text, "password_hash", "role"),
        *_needed(sa.Boolean, "disabled", "must_change"),
        *_needed(sa.BigInteger, "created_at"),
        *_needed(sa.Integer, "permission_version", "failures"),
        *_may(sa.BigInteger, "locked_until"),
    )
    op.create_table("person_unit", _key("person_id"), _key("tree", sa.Text), _key("unit_code", sa.Text))
    op.create_table(
        "web_session",
        _key("id_hash", sa.Text),
        *_needed(sa.Integer, "person_id"),
        *_needed(sa.Text, "csrf"),
        *_needed(sa.BigInteger, "created_at", "seen_at", "expires_at"),
    )
    op.create_index("ix_web_session_person_id", "web_session", ["person_id"])
    op.create_table(
        "audit_entry",
        _serial("id"),
        *_needed(sa.BigInteger, "at"),
        *_needed(sa.Text, "person", "action", "object", "detail"),
    )
