"""Tables of what people are judged by, beside the facts: times allowed, aims, what is left out, what was published.

Conventions as in `data.schema`; every row carries `recorded_at`, and none is ever changed.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from data.schema import FACTS, metadata

# Deadlines ---------------------------------------------------------------------------------------------------------

# Targets, periods, composites --------------------------------------------------------------------------------------

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

# Figures published by others ---------------------------------------------------------------------------------------
