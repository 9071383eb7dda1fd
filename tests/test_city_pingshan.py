"""Pingshan: a district of sub-districts and communities known by code list alone, delivered in two encodings."""

import pandas as pd
import pytest
from commanding import City, linli
from source_files import DECLARED

pytestmark = pytest.mark.real
FILES = {
    "pingshan_utf8": "pingshan_cases/pingshan_cases_2018-02_2018-10.csv.gz",
    "pingshan_gb18030": "pingshan_cases/pingshan_cases_2018-02_2018-10_gb18030.csv",
}


@pytest.fixture(scope="module")
def pingshan(real_data, tmp_path_factory) -> City:
    folder = tmp_path_factory.mktemp("pingshan")
    city = City(folder / "instance")
    linli("init", city.folder, "--levels", "district,subdistrict,community")
    communities = pd.read_csv(real_data / "pingshan_cases/pingshan_communities.csv", dtype=str)
    communities = communities[communities["community_id"] != "-"].assign(district_id="440310")
    (folder / "district.csv").write_text("code,name\n440310,坪山区\n", encoding="utf-8")
    communities.to_csv(folder / "communities.csv", index=False, encoding="gb18030")
    city(
        "units", "import", folder / "district.csv", "--level", "district", "--code", "code", "--name", "name"
    )
    for level, code, name, parent in (
        ("subdistrict", "street_id", "street_name", "district_id"),
        ("community", "community_id", "community_name", "street_id"),
    ):
        options = ["--level", level, "--code", code, "--name", name, "--parent", parent, "--dissolve"]
        city.notes = city("units", "import", folder / "communities.csv", *options, "--json").json["notes"]
    assert city("units", "check", "--json").json == {"faults": []}
    city("units", "publish")
    city.ledgers = {}
    for name, file in FILES.items():
        city.source(name, (DECLARED / f"{name}.toml").read_text(encoding="utf-8"))
        city.ledgers[name] = city.ingest(name, real_data / file)
    city("refresh")
    return city


@pytest.fixture(scope="module")
def records(real_data) -> pd.DataFrame:
    return pd.read_csv(real_data / FILES["pingshan_utf8"], dtype=str)


def test_two_names_of_one_community_are_told(pingshan):
    assert pingshan.notes == [
        "10009: children give different names: '碧岭社区' 1 times wins over '碧玲社区' 1 times"
    ]
    assert pingshan.rows("SELECT level, count(*), count(shape) FROM unit GROUP BY level") == [
        (0, 1, 0), (1, 6, 0), (2, 23, 0),
    ]  # fmt: skip


def test_every_case_is_placed_by_name(pingshan):
    for ledger in pingshan.ledgers.values():
        assert (ledger["read"], ledger["accepted"]) == (6_952, 6_952)
        assert (ledger["located"], ledger["outside"], ledger["no_location"]) == (6_952, 0, 0)


def test_both_encodings_give_equal_facts(pingshan, tmp_path):
    target = tmp_path / "cases.csv"
    pingshan(
        "export", "cases", "-o", target, "--flavour", "machine", "--from", "2018-01-01", "--to", "2019-01-01"
    )
    facts = pd.read_csv(target, dtype=str)
    assert len(facts) == 2 * 6_952
    one, other = (
        part.drop(columns="source").sort_values("id", ignore_index=True)
        for _, part in facts.groupby("source")
    )
    pd.testing.assert_frame_equal(one, other)
    assert one["category"].str.startswith("市容环卫/").sum() == 2_375
    assert one["reported_at"].str.endswith("T00:00:00+08:00").all()


def test_counts_by_community_and_the_seven_without_one(pingshan, records):
    period = ("--from", "2018-01-01", "--to", "2019-01-01")
    found = pingshan.values("cases_reported", "--by", "level:community", *period)
    expected = records["community_id"].where(records["community_id"] != "-", "440310/-").value_counts() * 2
    assert expected["440310/-"] == 14  # seven of each source: known to the district and no finer
    assert {code: value for code, value in found.items() if value} == expected.to_dict()
    found = pingshan.values("cases_reported", "--by", "level:subdistrict", *period)
    expected = records["street_id"].where(records["street_id"] != "-", "440310/-").value_counts() * 2
    assert {code: value for code, value in found.items() if value} == expected.to_dict()
    assert pingshan.values("cases_reported", "--by", "level:district", *period) == {"440310": 2 * 6_952}


def test_a_verdict_where_no_times_are_given_makes_the_rate(pingshan, records):
    row = pingshan.measure("case_on_time_closure_rate", "--from", "2018-01-01", "--to", "2019-01-01").iloc[0]
    in_time = int((records["archive_status"] == "intime").sum())
    assert in_time == 6_238
    assert (row["numerator"], row["denominator"]) == (2 * in_time, 2 * 6_952)


def test_sums_by_channel_and_day_equal_the_file(pingshan, records):
    by = ("--by", "channel,day", "--from", "2018-01-01", "--to", "2019-01-01")
    found = pingshan.measure("cases_reported", *by).set_index(["channel", "day"])["value"]
    expected = records.groupby(["event_src_name", "create_time"]).size() * 2
    pd.testing.assert_series_equal(
        found.sort_index(),
        expected.sort_index(),
        check_names=False,
        check_dtype=False,
        check_index_type=False,
    )


def test_verified(pingshan):
    assert pingshan("verify", "--json").json["differences"] == 0
