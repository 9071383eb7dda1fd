"""Compound files of old office programs, looked at by the directory of their streams alone.

An .xls is such a file, and so is a workbook under a password, whatever its ending. The directory tells which it is
([MS-CFB] 2.2 to 2.6); nothing of the streams is read but the first records of the workbook ([MS-XLS] 2.4.117).
"""

import struct
from typing import IO

from data.sources.batch import SourceError

MAGIC = b"\xd0\xcf\x11\xe0"
MOST_SECTORS = 64  # of the directory: four streams in each of 512 bytes
_END = 0xFFFFFFFA  # sector numbers from here on are marks
_ROOT, _STREAM = 5, 2
_FILEPASS = 0x2F
_FIRST_RECORDS = 8
_SMALL_STREAM = 4096  # bytes; a stream below that lies elsewhere, and no real workbook is that small


def check_compound(file: IO[bytes], *, name: str) -> None:
    """Refuse what is no plain .xls: a password, macros, another program's file, a cut one. Raises SourceError."""
    try:
        streams = _streams(file)
        names = {title.lower() for title, *_ in streams}
        fault = _fault(names) or _workbook_fault(file, streams)
    except (struct.error, ValueError, IndexError) as error:
        raise SourceError(
            f"{name}: got a file that is cut short or damaged; expected a whole .xls"
        ) from error
    if fault:
        raise SourceError(f"{name}: got {fault}")


def _fault(names: set[str]) -> str:
    if "encryptedpackage" in names:
        return "a workbook under a password; expected one without"
    if not names & {"workbook", "book"}:
        return "a file of another office program; expected an .xls or .xlsx workbook"
    if names & {"_vba_project", "_vba_project_cur", "vba", "macros"}:
        return "a workbook with macros; expected one saved as .xlsx without them"
    if "workbook" not in names:
        return "a workbook older than Excel 97; expected one saved as .xlsx"
    return ""


def _workbook_fault(file: IO[bytes], streams: list[tuple[str, int, int]]) -> str:
    """Whether the workbook's first records say that the rest is encrypted."""
    start, size = next((start, size) for title, start, size in streams if title.lower() == "workbook")
    if size < _SMALL_STREAM:
        return ""
    file.seek((start + 1) * _sector_size(file))
    head = file.read(4096)
    place = 0
    for _ in range(_FIRST_RECORDS):
        if place + 4 > len(head):
            break
        kind, length = struct.unpack_from("<HH", head, place)
        if kind == _FILEPASS:
            return "a workbook under a password; expected one without"
        place += 4 + length
    return ""


def _sector_size(file: IO[bytes]) -> int:
    file.seek(30)
    shift = struct.unpack("<H", file.read(2))[0]
    if shift not in (9, 12):
        raise ValueError(f"sectors of 2^{shift} bytes")
    return 1 << shift


def _streams(file: IO[bytes]) -> list[tuple[str, int, int]]:
    """Name, first sector and size of the root and of every stream and storage. Raises ValueError, struct.error."""
    size = _sector_size(file)
    file.seek(0)
    header = file.read(512)
    if header[:8] != MAGIC + b"\xa1\xb1\x1a\xe1":
        raise ValueError("no compound file")
    tables = struct.unpack_from("<109I", header, 76)
    sector, found, seen = struct.unpack_from("<I", header, 48)[0], [], 0
    while sector < _END:
        seen += 1
        if seen > MOST_SECTORS:
            raise ValueError("a directory without an end")
        file.seek((sector + 1) * size)
        block = file.read(size)
        if len(block) < size:
            raise ValueError("a directory that is cut short")
        found += [_entry(block, place) for place in range(0, size, 128)]
        table, place = divmod(sector, size // 4)
        file.seek((tables[table] + 1) * size + place * 4)
        sector = struct.unpack("<I", file.read(4))[0]
    return [entry for entry in found if entry[0]]


def _entry(block: bytes, place: int) -> tuple[str, int, int]:
    length = min(64, struct.unpack_from("<H", block, place + 64)[0])
    title = block[place : place + max(0, length - 2)].decode("utf-16-le", "replace")
    return title.lstrip("\x05\x06\x01"), *struct.unpack_from("<II", block, place + 116)
