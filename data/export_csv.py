"""CSV in both flavours, as a stream of blocks."""

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.csv as arrow_csv
from pandas import DataFrame

from data.export_columns import ExportColumn, arrays
from data.export_text import guarded, iso_times, local_times

BOM = b"\xef\xbb\xbf"


class CsvFile:
    """Writes chunks to an open binary stream: text cells quoted, missing cells empty.

    live  every chunk is handed on at once, for whoever reads the file as it grows
    """

    def __init__(
        self,
        stream: BinaryIO,
        columns: Sequence[ExportColumn],
        headings: Sequence[str],
        *,
        flavour: str,
        zone: ZoneInfo,
        live: bool = False,
    ):
        self.stream, self.columns, self.zone, self.live = stream, columns, zone, live
        self.excel = flavour == "excel"
        self.eol = "\r\n" if self.excel else "\n"
        head = io.StringIO()
        cells = guarded(pa.array(headings)).to_pylist() if self.excel else headings
        csv.writer(head, lineterminator=self.eol).writerow(cells)
        stream.write((BOM if self.excel else b"") + head.getvalue().encode())
        self.options = arrow_csv.WriteOptions(include_header=False, eol=self.eol, quoting_style="needed")

    def write(self, frame: DataFrame) -> None:
        """Append the rows of one chunk."""
        if not len(frame):
            return
        cells = [
            self._cells(array, column)
            for array, column in zip(arrays(frame, self.columns), self.columns, strict=True)
        ]
        table = pa.table(cells, names=[column.name for column in self.columns])
        arrow_csv.write_csv(table, self.stream, self.options)
        if self.live:
            self.stream.flush()

    def _cells(self, array: pa.Array, column: ExportColumn) -> pa.Array:
        if column.kind == "at":
            return local_times(array, self.zone) if self.excel else iso_times(array, self.zone)
        return guarded(array) if self.excel and column.is_text else array

    def close(self) -> None:
        """Nothing is held back."""
