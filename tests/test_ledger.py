"""Loads: what is said of them, what is undone, what is sealed, what a wrong coordinate system looks like."""

import sqlite3

import numpy as np
import pytest
from sqlalchemy import create_engine, inspect, select
from world import CASES, World, case

from data import ledger as ledger_module
from data.ledger import ingest
from data.schema import FACTS, PLACES, load, sealed
from data.secrets import Sealer, load_key
from data.sources.batch import SourceError


def test_a_load_that_breaks_off_leaves_nothing(world, monkeypatch):
    world.load([case(1), case(2)])
    before = world.dump()

    def broken(source, files, *, now, limits):
        frames = list(read_batches(source, files, now=now, limits=limits))
        yield frames[0]
        raise SourceError("cases.csv row 3: got a broken line; expected a table")

    read_batches = ledger_module.read_batches
    monkeypatch.setattr(ledger_module, "read_batches", broken)
    with pytest.raises(SourceError):
        world.load([case(1, closed=3), case(3, category="new word")])
    assert world.dump() == before


def lacking(world: World) -> set[str]:
    """Declared indexes of facts and places that the database does not have."""
    tables = (FACTS["cases"], PLACES["cases"])
    engine = create_engine(world.store.settings.url)  # beside the load, whose writer is at work
    with engine.connect() as connection:
        look = inspect(connection)
        there = {index["name"] for table in tables for index in look.get_indexes(table.name)}
    engine.dispose()
    return {str(index.name) for table in tables for index in table.indexes} - there


@pytest.mark.parametrize("rows", [[case(1), case(2)], [case(1), case(1, closed=3)]], ids=["fresh", "twice"])
def test_a_first_load_goes_without_indexes_and_leaves_them_all(world, rows, monkeypatch):
    seen = []
    placed = ledger_module._Load._locate
    monkeypatch.setattr(
        ledger_module._Load, "_locate", lambda *given: (seen.append(lacking(world)), placed(*given))
    )
    world.load(rows)
    assert lacking(world) == set()
    world.load([case(3)])
    assert seen[0] and seen[-1] == set()


def test_a_first_load_that_breaks_off_leaves_every_index(world, monkeypatch):
    def broken(source, files, *, now, limits):
        yield from ()
        raise SourceError("cases.csv row 3: got a broken line; expected a table")

    monkeypatch.setattr(ledger_module, "read_batches", broken)
    with pytest.raises(SourceError):
        world.load([case(1)])
    assert lacking(world) == set()


def test_a_load_whose_process_died_is_taken_back_by_the_next(world):
    world.load([case(1)])
    before = world.dump()
    world.load([case(1, closed=3), case(2)])
    with world.store.write() as connection:
        newest = connection.scalar(select(load.c.id).order_by(load.c.id.desc()).limit(1))
        connection.execute(load.update().where(load.c.id == newest).values(state="running", recorded_at=None))
    ledger_module.undo_broken(world.store)
    assert world.dump() == before


def test_sealed_fields_are_nowhere_in_the_open(world, tmp_path):
    text = CASES.replace('kind = "case"', 'kind = "order"\nsealed = ["hint"]').replace(
        "reported_at", "accepted_at"
    )
    text = text.replace('accepted_at = "accepted_at"', 'accepted_at = "reported_at"').replace(
        'unit_hint = "hint"', 'caller_phone = "hint"'
    )
    world.load([case(1, hint="13900001234")], name="orders", text=text)
    with world.store.read() as connection:
        row = connection.execute(select(sealed)).one()
    box = bytes(row.box)
    assert b"13900001234" not in box
    opened = Sealer(load_key(tmp_path)).unseal(box, context=f"{row.subject}/{row.rev}/{row.field}")
    assert opened == "13900001234"
    assert "13900001234" not in repr(world.dump())


def test_a_better_coordinate_system_is_said_and_not_used(world):
    from geo.crs import wgs84_to_gcj02

    rng = np.random.default_rng(1)
    lon, lat = wgs84_to_gcj02(rng.uniform(121.002, 121.058, 80), rng.uniform(31.0002, 31.003, 80))
    rows = [
        (*case(n)[:6], round(x, 7), round(y, 7), None) for n, (x, y) in enumerate(zip(lon, lat, strict=True))
    ]
    done = world.load(rows)
    assert "GCJ-02 would put 100.0%" in done.hint
    assert done.outside > 0
    assert world.load(rows, name="right", text=CASES.replace("EPSG:4326", "GCJ-02")).outside == 0


def test_versions_win_over_the_order_of_delivery(world):
    text = CASES.replace('channel = "channel"', 'version = "channel"')
    first, second = (case(1, channel="1"), case(1, channel="2", closed=4))
    for rows in ([first, second], [second, first]):
        name = "forward" if rows[0] is first else "backward"
        world.load(rows[:1], name=name, text=text)
        world.load(rows[1:], name=name, text=text)
    world.refresh()
    found, _ = world.reader().facts("cases", _all())
    assert found.groupby("source")["closed_at"].apply(lambda at: at.notna().all()).all()
    assert len(found) == 2


def _all():
    from datetime import date

    from data.query import Period, Query

    return Query(None, None, ("cases_reported",), Period(date(2026, 1, 1), date(2027, 1, 1)))


def test_a_missing_file_is_one_line(world, tmp_path):
    with pytest.raises(SourceError, match="nothing-here"):
        ingest(world.store, world.source(), [tmp_path / "nothing-here.csv"], clock=world.clock)


def test_the_database_is_synced_on_every_commit(tmp_path, migrated_sqlite):
    world = World(tmp_path, f"sqlite:///{migrated_sqlite}")
    with world.store.write() as connection:
        level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    world.store.close()
    assert level == 2 and sqlite3.sqlite_version_info >= (3, 35)
