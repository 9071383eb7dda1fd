"""How long things may take: lists of limits by category, each holding from a day on.

Invariants: a list is recorded once and never changed; of the lists of a kind the one holds on a day whose first day is
the latest that has come, and of several with the same first day the newest; so a question as of an instant is answered
by the lists known then. The longest category that matches decides. Where conditions with different limits remain and a
fact does not say its condition, there is no limit: none is guessed. Deliberately absent: what a list does to facts
(`data.due_dates`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple, cast

import numpy as np
from sqlalchemy import Connection, func, insert, select

from data.calendar import Limit, Unit
from data.instants import micros
from data.people import note
from data.schema_judging import deadline, deadline_list
from data.settings import EPOCH_DAY, Settings
from data.store import Store
from geo.units import fold

KINDS = ("case", "order")
STARTS = {  # what a limit counts from, the usual one first
    "case": ("filed", "dispatched", "reported"),
    "order": ("accepted", "dispatched"),
}
Doubt = Literal[
    "none", "condition"
]  # why a fact has no limit: no row, or several of which its condition decides


@dataclass(frozen=True)
class Deadline:
    """One row of a list.

    category   a full path or a leading part of one (大类/小类)
    condition  the filing condition; channel, type: only for facts of these; all may be empty
    limit      as written; `length` what it means
    starts     one of STARTS of its kind
    number     in the store; 0 before it is recorded
    """

    category: str
    limit: str
    length: Limit
    starts: str
    condition: str = ""
    channel: str = ""
    type: str = ""
    number: int = 0

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What it stands for: a row of another list with the same place is the same rule, changed or not."""
        return self.category, self.condition, self.channel, self.type

    @property
    def says(self) -> tuple[float, Unit, str]:
        """What it grants."""
        return self.length.amount, self.length.unit, self.starts


@dataclass(frozen=True)
class DeadlineList:
    """One recorded list of a kind.

    valid_from_on  first local day whose facts use it (days since 1970-01-01); None: from the beginning
    """

    number: int
    kind: str
    valid_from_on: int | None
    recorded_at: int
    recorded_by: str
    note: str
    rows: tuple[Deadline, ...] = field(default=(), compare=False, repr=False)

    @property
    def valid_from(self) -> date | None:
        """Its first day; None: from the beginning."""
        return None if self.valid_from_on is None else EPOCH_DAY + timedelta(days=self.valid_from_on)

    @cached_property
    def _by_category(self) -> dict[tuple[str, ...], list[Deadline]]:
        found: dict[tuple[str, ...], list[Deadline]] = {}
        for row in self.rows:
            found.setdefault(parts_of(row.category), []).append(row)
        return found

    def match(self, category: str, *, channel: str = "", type: str = "") -> Deadline | Doubt:
        """The row for a fact. A category may end with the filing condition, as a part of its own."""
        path = parts_of(category)
        for depth in range(len(path), -1, -1):
            rows = [
                row
                for row in self._by_category.get(path[:depth], ())
                if fold(row.channel) in ("", fold(channel)) and fold(row.type) in ("", fold(type))
            ]
            if rows:
                return _decided(rows, path[depth] if depth < len(path) else "")
        return "none"


def parts_of(category: str) -> tuple[str, ...]:
    """The parts of a category as they are compared."""
    return tuple(fold(part) for part in category.split("/") if part.strip())


def _decided(rows: Sequence[Deadline], told: str) -> Deadline | Doubt:
    named = [row for row in rows if row.condition and fold(row.condition) == told]
    rows = named or [row for row in rows if not row.condition] or rows
    most = max(bool(row.channel) + bool(row.type) for row in rows)
    rows = [row for row in rows if bool(row.channel) + bool(row.type) == most]
    return rows[0] if len({row.says for row in rows}) == 1 else "condition"


@dataclass(frozen=True)
class Lists:
    """The lists of one kind that are known, by which holds when."""

    lists: tuple[DeadlineList, ...]

    @cached_property
    def holding(self) -> tuple[DeadlineList, ...]:
        """Of each first day the newest list, in the order of these days."""
        newest: dict[int | None, DeadlineList] = {}
        for one in sorted(self.lists, key=lambda one: one.number):
            newest[one.valid_from_on] = one
        return tuple(
            sorted(newest.values(), key=lambda one: (one.valid_from_on is not None, one.valid_from_on or 0))
        )

    def on(self, day: int) -> DeadlineList | None:
        """The list that holds on a day (days since 1970-01-01)."""
        found = [one for one in self.holding if one.valid_from_on is None or one.valid_from_on <= day]
        return found[-1] if found else None

    def at(self, instants: np.ndarray, settings: Settings) -> np.ndarray:
        """For each instant the number in `holding` of the list of its local day; -1 where none holds yet."""
        beginning = np.iinfo(np.int64).min
        starts = [
            beginning if one.valid_from_on is None else settings.day_start(one.valid_from_on)
            for one in self.holding
        ]
        return np.searchsorted(np.array(starts, dtype=np.int64), instants, side="right") - 1


def versions(connection: Connection, *, as_of: int | None = None) -> list[DeadlineList]:
    """Every list known at an instant (microseconds UTC; None: now), without its rows, newest first."""
    query = select(deadline_list).order_by(deadline_list.c.id.desc())
    if as_of is not None:
        query = query.where(deadline_list.c.recorded_at <= as_of)
    return [DeadlineList(*row) for row in connection.execute(query)]


def lists(connection: Connection, kind: str, *, as_of: int | None = None) -> Lists:
    """The lists of a kind known at an instant, with their rows."""
    return Lists(tuple(_filled(connection, [x for x in versions(connection, as_of=as_of) if x.kind == kind])))


def limits_of(connection: Connection, numbers: Iterable[int]) -> dict[int, Limit]:
    """What rows grant, by their number."""
    query = select(deadline.c.id, deadline.c.amount, deadline.c.unit).where(deadline.c.id.in_(list(numbers)))
    return {number: Limit(amount, cast(Unit, unit)) for number, amount, unit in connection.execute(query)}


def _filled(connection: Connection, heads: Sequence[DeadlineList]) -> list[DeadlineList]:
    wanted = [head.number for head in heads]
    rows: dict[int, list[Deadline]] = {number: [] for number in wanted}
    query = select(deadline).where(deadline.c.list_id.in_(wanted)).order_by(deadline.c.id)
    for row in connection.execute(query).mappings():
        names = ("category", "limit", "starts", "condition", "channel", "type")
        length = Limit(row["amount"], row["unit"])
        rows[row["list_id"]].append(
            Deadline(**{name: row[name] for name in names}, length=length, number=row["id"])
        )
    return [
        DeadlineList(
            head.number, head.kind, head.valid_from_on, head.recorded_at, head.recorded_by, head.note,
            tuple(rows[head.number]),
        )
        for head in heads
    ]  # fmt: skip


def record(
    store: Store,
    kind: str,
    rows: Sequence[Deadline],
    *,
    now: datetime,
    by: str,
    valid_from_on: int | None = None,
    remark: str = "",
) -> int:
    """Record a list; answers its number. Undated, the first of a kind holds from the beginning, others from today."""
    with store.write() as connection:
        first = not any(version.kind == kind for version in versions(connection))
        if valid_from_on is None and not first:
            valid_from_on = (now.astimezone(store.settings.timezone).date() - EPOCH_DAY).days
        number = (connection.scalar(select(func.max(deadline_list.c.id))) or 0) + 1
        last = connection.scalar(select(func.max(deadline.c.id))) or 0
        head = {"id": number, "kind": kind, "valid_from_on": valid_from_on, "recorded_at": micros(now)}
        connection.execute(insert(deadline_list).values(head | {"recorded_by": by, "note": remark}))
        written = [
            {"id": last + at, "list_id": number, "category": row.category, "condition": row.condition,
             "channel": row.channel, "type": row.type, "limit": row.limit, "amount": row.length.amount,
             "unit": row.length.unit, "starts": row.starts}
            for at, row in enumerate(rows, start=1)
        ]  # fmt: skip
        connection.execute(insert(deadline), written)
        note(connection, "deadlines listed", by=by, now=now, detail=f"{kind}: {len(rows)} limits")
    return number


class Change(NamedTuple):
    """A row that differs between two lists: the newer of the two, and both; None where a list has none."""

    row: Deadline
    old: Deadline | None
    new: Deadline | None


def changes(before: DeadlineList, after: DeadlineList) -> list[Change]:
    """What differs between two lists, in the order of the new one; what has left it stands last."""
    old = {row.place: row for row in before.rows}
    new = {row.place: row for row in after.rows}
    changed = [
        Change(row, old.get(place), row)
        for place, row in new.items()
        if place not in old or old[place].says != row.says
    ]
    return [*changed, *(Change(row, row, None) for place, row in old.items() if place not in new)]
