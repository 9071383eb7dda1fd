"""Parking stays as the indicators see them: cut at local midnights, with the spaces of their lot told once a day.

A stay without exit is open: it holds its space until it ends, at most so long as a stay is believed
(`LONGEST_STAY`); so is what a longer one counts, which as a rule is an exit nobody recorded. What an open stay holds
after the present is taken away again where the running day is asked about (`data.running`).

A lot has no rows of its own, so the first stay that stood in it on a day brings the day's spaces with it. A day
without any stay is therefore in no base: an empty lot and a silent gate look alike.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

if TYPE_CHECKING:
    from data.facts import DayLine

LONGEST_STAY = 72 * 3_600_000_000
SECOND = 1_000_000


def finish_stays(frame: DataFrame, line: "DayLine", *, allowed: float | None) -> DataFrame:
    """Rows of stays become one row per stay and local day it touches.

    allowed  minutes a stay may last where its lot says nothing; None: no verdict then
    returns  with parked_on, parked_seconds, began (instant the part begins), told (1: its lot's spaces are known),
             spaces and space_seconds (of the lot's day, on one of its rows); on the row in which a stay of a
             believable length ends: completed 1, stay_seconds, judged and overstayed 1 or 0; exit_on
    """
    frame = frame[frame["valid"] & (frame["entry_at"] >= 0)]
    frame = frame.sort_values(["source_id", "lot", "entry_at", "rev"], kind="stable")
    start, leave = frame["entry_at"].to_numpy(), frame["exit_at"].to_numpy()
    last = start + LONGEST_STAY
    end = np.where(leave >= 0, np.clip(leave, start, last), last)
    whole = _completed(frame, start, leave, allowed)
    return _with_spaces(pd.concat(_by_day(whole, start, end, line), ignore_index=True), line)


def ahead(parts: DataFrame, now: int) -> Series:
    """Seconds of each part that lie after an instant, of stays that are open; 0 of the others."""
    seconds = parts["parked_seconds"]
    passed = ((now - parts["began"]) // SECOND).clip(lower=0)
    return (seconds - passed).clip(lower=0).where(parts["exit_on"] < 0, 0)


def _completed(frame: DataFrame, start: np.ndarray, leave: np.ndarray, allowed: float | None) -> DataFrame:
    """What a stay tells when it has ended."""
    done = (leave >= start) & (leave - start <= LONGEST_STAY)
    seconds = np.where(done, (leave - start) // SECOND, 0)
    own = frame["allowed_minutes"].to_numpy(dtype=float)
    limit = np.where(own >= 0, own, -1.0 if allowed is None else allowed)
    judged = done & (limit >= 0)
    return frame.assign(
        completed=done.astype(np.int64), stay_seconds=seconds, judged=judged.astype(np.int64),
        overstayed=(judged & (seconds > limit * 60)).astype(np.int64),
        told=(frame["capacity"] > 0).astype(np.int64),
    )  # fmt: skip


def _by_day(frame: DataFrame, start: np.ndarray, end: np.ndarray, line: "DayLine") -> list[DataFrame]:
    """Parts of stays by local day; what is told of an ended stay stands on its last part."""
    parts: list[DataFrame] = []
    day = line.day(start)
    while len(frame) or not parts:
        midnight = line.start(day + 1)
        stop = np.minimum(end, midnight)
        more = end > midnight
        part = frame.assign(parked_on=day, began=start, parked_seconds=(stop - start) // SECOND)
        for name in ("completed", "stay_seconds", "judged", "overstayed"):
            part[name] = np.where(more, 0, frame[name])
        parts.append(part)
        frame, start, end, day = frame[more], midnight[more], end[more], day[more] + 1
    return parts


def _with_spaces(parts: DataFrame, line: "DayLine") -> DataFrame:
    """Spaces of each lot and day, on the first of its stays that tells them."""
    day = parts["parked_on"].to_numpy()
    seconds = (line.start(day + 1) - line.start(day)) // SECOND
    order = parts.sort_values(["entry_at", "rev"], kind="stable")
    order = order[order["told"] == 1]
    first = order.index[~order.duplicated(["source_id", "lot", "parked_on"])]
    spaces = np.zeros(len(parts), dtype=np.int64)
    spaces[first] = parts.loc[first, "capacity"]
    return parts.assign(spaces=spaces, space_seconds=spaces * seconds)
