"""Zip archives looked at by their directory alone, before anything of them is inflated.

A workbook is a zip archive, and any zip can be a bomb. The end record and the size of the directory are read first by
hand, since a library would build an object for each of a million entries. What a part claims to inflate to binds: a
reader stops there.
"""

import struct
import zipfile
import zlib
from itertools import chain
from pathlib import Path
from typing import IO

from data.sources.batch import SourceError, shorten

MOST_ENTRIES = 60
LARGEST_DIRECTORY = 64 << 10  # bytes
LARGEST_INFLATED = 100 << 20
LARGEST_RATIO = 100
RATIO_FROM = 1 << 20  # a small part may well repeat itself
SMALL_PARTS = 1 << 20  # bytes of a part that only lists others
SMALL = ("[Content_Types].xml", "xl/workbook.xml")
READABLE = {  # format -> endings of the one file in an archive
    "csv": (".csv", ".txt", ".tsv"),
    "xlsx": (".xlsx", ".xls"),
    "xls": (".xls", ".xlsx"),
    "json": (".json", ".jsonl", ".ndjson"),
    "geojson": (".geojson", ".json"),
    "open311": (".json", ".xml"),
}
MAGIC = b"PK\x03\x04"
_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _END64_SIZE, _LOCATOR_SIZE = 22, 56, 20
_LONGEST_COMMENT = 65_535


def entries_of(file: IO[bytes], *, name: str, expected: str) -> list[zipfile.ZipInfo]:
    """The entries of an archive, folders left out, refused where they are too many or unlike honest ones.

    file      open at its beginning, seekable; its position is changed
    expected  what should have been there instead, for the message
    Raises    SourceError
    """
    try:
        if file.read(4) != MAGIC:
            raise zipfile.BadZipFile("no first entry")
        count, size = _end_record(file)
        if count > MOST_ENTRIES or size > LARGEST_DIRECTORY:
            raise SourceError(f"{name}: got {count:,} parts; expected at most {MOST_ENTRIES}")
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, struct.error) as error:
        raise SourceError(f"{name}: got no whole zip archive; expected {expected}") from error
    if len(entries) > MOST_ENTRIES:
        raise SourceError(f"{name}: got {len(entries):,} parts; expected at most {MOST_ENTRIES}")
    _check(name, entries)
    return [entry for entry in entries if not entry.is_dir()]


def _end_record(file: IO[bytes]) -> tuple[int, int]:
    """How many entries a directory claims to have, and its bytes. Raises BadZipFile."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _END_SIZE - _LONGEST_COMMENT))
    tail = file.read(_END_SIZE + _LONGEST_COMMENT)
    exact = tail[-_END_SIZE:]
    place = len(tail) - _END_SIZE if exact[:4] == _END and exact[-2:] == b"\0\0" else tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_SIZE:
        raise zipfile.BadZipFile("no end record")
    count, size = struct.unpack_from("<HL", tail, place + 10)
    if tail[max(0, place - _LOCATOR_SIZE) :][:4] == _LOCATOR:
        at = place - _LOCATOR_SIZE - _END64_SIZE
        if at < 0 or tail[at : at + 4] != _END64:
            raise zipfile.BadZipFile("no end record of a large archive")
        count, size = struct.unpack_from("<QQ", tail, at + 32)
    return count, size


def _check(name: str, entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    total = sum(entry.file_size for entry in entries)
    faults = {
        f"{total >> 20:,} MB inflated; expected at most {LARGEST_INFLATED >> 20}": total > LARGEST_INFLATED,
        "two parts of one name; expected every name once": len(set(names)) < len(names),
        "a part that names a place outside; expected plain names": any(map(_escapes, names)),
        "an encrypted part; expected one without a password": any(entry.flag_bits & 1 for entry in entries),
        f"a part that grows over {LARGEST_RATIO}-fold; expected honest data": any(map(_swells, entries)),
        "a part that lists too much; expected a plain workbook": any(map(_overlong, entries)),
    }
    for fault, found in faults.items():
        if found:
            raise SourceError(f"{name}: got {fault}")


def _escapes(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name


def _swells(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > RATIO_FROM and entry.file_size > entry.compress_size * LARGEST_RATIO


def _overlong(entry: zipfile.ZipInfo) -> bool:
    lists = entry.filename in SMALL or entry.filename.endswith(".rels")
    return lists and entry.file_size > SMALL_PARTS


def is_workbook(entries: list[zipfile.ZipInfo]) -> bool:
    """Whether an archive is an .xlsx, or means to be one."""
    return any(entry.filename in SMALL for entry in entries)


def check_workbook(entries: list[zipfile.ZipInfo], *, name: str) -> None:
    """Refuse an archive that is no plain .xlsx. Raises SourceError."""
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        other = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else "no part xl/workbook.xml"
        raise SourceError(f"{name}: got {other}; expected an .xlsx workbook")
    if any(part.rpartition("/")[2].lower().startswith("vbaproject") for part in names):
        raise SourceError(f"{name}: got a workbook with macros; expected one saved as .xlsx without them")


def only_file(entries: list[zipfile.ZipInfo], *, name: str, form: str | None) -> zipfile.ZipInfo:
    """The one file of an archive, of a declared format if there is one. Raises SourceError.

    What a Macintosh adds is passed over.
    """
    files = [entry for entry in entries if not litter(entry.filename)]
    if len(files) != 1:
        raise SourceError(f"{name}: got {len(files)} files in the archive; expected exactly one")
    endings = READABLE[form] if form else tuple(dict.fromkeys(chain.from_iterable(READABLE.values())))
    if not files[0].filename.lower().endswith(endings):
        inner = shorten(Path(files[0].filename).name)
        raise SourceError(f"{name}: got {inner!r} in the archive; expected one of {', '.join(endings)}")
    return files[0]


def litter(name: str) -> bool:
    """Whether a part of an archive is what a system adds of its own."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db")
