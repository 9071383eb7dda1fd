"""Birmingham: parking readings that break their own capacity, treated as the source's rule says."""

import pandas as pd
import pytest
from commanding import City, linli
from source_files import DECLARED

pytestmark = pytest.mark.real
FILE = "parking/birmingham_2016.csv.gz"
ABOVE, BELOW, REPEATED, ROWS = 373, 12, 216, 35_717


@pytest.fixture
def birmingham(tmp_path) -> City:
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "city", "--timezone", "Europe/London", "--locale", "en")
    (tmp_path / "city.csv").write_text("code,name\nBHM,Birmingham\n", encoding="utf-8")
    city("units", "import", tmp_path / "city.csv", "--level", "city", "--code", "code", "--name", "name")
    city("units", "publish")
    return city


def declared(rule: str) -> str:
    text = (DECLARED / "birmingham.toml").read_text(encoding="utf-8")
    assert text.count('else = "flag"') == 1
    return text.replace('else = "flag"', f'else = "{rule}"')


@pytest.fixture(scope="module")
def readings(real_data) -> pd.DataFrame:
    rows = pd.read_csv(real_data / FILE)
    assert (len(rows), int(rows.duplicated().sum())) == (ROWS, REPEATED)
    assert ((rows["Occupancy"] > rows["Capacity"]).sum(), (rows["Occupancy"] < 0).sum()) == (ABOVE, BELOW)
    return rows.drop_duplicates(["SystemCodeNumber", "LastUpdated"])


def test_flagged_readings_are_kept_and_counted(birmingham, readings, real_data):
    birmingham.source("birmingham", declared("flag"))
    ledger = birmingham.ingest("birmingham", real_data / FILE)
    assert (ledger["read"], ledger["accepted"], ledger["unchanged"]) == (ROWS, ROWS - REPEATED, REPEATED)
    assert ledger["notes"] == {"flagged:occupied_above_capacity": ABOVE, "flagged:occupied_below_min": BELOW}
    query = "SELECT term.text, count(*) FROM fact_parking JOIN term ON term.id = flags GROUP BY 1 ORDER BY 1"
    above, below = readings["Occupancy"] > readings["Capacity"], readings["Occupancy"] < 0
    assert birmingham.rows(query) == [
        ("occupied_above_capacity", int(above.sum())), ("occupied_below_min", int(below.sum())),
    ]  # fmt: skip
    birmingham("refresh")
    rate = birmingham.measure("parking_occupancy", "--from", "2016-10-01", "--to", "2017-01-01")
    assert 0.3 < rate["value"].item() < 0.8
    assert birmingham("verify", "--json").json["differences"] == 0


def test_rejected_readings_are_listed_with_their_row(birmingham, readings, real_data):
    birmingham.source("birmingham", declared("reject"))
    ledger = birmingham.ingest("birmingham", real_data / FILE)
    assert (ledger["read"], ledger["rejected"]) == (ROWS, ABOVE + BELOW)
    first = ledger["rejects"][0]
    assert (first["file"], first["field"]) == ("birmingham_2016.csv.gz", "occupied")
    lines = pd.read_csv(real_data / FILE)
    broken = (lines["Occupancy"] > lines["Capacity"]) | (lines["Occupancy"] < 0)
    assert [entry["row"] for entry in ledger["rejects"]] == (lines.index[broken][:20] + 2).tolist()
    assert [entry["value"] for entry in ledger["rejects"]] == lines.loc[broken, "Occupancy"][:20].astype(
        str
    ).tolist()
    assert birmingham.rows("SELECT count(*) FROM reject") == [(ABOVE + BELOW,)]


def test_clipped_readings_lie_within_their_capacity(birmingham, readings, real_data):
    birmingham.source("birmingham", declared("clip"))
    ledger = birmingham.ingest("birmingham", real_data / FILE)
    assert (ledger["accepted"], ledger["rejected"]) == (ROWS - REPEATED, 0)
    assert birmingham.rows("SELECT sum(occupied), min(occupied), max(occupied - capacity) FROM fact_parking") == [
        (int(readings["Occupancy"].clip(0, readings["Capacity"]).sum()), 0, 0),
    ]  # fmt: skip
