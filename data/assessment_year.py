"""What `linli.toml` says of the assessment: the day its year starts, how it compares, the targets below all records."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from data.indicators import INDICATORS

KEYS = ("year_start", "compare")
COMPARE = ("working-days", "days")  # by what an elapsed part is matched with an earlier one
LAST_DAY = 28  # the last that every month has, so that each year and each quarter of it has its first day
_START = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])\Z")


@dataclass(frozen=True)
class YearStart:
    """The day of the calendar an assessment year starts on; a year is called after the one it ends in."""

    month: int = 1
    day: int = 1

    @property
    def calendar(self) -> bool:
        """Whether it is the calendar year."""
        return (self.month, self.day) == (1, 1)

    def first(self, day: date) -> date:
        """First day of the assessment year a day lies in."""
        own = date(day.year, self.month, self.day)
        return own if own <= day else own.replace(year=day.year - 1)


def months_on(day: date, months: int) -> date:
    """The same day some months on, or the last the month has."""
    at = day.year * 12 + day.month - 1 + months
    year, month = at // 12, at % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def read_year_start(table: Mapping) -> YearStart:
    """The table `assessment`. Raises ValueError."""
    for name in table:
        if name not in KEYS:
            raise ValueError(f"assessment: got '{name}'; expected one of {', '.join(KEYS)}")
    given = table.get("year_start", "01-01")
    found = _START.match(given) if isinstance(given, str) else None
    if not found:
        raise ValueError(
            f'assessment.year_start: got {given!r}; expected a month and a day up to {LAST_DAY}, such as "11-01"'
        )
    return YearStart(int(found[1]), int(found[2]))


def read_compare(table: Mapping) -> str:
    """What the table `assessment` says of comparing. Raises ValueError."""
    given = table.get("compare", COMPARE[0])
    if given not in COMPARE:
        raise ValueError(f"assessment.compare: got {given!r}; expected one of {', '.join(COMPARE)}")
    return str(given)


def read_targets(table: Mapping) -> dict[str, float]:
    """The table `targets`: values by indicator. Raises ValueError."""
    for name, value in table.items():
        if name not in INDICATORS:
            raise ValueError(f"targets: got '{name}'; expected one of {', '.join(INDICATORS)}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"targets.{name}: got {value!r}; expected a number")
    return {name: float(value) for name, value in table.items()}
