"""Outlines for a small map: what units lie in a box of degrees, as fine as can still be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pandas import DataFrame
from sqlalchemy import select

from data.bulk import any_of
from data.schema import unit

if TYPE_CHECKING:
    from data.reader import Reader

MOST = 320  # shapes drawn of a level


@dataclass(frozen=True)
class Box:
    """A box of WGS84 degrees."""

    west: float
    south: float
    east: float
    north: float


def outlines(reader: Reader, box: Box) -> tuple[DataFrame, DataFrame]:
    """The finest level of which no more than MOST units lie near a box, and the level above it; as far as one sees.

    returns  twice pos, code, name, lon, lat (label point), geometry (WGS84, cut to the box)
    """
    listed = reader.version.listed
    seen = np.zeros(len(listed), dtype=bool)
    for low, high in reader.ranges:
        seen |= listed["pos"].between(low, high).to_numpy()
    reach = (
        (box.east - box.west) / 3,
        (box.north - box.south) / 3,
    )  # units reach in whose label stands outside
    near = listed["lon"].between(box.west - reach[0], box.east + reach[0]) & listed["lat"].between(
        box.south - reach[1], box.north + reach[1]
    )
    rows = listed[seen & near.to_numpy() & listed["has_shape"]]
    counts = rows["level"].value_counts()
    depths = [depth for depth in sorted(counts.index) if counts[depth] <= MOST]
    fine = depths[-1] if depths else -1
    above = max((depth for depth in counts.index if depth < fine), default=-1)
    return _drawn(reader, rows[rows["level"] == fine], box), _drawn(reader, rows[rows["level"] == above], box)


def _drawn(reader: Reader, rows: DataFrame, box: Box) -> DataFrame:
    with reader.store.read() as connection:
        mine = (
            unit.c.version_id == reader.version.id,
            unit.c.pos.in_(any_of(connection, rows["pos"].tolist())),
        )
        found = connection.execute(select(unit.c.pos, unit.c.shape).where(*mine)).all() if len(rows) else []
    shapes = dict(
        zip([row.pos for row in found], shapely.from_wkb([row.shape for row in found]), strict=True)
    )
    geometry = np.array([shapes[pos] for pos in rows["pos"].tolist()], dtype=object)
    cut = shapely.clip_by_rect(geometry, box.west, box.south, box.east, box.north)
    frame = rows[["pos", "code", "name", "lon", "lat"]].assign(geometry=cut)
    return frame[~shapely.is_empty(cut)]
