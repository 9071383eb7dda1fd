"""Named periods: the assessment year and its parts, weeks, rolling days; what they are called; the setting."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.assessment_periods import NAMES, ROLLING, named, so_far
from data.assessment_year import YearStart, read_year_start
from data.query import Period, QueryError
from data.settings import SettingsError, parse_settings
from layouts import periods
from layouts.words import load_words

NOVEMBER, CALENDAR = YearStart(11, 1), YearStart()
DAYS = st.dates(date(1995, 1, 1), date(2095, 12, 31))
STARTS = st.builds(YearStart, st.integers(1, 12), st.integers(1, 28))


def span(name: str, day: str, start: YearStart = CALENDAR) -> tuple[str, str]:
    found = named(name, date.fromisoformat(day), start)
    return found.start.isoformat(), found.end.isoformat()


@pytest.mark.parametrize(
    ("name", "day", "start", "expected"),
    [
        ("year", "2026-10-31", NOVEMBER, ("2025-11-01", "2026-11-01")),
        ("year", "2026-11-01", NOVEMBER, ("2026-11-01", "2027-11-01")),
        ("half", "2026-05-01", NOVEMBER, ("2026-05-01", "2026-11-01")),
        ("quarter", "2026-01-31", NOVEMBER, ("2025-11-01", "2026-02-01")),
        ("quarter", "2026-02-01", NOVEMBER, ("2026-02-01", "2026-05-01")),
        ("year", "2028-02-29", CALENDAR, ("2028-01-01", "2029-01-01")),
        ("half", "2026-06-30", CALENDAR, ("2026-01-01", "2026-07-01")),
        ("quarter", "2026-12-31", CALENDAR, ("2026-10-01", "2027-01-01")),
        ("quarter", "2026-03-25", YearStart(12, 26), ("2025-12-26", "2026-03-26")),
        ("month", "2026-12-31", NOVEMBER, ("2026-12-01", "2027-01-01")),
        ("week", "2027-01-03", NOVEMBER, ("2026-12-28", "2027-01-04")),
        ("calendar-year", "2026-12-31", NOVEMBER, ("2026-01-01", "2027-01-01")),
        ("rolling-90", "2026-11-22", NOVEMBER, ("2026-08-25", "2026-11-23")),
    ],
)
def test_the_whole_period_of_a_day(name, day, start, expected):
    assert span(name, day, start) == expected


@given(day=DAYS, start=STARTS, name=st.sampled_from([name for name in NAMES if name not in ROLLING]))
def test_periods_of_one_name_follow_each_other_without_gap(day, start, name):
    own = named(name, day, start)
    assert own.start <= day < own.end
    assert named(name, own.end, start).start == own.end
    assert named(name, own.start - timedelta(days=1), start).end == own.start
    assert so_far(name, day, start) == Period(own.start, day + timedelta(days=1))


@given(day=DAYS, start=STARTS)
def test_four_quarters_and_two_halves_are_a_year(day, start):
    year = named("year", day, start)
    for name, count in (("half", 2), ("quarter", 4)):
        at, seen = year.start, 0
        while at < year.end:
            at, seen = named(name, at, start).end, seen + 1
        assert (at, seen) == (year.end, count)


def test_a_year_is_called_after_the_one_it_ends_in():
    assert named("year", date(2025, 11, 1), NOVEMBER).end == date(2026, 11, 1)
    assert named("year", date(2026, 5, 1), CALENDAR).end == date(2027, 1, 1)
    year = so_far("year", date(2026, 11, 22), NOVEMBER)
    assert periods.title("assessment", year, load_words("zh")) == "考核年度 2027（11月–10月）"
    assert periods.title("assessment", year, load_words("en")) == "Assessment year 2027 (Nov–Oct)"


def test_presets_name_the_assessment_year_once():
    today, words = date(2026, 10, 22), load_words("zh")
    own = periods.presets(today, NOVEMBER)
    assert own["assessment"] == Period(date(2025, 11, 1), date(2026, 10, 23))
    assert "assessment" not in periods.presets(today)
    assert own["quarter"] == Period(date(2026, 8, 1), date(2026, 10, 23))
    assert own["week"].start == date(2026, 10, 19) and own["days90"].days == 90
    assert periods.name_of(own["assessment"], today, NOVEMBER, words) == "考核年度 2026（11月–10月）"
    assert periods.name_of(Period(today, today + timedelta(days=1)), today, NOVEMBER, words) == ""


def test_an_unknown_name_is_refused():
    with pytest.raises(QueryError, match="period: got 'fortnight'; expected one of year, half"):
        named("fortnight", date(2026, 1, 1), CALENDAR)


@pytest.mark.parametrize("given_start", ["11-31", "02-29", "13-01", "1-1", 1101, "", "11-01 "])
def test_a_year_starts_on_a_day_that_every_year_and_quarter_has(tmp_path, given_start):
    raw = {"levels": ["grid"], "assessment": {"year_start": given_start}}
    with pytest.raises(SettingsError, match=r"assessment\.year_start: got .*; expected a month and a day"):
        parse_settings(raw, folder=tmp_path)


def test_the_setting_is_read_and_its_table_knows_no_other(tmp_path):
    raw = {"levels": ["grid"], "assessment": {"year_start": "11-01"}}
    assert parse_settings(raw, folder=tmp_path).year_start == NOVEMBER
    assert parse_settings({"levels": ["grid"]}, folder=tmp_path).year_start == CALENDAR
    with pytest.raises(ValueError, match="assessment: got 'end'; expected one of year_start"):
        read_year_start({"end": "10-31"})
