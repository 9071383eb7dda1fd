"""The calendar in the browser: a year of it, days entered as lines, the year as a file that can be brought again."""

import csv
import io
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from dash import Dash
from dash.development.base_component import Component
from fastapi import Request
from starlette.responses import Response

from callbacks.identity import current_csrf, current_person
from callbacks.router import Call, Desk
from callbacks.sending import Forms, Route
from data.calendar_days import CalendarError, days, history, list_of, record
from data.instants import moment
from data.query import QueryError, parse_instant
from data.settings import Settings
from layouts import calendar_page
from layouts.calendar_page import EDIT, EXPORT, LONGEST, PATH, CalendarAnswer

FIRST_YEAR, LAST_YEAR = 1970, 2999
HEADER = ("day", "working", "name")
WHERE = "calendar"


def register(app: Dash, desk: Desk) -> Callable[[Call], list[Component]]:
    """Add the routes with their policies; answers what builds the section."""
    entering, reading = _Entering(desk), Forms(desk)
    reading.permission = "assessment"

    async def export(request: Request) -> Response:
        return await reading.downloaded(lambda: _as_csv(desk, request.query_params), "calendar.csv")

    entering.open_routes(
        app.server, [Route(EDIT, "POST", entering.edit)], checks="leaders and administrators"
    )
    reading.open_routes(app.server, [Route(EXPORT, "GET", export)], checks="days of the instance, no facts")
    return build


class _Entering(Forms):
    """Days entered by a form."""

    permission = "judge"

    async def edit(self, request: Request) -> Response:
        """Enter days; what is wrong is said beside what was filled in."""
        return await self.posted(request, lambda form: _entered(self.desk, form))


def _entered(desk: Desk, form: dict[str, str]) -> str:
    year, text = _year(form, desk), form.get("days", "")[:LONGEST]
    try:
        listed = list_of([HEADER, *_lines(text)], WHERE, desk.settings)
        count = record(desk.store, listed, now=desk.clock(), by=current_person().name)
    except CalendarError:  # the page says it, with what was filled in
        return f"{PATH}?{urlencode({'year': year, 'days': text})}"
    return f"{PATH}?{urlencode({'year': listed[0].on.year if listed else year, 'done': count})}"


def _lines(text: str) -> list[list[str]]:
    """Lines as cells: parted by commas, tabs or blanks, the rest being the name."""
    return [line.replace(",", " ").replace("，", " ").split(None, 2) for line in text.splitlines()]


def _year(params: Mapping[str, str], desk: Desk) -> int:
    """The year of a request. Raises QueryError."""
    return _asked(params, desk.clock().astimezone(desk.settings.timezone).year)


def _asked(params: Mapping[str, str], running: int) -> int:
    """The year an address names, else the running one. Raises QueryError."""
    text = params.get("year") or str(running)
    if not text.isdecimal() or not FIRST_YEAR < int(text[:5]) < LAST_YEAR:
        raise QueryError(f"year: got '{text[:40]}'; expected {FIRST_YEAR + 1} to {LAST_YEAR - 1}")
    return int(text)


def _as_csv(desk: Desk, params: Mapping[str, str]) -> str:
    with desk.store.read() as connection:
        found = days(connection, desk.settings, _year(params, desk))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    known = [day for day in found if day.working >= 0]
    writer.writerows([HEADER, *((day.on.isoformat(), day.working, day.name) for day in known)])
    return text.getvalue()


def build(call: Call) -> list[Component]:
    """The section of an address."""
    reader, words, params = call.reader, call.words, call.params
    year = _asked(params, reader.today.year)
    as_of, given = params.get("as-of"), params.get("days", "")
    with reader.store.read() as connection:
        seen = parse_instant(as_of) if as_of else None
        found = days(connection, reader.settings, year, as_of=seen)
        entries = history(connection, year, as_of=seen)
    answer = CalendarAnswer(
        year=year,
        days=found,
        entries=[(each, moment(each.recorded_at).astimezone(reader.settings.timezone)) for each in entries],
        hours=reader.settings.working_time,
        token=current_csrf(),
        may=reader.scope.may("judge") and reader.scope.whole,
        whole=reader.scope.whole,
        done=params.get("done", "")[:6],
        given=given,
        fault=_fault(given, reader.settings),
        kept={"as-of": as_of} if as_of else {},
    )
    return calendar_page.body(answer, words)


def _fault(given: str, settings: Settings) -> str:
    """What is wrong with days as they were filled in; nothing where they could be entered."""
    try:
        list_of([HEADER, *_lines(given)], WHERE, settings)
    except CalendarError as error:
        return str(error) if given else ""
    return ""
