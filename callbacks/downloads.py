"""Files of exactly the rows the analyst page shows: `/files/SUBJECT.SUFFIX?…`, the question as on the page.

The file is written at full speed into a folder of its own, whoever takes it how slowly, and removed when it is sent.
A CSV is sent while it grows: its first rows travel when they are written. Should the writing fail midway, the
connection ends without its last part, so that no browser takes the piece for the whole. HTTP/1.0 has no last part,
there a file that broke off would look complete: it is sent whole, with its length.

`/files/SUBJECT.SUFFIX.manifest.json` with the same question answers the manifest of such a file. The manifest of the
very file that was streamed stands at the address its `Link` header names (rel="describedby"), once it was written
whole, for a day and for the same person.
"""

import asyncio
import re
import secrets
import shutil
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import orjson
from dash import Dash
from fastapi import Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from callbacks.analyst_page import read_ask
from callbacks.router import Desk, language
from data.export import GZIP_LEVEL, Flavour, write_export
from data.manifest import Manifest
from data.measures import NotReady
from data.query import QueryError, tree_part
from data.reader import Reader, UnknownUnit
from layouts.analyst_ask import SUBJECTS, AnalystAsk
from layouts.words import load_words

AT_ONCE = 2  # exports are long and wide; more of them wait
BLOCK = 1 << 18
LOOKS = 0.02  # seconds between looks at a file that has not grown
KEPT_SECONDS = 86_400
MANIFEST = ".manifest.json"
SENT = re.compile(r"[0-9a-f]{32}\Z")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "csv.gz": "application/gzip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "geojson": "application/geo+json",
}


@dataclass(frozen=True)
class Order:
    """What an address asks for, read in the reader's name."""

    reader: Reader
    ask: AnalystAsk
    suffix: str
    flavour: Flavour
    titles: dict[str, str]

    @property
    def name(self) -> str:
        """A name that says what is inside: subject, tree where it is not the first, and days."""
        query = self.ask.query
        named = "_".join([self.ask.subject, *tree_part(query.tree).values()])
        return f"{named}_{query.period.start:%Y%m%d}-{query.period.end:%Y%m%d}.{self.suffix}"

    @property
    def exports(self) -> Path:
        """Folder of the instance in which files are made."""
        folder = self.reader.settings.folder / "exports"
        folder.mkdir(exist_ok=True)
        return folder

    def write(self, path: Path, *, begun: Callable[[Path], object] = lambda part: None) -> Manifest:
        """Write the file and its manifest. Raises QueryError, UnknownUnit."""
        return write_export(
            self.reader, self.ask.subject, self.ask.query, path, flavour=self.flavour,
            filters=dict(self.ask.filters), titles=self.titles, begun=begun,
        )  # fmt: skip


def register(app: Dash, desk: Desk) -> None:
    """Add the route with its policy."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def download(request: Request, name: str) -> Response:
        about = name.endswith(MANIFEST)
        subject, _, suffix = name.removesuffix(MANIFEST).partition(".")
        if subject not in SUBJECTS or suffix not in TYPES:
            return PlainTextResponse("nothing here\n", 404)
        try:
            if about and (sent := request.query_params.get("sent")):
                return await asyncio.to_thread(kept_manifest, desk.reader(), sent)
            order = await asyncio.to_thread(read_order, desk, request, subject, suffix)
            if suffix == "csv" and not about and request.scope["http_version"] != "1.0":
                packed = "gzip" in request.headers.get("accept-encoding", "")
                return await streamed(order, turns, packed=packed)
            async with turns:
                return await asyncio.to_thread(whole, order, about=about)
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
        checks="the page's own question, rows of the scope only; a kept manifest for its own person",
    )


def read_order(desk: Desk, request: Request, subject: str, suffix: str) -> Order:
    """The question of an address. Raises QueryError, UnknownUnit."""
    params = dict(request.query_params)
    reader = desk.reader(params)
    ask = read_ask(reader, {**params, "subject": subject})
    flavour = cast(Flavour, params.get("flavour", "excel"))  # the exporter refuses any other
    return Order(reader, ask, suffix, flavour, headings(desk, request))


def whole(order: Order, *, about: bool) -> Response:
    """Write the file, answer it or its manifest, remove it when it is sent."""
    folder = Path(tempfile.mkdtemp(prefix=".sent-", dir=order.exports))
    remove = partial(shutil.rmtree, folder, ignore_errors=True)
    try:
        path = folder / order.name
        manifest = order.write(path)
    except BaseException:
        remove()
        raise
    if about:
        return JSONResponse(manifest.as_json(), background=BackgroundTask(remove))
    kind = TYPES[order.suffix]
    return FileResponse(path, media_type=kind, filename=path.name, background=BackgroundTask(remove))


async def streamed(order: Order, turns: asyncio.Semaphore, *, packed: bool) -> Response:
    """A CSV from its first rows on. What is refused is refused before anything is sent."""
    loop, sent = asyncio.get_running_loop(), secrets.token_hex(16)
    begun: asyncio.Future[BinaryIO] = loop.create_future()

    def told(part: Path) -> None:
        file = open(part, "rb")  # noqa: SIM115  it outlasts the name; `_grown` closes it
        loop.call_soon_threadsafe(begun.set_result, file)

    await turns.acquire()
    writing = asyncio.create_task(asyncio.to_thread(_produce, order, sent, told))
    writing.add_done_callback(lambda task: turns.release())
    first: set[asyncio.Future] = {writing, begun}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    address = f"/files/{order.ask.subject}.csv{MANIFEST}?sent={sent}"
    headers = {
        "Content-Disposition": f'attachment; filename="{order.name}"',
        "Link": f'<{address}>; rel="describedby"; type="application/json"',
    }
    if not begun.done():  # no row, or refused: then it raises
        return Response(writing.result(), media_type=TYPES["csv"], headers=headers)
    blocks = _grown(begun.result(), writing)
    if packed:  # here, or the server's own packing takes four times as long as the writing
        blocks, headers = _packed(blocks), headers | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return StreamingResponse(blocks, media_type=TYPES["csv"], headers=headers)


def _produce(order: Order, sent: str, told: Callable[[Path], object]) -> bytes:
    """Write a CSV in a folder of its own and keep its manifest; answers the file itself where it has no row."""
    with tempfile.TemporaryDirectory(prefix=".sent-", dir=order.exports) as folder:
        path = Path(folder) / order.name
        manifest = order.write(path, begun=told)
        _keep(order.exports, sent, manifest)
        return b"" if manifest.rows else path.read_bytes()


async def _grown(file: BinaryIO, writing: asyncio.Task) -> AsyncIterator[bytes]:
    """Blocks of a file as they are written, to the end of the writing. Raises what the writing raised."""
    with file:
        while True:
            ended = writing.done()  # asked before the look: what came last is seen by it
            block = await asyncio.to_thread(file.read, BLOCK)
            if block:
                yield block
            elif ended:
                writing.result()
                return
            else:
                await asyncio.wait({writing}, timeout=LOOKS)


async def _packed(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Blocks in gzip; each travels at once."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    async for block in blocks:
        yield await asyncio.to_thread(packer.compress, block) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _keep(exports: Path, sent: str, manifest: Manifest) -> None:
    """Lay a manifest where `kept_manifest` finds it, and clear away those of yesterday."""
    folder = exports / ".manifests"
    folder.mkdir(exist_ok=True)
    draft = folder / f".{sent}"
    draft.write_bytes(orjson.dumps(manifest.as_json()))
    draft.rename(folder / f"{sent}.json")
    for path in folder.glob("*.json"):
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)


def kept_manifest(reader: Reader, sent: str) -> Response:
    """The manifest of a file that was streamed to this person."""
    path = reader.settings.folder / "exports/.manifests" / f"{sent}.json"
    held = orjson.loads(path.read_bytes()) if SENT.match(sent) and path.is_file() else None
    if held is None or held["scope"]["person"] != reader.scope.person:
        return PlainTextResponse("nothing here\n", 404)
    return JSONResponse(held)


def headings(desk: Desk, request: Request) -> dict[str, str]:
    """Column titles in the reader's language, as the preview shows them; for people's files only."""
    words = load_words(language(request.cookies, desk.settings))
    known = words.texts.items()
    return {key.removeprefix("field."): text for key, text in known if key.startswith("field.")}
