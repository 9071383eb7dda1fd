"""What looks mixed up in a delivery, though every row of it may be sound: said aloud, never put right.

crs        another coordinate system puts clearly more points inside the units
axes       longitude and latitude stand in each other's place
one_point  many rows lie on one very point though their addresses differ: the office's own, as a rule
coarse     coordinates cut to two decimals, about a kilometre
future     instants that lie ahead, refused or not, in fields that tell of the past
month      a month without a row between others, or of the year an export seems to hold
volume     far more or fewer rows than the source's deliveries have

Each has a count, and the first of the rows behind it. Points are looked at in the first 200,000 rows.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas import DataFrame, DatetimeIndex, Series
from sqlalchemy import Connection, select

from data.fields import START
from data.instants import micros
from data.schema import load, source
from data.sources.batch import Reject
from data.sources.definition import Source
from data.sources.times import read_times
from geo.crs import SystemHint, in_degrees, likely_system, to_wgs84, unusable

LOOKED_AT = 200_000  # rows whose points are looked at
SHOWN = 20  # rows of each that are listed
COARSE_FROM = 3  # rows; fewer happen
POINT_ROWS, POINT_SHARE, POINT_ADDRESSES = 20, 0.05, 3
YEAR_FROM = 9  # months of one year from which a file seems to hold the year
GAP_FROM = 4  # months from the first to the last from which an empty one between is a gap
MONTH_ROWS = 5  # rows the usual month has at least
FEWEST = 10  # rows of a usual delivery
FAR = 3.0  # times as many, or as few
DELIVERIES, LATELY = 3, 12  # earlier ones that tell what is usual: at least, at most
INDIVIDUAL = ("case", "order")  # kinds of which many seldom come from one point
COARSE = "two-decimals"
A_TIME_FROM = "a time from "  # how the rule begins that refuses an instant too far from now
Facts = dict[str, str | float]


@dataclass(frozen=True)
class MixUp:
    """One kind of mix-up in one delivery.

    rows   file, row and what stands there, of the first of them
    facts  what its words name: numbers and short texts
    """

    kind: str
    count: int
    rows: list[list] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)


POINT = ("given_lon", "given_lat", "file", "row")


class Watch:
    """Looks at the rows of one delivery as they pass.

    inside  for WGS84 degrees, which points lie in some unit; None without units
    usual   rows a delivery of this source has, as a rule; None while that is not known
    """

    def __init__(
        self,
        origin: Source,
        *,
        now: datetime,
        zone: ZoneInfo,
        inside: Callable[[np.ndarray, np.ndarray], np.ndarray] | None,
        usual: float | None,
    ):
        self.origin, self.now, self.zone, self.inside, self.usual = origin, now, zone, inside, usual
        self.hint: SystemHint | None = None
        self.rows = 0
        self._points: list[DataFrame] = []
        self._looked = 0
        self._months: Counter[int] = Counter()
        self._ahead: list[list] = []
        self._ahead_count = 0
        self.first: datetime | None = None
        self.last: datetime | None = None

    def take(self, frame: DataFrame, rejects: Sequence[Reject]) -> None:
        """Look at a batch and its refused rows."""
        self.rows += len(frame) + len(rejects)
        self._take_points(frame)
        self._take_times(frame)
        self._take_refused([one for one in rejects if one.rule.startswith(A_TIME_FROM)])

    def found(self) -> list[MixUp]:
        """What looks mixed up, the gravest first."""
        return [*self._of_points(), *self._of_future(), *self._of_months(), *self._of_volume()]

    # Points

    def _take_points(self, frame: DataFrame) -> None:
        if "given_lon" not in frame or self._looked >= LOOKED_AT:
            return
        names = [*POINT, *(("address",) if "address" in frame and self.origin.kind in INDIVIDUAL else ())]
        part = frame[names][frame["given_lon"].notna() & frame["given_lat"].notna()]
        self._looked += len(part)
        self._points.append(part)

    def _of_points(self) -> list[MixUp]:
        if not self._points:
            return []
        points = pd.concat(self._points, ignore_index=True)
        if points.empty:
            return []
        lon, lat = (points[name].to_numpy(dtype=float) for name in ("given_lon", "given_lat"))
        found = [self._of_system(points, lon, lat)]
        if in_degrees(self.origin.crs):
            coarse = unusable(lon, lat) == COARSE
            if coarse.sum() >= COARSE_FROM:
                found.append(MixUp("coarse", int(coarse.sum()), _listed(points[coarse])))
        if self.origin.kind in INDIVIDUAL:
            found.append(_on_one_point(points))
        return [one for one in found if one is not None]

    def _of_system(self, points: DataFrame, lon: np.ndarray, lat: np.ndarray) -> MixUp | None:
        """A system that fits better; without units the axes alone, where degrees give them away."""
        if self.inside is not None:
            self.hint = hint = likely_system(lon, lat, self.origin.crs, self.inside)
            if hint is not None:
                shares: Facts = {"declared": hint.declared, "declared_share": hint.declared_share,
                          "better": hint.better, "better_share": hint.better_share}  # fmt: skip
                outside = ~self.inside(*to_wgs84(lon, lat, self.origin.crs))
                kind = "axes" if hint.swapped else "crs"
                return MixUp(kind, int(outside.sum()), _listed(points[outside]), shares)
        turned = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90) & in_degrees(self.origin.crs)
        return MixUp("axes", int(turned.sum()), _listed(points[turned])) if turned.any() else None

    # Times

    def _take_times(self, frame: DataFrame) -> None:
        for mapped in self.origin.fields:
            if mapped.spec.type == "instant" and not mapped.spec.future and mapped.name in frame:
                later = frame[mapped.name] > self.now
                if not later.any():
                    continue  # nearly always, and a row taken out of a frame costs as much as all of them
                ahead = frame[later]
                texts = _local(ahead[mapped.name], self.zone).strftime("%Y-%m-%d %H:%M")
                for file, row, text in zip(ahead["file"], ahead["row"].tolist(), texts, strict=True):
                    self._note_ahead(file, row, mapped.name, text)
        at = frame[START[self.origin.kind]].dropna()
        if at.empty:
            return
        low, high = at.min().to_pydatetime(), at.max().to_pydatetime()
        self.first, self.last = min(self.first or low, low), max(self.last or high, high)
        local = _local(at, self.zone)
        months, counts = np.unique(local.year * 12 + local.month - 1, return_counts=True)
        self._months.update(dict(zip(months.tolist(), counts.tolist(), strict=True)))

    def _take_refused(self, rejects: Sequence[Reject]) -> None:
        """Instants that were refused because they lie too far ahead."""
        for name in dict.fromkeys(one.field for one in rejects):
            mine = [one for one in rejects if one.field == name]
            form = self.origin.by_field[name].format if name in self.origin.by_field else None
            texts = pa.array([one.value for one in mine], pa.string())
            at = read_times(texts, zone=self.origin.timezone, form=form, fold=self.origin.fold).at
            for one, instant in zip(mine, at.tolist(), strict=True):
                if instant > micros(self.now):
                    self._note_ahead(one.file, one.row, one.field, one.value)

    def _note_ahead(self, file: str, row: int, name: str, text: str) -> None:
        self._ahead_count += 1
        if len(self._ahead) < SHOWN:
            self._ahead.append([file, row, text, name])

    def _of_future(self) -> list[MixUp]:
        return [MixUp("future", self._ahead_count, self._ahead)] if self._ahead_count else []

    def _of_months(self) -> list[MixUp]:
        """Months without a row; the counts of the others stand for the rows behind it."""
        there = sorted(self._months)
        if not there or np.median(list(self._months.values())) < MONTH_ROWS:
            return []
        first, last = there[0], there[-1]
        local = self.now.astimezone(self.zone)
        if first // 12 == last // 12 and len(there) >= YEAR_FROM:
            present = local.year * 12 + local.month - 1
            first, last = first // 12 * 12, max(last, min(first // 12 * 12 + 11, present - 1))
        gone = [month for month in range(first, last + 1) if month not in self._months]
        if not gone or last - first + 1 < GAP_FROM:
            return []
        beside = [
            ["", self._months[month], _month(month)] for month in there if {month - 1, month + 1} & set(gone)
        ]
        return [MixUp("month", len(gone), beside[:SHOWN], {"months": ", ".join(map(_month, gone[:SHOWN]))})]

    def _of_volume(self) -> list[MixUp]:
        if not self.usual or not self.rows or 1 / FAR <= self.rows / self.usual <= FAR:
            return []
        return [MixUp("volume", self.rows, [], {"usual": float(self.usual)})]


def _listed(points: DataFrame) -> list[list]:
    head = points.head(SHOWN)
    places = zip(head["given_lon"].tolist(), head["given_lat"].tolist(), strict=True)
    texts = [f"{lon:.10g}, {lat:.10g}" for lon, lat in places]
    return [list(row) for row in zip(head["file"].tolist(), head["row"].tolist(), texts, strict=True)]


def _on_one_point(points: DataFrame) -> MixUp | None:
    """The point most rows lie on, if it holds a good part of them and their addresses differ."""
    sizes = points.groupby(["given_lon", "given_lat"], sort=False).size()
    at = int(sizes.to_numpy().argmax())
    count = int(sizes.iloc[at])
    if count < POINT_ROWS or count < POINT_SHARE * len(points):
        return None
    lon, lat = (float(sizes.index.get_level_values(part)[at]) for part in (0, 1))
    mine = points[(points["given_lon"] == lon) & (points["given_lat"] == lat)]
    addresses = int(mine["address"].nunique()) if "address" in mine else 0
    if "address" in mine and addresses < POINT_ADDRESSES:
        return None
    facts: Facts = {"point": f"{lon:.10g}, {lat:.10g}", "share": count / len(points), "addresses": addresses}
    return MixUp("one_point", count, _listed(mine), facts)


def _local(at: Series, zone: ZoneInfo) -> DatetimeIndex:
    return DatetimeIndex(at).tz_convert(zone)


def _month(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02d}"


def usual_rows(connection: Connection, name: str) -> float | None:
    """Rows a delivery of a source has: the median of the last ones; None while there are too few to tell.

    Deliveries that differ among themselves as much as what would be said, or bring a handful of rows, have no usual
    size: of a source with a year's history first and then a file every half hour, each would else be said to be wrong.
    """
    query = (
        select(load.c.read)
        .join(source, source.c.id == load.c.source_id)
        .where(source.c.name == name, load.c.state == "done", load.c.kind == "delivery", load.c.read > 0)
        .order_by(load.c.id.desc())
        .limit(LATELY)
    )
    rows = connection.scalars(query).all()
    if len(rows) < DELIVERIES:
        return None
    low, usual, high = np.quantile(rows, (0.25, 0.5, 0.75)).tolist()
    return usual if usual >= FEWEST and high <= FAR * low else None
