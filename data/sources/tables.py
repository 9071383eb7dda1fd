"""Tables that are no records of a source (standards, lists): their rows as text, read in a child."""

from collections.abc import Iterator
from pathlib import Path

from data.sources.gates import UPLOAD, Limits
from data.sources.sandbox import Child

ROWS_AT_ONCE = 1000


def read_table(path: Path, *, sheet: str | None = None, limits: Limits = UPLOAD) -> Iterator[list[str]]:
    """Every row of a workbook or CSV, also packed, as trimmed texts; blank rows too, so that they can be numbered.

    sheet    of a workbook; by default the first
    Raises   SourceError for what cannot be read, also further down
    """
    child = Child({"job": "rows", "sheet": sheet}, [path], form=None, limits=limits, follow=False)
    return (row for frame in child.frames() for row in frame.header["rows"])
