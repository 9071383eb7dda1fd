"""What can still change the result of a running period: its orders, why each can, and between what the value may end.

An order is listed once, under the first of `REASONS` that holds. To list more (an application that is under review),
add a reason with its condition to `_reasons` and say in `_changing` what it can change; counts and outlook follow.
Orders that are yet to come in are not foreseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from pandas import DataFrame, Series
from sqlalchemy import Connection, and_, or_, select

from data import left_out, places
from data.factstore import load_as_of, visible
from data.indicators import INDICATORS
from data.measures import NotReady, epoch_day
from data.outlook import Outlook
from data.query import Period, Query
from data.schema import FACTS
from data.terms import read_terms, term_kind

if TYPE_CHECKING:
    from data.reader import Reader

HOUR = 3_600_000_000  # microseconds
SOON = 48 * HOUR
CALL_BACK_DAYS = 7  # after closing in which a call-back may still be rated
REASONS = ("due_soon", "returned", "call_back", "unrated", "open", "overdue", "closing")
ON_TIME = "order_on_time_rate"
ON_CLOSING = (
    "order_first_contact_rate", "order_resolution_rate", "order_satisfaction", "order_callback_resolution_rate",
)  # fmt: skip
CHANGED = (ON_TIME, *ON_CLOSING)
RATING = {"order_satisfaction": "satisfaction", "order_callback_resolution_rate": "callback_resolution"}
COLUMNS = ("id", "unit_code", "unit_name", "category", "department", "due_at", "why", "indicators")
WORDS = ("category", "department", "satisfaction", "callback_resolution")
INSTANTS = ("due_at", "finished_at", "closed_at", "called_back_at", "returns")


@dataclass(frozen=True)
class Prospect:
    """What may still come of a period.

    rows      the first orders that can still change it (`COLUMNS`; instants in microseconds UTC, NaN where absent)
    counts    all of them by reason, in the order of REASONS
    outlooks  each indicator they can change
    """

    period: Period
    rows: DataFrame
    counts: Mapping[str, int]
    outlooks: tuple[Outlook, ...]

    @property
    def total(self) -> int:
        """All orders that can still change the result."""
        return sum(self.counts.values())


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    start = day.replace(day=1)
    return Period(start, (start + timedelta(days=32)).replace(day=1))


def prospect(reader: Reader, query: Query, *, limit: int) -> Prospect:
    """Orders of `query.within` that can still change `query.period`, counted on the boundaries in force.

    Raises UnknownUnit, NotReady
    """
    with reader.read() as connection:
        seen = reader.published
        if seen is None:
            raise NotReady("nothing is published yet; expected a first 'linli refresh'")
        load = seen.load if query.as_of is None else min(seen.load, load_as_of(connection, query.as_of))
        found = _candidates(connection, reader, query, load)
        changing = _changing(found, reader, query)
        found["why"] = _reasons(found, reader.present(query))
        found = found[np.logical_or.reduce(list(changing.values()))].copy()
        pending = {name: int(mask.sum()) for name, mask in changing.items()}
        found["indicators"] = [
            tuple(name for name, mask in changing.items() if mask[at]) for at in found.index.tolist()
        ]
        counts = {why: int((found["why"] == why).sum()) for why in REASONS}
        order = found["why"].map(REASONS.index)
        found = found.assign(order=order).sort_values(["order", "due_at", "id"], kind="stable").head(limit)
        rows = _named(connection, reader, found)
        return Prospect(query.period, rows, counts, _outlooks(reader, query, pending))


def _candidates(connection: Connection, reader: Reader, query: Query, load: int) -> DataFrame:
    """Orders that may matter: open ones of a running period, those closed in it within the days of a call-back."""
    table, present = FACTS["orders"], reader.present(query)
    start, end = (reader.settings.day_start(epoch_day(day)) for day in (query.period.start, query.period.end))
    closed = table.c.closed_at.between(max(start, present - CALL_BACK_DAYS * 24 * HOUR), end - 1)
    wanted = (
        or_(and_(table.c.closed_at.is_(None), table.c.accepted_at < end), closed) if end > present else closed
    )
    counted = [table.c.excluded.is_(None), ~left_out.aside(table, "orders", load=load)]
    known = [visible(table, load), ~table.c.withdrawn, *counted]
    columns = [table.c.rev, table.c.key.label("id"), *(table.c[name] for name in (*INSTANTS, *WORDS))]
    where = (
        [*known, wanted, *reader.inside("orders", reader.asked(query).within)]
        if reader.opens
        else [table.c.rev < 0]
    )
    rows = connection.execute(select(*columns).where(*where).order_by(table.c.rev)).all()
    frame = DataFrame(rows, columns=[column.name for column in columns])
    for name in INSTANTS:
        frame[name] = frame[name].astype("Float64").astype("float64")
    for name in WORDS:
        words = read_terms(connection, term_kind("orders", name), as_of=query.as_of)
        frame[name] = frame[name].map(words).astype("str")
    return frame


def _changing(found: DataFrame, reader: Reader, query: Query) -> dict[str, np.ndarray]:
    """By indicator: which orders can still change it."""
    start, end = (reader.settings.day_start(epoch_day(day)) for day in (query.period.start, query.period.end))
    open_, present = found["closed_at"].isna(), reader.present(query)
    masks = {ON_TIME: _unfinished(found) & found["due_at"].between(max(start, present), end - 1)}
    for name in ON_CLOSING:
        masks[name] = open_ | ~_rated(found, RATING[name]) if name in RATING else open_
    return {name: mask.to_numpy(dtype=bool) for name, mask in masks.items()}


def _unfinished(found: DataFrame) -> Series:
    return found["closed_at"].isna() & found["finished_at"].isna()


def _rated(found: DataFrame, column: str) -> Series:
    return found[column].notna() & ~found[column].isin(("unrated", "nan", ""))


def _reasons(found: DataFrame, present: int) -> np.ndarray:
    """Why each order is listed: the first of REASONS that holds."""
    undone, open_ = _unfinished(found), found["closed_at"].isna()
    called = found["called_back_at"].notna()
    late = found["due_at"] < present
    conditions = {
        "due_soon": undone & ~late & (found["due_at"] <= present + SOON),
        "returned": undone & (found["returns"] > 0),
        "call_back": open_ & ~undone & ~called,
        "unrated": ~open_ | (called & ~_rated(found, "satisfaction")),
        "open": undone & ~late,
        "overdue": undone,
    }
    masks = [mask.to_numpy(dtype=bool) for mask in conditions.values()]
    return np.select(masks, list(conditions), default="closing").astype(object)


def _named(connection: Connection, reader: Reader, found: DataFrame) -> DataFrame:
    placed = places.of_revisions(connection, "orders", reader.version.id, found["rev"].astype("int64"))
    units = reader.version.units
    for target, column in (("unit_code", "code"), ("unit_name", "name")):
        names = np.concatenate([[""], units[column].to_numpy(dtype=object)])[placed]
        found[target] = Series(names, index=found.index, dtype="str")
    return found[list(COLUMNS)].reset_index(drop=True)


def _outlooks(reader: Reader, query: Query, pending: Mapping[str, int]) -> tuple[Outlook, ...]:
    """Of each indicator what is settled: an order that is due is in the base already, one to be closed is not."""
    asked = query.asking(indicators=CHANGED, boundaries="today")
    found = reader.series(CHANGED, unit=query.within, periods=[query.period], query=asked)
    made = []
    for row in found.to_dict("records"):
        entry = INDICATORS[str(row["indicator"])]
        worth = round(row["numerator"] * entry.scale) if row["numerator"] > 0 else 0
        count = int(row["denominator"]) if row["denominator"] > 0 else 0
        inside = pending[entry.name] if entry.name == ON_TIME else 0
        made.append(
            Outlook(entry.name, worth, max(count - inside, 0), pending[entry.name], entry.scale, entry.better)
        )
    return tuple(made)
