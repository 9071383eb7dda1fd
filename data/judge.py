"""From sums to measures: values, intervals, ranks, and when a number is too small to judge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.defining import Indicator
from data.histograms import quantile

Z = 1.959964  # two-sided 95 %


def wilson(numerator: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's 95 % interval of a proportion; NaN where the base is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = numerator / base
        middle = (share + Z * Z / (2 * base)) / (1 + Z * Z / base)
        half = Z / (1 + Z * Z / base) * np.sqrt(share * (1 - share) / base + Z * Z / (4 * base * base))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def wide(n: np.ndarray) -> np.ndarray:
    """Student's two-sided 95 % value with n - 1 degrees of freedom, by the expansion of Cornish and Fisher."""
    return Z + (Z**3 + Z) / (4 * (n - 1))


def mean_interval(total: np.ndarray, squares: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a mean score from its sums, by Student's t; NaN below n = 2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        variance = np.clip((squares - n * mean * mean) / (n - 1), 0, None)
        half = np.where(n >= 2, wide(n) * np.sqrt(variance / n), np.nan)
    return np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)


@dataclass(frozen=True)
class Weighed:
    """Measures of one indicator, arrays of one shape; NaN where there is none."""

    numerator: np.ndarray
    denominator: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray


def weigh(indicator: Indicator, numerator: np.ndarray, base: np.ndarray, squares: np.ndarray) -> Weighed:
    """Measures from integer sums (`n_`, `d_`, `q_` columns; those that do not apply are not read).

    A rate or score without a base has no value; a count's denominator is empty and its n is itself.
    """
    total = numerator / indicator.scale
    absent = np.full(total.shape, np.nan)
    if indicator.denominator is None:
        return Weighed(total, absent, total, absent, absent, total)
    base = base / indicator.base_scale
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(base > 0, total / base, np.nan)
    low, high = absent, absent
    if indicator.kind == "score":
        low, high = mean_interval(total, squares / indicator.scale**2, base)
    elif indicator.kind == "rate" and indicator.base_scale == 1:
        low, high = wilson(total, base)
    return Weighed(total, base, value, low, high, base)


def weigh_quantile(indicator: Indicator, histograms: Sequence[np.ndarray | None]) -> Weighed:
    """Measures from histograms, with the order-statistic interval: the quantile at p ± z·√(p(1 − p)/n)."""
    share = indicator.quantile or 0.5
    rows = np.full((6, len(histograms)), np.nan)
    rows[[1, 5]] = 0.0
    for index, counts in enumerate(histograms):
        if counts is None or (n := float(counts.sum())) <= 0:
            continue
        reach = Z * (share * (1 - share) / n) ** 0.5
        low, high = quantile(counts, max(share - reach, 0.0)), quantile(counts, min(share + reach, 1.0))
        told = np.array([quantile(counts, share), low, high]) * (60 if indicator.time == "minutes" else 1)
        rows[1:, index] = (n, *told, n)
    return Weighed(*rows)


def judged(indicator: Indicator) -> bool:
    """Whether units are compared by quality (and need a base), not by volume."""
    return indicator.kind in ("rate", "score", "mean", "quantile")


def states(indicator: Indicator, n: np.ndarray) -> np.ndarray:
    """`ok`, `few` (shown, never ranked) or `none` (no base at all) of each row."""
    if not judged(indicator):
        return np.full(len(n), "ok")
    return np.select([~(n > 0), n < indicator.min_base], ["none", "few"], default="ok")


def ranks(
    indicator: Indicator, measures: Weighed, ranked: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """position, best and worst rank of the rows marked in `ranked`, 0 for the others.

    The range counts who is surely better and surely worse: those whose interval does not touch ours. Volumes have
    no interval; they are listed largest first and share the place of their equals.
    """
    answer = np.zeros((3, len(ranked)), dtype=np.int64)
    sign = 1.0 if judged(indicator) and indicator.better == "low" else -1.0
    value = sign * measures.value[ranked]
    ends = np.stack([sign * measures.low[ranked], sign * measures.high[ranked]])
    ends = np.where(np.isnan(ends), value, ends)
    low, high = ends.min(axis=0), ends.max(axis=0)
    answer[0, ranked] = np.searchsorted(np.sort(value), value, side="left") + 1
    answer[1, ranked] = np.searchsorted(np.sort(high), low, side="left") + 1
    answer[2, ranked] = np.searchsorted(np.sort(low), high, side="right")
    return answer[0], answer[1], answer[2]
