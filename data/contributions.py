"""What each fact gives to a number: its share of numerator and denominator over a period, revision by revision.

The sums of the shares are the number itself, by construction: the same facts are read, cut to the same days of the
same boundary versions and weighed by the same definitions as in `data.measures`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas import DataFrame

from data.defining import Indicator
from data.indicators import INDICATORS
from data.measures import Counter, epoch_day
from data.query import Query
from data.running import not_yet
from data.sums import Days, Region, facts_in, near_days
from data.tally import Share, shares_of

if TYPE_CHECKING:
    from data.reader import Reader

COLUMNS = ("indicator", "rev", "numerator", "denominator", "bin")
BEGINNING = -(2**31)


def contributions(reader: Reader, query: Query) -> DataFrame:
    """Shares of the facts behind the indicators of a question, of its unit or all the scope opens.

    returns  indicator, rev, numerator, denominator (integers, in the indicator's own fractions), bin (of a quantile
             the bin of its histogram, else 0); facts that give nothing are left out
    Raises   UnknownUnit, NotReady
    """
    with reader.read() as connection:
        known = reader.at(query.as_of)
        counter = known.counter(connection, query)
        parts = [DataFrame({name: [] for name in COLUMNS})]
        for within in known.withins(query.within):
            parts += _of_unit(counter, query, within, known.depth_of(within))
    found = pd.concat(parts, ignore_index=True)
    types = dict.fromkeys(COLUMNS[1:], "int64") | {"indicator": "object"}
    return found.astype(types).groupby(["indicator", "rev"], as_index=False, sort=True).sum()


def _of_unit(counter: Counter, query: Query, within: str | None, depth: int) -> Iterable[DataFrame]:
    """Shares by boundary version, as `Counter.by_code` goes through them."""
    for subject in dict.fromkeys(INDICATORS[name].subject for name in query.indicators):
        wanted = [INDICATORS[name] for name in query.indicators if INDICATORS[name].subject == subject]
        for version in counter.versions:
            if within is not None and within not in version.by_code:
                continue
            region = Region(version, depth, *version.span(within))
            for held, asks, _ in counter.asks(version, wanted, [query.period]):
                facts = _facts(counter, region, subject, query, held)
                for ask in asks:
                    yield from _shares(not_yet(facts, ask.indicators, now=counter.now), ask)


def _facts(counter: Counter, region: Region, subject: str, query: Query, held) -> DataFrame:
    days = (epoch_day(query.period.start), epoch_day(query.period.end))
    connection, settings = counter.connection, counter.settings
    near = near_days(connection, settings, subject, days)
    only = counter.narrowed(held)
    return facts_in(connection, settings, region, subject, load=counter.load, only=only, words=(), near=near)


def _shares(facts: DataFrame, ask) -> Iterable[DataFrame]:
    rev = facts["rev"].to_numpy(dtype=np.int64)
    for entry in ask.indicators:
        runs = [(BEGINNING, end) for _, end in ask.periods] if entry.kind == "stock" else ask.periods
        found = shares_of(facts, [entry])
        for share in (*found.sums, *found.bins):
            if share.name[:2] != "q_":
                yield _cut(entry, share, rev, runs)


def _cut(entry: Indicator, share: Share, rev: np.ndarray, runs: Sequence[Days]) -> DataFrame:
    """What one column holds of each fact on the days of the runs."""
    inside = np.zeros(len(rev), dtype=bool)
    for start, end in runs:
        inside |= (share.day >= start) & (share.day < end) & (share.day >= 0)
    binned = share.name[:2] == "h_"
    if not binned:
        inside &= share.value != 0
    value = share.value[inside].astype(np.int64)
    none, one = np.zeros_like(value), np.ones_like(value)
    above = value if share.name[:2] == "n_" else none
    base = value if share.name[:2] == "d_" else one if binned else none
    columns = {"numerator": above, "denominator": base, "bin": value if binned else none}
    return DataFrame({"indicator": entry.name, "rev": rev[inside], **columns})
