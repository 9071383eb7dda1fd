"""Stays in the car parks at the kerb: when each car came and left, as their meters have told for some weeks."""

import numpy as np
import pandas as pd

from data.sample.moments import DAY, HOUR, NEVER, as_known
from data.sample.parking import lots
from data.sample.sizes import stream
from data.sample.world import SPAN, World

METERED_DAYS = 14  # of the history: before, the kerb had no meters
METERED_LOTS = 8
AT_KERB = 2  # the kind of car park
TURNOVER = 4.2  # cars a space and day
NIGHTS = 0.09  # of the cars stay until the morning
EVENTS = ("entry", "left")
LONGEST_DAYS = 3  # nobody's stay is longer, but for a few whose exit was not seen
_HOURS = np.array(
    [1, 1, 0, 0, 0, 1, 3, 8, 14, 15, 13, 12, 11, 11, 12, 12, 12, 13, 14, 12, 8, 5, 3, 2], dtype=float
)
DECLARATION = """# Cars at the kerb, by their meters: every car comes when it enters, and again when it has left.
kind = "parking"
format = "json"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"
every = "10 min"

[fields]
id = "orderId"
lot = "lotId"
name = "lotName"
type = "lotType"
capacity = "spaces"
allowed_minutes = { value = "180" }
entry_at = "inTime"
exit_at = "outTime"
fee = "fee"
plate = "plate"
lon = "lng"
lat = "lat"
unit_hint = "grid"
"""


def _lot_span(world: World, lot: int, capacity: int, span: int) -> pd.DataFrame:
    """Stays of one lot that begin in a span of days."""
    draw = stream(world.seed, "kerbside", lot, span)
    quiet = ~world.calendar(span)["workday"].to_numpy()
    counts = draw.poisson(TURNOVER * capacity * np.where(quiet, 0.85, 1.0))
    day = span * SPAN + np.repeat(np.arange(SPAN), counts)
    hour = draw.choice(24, size=len(day), p=_HOURS / _HOURS.sum())
    entry = day * DAY + hour * HOUR + draw.integers(0, HOUR, len(day))
    minutes = draw.lognormal(4.15, 0.75, len(day)).clip(3, 20 * 60)
    night = (hour >= 17) & (draw.random(len(day)) < NIGHTS * 3)
    minutes = np.where(night, draw.uniform(9 * 60, 14 * 60, len(day)), minutes)
    left = entry + (minutes * 60).astype(np.int64)
    unseen = draw.random(len(day)) < 0.001
    frame = pd.DataFrame({"lot_row": lot, "entry": entry, "left": np.where(unseen, entry + 4 * DAY, left)})
    frame["plate"] = [
        f"沪I{number:05d}" for number in draw.integers(0, 100_000, len(day))
    ]  # no plate has an I
    frame["id"] = [f"K{lot:02d}-{span}-{number:05d}" for number in range(len(frame))]
    return frame


def make_stays(world: World, spans: range) -> pd.DataFrame:
    """Stays that begin in some spans of days: id, entry, left, plate, fee, and the columns of `lots`."""
    parks = lots(world)
    first = (world.until - METERED_DAYS) * DAY
    metered = parks[parks["kind"] == AT_KERB].head(METERED_LOTS)
    parts = [
        _lot_span(world, int(row), int(parks["capacity"].to_numpy()[row]), span)
        for span in spans
        if (span + 1) * SPAN * DAY > first
        for row in metered.index.to_numpy()
    ]
    blank = pd.DataFrame({"lot_row": [], "entry": [], "left": [], "plate": [], "id": []})
    frame = pd.concat(parts, ignore_index=True) if parts else blank
    frame = frame[frame["entry"] >= first].sort_values("entry", kind="stable", ignore_index=True)
    told = parks.iloc[frame["lot_row"].astype(int)].reset_index(drop=True)
    return frame.drop(columns="lot_row").join(told)


def known_stays(frame: pd.DataFrame, at: int) -> pd.DataFrame:
    """Stays as they stood at an instant; adds the fee, 4 yuan every half hour and 60 at most, when the car has left."""
    left = as_known(frame["left"], at)
    halves = np.ceil((frame["left"] - frame["entry"]).to_numpy(dtype=float) / 1800)
    return frame.assign(left=left, fee=np.where(left < NEVER, np.minimum(halves * 4, 60.0), np.nan))
