"""Durations as sparse histograms with fixed edges: they add like numbers, and quantiles are read from them."""

import numpy as np

from data.defining import DURATION_EDGES

BINS = len(DURATION_EDGES) + 1


def quantile(counts: np.ndarray, share: float) -> float:
    """Quantile of a histogram of minutes, in hours, by linear interpolation inside its bin; NaN when empty.

    NaN also where it lies among what has not ended (`data.defining.NEVER`): longer than can be told.
    """
    total = counts.sum()
    if total <= 0:
        return float("nan")
    rank = share * total
    index = int(np.searchsorted(np.cumsum(counts), rank, side="left"))
    if index == BINS - 1:
        return float("nan")
    below = counts[:index].sum()
    low = DURATION_EDGES[index - 1] if index else 0.0
    high = DURATION_EDGES[index]
    return float(low + (high - low) * (rank - below) / max(counts[index], 1)) / 60.0
