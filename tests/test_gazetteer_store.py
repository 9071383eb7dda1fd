"""The gazetteer in the store, on both: who wins, what is open, how the past moves, and that the laws hold."""

from datetime import timedelta

import pytest
from addressed import ENTRIES, FEBRUARY, fact
from sqlalchemy import select
from world import SIX

from data import gazetteer, settling
from data.gazetteer_file import GazetteerError
from data.query import Period
from data.reader import UnknownUnit
from data.schema import audit_entry, load
from data.secrets import Sealer, load_key
from data.unplaced import FactKey
from data.verify import verify


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
        ("kind,name\nestate,松风苑\n", "row 2: got ''; expected lon and lat"),
        ("kind,name,lon,lat\nestate,x,121,\n", "row 2: lon: got '121, '; expected both"),
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
