"""Tables of what people are judged by, beside the facts: times allowed, aims, what is left out, what was published.

Conventions as in `data.schema`; every row carries `recorded_at`, and none is ever changed.
"""

from sqlalchemy import BigInteger, Column, Integer, Table, Text, UniqueConstraint

from data.schema import metadata

# Deadlines ---------------------------------------------------------------------------------------------------------

# Targets, periods, composites --------------------------------------------------------------------------------------

# Exclusions --------------------------------------------------------------------------------------------------------

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
