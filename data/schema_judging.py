"""Tables of what people are judged by, beside the facts: times allowed, aims, what is left out, what was published.

Conventions as in `data.schema`; every row carries `recorded_at`, and none is ever changed.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text, UniqueConstraint

from data.schema import FACTS, metadata

# Deadlines ---------------------------------------------------------------------------------------------------------

deadline_list = Table(
    "deadline_list",  # the limits of one kind of fact, as they hold from a day on
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # case | order
    Column("valid_from_on", Integer),  # null: from the beginning
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("note", Text, nullable=False),
)

deadline = Table(
    "deadline",  # a row of a list
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list_id", Integer, nullable=False),
    Column("category", Text, nullable=False),
    Column("condition", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("limit", Text, nullable=False),  # as written
    Column("amount", Float, nullable=False),
    Column("unit", Text, nullable=False),  # of `data.calendar.Limit`
    Column("starts", Text, nullable=False),  # the instant it counts from
    Index("deadline_by_list", "list_id"),
)

due_given = Table(
    "due_given",  # the due date a fact was given at ingest: set once, never changed
    metadata,
    Column("subject", Text, primary_key=True),
    Column("source_id", Integer, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("load", Integer, nullable=False, index=True),
    Column("deadline_id", Integer, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # without suspensions and extensions
    Column(
        "calendar_at", BigInteger, nullable=False
    ),  # the newest day entered that was known; 0: the seed alone
    sqlite_with_rowid=False,
)

due_change = Table(
    "due_change",  # what a revision told of suspensions and extensions, beside how many they are
    metadata,
    Column("subject", Text, primary_key=True),
    Column("rev", BigInteger, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    Column("text", Text, nullable=False),  # as `data.sources.spells` writes it
    sqlite_with_rowid=False,
)

# Targets, periods, composites --------------------------------------------------------------------------------------

target = Table(
    "target",  # what is aimed at: rows of one number are one target, of which the newest counts
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),  # id of the first row of the target
    Column("indicator", Text, nullable=False),
    Column("level", Text, nullable=False),  # name of a level, "" for none
    Column("unit_code", Text, nullable=False),  # "" for none; a target names a level, a unit, or neither
    Column("start_on", Integer, nullable=False),
    Column("end_on", Integer, nullable=False),  # exclusive; FOREVER while open
    Column("value", Float, nullable=False),
    Column("bands", Text, nullable=False),  # JSON: null, or [good from, warn from] on the way to the value
    Column("note", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
)

composite = Table(
    "composite",  # a score made of indicators: of one name the newest row that holds on a day counts
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("titles", Text, nullable=False),  # JSON: text by language
    Column("parts", Text, nullable=False),  # JSON: [[indicator, weight, scale, bands]]
    Column("missing", Text, nullable=False),  # renormalise, zero, none
    Column("start_on", Integer, nullable=False),
    Column("end_on", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
)

# Exclusions --------------------------------------------------------------------------------------------------------

exclusion = Table(
    "exclusion",  # what happened to the application to leave a fact out; of one fact the newest row counts
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),  # applied | approved | refused | withdrawn
    Column("reason", Text, nullable=False),  # a code of the setting exclusions.reasons
    Column("clause", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("applicant", Text, nullable=False),
    Column("applied_at", BigInteger, nullable=False),
    Column("decided_by", Text, nullable=False),  # who did what made the state; empty of an application
    Column("decided_at", BigInteger),
    Column("note", Text, nullable=False),
    Column("load", Integer),  # from which on numbers are without the fact, or with it again; null: they stay
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Index("exclusion_by_fact", "subject", "source_id", "key"),
)
Index(  # orders that came as excluded already: few, and asked for whenever numbers are shown before and after
    "fact_orders_excluded",
    FACTS["orders"].c.superseded,
    sqlite_where=FACTS["orders"].c.excluded.is_not(None),
    postgresql_where=FACTS["orders"].c.excluded.is_not(None),
)

# Releases ----------------------------------------------------------------------------------------------------------

release = Table(
    "release",  # figures as they were published, and that they no longer hold: one row each
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("act", Text, nullable=False),  # made | withdrawn
    Column("title", Text, nullable=False),
    Column("from_on", Integer, nullable=False),
    Column("to_on", Integer, nullable=False),  # exclusive
    Column("as_of", BigInteger, nullable=False),
    Column("tree", Text, nullable=False),
    Column("boundaries", Text, nullable=False),
    Column("note", Text, nullable=False),  # of one that was withdrawn: why
    Column("program", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of the document
    Column(
        "document", Text, nullable=False
    ),  # JSON: definitions, rules, figures; empty where it was withdrawn
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
    UniqueConstraint("name", "act"),
)

# Figures published by others ---------------------------------------------------------------------------------------

bulletin = Table(
    "bulletin",  # a table of figures the district published (区通报); of one number the newest row counts
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("published_on", Integer, nullable=False),
    Column("start_on", Integer, nullable=False),
    Column("end_on", Integer, nullable=False),  # exclusive
    Column("sha256", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
)

published_figure = Table(
    "published_figure",
    metadata,
    Column("bulletin_id", Integer, primary_key=True),
    Column("row", Integer, primary_key=True),  # as a spreadsheet numbers it
    Column("seq", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # of the sub-district, as printed
    Column("unit_code", Text),  # where it is a unit of ours
    Column("indicator", Text, nullable=False),  # one of ours, `total`, or empty
    Column("title", Text, nullable=False),  # as printed
    Column("value", Float),  # rates and scores as a share of 1, all else as printed
    Column("numerator", BigInteger),
    Column("denominator", BigInteger),
    Column("rank", Integer),
    Column("score", Float),
    Column("weight", Float),
)
