"""The past of the sample: what each source delivered, in the order of its arrival.

A delivery holds the facts that changed since the one before, as they stood then; so a case arrives open and comes
again when it is closed, and a category corrected later arrives corrected. One file comes twice, as files do.
"""

from datetime import timedelta
from pathlib import Path

import numpy as np

from data.sample.days import EPOCH
from data.sample.feeds import CASES, HISTORY, LITTERING, ORDERS, PARKING, Feed, delivery, facts
from data.sample.geofiles import write_bytes
from data.sample.moments import DAY, HOUR
from data.sample.render import typed_by_hand
from data.sample.stories import SILENT_HOURS
from data.sample.world import World

# Days before the end at which deliveries come; before the first of them, one every LONG_STEP days.
LAST_STEPS = (45, 30, 14, 7, 3, 1, 0)
FEW_STEPS = (45, 14, 0)
LONG_STEP = 90
TWICE = 7  # the delivery that many days before the end comes a second time, hours later
AGAIN_AFTER = 6 * HOUR

Row = tuple[int, str, str]  # delivered at, source, file


def delivery_moments(world: World, feed: Feed) -> list[int]:
    """Local seconds at which a feed delivers its history; the last one at the end of it."""
    steps = LAST_STEPS if feed.name in ("grid_cases", "hotline_12345", "public_reports") else FEW_STEPS
    early = range(world.days - LONG_STEP, steps[0], -LONG_STEP)
    before = [*early, *(step for step in steps if step < world.days or step == 0)]
    moments = [(world.until - step) * DAY for step in before]
    return [*moments[:-1], moments[-1] - SILENT_HOURS * HOUR] if feed is LITTERING else moments


def _local(moment: int) -> str:
    return str(np.datetime64(int(moment), "s")) + "+08:00"


def _write_feed(world: World, feed: Feed, folder: Path) -> list[Row]:
    start = world.first * DAY
    moments = [moment for moment in delivery_moments(world, feed) if moment > start]
    if not moments:
        return []
    frame = facts(feed, world, since=start, until=moments[-1])
    rows: list[Row] = []
    since = start
    for at in moments:
        body = delivery(feed, frame, since=since, at=at)
        since = at
        if body is None:
            continue
        day = EPOCH + timedelta(days=at // DAY)
        if feed is ORDERS:
            body = typed_by_hand(body, day)
        name = f"{feed.name}-{day:%Y%m%d}.{feed.suffix}"
        path = write_bytes(
            folder / feed.name / name, body, compressed=world.size.compressed or feed is PARKING
        )
        rows.append((at, feed.name, f"{feed.name}/{path.name}"))
        if feed is CASES and at == (world.until - TWICE) * DAY:
            rows.append((at + AGAIN_AFTER, *rows[-1][1:]))
    return rows


def write_history(world: World, folder: Path) -> None:
    """Write `history/<source>/…` and `history/manifest.toml`, the order in which the files came."""
    order = {feed.name: place for place, feed in enumerate(HISTORY)}
    rows = [row for feed in HISTORY for row in _write_feed(world, feed, folder)]
    rows.sort(key=lambda row: (row[0], order[row[1]]))
    text = "# Deliveries in the order they came; a file named twice was delivered twice.\n"
    for at, source, file in rows:
        text += f'\n[[deliveries]]\nsource = "{source}"\nfile = "{file}"\ndelivered_at = {_local(at)}\n'
    (folder / "manifest.toml").write_text(text, encoding="utf-8", newline="\n")
