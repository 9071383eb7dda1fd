"""Tables of the store, as SQLAlchemy Core. Migrations of `data/migrations` create them; rollups are made apart.

Conventions: `*_at` is an instant in microseconds since 1970-01-01 UTC; `*_on` a local day in days since
1970-01-01; words that repeat (category, channel …) are ids of `term`; a unit's place in a boundary version is
its preorder position `pos`, so that a sub-tree is one range of `pos` (0 is the nameless root of the instance).

A fact table holds revisions. One of them is visible at load L when `load <= L AND superseded > L`; the open end
is `FOREVER`. A load counts only when it is done, so a reader sees all of it or nothing.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

FOREVER = 2_147_483_647
SUBJECTS = ("cases", "orders", "alerts", "parking", "stays")
SUBJECT_OF_KIND = {
    "case": "cases", "order": "orders", "alert": "alerts", "parking": "parking", "stay": "stays",
}  # fmt: skip

metadata = MetaData()
Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER PRIMARY KEY only


def _table(name: str, *parts, **options) -> Table:
    return Table(name, metadata, *parts, **options)


boundary_version = _table(
    "boundary_version",
    Column("id", Integer, primary_key=True),
    Column("tree", Text, nullable=False),
    Column("valid_from_on", Integer, nullable=False),  # the first version of a tree holds from the beginning
    Column("recorded_at", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("note", Text, nullable=False, default=""),
)

unit = _table(
    "unit",
    Column("version_id", Integer, primary_key=True),
    Column("pos", Integer, primary_key=True),
    Column("end", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("parent_pos", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("shape", LargeBinary),  # WKB in WGS84, absent for units of a code list
    Column("area_m2", Float),
    Column("label_lon", Float),
    Column("label_lat", Float),
    Index("unit_by_code", "version_id", "code"),
    Index("unit_by_level", "version_id", "level", "pos"),
    sqlite_with_rowid=False,
)

staged_unit = _table(
    "staged_unit",
    Column("tree", Text, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_code", Text),
    Column("shape", LargeBinary),
    Column("note", Text, nullable=False, default=""),
    Column("valid_from_on", Integer),
)

stray_outline = _table(  # joined to no unit of its level: listed until the set is published
    "stray_outline",
    Column("tree", Text, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
)

source = _table(
    "source",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("every_minutes", Float),
    Column("delivery", Text, nullable=False),
    Column(
        "links", Text
    ),  # JSON: field that names another fact -> sources it may lie in; null: declares none
    Column("fields", Text),  # JSON: our fields that it delivers
)

source_definition = _table(
    "source_definition",
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("text", Text, nullable=False),
)

load = _table(
    "load",
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, nullable=False),
    Column("definition_id", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger),  # the instant from which its revisions are known
    Column("state", Text, nullable=False),  # running | done | failed
    Column("files", Text, nullable=False),  # JSON list
    *(
        Column(name, Integer, nullable=False, default=0)
        for name in (
            "read", "accepted", "updated", "unchanged", "rejected", "located", "outside", "no_location",
        )
    ),
    Column("notes", Text, nullable=False, default="{}"),  # JSON: counted remarks, hints
    Column("seconds", Float),
    Column("error", Text),
    Column("withdrawn", Integer, nullable=False, server_default="0"),  # facts no longer in a snapshot
    Column("kind", Text, nullable=False, server_default="delivery"),  # delivery | relocation | exclusion
    Index("load_by_source", "source_id", "id"),
)  # fmt: skip

coverage = _table(
    "coverage",  # a span of time a snapshot spoke for, where versions order its source
    Column("load_id", Integer, primary_key=True),
    Column("start_at", BigInteger, primary_key=True),
    Column("end_at", BigInteger, nullable=False),  # inclusive
    Column("source_id", Integer, nullable=False),
    Column("stamp", BigInteger, nullable=False),  # the newest version in the delivery
    Index("coverage_by_stamp", "source_id", "stamp"),
)

reject = _table(
    "reject",
    Column("id", Serial, primary_key=True),
    Column("load_id", Integer, nullable=False, index=True),
    Column("file", Text, nullable=False),
    Column("row", Integer, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("rule", Text, nullable=False),
)

term = _table(
    "term",
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("kind", "text"),
)

department_list = _table(  # what each department is called, how else, and its kind; the newest one counts
    "department_list",
    Column("id", Integer, primary_key=True),
    Column("recorded_at", BigInteger, nullable=False),  # the instant from which it is known
    Column("text", Text, nullable=False),  # JSON: [name, kind, [aliases]]
)

calendar_day = _table(
    "calendar_day",  # whether a day is a working day, as the office entered it; of one day the newest row counts
    Column("id", Integer, primary_key=True),
    Column("day_on", Integer, nullable=False),
    Column("working", SmallInteger, nullable=False),  # 1, 0
    Column("name", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
)

# Columns of each subject beyond the common ones: name -> type. "word" is an id of `term` of that kind.
FACT_COLUMNS: dict[str, dict[str, str]] = {
    "cases": {
        "category": "word", "channel": "word", "status": "word", "department": "word",
        "reported_at": "at", "filed_at": "at", "dispatched_at": "at", "due_at": "at", "handled_at": "at",
        "closed_at": "at", "on_time": "yes", "suspensions": "count", "extensions": "count",
        "redispatches": "count", "reworks": "count", "forced": "yes", "voided": "yes",
        "address": "text", "text": "text",
    },
    "orders": {
        "type": "word", "category": "word", "channel": "word", "department": "word",
        "accepted_at": "at", "dispatched_at": "at", "first_contact": "word", "first_contact_at": "at",
        "first_contact_due_at": "at", "due_at": "at", "finished_at": "at", "closed_at": "at",
        "closing_judgement": "word", "called_back_at": "at", "callback_resolution": "word",
        "satisfaction": "word", "returned_at": "at", "returns": "count", "suspensions": "count",
        "extensions": "count", "repeat_of": "text", "linked_case": "text", "excluded": "text",
        "address": "text", "caller_name": "text", "caller_phone": "text", "text": "text",
    },
    "alerts": {
        "kind": "word", "device": "word", "occurred_at": "at", "received_at": "at", "building": "text",
        "floor_low": "count", "floor_high": "count", "confidence": "number", "severity": "word",
        "image_url": "text", "clip_url": "text", "state": "word", "state_log": "text", "address": "text",
        "acknowledged_at": "at", "verified_at": "at", "resolved_at": "at", "closed_at": "at",
    },
    "parking": {
        "lot": "word", "name": "word", "type": "word", "capacity": "count", "out_of_service": "count",
        "observed_at": "at", "occupied": "count",
    },
    "stays": {
        "lot": "word", "name": "word", "type": "word", "capacity": "count", "allowed_minutes": "count",
        "entry_at": "at", "exit_at": "at", "fee": "number", "plate": "text",
    },
}  # fmt: skip
STARTS = {
    "cases": "reported_at", "orders": "accepted_at", "alerts": "occurred_at", "parking": "observed_at",
    "stays": "entry_at",
}  # fmt: skip
FACT_TYPES = {
    "word": Integer, "at": BigInteger, "yes": Boolean, "count": Integer, "number": Float, "text": Text,
}  # fmt: skip


def _fact_table(subject: str) -> Table:
    return _table(
        f"fact_{subject}",
        Column("rev", Serial, primary_key=True, autoincrement=False),
        Column("source_id", Integer, nullable=False),
        Column("key", Text, nullable=False),
        Column("load", Integer, nullable=False),
        Column("superseded", Integer, nullable=False),
        Column("version", BigInteger),  # the source's own order of revisions, where it declares one
        Column("digest", BigInteger, nullable=False),
        Column("withdrawn", Boolean, nullable=False, default=False),
        Column("lon", Float),
        Column("lat", Float),
        Column("hint", Integer),
        Column("flags", Integer),
        *(Column(name, FACT_TYPES[kind]) for name, kind in FACT_COLUMNS[subject].items()),
        Index(f"fact_{subject}_by_key", "source_id", "key"),
        Index(f"fact_{subject}_by_start", STARTS[subject]),
        Index(f"fact_{subject}_by_load", "load"),
    )


def _place_table(subject: str) -> Table:
    return _table(
        f"place_{subject}",
        Column("version_id", Integer, primary_key=True),
        Column("rev", BigInteger, primary_key=True, autoincrement=False),
        Column("place", Integer, nullable=False),
        Column("how", SmallInteger, nullable=False, server_default="0"),  # a key of data.placing.HOWS
        Index(f"place_{subject}_by_place", "version_id", "place", "rev"),
        sqlite_with_rowid=False,
    )


FACTS = {subject: _fact_table(subject) for subject in SUBJECTS}
PLACES = {subject: _place_table(subject) for subject in SUBJECTS}
for _subject, _more in (("cases", ("voided", "lon")), ("orders", ("lon",))):
    # Nearly every fact was open once; those that are still, with what a map asks of them before it looks at the rest.
    _fact = FACTS[_subject].c
    _open = and_(_fact.closed_at.is_(None), _fact.superseded == FOREVER)
    Index(
        f"fact_{_subject}_open",
        *(_fact[name] for name in ("due_at", "load", "withdrawn", *_more)),
        sqlite_where=_open,
        postgresql_where=_open,
    )
for _subject in SUBJECTS:
    Index(
        f"fact_{_subject}_replaced",
        FACTS[_subject].c.superseded,
        sqlite_where=FACTS[_subject].c.superseded < FOREVER,
        postgresql_where=FACTS[_subject].c.superseded < FOREVER,
    )
    Index(
        f"fact_{_subject}_withdrawn",
        FACTS[_subject].c.source_id,
        sqlite_where=FACTS[_subject].c.withdrawn,
        postgresql_where=FACTS[_subject].c.withdrawn,
    )
for _name in ("linked_case", "repeat_of"):
    Index(
        f"fact_orders_by_{_name}",
        FACTS["orders"].c[_name],
        sqlite_where=FACTS["orders"].c[_name].is_not(None),
        postgresql_where=FACTS["orders"].c[_name].is_not(None),
    )

sealed = _table(
    "sealed",
    Column("subject", Text, primary_key=True),
    Column("rev", BigInteger, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("box", LargeBinary, nullable=False),  # nonce and AES-256-GCM ciphertext; the key lies outside
)

share = _table(
    "share",
    Column("subject", Text, primary_key=True),
    Column("gen", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("name", Text, primary_key=True),  # of a column of some facts (`data.shares`)
    Column("sign", Integer, nullable=False),  # 1: these facts were added, -1: taken away
    Column("size", Integer, nullable=False),  # how many facts
    Column("kind", Text, nullable=False),  # of the integers in `body`: <i1, <i2, <i4 or <i8
    Column("body", LargeBinary, nullable=False),  # one a fact, or a single one where all are equal
)

place_entry = _table(
    "place_entry",  # the gazetteer; an entry is known from recorded_at until superseded_at
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("road", Text, nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("lane", "branch", "low", "high", "side")),
    Column("lon", Float),  # a point, in WGS84 degrees, holds in every tree and version
    Column("lat", Float),
    Column("level", Text, nullable=False),  # how fine the point is known; empty: the finest unit there
    Column("units", Text, nullable=False),  # JSON: tree -> unit code, where there is no point
    Column("valid_from_on", Integer),
    Column("valid_to_on", Integer),
    Column("state", Text, nullable=False),  # active | proposed | refused
    Column("origin", Text, nullable=False),  # import | rule | facts
    Column("note", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("superseded_at", BigInteger),
    Index("place_entry_known", "state", "superseded_at"),
)

hand_place = _table(
    "hand_place",  # where a person put a single fact; of one fact the last that is not superseded counts
    Column("id", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("level", Text, nullable=False),
    Column("units", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("superseded_at", BigInteger),
    Index("hand_place_by_key", "subject", "source_id", "key"),
)

generation = _table(
    "generation",
    Column("id", Integer, primary_key=True),
    Column("load", Integer, nullable=False),  # the last load it knows
    Column("base", Integer, nullable=False),  # the generation its rows start from
    Column("state", Text, nullable=False),  # building | published | dropped
    Column("started_at", BigInteger, nullable=False),
    Column("published_at", BigInteger),
    Column("seconds", Float),
    Column("summary", Text, nullable=False, default="{}"),
)

publication = _table(
    "publication",
    Column("id", Integer, primary_key=True),  # one row: flipping it publishes
    Column("generation", Integer, nullable=False),
    Column("base", Integer, nullable=False),
    Column("load", Integer, nullable=False),
    Column("definition", Text, nullable=False),  # of the indicators and levels the rows were made with
    Column("levels", Text, nullable=False),  # JSON: version id -> depths held as rollups
    Column("first_on", Integer, nullable=False),  # earliest day with a row
    Column("published_at", BigInteger, nullable=False),
)

scale = _table(
    "scale",
    Column("tree", Text, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("indicator", Text, primary_key=True),
    Column("cuts", Text, nullable=False),  # JSON: six cuts; of counts, per unit and day
)

job_run = _table(
    "job_run",
    Column("id", Integer, primary_key=True),
    Column("job", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("term", Integer, nullable=False),
    Column("state", Text, nullable=False),  # requested | running | done | failed
    Column("attempt", Integer, nullable=False, default=1),
    Column("requested_by", Text, nullable=False, default=""),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("lease_until", BigInteger),
    Column("summary", Text, nullable=False, default="{}"),
    Column("error", Text),
    UniqueConstraint("job", "slot"),
    Index("job_run_by_start", "started_at"),
)

leader_term = _table(
    "leader_term",
    Column("id", Integer, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
)

person = _table(
    "person",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("must_change", Boolean, nullable=False, default=False),
    Column("created_at", BigInteger, nullable=False),
    Column("permission_version", Integer, nullable=False, default=1),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", BigInteger),
)

person_unit = _table(
    "person_unit",
    Column("person_id", Integer, primary_key=True),
    Column("tree", Text, primary_key=True),
    Column("unit_code", Text, primary_key=True),
)

web_session = _table(
    "web_session",
    Column("id_hash", Text, primary_key=True),
    Column("person_id", Integer, nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

audit_entry = _table(
    "audit_entry",
    Column("id", Serial, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("person", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False, default=""),
    Column("detail", Text, nullable=False, default=""),
)
