"""What an indicator is, and the columns its definition is written with.

The callables see a frame with one row per fact: instants as microseconds became local days (`reported_on`, `due_on`,
`closed_on` …; -1 where absent), the words of the fact as text, numbers as numbers (`data.facts.prepare`). They answer
a row's share of the numerator or denominator as integers, so that sums are exact and the order of adding never
matters. A rate is Σnumerator / Σdenominator at every level, never a mean of rates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pandas import DataFrame, Series

Column = Callable[[DataFrame], Series]
MINUTE = 60_000_000
# Edges of duration histograms in minutes: each bin is 5 % wide, from one minute to ten years.
NEVER = 1e9  # minutes of what has not ended: beyond the last edge
DURATION_EDGES = np.concatenate([[0.0], 1.05 ** np.arange(0, 318)])


@dataclass(frozen=True)
class Indicator:
    """A declared metric; titles and explanations live in the language catalogues under `indicator.<name>`.

    counted_on  the local day a fact counts on: the cohort is explicit
    leaves_on   of a stock: the day a fact leaves it again (-1: never)
    enters_at   of a stock that an open fact enters at an instant ahead of it: on the running day that must have come
    lasts       of a sum of time spent: an open fact adds to it ahead of itself; what lies ahead does not count yet
    scale       the numerator is held as an integer of 1/scale, the denominator of 1/base_scale
    quantile    of a quantile: which one; the numerator is then a duration in minutes
    time        of a quantile or mean: what its value is told in
    histogram   of a quantile: what its histogram is called; quantiles of one duration and cohort share it
    needs       fields without which a fact tells nothing here: facts of a source that delivers one of them never
                are left out above and below, so that what was not told is no failure
    basis       document and clause behind the formula
    """

    name: str
    subject: Literal["cases", "orders", "parking", "stays", "alerts"]
    kind: Literal["count", "rate", "score", "mean", "stock", "quantile"]
    numerator: Column
    denominator: Column | None = None
    counted_on: str = "closed_on"
    leaves_on: str | None = None
    enters_at: str | None = None
    lasts: bool = False
    better: Literal["high", "low"] | None = None
    min_base: int = 20
    scale: int = 1
    base_scale: int = 1
    quantile: float | None = None
    histogram: str = ""
    time: Literal["hours", "minutes", "times"] = "hours"
    needs: tuple[str, ...] = ()
    formula: str = ""
    exclusions: str = ""
    basis: str = ""


def delivered(field: str) -> str:
    """Name of the column of prepared facts that says whether a fact's source delivers a field."""
    return f"delivers_{field}"


def above(entry: Indicator, facts: DataFrame) -> Series:
    """What each fact adds to the numerator; of a quantile its minutes, -1 where it has none."""
    return _told(entry, facts, facts.pipe(entry.numerator), nothing=-1.0 if entry.kind == "quantile" else 0)


def below(entry: Indicator, facts: DataFrame) -> Series | None:
    """What each fact adds to the denominator; None where the indicator has none."""
    if entry.denominator is None:
        return None
    return _told(entry, facts, facts.pipe(entry.denominator), nothing=0)


def _told(entry: Indicator, facts: DataFrame, values: Series, *, nothing: float) -> Series:
    for field in entry.needs:
        values = values.where(facts[delivered(field)], nothing)
    return values


# Columns of definitions: what counts is a fact that is valid (`data.facts`: not withdrawn, voided or excluded).


def ones(facts: DataFrame) -> Series:
    """1 of every fact that counts."""
    return facts["valid"].astype("int64")


def flag(condition: Series, facts: DataFrame) -> Series:
    """1 of every fact that counts and meets a condition."""
    return (condition & facts["valid"]).astype("int64")


def happened(event: str) -> Column:
    """1 of every fact that counts and has an instant: "closed" of closed_at."""

    def column(facts: DataFrame) -> Series:
        return flag(facts[f"{event}_on"] >= 0, facts)

    return column


def word(column: str, *values: str) -> Column:
    """1 of every fact that counts and has one of some words."""

    def share(facts: DataFrame) -> Series:
        return flag(facts[column].isin(values), facts)

    return share


def minutes(start: str, end: str) -> Column:
    """Minutes from one instant to another; -1 where one is absent or the second came first."""

    def column(facts: DataFrame) -> Series:
        found = (facts[f"{end}_at"] - facts[f"{start}_at"]) / MINUTE
        both = (facts[f"{start}_on"] >= 0) & (facts[f"{end}_on"] >= 0)
        return found.where(both & facts["valid"] & (found >= 0), -1.0)

    return column


def held(name: str) -> Column:
    """A number the preparation worked out already."""

    def column(facts: DataFrame) -> Series:
        return facts[name].astype("int64")

    return column
