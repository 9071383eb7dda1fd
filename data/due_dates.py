"""Due dates that facts are given as they come in, from the list of deadlines in force on their day.

Invariants: a date is given once and frozen: neither a later list, nor a changed calendar, nor a later revision of the
fact moves it. What may: the source brings a date of its own, which goes before ours; suspensions stop the clock, and
extensions prolong it, as the newest revision tells them. Both are counted from the frozen start by the frozen limit and
the calendar known when the date was given, so that a fact has one date whichever way its revisions arrived. While a
suspension lasts there is no date. What would have to be guessed is left empty and counted in the notes of the load:
a year the calendar does not know, a condition the fact does not say.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from sqlalchemy import Connection, func, select

from data import calendar_days
from data.bulk import any_of, insert_rows
from data.calendar import Calendar, Limit
from data.deadlines import Deadline, Lists, limits_of, lists
from data.instants import moment
from data.revisions import Sorted
from data.schema import STARTS, calendar_day
from data.schema_judging import due_given
from data.settings import Settings
from data.sources.spells import BETWEEN, SPELLS
from data.standstills import Standing, prolonged

KIND_OF_SUBJECT = {"cases": "case", "orders": "order"}
COUNTED_FROM = {  # what a limit counts from -> fields, the first that is filled
    "filed": ("filed_at", "reported_at"),
    "dispatched": ("dispatched_at",),
    "reported": ("reported_at",),
    "accepted": ("accepted_at",),
}
ENDED = {"cases": ("handled_at", "closed_at"), "orders": ("finished_at", "closed_at")}
YEARS_AHEAD = 3
NONE = -1
GIVEN = ("key", "deadline_id", "from_at", "due_at", "calendar_at")


class Given(NamedTuple):
    """A date as it was given: by which row, from when, without suspensions, and by which state of the calendar."""

    key: str
    deadline_id: int
    from_at: int
    due_at: int
    calendar_at: int


class Dues:
    """The dates of one delivery."""

    def __init__(self, connection: Connection, settings: Settings, subject: str, *, now: int):
        self.settings, self.subject, self._now = settings, subject, now
        kind = KIND_OF_SUBJECT.get(subject)
        self.lists = lists(connection, kind, as_of=now) if kind else Lists(())
        self._calendars: dict[int, Calendar] = {}
        self._calendar_at: int | None = None
        self._limits: dict[int, Limit] = {}
        self._new: list[Given] = []
        self._said: dict[str, Given] = {}

    def give(self, connection: Connection, found: Sorted, *, source_id: int) -> Counter[str]:
        """Fill `due_at` of what is new and brings none; answers the remarks. `keep` or `remember` follows."""
        self._new = []
        rows, wanted = found.rows, found.fresh | found.changed
        if not self.lists.lists or not wanted.any():
            return Counter()
        if "due_at" in rows:
            wanted &= rows["due_at"].isna().to_numpy()
        if not wanted.any():
            return Counter()
        known = self._known(connection, rows["key"][wanted & found.changed], source_id)
        fresh = wanted & ~rows["key"].isin(known["key"]).to_numpy()
        notes = self._freeze(connection, rows[fresh], found.frame[fresh])
        frozen = pd.concat([known, _frame(self._new)]) if len(known) else _frame(self._new)
        at = pd.Index(frozen["key"]).get_indexer(pd.Index(rows["key"][wanted]))
        mine = np.flatnonzero(wanted)[at >= 0]
        due = frozen["due_at"].to_numpy()[at[at >= 0]].copy()
        self._move(connection, found, mine, frozen.iloc[at[at >= 0]], due)
        dates = rows["due_at"].copy() if "due_at" in rows else Series(pd.NA, rows.index, dtype="Int64")
        dates.iloc[mine] = pd.array(due, dtype="Int64")
        rows["due_at"] = dates.mask((dates < 0).fillna(False)).astype("Int64")
        return notes + Counter(due_unknown_year=int((due == NONE).sum()))

    def keep(self, connection: Connection, *, source_id: int, load_id: int) -> None:
        """Write the dates given for the first time."""
        if self._new:
            same = {"source_id": source_id, "load": load_id}
            lines = ((self.subject, *given) for given in self._new)
            insert_rows(connection, due_given, ("subject", *GIVEN), lines, same=same)

    def remember(self) -> None:
        """Remember the dates given for the first time, where nothing is written."""
        self._said.update((given.key, given) for given in self._new)

    def _known(self, connection: Connection, keys: Series, source_id: int) -> DataFrame:
        """Dates given before."""
        if keys.empty:
            return _frame([])
        said = [self._said[key] for key in keys if key in self._said]
        query = select(*(due_given.c[name] for name in GIVEN)).where(
            due_given.c.subject == self.subject,
            due_given.c.source_id == source_id,
            due_given.c.key.in_(any_of(connection, keys.tolist())),
        )
        return _frame([*said, *(Given(*row) for row in connection.execute(query))])

    # Giving

    def _freeze(self, connection: Connection, rows: DataFrame, frame: DataFrame) -> Counter[str]:
        """Give dates to facts that have none yet."""
        found, notes = self._rules(rows, frame)
        ids = np.full(len(rows), NONE, dtype=np.int64)
        start = np.full(len(rows), NONE, dtype=np.int64)
        due = np.full(len(rows), NONE, dtype=np.int64)
        begun: dict[str, np.ndarray] = {}
        for rule, places in found:
            ids[places] = rule.number
            if rule.starts not in begun:
                begun[rule.starts] = _first(rows, COUNTED_FROM[rule.starts])
            start[places] = begun[rule.starts][places]
            self._limits[rule.number] = rule.length
            which, still = np.zeros(len(places), dtype=np.int64), np.zeros(len(places), dtype=np.int64)
            due[places] = self._today(connection).due(start[places], [rule.length], which, still)
        given = due >= 0
        at = self._known_days(connection) if given.any() else 0
        parts = (rows["key"].to_numpy()[given], ids[given], start[given], due[given])
        lines = zip(*(part.tolist() for part in parts), strict=True)
        self._new = [Given(key, number, begin, end, at) for key, number, begin, end in lines]
        unknown = int(((start >= 0) & (due < 0)).sum())
        return +(notes + Counter(due_set=len(self._new), due_unknown_year=unknown))

    def _rules(
        self, rows: DataFrame, frame: DataFrame
    ) -> tuple[list[tuple[Deadline, np.ndarray]], Counter[str]]:
        """The row of the lists for each fact, by row; and how many facts do not say their condition."""
        day = self.lists.at(rows[STARTS[self.subject]].to_numpy(dtype=np.int64), self.settings)
        absent = np.full(len(rows), NONE)
        codes: list[np.ndarray] = [day]
        texts: list[list[str]] = []
        for name in ("category", "channel", "type"):
            code, words = pd.factorize(frame[name]) if name in frame else (absent, pd.Index([]))
            codes.append(code)
            texts.append([*map(str, words), ""])  # what is absent has the number -1
        combined, which = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
        found, notes = [], Counter[str]()
        for number, (on, category, channel, type_) in enumerate(combined.tolist()):
            if on < 0:
                continue
            said = [text[code] for text, code in zip(texts, (category, channel, type_), strict=True)]
            rule = self.lists.holding[on].match(said[0], channel=said[1], type=said[2])
            places = np.flatnonzero(which.ravel() == number)
            if isinstance(rule, Deadline):
                found.append((rule, places))
            elif rule == "condition":
                notes["due_condition"] += len(places)
        return found, notes

    # Moving

    def _move(
        self, connection: Connection, found: Sorted, mine: np.ndarray, given: DataFrame, due: np.ndarray
    ) -> None:
        """Move the dates of facts whose clock stood still or was prolonged; `due` is changed in place."""
        told = [name for name in SPELLS.values() if name in found.frame]
        if not told or not len(mine):
            return
        texts = {name: found.frame[name].iloc[mine] for name in told}
        moving = np.flatnonzero(np.logical_or.reduce([text.notna().to_numpy() for text in texts.values()]))
        if not len(moving):
            return
        blank = Series(np.nan, index=range(len(mine)), dtype="str")
        parts = {field: texts.get(name, blank).iloc[moving].tolist() for field, name in SPELLS.items()}
        ended = _first(found.rows.iloc[mine[moving]], ENDED[self.subject])
        chosen = given.iloc[moving]
        self._limits |= limits_of(connection, set(chosen["deadline_id"].tolist()) - set(self._limits))
        columns = (chosen[name].tolist() for name in ("deadline_id", "calendar_at", "from_at"))
        lines = zip(moving.tolist(), *columns, ended.tolist(), *parts.values(), strict=True)
        for place, number, at, start, end, suspensions, extensions in lines:
            clock = Standing(start, end, suspensions)
            days, limit = self._calendar(connection, at), self._limits[number]
            due[place] = prolonged(days, limit, clock, _limits(extensions))

    def _today(self, connection: Connection) -> Calendar:
        return self._calendar(connection, self._known_days(connection))

    def _known_days(self, connection: Connection) -> int:
        """The newest day entered that is known now: names a state of the calendar."""
        if self._calendar_at is None:
            newest = select(func.max(calendar_day.c.recorded_at)).where(
                calendar_day.c.recorded_at <= self._now
            )
            self._calendar_at = connection.scalar(newest) or 0
        return self._calendar_at

    def _calendar(self, connection: Connection, at: int) -> Calendar:
        if at not in self._calendars:
            until = moment(self._now).year + YEARS_AHEAD
            self._calendars[at] = calendar_days.calendar(connection, self.settings, until=until, as_of=at)
        return self._calendars[at]


def _frame(given: Iterable[Given]) -> DataFrame:
    kinds = {"key": "str"} | dict.fromkeys(GIVEN[1:], "int64")
    return DataFrame(list(given), columns=list(GIVEN)).astype(kinds)


def _first(rows: DataFrame, names: Iterable[str]) -> np.ndarray:
    """The first of some instants that is filled; -1 where none is."""
    found = np.full(len(rows), NONE, dtype=np.int64)
    for name in names:
        if name in rows:
            values = rows[name].fillna(NONE).to_numpy(dtype=np.int64)
            found = np.where(found < 0, values, found)
    return found


def _limits(text: object) -> list[str]:
    return text.split(BETWEEN) if isinstance(text, str) else []
