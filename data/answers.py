"""Answers for pages: the units of a level judged side by side, and one unit over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from data import judge
from data.indicators import INDICATORS
from data.measures import UNASSIGNED, elapsed
from data.query import Period, Query
from data.tables import Tables

if TYPE_CHECKING:
    from data.reader import Reader

WEIGHED = ("numerator", "denominator", "value", "low", "high", "n")
MEASURED = dict.fromkeys(("indicator", "unit_code", "unit_name", "kind", "state"), "str")


def measures(reader: Reader, query: Query, *, compare: bool) -> DataFrame:
    """Measures of the units of `query.level` inside `query.within`, the unassigned rows and the total.

    compare  also read the comparable period before
    returns  indicator, unit_code, unit_name, pos, kind (unit, unassigned, total), numerator, denominator, value,
             low, high, n, previous, change, position, rank_low, rank_high (absent when not ranked),
             state (ok, few, none)
    Raises   UnknownUnit, NotReady; KeyError for an unknown level
    """
    now = elapsed(query.period, reader.today)
    periods = [now, now.before] if compare else [now]
    depth = reader.settings.level(query.level or reader.settings.names[0]).depth
    found = reader.tables(query, depth=depth, periods=periods)
    rows = _rows(reader, query, found, depth)
    whole = found.together("")
    parts = [_judged(name, found, whole, rows, compare=compare) for name in query.indicators]
    columns: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for name in ("position", "rank_low", "rank_high"):
        columns[name] = pd.arrays.IntegerArray(columns[name], columns[name] == 0)
    return DataFrame(columns).astype(MEASURED)


def series(reader: Reader, query: Query, periods: Sequence[Period]) -> DataFrame:
    """Measures of `query.within` over many periods.

    returns  indicator, period_start, period_end, numerator, denominator, value, n
    """
    whole = reader.tables(query, depth=None, periods=periods).together("")
    numbers = np.arange(len(periods))
    rows = np.repeat(whole.rows([("",)]), len(periods))
    found = [whole.measures(name, rows, period=numbers) for name in query.indicators]
    values = {
        field: np.concatenate([getattr(part, field) for part in found])
        for field in ("numerator", "denominator", "value", "n")
    }
    times = {
        "indicator": np.repeat(np.array(query.indicators, dtype=object), len(periods)),
        "period_start": [period.start for period in periods] * len(found),
        "period_end": [period.end for period in periods] * len(found),
    }
    return DataFrame(times | values)


def _rows(reader: Reader, query: Query, found: Tables, depth: int) -> list[tuple[str, str, str, int]]:
    """Lines to show (code, name, kind, pos): today's units of the level, former ones with figures, unassigned."""
    version = reader.version
    shown = (reader.shown(depth, query.within) + 1).tolist()
    rows = [(version.code_at[pos], version.name_at[pos], "unit", pos) for pos in shown]
    known = {row[0] for row in rows}
    loose = []
    for (code,) in found.keys:
        if code.endswith(UNASSIGNED):
            loose.append((code, _parent_name(reader, code), "unassigned", 0))
        elif code not in known:
            rows.append((code, _former_name(reader, code), "unit", version.by_code.get(code, 0)))
    return rows + loose


def _former_name(reader: Reader, code: str) -> str:
    for version in reversed(reader.versions):
        if code in version.by_code:
            return str(version.row(version.by_code[code])["name"])
    return code


def _parent_name(reader: Reader, code: str) -> str:
    parent = code.removesuffix(UNASSIGNED)
    return _former_name(reader, parent) if parent else ""


def _judged(
    name: str, found: Tables, whole: Tables, rows: list[tuple[str, str, str, int]], *, compare: bool
) -> dict[str, np.ndarray]:
    """Columns of one indicator: the rows and, last, their total."""
    indicator = INDICATORS[name]
    keys, total = found.rows([(row[0],) for row in rows]), whole.rows([("",)])
    now = [found.measures(name, keys, period=0), whole.measures(name, total, period=0)]
    values = {field: np.concatenate([getattr(part, field) for part in now]) for field in WEIGHED}
    before = np.full(len(keys) + 1, np.nan)
    if compare:
        parts = [found.measures(name, keys, period=1).value, whole.measures(name, total, period=1).value]
        before = np.concatenate(parts)
    lines = [*rows, ("", "", "total", 0)]
    kind = np.array([line[2] for line in lines])
    state = judge.states(indicator, values["n"])
    position, best, worst = judge.ranks(
        indicator,
        judge.Weighed(**values),
        (kind == "unit") & (state == "ok") & ~np.isnan(values["value"]),
    )
    return {
        "indicator": np.full(len(lines), name, dtype=object),
        "unit_code": np.array([line[0] for line in lines], dtype=object),
        "unit_name": np.array([line[1] for line in lines], dtype=object),
        "pos": np.array([line[3] for line in lines]),
        "kind": kind.astype(object),
        **values,
        "previous": before,
        "change": values["value"] - before,
        "position": position,
        "rank_low": best,
        "rank_high": worst,
        "state": state.astype(object),
    }
