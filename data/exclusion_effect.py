"""Numbers before and after exclusions: what the facts that were left out would add if they were not.

Facts left out are few, so nothing is kept for them: what they and the orders that hang on them add is counted twice,
as they are and as if nothing were left out, and the difference put on top of the sums. All sums are of integers that
single facts add, so this equals a count of everything with nothing left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame, Series
from sqlalchemy import ColumnElement, Connection, false, select

from data import left_out, links
from data.bulk import any_of
from data.crossing import Held
from data.defining import Indicator, above, below
from data.factstore import visible
from data.measures import Counter, elapsed
from data.query import Period, Query
from data.rollup_read import Ask
from data.schema import FACTS
from data.sums import Region, Sums, count_facts
from data.tables import Tables

if TYPE_CHECKING:
    from data.reader import Reader

COLUMNS = ("unit_code", "indicator", "numerator", "denominator", "value", "n_excluded")


Which = Callable[[Connection, str, int], ColumnElement[bool]]  # connection, subject, load
Variant = Callable[[Indicator], Indicator]


class Apart(Counter):
    """Sums of some facts only.

    which    condition for them
    variant  what is counted in place of each indicator
    cleared  as if nothing had been left out
    """

    def __init__(self, *given: Any, which: Which, variant: Variant, cleared: bool, **named: Any):
        super().__init__(*given, **named)
        self.which, self.variant, self.cleared = which, variant, cleared
        self._chosen: dict[str, ColumnElement[bool]] = {}

    def sums(
        self, region: Region, asks: Sequence[Ask], words: Sequence[str], held: Held | None = None
    ) -> list[Sums]:
        """As of all facts, of these."""
        only = self.only if held is None else replace(self.only, held=held)
        subject = asks[0].indicators[0].subject
        if subject not in self._chosen:
            self._chosen[subject] = self.which(self.connection, subject, self.load)
        asks = [Ask(tuple(map(self.variant, ask.indicators)), ask.periods) for ask in asks]
        counted = count_facts(
            self.connection, self.settings, region, subject, load=self.load, now=self.now, only=only,
            indicators=list(dict.fromkeys(entry for ask in asks for entry in ask.indicators)), words=words,
            days=self._days, where=[self._chosen[subject]], cleared=self.cleared,
        )  # fmt: skip
        return [counted.sums(ask.indicators, ask.periods) for ask in asks]


def concerned(connection: Connection, subject: str, load: int) -> ColumnElement[bool]:
    """Condition for the facts left out at a load, and for the orders that name one: they may tell its event."""
    if subject not in left_out.SUBJECTS:
        return false()
    table = FACTS[subject]
    revs = _left_out(connection, subject, load=load)
    for field in sorted({link.field for link in links.declared(connection)} if subject == "orders" else ()):
        other = FACTS[links.NAMED[field]]
        named = _left_out(connection, links.NAMED[field], load=load)
        if named:
            keys = select(other.c.key).where(other.c.rev.in_(any_of(connection, named)))
            revs += connection.scalars(
                select(table.c.rev).where(table.c[field].in_(keys), visible(table, load))
            )
    return table.c.rev.in_(any_of(connection, sorted(set(revs)))) if revs else false()


def _left_out(connection: Connection, subject: str, *, load: int) -> list[int]:
    """Revisions visible at a load of the facts left out, by the office or as they came."""
    table = FACTS[subject]
    named = left_out.keys(connection, subject, load=load)
    where = left_out.facts_of(connection, subject, named)
    if "excluded" in table.c:
        where.append(table.c.excluded.is_not(None))
    return [
        rev
        for one in where
        for rev in connection.scalars(select(table.c.rev).where(one, visible(table, load)))
    ]


def touched(entry: Indicator) -> Indicator:
    """A count of the facts left out that an indicator would rest on: above, or below where it has a base."""

    def share(facts: DataFrame) -> Series:
        base = below(entry, facts)
        value = above(entry, facts) if base is None else base
        rests = value >= 0 if entry.kind == "quantile" else value != 0
        return (rests & facts["left_out"]).astype("int64")

    return replace(
        entry, kind="stock" if entry.kind == "stock" else "count", numerator=share, denominator=None, scale=1,
        base_scale=1, quantile=None, needs=(),
    )  # fmt: skip


def _plain(entry: Indicator) -> Indicator:
    return entry


def tables_before(
    reader: Reader, query: Query, *, depth: int | None, periods: Sequence[Period], words: Sequence[str] = ()
) -> tuple[Tables, Tables]:
    """Sums as if nothing were left out; and how many facts left out each indicator would rest on (columns `n_NAME`)."""
    ask: Callable[..., Tables] = partial(reader.tables, query, depth=depth, periods=periods, words=words)
    before, counts = ask(), Tables(("code", *words), len(periods))
    for found, variant in ((before, _plain), (counts, touched)):
        for cleared, sign in ((True, 1), (False, -1)):
            apart = partial(Apart, which=concerned, variant=variant, cleared=cleared)
            found.take(ask(of=apart), sign=sign)
    return before, counts


def before_exclusions(reader: Reader, query: Query) -> DataFrame:
    """Measures of the elapsed part of a period as if nothing were left out.

    returns  COLUMNS; a row for each unit of `query.level` in which anything counts, and for its unassigned part;
             without a level one for `query.within`, or for all the reader sees ('')
    Raises   UnknownUnit, NotReady
    """
    depth = reader.level(query.level).depth if query.level else None
    with reader.read():
        period = elapsed(query.period, reader.today)
        before, counts = tables_before(reader, query, depth=depth, periods=[period])
    if depth is None:
        before, counts = (each.together(query.within or "") for each in (before, counts))
    keys = before.keys or [(query.within or "",)]
    parts = []
    for name in query.indicators:
        found = before.measures(name, before.rows(keys))
        values = {side: getattr(found, side)[0] for side in ("numerator", "denominator", "value")}
        n = counts.column(f"n_{name}", counts.rows(keys))[0]
        parts.append(
            DataFrame({"unit_code": [key[0] for key in keys], "indicator": name, **values, "n_excluded": n})
        )
    table = {name: np.concatenate([part[name].to_numpy() for part in parts]) for name in COLUMNS}
    return DataFrame(table)
