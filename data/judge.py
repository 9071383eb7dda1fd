"""From sums to measures: values, intervals, ranks, and when a number is too small to judge."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from data.indicators import Indicator
from data.tally import quantile

Z = 1.959964  # two-sided 95 %


def wilson(numerator: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's 95 % interval of a proportion; NaN where the base is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = numerator / base
        middle = (share + Z * Z / (2 * base)) / (1 + Z * Z / base)
        half = Z / (1 + Z * Z / base) * np.sqrt(share * (1 - share) / base + Z * Z / (4 * base * base))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def mean_interval(total: np.ndarray, squares: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a mean score from its sums, by the normal approximation of Student's t; NaN below n = 2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        variance = np.clip((squares - n * mean * mean) / (n - 1), 0, None)
        wide = Z + (Z**3 + Z) / (4 * (n - 1))  # Cornish-Fisher for t with n - 1 degrees of freedom
        half = np.where(n >= 2, wide * np.sqrt(variance / n), np.nan)
    return np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)


def weigh(indicator: Indicator, sums: DataFrame, histograms: list[np.ndarray] | None = None) -> DataFrame:
    """numerator, denominator, value, low, high, n for each row of sums (`n_`, `d_`, `q_` columns).

    A rate or score without a base has no value; a count's denominator is empty and its n is itself.
    """
    if indicator.kind == "quantile":
        return _weigh_quantile(indicator, histograms or [])
    numerator = sums[f"n_{indicator.name}"].to_numpy(dtype=float) / indicator.scale
    absent = np.full(len(sums), np.nan)
    if indicator.denominator is None:
        parts = (numerator, absent, numerator, absent, absent, numerator)
    else:
        base = sums[f"d_{indicator.name}"].to_numpy(dtype=float) / indicator.base_scale
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(base > 0, numerator / base, np.nan)
        low, high = absent, absent
        if indicator.kind == "score":
            squares = sums[f"q_{indicator.name}"].to_numpy(dtype=float) / indicator.scale**2
            low, high = mean_interval(numerator, squares, base)
        elif indicator.base_scale == 1:
            low, high = wilson(numerator, base)
        parts = (numerator, base, value, low, high, base)
    names = ("numerator", "denominator", "value", "low", "high", "n")
    return DataFrame(dict(zip(names, parts, strict=True)), index=sums.index)


def _weigh_quantile(indicator: Indicator, histograms: list[np.ndarray]) -> DataFrame:
    """Order-statistic interval: the quantile at p ± z·√(p(1 − p)/n)."""
    share = indicator.quantile or 0.5
    rows = []
    for counts in histograms:
        n = float(counts.sum())
        reach = Z * np.sqrt(share * (1 - share) / n) if n > 0 else np.nan
        low, high = (quantile(counts, float(np.clip(share + side * reach, 0, 1))) for side in (-1, 1))
        rows.append((np.nan, n, quantile(counts, share), low, high, n))
    return DataFrame(rows, columns=["numerator", "denominator", "value", "low", "high", "n"], dtype=float)


def judged(indicator: Indicator) -> bool:
    """Whether units are compared by quality (and need a base), not by volume."""
    return indicator.kind in ("rate", "score", "quantile")


def states(indicator: Indicator, measures: DataFrame) -> Series:
    """`ok`, `few` (shown, never ranked) or `none` (no base at all)."""
    if not judged(indicator):
        return Series("ok", index=measures.index, dtype="str")
    few = np.where(measures["n"] < indicator.min_base, "few", "ok")
    return Series(np.where(measures["n"] > 0, few, "none"), index=measures.index, dtype="str")


def ranks(indicator: Indicator, measures: DataFrame) -> DataFrame:
    """position, rank_low, rank_high of the rows that are units and have enough base; absent for the others.

    The range counts who is surely better and surely worse: those whose interval does not touch ours. Volumes have
    no interval; they are listed largest first and share the place of their equals.
    """
    ranked = (measures["kind"] == "unit") & (measures["state"] == "ok")
    names = ("position", "rank_low", "rank_high")
    answer = DataFrame({name: Series(pd.NA, index=measures.index, dtype="Int64") for name in names})
    rows = measures[ranked]
    if rows.empty:
        return answer
    sign = 1.0 if judged(indicator) and indicator.better == "low" else -1.0
    value = (sign * rows["value"]).to_numpy()
    low = (sign * rows["high" if sign < 0 else "low"]).fillna(sign * rows["value"]).to_numpy()
    high = (sign * rows["low" if sign < 0 else "high"]).fillna(sign * rows["value"]).to_numpy()
    order = np.sort(value)
    answer.loc[ranked, "position"] = np.searchsorted(order, value, side="left") + 1
    answer.loc[ranked, "rank_low"] = np.searchsorted(np.sort(high), low, side="left") + 1
    answer.loc[ranked, "rank_high"] = np.searchsorted(np.sort(low), high, side="right")
    return answer
