"""A small world for tests: an instance with square units on any store, and CSV loads of its own."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import shapely
from sqlalchemy import select

from data import boundaries, measures
from data.bulk import insert_rows
from data.indicators import INDICATORS
from data.ledger import Ledger, ingest
from data.query import Period, Query
from data.reader import Reader
from data.refreshing import refresh_all
from data.rollup import Published
from data.schema import metadata, staged_unit
from data.scope import Scope, whole_scope
from data.settings import Settings, make_folders, parse_settings
from data.sources.definition import load_source
from data.store import Store

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SETTLED = START + timedelta(minutes=1)  # by the clock of a world, once `SIX` are published
SIDE = 0.01  # degrees of a block
WORDS = ("category", "channel", "department")
WORDED = ("cases", "orders")  # subjects that have all of these
CASES = (Path(__file__).parent / "sources/cases.toml").read_text(encoding="utf-8") + 'unit_hint = "hint"\n'
STEPPED = CASES + 'filed_at = "reported_at"\ndispatched_at = "reported_at"\nhandled_at = "closed_at"\n'
HEADER = ("id", "category", "channel", "reported_at", "due_at", "closed_at", "lon", "lat", "hint")


def declared(kind: str, fields: Mapping[str, str], *, head: str = "", more: str = "") -> str:
    """A declaration that reads columns of `HEADER`, or a value written as TOML, into fields of a kind."""
    top = f'kind = "{kind}"\nformat = "csv"\ntimezone = "Asia/Shanghai"\ncrs = "EPSG:4326"\n{head}[fields]\n'
    lines = [
        f"{name} = " + (column if column[:1] == "{" else f'"{column}"') for name, column in fields.items()
    ]
    return top + "\n".join([*lines, 'lon = "lon"', 'lat = "lat"']) + "\n" + more


class World:
    """An instance in a folder: two districts of three blocks each, side by side, 0.01 degrees to a block.

    settled  whether the store holds them already
    """

    def __init__(self, folder: Path, url: str, *, settled: bool = False):
        make_folders(folder)
        levels = [{"name": "district", "title": {"en": "District"}}, {"name": "block"}]
        trees = {"admin": {"title": {"en": "Committee"}, "levels": ["town", "committee"]}}
        raw = {
            "levels": levels,
            "trees": trees,
            "timezone": "Asia/Shanghai",
            "database_url": url,
            "name": "Squareton",
        }
        self.settings: Settings = parse_settings(raw, folder=folder)
        self.store = Store(self.settings)
        self.now = SETTLED if settled else START
        self.loads = 0

    def clock(self) -> datetime:
        """A clock that moves a minute at every look."""
        self.now += timedelta(minutes=1)
        return self.now

    def publish(
        self,
        columns: Sequence[tuple[str, str, float]],
        *,
        valid_from: int | None = None,
        tree: str = "grid",
        shapes: bool = True,
    ) -> None:
        """Publish blocks given as (district, block, number of squares), side by side from west to east.

        In another tree than the first their names begin as those of its levels. Without shapes they are names only.
        """
        upper, lower = (name.capitalize() for name in self.settings.tree(tree).names)
        rows: list[tuple] = []
        west, parts = 0.0, {}
        for number, (district, block, width) in enumerate(columns):
            shape = shapely.box(121 + west * SIDE, 31, 121 + (west + width) * SIDE, 31 + SIDE)
            west += width
            parts.setdefault(district, []).append(shape)
            rows.append(
                (tree, 1, number, block, f"{lower} {block}", district, shapely.to_wkb(shape), "", valid_from)
            )
        for number, (district, blocks) in enumerate(parts.items()):
            outline = shapely.to_wkb(shapely.unary_union(blocks))
            rows.append((tree, 0, number, district, f"{upper} {district}", None, outline, "", valid_from))
        if not shapes:
            rows = [(*row[:6], None, *row[7:]) for row in rows]
        names = ("tree", "level", "seq", "code", "name", "parent_code", "shape", "note", "valid_from_on")
        with self.store.write() as connection:
            insert_rows(connection, staged_unit, names, rows)
        boundaries.publish(self.store, accept=(), clock=self.clock, tree=tree)

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

    def reader(self, *units: str, tree: str = "grid", of: str = "grid") -> Reader:
        """A reader of everything, or of some units of the tree `of`, in a tree."""
        scope = Scope("someone", "manager", units, tree=of) if units else whole_scope()
        return Reader(self.store, scope, clock=lambda: self.now, tree=tree)


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
    from sqlalchemy import select

    from data.rollup import published
    from data.strips import rollup_table, unpack

    rollup = rollup_table(table)
    with world.store.read() as connection:
        seen = published(connection)
        assert seen is not None
        chosen = [rollup.c[name] for name in ("version_id", "level", "span", "day", "units", "sums")]
        query = select(*chosen).where(rollup.c.gen.between(seen.base, seen.generation))
        rows = connection.execute(query).all()
    lines = unpack([row.units for row in rows], [row.sums for row in rows], width=len(seen.columns(table)))
    heads = np.array([row[:4] for row in rows], dtype=np.int64).reshape(-1, 4)[lines.owner]
    keys = np.insert(heads, 2, lines.pos, axis=1)
    different, at = np.unique(keys, axis=0, return_inverse=True)
    sums = np.zeros((len(different), lines.sums.shape[1]), dtype=np.int64)
    np.add.at(sums, at, lines.sums)
    return np.hstack([different, sums])[sums.any(axis=1)]


def same_by_shares_and_facts(world: World, *readers: Reader, kept: bool = True, every: int = 1) -> None:
    """Questions that the summed tables do not answer, of the shares and of the facts, by some readers (else of all).

    kept   the shares must answer them: whoever looks at the facts fails
    every  ask each so-many-th question only
    """
    looking = AssertionError("looked at the facts") if kept else None
    for reader in readers or (world.reader(),):
        for query, words in _narrowed(reader)[every - 1 :: every]:
            with patch.object(measures, "count_facts", side_effect=looking, wraps=measures.count_facts):
                found = _answers(reader, query, words)
            with patch.object(Published, "shares", property(lambda seen: False)):
                assert found == _answers(reader, query, words), (query, words)


def _narrowed(reader: Reader) -> list[tuple[Query, tuple[str, ...]]]:
    """Questions by unit and word, with words in use and one that is not; the words to split by."""
    top, finest = (reader.levels()[at].name for at in (0, -1))
    known = {name: reader.words("cases", name) or reader.words("orders", name) for name in WORDS}
    category, channel, department = ((words or ["nothing of that name"])[-1] for words in known.values())
    year = Period(date(2026, 1, 1), date(2027, 1, 1))
    spring = Period(date(2026, 2, 5), date(2026, 4, 1))
    everything = Query(finest, None, tuple(INDICATORS), year, tree=reader.tree)
    whole = everything.asking(indicators=tuple(name for name, x in INDICATORS.items() if x.subject in WORDED))
    inside = next((unit.code for unit in reader.roots()), None)
    return [
        (everything, ("category", "channel")),
        (whole.asking(category=category.split("/")[0], level=top), ()),
        (whole.asking(category=category, channel=channel, within=inside, period=spring), ()),
        (whole.asking(channel=channel, boundaries="today"), ()),
        (whole.asking(department=department, period=spring), ()),
        (whole.asking(level=None, period=spring), ("department",)),
        (whole.asking(category="nothing of that name", level=top), ()),
    ]


def _answers(reader: Reader, query: Query, words: Sequence[str]) -> dict[tuple, list]:
    """Numerator, denominator, value and n of every indicator, key and period; what was never counted is left out."""
    depth = reader.level(query.level).depth if query.level else None
    found = reader.tables(query, depth=depth, periods=[query.period, query.period.before], words=words)
    answers = {}
    for name in query.indicators:
        weighed = found.measures(name, found.rows(found.keys))
        fields = np.stack([weighed.numerator, weighed.denominator, weighed.value, weighed.n], axis=2)
        for at, key in enumerate(found.keys):
            if np.nan_to_num(fields[:, at]).any():
                answers[name, key] = np.nan_to_num(fields[:, at], nan=-1).tolist()
    return answers
