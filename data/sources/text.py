"""Files of text, gzipped or not: opened safely, their encoding settled over the whole file, read as UTF-8.

A file is scanned once before its first row is read, so that what cannot be decoded, what is cut short and what
is too large is refused as a whole. Memory stays at one chunk whatever the size.
"""

import codecs
import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from data.sources.batch import SourceError

CHUNK = 1 << 20
LARGEST_TEXT = 8 << 30  # bytes of a streamed file, decompressed
LARGEST_RATIO = 250  # decompressed over compressed; a table of records stays below 60
RATIO_FROM = 64 << 20
GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Scan:
    """What one pass over a file of text found: sizes in decoded characters and lines."""

    path: Path
    encoding: str
    characters: int
    lines: int
    quotes: int
    nul: bool


def check_file(path: Path) -> None:
    """Refuse what is no file or holds nothing. Raises SourceError."""
    if path.is_dir():
        raise SourceError(f"{path.name}: got a directory; expected a file")
    if not path.is_file():
        raise SourceError(f"{path.name}: got no such file; expected a file")
    if path.stat().st_size == 0:
        raise SourceError(
            f"{path.name}: got an empty file of 0 bytes; expected records, or at least a header"
        )


@contextlib.contextmanager
def open_bytes(path: Path, *, largest: int = LARGEST_TEXT) -> Iterator[IO[bytes]]:
    """The bytes of a file, decompressed if it is gzip, never more than `largest`.

    Raises SourceError for a missing, empty, cut or oversized file, also while it is being read
    """
    check_file(path)
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            inner = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
            yield cast(IO[bytes], _Bounded(inner, path, largest, packed=raw if packed else None))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"{path.name}: got gzip data that is cut short or damaged; expected a whole file"
        ) from error
    except OSError as error:
        raise SourceError(f"{path.name}: got {error.strerror or error}; expected a readable file") from error


class _Bounded(io.RawIOBase):
    """A stream that refuses to grow past a limit, or past what its packed bytes can honestly hold."""

    def __init__(self, inner: IO[bytes], path: Path, largest: int, *, packed: IO[bytes] | None) -> None:
        self._inner, self._path, self._count = inner, path, 0
        self._largest, self._packed = largest, packed

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._inner.read(-1 if size is None else size)
        self._count += len(data)
        largest = self._largest
        if self._packed is not None:  # by what has been taken of it so far, so that a bomb ends early
            largest = min(largest, max(RATIO_FROM, self._packed.tell() * LARGEST_RATIO))
        if self._count > largest:
            limit = f"{largest >> 20:,} MB"
            raise SourceError(f"{self._path.name}: got more than {limit} of text; expected a smaller file")
        return data

    def readinto(self, buffer) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def scan(path: Path, encoding: str, *, largest: int = LARGEST_TEXT) -> Scan:
    """Decode the whole file once. "auto" means UTF-8, then GB18030. Raises SourceError."""
    if encoding != "auto":
        return _scan(path, encoding, largest)
    try:
        return _scan(path, "utf-8-sig", largest)
    except SourceError as first:
        if not isinstance(first.__cause__, UnicodeError):
            raise
        try:
            return _scan(path, "gb18030", largest)
        except SourceError as second:
            if not isinstance(second.__cause__, UnicodeError):
                raise
            found = "got bytes that are neither UTF-8 nor GB18030"
            raise SourceError(f"{path.name}: {found}; expected the encoding to be declared") from second


def _scan(path: Path, encoding: str, largest: int) -> Scan:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    characters = lines = quotes = 0
    nul = False
    with open_bytes(path, largest=largest) as file:
        while chunk := file.read(CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeError as error:
                raise _undecodable(path, encoding, lines + 1) from error
            characters += len(text)
            lines += text.count("\n") or text.count("\r")
            quotes += text.count('"')
            nul = nul or "\0" in text
        try:
            characters += len(decoder.decode(b"", final=True))
        except UnicodeError as error:
            raise _undecodable(path, encoding, lines + 1) from error
    return Scan(path, encoding, characters, lines, quotes, nul)


def _undecodable(path: Path, encoding: str, line: int) -> SourceError:
    return SourceError(
        f"{path.name}: got bytes after line {line:,} that are not {encoding}; expected {encoding} text"
    )


def read_lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    """Lines of text with their own line ends."""
    return iter(io.TextIOWrapper(cast(io.BufferedReader, _Whole(file)), encoding=encoding, newline=""))


class _Whole(io.BufferedIOBase):
    """What a TextIOWrapper needs of a stream, leaving it open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        return self._file.read(size if size > 0 else CHUNK)

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)


class Utf8Stream(io.RawIOBase):
    """The text of a file as UTF-8 bytes without a byte order mark, from `skip` bytes on."""

    def __init__(self, file: IO[bytes], encoding: str, *, skip: int) -> None:
        self._file = file
        plain = encoding == "utf-8-sig"  # the scan has proved it valid: passed through untouched
        self._decoder = None if plain else codecs.getincrementaldecoder(encoding)("strict")
        self._rest = b""
        self._ended = False
        head = self._next()
        self._rest = head.removeprefix(BOM) if plain else head.removeprefix("\ufeff".encode())
        while skip:
            skip -= len(self.read(skip))

    def readable(self) -> bool:
        """True: what reads streams asks."""
        return True

    def _next(self) -> bytes:
        """The next bytes; empty only at the end."""
        while not self._ended:
            chunk = self._file.read(CHUNK)
            self._ended = not chunk
            if self._decoder is None:
                return chunk
            if text := self._decoder.decode(chunk, final=self._ended):
                return text.encode("utf-8")
        return b""

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end; all that is left without a size."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        parts = [self._rest] if self._rest else []
        have = len(self._rest)
        while have < size and (data := self._next()):
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
