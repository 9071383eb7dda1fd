"""The sample city: units that tile, facts that tell the planted stories, files that are the same every time."""

import gzip
import hashlib
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from sampled import DAYS, MIDNIGHT, STARTS, UNTIL, local, since_day

from data.departments import Roster, read_list
from data.sample import STORIES, write_sample
from data.sample.days import is_workday, workday_after
from data.sample.stories import BEHIND_GRID, LITTER_GRID, SILENT_HOURS
from data.sample.town import LEVELS
from data.settings import load_settings
from data.sources.definition import load_sources
from data.sources.reading import read_batches


@pytest.fixture
def folder(sampled) -> Path:
    return sampled.folder


@pytest.fixture
def deliveries(sampled) -> list[dict]:
    return sampled.deliveries


@pytest.fixture
def frames(sampled) -> dict[str, pd.DataFrame]:
    return sampled.frames


@pytest.fixture
def newest(sampled) -> dict[str, pd.DataFrame]:
    return sampled.newest


@pytest.fixture
def units(sampled) -> dict[tuple[str, str], pd.DataFrame]:
    return sampled.units


# --- declarations


def test_settings_and_sources_are_accepted(folder):
    declared = load_settings(folder)
    assert declared.sample and declared.names == LEVELS
    assert declared.word("category", "市容环境/暴露垃圾", "en") == "Street environment/Exposed rubbish"
    sources = load_sources(folder / "sources")
    assert sorted(sources) == [
        "facade", "grid_cases", "hotline_12345", "kerbside", "littering", "parking", "public_reports",
    ]  # fmt: skip
    assert {source.format for source in sources.values()} == {"csv", "json", "geojson", "open311"}
    assert sources["hotline_12345"].encoding == "gb18030" and sources["hotline_12345"].crs == "GCJ-02"
    assert {"caller_name", "caller_phone", "text"} <= set(sources["hotline_12345"].sealed)


def test_every_word_of_the_data_has_english(folder, newest):
    declared = load_settings(folder)
    for name in ("grid_cases", "hotline_12345", "public_reports"):
        for kind in ("category", "channel"):
            for word in newest[name][kind].dropna().unique():
                assert all(part in declared.titles[kind] for part in word.split("/")), word


def test_every_department_is_listed_has_english_or_is_a_committee(folder, newest):
    declared, listed = load_settings(folder), Roster(read_list(folder / "sample" / "departments.csv"))
    spelled = {
        str(word)
        for name in ("grid_cases", "hotline_12345", "public_reports")
        for word in newest[name]["department"].dropna().unique()
    }
    named = {word: listed.name(word) for word in spelled}
    assert any(word != name for word, name in named.items())
    departments = {name for name in named.values() if listed.kind(name) == "department"}
    assert departments == {entry.name for entry in listed.entries} <= set(declared.titles["department"])
    committees = set(named.values()) - departments
    assert len(committees) == 10 and all(name.endswith("居委会") for name in committees)


def test_background_reaches_beyond_the_border(folder, units):
    border = units["v2", "subdistrict"]["geometry"][0]
    for layer in ("roads", "water", "buildings"):
        document = json.loads((folder / "background" / f"{layer}.geojson").read_bytes())
        shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in document["features"]])
        assert shapely.is_valid(shapes).all()
        assert shapely.union_all(shapely.envelope(shapes)).area > 2 * border.area
    roads = json.loads((folder / "background" / "roads.geojson").read_bytes())["features"]
    assert {road["properties"]["class"] for road in roads} == {"main", "secondary", "lane"}
    places = json.loads((folder / "background" / "places.geojson").read_bytes())["features"]
    assert len({place["properties"]["name"] for place in places}) == 100


# --- facts


def test_manifest_is_in_order_and_one_file_comes_twice(folder, deliveries):
    moments = [entry["delivered_at"] for entry in deliveries]
    assert moments == sorted(moments)
    assert all((folder / "history" / entry["file"]).is_file() for entry in deliveries)
    twice = [file for file, times in Counter(entry["file"] for entry in deliveries).items() if times > 1]
    assert len(twice) == 1 and twice[0].startswith("grid_cases/")


def test_nothing_is_known_before_it_happened(frames, folder):
    for name, source in load_sources(folder / "sources").items():
        frame = frames[name]
        for mapped in source.fields:
            if mapped.spec.type == "instant" and not mapped.spec.future:
                known = frame[mapped.name].dropna()
                assert (known < frame["delivered"].loc[known.index].dt.tz_convert("UTC")).all(), mapped.name
        start = frame[STARTS[source.kind]]
        assert start.max() < MIDNIGHT and start.min() >= MIDNIGHT - timedelta(days=DAYS)


def test_how_much_happens_in_a_day(newest):
    cases = (len(newest["grid_cases"]) + len(newest["public_reports"])) / DAYS
    assert 58 < cases < 72
    assert 30 < len(newest["hotline_12345"]) / DAYS < 40
    assert len(newest["parking"]) == 12 * 48 * DAYS
    by_weekday = (
        newest["grid_cases"].groupby(local(newest["grid_cases"]["reported_at"]).dt.day_of_week).size()
    )
    assert by_weekday[6] < 0.85 * by_weekday[:5].mean()


def test_cases_arrive_open_and_come_again_closed(frames):
    cases = frames["grid_cases"]
    changes = cases.groupby("key")["status"].agg(["first", "last", "size"])
    again = changes[(changes["first"] == "dispatched") & (changes["last"] == "closed")]
    assert len(again) > 50
    corrected = cases.groupby("key")["category"].nunique()
    assert (corrected > 1).sum() > 5


def test_life_runs_forward(newest):
    cases = newest["grid_cases"]
    steps = ["reported_at", "filed_at", "dispatched_at", "handled_at", "closed_at"]
    for earlier, later in pairwise(steps):
        assert (cases[earlier].fillna(cases[later]) <= cases[later]).where(cases[later].notna(), True).all()


def test_where_facts_are_known_to_be(newest, units):
    border = units["v2", "subdistrict"]["geometry"][0]
    for name in ("grid_cases", "hotline_12345"):
        frame = newest[name]
        located = frame["lon"].notna()
        assert 0.94 < located.mean() < 0.985  # 1.2 % have an address and nothing else
        lost = (
            frame.loc[~located, ["unit_hint", "unit_hint_2", "unit_hint_3", "unit_hint_4"]].isna().all(axis=1)
        )
        told = frame.loc[~located, "address"].notna()
        assert 0.002 < (lost & ~told).sum() / len(frame) < 0.009
        assert 0.009 < (lost & told).sum() / len(frame) < 0.016
        inside = shapely.contains_xy(border, frame.loc[located, "lon"], frame.loc[located, "lat"])
        assert inside.mean() > 0.99  # GCJ-02 read as such: half a kilometre off otherwise


def test_no_caller_could_be_real(newest):
    assert newest["hotline_12345"]["caller_phone"].str.match(r"1990000\d{4}$").all()


def test_the_grid_that_falls_behind(newest):
    cases = newest["grid_cases"]
    cases = cases[cases["due_at"].notna() & (cases["voided"] == False)]  # noqa: E712  (a nullable column)
    cases = cases.assign(good=(cases["closed_at"] <= cases["due_at"]).astype(float))
    last = since_day(cases, "due_at", -30, 0)
    before = since_day(cases, "due_at", -DAYS, -60)
    mine = lambda frame: frame[frame["unit_hint"] == BEHIND_GRID]["good"].mean()  # noqa: E731
    assert 0.66 < mine(last) < 0.86 < mine(before)
    assert last[last["unit_hint"] != BEHIND_GRID]["good"].mean() > 0.88


def test_the_grid_with_too_few_cases(newest):
    month = since_day(newest["grid_cases"], "reported_at", -30, 0)
    assert 0 < (month["unit_hint"] == "松间").sum() < 20


def test_the_night_littering_spot(newest):
    alerts = newest["littering"]
    spots = alerts["building"].value_counts()
    assert spots.iloc[0] > 5 * spots.iloc[1]
    spot = alerts[alerts["building"] == spots.index[0]]
    assert (spot["unit_hint"] == LITTER_GRID).all()
    assert local(spot["occurred_at"]).dt.hour.isin([22, 23, 0, 1]).mean() > 0.9
    repeats = alerts.sort_values("occurred_at").groupby("device")["occurred_at"].diff() < pd.Timedelta(
        minutes=10
    )
    assert repeats.sum() > 20


def test_the_typhoon(newest):
    alerts = newest["facade"]
    story = next(story for story in STORIES if story.name == "typhoon")
    storm = len(since_day(alerts, "occurred_at", story.first, story.end)) / (story.end - story.first)
    calm = (len(alerts) - storm * (story.end - story.first)) / DAYS
    assert storm > 15 > 15 * calm
    cases = since_day(newest["grid_cases"], "reported_at", story.first, story.end)
    assert (cases["category"] == "突发事件/树木倒伏").sum() > 10


def test_the_silent_source(deliveries, frames):
    last = max(entry["delivered_at"] for entry in deliveries if entry["source"] == "littering")
    assert MIDNIGHT - last == timedelta(hours=SILENT_HOURS)
    assert frames["littering"]["received_at"].max() < last
    for name in ("grid_cases", "hotline_12345", "parking", "public_reports"):
        newest_delivery = max(entry["delivered_at"] for entry in deliveries if entry["source"] == name)
        assert newest_delivery == MIDNIGHT


def test_car_parks_fill_and_empty(newest):
    readings = newest["parking"].assign(hour=local(newest["parking"]["observed_at"]).dt.hour)
    share = readings["occupied"] / readings["capacity"]
    by_hour = share.groupby([readings["type"], readings["hour"]]).mean()
    assert by_hour["配建", 3] > by_hour["配建", 11] + 0.2
    assert by_hour["公共", 11] > by_hour["公共", 3] + 0.4
    over = (readings["occupied"] > readings["capacity"]).mean()
    assert 0 < over < 0.002


# --- the same every time


def _digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_arguments_same_bytes(tmp_path):
    for name, seed in (("one", 5), ("two", 5), ("other", 6)):
        write_sample(tmp_path / name, size="subdistrict", days=9, seed=seed, until=UNTIL)
    one, two, other = (_digest(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert one["boundaries/v2/metagrid.geojson"] != other["boundaries/v2/metagrid.geojson"]


def test_gzip_holds_no_clock(folder):
    path = next((folder / "history" / "parking").glob("*.gz"))
    assert path.read_bytes()[4:8] == b"\0\0\0\0" and json.loads(gzip.decompress(path.read_bytes()))


def test_a_year_without_known_holidays_says_so(tmp_path):
    write_sample(tmp_path, size="subdistrict", days=3, until=date(2031, 5, 3))
    assert "2031" in (tmp_path / "sample" / "calendar.txt").read_text(encoding="utf-8")


def test_working_days_follow_the_adjusted_calendar():
    day = lambda *parts: (date(*parts) - date(1970, 1, 1)).days  # noqa: E731
    assert not is_workday(day(2026, 10, 1)) and is_workday(day(2026, 10, 10))  # a Saturday that is worked
    after = workday_after(np.array([day(2026, 9, 30)]), np.array([1]))
    assert after[0] == day(2026, 10, 8)


def test_the_hotline_sends_lines_no_intake_may_take(folder, deliveries):
    source = load_sources(folder / "sources")["hotline_12345"]
    for entry in (entry for entry in deliveries if entry["source"] == source.name):
        batches = list(
            read_batches(source, [folder / "history" / entry["file"]], now=datetime(2027, 1, 1, tzinfo=UTC))
        )
        rejects = [reject for batch in batches for reject in batch.rejects]
        assert [reject.field for reject in rejects] == ["accepted_at", "accepted_at", "satisfaction"]
        assert len({reject.rule for reject in rejects}) == 3
