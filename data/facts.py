"""Facts as the indicators see them: instants, local days, words as text, and what a fact is worth.

`prepare` is the one door between stored rows and indicator callables; the fast tally, the plain rollup and the
specifications all pass through it, so that a definition is written once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from data.defining import MINUTE, delivered
from data.indicators import INDICATORS, of_subject
from data.schema import FACT_COLUMNS
from data.settings import Settings
from data.stays import LONGEST_STAY, finish_stays
from data.working_time import STAY, TIMERS

EPISODE_GAP = 10 * 60_000_000  # repeats of one device within ten minutes are one episode
DEFAULT_RHYTHM_MINUTES = 30.0
FALSE_STATES = ("false_alarm", "duplicate")
DAY_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True)
class Promises:
    """What the sources promise.

    rhythms  minutes between deliveries, by source id, where declared
    lacking  field -> ids of the sources that never deliver it
    """

    rhythms: Mapping[int, float] = field(default_factory=dict)
    lacking: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def longest(self) -> float:
        """The longest rhythm, in minutes."""
        return max([*self.rhythms.values(), DEFAULT_RHYTHM_MINUTES])

    @property
    def counted(self) -> list:
        """What of them the sums hang on, in a stable order."""
        needed = sorted({name for entry in INDICATORS.values() for name in entry.needs})
        return [sorted(self.rhythms.items()), [[name, sorted(self.lacking.get(name, ()))] for name in needed]]


@dataclass(frozen=True)
class DayLine:
    """The local days of an instance over a span of time: the first instant of each, in microseconds UTC."""

    first: int
    starts: np.ndarray

    @classmethod
    def covering(cls, settings: Settings, low: int, high: int) -> "DayLine":
        """Days that cover the instants `low`..`high` (microseconds UTC)."""
        first = low // DAY_MICROSECONDS - 2
        last = high // DAY_MICROSECONDS + 2
        starts = np.fromiter((settings.day_start(day) for day in range(first, last + 2)), dtype=np.int64)
        return cls(first, starts)

    def day(self, instants: np.ndarray) -> np.ndarray:
        """Local day of each instant (int32); -1 where the instant is absent (-1)."""
        days = np.searchsorted(self.starts, instants, side="right").astype(np.int32) - 1 + self.first
        return np.where(instants >= 0, days, np.int32(-1))

    def start(self, days: np.ndarray) -> np.ndarray:
        """First instant of each local day."""
        return self.starts[days - self.first]


def prepare(rows: DataFrame, subject: str, settings: Settings, *, promises: Promises) -> DataFrame:
    """Stored rows become the frame the indicators read.

    rows     place, rev, source_id, withdrawn, flags and the columns of the subject; instants in microseconds,
             counts as they are, texts 1, all -1 where absent; words as text (categorical)
    returns  the same rows (readings: one row per reading and local day it covers) with `*_on` days (-1: absent),
             `valid`, `delivers_*` of the fields indicators need, and per subject: overdue_on, overdue_left_on,
             left_on, due_or_reported_on, filing_limit, dispatch_limit (microseconds); occupied_seconds,
             available_seconds; told_at, settled_at, settled_on; of stays see `data.stays`
    """
    frame = rows.copy(deep=False)
    instants = [name for name, kind in FACT_COLUMNS[subject].items() if kind == "at" and name in frame]
    line = _day_line(frame, instants, settings)
    for name in instants:
        frame[name.removesuffix("_at") + "_on"] = line.day(frame[name].to_numpy())
    frame["valid"] = ~frame["withdrawn"].to_numpy(dtype=bool)
    if "set_aside" in frame:  # cases and orders of a store; a specification knows no office that decides
        frame["valid"] &= ~frame["set_aside"]
    for name in {name for entry in of_subject(subject) for name in entry.needs}:
        frame[delivered(name)] = ~frame["source_id"].isin(promises.lacking.get(name, ()))
    if subject == "cases":
        return _finish_cases(frame, settings)
    if subject == "parking":
        return _finish_parking(frame, line, promises.rhythms)
    if subject == "stays":
        return finish_stays(frame, line, allowed=settings.timers.get(STAY))
    return _finish_alerts(frame) if subject == "alerts" else _finish_orders(frame)


def _day_line(frame: DataFrame, instants: list[str], settings: Settings) -> DayLine:
    present = [values[values >= 0] for values in (frame[name].to_numpy() for name in instants)]
    present = [values for values in present if len(values)]
    if not present:
        return DayLine.covering(settings, 0, 0)
    ends = max(v.max() for v in present) + LONGEST_STAY + DAY_MICROSECONDS
    return DayLine.covering(settings, min(v.min() for v in present), ends)


def _finish_cases(frame: DataFrame, settings: Settings) -> DataFrame:
    reported, due, closed = (frame[f"{name}_on"].to_numpy() for name in ("reported", "due", "closed"))
    frame["valid"] &= ~(frame["voided"] == 1)
    late = (due >= 0) & ((closed < 0) | (frame["closed_at"] > frame["due_at"]).to_numpy())
    frame["left_on"] = np.where(closed >= 0, np.maximum(closed, reported), -1)
    frame["overdue_on"] = np.where(late, np.maximum(due, reported), -1)
    frame["overdue_left_on"] = np.where(late & (closed >= 0), np.maximum(closed, frame["overdue_on"]), -1)
    frame["due_or_reported_on"] = np.where(due >= 0, due, reported)
    for step in TIMERS:
        frame[f"{step}_limit"] = int(settings.timers[step] * MINUTE)
    return frame


def _finish_orders(frame: DataFrame) -> DataFrame:
    frame["valid"] &= frame["excluded"] < 0
    return frame


def _finish_alerts(frame: DataFrame) -> DataFrame:
    """Repeats of one device fold into the first alert of an episode; false alarms are no episode."""
    told = frame["received_at"].where(frame["received_at"] >= 0, frame["occurred_at"])
    frame["told_at"] = told
    done, resolved = frame["resolved_on"].to_numpy(), frame["resolved_at"].to_numpy()
    frame["settled_at"] = np.where(resolved >= 0, resolved, frame["closed_at"])
    settled = np.where(resolved >= 0, done, frame["closed_on"])
    frame["settled_on"] = np.where(settled >= 0, np.maximum(settled, frame["occurred_on"]), -1)
    frame["valid"] &= ~frame["state"].isin(FALSE_STATES)
    live = frame[frame["valid"]].sort_values(["occurred_at", "key"])
    gap = live.groupby(["source_id", "kind", "device"], observed=True, dropna=True)["occurred_at"].diff()
    repeats = live.index[gap.notna() & (gap <= EPISODE_GAP)]
    frame.loc[repeats, "valid"] = False
    return frame


def _finish_parking(frame: DataFrame, line: DayLine, rhythms: Mapping[int, float]) -> DataFrame:
    """Space-seconds of each reading: it holds until the lot's next one, at most twice its source's rhythm."""
    frame = frame[frame["valid"]].sort_values(["source_id", "lot", "observed_at"], kind="stable")
    start = frame["observed_at"].to_numpy()
    same = (frame["lot"].cat.codes.diff(-1) == 0) & (frame["source_id"].diff(-1) == 0)
    following = np.where(same, np.append(start[1:], 0), np.iinfo(np.int64).max)
    rhythm = frame["source_id"].map(dict(rhythms)).fillna(DEFAULT_RHYTHM_MINUTES).to_numpy(dtype=float)
    end = np.minimum(following, start + (rhythm * 2 * 60_000_000).astype(np.int64))
    return pd.concat(_by_day(frame, start, end, line), ignore_index=True)


def _by_day(frame: DataFrame, start: np.ndarray, end: np.ndarray, line: DayLine) -> list[DataFrame]:
    """Cut spans at local midnights and weigh them in whole seconds."""
    parts = []
    day = line.day(start)
    while len(frame):
        midnight = line.start(day + 1)
        stop = np.minimum(end, midnight)
        seconds = (stop - start) // 1_000_000
        spaces = frame["capacity"].clip(lower=0) - frame["out_of_service"].clip(lower=0)
        part = frame.assign(
            observed_on=day,
            occupied_seconds=(frame["occupied"].clip(lower=0) * seconds).astype("int64"),
            available_seconds=(spaces.clip(lower=0) * seconds).astype("int64"),
        )
        parts.append(part[(frame["occupied"] >= 0) & (spaces > 0)])
        more = end > midnight
        frame, start, end, day = frame[more], midnight[more], end[more], day[more] + 1
    return parts or [
        frame.assign(occupied_seconds=Series(dtype="int64"), available_seconds=Series(dtype="int64"))
    ]
