"""Chicago: fourteen years of sanitation requests, some delivered under one number more than once."""

import pandas as pd
import pytest
from commanding import City, linli
from source_files import DECLARED

pytestmark = pytest.mark.real
FILE = "chicago_sanitation/chicago_sanitation_2000_2013.csv.gz"
PERIOD = ("--from", "2000-01-01", "--to", "2014-01-01")
NUMBER, AREA = "Service_Request_Number", "Community_Area"
READ = [
    "Type_of_Service_Request",
    "Status",
    "Creation_Date",
    "Completion_Date",
    "Street_Address",
    "Location",
    AREA,
]


@pytest.fixture(scope="module")
def records(real_data) -> pd.DataFrame:
    return pd.read_csv(real_data / FILE, dtype=str)


@pytest.fixture(scope="module")
def chicago(real_data, records, tmp_path_factory) -> City:
    folder = tmp_path_factory.mktemp("chicago")
    city = City(folder / "instance")
    linli("init", city.folder, "--levels", "area", "--timezone", "America/Chicago", "--locale", "en")
    areas = pd.DataFrame({"code": sorted(set(records[AREA].dropna()) - {"0"})})
    areas.assign(name="Community " + areas["code"]).to_csv(folder / "areas.csv", index=False)
    city("units", "import", folder / "areas.csv", "--level", "area", "--code", "code", "--name", "name")
    city("units", "publish")
    city.source("chicago", (DECLARED / "chicago.toml").read_text(encoding="utf-8"))
    city.ledger = city.ingest("chicago", real_data / FILE)
    city("refresh")
    return city


def test_repeated_numbers_become_revisions_by_the_order_of_delivery(chicago, records):
    rows = records[[NUMBER, *READ]].fillna("")
    before = rows.groupby(NUMBER)[READ].shift()
    again = rows.duplicated(NUMBER)
    differs = (before != rows[READ]).any(axis=1)
    assert again.sum() == 176
    ledger = chicago.ledger
    assert (ledger["read"], ledger["rejected"]) == (55_343, 0)
    assert ledger["accepted"] == rows[NUMBER].nunique() == 55_343 - 176
    assert ledger["updated"] == int((again & differs).sum())
    assert ledger["unchanged"] == int((again & ~differs).sum())
    assert ledger["updated"] + ledger["unchanged"] == 176
    assert chicago.rows("SELECT count(*) FROM fact_cases") == [(55_343 - ledger["unchanged"],)]


def test_the_last_delivered_row_of_a_number_counts(chicago, records):
    last = records.drop_duplicates(NUMBER, keep="last")
    unit = last[AREA].where(last[AREA].notna() & (last[AREA] != "0"), "/-")
    found = chicago.values("cases_reported", "--by", "level:area", *PERIOD)
    assert {code: value for code, value in found.items() if value} == unit.value_counts().to_dict()
    months = chicago.measure("cases_reported", "--by", "month", *PERIOD).set_index("month")["value"]
    assert months.to_dict() == last["Creation_Date"].str[:7].value_counts().to_dict()
    closed = chicago.measure("cases_closed", *PERIOD)["value"].item()
    assert closed == (last["Completion_Date"] < "2014").sum()


def test_another_delivery_of_the_same_file_changes_nothing(chicago, real_data):
    ledger = chicago.ingest("chicago", real_data / FILE)
    assert (ledger["accepted"], ledger["updated"], ledger["unchanged"]) == (0, 0, 55_343)


def test_verified(chicago):
    assert chicago("verify", "--json").json["differences"] == 0
