"""A synthetic district for measurements: nested rectangles, and cases with the rhythm of a city."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from data import boundaries
from data.bulk import insert_rows
from data.schema import staged_unit
from data.settings import Settings, make_folders, parse_settings
from data.store import Store

LEVELS = ("subdistrict", "area", "grid", "microgrid", "metagrid")
Splits = tuple[tuple[int, int], ...]  # parts of a unit of each level, across and up
SPLITS: Splits = ((4, 3), (5, 1), (2, 2), (5, 1), (1, 7))  # 12 sub-districts, 60, 240, 1,200, 8,400 leaves
WEST, SOUTH, SIDE = 121.4, 31.2, 0.12
START = datetime(2025, 1, 1, tzinfo=UTC)
DECLARED = Path(__file__).resolve().parent.parent / "tests/sources/cases.toml"


def make_instance(folder: Path, *, url: str = "", splits: Splits = SPLITS) -> Store:
    """An instance with the district's boundaries published and one source of cases."""
    from data.migrate import migrate

    make_folders(folder)
    text = DECLARED.read_text(encoding="utf-8") + 'status = "status"\n'
    (folder / "sources" / "cases.toml").write_text(text, encoding="utf-8")
    store = open_instance(folder, url=url, levels=len(splits))
    migrate(store)
    names = ("tree", "level", "seq", "code", "name", "parent_code", "shape", "note", "valid_from_on")
    with store.write() as connection:
        insert_rows(connection, staged_unit, names, _units(splits))
    boundaries.publish(store, accept=boundaries.ACCEPTABLE, clock=lambda: START)
    return store


def open_instance(folder: Path, *, url: str = "", levels: int = len(LEVELS)) -> Store:
    """The store of an instance that `make_instance` has made."""
    raw = {"name": "bench", "levels": [{"name": name} for name in LEVELS[:levels]], "database_url": url}
    settings: Settings = parse_settings(raw, folder=folder)
    return Store(settings)


def _units(splits: Splits) -> list[tuple]:
    rows, parents = [], [("", WEST, SOUTH, SIDE, SIDE)]
    for depth, (across, up) in enumerate(splits):
        children = []
        for parent, west, south, width, height in parents:
            for number in range(across * up):
                x, y = west + number % across * width / across, south + number // across * height / up
                children.append((f"{parent}{number + 1:02d}", x, y, width / across, height / up))
        for seq, (code, x, y, width, height) in enumerate(children):
            shape = shapely.to_wkb(shapely.box(x, y, x + width, y + height))
            rows.append(("grid", depth, seq, code, f"unit {code}", code[:-2] or None, shape, "", None))
        parents = children
    return rows


def write_cases(path: Path, *, rows: int, days: int = 540, seed: int = 1, first: int = 0) -> None:
    """A CSV of cases in the order they were reported; `first` is the first number."""
    rng = np.random.default_rng(seed)
    reported = np.sort(rng.integers(0, days * 86_400, rows))
    spots = rng.random((400, 2))
    near = spots[rng.integers(0, 400, rows)] + rng.normal(0, 0.01, (rows, 2))
    place = np.where(rng.random((rows, 1)) < 0.6, near, rng.random((rows, 2))).clip(0.0001, 0.9999)
    took = rng.lognormal(10.2, 1.1, rows).astype(np.int64)
    closed = reported + took
    start = np.datetime64("2025-01-01T00:00:00")
    text = [np.datetime_as_string(start + seconds.astype("timedelta64[s]")) for seconds in (reported, closed)]
    open_still = closed >= days * 86_400
    frame = pd.DataFrame(
        {
            "id": np.char.add("C", (np.arange(rows) + first).astype(str)),
            "category": np.array([f"class {n // 6}/kind {n}" for n in range(60)])[rng.integers(0, 60, rows)],
            "channel": np.array(["patrol", "12345", "video", "resident"])[rng.integers(0, 4, rows)],
            "status": np.where(open_still, "open", "closed"),
            "reported_at": text[0],
            "due_at": np.datetime_as_string(start + (reported + 86_400).astype("timedelta64[s]")),
            "closed_at": np.where(open_still, "", text[1]),
            "lon": np.round(WEST + place[:, 0] * SIDE, 6),
            "lat": np.round(SOUTH + place[:, 1] * SIDE, 6),
        }
    )
    frame.to_csv(path, index=False)


def clock() -> datetime:
    """The end of the history."""
    return START + timedelta(days=541)
