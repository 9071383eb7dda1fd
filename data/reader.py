"""The only way to read: a store seen through a scope.

Pages, routes, exports and alerts receive a `Reader` and nothing else, so that an unscoped read cannot be written.
A unit that is not there and one that may not be seen answer alike. No scope means no rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pandas import DataFrame
from sqlalchemy import Connection

from data import (
    answers,
    bulletin_beside,
    changes,
    exclusion_effect,
    exclusion_list,
    factlist,
    factstream,
    mapdata,
    outlines,
    points,
    recoverable,
    scales,
    sourcebook,
    unplaced,
)
from data.bulletin_beside import Compared
from data.bulletins import Bulletin, bulletins
from data.changes import Changes
from data.comparable import Comparison
from data.composites import Composite, Composites, composites, scores
from data.ground import Ground, UnknownUnit
from data.indicators import INDICATORS
from data.measures import Counter, NotReady
from data.mixups import MixUp
from data.query import Period, Query, QueryError
from data.recoverable import Prospect
from data.tables import Tables
from data.targets import Targets, targets

__all__ = ["Reader", "UnknownUnit"]


class Reader(Ground):
    """What one person may see of one instance, read in one of its trees. Cheap to make: one for each request."""

    def asked(self, query: Query) -> Query:
        """The query, which must be of the tree read in: whatever names it must say the truth. Raises QueryError."""
        if query.tree != self.tree:
            self.in_tree(query.tree)  # says so where there is no such tree
            raise QueryError(f"tree: got '{query.tree}'; expected '{self.tree}', which is read in")
        return query

    def counter(self, connection: Connection, query: Query, of: Callable[..., Counter] = Counter) -> Counter:
        """Sums for a question in one snapshot; the caller has checked what it may ask. Raises NotReady."""
        if self.published is None:
            raise NotReady("nothing is published yet; expected a first 'linli refresh'")
        return of(
            connection, self.settings, self.asked(query), self.versions, self.published, now=self.present(query),
            across=self.across, kept=self.store.columns, cut=self.cut,
        )  # fmt: skip

    def measures(self, query: Query, *, compare: bool = True) -> DataFrame:
        """Measures of a level's units, the unassigned rows and the total; see `data.answers.measures`."""
        return answers.measures(self.at(query.as_of), query, compare=compare)

    def compared(self, query: Query) -> Comparison:
        """What the period of a question is compared with; see `data.comparable`."""
        return answers.compared(self, query)

    def departments(self, query: Query, *, kind: str, compare: bool = True) -> DataFrame:
        """Measures of the departments of a kind; see `data.answers.departments`."""
        return answers.departments(self.at(query.as_of), query, kind=kind, compare=compare)

    def changes(self, query: Query, *, since: int) -> Changes:
        """The facts behind the difference between a number known at `since` and now; see `data.changes`."""
        return changes.changes(self, query, since=since)

    def tables(
        self, query: Query, *, depth: int | None, periods: Sequence[Period], words: Sequence[str] = (),
        of: Callable[..., Counter] = Counter,
    ) -> Tables:  # fmt: skip
        """Sums of a question by unit code, words and period; without a depth, at that of each unit asked for.

        of  what counts: everything, or what else derives from `Counter`
        """
        found = Tables(("code", *words), len(periods))
        with self.read() as connection:
            known = self.at(query.as_of)
            counter = known.counter(connection, query, of)
            for within in known.withins(query.within):
                at = known.depth_of(within) if depth is None else depth
                found.take(
                    counter.by_code(query.indicators, within=within, depth=at, periods=periods, words=words)
                )
        return found

    def before_exclusions(self, query: Query) -> DataFrame:
        """Measures as if nothing were left out of the assessment; see `data.exclusion_effect`."""
        return exclusion_effect.before_exclusions(self, query)

    def exclusions(
        self, *, unit: str | None = None, period: Period | None = None, as_of: int | None = None
    ) -> list[exclusion_list.Listed]:
        """Applications to leave facts of the scope out of the assessment; see `data.exclusion_list`."""
        return exclusion_list.listed(self, unit=unit, period=period, as_of=as_of)

    def depth_of(self, within: str | None) -> int:
        """Depth of a unit; that of the topmost ones for everything."""
        return 0 if within is None else self._unit(self.version.by_code[within]).depth

    def series(
        self, indicators: Sequence[str], *, unit: str | None, periods: Sequence[Period], query: Query
    ) -> DataFrame:
        """One unit's measures over many periods; see `data.answers.series`."""
        return answers.series(self, query.asking(indicators=tuple(indicators), within=unit), periods)

    def scale(
        self, indicator: str, level: str, *, days: int, target: float | None = None
    ) -> tuple[float, ...]:
        """Six fixed cuts of the colour ramp for an indicator at a level; of a flow, for periods of that length."""
        with self.read() as connection:
            return scales.cuts(
                connection, INDICATORS[indicator], self.settings, level=level, days=days, tree=self.tree,
                target=target,
            )  # fmt: skip

    def targets(self, *, as_of: int | None = None) -> Targets:
        """The targets known at an instant; of those of single units only those of units in the scope."""
        with self.read() as connection:
            known = targets(connection, self.settings, as_of=as_of)
        rows = tuple(row for row in known.rows if not row.unit or self.may_see(row.unit))
        return known if self.scope.whole else replace(known, rows=rows)

    def composites(self, *, as_of: int | None = None) -> Composites:
        """The composites known at an instant."""
        with self.read() as connection:
            return composites(connection, as_of=as_of)

    def scores(self, query: Query, composite: Composite) -> DataFrame:
        """Scores of a level's units, the unassigned parts and the whole; see `data.composites.scores`."""
        return scores(self, query, composite)

    def may_see(self, code: str) -> bool:
        """Whether a code is that of a unit in the scope, in the tree read in."""
        pos = self.version.by_code.get(code) if self.versions else None
        return pos is not None and self.sees(pos)

    # The district's table --------------------------------------------------------------------------------------

    def published_tables(self, *, as_of: int | None = None) -> list[Bulletin]:
        """Tables the district published, the newest period first; see `data.bulletins`."""
        with self.read() as connection:
            return bulletins(connection, as_of=as_of)

    def beside(self, one: Bulletin, *, unit: str | None = None, as_of: int | None = None) -> Compared:
        """A published table with our own figures; see `data.bulletin_beside`."""
        return bulletin_beside.compare(self, one, unit=unit, as_of=as_of)

    def recoverable(self, query: Query, *, limit: int = 100) -> DataFrame:
        """Orders that can still change the result of a period; see `data.recoverable`."""
        return self.prospect(query, limit=limit).rows

    def prospect(self, query: Query, *, limit: int = 100) -> Prospect:
        """The same with counts by reason and what the value may come to."""
        return recoverable.prospect(self, query, limit=limit)

    # Facts -----------------------------------------------------------------------------------------------------

    def facts(
        self,
        subject: str,
        query: Query,
        *,
        start: int = 0,
        limit: int = 100,
        sort: Sequence[tuple[str, str]] = (),
        filters: Mapping[str, str] | None = None,
    ) -> tuple[DataFrame, int]:
        """A page of rows of the period and the count of all; see `data.factlist`."""
        return factlist.page(
            self.at(query.as_of), subject, query, start=start, limit=limit, sort=sort, filters=filters or {}
        )

    def fact_columns(self, subject: str) -> tuple[factlist.FactColumn, ...]:
        """Columns a page of facts has, in order."""
        return factlist.fact_columns(subject)

    def fact_chunks(
        self, subject: str, query: Query, *, filters: Mapping[str, str] | None = None, chunk: int = 50_000
    ) -> Iterator[DataFrame]:
        """All rows of the period in one snapshot, oldest first."""
        return factstream.chunks(self.at(query.as_of), subject, query, filters=filters or {}, chunk=chunk)

    def summary(
        self,
        subject: str,
        query: Query,
        *,
        filters: Mapping[str, str] | None = None,
        level: str | None = None,
    ) -> dict:
        """Counts for the head of the analyst page; see `data.factlist.summary`."""
        return factlist.summary(self.at(query.as_of), subject, query, filters=filters or {}, level=level)

    def words(self, subject: str, column: str) -> list[str]:
        """Values in use of a word column (category, channel, status …) inside the scope."""
        return factlist.words(self, subject, column)

    def categories(self, subject: str) -> list[str]:
        """Categories in use, inside the scope."""
        return self.words(subject, "category")

    def channels(self, subject: str) -> list[str]:
        """Channels in use, inside the scope."""
        return self.words(subject, "channel")

    def longest_overdue(self, unit: str | None, *, limit: int = 10) -> DataFrame:
        """Open cases past their limit, longest first; see `data.points`."""
        return points.longest_overdue(self, unit, limit=limit)

    def points(self, unit: str | None, level: str, *, limit: int = points.MOST) -> points.Points:
        """Open cases and orders, new alerts and parking lots: one by one, or more than `limit` by unit of a level."""
        return points.points(self, unit, level, limit=limit)

    def nowhere(self, query: Query) -> int:
        """Facts behind the first indicator that lie in no unit of the shown level."""
        rows = self.measures(query.asking(indicators=(query.indicator,)), compare=False)
        loose = rows[rows["kind"] == "unassigned"]
        return int(loose["n"].fillna(0).sum())

    def search(self, text: str, *, limit: int = 20) -> DataFrame:
        """Units by name or code and facts by number: kind, code, title, detail."""
        return mapdata.search(self, text, limit=limit)

    def shapes(self, level: str, within: str | None) -> tuple[str, bytes]:
        """Outlines of a level as GeoJSON, and the hash of their content."""
        return mapdata.shapes(self, level, within)

    # Places ----------------------------------------------------------------------------------------------------

    def unplaced(
        self, *, subject: str | None = None, start: int = 0, limit: int = 50
    ) -> tuple[list[unplaced.Open], int]:
        """A page of the queue of facts that want a place, and the count of all; see `data.unplaced`."""
        return unplaced.queue(self, subject=subject, start=start, limit=limit)

    def outlines(self, box: outlines.Box) -> tuple[DataFrame, DataFrame]:
        """Units in a box as fine as can be told apart, and those of the level above; see `data.outlines`."""
        return outlines.outlines(self, box)

    def located(self, period: Period) -> DataFrame:
        """How the facts of a period were located, by source; see `data.unplaced`."""
        return unplaced.counts(self, period)

    # Sources ---------------------------------------------------------------------------------------------------

    def freshness(self) -> DataFrame:
        """Each source's age: source, kind, every_minutes, last_good_at, age_minutes, state."""
        return sourcebook.freshness(self)

    def sources(self) -> DataFrame:
        """Freshness and the account of each source's newest load."""
        return sourcebook.sources(self)

    def loads(self, source: str, *, limit: int = 50) -> DataFrame:
        """Newest loads of a source with their accounts."""
        return sourcebook.loads(self, source, limit=limit)

    def rejects(self, source: str, *, limit: int = 200) -> DataFrame:
        """Refused rows of a source's newest load that refused any."""
        return sourcebook.rejects(self, source, limit=limit)

    def mixups(self, source: str) -> tuple[list[MixUp], int | None]:
        """What looked mixed up in a source's newest load in which anything did, and when that was recorded."""
        return sourcebook.mixups(self, source)

    def withdrawals(self, source: str, *, limit: int = 200) -> DataFrame:
        """Facts that a source's newest load to withdraw any found no longer."""
        return sourcebook.withdrawals(self, source, limit=limit)

    def runs(self, *, limit: int = 50, failed: bool = False) -> DataFrame:
        """Newest runs of jobs."""
        return sourcebook.runs(self, limit=limit, failed=failed)

    def state(self) -> dict:
        """What a manifest says of the data: generation, load, boundary version, published_at."""
        return sourcebook.state(self)
