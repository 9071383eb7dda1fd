"""Files of a declared source to batches of facts: one reader a format, one way from text to meaning.

Where that happens: text from somebody with a shell is read in this process, unless it is so long that parsing it
beside the writing of it saves more than a start of Python costs. A workbook, a zip, GeoJSON, XML, and every file that
came through a browser or the inbox, is read in a child process under limits.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from data.sources.batch import Batch, Raw
from data.sources.definition import Source
from data.sources.fill import fill_down
from data.sources.gates import DELIVERY, Limits, is_packed, size_of
from data.sources.normalise import normalise
from data.sources.sandbox import batches_apart

Opener = Callable[..., Iterator[Raw]]
STREAMED = ("csv",)  # checked without being held in memory
TEXT = ("csv", "json")  # read in this process where they are trusted
LONG = 16 << 20  # bytes of text from which a second processor pays


def parse(source: Source, paths: Sequence[Path], *, now: datetime, limit: int) -> Iterator[Batch]:
    """Read files in this process; see `read_batches`."""
    opener = _opener(source.format)

    def opened(path: Path) -> Iterator[Raw]:
        raws = opener(source, path, limit=limit)
        return fill_down(raws, source) if source.fill else raws

    checked = len(paths) if source.format in STREAMED else 1
    now_open = [opened(path) for path in paths[:checked]]
    raws = chain(now_open, (opened(path) for path in paths[checked:]))
    return (normalise(raw, source, now=now) for raw in chain.from_iterable(raws))


def _opener(form: str) -> Opener:
    """The reader of a format, imported when it is asked for: a process starts as fast as its imports."""
    if form == "csv":
        from data.sources.csv import open_csv as opener
    elif form in ("xlsx", "xls"):
        from data.sources.workbook import open_workbook as opener
    elif form == "json":
        from data.sources.json import open_json as opener
    elif form == "geojson":
        from data.sources.geojson import open_geojson as opener
    else:
        from data.sources.open311 import open_open311 as opener
    return opener


def read_batches(
    source: Source, files: Sequence[Path], *, now: datetime, limit: int = 50_000, limits: Limits | None = None
) -> Iterator[Batch]:
    """Facts of some files, in the order of the files and of their rows.

    CSV files are all checked (readable, decodable, their columns there) before this returns, so that a refusal comes
    before the first row; of the other formats, whose files are held in part or whole, one at a time.

    now      the present (aware)
    limit    most rows of one batch
    limits   what may be used for files of strangers (`gates.UPLOAD`, `gates.DELIVERY`); None: somebody with a shell
             gave them, text is read in this process and a link may lead to them
    returns  batches; memory does not grow with the size of the files
    Raises   SourceError, one line: where: got value; expected rule; also later, for a file damaged further down
    """
    paths = [Path(file) for file in files]
    trusted = limits is None
    text = trusted and source.format in TEXT and not any(map(is_packed, paths))
    if text and not LONG < sum(map(size_of, paths)) <= DELIVERY.size:
        return parse(source, paths, now=now, limit=limit)
    limits = limits or DELIVERY
    return batches_apart(source, paths, now=now, limit=limit, limits=limits, follow=trusted)
