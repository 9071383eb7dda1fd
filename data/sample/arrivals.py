"""What arrives while the sample city is live: the story of the history, told on."""

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data.sample.feeds import LITTERING, LIVE, Feed, delivery, facts
from data.sample.moments import HOUR, NEVER, from_instant
from data.sample.sizes import stream
from data.sample.world import World, read_world

LITTER_SLOT = 10 * 60
LITTER_CHANCE = 1 / 24  # the silent cameras wake up for one slot in every few hours


def _awake(world: World, since: int, until: int) -> list[int]:
    """Starts of the ten-minute slots of a window in which the camera platform answers."""
    slots = range(-(-since // LITTER_SLOT), -(-until // LITTER_SLOT))
    return [
        slot * LITTER_SLOT for slot in slots if stream(world.seed, "awake", slot).random() < LITTER_CHANCE
    ]


def _waking_episodes(world: World, frame: pd.DataFrame, since: int, until: int) -> pd.DataFrame:
    """One throw for every slot in which the platform answers: it forgets what it saw while it was silent."""
    parts = []
    for start in _awake(world, since, until):
        draw = stream(world.seed, "episode", start // LITTER_SLOT)
        one = frame.iloc[[int(draw.integers(len(frame)))]]
        received = start - int(draw.integers(5, 240))
        moved = {"occurred": received - 12, "received": received, "acknowledged": NEVER, "judged": NEVER}
        parts.append(one.assign(**moved, id=f"V{received}-900"))
    return pd.concat(parts, ignore_index=True) if parts else frame.iloc[:0]


def _news(world: World, feed: Feed, since: int, until: int) -> bytes | None:
    frame = facts(feed, world, since=since, until=until)
    if feed.name == LITTERING.name:
        episodes = _waking_episodes(world, frame, since, until)
        return feed.write(feed.known(episodes, until)) if len(episodes) else None
    due = since // (feed.minutes * 60) < until // (feed.minutes * 60)
    return delivery(feed, frame, since=since, at=until, repeat=feed.steady and due)


def _put(path: Path, body: bytes) -> Path:
    """Write under another name first, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(body)
    os.replace(part, path)
    return path


def arrivals(folder: Path, *, since: datetime, until: datetime) -> list[Path]:
    """Put what the sources deliver in a window into `folder/inbox/<source>/`.

    folder        a folder made by `write_sample`; nothing is delivered of the time before its history ends
    since, until  aware instants; the window is [since, until), in whole seconds
    returns       the files written, none for a source without news; the same window gives the same files
    """
    world = read_world(folder)
    start = max(from_instant(since), world.until * 24 * HOUR)
    end = from_instant(until)
    if end <= start:
        return []
    stamp = "-".join(
        str(np.datetime64(moment, "s")).replace("-", "").replace(":", "") for moment in (start, end)
    )
    written = []
    for feed in LIVE:
        body = _news(world, feed, start, end)
        if body is not None:
            written.append(_put(folder / "inbox" / feed.name / f"{feed.name}-{stamp}.{feed.suffix}", body))
    return written
