"""Records nobody here wrote, by the declarations of tests/sources: counts equal to those of their description."""

import pandas as pd
import pytest
from source_files import DECLARED, read

from data.sources.batch import SourceError
from data.sources.definition import load_source

pytestmark = pytest.mark.real


def load(real_data, name, file):
    return read(load_source(DECLARED / f"{name}.toml"), real_data / file)


def test_new_york(real_data):
    frame, rejects, notes = load(real_data, "nyc311", "nyc311/nyc311_2026_weekly_100k.csv.gz")
    assert len(frame) == 100_000
    assert not rejects
    assert notes == {"coordinates_missing": 1_529, "flagged:closed_before_reported": 4}
    assert frame["key"].is_unique
    assert frame["reported_at"].min() == pd.Timestamp("2026-04-12T03:28:40Z")
    assert frame["reported_at"].max() == pd.Timestamp("2026-06-28T07:05:20Z")
    assert frame["closed_at"].notna().mean() == pytest.approx(0.575, abs=0.001)
    assert frame["unit_hint"].isna().sum() == 99
    hours = (frame["closed_at"] - frame["reported_at"]).dt.total_seconds() / 3600
    assert frame.loc[hours < 0, "flags"].tolist() == ["closed_before_reported"] * 4
    assert hours.min() == pytest.approx(-24.0, abs=0.05)
    assert (hours == 0).sum() == 3_097
    assert hours.median() == pytest.approx(1.08, abs=0.005)


def test_new_york_redelivery_reads_equal(real_data):
    whole, _, _ = load(real_data, "nyc311", "nyc311/nyc311_2026_weekly_100k.csv.gz")
    again, _, _ = load(real_data, "nyc311", "nyc311/nyc311_2026-05-05_redelivery.csv.gz")
    facts = [name for name in again if name not in ("file", "row")]
    first = whole[whole["key"].isin(again["key"])].sort_values("key")[facts].reset_index(drop=True)
    assert len(again) == 10_000
    pd.testing.assert_frame_equal(first, again.sort_values("key")[facts].reset_index(drop=True))


def test_new_york_as_its_api_gives_it(real_data):
    frame, rejects, notes = load(real_data, "nyc_api", "nyc311/nyc311_api_2026-02-13.json.gz")
    assert len(frame) == 1_000
    assert not rejects
    assert notes == {"coordinates_missing": 6}
    assert frame["closed_at"].notna().mean() == pytest.approx(0.437)
    assert frame["reported_at"].min() == pd.Timestamp("2026-02-13T03:14:05Z")
    assert frame["lon"].between(-74.3, -73.7).sum() == 994


def test_pingshan_in_two_encodings_and_two_languages_of_headers(real_data):
    plain, rejects, _ = load(
        real_data, "pingshan_utf8", "pingshan_cases/pingshan_cases_2018-02_2018-10.csv.gz"
    )
    chinese, _, _ = load(
        real_data, "pingshan_gb18030", "pingshan_cases/pingshan_cases_2018-02_2018-10_gb18030.csv"
    )
    assert not rejects
    pd.testing.assert_frame_equal(plain.drop(columns="file"), chinese.drop(columns="file"))
    assert plain["on_time"].value_counts().to_dict() == {True: 6_238, False: 714}
    assert plain["channel"].value_counts()["12345"] == 1_233
    assert plain["category"].str.startswith("市容环卫/").sum() == 2_375
    assert plain["unit_hint"].isna().sum() == 7
    assert plain["unit_hint_2"].isna().sum() == 7
    assert plain["unit_hint_3"].eq("坪山区").all()


def test_chicago_has_days_only(real_data):
    frame, rejects, notes = load(
        real_data, "chicago", "chicago_sanitation/chicago_sanitation_2000_2013.csv.gz"
    )
    assert len(frame) == 55_343
    assert not rejects
    assert notes == {"coordinates_missing": 24}
    assert len(frame) - frame["key"].nunique() == 176
    local = frame["reported_at"].dt.tz_convert("America/Chicago")
    assert (local.dt.normalize() == local).all()
    assert (frame["closed_at"] - frame["reported_at"]).dt.days.median() == 3
    assert frame["lat"].min() > 41.645
    assert frame["lat"].max() < 42.023


def test_birmingham_breaks_its_capacity_as_counted(real_data):
    frame, rejects, notes = load(real_data, "birmingham", "parking/birmingham_2016.csv.gz")
    assert len(frame) == 35_717
    assert not rejects
    assert notes == {"flagged:occupied_above_capacity": 373, "flagged:occupied_below_min": 12}
    assert frame["lot"].nunique() == 30
    assert frame["key"].duplicated().sum() == 216
    # clocks went back on 2016-10-30: noon of the 29th is 11 UTC, of the 30th 12 UTC
    hour = frame["observed_at"].dt.tz_convert("Europe/London").dt.hour - frame["observed_at"].dt.hour
    assert hour.groupby(frame["observed_at"] < "2016-10-30").unique().map(list).to_dict() == {
        True: [1],
        False: [0],
    }


def test_melbourne_sensors_have_their_place_in_one_cell(real_data):
    frame, rejects, notes = load(real_data, "melbourne", "parking/melbourne_bay_sensors_2025-08-05.csv.gz")
    assert len(frame) == 3_309
    assert not rejects
    assert not notes
    assert frame["occupied"].value_counts().to_dict() == {1: 1_751, 0: 1_558}
    assert frame["lon"].between(144.9, 145.0).all()
    assert frame["lat"].between(-37.9, -37.7).all()
    assert frame["observed_at"].min().year == 2022
    assert frame["unit_hint"].isna().mean() == pytest.approx(0.069, abs=0.001)


def test_cologne(real_data):
    frame, rejects, notes = load(real_data, "cologne", "open311/cologne_requests_2023-12-11.json")
    assert len(frame) == 50
    assert not rejects
    assert notes == {"absent_column:expected_datetime": 1}
    assert frame["reported_at"].max() == pd.Timestamp("2023-12-11T08:01:37Z")
    assert frame["lon"].between(6.7, 7.2).all()
    assert frame["address"].str.contains("Köln").all()


def test_the_specification_in_xml(real_data):
    frame, rejects, _ = load(real_data, "cologne", "open311/spec_examples/service-requests.xml")
    assert frame["key"].tolist() == ["638344", "638349"]
    assert frame["status"].tolist() == ["closed", "open"]
    assert frame["closed_at"].notna().tolist() == [True, False]
    assert frame["reported_at"][0] == pd.Timestamp("2010-04-14T14:37:38Z")
    assert not rejects
    assert len(load(real_data, "cologne", "open311/spec_examples/service-request.xml")[0]) == 1


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("service-list.json", "line 3 column 21"),
        ("service-request.json", "line 7 column 21"),
        ("service-requests.json", "line 7 column 21"),
    ],
)
def test_the_specification_in_json_is_no_json(real_data, name, place):
    with pytest.raises(SourceError, match=rf"{name} {place}: got expecting ',' delimiter; expected JSON"):
        load(real_data, "cologne", f"open311/spec_examples/{name}")


@pytest.mark.parametrize("name", ["service-list.xml", "service-definition.xml", "request-from-token.xml"])
def test_other_answers_of_the_specification_are_no_requests(real_data, name):
    with pytest.raises(SourceError, match=name):
        load(real_data, "cologne", f"open311/spec_examples/{name}")
