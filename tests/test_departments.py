"""Departments: one name for every spelling, as known at an instant; filters, groups, leagues and files follow."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pandas import DataFrame
from world import CASES, SIX, World, local

from data.answers import department_kinds
from data.departments import (
    DEPARTMENT,
    NEIGHBOURHOOD,
    Department,
    DepartmentError,
    Roster,
    read_list,
    record,
    usual_kind,
)
from data.export import write_export
from data.indicators import INDICATORS
from data.instants import micros
from data.measure_table import Parts, measure_table
from data.query import Period, Query, parse_query

YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
OF_CASES = tuple(name for name, entry in INDICATORS.items() if entry.subject == "cases")
DEPARTED = CASES.replace('category = "category"', 'department = "category"')
LIST = (
    Department("城管中队", DEPARTMENT, ("街道城管执法中队", "城管")),
    Department("听月居委会", NEIGHBOURHOOD, ("听月居委",)),
)


def ask(*names: str, period: Period = YEAR, **more) -> Query:
    return Query(**{"level": None, "within": None, "indicators": names or OF_CASES, "period": period, **more})


def case(
    number: int, department: str, *, square: float = 0, reported: float = 0, closed: float | None = None
):
    times = [local(part) if part is not None else None for part in (reported, reported + 8, closed)]
    return (f"C{number}", department, "patrol", *times, 121 + (square + 0.5) / 100, 31.005, None)


SPELLINGS = [
    "城管中队",
    "街道城管执法中队",
    "城 管",
    "市容环卫所",
    "听月居委会",
    "听月居委",
    "松风居委会",
    "",
]


def fill(world: World) -> None:
    rows = [case(n, text, square=n % 6, closed=n + 4 if n % 2 else None) for n, text in enumerate(SPELLINGS)]
    world.load(rows, text=DEPARTED)
    world.refresh()


def by_department(reader, query: Query) -> dict[str, float]:
    table = measure_table(reader, query, Parts(("department",), words=("department",)))
    return table.set_index("department")["value"].to_dict()


def test_names_apply_to_the_past_and_each_spelling_counts_once(world):
    fill(world)
    reader = world.reader()
    plain = by_department(reader, ask("cases_reported"))
    assert len(plain) == len(SPELLINGS) and set(plain.values()) == {1}
    record(world.store, LIST, now=world.clock(), by="test")
    assert by_department(reader, ask("cases_reported")) == {
        "城管中队": 3, "市容环卫所": 1, "听月居委会": 2, "松风居委会": 1, "": 1,
    }  # fmt: skip


def test_a_question_as_of_an_instant_is_answered_by_the_list_known_then(world):
    fill(world)
    before = micros(world.clock())
    record(world.store, LIST, now=world.clock(), by="test")
    between = micros(world.clock())
    record(
        world.store,
        [Department("执法队", DEPARTMENT, ("城管中队", "街道城管执法中队"))],
        now=world.clock(),
        by="test",
    )
    reader = world.reader()
    assert by_department(reader, ask("cases_reported", as_of=before))["街道城管执法中队"] == 1
    assert by_department(reader, ask("cases_reported", as_of=between))["城管中队"] == 3
    now = by_department(reader, ask("cases_reported"))
    assert (now["执法队"], now["城 管"]) == (2, 1)
    for as_of, name, count in ((before, "城管中队", 1), (between, "城管中队", 3), (None, "执法队", 2)):
        rows, total = reader.facts("cases", ask(as_of=as_of, department=name))
        assert (total, set(rows["department"])) == (count, {name})


def test_a_filter_narrows_numbers_rows_and_files_alike(world, tmp_path):
    fill(world)
    record(world.store, LIST, now=world.clock(), by="test")
    reader, query = world.reader(), ask("cases_reported", department="城管中队")
    assert measure_table(reader, query, Parts(()))["value"].item() == 3
    rows, total = reader.facts("cases", query, sort=[("department", "asc")])
    assert total == 3 and sorted(rows["department_given"]) == ["城 管", "城管中队", "街道城管执法中队"]
    assert reader.summary("cases", query)["rows"] == 3
    chunks = list(reader.fact_chunks("cases", query))
    assert [set(chunk["department"]) for chunk in chunks] == [{"城管中队"}]
    path = tmp_path / "cases.csv"
    manifest = write_export(reader, "cases", query, path, flavour="machine")
    assert manifest.rows == 3 and manifest.query["department"] == "城管中队"
    text = path.read_text(encoding="utf-8")
    assert "街道城管执法中队" in text and "市容环卫所" not in text
    assert reader.facts("orders", query)[1] == reader.facts("alerts", query)[1] == 0
    assert reader.words("cases", "department") == ["听月居委会", "城管中队", "市容环卫所", "松风居委会"]


def test_rows_sort_by_the_name_that_is_read(world):
    fill(world)
    renamed = [Department("A", DEPARTMENT, ("街道城管执法中队",)), Department("Z", DEPARTMENT, ("城管中队",))]
    record(world.store, renamed, now=world.clock(), by="test")
    rows, _ = world.reader().facts("cases", ask(), sort=[("department", "asc")])
    known = [name for name in rows["department"] if name in ("A", "Z")]
    assert known == ["A", "Z"]


def test_leagues_of_departments_and_of_neighbourhoods_lie_apart_and_sum_to_the_whole(world):
    fill(world)
    record(world.store, LIST, now=world.clock(), by="test")
    reader = world.reader()
    assert department_kinds(reader) == (NEIGHBOURHOOD, DEPARTMENT)
    found = {kind: reader.departments(ask(), kind=kind) for kind in (DEPARTMENT, NEIGHBOURHOOD)}
    names = {kind: set(rows.loc[rows["kind"] == "unit", "unit_name"]) for kind, rows in found.items()}
    assert names == {DEPARTMENT: {"城管中队", "市容环卫所"}, NEIGHBOURHOOD: {"听月居委会", "松风居委会"}}
    whole = reader.measures(ask(level="district"))
    for kind, rows in found.items():
        for name in OF_CASES:
            mine = rows[rows["indicator"] == name]
            parts = mine[mine["kind"] != "total"]["numerator"].sum()
            total = mine.loc[mine["kind"] == "total", "numerator"].item()
            same = whole[(whole["indicator"] == name) & (whole["kind"] == "total")]["numerator"].item()
            assert total == pytest.approx(same, nan_ok=True), (kind, name)
            assert parts == pytest.approx(total if total == total else 0.0), (kind, name)
    mine = world.reader("A").departments(ask("cases_reported"), kind=DEPARTMENT)
    assert (
        mine.loc[mine["kind"] == "total", "value"].item() == 5
    )  # squares 0 to 2 of six, twice the first two


def test_a_league_without_a_rest_has_no_row_for_it(world):
    world.load([case(1, "城管中队")], text=DEPARTED)
    world.refresh()
    rows = world.reader().departments(ask("cases_reported"), kind=DEPARTMENT)
    assert rows["kind"].tolist() == ["unit", "total"]
    assert department_kinds(world.reader()) == (DEPARTMENT,)


@pytest.fixture(scope="module")
def filled(tmp_path_factory, migrated_sqlite):
    """A world with cases over half a year, for many periods."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copyfile(migrated_sqlite, folder / "store.db")
    made = World(folder, f"sqlite:///{folder}/store.db")
    made.publish(SIX)
    rows = []
    for n in range(400):
        reported = (n * 37) % 700
        closed = reported + n % 90 if n % 3 else None
        rows.append(case(n, SPELLINGS[n % 8], square=n % 7, reported=reported, closed=closed))
    made.load(rows, text=DEPARTED)
    made.publish((("A", "A1", 2), ("B", "B1", 4)), valid_from=20_530)
    made.refresh()
    record(made.store, LIST, now=made.clock(), by="test")
    yield made
    made.store.close()


@examples(max_examples=60)
@given(
    st.integers(0, 260),
    st.one_of(st.integers(1, 4), st.integers(1, 120)),
    st.sampled_from(["as-was", "today"]),
)
def test_departments_sum_to_the_summed_tables_in_any_period(filled, start, days, boundaries):
    """What is counted from the facts near a period is what the rollups hold of it, flows, stocks and medians alike."""
    first = date(2026, 1, 20) + timedelta(days=start)
    query = ask(period=Period(first, first + timedelta(days=days)), boundaries=boundaries)
    reader = filled.reader()
    rows = reader.departments(query, kind=DEPARTMENT, compare=False)
    whole = reader.measures(query.asking(level="district"), compare=False)
    for name in OF_CASES:
        counted, summed = (
            frame[(frame["indicator"] == name) & (frame["kind"] == "total")].iloc[0]
            for frame in (rows, whole)
        )
        for field in ("numerator", "denominator", "value", "n"):
            assert counted[field] == pytest.approx(summed[field], nan_ok=True), (name, field)


# The list


def csv(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_either_language_and_encoding(tmp_path, encoding):
    chinese = [
        "名称,别名,类型",
        "城管中队,街道城管执法中队|城管,部门",
        "城管中队,执法队,",
        "听月居委会,听月居委,",
    ]
    english = [
        "kind,name,aliases",
        "department,城管中队,街道城管执法中队；城管、执法队",
        ",听月居委会,听月居委",
    ]
    chinese, english = (csv(tmp_path / "a.csv", *lines, encoding=encoding) for lines in (chinese, english))
    assert read_list(chinese) == read_list(english)
    assert read_list(chinese) == (
        Department("城管中队", DEPARTMENT, ("街道城管执法中队", "城管", "执法队")),
        Department("听月居委会", NEIGHBOURHOOD, ("听月居委",)),
    )


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["code,title", "a,b"], "a.csv: got columns code, title; expected name"),
        (["name,aliases", "x,y", " ,z"], "a.csv row 3: name: got nothing; expected the name of a department"),
        (["name,kind", "x,police"], "row 2: kind: got 'police'; expected one of department, neighbourhood"),
        (["name,kind", "x,部门", "x,小区"], "row 3: kind: got '小区'; expected 'department', as above"),
        (["name,aliases", "x,z", "y,z"], "aliases: got 'z' for x and y; expected it for one"),
        (["name,aliases", "x,Y", "y,"], "for x and y; expected it for one"),
    ],
)
def test_an_unfit_list_is_refused_by_row(tmp_path, lines, says):
    with pytest.raises(DepartmentError) as refusal:
        read_list(csv(tmp_path / "a.csv", *lines))
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("听月居委会", NEIGHBOURHOOD), ("上南村", NEIGHBOURHOOD), ("听月居委", NEIGHBOURHOOD), ("居委会", DEPARTMENT),
     ("村", DEPARTMENT), ("城管中队", DEPARTMENT), ("社区服务中心", DEPARTMENT), ("", DEPARTMENT)],
)  # fmt: skip
def test_a_kind_is_read_from_the_ending_unless_listed(name, kind):
    assert usual_kind(name) == Roster().kind(name) == kind
    assert Roster((Department("村", NEIGHBOURHOOD),)).kind("村") == NEIGHBOURHOOD


def test_spellings_differ_by_more_than_width_and_blanks():
    known = Roster((Department("12345 办", DEPARTMENT),))
    assert known.name("１２３４５　办") == known.name("12345办") == "12345 办"
    assert known.name("12345 科") == "12345 科"


def test_the_word_is_a_part_of_the_address():
    query = parse_query({"department": "城管中队"}, level=None, within=None, today=date(2026, 11, 22))
    assert query.department == "城管中队" and "department=" in query.search()
    plain = parse_query({}, level=None, within=None, today=date(2026, 11, 22))
    assert "department" not in plain.search() and plain.department is None


def test_a_frame_of_a_league_has_the_columns_of_measures(world):
    fill(world)
    rows = world.reader().departments(ask("cases_reported"), kind=DEPARTMENT)
    same: DataFrame = world.reader().measures(ask("cases_reported", level="district"))
    assert list(rows.columns) == list(same.columns)
