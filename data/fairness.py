"""Fair comparison of units side by side: shrunk values, the limits of a funnel, the limits of a chart over time.

Pure arithmetic on arrays (numpy alone). The laws that hold it together, each with a test:

- what is published of a ranking is who is surely before whom: the rank ranges of `data.judge.ranks`, which rest on the
  intervals alone. Units whose intervals overlap share a range, and the order they are listed in inside it says nothing;
- only units that are ranked (base of `min_base` or more) are the siblings from which a mean and a spread are taken, so
  that whatever a small unit does, the values, places and ranges of the others stay;
- siblings are the units the reader is shown. With fewer than `LEAST` of them there is no shrinking and no
  over-dispersion, and the answer says so instead of guessing.

Intervals of single values are in `data.judge` (Wilson; the mean of a score).
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from pandas import DataFrame
from pandas.arrays import IntegerArray

from data.defining import Indicator
from data.judge import Weighed, Z, ranks, wide

LEAST = 5  # siblings from which a spread between units can be told
Z95, Z998 = 1.96, 3.09  # the two limits of a funnel
SIGMAS = 3.0  # the limits of a chart over time
TRIMMED = 0.1  # share of the deviations at each end that over-dispersion does not see
NAN = float("nan")


def fair_kind(indicator: Indicator) -> bool:
    """Whether units can be compared by chance: a share of records, or a mean of scores of records."""
    return indicator.kind in ("rate", "score") and indicator.base_scale == 1


def spread(value: np.ndarray, low: np.ndarray, high: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Variance of single scores, read back from the interval of their mean; NaN below n = 2.

    An interval may be cut at 0 or 1; the side that is not tells the whole of it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.fmax(value - low, high - value)
        return np.where(n >= 2, n * (half / wide(n)) ** 2, np.nan)


@dataclass(frozen=True)
class Between:
    """What siblings have in common: their mean, how strongly one is drawn to it, and how a single record varies.

    weight    records of the prior: a unit's own n counts against it; infinite where units differ by chance alone
    variance  of one score about its unit's mean; None of shares, whose variance their value tells
    """

    mean: float
    weight: float
    variance: float | None = None


def shares_between(above: np.ndarray, n: np.ndarray) -> Between | None:
    """Beta-binomial by moments: α + β from the spread of the shares; None with fewer than `LEAST` units."""
    if len(n) < LEAST:
        return None
    mean = float(above.sum() / n.sum())
    one, free = mean * (1 - mean), len(n) - 1
    room = float(n.sum() - (n**2).sum() / n.sum()) - free
    if one <= 0 or room <= 0:
        return Between(mean, np.inf)
    alike = (float((n * (above / n - mean) ** 2).sum()) / one - free) / room  # correlation inside units
    return Between(mean, np.inf if alike <= 0 else max((1 - alike) / alike, 0.0))


def means_between(mean: np.ndarray, n: np.ndarray, variance: np.ndarray) -> Between | None:
    """The same of means of scores, whose spread inside the units is pooled; None with fewer than `LEAST` units."""
    if len(n) < LEAST:
        return None
    middle, within = float((mean * n).sum() / n.sum()), pooled(variance, n)
    if not within > 0:
        return Between(middle, 0.0 if np.ptp(mean) > 0 else np.inf, 0.0)
    apart = float((n * (mean - middle) ** 2).sum())
    between = (apart - (len(n) - 1) * within) / float(n.sum() - (n**2).sum() / n.sum())
    return Between(middle, within / between if between > 0 else np.inf, within)


def pooled(variance: np.ndarray, n: np.ndarray) -> float:
    """Variance of one record about its unit's mean, over all units that have two records."""
    use = ~np.isnan(variance)
    freedom = float((n[use] - 1).sum())
    return float(((n[use] - 1) * variance[use]).sum()) / freedom if freedom > 0 else NAN


def shrunk(value: np.ndarray, n: np.ndarray, found: Between) -> np.ndarray:
    """Each value drawn to the mean of its siblings, the more the smaller its base; always between the two."""
    if np.isinf(found.weight):
        return np.full(len(value), found.mean)
    own = n / (n + found.weight)
    return own * value + (1 - own) * found.mean


def shrunk_interval(value: np.ndarray, n: np.ndarray, found: Between) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of shrunk values: of a share by the variance of its beta distribution, of a mean by the normal."""
    if np.isinf(found.weight):
        return value, value
    variance = value * (1 - value) if found.variance is None else found.variance
    half = Z * np.sqrt(variance / (n + found.weight + 1))
    return np.clip(value - half, 0, 1), np.clip(value + half, 0, 1)


@dataclass(frozen=True)
class Funnel:
    """Limits about the mean of the siblings as a function of the base.

    phi       how much more the units differ than by chance; limits are √φ wider where it is above 1
    variance  of one record: θ(1 − θ) of a share
    """

    mean: float
    variance: float
    phi: float = 1.0

    @property
    def dispersed(self) -> bool:
        """Whether the units differ by more than chance, so that the limits are wider."""
        return self.phi > 1

    def limits(self, n: np.ndarray, z: float) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper limit at a base."""
        half = z * np.sqrt(max(self.phi, 1.0) * self.variance / np.asarray(n, dtype=float))
        return np.clip(self.mean - half, 0, 1), np.clip(self.mean + half, 0, 1)

    def outside(self, value: np.ndarray, n: np.ndarray) -> np.ndarray:
        """-2, -1, 0, 1, 2: below or above the 99.8 % or the 95 % limits, or between them."""
        found = np.zeros(len(value), dtype=np.int64)
        for z in (Z95, Z998):
            low, high = self.limits(n, z)
            found += (value > high + 1e-12).astype(np.int64) - (value < low - 1e-12).astype(np.int64)
        return found


def funnel(value: np.ndarray, n: np.ndarray, variance: float | None = None) -> Funnel | None:
    """The funnel of siblings (Spiegelhalter 2005); None without any. `variance` of one record is given for scores.

    φ is the mean of z² after the outermost `TRIMMED` of the deviations at each end were drawn in.
    """
    if not len(n):
        return None
    mean = float((value * n).sum() / n.sum())
    one = mean * (1 - mean) if variance is None else variance
    if len(n) < LEAST or not one > 0:
        return Funnel(mean, max(one, 0.0))
    z = (value - mean) / np.sqrt(one / n)
    z = np.clip(z, *np.quantile(z, [TRIMMED, 1 - TRIMMED]))
    return Funnel(mean, one, float((z**2).mean()))


@dataclass(frozen=True)
class Chart:
    """A chart over time: the mean of all periods and the limits of each; NaN where a period has no base."""

    mean: float
    low: np.ndarray
    high: np.ndarray
    outside: np.ndarray  # -1 below, 1 above, 0 between


def chart(value: np.ndarray, n: np.ndarray, variance: float | None = None) -> Chart | None:
    """p̄ ± 3√(p̄(1 − p̄)/n) of each period, of scores with the variance of one record; None without a base."""
    use = n > 0
    if not use.any():
        return None
    mean = float((value[use] * n[use]).sum() / n[use].sum())
    one = mean * (1 - mean) if variance is None else variance
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.where(use, SIGMAS * np.sqrt(one / n), np.nan)
        low, high = np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)
        out = (value > high + 1e-12).astype(np.int64) - (value < low - 1e-12).astype(np.int64)
    return Chart(mean, low, high, np.where(use, out, 0))


# Frames of answers -------------------------------------------------------------------------------------------------


def siblings(measures: DataFrame, indicator: Indicator) -> DataFrame:
    """The units of a frame of measures (`data.answers.measures`) that are ranked by an indicator."""
    own = measures[(measures["indicator"] == indicator.name) & (measures["kind"] == "unit")]
    return own[(own["state"] == "ok") & own["value"].notna()]


def _columns(rows: DataFrame) -> Weighed:
    return Weighed(*(rows[part.name].to_numpy(dtype=float, na_value=NAN) for part in fields(Weighed)))


def between(measures: DataFrame, indicator: Indicator) -> Between | None:
    """What the ranked units have in common; None where too few are ranked or chance says nothing of the indicator."""
    if not fair_kind(indicator):
        return None
    own = _columns(siblings(measures, indicator))
    if indicator.kind == "rate":
        return shares_between(own.numerator, own.n)
    return means_between(own.value, own.n, spread(own.value, own.low, own.high, own.n))


def funnel_of(measures: DataFrame, indicator: Indicator) -> Funnel | None:
    """The funnel of the ranked units of an indicator."""
    own = _columns(siblings(measures, indicator))
    variance = None
    if indicator.kind == "score":
        variance = pooled(spread(own.value, own.low, own.high, own.n), own.n)
    return funnel(own.value, own.n, variance) if fair_kind(indicator) else None


def shrunken(measures: DataFrame, indicator: Indicator) -> DataFrame | None:
    """The frame with the ranked units of one indicator judged by shrunk values, what they were as column `raw`.

    None where nothing can be shrunk. Value, interval, position and rank range are of the shrunk values; sums and
    bases stay, and so does every other row.
    """
    found = between(measures, indicator)
    if found is None:
        return None
    rows = siblings(measures, indicator)
    own = _columns(rows)
    value = shrunk(own.value, own.n, found)
    low, high = shrunk_interval(value, own.n, found)
    placed = ranks(indicator, replace(own, value=value, low=low, high=high), np.ones(len(value), dtype=bool))
    answer = measures.assign(raw=measures["value"])
    for name, column in (("value", value), ("low", low), ("high", high)):
        answer.loc[rows.index, name] = column
    for name, numbers in zip(("position", "rank_low", "rank_high"), placed, strict=True):
        answer.loc[rows.index, name] = IntegerArray(numbers, np.zeros(len(numbers), dtype=bool))
    return answer
