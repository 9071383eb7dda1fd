"""Files of strangers: opened safely and looked at by their first and last bytes, before a child parses them.

Nothing here reads more than headers, so a file can cost this process neither memory nor time. What passes is not
known to be good; it is only not known to be a bomb, a link, a pipe, a workbook under a password.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from data.sources.archive import MAGIC as ZIP
from data.sources.archive import check_workbook, entries_of, is_workbook, only_file
from data.sources.batch import SourceError
from data.sources.depth import check_depth
from data.sources.ole import MAGIC as OLE
from data.sources.ole import check_compound
from data.sources.outlines import BOUNDARIES, parts_of

HEAD = 64 << 10  # bytes
WORKBOOKS = ("xlsx", "xls")
MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a child may use.

    memory     bytes of address space, of which about 300 MB are the program itself
    processor  seconds of processor time; wall: seconds that are waited for it in all
    size       bytes of a file; written: bytes of a file that it may write while it unpacks
    """

    memory: int
    processor: int
    wall: int
    size: int
    written: int


UPLOAD = Limits(memory=512 * MB, processor=20, wall=30, size=100 * MB, written=200 * MB)
OUTLINES = Limits(memory=1024 * MB, processor=60, wall=90, size=100 * MB, written=200 * MB)
DELIVERY = Limits(memory=2048 * MB, processor=900, wall=1800, size=8192 * MB, written=2048 * MB)


def open_plain(path: Path, *, follow: bool) -> int:
    """Open a plain file for reading; the caller closes what is returned.

    follow  a link may lead to it
    Raises  SourceError for a link, a folder, a pipe, a device, an empty or a missing file
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError as error:
        raise SourceError(f"{path.name}: got no such file; expected a file") from error
    except OSError as error:
        found = "a link" if os.path.islink(path) else error.strerror or str(error)
        raise SourceError(f"{path.name}: got {found}; expected a plain file") from error
    try:
        _check_kind(os.fstat(handle), path.name)
    except SourceError:
        os.close(handle)
        raise
    return handle


def _check_kind(found: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise SourceError(f"{name}: got a directory; expected a file")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(f"{name}: got a pipe or a device; expected a plain file")
    if found.st_size == 0:
        raise SourceError(f"{name}: got an empty file of 0 bytes; expected records, or at least a header")


def check_head(handle: int, *, name: str, form: str | None, limits: Limits) -> None:
    """Refuse a file by its size, its first bytes and its directory.

    form    the declared format; None where it is not known yet
    Raises  SourceError
    """
    size = os.fstat(handle).st_size
    if size > limits.size:
        got = f"{size / MB:,.0f} MB"
        raise SourceError(f"{name}: got {got}; expected at most {limits.size // MB:,} MB")
    with os.fdopen(os.dup(handle), "rb", buffering=0) as file:
        head = file.read(HEAD)
        file.seek(0)
        if head.startswith(ZIP) or (form in WORKBOOKS and not head.startswith(OLE)):
            _check_zip(file, name, form)
        elif head.startswith(OLE):
            check_compound(file, name=name)
            if form is not None and form not in WORKBOOKS:
                raise SourceError(f"{name}: got an Excel workbook; expected {form}")
        elif form in ("json", "geojson"):
            check_depth(head.decode("latin-1"), form, name=name)
        os.lseek(handle, 0, os.SEEK_SET)


def _check_zip(file: IO[bytes], name: str, form: str | None) -> None:
    expected = "an .xlsx workbook" if form in WORKBOOKS else "one file in it"
    entries = entries_of(file, name=name, expected=expected)
    if form == BOUNDARIES:
        parts_of(entries, name=name)
    elif is_workbook(entries):
        check_workbook(entries, name=name)
        if form is not None and form not in WORKBOOKS:
            raise SourceError(f"{name}: got an Excel workbook; expected {form}")
    else:
        only_file(entries, name=name, form=form)


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where it cannot be asked, which opening it will tell."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def is_packed(path: Path) -> bool:
    """Whether a file is a zip archive or an old workbook, by its first bytes; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (ZIP, OLE)
    except OSError:
        return False
