"""How deep the brackets of a JSON text are nested, and how many there are, before anything is built of it."""

from collections.abc import Iterator

import numpy as np

from data.sources.batch import SourceError

DEEPEST = {"json": 20, "geojson": 12}
MOST_LISTS = {"json": 20_000_000, "geojson": 300_000}  # a place is a list: those of 300,000 points
_CHUNK = 1 << 20
_QUOTE, _LIST = b'"['
_STEP = np.zeros(256, dtype=np.int64)  # what a byte adds to the depth
_STEP[[*b"[{"]], _STEP[[*b"]}"]] = 1, -1
_MARKED = _STEP != 0
_MARKED[_QUOTE] = True


def check_depth(text: str, form: str, *, name: str) -> None:
    """Refuse a text whose brackets are nested too deep or too many; it need not be whole. Raises SourceError."""
    for depth, lists in measure(text):
        if depth > DEEPEST[form]:
            raise SourceError(f"{name}: got JSON nested too deep; expected at most {DEEPEST[form]} levels")
        if lists > MOST_LISTS[form]:
            raise SourceError(
                f"{name}: got more than {MOST_LISTS[form]:,} lists; expected records with points"
            )


def measure(text: str) -> Iterator[tuple[int, int]]:
    """How many brackets stand inside one another at most, and how many lists are opened, told chunk by chunk.

    Brackets in quotes do not count.
    """
    depth = most = lists = quoted = start = 0
    while start < len(text):
        end = start + _CHUNK
        while text[end - 1 : end] == "\\":  # what it escapes belongs to it
            end += 1
        chunk = text[start:end].encode("ascii", "replace").replace(rb"\\", b"").replace(rb"\"", b"")
        start = end
        codes = np.frombuffer(chunk, dtype=np.uint8)
        marks = codes[_MARKED[codes]]
        quotes = marks == _QUOTE
        outside = (np.cumsum(quotes) + quoted) % 2 == 0
        levels = depth + np.cumsum(_STEP[marks] * outside)
        if len(levels):
            depth, most = int(levels[-1]), max(most, int(levels.max()))
        lists += int(np.count_nonzero(outside & (marks == _LIST)))
        quoted = (quoted + int(np.count_nonzero(quotes))) % 2
        yield most, lists
