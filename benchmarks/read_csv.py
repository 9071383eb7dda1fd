"""Rows a second of reading and normalising a CSV of nine mapped columns, and the memory it takes.

python benchmarks/read_csv.py [ROWS]      default 1,000,000
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data.sources.definition import load_source
from data.sources.reading import read_batches

DECLARATION = """
kind = "case"
format = "csv"
timezone = "America/New_York"
crs = "EPSG:4326"

[fields]
id = "id"
category = "category"
channel = "channel"
reported_at = "reported_at"
closed_at = "closed_at"
due_at = "due_at"
status = "status"
lon = "lon"
lat = "lat"
"""


def write_sample(path: Path, rows: int) -> None:
    """Cases of two years with sixty categories, a third of them open, 1 % without coordinates."""
    rng = np.random.default_rng(1)
    reported = np.datetime64("2024-01-01T00:00:00") + rng.integers(0, 730 * 86_400, rows).astype("m8[s]")
    closed = pd.Series(reported + rng.integers(600, 500_000, rows).astype("m8[s]"))
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "category": np.char.add("Category ", rng.integers(0, 60, rows).astype(str)),
            "channel": rng.choice(["app", "phone", "web", "patrol"], rows),
            "reported_at": pd.Series(reported).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "closed_at": closed.dt.strftime("%Y-%m-%d %H:%M:%S").where(rng.random(rows) < 0.67, ""),
            "due_at": pd.Series(reported + np.timedelta64(3, "D")).dt.strftime("%Y-%m-%dT%H:%M:%S.000"),
            "status": rng.choice(["open", "closed"], rows),
            "lon": pd.Series(rng.uniform(-74.2, -73.7, rows)).round(9).where(rng.random(rows) < 0.99),
            "lat": pd.Series(rng.uniform(40.5, 40.9, rows)).round(9),
        }
    )
    frame.to_csv(path, index=False)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        table, declaration = Path(folder, "cases.csv"), Path(folder, "cases.toml")
        writer = multiprocessing.get_context("spawn").Process(target=write_sample, args=(table, rows))
        writer.start()
        writer.join()
        declaration.write_text(DECLARATION, encoding="utf-8")
        source = load_source(declaration)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        start, processor = time.perf_counter(), time.process_time()
        read = accepted = 0
        for batch in read_batches(source, [table], now=datetime(2026, 7, 1, tzinfo=UTC)):
            read, accepted = read + batch.read, accepted + len(batch.frame)
        seconds, processor = time.perf_counter() - start, time.process_time() - processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        size = table.stat().st_size / 1e6
    print(
        f"{read:,} rows read, {accepted:,} accepted, {size:.0f} MB in {seconds:.2f} s ({processor:.2f} s of processor)"
    )
    print(f"{read / seconds:,.0f} rows/s; peak memory {peak} MB, {before} MB before")


if __name__ == "__main__":
    main()
