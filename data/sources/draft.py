"""A batch while it is being read: the values found so far, the remarks, and the first fault of every row."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from data.sources.batch import MASK, Raw, Reject, shorten
from data.sources.definition import Source


class Draft:
    """Columns of one batch while they are being read: values found so far and the first fault of every row."""

    def __init__(self, raw: Raw, source: Source) -> None:
        self.raw, self.source = raw, source
        self.texts: dict[str, pa.StringArray] = {}
        self.instants: dict[str, np.ndarray] = {}
        self.numbers: dict[str, np.ndarray] = {}
        self.flags: dict[str, np.ndarray] = {}
        self.columns: dict[str, Any] = {}
        self._noted: list[tuple[str, np.ndarray]] = []
        self._fault = np.full(len(raw.rows), -1, dtype=np.int16)
        self._faults: list[tuple[str, str]] = []

    def refuse(self, field: str, mask: np.ndarray, rule: str) -> None:
        """Mark rows as rejects; a row keeps its first fault."""
        new = mask & (self._fault < 0)
        if new.any():
            self._fault[new] = len(self._faults)
            self._faults.append((field, rule))

    def note(self, name: str, mask: np.ndarray) -> None:
        """Remark on cells; those of rows that are accepted in the end are counted."""
        self._noted.append((name, mask))

    def counted(self) -> Counter[str]:
        """The remarks on accepted rows, beside what the reader of the format noted."""
        notes = self.raw.notes.copy()
        notes.update({f"flagged:{name}": int((mask & self.good).sum()) for name, mask in self.flags.items()})
        for name, mask in self._noted:
            notes[name] += int((mask & self.good).sum())
        return +notes

    @property
    def good(self) -> np.ndarray:
        """Mask of the rows without a fault."""
        return self._fault < 0

    def rejects(self) -> tuple[Reject, ...]:
        """A reject for every faulty row, in the order of the file; personal values are masked."""
        found = []
        for place in np.flatnonzero(~self.good):
            field, rule = self._faults[self._fault[place]]
            value = self.texts[field][int(place)].as_py() if field in self.texts else None
            shown = MASK if value is not None and self._hidden(field) else shorten(value or "")
            found.append(Reject(self.raw.file, int(self.raw.rows[place]), field, shown, rule))
        return tuple(found)

    def _hidden(self, field: str) -> bool:
        mapped = self.source.by_field.get(field)
        return field in self.source.sealed or (mapped is not None and mapped.spec.personal)
