"""The gazetteer in the store, on both: who wins, what is open, how the past moves, and that the laws hold."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from sqlalchemy import select
from world import CASES, SIDE, SIX, START, World, local, stored

from data import gazetteer, settling
from data.gazetteer_file import GazetteerError
from data.placing import HOWS
from data.query import Period, Query
from data.reader import Reader, UnknownUnit
from data.schema import FACTS, FOREVER, PLACES, audit_entry, load
from data.scope import Scope, whole_scope
from data.secrets import Sealer, load_key
from data.unplaced import FactKey
from data.verify import verify

HEADER = ("id", "category", "reported_at", "closed_at", "lon", "lat", "hint", "address", "note")
ADDRESSED = """
kind = "case"
format = "csv"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"
every = "15 min"
sealed = ["note"]
[fields]
id = "id"
category = "category"
reported_at = "reported_at"
closed_at = "closed_at"
lon = "lon"
lat = "lat"
unit_hint = "hint"
address = "address"
text = "note"
"""
ENTRIES = """kind,name,road,lane,low,high,parity,level,lon,lat,unit,valid_from,valid_to
region,汀洲市,,,,,,,,,,,
building,松风苑1号楼,青藤路,,1,1,,,121.005,31.005,,,
building,松风苑2号楼,青藤路,,2,2,,,121.015,31.005,,,
lane,,青藤路,9,1,20,,,,,A3,,
building,,青藤路,,12,12,,,,,B1,,
building,,沧浪路,,5,5,,,,,B2,,2026-02-10
building,,沧浪路,,5,5,,,,,B3,2026-02-10,
"""
FEBRUARY = Period(START.date().replace(month=2), START.date().replace(month=4))


def fact(number, *, square=None, reported=0, closed=None, hint=None, address=None, note=None):
    """A row with an address; `square` is where it lies from west to east, None: without coordinates."""
    lon, lat = (None, None) if square is None else (round(121 + square * SIDE, 6), round(31 + SIDE / 2, 6))
    times = (local(reported), local(closed) if closed is not None else None)
    return (f"C{number}", "litter", *times, lon, lat, hint, address, note)


class Town(World):
    """The small world with addresses."""

    def deliver(self, *rows):
        """Load rows made by `fact`."""
        self.loads += 1
        path = self.settings.folder / f"delivery-{self.loads}.csv"
        lines = [",".join("" if cell is None else str(cell) for cell in row) for row in (HEADER, *rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        from data.ledger import ingest

        return ingest(self.store, self.source("cases", ADDRESSED), [path], clock=self.clock)

    def entries(self, text: str = ENTRIES, **more):
        """Import a gazetteer."""
        path = self.settings.folder / "gazetteer.csv"
        path.write_text(text, encoding="utf-8")
        return gazetteer.import_file(self.store, path, clock=self.clock, by="test", **more)

    def where(self) -> dict[str, tuple[str, str]]:
        """Unit code and way of location of every current fact, in the newest version."""
        version = self.reader().version
        table, place = FACTS["cases"], PLACES["cases"]
        query = select(table.c.key, place.c.place, place.c.how).join(place, place.c.rev == table.c.rev)
        with self.store.read() as connection:
            rows = connection.execute(
                query.where(table.c.superseded == FOREVER, place.c.version_id == version.id)
            ).all()
        return {key: (version.code_at[pos], HOWS[how]) for key, pos, how in rows}

    def writer(self, *units: str, role: str = "operator") -> Reader:
        """A reader who may place facts, with the clock of the world."""
        scope = Scope("olga", role, units, whole=not units)
        return Reader(self.store, scope, clock=self.clock)

    def by_block(self, **more) -> dict[str, float]:
        """Cases reported by block."""
        query = Query(level="block", within=None, indicators=("cases_reported",), period=FEBRUARY, **more)
        rows = self.reader().measures(query, compare=False)
        rows = rows[(rows["kind"] != "total") & (rows["value"] > 0)]
        return dict(zip(rows["unit_code"], rows["value"], strict=True))


@pytest.fixture
def town(tmp_path, store_url):
    made = Town(tmp_path, store_url)
    made.publish(SIX)
    yield made
    made.store.close()


def test_coordinates_then_the_gazetteer_inside_the_hint_then_the_hint(town):
    town.entries(ENTRIES + "landmark,甲园,,,,,,,,,A,,\n")
    ledger = town.deliver(
        fact(1, square=3.5, address="青藤路1号"),  # coordinates are not overruled
        fact(2, address="青藤路2号"),
        fact(3, hint="A", address="青藤路2号"),  # finer than the hint and inside it
        fact(4, hint="B", address="青藤路2号"),  # contradicts the hint: the address is open
        fact(5, hint="A2", address="松风苑1号楼"),  # contradicts a hint as fine
        fact(6, square=99, address="青藤路1号"),  # outside every unit: an address does not bring it in
        fact(7, address="白石路7号"),
        fact(8, hint="B3"),
        fact(9, hint="A1", address="甲园"),  # the gazetteer knows no more than the hint
    )
    assert town.where() == {
        "C1": ("B1", "coordinates"), "C2": ("A2", "gazetteer"), "C3": ("A2", "gazetteer"), "C4": ("B", "hint"),
        "C5": ("A2", "hint"), "C6": ("", "outside"), "C7": ("", "open"), "C8": ("B3", "hint"),
        "C9": ("A1", "hint"),
    }  # fmt: skip
    assert (ledger.located, ledger.outside, ledger.no_location) == (7, 1, 1)
    waiting = {one.key.id: one for one in town.reader().unplaced()[0]}
    assert set(waiting) == {"C6", "C7"}  # of two levels the upper one is fine enough
    assert waiting["C6"].outside and waiting["C6"].choices[0].unit_code == "A1"
    assert waiting["C7"].reason == "unknown-name"


def test_entries_hold_for_their_days(town):
    town.entries()
    town.deliver(fact(1, address="沧浪路5号", reported=4), fact(2, address="沧浪路5号", reported=80))
    assert town.where() == {"C1": ("B2", "gazetteer"), "C2": ("B3", "gazetteer")}


def test_new_entries_move_the_past_and_leave_it_readable(town):
    town.deliver(
        fact(1, address="青藤路2号", note="secret"), fact(2, square=0.5), fact(3, address="青藤路12号")
    )
    town.refresh()
    before = int(town.now.timestamp() * 1e6)
    assert town.by_block() == {"A1": 1, "/-": 2}
    changed = town.entries()
    assert (changed.added, changed.moved.facts, changed.moved.how) == (7, 2, {"gazetteer": 2})
    town.refresh()
    assert town.by_block() == {"A1": 1, "A2": 1, "B1": 1}
    assert town.by_block(as_of=before) == {"A1": 1, "/-": 2}
    assert [str(one) for one in verify(town.store)] == []
    assert town.reader().sources()["read"].tolist() == [3]  # a relocation is no delivery
    again = town.deliver(fact(1, address="青藤路2号", note="secret"), fact(2, square=0.5))
    assert (again.updated, again.unchanged) == (0, 2)  # a moved fact is still the fact that was delivered


def test_a_moved_fact_keeps_what_is_sealed(town):
    town.deliver(fact(1, address="青藤路2号", note="secret"))
    town.entries()
    from data.schema import sealed

    with town.store.read() as connection:
        boxes = connection.execute(select(sealed).order_by(sealed.c.rev)).all()
    sealer = Sealer(load_key(town.settings.folder))
    texts = [sealer.unseal(box.box, context=f"cases/{box.rev}/{box.field}") for box in boxes]
    assert texts == ["secret", "secret"]


def test_an_import_says_what_it_changed(town):
    town.entries()
    same = town.entries()
    assert (same.added, same.replaced, same.unchanged, same.closed) == (0, 0, 7, 0)
    other = town.entries(
        ENTRIES.replace("121.015", "121.035").replace("region,汀洲市,,,,,,,,,,,\n", ""), replace=True
    )
    assert (other.added, other.replaced, other.unchanged, other.closed) == (0, 1, 5, 1)
    with town.store.read() as connection:
        now = gazetteer.entries(connection)
        was = gazetteer.entries(connection, as_of=int(now["recorded_at"].min()))
    assert (len(was), len(now)) == (7, 6)
    path = town.settings.folder / "out.csv"
    path.write_text(gazetteer.export_file(town.store), encoding="utf-8")
    assert gazetteer.import_file(town.store, path, clock=town.clock, by="test").unchanged == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\n青藤路\n", "no column 'kind'"),
        ("kind,name\nhouse,x\n", "row 2: kind: got 'house'; expected one of estate"),
        ("kind,name\nestate,松风苑\n", "row 2: got no place; expected lon and lat"),
        ("kind,name,lon,lat\nestate,x,121,\n", "row 2: lon, lat: got one of them"),
        ("kind,name,lon,lat\nestate,x,121,1e9\n", "row 2: lat: got '1e9'; expected degrees"),
        ("kind,name,unit,low\nestate,x,A1,one\n", "row 2: low: got 'one'; expected a whole number"),
        ("kind,name,unit,valid_from\nestate,x,A1,soon\n", "row 2: valid_from: got 'soon'; expected a date"),
        (
            "kind,name,unit,level\nestate,x,A1,house\n",
            "row 2: level: got 'house'; expected one of district, block",
        ),
        ("kind,nome\nestate,x\n", "got column 'nome'"),
    ],
)
def test_a_faulty_file_is_refused_by_row_with_nothing_changed(town, text, message):
    with pytest.raises(GazetteerError, match=message):
        town.entries(text)
    with town.store.read() as connection:
        assert gazetteer.entries(connection).empty


def test_proposals_grow_from_facts_and_count_only_when_accepted(town):
    town.deliver(
        *(fact(number, square=2.2, address="白石路7号") for number in range(3)),
        *(fact(10 + number, square=number + 0.5, address="白石路9号") for number in range(4)),
        fact(20, address="白石路7号301室"), fact(21, square=0.5, address="白石路8号"),
    )  # fmt: skip
    assert gazetteer.propose(town.store, clock=town.clock, by="test", least=3) == 1
    assert gazetteer.propose(town.store, clock=town.clock, by="test", least=3) == 0
    proposed = gazetteer.proposals(town.store)
    assert proposed[["road", "low", "level", "note"]].values.tolist() == [["白石路", 7, "block", "3/3"]]
    assert town.where()["C20"] == ("", "open")
    moved = gazetteer.judge(town.store, None, accepted=True, clock=town.clock, by="test")
    assert moved.facts == 1
    assert town.where()["C20"] == ("A3", "gazetteer")
    with pytest.raises(GazetteerError, match="open proposal"):
        gazetteer.judge(town.store, [999], accepted=True, clock=town.clock, by="test")


def test_a_refused_proposal_is_not_made_again(town):
    town.deliver(*(fact(number, square=2.2, address="白石路7号") for number in range(3)))
    gazetteer.propose(town.store, clock=town.clock, by="test", least=3)
    gazetteer.judge(town.store, None, accepted=False, clock=town.clock, by="test")
    assert gazetteer.propose(town.store, clock=town.clock, by="test", least=3) == 0
    with town.store.read() as connection:
        assert gazetteer.entries(connection).empty


def test_a_person_places_one_fact_and_it_stays(town):
    town.deliver(fact(1, address="白石路7号"), fact(2, address="白石路7号"), fact(3, square=0.5))
    writer = town.writer()
    done = settling.place(writer, FactKey("cases", "cases", "C1"), 121.045, 31.005)
    assert (done.unit_code, done.moved) == ("B2", 1)
    settling.place(writer, FactKey("cases", "cases", "C3"), 121.055, 31.005)  # wins over coordinates, too
    assert town.where() == {"C1": ("B2", "hand"), "C2": ("", "open"), "C3": ("B3", "hand")}
    town.deliver(fact(1, address="白石路7号", closed=3))
    assert town.where()["C1"] == ("B2", "hand")
    assert [one.key.id for one in writer.unplaced()[0]] == ["C2"]
    with town.store.read() as connection:
        lines = connection.execute(select(audit_entry).where(audit_entry.c.action == "placed by hand")).all()
    assert [(line.person, line.object, line.detail) for line in lines] == [
        ("olga", "cases cases C1", "B2"), ("olga", "cases cases C3", "B3"),
    ]  # fmt: skip
    settling.place(writer, FactKey("cases", "cases", "C1"), 121.005, 31.005)  # thought better of
    assert town.where()["C1"] == ("A1", "hand")


def test_a_remembered_decision_moves_all_of_that_name(town):
    town.deliver(
        fact(1, address="白石路7号"), fact(2, address="白石路七号302室"), fact(3, address="白石路8号"),
        fact(4, address="听雨大厦旁"), fact(5, address="听雨大厦"),
    )  # fmt: skip
    done = settling.place(town.writer(), FactKey("cases", "cases", "C1"), 121.045, 31.005, remember=True)
    assert done.moved == 2
    settling.accept(town.writer(), FactKey("cases", "cases", "C4"), "A2", remember=True)
    assert town.where() == {
        "C1": ("B2", "hand"), "C2": ("B2", "gazetteer"), "C3": ("", "open"), "C4": ("A2", "hand"),
        "C5": ("A2", "gazetteer"),
    }  # fmt: skip
    town.refresh()
    assert [str(one) for one in verify(town.store)] == []


def test_a_proposal_is_accepted_in_every_version(town):
    town.entries(ENTRIES.replace("青藤路,,2,2", "青藤路,,2,8"))
    town.deliver(fact(1, address="青藤路3号对面"), fact(2, square=99, address="青藤路2号"))
    waiting = {one.key.id: one for one in town.writer().unplaced()[0]}
    choice = waiting["C2"].choices[0]
    settling.accept(town.writer(), waiting["C2"].key, choice.unit_code, entry=choice.entry)
    town.publish((("A", "A1", 1), ("A", "A9", 1), ("A", "A3", 1), *SIX[3:]), valid_from=20_500)
    assert town.where()["C2"] == ("A9", "hand")  # the entry's point is in another unit now


def test_what_lies_outside_a_scope_is_not_there(town):
    town.entries()
    town.deliver(fact(1, address="白石路7号"), fact(2, hint="A"), fact(3, hint="B"))
    mine = town.writer("B")
    assert mine.unplaced() == ([], 0)
    for key in ("C1", "C2", "nobody"):
        with pytest.raises(settling.PlacingError, match="a fact you may see"):
            settling.place(mine, FactKey("cases", "cases", key), 121.045, 31.005)
    with pytest.raises(settling.PlacingError, match="a point inside a unit you may see"):
        settling.place(mine, FactKey("cases", "cases", "C3"), 121.005, 31.005)
    with pytest.raises(UnknownUnit):
        settling.accept(mine, FactKey("cases", "cases", "C3"), "A1")
    with pytest.raises(settling.PlacingError, match="the whole instance"):
        settling.accept(mine, FactKey("cases", "cases", "C3"), "B1", remember=True)
    assert settling.accept(mine, FactKey("cases", "cases", "C3"), "B1").unit_code == "B1"
    assert town.reader("nobody").unplaced() == ([], 0)


def test_how_facts_were_located_is_counted(town):
    town.entries()
    town.deliver(
        fact(1, square=0.5), fact(2, address="青藤路2号"), fact(3, hint="A"), fact(4), fact(5, square=99),
        fact(6, address="nowhere"),
    )  # fmt: skip
    settling.place(town.writer(), FactKey("cases", "cases", "C6"), 121.045, 31.005)
    row = town.reader().located(FEBRUARY).iloc[0].to_dict()
    expected = {
        "coordinates": 1,
        "gazetteer": 1,
        "hint": 1,
        "open": 1,
        "outside": 1,
        "hand": 1,
        "unrecorded": 0,
    }
    assert row == {"source": "cases", "subject": "cases", **expected}
    assert len(town.reader().located(Period(FEBRUARY.end, FEBRUARY.end + timedelta(days=9)))) == 0


def test_a_relocation_that_breaks_off_leaves_nothing(town, monkeypatch):
    town.deliver(fact(1, address="青藤路2号"), fact(2, address="青藤路1号"))
    before = town.where()
    from data.relocation import _Mover

    monkeypatch.setattr(_Mover, "_reseal", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        town.entries()
    assert town.where() == before
    monkeypatch.undo()
    with town.store.read() as connection:
        assert connection.scalars(select(load.c.state)).all() == ["done"]
    town.entries(ENTRIES + "building,,白石路,,7,7,,,,,B2,,\n")
    assert town.where() == {"C1": ("A2", "gazetteer"), "C2": ("A1", "gazetteer")}


def test_the_past_is_placed_in_a_new_version_as_it_was_known(town):
    town.deliver(fact(1, address="青藤路2号"))
    town.refresh()
    before = int(town.now.timestamp() * 1e6)
    town.entries()
    town.publish((("A", "A1", 1), ("A", "A9", 1), ("A", "A3", 1), *SIX[3:]), valid_from=20_400)
    town.refresh()
    assert town.by_block() == {"A9": 1}
    assert town.by_block(as_of=before) == {"/-": 1}


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
@settings(max_examples=10)
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
