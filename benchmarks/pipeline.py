"""A million-row CSV to published rollups, and one changed day in that history, on SQLite.

Ratios are to pandas reading the same file and writing it with its own `to_sql`, in the same run.
"""

import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd
from city import clock, make_instance, write_cases
from sqlalchemy import create_engine

from data.ledger import ingest
from data.rollup import refresh
from data.sources.definition import load_source

ROWS = 1_000_000
DAY_ROWS = ROWS // 540
CHANGES = 20


def main() -> None:
    """Print rows a second and the time of a changed day."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = make_instance(folder)
        path = folder / "cases.csv"
        write_cases(path, rows=ROWS)
        source = load_source(folder / "sources" / "cases.toml")
        start = time.perf_counter()
        done = ingest(store, source, [path], clock=clock)
        loaded = time.perf_counter()
        fresh = refresh(store, clock=clock)
        end = time.perf_counter()
        print(f"ingest {ROWS:,} rows: {loaded - start:.2f} s, located {done.located:,}")
        print(f"refresh to {fresh.rows:,} rows of rollups: {end - loaded:.2f} s")
        print(f"end to end: {ROWS / (end - start):,.0f} rows/s")
        naive = _naive(path, folder)
        print(f"pandas read_csv and to_sql alone: {naive:.2f} s; ratio {naive / (end - start):.2f}")
        _changed_days(store, source, folder)


def _naive(path: Path, folder: Path) -> float:
    start = time.perf_counter()
    frame = pd.read_csv(path)
    frame.to_sql("cases", create_engine(f"sqlite:///{folder / 'naive.db'}"), index=False)
    return time.perf_counter() - start


def _changed_days(store, source, folder: Path) -> None:
    """Deliver one day's cases with other closings, again and again for different days."""
    times = []
    frame = pd.read_csv(folder / "cases.csv", dtype=str, keep_default_na=False)
    for number in range(CHANGES):
        day = frame.iloc[(number * 23 + 7) * DAY_ROWS :][:DAY_ROWS].copy()
        day["closed_at"] = day["reported_at"].str.slice(0, 11) + "23:59:59"
        path = folder / f"day-{number}.csv"
        day.to_csv(path, index=False)
        ingest(store, source, [path], clock=clock)
        start = time.perf_counter()
        refresh(store, clock=clock)
        times.append(time.perf_counter() - start)
    times.sort()
    p95 = times[int(0.95 * len(times)) - 1]
    print(
        f"one changed day of {DAY_ROWS:,} cases: median {statistics.median(times) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()
