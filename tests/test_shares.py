"""What is kept of every fact answers as the facts do, whatever happened to them, on both stores.

Each question is asked three ways: of the shares (nothing may read the facts then), of the facts themselves, and of
both again after a full rebuild.
"""

from datetime import date
from unittest.mock import patch

import pytest
from addressed import Town, fact
from grove import COMMITTEES, REDRAWN, everything
from sqlalchemy import delete, select, update
from test_deliveries import ALL
from world import SIX, World, case, declared, same_by_shares_and_facts

from data import rollup, shares
from data.departments import DEPARTMENT, Department, record
from data.kept import Kept
from data.measure_table import Parts, measure_table
from data.query import Period, Query
from data.refreshing import gather
from data.rollup import SHARES, published
from data.schema import generation, publication, share
from data.share_read import BrokenShares
from data.store import Store
from data.verify import verify

YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
ORDERS = declared(
    "order",
    {"id": "id", "category": "category", "linked_case": "channel", "department": "hint", "accepted_at": "reported_at",
     "due_at": "due_at", "finished_at": "closed_at"},
)  # fmt: skip


def ask(*names: str, **more) -> Query:
    return Query(**{"level": None, "within": None, "indicators": names, "period": YEAR} | more)


def by(world: World, *parts: str, reader=None, level: str | None = None, **more) -> dict:
    """Values of a question by unit or words, without the rows that came to nothing."""
    split = Parts(parts, level, None, tuple(part for part in parts if part != "unit_code"))
    found = measure_table(
        reader or world.reader(), ask(*more.pop("names", ["cases_reported"]), **more), split
    )
    found = found[found["value"] > 0]
    return dict(zip(found[list(parts)].itertuples(index=False, name=None), found["value"], strict=True))


def agree(world: World, *, kept: bool = True) -> None:
    """Shares and facts answer alike whoever asks in whatever tree, and a plain recount finds no fault."""
    atlas = {version.tree: version for version in world.reader().atlas}  # the newest of each
    for tree in atlas:
        other = next((name for name in atlas if name != tree), tree)
        part = world.reader(atlas[other].code_at[2], tree=tree, of=other)
        same_by_shares_and_facts(world, world.reader(tree=tree), kept=kept, every=1 if tree == "grid" else 3)
        same_by_shares_and_facts(world, part, kept=kept, every=3)
    assert [str(entry) for entry in verify(world.store)] == []


def test_changed_days_revisions_and_withdrawals(world):
    rows = [
        case(n, square=n % 6 + 0.5, reported=n, due=n + 8, closed=n + 4 if n % 2 else None,
             category=f"parking/{n % 3}", channel=["patrol", "video"][n % 2])
        for n in range(12)
    ]  # fmt: skip
    world.load(rows, text=ALL)
    world.refresh()
    agree(world)
    changed = [
        case(0, square=5.5, reported=0, category="litter"),  # elsewhere, and another word
        case(1, square=1.5, reported=200, category="parking/1", channel="video"),  # another month
        case(2, square=2.5, reported=2, due=10, closed=30, category="parking/2"),  # closed late
    ]
    world.load([*changed, *rows[3:9]], text=ALL)  # 9, 10 and 11 are withdrawn
    assert world.refresh().mode == "changes"
    agree(world)
    asked = {"category": "parking", "names": ("cases_reported",)}
    assert by(world, "unit_code", level="block", **asked) == {
        ("A1",): 1, ("A2",): 2, ("A3",): 2, ("B1",): 1, ("B2",): 1, ("B3",): 1,
    }  # fmt: skip
    assert by(world, "category") == {("litter",): 1, ("parking/0",): 2, ("parking/1",): 3, ("parking/2",): 3}
    world.load([*changed, *rows[3:10]], text=ALL)  # one comes back
    assert world.refresh().mode == "changes"
    agree(world)
    before = by(world, "unit_code", "category", "channel", level="block")
    assert gather(world.store, clock=world.clock)
    agree(world)
    assert by(world, "unit_code", "category", "channel", level="block") == before


def test_a_relocation_moves_what_is_kept(tmp_path, store_url):
    town = Town(tmp_path, store_url)
    town.publish(SIX)
    town.deliver(fact(1, address="青藤路2号"), fact(2, hint="A", address="青藤路2号"), fact(3, square=3.5))
    town.refresh()
    agree(town)
    litter = {"category": "litter", "level": "block"}
    assert by(town, "unit_code", **litter) == {("/-",): 1, ("A/-",): 1, ("B1",): 1}
    town.entries()
    assert town.refresh().mode == "changes"
    agree(town)
    assert by(town, "unit_code", **litter) == {("A2",): 2, ("B1",): 1}
    town.store.close()


def test_events_are_counted_once_as_cases_come_and_go(world):
    orders = [
        (*case(1, reported=1, category="noise/night", channel="C7")[:-1], "street office"),
        (*case(2, reported=2, category="noise/day", channel="C8", square=4.5)[:-1], "police"),
        (*case(3, reported=3, category="litter", channel="", square=4.5)[:-1], "police"),
    ]
    world.load(orders, name="hotline", text=ORDERS)
    world.load([case(9)], text=ALL)
    world.refresh()
    assert by(world, "category", names=("order_events",)) == {
        ("litter",): 1, ("noise/day",): 1, ("noise/night",): 1,
    }  # fmt: skip
    for cases, noise in (((7,), 1), ((7, 8), 0), ((8,), 1), ((8, 9), 1)):
        world.load([case(n) for n in cases], text=ALL, accept_shrink=True)
        assert world.refresh().mode == "changes"
        found = by(world, "unit_code", level="district", names=("order_events",), category="noise")
        assert sum(found.values()) == noise
        assert by(world, "department", names=("order_events",), category="litter") == {("police",): 1}
    agree(world)


def test_names_of_departments_apply_to_what_is_kept(world):
    given = ["police", "the police", "street office", ""]
    rows = [(*case(n, square=n % 6 + 0.5, reported=n)[:-1], given[n % 4]) for n in range(8)]
    world.load([(*row[:2], "", *row[3:]) for row in rows], name="hotline", text=ORDERS)
    world.refresh()
    names = ("orders_accepted",)
    before = int(world.now.timestamp() * 1e6)
    record(world.store, [Department("police", DEPARTMENT, ("the police",))], now=world.clock(), by="test")
    agree(world)
    assert by(world, "department", names=names) == {("",): 2, ("police",): 4, ("street office",): 2}
    assert by(world, "department", names=names, as_of=before)[("the police",)] == 2
    assert by(world, "unit_code", level="district", names=names, department="police") == {
        ("A",): 2,
        ("B",): 2,
    }
    assert by(world, "unit_code", level="district", names=names, department="the police") == {}
    assert by(world, "unit_code", names=names, department="the police", as_of=before) == {("",): 2}


def test_scopes_of_either_tree_over_redrawn_boundaries(tmp_path, store_url):
    world = World(tmp_path, store_url)
    world.publish(SIX)
    world.publish(COMMITTEES, tree="admin")
    everything(world)
    world.refresh()
    world.publish((("A", "A1", 2), ("B", "B2", 2), ("B", "B3", 2)), valid_from=20_495)
    world.publish(REDRAWN, tree="admin", valid_from=20_500)
    agree(world, kept=False)  # places in the new boundaries are not kept yet
    assert world.refresh().mode == "full"
    agree(world)
    everything(world, seed=2)
    assert world.refresh().mode == "changes"
    agree(world)
    world.store.close()


def test_a_page_that_began_before_a_refresh_reads_what_it_began_with(world):
    other = Store(world.settings)
    world.load([case(1, square=0.5), case(2, square=4.5, category="parking")])
    world.refresh()
    world.load([case(3, square=4.5)])
    world.refresh()
    old = {("",): 2}
    assert by(world, "unit_code", category="litter") == old
    reader = world.reader()
    with reader.read():
        assert reader.published.generation == 2  # the snapshot has begun
        world.store = other
        world.load([case(1, square=0.5, category="parking")])
        assert world.refresh().mode == "changes"
        assert by(world, "unit_code", reader=reader, category="litter") == old
        assert world.refresh(full=True).mode == "full"  # and takes away what nobody reads any more
        with other.read() as connection:
            assert set(connection.scalars(select(share.c.gen))) == {published(connection).generation}
        assert by(world, "unit_code", reader=reader, category="litter") == old
        assert by(world, "unit_code", category="litter") == {("",): 1}
    assert by(world, "unit_code", reader=reader, category="litter") == {("",): 1}
    other.close()


def test_a_refresh_that_breaks_off_leaves_nothing_behind(world):
    world.load([case(1)])
    world.refresh()
    world.load([case(1, category="parking"), case(2)])
    with patch.object(rollup, "_publish", side_effect=OSError), pytest.raises(OSError):
        world.refresh()
    with world.store.read() as connection:
        assert set(connection.scalars(select(share.c.gen))) == {1, 2}
    assert by(world, "category") == {("litter",): 1}
    world.load([case(3, category="parking")])
    world.refresh()
    assert by(world, "category") == {("litter",): 1, ("parking",): 2}
    agree(world)


def test_facts_are_kept_in_parts(world, monkeypatch):
    monkeypatch.setattr(shares, "PART_FACTS", 3)
    world.load([case(n, square=n % 7, closed=n if n % 3 else None, category="ab"[n % 2]) for n in range(10)])
    world.refresh()
    world.load([case(n, square=n % 5, category="c") for n in range(4)])
    world.refresh()
    with world.store.read() as connection:
        sizes = select(share.c.gen, share.c.sign, share.c.size).where(share.c.name == "category")
        found = sorted(tuple(row) for row in connection.execute(sizes.where(share.c.subject == "cases")))
    assert found == [(1, 1, 1), (1, 1, 3), (1, 1, 3), (1, 1, 3), (2, -1, 1), (2, -1, 3), (2, 1, 1), (2, 1, 3)]
    assert by(world, "category") == {("a",): 3, ("b",): 3, ("c",): 4}
    agree(world)


def test_sums_of_a_program_that_kept_no_shares_are_answered_from_the_facts(world):
    world.load([case(1), case(2, category="parking")])
    world.refresh()
    with world.store.write() as connection:
        known = connection.scalar(select(publication.c.definition))
        older = known.replace(f', "{SHARES}"', "")
        assert older != known
        connection.execute(update(publication).values(definition=older))
        connection.execute(delete(share))
    assert by(world, "category") == {("litter",): 1, ("parking",): 1}
    assert [str(entry) for entry in verify(world.store)] == []
    assert world.refresh().mode == "full"
    agree(world)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (update(share).where(share.c.name == "category").values(kind="<i1", body=b"\x01"), "of cases_reported"),
        (update(share).where(share.c.name == "place 1").values(kind="<i1", body=b"\x02"), "of cases_reported"),
        (update(share).where(share.c.gen == 2).values(sign=-1), "of cases_open"),
        (delete(share).where(share.c.gen == 2), "of cases_closed"),
        (delete(share).where(share.c.name == "closed_on", share.c.gen == 1),
         "columns; expected closed_on too"),
        (update(share).where(share.c.name == "place 1", share.c.gen == 1).values(body=b"\x01\x02\x03"),
         "shares of cases, part 1.0: got 3 bytes in column 'place 1'; expected 2 integers <i1"),
    ],
)  # fmt: skip
def test_shares_that_went_wrong_are_found(world, change, says):
    world.load([case(1, square=0.5), case(2, square=1.5, category="parking")])
    world.refresh()
    world.load([case(3, square=2.5, category="parking", closed=4)])
    world.refresh()
    with world.store.write() as connection:
        assert connection.execute(change).rowcount
    assert any(says in str(entry) for entry in verify(world.store))


def test_a_page_that_finds_shares_broken_says_so(world):
    world.load([case(1), case(2, square=4.5)])
    world.refresh()
    with world.store.write() as connection:
        connection.execute(delete(share).where(share.c.name == "category"))
    with pytest.raises(BrokenShares, match=r"shares of cases, part 1.0: got .* expected category too"):
        by(world, "unit_code", category="litter")


def test_columns_read_once_are_kept_for_the_database_they_are_of(world):
    world.load([case(1), case(2, category="parking")])
    world.refresh()
    found = by(world, "category")
    with world.store.write() as connection:
        connection.execute(update(share).values(body=b""))
    assert by(world, "category") == found
    world.load([case(3, category="parking")])
    world.refresh()  # a generation of its own, and the columns of the one before are still those read
    assert by(world, "category") == {("litter",): 1, ("parking",): 2}
    with world.store.write() as connection:
        connection.execute(update(generation).values(started_at=1))  # as in another database
    with pytest.raises(BrokenShares):
        by(world, "category")


def test_a_page_that_was_narrowed_once_is_not_narrowed_again(world, monkeypatch):
    world.load([case(1), case(2, square=4.5), case(3, category="parking")])
    world.refresh()
    asked = [
        {"category": "litter"},
        {"category": "parking"},
        {"category": "litter", "within": "A", "level": "block"},
    ]
    found = [by(world, "unit_code", **more) for more in asked]
    assert len({str(one) for one in found}) == 3
    monkeypatch.setattr("data.share_read._inside", lambda *_: pytest.fail("narrowed again"))
    assert [by(world, "unit_code", **more) for more in asked] == found


def test_what_was_used_longest_ago_makes_room():
    kept = Kept(10)
    for name in ("a", "b"):
        kept.put(name, name.encode() * 4)
    assert (kept.get("a"), kept.size) == (b"aaaa", 8)
    kept.put("c", b"cccc")
    assert [kept.get(name) for name in "abc"] == [b"aaaa", None, b"cccc"]
    kept.put("a", b"aa")
    assert (kept.get("a"), kept.size) == (b"aa", 6)
    kept.put("d", b"d" * 11)  # more than there is room for
    assert ([kept.get(name) for name in "acd"], kept.size) == ([None] * 3, 0)
