"""Which part of an earlier period is compared: working days, month ends, the Spring Festival, what is not known."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.calendar_days import Day, looked_up, record
from data.comparable import NEW_YEAR, Comparable, comparison
from data.holidays import known_years, seeded
from data.instants import micros
from data.query import Period
from data.settings import EPOCH_DAY, SettingsError, parse_settings

OFFICE = parse_settings({"levels": ["grid"]}, folder=Path("x"))


@cache
def known(on: date) -> Day:
    day = (on - EPOCH_DAY).days
    return Day(day, *seeded(day, OFFICE))


def of(start: str, last: str) -> Period:
    """Days as a person says them: both ends included."""
    return Period(date.fromisoformat(start), date.fromisoformat(last) + timedelta(days=1))


def compared(start: str, last: str, by: str = "working-days"):
    return comparison(of(start, last), known, by=by)


def told(found: Comparable) -> tuple[str, str, str]:
    last = found.period.end - timedelta(days=1)
    return found.period.start.isoformat(), last.isoformat(), found.rule


# Counted by hand on a wall calendar: (period, month before or days just before, last year).
CASES = [
    # 1–22 November 2026 are 15 working days and a weekend; October has its 15th on the 27th, a Tuesday.
    (("2026-11-01", "2026-11-22"), ("2026-10-01", "2026-10-27", "working-days"),
     ("2025-11-01", "2025-11-23", "working-days")),
    # Month ends: the whole of March with the whole of February, whatever their lengths.
    (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28", "whole"), ("2025-03-01", "2025-03-31", "whole")),
    # 21 working days to 30 March, of which February has but 16: all of it.
    (("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28", "working-days"),
     ("2025-03-01", "2025-03-31", "working-days")),
    # The first week: Monday 2 to Wednesday 4 March; February began on a Sunday.
    (("2026-03-01", "2026-03-04"), ("2026-02-01", "2026-02-04", "working-days"),
     ("2025-03-01", "2025-03-05", "working-days")),
    # A month that begins with a holiday has no working day yet: by days.
    (("2026-10-01", "2026-10-04"), ("2026-09-01", "2026-09-04", "days"), ("2025-10-01", "2025-10-04", "days")),
    # The leap day: March 2024 has more working days than the 29 days of February.
    (("2024-03-01", "2024-03-29"), ("2024-02-01", "2024-02-29", "working-days"),
     ("2023-03-01", "2023-03-29", "working-days")),
    # New Year's Day 2026 lies 384 days after that of 2025: 17 February and 29 January.
    (("2026-02-01", "2026-02-24"), ("2026-01-01", "2026-01-19", "working-days"),
     ("2025-01-13", "2025-02-05", "festival")),
    # The festival of 2025 lies in what would be last year's days, though none lies in these.
    (("2026-01-01", "2026-01-30"), ("2025-12-01", "2025-12-29", "working-days"),
     ("2024-12-13", "2025-01-11", "festival")),
    # Any days: a week with the week before, and 52 weeks ago.
    (("2026-11-16", "2026-11-22"), ("2026-11-09", "2026-11-15", "working-days"),
     ("2025-11-17", "2025-11-23", "working-days")),
    # A year that nobody knows yet.
    (("2027-01-01", "2027-01-10"), ("2026-12-01", "2026-12-10", "unknown"), ("2026-01-01", "2026-01-10", "unknown")),
]  # fmt: skip


@pytest.mark.parametrize(("period", "before", "year"), CASES)
def test_the_part_compared(period, before, year):
    found = compared(*period)
    assert told(found.before) == before
    assert told(found.year) == year


def test_the_label_has_the_numbers_of_working_days():
    assert compared("2026-11-01", "2026-11-22").before.working == (15, 15)
    assert compared("2026-03-01", "2026-03-30").before.working == (21, 16)


def test_an_office_may_compare_by_days():
    found = compared("2026-11-01", "2026-11-22", by="days")
    assert told(found.before) == ("2026-10-01", "2026-10-22", "days")
    assert told(found.year) == ("2025-11-01", "2025-11-22", "days")
    leap = compared("2024-02-01", "2024-02-29", by="days")
    assert told(leap.year) == ("2023-02-01", "2023-02-28", "days")
    assert told(leap.before) == ("2024-01-01", "2024-01-31", "whole")


def test_a_long_period_is_compared_by_days():
    assert compared("2024-01-01", "2025-06-30").before.rule == "days"


def test_the_seed_calls_the_first_day_of_the_lunar_year_spring_festival():
    for year in sorted(known_years() & set(NEW_YEAR)):
        first = date(year, *NEW_YEAR[year])
        assert (known(first).name, known(first).working) == ("春节", 0), year


@given(st.dates(date(2006, 1, 1), date(2026, 12, 1)), st.integers(1, 200))
def test_the_earlier_part_is_earlier_and_has_as_many_working_days(start, days):
    end = min(start + timedelta(days=days), date(2027, 1, 1))
    found = comparison(Period(start, end), known, by="working-days")
    assert found.before.period.days >= 1 and found.before.period.end <= start
    assert found.year.period.days >= 1 and found.year.period.end <= end - timedelta(days=300)
    for earlier in (found.before, found.year):
        if earlier.rule != "working-days":
            continue
        inside = [earlier.period.start + timedelta(days=n) for n in range(earlier.period.days)]
        assert sum(known(day).working == 1 for day in inside) == earlier.working[1]
        whole_month = earlier.period.start.day == 1 and earlier.period.end.day == 1
        assert earlier.working[0] == earlier.working[1] or (
            whole_month and earlier.working[0] > earlier.working[1]
        )


def test_days_entered_by_the_office_count(store):
    """Monday 26 October 2026 becomes a day of rest: the 15th working day moves on."""
    now = datetime(2026, 11, 20, 8, tzinfo=UTC)
    rest = Day((date(2026, 10, 26) - EPOCH_DAY).days, 0, "停电")
    record(store, [rest], now=now, by="operator")
    with store.read() as connection:
        after = looked_up(connection, store.settings)
        before = looked_up(connection, store.settings, as_of=micros(now) - 1)
    period = of("2026-11-01", "2026-11-22")
    assert told(comparison(period, after, by="working-days").before)[1] == "2026-10-28"
    assert told(comparison(period, before, by="working-days").before)[1] == "2026-10-27"


def test_without_a_list_of_holidays_the_week_decides():
    own = parse_settings({"levels": ["tract"], "timezone": "America/New_York"}, folder=Path("x"))

    def week(on: date) -> Day:
        return Day((on - EPOCH_DAY).days, *seeded((on - EPOCH_DAY).days, own))

    found = comparison(of("2026-02-01", "2026-02-17"), week, by="working-days")
    assert told(found.before) == ("2026-01-01", "2026-01-16", "working-days")
    assert told(found.year) == ("2025-02-01", "2025-02-18", "working-days")


@pytest.mark.parametrize("table", [{"compare": "months"}, {"compare": 3}, {"weights": 1}])
def test_the_setting_is_checked(table):
    with pytest.raises(SettingsError, match="assessment"):
        parse_settings({"levels": ["grid"], "assessment": table}, folder=Path("x"))
    days = parse_settings({"levels": ["grid"], "assessment": {"compare": "days"}}, folder=Path("x"))
    assert days.compare == "days" and OFFICE.compare == "working-days"
