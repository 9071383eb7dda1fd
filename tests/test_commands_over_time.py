"""What commands change: boundaries and their versions, deliveries in any order, copies, accounts."""

import itertools
import json

import pytest
import shapely
from commanded import FIRST, MAPPED, PERIOD, cases, copy, founded, settled, stage
from commanding import City, geojson, linli


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> City:
    return founded(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def town(template, tmp_path_factory) -> City:
    return settled(template, tmp_path_factory.mktemp("town"))


# boundaries


def test_dissolving_reports_where_children_disagree(tmp_path):
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "town,district,block", "--locale", "en")
    boxes = [shapely.box(121 + at / 100, 31, 121 + (at + 1) / 100, 31.01) for at in range(4)]
    up = ["T1", "T1", "T2", "T2"]
    rows = [
        ({"code": f"K{at}", "district": "D", "town": up[at] if at else "T2"}, boxes[at]) for at in range(4)
    ]
    path = geojson(tmp_path / "blocks.geojson", rows)
    options = [
        "--level",
        "district",
        "--code",
        "district",
        "--name",
        "district",
        "--parent",
        "town",
        "--dissolve",
    ]
    document = city("units", "import", path, *options, "--json").json
    assert document == {
        "tree": "grid", "level": "district", "units": 1, "with_shape": 1,
        "notes": ["D: children give different parents: 'T2' 3 times wins over 'T1' 1 times"],
    }  # fmt: skip
    assert "children give different parents" in city("units", "import", path, *options).out


def test_a_second_version_says_what_became_of_each_unit(template, tmp_path):
    city = copy(template, tmp_path / "instance")
    city.ingest("cases", cases(tmp_path / "first.csv", FIRST))
    stage(city, tmp_path, "--valid-from", "2026-03-02", blocks="ABBBA")
    document = city("units", "publish", "--json").json
    assert (document["version"], document["valid_from"], document["units"]) == (2, "2026-03-02", 7)
    first, second = city("units", "versions", "--json").json["versions"]
    assert (first["valid_from"], first["changes"]) == (None, [])
    changes = {change["code"]: change for change in second["changes"]}
    assert set(changes) == {"A", "B", "A1", "A2", "B1", "B2", "B3"}
    assert (changes["A1"]["change"], changes["A1"]["level"]) == ("same", "block")
    assert (changes["A"]["change"], changes["A"]["level"]) == ("redrawn", "district")
    assert changes["A"]["share"] == pytest.approx(0.5, abs=0.001)
    text = city("units", "versions").out
    assert "version 2: 7 units, valid from 2026-03-02" in text and "district A Upper: redrawn" in text
    city("refresh")
    was, now = (city.values("cases_reported", "--by", "level:district", "--boundaries", kind, *PERIOD)
                for kind in ("as-was", "today"))  # fmt: skip
    assert city.values("cases_reported", "--by", "level:district", *PERIOD) == was
    assert (was, now) == ({"A": 3, "B": 1, "/-": 1}, {"A": 3, "B": 1, "/-": 1})
    assert city("verify", "--json").json["differences"] == 0


def test_days_before_the_first_version_are_counted_in_it(tmp_path):
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "district,block", "--locale", "en")
    stage(city, tmp_path, "--valid-from", "2026-03-02")
    city("units", "publish")
    city.source("cases", MAPPED)
    city.ingest("cases", cases(tmp_path / "first.csv", FIRST))
    city("refresh")
    assert city.values("cases_reported", "--by", "level:district", *PERIOD) == {"A": 3, "B": 1, "/-": 1}
    assert city.measure("cases_open", *PERIOD)["value"].tolist() == [3]
    # a version of the same day replaces it from that day on
    stage(city, tmp_path, "--valid-from", "2026-03-02", blocks="ABBB")
    city("units", "publish", "--accept", "sliver")
    city("refresh")
    assert city.values("cases_reported", "--by", "level:block", *PERIOD) == {
        "A1": 2, "B1": 0, "B2": 1, "B3": 0, "A/-": 1, "/-": 1,
    }  # fmt: skip
    assert city("verify", "--json").json["differences"] == 0


# deliveries in any order, copies, accounts


DELIVERIES = (
    [("1", 1, "litter", "patrol", "03-01 08:00", "", "", "121.005", "31.005", ""),
     ("2", 5, "litter", "patrol", "03-01 08:00", "", "03-02 09:00", "121.015", "31.005", "")],
    [("1", 2, "litter", "patrol", "03-01 08:00", "", "03-02 08:00", "121.005", "31.005", ""),
     ("2", 4, "litter", "patrol", "03-01 08:00", "", "", "121.015", "31.005", ""),
     ("2", 6, "graffiti", "patrol", "03-01 08:00", "", "", "121.015", "31.005", "")],
    [("1", 3, "litter", "patrol", "03-01 08:00", "", "", "121.025", "31.005", "")],
)  # fmt: skip


def test_versions_decide_whatever_the_order_of_delivery(template, tmp_path):
    states, measures = [], []
    for number, order in enumerate(itertools.permutations(range(3))):
        city = copy(template, tmp_path / f"order{number}")
        for part in (*order, order[0]):
            city.ingest("versioned", cases(tmp_path / f"part{part}.csv", DELIVERIES[part]))
        city("refresh")
        states.append(city.rows(
            "SELECT key, version, reported_at, closed_at, lon, digest, term.text FROM fact_cases "
            "JOIN term ON term.id = category WHERE superseded = 2147483647 ORDER BY key"
        ))  # fmt: skip
        measures.append(
            city("measure", "cases_reported", "cases_open", "--by", "level:block,category", *PERIOD).out
        )
    assert [row[:2] for row in states[0]] == [("1", 3), ("2", 6)]
    assert all(state == states[0] for state in states)
    assert all(text == measures[0] for text in measures)


def test_a_copy_comes_back_whole_and_without_the_key(town, tmp_path):
    copied, key = tmp_path / "copies" / "town.tar.gz", town.folder / "secret.key"
    key.touch()
    document = town("backup", copied, "--json").json
    key.unlink()
    assert document == {"file": str(copied), "bytes": copied.stat().st_size}
    back = City(tmp_path / "back")
    back("restore", copied)
    question = (
        "measure",
        "cases_reported",
        "cases_open",
        "case_hours_median",
        "--by",
        "level:block,day",
        *PERIOD,
    )
    assert back(*question).out == town(*question).out
    assert back("verify", "--json").json == {"differences": 0, "first": []}
    assert not (back.folder / "secret.key").exists()
    assert {path.name for path in back.folder.iterdir()} >= {
        "linli.toml",
        "sources",
        "inbox",
        "exports",
        "backups",
    }
    assert back.ingest("cases", cases(tmp_path / "first.csv", FIRST))["unchanged"] == 5


def test_verify_finds_a_number_that_was_tampered_with(town, tmp_path):
    import sqlite3

    city = copy(town, tmp_path / "instance")
    with sqlite3.connect(city.folder / "linli.db") as connection:
        assert connection.execute("UPDATE fact_cases SET closed_at = NULL WHERE key = '1'").rowcount == 1
    done = city("verify", "--json", status=1)
    document = json.loads(done.out)
    assert document["differences"] > 0 and "expected" in document["first"][0]
    assert done.err == f"linli: verify: got {document['differences']} differences; expected none\n"


def test_accounts_are_made_listed_and_closed(template, tmp_path):
    city = copy(template, tmp_path / "instance")
    add = ("users", "add", "--password-stdin", "--role")
    secret = "a long enough password\n"
    assert city(*add, "leader", "陈丽", "--json", stdin=secret).json == {"name": "陈丽", "role": "leader"}
    city(*add, "manager", "wang", "--unit", "A1", "--unit", "B", stdin=secret)
    city("users", "disable", "wang")
    assert city("users", "list", "--json").json["users"] == [
        {"name": "wang", "role": "manager", "units": ["A1", "B"], "tree": "grid", "disabled": True},
        {"name": "陈丽", "role": "leader", "units": [], "tree": "grid", "disabled": False},
    ]
    assert "(closed)" in city("users", "list").out
    assert "taken" in city(*add, "leader", "wang", stdin=secret, status=1).err
    assert "a long enough" not in str(city.dump())
