"""Driving a real Chromium: pages that note every fault, and waits that need no sleeping."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from data.people import SAMPLE_PASSWORD

LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",  # the map alone needs what the processor must paint for a card
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
# No animation, and a quarter of the pixels: without a graphics card the processor paints every one of them.
WINDOW = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", "device_scale_factor": 0.5}
SLOW = 60_000  # milliseconds that anything may take on a busy machine
expect.set_options(timeout=SLOW)
IDLE = """() => {
  const store = window.store || (window.dash_stores || [])[0];
  if (!store) return false;
  const calls = store.getState().callbacks;
  return ['requested', 'prioritized', 'executing', 'watched', 'blocked']
    .every(kind => !calls[kind] || calls[kind].length === 0);
}"""
MAP_READY = """selector => {
  const drawn = document.querySelector(selector + ' .js-plotly-plot') || document.querySelector(selector);
  const map = drawn && drawn._fullLayout && drawn._fullLayout.map && drawn._fullLayout.map._subplot;
  return Boolean(map && map.map && map.map.loaded());
}"""


@dataclass
class Faults:
    """Everything a page did that it should not; `allow` what a test provokes on purpose."""

    seen: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, *patterns: str) -> None:
        """Expect faults that match these regular expressions."""
        self.allowed.extend(patterns)

    def left(self) -> list[str]:
        """Faults that nobody expected."""
        return [text for text in self.seen if not any(re.search(rule, text) for rule in self.allowed)]

    def watch(self, page: Page) -> Page:
        """Note console errors, page errors, answers of 400 and above, and requests to any other host."""
        page.on("console", lambda line: self._console(line.type, line.text))
        page.on("pageerror", lambda error: self.seen.append(f"page error: {error}"))
        page.on("response", lambda answer: self._answer(answer.status, answer.url))
        page.on("request", lambda request: self._request(request.url))
        page.on("websocket", lambda socket: self._request(socket.url))
        return page

    def _console(self, kind: str, text: str) -> None:
        if kind == "error":
            self.seen.append(f"console: {text}")

    def _answer(self, status: int, url: str) -> None:
        if status >= 400:
            self.seen.append(f"http {status}: {url}")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOOPBACK:
            self.seen.append(f"foreign request: {url}")


def new_page(browser: Browser, faults: Faults, **options) -> Page:
    """A page in a context of its own, watched; see `WINDOW`."""
    page = browser.new_context(**{**WINDOW, **options}).new_page()
    page.set_default_timeout(SLOW)
    return faults.watch(page)


def sign_in(
    page: Page,
    url: str,
    name: str,
    *,
    password: str = SAMPLE_PASSWORD,
    language: str | None = None,
    theme: str | None = None,
) -> None:
    """Sign a page's context in at a server without drawing a page: the map that follows would take seconds."""
    form = page.request.get(f"{url}/login").text()
    if found := re.search('name="token" value="([^"]+)"', form):  # who is signed in already sees no form
        given = {"name": name, "password": password, "token": found[1]}
        answer = page.request.post(f"{url}/login", form=given, headers={"origin": url}, max_redirects=0)
        assert answer.status == 303, answer.text()
    chosen = {"linli-language": language, "linli-theme": theme}
    page.context.add_cookies(
        [{"name": key, "value": value, "url": url} for key, value in chosen.items() if value]
    )


def dash_idle(page: Page, *, timeout: float = SLOW) -> None:
    """Wait until Dash has no callback waiting or running."""
    page.wait_for_function(IDLE, timeout=timeout)


def map_ready(page: Page, selector: str = ".js-plotly-plot", *, timeout: float = SLOW) -> None:
    """Wait until the map drawn inside `selector` has loaded all it shows."""
    page.wait_for_function(MAP_READY, arg=selector, timeout=timeout)
