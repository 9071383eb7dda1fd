"""Releases: made, played again to the same bytes whatever came since, set beside the figures of now, withdrawn."""

import json
from datetime import date

import numpy as np
import pytest
from grove import everything
from serving import run_linli
from sqlalchemy import select
from test_changes import MOVED
from world import CASES, case

from data import release_check, releases
from data.calendar_days import Day
from data.calendar_days import record as enter_days
from data.departments import DEPARTMENT, Department
from data.departments import record as list_departments
from data.holidays import first_of
from data.instants import micros
from data.query import Period
from data.releases import ReleaseError, Wanted
from data.schema import audit_entry

FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))


def made(world, name="feb", period=FEBRUARY, **more):
    return releases.make(world.reader(), Wanted(name, period, **more), by="leader")


def kept(world, name="feb") -> releases.Document:
    with world.store.read() as connection:
        return releases.document(connection, name)


def figure(world, indicator, code="", name="feb"):
    found = [row for row in kept(world, name).figures if row[0] == indicator and row[2] == code]
    return found[0][3] if found else None


@pytest.mark.parametrize("seed", range(3))
def test_a_release_is_played_again_to_the_same_bytes(world, seed):
    """Later loads, corrections, redrawn units, another list of departments, days entered, sources declared anew."""
    draw = np.random.default_rng(seed)
    everything(world, seed)
    world.refresh()
    period = Period(date(2026, 2, 1), date(2026, 2, 1 + int(draw.integers(1, 28))))
    one = made(world, period=period, boundaries=("as-was", "today")[seed % 2])
    before = kept(world).text
    acts = [
        lambda: everything(world, seed + 10),
        lambda: world.publish(MOVED, valid_from=first_of(2026) + int(draw.integers(20, 120))),
        lambda: list_departments(world.store, [Department("办", DEPARTMENT)], now=world.clock(), by="test"),
        lambda: enter_days(world.store, [Day(first_of(2026) + 40, 0, "x")], now=world.clock(), by="test"),
        lambda: world.load([case(7)], text=CASES.replace('due_at = "due_at"\n', "")),
        lambda: world.refresh(full=bool(draw.integers(2))),
    ]
    for number in draw.permutation(len(acts)).tolist():
        acts[number]()
        assert release_check.replay(world.reader(), one) == [], number
    world.refresh()
    assert release_check.replay(world.reader(), one) == []
    assert kept(world).text == before
    now = release_check.beside(world.reader(), one)
    assert now["differs"].any(), "what came since must show beside the release"


def test_a_release_that_was_tampered_with_or_counted_by_other_rules_is_found(world):
    world.load([case(1), case(2, square=4.5)])
    world.refresh()
    one = made(world)
    text = kept(world).text.replace(
        '["cases_reported", "district", "A", 1,', '["cases_reported", "district", "A", 9,'
    )
    with world.store.write() as connection:
        connection.execute(releases.release.update().values(document=text))
    found = release_check.replay(world.reader(), one)
    assert len(found) == 1 and found[0].startswith("cases_reported district A: released [9,")


def test_a_release_holds_every_level_definitions_and_rules(world):
    world.load([case(1), case(2, square=1.5), case(3, square=4.5), case(4, square=None)])
    world.refresh()
    one = made(world, title="二月月报")
    held = kept(world).content
    assert (held["levels"], one.shown, one.boundaries) == (["district", "block"], "二月月报", "as-was")
    codes = ("", "A", "B", "A1", "A2", "/-")
    assert [figure(world, "cases_reported", code) for code in codes] == [4, 2, 1, 1, 1, 1]
    assert held["definitions"]["case_closure_rate"]["formula"]
    assert [row[0] for row in held["rules"]["sources"]] == ["cases"]
    assert held["rules"]["boundaries"][0][0] == "grid" and "timers" in held["rules"]["settings"]


def test_the_past_is_frozen_as_it_was_known(world):
    world.load([case(1)])
    world.refresh()
    then = micros(world.clock())
    world.load([case(1), case(2)])
    world.refresh()
    one = made(world, as_of=then)
    assert figure(world, "cases_reported") == 1
    found = release_check.beside(world.reader(), one, indicator="cases_reported", level="district")
    assert found[found["differs"]][["level", "unit_code", "value_then", "value_now"]].values.tolist() == [
        ["", "", 1, 2], ["district", "A", 1, 2],
    ]  # fmt: skip


def test_what_cannot_be_released_is_refused(world):
    world.load([case(1)])
    world.refresh()
    made(world)
    for wanted, said in (
        ({}, "name: got 'feb' again"),
        ({"name": "a b"}, "name: got 'a b'; expected 1 to 60 letters"),
        ({"name": "x", "as_of": micros(world.now) + 10**12}, "expected an instant that has passed"),
        ({"name": "x", "levels": ("street",)}, "level: got 'street'; expected one of district, block"),
        ({"name": "x", "indicators": ("no",)}, "indicator: got 'no'"),
    ):
        with pytest.raises(ReleaseError, match=said):
            made(world, **wanted)
    world.load([case(2)], name="second")
    with pytest.raises(ReleaseError, match="expected a 'linli refresh' before"):
        made(world, name="x")


def test_one_that_no_longer_holds_stays_with_its_reason(world):
    world.load([case(1)])
    world.refresh()
    made(world)
    with pytest.raises(ReleaseError, match="reason: got nothing"):
        releases.withdraw(world.store, "feb", "  ", by="leader", now=world.clock())
    releases.withdraw(world.store, "feb", "源数据有误", by="admin", now=world.clock())
    with world.store.read() as connection:
        (one,) = releases.releases(connection)
        acts = connection.scalars(select(audit_entry.c.action).order_by(audit_entry.c.id)).all()
    assert (one.reason, one.withdrawn_by, figure(world, "cases_reported")) == ("源数据有误", "admin", 1)
    assert acts[-2:] == ["release made", "release withdrawn"]
    for name, said in (("feb", "withdrawn already"), ("none", "expected the name of a release")):
        with pytest.raises(ReleaseError, match=said):
            releases.withdraw(world.store, name, "x", by="admin", now=world.clock())


def test_boundaries_published_later_are_not_known_as_of_before(world):
    world.load([case(1, square=1.5, reported=60)])
    world.refresh()
    then = micros(world.clock())
    world.publish(MOVED, valid_from=first_of(2026) + 32)
    world.refresh()
    from grove import ask

    def blocks(**more):
        rows = world.reader().measures(ask("cases_reported", level="block", **more), compare=False)
        return {row.unit_code: row.numerator for row in rows[rows["kind"] == "unit"].itertuples()}

    assert blocks() == {"A1": 1, "A3": 0, "B1": 0, "B2": 0}
    assert blocks(as_of=then) == blocks(as_of=then, boundaries="today") == {
        "A1": 0, "A2": 1, "A3": 0, "B1": 0, "B2": 0, "B3": 0,
    }  # fmt: skip
    rows, _ = world.reader().facts("cases", ask("cases_reported", as_of=then))
    assert rows["unit_code"].tolist() == ["A2"]


def test_commands_of_releases(tmp_path):
    instance = tmp_path / "instance"
    run_linli("init", instance, "--levels", "district,block")
    text = "code,name\nA,Alpha\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (tmp_path / "b.csv").write_text("code,name,parent\nA1,One,A\n", encoding="utf-8")
    at = ("--instance", instance)
    for level, file, more in (("district", "a.csv", ()), ("block", "b.csv", ("--parent", "parent"))):
        run_linli(
            *at,
            "units",
            "import",
            tmp_path / file,
            "--level",
            level,
            "--code",
            "code",
            "--name",
            "name",
            *more,
        )
    run_linli(*at, "units", "publish")
    source = CASES.replace('lon = "lon"\nlat = "lat"\n', "")
    (instance / "sources" / "cases.toml").write_text(source, encoding="utf-8")
    head = "id,category,channel,reported_at,due_at,closed_at,lon,lat,hint\n"
    lines = [f"C{n},litter,patrol,2026-02-0{n} 08:00:00,,,121,31,A1\n" for n in (1, 2, 3)]

    def load(count):
        (tmp_path / "cases.csv").write_text(head + "".join(lines[:count]), encoding="utf-8")
        run_linli(*at, "ingest", "cases", tmp_path / "cases.csv")
        run_linli(*at, "refresh")

    load(2)
    month = ("--from", "2026-02-01", "--to", "2026-03-01")
    said = run_linli(*at, "--json", "release", "make", "feb", *month, "--title", "二月月报").stdout
    as_of = json.loads(said)["as_of"]
    assert "the same bytes" in run_linli(*at, "release", "check", "feb").stdout
    assert run_linli(*at, "release", "diff", "feb").stdout.count("\n") == 1
    load(3)
    assert run_linli(*at, "release", "check", "feb").returncode == 0
    shown = run_linli(*at, "release", "show", "feb").stdout
    assert "cases_reported,block,A1,2," in shown
    assert "cases_reported,block,A1,2,,2,3,,3" in run_linli(*at, "release", "diff", "feb").stdout
    behind = run_linli(*at, "release", "diff", "feb", "--indicator", "cases_reported", "--unit", "A1").stdout
    assert "cases_reported,cases,C3,late," in behind
    asked = run_linli(*at, "--json", "changes", "cases_reported", *month, "--since", as_of).stdout
    found = json.loads(asked)
    assert [fact["id"] for fact in found["facts"]] == ["C3"]
    assert (found["totals"][0]["numerator_before"], found["totals"][0]["numerator_after"]) == (2, 3)
    run_linli(*at, "release", "withdraw", "feb", "--reason", "wrong")
    assert "withdrawn: wrong" in run_linli(*at, "release", "list").stdout
    with open(instance / "linli.toml", "a", encoding="utf-8") as file:
        file.write("\n[timers]\nfiling = 7\n")
    failed = run_linli(*at, "release", "check", "feb", check=False)
    assert failed.returncode == 1 and "rules settings: released" in failed.stdout
    wrong = run_linli(*at, "release", "show", "none", check=False)
    assert wrong.stderr == "linli: release: got 'none'; expected the name of a release\n"
