"""A server over the small world with one person of each role, talked to as a browser does."""

import asyncio
import json
import re
import shutil
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import fakes_pages as fakes
import httpx
from addressed import Town
from world import START

from callbacks.serving import PAGES
from callbacks.web import build_web
from data import staging
from data.people import add_person
from data.scope import ROLES
from layouts.words import load_words

PASSWORD = "correct horse battery"
ORIGIN = "http://127.0.0.1"
PAGE = {"accept": "text/html"}
ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)


def furnish(folder: Path, url: str) -> None:
    """Add one person of each role to the store of a published small world, and two operators more."""
    world = Town(folder / "instance", url, settled=True)
    people = [(role, role, ["A"] if role == "manager" else []) for role in ROLES]
    for name, role, units in (*people, ("second", "operator", []), ("partial", "operator", ["A"])):
        add_person(world.store, name, role=role, password=PASSWORD, now=START, units=units)
    world.store.close()


class Office:
    """A server over a copy of a small world that was furnished."""

    def __init__(self, folder: Path, database: Path):
        shutil.copyfile(database, folder / "store.db")
        self.world = Town(folder / "instance", f"sqlite:///{folder / 'store.db'}", settled=True)
        self.now = START
        self.guard = build_web(self.world.store, clock=self.clock, pages=PAGES)

    def clock(self) -> datetime:
        return self.now

    def person(self, name: str, role: str, units: list[str]) -> None:
        add_person(self.world.store, name, role=role, password=PASSWORD, now=START, units=units)

    @asynccontextmanager
    async def browser(self, name: str):
        transport = httpx.ASGITransport(app=self.guard, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}
        ) as browser:
            browser.token = ""
            if name:
                page = await browser.get("/login")
                found = re.search('name="token" value="([^"]+)"', page.text)
                form = {"name": name, "password": PASSWORD, "token": found[1]}
                assert (await browser.post("/login", data=form)).status_code == 303
                browser.token = await self.token(browser)
            yield browser

    async def token(self, browser) -> str:
        """The token of the session, as the account's menu carries it."""
        found = re.search(r'"value": ?"([\w-]{43})"', await drawn(browser, "/glossary"))
        return found[1]

    @property
    def left(self) -> list[Path]:
        folder = self.world.settings.folder / staging.FOLDER
        return list(folder.iterdir()) if folder.exists() else []


async def drawn(browser, path: str, search: str = "") -> str:
    """The frame of an address as the browser asks for it."""
    values = {"pathname": path, "search": search}
    body = {
        "output": "shell-frame.children",
        "outputs": {"id": "shell-frame", "property": "children"},
        "inputs": [{"id": "shell-kind", "property": "value", "value": path}],
        "changedPropIds": ["shell-kind.value"],
        "state": [{"id": "shell-url", "property": name, "value": value} for name, value in values.items()],
    }
    answer = await browser.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    return json.dumps(answer.json(), ensure_ascii=False)


def run(coroutine):
    """What a conversation comes to."""
    return asyncio.run(coroutine)
