"""Durations as sparse histograms with fixed edges: they add like numbers, and quantiles are read from them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from data.indicators import DURATION_EDGES

HISTOGRAM = np.dtype([("bin", "<u2"), ("n", "<i4")])
BINS = len(DURATION_EDGES) + 1


def pack(cells: int, pairs: tuple[np.ndarray, np.ndarray, np.ndarray]) -> list[bytes | None]:
    """Histogram of each of so many cells as bytes of (bin, count) pairs; None where empty.

    pairs  cell, bin, count; sorted by cell
    """
    cell, bins, count = pairs
    packed = np.empty(len(cell), dtype=HISTOGRAM)
    packed["bin"], packed["n"] = bins, count
    blob = packed.tobytes()
    size = HISTOGRAM.itemsize
    answer: list[bytes | None] = [None] * cells
    start = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]]) if len(cell) else cell
    for at, (low, high) in zip(
        cell[start].tolist(), pairwise([*(start * size).tolist(), len(blob)]), strict=True
    ):
        answer[at] = blob[low:high]
    return answer


def unpack(blobs: Sequence[bytes | None]) -> np.ndarray:
    """Sum of packed histograms, as counts per bin."""
    pairs = np.frombuffer(b"".join(blob for blob in blobs if blob), dtype=HISTOGRAM)
    return np.bincount(pairs["bin"], pairs["n"], minlength=BINS)


def quantile(counts: np.ndarray, share: float) -> float:
    """Quantile of a histogram of minutes, in hours, by linear interpolation inside its bin; NaN when empty."""
    total = counts.sum()
    if total <= 0:
        return float("nan")
    rank = share * total
    index = int(np.searchsorted(np.cumsum(counts), rank, side="left"))
    below = counts[:index].sum()
    low = DURATION_EDGES[index - 1] if index else 0.0
    high = DURATION_EDGES[min(index, len(DURATION_EDGES) - 1)]
    return float(low + (high - low) * (rank - below) / max(counts[index], 1)) / 60.0
