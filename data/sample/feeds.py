"""The source systems of the sample: what each knows, when it changes, how it is written."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from data.sample import render
from data.sample.alerts import EVENTS as ALERT_EVENTS
from data.sample.alerts import known_alerts, make_facade, make_littering
from data.sample.cases import EVENTS as CASE_EVENTS
from data.sample.cases import known_cases, make_cases
from data.sample.kerbside import EVENTS as STAY_EVENTS
from data.sample.kerbside import LONGEST_DAYS, known_stays, make_stays
from data.sample.moments import DAY, LONGEST_LIFE, changed, newest
from data.sample.orders import EVENTS as ORDER_EVENTS
from data.sample.orders import known_orders, make_orders
from data.sample.parking import LIVE_MINUTES, make_readings
from data.sample.world import SPAN, World

SPAN_SECONDS = SPAN * DAY


@dataclass(frozen=True)
class Feed:
    """One source system.

    make      the facts of some spans of days, with all that will ever happen to them
    known     those facts as they stood at an instant
    start     the instant a fact begins; events: instants at which its record changes
    minutes   promised rhythm
    steady    whether a delivery without news repeats the newest row, so that silence means a fault
    """

    name: str
    minutes: int
    suffix: str
    make: Callable[[World, range], pd.DataFrame]
    known: Callable[[pd.DataFrame, int], pd.DataFrame]
    write: render.Renderer
    start: str
    events: tuple[str, ...]
    steady: bool = True


def _cases(world: World, spans: range) -> pd.DataFrame:
    return make_cases(world, spans, purpose="cases")


def _reports(world: World, spans: range) -> pd.DataFrame:
    return make_cases(world, spans, purpose="reports")


def _history_readings(world: World, spans: range) -> pd.DataFrame:
    return make_readings(world, spans, minutes=world.size.reading_minutes)


def _live_readings(world: World, spans: range) -> pd.DataFrame:
    return make_readings(world, spans, minutes=LIVE_MINUTES)


def _as_is(frame: pd.DataFrame, at: int) -> pd.DataFrame:
    return frame


CASES = Feed("grid_cases", 15, "csv", _cases, known_cases, render.cases, "reported", CASE_EVENTS)
ORDERS = Feed("hotline_12345", 30, "csv", make_orders, known_orders, render.orders, "accepted", ORDER_EVENTS)
REPORTS = Feed("public_reports", 30, "json", _reports, known_cases, render.reports, "reported", CASE_EVENTS)
LITTERING = Feed(
    "littering",
    10,
    "json",
    make_littering,
    known_alerts,
    render.littering,
    "received",
    ALERT_EVENTS,
    steady=False,
)
FACADE = Feed("facade", 1440, "geojson", make_facade, known_alerts, render.facade, "received", ALERT_EVENTS)
PARKING = Feed(
    "parking",
    LIVE_MINUTES,
    "json",
    _history_readings,
    _as_is,
    render.parking,
    "observed",
    ("observed",),
    steady=False,
)
PARKING_LIVE = Feed(
    "parking",
    LIVE_MINUTES,
    "json",
    _live_readings,
    _as_is,
    render.parking,
    "observed",
    ("observed",),
    steady=False,
)
KERBSIDE = Feed(
    "kerbside", 10, "json", make_stays, known_stays, render.kerbside, "entry", STAY_EVENTS, steady=False
)
HISTORY = (CASES, ORDERS, REPORTS, LITTERING, FACADE, PARKING, KERBSIDE)
LIVE = (CASES, ORDERS, REPORTS, LITTERING, FACADE, PARKING_LIVE, KERBSIDE)
REACH = {
    "parking": 0,
    "kerbside": (LONGEST_DAYS + 1) * DAY,
}  # seconds in which all happens; others LONGEST_LIFE


def facts(feed: Feed, world: World, *, since: int, until: int) -> pd.DataFrame:
    """Every fact of a feed that may change in [since, until), none from before the history began."""
    reach = REACH.get(feed.name, LONGEST_LIFE * DAY)
    first = max(since - reach, (world.first - 1) * DAY) // SPAN_SECONDS
    frame = feed.make(world, range(first, until // SPAN_SECONDS + 1))
    return frame[(frame[feed.start] >= world.first * DAY) & (frame[feed.start] < until)].reset_index(
        drop=True
    )


def delivery(feed: Feed, frame: pd.DataFrame, *, since: int, at: int, repeat: bool = False) -> bytes | None:
    """What a feed delivers at `at` of the facts that changed since `since`, written out; nothing without news.

    repeat  without news, deliver the newest row again
    """
    part = frame[changed(frame, feed.events, since=since, at=at)]
    if not len(part) and repeat:
        part = newest(frame, feed.events, at=at)
    if not len(part):
        return None
    return feed.write(feed.known(part.reset_index(drop=True), at))
