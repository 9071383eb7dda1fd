"""Files of exactly the rows the analyst page shows: `/files/SUBJECT.SUFFIX?…`, the question as on the page.

The file is written whole in a folder of its own, sent, and removed. `/files/SUBJECT.SUFFIX.manifest.json` with the
same question answers the manifest alone.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import cast

from dash import Dash
from fastapi import Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from callbacks.analyst_page import read_ask
from callbacks.router import Desk, language
from data.export import Flavour, write_export
from data.measures import NotReady
from data.query import QueryError, tree_part
from data.reader import UnknownUnit
from layouts.analyst_ask import SUBJECTS, AnalystAsk
from layouts.words import load_words

AT_ONCE = 2  # exports are long and wide; more of them wait
MANIFEST = ".manifest.json"
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "csv.gz": "application/gzip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "geojson": "application/geo+json",
}


def register(app: Dash, desk: Desk) -> None:
    """Add the route with its policy."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def download(request: Request, name: str) -> Response:
        subject, _, suffix = name.removesuffix(MANIFEST).partition(".")
        if subject not in SUBJECTS or suffix not in TYPES:
            return PlainTextResponse("nothing here\n", 404)
        try:
            async with turns:
                return await asyncio.to_thread(answer, desk, request, subject, suffix)
        except (UnknownUnit, NotReady):
            return PlainTextResponse("nothing here\n", 404)
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400)

    app.server.add_api_route(
        "/files/{name}", download, methods=["GET"], include_in_schema=False, response_model=None
    )
    desk.policies.route(
        "/files/{name}",
        ("GET",),
        permission="export",
        checks="the page's own question, rows of the scope only",
    )


def answer(desk: Desk, request: Request, subject: str, suffix: str) -> Response:
    """Write the file, answer it or its manifest, remove it when it is sent. Raises QueryError, UnknownUnit."""
    params = dict(request.query_params)
    reader = desk.reader(params)
    ask = read_ask(reader, {**params, "subject": subject})
    titles = headings(desk, request)
    exports = reader.settings.folder / "exports"
    exports.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".sent-", dir=exports))
    try:
        path = folder / file_name(ask, suffix)
        flavour = cast(Flavour, params.get("flavour", "excel"))  # the exporter refuses any other
        manifest = write_export(
            reader, subject, ask.query, path, flavour=flavour, filters=dict(ask.filters), titles=titles
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    remove = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    if request.url.path.endswith(MANIFEST):
        return JSONResponse(manifest.as_json(), background=remove)
    return FileResponse(path, media_type=TYPES[suffix], filename=path.name, background=remove)


def file_name(ask: AnalystAsk, suffix: str) -> str:
    """A name that says what is inside: subject, tree where it is not the first, and days."""
    period = ask.query.period
    named = "_".join([ask.subject, *tree_part(ask.query.tree).values()])
    return f"{named}_{period.start:%Y%m%d}-{period.end:%Y%m%d}.{suffix}"


def headings(desk: Desk, request: Request) -> dict[str, str]:
    """Column titles in the reader's language, as the preview shows them; for people's files only."""
    words = load_words(language(request.cookies, desk.settings))
    known = words.texts.items()
    return {key.removeprefix("field."): text for key, text in known if key.startswith("field.")}
