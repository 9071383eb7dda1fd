"""What arrives while the sample city is live: the story of the history, told on."""

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data.sample.feeds import LITTERING, LIVE, SPAN_SECONDS, Feed, delivery, facts
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


def _waking_episodes(world: World, since: int, until: int) -> pd.DataFrame:
    """One throw where the platform answers in the last slot of the window.

    It forgets what it saw while it was silent: what an intake was not there to hear is lost, and a city that is
    looked at for the first time has a source that fell silent.
    """
    parts = []
    for start in _awake(world, max(since, until - LITTER_SLOT), until):
        draw = stream(world.seed, "episode", start // LITTER_SLOT)
        span = start // SPAN_SECONDS
        seen = LITTERING.make(world, range(span, span + 1))
        one = seen.iloc[[int(draw.integers(len(seen)))]]
        received = start - int(draw.integers(5, 240))
        parts.append(
            one.assign(
                occurred=received - 12, received=received, acknowledged=NEVER, judged=NEVER, resolved=NEVER,
                id=f"V{received}-900",
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _news(world: World, feed: Feed, since: int, until: int) -> bytes | None:
    if feed is LITTERING:
        episodes = _waking_episodes(world, since, until)
        return feed.write(feed.known(episodes, until)) if len(episodes) else None
    frame = facts(feed, world, since=since, until=until)
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
