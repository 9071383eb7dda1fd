"""A dry run counts what the load that follows it counts, and stores nothing."""

from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from world import CASES, SIX, World, case

from data.dry_run import dry_run
from data.schema import FACTS
from data.sources.batch import SourceError
from data.sources.definition import source_of
from data.sources.gates import UPLOAD
from data.sources.reading import read_batches

SNAPSHOT = CASES + '\n[snapshot]\nwindow = "month"\nshrink = 90\n'
SNAPSHOT = SNAPSHOT.replace('every = "15 min"', 'every = "15 min"\ndelivery = "snapshot"')
VERSIONED = SNAPSHOT.replace('category = "category"', 'category = "category"\nversion = "channel"').replace(
    'channel = "channel"\n', ""
)
COUNTED = (
    "read", "accepted", "updated", "unchanged", "rejected", "located", "outside", "no_location", "withdrawn",
    "withdrawals", "rejects", "notes", "hint", "files",
)  # fmt: skip


@pytest.fixture
def world(tmp_path, store_url):
    made = World(tmp_path / "instance", store_url)
    made.publish(SIX)
    yield made
    made.store.close()


def counted(ledger) -> dict:
    return {name: asdict(ledger)[name] for name in COUNTED}


def tried(world: World, rows, text: str):
    """The dry run of rows, read as an upload is, and what it changed in the store: nothing."""
    path = world.write(rows, path=world.settings.folder / f"delivery-{world.loads + 1}.csv")
    origin = source_of("cases", text.encode())
    before = world.dump()
    batches = read_batches(origin, [path], now=world.now, limits=None)
    try:
        found = counted(dry_run(world.store, origin, batches, names=[path.name], clock=world.clock))
    except SourceError as error:
        found = str(error)
    assert world.dump() == before
    return found


def loaded(world: World, rows, text: str):
    try:
        return counted(world.load(rows, text=text))
    except SourceError as error:
        return str(error)


ROWS = st.lists(
    st.builds(
        case,
        st.integers(0, 6),
        square=st.sampled_from([0.5, 2.5, 40.0, None]),
        reported=st.sampled_from([0, 8, 130]),
        closed=st.sampled_from([None, 20, 140]),
        category=st.sampled_from(["litter", "noise", "never seen"]),
        channel=st.sampled_from(["1", "2", "3"]),
        hint=st.sampled_from([None, "A1", "nowhere"]),
    ).map(lambda row: row if row[0] != "C6" else ("C6", row[1], row[2], "never", *row[4:])),
    max_size=9,
)


@pytest.mark.parametrize("text", [CASES, SNAPSHOT, VERSIONED], ids=["delta", "snapshot", "versions"])
@settings(max_examples=15, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(deliveries=st.lists(ROWS, min_size=1, max_size=4))
def test_a_dry_run_counts_as_the_load_does(tmp_path_factory, migrated_sqlite, text, deliveries):
    folder = tmp_path_factory.mktemp("dry")
    (folder / "store.db").write_bytes(migrated_sqlite.read_bytes())
    world = World(folder / "instance", f"sqlite:///{folder / 'store.db'}")
    world.publish(SIX)
    for rows in deliveries:
        expected = tried(world, rows, text)
        assert loaded(world, rows, text) == expected
    world.store.close()


def test_facts_that_come_too_late_are_listed_in_one_order(world):
    """Withdrawn at once, since a newer snapshot does not hold them: by number, whatever the order of their rows."""
    newest = [case(0, channel="3"), case(1, channel="3")]
    late = [case(number, channel="1") for number in (5, 2, 9, 3)]
    for rows in (newest, late):
        expected = tried(world, rows, VERSIONED)
        assert loaded(world, rows, VERSIONED) == expected
    assert expected["withdrawals"] == ["C2", "C3", "C5", "C9"]


def test_repeats_new_words_and_places_are_counted_on_both_stores(world):
    first = [case(1), case(1, closed=4), case(1), case(2, square=None, hint="A2"), case(3, square=40.0)]
    again = [
        case(1),
        case(2, square=None, hint="A3", category="new word"),
        case(9),
        ("", "x", "", "", "", "", "", "", ""),
    ]
    for rows in (first, again, again):
        expected = tried(world, rows, CASES)
        assert loaded(world, rows, CASES) == expected
    assert expected["read"] == 4 and expected["rejected"] == 1 and expected["unchanged"] == 3


def test_a_file_of_a_stranger_is_tried_in_a_child(world):
    world.load([case(1), case(2)])
    path = world.write([case(1), case(2, closed=9), case(3)], path=world.settings.folder / "new.csv")
    origin = source_of("cases", CASES.encode())
    batches = read_batches(origin, [path], now=world.now, limits=UPLOAD)
    found = dry_run(world.store, origin, batches, names=["new.csv"], clock=world.clock)
    assert (found.accepted, found.updated, found.unchanged, found.load) == (1, 1, 1, 0)
    with world.store.read() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {FACTS['cases'].name}").scalar() == 2


def test_a_snapshot_that_shrinks_too_far_is_refused_before_it_is_loaded(world):
    text = SNAPSHOT.replace("shrink = 90", "shrink = 10")
    world.load([case(number, reported=number) for number in range(1, 9)], text=text)
    said = tried(world, [case(1, reported=1)], text)
    assert "lacks 7 of the 8 facts" in said
    assert loaded(world, [case(1, reported=1)], text) == said


def test_a_refused_row_read_in_a_child_still_says_its_fact_is_there(world):
    """The keys of refused rows travel with their batch: what they speak of is not withdrawn."""
    text = SNAPSHOT
    world.load([case(number, reported=number) for number in range(1, 5)], text=text)
    rows = [case(1, reported=1), case(2, reported=2), (*case(3)[:3], "never", *case(3)[4:])]
    path = world.write(rows, path=world.settings.folder / "next.csv")
    origin = source_of("cases", text.encode())
    batches = list(read_batches(origin, [path], now=world.now, limits=UPLOAD))
    assert [batch.refused for batch in batches] == [("C3",)]
    found = dry_run(world.store, origin, batches, names=["next.csv"], clock=world.clock)
    assert (found.rejected, found.withdrawals) == (1, ["C4"])
