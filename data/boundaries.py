"""Boundaries of the instance: staged level by level, checked, published as versions that never change again."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pandas import DataFrame, Series
from sqlalchemy import Connection, delete, func, insert, select

from data import places
from data.factstore import terms
from data.instants import micros
from data.locks import one_at_a_time
from data.placing import Finder
from data.placing import changes as changes_of_knowledge
from data.schema import FACTS, PLACES, STARTS, SUBJECTS, boundary_version, load, staged_unit, unit
from data.settings import Level
from data.store import Store, insert_rows
from geo.boundaries import BoundaryError, read_units
from geo.changes import compare
from geo.faults import ACCEPTABLE, FATAL, Fault, check
from geo.place import fingerprint
from geo.shapes import label_point
from geo.units import arrange

PLACED_AT_ONCE = 100_000
KINDS = frozenset(ACCEPTABLE) | frozenset(FATAL)


@dataclass(frozen=True)
class Staged:
    """What an import staged."""

    level: str
    units: int
    with_shape: int
    notes: tuple[str, ...]


class UnacceptedFaults(BoundaryError):
    """Publishing was refused; `faults` are those in the way."""

    def __init__(self, faults: list[Fault]):
        self.faults = faults
        kinds = sorted({fault.kind for fault in faults})
        fatal = [kind for kind in kinds if kind not in ACCEPTABLE]
        rule = f"{', '.join(fatal)} mended" if fatal else f"--accept {','.join(kinds)}"
        super().__init__(f"units: got {len(faults)} faults ({', '.join(kinds)}); expected {rule}")


def stage(
    store: Store,
    path: Path,
    level: Level,
    *,
    code: str,
    name: str,
    parent: str | None = None,
    crs: str | None = None,
    dissolve: bool = False,
    valid_from_on: int | None = None,
    tree: str = "grid",
) -> Staged:
    """Read one level's units and stage them in place of what was staged for it. Raises BoundaryError."""
    read = read_units(path, code=code, name=name, parent=parent, crs=crs, dissolve=dissolve, level=level.name)
    frame, notes = read.units, read.notes
    if level.depth > 0 and frame["parent_code"].isna().all():
        raise BoundaryError(
            f"{path.name}: level {level.name}: got units without a parent; expected --parent FIELD"
        )
    shapes = [None if shape is None else shapely.to_wkb(shape) for shape in frame["geometry"]]
    parents = frame["parent_code"].astype(object).where(frame["parent_code"].notna(), None)
    if level.depth == 0:
        parents = pd.Series([None] * len(frame), dtype=object)
    rows = [
        (tree, level.depth, index, *row, notes[0] if notes and index == 0 else "", valid_from_on)
        for index, row in enumerate(zip(frame["code"], frame["name"], parents, shapes, strict=True))
    ]
    names = ("tree", "level", "seq", "code", "name", "parent_code", "shape", "note", "valid_from_on")
    with store.write() as connection:
        connection.execute(
            delete(staged_unit).where(staged_unit.c.tree == tree, staged_unit.c.level == level.depth)
        )
        insert_rows(connection, staged_unit, names, rows)
    return Staged(level.name, len(frame), sum(shape is not None for shape in shapes), tuple(notes))


def staged_set(connection: Connection, tree: str = "grid") -> DataFrame:
    """The set a publication would make: staged levels, and of the newest version those that were not staged.

    returns  code, name, level, parent_code (nan at the top), geometry (None without a shape), valid_from_on
    """
    rows = connection.execute(
        select(staged_unit).where(staged_unit.c.tree == tree).order_by(staged_unit.c.level, staged_unit.c.seq)
    ).all()
    names = ["code", "name", "level", "parent_code", "shape", "valid_from_on"]
    frame = DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
    known = places.versions(connection, tree=tree)
    if known and len(frame):
        frame = pd.concat([frame, _kept(connection, known[-1], set(frame["level"]))], ignore_index=True)
    geometry = shapely.from_wkb(frame["shape"].to_numpy(dtype=object)) if len(frame) else []
    frame = frame.drop(columns="shape").assign(geometry=geometry)
    return frame.astype({"code": "str", "name": "str", "parent_code": "str", "level": "int64"})


def _kept(connection: Connection, version: places.Version, staged: Collection[int]) -> DataFrame:
    units = version.units[~version.units["level"].isin(staged)]
    parent = version.units["code"].reindex(units["parent_pos"] - 1).to_numpy()
    outlines = places.shapes(connection, version.id).reindex(units["pos"])
    shape = Series(
        [None if item is None or item != item else shapely.to_wkb(item) for item in outlines], dtype=object
    )
    return units[["code", "name", "level"]].assign(
        parent_code=parent, shape=shape.to_numpy(), valid_from_on=None
    )


def check_staged(store: Store, tree: str = "grid") -> list[Fault]:
    """Every fault of the staged set. Raises BoundaryError when nothing is staged."""
    with store.read() as connection:
        frame = staged_set(connection, tree)
    if frame.empty:
        raise BoundaryError("units: got nothing staged; expected 'linli units import' first")
    return check(frame)


def publish(
    store: Store, *, accept: Collection[str], clock: Callable[[], datetime], tree: str = "grid"
) -> tuple[places.Version, list[Fault]]:
    """Make the staged set a boundary version: place every fact in it first, then let it be seen.

    Raises UnacceptedFaults while faults remain that were not accepted or cannot be.
    """
    faults = check_staged(store, tree)
    standing = [fault for fault in faults if fault.kind not in ACCEPTABLE or fault.kind not in accept]
    if standing:
        raise UnacceptedFaults(standing)
    with one_at_a_time(store, "load"):
        number = _write_units(store, tree)
        with store.read() as connection:
            frame = places.read_units(connection, number)
        draft = places.Version(number, tree, 0, 0, "", frame)
        for subject in SUBJECTS:
            _place_all(store, subject, draft)
        return _let_be_seen(store, number, tree, clock()), faults


def _write_units(store: Store, tree: str) -> int:
    with store.read() as connection:
        frame = arrange(staged_set(connection, tree))
        number = (connection.scalar(select(func.max(boundary_version.c.id))) or 0) + 1
    points = [label_point(shape) if shape is not None else (None, None) for shape in frame["geometry"]]
    areas = _areas(frame["geometry"])
    wkb = [None if shape is None else shapely.to_wkb(shape) for shape in frame["geometry"]]
    columns = ("pos", "end", "level", "parent_pos", "code", "name")
    values = [frame[name].tolist() for name in columns]
    rows = zip([number] * len(frame), *values, wkb, areas, *zip(*points, strict=True), strict=True)
    names = ("version_id", *columns, "shape", "area_m2", "label_lon", "label_lat")
    with store.write() as connection:
        connection.execute(delete(unit).where(unit.c.version_id == number))
        insert_rows(connection, unit, names, list(rows))
        for table in PLACES.values():
            connection.execute(delete(table).where(table.c.version_id == number))
    return number


def _areas(shapes: pd.Series) -> list[float | None]:
    """Areas in square metres, in an equal-area projection of the whole set."""
    geometries = gpd.GeoSeries(list(shapes), crs="EPSG:4326")
    areas = geometries.to_crs("EPSG:6933").area.to_numpy()
    return [None if shape is None else float(area) for shape, area in zip(shapes, areas, strict=True)]


def _place_all(store: Store, subject: str, version: places.Version) -> None:
    """Place every revision of a subject in a version that nobody sees yet, in short transactions.

    What was known of an address when a revision came places it, so that the past can be asked for in this version.
    """
    table = FACTS[subject]
    columns = {name: table.c[name] for name in ("rev", "source_id", "key", "lon", "lat", "hint")}
    if "address" in table.c:
        columns |= {"address": table.c.address, "start": table.c[STARTS[subject]]}
    chosen = select(*columns.values(), load.c.recorded_at).join(load, load.c.id == table.c.load)
    with store.read() as connection:
        placer = places.Placer(connection, version, cache=store.settings.folder / ".cache")
        finders, hints = _Finders(connection, store, subject, placer), terms(connection, "hint")
        last = 0
        while True:
            query = chosen.where(table.c.rev > last).order_by(table.c.rev).limit(PLACED_AT_ONCE)
            rows = connection.execute(query).all()
            if not rows:
                return
            frame = DataFrame(rows, columns=[*columns, "known_at"])
            frame["hint"] = frame["hint"].map(hints).astype("str")
            last = rows[-1].rev
            with store.write() as writing:
                for part, place, how in finders.place(frame):
                    values = zip([version.id] * len(part), part["rev"].tolist(), place, how, strict=True)
                    insert_rows(writing, PLACES[subject], ("version_id", "rev", "place", "how"), list(values))


class _Finders:
    """Places facts in one version by what was known when each came."""

    def __init__(self, connection: Connection, store: Store, subject: str, placer: places.Placer):
        self.make = partial(Finder, connection, store, subject, [placer])
        self.placer, self.turns = placer, changes_of_knowledge(connection)
        self.made: dict[int, Finder] = {}

    def place(self, facts: DataFrame) -> Iterator[tuple[DataFrame, list[int], list[int]]]:
        """Parts of the facts, with the place of each and how it was found."""
        turns = np.searchsorted(self.turns, facts["known_at"].to_numpy(), side="right")
        for turn in np.unique(turns).tolist():
            if turn not in self.made:
                self.made[turn] = self.make(as_of=int(self.turns[turn - 1]) if turn else 0)
            part = facts[turns == turn]
            place, how = self.made[turn].place(self.placer, part)
            yield part, place.tolist(), how.tolist()


def _let_be_seen(store: Store, number: int, tree: str, now: datetime) -> places.Version:
    with store.write() as connection:
        dated = connection.scalar(
            select(func.max(staged_unit.c.valid_from_on)).where(staged_unit.c.tree == tree)
        )
        first = not places.versions(connection, tree=tree)
        usual = places.FIRST_DAY if first else store.settings.epoch_day(now)
        draft = places.Version(number, tree, 0, 0, "", places.read_units(connection, number))
        connection.execute(
            insert(boundary_version).values(
                id=number,
                tree=tree,
                valid_from_on=usual if dated is None else dated,
                recorded_at=micros(now),
                fingerprint=fingerprint(places.with_geometry(connection, draft)),
                note="",
            )
        )
        connection.execute(delete(staged_unit).where(staged_unit.c.tree == tree))
        return next(version for version in places.versions(connection, tree=tree) if version.id == number)


def changes(store: Store, tree: str = "grid") -> list[tuple[places.Version, DataFrame | None]]:
    """Versions with what changed since the one before (see `geo.changes.compare`); None for the first."""
    with store.read() as connection:
        known = places.versions(connection, tree=tree)
        frames = [
            version.units.assign(
                geometry=places.shapes(connection, version.id).reindex(version.units["pos"]).to_numpy()
            )
            for version in known
        ]
    pairs = zip(known, [None, *frames][: len(frames)], frames, strict=True)
    return [(version, None if old is None else compare(old, new)) for version, old, new in pairs]


def valid_from(version: places.Version) -> str | None:
    """ISO date a version holds from; None from the beginning of time."""
    if version.valid_from_on == places.FIRST_DAY:
        return None
    return str(np.datetime64(version.valid_from_on, "D"))
