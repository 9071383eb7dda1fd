"""Slots of a rhythm: one for each local day, the same for everybody, in order as texts."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st
from jobbing import NOW

from data.slots import Daily, Every, parsed, written

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1971, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 60 * 24 - 1),
    st.lists(st.integers(1, 60 * 24 * 40), min_size=1, max_size=6),
)
def test_each_local_day_has_one_slot_whatever_the_zone_and_however_late_we_look(zone, start, minute, steps):
    zone, rhythm = ZoneInfo(zone), Daily(time(minute // 60, minute % 60))
    last = rhythm.latest(start, zone)
    assert last <= start < last + timedelta(days=2, hours=3)
    now, found = start, []
    for step in steps:
        now += timedelta(minutes=step)
        new = rhythm.between(last, now, zone)
        found += new
        last = new[-1] if new else last
    whole = rhythm.between(rhythm.latest(start, zone), now, zone)
    assert found == whole == sorted(set(whole))
    assert all(slot <= now for slot in found)
    gaps = [later - earlier for earlier, later in pairwise(whole)]
    assert all(timedelta(hours=20) <= gap <= timedelta(hours=49) for gap in gaps)


def test_slots_of_a_rhythm_are_the_same_for_all_and_sort_as_texts():
    every = Every(timedelta(minutes=15))
    assert written(every.latest(NOW, SHANGHAI)) == "2026-03-01T09:00:00.000000Z"
    assert every.between(NOW, NOW + timedelta(minutes=31), SHANGHAI) == [
        parsed("2026-03-01T09:15:00.000000Z"), parsed("2026-03-01T09:30:00.000000Z"),
    ]  # fmt: skip
    assert every.count(NOW, NOW + timedelta(minutes=31), SHANGHAI) == 2
    assert written(Daily(time(3, 30)).latest(NOW, SHANGHAI)) == "2026-02-28T19:30:00.000000Z"
    assert written(NOW) < written(NOW + timedelta(microseconds=1)) < written(NOW + timedelta(seconds=1))
