"""The KPI page: from an address to its question, from the store to its answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dash import Dash
from pandas import DataFrame

from callbacks.known import past_of
from callbacks.map_page import narrowed_to, ways_of
from callbacks.map_places import levels_below, own_unit
from callbacks.router import Call, Desk, Page
from data.aims import aims
from data.answers import department_kinds
from data.defining import Indicator
from data.district_standing import standing
from data.exclusions import APPLIED
from data.indicators import INDICATORS
from data.instants import moment
from data.query import NARROWING, Period, Query, parse_query
from data.reader import Reader, UnknownUnit
from data.schema import FACT_COLUMNS
from data.settings import Level
from data.trees import place_of
from layouts import kpi_page, periods
from layouts.kpi_ahead import Ahead
from layouts.kpi_ask import GROUPS, KpiAnswer, KpiAsk, group_of, parse_ask
from layouts.recoverable import COMPACT
from layouts.values import known


def register(app: Dash, desk: Desk) -> None:
    """Add the page."""
    desk.page(
        "kpi", build, "/kpi", "/kpi/{unit}", permission="kpi", checks="unit inside the scope", home="/kpi/-",
        used=used,
    )  # fmt: skip


def used(params: Mapping[str, str]) -> tuple[str, ...]:
    """Subjects whose sources feed the cards of the group asked for."""
    return tuple(dict.fromkeys(INDICATORS[name].subject for name in GROUPS[group_of(params)]))


def build(call: Call) -> Page:
    """The whole page of an address."""
    ask, answer = ask_and_answer(call)
    return Page(
        body=kpi_page.page(ask, answer, call.words),
        crumbs=kpi_page.bar(ask, answer, call.words),
        controls=kpi_page.controls(ask, answer, call.words, today=call.reader.today),
        unit=ask.query.within,
    )


def ask_and_answer(call: Call) -> tuple[KpiAsk, KpiAnswer]:
    """Read the address, then the store, all of it in one state. Raises QueryError, UnknownUnit, NotReady."""
    reader, place = call.reader, (*call.place, "-")[0]
    query = parse_query(call.params, level=None, within=place, today=reader.today)
    with reader.read():
        query = query.asking(within=query.within or own_unit(reader))
        levels = below(reader, query.within)
        named = call.params.get("level", "")
        if named and named not in {level.name for level in levels}:
            raise UnknownUnit(f"level: got '{named[:60]}'; expected one below the unit")
        shown = named or (levels[0].name if levels else "")
        ask = parse_ask(query.asking(level=shown or None), call.params)
        return ask, read_answer(ask, call, levels)


def below(reader: Reader, within: str | None) -> list[Level]:
    """Levels with units below a unit, nearest first; none below a unit of the finest level."""
    depth = reader.unit(within).depth if within else -1
    return [level for level in levels_below(reader, within) if level.depth > depth]


def read_answer(ask: KpiAsk, call: Call, levels: Sequence[Level]) -> KpiAnswer:
    """Everything the page shows."""
    reader, query = call.reader, ask.query
    names = tuple(indicator.name for indicator in ask.indicators)
    path = reader.path(query.within) if query.within else ()
    level = next((each for each in levels if each.name == query.level), None)
    asked = query.asking(indicators=names, level=query.level or path[-1].level)
    inside = reader.units(levels[0].name, query.within) if levels else None
    rows = department_rows(asked, call, kind=ask.by) if ask.by else reader.measures(asked)
    published = reader.state()["published_at"]
    return KpiAnswer(
        path=path,
        place=place_of(reader),
        ways=ways_of(reader, query.within),
        kinds=department_kinds(reader) if any(has_departments(each) for each in ask.indicators) else (),
        narrowed=narrowed_to(query, call),
        level=level,
        levels=levels,
        measures=rows,
        series=reader.series(names, unit=query.within, periods=compared(query.period), query=query),
        sources=call.titled(reader.freshness()),
        compared=reader.compared(query),
        aims=aims(
            reader, asked, level=None if ask.by or level is None else level.name, codes=rows["unit_code"]
        ),
        data_at=call.words.moment(local(reader, published)) if published else "",
        year_start=reader.settings.year_start,
        elapsed=periods.elapsed(query.period, reader.day(query)),
        inside=() if inside is None else tuple(zip(inside["code"], inside["name"], strict=True)),
        without=left_out(reader, asked),
        past=past_of(reader, query),
        ahead=read_ahead(ask, reader),
    )


def read_ahead(ask: KpiAsk, reader: Reader) -> Ahead:
    """Of the key group as it stands now, of all facts: the place in the district's table and what can still change."""
    query = ask.query
    if ask.group != "key" or query.as_of is not None or any(getattr(query, name) for name in NARROWING):
        return Ahead()
    waiting = [
        one for one in reader.exclusions(unit=query.within) if one.event and one.event.state == APPLIED
    ]
    return Ahead(
        standing=standing(reader, unit=query.within),
        prospect=reader.prospect(query, limit=COMPACT),
        waiting=len(waiting),
        zone=reader.settings.timezone,
    )


def left_out(reader: Reader, query: Query) -> dict[str, tuple[int, float | None]]:
    """Indicators from which facts were left out: how many, and the value with them."""
    rows = reader.before_exclusions(query.asking(level=None))
    counted = rows[rows["n_excluded"] > 0]
    names = counted[["indicator", "n_excluded", "value"]].itertuples(index=False)
    return {str(name): (int(n), known(value)) for name, n, value in names}


def department_rows(query: Query, call: Call, *, kind: str) -> DataFrame:
    """Measures of departments, called as the reader's language calls them."""
    rows = call.reader.departments(query, kind=kind)
    titles = [call.word("department", str(name)) for name in rows["unit_name"]]
    return rows.assign(unit_name=titles)


def has_departments(indicator: Indicator) -> bool:
    """Whether the facts behind an indicator name a department."""
    return "department" in FACT_COLUMNS[indicator.subject]


def compared(period: Period) -> list[Period]:
    """The last periods and the same a year before, each once, oldest first."""
    recent = periods.recent(period)
    every = {*recent, *(periods.year_before(each) for each in recent)}
    return sorted(every, key=lambda each: (each.start, each.end))


def local(reader: Reader, instant: int) -> datetime:
    """Local time of an instant in microseconds."""
    return moment(instant).astimezone(reader.settings.timezone)
