"""What the KPI page is asked and what it was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from pandas import DataFrame

from data.aims import Aims
from data.assessment_year import YearStart
from data.comparable import Comparison
from data.defining import Indicator
from data.departments import KINDS
from data.indicators import INDICATORS
from data.query import NARROWING, Period, Query
from data.settings import Level
from layouts import values
from layouts.as_of import NOW, Past
from layouts.kpi_ahead import Ahead
from layouts.narrowing import Narrowed
from layouts.periods import CALENDAR
from layouts.tree_switch import Way

GROUPS: dict[str, tuple[str, ...]] = {
    "key": (
        "order_first_contact_rate",
        "order_on_time_rate",
        "order_resolution_rate",
        "order_satisfaction",
        "case_on_time_closure_rate",
        "cases_overdue_open",
    ),
    "cases": (
        "cases_reported",
        "cases_closed",
        "cases_open",
        "cases_overdue_open",
        "case_closure_rate",
        "case_on_time_closure_rate",
        "case_hours_median",
        "case_hours_p90",
    ),
    "filing": (
        "case_filing_rate",
        "case_on_time_filing_rate",
        "case_on_time_dispatch_rate",
        "case_dispatch_accuracy",
        "case_filing_minutes_median",
        "case_dispatch_minutes_median",
    ),
    "handling": (
        "case_handling_rate",
        "case_on_time_handling_rate",
        "case_overdue_handling_rate",
        "case_rework_rate",
        "case_reworks",
        "case_forced_closure_rate",
        "case_handling_hours_median",
        "case_checking_hours_median",
    ),
    "hours": tuple(
        f"case_{step}_{share}"
        for step in ("filing_minutes", "dispatch_minutes", "handling_hours", "checking_hours")
        for share in ("median", "p90")
    ),
    "orders": (
        "orders_accepted",
        "order_events",
        "order_on_time_rate",
        "order_first_contact_rate",
        "order_resolution_rate",
        "order_satisfaction",
        "order_return_rate",
        "order_repeat_rate",
    ),
    "calls": (
        "order_satisfaction",
        "order_satisfied_rate",
        "order_mostly_satisfied_rate",
        "order_neutral_rate",
        "order_dissatisfied_rate",
        "order_callback_validity_rate",
        "order_callback_resolution_rate",
        "order_explained_rate",
    ),
    "parking": tuple(name for name, entry in INDICATORS.items() if entry.subject in ("parking", "stays")),
    "alerts": tuple(
        name for name, entry in INDICATORS.items() if entry.subject == "alerts" and entry.time != "minutes"
    ),
    "response": tuple(
        name for name, entry in INDICATORS.items() if entry.subject == "alerts" and entry.time == "minutes"
    ),
}
USUAL = {
    "key": "order_satisfaction",
    "cases": "case_on_time_closure_rate",
    "filing": "case_on_time_filing_rate",
    "handling": "case_on_time_handling_rate",
    "hours": "case_handling_hours_median",
    "calls": "order_satisfaction",
    "orders": "order_satisfaction",
    "parking": "parking_occupancy",
    "alerts": "littering_episodes",
    "response": "alert_acknowledge_minutes_median",
}
ORDERS = ("best", "worst", "name")
VIEWS = ("table", "funnel", "chart")
RANKS = ("raw", "shrunk")


@dataclass(frozen=True)
class KpiAsk:
    """What the address of a KPI page asks. `query.level` is the level ranked, `query.within` the unit.

    by    "" to rank units, else the kind of departments (`data.departments.KINDS`) ranked instead
    rank  by raw or by shrunk values
    view  the ranking as a table or as a funnel of its units; or the unit itself as a chart over time
    """

    query: Query
    group: str = "key"
    order: str = "best"
    by: str = ""
    rank: str = "raw"
    view: str = "table"

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Indicators of the group, in the order of their cards."""
        return tuple(INDICATORS[name] for name in GROUPS[self.group])

    @property
    def ranked(self) -> Indicator:
        """The indicator the ranking follows: the one asked for, else the group's usual one."""
        asked = self.query.indicator
        return INDICATORS[asked if asked in GROUPS[self.group] else USUAL[self.group]]

    def href(self, *, unit: str | None = None, **changes: str | Period | int | None) -> str:
        """Address of this page with another unit, period, tree, instant, narrowing, group, indicator, level, order."""
        query, within = self.query, self.query.within if unit is None else unit
        parts = {
            name: changes.pop(name) for name in ("period", "tree", "as_of", *NARROWING) if name in changes
        }
        own = {"group": self.group, "order": self.order, "by": self.by, "level": query.level or ""}
        own |= {"rank": self.rank, "view": self.view}
        extras = own | changes
        indicator = str(extras.pop("indicator", self.ranked.name))
        if unit is not None:
            extras["level"] = ""
        asked = replace(query, indicators=(indicator,), **parts)  # type: ignore[arg-type]  # parts of a query, by name
        plain = {"group": "key", "order": "best", "level": "", "by": "", "rank": "raw", "view": "table"}
        more = urlencode({name: value for name, value in extras.items() if value != plain.get(name)})
        return f"/kpi/{quote(within or '-', safe='')}?{asked.search()}{'&' + more if more else ''}"


def group_of(params: Mapping[str, str]) -> str:
    """The group an address names; without one, that which holds the indicator asked for."""
    group = params.get("group", "")
    if group in GROUPS:
        return group
    asked = params.get("indicator", "").split(",")[0]
    return next((name for name, members in GROUPS.items() if asked in members), "key")


def parse_ask(query: Query, params: Mapping[str, str]) -> KpiAsk:
    """Group, order and form of the ranking of an address; what it does not say, or says wrongly, is the usual."""
    by = params.get("by", "")

    def chosen(name: str, known: Sequence[str]) -> str:
        return params[name] if params.get(name) in known else known[0]

    return KpiAsk(
        query,
        group_of(params),
        order=chosen("order", ORDERS),
        by=by if by in KINDS else "",
        rank=chosen("rank", RANKS),
        view=chosen("view", VIEWS),
    )


@dataclass(frozen=True)
class KpiAnswer:
    """What the store answered.

    path      units from the reader's topmost down to the unit shown: code, name
    inside    code and name of the units just below
    level     the level ranked, None where the unit has nothing below it; `levels` those that can be chosen
    measures  `Reader.measures` for the group; its total rows are the unit's own values
    series    `Reader.series` for the last periods and the same a year before
    sources   `Reader.freshness`
    compared  `Reader.compared` of the period
    aims      targets of the unit shown, of the level ranked and of its units
    year_start  the day the assessment year begins on
    data_at   when the figures were last brought up to date, in words
    place     name of the instance, for a reader of several units
    ways      trees the page can be read in
    kinds     kinds of departments that can be ranked
    narrowed  what the question is narrowed to
    without   by indicator how many facts were left out of the assessment, and the value with them
    past      the instant the page is as of, and those it can be asked as of
    ahead     of the key group: the place in the district's table, what can still change
    """

    path: Sequence
    level: Level | None
    levels: Sequence[Level]
    measures: DataFrame
    series: DataFrame
    sources: DataFrame
    compared: Comparison
    aims: Aims = field(default_factory=Aims)
    data_at: str = ""
    year_start: YearStart = CALENDAR
    elapsed: tuple[int, int] | None = None
    inside: Sequence[tuple[str, str]] = ()
    place: str = ""
    ways: Sequence[Way] = ()
    kinds: Sequence[str] = ()
    narrowed: Sequence[Narrowed] = ()
    without: Mapping[str, tuple[int, float | None]] = field(default_factory=dict)
    past: Past = NOW
    ahead: Ahead = field(default_factory=Ahead)

    @property
    def name(self) -> str:
        """Name of the unit shown, of the instance where everything is."""
        return str(self.path[-1].name) if self.path else self.place

    @property
    def count(self) -> int:
        """How many units are ranked."""
        return int(self.measures.loc[self.measures["kind"] == "unit", "unit_code"].nunique())

    def total(self, name: str) -> dict | None:
        """The unit's own row of one indicator."""
        own = self.measures[(self.measures["indicator"] == name) & (self.measures["kind"] == "total")]
        return own.to_dict("records")[0] if len(own) else None

    def line(self, name: str, wanted: Sequence[Period]) -> list[float | None]:
        """Values of one indicator in these periods; what lies before the first record is unknown, not 0."""
        own = self.series[self.series["indicator"] == name]
        known = {
            row["period_start"]: (values.known(row["value"]), row["n"]) for row in own.to_dict("records")
        }
        answered = [known.get(period.start, (None, 0)) for period in wanted]
        first = next((place for place, (_, n) in enumerate(answered) if n), len(answered))
        return [value if place >= first else None for place, (value, _) in enumerate(answered)]

    def aim(self, indicator: Indicator) -> float | None:
        """The target of the unit shown."""
        return self.aims.own.get(indicator.name)
