"""Questions without an answer, wrong usage, folders and databases that are none: one plain line each."""

import json
import sqlite3

import pytest
from commanding import City, linli
from refusing import GOOD, csv, declared, settled


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> City:
    return settled(tmp_path_factory.mktemp("town"))


# Questions


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cases_solved"], "got 'cases_solved'; expected one of cases_reported"),
        (["cases_reported", "--unit", "Q9"], "unit: got 'Q9'; expected a code"),
        (
            ["cases_reported", "--by", "level:street"],
            "by: got 'level:street'; expected level: and one of district",
        ),
        (["cases_reported", "--by", "hour"], "by: got 'hour'; expected level:L, day, week, month"),
        (["cases_reported", "--by", "day,week"], "by: got 'day,week'; expected each part once"),
        (["cases_reported", "--by", "level:district,level:block"], "expected each part once"),
        (
            ["cases_reported", "--unit", "A1", "--by", "level:district"],
            "by: got level:district; expected block",
        ),
        (["cases_reported", "--from", "2026-13-01"], "--from: got '2026-13-01'; expected a date such as"),
        (["cases_reported", "--from", "yesterday"], "--from: got 'yesterday'; expected a date"),
        (["cases_reported", "--to", "1066-10-14"], "--to: got '1066-10-14'; expected a date"),
        (
            ["cases_reported", "--from", "2026-03-02", "--to", "2026-03-02"],
            "--to: got '2026-03-02'; expected a day",
        ),
        (["cases_reported", "--as-of", "noon"], "as-of: got 'noon'; expected an instant such as"),
        (["cases_reported", "--as-of", "2026-03-01T25:00"], "as-of: got '2026-03-01T25:00'"),
    ],
)
def test_questions_without_an_answer(town, arguments, says):
    town.refused("measure", *arguments, says=says)


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["dance"], ["units"], ["units", "sell"], ["measure"], ["measure", "cases_reported", "--format", "xml"],
        ["ingest", "cases"], ["sample", "x", "--size", "planet"], ["sample", "x", "--days", "many"],
        ["measure", "cases_reported", "--boundaries", "tomorrow"], ["serve", "--port", "http"], ["users", "add"],
        ["export", "people", "-o", "x.csv"], ["export", "cases"],
    ],
)  # fmt: skip
def test_wrong_usage(town, arguments):
    assert "usage: linli" in town(*arguments, status=2).err


def test_a_port_that_is_no_number(town, monkeypatch):
    monkeypatch.setenv("LINLI_PORT", "http")
    assert "invalid int value: 'http'" in town("serve", status=2).err
    town("units", "versions")


# Places


def test_no_instance(tmp_path):
    for command in (
        ["measure", "cases_reported"],
        ["ingest", "cases", "x.csv"],
        ["verify"],
        ["doctor"],
        ["jobs"],
    ):
        line = linli("--instance", tmp_path / "nowhere", *command, status=1).err
        assert "nowhere/linli.toml: not found; expected an instance made by 'linli init'" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("levels = 3", "levels: got 3; expected list"),
        ("[[levels]]\nname = 'Top Level'", "levels: got 'Top Level'"),
        ("colour = 'red'\n[[levels]]\nname = 'a'", "got unknown setting 'colour'"),
        ("timezone = 'Mars'\n[[levels]]\nname = 'a'", "timezone: got 'Mars'"),
        ("[[levels]]\nname = 'a'\n[targets]\nhappiness = 1", "targets: got 'happiness'"),
        ("[[levels]\n", "expected TOML in UTF-8"),
        ("locale = 'tlh'\n[[levels]]\nname = 'a'", "locale: got 'tlh'; expected"),
        ("database_url = 'oracle://x'\n[[levels]]\nname = 'a'", "database_url: got 'oracle://'; expected"),
        ("[[levels]]\nname = 'a'\ntitle = 3", "title"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path, text, says):
    (tmp_path / "linli.toml").write_text(text, encoding="utf-8")
    assert says in linli("--instance", tmp_path, "units", "versions", status=1).err


def test_places_that_cannot_be_written(town, tmp_path):
    (tmp_path / "file").write_text("in the way")
    before = town.dump()
    for arguments in (
        ["init", tmp_path / "file" / "city"],
        ["init", tmp_path / "file"],
        ["sample", tmp_path / "file" / "city", "--days", "2"],
        ["init", tmp_path / "new", "--levels", ""],
        ["init", tmp_path / "new", "--levels", "a,a"],
        ["init", tmp_path / "new", "--timezone", "Mars/Base"],
        ["init", tmp_path / "new", "--locale", "tlh"],
        ["init", town.folder],
        ["backup", tmp_path / "file" / "copy.tar.gz"],
        ["backup", tmp_path],
        ["export", "cases", "-o", tmp_path / "file" / "cases.csv"],
        ["export", "cases", "-o", tmp_path],
        ["export", "cases", "-o", tmp_path / "cases.docx"],
        ["restore", tmp_path / "absent.tar.gz"],
    ):
        assert "; expected" in town(*arguments, status=1).err
    assert town.dump() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_copies_that_are_none(town, tmp_path):
    town("backup", tmp_path / "copy.tar.gz")
    whole = (tmp_path / "copy.tar.gz").read_bytes()
    for name, content in {
        "cut": whole[:-200],
        "half": whole[: len(whole) // 2],
        "letter": b"a letter",
        "empty": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
        line = linli("--instance", tmp_path / "new", "restore", tmp_path / name, status=1).err
        assert "expected a copy made by" in line, name
        assert not (tmp_path / "new").exists(), name
    line = linli("--instance", town.folder, "restore", tmp_path / "copy.tar.gz", status=1).err
    assert "got a folder in use; expected an empty or new one" in line


def test_databases_that_are_none(tmp_path):
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "a")
    for beside in city.folder.glob("linli.db*"):
        beside.unlink()
    (city.folder / "linli.db").write_bytes(b"a letter, not a database. " * 400)
    assert "not a database; expected an instance" in city("units", "versions", status=1).err


def test_a_database_of_a_later_program(tmp_path):
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "a")
    with sqlite3.connect(city.folder / "linli.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    city.refused("units", "versions", says="database: got step 9999; expected one this program knows")


def test_a_full_disk_is_one_line(town, tmp_path, monkeypatch):
    """Whatever the database refuses while it writes is told as plainly as the rest."""
    city = City(tmp_path / "instance")
    linli("init", city.folder, "--levels", "district", "--locale", "en")
    city.source("cases", declared())
    path = csv(tmp_path / "many.csv", *[(str(number), *GOOD[1:]) for number in range(20_000)])
    monkeypatch.setattr("data.store.PRAGMAS", (*_pragmas(), "PRAGMA max_page_count=120"))
    line = city("ingest", "cases", path, status=1).err
    assert "database: got database or disk is full; expected" in line
    monkeypatch.undo()
    for table in ("fact_cases", "place_cases", "load", "source", "source_definition", "term", "reject"):
        assert city.rows(f"SELECT * FROM {table}") == [], table
    assert city.ingest("cases", path)["accepted"] == 20_000


def _pragmas():
    from data.store import PRAGMAS

    return PRAGMAS


def test_accounts_that_cannot_be_made(town):
    secret = "a long enough password\n"
    for arguments, stdin, says in (
        (["add", "x", "--role", "king"], secret, "role: got 'king'; expected one of"),
        (["add", "x", "--role", "manager"], secret, "got no unit; expected one or more"),
        (["add", "x", "--role", "leader", "--unit", "Q9"], secret, "unit: got 'Q9'; expected the code"),
        (["add", "x", "--role", "leader"], "short\n", "password: got 5 characters"),
        (["add", "x", "--role", "leader"], "", "password: got "),
        (["add", " ", "--role", "leader"], secret, "name: got ' '"),
        (["disable", "nobody"], "", "users disable: got 'nobody'; expected the name of an account"),
    ):
        more = ["--password-stdin"] if arguments[0] == "add" else []
        before = town.dump()
        assert says in town("users", *arguments, *more, status=1, stdin=stdin).err
        assert town.dump() == before


def test_the_document_of_a_refusal_is_empty(town):
    """With --json a refusal prints no half of a document."""
    assert town("--json", "measure", "nonsense", status=1).out == ""
    assert json.loads(town("--json", "units", "versions").out)
