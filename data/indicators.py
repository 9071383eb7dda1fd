"""Every indicator the product knows: one entry is all a new metric needs.

The callables see a frame with one row per fact: instants as nullable microseconds became local days
(`reported_on`, `due_on`, `closed_on` …; -1 where absent), the words of the fact as text, numbers as numbers.
They answer a row's share of the numerator or denominator as integers, so that sums are exact and the order of
adding never matters. A rate is Σnumerator / Σdenominator at every level, never a mean of rates.

Formulas follow the practice quoted in the national series GB/T 30428 (grid cases) and GB/T 33358 (12345 hotline).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pandas import DataFrame, Series

Column = Callable[[DataFrame], Series]
MINUTE = 60_000_000
# Edges of duration histograms in minutes: each bin is 5 % wide, from one minute to ten years.
DURATION_EDGES = np.concatenate([[0.0], 1.05 ** np.arange(0, 318)])
SATISFACTION = {"satisfied": 10, "mostly": 8, "neutral": 6, "dissatisfied": 0}  # tenths


@dataclass(frozen=True)
class Indicator:
    """A declared metric; titles and explanations live in the language catalogues under `indicator.<name>`.

    counted_on  the local day a fact counts on: the cohort is explicit
    leaves_on   of a stock: the day a fact leaves it again (-1: never)
    enters_at   of a stock that an open fact enters at an instant ahead of it: on the running day that must have come
    scale       the numerator is held as an integer of 1/scale, the denominator of 1/base_scale
    quantile    of a quantile: which one; the numerator is then a duration in minutes
    basis       document and clause behind the formula
    """

    name: str
    subject: Literal["cases", "orders", "parking", "alerts"]
    kind: Literal["count", "rate", "score", "stock", "quantile"]
    numerator: Column
    denominator: Column | None = None
    counted_on: str = "closed_on"
    leaves_on: str | None = None
    enters_at: str | None = None
    better: Literal["high", "low"] | None = None
    min_base: int = 20
    scale: int = 1
    base_scale: int = 1
    quantile: float | None = None
    formula: str = ""
    exclusions: str = ""
    basis: str = ""


def _ones(facts: DataFrame) -> Series:
    return facts["valid"].astype("int64")


def _flag(condition: Series, facts: DataFrame) -> Series:
    return (condition & facts["valid"]).astype("int64")


def _closed(facts: DataFrame) -> Series:
    return _flag(facts["closed_on"] >= 0, facts)


def _closed_in_time(facts: DataFrame) -> Series:
    by_clock = (facts["closed_on"] >= 0) & (facts["closed_at"] <= facts["due_at"])
    return _flag(facts["on_time"].where(facts["on_time"] >= 0, by_clock.astype("int64")) == 1, facts)


def _judged_in_time(facts: DataFrame) -> Series:
    return _flag((facts["due_on"] >= 0) | (facts["on_time"] >= 0), facts)


def _minutes_to_close(facts: DataFrame) -> Series:
    """Minutes from report to closing; -1 where there is none or the closing came first."""
    minutes = (facts["closed_at"] - facts["reported_at"]) / MINUTE
    return minutes.where((facts["closed_on"] >= 0) & facts["valid"] & (minutes >= 0), -1.0)


def _finished_in_time(facts: DataFrame) -> Series:
    done = facts["finished_at"].where(facts["finished_on"] >= 0, facts["closed_at"])
    finished = (facts["finished_on"] >= 0) | (facts["closed_on"] >= 0)
    return _flag(finished & (done <= facts["due_at"]), facts)


def _due(facts: DataFrame) -> Series:
    return _flag(facts["due_on"] >= 0, facts)


def _word(column: str, *values: str) -> Column:
    def flag(facts: DataFrame) -> Series:
        return _flag(facts[column].isin(values), facts)

    return flag


def _told_once(column: Column) -> Column:
    """The same without the orders whose event another fact tells (`data.links`)."""

    def share(facts: DataFrame) -> Series:
        return column(facts) * (facts["elsewhere"] == 0)

    return share


def _score(facts: DataFrame) -> Series:
    tenths = sum(
        facts["satisfaction"].isin([word]).astype("int64") * worth for word, worth in SATISFACTION.items()
    )
    return tenths * _ones(facts)


def _column(name: str) -> Column:
    def column(facts: DataFrame) -> Series:
        return facts[name].astype("int64")

    return column


_CASE_EXCLUDED = "voided, withdrawn"
_ORDER_EXCLUDED = "excluded from assessment, withdrawn"
_GRID = "GB/T 30428.4"
_HOTLINE = "GB/T 33358-2016"

_ENTRIES = (
    Indicator(
        "cases_reported", "cases", "count", _ones, counted_on="reported_on",
        formula="count(cases)", exclusions=_CASE_EXCLUDED, basis=f"{_GRID}: 上报数",
    ),
    Indicator(
        "cases_closed", "cases", "count", _closed, counted_on="closed_on",
        formula="count(cases closed)", exclusions=_CASE_EXCLUDED, basis=f"{_GRID}: 结案数",
    ),
    Indicator(
        "cases_open", "cases", "stock", _ones, counted_on="reported_on", leaves_on="left_on", better="low",
        formula="Σ reported − Σ closed, to the end of the day", exclusions=_CASE_EXCLUDED, basis=f"{_GRID}: 在办数",
    ),
    Indicator(
        "cases_overdue_open", "cases", "stock", _due, counted_on="overdue_on", leaves_on="overdue_left_on",
        enters_at="due_at", better="low",
        formula="Σ fallen due unclosed − Σ closed late, to the end of the day; today to this minute",
        exclusions=_CASE_EXCLUDED, basis=f"{_GRID}: 超期未结案数",
    ),
    Indicator(
        "case_closure_rate", "cases", "rate", _closed, _ones, counted_on="due_or_reported_on", better="high",
        formula="closed / should be closed", exclusions=_CASE_EXCLUDED, basis=f"{_GRID}: 结案率 = 结案数 / 应结案数",
    ),
    Indicator(
        "case_on_time_closure_rate", "cases", "rate", _closed_in_time, _judged_in_time,
        counted_on="due_or_reported_on", better="high", formula="closed by the limit / should be closed",
        exclusions=_CASE_EXCLUDED + ", without a limit or verdict",
        basis=f"{_GRID}: 按期结案率 = 按期结案数 / 应结案数",
    ),
    Indicator(
        "case_hours_median", "cases", "quantile", _minutes_to_close, counted_on="closed_on", better="low",
        quantile=0.5, formula="median(closed_at − reported_at)",
        exclusions=_CASE_EXCLUDED + ", closed before reported", basis=_GRID,
    ),
    Indicator(
        "case_hours_p90", "cases", "quantile", _minutes_to_close, counted_on="closed_on", better="low",
        quantile=0.9, formula="P90(closed_at − reported_at)",
        exclusions=_CASE_EXCLUDED + ", closed before reported", basis=_GRID,
    ),
    Indicator(
        "orders_accepted", "orders", "count", _ones, counted_on="accepted_on",
        formula="count(orders)", exclusions=_ORDER_EXCLUDED, basis=f"{_HOTLINE}: 受理数",
    ),
    Indicator(
        "order_on_time_rate", "orders", "rate", _finished_in_time, _due, counted_on="due_on", better="high",
        formula="finished by the limit / due", exclusions=_ORDER_EXCLUDED, basis=f"{_HOTLINE}: 按时办结率",
    ),
    Indicator(
        "order_first_contact_rate", "orders", "rate", _word("first_contact", "yes"),
        _word("first_contact", "yes", "no"), counted_on="closed_on", better="high",
        formula="yes / (yes + no)", exclusions=_ORDER_EXCLUDED + ", unrated",
        basis=f"{_HOTLINE}: 先行联系率 = 是 / (是 + 否)",
    ),
    Indicator(
        "order_resolution_rate", "orders", "rate", _word("closing_judgement", "solved"),
        _word("closing_judgement", "solved", "explained"), counted_on="closed_on", better="high",
        formula="solved / (solved + explained)", exclusions=_ORDER_EXCLUDED + ", unrated",
        basis=f"{_HOTLINE}: 实际解决率 = 实际解决 / (实际解决 + 解释说明)",
    ),
    Indicator(
        "order_satisfaction", "orders", "score", _score, _word("satisfaction", *SATISFACTION),
        counted_on="closed_on", better="high", scale=10,
        formula="Σ score / n; satisfied 1.0, mostly 0.8, neutral 0.6, dissatisfied 0",
        exclusions=_ORDER_EXCLUDED + ", unrated", basis=f"{_HOTLINE}: 市民满意率 = Σ score / n",
    ),
    Indicator(
        "order_events", "orders", "count", _told_once(_ones), counted_on="accepted_on",
        formula="count(orders that no other fact tells)",
        exclusions=_ORDER_EXCLUDED + ", passed on as a known case, repeats of an earlier order",
        basis=f"{_HOTLINE}: 受理数, one event once",
    ),
    Indicator(
        "parking_occupancy", "parking", "rate", _column("occupied_seconds"), _column("available_seconds"),
        counted_on="observed_on", min_base=1, scale=60, base_scale=60, formula="occupied / available space-minutes",
        exclusions="spaces out of service, readings older than twice their rhythm",
        basis="GA/T 1302-2016: 泊位占有率",
    ),
    Indicator(
        "littering_episodes", "alerts", "count", _word("kind", "littering"), counted_on="occurred_on", better="low",
        formula="count(episodes)", exclusions="false alarms, repeats of one camera within 10 minutes",
        basis="Civil Code art. 1254: 高空抛物",
    ),
    Indicator(
        "wall_episodes", "alerts", "count", _word("kind", "wall"), counted_on="occurred_on", better="low",
        formula="count(episodes)", exclusions="false alarms, repeats of one sensor within 10 minutes",
        basis="Civil Code art. 1253: 外墙脱落",
    ),
)  # fmt: skip

INDICATORS: dict[str, Indicator] = {entry.name: entry for entry in _ENTRIES}


def of_subject(subject: str) -> tuple[Indicator, ...]:
    """Indicators counted from the facts of one subject, in declared order."""
    return tuple(entry for entry in INDICATORS.values() if entry.subject == subject)
