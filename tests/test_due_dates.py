"""Due dates given at ingest: which limit, from which instant, frozen; what moves them, and what never does."""

from datetime import date, datetime

from sqlalchemy import func, select
from world import CASES, World, case, declared

from data import calendar_days
from data.deadline_files import list_of
from data.deadlines import record
from data.dry_run import dry_run
from data.instants import micros, moment
from data.ledger import take_back
from data.schema import FACTS, FOREVER
from data.schema_judging import due_change, due_given
from data.settings import EPOCH_DAY
from data.sources.reading import read_batches
from data.verify import verify

HEAD = ["类别", "立案条件", "处置时限", "起算", "渠道"]
LIMITS = [
    HEAD,
    ["litter", "", "5工作日", "", ""],
    ["litter/bags", "", "4工作时", "", ""],
    ["litter/bags", "", "2紧急工作时", "", "video"],
    ["road", "hole", "2紧急工作时", "", ""],
    ["road", "crack", "5工作日", "", ""],
    ["noise", "", "3工作日", "派遣", ""],
]
PLAIN = declared("case", {"id": "id", "category": "category", "channel": "channel", "reported_at": "reported_at",
                          "closed_at": "closed_at"})  # fmt: skip
TOLD = declared("case", {"id": "id", "category": "category", "reported_at": "reported_at", "closed_at": "closed_at",
                         "suspensions": "due_at", "extensions": "hint"})  # fmt: skip
NINE = 5.5  # quarters of days: Monday, 2 February 2026, 09:00


def listed(world: World, rows=LIMITS, *, kind: str = "case", valid_from: str | None = None) -> None:
    day = (date.fromisoformat(valid_from) - EPOCH_DAY).days if valid_from else None
    for own, deadlines in list_of(rows, "limits.csv", world.settings, kind=kind).items():
        record(world.store, own, deadlines, now=world.clock(), by="operator", valid_from_on=day)


def due(world: World, key: str = "C1", *, subject: str = "cases") -> str | None:
    """When a fact is due, local time; None: it has no date."""
    table = FACTS[subject]
    with world.store.read() as connection:
        found = connection.execute(
            select(table.c.due_at).where(table.c.key == key, table.c.superseded == FOREVER)
        ).scalar_one()
    return None if found is None else f"{moment(found).astimezone(world.settings.timezone):%m-%d %H:%M}"


def told(
    number: int, suspensions: str = "", extensions: str = "", *, category="litter", closed=None
) -> tuple:
    row = list(case(number, reported=NINE, category=category, closed=closed))
    row[4], row[8] = suspensions, extensions
    return tuple(row)


CATEGORIES = [
    ("litter", "patrol", "02-09 23:59"),  # five working days, to the end of the last
    ("litter/leaves", "patrol", "02-09 23:59"),
    ("litter/bags/black", "patrol", "02-02 15:00"),  # the longest category; three hours, then one after lunch
    ("litter/bags", "video", "02-02 11:00"),  # the row of its channel
    ("road/hole", "patrol", "02-02 11:00"),  # a category that ends with the condition
    ("road", "patrol", None),  # conditions with different limits, and none is told
    ("tree", "patrol", None),
    ("noise", "patrol", None),  # counts from a dispatch there was not yet
]


def test_the_longest_category_decides(world):
    listed(world)
    rows = [
        case(number, reported=NINE, category=category, channel=channel)
        for number, (category, channel, _) in enumerate(CATEGORIES)
    ]
    ledger = world.load(rows, text=PLAIN)
    assert [due(world, row[0]) for row in rows] == [expected for _, _, expected in CATEGORIES]
    assert ledger.notes == {"due_set": 5, "due_condition": 1}


def test_a_date_of_the_source_goes_before_ours(world):
    listed(world)
    ledger = world.load([case(1, reported=NINE, due=NINE + 4), case(2, reported=NINE)])
    assert (due(world), due(world, "C2")) == ("02-03 09:00", "02-09 23:59")
    assert ledger.notes["due_set"] == 1
    world.load([case(2, reported=NINE, due=NINE + 8)])
    assert due(world, "C2") == "02-04 09:00"
    world.load([case(2, reported=NINE)])
    assert due(world, "C2") == "02-09 23:59", "ours, as it was frozen, when theirs is taken back"


def test_a_date_is_frozen(world):
    """Neither the same delivery, nor a new list, a mended calendar or a revision of the fact moves it."""
    listed(world)
    row = case(1, reported=NINE)
    world.load([row], text=PLAIN)
    listed(world, [HEAD, ["litter", "", "1工作日", "", ""], ["tree", "", "1工作日", "", ""]])
    listed(
        world,
        [HEAD, ["litter", "", "1工作日", "", ""], ["tree", "", "1工作日", "", ""]],
        valid_from="2026-01-01",
    )
    mended = calendar_days.list_of(
        [["日期", "是否工作日"], ["2026-02-04", "休"], ["2026-02-09", "休"]], "x.csv", world.settings
    )
    calendar_days.record(world.store, mended, now=world.clock(), by="operator")
    assert world.load([row], text=PLAIN).unchanged == 1
    assert due(world) == "02-09 23:59"
    for changed in (
        case(1, reported=NINE, closed=NINE + 3), case(1, reported=NINE, category="tree"),
        case(1, reported=NINE + 8), case(1, square=2.5, reported=NINE, category="road"),
    ):  # fmt: skip
        assert world.load([changed], text=PLAIN).updated == 1
        assert due(world) == "02-09 23:59"
    world.load([case(2, reported=NINE)], text=PLAIN)
    assert due(world, "C2") == "02-03 23:59", "a new fact follows the new list"
    world.refresh()
    assert not verify(world.store)


def test_lists_hold_from_their_day_and_are_known_from_their_instant(world):
    listed(world)
    listed(world, [HEAD, ["litter", "", "1 working day", "", ""]], valid_from="2026-02-03")
    world.load([case(1, reported=NINE), case(2, reported=NINE + 4)], text=PLAIN)
    assert (due(world), due(world, "C2")) == ("02-09 23:59", "02-04 23:59")
    early = World.clock
    try:
        World.clock = lambda self: datetime(2026, 2, 25, tzinfo=world.settings.timezone)
        world.load([case(3, reported=NINE)], text=PLAIN)
    finally:
        World.clock = early
    assert due(world, "C3") is None, "no list was known then"


def test_a_fact_known_before_there_was_a_list_gets_its_date_with_its_next_revision(world):
    world.load([case(1, reported=NINE)], text=PLAIN)
    listed(world)
    assert world.load([case(1, reported=NINE)], text=PLAIN).unchanged == 1 and due(world) is None
    world.load([case(1, reported=NINE, closed=NINE + 2)], text=PLAIN)
    assert due(world) == "02-09 23:59"


def test_an_unknown_year_is_said_and_not_guessed(world):
    listed(world)
    world.now = datetime(2026, 12, 31, 12, tzinfo=world.settings.timezone)
    late = (datetime(2026, 12, 30, 9) - datetime(2026, 2, 1)).total_seconds() / 21_600
    rows = [case(1, reported=late), case(2, reported=late, category="litter/bags")]
    ledger = world.load(rows, text=PLAIN)
    assert (due(world), due(world, "C2")) == (None, "12-30 15:00")
    assert (ledger.notes["due_unknown_year"], ledger.notes["due_set"]) == (1, 1)
    entered = calendar_days.list_of(
        [["日期", "是否工作日"], ["2027-01-01", "休"], ["2027-01-04", "班"]], "x.csv", world.settings
    )
    calendar_days.record(world.store, entered, now=world.clock(), by="operator")
    world.load([case(1, reported=late, closed=late + 1)], text=PLAIN)
    assert due(world) == "01-07 23:59"  # 31 December, then the 4th to the 7th


MOVED = [
    ("2026-02-03 10:00/2026-02-05 10:00", "", "litter", "02-11 23:59"),  # two working days
    (
        "2026-02-02 10:00/2026-02-03 09:00",
        "",
        "litter/bags",
        "02-03 12:00",
    ),  # one hour was worked, three are left
    ("2026-02-02 16:00/2026-02-03 09:00", "", "litter/bags", "02-02 15:00"),  # too late to mend anything
    (
        "2026-02-01 08:00/2026-02-02 10:00",
        "",
        "litter/bags",
        "02-02 16:00",
    ),  # what lies before does not count
    (
        "2026-02-02 09:30/2026-02-02 10:30;2026-02-02 10:00/2026-02-02 11:30",
        "",
        "litter/bags",
        "02-02 17:00",
    ),
    ("2026-02-02 09:30/", "", "litter/bags", None),  # it lasts
    ("2", "", "litter", "02-09 23:59"),  # how many tells nothing of when
    ("", "2工作日", "litter", "02-11 23:59"),
    ("", "1工作日;1工作日", "litter", "02-11 23:59"),
    ("2026-02-10 09:00/2026-02-11 09:00", "2工作日", "litter", "02-12 23:59"),  # in the time prolonged
    ("", "1", "litter", "02-09 23:59"),
]


def test_suspensions_and_extensions_move_it(world):
    listed(world)
    plain = [told(number, category=row[2]) for number, row in enumerate(MOVED)]
    change = [told(number, *row[:2], category=row[2]) for number, row in enumerate(MOVED)]
    later = [told(100 + number, *row[:2], category=row[2]) for number, row in enumerate(MOVED)]
    expected = [row[3] for row in MOVED]
    world.load(plain, text=TOLD)
    before = [due(world, row[0]) for row in plain]
    assert world.load(change, text=TOLD).updated == len(MOVED)
    assert [due(world, row[0]) for row in plain] == expected
    assert world.load(change, text=TOLD).unchanged == len(MOVED)
    world.load(later, text=TOLD)
    assert [due(world, row[0]) for row in later] == expected, "the same whichever way it arrived"
    world.load(
        [told(number, category=row[2], closed=NINE + 12) for number, row in enumerate(MOVED)], text=TOLD
    )
    assert [due(world, row[0]) for row in plain] == before, "the newest revision tells of none"


def test_what_was_told_is_kept_beside_the_count(world):
    listed(world)
    span = "2026-02-03 10:00/2026-02-05 10:00"
    world.load([told(1, span, "1工作日;2 h")], text=TOLD)
    table = FACTS["cases"].c
    with world.store.read() as connection:
        assert connection.execute(select(table.suspensions, table.extensions)).one() == (1, 2)
        texts = dict(connection.execute(select(due_change.c.field, due_change.c.text)).all())
    zone = world.settings.timezone
    ends = [micros(datetime(2026, 2, day, 10, tzinfo=zone)) for day in (3, 5)]
    assert texts == {"suspensions": f"{ends[0]}/{ends[1]}", "extensions": "1工作日;2 h"}
    later = world.load([told(1, span.replace("05 10", "05 11"), "1工作日;2 h")], text=TOLD)
    assert later.updated == 1, "another span of the same number is a change"


def test_a_suspension_ends_with_its_fact(world):
    listed(world)
    world.load([told(1, "2026-02-02 09:30/", category="litter/bags", closed=NINE + 1 / 6)], text=TOLD)
    assert due(world) == "02-02 15:30"


def test_what_is_no_suspension_is_refused(world):
    texts = ["soon", "2026-02-05/2026-02-03", "2026-02-05", "/2026-02-03", "2026-02-01/x"]
    ledger = world.load([told(0, "1"), *(told(at, text) for at, text in enumerate(texts, 1))], text=TOLD)
    assert (ledger.accepted, ledger.rejected) == (1, len(texts))
    assert [(reject.field, reject.value) for reject in ledger.rejects] == [
        ("suspensions", text) for text in texts
    ]
    assert "2026-03-02 09:00/2026-03-04 17:00" in ledger.rejects[0].rule


def test_orders_count_from_their_acceptance(world):
    orders = declared("order", {"id": "id", "category": "category", "type": "channel", "accepted_at": "reported_at",
                                "dispatched_at": "closed_at"})  # fmt: skip
    head = ["category", "type", "limit", "starts"]
    rows = [head, ["noise", "", "3 working days", ""], ["noise", "help", "24 h", "dispatched"]]
    listed(world, rows, kind="order")
    world.load(
        [case(1, reported=NINE, category="noise", channel="ask"),
         case(2, reported=NINE, category="noise", channel="help", closed=NINE + 1),
         case(3, reported=NINE, category="noise", channel="help")], name="orders", text=orders,
    )  # fmt: skip
    dates = [due(world, key, subject="orders") for key in ("C1", "C2", "C3")]
    assert dates == ["02-05 23:59", "02-03 15:00", None]
    world.load([case(1, reported=NINE, category="noise")], text=PLAIN)
    assert due(world) is None, "a list of orders says nothing of cases"


def test_a_dry_run_counts_as_the_load_and_a_load_taken_back_leaves_nothing(world):
    listed(world)
    rows = [
        case(1, reported=NINE),
        case(2, reported=NINE, category="road"),
        case(1, reported=NINE, closed=NINE + 1),
    ]
    path = world.write(rows, path=world.settings.folder / "again.csv")
    origin = world.source(text=PLAIN)
    batches = read_batches(origin, [path], now=world.clock())
    tried = dry_run(world.store, origin, batches, names=[path.name], clock=world.clock)
    loaded = world.take(path, text=PLAIN)
    assert tried.notes == loaded.notes == {"due_set": 1, "due_condition": 1}
    with world.store.write() as connection:
        take_back(connection, loaded.load)
        assert connection.scalar(select(func.count()).select_from(due_given)) == 0


def test_without_a_list_nothing_is_given(world):
    assert not world.load([case(1, reported=NINE)], text=CASES).notes
    assert due(world) is None
