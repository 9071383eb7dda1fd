"""Grid cases and public reports: their whole life from report to closing, span by span."""

import numpy as np
import pandas as pd

from data.sample import catalogue
from data.sample.catalogue import CATEGORIES, CHANNEL_SHARES, PUBLIC
from data.sample.moments import DAY, HOUR, LONGEST_LIFE, NEVER, as_known
from data.sample.sizes import stream
from data.sample.stories import BEHIND_DAYS
from data.sample.world import SPAN, World, draw_places

EVENTS = ("reported", "filed", "dispatched", "handled", "closed", "voided_at", "corrected")
WEEKDAY = np.array([1.08, 1.05, 1.03, 1.02, 1.04, 0.86, 0.78])
MONTH = np.array([0.86, 0.80, 0.95, 1.0, 1.05, 1.10, 1.14, 1.15, 1.10, 1.03, 0.99, 0.92])
SLIDE = 0.175  # how far on-time closure falls where a grid falls behind
GOLDEN = (5**0.5 - 1) / 2
STUCK = 0.35  # share of late cases that stay open for days
SPREAD = 0.42  # of the logistic distribution of log(time taken / time allowed)
_SHARES = np.cumsum(CHANNEL_SHARES, axis=1)
_HOURS = np.cumsum(catalogue.HOURS, axis=1) / np.sum(catalogue.HOURS, axis=1, keepdims=True)
_LIMIT = np.array([category.hours for category in CATEGORIES])
_PROFILE = np.array([category.profile for category in CATEGORIES])
PATHS = np.array([category.path for category in CATEGORIES], dtype=object)
DEPARTMENTS = np.array([category.department for category in CATEGORIES], dtype=object)


def day_factor(calendar: pd.DataFrame) -> np.ndarray:
    """How busy each day is against the yearly mean: weekday, holiday, season, weather."""
    factor = WEEKDAY[calendar["weekday"]] * MONTH[calendar["month"] - 1]
    factor = np.where(calendar["holiday"], 0.62 * MONTH[calendar["month"] - 1], factor)
    factor = np.where(calendar["workday"] & (calendar["weekday"] > 4), MONTH[calendar["month"] - 1], factor)
    rain = np.clip(calendar["rain"], 0, 40)
    return factor * np.where(calendar["storm"], 1.75, 1 - 0.002 * rain)


def _category_weights(calendar: pd.DataFrame) -> np.ndarray:
    """Cumulative shares of the categories for each day."""
    month, storm = calendar["month"].to_numpy()[:, None], calendar["storm"].to_numpy()[:, None]
    wet = (calendar["rain"].to_numpy() > 12)[:, None]
    season = np.column_stack([np.where(np.isin(month[:, 0], c.months), c.more, 1.0) for c in CATEGORIES])
    weight = np.array([c.weight for c in CATEGORIES]) * season
    weight = np.where(storm, weight * [c.storm for c in CATEGORIES], weight)
    weight = np.where(wet & ~storm, weight * [c.wet for c in CATEGORIES], weight)
    return np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)


def pick(cumulative: np.ndarray, rows: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """One choice per row number, by the cumulative shares of that row."""
    return (cumulative[rows] < draw.random(len(rows))[:, None]).sum(axis=1).clip(0, cumulative.shape[1] - 1)


def numbered(day: np.ndarray, *, prefix: str, digits: int) -> np.ndarray:
    """Numbers of facts sorted by time: prefix, date, then their place in the day."""
    if not len(day):
        return np.array([], dtype=object)
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    place = np.arange(len(day)) - np.repeat(starts, np.diff(np.append(starts, len(day)))) + 1
    dates = np.datetime_as_string(day.astype("datetime64[D]")).astype(object)
    return np.array(
        [f"{prefix}{date.replace('-', '')}{k:0{digits}d}" for date, k in zip(dates, place, strict=True)],
        dtype=object,
    )


def _on_time(world: World, frame: pd.DataFrame, calendar: pd.DataFrame) -> np.ndarray:
    """The chance that each case is closed within its limit."""
    plot = frame["plot"].to_numpy()
    place = (frame["day"] - calendar["day"].iloc[0]).to_numpy()
    chance = world.quality[plot] - 0.05 * calendar["holiday"].to_numpy()[place]
    chance -= 0.12 * calendar["storm"].to_numpy()[place]
    chance -= np.where(frame["limit"] <= 2, 0.035, 0) - np.where(frame["limit"] >= 72, 0.012, 0)
    late = np.clip((frame["day"] - (world.until - BEHIND_DAYS)) / BEHIND_DAYS, 0, 1) * SLIDE
    return np.clip(chance - np.where(world.behind[plot], late, 0), 0.3, 0.99)


def time_share(chance: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Time taken over time allowed: log-logistic, at most 1 with the given chance, rarely many times as long."""
    odds = np.log(chance / (1 - chance))
    return np.exp(SPREAD * (np.log(luck / (1 - luck)) - odds)).clip(0.01, 14.0)


def _luck(world: World, plot: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Uniform numbers; in the grid that falls behind evenly spread ones, so that chance does not hide the story."""
    luck = draw.uniform(0.0005, 0.9995, len(plot))
    own = world.behind[plot]
    even = (draw.random() + GOLDEN * np.arange(own.sum())) % 1
    luck[own] = even.clip(0.0005, 0.9995)
    return luck


def office_hours(closed: np.ndarray, dispatched: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Nobody checks a lasting case at night: its closing falls in the evening before."""
    hour = closed // HOUR % 24
    night = (limit >= 12) & ((hour >= 21) | (hour < 7))
    earlier = closed - ((hour - 19) % 24) * HOUR
    return np.where(night & (earlier > dispatched + HOUR), earlier, closed)


def _life(
    world: World, frame: pd.DataFrame, calendar: pd.DataFrame, draw: np.random.Generator
) -> pd.DataFrame:
    """Add the instants and outcomes of each case's life."""
    count = len(frame)
    reported = frame["reported"].to_numpy()
    filed = reported + (60 * draw.lognormal(2.2, 0.8, count)).astype(np.int64) + 20
    dispatched = filed + (60 * draw.lognormal(1.9, 0.7, count)).astype(np.int64) + 15
    extended = draw.random(count) < 0.03
    allowed = (frame["limit"].to_numpy() * HOUR * np.where(extended, 1.5, 1.0)).astype(np.int64)
    taken = (
        allowed * time_share(_on_time(world, frame, calendar), _luck(world, frame["plot"].to_numpy(), draw))
    ).astype(np.int64)
    # A case that is late may be stuck for days, while offices differ on whose it is.
    stuck = (taken > allowed) & (draw.random(count) < STUCK)
    taken = np.where(stuck, allowed + (DAY * draw.lognormal(1.6, 0.6, count)).astype(np.int64), taken)
    closed = dispatched + np.clip(taken, 300, LONGEST_LIFE * DAY - 3 * DAY)
    closed = office_hours(closed, dispatched, frame["limit"].to_numpy())
    handled = dispatched + ((closed - dispatched) * draw.uniform(0.62, 0.96, count)).astype(np.int64)
    voided = draw.random(count) < 0.014
    corrected = draw.random(count) < 0.006
    other = (frame["category"].to_numpy() + draw.integers(1, len(CATEGORIES), count)) % len(CATEGORIES)
    found = frame.assign(
        filed=filed,
        dispatched=np.where(voided, NEVER, dispatched),
        due=dispatched + allowed,
        handled=np.where(voided, NEVER, handled),
        closed=np.where(voided, NEVER, closed),
        voided_at=np.where(voided, filed + draw.integers(600, 5 * HOUR, count), NEVER),
        corrected=np.where(corrected, reported + draw.integers(DAY, 20 * DAY, count), NEVER),
        first_category=np.where(corrected, other, frame["category"]),
        extensions=extended.astype(int),
        suspensions=(draw.random(count) < 0.008).astype(int),
        reworks=(draw.random(count) < 0.03) * draw.integers(1, 3, count),
        forced=draw.random(count) < 0.004,
    )
    return _refused(found, draw)


def _refused(frame: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Of the voided cases some never were filed; of the others some were sent to the wrong department first."""
    refused = (frame["voided_at"] < NEVER) & (draw.random(len(frame)) < 0.6)
    return frame.assign(
        filed=np.where(refused, NEVER, frame["filed"]),
        redispatches=(draw.random(len(frame)) < 0.05) * draw.integers(1, 3, len(frame)),
    )


def _span(world: World, span: int, *, purpose: str, rate: float) -> pd.DataFrame:
    draw = stream(world.seed, purpose, span)
    calendar = world.calendar(span)
    counts = draw.poisson(rate * day_factor(calendar))
    place = np.repeat(np.arange(SPAN), counts)
    category = pick(_category_weights(calendar), place, draw)
    profile = np.full(len(place), PUBLIC) if purpose == "reports" else _PROFILE[category]
    channel = np.full(len(place), 1) if purpose == "reports" else pick(_SHARES, profile, draw)
    hour = pick(_HOURS, channel, draw)
    day = calendar["day"].to_numpy()[place]
    frame = pd.DataFrame(
        {"day": day, "reported": day * DAY + hour * HOUR + draw.integers(0, HOUR, len(place)),
         "category": category, "channel": channel, "limit": _LIMIT[category]}
    )  # fmt: skip
    frame = pd.concat([frame, draw_places(world, day, draw)], axis=1)
    frame = frame.sort_values("reported", kind="stable", ignore_index=True)
    return _life(world, frame, calendar, draw)


def make_cases(world: World, spans: range, *, purpose: str) -> pd.DataFrame:
    """All cases reported in some spans of days, with everything that will ever happen to them.

    purpose  "cases" (the grid centre) or "reports" (the public's own)
    returns  id, day, the instants of EVENTS and due, category, first_category, channel (numbers), limit (hours),
             counts, and the columns of `draw_places`
    """
    rate = (world.size.cases if purpose == "cases" else world.size.reports) * world.streets
    frame = pd.concat([_span(world, span, purpose=purpose, rate=rate) for span in spans], ignore_index=True)
    day = frame["day"].to_numpy()
    if purpose == "cases":
        return frame.assign(id=numbered(day, prefix="310199", digits=5))
    return frame.assign(id=numbered(day, prefix="SB", digits=4))


def known_cases(frame: pd.DataFrame, at: int) -> pd.DataFrame:
    """Cases as they stood at an instant: what had not happened is NEVER, the stage follows from what had.

    adds  stage (reported | filed | dispatched | handled | closed | voided), path, department, channel_name
    """
    instants = {name: as_known(frame[name], at) for name in EVENTS}
    stage = np.full(len(frame), "reported", dtype=object)
    for name in ("filed", "dispatched", "handled", "closed"):
        stage[instants[name] < NEVER] = name
    stage[instants["voided_at"] < NEVER] = "voided"
    category = np.where(instants["corrected"] < NEVER, frame["category"], frame["first_category"])
    done = np.isin(stage, ("handled", "closed"))
    return frame.assign(
        **instants,
        due=np.where(instants["dispatched"] < NEVER, frame["due"], NEVER),
        stage=stage,
        path=PATHS[category],
        department=DEPARTMENTS[category],
        channel_name=np.array(catalogue.CHANNELS, dtype=object)[frame["channel"]],
        redispatches=np.where(instants["dispatched"] < NEVER, frame["redispatches"], 0),
        reworks=np.where(done, frame["reworks"], 0),
        forced=frame["forced"] & (stage == "closed"),
    )
