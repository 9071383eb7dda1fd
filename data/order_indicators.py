"""Indicators of the 12345 citizen hotline, after the practice quoted in GB/T 33358-2016 (政府热线服务规范).

Quality counts on the day an order is closed; what nobody rated leaves the denominator, and how many were rated of
those called back is told beside it.
"""

from typing import Literal

from pandas import DataFrame, Series

from data.defining import Column, Indicator, flag, happened, ones, word

SATISFACTION = {"satisfied": 10, "mostly": 8, "neutral": 6, "dissatisfied": 0}  # tenths
_EXCLUDED = "excluded from assessment, withdrawn"
_HOTLINE = "GB/T 33358-2016"
_RATED = word("satisfaction", *SATISFACTION)


def _finished_in_time(facts: DataFrame) -> Series:
    done = facts["finished_at"].where(facts["finished_on"] >= 0, facts["closed_at"])
    finished = (facts["finished_on"] >= 0) | (facts["closed_on"] >= 0)
    return flag(finished & (done <= facts["due_at"]), facts)


def _due(facts: DataFrame) -> Series:
    return flag(facts["due_on"] >= 0, facts)


def _told_once(column: Column) -> Column:
    """The same without the orders whose event another fact tells (`data.links`)."""

    def share(facts: DataFrame) -> Series:
        return column(facts) * (facts["elsewhere"] == 0)

    return share


def _score(facts: DataFrame) -> Series:
    tenths = sum(
        facts["satisfaction"].isin([each]).astype("int64") * worth for each, worth in SATISFACTION.items()
    )
    return tenths * ones(facts)


def _rated_when_called(facts: DataFrame) -> Series:
    return _RATED(facts) * (facts["called_back_on"] >= 0)


def _returned(facts: DataFrame) -> Series:
    return flag((facts["dispatched_on"] >= 0) & (facts["returns"] > 0), facts)


def _repeated(facts: DataFrame) -> Series:
    return flag(facts["repeat_of"] == 1, facts)


def _level(name: str, level: str, title: str, better: Literal["high", "low"]) -> Indicator:
    """The share of one of the four levels of satisfaction among those rated."""
    return Indicator(
        f"order_{name}_rate", "orders", "rate", word("satisfaction", level), _RATED, counted_on="closed_on",
        better=better, formula=f"{level} / rated", exclusions=_EXCLUDED + ", unrated",
        basis=f"{_HOTLINE}: 综合满意度 {title} / 已评价",
    )  # fmt: skip


ORDERS = (
    Indicator(
        "orders_accepted", "orders", "count", ones, counted_on="accepted_on",
        formula="count(orders)", exclusions=_EXCLUDED, basis=f"{_HOTLINE}: 受理数",
    ),
    Indicator(
        "order_on_time_rate", "orders", "rate", _finished_in_time, _due, counted_on="due_on", better="high",
        formula="finished by the limit / due", exclusions=_EXCLUDED, basis=f"{_HOTLINE}: 按时办结率",
    ),
    Indicator(
        "order_first_contact_rate", "orders", "rate", word("first_contact", "yes"),
        word("first_contact", "yes", "no"), counted_on="closed_on", better="high",
        formula="yes / (yes + no)", exclusions=_EXCLUDED + ", unrated",
        basis=f"{_HOTLINE}: 先行联系率 = 是 / (是 + 否)",
    ),
    Indicator(
        "order_resolution_rate", "orders", "rate", word("closing_judgement", "solved"),
        word("closing_judgement", "solved", "explained"), counted_on="closed_on", better="high",
        formula="solved / (solved + explained)", exclusions=_EXCLUDED + ", unrated",
        basis=f"{_HOTLINE}: 实际解决率 = 实际解决 / (实际解决 + 解释说明)",
    ),
    Indicator(
        "order_satisfaction", "orders", "score", _score, _RATED, counted_on="closed_on", better="high", scale=10,
        formula="Σ score / n; satisfied 1.0, mostly 0.8, neutral 0.6, dissatisfied 0",
        exclusions=_EXCLUDED + ", unrated", basis=f"{_HOTLINE}: 市民满意率 = Σ score / n",
    ),
    Indicator(
        "order_events", "orders", "count", _told_once(ones), counted_on="accepted_on",
        formula="count(orders that no other fact tells)",
        exclusions=_EXCLUDED + ", passed on as a known case, repeats of an earlier order",
        basis=f"{_HOTLINE}: 受理数, one event once",
    ),
    Indicator(
        "order_explained_rate", "orders", "rate", word("closing_judgement", "explained"),
        word("closing_judgement", "solved", "explained"), counted_on="closed_on", better="low",
        formula="explained / (solved + explained)", exclusions=_EXCLUDED + ", unrated",
        basis=f"{_HOTLINE}: 解释说明率 = 1 − 实际解决率",
    ),
    Indicator(
        "order_callback_resolution_rate", "orders", "rate", word("callback_resolution", "solved"),
        word("callback_resolution", "solved", "unsolved"), counted_on="closed_on", better="high",
        formula="solved / (solved + unsolved), as told when called back", exclusions=_EXCLUDED + ", unrated",
        basis=f"{_HOTLINE}: 诉求解决率 = 解决 / 已评价解决情况",
    ),
    Indicator(
        "order_callback_validity_rate", "orders", "rate", _rated_when_called, happened("called_back"),
        counted_on="called_back_on", better="high", needs=("called_back_at",), formula="rated / called back",
        exclusions=_EXCLUDED, basis=f"{_HOTLINE}: 回访有效率 = 有效评价 / 回访数",
    ),
    Indicator(
        "order_return_rate", "orders", "rate", _returned, happened("dispatched"), counted_on="dispatched_on",
        better="low", needs=("dispatched_at", "returns"), formula="returned / dispatched", exclusions=_EXCLUDED,
        basis=f"{_HOTLINE}: 退单率 = 退单数 / 派单数",
    ),
    Indicator(
        "order_repeat_rate", "orders", "rate", _repeated, ones, counted_on="accepted_on", better="low",
        needs=("repeat_of",), formula="repeats of another order / accepted", exclusions=_EXCLUDED,
        basis=f"{_HOTLINE}: 重复投诉率 = 重复工单 / 受理数",
    ),
    _level("satisfied", "satisfied", "满意", "high"),
    _level("mostly_satisfied", "mostly", "基本满意", "high"),
    _level("neutral", "neutral", "一般", "low"),
    _level("dissatisfied", "dissatisfied", "不满意", "low"),
)  # fmt: skip
