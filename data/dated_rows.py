"""Rows of a list that hold from one day to another: targets and composites."""

from datetime import date, timedelta

from data.schema import FOREVER
from data.settings import EPOCH_DAY


class Dated:
    """A row with its days: `start` the first, `end` the first it holds no more, as days since 1970-01-01."""

    start: int
    end: int

    @property
    def first_on(self) -> date:
        """The first day it holds."""
        return EPOCH_DAY + timedelta(days=self.start)

    @property
    def end_on(self) -> date | None:
        """The first day it holds no more; None while open."""
        return None if self.end == FOREVER else EPOCH_DAY + timedelta(days=self.end)

    def holds(self, day: int) -> bool:
        """Whether it holds on a day."""
        return self.start <= day < self.end
