"""A reader of made-up rows for the exporter: the questions `write_export` asks, answered from a frame."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from pandas import DataFrame

from data.factlist import fact_columns
from data.query import Period, Query
from data.scope import Scope
from data.settings import parse_settings

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
QUERY = Query(level="grid", within=None, indicators=(), period=Period(date(2026, 1, 1), date(2026, 12, 1)))


class FakeReader:
    """Facts and measures of one frame; `asked` keeps the questions that came."""

    def __init__(self, rows: DataFrame, *, zone: str = "Asia/Shanghai", measures: DataFrame | None = None):
        levels = [{"name": "area"}, {"name": "grid"}]
        self.settings = parse_settings({"levels": levels, "timezone": zone}, folder=Path("."))
        self.scope, self.tree = Scope("ann", "analyst", ("A1",)), "grid"
        self.rows, self._measures, self.asked = rows, measures, []

    def clock(self) -> datetime:
        return NOW

    def standing(self, query: Query) -> "FakeReader":
        return self

    def state(self) -> dict:
        return {
            "generation": 7, "load": 9, "published_at": 5, "recorded_at": 1_790_000_000_000_000,
            "known_until": 1_790_000_000_000_000,
            "boundary_version": 2, "boundary_fingerprint": "f", "boundary_valid_from_on": 20_000,
        }  # fmt: skip

    def levels(self):
        return self.settings.levels

    def unit(self, code: str):
        return SimpleNamespace(code=code, level="grid")

    def fact_columns(self, subject: str):
        return fact_columns(subject)

    def fact_chunks(self, subject: str, query: Query, *, filters, chunk: int) -> Iterator[DataFrame]:
        self.asked.append((subject, query, filters))
        frame = whole(self.rows, subject)
        for start in range(0, len(frame), chunk):
            yield frame.iloc[start : start + chunk]

    def measures(self, query: Query) -> DataFrame:
        return self._measures

    def shapes(self, level: str, within: str | None) -> tuple[str, bytes]:
        return "h", (
            b'{"features":[{"id":"A1","geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}'
        )


def whole(rows: DataFrame, subject: str) -> DataFrame:
    """The rows with every column a reader gives, of the types it gives; what is not there is missing."""
    types = {"at": "Int64", "count": "Int64", "yes": "boolean", "number": "float64", "point": "float64"}
    columns = {}
    for column in fact_columns(subject):
        kind = types.get(column.kind, "str")
        given = rows[column.name] if column.name in rows else pd.Series([None] * len(rows), index=rows.index)
        columns[column.name] = given.astype(kind)
    return DataFrame(columns)
