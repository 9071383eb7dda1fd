"""The stream that files are written from says what the pages say, on both stores, and only what the scope opens."""

from datetime import date

import pandas as pd
import pytest
from world import case

from data.export import write_export
from data.query import Period, Query

QUERY = Query(level="block", within=None, indicators=(), period=Period(date(2026, 1, 1), date(2026, 12, 1)))


@pytest.fixture
def world(world):
    rows = [
        case(n, square=None if n % 7 == 0 else n % 6 + 0.5, reported=n % 5, closed=9 if n % 3 else None)
        for n in range(40)
    ]
    world.load([*rows, case(40, square=None, hint="Block B2")])
    world.refresh()
    return world


def streamed(reader, query=QUERY, chunk=7, **filters) -> pd.DataFrame:
    parts = list(reader.fact_chunks("cases", query, filters=filters, chunk=chunk))
    assert all(len(part) == chunk for part in parts[:-1])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


@pytest.mark.parametrize("units", [(), ("A",), ("A1", "B3")])
def test_the_stream_is_all_pages_together(world, units):
    reader = world.reader(*units)
    page, total = reader.facts("cases", QUERY, limit=1000)
    found = streamed(reader)
    assert len(found) == total > 0
    assert list(found.columns) == list(page.columns)
    page = page.astype(
        {column.name: "boolean" for column in reader.fact_columns("cases") if column.kind == "yes"}
    )
    by_id = [frame.sort_values("id").reset_index(drop=True) for frame in (found, page)]
    pd.testing.assert_frame_equal(*by_id, check_dtype=False)
    assert found["reported_at"].is_monotonic_increasing


def test_filters_and_a_unit_narrow_the_stream(world):
    reader = world.reader()
    query = QUERY.asking(within="B", category="litter")
    assert set(streamed(reader, query)["unit_code"]) == {"B1", "B2", "B3"}
    assert streamed(reader, category="none such").empty


def test_a_file_shows_what_was_known_when_it_began(world, tmp_path):
    reader = world.reader()
    path = tmp_path / "a.csv"

    class Later(type(reader)):
        """While its file is being written, one more row is loaded and published."""

        def fact_chunks(self, *arguments, **options):
            world.load([case(99, square=0.5)])
            world.refresh()
            yield from super().fact_chunks(*arguments, **options)

    slow = Later(world.store, reader.scope, clock=reader.clock)
    assert write_export(slow, "cases", QUERY, path, flavour="machine").rows == 41
    assert write_export(reader, "cases", QUERY, path, flavour="machine").rows == 42


def test_no_scope_means_no_rows(world, tmp_path):
    reader = world.reader("no such unit")
    assert streamed(reader).empty
    assert write_export(reader, "cases", QUERY, tmp_path / "a.csv").rows == 0
