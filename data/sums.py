"""Sums by unit row and period, counted from the facts.

`data.rollup_read` reads them from the rollups, `data.share_read` counts them from the shares kept of every fact; all
three answer the same arrays and, by law, the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from data import places
from data.crossing import Held
from data.defining import Indicator
from data.facts import DAY_MICROSECONDS, prepare
from data.factstore import COUNTED, promised, read_facts
from data.histograms import BINS
from data.running import not_yet
from data.schema import FACT_COLUMNS, FACTS, PLACES, STARTS
from data.settings import Settings
from data.stays import LONGEST_STAY
from data.tally import Cells, columns, histogram_of, tally
from data.terms import read_terms, term_kind

Days = tuple[int, int]  # local days [start, end)


@dataclass(frozen=True)
class Sums:
    """Sums by row and period, each (row, period) once.

    row, period  what each line of `values` stands for; the period is its number in the order asked
    names        the integer columns of `values`
    counts       histograms by column, then (row, period)
    keys         what each row stands for: pos and the words it was split by; None where a row is a pos
    """

    row: np.ndarray
    period: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    counts: dict[str, dict[tuple[int, int], np.ndarray]] = field(default_factory=dict)
    keys: DataFrame | None = None


@dataclass(frozen=True)
class Region:
    """Rows of one boundary version: those at `depth` whose position lies in low..high."""

    version: places.Version
    depth: int
    low: int
    high: int

    @property
    def partial(self) -> bool:
        """Whether anything of the version lies outside."""
        return self.low > 0 or self.high < len(self.version.units)


@dataclass(frozen=True)
class Filter:
    """What facts must be to be counted: a category (with all below it), a channel, a department, in a scope's units.

    as_of  the instant whose names of departments hold; None: today's
    """

    category: str | None = None
    channel: str | None = None
    department: str | None = None
    held: Held | None = None
    as_of: int | None = None

    def __bool__(self) -> bool:
        return bool(self.words or self.held)

    @property
    def words(self) -> dict[str, str]:
        """Words wanted, by column."""
        wanted = {"category": self.category, "channel": self.channel, "department": self.department}
        return {column: word for column, word in wanted.items() if word}


def below(
    connection: Connection, subject: str, column: str, wanted: str, *, as_of: int | None = None
) -> list[int]:
    """Ids of a word and of everything below it on its path."""
    words = read_terms(connection, term_kind(subject, column), as_of=as_of)
    return [number for number, word in words.items() if word == wanted or word.startswith(wanted + "/")]


def word_condition(
    connection: Connection, subject: str, column: str, wanted: str, *, as_of: int | None = None
) -> ColumnElement[bool]:
    """Condition for a word and everything below it on its path."""
    return FACTS[subject].c[column].in_(below(connection, subject, column, wanted, as_of=as_of))


@dataclass(frozen=True)
class Counted:
    """Daily sums counted from facts, and what each row stands for (see `Sums.keys`)."""

    cells: Cells
    keys: DataFrame | None

    def sums(self, indicators: Sequence[Indicator], periods: Sequence[Days]) -> Sums:
        """The sums of one subject's flows, or of its stocks, as the rollups would give them."""
        names = columns(indicators)
        stocks = indicators[0].kind == "stock"
        runs = [(-(2**31), end) for _, end in periods] if stocks else periods
        parts = [_cut(self.cells, names, number, run) for number, run in enumerate(runs)]
        row, period, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        hists = {histogram_of(x) for x in indicators if x.kind == "quantile"}
        counts = {name: _cut_histograms(self.cells, name, periods) for name in hists}
        return Sums(row, period, names, values, counts, self.keys)


def count_facts(
    connection: Connection,
    settings: Settings,
    region: Region,
    subject: str,
    *,
    load: int,
    now: int,
    only: Filter,
    indicators: Sequence[Indicator],
    words: Sequence[str] = (),
    days: Days | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    cleared: bool = False,
) -> Counted:
    """Count a region from the revisions visible at a load: for instants in the past, of which nothing is kept.

    days     that all periods asked for lie in; facts that no sum over them can tell are not read
    where    what facts must be beside
    cleared  as if nothing were left out of the assessment
    """
    near = [*where, *(near_days(connection, settings, subject, days) if days else [])]
    facts = facts_in(
        connection, settings, region, subject, load=load, only=only, words=words, near=near, cleared=cleared
    )
    facts = not_yet(facts, indicators, now=now)
    rows, keys = _keyed(facts, region.version.ancestors[region.depth][facts["place"].to_numpy()], words)
    return Counted(tally(facts, rows, indicators), keys)


def near_days(
    connection: Connection, settings: Settings, subject: str, days: Days
) -> list[ColumnElement[bool]]:
    """Condition for facts that count on one of the days, or stand open on one; none for alerts.

    A case that was reported, fell due and was closed before the first day has entered and left every stock. What an
    alert is worth depends on those before it without a limit, and they are few.
    """
    if subject == "alerts":
        return []
    table = FACTS[subject]
    rhythm = promised(connection).longest
    reach = DAY_MICROSECONDS + int(rhythm * 2 * 60_000_000)  # a reading holds so long, also past midnight
    if subject == "stays":
        reach += LONGEST_STAY
    low, high = settings.day_start(days[0]) - reach, settings.day_start(days[1]) + reach
    counted = [table.c[name] for name in COUNTED[subject] if FACT_COLUMNS[subject][name] == "at"]
    moved: list[ColumnElement[bool]] = [column.between(low, high) for column in counted]
    if "closed_at" in table.c:
        standing = or_(table.c.closed_at.is_(None), table.c.closed_at >= low)
        moved.append(and_(table.c[STARTS[subject]] < high, standing))
    return [or_(*moved)]


def facts_in(
    connection: Connection,
    settings: Settings,
    region: Region,
    subject: str,
    *,
    load: int,
    only: Filter,
    words: Sequence[str],
    near: Sequence[ColumnElement[bool]],
    cleared: bool = False,
) -> DataFrame:
    """Prepared facts of a region that pass the filter, each with its `place`."""
    table, place = FACTS[subject], PLACES[subject]
    where = list(near)
    if region.partial:
        inside = select(place.c.rev).where(
            place.c.version_id == region.version.id, place.c.place.between(region.low, region.high)
        )
        where.append(table.c.rev.in_(inside))
    if only.held is not None:
        where += only.held.conditions(subject)
    for column, wanted in only.words.items():
        known = column in table.c
        where.append(
            word_condition(connection, subject, column, wanted, as_of=only.as_of) if known else false()
        )
    extra = [word for word in words if word in table.c]
    rows = read_facts(
        connection, subject, load=load, where=where, extra=extra, as_of=only.as_of, cleared=cleared,
        version=region.version.id,
    )  # fmt: skip
    then = None if only.as_of is None else load
    return prepare(rows, subject, settings, promises=promised(connection, load=then))


def _keyed(facts: DataFrame, pos: np.ndarray, words: Sequence[str]) -> tuple[np.ndarray, DataFrame | None]:
    """A dense number for each combination of position and words in use."""
    if not words:
        return pos, None
    texts = {word: facts[word].astype("str").fillna("") if word in facts else "" for word in words}
    combined = DataFrame({"pos": pos, **texts}, index=facts.index)
    numbers = combined.groupby(["pos", *words], sort=True).ngroup()
    keys = combined.assign(number=numbers).drop_duplicates("number").set_index("number").sort_index()
    return numbers.to_numpy(dtype=np.int64), keys


def _cut(
    cells: Cells, names: Sequence[str], number: int, run: Days
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, period and sums of the cells inside a run of days."""
    chosen = (cells.day >= run[0]) & (cells.day < run[1])
    row = cells.row[chosen]
    start = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.zeros(0, dtype=np.int64)
    keep = [cells.names.index(name) for name in names]
    values = cells.sums[chosen][:, keep]
    summed = np.add.reduceat(values, start, axis=0) if len(row) else values
    return row[start], np.full(len(start), number), summed


def _cut_histograms(cells: Cells, name: str, periods: Sequence[Days]) -> dict[tuple[int, int], np.ndarray]:
    cell, bins, count = cells.pairs[name]
    row, day = cells.row[cell], cells.day[cell]
    found: dict[tuple[int, int], np.ndarray] = {}
    for number, (start, end) in enumerate(periods):
        chosen = (day >= start) & (day < end)
        rows, at = np.unique(row[chosen], return_inverse=True)
        table = np.bincount(at * BINS + bins[chosen], count[chosen], minlength=len(rows) * BINS)
        lines = zip(rows.tolist(), table.reshape(-1, BINS), strict=True)
        found |= {(one, number): line for one, line in lines}
    return found
