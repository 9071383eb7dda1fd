"""Orders of the hotline in the small world, told field by field, and a district's table about it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from world import SIDE, World

from data.bulletin_file import Figure
from data.ledger import ingest
from data.query import Period, Query

FEBRUARY, MARCH = (Period(date(2026, month, 1), date(2026, month + 1, 1)) for month in (2, 3))
HEADER = ("id", "accepted", "dispatched", "due", "finished", "closed", "called", "contact", "judgement", "satisfaction",
          "resolution", "returns", "excluded", "lon", "lat")  # fmt: skip
TEXT = """
kind = "order"
format = "csv"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"
[fields]
id = "id"
accepted_at = "accepted"
dispatched_at = "dispatched"
due_at = "due"
finished_at = "finished"
closed_at = "closed"
called_back_at = "called"
first_contact = "contact"
closing_judgement = "judgement"
satisfaction = "satisfaction"
callback_resolution = "resolution"
returns = "returns"
excluded = "excluded"
lon = "lon"
lat = "lat"
"""


def order(
    number: int, *, square: float = 0.5, accepted: str = "02-01 09:00", **told: str
) -> dict[str, object]:
    """A row; times are "MM-DD HH:MM" of 2026; `square` is where it lies from west to east."""
    row = dict.fromkeys(HEADER, "") | {"id": f"O{number}", "accepted": accepted, "dispatched": accepted}
    row |= {"lon": round(121 + square * SIDE, 6), "lat": 31.005} | told
    times = ("accepted", "dispatched", "due", "finished", "closed", "called")
    return row | {name: f"2026-{row[name]}" for name in times if row[name]}


def deliver(world: World, rows: Sequence[dict[str, object]]) -> None:
    """Load rows and refresh."""
    world.loads += 1
    path = Path(world.settings.folder / f"orders-{world.loads}.csv")
    lines = [HEADER, *([str(row[name]) for name in HEADER] for row in rows)]
    path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    done = ingest(world.store, world.source("hotline", TEXT), [path], clock=world.clock)
    assert not done.rejected, done.rejects
    world.refresh()


def at(world: World, text: str) -> None:
    """Set the clock: UTC."""
    world.now = datetime.fromisoformat(f"2026-{text}:00").replace(tzinfo=UTC)


def question(period: Period, *indicators: str, within: str | None = None) -> Query:
    """A question about a period."""
    return Query(None, within, indicators or ("order_on_time_rate",), period)


def figure(row: int, name: str, indicator: str, value: float, **more) -> Figure:
    """One published figure."""
    return Figure(row, name, indicator, indicator, value, **more)
