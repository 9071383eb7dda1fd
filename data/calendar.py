"""Time as offices count it: working days and hours, and the deadlines they give.

There are two clocks. The continuous one runs day and night (紧急); the working one stands still outside the slots of
working days. A calendar says of each local day whether it is one, or that nobody knows yet: a deadline that would
have to cross a day nobody knows is `UNKNOWN`, never guessed.

Periods of hours begin at once, periods of days on the following day; a last day on which nobody works moves on to the
next working day (Civil Code arts. 201 to 203). A working day is counted to the end of the last day, as hotlines do, or
as its hours from the minute, as some case systems do: the limit says which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Literal

import numpy as np

from data.settings import EPOCH_DAY, Settings

UNKNOWN = -1  # an instant that cannot be told
DAY = 86_400_000_000
MINUTES_A_DAY = 1_440
MICROSECONDS = {"minutes": 60_000_000, "hours": 3_600_000_000, "working hours": 3_600_000_000}
Unit = Literal["minutes", "hours", "days", "working hours", "working days", "working days in hours"]


@dataclass(frozen=True)
class Limit:
    """How long something may take.

    unit  minutes, hours: around the clock; days: to the end of the last day, or of the working day that follows it;
          working hours: inside the slots; working days: to the end of the last of them; working days in hours: as
          many hours inside the slots as such days have
    """

    amount: float
    unit: Unit


@dataclass(frozen=True)
class Calendar:
    """The days of an instance from `first` on (days since 1970-01-01), and the hours worked on a working day.

    working  1 a working day, 0 none, -1 not known
    slots    minutes after midnight at which work begins and ends, ascending
    zone     as `Settings` has it: what turns a local day into instants
    """

    first: int
    working: np.ndarray
    slots: tuple[tuple[int, int], ...]
    settings: Settings

    def due(
        self, start: np.ndarray, limits: Sequence[Limit], which: np.ndarray, stood: np.ndarray
    ) -> np.ndarray:
        """When the limits run out.

        start    instants, microseconds UTC; -1 where absent
        which    of each start the number of its limit; -1 where it has none
        stood    microseconds for which the clock stood still (`stood_still`), by the same clock as the limit
        returns  instants, microseconds UTC; `UNKNOWN` where there is no start or limit, or a day is not known
        """
        found = np.full(len(start), UNKNOWN, dtype=np.int64)
        for number, limit in enumerate(limits):
            mine = np.flatnonzero((which == number) & (start >= 0))
            if len(mine):
                found[mine] = self._due(start[mine], limit, stood[mine])
        return found

    def stood_still(self, begin: np.ndarray, end: np.ndarray, unit: Unit) -> np.ndarray:
        """What a suspension (挂账) from one instant to another adds to a limit, in microseconds of its clock.

        Of days it adds whole ones: those that passed between the day it began and the day it ended.
        """
        if unit in ("minutes", "hours"):
            return np.maximum(end - begin, 0)
        if unit in ("working hours", "working days in hours"):
            return np.maximum(self._worked(end) - self._worked(begin), 0)
        first, last = self._day(begin), self._day(end)
        passed = (
            self._counted[last + 1] - self._counted[first + 1] if unit == "working days" else last - first
        )
        return np.maximum(passed, 0) * DAY

    def shifts(self, day: int) -> list[tuple[int, int]]:
        """Begin and end of work on a day (days since 1970-01-01), as instants; none unless it is a working day."""
        at = day - self.first
        if not 0 <= at < len(self.working) or self.working[at] != 1:
            return []
        return [(self._clock(day, begin), self._clock(day, end)) for begin, end in self.slots]

    def _due(self, start: np.ndarray, limit: Limit, stood: np.ndarray) -> np.ndarray:
        if limit.unit in ("minutes", "hours"):
            return start + int(limit.amount * MICROSECONDS[limit.unit]) + stood
        day = self._day(start)
        inside = (day >= 0) & (day < len(self.working))
        day = np.clip(day, 0, len(self.working) - 1)
        if limit.unit == "days":
            last = day + int(limit.amount) + stood // DAY
            end = self._end_of(self._next_working(last))
        elif limit.unit == "working days":
            end = self._end_of(self._days_on(day, int(limit.amount) + stood // DAY))
        else:
            hours = limit.amount * (self._hours_a_day if limit.unit == "working days in hours" else 1)
            end = self._instant(self._worked(start) + int(hours * MICROSECONDS["hours"]) + stood)
        return np.where(inside & (end >= 0) & ~self._crosses(day, end), end, UNKNOWN)

    # The days

    @cached_property
    def _midnights(self) -> np.ndarray:
        """First instant of each day, and of the one after the last."""
        days = range(self.first, self.first + len(self.working) + 1)
        return np.fromiter((self.settings.day_start(day) for day in days), dtype=np.int64)

    @cached_property
    def _counted(self) -> np.ndarray:
        """Working days before each day."""
        return np.concatenate([[0], np.cumsum(self.working == 1)])

    @cached_property
    def _open(self) -> np.ndarray:
        """The working days, by their number from `first` on."""
        return np.flatnonzero(self.working == 1)

    @cached_property
    def _unknown(self) -> np.ndarray:
        """Unknown days before each day."""
        return np.concatenate([[0], np.cumsum(self.working < 0)])

    def _day(self, instants: np.ndarray) -> np.ndarray:
        """Number of the day of each instant from `first` on; -1 before, and past the last one after it."""
        return np.searchsorted(self._midnights, instants, side="right") - 1

    def _days_on(self, day: np.ndarray, count: np.ndarray) -> np.ndarray:
        """The count-th working day after a day; one past the last where there is none."""
        at = self._counted[day + 1] + count - 1
        return np.append(self._open, len(self.working))[np.clip(at, 0, len(self._open))]

    def _next_working(self, day: np.ndarray) -> np.ndarray:
        """The day itself where it is a working day, else the next; one past the last where there is none."""
        at = np.searchsorted(self._open, day, side="left")
        return np.append(self._open, len(self.working))[at]

    def _end_of(self, day: np.ndarray) -> np.ndarray:
        """The last instant of a day that a limit allows: midnight, which the next day no longer has."""
        return np.where(
            day < len(self.working), self._midnights[np.minimum(day, len(self.working) - 1) + 1] - 1, -1
        )

    def _crosses(self, day: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Whether a day from the first to that of the end is not known."""
        last = np.clip(self._day(end), 0, len(self.working) - 1)
        return self._unknown[last + 1] > self._unknown[day]

    # The hours

    @property
    def _hours_a_day(self) -> float:
        return sum(end - begin for begin, end in self.slots) / 60

    @cached_property
    def _spans(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Begin and end of every slot of every working day, and the working time before it (one entry more)."""
        edges = [
            [self._clock(self.first + int(day), minute) for minute in slot]
            for day in self._open
            for slot in self.slots
        ]
        begin, end = np.array(edges, dtype=np.int64).reshape(-1, 2).T
        return begin, end, np.concatenate([[0], np.cumsum(end - begin)])

    def _clock(self, day: int, minute: int) -> int:
        """The instant at which clocks show a minute of a day, also on days that are not 24 hours long."""
        if minute == MINUTES_A_DAY:
            return self.settings.day_start(day + 1)
        shown = datetime.combine(EPOCH_DAY + timedelta(days=day), time(minute // 60, minute % 60))
        return int(shown.replace(tzinfo=self.settings.timezone).timestamp()) * 1_000_000

    def _worked(self, instants: np.ndarray) -> np.ndarray:
        """Working time from the first day to each instant."""
        begin, end, before = self._spans
        if not len(begin):
            return np.zeros(len(instants), dtype=np.int64)
        at = np.maximum(np.searchsorted(begin, instants, side="right") - 1, 0)
        return before[at] + np.clip(instants - begin[at], 0, end[at] - begin[at])

    def _instant(self, worked: np.ndarray) -> np.ndarray:
        """The first instant by which so much time was worked; -1 where there never was."""
        begin, _, before = self._spans
        if not len(begin):
            return np.full(len(worked), UNKNOWN, dtype=np.int64)
        at = np.searchsorted(before[1:], worked, side="left")
        held = np.minimum(at, len(begin) - 1)
        return np.where(at < len(begin), begin[held] + worked - before[held], UNKNOWN)
