"""Indicators of grid cases, after the practice quoted in GB/T 30428.4 (数字化城市管理信息系统: 绩效评价).

A case is followed through its steps: reported 上报, filed 立案, dispatched 派遣, handled 处置, closed 结案. Rates of a
step count among the cases that have come to it; a period's rates of handling and closing count the cases whose limit
falls in it (应处置数, 应结案数).
"""

from typing import Literal

from pandas import DataFrame, Series

from data.defining import Column, Indicator, flag, happened, minutes, ones

_EXCLUDED = "voided, excluded from assessment, withdrawn"
_GRID = "GB/T 30428.4"
_CLOSING = minutes("reported", "closed")


def _closed_in_time(facts: DataFrame) -> Series:
    by_clock = (facts["closed_on"] >= 0) & (facts["closed_at"] <= facts["due_at"])
    return flag(facts["on_time"].where(facts["on_time"] >= 0, by_clock.astype("int64")) == 1, facts)


def _judged_in_time(facts: DataFrame) -> Series:
    return flag((facts["due_on"] >= 0) | (facts["on_time"] >= 0), facts)


def _due(facts: DataFrame) -> Series:
    return flag(facts["due_on"] >= 0, facts)


def _come_in(facts: DataFrame) -> Series:
    """Every report, also those that were voided: that they were not filed is what the filing rate tells."""
    return (facts["withdrawn"] == 0).astype("int64")


def _filed(facts: DataFrame) -> Series:
    return ((facts["filed_on"] >= 0) & (facts["withdrawn"] == 0)).astype("int64")


def _within(start: str, end: str, limit: str) -> Column:
    """1 of every fact that took a step within the minutes the instance allows for it."""

    def column(facts: DataFrame) -> Series:
        took = (facts[f"{end}_at"] - facts[f"{start}_at"]) <= facts[limit]
        return flag((facts[f"{start}_on"] >= 0) & (facts[f"{end}_on"] >= 0) & took, facts)

    return column


def _sent_rightly(facts: DataFrame) -> Series:
    return flag((facts["dispatched_on"] >= 0) & (facts["redispatches"] <= 0), facts)


def _handled(facts: DataFrame) -> Series:
    return flag((facts["dispatched_on"] >= 0) & (facts["handled_on"] >= 0), facts)


def _in_time(facts: DataFrame) -> Series:
    return (facts["handled_on"] >= 0) & ((facts["due_on"] < 0) | (facts["handled_at"] <= facts["due_at"]))


def _handled_in_time(facts: DataFrame) -> Series:
    return flag((facts["dispatched_on"] >= 0) & _in_time(facts), facts)


def _handled_late(facts: DataFrame) -> Series:
    """Handled after the limit, or not handled although it is past."""
    return flag((facts["dispatched_on"] >= 0) & (facts["due_on"] >= 0) & ~_in_time(facts), facts)


def _reworked(facts: DataFrame) -> Series:
    return flag(facts["reworks"] > 0, facts)


def _reworks(facts: DataFrame) -> Series:
    return facts["reworks"].clip(lower=0) * ones(facts)


def _forced(facts: DataFrame) -> Series:
    return flag((facts["forced"] == 1) & (facts["closed_on"] >= 0), facts)


def _times(
    step: str, start: str, end: str, *, time: Literal["hours", "minutes"], needs: tuple[str, ...], basis: str
) -> tuple[Indicator, Indicator]:
    """Median and 90 % quantile of the time one step takes, counted on the day it ends; they share a histogram."""
    column = minutes(start, end)
    excluded = f"{_EXCLUDED}, {end} before {start}"

    def quantile(name: str, share: float, title: str) -> Indicator:
        return Indicator(
            f"case_{step}_{time}_{name}", "cases", "quantile", column, counted_on=f"{end}_on", better="low",
            quantile=share, histogram=f"case_{step}_time", time=time, needs=needs,
            formula=f"{title}({end}_at − {start}_at)", exclusions=excluded, basis=f"{_GRID}: {basis}",
        )  # fmt: skip

    return quantile("median", 0.5, "median"), quantile("p90", 0.9, "P90")


CASES = (
    Indicator(
        "cases_reported", "cases", "count", ones, counted_on="reported_on",
        formula="count(cases)", exclusions=_EXCLUDED, basis=f"{_GRID}: 上报数",
    ),
    Indicator(
        "cases_closed", "cases", "count", happened("closed"), counted_on="closed_on",
        formula="count(cases closed)", exclusions=_EXCLUDED, basis=f"{_GRID}: 结案数",
    ),
    Indicator(
        "cases_open", "cases", "stock", ones, counted_on="reported_on", leaves_on="left_on", better="low",
        formula="Σ reported − Σ closed, to the end of the day", exclusions=_EXCLUDED, basis=f"{_GRID}: 在办数",
    ),
    Indicator(
        "cases_overdue_open", "cases", "stock", _due, counted_on="overdue_on", leaves_on="overdue_left_on",
        enters_at="due_at", better="low",
        formula="Σ fallen due unclosed − Σ closed late, to the end of the day; today to this minute",
        exclusions=_EXCLUDED, basis=f"{_GRID}: 超期未结案数",
    ),
    Indicator(
        "case_closure_rate", "cases", "rate", happened("closed"), ones, counted_on="due_or_reported_on",
        better="high", formula="closed / should be closed", exclusions=_EXCLUDED,
        basis=f"{_GRID}: 结案率 = 结案数 / 应结案数",
    ),
    Indicator(
        "case_on_time_closure_rate", "cases", "rate", _closed_in_time, _judged_in_time,
        counted_on="due_or_reported_on", better="high", formula="closed by the limit / should be closed",
        exclusions=_EXCLUDED + ", without a limit or verdict", basis=f"{_GRID}: 按期结案率 = 按期结案数 / 应结案数",
    ),
    Indicator(
        "case_hours_median", "cases", "quantile", _CLOSING, counted_on="closed_on", better="low",
        quantile=0.5, histogram="case_hours", formula="median(closed_at − reported_at)",
        exclusions=_EXCLUDED + ", closed before reported", basis=_GRID,
    ),
    Indicator(
        "case_hours_p90", "cases", "quantile", _CLOSING, counted_on="closed_on", better="low",
        quantile=0.9, histogram="case_hours", formula="P90(closed_at − reported_at)",
        exclusions=_EXCLUDED + ", closed before reported", basis=_GRID,
    ),
    Indicator(
        "case_filing_rate", "cases", "rate", _filed, _come_in, counted_on="reported_on", better="high",
        needs=("filed_at",), formula="filed / reported", exclusions="withdrawn",
        basis=f"{_GRID}: 立案率 = 立案数 / 上报数",
    ),
    Indicator(
        "case_on_time_filing_rate", "cases", "rate", _within("reported", "filed", "filing_limit"), happened("filed"),
        counted_on="filed_on", better="high", needs=("filed_at",), formula="filed within the minutes allowed / filed",
        exclusions=_EXCLUDED, basis=f"{_GRID}: 按时立案率 = 按时立案数 / 立案数",
    ),
    Indicator(
        "case_on_time_dispatch_rate", "cases", "rate", _within("filed", "dispatched", "dispatch_limit"),
        happened("filed"), counted_on="filed_on", better="high", needs=("filed_at", "dispatched_at"),
        formula="dispatched within the minutes allowed / should be dispatched", exclusions=_EXCLUDED,
        basis=f"{_GRID}: 按时派遣率 = 按时派遣数 / 应派遣数",
    ),
    Indicator(
        "case_dispatch_accuracy", "cases", "rate", _sent_rightly, happened("filed"), counted_on="filed_on",
        better="high", needs=("filed_at", "dispatched_at", "redispatches"),
        formula="dispatched once / should be dispatched", exclusions=_EXCLUDED,
        basis=f"{_GRID}: 派遣准确率 = 准确派遣数 / 应派遣数",
    ),
    Indicator(
        "case_handling_rate", "cases", "rate", _handled, happened("dispatched"), counted_on="due_or_reported_on",
        better="high", needs=("dispatched_at", "handled_at"), formula="handled / should be handled",
        exclusions=_EXCLUDED + ", not dispatched", basis=f"{_GRID}: 处置率 = 处置数 / 应处置数",
    ),
    Indicator(
        "case_on_time_handling_rate", "cases", "rate", _handled_in_time, happened("dispatched"),
        counted_on="due_or_reported_on", better="high", needs=("dispatched_at", "handled_at"),
        formula="handled by the limit / should be handled; without a limit handled is in time",
        exclusions=_EXCLUDED + ", not dispatched", basis=f"{_GRID}: 按期处置率 = 按期处置数 / 应处置数",
    ),
    Indicator(
        "case_overdue_handling_rate", "cases", "rate", _handled_late, happened("dispatched"),
        counted_on="due_or_reported_on", better="low", needs=("dispatched_at", "handled_at"),
        formula="(handled late + late and not handled) / should be handled",
        exclusions=_EXCLUDED + ", not dispatched",
        basis=f"{_GRID}: 超期处置率 = (超期处置数 + 超期未处置数) / 应处置数",
    ),
    Indicator(
        "case_rework_rate", "cases", "rate", _reworked, ones, counted_on="due_or_reported_on", better="low",
        needs=("reworks",), formula="cases reworked / should be closed", exclusions=_EXCLUDED,
        basis=f"{_GRID}: 返工率 = 返工数 / 应结案数",
    ),
    Indicator(
        "case_reworks", "cases", "count", _reworks, counted_on="due_or_reported_on", better="low",
        needs=("reworks",), formula="Σ times reworked", exclusions=_EXCLUDED, basis=f"{_GRID}: 返工次数",
    ),
    Indicator(
        "case_forced_closure_rate", "cases", "rate", _forced, happened("closed"), counted_on="closed_on",
        better="low", needs=("forced",), formula="closed by force / closed", exclusions=_EXCLUDED,
        basis=f"{_GRID}: 强制结案数 / 结案数",
    ),
    *_times("filing", "reported", "filed", time="minutes", needs=("filed_at",), basis="立案用时"),
    *_times("dispatch", "filed", "dispatched", time="minutes", needs=("filed_at", "dispatched_at"), basis="派遣用时"),
    *_times("handling", "dispatched", "handled", time="hours", needs=("dispatched_at", "handled_at"), basis="处置用时"),
    *_times("checking", "handled", "closed", time="hours", needs=("handled_at",), basis="核查结案用时"),
)  # fmt: skip
