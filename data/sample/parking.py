"""Car parks and how full they are, a reading every few minutes."""

import numpy as np
import pandas as pd

from data.sample.moments import DAY
from data.sample.sizes import stream
from data.sample.world import SPAN, World

LIVE_MINUTES = 5
SLOTS = SPAN * 24 * 60 // LIVE_MINUTES
SMOOTH = 30
KINDS = ("配建", "公共", "路内")
# Share taken by hour: beside homes full at night, public ones full by day, the kerb busy from morning to evening.
_CURVES = np.array(
    [
        [0.93, 0.94, 0.94, 0.94, 0.93, 0.92, 0.88, 0.78, 0.66, 0.58, 0.55, 0.54, 0.56, 0.55, 0.54, 0.56, 0.60, 0.68,
         0.77, 0.83, 0.87, 0.90, 0.92, 0.93],
        [0.22, 0.20, 0.19, 0.19, 0.19, 0.22, 0.30, 0.48, 0.68, 0.82, 0.88, 0.90, 0.87, 0.86, 0.88, 0.87, 0.83, 0.76,
         0.70, 0.62, 0.50, 0.40, 0.31, 0.26],
        [0.58, 0.57, 0.56, 0.55, 0.55, 0.57, 0.62, 0.70, 0.80, 0.86, 0.88, 0.90, 0.89, 0.86, 0.86, 0.87, 0.88, 0.90,
         0.92, 0.90, 0.83, 0.75, 0.67, 0.62],
    ]
)  # fmt: skip


def lots(world: World) -> pd.DataFrame:
    """The car parks: lot, name, kind (number), capacity, shut (spaces out of service), lon, lat, grid_hint."""
    draw = stream(world.seed, "lots")
    chosen: list[int] = []
    for _, rows in world.plots.groupby("street", sort=True).indices.items():
        step = len(rows) / world.size.lots
        chosen += [int(rows[int((k + draw.uniform(0.2, 0.8)) * step)]) for k in range(world.size.lots)]
    plots = world.plots.iloc[chosen].reset_index(drop=True)
    kind = np.arange(len(plots)) % 3
    capacity = draw.integers((60, 120, 18), (220, 420, 60), (len(plots), 3))[np.arange(len(plots)), kind]
    # A name as long as the estate's, without the number of the building.
    estate = plots["name"].str.replace(r"\d+号楼$", "", regex=True)
    street = plots["address"].str.extract(r"^(.*?)\d", expand=False)
    return pd.DataFrame(
        {
            "lot": [f"P{k + 1:04d}" for k in range(len(plots))],
            "name": np.where(
                kind == 2, street + "路内停车点", estate + np.where(kind == 0, "停车库", "停车场")
            ),
            "kind": kind,
            "capacity": capacity,
            "shut": np.where(draw.random(len(plots)) < 0.25, draw.integers(1, 6, len(plots)), 0),
            "lon": plots["lon"].round(6),
            "lat": plots["lat"].round(6),
            "grid_hint": plots["grid_name"],
        }
    )


def _span(world: World, parks: pd.DataFrame, span: int, minutes: int) -> pd.DataFrame:
    draw = stream(world.seed, "parking", span)
    noise = draw.normal(0, 1, (SLOTS + SMOOTH, len(parks))).cumsum(axis=0)
    noise = (noise[SMOOTH:] - noise[:-SMOOTH]) / np.sqrt(SMOOTH) * 0.035
    daily = draw.normal(0, 0.03, (SPAN, len(parks)))
    over = draw.random((SLOTS, len(parks))) < 0.0006
    step = minutes // LIVE_MINUTES
    slot = np.arange(0, SLOTS, step)
    second = span * SPAN * DAY + slot * LIVE_MINUTES * 60
    calendar = world.calendar(span)
    day = (slot * LIVE_MINUTES) // 1440
    quiet = ~calendar["workday"].to_numpy()[day]
    hour = slot * LIVE_MINUTES % 1440 / 60
    wide = np.concatenate([_CURVES, _CURVES[:, :1]], axis=1)
    share = np.stack([np.interp(hour, np.arange(25), curve) for curve in wide], axis=1)[:, parks["kind"]]
    # On days off people stay at home: their own spaces are fuller, public ones emptier.
    share = share + np.where(quiet[:, None], np.array([0.12, -0.18, -0.06])[parks["kind"].to_numpy()], 0.0)
    capacity = parks["capacity"].to_numpy() - parks["shut"].to_numpy()
    taken = np.rint(np.clip(share + noise[slot] + daily[day], 0.02, 1.0) * capacity).astype(int)
    taken = np.where(over[slot], parks["capacity"].to_numpy() + 2, taken)
    lot = np.tile(np.arange(len(parks)), len(slot))
    return pd.DataFrame({"observed": np.repeat(second, len(parks)), "row": lot, "occupied": taken.ravel()})


def make_readings(world: World, spans: range, *, minutes: int) -> pd.DataFrame:
    """Readings of some spans of days, every `minutes`: observed, occupied, and the columns of `lots`."""
    parks = lots(world)
    frame = pd.concat([_span(world, parks, span, minutes) for span in spans], ignore_index=True)
    return frame.drop(columns="row").join(parks.iloc[frame["row"]].reset_index(drop=True))
