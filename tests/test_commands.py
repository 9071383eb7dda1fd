"""The contract of the commands: their columns, orders, keys and documents, on a town small enough to count by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from commanded import FIRST, PERIOD, cases, copy, founded, settled
from commanding import LEDGER, City, linli

from data.indicators import INDICATORS
from data.settings import LOCALES
from layouts.words import LANGUAGES


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> City:
    return founded(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def town(template, tmp_path_factory) -> City:
    return settled(template, tmp_path_factory.mktemp("town"))


# measure


def test_the_whole_instance_is_one_row_with_an_empty_code(town):
    done = town("measure", "cases_reported", "case_on_time_closure_rate", *PERIOD)
    assert done.out.splitlines() == [
        "indicator,unit_code,numerator,denominator,value,low,high,n",
        "cases_reported,,5,,5,,,5",
        done.out.splitlines()[2],
    ]
    rate = done.table.iloc[1]
    assert (rate["numerator"], rate["denominator"], rate["n"]) == (1, 3, 3)
    assert rate["value"] == pytest.approx(1 / 3) and rate["low"] < rate["value"] < rate["high"]
    assert town("measure", "cases_reported", "--unit", "A", *PERIOD).out.splitlines()[1:] == [
        "cases_reported,A,3,,3,,,3"
    ]


def test_a_level_lists_every_unit_and_what_is_unassigned(town):
    assert town.values("cases_reported", "--by", "level:block", *PERIOD) == {
        "A1": 2, "A2": 0, "B1": 1, "B2": 0, "A/-": 1, "/-": 1,
    }  # fmt: skip
    assert town.values("cases_reported", "--by", "level:district", *PERIOD) == {"A": 3, "B": 1, "/-": 1}
    assert town.values("cases_reported", "--by", "level:block", "--unit", "A", *PERIOD) == {
        "A1": 2,
        "A2": 0,
        "A/-": 1,
    }
    assert town.values("cases_reported", "--by", "level:district", "--unit", "A", *PERIOD) == {"A": 3}


def test_parts_are_columns_in_the_order_asked_and_rows_are_sorted_by_them(town):
    table = town.measure(
        "cases_reported", "cases_closed", "--by", "day,level:district,category,channel", *PERIOD
    )
    assert list(table.columns) == [
        "indicator", "unit_code", "day", "category", "channel", "numerator", "denominator", "value", "low", "high", "n",
    ]  # fmt: skip
    rows = table[["indicator", "day", "unit_code", "category", "channel", "value"]].to_numpy().tolist()
    assert rows == [
        ["cases_reported", "2026-03-01", "A", "litter", "12345", 1],
        ["cases_reported", "2026-03-01", "A", "litter", "patrol", 1],
        ["cases_reported", "2026-03-02", "B", "road/lamp", "patrol", 1],
        ["cases_reported", "2026-03-03", "/-", "road/hole", "12345", 1],
        ["cases_reported", "2026-03-03", "A", "road/hole", "patrol", 1],
        ["cases_closed", "2026-03-02", "A", "litter", "patrol", 1],
        ["cases_closed", "2026-03-04", "A", "litter", "12345", 1],
    ]
    other = town.measure("cases_reported", "--by", "channel,level:district", *PERIOD)
    assert other[["channel", "unit_code"]].to_numpy().tolist() == [
        ["12345", "/-"], ["12345", "A"], ["patrol", "A"], ["patrol", "B"],
    ]  # fmt: skip


def test_periods_are_local_and_end_before_their_last_day(town):
    days = town.measure("cases_reported", "--by", "day", "--from", "2026-03-01", "--to", "2026-03-03")
    assert days.set_index("day")["value"].to_dict() == {"2026-03-01": 2, "2026-03-02": 1}
    weeks = town.measure("cases_reported", "--by", "week", *PERIOD)
    assert weeks.set_index("week")["value"].to_dict() == {"2026-02-23": 2, "2026-03-02": 3}  # Mondays
    months = town.measure("cases_reported", "--by", "month", "--from", "2026-01-01", "--to", "2026-12-31")
    assert months.set_index("month")["value"].to_dict() == {"2026-03": 5}
    assert town.measure("cases_reported")["value"].tolist() == [5]  # without dates, everything there is


def test_empty_rows_are_left_out_only_where_time_is_asked_for(town):
    assert town.measure("cases_closed", "--by", "level:block", "--unit", "B", *PERIOD)["value"].tolist() == [
        0,
        0,
    ]
    assert town.measure("cases_closed", "--by", "level:block,day", "--unit", "B", *PERIOD).empty
    rate = town.measure("case_on_time_closure_rate", "--by", "level:block", *PERIOD).set_index("unit_code")
    assert rate.loc["A2", ["numerator", "denominator"]].tolist() == [0, 0]
    assert rate.loc["A2", ["value", "low", "high"]].isna().all()


def test_a_stock_is_that_of_the_last_day(town):
    found = town.measure("cases_open", "cases_overdue_open", "--by", "day", *PERIOD)
    found = found.set_index(["indicator", "day"])["value"]
    assert found["cases_open"].to_dict() == {
        "2026-03-01": 2,
        "2026-03-02": 2,
        "2026-03-03": 4,
        "2026-03-04": 3,
    }
    assert found["cases_overdue_open"].to_dict() == {"2026-03-02": 2, "2026-03-03": 2, "2026-03-04": 1}
    assert town.measure("cases_open", *PERIOD)["value"].tolist() == [3]


def test_json_says_the_same_as_csv(town):
    arguments = ("measure", "cases_reported", "case_closure_rate", "--by", "level:block", *PERIOD)
    rows = town(*arguments, "--format", "json").json
    assert rows == town(*arguments, "--json").json == town("--json", *arguments).json
    table = town(*arguments).table
    assert list(rows[0]) == list(table.columns)
    for row, line in zip(rows, table.to_dict("records"), strict=True):
        for name, value in row.items():
            assert (line[name] != line[name]) if value is None else line[name] == pytest.approx(value), name


def test_sums_lose_no_digit(template, tmp_path):
    city = copy(template, tmp_path / "instance")
    path = tmp_path / "lots.csv"
    lines = ["lot,at,spaces,taken,place"]
    for lot in range(4):
        start = datetime(2026, 3, 1, 8)
        times = [start, start + timedelta(seconds=61), start + timedelta(seconds=200)]
        place = "A1" if lot % 2 else "B1"
        lines += [f"L{lot},{at},99999999,{77_777_777 + lot},{place}" for at in times]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    city.ingest("parking", path)
    city("refresh")
    whole = city.measure("parking_occupancy", *PERIOD).iloc[0]
    parts = city.measure("parking_occupancy", "--by", "level:block", *PERIOD)
    assert whole["numerator"] > 1e6 and not float(whole["numerator"]).is_integer()
    assert parts["numerator"].sum() == pytest.approx(whole["numerator"], rel=1e-11)


def test_as_of_answers_with_what_was_known(template, tmp_path):
    city = copy(template, tmp_path / "instance")
    city.ingest("cases", cases(tmp_path / "first.csv", FIRST))
    city("refresh")
    then = datetime.now(UTC).isoformat()
    city.ingest(
        "cases",
        cases(
            tmp_path / "more.csv", [("6", *FIRST[0][1:]), ("3", *FIRST[2][1:6], "03-03 09:00", *FIRST[2][7:])]
        ),
    )
    city("refresh")
    assert city.measure("cases_reported", "cases_closed", *PERIOD)["value"].tolist() == [6, 4]
    assert city.measure("cases_reported", "cases_closed", "--as-of", then, *PERIOD)["value"].tolist() == [
        5,
        2,
    ]
    assert city("verify", "--json").json["differences"] == 0


# ledger, indicators, documents


def test_the_ledger_has_the_keys_of_the_contract(town, tmp_path):
    assert set(town.ledger) >= set(LEDGER)
    assert (town.ledger["source"], town.ledger["files"]) == ("cases", ["first.csv"])
    assert [town.ledger[name] for name in LEDGER[2:10]] == [5, 5, 0, 0, 0, 4, 0, 1]
    assert town.ledger["rejects"] == [] and town.ledger["seconds"] > 0


def test_the_ledger_shows_the_first_twenty_rejects(template, tmp_path):
    city = copy(template, tmp_path / "instance")
    rows = [(str(number), 1, "x", "y", "2999-01-01", "", "", "", "", "") for number in range(30)]
    ledger = city.ingest("cases", cases(tmp_path / "bad.csv", rows))
    assert (ledger["read"], ledger["rejected"], len(ledger["rejects"])) == (30, 30, 20)
    assert [list(entry) for entry in ledger["rejects"]] == [["file", "row", "field", "value", "rule"]] * 20
    assert [entry["row"] for entry in ledger["rejects"]] == list(range(2, 22))
    lines = city("ingest", "cases", tmp_path / "bad.csv").out.splitlines()
    assert lines[0].startswith("cases: read 30 accepted 0 updated 0 unchanged 0 rejected 30")
    assert "bad.csv row 2: reported_at: got '2999-01-01'; expected" in lines[1]
    assert city.rows("SELECT count(*) FROM reject") == [(60,)]


def test_every_indicator_is_described(town):
    entries = {entry["name"]: entry for entry in town("indicators", "--json").json["indicators"]}
    assert set(entries) == set(INDICATORS)
    first_release = {
        "cases_reported", "cases_closed", "cases_open", "cases_overdue_open", "case_closure_rate",
        "case_on_time_closure_rate", "case_hours_median", "case_hours_p90", "orders_accepted", "order_on_time_rate",
        "order_first_contact_rate", "order_resolution_rate", "order_satisfaction", "parking_occupancy",
        "littering_episodes", "wall_episodes",
    }  # fmt: skip
    assert first_release <= set(entries)
    for entry in entries.values():
        assert set(entry["titles"]) == set(LOCALES) == set(LANGUAGES) and all(entry["titles"].values())
        assert entry["formula"] and entry["numerator"] and entry["source"], entry["name"]
        assert entry["direction"] in ("high", "low", None) and "exclusions" in entry
    assert len(town("indicators").out.splitlines()) == len(INDICATORS)


@pytest.mark.parametrize(
    "command",
    [
        ["units", "versions"], ["refresh"], ["verify"], ["doctor"], ["jobs"], ["users", "list"], ["indicators"],
        ["measure", "cases_reported"], ["units", "versions"],
    ],
)  # fmt: skip
def test_json_is_one_document_and_global_options_stand_anywhere(town, command, monkeypatch):
    before = linli("--instance", town.folder, "--json", *command).json
    after = linli(*command, "--json", "--instance", town.folder).json
    monkeypatch.setenv("LINLI_INSTANCE", str(town.folder))
    assert linli(*command, "--json").err == ""
    if command != ["refresh"]:
        assert before == after
    assert isinstance(before, dict | list)
