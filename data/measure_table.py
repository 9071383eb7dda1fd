"""The table `linli measure` prints: measures by level, day, week, month, category and channel, in any combination.

Words are not held in the rollups, so a table by category or channel is counted from the shares kept of every fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pandas import DataFrame

from data.exclusion_effect import tables_before
from data.indicators import INDICATORS
from data.query import Period, Query, QueryError
from data.reader import Reader
from data.tables import Tables

TIMES = ("day", "week", "month")
WORDS = ("category", "channel", "department")
VALUES = ["numerator", "denominator", "value", "low", "high", "n"]
BEFORE = ["before_numerator", "before_denominator", "before_value", "excluded"]


@dataclass(frozen=True)
class Parts:
    """What a table is split by, in the order asked."""

    order: tuple[str, ...]
    level: str | None = None
    time: str | None = None
    words: tuple[str, ...] = ()


def parse_parts(text: str, *, levels: Sequence[str]) -> Parts:
    """Read `level:L,day,category`. Raises QueryError."""
    names = [part for part in text.split(",") if part]
    level = None
    order, words, times = [], [], []
    for name in names:
        if name.startswith("level:"):
            level = name.removeprefix("level:")
            if level not in levels:
                raise QueryError(f"by: got '{name}'; expected level: and one of {', '.join(levels)}")
            order.append("unit_code")
        elif name in TIMES:
            times.append(name)
            order.append(name)
        elif name in WORDS:
            words.append(name)
            order.append(name)
        else:
            raise QueryError(
                f"by: got '{name}'; expected level:L, day, week, month, category, channel or department"
            )
    if len(times) > 1 or len(set(order)) < len(order):
        raise QueryError(f"by: got '{text}'; expected each part once and one of day, week, month")
    return Parts(tuple(order), level, times[0] if times else None, tuple(words))


def buckets(period: Period, time: str | None) -> list[tuple[str, Period]]:
    """Sub-periods with their labels: a day, the Monday of an ISO week, a month; cut at the ends of the period."""
    if time is None:
        return [("", period)]
    found, start = [], period.start
    while start < period.end:
        label, end = _bucket(start, time)
        found.append((label, Period(start, min(end, period.end))))
        start = end
    return found


def _bucket(day: date, time: str) -> tuple[str, date]:
    if time == "day":
        return day.isoformat(), day + timedelta(days=1)
    if time == "week":
        monday = day - timedelta(days=day.weekday())
        return monday.isoformat(), monday + timedelta(days=7)
    first = day.replace(day=1)
    return first.strftime("%Y-%m"), (first + timedelta(days=32)).replace(day=1)


def measure_table(reader: Reader, query: Query, parts: Parts, *, before: bool = False) -> DataFrame:
    """Columns indicator, unit_code, the other parts, numerator, denominator, value, low, high, n.

    Without a level one row per combination for `query.within` (unit_code '' for the whole instance). With a level
    its units, also those at 0 when nothing else is asked for, and each parent's unassigned row. Rows whose
    numerator is 0 and whose denominator is 0 or empty are left out when a time or word part is asked for.

    before  also before_numerator, before_denominator, before_value: as if nothing were left out of the assessment;
            and excluded: how many facts left out the measure would rest on. A row is then left out where both are 0
    """
    labels = buckets(query.period, parts.time)
    tables = [
        _of_subject(reader, query.asking(indicators=tuple(names)), parts, labels, before=before)
        for names in _by_subject(query.indicators)
    ]
    table = pd.concat(tables, ignore_index=True)
    table["indicator"] = pd.Categorical(table["indicator"], categories=list(dict.fromkeys(query.indicators)))
    table = table.sort_values(["indicator", *parts.order], kind="stable").astype({"indicator": "str"})
    shown = ["indicator", "unit_code", *(part for part in parts.order if part != "unit_code"), *VALUES]
    shown += BEFORE if before else []
    return table[shown].reset_index(drop=True)


def _by_subject(names: Sequence[str]) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        found.setdefault(INDICATORS[name].subject, []).append(name)
    return list(found.values())


def _of_subject(
    reader: Reader, query: Query, parts: Parts, labels: list[tuple[str, Period]], *, before: bool
) -> DataFrame:
    within = reader.unit(query.within) if query.within else None
    depth = reader.level(parts.level).depth if parts.level else None
    if within and depth is not None and depth < within.depth:
        raise QueryError(f"by: got level:{parts.level}; expected {within.level} or a level below it")
    periods, code = [period for _, period in labels], within.code if within else ""
    with reader.read():
        all_tables = [reader.tables(query, depth=depth, periods=periods, words=parts.words)]
        if before:
            all_tables += tables_before(reader, query, depth=depth, periods=periods, words=parts.words)
    if depth is None:
        all_tables = [each.together(code) for each in all_tables]
    found, *more = all_tables
    keys = _keys(reader, query, parts, more[0] if before else found)
    lines = found.rows(keys)
    split = parts.time is not None or bool(parts.words)
    words = {part: [key[index] for key in keys] for index, part in enumerate(("unit_code", *parts.words))}
    rows = []
    for name in query.indicators:
        measured = vars(found.measures(name, lines)) | (_before(name, keys, *more) if before else {})
        for number, (label, _) in enumerate(labels):
            values = {field: by_period[number] for field, by_period in measured.items()}
            rows.append(DataFrame({"indicator": name, parts.time or "_": label, **words, **values}))
    table = pd.concat(rows, ignore_index=True)
    sides = [*VALUES[:2], *(BEFORE[:2] if before else [])]
    empty = (table[sides].fillna(0) == 0).all(axis=1)
    return table[~empty] if split else table


def _before(name: str, keys: list[tuple], whole: Tables, counts: Tables) -> dict[str, np.ndarray]:
    """BEFORE of an indicator, arrays by period and key."""
    found = whole.measures(name, whole.rows(keys))
    values = dict(zip(BEFORE, (found.numerator, found.denominator, found.value), strict=False))
    return values | {BEFORE[3]: counts.column(f"n_{name}", counts.rows(keys))}


def _keys(reader: Reader, query: Query, parts: Parts, found: Tables) -> list[tuple]:
    """What to list: what was counted, and without a split every unit of the level even when nothing was."""
    keys = found.keys
    if parts.words or parts.time:
        return keys
    if parts.level is None:
        return keys or [(query.within or "",)]
    listed = {(code,) for code in reader.units(parts.level, query.within)["code"]}
    return sorted(listed | set(keys))
