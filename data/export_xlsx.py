"""XLSX by a writer that holds one row: text cells are text whatever they say, times are dates, codes stay codes.

No cell is ever a formula, a link or a number made from text. Excel's limits are kept, not hit: rows beyond a sheet's
last go to further sheets, a text of more than 32,767 characters is cut and counted.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import repeat
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from pandas import DataFrame

from data.export_columns import ExportColumn, arrays
from data.export_text import CONTROL, excel_serials, iso_times, local_times

SHEET_ROWS = 1_048_575  # below the heading
LONGEST_TEXT = 32_767  # UTF-16 units
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
WIDTHS = {"at": 19, "text": 28, "word": 16, "id": 18, "unit": 16}


class XlsxFile:
    """Writes chunks to a workbook; `machine` flavour writes instants as ISO 8601 text, `excel` as local dates."""

    def __init__(
        self,
        path: Path,
        columns: Sequence[ExportColumn],
        headings: Sequence[str],
        *,
        title: str,
        flavour: str,
        zone: ZoneInfo,
        made_at: datetime,
        sheet_rows: int = SHEET_ROWS,
    ):
        options = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.book = xlsxwriter.Workbook(str(path), options)
        self.book.set_properties({"created": made_at.replace(tzinfo=None)})
        self.columns, self.headings, self.title, self.zone = columns, headings, title, zone
        self.excel = flavour == "excel"
        self.sheet_rows, self.row, self.shortened = sheet_rows, 0, 0
        self.bold = self.book.add_format({"bold": True})
        self.text = self.book.add_format({"num_format": "@"})
        self.time = self.book.add_format({"num_format": TIME_FORMAT})
        self._new_sheet()

    def _new_sheet(self) -> None:
        count = len(self.book.worksheets()) + 1
        self.sheet = self.book.add_worksheet(self.title if count == 1 else f"{self.title} {count}")
        self.sheet.freeze_panes(1, 0)
        for at, (column, heading) in enumerate(zip(self.columns, self.headings, strict=True)):
            self.sheet.set_column(at, at, WIDTHS.get(column.kind, 12))
            self.sheet.write_string(0, at, heading, self.bold)
        self.row = 0

    def write(self, frame: DataFrame) -> None:
        """Append the rows of one chunk."""
        cells = [
            self._cells(array, column)
            for array, column in zip(arrays(frame, self.columns), self.columns, strict=True)
        ]
        for row in zip(*cells, strict=True):
            if self.row == self.sheet_rows:
                self._new_sheet()
            self.row += 1
            for at, (value, column) in enumerate(zip(row, self.columns, strict=True)):
                if value is not None:
                    self._write(at, value, column)

    def _write(self, at: int, value: object, column: ExportColumn) -> None:
        if isinstance(value, str):
            self.sheet.write_string(self.row, at, value, self.text)
        elif isinstance(value, bool):
            self.sheet.write_boolean(self.row, at, value)
        else:
            self.sheet.write_number(self.row, at, value, self.time if column.kind == "at" else None)

    def _cells(self, array: pa.Array, column: ExportColumn) -> list:
        if column.kind == "at":
            return self._times(array)
        if column.is_text:
            return self._texts(array)
        if pa.types.is_floating(array.type):
            array = pc.if_else(pc.is_finite(array), array, None)  # a sheet has no word for infinity
        return array.to_pylist()

    def _times(self, array: pa.Array) -> list:
        if not self.excel:
            return iso_times(array, self.zone).to_pylist()
        serials = excel_serials(array, self.zone)
        early = np.isnan(serials)
        texts = local_times(array, self.zone).to_pylist() if early.any() else repeat(None, len(array))
        return [
            text if gap else serial for serial, gap, text in zip(serials.tolist(), early, texts, strict=True)
        ]

    def _texts(self, array: pa.Array) -> list:
        if self.excel:
            array = pc.replace_substring_regex(array, pattern=CONTROL, replacement="")
        array = pc.replace_substring_regex(array, pattern=r"[\x{fffe}\x{ffff}]", replacement="\ufffd")
        longest = pc.max(pc.binary_length(array)).as_py()
        if longest is None or longest <= LONGEST_TEXT:  # no text has more units than bytes
            return array.to_pylist()
        return [self._cut(text) for text in array.to_pylist()]

    def _cut(self, text: str | None) -> str | None:
        units = b"" if text is None else text.encode("utf-16-le")
        if len(units) <= 2 * LONGEST_TEXT:
            return text
        self.shortened += 1
        return units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", errors="ignore") + "…"

    def close(self) -> None:
        """Put the workbook together."""
        self.book.close()
