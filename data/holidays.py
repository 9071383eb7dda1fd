"""Which days are working days before an office says otherwise: the week, and in China the days the State Council names.

The days of China come from `chinesecalendar`, which knows them from 2004 up to the last year announced when it was
released; of any other year nothing is known until the office enters it (`data.calendar_days`). Everywhere else only
the week is known, and holidays are the office's to enter.
"""

from datetime import date, timedelta
from functools import cache

import chinese_calendar
from chinese_calendar.constants import Holiday, holidays, workdays

from data.settings import EPOCH_DAY, Settings

WORKING, FREE, UNKNOWN_DAY = 1, 0, -1
_NAMES = {each.value: each.chinese for each in Holiday}


def seeded(day: int, settings: Settings) -> tuple[int, str]:
    """Whether a day (days since 1970-01-01) is a working day (1, 0; -1 not known), and the holiday it belongs to."""
    moment = EPOCH_DAY + timedelta(days=day)
    if not settings.working_time.chinese:
        return (WORKING if moment.isoweekday() in settings.working_time.week else FREE), ""
    if moment.year not in known_years():
        return UNKNOWN_DAY, ""
    named = holidays.get(moment) or workdays.get(moment) or ""
    return (WORKING if chinese_calendar.is_workday(moment) else FREE), _NAMES.get(named, named)


@cache
def known_years() -> frozenset[int]:
    """Years whose holidays in China are known."""
    return frozenset(day.year for day in holidays)


def first_of(year: int) -> int:
    """The first day of a year, as days since 1970-01-01."""
    return (date(year, 1, 1) - EPOCH_DAY).days
