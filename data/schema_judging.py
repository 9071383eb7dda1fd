"""Tables of what people are judged by, beside the facts: times allowed, aims, what is left out, what was published.

Conventions as in `data.schema`; every row carries `recorded_at`, and none is ever changed.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table, Text

from data.schema import metadata

# Deadlines ---------------------------------------------------------------------------------------------------------

# Targets, periods, composites --------------------------------------------------------------------------------------

# Exclusions --------------------------------------------------------------------------------------------------------

# Releases ----------------------------------------------------------------------------------------------------------

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
