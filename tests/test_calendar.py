"""Working time: the days of China against a published list, deadlines against cases made by hand and a slow oracle."""

import csv
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import UNKNOWN, Calendar, Limit
from data.holidays import first_of, seeded
from data.instants import micros
from data.settings import EPOCH_DAY, Settings, SettingsError, parse_settings

CASES = [
    line.split(" | ")
    for line in (Path(__file__).parent / "deadlines.txt").read_text("utf-8").splitlines()
    if line
]
UNITS = {
    "min": "minutes", "h": "hours", "d": "days", "wh": "working hours", "wd": "working days",
    "wdh": "working days in hours",
}  # fmt: skip


@cache
def office(zone: str = "Asia/Shanghai", **hours) -> Settings:
    raw = {
        "levels": ["grid"],
        "timezone": zone,
        "working_time": {key: list(value) for key, value in hours.items()},
    }
    return parse_settings(raw, folder=Path("x"))


@cache
def calendar(first: int = 2023, last: int = 2026, zone: str = "Asia/Shanghai", **hours) -> Calendar:
    own = office(zone, **hours)
    days = range(first_of(first), first_of(last + 1))
    working = np.array([seeded(day, own)[0] for day in days])
    return Calendar(days.start, working, own.working_time.slots, own)


def due(start: datetime, limit: Limit, *, of: Calendar, stood: int = 0) -> datetime | None:
    at = np.array([micros(start)])
    (found,) = of.due(at, [limit], np.zeros(1, dtype=int), np.array([stood])).tolist()
    if found == UNKNOWN:
        return None
    return datetime.fromtimestamp(found / 1e6, of.settings.timezone)


def test_working_days_are_those_published(real_data):
    with open(real_data / "holidays/cn_workdays_2015_2026.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4383
    for row in rows:
        day = (datetime.fromisoformat(row["date"]).date() - EPOCH_DAY).days
        assert seeded(day, office())[0] == int(row["is_workday"]), row


def test_a_year_not_announced_is_not_guessed():
    assert seeded(first_of(2027), office()) == (UNKNOWN, "")
    assert seeded(first_of(2027), office("Europe/Berlin"))[0] == 1  # a Friday


def test_there_are_sixty_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize(("start", "limit", "expected"), CASES, ids=[" ".join(case[:2]) for case in CASES])
def test_deadlines_made_by_hand(start, limit, expected):
    amount, unit = limit.split()
    of = calendar()
    begun = datetime.fromisoformat(start).replace(tzinfo=of.settings.timezone)
    found = due(begun, Limit(float(amount), UNITS[unit]), of=of)
    if len(expected) == 10:  # to the end of a day
        assert (found + timedelta(microseconds=1)).isoformat()[:16] == f"{_next(expected)}T00:00"
    else:
        assert found.isoformat(" ")[:16] == expected


def _next(day: str) -> str:
    return (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()


def test_what_must_cross_an_unknown_day_is_unknown():
    of = calendar(2026, 2027)
    last = datetime(2026, 12, 31, 17, tzinfo=of.settings.timezone)
    assert due(last, Limit(1, "working hours"), of=of) == last.replace(hour=18)
    assert due(last, Limit(2, "working hours"), of=of) is None
    assert due(last, Limit(1, "working days"), of=of) is None
    assert due(last, Limit(1, "days"), of=of) is None
    assert due(last, Limit(12, "hours"), of=of) == last + timedelta(hours=12)
    beyond = datetime(2030, 1, 1, tzinfo=of.settings.timezone)
    assert (
        due(beyond, Limit(1, "working hours"), of=of) is None and due(beyond, Limit(1, "days"), of=of) is None
    )


def test_absent_starts_and_limits_have_no_deadline():
    of, start = calendar(), micros(datetime(2025, 3, 3, 8, tzinfo=office().timezone))
    found = of.due(np.array([-1, start]), [Limit(1, "hours")], np.array([0, -1]), np.zeros(2, dtype=int))
    assert found.tolist() == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(
    ("unit", "amount", "expected"),
    [
        ("hours", 4, "2025-03-10 13:00"),  # the clock stood still from Friday 16:00 to Monday 09:00: 65 hours
        (
            "working hours",
            4,
            "2025-03-10 12:00",
        ),  # three working hours stood still; one of four was gone by 16:00
        ("working days", 1, "2025-03-11"),  # from Friday to Monday one working day passed
        ("days", 1, "2025-03-11"),  # three days passed: Friday's next day moves to Tuesday
    ],
)
def test_suspension_stops_the_clock(unit, amount, expected):
    of = calendar()
    zone = of.settings.timezone
    start, stop, go = (datetime(2025, 3, day, hour, tzinfo=zone) for day, hour in ((7, 15), (7, 16), (10, 9)))
    if unit == "hours":
        start = datetime(2025, 3, 7, 16, tzinfo=zone)
    (stood,) = of.stood_still(np.array([micros(stop)]), np.array([micros(go)]), unit).tolist()
    found = due(start, Limit(amount, unit), of=of, stood=stood)
    assert found.isoformat(" ")[: len(expected)] == expected


def test_hours_on_the_day_clocks_change():
    of = calendar(2024, 2024, "America/New_York", slots=("00:00-24:00",), week=(1, 2, 3, 4, 5, 6, 7))
    start = datetime(2024, 3, 9, 12, tzinfo=of.settings.timezone)
    assert due(start, Limit(24, "working hours"), of=of) == datetime(
        2024, 3, 10, 13, tzinfo=of.settings.timezone
    )


minutes = st.integers(0, 200 * 1440)


@given(
    start=minutes,
    hours=st.integers(1, 60),
    slots=st.sampled_from([("08:00-12:00", "14:00-18:00"), ("22:00-24:00",)]),
)
@settings(max_examples=60, deadline=None)
def test_working_hours_equal_a_walk_minute_by_minute(start, hours, slots):
    of = calendar(2025, 2026, slots=slots)
    begun = datetime(2025, 1, 1, tzinfo=of.settings.timezone) + timedelta(minutes=start)
    left, moment = hours * 60, begun
    while left:
        day = (moment.date() - EPOCH_DAY).days - of.first
        shown = moment.hour * 60 + moment.minute
        left -= bool(of.working[day] == 1 and any(low <= shown < high for low, high in of.slots))
        moment += timedelta(minutes=1)
    assert due(begun, Limit(hours, "working hours"), of=of) == moment


@given(start=minutes, days=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_working_days_equal_a_walk_day_by_day(start, days):
    of = calendar(2025, 2026)
    begun = datetime(2025, 1, 1, tzinfo=of.settings.timezone) + timedelta(minutes=start)
    day, left = (begun.date() - EPOCH_DAY).days - of.first, days
    while left:
        day += 1
        left -= bool(of.working[day] == 1)
    end = datetime.combine(
        EPOCH_DAY + timedelta(days=of.first + day + 1), datetime.min.time(), of.settings.timezone
    )
    assert due(begun, Limit(days, "working days"), of=of) == end - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"slots": ["8-12"]}, "working_time.slots: got ['8-12']"),
        ({"slots": ["08:00-12:00", "11:00-13:00"]}, "one after another"),
        ({"slots": []}, "expected times such as"),
        ({"week": [0, 8]}, "working_time.week: got [0, 8]"),
        ({"holidays": "mars"}, "working_time.holidays: got 'mars'"),
        ({"lunch": 1}, "working_time: got 'lunch'"),
    ],
)
def test_settings_of_working_time_are_checked(table, said):
    with pytest.raises(SettingsError) as error:
        parse_settings({"levels": ["grid"], "working_time": table}, folder=Path("x"))
    assert said in str(error.value)


@pytest.mark.parametrize("table", [{"lunch": 3}, {"filing": 0}, {"filing": True}, {"dispatch": "15"}])
def test_settings_of_timers_are_checked(table):
    with pytest.raises(SettingsError, match="timers"):
        parse_settings({"levels": ["grid"], "timers": table}, folder=Path("x"))
