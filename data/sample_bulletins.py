"""What the district of the sample city published: two months of figures of ten sub-districts, nine of them invented.

Ours are what was known here when each was published, so that the difference to today is what came late. The files go
through the same door as anybody's.
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from data.bulletin_file import figures_of
from data.bulletins import Draft, file_hash, record, with_codes
from data.instants import micros
from data.query import Period, Query
from data.reader import Reader
from data.sample.names import place_stems
from data.sample.sizes import stream
from data.scope import whole_scope
from data.sources.tables import read_table
from data.store import Store

UNITS, MONTHS = 10, 2
PUBLISHED_AFTER = 4  # days after the end of a month
WEIGHTS = {
    "order_first_contact_rate": ("先行联系率", 0.3),
    "order_on_time_rate": ("按时办结率", 0.1),
    "order_resolution_rate": ("实际解决率", 0.2),
    "order_satisfaction": ("满意度", 0.4),
}
KNOWN = 0.9  # of the orders; less, and the history of the sample was not delivered yet
SPREAD = 0.022  # of the others' shares about ours
HEAD = ("序号", "街道（镇）", "受理数", *(title for title, _ in WEIGHTS.values()), "综合得分", "排名")
ISSUER = "区城市运行管理中心"


def publish_bulletins(store: Store, folder: Path, *, seed: int, until: date) -> int:
    """Write and take the tables of the last whole months before `until`; answers how many there are."""
    count = 0
    for period in _months(until):
        on = period.end + timedelta(days=PUBLISHED_AFTER)
        at = datetime.combine(on, time(10), store.settings.timezone)
        reader = Reader(store, whole_scope(), clock=partial(_same, at))
        ours = _ours(reader, period, micros(at))
        if not ours:
            continue
        title = f"全区街镇12345工单办理情况通报（{period.start.year}年{period.start.month}月）"
        path = folder / "sample" / f"bulletin-{period.start:%Y-%m}.csv"
        path.write_text(_table(title, ours, period, seed), encoding="utf-8", newline="")
        figures = with_codes(figures_of(read_table(path), path.name), reader.version, "", path.name)
        record(store, Draft(title, ISSUER, on, period, file_hash(path)), figures, now=at, by="sample city")
        count += 1
    return count


def _same(instant: datetime) -> datetime:
    """A clock that stands."""
    return instant


def _months(until: date) -> list[Period]:
    """The last months that had been published by then, the oldest first."""
    end = (until - timedelta(days=PUBLISHED_AFTER + 1)).replace(day=1)
    found: list[Period] = []
    for _ in range(MONTHS):
        start = (end - timedelta(days=1)).replace(day=1)
        found.insert(0, Period(start, end))
        end = start
    return found


def _ours(reader: Reader, period: Period, as_of: int) -> list[tuple[str, int, list[float]]]:
    """Name, orders and shares of our sub-districts: as known then, unless most of it came later in one delivery."""
    found = []
    for unit in reader.roots()[:UNITS]:
        then, now = (_figures(reader, unit.code, period, known) for known in (as_of, None))
        orders, *shares = then if then[0] >= KNOWN * now[0] else now
        if orders > 0 and all(share == share for share in shares):
            found.append((unit.name, int(orders), shares))
    return found


def _figures(reader: Reader, unit: str, period: Period, as_of: int | None) -> list[float]:
    names = ("orders_accepted", *WEIGHTS)
    query = Query(None, unit, names, period, as_of=as_of)
    found: list[float] = reader.series(names, unit=unit, periods=[period], query=query)["value"].tolist()
    return found


def _table(title: str, ours: Sequence[tuple[str, int, list[float]]], period: Period, seed: int) -> str:
    draw = stream(seed, "bulletin", period.start.toordinal())
    stems = place_stems(seed, "subdistricts")
    taken = {name for name, _, _ in ours}
    middle = np.mean([shares for _, _, shares in ours], axis=0)
    rows = list(ours)
    while len(rows) < UNITS:
        name = next(stems) + ("镇" if len(rows) % 5 == 4 else "街道")
        if name not in taken:
            shares = np.clip(middle + draw.normal(0, SPREAD, len(middle)), 0, 0.995).tolist()
            rows.append((name, int(ours[0][1] * draw.uniform(0.5, 1.6)), shares))
    return _as_csv(
        title, [(name, orders, [round(share, 4) for share in shares]) for name, orders, shares in rows]
    )


def _as_csv(title: str, rows: Sequence[tuple[str, int, list[float]]]) -> str:
    """The table as the district prints it: a title above, the best first, equal scores on one rank, a total below."""
    weights = [weight for _, weight in WEIGHTS.values()]
    scored = sorted(
        ((round(100 * float(np.dot(weights, row[2])), 2), row) for row in rows), key=lambda pair: -pair[0]
    )
    scores = [score for score, _ in scored]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[title], HEAD])
    for number, (score, (name, orders, shares)) in enumerate(scored, start=1):
        printed = [f"{100 * share:.2f}%" for share in shares]
        writer.writerow([number, name, orders, *printed, f"{score:.2f}", scores.index(score) + 1])
    writer.writerow(["合计", "", sum(orders for _, orders, _ in rows)])
    return text.getvalue()
