"""The KPI page: cards of one group of indicators for one unit, the ranking of its parts, a trend for each.

Everything chosen stands in the address: the unit is the path; period, group, ranked indicator, level and order
are the question. Pure: a `KpiAsk` and a `KpiAnswer` in, components out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import quote, urlencode

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame

from data.departments import KINDS
from data.indicators import INDICATORS, Indicator
from data.query import NARROWING, Period, Query, tree_part
from data.settings import Level
from layouts import ids, parts, periods, shell, values
from layouts.cards import Card, CardLinks, kpi_card
from layouts.figures import Trend, trend
from layouts.kpi_ranking import ranking
from layouts.narrowing import Narrowed, narrowed
from layouts.parts import Option
from layouts.plain import plain
from layouts.tree_switch import Way
from layouts.words import Words

GROUPS: dict[str, tuple[str, ...]] = {
    "key": (
        "order_first_contact_rate",
        "order_on_time_rate",
        "order_resolution_rate",
        "order_satisfaction",
        "case_on_time_closure_rate",
        "cases_overdue_open",
    ),
    "cases": tuple(name for name, entry in INDICATORS.items() if entry.subject == "cases"),
    "orders": tuple(name for name, entry in INDICATORS.items() if entry.subject == "orders"),
    "street": tuple(name for name, entry in INDICATORS.items() if entry.subject in ("parking", "alerts")),
}
USUAL = {
    "key": "order_satisfaction",
    "cases": "case_on_time_closure_rate",
    "orders": "order_satisfaction",
    "street": "parking_occupancy",
}
ORDERS = ("best", "worst", "name")


@dataclass(frozen=True)
class KpiAsk:
    """What the address of a KPI page asks. `query.level` is the level ranked, `query.within` the unit.

    by  "" to rank units, else the kind of departments (`data.departments.KINDS`) ranked instead
    """

    query: Query
    group: str = "key"
    order: str = "best"
    by: str = ""

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Indicators of the group, in the order of their cards."""
        return tuple(INDICATORS[name] for name in GROUPS[self.group])

    @property
    def ranked(self) -> Indicator:
        """The indicator the ranking follows: the one asked for, else the group's usual one."""
        asked = self.query.indicator
        return INDICATORS[asked if asked in GROUPS[self.group] else USUAL[self.group]]

    def href(self, *, unit: str | None = None, **changes: str | Period | None) -> str:
        """Address of this page with another unit, period, group, indicator, level, order, tree or narrowing."""
        query, within = self.query, self.query.within if unit is None else unit
        period = changes.pop("period", query.period)
        words = {name: changes.pop(name) for name in NARROWING if name in changes}
        extras = {
            "group": self.group,
            "order": self.order,
            "by": self.by,
            "level": query.level or "",
            **changes,
        }
        indicator = str(extras.pop("indicator", self.ranked.name))
        if unit is not None:
            extras["level"] = ""
        tree = str(extras.pop("tree", query.tree))
        asked = replace(query, indicators=(indicator,), period=period, tree=tree, **words)  # type: ignore[arg-type]  # a Period
        plain = {"group": "key", "order": "best", "level": "", "by": ""}
        more = urlencode({name: value for name, value in extras.items() if value != plain.get(name)})
        return f"/kpi/{quote(within or '-', safe='')}?{asked.search()}{'&' + more if more else ''}"


def parse_ask(query: Query, params: Mapping[str, str]) -> KpiAsk:
    """The group and order of an address; without a group, the one that holds the indicator asked for."""
    group = params.get("group", "")
    if group not in GROUPS:
        asked = params.get("indicator", "").split(",")[0]
        group = next((name for name, members in GROUPS.items() if asked in members), "key")
    order = params.get("order", "best")
    by = params.get("by", "")
    return KpiAsk(query, group, order if order in ORDERS else "best", by if by in KINDS else "")


@dataclass(frozen=True)
class KpiAnswer:
    """What the store answered.

    path      units from the reader's topmost down to the unit shown: code, name
    inside    code and name of the units just below
    level     the level ranked, None where the unit has nothing below it; `levels` those that can be chosen
    measures  `Reader.measures` for the group; its total rows are the unit's own values
    series    `Reader.series` for the last periods and the same a year before
    sources   `Reader.freshness`
    aims      targets by indicator
    data_at   when the figures were last brought up to date, in words
    top       whether the unit is the whole of the instance, which targets in numbers of records speak of
    place     name of the instance, for a reader of several units
    ways      trees the page can be read in
    kinds     kinds of departments that can be ranked
    narrowed  what the question is narrowed to
    """

    path: Sequence
    level: Level | None
    levels: Sequence[Level]
    measures: DataFrame
    series: DataFrame
    sources: DataFrame
    aims: dict[str, float] = field(default_factory=dict)
    data_at: str = ""
    elapsed: tuple[int, int] | None = None
    inside: Sequence[tuple[str, str]] = ()
    top: bool = True
    place: str = ""
    ways: Sequence[Way] = ()
    kinds: Sequence[str] = ()
    narrowed: Sequence[Narrowed] = ()

    @property
    def name(self) -> str:
        """Name of the unit shown, of the instance where everything is."""
        return str(self.path[-1].name) if self.path else self.place

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
        """The target of the unit shown; one in numbers of records holds for the whole only."""
        if indicator.kind in ("count", "stock") and not self.top:
            return None
        return self.aims.get(indicator.name)


def page(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    return html.Main(plain(body(ask, answer, words)), id=ids.Kpi.BODY, className="page kpi")


def body(ask: KpiAsk, answer: KpiAnswer, words: Words) -> list[Component]:
    """Strip, cards, ranking and trends: what another address changes."""
    cards = [_card(indicator, ask, answer, words) for indicator in ask.indicators]
    return [
        _strip(ask, answer, words),
        html.Div(cards, className=f"cards n{len(cards)}"),
        html.Div([ranking(ask, answer, words), _trends(ask, answer, words)], className="low"),
    ]


def bar(ask: KpiAsk, answer: KpiAnswer, words: Words) -> list[Component]:
    """The breadcrumb of the top bar."""
    up = [(unit.name, ask.href(unit=unit.code)) for unit in answer.path[:-1]]
    return shell.crumbs(up, answer.name, words)


def controls(ask: KpiAsk, answer: KpiAnswer, words: Words, *, today: date) -> list[Component]:
    """Units inside and period, as menus of links."""
    inside = [Option(name, ask.href(unit=code)) for code, name in answer.inside]
    units = [parts.menu(words("kpi.parts"), inside, value=words.number(len(inside)))] if inside else []
    presets = list(periods.presets(today).items())
    move = shell.period_menu(
        ask.query.period, presets, to=lambda period: ask.href(period=period), words=words
    )
    less = narrowed(answer.narrowed, ask.href(), words, to=lambda column: ask.href(**{column: None}))
    return [*less, *units, move]


def _strip(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    period = ask.query.period
    day = words("kpi.day", n=answer.elapsed[0], m=answer.elapsed[1]) if answer.elapsed else ""
    judged = [
        values.met(each, values.known((answer.total(each.name) or {}).get("value")), answer.aim(each))
        for each in ask.indicators
    ]
    targets = [reached for reached in judged if reached is not None]
    met = words("kpi.met", k=sum(targets), m=len(targets)) if targets else values.NOTHING
    groups = [
        Option(words(f"kpi.group.{name}"), ask.href(group=name, indicator=USUAL[name]), name == ask.group)
        for name in GROUPS
    ]
    pairs = [
        (words("kpi.unit"), html.H1(answer.name), ""),
        (words("kpi.period"), words.period(period.start, period.end), day),
        (words("kpi.targets"), met, ""),
        (words("kpi.boundaries"), words(f"kpi.boundaries.{ask.query.boundaries}"), ""),
        (words("kpi.data_at"), answer.data_at or values.NOTHING, ""),
    ]
    return parts.facts(pairs, parts.segment(words("kpi.groups"), groups), name="kpi-strip")


def _card(indicator: Indicator, ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    period, name = ask.query.period, indicator.name
    card = Card(
        indicator=indicator,
        row=answer.total(name),
        line=answer.line(name, periods.recent(period)),
        aim=answer.aim(indicator),
        fresh=parts.worst(answer.sources, indicator.subject),
        against=words("kpi.against.month" if periods.monthly(period) else "kpi.against.days"),
        period=words.period(period.start, period.end),
    )
    asked = {"subject": indicator.subject, "unit": ask.query.within or ""}
    asked |= {"from": period.start.isoformat(), "to": period.end.isoformat(), **tree_part(ask.query.tree)}
    asked |= {name: getattr(ask.query, name) or "" for name in NARROWING}
    links = CardLinks(
        ranking=ask.href(indicator=name),
        records="/analyst?" + urlencode({key: value for key, value in asked.items() if value}),
        glossary=f"/glossary#{name}",
    )
    return kpi_card(card, words, links=links)


def _trends(ask: KpiAsk, answer: KpiAnswer, words: Words) -> Component:
    shown = periods.recent(ask.query.period)
    key = "kpi.trend.months" if periods.monthly(ask.query.period) else "kpi.trend.windows"
    title = words(key, n=len(shown), days=ask.query.period.days)
    cells = [_trend(indicator, shown, ask, answer, words) for indicator in ask.indicators]
    body = html.Div(cells, className=f"trends n{len(cells)}")
    return parts.card(parts.head(title, words("kpi.trend.note")), body, name="tre")


def _trend(
    indicator: Indicator, shown: Sequence[Period], ask: KpiAsk, answer: KpiAnswer, words: Words
) -> Component:
    name = indicator.name
    now = answer.line(name, shown)
    before = answer.line(name, [periods.year_before(period) for period in shown])
    figure = Trend(
        labels=[words.period(period.start, period.end) for period in shown],
        ticks=[_tick(period, place, words) for place, period in enumerate(shown)],
        values=[values.scaled(indicator, value) for value in now],
        before=[values.scaled(indicator, value) for value in before]
        if any(v is not None for v in before)
        else (),
        target=values.scaled(indicator, answer.aim(indicator)),
        text=lambda value: values.with_unit(
            indicator, words.number(value, values.decimals(indicator)), words
        ),
        axis=lambda value: words.number(value, 0 if value == round(value) else 1),
        words={
            part: words(f"parts.trend.{part}") for part in ("period", "value", "before", "target", "table")
        },
    )
    link = html.A(words(f"indicator.{name}"), href=ask.href(indicator=name), className="row-link")
    value = values.show(indicator, now[-1], words)
    heading = html.Div([html.H3(link), html.Span(str(value), className="b")], className="top-row")
    chosen = " sel" if indicator == ask.ranked else ""
    return html.Div([heading, trend(figure)], className="cell" + chosen)


def _tick(period: Period, place: int, words: Words) -> str:
    """A name under every third period, counted from the last."""
    if (periods.COUNT - 1 - place) % 3:
        return ""
    start = (
        period.start.replace(year=words.today.year) if words.today and period.start.day < 29 else period.start
    )
    return words.month(start) if periods.monthly(period) else words.day(start)
