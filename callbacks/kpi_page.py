"""The KPI page: from an address to its question, from the store to its answer."""

from collections.abc import Sequence
from datetime import datetime

from dash import Dash

from callbacks.map_page import levels_below, own_unit
from callbacks.router import Call, Desk, Page
from data.instants import moment
from data.query import Period, parse_query
from data.reader import Reader, UnknownUnit
from data.settings import Level
from layouts import kpi_page, periods
from layouts.kpi_page import KpiAnswer, KpiAsk, parse_ask


def register(app: Dash, desk: Desk) -> None:
    """Add the page."""
    desk.page(
        "kpi", build, "/kpi", "/kpi/{unit}", permission="kpi", checks="unit inside the scope", home="/kpi/-"
    )


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
    published = reader.state()["published_at"]
    return KpiAnswer(
        path=path,
        place=reader.settings.name,
        level=level,
        levels=levels,
        measures=reader.measures(asked),
        series=reader.series(names, unit=query.within, periods=compared(query.period), query=query),
        sources=reader.freshness(),
        aims=reader.settings.targets,
        data_at=call.words.moment(local(reader, published)) if published else "",
        elapsed=periods.elapsed(query.period, reader.today),
        inside=() if inside is None else tuple(zip(inside["code"], inside["name"], strict=True)),
        top=not path or path[-1].depth == 0,
    )


def compared(period: Period) -> list[Period]:
    """The last periods and the same a year before, each once, oldest first."""
    recent = periods.recent(period)
    every = {*recent, *(periods.year_before(each) for each in recent)}
    return sorted(every, key=lambda each: (each.start, each.end))


def local(reader: Reader, instant: int) -> datetime:
    """Local time of an instant in microseconds."""
    return moment(instant).astimezone(reader.settings.timezone)
