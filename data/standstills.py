"""What suspensions and extensions make of a due date.

A suspension (挂账) counts where it begins while the clock runs: after the start and before what is due by then, so that
one that comes too late mends nothing. Extensions prolong what the limit gives, one after another, on clocks of their
own. A suspension that lasts leaves no date; the end of the fact ends it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.calendar import UNKNOWN, Calendar, Limit
from data.limits import read_limit
from data.sources.spells import spans_of

LASTING = -2  # a date there will be when the suspension is over


class Standing(NamedTuple):
    """A clock: the instant it began, the instant the fact ended (-1: not yet), suspensions as they were told."""

    start: int
    ended: int
    told: object


def prolonged(days: Calendar, limit: Limit, clock: Standing, extensions: Sequence[str]) -> int:
    """When a limit runs out after suspensions and extensions; UNKNOWN, or LASTING while a suspension does."""
    more = [
        read_limit(text, by_hours=limit.unit == "working days in hours") for text in extensions
    ]  # as they were when they came in
    stood, due = 0, _due(days, limit, clock.start, 0, more)
    for begin, end in spans_of(clock.told) if isinstance(clock.told, str) else []:
        if due == UNKNOWN or begin > due:
            break
        if end is None and clock.ended < 0:
            return LASTING
        until = clock.ended if end is None else end
        stood += _stood(days, limit, max(begin, clock.start), until)
        due = _due(days, limit, clock.start, stood, more)
    return due


def _due(days: Calendar, limit: Limit, start: int, stood: int, more: Sequence[Limit]) -> int:
    due = start
    for number, each in enumerate((limit, *more)):
        still = np.array([stood if number == 0 else 0], dtype=np.int64)
        due = int(days.due(np.array([due], dtype=np.int64), [each], np.zeros(1, dtype=np.int64), still)[0])
    return due


def _stood(days: Calendar, limit: Limit, begin: int, end: int) -> int:
    """Time that stood still, inside the days the calendar has."""
    first, last = (
        days.settings.day_start(days.first),
        days.settings.day_start(days.first + len(days.working)) - 1,
    )
    ends = np.clip(np.array([begin, max(end, begin)], dtype=np.int64), first, last)
    return int(days.stood_still(ends[:1], ends[1:], limit.unit)[0])
