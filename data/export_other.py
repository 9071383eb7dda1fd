"""Parquet and GeoJSON: always the machine's view, nothing altered."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO
from zoneinfo import ZoneInfo

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pandas import DataFrame

from data.export_columns import ARROW, ExportColumn, arrays
from data.export_text import iso_times

GROUP_ROWS = 64_000


class ParquetFile:
    """Gathers chunks to row groups; instants are timestamps in the instance's zone."""

    def __init__(self, stream: BinaryIO, columns: Sequence[ExportColumn], *, zone: ZoneInfo):
        self.columns = columns
        self.schema = pa.schema(
            pa.field(
                column.name,
                pa.timestamp("us", tz=zone.key)
                if column.kind == "at"
                else ARROW.get(column.kind, pa.string()),
                metadata={"meaning": column.meaning},
            )
            for column in columns
        )
        self.writer = pq.ParquetWriter(stream, self.schema, compression="zstd")
        self.waiting: list[pa.Table] = []

    def write(self, frame: DataFrame) -> None:
        """Append the rows of one chunk."""
        cells = [
            array.cast(field.type)
            for array, field in zip(arrays(frame, self.columns), self.schema, strict=True)
        ]
        self.waiting.append(pa.table(cells, schema=self.schema))
        if sum(table.num_rows for table in self.waiting) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self.waiting:
            self.writer.write_table(pa.concat_tables(self.waiting).combine_chunks())
            self.waiting.clear()

    def close(self) -> None:
        """Write what waits, and the footer."""
        self._flush()
        self.writer.close()


class GeoJsonFile:
    """Writes a FeatureCollection (RFC 7946): points of facts, or the outlines given by unit code; else null."""

    def __init__(
        self,
        stream: BinaryIO,
        columns: Sequence[ExportColumn],
        *,
        zone: ZoneInfo,
        outlines: Mapping[str, dict] | None = None,
    ):
        self.stream, self.columns, self.zone, self.outlines = stream, columns, zone, outlines
        self.names = [column.name for column in columns if column.kind != "point"]
        self.first = True
        stream.write(b'{"type":"FeatureCollection","features":[')

    def write(self, frame: DataFrame) -> None:
        """Append the rows of one chunk, one feature a line."""
        cells = {
            column.name: (iso_times(array, self.zone) if column.kind == "at" else array).to_pylist()
            for array, column in zip(arrays(frame, self.columns), self.columns, strict=True)
        }
        for at in range(len(frame)):
            properties = {name: cells[name][at] for name in self.names}
            feature = {"type": "Feature", "geometry": self._geometry(cells, at), "properties": properties}
            self.stream.write((b"\n" if self.first else b",\n") + orjson.dumps(feature))
            self.first = False

    def _geometry(self, cells: dict[str, list], at: int) -> dict | None:
        if self.outlines is not None:
            return self.outlines.get(cells["unit_code"][at])
        lon, lat = cells["lon"][at], cells["lat"][at]
        return None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}

    def close(self) -> None:
        """Close the collection."""
        self.stream.write(b"\n]}\n")
