"""Any history of entries, hands and facts places every fact as a clean rebuild would."""

import tempfile
from pathlib import Path

import pytest
from addressed import ENTRIES, Town, fact
from conftest import SOAK
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from world import CASES, SIDE, SIX, same_by_shares_and_facts, stored

from data import gazetteer, settling
from data.scope import whole_scope
from data.unplaced import FactKey
from data.verify import verify

ADDRESSES = ("青藤路1号", "青藤路2号302室", "青藤路9弄3号", "沧浪路5号", "白石路7号", "松风苑1号楼旁", None)
facts = st.lists(
    st.builds(
        fact,
        st.integers(1, 8),
        square=st.one_of(st.none(), st.none(), st.sampled_from([0.5, 2.0, 3.5, 40.0])),
        reported=st.integers(0, 60),
        closed=st.one_of(st.none(), st.integers(0, 80)),
        hint=st.one_of(st.none(), st.sampled_from(["A", "B2", "elsewhere"])),
        address=st.sampled_from(ADDRESSES),
    ),
    max_size=6,
)
LINES = ENTRIES.splitlines()
moves = st.one_of(
    facts,
    st.just("refresh"),
    st.just("redraw"),
    st.tuples(st.just("entries"), st.sets(st.integers(1, len(LINES) - 1), max_size=4), st.booleans()),
    st.tuples(st.just("hand"), st.integers(1, 8), st.sampled_from([0.5, 2.5, 4.5]), st.booleans()),
)


@given(st.lists(moves, min_size=2, max_size=7))
@settings(max_examples=200 if SOAK else 5)
def test_any_history_of_entries_and_hands_equals_a_clean_rebuild(migrated_sqlite, history):
    """Loads, entries, hand placements, refreshes and a redrawn boundary in any order: the sums equal a full rebuild,
    and every fact lies where what is known now would put it."""
    import shutil

    with tempfile.TemporaryDirectory() as name:
        shutil.copyfile(migrated_sqlite, Path(name) / "store.db")
        town = Town(Path(name), f"sqlite:///{name}/store.db")
        town.publish(SIX)
        live(town, history)
        town.refresh()
        grown = stored(town, "cases")
        assert [str(one) for one in verify(town.store)] == []
        town.refresh(full=True)
        assert (stored(town, "cases")[:, 5:] == grown[:, 5:]).all()
        from data.relocation import relocate

        assert relocate(town.store, clock=town.clock).facts == 0
        town.store.close()


def live(town: Town, history) -> None:
    """Do what a history says."""
    for step in history:
        if step == "refresh":
            town.refresh()
        elif step == "redraw":
            town.publish((("A", "A1", 2), ("A", "A2", 1), *SIX[3:]), valid_from=20_495 + town.loads)
        elif isinstance(step, list):
            ledger = town.deliver(*step) if step else None
            if ledger:
                placed = ledger.located + ledger.outside + ledger.no_location
                assert ledger.accepted + ledger.updated == placed
        elif step[0] == "entries":
            town.entries(
                "\n".join([LINES[0], *(LINES[at] for at in sorted(step[1]))]) + "\n", replace=step[2]
            )
        else:
            _, number, square, remember = step
            key = FactKey("cases", "cases", f"C{number}")
            try:
                settling.place(town.writer(), key, 121 + square * SIDE, 31 + SIDE / 2, remember=remember)
            except settling.PlacingError:
                continue  # not delivered, or without an address to remember


@pytest.mark.parametrize("seed", [1])
def test_a_long_history_on_both_stores(town, seed):
    """The same property on either store, by two histories drawn from a seed."""
    import random

    draw = random.Random(seed)
    for turn in range(10):
        town.deliver(
            *(
                fact(draw.randint(1, 9), square=draw.choice([None, None, 0.5, 3.5]), reported=draw.randint(0, 60),
                     hint=draw.choice([None, "A", "B2"]), address=draw.choice(ADDRESSES))
                for _ in range(4)
            )
        )  # fmt: skip
        live(town, [("entries", set(draw.sample(range(1, len(LINES)), 3)), turn % 3 == 0),
                    ("hand", draw.randint(1, 9), draw.choice([0.5, 4.5]), turn % 2 == 0)])  # fmt: skip
        if turn % 2:
            town.refresh()
    town.refresh()
    same_by_shares_and_facts(town)
    grown = stored(town, "cases")
    assert [str(one) for one in verify(town.store)] == []
    town.refresh(full=True)
    assert (stored(town, "cases")[:, 5:] == grown[:, 5:]).all()


def test_units_without_versions_move_nothing(tmp_path, store_url):
    town = Town(tmp_path, store_url)
    assert town.entries().moved.facts == 0
    assert isinstance(gazetteer.proposals(town.store), DataFrame)
    assert whole_scope().whole and CASES
    town.store.close()
