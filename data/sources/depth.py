"""How deep the brackets of a JSON text are nested, and how many there are, before anything is built of it."""

from collections.abc import Iterator

from data.sources.batch import SourceError

DEEPEST = {"json": 20, "geojson": 12}
MOST_LISTS = {"json": 20_000_000, "geojson": 300_000}  # a place is a list: those of 300,000 points
_CHUNK = 1 << 20
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


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
    depth = most = lists = 0
    quoted, start = False, 0
    while start < len(text):
        end = start + _CHUNK
        while text[end - 1 : end] == "\\":  # what it escapes belongs to it
            end += 1
        chunk = text[start:end].encode("ascii", "replace")
        start = end
        for turn, piece in enumerate(chunk.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')):
            quoted = quoted != (turn > 0)
            if quoted:
                continue
            for bracket in piece.translate(None, _OTHERS):
                depth += 1 if bracket in b"[{" else -1
                lists += bracket == 91
                most = max(most, depth)
        yield most, lists
