"""The commands of published tables: taking one cell by cell, once; listing, showing, withdrawing; plain refusals."""

import pytest
from commanded import founded

TABLE = "二月通报\n街道,先行联系率,得分,排名\nUpper,80%,90,2\n云亭街道,abc,95,1\n合计,81%,,\n"
PERIOD = ("--from", "2026-02-01", "--to", "2026-03-01", "--published-on", "2026-03-04")


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return founded(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "通报.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_table_is_taken_once_listed_shown_and_withdrawn(city, file):
    first = city("published", "import", file, *PERIOD, "--json").json
    assert (first["number"], first["new"], first["ours"], first["left_out"]) == (1, True, ["A"], 1)
    assert [(each["row"], each["value"], each["rule"]) for each in first["rejects"]] == [
        (4, "abc", "a number")
    ]
    assert city("published", "import", file, *PERIOD, "--json").json["new"] is False
    listed = city("published", "list", "--json").json["published"]
    assert [(each["number"], each["from"], each["to"], each["title"]) for each in listed] == [
        (1, "2026-02-01", "2026-03-01", "通报")
    ]
    city("refresh")
    shown = city("published", "show", "--json").json
    found = {each["indicator"]: each for each in shown["figures"]}
    assert found["order_first_contact_rate"]["published"] == 0.8 and found["total"]["above"]["gap"] == 5
    assert "next above: 云亭街道 95, 5 away, – orders" in city("published", "show", "1").out
    assert city("published", "show", "1", "--as-of", "2026-01-01", status=1).err.count("\n") == 1
    city("published", "withdraw", 1)
    assert city("published").out.strip() == "no published table yet"


def test_refusals_are_one_plain_line(city, file, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("姓名,电话\n张工,1\n", encoding="utf-8")
    city.refused("published", "import", other, *PERIOD, says="expected a column of sub-districts")
    city.refused("published", "import", file, *PERIOD, "--unit", "Nowhere", says="unit: got 'Nowhere'")
    city.refused("published", "import", file, "--from", "2026-03-01", "--to", "2026-02-01", says="to: got")
    city.refused("published", "show", "99", says="got 99; expected one of")
    city.refused("published", "withdraw", "99", says="got 99; expected the number")
