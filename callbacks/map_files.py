"""The measures behind a map as files: the page's own address with a suffix."""

import asyncio
from collections.abc import Awaitable, Callable

from dash import Dash
from fastapi import Request
from pandas import DataFrame
from starlette.responses import PlainTextResponse, Response

from callbacks.map_places import levels_at, own_unit
from callbacks.router import Desk
from data.measures import NotReady
from data.query import QueryError, parse_query
from data.reader import UnknownUnit

FILE_COLUMNS = (
    "indicator",
    "unit_code",
    "unit_name",
    "kind",
    "numerator",
    "denominator",
    "value",
    "low",
    "high",
    "n",
)


def register(app: Dash, desk: Desk) -> None:
    """The measures behind a map as a file: the page's own address with `.csv` or `.json` after the unit."""
    for suffix in ("csv", "json"):
        path = f"/map/{{level}}/{{within}}.{suffix}"
        app.server.add_api_route(
            path, file_route(desk, suffix), methods=["GET"], include_in_schema=False, response_model=None
        )
        desk.policies.route(path, ("GET",), permission="export", checks="unit and level inside the scope")


def file_route(desk: Desk, suffix: str) -> Callable[..., Awaitable[Response]]:
    """The route of one suffix."""

    async def answer(request: Request, level: str, within: str) -> Response:
        try:
            rows = await asyncio.to_thread(map_rows, desk, (level, within), dict(request.query_params))
        except (UnknownUnit, NotReady):
            return PlainTextResponse("nothing here\n", 404)
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400)
        return as_file(rows, suffix)

    return answer


def map_rows(desk: Desk, place: tuple[str, str], params: dict[str, str]) -> DataFrame:
    """Measures of the units shown, the unassigned parts and the total. Raises QueryError, UnknownUnit, NotReady."""
    reader = desk.reader(params)
    query = parse_query(params, level=place[0], within=place[1], today=reader.today)
    query = query.asking(within=query.within or own_unit(reader))
    if query.level not in {level.name for level in levels_at(reader, query.within, place[0])}:
        raise UnknownUnit(f"level: got '{place[0][:60]}'; expected one below the unit")
    return reader.measures(query)[list(FILE_COLUMNS)]


def as_file(rows: DataFrame, suffix: str) -> Response:
    """The machine flavour: names of fields, nothing altered, empty where there is no value."""
    if suffix == "csv":
        return Response(rows.to_csv(index=False, lineterminator="\n"), media_type="text/csv; charset=utf-8")
    return Response(rows.to_json(orient="records", force_ascii=False), media_type="application/json")
