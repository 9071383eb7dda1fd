"""Snapshots: what is no longer in one is withdrawn, what comes back is an update, and the order is that of versions."""

import json

import pytest
from sqlalchemy import select
from world import CASES, case, local, numbers_of

from data.schema import FACTS, coverage
from data.sources.batch import SourceError
from data.verify import verify

SNAPSHOT = CASES.replace('format = "csv"', 'format = "csv"\ndelivery = "snapshot"')
VERSIONED = SNAPSHOT.replace('channel = "channel"', 'version = "channel"')


def windowed(window: str, text: str = SNAPSHOT, **more) -> str:
    """The declaration with a window and other keys of its `[snapshot]`."""
    keys = {"window": window, **more}
    return (
        text
        + "[snapshot]\n"
        + "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
        + "\n"
    )


ALL = windowed("all")


def test_what_vanishes_is_withdrawn_and_comes_back_as_an_update(world):
    world.load([case(n, square=n + 0.5) for n in range(4)], text=ALL)
    world.refresh()
    less = world.load([case(n, square=n + 0.5) for n in range(3)], text=ALL)
    assert (less.read, less.unchanged, less.withdrawn, less.withdrawals) == (3, 3, 1, ["C3"])
    assert less.read == less.accepted + less.updated + less.unchanged + less.rejected
    world.refresh()
    assert numbers_of(world) == ["C0", "C1", "C2"]
    assert verify(world.store) == []
    again = world.load([case(n, square=n + 0.5) for n in range(4)], text=ALL)
    assert (again.updated, again.unchanged, again.withdrawn) == (1, 3, 0)
    world.refresh()
    assert numbers_of(world) == ["C0", "C1", "C2", "C3"]
    assert verify(world.store) == []


def test_a_withdrawn_fact_keeps_its_revisions_and_its_place(world):
    world.load([case(1), case(2, square=4.5)], text=ALL)
    world.load([case(1)], text=ALL)
    table = FACTS["cases"]
    with world.store.read() as connection:
        rows = connection.execute(select(table).where(table.c.key == "C2").order_by(table.c.rev)).all()
    before, after = rows
    assert (before.withdrawn, before.superseded, after.withdrawn) == (False, after.load, True)
    assert (before.reported_at, before.lon, before.category) == (after.reported_at, after.lon, after.category)


def test_the_same_snapshot_twice_withdraws_once(world):
    world.load([case(n) for n in range(4)], text=ALL)
    for expected in (1, 0):
        assert world.load([case(n) for n in range(3)], text=ALL).withdrawn == expected
    assert verify(world.store) == []


def test_a_file_speaks_for_the_time_from_its_first_to_its_last_row(world):
    world.load([case(n, reported=4 * n) for n in range(10)], text=SNAPSHOT)
    less = world.load([case(n, reported=4 * n) for n in (3, 4, 6, 7)], text=SNAPSHOT)
    assert less.withdrawals == ["C5"]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("all", ["C0", "C1", "C2", "C4", "C5"]),
        ("file", ["C4"]),
        ("day", []),
        ("36 h", ["C4"]),
        ("4 d", ["C2", "C4"]),
        ("month", ["C0", "C1", "C2", "C4"]),
        ("year", ["C0", "C1", "C2", "C4", "C5"]),
    ],
)
def test_a_window_says_what_a_file_speaks_for(world, window, expected):
    """A case a day from noon of 2026-02-01; the file holds those of the 4th and 6th; C5 falls into March."""
    days = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 28, 6: 5}
    text = windowed(window, shrink=100)
    world.load([case(n, reported=4 * day + 2) for n, day in days.items()], text=text)
    assert (
        sorted(world.load([case(n, reported=4 * days[n] + 2) for n in (3, 6)], text=text).withdrawals)
        == expected
    )


def test_files_given_together_are_one_delivery_and_leave_the_gap_between_them_open(world, tmp_path):
    """Also where both carry one name, as exports do."""
    from data.ledger import ingest

    world.load([case(n, reported=4 * n) for n in range(9)], text=SNAPSHOT)
    paths = []
    for folder, chosen in (("january", (0, 2)), ("march", (6, 8))):
        paths.append(
            world.write([case(n, reported=4 * n) for n in chosen], path=tmp_path / folder / "export.csv")
        )
    done = ingest(world.store, world.source(text=SNAPSHOT), paths, clock=world.clock)
    assert done.withdrawals == ["C1", "C7"]


def test_what_lies_outside_the_window_is_only_a_change(world):
    text = windowed("2 d")
    world.load([case(n, reported=4 * n) for n in range(10)], text=text)
    done = world.load([case(0, reported=0, closed=3), *(case(n, reported=4 * n) for n in (7, 9))], text=text)
    assert (done.updated, done.withdrawals) == (1, ["C8"])


def test_a_short_snapshot_is_refused_until_it_is_confirmed(world):
    world.load([case(n) for n in range(10)], text=ALL)
    before = world.dump()
    with pytest.raises(
        SourceError,
        match=r"^cases: got a snapshot that lacks 6 of the 10 facts .*at most 50 %.*--accept-shrink",
    ):
        world.load([case(n) for n in range(4)], text=ALL)
    assert world.dump() == before
    assert world.load([case(n) for n in range(4)], text=ALL, accept_shrink=True).withdrawn == 6
    assert verify(world.store) == []


def test_half_may_vanish_and_a_source_may_say_otherwise(world):
    world.load([case(n) for n in range(10)], text=ALL)
    assert world.load([case(n) for n in range(5)], text=ALL).withdrawn == 5
    strict = windowed("all", shrink=10)
    with pytest.raises(SourceError, match="lacks 1 of the 5 facts it speaks for; expected at most 10 %"):
        world.load([case(n) for n in range(4)], text=strict)


def test_an_empty_snapshot_withdraws_nothing(world, tmp_path):
    text = ALL.replace("csv", "json")
    path = tmp_path / "cases.json"
    for rows in ([{"id": "C1", "reported_at": local(0)}], []):
        path.write_text(json.dumps(rows), encoding="utf-8")
        if rows:
            world.take(path, text=text)
    with pytest.raises(SourceError, match="lacks 1 of the 1 facts"):
        world.take(path, text=text)


def test_a_refused_row_is_still_there(world):
    world.load([case(n) for n in range(4)], text=ALL)
    bad = list(case(3))
    bad[3] = "the day after"
    done = world.load([case(1), case(2), tuple(bad)], text=ALL)
    assert (done.rejected, done.withdrawals) == (1, ["C0"])


def test_rows_that_could_not_be_read_hold_withdrawals_back(world):
    world.load([case(n) for n in range(4)], text=ALL)
    broken = ("C3", "a", "b", "c", "d", "e", "f", "g", "h", "one cell too many")
    done = world.load([case(0), case(1), broken], text=ALL)
    assert (done.rejected, done.withdrawn, done.notes["withdrawals_held"]) == (1, 0, 2)
    assert world.load([case(0), case(1), broken], text=ALL, accept_shrink=True).withdrawn == 2


def test_sources_withdraw_their_own_facts_only(world):
    for name in ("one", "two"):
        world.load([case(n) for n in range(4)], name=name, text=ALL)
    assert world.load([case(n) for n in range(2)], name="one", text=ALL).withdrawn == 2
    world.refresh()
    assert numbers_of(world) == ["C0", "C0", "C1", "C1", "C2", "C3"]


def versioned(number: int, version: int, **more) -> tuple:
    """A row whose version is `version`."""
    return case(number, channel=str(version), **more)


def test_an_older_snapshot_that_comes_late_changes_nothing(world):
    text = windowed("all", VERSIONED)
    first = [versioned(n, 1) for n in range(4)]
    second = [versioned(0, 1), versioned(1, 1), versioned(2, 2, closed=3), versioned(4, 2)]
    world.load(second, text=text)
    late = world.load(first, text=text)
    assert (late.accepted, late.updated, late.unchanged, late.withdrawals) == (1, 0, 3, ["C3"])
    again = world.load(first, text=text)
    assert (again.accepted, again.updated, again.unchanged, again.withdrawn) == (0, 0, 4, 0)
    world.refresh()
    assert numbers_of(world) == ["C0", "C1", "C2", "C4"]
    assert verify(world.store) == []


def test_a_row_comes_back_by_a_newer_snapshot_without_a_new_version(world):
    text = windowed("all", VERSIONED)
    world.load([versioned(0, 1), versioned(1, 1)], text=text)
    assert world.load([versioned(0, 2)], text=text).withdrawals == ["C1"]
    back = world.load([versioned(0, 3), versioned(1, 1)], text=text)
    assert (back.updated, back.withdrawn) == (2, 0)
    assert world.load([versioned(0, 2)], text=text).withdrawn == 0


def test_a_snapshot_in_which_nothing_is_newer_leaves_open_what_it_lacks(world):
    text = windowed("all", VERSIONED)
    world.load([versioned(n, 1) for n in range(3)], text=text)
    less = world.load([versioned(0, 1), versioned(1, 1)], text=text)
    assert (less.withdrawn, less.notes["withdrawals_undecided"]) == (0, 1)
    assert world.load([versioned(0, 1), versioned(1, 2)], text=text).withdrawals == ["C2"]


def test_the_order_of_delivery_can_be_asked_for_beside_versions(world):
    text = windowed("all", VERSIONED, order="delivery")
    world.load([versioned(n, 5) for n in range(3)], text=text)
    assert world.load([versioned(0, 5), versioned(1, 5)], text=text).withdrawals == ["C2"]
    with world.store.read() as connection:
        assert connection.execute(select(coverage)).all() == []


def test_a_load_that_breaks_off_takes_its_withdrawals_along(world, monkeypatch):
    from data import deliveries

    text = windowed("all", VERSIONED)
    world.load([versioned(n, 1) for n in range(4)], text=text)
    before = world.dump()

    def full(*arguments, **options):
        raise OSError("no space left")

    monkeypatch.setattr(deliveries, "insert_rows", full)
    with pytest.raises(OSError, match="no space"):
        world.load([versioned(n, 2) for n in range(3)], text=text)
    assert world.dump() == before
