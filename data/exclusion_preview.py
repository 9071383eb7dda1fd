"""What leaving out a single fact changes in the numbers of a unit and a period: asked before it is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from pandas import DataFrame, Series
from sqlalchemy import ColumnElement, Connection, and_

from data.defining import Indicator, above, below
from data.exclusion_effect import Apart
from data.exclusions import Fact
from data.factstore import visible
from data.indicators import INDICATORS, of_subject
from data.left_out import APPROVED
from data.measures import elapsed
from data.query import Query
from data.schema import FACTS
from data.tables import Tables

if TYPE_CHECKING:
    from data.reader import Reader

SHARED = ("order_events",)  # hangs on other facts, too: another order may tell the event then


@dataclass(frozen=True)
class Change:
    """An indicator with and without a fact: value (None without a base), n what it rests on, with `less` without."""

    indicator: Indicator
    value: float | None
    n: float
    less_value: float | None
    less_n: float


def preview(reader: Reader, fact: Fact, state: str, query: Query) -> list[Change]:
    """Indicators of `query.within` that the exclusion of a fact changes or, where it is approved, has changed."""
    names = tuple(entry.name for entry in of_subject(fact.subject) if entry.name not in SHARED)
    asked = query.asking(indicators=names)
    only = partial(Apart, which=partial(_this, fact), variant=hanging, cleared=True)
    with reader.read():
        periods = [elapsed(query.period, reader.today)]
        now = reader.tables(asked, depth=None, periods=periods).together("")
        own = reader.tables(asked, depth=None, periods=periods, of=only).together("")
    other = Tables(("code",), 1)
    other.take(now)
    other.take(own, sign=1 if state == APPROVED else -1)
    with_it, without = (other, now) if state == APPROVED else (now, other)
    found = [_change(name, with_it, without) for name in names]
    return [one for one in found if (one.value, one.n) != (one.less_value, one.less_n)]


def _change(name: str, with_it: Tables, without: Tables) -> Change:
    key = [("",)]
    both = [each.measures(name, each.rows(key)) for each in (with_it, without)]
    values = [
        (None if np.isnan(one.value[0, 0]) else float(one.value[0, 0]), float(one.n[0, 0])) for one in both
    ]
    return Change(INDICATORS[name], *values[0], *values[1])


def _this(fact: Fact, connection: Connection, subject: str, load: int) -> ColumnElement[bool]:
    table = FACTS[subject]
    return and_(table.c.source_id == fact.source_id, table.c.key == fact.key, visible(table, load))


def hanging(entry: Indicator) -> Indicator:
    """The part of what facts add that is gone when they are left out: of filing rates, for one, nothing is."""

    def top(facts: DataFrame) -> Series:
        with_it = above(entry, facts)
        return with_it if entry.kind == "quantile" else with_it - above(entry, facts.assign(valid=False))

    def bottom(facts: DataFrame) -> Series:
        with_it, without = (below(entry, each) for each in (facts, facts.assign(valid=False)))
        nothing = Series(0, index=facts.index)  # never asked for: what has no base has no denominator below
        return nothing if with_it is None or without is None else with_it - without

    return replace(entry, numerator=top, denominator=None if entry.denominator is None else bottom, needs=())
