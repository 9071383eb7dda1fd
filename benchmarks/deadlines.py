"""Deadlines of a million cases by working hours and days.

python benchmarks/deadlines.py [CASES]      default 1,000,000
"""

import sys
import time
from pathlib import Path

import numpy as np

from data.calendar import Calendar, Limit
from data.holidays import first_of, seeded
from data.settings import parse_settings

LIMITS = (
    Limit(2, "hours"),
    Limit(4, "working hours"),
    Limit(5, "working days"),
    Limit(5, "working days in hours"),
    Limit(15, "days"),
)


def main(count: int) -> None:
    """Print seconds with the calendar made anew, and with the one at hand."""
    own = parse_settings({"levels": ["grid"]}, folder=Path("x"))
    draw = np.random.default_rng(1)
    days = range(first_of(2022), first_of(2027))
    begun = time.perf_counter()
    working = np.array([seeded(day, own)[0] for day in days])
    calendar = Calendar(days.start, working, own.working_time.slots, own)
    low, high = own.day_start(first_of(2023)), own.day_start(first_of(2026))
    start, which = draw.integers(low, high, count), draw.integers(0, len(LIMITS), count)
    stood = np.zeros(count, dtype=np.int64)
    calendar.due(start[:1], LIMITS, which[:1], stood[:1])
    print(f"the calendar of five years: {time.perf_counter() - begun:.2f} s")
    begun = time.perf_counter()
    found = calendar.due(start, LIMITS, which, stood)
    print(f"{count:,} deadlines: {time.perf_counter() - begun:.2f} s, {int((found < 0).sum())} unknown")


if __name__ == "__main__":
    main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 1_000_000)
