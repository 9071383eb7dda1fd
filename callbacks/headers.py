"""Headers that every answer carries, errors too: what the browser may load, frame, send and keep."""

from collections.abc import Iterable

from dash import Dash
from httpx import ASGITransport, AsyncClient
from starlette.datastructures import MutableHeaders

_POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
    "connect-src 'self'; font-src 'self' data:; img-src 'self' data: blob:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self'"
)


class Headers:
    """The headers of one application; the hashes of its inline scripts are known only after a first request."""

    def __init__(self, *, https: bool):
        self._fixed = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": _POLICY,
        }
        if https:
            self._fixed["Strict-Transport-Security"] = "max-age=31536000"

    def set_hashes(self, hashes: Iterable[str]) -> None:
        """Allow the inline scripts of these hashes, quoted as `Dash.csp_hashes` gives them, and no others."""
        self._fixed["Content-Security-Policy"] = " ".join([_POLICY, *dict.fromkeys(hashes)])

    def apply(self, headers: MutableHeaders, *, cacheable: bool) -> None:
        """Set all headers on one answer. A cacheable answer keeps its own Cache-Control, any other is not kept."""
        for name, value in self._fixed.items():
            headers[name] = value
        if not cacheable:
            headers["Cache-Control"] = "no-store"
            headers.add_vary_header("Cookie")


async def warm_up(app: Dash, headers: Headers) -> None:
    """Send the first requests ourselves, before the socket is served, then learn the hashes of inline scripts.

    The first request of a process registers the component bundles, and two at once may race; pages register one
    more inline script with it.
    """
    transport = ASGITransport(app=app.server)
    async with AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for path in ("/", "/_dash-dependencies"):
            answer = await client.get(app.get_relative_path(path))
            answer.raise_for_status()
    headers.set_hashes(app.csp_hashes())
