"""What looks mixed up in a delivery is counted and its rows are named; what is sound is left alone."""

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import insert
from world import CASES, SIX, World, case

from data.mixups import Watch, usual_rows
from data.register import COUNTS
from data.schema import load, source
from data.sources.definition import source_of
from data.sources.reading import read_batches
from geo.crs import wgs84_to_gcj02

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ADDRESSED = CASES.replace('channel = "channel"', 'address = "channel"')


def watched(tmp_path, rows, *, text=CASES, usual=None, inside=None):
    """Mix-ups by kind of some rows, delivered as CSV."""
    origin = source_of("cases", text.encode())
    path = tmp_path / "delivery.csv"
    header = ("id", "category", "channel", "reported_at", "due_at", "closed_at", "lon", "lat", "hint")
    lines = [header, *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    watch = Watch(origin, now=NOW, zone=origin.timezone, inside=inside, usual=usual)
    for batch in read_batches(origin, [path], now=NOW, limit=7):
        watch.take(batch.frame, batch.rejects)
    return {one.kind: one for one in watch.found()}


def at(number, lon, lat, *, reported="2026-02-01 08:00", closed=None, address="x"):
    return (f"C{number}", "litter", address, reported, None, closed, lon, lat, None)


def spread(count):
    return [
        at(n, 121.001 + n * 0.00013, 31.0051 + n * 0.00007, reported=f"2026-02-{n % 27 + 1:02d}")
        for n in range(count)
    ]


def box(lon, lat):
    """The ground of `spread`, and hardly more."""
    return (lon > 121) & (lon < 121.0075) & (lat > 31.005) & (lat < 31.009)


def test_sound_rows_say_nothing(tmp_path):
    assert watched(tmp_path, spread(40), inside=box, usual=40) == {}
    assert watched(tmp_path, []) == {}


def test_another_system_is_named_with_the_rows_it_would_bring_in(tmp_path):
    rows = spread(40)
    lon, lat = wgs84_to_gcj02(np.array([row[6] for row in rows]), np.array([row[7] for row in rows]))
    moved = [(*row[:6], round(x, 6), round(y, 6), None) for row, x, y in zip(rows, lon, lat, strict=True)]
    found = watched(tmp_path, moved, inside=box)["crs"]
    assert found.facts["better"] == "GCJ-02" and found.facts["better_share"] == 1
    outside = [
        n + 2
        for n, (x, y) in enumerate(zip(lon, lat, strict=True))
        if not box(np.round(x, 6), np.round(y, 6))
    ]
    assert found.count == len(outside) > 5
    assert [row[1] for row in found.rows] == outside[:20]


def test_swapped_axes_are_told_apart_from_a_wrong_system(tmp_path):
    turned = [(*row[:6], row[7], row[6], None) for row in spread(30)]
    found = watched(tmp_path, turned, inside=box)
    assert set(found) == {"axes"} and found["axes"].count == 30
    few = [*spread(30), *turned[:2]]
    assert watched(tmp_path, few)["axes"].rows == [
        ["delivery.csv", 32, "31.0051, 121.001"],
        ["delivery.csv", 33, "31.00517, 121.00113"],
    ]


def test_many_rows_on_one_point_with_many_addresses_are_an_office(tmp_path):
    rows = [*spread(40), *(at(100 + n, 121.0123, 31.0045, address=f"路{n}号") for n in range(25))]
    found = watched(tmp_path, rows, text=ADDRESSED)["one_point"]
    assert (found.count, found.facts["point"], found.facts["addresses"]) == (25, "121.0123, 31.0045", 25)
    assert found.rows[0] == ["delivery.csv", 42, "121.0123, 31.0045"]
    same = [*spread(40), *(at(100 + n, 121.0123, 31.0045, address="一路1号") for n in range(25))]
    assert "one_point" not in watched(tmp_path, same, text=ADDRESSED), "one place that is often reported"


def test_two_decimals_are_counted(tmp_path):
    rows = [*spread(20), *(at(50 + n, 121.03, 31.01) for n in range(4))]
    assert watched(tmp_path, rows)["coarse"].count == 4
    assert "coarse" not in watched(tmp_path, rows[:-2])


def test_times_ahead_are_counted_whether_refused_or_not(tmp_path):
    rows = [
        *spread(5), at(90, 121.001, 31.005, reported="2026-03-02 01:00"),
        at(91, 121.001, 31.005, reported="2066-01-01"),
        at(92, 121.001, 31.005, reported="1890-01-01"), at(93, 121.001, 31.005, closed="2026-03-02 09:00"),
    ]  # fmt: skip
    found = watched(tmp_path, rows)["future"]
    assert found.count == 3
    assert sorted((row[1], row[2], row[3]) for row in found.rows) == [
        (7, "2026-03-02 01:00", "reported_at"), (8, "2066-01-01", "reported_at"), (10, "2026-03-02 09:00", "closed_at"),
    ]  # fmt: skip


def months(*numbers, year=2025, rows=6):
    return [
        at(100 * month + n, None, None, reported=f"{year}-{month:02d}-{n + 1:02d}")
        for month in numbers
        for n in range(rows)
    ]


@pytest.mark.parametrize(
    ("there", "gone"),
    [
        ((1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12), "2025-05"), (range(1, 12), "2025-12"),
        (range(3, 13), "2025-01, 2025-02"),
        ((1, 2, 4), "2025-03"), (range(1, 13), None), ((1, 2), None), ((1, 3), None), (range(4, 11), None),
    ],
)  # fmt: skip
def test_a_missing_month_is_named(tmp_path, there, gone):
    found = watched(tmp_path, months(*there)).get("month")
    assert (found.facts["months"] if found else None) == gone
    if gone == "2025-05":
        assert found.rows == [["", 6, "2025-04"], ["", 6, "2025-06"]]


def test_months_to_come_are_not_missing(tmp_path):
    assert "month" not in watched(tmp_path, months(1, 2, year=2026))


@pytest.mark.parametrize(
    ("usual", "said"), [(None, False), (10, True), (14, False), (100, False), (130, True)]
)
def test_a_volume_far_from_the_usual_is_said(tmp_path, usual, said):
    assert ("volume" in watched(tmp_path, spread(40), usual=usual)) == said


def test_mix_ups_are_kept_with_the_load_and_read_again(tmp_path, store_url):
    world = World(tmp_path / "instance", store_url)
    world.publish(SIX)
    for number in range(3):
        world.load([case(100 + 12 * number + n) for n in range(12)])
    assert world.reader().mixups("cases") == ([], None)
    ledger = world.load([(*case(9)[:3], "2066-01-01", *case(9)[4:]), *(case(10 + n) for n in range(39))])
    assert [one.kind for one in ledger.mixups] == ["one_point", "future", "volume"]
    assert (ledger.first_on, ledger.last_on) == ("2026-02-01", "2026-02-01")
    world.load([case(200 + n) for n in range(12)])
    found, recorded = world.reader().mixups("cases")
    assert found == ledger.mixups and recorded
    assert world.reader().mixups("nothing") == ([], None)
    assert [one["count"] for one in ledger.as_json()["mixups"]] == [39, 1, 40]
    world.store.close()


@pytest.mark.parametrize(
    ("sizes", "usual"),
    [((40, 40), None), ((40, 44, 38, 41), 40.5), ((5000, 4000, 900, 200, 40), None), ((3, 4, 2, 3), None),
     ((40, 41, 39, 40, 400), 40.0)],
)  # fmt: skip
def test_only_deliveries_that_are_alike_have_a_usual_size(world, sizes, usual):
    with world.store.write() as connection:
        number = connection.scalar(
            insert(source)
            .values(name="steady", kind="case", format="csv", delivery="delta")
            .returning(source.c.id)
        )
        for at, read in enumerate(sizes, 1):
            values = dict.fromkeys(COUNTS, 0) | {"read": read}
            connection.execute(
                insert(load).values(id=900 + at, source_id=number, definition_id=0, started_at=at, recorded_at=at,
                                    state="done", files="[]", notes="{}", kind="delivery", **values)
            )  # fmt: skip
    with world.store.read() as connection:
        assert usual_rows(connection, "steady") == usual
