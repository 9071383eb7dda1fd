"""Numbers as of an instant, in a history of a million cases of which a fifth were revised later.

python benchmarks/as_of.py [ROWS]      default 1,000,000

Asked is what a page asks of one unit and 90 days: six indicators of a sub-district, and those of its areas; as known
before the revisions came, and what changed since.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from city import START, clock, make_instance, write_cases

from data.instants import micros
from data.ledger import ingest
from data.query import Period, Query
from data.reader import Reader
from data.refreshing import refresh_all
from data.scope import whole_scope
from data.sources.definition import load_source
from data.store import Store

ROWS, CALLS = 1_000_000, 12
PERIOD = Period(date(2026, 3, 1), date(2026, 5, 30))
SIX = (
    "cases_reported", "cases_closed", "cases_open", "cases_overdue_open", "case_closure_rate",
    "case_on_time_closure_rate",
)  # fmt: skip
FIRST, SECOND = START + timedelta(days=539), START + timedelta(days=540)


def build(folder: Path, rows: int) -> Store:
    """A store with every case loaded once, and a fifth of them, anywhere in the history, a second time."""
    store = make_instance(folder)
    origin = load_source(folder / "sources" / "cases.toml")
    path = folder / "cases.csv"
    write_cases(path, rows=rows)
    ingest(store, origin, [path], clock=lambda: FIRST)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    revised = frame[np.random.default_rng(2).random(len(frame)) < 0.2]
    revised.assign(closed_at=revised["due_at"], status="closed").to_csv(path, index=False)
    ingest(store, origin, [path], clock=lambda: SECOND)
    refresh_all(store, clock=clock, full=True)
    return store


def measured(name: str, ask: Callable[[], object]) -> None:
    """Print the median of some calls, after one that warms caches."""
    ask()
    took = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - begun))
    print(f"{name}: {statistics.median(took):.0f} ms (of {CALLS}: {min(took):.0f} to {max(took):.0f})")


def main(rows: int) -> None:
    """Build the history, ask."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        store = build(Path(folder), rows)
        print(f"{rows:,} cases, a fifth revised: built in {time.perf_counter() - begun:.0f} s")
        reader = Reader(store, whole_scope(), clock=clock)
        then = micros(FIRST + timedelta(hours=1))
        unit = Query(None, "01", SIX, PERIOD, as_of=then)
        areas = unit.asking(level="area")
        measured(
            "one unit now",
            lambda: reader.series(SIX, unit="01", periods=[PERIOD], query=unit.asking(as_of=None)),
        )
        measured("one unit as of", lambda: reader.series(SIX, unit="01", periods=[PERIOD], query=unit))
        measured("its areas as of", lambda: reader.measures(areas, compare=False))
        measured(
            "one indicator as of", lambda: reader.series(SIX[:1], unit="01", periods=[PERIOD], query=unit)
        )
        behind = unit.asking(indicators=SIX[-1:], as_of=None)
        measured("what changed since, one indicator", lambda: reader.changes(behind, since=then))
        store.close()


if __name__ == "__main__":
    main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else ROWS)
