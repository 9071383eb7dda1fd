"""Spans of time that a delivery speaks for: from its rows and what its source declares of a window."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pandas import DataFrame, Period, Series

from data.sources.snapshot import Snapshot

Span = tuple[int, int]  # microseconds UTC, both inclusive
EVERYTHING: Span = (-(2**63), 2**63 - 1)
CALENDAR = {"day": "D", "month": "M", "year": "Y"}
MINUTE = 60_000_000


class Spans:
    """Gathers what the files of one delivery speak for; each file for itself, so that a gap between two stays open.

    Instants that are absent lie in no span but the one of everything.
    """

    def __init__(self, snapshot: Snapshot, zone: ZoneInfo):
        self.snapshot, self.zone = snapshot, zone
        self._files: list[Span] = []
        self._periods: set[Period] = set()
        self._last = ("", 0)

    def take(self, frame: DataFrame, at: Series) -> None:
        """Note a batch, which is a part of one file: `file` and `row` tell where the next one begins."""
        known = at.dropna()
        if self.snapshot.window == "all" or known.empty:
            return
        if self.snapshot.window in CALENDAR:
            local = known.dt.tz_convert(self.zone).dt.tz_localize(None)
            self._periods |= set(local.dt.to_period(CALENDAR[self.snapshot.window]).unique())
            return
        name, row = str(frame["file"].iloc[0]), int(frame["row"].iloc[0])
        instants = numbers(known)
        low, high = int(instants.min()), int(instants.max())
        if name == self._last[0] and row > self._last[1]:
            before = self._files.pop()
            low, high = min(low, before[0]), max(high, before[1])
        self._files.append((low, high))
        self._last = (name, int(frame["row"].iloc[-1]))

    def found(self) -> list[Span]:
        """The spans, oldest first, none touching another."""
        if self.snapshot.window == "all":
            return [EVERYTHING]
        if self.snapshot.window in CALENDAR:
            return joined([self._whole(period) for period in self._periods])
        if self.snapshot.minutes is not None:
            long = self.snapshot.minutes * MINUTE
            return joined([(high - long + 1, high) for _, high in self._files])
        return joined(self._files)

    def _whole(self, period: Period) -> Span:
        """A local day, month or year from its first to its last microsecond."""
        ends = Series([period.start_time, (period + 1).start_time])
        first, after = numbers(ends.dt.tz_localize(self.zone, ambiguous=True, nonexistent="shift_forward"))
        return int(first), int(after) - 1


def joined(spans: Sequence[Span]) -> list[Span]:
    """Spans in order, those that overlap or touch made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def covered(at: np.ndarray, spans: Sequence[Span]) -> np.ndarray:
    """Which instants lie in one of some spans in order."""
    if not spans:
        return np.zeros(len(at), dtype=bool)
    starts, ends = (np.array(side, dtype=np.int64) for side in zip(*spans, strict=True))
    index = np.searchsorted(starts, at, side="right") - 1
    return (index >= 0) & (at <= ends[index])


def numbers(values: Series) -> np.ndarray:
    """Instants as microseconds, versions as they are; the least number there is where absent."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.as_unit("us").to_numpy(dtype="M8[us]").view(np.int64)
    return values.astype("Int64").to_numpy(dtype=np.int64, na_value=EVERYTHING[0])
