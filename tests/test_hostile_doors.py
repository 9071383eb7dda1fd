"""Hostile files through the doors of the pages: refused with a sentence, nothing stays, the server hardly grows."""

import gc
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import SOAK
from hostile import MADE
from offices import Office, drawn, run
from sqlalchemy import func, select
from test_hostile_files import memory

from data.schema import load, place_entry
from layouts.gazetteer_ask import PATH as GAZETTEER
from layouts.upload_ask import PATH as UPLOAD

SOUND = ("workbook", "old_workbook", "utf16")  # refused where CSV in UTF-8 is declared, and read here
FEW = None if SOAK else 3  # of each kind: all of them are refused one by one in test_hostile_files
EVERY = [(kind, name) for kind, made in MADE.items() for name in [*made][:FEW]]


@pytest.fixture(scope="module")
def gate(tmp_path_factory, furnished_sqlite):
    made = Office(tmp_path_factory.mktemp("gate"), furnished_sqlite)
    yield made
    made.world.store.close()


@pytest.mark.parametrize("door", [UPLOAD, GAZETTEER], ids=["records", "places"])
@pytest.mark.parametrize(("kind", "name"), EVERY, ids=[f"{kind}-{name}" for kind, name in EVERY])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_file_through_a_door(gate, kind, name, door):
    """Refused with a sentence, or shown without a row that would be stored."""
    _, make = MADE[kind][name]
    body = make()

    async def ask():
        async with gate.browser("operator") as browser:
            gc.collect()
            Path("/proc/self/clear_refs").write_text("5")
            before = memory("VmRSS")
            given = {"x-token": browser.token, "x-file-name": quote(f"{name}.{kind}")}
            answer = await browser.post(door, content=body, headers=given)
            grown = memory("VmHWM") - before
            page = ""
            if answer.status_code == 201:
                page = await drawn(browser, answer.json()["to"])
                form = {"token": browser.token, "act": "discard"}
                await browser.post(answer.json()["to"], data=form)
            return answer, grown, page

    answer, grown, page = run(ask())
    assert answer.status_code in (201, 422), answer.text
    assert gate.left == []
    if answer.status_code == 422:
        sentence, shown = answer.json()["sentence"], answer.json()["refused"]
        assert "\n" not in sentence and "expected " in sentence and len(sentence) < 700 and shown
    elif door == GAZETTEER:
        assert "disabled" in page and 'role=\\"alert' in page
    elif name not in SOUND:
        assert not re.search(r"写入 [1-9]", page), page[:2000]
    assert grown < 20 + len(body) / (1 << 20) * 0.2
    with gate.world.store.read() as connection:
        stored = [connection.scalar(select(func.count()).select_from(table)) for table in (load, place_entry)]
    assert stored == [0, 0] and not list((gate.world.settings.folder / "sources").iterdir())
