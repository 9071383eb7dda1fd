"""Alerts: things thrown from windows as cameras see them, and façades that shed, as inspections find them."""

import numpy as np
import pandas as pd

from data.sample.moments import DAY, HOUR, NEVER, as_known
from data.sample.plots import home_rows, points_in
from data.sample.sizes import stream
from data.sample.stories import LITTER_DAYS, LITTER_GRID, LITTER_HOURS
from data.sample.world import SPAN, World

EVENTS = ("received", "acknowledged", "judged", "resolved")
_LITTER_HOURS = np.array([3, 2, 1, 1, 0, 1, 2, 3, 3, 3, 4, 5, 5, 4, 3, 3, 4, 6, 9, 11, 11, 10, 8, 5])
SEVERITIES = np.array(["low", "medium", "high"], dtype=object)


def littering_plot(world: World) -> int:
    """The building of the night story: the busiest plot of its grid."""
    rows = home_rows(world.plots, LITTER_GRID)
    return int(rows[np.argmax(world.plots["weight"].to_numpy()[rows])])


def _places(world: World, plot: np.ndarray, draw: np.random.Generator) -> dict[str, np.ndarray]:
    lon, lat = points_in(world.plots, plot, draw)
    return {
        "plot": plot, "lon": lon, "lat": lat, "building": world.plots["name"].to_numpy(dtype=object)[plot],
        "grid_hint": world.plots["grid_name"].to_numpy(dtype=object)[plot],
    }  # fmt: skip


def _any_plot(world: World, count: int, draw: np.random.Generator) -> np.ndarray:
    return np.searchsorted(world.cumulative, draw.random(count), side="right").clip(0, len(world.plots) - 1)


def _throws(world: World, span: int, draw: np.random.Generator) -> pd.DataFrame:
    """Instants and buildings of throws: scattered ones, and those of the night story."""
    grids = world.plots["grid_code"].nunique()
    day = span * SPAN + np.repeat(np.arange(SPAN), draw.poisson(max(1.4, 0.02 * grids), SPAN))
    hour = draw.choice(24, size=len(day), p=_LITTER_HOURS / _LITTER_HOURS.sum())
    scattered = pd.DataFrame({"occurred": day * DAY + hour * HOUR, "plot": _any_plot(world, len(day), draw)})
    nights = span * SPAN + np.flatnonzero(draw.random(SPAN) < 0.62)
    nights = nights[nights >= world.until - LITTER_DAYS]
    night = np.repeat(nights, draw.integers(1, 3, len(nights)))
    first, last = LITTER_HOURS
    hours = draw.integers(first, last, len(night))
    planted = pd.DataFrame({"occurred": night * DAY + hours * HOUR, "plot": littering_plot(world)})
    frame = pd.concat([scattered.assign(planted=False), planted.assign(planted=True)], ignore_index=True)
    return frame.assign(occurred=frame["occurred"] + draw.integers(0, HOUR, len(frame)))


def _verdict(frame: pd.DataFrame, *, false_share: np.ndarray, draw: np.random.Generator) -> pd.DataFrame:
    """Add receipt, acknowledgement, judgement and, of what is true, the end of it."""
    count = len(frame)
    received = frame["occurred"].to_numpy() + draw.integers(2, 40, count)
    acknowledged = received + (60 * draw.lognormal(2.6, 0.9, count)).astype(np.int64).clip(60, 2 * DAY)
    judged = acknowledged + (HOUR * draw.lognormal(1.2, 0.9, count)).astype(np.int64).clip(600, 20 * DAY)
    false = draw.random(count) < false_share
    # What took long to judge takes long to mend: nets, fences and letters to every flat.
    mended = judged + (2 * (judged - acknowledged)).clip(HOUR, 25 * DAY)
    return frame.assign(
        received=received, acknowledged=acknowledged, judged=judged, resolved=np.where(false, NEVER, mended),
        false=false,
    )  # fmt: skip


def _littering_span(world: World, span: int) -> pd.DataFrame:
    draw = stream(world.seed, "littering", span)
    throws = _throws(world, span, draw)
    # A camera reports one throw once to three times within minutes; the repeats are one episode.
    repeats = draw.choice((1, 2, 3), size=len(throws), p=(0.7, 0.2, 0.1))
    frame = throws.loc[np.repeat(throws.index.to_numpy(), repeats)]
    again = frame.groupby(level=0).cumcount().to_numpy()
    frame = frame.assign(occurred=frame["occurred"] + again * draw.integers(8, 100, len(frame)))
    frame = frame.sort_values("occurred", kind="stable", ignore_index=True)
    frame = frame.assign(**_places(world, frame["plot"].to_numpy(), draw))
    frame = _verdict(frame, false_share=np.where(frame["planted"], 0.04, 0.2), draw=draw)
    low = draw.integers(3, 16, len(frame))
    frame = frame.assign(
        confidence=draw.uniform(0.55, 0.99, len(frame)).round(2),
        floor_low=low, floor_high=low + draw.integers(0, 4, len(frame)),
        device=world.plots["code"].to_numpy(dtype=object)[frame["plot"]] + "132",
    )  # fmt: skip
    return frame.assign(id=[f"V{second}-{k:03d}" for k, second in enumerate(frame["occurred"])])


def make_littering(world: World, spans: range) -> pd.DataFrame:
    """Camera alerts that begin in some spans of days.

    returns  id, occurred, the instants of EVENTS, building, floor_low, floor_high, confidence, device, plot, lon,
             lat, grid_hint, false (how each was judged in the end)
    """
    return pd.concat([_littering_span(world, span) for span in spans], ignore_index=True)


def _facade_span(world: World, span: int) -> pd.DataFrame:
    draw = stream(world.seed, "facade", span)
    calendar = world.calendar(span)
    grids = world.plots["grid_code"].nunique()
    usual = max(0.35, 0.004 * grids) * np.where(calendar["rain"] > 15, 1.8, 1.0)
    counts = draw.poisson(np.where(calendar["storm"], np.maximum(usual * 20, 24.0), usual))
    day = calendar["day"].to_numpy().repeat(counts)
    storm = calendar["storm"].to_numpy().repeat(counts)
    frame = pd.DataFrame(
        {"occurred": day * DAY + draw.integers(6 * HOUR, 22 * HOUR, len(day)), "storm": storm}
    )
    frame = frame.sort_values("occurred", kind="stable", ignore_index=True)
    frame = frame.assign(**_places(world, _any_plot(world, len(frame), draw), draw))
    frame = _verdict(frame, false_share=np.full(len(frame), 0.08), draw=draw)
    severity = (draw.random(len(frame)) + 0.25 * frame["storm"]).to_numpy()
    low = draw.integers(2, 18, len(frame))
    return frame.assign(
        severity=SEVERITIES[np.digitize(severity, (0.55, 0.85))],
        floor_low=low, floor_high=low + draw.integers(0, 3, len(frame)),
        device=world.plots["code"].to_numpy(dtype=object)[frame["plot"]] + "W",
        id=[f"WQ{second}-{k:03d}" for k, second in enumerate(frame["occurred"])],
    )  # fmt: skip


def make_facade(world: World, spans: range) -> pd.DataFrame:
    """Façade alerts that begin in some spans of days: as `make_littering`, with severity and without confidence."""
    return pd.concat([_facade_span(world, span) for span in spans], ignore_index=True)


def known_alerts(frame: pd.DataFrame, at: int) -> pd.DataFrame:
    """Alerts as they stood at an instant; adds state (new | received | confirmed | resolved | false_alarm)."""
    instants = {name: as_known(frame[name], at) for name in EVENTS}
    state = np.where(instants["acknowledged"] < NEVER, "received", "new").astype(object)
    found = np.where(instants["resolved"] < NEVER, "resolved", "confirmed")
    verdict = np.where(frame["false"], "false_alarm", found)
    return frame.assign(**instants, state=np.where(instants["judged"] < NEVER, verdict, state))
