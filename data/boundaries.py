"""Boundaries of the instance: staged level by level, checked, published as versions that never change again."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pandas import DataFrame, Series
from sqlalchemy import Connection, delete, func, insert, select

from data import people, places
from data.bulk import insert_rows
from data.first_placing import place_all
from data.instants import micros
from data.locks import one_at_a_time
from data.schema import PLACES, SUBJECTS, boundary_version, staged_unit, stray_outline, unit
from data.settings import FIRST_TREE, Level
from data.store import Store
from geo.boundaries import BoundaryError, read_units
from geo.faults import ACCEPTABLE, FATAL, Fault, check, uncoded, unknown
from geo.place import fingerprint
from geo.shapes import label_point
from geo.units import arrange

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


@dataclass(frozen=True)
class Draft:
    """One level's units as a file gives them: columns of `UnitFile.units`, outlines of none of them, remarks."""

    units: DataFrame
    strays: DataFrame
    notes: tuple[str, ...]


def draft(
    store: Store,
    path: Path,
    level: Level,
    *,
    code: str,
    name: str,
    parent: str | None = None,
    crs: str | None = None,
    dissolve: bool = False,
    skip_uncoded: bool = False,
    join: bool = False,
    named: bool = False,
    tree: str = FIRST_TREE,
) -> Draft:
    """Read one level's units, storing nothing. Raises BoundaryError.

    join   take only outlines from the file, by code, for the units that are staged or else published; outlines of
           other codes are kept aside and listed as faults
    named  where outlines are joined, let the file's names count, too
    """
    read = read_units(
        path, code=code, name=name, parent=parent, crs=crs, dissolve=dissolve, skip_uncoded=skip_uncoded,
        level=level.name,
    )  # fmt: skip
    frame, notes = read.units, list(read.notes)
    strays = frame.iloc[:0]
    if join:
        with store.read() as connection:
            frame, strays = _joined(frame, staged_set(connection, tree), level, notes, named=named)
    elif level.depth > 0 and frame["parent_code"].isna().all():
        raise BoundaryError(
            f"{path.name}: level {level.name}: got units without a parent; expected --parent FIELD"
        )
    elif level.depth == 0:
        frame["parent_code"] = np.nan
    return Draft(frame, strays, tuple(notes))


def stage(
    store: Store,
    path: Path,
    level: Level,
    *,
    valid_from_on: int | None = None,
    tree: str = FIRST_TREE,
    **choices: Any,
) -> Staged:
    """Read one level's units (see `draft` for the choices) and stage them in place of what was staged for it.

    Raises BoundaryError
    """
    read = draft(store, path, level, tree=tree, **choices)
    with store.write() as connection:
        _write_staged(connection, read, at=(tree, level.depth), valid_from_on=valid_from_on)
    return Staged(level.name, len(read.units), int(read.units["geometry"].notna().sum()), read.notes)


def _joined(
    outlines: DataFrame, known: DataFrame, level: Level, notes: list[str], *, named: bool
) -> tuple[DataFrame, DataFrame]:
    """The known units of a level with the shapes (and names) of outlines of their code, and the outlines of no unit."""
    units = known[known["level"] == level.depth].drop(columns="valid_from_on").reset_index(drop=True)
    if units.empty:
        raise BoundaryError(
            f"level {level.name}: got no unit to join outlines to; expected its units imported before"
        )
    twice = sorted(set(outlines["code"][outlines["code"].duplicated()]) - {""})
    if twice:
        raise BoundaryError(f"code {twice[0]}: got several outlines; expected one (--dissolve unites them)")
    shapes = outlines.set_index("code")["geometry"]
    found = units["code"].isin(shapes.index[shapes.notna()])
    units.loc[found, "geometry"] = shapes.reindex(units["code"][found]).to_numpy()
    if named:
        names = units["code"].map(outlines.set_index("code")["name"])
        units["name"] = names.where(names.notna() & (names != ""), units["name"])
    strays = outlines[~outlines["code"].isin(units["code"])]
    bare = int(units["geometry"].isna().sum())
    notes.append(f"{int(found.sum())} units took an outline, {bare} stay without one")
    if len(strays):
        notes.append(f"{len(strays)} outlines are of no unit of the level: see 'linli units check'")
    return units, strays


def _write_staged(
    connection: Connection, read: Draft, *, at: tuple[str, int], valid_from_on: int | None
) -> None:
    """Put one level of a tree in place of what was staged for it, and the outlines of none of its units aside."""
    frame, strays, notes = read.units, read.strays, read.notes
    for table in (staged_unit, stray_outline):
        connection.execute(delete(table).where(table.c.tree == at[0], table.c.level == at[1]))
    shapes = [None if shape is None else shapely.to_wkb(shape) for shape in frame["geometry"]]
    parents = frame["parent_code"].astype(object).where(frame["parent_code"].notna(), None)
    rows = [
        (*at, index, *row, notes[0] if notes and index == 0 else "", valid_from_on)
        for index, row in enumerate(zip(frame["code"], frame["name"], parents, shapes, strict=True))
    ]
    names = ("tree", "level", "seq", "code", "name", "parent_code", "shape", "note", "valid_from_on")
    insert_rows(connection, staged_unit, names, rows)
    aside = [(*at, index, *row) for index, row in enumerate(zip(strays["code"], strays["name"], strict=True))]
    insert_rows(connection, stray_outline, names[:5], aside)


def staged_set(connection: Connection, tree: str = FIRST_TREE) -> DataFrame:
    """The set a publication would make: staged levels, and of the newest version those that were not staged.

    returns  code, name, level, parent_code (nan at the top), geometry (None without a shape), valid_from_on
    """
    rows = connection.execute(
        select(staged_unit).where(staged_unit.c.tree == tree).order_by(staged_unit.c.level, staged_unit.c.seq)
    ).all()
    names = ["code", "name", "level", "parent_code", "shape", "valid_from_on"]
    frame = DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
    known = places.versions(connection, tree=tree)
    if known:
        frame = pd.concat([frame, kept(connection, known[-1], set(frame["level"]))], ignore_index=True)
    geometry = shapely.from_wkb(frame["shape"].to_numpy(dtype=object)) if len(frame) else []
    frame = frame.drop(columns="shape").assign(geometry=geometry)
    return frame.astype({"code": "str", "name": "str", "parent_code": "str", "level": "int64"})


def kept(connection: Connection, version: places.Version, staged: Collection[int]) -> DataFrame:
    """Units of a version at the levels that are not staged, as rows of `staged_set` with `shape` as WKB."""
    units = version.units[~version.units["level"].isin(staged)]
    parent = version.units["code"].reindex(units["parent_pos"] - 1).to_numpy()
    outlines = places.shapes(connection, version.id).reindex(units["pos"])
    shape = Series(
        [None if item is None or item != item else shapely.to_wkb(item) for item in outlines], dtype=object
    )
    return units[["code", "name", "level"]].assign(
        parent_code=parent, shape=shape.to_numpy(), valid_from_on=None
    )


def check_staged(store: Store, tree: str = FIRST_TREE) -> list[Fault]:
    """Every fault of the staged set, outlines of no unit first. Raises BoundaryError when nothing is staged."""
    with store.read() as connection:
        if not connection.scalar(select(func.count()).where(staged_unit.c.tree == tree)):
            raise BoundaryError("units: got nothing staged; expected 'linli units import' first")
        frame, strays = staged_set(connection, tree), staged_strays(connection, tree)
    return faults_of(frame, strays)


def staged_strays(connection: Connection, tree: str = FIRST_TREE) -> DataFrame:
    """code, name and level of the outlines that are staged and belong to no unit."""
    asked = select(stray_outline.c.code, stray_outline.c.name, stray_outline.c.level)
    asked = asked.where(stray_outline.c.tree == tree).order_by(stray_outline.c.level, stray_outline.c.seq)
    return DataFrame(connection.execute(asked).all(), columns=["code", "name", "level"])


def faults_of(units: DataFrame, strays: DataFrame) -> list[Fault]:
    """Every fault of a set as `staged_set` gives it, and of the outlines of none of its units, these first."""
    named = zip(strays["code"].tolist(), strays["name"].tolist(), strays["level"].tolist(), strict=True)
    aside = [unknown(code, name, level) if code else uncoded(name, level) for code, name, level in named]
    return [*aside, *check(units)]


def publish(
    store: Store,
    *,
    accept: Collection[str],
    clock: Callable[[], datetime],
    tree: str = FIRST_TREE,
    by: str = "",
    reason: str = "",
) -> tuple[places.Version, list[Fault]]:
    """Make the staged set a boundary version: place every fact in it first, then let it be seen.

    by, reason  who publishes it and why: kept with the version and in the audit trail
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
            place_all(store, subject, draft)
        return _let_be_seen(store, number, tree, clock(), by=by, reason=reason), faults


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


def _let_be_seen(
    store: Store, number: int, tree: str, now: datetime, *, by: str, reason: str
) -> places.Version:
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
                note=reason,
            )
        )
        if by:
            people.note(
                connection, "boundaries published", by=by, now=now, about=tree, detail=f"{number}: {reason}"
            )
        for table in (staged_unit, stray_outline):
            connection.execute(delete(table).where(table.c.tree == tree))
        return next(version for version in places.versions(connection, tree=tree) if version.id == number)
