"""What the analyst page is asked and what it was answered; one selection makes preview, file and link alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urlencode

from pandas import DataFrame

from data.factlist import UNASSIGNED, FactColumn
from data.query import NARROWING, Query, as_of_part, tree_part
from data.settings import Level
from layouts.as_of import NOW, Past
from layouts.tree_switch import Way

SUBJECTS = ("cases", "orders", "alerts", "parking", "stays", "measures")
PANEL_WORDS = {
    "cases": ("category", "channel", "department", "status"),
    "orders": ("category", "channel", "department", "satisfaction"),
    "alerts": ("kind", "severity", "state"),
    "parking": ("type",),
    "stays": ("type",),
    "measures": ("category", "channel", "department"),
}
USUAL_SORT = {
    "cases": "-reported_at",
    "orders": "-accepted_at",
    "alerts": "-occurred_at",
    "parking": "-observed_at",
    "stays": "-entry_at",
}
OF_A_TREE = ("tree", "unit", "level", UNASSIGNED)
PAGE = 50
LARGEST = 1_000_000_000


@dataclass(frozen=True)
class AnalystAsk:
    """What the address asks: subject, the query, filters by column, order, first row, whether all columns."""

    subject: str
    query: Query
    filters: tuple[tuple[str, str], ...] = ()
    sort: str = ""
    start: int = 0
    every_column: bool = False

    @property
    def order(self) -> tuple[tuple[str, str], ...]:
        """The order as the store wants it: column and direction; none is newest first."""
        return (
            ((self.sort.removeprefix("-"), "desc" if self.sort.startswith("-") else "asc"),)
            if self.sort
            else ()
        )

    def href_sort(self) -> str:
        """The order as an address names it: nothing where it is the usual one."""
        return "" if self.sort == USUAL_SORT.get(self.subject) else self.sort

    def selection(self) -> dict[str, str]:
        """The parts of the address that choose rows; equal selections are equal files."""
        query = self.query
        pairs = {"subject": self.subject, "unit": query.within or ""}
        pairs |= {"from": query.period.start.isoformat(), "to": query.period.end.isoformat()}
        pairs |= {name: getattr(query, name) or "" for name in NARROWING} | dict(self.filters)
        pairs |= tree_part(query.tree)
        if (
            self.subject == "measures"
        ):  # rows of facts lie where they lie; only measures have a reading and a level
            pairs["boundaries"] = "" if query.boundaries == "as-was" else query.boundaries
            pairs["level"] = query.level or ""
        pairs |= as_of_part(query.as_of)
        return {name: value for name, value in pairs.items() if value}

    @property
    def number(self) -> str:
        """A short number of the selection: equal questions have equal numbers."""
        return sha256(urlencode(sorted(self.selection().items())).encode()).hexdigest()[:8]

    def href(self, **changes: object) -> str:
        """Address of this page in another order, from another row, or with all columns."""
        asked = replace(self, **changes)  # type: ignore[arg-type]  # fields by name
        more = {
            "sort": asked.href_sort(),
            "start": str(asked.start or ""),
            "columns": "all" if asked.every_column else "",
        }
        return "/analyst?" + urlencode(
            asked.selection() | {name: value for name, value in more.items() if value}
        )

    def at(self, unit: str) -> str:
        """Address of the same question about another unit."""
        return "/analyst?" + urlencode(self.selection() | {"unit": unit})

    def known_at(self, as_of: int | None) -> str:
        """Address of the same question as of another instant; None: now."""
        return replace(self, query=self.query.asking(as_of=as_of), start=0).href()

    def by(self, tree: str, unit: str) -> str:
        """Address of the same question in another tree, whose levels are others."""
        kept = {name: value for name, value in self.selection().items() if name not in OF_A_TREE}
        place = {} if unit == "-" else {"unit": unit}
        return "/analyst?" + urlencode(kept | place | tree_part(tree))

    def file(self, suffix: str, flavour: str) -> str:
        """Address of a file of the same rows, oldest first."""
        pairs = {name: value for name, value in self.selection().items() if name != "subject"}
        return f"/files/{self.subject}.{suffix}?" + urlencode(pairs | {"flavour": flavour})


@dataclass(frozen=True)
class AnalystAnswer:
    """What the store answered.

    rows      one page of `Reader.facts` (of `Reader.measures` for the subject measures), `total` the full count
    columns   name and kind of every column the rows have; `sortable` and `filterable` name those that are
    choices   words in use by panel column
    units     code and name of the units one can step to, with their depth; `path` those from the top to the chosen
    summary   `Reader.summary`, absent for measures
    state     `Reader.state`
    levels    levels measures can be asked at
    ways      trees the page can be read in
    past      the instant the page is as of, and those it can be asked as of
    """

    rows: DataFrame
    total: int
    columns: Mapping[str, str]
    sortable: frozenset[str]
    filterable: frozenset[str]
    choices: Mapping[str, Sequence[str]]
    units: Sequence[tuple[str, str, int]]
    summary: Mapping[str, object]
    state: Mapping[str, object]
    path: Sequence = ()
    levels: Sequence[Level] = ()
    published: str = ""
    boundary: str = ""
    ways: Sequence[Way] = ()
    past: Past = NOW


def parse_analyst_ask(
    query: Query, params: Mapping[str, str], columns: Mapping[str, FactColumn], *, levels: Sequence[str] = ()
) -> AnalystAsk:
    """Read subject, filters, order and page of an address. What is not a filterable or sortable column is left out.

    columns  of the subject by name, as `Reader.fact_columns` gives them
    levels   names of the instance's levels: rows may be asked for that lie in no unit of one
    """
    subject = subject_of(params)
    filters = tuple(
        (name, params[name].strip()[:120])
        for name, column in columns.items()
        if column.filterable and name not in NARROWING and params.get(name, "").strip()
    )
    if params.get(UNASSIGNED) in levels and subject != "measures":
        filters = (*filters, (UNASSIGNED, params[UNASSIGNED]))
    sort = params.get("sort", "")
    known = columns.get(sort.removeprefix("-"))
    start = params.get("start", "")
    return AnalystAsk(
        subject=subject,
        query=query,
        filters=filters,
        sort=sort if known is not None and known.sortable else USUAL_SORT.get(subject, ""),
        start=min(int(start), LARGEST) // PAGE * PAGE if start.isdecimal() else 0,
        every_column=params.get("columns") == "all",
    )


def subject_of(params: Mapping[str, str]) -> str:
    """The subject of an address; cases where it names none."""
    asked = params.get("subject", "")
    return asked if asked in SUBJECTS else SUBJECTS[0]
