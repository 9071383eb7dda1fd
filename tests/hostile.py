"""Files that mean harm or are merely broken, made when a test asks: each a name, a format and how to write it."""

import gzip
import io
import json
import os
import random
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
from xls_files import compound, workbook

HEADER = ["编号", "类别", "上报时间"]
ROW = ["A1", "市容", "2025-01-01"]
SHEET1 = "xl/worksheets/sheet1.xml"
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
SECRET = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = b"<!DOCTYPE x [" + b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha" * 10) for n in range(10)
)
LINE = ",".join(HEADER).encode() + b"\n"
TABLE = LINE + ",".join(ROW).encode() + b"\n"
WORKSHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
RECORD = {"id": "A1", "at": "2025-01-01"}

Made = dict[str, tuple[str, Callable[[], bytes]]]


def parts() -> dict[str, bytes]:
    """A sound workbook, part by part."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (HEADER, ROW):
        book.active.append(row)
    book.save(out)
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(bodies, *, level: int = 6) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, body in bodies.items() if isinstance(bodies, dict) else bodies:
            archive.writestr(name, body)
    return out.getvalue()


def sheet(rows: bytes) -> bytes:
    """A workbook whose sheet holds these rows."""
    return packed(parts() | {SHEET1: WORKSHEET % rows})


def changed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def digits(size: int) -> bytes:
    """Text that packs to about a third."""
    return noise(size // 2).hex().encode()


def claims_many() -> bytes:
    data = bytearray(packed(parts()))
    struct.pack_into("<HH", data, len(data) - 14, 65_000, 65_000)
    return bytes(data)


def claims_large() -> bytes:
    """An archive with the end record of one of more than 4 GB, and a hundred million entries."""
    data = packed(parts())
    end = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**8, 10**8, 5 * 10**9, 0)
    return data[:-22] + end + struct.pack("<4sIQI", b"PK\x06\x07", 0, len(data) - 22, 1) + data[-22:]


def with_password() -> bytes:
    data = packed(parts())
    start = data.index(b"PK\x01\x02")
    return data[: start + 8] + struct.pack("<H", 1) + data[start + 10 :]


def lies_small() -> bytes:
    """A part that inflates to far more than the directory says."""
    data = packed(parts() | {"xl/sharedStrings.xml": b"<sst>" + b" " * 900_000})
    return changed(data, struct.pack("<I", 900_005), struct.pack("<I", 500))


def strings() -> bytes:
    texts = b"".join(b"<si><t>%x</t></si>" % n for n in range(1_100_000))
    return packed(parts() | {"xl/sharedStrings.xml": b"<sst>" + texts + b"</sst>"}, level=1)


def sheets(count: int) -> bytes:
    found = parts()
    listed = b"".join(b'<sheet name="s%d" sheetId="%d" r:id="rId1"/>' % (n, n) for n in range(1, count))
    body = changed(found["xl/workbook.xml"], b"</sheets>", listed + b"</sheets>")
    return packed(found | {"xl/workbook.xml": body})


def nested(depth: int) -> bytes:
    return sheet(b"<row><c>" + b"<is>" * depth + b"</is>" * depth + b"</c></row>")


def doctype(part: str, text: bytes) -> bytes:
    found = parts()
    return packed(found | {part: text + found[part].partition(b"?>")[2]})


def old(**streams: bytes) -> bytes:
    return compound({"Workbook": sound(), **streams})


def sound(*, password: bool = False) -> bytes:
    """The stream of a sound old workbook, or of one that says it is encrypted."""
    rows = enumerate((HEADER, ROW))
    cells = [(row, column, text) for row, texts in rows for column, text in enumerate(texts)]
    return workbook({"a": cells}, password=password)


def far_corner() -> bytes:
    return compound({"Workbook": workbook({"a": [(0, 0, "x"), (65_535, 255, "far")]})})


XLSX: Made = {
    "ratio": ("grows over 100-fold", lambda: packed(parts() | {"xl/a.xml": b" " * (20 << 20)})),
    "total": ("MB inflated", lambda: packed(parts() | {f"x{n}": digits(36 << 20) for n in range(3)}, level=1)),
    "parts": ("67 parts", lambda: packed(parts() | {f"x{n}": b"" for n in range(58)})),
    "directory": ("parts; expected at most 60", lambda: packed([(f"x{n}", b"") for n in range(30_000)])),
    "claims_many": ("65,000 parts", claims_many),
    "claims_large": ("100,000,000 parts", claims_large),
    "twice": ("two parts of one name", lambda: packed([*parts().items(), *parts().items()])),
    "outside": ("a place outside", lambda: packed(parts() | {"../../etc/passwd": b"x"})),
    "absolute": ("a place outside", lambda: packed(parts() | {"/etc/passwd": b"x"})),
    "drive": ("a place outside", lambda: packed(parts() | {"C:\\x": b"x"})),
    "backslash": ("a place outside", lambda: packed(parts() | {"xl\\..\\..\\x": b"x"})),
    "part_password": ("encrypted part", with_password),
    "password": ("under a password", lambda: compound({"EncryptionInfo": b"", "EncryptedPackage": noise(9000)})),
    "macro": ("with macros", lambda: packed(parts() | {"xl/vbaProject.bin": b"x"})),
    "million_sheets": ("a part that lists too much", lambda: sheets(1_000_000)),
    "many_sheets": ("more than 255 sheets", lambda: sheets(3_000)),
    "million_strings": ("more than 1,000,000 different texts", strings),
    "corner": ("blank rows only", lambda: sheet(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
    "doctype": ("document type in xl/workbook.xml", lambda: doctype("xl/workbook.xml", ENTITIES)),
    "laughs": ("document type", lambda: doctype("xl/styles.xml", LAUGHS + b"]>")),
    "external": ("document type", lambda: doctype(SHEET1, SECRET)),
    "late_doctype": ("document type", lambda: doctype(SHEET1, b" " * 9_000 + ENTITIES)),
    "cut": ("no whole zip archive", lambda: packed(parts())[:-400]),
    "half": ("no whole zip archive", lambda: packed(parts())[:2_000]),
    "noise": ("no whole zip archive", lambda: noise(50_000)),
    "noisy_zip": ("no whole zip archive", lambda: b"PK\x03\x04" + noise(50_000)),
    "letter": ("no part xl/workbook.xml", lambda: packed({"[Content_Types].xml": b"<a/>", "word/a.xml": b""})),
    "binary": ("binary workbook", lambda: packed({"[Content_Types].xml": b"<a/>", "xl/workbook.bin": b""})),
    "torn_sheet": ("cannot be read", lambda: packed(parts() | {SHEET1: b"<worksheet><sheetData><row"})),
    "lies_small": ("cannot be read", lies_small),
    "nested_xml": ("expected", lambda: nested(60_000)),
    "long_attribute": ("one piece of over", lambda: sheet(b'<row r="1"><c t="%s"/></row>' % digits(8 << 20))),
    "far_row": ("expected", lambda: sheet(b'<row r="99999999999999999999"><c><v>1</v></c></row>')),
    "comment": ("one piece of over", lambda: sheet(b"<!--" + digits(8 << 20) + b"-->")),
    "comment_of_tags": ("one piece of over", lambda: sheet(b"<!--" + digits(8 << 20).replace(b"0", b"<") + b"-->")),
}  # fmt: skip
XLS: Made = {
    "cut": ("cut short or damaged", lambda: old()[:900]),
    "loop": ("cut short or damaged", lambda: compound({"Workbook": sound()}, loop=True)),
    "letter": ("another office program", lambda: compound({"WordDocument": noise(5000)})),
    "password": ("under a password", lambda: compound({"Workbook": sound(password=True)})),
    "macro": ("with macros", lambda: old(_VBA_PROJECT_CUR=b"x")),
    "older": ("older than Excel 97", lambda: compound({"Book": noise(5000)})),
    "noise": ("expected", lambda: compound({"Workbook": noise(50_000)})),
    "torn": ("expected", lambda: compound({"Workbook": sound()[:150] + b"\xff" * 300})),
    "corner": ("expected", far_corner),
    "half_noise": ("expected", lambda: old()[:1100] + noise(4096)),
}  # fmt: skip
CSV: Made = {
    "quote": ("a quote that is never closed", lambda: TABLE + b'A2,"x,2025-01-01\n' + TABLE * 200),
    "wide": ("300,003 columns", lambda: LINE[:-1] + b",x" * 300_000 + b"\n"),
    "wider_row": ("'300000 cells'; expected 3", lambda: LINE + b"," * 299_999 + b"\n"),
    "nul_header": ("no column", lambda: TABLE.replace(b"\xe7\xbc\x96", b"\0")),
    "nul_values": ("without NUL", lambda: TABLE.replace(b"A1", b"A\0001")),
    "one_line": ("expected", lambda: digits(30 << 20)),
    "utf16": ("neither UTF-8 nor GB18030", lambda: TABLE.decode().encode("utf-16")),
    "noise": ("neither UTF-8 nor GB18030", lambda: noise(100_000)),
    "twice": ("2 times", lambda: TABLE.replace("类别".encode(), "编号".encode())),
    "homoglyph": ("no column", lambda: TABLE.replace("编号".encode(), "编昊".encode())),
    "empty": ("an empty file", lambda: b""),
    "blank": ("blank rows only", lambda: b"\n \n,,\n"),
    "web_page": ("no column", lambda: b"<html><table><tr><td>1</td></tr></table></html>"),
    "portable": ("expected", lambda: b"%PDF-1.7\n" + noise(2000)),
    "workbook": ("an Excel workbook; expected csv", lambda: packed(parts())),
    "old_workbook": ("an Excel workbook; expected csv", old),
    "future": ("a time from", lambda: TABLE.replace(b"2025", b"9999")),
    "gzip_bomb": ("more than 64 MB of text", lambda: gzip.compress(b"a," * (200 << 19), 9)),
    "gzip_cut": ("cut short or damaged", lambda: gzip.compress(TABLE * 999)[:-9]),
    "gzip_twice": ("neither UTF-8 nor GB18030", lambda: gzip.compress(gzip.compress(noise(999)))),
    "large_text": ("at most 500 bytes", lambda: TABLE.replace("市容".encode(), b"A" * 120_000)),
}  # fmt: skip
ZIP: Made = {
    "two": ("2 files in the archive", lambda: packed({"a.csv": TABLE, "b.csv": TABLE})),
    "none": ("0 files in the archive", lambda: packed({"__MACOSX/a.csv": b"x"})),
    "outside": ("a place outside", lambda: packed({"../../etc/cron.d/a.csv": TABLE})),
    "within": ("'b.zip' in the archive", lambda: packed({"b.zip": packed({"a.csv": TABLE})})),
    "program": ("'a.exe' in the archive", lambda: packed({"a.exe": b"MZ"})),
    "bomb": ("grows over 100-fold", lambda: packed({"a.csv": b"a," * (50 << 20)}, level=1)),
    "wrong": ("in the archive; expected one of .csv", lambda: packed({"a.geojson": b"{}"})),
}  # fmt: skip
JSON: Made = {
    "deep": ("nested too deep", lambda: b"[" * 1_000_000),
    "deep_objects": ("nested too deep", lambda: b'[{"a":' * 50_000 + b"1"),
    "deep_later": ("nested too deep", lambda: b"[" + b" " * 100_000 + b"[" * 100_000),
    "long_number": ("at most 200 bytes", lambda: b'[{"id": %s, "at": "2025-01-01"}]' % (b"9" * 100_000)),
    "large_time": ("a time", lambda: b'[{"id": 1, "at": 9223372036854775808}]'),
    "not_a_number": ("a time", lambda: b'[{"id": 1, "at": NaN}]'),
    "infinity": ("a time", lambda: b'[{"id": 1, "at": -Infinity}]'),
    "twice": ("every name once", lambda: b'[{"id": 1, "id": 2, "at": "2025-01-01"}]'),
    "nul": ("without NUL", lambda: b'[{"id": "a\\u0000", "at": "2025-01-01"}]'),
    "surrogate": ("written as UTF-8", lambda: b'[{"id": "\\ud800", "at": "2025-01-01"}]'),
    "no_objects": ("a record (an object)", lambda: b"[1, null, [], true]"),
    "lone": ("a single value", lambda: b"7"),
    "cut": ("expected JSON", lambda: b'[{"id": 1'),
    "half_million": ("no column", lambda: b"[" + b"{}," * 500_000 + b"{}]"),
}  # fmt: skip
GEOJSON: Made = {
    "collections": ("nested too deep", lambda: b'{"features": [' + b'{"geometries":[' * 30_000),
    "vertices": ("more than 300,000 lists", lambda: feature("Polygon", [[[121.5, 31.25]] * 1_000_000])),
    "large": ("more than 20 MB", lambda: b'{"type": "FeatureCollection", "features": []' + b" " * (21 << 20)),
    "list": ("no list of features", lambda: b"[]"),
    "nothing": ("a feature with properties", lambda: b'{"features": [null, 1, "x"]}'),
    "blank_values": ("a value; every case has one", lambda: feature("Point", [float("nan")] * 2, at=None)),
}  # fmt: skip
XML: Made = {
    "laughs": ("document type", lambda: LAUGHS + b"]><service_requests>&l9;</service_requests>"),
    "external": ("document type", lambda: SECRET + b"<service_requests>&a;</service_requests>"),
    "remote": ("document type", lambda: b'<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><service_requests/>'),
    "attribute": ("expected", lambda: b'<service_requests><request a="%s"/></service_requests>' % digits(8 << 20)),
    "nested": ("expected", lambda: b"<service_requests>" + b"<a>" * 10**5 + b"</a>" * 10**5 + b"</service_requests>"),
    "cut": ("expected XML", lambda: b"<service_requests><request>"),
}  # fmt: skip
MADE: dict[str, Made] = {
    "xlsx": XLSX, "xls": XLS, "csv": CSV, "zip": ZIP, "json": JSON, "geojson": GEOJSON, "xml": XML,
}  # fmt: skip


def feature(kind: str, coordinates: list, **properties) -> bytes:
    geometry = {"type": kind, "coordinates": coordinates}
    found = {"type": "Feature", "geometry": geometry, "properties": RECORD | properties}
    return json.dumps({"type": "FeatureCollection", "features": [found]}).encode()


def special(folder: Path) -> dict[str, Path]:
    """What is no plain file, by what a refusal says of it."""
    (folder / "link.csv").symlink_to("/etc/passwd")
    (folder / "zero.csv").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(folder / "door.csv"))
    door.close()
    with (folder / "hollow.csv").open("wb") as file:
        file.truncate(300 << 20)
    return {
        "link.csv: got a link": folder / "link.csv",
        "zero.csv: got a link": folder / "zero.csv",
        "pipe.csv: got a pipe": folder / "pipe.csv",
        "folder.csv: got a directory": folder / "folder.csv",
        "door.csv: got ": folder / "door.csv",
        "hollow.csv: got 300 MB; expected at most 100 MB": folder / "hollow.csv",
        "gone.csv: got no such file": folder / "gone.csv",
    }
