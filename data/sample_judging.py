"""What the sample city is judged by: targets by level and unit over two assessment years, and one composite.

The composite is that of a township in its first published form, but for the share of volume: 30 first contact, 20
resolution by call-back, 40 satisfaction. Its weights sum to 90, which the pages say.
"""

from datetime import date, datetime, timedelta

from data import composite_edits, places, target_edits
from data.assessment_periods import named
from data.composites import Composite, Part
from data.measures import epoch_day
from data.settings import FIRST_TREE, Settings
from data.store import Store
from data.targets import Target

BY = "leader"  # the sample account of that name
SCORE = Composite(
    "hotline_score",
    (
        Part("order_first_contact_rate", 30),
        Part("order_callback_resolution_rate", 20),
        Part("order_satisfaction", 40),
    ),
    {"zh": "12345 综合得分", "en": "12345 score"},
)


def record_judging(store: Store, *, since: datetime, now: datetime, until: date) -> None:
    """Enter the sample's targets and composite: last year's before its first record, this year's at its start.

    until  first day without records
    """
    year = named("year", until - timedelta(days=1), store.settings.year_start).start
    first, turn = epoch_day(year.replace(year=year.year - 1)), epoch_day(year)
    with store.read() as connection:
        newest = [v for v in places.versions(connection, store=store) if v.tree == FIRST_TREE][-1]
    depth = store.settings.trees[0].level("grid").depth
    grids = [code for code, level in zip(newest.code_at, newest.level_at, strict=True) if level == depth]
    numbers = target_edits.record(store, _last_year(first, turn), now=since, by=BY)
    composite_edits.record(store, [SCORE], now=since, by=BY)
    begun = min(max(since, _start(store.settings, year)), now)
    target_edits.record(store, _this_year(turn, grids), now=begun, by=BY)
    gone = Target(
        "order_return_rate", 0.05, start=first, note="试行一年，不再考核", withdrawn=True, number=numbers[-1]
    )
    target_edits.record(store, [gone], now=begun, by=BY)


def _start(settings: Settings, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=settings.timezone)


def _last_year(first: int, turn: int) -> list[Target]:
    return [
        Target("order_satisfaction", 0.83, start=first, end=turn, bands=(0.83, 0.78)),
        Target("order_callback_resolution_rate", 0.66, start=first, end=turn),
        Target("case_on_time_closure_rate", 0.88, level="grid", start=first, end=turn, bands=(0.88, 0.8)),
        Target("order_return_rate", 0.05, start=first),
    ]


def _this_year(turn: int, grids: list[str]) -> list[Target]:
    works = "旧改施工期间下调，竣工后恢复"
    found = [
        Target("order_satisfaction", 0.85, bands=(0.85, 0.8), note="考核办年初下达", start=turn),
        Target("order_callback_resolution_rate", 0.7, start=turn),
        Target("case_on_time_closure_rate", 0.9, level="area", bands=(0.9, 0.82), start=turn),
        Target("case_on_time_closure_rate", 0.88, level="grid", bands=(0.88, 0.8), start=turn),
        Target("cases_overdue_open", 4, level="area", start=turn),
        Target("cases_overdue_open", 2, level="grid", start=turn),
    ]
    if len(grids) > 1:
        found.append(Target("case_on_time_closure_rate", 0.8, unit=grids[1], note=works, start=turn))
    return found
