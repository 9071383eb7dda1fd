"""Why our own figure may differ from the published one, as far as facts tell: each cause as a count with its effect.

The effect of a cause is our value less the value without it (of facts that are in ours) or with it (of those that are
not), on the boundaries in force today. What facts do not tell is not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection

from data import places
from data.defining import Indicator, above, below
from data.facts import prepare
from data.factstore import last_load, load_as_of, promised, read_facts
from data.measures import epoch_day
from data.query import Period
from data.schema import FACTS

if TYPE_CHECKING:
    from data.reader import Reader

LATE, EXCLUDED, UNRATED, NOWHERE = "late", "excluded", "unrated", "nowhere"
RATED_BY = {
    "order_first_contact_rate": ("first_contact", ("yes", "no")),
    "order_resolution_rate": ("closing_judgement", ("solved", "explained")),
    "order_callback_resolution_rate": ("callback_resolution", ("solved", "unsolved")),
    "order_satisfaction": ("satisfaction", ("satisfied", "mostly", "neutral", "dissatisfied")),
}


@dataclass(frozen=True)
class Cause:
    """Facts of one kind: how many, and by how much our value is higher because of them (negative: lower).

    kind  LATE recorded or corrected after the publication · EXCLUDED from assessment, in the table perhaps not ·
          UNRATED by whoever called, counted by the district perhaps as bad · NOWHERE: in no unit of ours
    """

    kind: str
    count: int
    effect: Fraction | None


Sums = tuple[int, int]  # numerator and denominator


def causes(
    reader: Reader,
    entry: Indicator,
    *,
    unit: str,
    period: Period,
    published_at: int,
    as_of: int | None = None,
) -> list[Cause]:
    """The causes that occur, for a rate or score of orders or cases of one unit. Raises UnknownUnit."""
    with reader.read() as connection:
        load = last_load(connection) if as_of is None else load_as_of(connection, as_of)
        then = min(load, load_as_of(connection, published_at))
        here = reader.inside(entry.subject, unit)
        ours = _facts(connection, reader, entry, period, load, here)
        late = _facts(connection, reader, entry, period, load, [*here, FACTS[entry.subject].c.load > then])
        lost = _nowhere(connection, reader, entry, period, load)
    value = _value(entry, [_sums(entry, ours)])
    found = [
        _without(LATE, entry, ours, ours["rev"].isin(late["rev"]).to_numpy(), value),
        _excluded(entry, ours, value),
        _unrated(entry, ours, value),
        _with(NOWHERE, entry, ours, _sums(entry, lost), value),
    ]
    return [cause for cause in found if cause is not None and cause.count]


def _facts(
    connection: Connection,
    reader: Reader,
    entry: Indicator,
    period: Period,
    load: int,
    where: Sequence[ColumnElement[bool]],
) -> DataFrame:
    """Prepared facts that count in a period, also those that are excluded."""
    on = entry.counted_on.removesuffix("_on")
    start, end = (reader.settings.day_start(epoch_day(day)) for day in (period.start, period.end))
    column = FACTS[entry.subject].c[f"{on}_at"]
    rows = read_facts(connection, entry.subject, load=load, where=[*where, column.between(start, end - 1)])
    return prepare(rows, entry.subject, reader.settings, promises=promised(connection))


def _nowhere(
    connection: Connection, reader: Reader, entry: Indicator, period: Period, load: int
) -> DataFrame:
    """Facts that lie in no unit; whoever does not see the whole is shown none of them."""
    spans = [(0, 0)] if reader.scope.whole else []
    where = places.inside(entry.subject, reader.version, spans)
    return _facts(connection, reader, entry, period, load, where)


def _sums(entry: Indicator, facts: DataFrame) -> Sums:
    base = below(entry, facts)
    return int(above(entry, facts).sum()), int(0 if base is None else base.sum())


def _value(entry: Indicator, parts: Sequence[Sums]) -> Fraction | None:
    worth, count = (sum(each) for each in zip(*parts, strict=True))
    return Fraction(worth, count * entry.scale) if count else None


def _cause(kind: str, count: int, value: Fraction | None, other: Fraction | None) -> Cause:
    return Cause(kind, count, None if value is None or other is None else value - other)


def _without(
    kind: str, entry: Indicator, facts: DataFrame, mask: np.ndarray, value: Fraction | None
) -> Cause:
    part = _sums(entry, facts[mask])
    return _cause(kind, part[1], value, _value(entry, [_sums(entry, facts[~mask])]))


def _with(kind: str, entry: Indicator, facts: DataFrame, more: Sums, value: Fraction | None) -> Cause:
    return _cause(kind, more[1], value, _value(entry, [_sums(entry, facts), more]))


def _excluded(entry: Indicator, facts: DataFrame, value: Fraction | None) -> Cause | None:
    if "excluded" not in facts:
        return None
    out = facts[(facts["excluded"] >= 0) & ~facts["withdrawn"].astype(bool)].assign(valid=True)
    return _with(EXCLUDED, entry, facts, _sums(entry, out), value)


def _unrated(entry: Indicator, facts: DataFrame, value: Fraction | None) -> Cause | None:
    if entry.name not in RATED_BY:
        return None
    column, words = RATED_BY[entry.name]
    count = int((facts["valid"] & ~facts[column].isin(words)).sum())
    return _with(UNRATED, entry, facts, (0, count), value)
