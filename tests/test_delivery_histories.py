"""Random histories of deliveries end in the state of a clean load: snapshots, changes, repeats, and any order.

What must stand in the end is worked out here from the set of deliveries alone (where versions order them) or from
their order, in plain Python; then everything that should stand is loaded into a clean instance at one go.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import SOAK
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select
from test_deliveries import SNAPSHOT, VERSIONED, windowed
from world import SIX, World, case, stored

from data.factstore import last_load, visible
from data.schema import FACTS, source
from data.verify import verify

KEYS = 6
WINDOWS = ("all", "file", "3 d")
QUARTERS_A_DAY = 4
NOTHING = -1
Rows = dict[int, int]  # number of a case -> its version


@dataclass(frozen=True)
class Sent:
    """One delivery: whether it holds everything of its window, and its rows."""

    snapshot: bool
    rows: Rows

    @property
    def stamp(self) -> int:
        return max(self.rows.values(), default=NOTHING)


@dataclass(frozen=True)
class History:
    """Deliveries in the order in which they were made, the order in which they came, and how they are declared.

    at  of each case: the quarter day it was reported at
    """

    at: tuple[int, ...]
    sent: tuple[Sent, ...]
    came: tuple[int, ...]
    window: str
    ordered: bool

    def covers(self, sent: Sent, key: int) -> bool:
        """Whether a delivery speaks for a case."""
        if not sent.snapshot or self.window == "all":
            return sent.snapshot
        held = [self.at[other] for other in sent.rows]
        if not held:
            return False
        if self.window == "file":
            return min(held) <= self.at[key] <= max(held)
        return max(held) - 3 * QUARTERS_A_DAY < self.at[key] <= max(held)

    def end(self) -> Rows:
        """The cases that stand in the end, each with its version."""
        return self._by_version() if self.ordered else self._by_delivery()

    def _by_delivery(self) -> Rows:
        standing: Rows = {}
        for number in self.came:
            sent = self.sent[number]
            gone = [key for key in standing if key not in sent.rows and self.covers(sent, key)]
            standing = {key: version for key, version in standing.items() if key not in gone} | sent.rows
        return standing

    def _by_version(self) -> Rows:
        seen = [self.sent[number] for number in set(self.came)]
        standing: Rows = {}
        for key in range(KEYS):
            holding = [sent for sent in seen if key in sent.rows]
            signs = [sent.stamp if self.covers(sent, key) else sent.rows[key] for sent in holding]
            lacking = [sent.stamp for sent in seen if key not in sent.rows and self.covers(sent, key)]
            if signs and max(signs) >= max(lacking, default=NOTHING):
                standing[key] = max(sent.rows[key] for sent in holding)
        return standing


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A register that grows, changes and shrinks, seen through a few deliveries that come in any order."""
    at = tuple(draw(st.integers(0, 24)) for _ in range(KEYS))
    ordered = draw(st.booleans())
    current: Rows = {}
    dropped: Rows = {}
    sent = []
    for tick in range(1, draw(st.integers(2, 5)) + 1):
        for key in range(KEYS):
            change = draw(st.sampled_from(("keep", "keep", "write", "drop", "restore")))
            if change == "write":
                current[key] = tick
            elif change == "drop" and key in current:
                dropped[key] = current.pop(key)
            elif change == "restore" and key not in current and key in dropped:
                current[key] = dropped[key]  # without a new version
        snapshot = draw(st.integers(0, 3)) > 0
        shown = current if snapshot else {key: v for key, v in current.items() if draw(st.booleans())}
        low, high = sorted((draw(st.integers(0, 24)), draw(st.integers(0, 24))))
        inside = {key: v for key, v in shown.items() if low <= at[key] <= high}
        sent.append(Sent(snapshot, inside if draw(st.booleans()) else dict(shown)))
    filled = [number for number, one in enumerate(sent) if one.rows]
    extra = draw(st.lists(st.sampled_from(filled), max_size=2)) if filled else []
    came = draw(st.permutations(filled + extra))
    return History(at, tuple(sent), tuple(came), draw(st.sampled_from(WINDOWS)), ordered)


def row(history: History, key: int, version: int, *, prefix: str = "") -> tuple:
    """A case as it stands at a version; its place, word and closing follow from both."""
    closed = history.at[key] + version if version % 2 else None
    made = case(key, square=key + 0.5, reported=history.at[key], closed=closed, channel=str(version))
    return (prefix + made[0], f"kind {version % 3}", *made[2:])


def deliver(world: World, history: History, name: str) -> None:
    """Load the deliveries in the order in which they came."""
    text = VERSIONED if history.ordered else SNAPSHOT
    changes = text.replace('delivery = "snapshot"', "")
    for number in history.came:
        sent = history.sent[number]
        rows = [row(history, key, version) for key, version in sent.rows.items()]
        done = world.load(
            rows,
            name=name,
            text=windowed(history.window, text) if sent.snapshot else changes,
            accept_shrink=True,
        )
        assert done.read == done.accepted + done.updated + done.unchanged + done.rejected == len(rows)
        assert done.accepted + done.updated == done.located + done.outside + done.no_location


def standing(world: World, name: str, history: History) -> Rows:
    """Cases of a source that are visible, each with the version whose row equals what is stored."""
    table = FACTS["cases"]
    with world.store.read() as connection:
        number = connection.scalar(select(source.c.id).where(source.c.name == name))
        query = select(table.c.key, table.c.reported_at, table.c.closed_at)
        where = [visible(table, last_load(connection)), table.c.source_id == number, ~table.c.withdrawn]
        found = connection.execute(query.where(*where)).all()
    ends = {"C" + str(key): (key, version) for key, version in history.end().items()}
    day = 86_400_000_000
    rows = {}
    for key, reported, closed in found:
        number, version = ends.get(key, (key, NOTHING))
        lasted = None if closed is None else (closed - reported) * QUARTERS_A_DAY // day
        rows[number] = version if lasted == (version if version % 2 else None) else lasted
    return rows


def check(world: World, clean: World, histories_of: Iterable[tuple[str, History]]) -> None:
    """The sums of all histories together are those of a clean load of what should stand."""
    rows = [
        row(history, key, version, prefix=name)
        for name, history in histories_of
        for key, version in history.end().items()
    ]
    clean.load(rows, text=SNAPSHOT)
    for one in (world, clean):
        one.refresh()
    assert [str(entry) for entry in verify(world.store)] == []
    assert stored(world, "cases").tolist() == stored(clean, "cases").tolist()


def run(world: World, clean: World, *, count: int, start: int) -> None:
    """That many histories, each through a source of its own."""
    ended: dict[str, History] = {}

    @seed(start)
    @settings(max_examples=count, database=None)
    @given(histories())
    def one(history: History) -> None:
        name = f"h{len(ended)}"
        ended[name] = history
        deliver(world, history, name)
        assert standing(world, name, history) == history.end()

    one()
    assert len(ended) >= count
    check(world, clean, ended.items())


@pytest.mark.parametrize("start", range(4))
def test_histories_end_in_the_state_of_a_clean_load(tmp_path, migrated_sqlite, start):
    worlds = []
    for name in ("world", "clean"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copyfile(migrated_sqlite, folder / "store.db")
        worlds.append(World(folder, f"sqlite:///{folder}/store.db"))
        worlds[-1].publish(SIX)
    run(*worlds, count=250 if SOAK else 60, start=start)
    for world in worlds:
        world.store.close()


def test_30_histories_on_postgresql(tmp_path: Path, postgres, migrated_postgres):
    urls = [postgres.create(template=migrated_postgres) for _ in range(2)]
    worlds = [World(tmp_path / name, url) for name, url in zip(("world", "clean"), urls, strict=True)]
    for world in worlds:
        world.publish(SIX)
    run(*worlds, count=30, start=9)
    for world, url in zip(worlds, urls, strict=True):
        world.store.close()
        postgres.drop(url)
