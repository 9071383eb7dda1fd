"""Working days, seasons and weather of the sample: what makes one day unlike another."""

from datetime import date, timedelta

import chinese_calendar
import numpy as np
import pandas as pd

from data.holidays import known_years
from data.sample.sizes import stream
from data.sample.stories import TYPHOON_DAYS, TYPHOON_FIRST

EPOCH = date(1970, 1, 1)
RAINY_MONTHS = np.array([0.28, 0.30, 0.36, 0.36, 0.37, 0.46, 0.40, 0.40, 0.34, 0.25, 0.27, 0.25])


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def is_workday(day: int) -> bool:
    """Whether offices work on an epoch day: holidays and adjusted days where they are known, else Monday to Friday."""
    moment = EPOCH + timedelta(days=day)
    try:
        return bool(chinese_calendar.is_workday(moment))
    except NotImplementedError:  # a year whose holidays are not announced yet
        return moment.weekday() < 5


def unknown_years(first: int, end: int) -> list[int]:
    """Years of the range [first, end) of epoch days for which plain weekdays had to stand in."""
    years = {(EPOCH + timedelta(days=day)).year for day in range(first, end)}
    return sorted(years - known_years())


def _rain(first: int, end: int, *, seed: int) -> np.ndarray:
    """Millimetres of rain a day, drawn week by week so that a day never depends on the range asked for."""
    weeks = range(first // 7, (end - 1) // 7 + 1)
    amounts = []
    for week in weeks:
        draw = stream(seed, "rain", week)
        month = [(EPOCH + timedelta(days=week * 7 + k)).month for k in range(7)]
        wet = draw.random(7) < RAINY_MONTHS[np.array(month) - 1]
        amounts.append(np.where(wet, draw.gamma(0.9, 11.0, 7), 0.0))
    return np.concatenate(amounts)[first - weeks[0] * 7 :][: end - first].round(1)


def day_table(first: int, end: int, *, seed: int, until: int) -> pd.DataFrame:
    """One row per epoch day of [first, end): day, month (1-12), weekday (0 Monday), workday, holiday, rain, storm."""
    days = np.arange(first, end)
    moments = [EPOCH + timedelta(days=int(day)) for day in days]
    weekday = np.array([moment.weekday() for moment in moments])
    workday = np.array([is_workday(int(day)) for day in days])
    storm = (days >= until + TYPHOON_FIRST) & (days < until + TYPHOON_FIRST + TYPHOON_DAYS)
    rain = _rain(first, end, seed=seed)
    return pd.DataFrame(
        {
            "day": days,
            "month": [moment.month for moment in moments],
            "weekday": weekday,
            "workday": workday,
            "holiday": ~workday & (weekday < 5),
            "rain": np.where(storm, rain + 85.0, rain),
            "storm": storm,
        }
    )


def workday_after(day: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The `count`-th working day after each epoch day (a limit of working days starts the next day)."""
    if not len(day):
        return day
    first = int(day.min())
    span = np.arange(first, int(day.max()) + 80)
    working = span[[is_workday(int(one)) for one in span]]
    passed = np.searchsorted(working, day, side="right")
    return working[passed + count - 1]
