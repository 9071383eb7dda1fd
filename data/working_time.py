"""When an office works, and how long the first steps of a case may take: two tables of `linli.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TIMERS = {"filing": 15.0, "dispatch": 15.0}  # minutes a step of a grid case may take, unless an instance says
STAY = "stay"  # a timer without a usual length: minutes a car may stand where its lot says nothing
WEEK_MINUTES = 7 * 24 * 60
HOLIDAYS = ("china", "none")
CHINA = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Asia/Chongqing",
    "Asia/Harbin",
    "PRC",
)  # zones whose holidays are China's
KEYS = ("slots", "week", "holidays", "days")
COUNTINGS = ("end of day", "hours")  # how limits of working days are counted
_SLOT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)\Z")


@dataclass(frozen=True)
class WorkingTime:
    """The hours of a working day and the days of the week that are working days.

    slots    minutes after midnight at which work begins and ends, ascending
    week     days of the week, 1 Monday to 7 Sunday
    chinese  whether the holidays and exchanged days of China move them
    by_hours whether a working day of a limit is its hours from the minute, not the end of the last day
    """

    slots: tuple[tuple[int, int], ...] = ((480, 720), (840, 1080))
    week: tuple[int, ...] = (1, 2, 3, 4, 5)
    chinese: bool = True
    by_hours: bool = False


def read_working_time(table: Mapping, *, zone: str) -> WorkingTime:
    """The table `working_time`; without holidays named they are China's in the zones of China. Raises ValueError."""
    for name in table:
        if name not in KEYS:
            raise ValueError(f"working_time: got '{name}'; expected one of {', '.join(KEYS)}")
    usual = WorkingTime()
    holidays = table.get("holidays", "china" if zone in CHINA else "none")
    if holidays not in HOLIDAYS:
        raise ValueError(f"working_time.holidays: got {holidays!r}; expected one of {', '.join(HOLIDAYS)}")
    week = table.get("week", list(usual.week))
    if not isinstance(week, list) or not week or any(day not in range(1, 8) for day in week):
        raise ValueError(f"working_time.week: got {week!r}; expected days from 1 (Monday) to 7")
    slots = _slots(table["slots"]) if "slots" in table else usual.slots
    days = table.get("days", COUNTINGS[0])
    if days not in COUNTINGS:
        raise ValueError(f"working_time.days: got {days!r}; expected one of {', '.join(COUNTINGS)}")
    return WorkingTime(slots, tuple(sorted(set(week))), holidays == "china", days == "hours")


def _slots(given: object) -> tuple[tuple[int, int], ...]:
    wrong = ValueError(
        f'working_time.slots: got {given!r}; expected times such as "08:00-12:00", one after another'
    )
    if not isinstance(given, list) or not given:
        raise wrong
    slots: list[tuple[int, int]] = []
    for text in given:
        found = _SLOT.match(text) if isinstance(text, str) else None
        if not found:
            raise wrong
        begin, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
        if begin >= end or end > 1440 or (slots and begin < slots[-1][1]):
            raise wrong
        slots.append((begin, end))
    return tuple(slots)


def read_timers(table: Mapping) -> dict[str, float]:
    """The table `timers`: minutes by step. Raises ValueError."""
    for name, value in table.items():
        if name not in (*TIMERS, STAY):
            raise ValueError(f"timers: got '{name}'; expected one of {', '.join((*TIMERS, STAY))}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= WEEK_MINUTES:
            raise ValueError(f"timers.{name}: got {value!r}; expected minutes, at most {WEEK_MINUTES}")
    return TIMERS | {name: float(value) for name, value in table.items()}
