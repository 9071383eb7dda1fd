"""Addresses to places by a gazetteer: exact, then by range, then fuzzy above a threshold; below it the answer is open.

Invariants: no answer without a reason; two places that explain an address equally well give none; a number that
nothing explains gives none; spelling is forgiven in names, never in digits. What is open still names its best
proposals, for a person to decide.

Absent on purpose: a database, and coordinates of addresses. An entry says which unit it lies in.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from geo.address import Address, parse
from geo.answering import EMPTY, HOWS, MARGIN, THRESHOLD, Answer, Question
from geo.place_index import PlaceIndex, road_end
from geo.reading import without_districts

KINDS = ("estate", "road", "lane", "building", "shop", "landmark", "region")
MOST_KEPT = 100_000  # answers remembered
_ROOMS = r"(号|号楼|幢|栋|座)(?:\d{1,2}[楼层])?-?\d{3,4}(?:室|房)?$"


class Entry(NamedTuple):
    """The words of an entry: numbers 0 where absent, side 1 (odd), 0 (even) or -1."""

    kind: str
    name: str
    road: str = ""
    lane: int = 0
    branch: int = 0
    low: int = 0
    high: int = 0
    side: int = -1

    @property
    def written(self) -> str:
        """The words as one would write them."""
        doors = f"{self.low}-{self.high}" if self.high > self.low else self.low
        parts = ((self.lane, "弄"), (self.branch, "支弄"), (doors, "号"))
        numbers = "".join(f"{number}{sign}" for number, sign in parts if number)
        return " ".join(part for part in (self.name, self.road + numbers) if part)


class Gazetteer:
    """Entries of one boundary version, ready to be asked.

    entries  columns kind (one of KINDS), name (several spellings joined by |), road, lane, branch, low, high, side,
             pos (position in the version; 0: not known in it), valid_from_on, valid_to_on (epoch days, NaN: open);
             numbers are 0 where absent, side is 1 (odd), 0 (even) or -1; the index names the entry
    units    the version's units, arranged (see `geo.units.arrange`)
    """

    def __init__(
        self, entries: DataFrame, units: DataFrame, *, threshold: float = THRESHOLD, margin: float = MARGIN
    ):
        self._entries, self._units = entries, units
        self.threshold, self.margin = threshold, margin
        self._indices: dict[int, PlaceIndex] = {}
        self._kept: dict[tuple[int, int], dict[Address, Answer]] = {}

    @cached_property
    def _turns(self) -> np.ndarray:
        """Days on which some entry begins or ends to be valid."""
        days = pd.concat([self._entries["valid_from_on"], self._entries["valid_to_on"]]).dropna()
        return np.unique(days.to_numpy(dtype=np.int64))

    def _index(self, turn: int) -> PlaceIndex:
        """The tables of the entries valid between two turns."""
        if turn not in self._indices:
            day = self._turns[turn - 1] if turn else -np.inf
            start = self._entries["valid_from_on"].fillna(-np.inf).to_numpy(dtype=float)
            end = self._entries["valid_to_on"].fillna(np.inf).to_numpy(dtype=float)
            self._indices[turn] = PlaceIndex(self._entries[(start <= day) & (day < end)], self._units)
        return self._indices[turn]

    def ask(self, text: str, *, day: int | None = None, within: int = 0) -> Answer:
        """The answer for one address on an epoch day (without one: by the newest entries), as `match`."""
        turn = len(self._turns) if day is None else int(np.searchsorted(self._turns, day, side="right"))
        return self._answer(parse(text), turn, within)

    def match(
        self, texts: Series, *, days: np.ndarray | None = None, within: np.ndarray | None = None
    ) -> DataFrame:
        """Answers for many addresses; equal ones are read once.

        texts    addresses, missing where there is none
        days     epoch day of each; without them the newest entries answer
        within   position of a unit that must hold (or lie in) the place of each; 0: any
        returns  the index of texts; pos (int32, 0: open), how (int8, an index of HOWS), score, entry (-1: none),
                 reason
        """
        turns = np.full(len(texts), len(self._turns))
        if days is not None:
            turns = np.searchsorted(self._turns, days, side="right")
        bounds = (
            np.zeros(len(texts), dtype=np.int64) if within is None else np.asarray(within, dtype=np.int64)
        )
        codes, words = pd.factorize(_without_rooms(texts), use_na_sentinel=True)
        keys, place = np.unique(np.column_stack([codes, turns, bounds]), axis=0, return_inverse=True)
        spelt = [str(word) for word in words]
        answers = [
            EMPTY if code < 0 else self._answer(parse(spelt[code]), turn, bound)
            for code, turn, bound in zip(*keys.T.tolist(), strict=True)
        ]
        columns: dict[str, np.ndarray] = {
            "pos": np.array([answer.pos for answer in answers], dtype=np.int32),
            "how": np.array([HOWS.index(answer.how) for answer in answers], dtype=np.int8),
            "score": np.array([answer.score for answer in answers], dtype=np.float64),
            "entry": np.array([answer.entry for answer in answers], dtype=np.int64),
            "reason": np.array([answer.reason for answer in answers], dtype=object),
        }
        return DataFrame({name: values[place.ravel()] for name, values in columns.items()}, index=texts.index)

    def entry_for(self, text: str) -> Entry | None:
        """What an entry would say that answers this address and whatever is meant by the same words; None for a text
        without a name."""
        address = parse(_without_rooms(Series([text])).iloc[0])
        if not address.phrases or not any(phrase.head for phrase in address.phrases):
            return None
        first = address.phrases[0]
        head = without_districts(first.head, self._index(len(self._turns)))
        alone = len(address.phrases) == 1 and not first.loose and bool(head)
        if alone and road_end(head) and first.doors and not first.building:
            return Entry("building", "", head, first.lane, first.branch, *first.doors)
        if alone and road_end(head) and first.lane and not first.doors:
            return Entry("lane", "", head, first.lane, first.branch)
        if alone and first.building and not road_end(head):
            return Entry("building", f"{head}{first.building}号楼")
        return Entry("landmark", head if alone and not first.numbered else address.name)

    def _answer(self, address: Address, turn: int, within: int) -> Answer:
        """The answer of an address, once for all that say the same: a text counts only where it is a name itself."""
        kept = self._kept.setdefault((turn, within), {})
        if len(kept) > MOST_KEPT:
            kept.clear()
        question = Question(self._index(turn), within, self.threshold, self.margin)
        said = address if question.is_name(address) else address._replace(name="")
        known = kept.get(said)
        if known is None:
            known = kept[said] = question.as_it_stands(said)
        return question.with_a_sign_moved(address) or known if question.may_have_slipped(known) else known


def _without_rooms(texts: Series) -> Series:
    """Full width made half, and rooms at the end left out: what differs in them only is one address."""
    return texts.astype("str").str.normalize("NFKC").str.replace(_ROOMS, r"\1", regex=True)
