"""Where a fact lies and how that was found: by hand, else by coordinates, else by its address, else by its hint.

Invariants: a hand placement wins over everything; coordinates are never overruled by an address, not even where they
lie outside every unit; the gazetteer answers only inside the unit that the hint names, and only where it knows the
place finer than the hint does. Every place is recorded with how it was found, so that the report can count.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select

from data.places import Placer, Version
from data.schema import FACT_COLUMNS, STARTS, hand_place, place_entry
from data.settings import Settings
from data.store import Store
from geo.answering import HOWS as MATCHED
from geo.gazetteer import Gazetteer

UNRECORDED, COORDINATES, HINT, OUTSIDE, NOWHERE, GAZETTEER, HAND = range(7)
HOWS = ("unrecorded", "coordinates", "hint", "outside", "open", "gazetteer", "hand")
LOCATED = (COORDINATES, HINT, GAZETTEER, HAND)
ENTRY_COLUMNS = ("kind", "name", "road", "lane", "branch", "low", "high", "side")
TARGET = ("lon", "lat", "level", "units")
KEPT = 8  # gazetteers ready to be asked that a process keeps


@dataclass(frozen=True)
class Target:
    """Where something lies: a point and the level it is known at, or a unit code by tree."""

    lon: float | None = None
    lat: float | None = None
    level: str = ""
    units: Mapping[str, str] | None = None

    def values(self) -> dict[str, object]:
        """Columns of a row that says so."""
        units = json.dumps(dict(self.units or {}), ensure_ascii=False)
        return {"lon": self.lon, "lat": self.lat, "level": self.level, "units": units}


def positions(targets: DataFrame, placer: Placer, settings: Settings) -> np.ndarray:
    """Positions (int64) in a version of targets, 0 where it does not know them.

    targets  columns lon, lat, level (of any tree), units (JSON)
    """
    lon, lat = (targets[name].to_numpy(dtype=float) for name in ("lon", "lat"))
    found = placer.at(lon, lat).astype(np.int64)
    version, depths = placer.version, _depths(settings, placer.version)
    for at, level in enumerate(targets["level"].tolist()):
        depth = depths.get(level, len(version.ancestors))
        if found[at] and depth < len(version.ancestors):
            found[at] = version.ancestors[depth][found[at]]
    for at in np.flatnonzero(~(np.isfinite(lon) & np.isfinite(lat))).tolist():
        code = json.loads(targets["units"].iloc[at]).get(version.tree)
        found[at] = version.by_code.get(code, 0)
    return found


def _depths(settings: Settings, version: Version) -> dict[str, int]:
    """How deep in a version a point known at a level lies, where not at the finest.

    A level that only another tree has, above its finest, says no more than the top here.
    """
    found = {level.name: 0 for tree in settings.trees for level in tree.levels[:-1]}
    own = (tree for tree in settings.trees if tree.name == version.tree)
    return found | {level.name: level.depth for tree in own for level in tree.levels}


def leading(versions: Sequence[Version], settings: Settings) -> Version | None:
    """The version that counts tell of: the newest of the first tree that has one."""
    for tree in settings.trees:
        mine = [version for version in versions if version.tree == tree.name]
        if mine:
            return max(mine, key=lambda version: (version.valid_from_on, version.id))
    return None


def known(table: Table, as_of: int | None) -> ColumnElement[bool]:
    """Condition for the rows of a dated table that count now, or did at an instant (microseconds UTC)."""
    if as_of is None:
        return table.c.superseded_at.is_(None)
    later = or_(table.c.superseded_at.is_(None), table.c.superseded_at > as_of)
    return and_(table.c.recorded_at <= as_of, later)


def changes(connection: Connection) -> np.ndarray:
    """Instants at which what is known of places by address or by hand has changed, in order."""
    columns = [
        table.c[name] for table in (place_entry, hand_place) for name in ("recorded_at", "superseded_at")
    ]
    parts = (connection.scalars(select(column).where(column.is_not(None)).distinct()) for column in columns)
    return np.unique(np.fromiter((at for part in parts for at in part), dtype=np.int64))


def read_entries(connection: Connection, *, as_of: int | None = None) -> DataFrame:
    """Entries that count (or did at an instant), indexed by id: ENTRY_COLUMNS, TARGET, valid_from_on, valid_to_on."""
    names = (*ENTRY_COLUMNS, *TARGET, "valid_from_on", "valid_to_on")
    query = select(place_entry.c.id, *(place_entry.c[name] for name in names)).where(
        place_entry.c.state == "active", known(place_entry, as_of)
    )
    rows = connection.execute(query.order_by(place_entry.c.id)).all()
    frame = DataFrame(rows, columns=["id", *names]).set_index("id")
    days = ("lon", "lat", "valid_from_on", "valid_to_on")
    return frame.astype(dict.fromkeys(days, "float64"))


def gazetteer_of(
    connection: Connection, placer: Placer, store: Store, *, as_of: int | None = None
) -> Gazetteer:
    """The entries that count (or did at an instant), ready for a version; kept until what is known changes."""
    stamp = connection.execute(
        select(func.max(place_entry.c.recorded_at), func.max(place_entry.c.superseded_at))
    ).one()
    key = (placer.version.id, placer.version.fingerprint, as_of, *stamp)
    ready = store.gazetteers.get(key)
    if ready is None:
        entries = read_entries(connection, as_of=as_of)
        entries["pos"] = positions(entries, placer, store.settings)
        ready = Gazetteer(entries, placer.version.units)
        if len(store.gazetteers) >= KEPT:
            store.gazetteers.clear()
        store.gazetteers[key] = ready
    return ready


class Finder:
    """Places the facts of a subject in boundary versions. Made once for a load, with one view of what is known.

    connection  one that may read; entries and hand placements are taken as they stand in it, or stood at `as_of`
    """

    def __init__(
        self,
        connection: Connection,
        store: Store,
        subject: str,
        placers: Sequence[Placer],
        *,
        as_of: int | None = None,
    ):
        self.store, self.subject = store, subject
        self.has_address = "address" in FACT_COLUMNS[subject]
        columns = (hand_place.c.source_id, hand_place.c.key, *(hand_place.c[name] for name in TARGET))
        query = select(*columns).where(hand_place.c.subject == subject, known(hand_place, as_of))
        rows = connection.execute(query.order_by(hand_place.c.id)).all()
        hands = DataFrame(rows, columns=["source_id", "key", *TARGET]).astype({"lon": float, "lat": float})
        hands = hands.drop_duplicates(["source_id", "key"], keep="last")
        self._hands = {
            placer.version.id: dict(
                zip(
                    zip(hands["source_id"].tolist(), hands["key"].tolist(), strict=True),
                    positions(hands, placer, store.settings).tolist(),
                    strict=True,
                )
            )
            for placer in placers
        }
        self._gazetteers = {
            placer.version.id: gazetteer_of(connection, placer, store, as_of=as_of)
            for placer in (placers if self.has_address else ())
        }

    def place(self, placer: Placer, facts: DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Place (int32, 0: nowhere) and how (int8, a place in HOWS) of facts in the placer's version.

        facts  lon, lat, hint (text), source_id, key; address and start (microseconds UTC) where the subject has
               addresses
        """
        lon, lat = (facts[name].to_numpy(dtype=float) for name in ("lon", "lat"))
        place, how = placer.place(lon, lat, facts["hint"])
        place, how = place.astype(np.int32), how.astype(np.int8)
        if self.has_address and "address" in facts:
            self._by_address(placer.version, facts, place, how)
        self._by_hand(placer.version, facts, place, how)
        return place, how

    def _by_address(self, version: Version, facts: DataFrame, place: np.ndarray, how: np.ndarray) -> None:
        """Take the gazetteer's answers where a hint, or nothing, has said where a fact lies."""
        wanted = np.flatnonzero(np.isin(how, (HINT, NOWHERE)) & facts["address"].notna().to_numpy())
        if not len(wanted):
            return
        rows = facts.iloc[wanted]
        answers = self._gazetteers[version.id].match(
            rows["address"], days=local_days(rows["start"], self.store), within=place[wanted]
        )
        found = answers["pos"].to_numpy()
        level = np.asarray(version.level_at)
        better = (answers["how"].to_numpy() != MATCHED.index("none")) & (level[found] > level[place[wanted]])
        place[wanted[better]] = found[better]
        how[wanted[better]] = GAZETTEER

    def _by_hand(self, version: Version, facts: DataFrame, place: np.ndarray, how: np.ndarray) -> None:
        hands = self._hands[version.id]
        if not hands:
            return
        keys = zip(facts["source_id"].tolist(), facts["key"].tolist(), strict=True)
        for at, pos in ((at, hands[key]) for at, key in enumerate(keys) if key in hands):
            if pos:  # a version that does not know the unit falls back on what else is known
                place[at], how[at] = pos, HAND


def local_days(start: pd.Series, store: Store) -> np.ndarray:
    """Local day (days since 1970-01-01) of instants in microseconds UTC; the beginning of time where absent."""
    instants = pd.to_datetime(start.astype("float64"), unit="us", utc=True)
    local = instants.dt.tz_convert(store.settings.timezone).dt.tz_localize(None)
    days = (local - pd.Timestamp(0)) // pd.Timedelta(days=1)
    return days.fillna(-(10**6)).to_numpy(dtype=np.int64)


def placeable(rows: DataFrame, subject: str, *, source_id: int) -> DataFrame:
    """Stored rows of one source as `Finder.place` wants them; a sealed address is not among them."""
    frame = DataFrame({"key": rows["key"], "source_id": source_id})
    if "address" in rows:
        frame["address"], frame["start"] = rows["address"], rows[STARTS[subject]]
    return frame
