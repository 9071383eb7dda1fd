"""Files of a declared source to batches of facts: one reader a format, one way from text to meaning."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from data.sources.batch import Batch, Raw
from data.sources.csv import open_csv
from data.sources.definition import Source
from data.sources.geojson import open_geojson
from data.sources.json import open_json
from data.sources.normalise import normalise
from data.sources.open311 import open_open311
from data.sources.xlsx import open_xlsx

Opener = Callable[..., Iterator[Raw]]
OPENERS: dict[str, Opener] = {
    "csv": open_csv,
    "xlsx": open_xlsx,
    "json": open_json,
    "geojson": open_geojson,
    "open311": open_open311,
}
STREAMED = ("csv",)  # checked without being held in memory


def read_batches(
    source: Source, files: Sequence[Path], *, now: datetime, limit: int = 50_000
) -> Iterator[Batch]:
    """Facts of some files, in the order of the files and of their rows.

    CSV files are all checked (readable, decodable, their columns there) before this returns, so that a refusal comes
    before the first row; of the other formats, whose files are held in part or whole, one at a time.

    now      the present (aware)
    limit    most rows of one batch
    returns  batches; memory does not grow with the size of the files
    Raises   SourceError, one line: where: got value; expected rule; also later, for a file damaged further down
    """
    opener = OPENERS[source.format]
    paths = [Path(file) for file in files]
    checked = len(paths) if source.format in STREAMED else 1
    now_open = [opener(source, path, limit=limit) for path in paths[:checked]]
    opened = chain(now_open, (opener(source, path, limit=limit) for path in paths[checked:]))
    return (normalise(raw, source, now=now) for raw in chain.from_iterable(opened))
