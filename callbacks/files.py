"""Files that pages point to: outlines of units, the map's style, the instance's background layers.

Each stands under the hash of its content and is kept by the browser for a year, so outlines travel once. What a
person may see is checked at every request that reaches us; kept copies stay with that person's browser.
"""

import asyncio
import gzip
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from callbacks.identity import set_cookie
from callbacks.policies import Policies
from callbacks.sign_in import LANGUAGE_COOKIE, THEME_COOKIE
from data.measures import NotReady
from data.query import QueryError, as_of_part, tree_part
from data.reader import Reader, UnknownUnit
from data.settings import Settings
from layouts.map_style import BACKGROUND, style
from layouts.theme import THEMES
from layouts.words import LANGUAGES

A_YEAR = 31_536_000
KEPT = 96
CHOICES = {"language": (LANGUAGE_COOKIE, tuple(LANGUAGES)), "theme": (THEME_COOKIE, THEMES)}


class Shelf:
    """Outlines and background layers, compressed once and kept in memory, newest use last."""

    def __init__(self, settings: Settings):
        self.folder = settings.folder / "background"
        self._kept: OrderedDict[tuple, tuple[str, bytes]] = OrderedDict()

    def shapes(self, reader: Reader, level: str, within: str | None) -> tuple[str, bytes]:
        """Hash and compressed GeoJSON of a level inside a unit, as far as the reader sees. Raises UnknownUnit."""
        key = (reader.version.id, level, within, reader.ranges)
        return self._keep(key, lambda: reader.shapes(level, within)[1])

    def shapes_address(self, reader: Reader, level: str, within: str | None) -> str:
        """Where the outlines are served."""
        place = f"/shapes/{self.shapes(reader, level, within)[0]}/{level}/{quote(within or '-', safe='')}"
        asked = urlencode(tree_part(reader.tree) | as_of_part(reader.as_of))
        return f"{place}?{asked}" if asked else place

    def background(self, part: str) -> tuple[str, bytes] | None:
        """Hash and compressed content of a background file; None where the instance has none."""
        path = self.folder / f"{part}.geojson"
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        return self._keep((part, changed), path.read_bytes)

    def style(self, theme: str) -> tuple[str, bytes]:
        """Hash and compressed style of a theme over the background files present."""
        found = {part: entry[0] for part in BACKGROUND if (entry := self.background(part))}
        addresses = {part: f"/background/{digest}/{part}" for part, digest in found.items()}
        key = ("style", theme, *sorted(addresses.values()))
        return self._keep(key, lambda: json.dumps(style(theme, addresses)).encode())

    def style_address(self, theme: str) -> str:
        """Where the style is served."""
        return f"/map-style/{self.style(theme)[0]}/{theme}"

    def _keep(self, key: tuple, read: Callable[[], bytes]) -> tuple[str, bytes]:
        if key not in self._kept:
            body = read()
            digest = hashlib.sha256(body).hexdigest()[:16]
            self._kept[key] = (digest, gzip.compress(body, 6, mtime=0))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]


def register(
    server: FastAPI,
    policies: Policies,
    *,
    shelf: Shelf,
    reader: Callable[[Mapping[str, str]], Reader],
    https: bool,
) -> None:
    """Add the routes with their policies."""

    async def shapes(request: Request, digest: str, level: str, within: str) -> Response:
        try:
            seen = reader(dict(request.query_params))
            found = await asyncio.to_thread(shelf.shapes, seen, level, None if within == "-" else within)
        except (UnknownUnit, NotReady, QueryError, StopIteration, KeyError):
            return Response("nothing here\n", 404)
        return _answer(request, found, digest=digest)

    async def background(request: Request, digest: str, part: str) -> Response:
        found = await asyncio.to_thread(shelf.background, part) if part in BACKGROUND else None
        return _answer(request, found, digest=digest) if found else Response("nothing here\n", 404)

    async def map_style(request: Request, digest: str, theme: str) -> Response:
        if theme not in THEMES:
            return Response("nothing here\n", 404)
        return _answer(request, await asyncio.to_thread(shelf.style, theme), digest=digest)

    async def preference(request: Request) -> Response:
        answer = RedirectResponse(_back(request), 303)
        for name, (cookie, known) in CHOICES.items():
            if (value := request.query_params.get(name, "")) in known:
                answer.headers.append("Set-Cookie", set_cookie(cookie, value, https=https, seconds=A_YEAR))
        return answer

    routes: dict[str, tuple[Callable[..., Any], str, str, bool]] = {
        "/shapes/{digest}/{level}/{within}": (shapes, "map", "scope of the reader", True),
        "/background/{digest}/{part}": (background, "map", "names of the four background files", True),
        "/map-style/{digest}/{theme}": (map_style, "map", "names of the themes", True),
        "/preference": (preference, "any", "known languages and themes; leads back to our own page", False),
    }
    for path, (function, permission, checks, cacheable) in routes.items():
        server.add_api_route(path, function, methods=["GET"], include_in_schema=False, response_model=None)
        policies.route(path, ("GET",), permission=permission, checks=checks, cacheable=cacheable)


def _answer(request: Request, found: tuple[str, bytes], *, digest: str) -> Response:
    """The compressed body; kept for a year under its own hash, never under an older one."""
    current, body = found
    keep = f"private, max-age={A_YEAR}, immutable" if digest == current else "no-store"
    headers = {"ETag": f'"{current}"', "Cache-Control": keep, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == f'"{current}"':
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, headers=headers, media_type="application/json")


def _back(request: Request) -> str:
    """The page the choice was made on: its path, never another host."""
    came = urlsplit(request.headers.get("referer", ""))
    path = came.path if came.netloc == request.headers.get("host") else ""
    if not path.startswith("/") or path.startswith("//"):
        return "/"
    return f"{path}?{came.query}" if came.query else path
