"""What the map page is asked and what it was answered: two frozen values every part of the page is built from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import quote, urlencode

import numpy as np
from pandas import DataFrame

from data.aims import Aims
from data.comparable import Comparison
from data.defining import Indicator
from data.indicators import INDICATORS
from data.points import Points
from data.query import Period, Query
from data.settings import Level
from layouts import values
from layouts.as_of import NOW, Past
from layouts.narrowing import Narrowed
from layouts.tree_switch import Way

MOST_SHAPES = 2000  # what a map draws at once; more is a list to go into
ROWS = 100
SORTS = ("value", "name", "base", "change")
PLAIN = {"sort": "", "rows": ROWS}
# What is read beside an indicator, of the same subject, so that one reading answers both.
PARTNERS: dict[str, tuple[str, ...]] = {
    "cases_reported": ("cases_closed",),
    "cases_closed": ("cases_reported",),
    "cases_open": ("cases_overdue_open",),
    "cases_overdue_open": ("cases_open",),
    "case_closure_rate": ("cases_open",),
    "case_on_time_closure_rate": ("cases_overdue_open",),
    "case_hours_median": ("case_hours_p90",),
    "case_hours_p90": ("case_hours_median",),
    "orders_accepted": ("order_on_time_rate",),
    "order_on_time_rate": ("orders_accepted",),
    "order_first_contact_rate": ("order_satisfaction",),
    "order_resolution_rate": ("order_satisfaction",),
    "order_satisfaction": ("order_resolution_rate",),
    "littering_episodes": ("wall_episodes",),
    "wall_episodes": ("littering_episodes",),
}


@dataclass(frozen=True)
class MapAsk:
    """The address of a map page: level and place in the path, the question in the query string.

    sort  "" (best first), else one of SORTS, with "-" before it for the other direction
    rows  how many rows of the ranking are written
    """

    query: Query
    sort: str = ""
    rows: int = ROWS

    @property
    def indicator(self) -> Indicator:
        """The indicator shown."""
        return INDICATORS[self.query.indicator]

    @property
    def here(self) -> str:
        """Address of this page as it stands."""
        return self.href()

    def href(self, *, level: str | None = None, within: str | None = None, **changes: object) -> str:
        """Address of the page with another level and unit ("-": everything), or another part of the question."""
        own = {name: changes.pop(name, getattr(self, name)) for name in PLAIN}
        query = replace(self.query, **changes)  # type: ignore[arg-type]  # parts of a query, by name
        place = f"/map/{level or query.level or '-'}/{quote(within or query.within or '-', safe='')}"
        if level or within:
            own = dict(PLAIN)
        more = urlencode({name: value for name, value in own.items() if value != PLAIN[name]})
        return f"{place}?{query.search()}{'&' + more if more else ''}"


def parse_map_ask(query: Query, params: Mapping[str, str]) -> MapAsk:
    """Order and length of the ranking; what cannot be read is the usual."""
    sort, rows = params.get("sort", ""), params.get("rows", "")
    known = sort.removeprefix("-") in SORTS
    return MapAsk(query, sort if known else "", min(int(rows), MOST_SHAPES) if rows.isdecimal() else ROWS)


@dataclass(frozen=True)
class MapAnswer:
    """What the store answered.

    path      units from the reader's topmost down to the one looked inside; empty: everything
    levels    levels that can be shown here; `level` the one shown, `below` the next one or None
    measures  `Reader.measures` of the indicator: units of the level, unassigned rows, the total
    points    `Reader.points`: one by one, or counted by unit; longest  `Reader.longest_overdue`
    line      the indicator's last periods, oldest first, and the same a year before (`years`); `second` is that
              of its partner
    compared  `Reader.compared` of the period
    cuts      six fixed cuts of the colour scale
    shapes    address of the outlines; "" where more units would be drawn than a map can hold, or none has a shape
    borders   addresses of the outlines of upper levels, with the depth of each
    above     units of the levels between the unit and the level shown, the highest first
    ways      trees the page can be read in
    narrowed  what the question is narrowed to
    past      the instant the page is as of, and those it can be asked as of
    word      kind and text of a data word, answered in the reader's language
    aims      targets of the unit looked inside, of the level and of its units
    """

    path: Sequence
    level: Level
    levels: Sequence[Level]
    below: Level | None
    measures: DataFrame
    units: DataFrame
    points: Points
    longest: DataFrame
    periods: Sequence[Period]
    line: Sequence[float | None]
    years: Sequence[float | None]
    cuts: Sequence[float]
    sources: DataFrame
    compared: Comparison
    shapes: str = ""
    borders: Sequence[tuple[str, int]] = field(default_factory=tuple)
    style: str = ""
    theme: str = "light"
    aims: Aims = field(default_factory=Aims)
    webgl: bool = True
    place: str = ""
    all_levels: Sequence[Level] = ()
    ways: Sequence[Way] = ()
    narrowed: Sequence[Narrowed] = ()
    past: Past = NOW
    above: Sequence[DataFrame] = ()
    second: Sequence[Sequence[float | None]] = ()
    word: Callable[[str, str], str] = lambda kind, text: text

    @property
    def unit(self):
        """The unit looked inside, None for everything."""
        return self.path[-1] if self.path else None

    def aim(self, indicator: Indicator) -> float | None:
        """The target of the unit looked inside."""
        return self.aims.own.get(indicator.name)

    def level_aim(self, indicator: Indicator) -> float | None:
        """The target of the level shown, which its colours are about."""
        return self.aims.level.get(indicator.name)

    @cached_property
    def rows(self) -> DataFrame:
        """Measures of the units of the level, in the order of the shapes."""
        return self.measures[self.measures["kind"] == "unit"]

    @cached_property
    def total(self) -> dict:
        """The row of the whole."""
        return self.measures[self.measures["kind"] == "total"].to_dict("records")[0]

    @cached_property
    def loose(self) -> list[dict]:
        """Rows of what is known to lie in a unit above the level, but in none of it."""
        return self.measures[self.measures["kind"] == "unassigned"].to_dict("records")

    @property
    def nowhere(self) -> int:
        """Facts behind the indicator that lie in no unit of the level."""
        return int(sum(values.known(row["n"]) or 0 for row in self.loose))


def diverging(indicator: Indicator, aim: float | None) -> bool:
    """Whether the scale runs to both sides of a target: of rates and scores with one that judges."""
    return aim is not None and indicator.better is not None and indicator.kind in ("rate", "score")


def classes(rows: DataFrame, indicator: Indicator, *, cuts: Sequence[float], both_sides: bool) -> np.ndarray:
    """Class of each row's value, 0 to 6, and -1 where there is no value to colour or too little behind it.

    On a scale with a target the lowest class is always the worst, so the order turns where less is better.
    """
    found = rows["value"].to_numpy(dtype=float)
    steps = np.searchsorted(np.asarray(cuts), found, side="right")
    if both_sides and indicator.better == "low":
        steps = len(cuts) - steps
    return np.where(np.isfinite(found) & (rows["state"] == "ok").to_numpy(), steps, -1).astype(int)
