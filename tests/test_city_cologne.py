"""Open311: the saved answers of a city's server and of the specification, through `linli ingest`."""

import json
from collections import Counter

import pytest
import shapely
from commanding import City, geojson, linli
from source_files import DECLARED

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def cologne(tmp_path_factory) -> City:
    folder = tmp_path_factory.mktemp("cologne")
    city = City(folder / "instance")
    linli("init", city.folder, "--levels", "city", "--timezone", "Europe/Berlin", "--locale", "en")
    path = geojson(
        folder / "city.geojson", [({"id": "K", "name": "Köln"}, shapely.box(6.77, 50.83, 7.17, 51.09))]
    )
    city("units", "import", path, "--level", "city", "--code", "id", "--name", "name")
    city("units", "publish")
    for name in ("cologne", "specification"):
        city.source(name, (DECLARED / "cologne.toml").read_text(encoding="utf-8"))
    return city


def test_requests_of_a_server_in_json(cologne, real_data):
    file = real_data / "open311/cologne_requests_2023-12-11.json"
    ledger = cologne.ingest("cologne", file)
    requests = json.loads(file.read_text(encoding="utf-8"))
    numbers = [request["service_request_id"] for request in requests]
    assert (len(numbers), len(set(numbers))) == (50, 49)  # the server gives one number to two requests
    assert (ledger["read"], ledger["accepted"], ledger["located"]) == (50, 49, 49)
    assert ledger["unchanged"] == 1  # of the two the one updated last stands, though it came first
    again = cologne.ingest("cologne", file)
    assert (again["accepted"], again["updated"], again["unchanged"]) == (0, 0, 50)
    cologne("refresh")
    found = cologne.measure("cases_reported", "--by", "day", "--from", "2023-12-01", "--to", "2024-01-01")
    requests.sort(key=lambda request: request["updated_datetime"])
    last = {request["service_request_id"]: request["requested_datetime"][:10] for request in requests}
    assert found.set_index("day")["value"].to_dict() == Counter(last.values())
    stored = cologne.rows(
        "SELECT address FROM fact_cases JOIN source ON source.id = source_id WHERE name = 'cologne'"
    )
    addresses = {request["service_request_id"]: request["address"].strip() for request in requests}
    assert sorted(address for (address,) in stored) == sorted(addresses.values())


def test_the_example_of_the_specification_in_xml(cologne, real_data):
    ledger = cologne.ingest("specification", real_data / "open311/spec_examples/service-requests.xml")
    assert (ledger["read"], ledger["accepted"], ledger["rejected"]) == (2, 2, 0)
    keys = cologne.rows(
        "SELECT key FROM fact_cases JOIN source ON source.id = source_id WHERE name = 'specification'"
    )
    assert sorted(keys) == [("638344",), ("638349",)]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("service-list.json", "line 3 column 21"),
        ("service-request.json", "line 7 column 21"),
        ("service-requests.json", "line 7 column 21"),
    ],
)
def test_examples_that_are_no_json_are_refused_with_the_place(cologne, real_data, name, place):
    cologne.refused(
        "ingest", "specification", real_data / "open311/spec_examples" / name,
        says=f"{name} {place}: got expecting ',' delimiter; expected JSON",
    )  # fmt: skip
