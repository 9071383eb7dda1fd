"""Which categories in use have no limit: counted over the reader's scope, so that a list can be mended."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from data.deadlines import Deadline, DeadlineList, Doubt
from data.query import Period, Query
from data.reader import Reader

DAYS = 90
COUNTED = {"case": "cases_reported", "order": "orders_accepted"}


@dataclass(frozen=True)
class Uncovered:
    """A category without a limit, and how many facts of the last days have it.

    doubt  none: no row of the list; condition: only conditions that the facts do not say
    """

    category: str
    facts: int
    doubt: Doubt


def uncovered(reader: Reader, kind: str, listed: DeadlineList | None) -> list[Uncovered]:
    """Categories of the last days that get no limit from a list, most facts first. Raises NotReady."""
    name, tomorrow = COUNTED[kind], reader.today + timedelta(days=1)
    period = Period(tomorrow - timedelta(days=DAYS), tomorrow)
    query = Query(None, None, (name,), period, tree=reader.tree)
    found = reader.tables(query, depth=None, periods=[period], words=("category",))
    keys = found.keys
    counts = np.nan_to_num(found.measures(name, found.rows(keys)).n[0]) if keys else np.zeros(0)
    total: dict[str, int] = {}
    for (_, category), count in zip(keys, counts.tolist(), strict=True):
        total[category or ""] = total.get(category or "", 0) + int(count)
    rows = []
    for category, count in total.items():
        row = listed.match(category) if listed else "none"
        if count and not isinstance(row, Deadline):
            rows.append(Uncovered(category, count, row))
    return sorted(rows, key=lambda row: (-row.facts, row.category))
