"""Files of a declared source to batches of facts: one reader a format, one way from text to meaning."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from data.sources.batch import Batch, Raw
from data.sources.csv import open_csv
from data.sources.definition import Source
from data.sources.normalise import normalise

Opener = Callable[..., Iterator[Raw]]
OPENERS: dict[str, Opener] = {"csv": open_csv}


def read_batches(
    source: Source, files: Sequence[Path], *, now: datetime, limit: int = 50_000
) -> Iterator[Batch]:
    """Facts of some files, in the order of the files and of their rows.

    Every file is checked (readable, decodable, its columns there) before this returns, so that a refusal comes
    before the first row.

    now      the present (aware)
    limit    most rows of one batch
    returns  batches; memory does not grow with the size of the files
    Raises   SourceError, one line: where: got value; expected rule; also later, for a file damaged further down
    """
    opened = [OPENERS[source.format](source, Path(file), limit=limit) for file in files]
    return (normalise(raw, source, now=now) for raw in chain.from_iterable(opened))
