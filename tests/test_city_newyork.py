"""New York: four levels of real boundaries and 100,000 requests, against a recomputation that shares no code."""

from pathlib import Path

import geopandas
import pandas as pd
import pytest
from commanding import City, linli
from source_files import DECLARED

pytestmark = pytest.mark.real
LEVELS = ("borough", "cdta", "nta", "tract")
REQUESTS = "nyc311/nyc311_2026_weekly_100k.csv.gz"


class NewYork(City):
    """The instance, what was said while it was made, and the records once more, read by pandas alone."""

    def __init__(self, folder: Path, data: Path):
        super().__init__(folder)
        self.data = data
        self.outlines = data / "nyc_boundaries"
        self.read: dict[str, geopandas.GeoDataFrame] = {}

    def shapes(self, name: str) -> geopandas.GeoDataFrame:
        if name not in self.read:
            self.read[name] = geopandas.read_file(f"/vsigzip/{self.outlines / name}.geojson.gz")
        return self.read[name]

    def build(self) -> None:
        linli(
            "init",
            self.folder,
            "--levels",
            ",".join(LEVELS),
            "--timezone",
            "America/New_York",
            "--locale",
            "en",
        )
        self.level("borough", "borough", "borough", None)
        self.dissolved = self.level("cdta", "nta_2020", "cdta2020", "borough", "--dissolve")
        self.level("nta", "nta_2020", "nta2020", "cdta2020")
        self.level("tract", "census_tract_2020", "geoid", "nta2020")
        self.faults = self("units", "check", "--json").json["faults"]
        self.refusal = self("units", "publish", status=1).err
        self.published = self(
            "units", "publish", "--accept", "child-outside-parent,gap,overlap,sliver", "--json"
        ).json
        self.source("nyc311", (DECLARED / "nyc311.toml").read_text(encoding="utf-8"))
        self.ledger = self.ingest("nyc311", self.data / REQUESTS)
        self("refresh")

    def level(self, level: str, file: str, code: str, parent: str | None, *more: str) -> dict:
        options = [
            "--level",
            level,
            "--code",
            code,
            "--name",
            code,
            *(["--parent", parent] if parent else []),
            *more,
        ]
        return self("units", "import", self.outlines / f"{file}.geojson.gz", *options, "--json").json


@pytest.fixture(scope="module")
def newyork(real_data, tmp_path_factory) -> NewYork:
    made = NewYork(tmp_path_factory.mktemp("newyork") / "instance", real_data)
    made.build()
    return made


@pytest.fixture(scope="module")
def requests(newyork) -> pd.DataFrame:
    """The records with the tract each lies in by geopandas; of a shared border the lower code."""
    rows = pd.read_csv(newyork.data / REQUESTS, dtype=str)
    lon, lat = rows["longitude"].astype(float), rows["latitude"].astype(float)
    rows["has_point"] = lon.notna()
    points = geopandas.GeoDataFrame(rows, geometry=geopandas.points_from_xy(lon, lat), crs="EPSG:4326")[
        lon.notna()
    ]
    for name, file, code in (("tract", "census_tract_2020", "geoid"), ("inside", "borough", "borough")):
        shapes = newyork.shapes(file)[[code, "geometry"]].rename(columns={code: name})
        found = points.sjoin(shapes, predicate="intersects").sort_values(name)[name]
        rows[name] = found[~found.index.duplicated()].reindex(rows.index)
    tracts = newyork.shapes("census_tract_2020").set_index("geoid")
    stated = newyork.shapes("nta_2020").groupby("cdta2020")["borough"].agg(lambda names: names.mode()[0])
    rows["nta"] = rows["tract"].map(tracts["nta2020"])
    rows["cdta"] = rows["tract"].map(tracts["cdta2020"])
    rows["upper"] = rows["cdta"].map(stated)
    rows["said"] = rows["borough"].where(rows["borough"] != "Unspecified")
    return rows


def counted(rows: pd.DataFrame, column: str) -> dict[str, int]:
    """Records by unit of a level; those known to a borough only are its unassigned part."""
    unassigned = rows["said"] if column == "upper" else rows["said"] + "/-"
    return rows[column].fillna(unassigned).fillna("/-").value_counts().to_dict()


def test_a_level_made_of_its_children_tells_where_they_disagree(newyork):
    assert (newyork.dissolved["units"], newyork.dissolved["with_shape"]) == (71, 71)
    assert newyork.dissolved["notes"] == [
        "QN01: children give different parents: 'QUEENS' 8 times wins over 'BRONX' 1 times"
    ]


def test_the_known_traps_are_reported_with_codes_and_areas(newyork):
    outside = {
        fault["codes"][0]: fault for fault in newyork.faults if fault["kind"] == "child-outside-parent"
    }
    marble_hill, rikers = outside["BX0802"], outside["36005000100"]
    assert marble_hill["codes"] == ["BX0802", "BRONX"]
    area = newyork.shapes("nta_2020").set_index("nta2020").to_crs("EPSG:6933").area["BX0802"]
    assert marble_hill["area_m2"] / area == pytest.approx(0.267, abs=0.001)
    assert outside["36061030900"]["codes"] == ["36061030900", "BRONX"]  # the tract that is Marble Hill
    assert rikers["codes"][1] == "QUEENS"
    assert rikers["area_m2"] == pytest.approx(1_687_500, rel=0.001)
    # the rest is the digitising of borders; nothing else of size is out of place
    large = {code for code, fault in outside.items() if fault["area_m2"] > 100}
    assert large == {"BX08", "BX0802", "36061030900", "QN01", "QN0151", "36005000100"}
    gaps = {fault["codes"][0] for fault in newyork.faults if fault["kind"] == "gap"}
    assert gaps == {"MANHATTAN", "BRONX"}  # where the two lie that belong elsewhere
    assert {fault["kind"] for fault in newyork.faults} == {"child-outside-parent", "gap", "sliver"}


def test_publishing_waits_for_every_kind_to_be_accepted(newyork):
    kinds = "child-outside-parent,gap,sliver"
    assert (
        newyork.refusal
        == f"linli: units: got {len(newyork.faults)} faults ({kinds.replace(',', ', ')}); expected --accept {kinds}\n"
    )
    assert (
        newyork.published["units"] == 5 + 71 + 262 + 2_325
    )  # accepting overlap, which does not occur, was fine
    versions = newyork("units", "versions", "--json").json["versions"]
    assert versions == [{"version": 1, "valid_from": None, "units": 2_663, "changes": []}]


def test_the_ledger_of_a_hundred_thousand_requests(newyork, requests):
    ledger = newyork.ledger
    assert (ledger["read"], ledger["accepted"], ledger["rejected"]) == (100_000, 100_000, 0)
    with_point = int(requests["has_point"].sum())
    assert with_point == 100_000 - 1_529
    assert ledger["outside"] == 24 == with_point - int(requests["tract"].notna().sum())
    assert 1 - ledger["outside"] / with_point >= 0.9997
    without = requests[~requests["has_point"]]
    assert ledger["no_location"] == int(without["said"].isna().sum()) == 93
    assert ledger["located"] == 100_000 - 24 - 93


def test_counts_per_tract_and_day_equal_a_join_by_geopandas(newyork, requests):
    found = newyork.measure("cases_reported", "--by", "level:tract,day").set_index(["unit_code", "day"])
    unit = requests["tract"].fillna(requests["said"] + "/-").fillna("/-")
    expected = requests.groupby(
        [unit.rename("unit_code"), requests["created_date"].str[:10].rename("day")]
    ).size()
    assert expected.sum() == 100_000
    pd.testing.assert_series_equal(
        found["value"].sort_index(), expected.sort_index(), check_names=False, check_dtype=False
    )
    assert found.index.is_monotonic_increasing
    assert (found["numerator"] == found["n"]).all() and found["denominator"].isna().all()


@pytest.mark.parametrize(("level", "column"), [("nta", "nta"), ("cdta", "cdta"), ("borough", "upper")])
def test_upper_levels_follow_published_parent_codes(newyork, requests, level, column):
    expected = counted(requests, column)
    found = newyork.values("cases_reported", "--by", f"level:{level}")
    assert {code: value for code, value in found.items() if value} == expected
    assert sum(expected.values()) == 100_000


def test_marble_hill_moves_245_requests_against_a_join_by_borough(newyork, requests):
    placed = requests[requests["tract"].notna()]
    moved = placed[placed["upper"] != placed["inside"]]
    assert len(moved) == 245
    assert set(moved["nta"]) == {"BX0802"} and set(moved["tract"]) == {"36061030900"}
    assert set(moved["upper"]) == {"BRONX"} and set(moved["inside"]) == {"MANHATTAN"}
    found = newyork.values("cases_reported", "--by", "level:borough")
    by_shape = requests["inside"].fillna(requests["said"]).value_counts()
    assert found["BRONX"] - by_shape["BRONX"] == 245 == by_shape["MANHATTAN"] - found["MANHATTAN"]


def test_rows_closed_before_they_were_opened_count_but_do_not_last(newyork, requests):
    backwards = requests["closed_date"] < requests["created_date"]
    assert backwards.sum() == 4
    assert newyork.ledger["notes"]["flagged:closed_before_reported"] == 4
    keys = newyork.rows(
        "SELECT key FROM fact_cases JOIN term ON term.id = flags WHERE term.text = 'closed_before_reported'"
    )
    assert {key for (key,) in keys} == set(requests.loc[backwards, "unique_key"])
    found = newyork.measure("cases_reported", "cases_closed", "case_hours_median").set_index("indicator")
    closed = int(requests["closed_date"].notna().sum())
    assert found["n"].to_dict() == {
        "cases_reported": 100_000, "cases_closed": closed, "case_hours_median": closed - 4,
    }  # fmt: skip
    hours = (
        pd.to_datetime(requests["closed_date"]) - pd.to_datetime(requests["created_date"])
    ).dt.total_seconds() / 3600
    exact = hours[hours >= 0].median()
    assert found.loc["case_hours_median", "value"] == pytest.approx(exact, rel=0.05)


def test_a_second_delivery_changes_nothing(newyork):
    before = newyork.measure("cases_reported", "cases_closed", "--by", "level:nta,week")
    revisions = newyork.rows("SELECT count(*), max(rev) FROM fact_cases")
    ledger = newyork.ingest("nyc311", newyork.data / "nyc311/nyc311_2026-05-05_redelivery.csv.gz")
    assert (ledger["read"], ledger["accepted"], ledger["updated"], ledger["unchanged"]) == (
        10_000,
        0,
        0,
        10_000,
    )
    newyork("refresh")
    assert newyork.rows("SELECT count(*), max(rev) FROM fact_cases") == revisions
    pd.testing.assert_frame_equal(
        newyork.measure("cases_reported", "cases_closed", "--by", "level:nta,week"), before
    )


def test_everything_agrees_when_computed_another_way(newyork):
    assert newyork("verify", "--json").json == {"differences": 0, "first": []}
    assert newyork("doctor", "--json").json == {"faults": []}
