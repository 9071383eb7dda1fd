"""Tables of what people are judged by, beside the facts: times allowed, aims, what is left out, what was published.

Conventions as in `data.schema`; every row carries `recorded_at`, and none is ever changed.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table, Text

from data.schema import metadata

# Deadlines ---------------------------------------------------------------------------------------------------------

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

# Releases ----------------------------------------------------------------------------------------------------------

# Figures published by others ---------------------------------------------------------------------------------------
