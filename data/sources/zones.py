"""Local clock times to instants, for whole columns at once.

When clocks go back a local time happens twice: the rule says which one is meant, and such times are counted.
When they go forward an hour is missing: a time inside it is read with the offset that held before, so it lands
as much later as the clocks jumped (02:30 becomes 03:30), as PEP 495 does with fold 0.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

SECOND = 1_000_000  # microseconds
FIRST_YEAR, LAST_YEAR = 1985, 2075  # instants outside take the offset at the edge; they are refused elsewhere
_STEP = timedelta(days=5)


@dataclass(frozen=True)
class _Changes:
    """Changes of a zone's offset: two offsets around each, and the local times between which clocks are odd."""

    low: np.ndarray
    high: np.ndarray
    gap: np.ndarray
    offsets: np.ndarray  # one more than changes


@lru_cache(maxsize=64)
def _changes(key: str) -> _Changes:
    zone = ZoneInfo(key)

    def offset(at: datetime) -> int:
        delta = at.astimezone(zone).utcoffset() or timedelta()
        return round(delta.total_seconds())

    at, end = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
    offsets, instants = [offset(at)], []
    while at < end:
        following = at + _STEP
        if offset(following) != offsets[-1]:
            instants.append(_bisect(offset, at, following))
            offsets.append(offset(following))
        at = following
    change = np.array(instants, dtype=np.int64)
    around = np.array(offsets, dtype=np.int64)
    before, after = change + around[:-1], change + around[1:]
    low, high = np.minimum(before, after) * SECOND, np.maximum(before, after) * SECOND
    return _Changes(low, high, before < after, around * SECOND)


def _bisect(offset, low: datetime, high: datetime) -> int:
    """The first second (since 1970, UTC) at which the offset of `high` holds."""
    first, last, new = int(low.timestamp()), int(high.timestamp()), offset(high)
    while last - first > 1:
        middle = (first + last) // 2
        if offset(datetime.fromtimestamp(middle, UTC)) == new:
            last = middle
        else:
            first = middle
    return last


def to_utc(local: np.ndarray, zone: ZoneInfo, *, fold: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Instants of local clock times.

    local    microseconds since 1970-01-01 on the local clock (int64)
    fold     "first" or "second": which instant a time means that happens twice
    returns  instants in microseconds UTC; masks of the times that happen twice and of those that never happen
    """
    changes = _changes(zone.key)
    if not len(changes.low):
        none = np.zeros(len(local), dtype=bool)
        return local - changes.offsets[0], none, none
    index = np.searchsorted(changes.high, local, side="right")  # changes wholly passed
    nearest = np.minimum(index, len(changes.high) - 1)
    odd = (index < len(changes.high)) & (local >= changes.low[nearest])
    gap = odd & changes.gap[nearest]
    folded = odd & ~changes.gap[nearest]
    if fold == "second":
        index = index + folded
    return local - changes.offsets[index], folded, gap
