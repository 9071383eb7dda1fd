"""Files of boundaries: read apart, weighed against what holds, published as by command, taken back; on both stores."""

import asyncio
import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import shapely
from bordering import blocks, geojson, square, written
from sqlalchemy import select
from uploading import OTHER, PERSON, chunks_of
from world import case

from data.boundaries import UnacceptedFaults
from data.boundary_files import BoundaryAsked, BoundaryFiles
from data.boundary_proposals import JOIN, Fields
from data.boundary_trials import Decision
from data.schema import boundary_version, staged_unit
from data.settings import EPOCH_DAY
from data.sources.batch import SourceError
from data.staging import UnknownUpload
from data.uploads import Uploads
from data.verify import verify
from data.versions import history, take_back
from geo.boundaries import BoundaryError

HALF = blocks(("B3", "Block B3", "B", square(5, 6, north=0.5)))
MOVED = blocks(("A3", "Block A3", "A", square(2.5, 3)), ("A2", "Second", "A", square(1, 2.5)))
EVERY = frozenset({"gap"})
CROSSED = shapely.Polygon([(121, 31), (121.01, 31.01), (121.01, 31), (121, 31.01)])


@pytest.fixture
def brought(world) -> BoundaryFiles:
    return BoundaryFiles(Uploads(world.store, world.clock))


def sent(brought, body, name="街区.geojson", person=PERSON):
    upload = asyncio.run(brought.receive(person, name, chunks_of(body)))
    brought.admit(upload)
    return brought.open(upload.token, person)


def changed(trial) -> dict[str, str]:
    return dict(zip(trial.changes["code"], trial.changes["change"], strict=True))


def test_levels_and_columns_are_known_by_the_units_that_are_there(brought):
    tried = brought.trial(sent(brought, geojson(MOVED)), BoundaryAsked())
    assert tried.fields == Fields("block", "code", "name", "up") and not tried.fault
    assert changed(tried) == {"A2": "redrawn", "A3": "redrawn"} and tried.faults == ()
    ground = tried.changes.set_index("code")
    block = shapely.area(square(0, 1)) * 111_320**2 * np.cos(np.radians(31.005))
    assert ground["gained_m2"]["A2"] == pytest.approx(block / 2, rel=0.01)
    assert ground["lost_m2"]["A3"] == pytest.approx(block / 2, rel=0.01)
    assert ground["gained_m2"]["A3"] == ground["lost_m2"]["A2"] == 0
    assert ground["before_m2"]["A3"] == pytest.approx(2 * ground["after_m2"]["A3"])


@pytest.mark.parametrize("form", ["gpkg", "zip"])
def test_other_formats_tell_their_own_system(brought, tmp_path, form):
    (tmp_path / "made").mkdir()
    body = written(HALF, tmp_path / "made", form)
    tried = brought.trial(sent(brought, body, f"街区.{form}"), BoundaryAsked())
    assert tried.declared == "EPSG:4549" and tried.fields.code == "code"
    halved = tried.changes.set_index("code").loc["B3"]
    assert halved["share"] == pytest.approx(0.5, abs=1e-4) and halved["lost_m2"] > 1e5


def test_a_wrong_system_shows_and_another_choice_mends_it(brought):
    upload = sent(brought, geojson(blocks(), shifted=True))
    assert len(brought.trial(upload, BoundaryAsked()).changes) == 6
    mended = brought.trial(upload, BoundaryAsked(crs="GCJ-02"))
    assert mended.changes.empty or mended.changes["lost_m2"].max() < 1  # square metres


def test_without_a_column_of_parents_units_are_joined_by_code(brought):
    extra = blocks(("Z9", "Nowhere", "A", square(8, 9)), without=("B1",))
    tried = brought.trial(sent(brought, geojson(extra)), BoundaryAsked(fields=Fields(parent=JOIN)))
    assert [fault.kind for fault in tried.faults] == ["unknown-code"] and tried.faults[0].codes == ("Z9",)
    assert tried.changes.empty and len(tried.units) == 8


@pytest.mark.parametrize(
    ("rows", "kind"),
    [(blocks(("B1", "x", "Q", square(3, 4))), "orphan"),
     (blocks(("A1", "x", "A", CROSSED)), "invalid-ring"),
     ([*blocks(), ("A1", "twice", "A", square(0, 1))], "duplicate-code")],
)  # fmt: skip
def test_what_must_be_mended_is_told_and_not_published(brought, rows, kind):
    upload = sent(brought, geojson(rows))
    tried = brought.trial(upload, BoundaryAsked())
    assert kind in {fault.kind for fault in tried.faults} and not tried.is_sound
    with pytest.raises(UnacceptedFaults):
        brought.publish(
            upload, BoundaryAsked(), Decision("x", None, tried.before, frozenset({"gap", kind})), PERSON
        )
    assert stored(brought) == (1, 0)


def test_rows_of_one_code_are_one_unit_where_one_says_so(brought):
    halves = [("A1", "Block A1", "A", square(0, 0.5)), ("A1", "Block A1", "A", square(0.5, 1))]
    tried = brought.trial(
        sent(brought, geojson([*blocks(without=("A1",)), *halves])), BoundaryAsked(dissolve=True)
    )
    assert tried.is_sound and tried.faults == () and tried.changes.empty


def test_columns_and_systems_that_are_not_there_are_said(brought):
    upload = sent(brought, geojson(HALF))
    assert "no column 'q'" in brought.trial(upload, BoundaryAsked(fields=Fields(code="q"))).fault
    tried = brought.trial(upload, BoundaryAsked(crs="EPSG:4549"))
    assert "degrees" in tried.fault and not tried.is_sound and tried.changes is None


def stored(brought) -> tuple[int, int]:
    """Versions and staged units of the store."""
    with brought.store.read() as connection:
        return tuple(
            len(connection.execute(select(table)).all()) for table in (boundary_version, staged_unit)
        )


def decided(**changes) -> Decision:
    return replace(Decision("街区重划", None, 1, EVERY), **changes)


def test_publishing_places_every_fact_and_taking_back_restores_every_number(brought, world):
    world.load([case(1, square=5.5), case(2, square=2.3, reported=1)])
    world.refresh()
    upload = sent(brought, geojson(MOVED))
    brought.publish(upload, BoundaryAsked(), decided(accept=frozenset()), PERSON)
    brought.publish(brought.open(upload.token, PERSON), BoundaryAsked(), decided(), PERSON)
    assert stored(brought) == (2, 0) and not list(upload.folder.glob("*.geojson"))
    world.refresh()
    places = dict(world.reader().version.by_code)
    assert verify(world.store) == [] and counted(world) == [places["A2"], places["B3"]]
    entries = history(world.store)
    assert [(one.version.id, one.note, one.lasting) for one in entries] == [
        (2, "街区重划", ""),
        (1, "", "older"),
    ]
    assert entries[0].counts == {0: 2, 1: 6}
    again = take_back(world.store, 2, by="operator", reason="有误", clock=world.clock)
    assert (again.id, again.valid_from_on, again.fingerprint) == (3, entries[0].version.valid_from_on,
                                                                 entries[1].version.fingerprint)  # fmt: skip
    world.refresh()
    assert verify(world.store) == [] and counted(world) == [places["A3"], places["B3"]]


def counted(world) -> list[int]:
    from data.schema import PLACES

    newest = world.reader().version.id
    table = PLACES["cases"]
    with world.store.read() as connection:
        return sorted(connection.scalars(select(table.c.place).where(table.c.version_id == newest)).all())


def test_it_stays_once_facts_have_come_and_where_nothing_is_before_it(brought, world):
    assert [one.lasting for one in history(world.store)] == ["first"]
    brought.publish(sent(brought, geojson(MOVED)), BoundaryAsked(), decided(), PERSON)
    world.load([case(1)])
    assert history(world.store)[0].lasting == "facts"
    for number in (2, 1, 9):
        with pytest.raises(BoundaryError, match="stays"):
            take_back(world.store, number, by="x", reason="x", clock=world.clock)
    assert stored(brought) == (2, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accept": frozenset()}, "gap"),
        ({"before": 7}, "newest"),
        ({"valid_from_on": -20_000_000}, "or later"),
    ],
)
def test_other_grounds_than_were_seen_publish_nothing(brought, changes, message):
    upload = sent(brought, geojson(HALF))
    with pytest.raises(BoundaryError, match=message):
        brought.publish(upload, BoundaryAsked(), decided(**changes), PERSON)
    assert stored(brought) == (1, 0) and brought.open(upload.token, PERSON).state == "staged"


def test_a_version_holds_from_the_day_that_was_chosen(brought, world):
    day = (world.now.date() - EPOCH_DAY).days + 30
    brought.publish(sent(brought, geojson(HALF)), BoundaryAsked(), decided(valid_from_on=day), PERSON)
    assert history(world.store)[0].version.valid_from_on == day


def test_records_are_no_boundaries_and_boundaries_no_records(brought):
    upload = sent(brought, geojson(HALF))
    with pytest.raises(UnknownUpload):
        brought.uploads.open(upload.token, PERSON)
    with pytest.raises(UnknownUpload):
        brought.open(upload.token, OTHER)


def packed(**parts: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name.replace("_", "."), body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "body"),
    [("a.gpkg", b'<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>'),
     ("a.shp", b"\0\0\x27\x0a" + b"\0" * 96),
     ("a.geojson", b'{"type":"FeatureCollection","features":[{"type":"Feature"}'),
     ("a.zip", packed(a_shp=b"x", a_dbf=b"x")),
     ("a.zip", packed(a_shp=b"x", a_dbf=b"x", a_shx=b"x")), ("a.zip", packed(a_geojson=b"{}", b_geojson=b"{}")),
     ("a.zip", b"PK\x03\x04" + b"x" * 99), ("a.txt", b"abc"), ("a.geojson", b"[" * 200_000)],
)  # fmt: skip
def test_hostile_files_are_refused_with_a_sentence_and_leave_nothing(lite_brought, name, body):
    with pytest.raises(SourceError, match="expected "):
        sent(lite_brought, body, name)
    assert list(lite_brought.uploads.staging.folder.iterdir()) == []


@pytest.fixture
def lite_brought(lite) -> BoundaryFiles:
    from world import START

    return BoundaryFiles(Uploads(lite, lambda: START))


def test_a_code_list_makes_a_level_without_shapes_and_outlines_join_it_later(brought):
    """A tree of names alone, a level at a time, as an office has it that was never given outlines."""
    towns = sent(brought, "编码,名称\nT1,东镇\nT2,西镇\n".encode("gb18030"), name="镇.csv")
    fields = Fields("town", "编码", "名称")
    tried = brought.trial(towns, BoundaryAsked("admin", fields))
    assert not tried.fault and tried.is_sound and not tried.is_bare and tried.units["geometry"].isna().all()
    brought.publish(towns, BoundaryAsked("admin", fields), Decision("始建", None, 0, EVERY), PERSON)
    committees = sent(brought, "编码,名称,上级\nC1,一居,T1\nC2,二居,T2\n".encode(), name="居委.csv")
    asked = BoundaryAsked("admin", Fields("committee", "编码", "名称", "上级"))
    before = brought.trial(committees, asked).before
    brought.publish(committees, asked, Decision("居委", None, before, EVERY), PERSON)
    assert [entry.counts for entry in history(brought.store, "admin")] == [{0: 2, 1: 2}, {0: 2}]
    rows = [("C1", "一居", "T1", square(0, 1)), ("C9", "九居", "T1", square(1, 2))]
    drawn = brought.trial(
        sent(brought, geojson(rows)), BoundaryAsked("admin", Fields("committee", "code", "name", JOIN))
    )
    assert [fault.kind for fault in drawn.faults] == ["unknown-code"]
    assert drawn.units.set_index("code")["geometry"].notna()["C1"]


def test_a_code_list_over_outlines_is_told(brought):
    lines = ["code,name,up", *(f"{code},{name},{up}" for code, name, up, _ in blocks())]
    tried = brought.trial(sent(brought, "\n".join(lines).encode(), name="街区.csv"), BoundaryAsked())
    assert tried.is_bare and tried.changes is not None and tried.fields.level == "block"


def test_outlines_joined_without_a_column_of_parents_bring_their_names(brought):
    lines = ["code,name", *(f"{code},{name}" for code, name, _, _ in blocks(("A1", "Alpha", "A", None)))]
    asked = BoundaryAsked(fields=Fields("block", "code", "name", JOIN))
    tried = brought.trial(sent(brought, "\n".join(lines).encode(), name="街区.csv"), asked)
    assert changed(tried) == {"A1": "renamed"} and not tried.is_bare and tried.is_sound
