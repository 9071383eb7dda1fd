"""Stays of parking: cut at midnight, open until now, the identity of their parts, the same by every way of counting."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from grove import STAYS, YEAR, ask, totals
from hypothesis import given
from hypothesis import strategies as st
from world import SIDE, SIX, World, local, same_by_shares_and_facts, stored

from data.facts import Promises, prepare
from data.indicators import INDICATORS, of_subject
from data.instants import micros
from data.query import Period
from data.settings import parse_settings
from data.sources.batch import SourceError
from data.tally import columns, tally
from data.verify import verify

NAMES = tuple(entry.name for entry in of_subject("stays"))
SHARES = ("parking_utilisation", "parking_turnover", "parking_parked_minutes_mean")
ZONES = ("Asia/Shanghai", "America/New_York", "UTC")
HOUR = 3_600_000_000


def city(zone: str = "Asia/Shanghai", **more):
    raw = {"name": "x", "timezone": zone, "levels": [{"name": "grid"}], **more}
    return parse_settings(raw, folder=Path("x"))


def prepared(rows, zone: str = "Asia/Shanghai", **more) -> pd.DataFrame:
    """Stays given as (lot, entry, exit, capacity) in microseconds, as the indicators see them."""
    lots, entry, leave, capacity = zip(*rows, strict=True)
    frame = pd.DataFrame(
        {"rev": range(len(rows)), "source_id": 1, "withdrawn": 0, "flags": -1, "lot": pd.Categorical(lots),
         "entry_at": entry, "exit_at": leave, "capacity": np.array(capacity, dtype=float), "allowed_minutes": -1.0}
    )  # fmt: skip
    return prepare(frame, "stays", city(zone, **more), promises=Promises())


def sums(facts: pd.DataFrame, names=SHARES) -> dict[int, dict[str, int]]:
    """Integer sums of everything by local day."""
    cells = tally(facts, np.zeros(len(facts), dtype=int), tuple(INDICATORS[name] for name in names))
    return {
        int(day): dict(zip(cells.names, line.tolist(), strict=True))
        for day, line in zip(cells.day, cells.sums, strict=True)
    }


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=city(zone).timezone))


def stay(
    number: int, entry: float, leave: float | None = None, *, lot: int = 0, id: str | None = None
) -> tuple:
    """A row of `STAYS`; times in quarter days since 2026-02-01, a lot lies in the middle of a square."""
    lon, lat = round(121 + (lot + 0.5) * SIDE, 6), round(31 + SIDE / 2, 6)
    return (
        id or f"S{number}",
        f"L{lot}",
        "",
        local(entry),
        "",
        "" if leave is None else local(leave),
        lon,
        lat,
        "",
    )


moments = st.integers(at("2026-03-01"), at("2026-03-20"))
some = st.lists(
    st.tuples(
        st.sampled_from(["P1", "P2", "P3"]), moments, st.none() | st.integers(0, 90 * HOUR), st.integers(0, 40)
    ),
    min_size=1, max_size=30,
)  # fmt: skip


@given(some, st.sampled_from(ZONES))
def test_utilisation_is_turnover_times_the_time_parked_by_the_length_of_the_day(rows, zone):
    """Exactly, on every day, also those of 23 and 25 hours: with the time within the day for the mean stay."""
    whole = [(lot, entry, -1 if more is None else entry + more, n) for lot, entry, more, n in rows]
    settings = city(zone)
    for day, found in sums(prepared(whole, zone)).items():
        seconds = (settings.day_start(day + 1) - settings.day_start(day)) // 1_000_000
        if found["d_parking_turnover"]:
            used, turned, parked = (Fraction(found[f"n_{name}"], found[f"d_{name}"]) for name in SHARES)
            assert used == turned * parked / seconds
            assert found["d_parking_utilisation"] == found["d_parking_turnover"] * seconds
        else:
            assert not any(found.values())


@given(some)
def test_minutes_of_every_day_are_those_counted_one_by_one(rows):
    """An independent recount: which whole minutes of a day each believable stay covers."""
    minute = 60_000_000
    whole = [
        (
            lot,
            entry // minute * minute,
            -1 if more is None else (entry // minute + more // minute) * minute,
            n,
        )
        for lot, entry, more, n in rows
    ]
    expected: dict[int, int] = {}
    for _, entry, leave, capacity in whole:
        last = entry + 72 * HOUR if leave < 0 else min(leave, entry + 72 * HOUR)
        for instant in range(entry, last, minute) if capacity else ():
            day = (instant + 8 * HOUR) // (24 * HOUR)  # Shanghai
            expected[day] = expected.get(day, 0) + 1
    found = {day: line["n_parking_utilisation"] // 60 for day, line in sums(prepared(whole)).items()}
    assert {day: n for day, n in found.items() if n} == expected


def test_days_of_23_and_25_hours_have_so_many():
    zone = "America/New_York"
    rows = [("P1", at("2026-03-07 12:00", zone), at("2026-03-09 12:00", zone), 2),
            ("P1", at("2026-10-31 12:00", zone), at("2026-11-02 12:00", zone), 2)]  # fmt: skip
    hours = [
        (line["n_parking_utilisation"] / 3600, line["d_parking_utilisation"] / 3600)
        for line in sums(prepared(rows, zone)).values()
    ]
    assert hours == [(12, 48), (23, 46), (12, 48), (12, 48), (25, 50), (12, 48)]


def test_the_time_allowed_is_that_of_the_instance_where_the_lot_says_none():
    rows = [("P1", at("2026-03-01 08:00"), at("2026-03-01 09:01"), 2)]
    name = ("parking_overstay_rate",)
    assert sums(prepared(rows), name) == {}
    (line,) = sums(prepared(rows, timers={"stay": 60}), name).values()
    assert line == {"n_parking_overstay_rate": 1, "d_parking_overstay_rate": 1}
    (line,) = sums(prepared(rows, timers={"stay": 61}), name).values()
    assert line == {"n_parking_overstay_rate": 0, "d_parking_overstay_rate": 1}


def test_an_open_stay_holds_its_space_until_now_and_is_in_no_mean(world):
    world.publish(SIX)
    world.load(
        [stay(1, 110), stay(2, 108, 109)], name="stays", text=STAYS
    )  # 2026-02-28 12:00 and 00:00 to 06:00
    world.refresh()
    world.now = datetime(2026, 2, 28, 10, tzinfo=UTC)  # 18:00: six hours after the entry
    reader = world.reader()
    day = Period(date(2026, 2, 28), date(2026, 3, 1))
    found = totals(reader, ask(*NAMES, period=day))
    assert found["parking_utilisation"][:2] == (12 * 60, 10 * 1440)
    assert found["parking_parked_minutes_mean"][:3] == (12 * 60, 2, 360)
    assert found["parking_stay_minutes_mean"][:2] == (360, 1)
    assert found["parking_overstay_rate"][:2] == (1, 1)
    # Days to come hold nothing yet, and tell no spaces.
    assert totals(reader, ask(*NAMES, period=Period(day.start, date(2026, 3, 5)))) == found
    same_by_shares_and_facts(world)
    world.now += timedelta(hours=3)
    assert totals(world.reader(), ask(*NAMES, period=day))["parking_utilisation"][0] == 15 * 60
    world.now += timedelta(days=9)
    year = totals(world.reader(), ask(*NAMES, period=YEAR))
    assert year["parking_utilisation"][0] == (6 + 72) * 60  # so long at most


def test_as_of_counts_an_open_stay_until_then(world):
    world.publish(SIX)
    world.now = datetime(2026, 2, 28, 10, tzinfo=UTC)
    world.load([stay(1, 110)], name="stays", text=STAYS)
    world.refresh()
    then = micros(world.now)
    world.now += timedelta(hours=2)
    world.load([stay(1, 110, 111.5)], name="stays", text=STAYS)
    world.refresh()
    day = Period(date(2026, 2, 28), date(2026, 3, 1))
    assert totals(world.reader(), ask("parking_utilisation", period=day))["parking_utilisation"][0] == 9 * 60
    known = totals(world.reader(), ask("parking_utilisation", period=day, as_of=then))["parking_utilisation"]
    assert known[0] == pytest.approx((then - at("2026-02-28 12:00")) / 60_000_000)


@pytest.mark.parametrize("seed", range(2))
def test_any_history_of_refreshes_equals_a_full_one(world, seed):
    """New, late, corrected and ended stays of a few lots, some far apart, refreshed one delivery after another."""
    draw = np.random.default_rng(seed)
    world.publish(SIX)
    known: dict[int, tuple[float, float | None, int]] = {}
    for _ in range(4):
        rows = []
        for _ in range(12):
            number = int(draw.integers(0, 30))
            entry, lot = known[number][::2] if number in known and draw.random() < 0.7 else (
                float(draw.integers(0, 100)), int(draw.integers(0, 3))
            )  # fmt: skip
            leave = entry + float(draw.choice([0, 0.5, 1, 3, 11, 14])) if draw.random() < 0.6 else None
            known[number] = (entry, leave, lot)
            rows.append(stay(number, entry, leave, lot=lot))
        world.load(rows, name="stays", text=STAYS)
        world.refresh()
    assert verify(world.store) == []
    before = stored(world, "stays")
    assert len(before)
    same_by_shares_and_facts(world, every=3)
    world.refresh(full=True)
    assert (stored(world, "stays") == before).all()


def test_who_may_see_one_district_sees_its_lots_only(world):
    world.publish(SIX)
    world.load([stay(1, 4, 5, lot=0), stay(2, 4, 6, lot=4)], name="stays", text=STAYS)
    world.refresh()
    for unit, minutes in (("A", 360), ("B", 720)):
        found = totals(world.reader(unit), ask(*NAMES))
        assert found["parking_stay_minutes_mean"][:2] == (minutes, 1)
        rows, count = world.reader(unit).facts("stays", ask(), limit=10)
        assert count == 1 and rows["lot"].tolist() == [{"A": "L0", "B": "L4"}[unit]]


# How sessions arrive


PLATED = STAYS.replace('id = "id"', 'plate = "id"')


def test_plates_are_stored_as_keyed_hashes_and_never_shown(tmp_path, migrated_sqlite):
    worlds = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        path = folder / "linli.db"
        path.write_bytes(migrated_sqlite.read_bytes())
        worlds.append(World(folder, f"sqlite:///{path}"))
    world, other = worlds
    for each in worlds:
        each.publish(SIX)
        each.load([stay(1, 4, 5, id="沪A12345"), stay(2, 4, 6, id="沪B54321"), stay(3, 8, 9, id="沪A12345")],
                  name="stays", text=PLATED)  # fmt: skip
        each.refresh()

    def plates(each: World) -> list[str]:
        from sqlalchemy import select

        from data.schema import FACTS

        table = FACTS["stays"].c
        with each.store.read() as connection:
            return list(connection.scalars(select(table.plate).order_by(table.entry_at, table.exit_at)))

    first, second, again = plates(world)
    assert first == again != second and len(first) == 32
    assert set(plates(other)).isdisjoint(plates(world))  # each instance has its own key
    assert not any("沪" in line for lines in world.dump().values() for line in lines)
    rows, _ = world.reader().facts("stays", ask(), limit=10)
    assert len(rows) == 3 and "plate" not in [column.name for column in world.reader().fact_columns("stays")]


def test_two_cars_that_enter_at_once_are_two_stays(world):
    world.publish(SIX)
    rows = [stay(1, 4, 5, id="沪A1"), stay(2, 4, 6, id="沪B2")]
    ledger = world.load(rows, name="stays", text=PLATED)
    assert (ledger.accepted, ledger.updated) == (2, 0)
    ledger = world.load([stay(1, 4, 5.5, id="沪A1"), rows[1]], name="stays", text=PLATED)
    assert (ledger.accepted, ledger.updated, ledger.unchanged) == (0, 1, 1)


def test_faults_of_sessions(world):
    world.publish(SIX)
    rows = [stay(1, 4, 3), stay(2, 4, 17), stay(3, 4, 4), ("S4", "", "", local(1), "", "", "", "", "")]
    ledger = world.load(rows, name="stays", text=STAYS)
    assert (ledger.accepted, ledger.rejected) == (2, 2)
    assert [(each.field, each.rule) for each in ledger.rejects] == [
        ("exit_at", "a time not before entry_at"), ("lot", "a value; every stay has one"),
    ]  # fmt: skip
    assert ledger.notes["flagged:longer_than_72_h"] == 1
    ledger = world.load([stay(1, 4, 3, id="沪A99999")], name="plated", text=PLATED)
    assert "沪" not in str(ledger.rejects)


def test_a_declaration_needs_a_number_or_a_plate(world):
    with pytest.raises(SourceError, match="got neither id nor plate"):
        world.source("stays", STAYS.replace('id = "id"\n', ""))
    assert world.source("stays", STAYS).kind == "stay"
    assert world.source("stays", STAYS.replace('kind = "parking"', 'kind = "stay"')).kind == "stay"


def test_squares_of_means_are_not_kept():
    assert not [name for name in columns(of_subject("stays")) if name.startswith("q_")]
