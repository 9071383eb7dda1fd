"""Tables of what people are judged by, beside the facts: times allowed, aims, what is left out, what was published.

Conventions as in `data.schema`; every row carries `recorded_at`, and none is ever changed.
"""

# Deadlines ---------------------------------------------------------------------------------------------------------

# Targets, periods, composites --------------------------------------------------------------------------------------

# Exclusions --------------------------------------------------------------------------------------------------------

# Releases ----------------------------------------------------------------------------------------------------------

# Figures published by others ---------------------------------------------------------------------------------------
