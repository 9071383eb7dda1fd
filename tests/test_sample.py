"""The sample city: units that tile, facts that tell the planted stories, files that are the same every time."""

import gzip
import hashlib
import json
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from data.departments import Roster, read_list
from data.sample import STORIES, arrivals, write_sample
from data.sample.blocks import divide
from data.sample.board import RIVER_LINE
from data.sample.days import is_workday, workday_after
from data.sample.partition import grow
from data.sample.sizes import SIZES, stream
from data.sample.stories import BEHIND_GRID, LITTER_GRID, SILENT_HOURS
from data.sample.town import ADMIN_LEVELS, LEVELS, make_town
from data.settings import load_settings
from data.sources.definition import load_sources
from data.sources.reading import read_batches
from geo.changes import compare

UNTIL = date(2026, 11, 2)
DAYS = 190
MIDNIGHT = datetime(2026, 11, 1, 16, tzinfo=UTC)  # local midnight at the start of UNTIL
STARTS = {"case": "reported_at", "order": "accepted_at", "alert": "occurred_at", "parking": "observed_at"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sample") / "city"
    write_sample(made, size="subdistrict", days=DAYS, until=UNTIL)
    return made


@pytest.fixture(scope="module")
def deliveries(folder: Path) -> list[dict]:
    return tomllib.loads((folder / "history" / "manifest.toml").read_text(encoding="utf-8"))["deliveries"]


@pytest.fixture(scope="module")
def frames(folder: Path, deliveries: list[dict]) -> dict[str, pd.DataFrame]:
    """Every delivered row by source, as the intake reads it, with the instant of its delivery."""
    sources = load_sources(folder / "sources")
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in sources}
    for entry in deliveries:
        path = folder / "history" / entry["file"]
        for batch in read_batches(sources[entry["source"]], [path], now=datetime(2027, 1, 1, tzinfo=UTC)):
            assert not batch.rejects or entry["source"] == "hotline_12345", batch.rejects[:3]
            parts[entry["source"]].append(batch.frame.assign(delivered=pd.Timestamp(entry["delivered_at"])))
    return {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}


@pytest.fixture(scope="module")
def newest(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The last state of every fact."""
    return {name: frame.drop_duplicates("key", keep="last") for name, frame in frames.items()}


@pytest.fixture(scope="module")
def units(folder: Path) -> dict[tuple[str, str], pd.DataFrame]:
    """Units by version and level as their files hold them."""
    found = {}
    for version in ("v1", "v2"):
        for level in LEVELS:
            document = json.loads((folder / "boundaries" / version / f"{level}.geojson").read_bytes())
            frame = pd.DataFrame([feature["properties"] for feature in document["features"]])
            shapes = [json.dumps(feature["geometry"]) for feature in document["features"]]
            found[version, level] = frame.assign(geometry=shapely.from_geojson(shapes))
    return found


def _local(series: pd.Series) -> pd.Series:
    return series.dt.tz_convert("Asia/Shanghai")


def _since(frame: pd.DataFrame, column: str, first: int, end: int) -> pd.DataFrame:
    """Rows whose local day of `column` lies in [UNTIL + first, UNTIL + end)."""
    day = (_local(frame[column]).dt.normalize().dt.tz_localize(None) - pd.Timestamp(UNTIL)).dt.days
    return frame[(day >= first) & (day < end)]


# --- units


def test_counts_of_units(units):
    assert [len(units["v2", level]) for level in LEVELS] == [1, 5, 20, 100, 700]
    assert [len(units["v1", level]) for level in LEVELS] == [1, 5, 20, 99, 700]
    for frame in units.values():
        assert frame["code"].is_unique


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_level_tiles_exactly(units, version):
    for level in LEVELS:
        shapes = units[version, level]["geometry"].to_numpy()
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes), level


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_children_fill_their_parents_to_the_last_digit(units, version):
    for upper, lower in pairwise(LEVELS):
        parents, children = units[version, upper], units[version, lower]
        assert set(children["parent"]) == set(parents["code"])
        for code, shape in zip(parents["code"], parents["geometry"], strict=True):
            own = children.loc[children["parent"] == code, "geometry"].to_numpy()
            filled = shapely.normalize(shapely.coverage_union_all(own))
            assert filled.equals_exact(shapely.normalize(shape), tolerance=0), code


def test_coordinates_have_seven_decimals(units):
    numbers = shapely.get_coordinates(units["v2", "metagrid"]["geometry"].to_numpy())
    assert (np.round(numbers * 1e7) / 1e7 == numbers).all()


def test_redrawn_boundary(units):
    old, new = units["v1", "grid"].set_index("code"), units["v2", "grid"].set_index("code")
    changed = {
        old["name"][code] for code in old.index if not old["geometry"][code].equals(new["geometry"][code])
    }
    assert changed == {"青藤", "桂堂"}
    assert units["v1", "subdistrict"]["geometry"][0].equals(units["v2", "subdistrict"]["geometry"][0])


def test_a_redrawn_boundary_gives_new_codes_to_new_units_only(units):
    def changed(level: str) -> dict[str, tuple]:
        frames = [units[version, level].assign(level=0) for version in ("v1", "v2")]
        rows = compare(*(frame[["code", "name", "level", "geometry"]] for frame in frames))
        return {row.name: (row.change, row.others) for row in rows.itertuples() if row.change != "same"}

    old, new = (units[version, "microgrid"].set_index("name") for version in ("v1", "v2"))
    assert {name: change for name, (change, _) in changed("grid").items()} == {
        "青藤": "redrawn",
        "桂堂": "redrawn",
    }
    found = changed("microgrid")
    (whole,) = set(old.index) - set(new.index) - {name for name in old.index if name.startswith("桂堂")}
    parts = sorted(set(new.index) - set(old.index) - {"青藤-6"})
    assert found == {
        "青藤-6": ("renamed", ""),
        whole: ("split", ",".join(new["code"][parts])),
        **dict.fromkeys(parts, ("split", old["code"][whole])),
    }
    assert whole.startswith("采薇") and parts == ["采薇-5", "采薇-6"]
    assert changed("metagrid") == changed("area") == changed("subdistrict") == {}


def test_larger_sizes_tile_with_sub_districts_of_their_own_shape():
    town = make_town(SIZES["district"], seed=3)
    streets = town.units["v2"]["subdistrict"]
    assert len(streets) == 12 and streets["name"].is_unique
    assert set(shapely.get_type_id(streets["geometry"].to_numpy())) == {3}  # whole polygons, no islands
    for level in LEVELS:
        assert shapely.coverage_is_valid(town.units["v2"][level]["geometry"].to_numpy()), level
    assert town.units["v2"]["grid"]["name"].is_unique


@pytest.mark.parametrize(("size", "most"), [("subdistrict", 12), ("district", 12)])
def test_committees_tile_each_sub_district_across_the_borders_of_grids(size, most):
    town = make_town(SIZES[size], seed=3)
    streets, committees = (town.admin[level] for level in ADMIN_LEVELS)
    assert streets.equals(town.units["v2"]["subdistrict"])
    assert committees["code"].is_unique and committees["code"].str.len().eq(12).all()
    assert shapely.coverage_is_valid(committees["geometry"].to_numpy())
    for code, own in committees.groupby("parent"):
        assert 8 - 4 * (size != "subdistrict") <= len(own) <= most, code
        assert own["name"].is_unique and own["name"].str.endswith("居委会").all()
        filled = shapely.normalize(shapely.coverage_union_all(own["geometry"].to_numpy()))
        street = streets.set_index("code")["geometry"][code]
        assert filled.equals_exact(shapely.normalize(street), tolerance=0), code
    grids = town.plots.groupby("committee_code")["grid"]
    shared = town.plots.groupby("grid")["committee_code"].nunique()
    assert (grids.nunique() > 1).mean() > 0.9 and (shared > 1).mean() > 0.5
    alone = [own.iloc[0] for _, own in grids if own.nunique() == 1]
    whole = sum(shared[grid] == 1 for grid in alone)  # committees that are just a grid: few, by the river
    assert whole <= (0 if size == "subdistrict" else 0.05 * len(committees))
    assert set(shapely.get_type_id(committees["geometry"].to_numpy())) <= {3, 6}


def test_the_largest_size_has_a_hundred_sub_districts():
    assert SIZES["city"].subdistricts >= 100


@given(
    st.sets(st.tuples(st.integers(-4, 9), st.integers(-4, 5)), min_size=6),
    st.integers(1, 5),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_regions_share_out_every_cell_and_hang_together(cells, count, seed):
    regions = grow(set(cells), min(count, len(cells)), stream(seed, "test"))
    assert Counter(cell for region in regions for cell in region) == Counter(cells)
    for region in regions:
        reached, edge = set(), [min(region)]
        while edge:
            column, row = edge.pop()
            reached.add((column, row))
            near = [(column, row - 1), (column, row + 1), (column - 1, row), (column + 1, row)]
            edge += [
                c
                for c in near
                if c in region and c not in reached and {column, c[0]} != {RIVER_LINE - 1, RIVER_LINE}
            ]
        assert reached == region


@given(st.integers(20, 90), st.integers(20, 90), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_division_leaves_nothing_over(width, height, count, seed):
    shape = Polygon([(0, 0), (width * 100, 0), (width * 130, height * 100), (0, height * 100)])
    pieces, cuts = divide(shape, count, stream(seed, "test"))
    assert len(pieces) == count and len(cuts) == count - 1
    assert sum(piece.area for piece in pieces) == pytest.approx(shape.area, rel=1e-9)


# --- declarations


def test_settings_and_sources_are_accepted(folder):
    declared = load_settings(folder)
    assert declared.sample and declared.names == LEVELS
    assert declared.word("category", "市容环境/暴露垃圾", "en") == "Street environment/Exposed rubbish"
    sources = load_sources(folder / "sources")
    assert sorted(sources) == [
        "facade", "grid_cases", "hotline_12345", "littering", "parking", "public_reports",
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
        newest["grid_cases"].groupby(_local(newest["grid_cases"]["reported_at"]).dt.day_of_week).size()
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
    last = _since(cases, "due_at", -30, 0)
    before = _since(cases, "due_at", -DAYS, -60)
    mine = lambda frame: frame[frame["unit_hint"] == BEHIND_GRID]["good"].mean()  # noqa: E731
    assert 0.66 < mine(last) < 0.86 < mine(before)
    assert last[last["unit_hint"] != BEHIND_GRID]["good"].mean() > 0.88


def test_the_grid_with_too_few_cases(newest):
    month = _since(newest["grid_cases"], "reported_at", -30, 0)
    assert 0 < (month["unit_hint"] == "松间").sum() < 20


def test_the_night_littering_spot(newest):
    alerts = newest["littering"]
    spots = alerts["building"].value_counts()
    assert spots.iloc[0] > 5 * spots.iloc[1]
    spot = alerts[alerts["building"] == spots.index[0]]
    assert (spot["unit_hint"] == LITTER_GRID).all()
    assert _local(spot["occurred_at"]).dt.hour.isin([22, 23, 0, 1]).mean() > 0.9
    repeats = alerts.sort_values("occurred_at").groupby("device")["occurred_at"].diff() < pd.Timedelta(
        minutes=10
    )
    assert repeats.sum() > 20


def test_the_typhoon(newest):
    alerts = newest["facade"]
    story = next(story for story in STORIES if story.name == "typhoon")
    storm = len(_since(alerts, "occurred_at", story.first, story.end)) / (story.end - story.first)
    calm = (len(alerts) - storm * (story.end - story.first)) / DAYS
    assert storm > 15 > 15 * calm
    cases = _since(newest["grid_cases"], "reported_at", story.first, story.end)
    assert (cases["category"] == "突发事件/树木倒伏").sum() > 10


def test_the_silent_source(deliveries, frames):
    last = max(entry["delivered_at"] for entry in deliveries if entry["source"] == "littering")
    assert MIDNIGHT - last == timedelta(hours=SILENT_HOURS)
    assert frames["littering"]["received_at"].max() < last
    for name in ("grid_cases", "hotline_12345", "parking", "public_reports"):
        newest_delivery = max(entry["delivered_at"] for entry in deliveries if entry["source"] == name)
        assert newest_delivery == MIDNIGHT


def test_car_parks_fill_and_empty(newest):
    readings = newest["parking"].assign(hour=_local(newest["parking"]["observed_at"]).dt.hour)
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


# --- what arrives later


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


def test_the_hotline_sends_lines_no_intake_may_take(folder, deliveries):
    source = load_sources(folder / "sources")["hotline_12345"]
    for entry in (entry for entry in deliveries if entry["source"] == source.name):
        batches = list(
            read_batches(source, [folder / "history" / entry["file"]], now=datetime(2027, 1, 1, tzinfo=UTC))
        )
        rejects = [reject for batch in batches for reject in batch.rejects]
        assert [reject.field for reject in rejects] == ["accepted_at", "accepted_at", "satisfaction"]
        assert len({reject.rule for reject in rejects}) == 3
