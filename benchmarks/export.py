"""A million cases from SQLite to a CSV file, against the usual ways of writing one from the same database.

pages   a thousand rows a query, each row formatted and written by `csv.writer`: how a streaming table server does it
cursor  one query, each row formatted and written by `csv.writer`
Both write the same columns with the words and units in clear and times as ISO 8601 with offset, and no manifest.
Memory is the growth of the process's peak between an export of one day and one of everything.
"""

import csv
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

from city import clock, make_instance, open_instance, write_cases

from data.export import write_export
from data.ledger import ingest
from data.query import Period, Query
from data.reader import Reader
from data.refreshing import refresh_all
from data.scope import whole_scope
from data.sources.definition import load_source
from data.store import Store
from data.terms import terms

ROWS = 1_000_000
PAGE = 1000
ROUNDS = 3
WORDS = ("category", "channel", "status", "department")
TIMES = ("reported_at", "filed_at", "dispatched_at", "due_at", "handled_at", "closed_at")
REST = (
    "on_time",
    "suspensions",
    "extensions",
    "redispatches",
    "reworks",
    "forced",
    "voided",
    "address",
    "text",
)


def main() -> None:
    """Print rows a second, ratios and memory."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build = multiprocessing.get_context("spawn").Process(target=_build, args=(folder, rows))
        build.start()  # apart, so that its memory does not hide that of the export
        build.join()
        store = open_instance(folder)
        reader = Reader(store, whole_scope(), clock=clock)
        small, all_of_it = (
            _asking(date(2025, 6, 1), date(2025, 6, 2)),
            _asking(date(2020, 1, 1), date(2030, 1, 1)),
        )
        write_export(reader, "cases", small, folder / "small.csv", flavour="machine")
        before = _peak_mb()
        target = folder / "ours.csv"
        ours = _seconds(lambda: write_export(reader, "cases", all_of_it, target, flavour="machine"))
        grown = _peak_mb() - before
        excel = _seconds(lambda: write_export(reader, "cases", all_of_it, folder / "excel.csv"))
        usual = {
            "pages": _seconds(lambda: _by_rows(store, reader, folder / "pages.csv", _paged), rounds=1),
            "cursor": _seconds(lambda: _by_rows(store, reader, folder / "cursor.csv", _at_once), rounds=1),
        }
        _same(target, folder / "pages.csv", rows)
        size = target.stat().st_size / 1e6
    print(
        f"{rows:,} cases to machine CSV with manifest, {size:.0f} MB: {ours:.2f} s, {rows / ours:,.0f} rows/s"
    )
    print(f"excel flavour: {excel:.2f} s, {rows / excel:,.0f} rows/s")
    for way, seconds in usual.items():
        print(
            f"csv.writer by {way}: {seconds:.2f} s; ratio {seconds / ours:.1f} (machine), {seconds / excel:.1f} (excel)"
        )
    print(f"memory above an export of one day: {grown:.0f} MB")


def _build(folder: Path, rows: int) -> None:
    store = make_instance(folder)
    write_cases(folder / "cases.csv", rows=rows)
    ingest(store, load_source(folder / "sources" / "cases.toml"), [folder / "cases.csv"], clock=clock)
    refresh_all(store, clock=clock)
    store.close()


def _asking(start: date, end: date) -> Query:
    return Query(level=None, within=None, indicators=(), period=Period(start, end))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _seconds(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def _by_rows(
    store: Store, reader: Reader, path: Path, fetch: Callable[[Store, str], Iterator[tuple]]
) -> None:
    """Write the file a row at a time."""
    zone, units = reader.settings.timezone, reader.version
    with store.read() as connection:
        words = [terms(connection, kind) for kind in ("category", "channel", "cases.status", "department")]
    columns = ", ".join(f"f.{name}" for name in (*WORDS, *TIMES, *REST))
    statement = (
        f"SELECT f.rev, f.key, s.name, {columns}, f.lon, f.lat, coalesce(p.place, 0) FROM fact_cases f "
        "JOIN source s ON s.id = f.source_id "
        f"LEFT JOIN place_cases p ON p.version_id = {units.id} AND p.rev = f.rev"
    )
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in fetch(store, statement):
            _rev, key, source, *cells, lon, lat, place = row
            named = [table.get(cell) for table, cell in zip(words, cells[:4], strict=True)]
            times = [cell and datetime.fromtimestamp(cell / 1e6, zone).isoformat() for cell in cells[4:10]]
            writer.writerow(
                [
                    key,
                    source,
                    *named,
                    *times,
                    *cells[10:],
                    units.code_at[place],
                    units.name_at[place],
                    lon,
                    lat,
                ]
            )


def _paged(store: Store, statement: str) -> Iterator[tuple]:
    """A thousand rows a query, from where the last one ended."""
    with store.read() as connection:
        last = -1
        query = f"{statement} WHERE f.rev > ? ORDER BY f.rev LIMIT {PAGE}"
        while rows := connection.exec_driver_sql(query, (last,)).all():
            yield from rows
            last = rows[-1][0]


def _at_once(store: Store, statement: str) -> Iterator[tuple]:
    with store.read() as connection:
        yield from connection.exec_driver_sql(f"{statement} ORDER BY f.rev")


def _same(ours: Path, theirs: Path, rows: int) -> None:
    """Both files hold the same records; the first ten thousand are compared by what they say."""
    with open(ours, encoding="utf-8", newline="") as one, open(theirs, encoding="utf-8", newline="") as two:
        mine, others = csv.reader(one), csv.reader(two)
        next(mine)
        kept = {row[0]: row for row in mine}
        found = {row[0]: row for row in others}
    assert len(kept) == len(found) == rows
    for key in list(found)[:10_000]:
        assert kept[key][2:12] == found[key][2:12], (kept[key], found[key])


if __name__ == "__main__":
    main()
