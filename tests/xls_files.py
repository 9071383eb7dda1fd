"""Old workbooks (.xls, BIFF8) written by hand, sound and unsound: [MS-CFB] for the container, [MS-XLS] inside."""

import struct
from datetime import datetime
from pathlib import Path
from typing import Any

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
BOF, EOF, FILEPASS = 0x0809, 0x000A, 0x002F
GLOBALS, SHEET = 0x0005, 0x0010
DATE_FORMAT = 22  # m/d/yy h:mm


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def begin(kind: int) -> bytes:
    return record(BOF, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def cell(row: int, column: int, value: Any) -> bytes:
    """A record of one cell: text, number, truth or time."""
    if isinstance(value, bool):
        return record(0x0205, struct.pack("<HHHBB", row, column, 0, value, 0))
    if isinstance(value, datetime):
        days = (value - datetime(1899, 12, 30)).total_seconds() / 86_400
        return record(0x0203, struct.pack("<HHHd", row, column, 1, days))
    if isinstance(value, (int, float)):
        return record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + value.encode("utf-16-le"))


def workbook(sheets: dict[str, list[tuple[int, int, Any]]], *, password: bool = False) -> bytes:
    """The stream of a workbook: sheets as cells of (row, column, value), from 0."""
    head = begin(GLOBALS) + (record(FILEPASS, b"\0" * 6) if password else b"")
    head += record(0x0042, struct.pack("<H", 1200)) + record(0x0022, struct.pack("<H", 0))
    for form in (0, DATE_FORMAT):
        head += record(0x00E0, struct.pack("<HHH", 0, form, 0) + b"\0" * 14)
    bodies = [
        begin(SHEET) + b"".join(cell(*one) for one in sorted(cells, key=lambda c: c[:2])) + record(EOF)
        for cells in sheets.values()
    ]
    names = [struct.pack("<BB", len(name), 1) + name.encode("utf-16-le") for name in sheets]
    length = len(head) + sum(10 + len(name) for name in names) + len(record(EOF))
    bounds, place = b"", length
    for name, body in zip(names, bodies, strict=True):
        bounds += record(0x0085, struct.pack("<IBB", place, 0, 0) + name)
        place += len(body)
    return head + bounds + record(EOF) + b"".join(bodies)


def compound(streams: dict[str, bytes], *, loop: bool = False) -> bytes:
    """A compound file of large streams. `loop`: its directory never ends."""
    padded = {
        name: body.ljust(max(4096, -(-len(body) // SECTOR) * SECTOR), b"\0") for name, body in streams.items()
    }
    entries = -(-(len(streams) + 1) // 4)
    sectors = entries + sum(len(body) // SECTOR for body in padded.values())
    tables = -(-sectors // 127)
    fat = [*range(1, entries), 0 if loop else END] + [FAT] * tables
    directory = [_entry("Root Entry", 5, END, 0)]
    for name, body in padded.items():
        count = len(body) // SECTOR
        directory.append(_entry(name, 2, len(fat), len(body)))
        fat += [*range(len(fat) + 1, len(fat) + count), END]
    fat += [FREE] * (tables * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, tables, 0, 0, 4096, END, 0, END, 0)
    places = [*range(entries, entries + tables)]
    header += struct.pack("<109I", *places, *[FREE] * (109 - tables))
    body = b"".join(directory).ljust(entries * SECTOR, b"\0") + struct.pack(f"<{len(fat)}I", *fat)
    return header + body + b"".join(padded.values())


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    title = (name + "\0").encode("utf-16-le")
    links = struct.pack("<BBIII", kind, 1, FREE, 1 if kind == 5 else FREE, 1 if kind == 5 else FREE)
    return (
        title.ljust(64, b"\0")
        + struct.pack("<H", len(title))
        + links
        + b"\0" * 36
        + struct.pack("<IQ", start, size)
    )


def write_xls(path: Path, rows: list[list[Any]], *, sheet: str = "Sheet1") -> Path:
    """A sound workbook of one sheet; None is an empty cell."""
    cells = [
        (row, column, value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    ]
    path.write_bytes(compound({"Workbook": workbook({sheet: cells})}))
    return path
