"""The summed tables themselves: their columns, made from the declared indicators, and the writing of their rows."""

from itertools import repeat

import numpy as np
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table

from data.histograms import pack
from data.indicators import of_subject
from data.schema import SUBJECTS
from data.store import Store, insert_rows
from data.tally import SPANS, Cells, columns, histograms, widen

WRITE_ROWS = 50_000
NEVER_DAY = 2**30
# A day lies together: a changed day is written in few pages, a page of units is one range.
KEY = ("version_id", "level", "span", "day", "pos", "gen")


def rollup_table(subject: str) -> Table:
    """The summed table of a subject; its columns follow the declared indicators."""
    indicators = of_subject(subject)
    return Table(
        f"rollup_{subject}",
        MetaData(),
        *(Column(name, Integer, primary_key=True) for name in KEY),
        *(Column(name, BigInteger, nullable=False) for name in columns(indicators)),
        *(Column(name, LargeBinary) for name in histograms(indicators)),
        sqlite_with_rowid=False,
    )


class RowWriter:
    """Writes cells in all spans; gathers rows so that a few short transactions do."""

    def __init__(self, store: Store, number: int):
        self.store, self.number = store, number
        self.rows, self.first_on = 0, NEVER_DAY
        self._waiting: dict[str, list[tuple]] = {subject: [] for subject in SUBJECTS}
        self._names = {s: _row_columns(s) for s in SUBJECTS}
        self._tables = {subject: rollup_table(subject) for subject in SUBJECTS}

    def take(self, subject: str, cells: Cells, *, version: int, depth: int) -> None:
        """Rows of one level of one version."""
        self.first_on = min(self.first_on, int(cells.day.min(initial=NEVER_DAY)))
        for span in SPANS:
            lines = _lines(widen(cells, span), fixed=(version, depth, span, self.number))
            for start in range(0, len(lines), WRITE_ROWS):
                self._waiting[subject] += lines[start : start + WRITE_ROWS]
                if sum(map(len, self._waiting.values())) >= WRITE_ROWS:
                    self.flush()

    def flush(self) -> None:
        """Write what waits, in one transaction."""
        with self.store.write() as connection:
            for subject, lines in self._waiting.items():
                insert_rows(connection, self._tables[subject], self._names[subject], lines)
                self.rows += len(lines)
                self._waiting[subject] = []


def _row_columns(subject: str) -> tuple[str, ...]:
    indicators = of_subject(subject)
    return (*KEY, *columns(indicators), *histograms(indicators))


def _lines(cells: Cells, *, fixed: tuple[int, int, int, int]) -> list[tuple]:
    """Rows of a summed table in the order of its columns and of its key."""
    version, depth, span, number = fixed
    order = np.lexsort((cells.row, cells.day))
    same = (repeat(version), repeat(depth), repeat(span))
    packed = []
    for pairs in cells.pairs.values():
        blobs = pack(len(cells.row), pairs)
        packed.append([blobs[at] for at in order.tolist()])
    sums = cells.sums[order].T.tolist()
    return list(
        zip(*same, cells.day[order].tolist(), cells.row[order].tolist(), repeat(number), *sums, *packed)
    )
