"""The summed tables themselves: a row is a strip, some neighbouring units of a level on one span of days.

A strip holds the positions of its units and their sums as arrays, so that a page reads a few dozen rows instead of
one for each unit and day, and a rebuild writes a thirtieth of the rows. What the numbers are is declared by the
indicators (`data.tally.columns`, `histograms`) and kept with the publication, which is made anew when they differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat

import numpy as np
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table

from data.bulk import insert_rows
from data.indicators import of_subject
from data.places import Version
from data.schema import SUBJECTS
from data.store import Store
from data.tally import SPANS, Cells, histograms, widen

WRITE_ROWS = 2_000
NEVER_DAY = 2**30
# A day lies together: a changed day is written in few pages, a page of units is one range.
KEY = ("version_id", "level", "span", "day", "strip", "gen")
BIN = np.dtype([("unit", "<u2"), ("bin", "<u2"), ("n", "<i4")])  # unit: its number inside the strip
POS = np.dtype("<i4")
SUMS: dict[int, np.dtype] = {4: np.dtype("<i4"), 8: np.dtype("<i8")}


def rollup_table(subject: str) -> Table:
    """The summed table of a subject: `units` positions, `sums` [units, columns], and a column for each histogram."""
    return Table(
        f"rollup_{subject}",
        MetaData(),
        *(Column(name, Integer, primary_key=True) for name in KEY),
        Column("units", LargeBinary, nullable=False),
        Column("sums", LargeBinary, nullable=False),
        *(Column(name, LargeBinary) for name in histograms(of_subject(subject))),
    )


@dataclass(frozen=True)
class Lines:
    """Unpacked strips, one line per unit and strip: `owner` is the strip's number in the order given."""

    pos: np.ndarray
    owner: np.ndarray
    sums: np.ndarray


def unpack(units: Sequence[bytes], sums: Sequence[bytes], *, width: int) -> Lines:
    """Lines of strips; `width` is the number of integer columns."""
    sizes = [len(blob) // POS.itemsize for blob in units]
    pos = np.frombuffer(b"".join(units), dtype=POS)
    owner = np.repeat(np.arange(len(units)), sizes)
    if not width:
        return Lines(pos, owner, np.zeros((len(pos), 0), dtype=np.int64))
    parts = [
        np.frombuffer(blob, dtype=SUMS[len(blob) // (size * width)])
        for blob, size in zip(sums, sizes, strict=True)
    ]
    flat = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    return Lines(pos, owner, flat.astype(np.int64, copy=False).reshape(-1, width))


def unpack_bins(units: Sequence[bytes], packed: Sequence[bytes | None]) -> np.ndarray:
    """int64 lines of strip number, pos, bin and count, of the strips that have a histogram."""
    parts = []
    for owner, (held, blob) in enumerate(zip(units, packed, strict=True)):
        if blob:
            bins = np.frombuffer(blob, dtype=BIN)
            pos = np.frombuffer(held, dtype=POS)[bins["unit"]]
            parts.append(np.stack([np.full(len(bins), owner), pos, bins["bin"], bins["n"]], axis=1))
    return np.concatenate(parts) if parts else np.zeros((0, 4), dtype=np.int64)


class StripWriter:
    """Writes cells in all spans; gathers strips so that a few short transactions do."""

    def __init__(self, store: Store, number: int):
        self.store, self.number = store, number
        self.rows, self.first_on = 0, NEVER_DAY
        self._waiting: dict[str, list[tuple]] = {subject: [] for subject in SUBJECTS}
        self._tables = {subject: rollup_table(subject) for subject in SUBJECTS}

    def take(self, subject: str, cells: Cells, *, version: Version, depth: int) -> None:
        """Sums of one level of one version; a cell is a unit row and day."""
        self.first_on = min(self.first_on, int(cells.day.min(initial=NEVER_DAY)))
        for span in SPANS:
            cells = widen(cells, span)
            self.rows += len(cells.row)
            fixed = (version.id, depth, span, self.number)
            self._waiting[subject] += pack(cells, version.strips[depth], fixed=fixed)
        if sum(map(len, self._waiting.values())) >= WRITE_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits, in one transaction."""
        with self.store.write() as connection:
            for subject, lines in self._waiting.items():
                table = self._tables[subject]
                insert_rows(connection, table, tuple(table.c.keys()), lines)
                self._waiting[subject] = []


def pack(cells: Cells, strip_at: np.ndarray, *, fixed: tuple[int, int, int, int]) -> list[tuple]:
    """Rows of a summed table in the order of its columns and of its key.

    strip_at  strip of every row key (`Version.strips`)
    fixed     version, level, span and generation
    """
    if not len(cells.row):
        return []
    version, depth, span, number = fixed
    strip = strip_at[cells.row].astype(np.int64)
    key = cells.day * (int(strip_at[-1]) + 1) + strip
    order = np.argsort(key, kind="stable")  # cells come by unit, so units stay in order inside a strip
    start = np.flatnonzero(np.diff(key[order], prepend=key[order[0]] - 1))
    first = order[start]
    ends = [*start.tolist(), len(order)]
    rows = [
        repeat(version), repeat(depth), repeat(span), cells.day[first].tolist(), strip[first].tolist(),
        repeat(number), _slices(cells.row[order].astype(POS), ends), _slices(_narrow(cells.sums[order]), ends),
    ]  # fmt: skip
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    rows += [_bins(rank, start, pairs) for pairs in cells.pairs.values()]
    return list(zip(*rows, strict=False))


def _slices(values: np.ndarray, ends: list[int]) -> list[bytes]:
    """Bytes of each run of lines."""
    blob, size = values.tobytes(), values.strides[0]
    return [blob[low * size : high * size] for low, high in pairwise(ends)]


def _narrow(sums: np.ndarray) -> np.ndarray:
    """Half the bytes where no sum needs more."""
    limit = np.iinfo(np.int32).max
    small = sums.size == 0 or (sums.max() <= limit and sums.min() >= -limit)
    return np.ascontiguousarray(sums.astype(SUMS[4 if small else 8]))


def _bins(
    rank: np.ndarray, start: np.ndarray, pairs: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> list[bytes | None]:
    """Histogram of each strip; None where empty."""
    cell, bins, count = pairs
    place = rank[cell]
    order = np.argsort(place, kind="stable")
    place = place[order]
    strip = np.searchsorted(start, place, side="right") - 1
    packed = np.empty(len(place), dtype=BIN)
    packed["unit"], packed["bin"], packed["n"] = place - start[strip], bins[order], count[order]
    ends = np.searchsorted(strip, np.arange(len(start) + 1))
    return [blob or None for blob in _slices(packed, ends.tolist())]
