"""Answers for pages: the units of a level judged side by side, and one unit over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame
from pandas.api.extensions import ExtensionArray

from data import judge
from data.calendar_days import looked_up
from data.comparable import Comparison, comparison
from data.departments import KINDS, roster
from data.indicators import INDICATORS
from data.measures import UNASSIGNED, elapsed
from data.query import Period, Query
from data.tables import Tables
from data.terms import read_terms

if TYPE_CHECKING:
    from data.reader import Reader

WEIGHED = ("numerator", "denominator", "value", "low", "high", "n")
TEXT = pd.StringDtype(na_value=np.nan)  # what "str" names, without looking it up for every column
STATES = ("few", "none", "ok")  # in the order of the alphabet, to be searched


def measures(reader: Reader, query: Query, *, compare: bool) -> DataFrame:
    """Measures of the units of `query.level` inside `query.within`, the unassigned rows and the total.

    compare  also read the comparable parts of the period before and of last year (`data.comparable`)
    returns  indicator, unit_code, unit_name, pos, kind (unit, unassigned, total), numerator, denominator, value,
             low, high, n, previous, change, year_before, year_change, position, rank_low, rank_high (absent when
             not ranked), state (ok, few, none)
    Raises   UnknownUnit, NotReady; KeyError for an unknown level
    """
    periods = _periods(reader, query, compare=compare)
    depth = reader.level(query.level).depth
    found = reader.tables(query, depth=depth, periods=periods)
    return _framed(query, found, _rows(reader, query, found, depth))


def compared(reader: Reader, query: Query) -> Comparison:
    """What the elapsed part of a question's period is compared with, by the calendar known at its instant."""
    with reader.read() as connection:
        known = looked_up(connection, reader.settings, as_of=query.as_of)
    now = elapsed(query.period, reader.day(query))
    return comparison(now, known, by=reader.settings.compare)


def _periods(reader: Reader, query: Query, *, compare: bool) -> list[Period]:
    """The elapsed part of the period and, to compare, what it is compared with."""
    if not compare:
        return [elapsed(query.period, reader.day(query))]
    found = compared(reader, query)
    return [found.now, found.before.period, found.year.period]


def _framed(query: Query, found: Tables, rows: list[tuple[str, str, str, int]]) -> DataFrame:
    """The rows and their total judged, indicator by indicator."""
    lines = [*rows, ("", "", "total", 0)]
    keys = found.rows([line[:1] for line in lines[:-1]])
    kind = np.array([line[2] for line in lines])
    parts = [_judged(name, found, keys, kind) for name in query.indicators]
    named = _named(query.indicators, lines)
    values: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for name in ("position", "rank_low", "rank_high"):
        values[name] = pd.arrays.IntegerArray(values[name], values[name] == 0)
    values["state"] = _words(STATES, np.searchsorted(STATES, values["state"]))
    return DataFrame(named | values, copy=False)


def departments(reader: Reader, query: Query, *, kind: str, compare: bool) -> DataFrame:
    """Measures of the departments of a kind (see `data.departments.KINDS`) inside `query.within`, and the total.

    returns  as `measures`, the name of a department as its code; what departments of another kind deal with, and
             what names none, is the one unassigned row
    Raises   UnknownUnit, NotReady
    """
    periods = _periods(reader, query, compare=compare)
    with reader.read() as connection:
        found = reader.tables(query, depth=None, periods=periods, words=("department",))
        known = roster(connection, as_of=query.as_of)
    shown = sorted({name for _, name in found.keys if name and known.kind(name) == kind})
    apart = found.grouped(lambda key: (key[1] if key[1] in shown else UNASSIGNED,))
    rows = [(name, name, "unit", 0) for name in shown]
    if apart.keys != [(name,) for name in shown]:
        rows.append((UNASSIGNED, "", "unassigned", 0))
    return _framed(query, apart, rows)


def department_kinds(reader: Reader) -> tuple[str, ...]:
    """Kinds of departments the sources of the instance have named so far, neighbourhoods first."""
    with reader.read() as connection:
        known = roster(connection)
        there = {known.kind(name) for name in read_terms(connection, "department").values()}
    return tuple(kind for kind in reversed(KINDS) if kind in there)


def series(reader: Reader, query: Query, periods: Sequence[Period]) -> DataFrame:
    """Measures of `query.within` over many periods.

    returns  indicator, period_start, period_end, numerator, denominator, value, low, high, n
    """
    whole = reader.tables(query, depth=None, periods=periods)
    found = [whole.measures(name, whole.rows([]), total=True) for name in query.indicators]
    named = {
        "indicator": _words(query.indicators, np.repeat(np.arange(len(found)), len(periods))),
        "period_start": [period.start for period in periods] * len(found),
        "period_end": [period.end for period in periods] * len(found),
    }
    values = {field: np.concatenate([getattr(part, field)[:, 0] for part in found]) for field in WEIGHED}
    return DataFrame(named | values, copy=False)


def _words(known: Sequence[str], at: np.ndarray) -> ExtensionArray:
    """Texts given by their place among a few; a column of texts made one by one takes longer than to count them."""
    return pd.array(list(known), dtype=TEXT).take(at)


def _named(names: Sequence[str], lines: Sequence[tuple[str, str, str, int]]) -> dict[str, Any]:
    """Columns that say what each row is: all lines of the first indicator, then of the next."""
    again = np.tile(np.arange(len(lines)), len(names))
    code, name, kind, pos = zip(*lines, strict=True)
    return {
        "indicator": _words(names, np.repeat(np.arange(len(names)), len(lines))),
        "unit_code": _words(code, again),
        "unit_name": _words(name, again),
        "pos": np.array(pos)[again],
        "kind": _words(kind, again),
    }


def _rows(reader: Reader, query: Query, found: Tables, depth: int) -> list[tuple[str, str, str, int]]:
    """Lines to show (code, name, kind, pos): today's units of the level, former ones with figures, unassigned."""
    version = reader.version
    shown = reader.shown(depth, query.within).tolist()
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
            return version.name_at[version.by_code[code]]
    return code


def _parent_name(reader: Reader, code: str) -> str:
    parent = code.removesuffix(UNASSIGNED)
    return _former_name(reader, parent) if parent else ""


def _judged(name: str, found: Tables, rows: np.ndarray, kind: np.ndarray) -> dict[str, np.ndarray]:
    """Values of one indicator: the rows and, last, their total."""
    indicator = INDICATORS[name]
    both = found.measures(name, rows, total=True)
    now = judge.Weighed(*(getattr(both, field)[0] for field in WEIGHED))
    before, year = both.value[1:] if len(both.value) > 1 else np.full((2, len(kind)), np.nan)
    state = judge.states(indicator, now.n)
    position, best, worst = judge.ranks(
        indicator, now, (kind == "unit") & (state == "ok") & ~np.isnan(now.value)
    )
    return {
        **vars(now),
        "previous": before,
        "change": now.value - before,
        "year_before": year,
        "year_change": now.value - year,
        "position": position,
        "rank_low": best,
        "rank_high": worst,
        "state": state,
    }
