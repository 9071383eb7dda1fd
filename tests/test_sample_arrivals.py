"""What arrives in the sample city while it lives on."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from sampled import MIDNIGHT

from data.sample import arrivals
from data.sources.definition import load_sources
from data.sources.reading import read_batches


@pytest.fixture
def folder(sampled) -> Path:
    return sampled.folder


@pytest.fixture
def newest(sampled) -> dict[str, pd.DataFrame]:
    return sampled.newest


def _arrived(folder: Path, since: timedelta, until: timedelta) -> dict[str, bytes]:
    paths = arrivals(folder, since=MIDNIGHT + since, until=MIDNIGHT + until)
    return {path.name: path.read_bytes() for path in paths}


def _keys(folder: Path, since: timedelta, until: timedelta) -> dict[str, pd.DataFrame]:
    sources = load_sources(folder / "sources")
    found = {}
    for path in arrivals(folder, since=MIDNIGHT + since, until=MIDNIGHT + until):
        batches = list(read_batches(sources[path.parent.name], [path], now=MIDNIGHT + until))
        assert not any(batch.rejects for batch in batches)
        frame = pd.concat([batch.frame for batch in batches])
        found[path.parent.name] = frame.assign(arrived=str(until))
    return found


def test_the_same_window_gives_the_same_files(folder):
    first = _arrived(folder, timedelta(hours=9), timedelta(hours=9.5))
    assert first and first == _arrived(folder, timedelta(hours=9), timedelta(hours=9.5))
    assert not list((folder / "inbox").rglob("*.part"))


def test_nothing_arrives_of_the_time_of_the_history(folder):
    assert not _arrived(folder, timedelta(hours=-9), timedelta(0))


def test_windows_continue_one_another(folder):
    whole = _keys(folder, timedelta(0), timedelta(hours=12))
    parts = [_keys(folder, timedelta(hours=h), timedelta(hours=h + 3)) for h in (0, 3, 6, 9)]
    for name in ("grid_cases", "hotline_12345", "public_reports", "parking"):
        halves = pd.concat([part[name] for part in parts if name in part])
        last = halves.drop_duplicates("key", keep="last").set_index("key").sort_index()
        once = whole[name].set_index("key").sort_index()
        assert set(once.index) <= set(last.index)
        columns = [c for c in once.columns if c not in ("row", "file", "arrived")]
        pd.testing.assert_frame_equal(last.loc[once.index, columns], once[columns], check_dtype=False)


def test_open_cases_of_the_history_are_closed_by_arrivals(folder, newest):
    open_ones = newest["grid_cases"].loc[newest["grid_cases"]["status"] == "dispatched", "key"]
    arrived = _keys(folder, timedelta(0), timedelta(hours=20))["grid_cases"]
    closed = arrived[arrived["key"].isin(open_ones) & (arrived["status"] == "closed")]
    assert len(closed)
    fresh = arrived[arrived["reported_at"] >= MIDNIGHT]
    assert len(fresh) and not set(fresh["key"]) & set(newest["grid_cases"]["key"])


def test_a_quiet_source_repeats_its_newest_row(folder):
    quiet = timedelta(hours=3, minutes=40)
    names = {name.split("-")[0] for name in _arrived(folder, quiet, quiet + timedelta(minutes=30))}
    assert {"grid_cases", "hotline_12345", "public_reports", "parking"} <= names


def test_the_cameras_wake_up_now_and_then(folder):
    starts = [timedelta(minutes=10 * slot) for slot in range(40)]
    windows = [_arrived(folder, start, start + timedelta(minutes=10)) for start in starts]
    awake = [any(name.startswith("littering") for name in files) for files in windows]
    assert 1 <= sum(awake) < 10


def test_who_looks_for_the_first_time_finds_the_cameras_silent(folder):
    """What the platform saw before anybody asked is lost, so that its age goes on from the history."""
    asked = [_arrived(folder, timedelta(0), timedelta(hours=hour)) for hour in (8, 12, 16, 20)]
    assert sum(any(name.startswith("littering") for name in files) for files in asked) <= 1
