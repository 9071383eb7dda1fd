"""Instants of the sample: whole seconds of the city's own clock since 1970-01-01 00:00 there.

The sample lives in Asia/Shanghai, which has had no summer time since 1991, so local seconds order and subtract
like instants. NEVER stands for what does not happen.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

DAY = 86_400
HOUR = 3_600
NEVER = np.int64(2**60)
OFFSET = 8 * HOUR
# Everything that will ever happen to a fact happens within this many days of its beginning.
LONGEST_LIFE = 56
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_instant(moment: datetime) -> int:
    """Local seconds of an aware instant, fractions dropped."""
    return (moment - _EPOCH) // timedelta(seconds=1) + OFFSET


def as_known(values: pd.Series | np.ndarray, at: int) -> np.ndarray:
    """What was known of instants at `at`: what had not happened yet becomes NEVER."""
    moments = np.asarray(values)
    return np.where(moments < at, moments, NEVER)


def changed(frame: pd.DataFrame, columns: tuple[str, ...], *, since: int, at: int) -> np.ndarray:
    """Rows to which any of the named events happened in [since, at)."""
    events = frame[list(columns)].to_numpy()
    return np.any((events >= since) & (events < at), axis=1)


def newest(frame: pd.DataFrame, columns: tuple[str, ...], *, at: int) -> pd.DataFrame:
    """The one row that changed last before `at`; no row if nothing happened yet."""
    events = frame[list(columns)].to_numpy()
    last = np.where(events < at, events, -1).max(axis=1, initial=-1)
    return frame.iloc[[int(last.argmax())]] if len(last) and last.max() >= 0 else frame.iloc[:0]


def stamps(moments: np.ndarray) -> np.ndarray:
    """`datetime64[s]`, not-a-time where NEVER."""
    return np.where(moments >= NEVER, np.datetime64("NaT"), moments.astype("datetime64[s]"))


def texts(moments: np.ndarray) -> np.ndarray:
    """ISO 8601 with the offset of the city; empty where NEVER."""
    written = np.char.add(np.datetime_as_string(moments.astype("datetime64[s]"), unit="s"), "+08:00")
    return np.where(moments >= NEVER, "", written)
