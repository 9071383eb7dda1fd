"""A file that a person sent: what is understood of it, what it would come to, one confirmation, rows given back."""

import io
import threading

import openpyxl
import pytest
from hostile import noise
from sqlalchemy import select
from uploading import CASES, OTHER, PERSON, csv_of, made, row, sent, xlsx_of
from world import World, numbers_of

import data.uploads as uploads_module
from data.matching import DROP, NEW, NONE, Asked, suggest_name
from data.schema import audit_entry, job_run
from data.sources.batch import SourceError
from data.sources.definition import load_source
from data.staging import BeingStored, UnknownUpload

ROWS = [row(n) for n in range(30)]
BAD = [row(90, 上报时间="2026-13-01"), row(91, 上报时间="")]


@pytest.fixture
def world(tmp_path, store_url):
    world = World(tmp_path / "instance", store_url)
    yield world
    world.store.close()


@pytest.fixture
def uploads(world):
    return made(world)


def declarations(world) -> dict[str, str]:
    return {
        path.name: path.read_text(encoding="utf-8") for path in (world.settings.folder / "sources").iterdir()
    }


def means(checked) -> dict[str, tuple[str, str]]:
    return {match.header: (match.means, match.why) for match in checked.plan.matches}


def test_nothing_is_stored_before_the_confirmation_and_all_of_it_after(world, uploads):
    before = world.dump()
    upload = sent(uploads, csv_of([*ROWS, *BAD]))
    checked = uploads.check(upload, Asked())
    assert (checked.plan.is_new, checked.plan.name, checked.plan.kind) == (True, "案件明细", "case")
    assert (checked.ledger.read, checked.ledger.accepted, checked.ledger.rejected) == (32, 30, 2)
    assert world.dump() == before and declarations(world) == {}
    ledger = uploads.store_file(upload, Asked(), person=PERSON)
    assert (ledger.accepted, ledger.rejected, ledger.located, ledger.load) == (30, 2, 30, 1)
    assert ledger.rejects == checked.ledger.rejects
    origin = load_source(world.settings.folder / "sources" / "案件明细.toml")
    assert origin.text == checked.plan.origin.text and origin.known == CASES
    world.refresh()
    assert numbers_of(world) == sorted(f"R{n}" for n in range(30))
    with world.store.read() as connection:
        assert connection.scalars(select(job_run.c.job)).all() == ["refresh"]
        noted = connection.execute(
            select(audit_entry.c.person, audit_entry.c.action, audit_entry.c.object)
        ).all()
    assert noted == [("operator", "file loaded", "案件明细")]


def test_confirming_again_stores_nothing_more(world, uploads):
    upload = sent(uploads, csv_of(ROWS))
    first = uploads.store_file(upload, Asked(), person=PERSON)
    before = world.dump()
    again = uploads.store_file(uploads.open(upload.token, PERSON), Asked(), person=PERSON)
    assert again == uploads.stored(upload) and again.load == first.load
    assert world.dump()["load"] == before["load"] and world.dump()["fact_cases"] == before["fact_cases"]
    with pytest.raises(UnknownUpload):
        uploads.open(upload.token, OTHER)


def test_two_confirmations_at_once_load_once(world, uploads, monkeypatch):
    upload, begun, go = sent(uploads, csv_of(ROWS)), threading.Event(), threading.Event()
    load = uploads_module.ingest_batches

    def slow(*given, **options):
        begun.set()
        assert go.wait(20)
        return load(*given, **options)

    monkeypatch.setattr(uploads_module, "ingest_batches", slow)
    first = threading.Thread(target=uploads.store_file, args=(upload, Asked()), kwargs={"person": PERSON})
    first.start()
    assert begun.wait(20)
    with pytest.raises(BeingStored):
        uploads.store_file(upload, Asked(), person=PERSON)
    go.set()
    first.join(20)
    assert uploads.store_file(upload, Asked(), person=PERSON).load == 1


def test_a_file_of_a_known_source_is_known_by_its_columns(world, uploads):
    uploads.store_file(sent(uploads, csv_of(ROWS)), Asked(), person=PERSON)
    changed = [row(0, 大类名称="街面"), *ROWS[1:], row(40)]
    upload = sent(uploads, xlsx_of(changed), name="三月.xlsx")
    checked = uploads.check(upload, Asked())
    assert (checked.plan.name, checked.plan.is_new, checked.plan.is_changed) == ("案件明细", False, False)
    assert (checked.found.format, checked.found.header) == ("xlsx", (2,))
    assert {why for _, why in means(checked).values()} == {"declared"}
    assert (checked.ledger.accepted, checked.ledger.updated, checked.ledger.unchanged) == (1, 1, 29)
    before = declarations(world)
    assert uploads.store_file(upload, Asked(), person=PERSON).updated == 1
    assert declarations(world) == before, "a workbook for a source of CSV changes no declaration"
    assert load_source(world.settings.folder / "sources" / "案件明细.toml").format == "csv"


def test_a_header_matched_by_hand_once_is_never_asked_again(world, uploads):
    uploads.store_file(sent(uploads, csv_of(ROWS)), Asked(), person=PERSON)
    strange = ("任务号", "上报时间", "大类名称", "案发何处", "经度", "纬度", "备注二")
    rows = [[*row(n), "x"] for n in range(5)]
    upload = sent(uploads, csv_of(rows, strange))
    first = uploads.check(upload, Asked())
    assert (first.plan.missing, means(first)["案发何处"], means(first)["备注二"]) == (
        ("地址",),
        (NONE, ""),
        (NONE, ""),
    )
    asked = Asked(columns={3: "地址"})
    told = uploads.check(upload, asked)
    assert (told.plan.missing, means(told)["案发何处"]) == ((), ("地址", "hand"))
    assert (told.ledger.unchanged, first.ledger.updated) == (5, 5)
    uploads.store_file(upload, asked, person=PERSON)
    origin = load_source(world.settings.folder / "sources" / "案件明细.toml")
    assert origin.aliases == {"地址": ("案发何处",)} and origin.known[-2:] == ("案发何处", "备注二")
    again = uploads.check(sent(uploads, csv_of(rows, strange)), Asked())
    assert (again.plan.missing, again.plan.is_changed) == ((), False)
    assert (means(again)["案发何处"], means(again)["备注二"]) == (("address", "declared"), (NONE, "seen"))


def test_a_new_source_is_made_as_a_person_says(world, uploads):
    body = csv_of(
        [["A1001", "B1002", "2026/2/3 8:00", "市容", "13812345678"]], ("甲", "乙", "丙", "丁", "戊")
    )
    upload = sent(uploads, body, name="清单.csv")
    assert uploads.check(upload, Asked()).ledger is not None, "id and time are told by their values"
    columns = {0: NONE, 1: "id", 3: "category", 4: DROP}
    asked = Asked(NEW, columns, name="巡查", kind="order", every="1 w", timezone="UTC")
    checked = uploads.check(upload, asked)
    assert checked.plan.lacking == () and checked.ledger.accepted == 1
    assert means(checked) == {"甲": (NONE, "hand"), "乙": ("id", "hand"), "丙": ("accepted_at", "values"),
                              "丁": ("category", "hand"), "戊": (DROP, "hand")}  # fmt: skip
    uploads.store_file(upload, asked, person=PERSON)
    origin = load_source(world.settings.folder / "sources" / "巡查.toml")
    assert (origin.kind, origin.every_minutes, origin.timezone.key, origin.drop) == (
        "order",
        7 * 1440,
        "UTC",
        ("戊",),
    )


def test_what_every_fact_needs_has_to_be_chosen(uploads):
    upload = sent(uploads, csv_of([["市容", "x"]], ("大类名称", "说明")))
    checked = uploads.check(upload, Asked(kind="case"))
    assert (checked.ledger, checked.plan.lacking) == (None, ("id", "reported_at"))
    with pytest.raises(SourceError, match="got no column for id"):
        uploads.store_file(upload, Asked(kind="case"), person=PERSON)
    assert uploads.check(upload, Asked(columns={0: "no such field", 99: "id", -1: "id"})).ledger is None


@pytest.mark.parametrize("name", ["a/b", "..", "x" * 70, "a b", "案件 明细"])
def test_a_name_that_cannot_be_a_file_is_said(uploads, name):
    checked = uploads.check(sent(uploads, csv_of(ROWS)), Asked(NEW, name=name))
    assert checked.ledger is None and "expected letters" in checked.fault


def test_a_name_that_is_taken_is_said_and_a_free_one_is_proposed(uploads):
    uploads.store_file(sent(uploads, csv_of(ROWS)), Asked(), person=PERSON)
    upload = sent(uploads, csv_of(ROWS))
    assert uploads.check(upload, Asked(NEW)).plan.name == "案件明细_2"
    assert "taken" in uploads.check(upload, Asked(NEW, name="案件明细")).fault


def test_half_a_point_is_no_place(uploads):
    checked = uploads.check(sent(uploads, csv_of(ROWS)), Asked(columns={5: NONE}))
    assert "one of lon and lat" in checked.fault and checked.ledger is None


def test_a_load_that_fails_leaves_neither_facts_nor_a_source(world, uploads, monkeypatch):
    upload, before = sent(uploads, csv_of(ROWS)), world.dump()

    def broken(*given, **options):
        raise OSError("disk")

    monkeypatch.setattr(uploads_module, "ingest_batches", broken)
    with pytest.raises(OSError, match="disk"):
        uploads.store_file(upload, Asked(), person=PERSON)
    assert declarations(world) == {} and world.dump() == before
    monkeypatch.undo()
    assert uploads.store_file(upload, Asked(), person=PERSON).accepted == 30


def test_a_load_that_fails_leaves_a_declaration_as_it_was(world, uploads, monkeypatch):
    uploads.store_file(sent(uploads, csv_of(ROWS)), Asked(), person=PERSON)
    before = declarations(world)
    upload = sent(uploads, csv_of([[*row(1), "x"]], (*CASES, "备注二")))
    monkeypatch.setattr(uploads_module, "ingest_batches", lambda *given, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        uploads.store_file(upload, Asked(), person=PERSON)
    assert declarations(world) == before


def test_a_file_that_cannot_be_read_is_gone_at_once(uploads):
    for body in (b"%PDF-1.7\n", noise(4000), b"PK\x03\x04" + b"x" * 500, csv_of([])):
        with pytest.raises(SourceError):
            sent(uploads, body)
    assert list(uploads.staging.folder.iterdir()) == []


def test_a_snapshot_that_shrinks_is_confirmed_apart(world, uploads):
    uploads.store_file(sent(uploads, csv_of(ROWS)), Asked(), person=PERSON)
    path = world.settings.folder / "sources" / "案件明细.toml"
    text = path.read_text(encoding="utf-8").replace('delivery = "delta"', 'delivery = "snapshot"')
    path.write_text(text + '\n[snapshot]\nwindow = "all"\nshrink = 10\n', encoding="utf-8")
    upload = sent(uploads, csv_of(ROWS[:5]))
    checked = uploads.check(upload, Asked())
    assert checked.ledger is None and checked.shrinks
    with pytest.raises(SourceError, match="lacks 25 of the 30"):
        uploads.store_file(upload, Asked(), person=PERSON)
    assert uploads.store_file(upload, Asked(), person=PERSON, accept_shrink=True).withdrawn == 25


def told(reject) -> str:
    return f"{reject.field}: {reject.rule}"


def given_back(uploads, upload, tmp_path, asked=Asked(), locale="zh"):  # noqa: B008 - an empty choice never changes
    path = tmp_path / "back.xlsx"
    uploads.write_rejected(upload, asked, path, told=told, locale=locale)
    return path


def test_refused_rows_come_back_as_delivered_and_load_once_they_are_put_right(world, uploads, tmp_path):
    formula = row(92, 上报时间="never", 地址='=HYPERLINK("http://x")')
    upload = sent(uploads, csv_of([*ROWS, *BAD, formula]))
    before = given_back(uploads, upload, tmp_path).read_bytes()
    uploads.store_file(upload, Asked(), person=PERSON)
    path = given_back(uploads, uploads.open(upload.token, PERSON), tmp_path)
    book, first = openpyxl.load_workbook(path), openpyxl.load_workbook(io.BytesIO(before))
    rows = [[cell.value for cell in line] for line in book.active.iter_rows()]
    assert rows == [[cell.value for cell in line] for line in first.active.iter_rows()]
    assert rows[0] == [*CASES, "拒收原因", "原行号"]
    assert rows[1][:6] == BAD[0] and rows[1][6:] == ["reported_at: a time such as 2025-01-31 09:05", 32]
    assert {cell.data_type for line in book.active.iter_rows() for cell in line} <= {"s", "n"}, "no formula"
    for line in book.active.iter_rows(min_row=2):
        line[1].value = "2026-02-09 10:00"
    book.save(path)
    mended = sent(uploads, path.read_bytes(), name="拒收.xlsx")
    checked = uploads.check(mended, Asked())
    assert (checked.plan.name, checked.plan.is_changed) == ("案件明细", False)
    assert (checked.ledger.accepted, checked.ledger.rejected) == (3, 0)
    assert not [note for note in checked.ledger.notes if note.startswith("new_column")]
    assert uploads.store_file(mended, Asked(), person=PERSON).accepted == 3


@pytest.mark.parametrize("form", ["xlsx", "json", "jsonl", "geojson", "csv"])
def test_refused_rows_are_found_again_in_every_format(uploads, tmp_path, form):
    import json

    records = [dict(zip(CASES, line, strict=True)) for line in (*ROWS, *BAD)]
    bodies = {
        "xlsx": lambda: xlsx_of([*ROWS, *BAD]),
        "csv": lambda: csv_of([[], *ROWS, [], *BAD], encoding="gb18030"),
        "json": lambda: json.dumps({"rows": records}).encode(),
        "jsonl": lambda: "\n\n".join(map(json.dumps, records)).encode(),
        "geojson": lambda: json.dumps({"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": one, "geometry": {"type": "Point", "coordinates": [121.001, 31.005]}}
            for one in records]}).encode(),
    }  # fmt: skip
    upload = sent(uploads, bodies[form](), name=f"cases.{form}")
    path = given_back(uploads, upload, tmp_path, locale="en")
    rows = [[cell.value for cell in line] for line in openpyxl.load_workbook(path).active.iter_rows()]
    assert rows[0][-2:] == ["why refused", "row delivered"]
    assert [line[0] for line in rows[1:]] == ["R90", "R91"], rows
    with pytest.raises(SourceError):
        given_back(uploads, sent(uploads, csv_of(ROWS)), tmp_path)


def test_a_dry_run_is_kept_until_something_changes(world, uploads, monkeypatch):
    upload, calls = sent(uploads, csv_of(ROWS)), []
    run = uploads_module.dry_run
    monkeypatch.setattr(uploads_module, "dry_run", lambda *a, **k: calls.append(1) or run(*a, **k))
    uploads.check(upload, Asked())
    assert calls == []
    uploads.check(upload, Asked(crs="GCJ-02"))
    uploads.check(upload, Asked(crs="GCJ-02"))
    assert calls == [1]
    uploads.store_file(sent(uploads, csv_of(ROWS[:3])), Asked(NEW, name="other"), person=PERSON)
    calls.clear()
    uploads.check(upload, Asked(crs="GCJ-02"))
    assert calls == [1], "another load may have brought the same facts"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("12345工单_2025年11月.xlsx", "12345工单"), ("案件 明细(1).csv", "案件_明细"), ("2025.csv", "cases"),
        ("new.csv", "new_2"),
        ("a" * 90 + ".csv", "a" * 40), ("___.csv", "cases"), ("ａｂｃ１.csv", "abc"),
    ],
)  # fmt: skip
def test_a_name_is_made_from_the_file(file, name):
    assert suggest_name(file, "case", taken={}) == name
