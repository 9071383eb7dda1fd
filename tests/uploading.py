"""Uploads in tests: a small world with a person, files made as bytes, sent as a browser sends them."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence

import openpyxl
from world import SIX, World

from data.people import Person
from data.staging import Upload
from data.uploads import Uploads

PERSON, OTHER = (Person(number, name, "operator", ("",)) for number, name in ((1, "operator"), (2, "other")))
CASES = ("任务号", "上报时间", "大类名称", "地址", "经度", "纬度")


async def chunks_of(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def made(world: World) -> Uploads:
    """The uploads of a world with six blocks."""
    if not world.reader().has_units:
        world.publish(SIX)
    return Uploads(world.store, world.clock)


def sent(
    uploads: Uploads, body: bytes, name: str = "案件明细_2026年2月.csv", person: Person = PERSON
) -> Upload:
    """A file that was sent, looked at and tried."""
    upload = asyncio.run(uploads.receive(person, name, chunks_of(body)))
    uploads.admit(upload)
    return uploads.open(upload.token, person)


def row(number: int, **changes) -> list[str]:
    """A row under CASES: in the first block of the world unless said otherwise."""
    cells = {
        "任务号": f"R{number}", "上报时间": f"2026-02-{number % 20 + 1:02d} 08:00", "大类名称": "市容",
        "地址": f"某路{number}号", "经度": f"{121.001 + number * 0.0001:.5f}", "纬度": "31.005",
    }  # fmt: skip
    return list((cells | changes).values())


def csv_of(rows: Sequence[Sequence[str]], header: Sequence[str] = CASES, encoding: str = "utf-8") -> bytes:
    return "".join(",".join(line) + "\n" for line in (header, *rows)).encode(encoding)


def xlsx_of(rows: Sequence[Sequence[str]], header: Sequence[str] = CASES) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in (["二月明细"], header, *rows):
        book.active.append(list(line))
    book.save(out)
    return out.getvalue()
