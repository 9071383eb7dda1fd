"""The analyst page: from an address to its question, from the store to its answer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from dash import Dash
from pandas import DataFrame

from callbacks.known import past_of
from callbacks.kpi_page import below, local
from callbacks.map_page import ways_of
from callbacks.map_places import own_unit
from callbacks.router import Call, Desk, Page
from data.factlist import FactColumn
from data.indicators import INDICATORS
from data.instants import micros
from data.query import LONGEST_DAYS, parse_query
from data.reader import Reader
from data.settings import EPOCH_DAY
from layouts import analyst_page
from layouts.analyst_ask import PAGE, PANEL_WORDS, AnalystAnswer, AnalystAsk, parse_analyst_ask, subject_of
from layouts.rows import RowStyle

MEASURE_COLUMNS = {
    "indicator": "word", "unit_name": "unit", "unit_code": "unit", "kind": "word", "numerator": "number",
    "denominator": "number", "value": "number", "low": "number", "high": "number", "n": "number",
    "previous": "number", "change": "number",
}  # fmt: skip


def register(app: Dash, desk: Desk) -> None:
    """Add the page."""
    desk.page("analyst", build, "/analyst", permission="analyst", checks="unit inside the scope", used=used)


def used(params: Mapping[str, str]) -> tuple[str, ...] | None:
    """Subjects whose sources feed the rows asked for."""
    subject = subject_of(params)
    return None if subject == "measures" else (subject,)


def build(call: Call) -> Page:
    """The whole page of an address."""
    ask = read_ask(call.reader, call.params)
    ask, answer = read_answer(ask, call)
    style = row_style(call)
    body, crumbs = analyst_page.page(ask, answer, style), analyst_page.bar(ask, answer, call.words)
    controls = analyst_page.controls(ask, answer, call.words)
    return Page(body=body, crumbs=crumbs, controls=controls, unit=ask.query.within)


def read_ask(reader: Reader, params: Mapping[str, str]) -> AnalystAsk:
    """The question of an address, also of a file's. Raises QueryError and UnknownUnit."""
    query = parse_query(
        at_any_time(params, reader.today), level=None, within=params.get("unit"), today=reader.today
    )
    query = query.asking(within=query.within or own_unit(reader))
    ask = parse_analyst_ask(
        query,
        params,
        columns_of(reader, subject_of(params)),
        levels=[level.name for level in reader.levels()],
    )
    if ask.subject != "measures":
        return ask
    levels = [level.name for level in below(reader, query.within)] or [
        reader.path(query.within or "")[-1].level
    ]
    named = params.get("level", "")
    level = named if named in levels else levels[0]
    return replace(ask, query=query.asking(level=level, indicators=tuple(INDICATORS)))


def at_any_time(params: Mapping[str, str], today: date) -> Mapping[str, str]:
    """The address; a record asked for by its number alone is looked for at any time."""
    if params.get("id") and not (params.get("from") or params.get("last")):
        return {**params, "from": (today - timedelta(days=LONGEST_DAYS - 1)).isoformat()}
    return params


def columns_of(reader: Reader, subject: str) -> dict[str, FactColumn]:
    """Columns of a subject by name; those of measures can all be sorted and none filtered."""
    if subject == "measures":
        return {name: FactColumn(name, kind) for name, kind in MEASURE_COLUMNS.items()}
    return {column.name: column for column in reader.fact_columns(subject)}


def read_answer(ask: AnalystAsk, call: Call) -> tuple[AnalystAsk, AnalystAnswer]:
    """Everything the page shows; a page behind the last becomes the last."""
    reader, query = call.reader, ask.query
    rows, total = read_rows(reader, ask)
    if not len(rows) and total:
        ask = replace(ask, start=(total - 1) // PAGE * PAGE)
        rows, total = read_rows(reader, ask)
    columns, state, levels = columns_of(reader, ask.subject), reader.state(), below(reader, query.within)
    level = levels[0].name if levels else None
    published = state["published_at"]
    return ask, AnalystAnswer(
        rows=rows,
        total=total,
        columns={name: column.kind for name, column in columns.items()},
        sortable=frozenset(name for name, column in columns.items() if column.sortable),
        filterable=frozenset(name for name, column in columns.items() if column.filterable),
        choices={name: words_in_use(reader, ask.subject, name) for name in PANEL_WORDS[ask.subject]},
        units=units_near(reader, query.within),
        summary={}
        if ask.subject == "measures"
        else reader.summary(ask.subject, query, filters=dict(ask.filters), level=level),
        state=state,
        path=reader.path(query.within) if query.within else (),
        levels=levels,
        published=call.words.moment(local(reader, published)) if published else "",
        boundary=boundary_name(state, call),
        ways=ways_of(reader, query.within),
        past=past_of(reader, query),
    )


def words_in_use(reader: Reader, subject: str, column: str) -> list[str]:
    """Values to choose from; measures are of cases and orders."""
    subjects = ("cases", "orders") if subject == "measures" else (subject,)
    return sorted({word for each in subjects for word in reader.words(each, column)})


def read_rows(reader: Reader, ask: AnalystAsk) -> tuple[DataFrame, int]:
    """One page of rows and the count of all."""
    if ask.subject != "measures":
        return reader.facts(
            ask.subject, ask.query, start=ask.start, limit=PAGE, sort=ask.order, filters=dict(ask.filters)
        )
    rows = sorted_measures(reader.measures(ask.query), ask)
    return rows.iloc[ask.start : ask.start + PAGE], len(rows)


def sorted_measures(rows: DataFrame, ask: AnalystAsk) -> DataFrame:
    """Measures in the order asked; as they come when none is."""
    for name, direction in ask.order:
        rows = rows.sort_values(name, ascending=direction == "asc", kind="stable")
    return rows


def units_near(reader: Reader, within: str | None) -> list[tuple[str, str, int]]:
    """Units one can step to, with their depth on the way: those above, the unit itself, those just below."""
    if within is None:
        return [(unit.code, unit.name, 0) for unit in reader.roots()]
    above = reader.path(within)
    found = [(unit.code, unit.name, depth) for depth, unit in enumerate(above)]
    levels = below(reader, within)
    inside = reader.units(levels[0].name, within) if levels else DataFrame({"code": [], "name": []})
    return found + [
        (code, name, len(above)) for code, name in zip(inside["code"], inside["name"], strict=True)
    ]


def row_style(call: Call) -> RowStyle:
    """How rows are written for this reader: language, data words, local time."""
    reader, words = call.reader, call.words

    def word(kind: str, text: str) -> str:
        return words(f"indicator.{text}") if kind == "indicator" else call.word(kind, text)

    return RowStyle(words, word, lambda at: words.stamp(local(reader, at)), micros(reader.clock()))


def boundary_name(state: Mapping, call: Call) -> str:
    """The boundaries in force: the day they hold from, or that they always did."""
    day = state["boundary_valid_from_on"]
    if day is None:
        return ""
    since = max(int(day), -365 * 200)
    start: date = EPOCH_DAY + timedelta(days=since)
    return call.words.day(start) if start.year > 1900 else call.words("analyst.manifest.always")
