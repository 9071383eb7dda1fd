"""What passes through a source: a refusal, a rejected row, raw columns of text, a batch of facts."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from pandas import DataFrame

MASK = "•••"
FIRST = "\0first"  # name under which a table's leftmost column travels: totals announce themselves there
SHOWN = 80  # characters of a refused value that a reject keeps


class SourceError(ValueError):
    """A source or a file is refused as a whole; the text is one line: where: got value; expected rule."""


@dataclass(frozen=True)
class Reject:
    """A refused row.

    file   name of the file, without its folder
    row    number of the row as a spreadsheet shows it: header, title and blank rows counted, a line break inside
           quotes not; in JSON the position of the record in its list, in JSON lines the line
    field  our field, or their column, or empty when the whole row is at fault
    value  what was found, shortened; masked where the field is personal
    rule   what was expected
    """

    file: str
    row: int
    field: str
    value: str
    rule: str

    def __str__(self) -> str:
        where = f"{self.file} row {self.row}" + (f": {self.field}" if self.field else "")
        return f"{where}: got {self.value!r}; expected {self.rule}"


@dataclass(frozen=True)
class Raw:
    """Rows of one file as text, before any meaning is given to them.

    columns  by the name the source gives them: `pa.string()` arrays of one length, null where the cell is empty
    rows     row number of each (int64)
    rejects  rows that are not among the columns because they could not be read
    header   the header's own cells of each column, one a row of it, to know a header that is repeated further down;
             empty without one
    suspect  some text may hold NUL characters
    """

    file: str
    columns: dict[str, pa.StringArray]
    rows: np.ndarray
    rejects: tuple[Reject, ...] = ()
    notes: Counter[str] = field(default_factory=Counter)
    header: dict[str, tuple[str, ...]] = field(default_factory=dict)
    suspect: bool = False


@dataclass(frozen=True)
class Batch:
    """Facts of one part of one file in canonical form, and what was refused.

    frame    one row per accepted row: key, the mapped fields, version, flags, file, row; instants in
             `datetime64[us, UTC]`, coordinates in WGS84 degrees
    read     rows read: always `len(frame) + len(rejects)`
    notes    counted remarks by name (`time_folds`, `coordinates_unusable`, `flagged:closed_before_reported` …)
    refused  keys of the refused rows that have one: what they speak of is still there
    unread   refused rows of which not even the key could be read
    """

    frame: DataFrame
    rejects: tuple[Reject, ...]
    read: int
    notes: Counter[str]
    refused: tuple[str, ...] = ()
    unread: int = 0


def writable(text: str) -> str:
    """A text that can be written as UTF-8: what stands for half a letter is a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def shorten(value: object) -> str:
    """A refused value on one line, at most `SHOWN` characters, safe to store and to print."""
    text = writable(str(value)[: SHOWN * 2])
    text = "".join(c if c.isprintable() else "�" if c == "\0" else " " for c in text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
