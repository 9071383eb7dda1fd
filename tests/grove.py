"""The small world in two trees of units, with facts of every subject."""

from datetime import date

import numpy as np
from world import STEPPED, World, case, declared, local

from data.indicators import INDICATORS
from data.measure_table import Parts, measure_table
from data.query import Period, Query

YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
EVERY = tuple(INDICATORS)
BOTH = ("grid", "admin")
CASES = tuple(name for name, entry in INDICATORS.items() if entry.subject == "cases")
# The same six squares, divided otherwise: borders cross those of the blocks.
COMMITTEES = (("T", "K1", 0.5), ("T", "K2", 2.0), ("T", "K3", 1.5), ("U", "K4", 0.5), ("U", "K5", 1.5))
REDRAWN = (("T", "K1", 1.5), ("T", "K3", 1.5), ("U", "K4", 2.0), ("U", "K6", 1.0))

COUNTED = {"reworks": "1", "redispatches": "0", "forced": "no"}  # of every case
STEPS = STEPPED + "".join(f'{name} = {{ value = "{value}" }}\n' for name, value in COUNTED.items())
ORDERS = declared(
    "order",
    {"id": "id", "category": "category", "accepted_at": "reported_at", "due_at": "due_at", "finished_at": "closed_at",
     "closed_at": "closed_at", "satisfaction": "channel", "first_contact": "channel", "closing_judgement": "channel",
     "dispatched_at": "reported_at", "called_back_at": "closed_at", "callback_resolution": "channel",
     "returns": '{ value = "1" }', "repeat_of": '{ value = "elsewhere" }', "unit_hint": "hint"},
    more="""
[values]
satisfaction = { patrol = "satisfied", video = "dissatisfied" }
first_contact = { patrol = "yes", video = "no" }
closing_judgement = { patrol = "solved", video = "explained" }
callback_resolution = { patrol = "solved", video = "unsolved" }
""",
)  # fmt: skip
PARKING = declared(
    "parking",
    {"lot": "id", "capacity": '{ value = "10" }', "occupied": "channel", "observed_at": "reported_at"},
    head='every = "30 min"\n',
)
ALERTS = declared(
    "alert",
    {
        "id": "id",
        "kind": "channel",
        "device": "id",
        "occurred_at": "reported_at",
        "state": '{ value = "confirmed" }',
        "acknowledged_at": "due_at",
        "resolved_at": "closed_at",
    },
)
STAYS = declared(
    "parking",
    {
        "id": "id",
        "lot": "category",
        "entry_at": "reported_at",
        "exit_at": "closed_at",
        "capacity": '{ value = "10" }',
        "allowed_minutes": '{ value = "60" }',
    },
)


def ask(*names: str, tree: str = "grid", period: Period = YEAR, **more) -> Query:
    return Query(
        **{
            "level": None,
            "within": None,
            "indicators": names or CASES,
            "period": period,
            "tree": tree,
            **more,
        }
    )


def totals(reader, query: Query) -> dict:
    """Every indicator's numerator, denominator and value over all a reader sees."""
    found = measure_table(reader, query, Parts(()))
    columns = found[["indicator", "numerator", "denominator", "value", "n"]].fillna(-1.0)
    return {row[0]: row[1:] for row in columns.itertuples(index=False)}


def everything(world: World, seed: int = 1) -> None:
    """Facts of every subject, some known by hint only, in one tree only, outside or nowhere."""
    draw = np.random.default_rng(seed)
    hints = [None, "Block A2", "Committee K3", "District B", "Town U", "Block A1|Committee K5"]
    rows = []
    for number in range(60):
        square = None if draw.random() < 0.4 else float(draw.uniform(-0.5, 6.5))
        start = int(draw.integers(0, 300))
        rows.append(
            case(number, square=square, reported=start, due=start + 8, channel=["patrol", "video"][number % 2],
                 closed=start + int(draw.integers(1, 20)) if draw.random() < 0.7 else None,
                 hint=hints[int(draw.integers(len(hints)))])
        )  # fmt: skip
    world.load(rows, text=STEPS)
    world.load(rows[:40], name="orders", text=ORDERS)
    lots = [
        (f"L{n % 4}", "", n % 11, local(n / 12), "", "", 121 + (n % 4) * 0.015, 31.005, "") for n in range(60)
    ]
    world.load(lots, name="parking", text=PARKING)
    kinds = ("littering", "wall")
    ends = [local(n + n % 7 / 4) if n % 15 else "" for n in range(60)]
    seen = [
        (f"D{n}", "", kinds[n % 2], local(n), local(n + 0.1), ends[n], 121 + n * 0.002, 31.005, "")
        for n in range(30)
    ]
    world.load(seen, name="alerts", text=ALERTS)
    lots = [
        (f"S{n}", f"L{n % 4}", "", local(n), "", ends[n], 121 + (n % 4) * 0.015, 31.005, "")
        for n in range(60)
    ]
    world.load(lots, name="stays", text=STAYS)
