"""Texts to instants: every form, every zone rule, and the fast and the slow reader say the same."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources.times import NAT, read_any, read_times
from data.sources.zones import to_utc

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def one(text, *, zone=SHANGHAI, form=None, fold="first"):
    """The instant of one text as an aware datetime, or None where it cannot be read."""
    times = read_times(pa.array([text], pa.string()), zone=zone, form=form, fold=fold)
    assert times.bad[0] == (times.at[0] == NAT)
    return None if times.bad[0] else EPOCH + timedelta(microseconds=int(times.at[0]))


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2025-01-01", "2025-01-01T00:00:00"),
        ("2025/1/1", "2025-01-01T00:00:00"),
        ("2025.1.1", "2025-01-01T00:00:00"),
        ("20250101", "2025-01-01T00:00:00"),
        ("20250101093000", "2025-01-01T09:30:00"),
        ("2025-01-01 09:00", "2025-01-01T09:00:00"),
        ("2025/1/1 9:05", "2025-01-01T09:05:00"),
        ("2025/1/1 9:05:07", "2025-01-01T09:05:07"),
        ("2025-01-01T09:00:00.5", "2025-01-01T09:00:00.500000"),
        ("2025-01-01 09:00:00.123456789", "2025-01-01T09:00:00.123456"),
        ("2025年1月1日", "2025-01-01T00:00:00"),
        ("2025年1月1日 9时5分", "2025-01-01T09:05:00"),
        ("2025年01月01日09时05分06秒", "2025-01-01T09:05:06"),
        ("2025年1月1日 9时", "2025-01-01T09:00:00"),
        ("2025-01-01 9:05 PM", "2025-01-01T21:05:00"),
        ("2025-01-01 12:05 am", "2025-01-01T00:05:00"),
        ("2025-01-01 12:05 p.m.", "2025-01-01T12:05:00"),
        ("2025/1/1 上午9:05:00", "2025-01-01T09:05:00"),
        ("2025/1/1 下午 3:05", "2025-01-01T15:05:00"),
        ("2025年1月1日下午3时5分", "2025-01-01T15:05:00"),
        ("2025/1/1 中午12:30", "2025-01-01T12:30:00"),
        ("2025/1/1 凌晨12:30", "2025-01-01T00:30:00"),
        ("２０２５－０１－０１　０９：００", "2025-01-01T09:00:00"),
        ("2025-01-01 24:00", "2025-01-02T00:00:00"),
        ("45658.375", "2025-01-01T09:00:00"),
        ("45658", "2025-01-01T00:00:00"),
        ("  2025-01-01 09:00  ", "2025-01-01T09:00:00"),
    ],
)
def test_local_forms(text, local):
    assert one(text) == datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-01-01T09:00:00Z", "2025-01-01T09:00:00+00:00"),
        ("2025-01-01T09:00:00.250Z", "2025-01-01T09:00:00.250+00:00"),
        ("2025-01-01T09:00:00+08:00", "2025-01-01T09:00:00+08:00"),
        ("2025-01-01T09:00-05:30", "2025-01-01T09:00:00-05:30"),
        ("2025-01-01T09:00:00.123456-05:30", "2025-01-01T09:00:00.123456-05:30"),
        ("2025-01-01 09:00:00+0800", "2025-01-01T09:00:00+08:00"),
        ("2025-01-01T09:00:00+08", "2025-01-01T09:00:00+08:00"),
    ],
)
def test_a_written_offset_beats_the_zone(text, instant):
    assert one(text, zone=NEW_YORK) == datetime.fromisoformat(instant)


NO_TIMES = (
    "soon|2025-13-01|2025-02-30|2025-02-29 10:00:00|2025-01-01 25:00|2025-01-01 09:61|31/1/2025|1/31/2025|7|123456"
    "|2025-01-01 13:00 AM|2025-01-01T09:00:00+99:00|1735693200|0000-01-01|2025-01-0a|2025-1-|2025-01-01x09:00:00"
)


@pytest.mark.parametrize("text", [*NO_TIMES.split("|"), "9" * 400])
def test_what_is_no_time_is_bad_and_never_guessed(text):
    assert one(text) is None


@pytest.mark.parametrize(
    ("text", "form", "local"),
    [
        ("01/31/2025 03:05:07 PM", "%m/%d/%Y %I:%M:%S %p", "2025-01-31T15:05:07"),
        ("1/31/2025 3:05:07 PM", "%m/%d/%Y %I:%M:%S %p", "2025-01-31T15:05:07"),
        ("01/31/2025 12:05:07 AM", "%m/%d/%Y %I:%M:%S %p", "2025-01-31T00:05:07"),
        ("31.01.2025", "%d.%m.%Y", "2025-01-31T00:00:00"),
        ("31 Jan 2025", "%d %b %Y", "2025-01-31T00:00:00"),
        ("45658.5", "excel", "2025-01-01T12:00:00"),
        ("2025-01-31T03:05:07.25", "iso", "2025-01-31T03:05:07.250"),
    ],
)
def test_declared_formats(text, form, local):
    assert one(text, form=form) == datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


def test_a_declared_format_is_the_only_one():
    assert one("2025-01-31", form="%d.%m.%Y") is None
    assert one("31.13.2025", form="%d.%m.%Y") is None
    assert one("2025/1/1", form="iso") is None


def test_numbers_since_1970():
    assert one("1735693200", form="epoch") == datetime(2025, 1, 1, 1, tzinfo=UTC)
    assert one("1735693200.5", form="epoch") == datetime(2025, 1, 1, 1, 0, 0, 500_000, tzinfo=UTC)
    assert one("1735693200250", form="epoch_ms") == datetime(2025, 1, 1, 1, 0, 0, 250_000, tzinfo=UTC)
    assert one("soon", form="epoch") is None


def test_clocks_that_go_back_follow_the_rule_and_are_counted():
    texts = pa.array(["2026-11-01 01:30:00", "2026-11-01 03:30:00", None])
    first = read_times(texts, zone=NEW_YORK, fold="first")
    second = read_times(texts, zone=NEW_YORK, fold="second")
    assert first.folds.tolist() == [True, False, False]
    assert second.at[0] - first.at[0] == 3600 * 1_000_000
    assert second.at[1] == first.at[1]
    assert first.at[2] == NAT
    assert one("2026-11-01 01:30:00", zone=NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_an_hour_that_never_was_is_shifted_forward_and_counted():
    times = read_times(pa.array(["2026-03-08 02:30:00", "2026-03-08 03:00:00"]), zone=NEW_YORK)
    assert times.gaps.tolist() == [True, False]
    assert (
        one("2026-03-08 02:30", zone=NEW_YORK).astimezone(NEW_YORK).isoformat() == "2026-03-08T03:30:00-04:00"
    )


ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Tehran",
)


@given(
    st.datetimes(datetime(1986, 1, 1), datetime(2070, 1, 1)),
    st.sampled_from(ZONES),
    st.sampled_from(("first", "second")),
)
def test_any_local_time_agrees_with_zoneinfo(moment, name, fold):
    zone = ZoneInfo(name)
    local = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    at, folds, gaps = to_utc(np.array([local]), zone, fold=fold)
    aware = moment.replace(tzinfo=zone, fold=int(fold == "second" and not gaps[0]))
    assert EPOCH + timedelta(microseconds=int(at[0])) == aware.astimezone(UTC)
    odd = moment.replace(tzinfo=zone, fold=0).utcoffset() != moment.replace(tzinfo=zone, fold=1).utcoffset()
    assert (folds[0] or gaps[0]) == odd


@given(st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=20), st.data())
def test_the_fast_and_the_slow_reader_agree(moments, data):
    forms = (
        "%Y-%m-%d",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y/%m/%d %H:%M:%S.%f",
        "%Y-%m-%dT%H:%M:%S.%fZ",
    )
    texts = [moment.strftime(data.draw(st.sampled_from(forms))) for moment in moments]
    times = read_times(pa.array(texts), zone=ZoneInfo("UTC"))
    slow = [read_any(text) for text in texts]
    assert times.at.tolist() == [local for local, _ in slow]
    assert not times.bad.any()


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=20),
    st.sampled_from((None, "iso", "%d.%m.%Y")),
)
def test_any_text_is_read_or_bad_or_empty(texts, form):
    texts = [None if text is None else text.encode("utf-8", "replace").decode() for text in texts]
    times = read_times(pa.array(texts, pa.string()), zone=SHANGHAI, form=form)
    assert len(times.at) == len(texts)
    for text, at, bad in zip(texts, times.at, times.bad, strict=True):
        assert (at == NAT) or not bad
        assert not bad or (text or "").strip()


def test_a_slice_of_a_column_reads_like_a_column():
    texts = pa.array(["x", "2025-01-01", None, "2025-01-02 10:00", "2025-01-03"])
    whole, part = read_times(texts, zone=SHANGHAI), read_times(texts.slice(2, 3), zone=SHANGHAI)
    assert part.at.tolist() == whole.at[2:].tolist()
