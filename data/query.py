"""What an address asks: one frozen `Query`, parsed and written in one place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from data.indicators import INDICATORS
from data.instants import micros, moment
from data.settings import FIRST_TREE

LONGEST_DAYS = 3_660
DEFAULT_INDICATOR = "case_on_time_closure_rate"
TEXT = re.compile(r"[^\x00-\x1f]{1,120}\Z")
NARROWING = ("category", "channel", "department")  # words a question may be narrowed to
Boundaries = Literal["as-was", "today"]


class QueryError(ValueError):
    """A part of a question cannot be read: where: got value; expected rule."""


@dataclass(frozen=True)
class Period:
    """Local days [start, end)."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def before(self) -> "Period":
        """The comparable period before: the same days of the month before for a period that starts a month, else
        as many days just before."""
        if self.start.day == 1 and self.days <= 31:
            last = self.start - timedelta(days=1)
            start = last.replace(day=1)
            whole = (self.end.day == 1 and self.days >= 28) or self.days > last.day
            return Period(start, self.start if whole else start + timedelta(days=self.days))
        return Period(self.start - timedelta(days=self.days), self.start)


@dataclass(frozen=True)
class Query:
    """A question. `level` and `within` are the place, all else the question.

    indicators  names; the first is the one a map shows
    department  by the name of the list of departments, however a source writes it
    as_of       microseconds UTC: answer with what was known then; None: with what is known now
    tree        hierarchy the units are of; the first is left out of an address
    """

    level: str | None
    within: str | None
    indicators: tuple[str, ...]
    period: Period
    category: str | None = None
    channel: str | None = None
    department: str | None = None
    boundaries: Boundaries = "as-was"
    as_of: int | None = None
    tree: str = FIRST_TREE

    @property
    def indicator(self) -> str:
        """The first indicator."""
        return self.indicators[0]

    def search(self) -> str:
        """The question as a query string, without '?'; parsing it gives this query again."""
        parts = [("indicator", ",".join(self.indicators))]
        parts += [("from", self.period.start.isoformat()), ("to", self.period.end.isoformat())]
        parts += [(name, getattr(self, name)) for name in NARROWING if getattr(self, name)]
        if self.boundaries != "as-was":
            parts.append(("boundaries", self.boundaries))
        return urlencode([*parts, *as_of_part(self.as_of).items(), *tree_part(self.tree).items()])

    def asking(self, **changes) -> "Query":
        """The same question with some parts replaced."""
        return replace(self, **changes)


def default_period(today: date) -> Period:
    """The month so far; in its first week the thirty days up to and with today."""
    tomorrow = today + timedelta(days=1)
    if today.day >= 7:
        return Period(today.replace(day=1), tomorrow)
    return Period(tomorrow - timedelta(days=30), tomorrow)


def parse_query(params: Mapping[str, str], *, level: str | None, within: str | None, today: date) -> Query:
    """Read the question of an address; what it does not say takes the default. Raises QueryError.

    Of the end a program says the day after (`to`), a person in a form the last day (`last`), which goes first.
    """
    names = tuple(dict.fromkeys(params.get("indicator", DEFAULT_INDICATOR).split(",")))
    for name in names:
        if name not in INDICATORS:
            raise QueryError(f"indicator: got '{name[:60]}'; expected one of {', '.join(INDICATORS)}")
    usual = default_period(today)
    end = params.get("to")
    if params.get("last"):
        end = (parse_date(params["last"], "last") + timedelta(days=1)).isoformat()
    period = parse_period(params.get("from"), end, usual=usual)
    boundaries = params.get("boundaries", "as-was")
    if boundaries not in ("as-was", "today"):
        raise QueryError(f"boundaries: got '{boundaries[:60]}'; expected as-was or today")
    return Query(
        level=level,
        within=None if within in (None, "-", "") else within,
        indicators=names,
        period=period,
        category=_text(params, "category"),
        channel=_text(params, "channel"),
        department=_text(params, "department"),
        boundaries="today" if boundaries == "today" else "as-was",
        as_of=parse_instant(params["as-of"]) if params.get("as-of") else None,
        tree=parse_tree(params),
    )


def parse_tree(params: Mapping[str, str]) -> str:
    """Name of the tree an address reads in; the first where it names none. Raises QueryError."""
    return _text(params, "tree") or FIRST_TREE


def tree_part(tree: str) -> dict[str, str]:
    """The part of an address that names a tree: nothing for the first."""
    return {} if tree == FIRST_TREE else {"tree": tree}


def as_of_part(as_of: int | None) -> dict[str, str]:
    """The part of an address that names an instant: nothing for now."""
    return {} if as_of is None else {"as-of": moment(as_of).isoformat()}


def parse_period(start: str | None, end: str | None, *, usual: Period) -> Period:
    """Dates `from` and `to` (exclusive); a missing end is the usual one. Raises QueryError."""
    period = Period(
        parse_date(start, "from") if start else usual.start, parse_date(end, "to") if end else usual.end
    )
    if start and not end and period.start >= period.end:
        period = Period(period.start, period.start + timedelta(days=1))
    if end and not start and period.start >= period.end:
        period = Period(period.end - timedelta(days=30), period.end)
    if not 1 <= period.days <= LONGEST_DAYS:
        raise QueryError(f"to: got '{period.end}'; expected 1 to {LONGEST_DAYS} days after {period.start}")
    return period


def parse_date(text: str, where: str) -> date:
    """An ISO date of 1990 to 2100. Raises QueryError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1990 <= day.year <= 2100:
        raise QueryError(f"{where}: got '{text[:40]}'; expected a date such as 2026-11-01")
    return day


def parse_instant(text: str) -> int:
    """An ISO instant, UTC unless it says otherwise, in microseconds. Raises QueryError."""
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise QueryError(
            f"as-of: got '{text[:40]}'; expected an instant such as 2026-11-03T09:00:00Z"
        ) from None
    return micros(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def _text(params: Mapping[str, str], name: str) -> str | None:
    value = params.get(name)
    if not value:
        return None
    if not TEXT.match(value):
        raise QueryError(f"{name}: got {value[:40]!r}; expected a text of 1 to 120 characters")
    return value
