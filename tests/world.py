"""A small world for tests: an instance with square units on any store, and CSV loads of its own."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from sqlalchemy import select

from data import boundaries
from data.ledger import Ledger, ingest
from data.query import Period, Query
from data.reader import Reader
from data.refreshing import refresh_all
from data.schema import metadata, staged_unit
from data.scope import Scope, whole_scope
from data.settings import Settings, make_folders, parse_settings
from data.sources.definition import load_source
from data.store import Store, insert_rows

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SIDE = 0.01  # degrees of a block
CASES = (Path(__file__).parent / "sources/cases.toml").read_text(encoding="utf-8") + 'unit_hint = "hint"\n'
HEADER = ("id", "category", "channel", "reported_at", "due_at", "closed_at", "lon", "lat", "hint")


class World:
    """An instance in a folder: two districts of three blocks each, side by side, 0.01 degrees to a block."""

    def __init__(self, folder: Path, url: str):
        make_folders(folder)
        levels = [{"name": "district", "title": {"en": "District"}}, {"name": "block"}]
        raw = {"levels": levels, "timezone": "Asia/Shanghai", "database_url": url, "name": "Squareton"}
        self.settings: Settings = parse_settings(raw, folder=folder)
        self.store = Store(self.settings)
        self.now = START
        self.loads = 0

    def clock(self) -> datetime:
        """A clock that moves a minute at every look."""
        self.now += timedelta(minutes=1)
        return self.now

    def publish(self, columns: Sequence[tuple[str, str, int]], *, valid_from: int | None = None) -> None:
        """Publish blocks given as (district, block, number of squares), side by side from west to east."""
        rows: list[tuple] = []
        west, parts = 0, {}
        for number, (district, block, width) in enumerate(columns):
            shape = shapely.box(121 + west * SIDE, 31, 121 + (west + width) * SIDE, 31 + SIDE)
            west += width
            parts.setdefault(district, []).append(shape)
            rows.append(
                ("grid", 1, number, block, f"Block {block}", district, shapely.to_wkb(shape), "", valid_from)
            )
        for number, (district, shapes) in enumerate(parts.items()):
            outline = shapely.to_wkb(shapely.unary_union(shapes))
            rows.append(("grid", 0, number, district, f"District {district}", None, outline, "", valid_from))
        names = ("tree", "level", "seq", "code", "name", "parent_code", "shape", "note", "valid_from_on")
        with self.store.write() as connection:
            insert_rows(connection, staged_unit, names, rows)
        boundaries.publish(self.store, accept=(), clock=self.clock)

    def source(self, name: str = "cases", text: str = CASES):
        """Declare a source."""
        path = self.settings.folder / "sources" / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return load_source(path)

    def load(
        self, rows: Sequence[Sequence], *, name: str = "cases", text: str = CASES, accept_shrink: bool = False
    ) -> Ledger:
        """Load rows of cases, or of whatever the declaration says, as a CSV file with the header of `CASES`."""
        self.loads += 1
        path = self.write(rows, path=self.settings.folder / f"delivery-{self.loads}.csv")
        return self.take(path, name=name, text=text, accept_shrink=accept_shrink)

    def write(self, rows: Sequence[Sequence], *, path: Path) -> Path:
        """Write rows as a CSV file with the header of `CASES`."""
        lines = [HEADER, *(["" if cell is None else str(cell) for cell in row] for row in rows)]
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
        return path

    def take(
        self, path: Path, *, name: str = "cases", text: str = CASES, accept_shrink: bool = False
    ) -> Ledger:
        """Load a file through a declaration."""
        return ingest(
            self.store, self.source(name, text), [path], clock=self.clock, accept_shrink=accept_shrink
        )

    def dump(self) -> dict[str, list]:
        """Every row of every table."""
        with self.store.read() as connection:
            return {
                name: sorted(map(repr, connection.execute(select(table))))
                for name, table in metadata.tables.items()
            }

    def refresh(self, *, full: bool = False):
        """Refresh the rollups."""
        return refresh_all(self.store, clock=self.clock, full=full)

    def reader(self, *units: str) -> Reader:
        """A reader of everything, or of some units."""
        scope = Scope("someone", "manager", units) if units else whole_scope()
        return Reader(self.store, scope, clock=lambda: self.now)


SIX = (("A", "A1", 1), ("A", "A2", 1), ("A", "A3", 1), ("B", "B1", 1), ("B", "B2", 1), ("B", "B3", 1))


def local(quarter: float) -> str:
    """Quarter days since 2026-02-01 as local text."""
    at = datetime(2026, 2, 1) + timedelta(hours=6 * quarter)
    return at.strftime("%Y-%m-%d %H:%M:%S")


def case(
    number: int,
    *,
    square: float | None = 0.5,
    reported: float = 0,
    due: float | None = None,
    closed: float | None = None,
    category: str = "litter",
    channel: str = "patrol",
    hint: str | None = None,
) -> tuple:
    """A row of `CASES`; `square` is where it lies from west to east, None: without coordinates."""
    lon, lat = (None, None) if square is None else (round(121 + square * SIDE, 6), round(31 + SIDE / 2, 6))
    times = [local(part) if part is not None else None for part in (reported, due, closed)]
    return (f"C{number}", category, channel, *times, lon, lat, hint)


def numbers_of(world: World, subject: str = "cases") -> list[str]:
    """Numbers of all facts a reader sees, in order."""
    year = Period(date(2026, 1, 1), date(2027, 1, 1))
    rows, _ = world.reader().facts(subject, Query(None, None, ("cases_reported",), year), limit=1000)
    return sorted(rows["id"])


def stored(world: World, table: str) -> np.ndarray:
    """Everything the published generation holds of a summed table, added up by key, for comparison."""
    from sqlalchemy import text

    from data.rollup import published, rollup_table

    with world.store.read() as connection:
        seen = published(connection)
        assert seen is not None
        sums = [c.name for c in rollup_table(table).columns if c.name[:2] in ("n_", "d_", "q_")]
        chosen = ", ".join(f"SUM({name})" for name in sums)
        query = text(
            f"SELECT version_id, level, pos, span, day, {chosen} FROM rollup_{table} "
            "WHERE gen BETWEEN :base AND :gen GROUP BY version_id, level, pos, span, day ORDER BY 1, 2, 3, 4, 5"
        )
        rows = connection.execute(query, {"base": seen.base, "gen": seen.generation}).all()
    lines = np.array([[int(cell) for cell in row] for row in rows], dtype=np.int64).reshape(-1, 5 + len(sums))
    return lines[lines[:, 5:].any(axis=1)]
