"""Releases: figures as they were published, frozen with the rules they rest on.

Invariants: a release is one row and never changes; one that no longer holds stays listed, with the reason. Its
document holds the figures, what they mean and the rules; asking again as of its instant gives the same bytes
(`data.release_check`).
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from sqlalchemy import Connection, func, insert, select

from data.factstore import load_as_of
from data.indicators import INDICATORS
from data.instants import micros, moment
from data.locks import one_at_a_time
from data.manifest import program_version
from data.measure_table import Parts, measure_table
from data.measures import epoch_day
from data.people import note
from data.query import Boundaries, Period, Query, QueryError
from data.reader import Reader
from data.release_rules import rules_as_of
from data.schema_judging import release
from data.settings import EPOCH_DAY
from data.store import Store

MADE, WITHDRAWN = "made", "withdrawn"
NAME = re.compile(r"[\w.-]{1,60}\Z")
LONGEST = 400  # characters of a title, a note or a reason
USUAL_DEPTH = 3  # levels frozen where none is named: down to the grids
FIGURE = (
    "indicator", "level", "unit_code", "numerator", "denominator", "value", "low", "high", "n",
)  # fmt: skip
HEAD = ("id", "name", "act", "title", "from_on", "to_on", "as_of", "tree", "boundaries", "note", "program", "sha256",
        "recorded_at", "recorded_by")  # fmt: skip


class ReleaseError(QueryError):
    """A release cannot be made, found or withdrawn: where: got value; expected rule."""


@dataclass(frozen=True)
class Release:
    """A release without its figures. Instants in microseconds UTC; `reason` why it was withdrawn, with when and who."""

    name: str
    title: str
    period: Period
    as_of: int
    tree: str
    boundaries: Boundaries
    note: str
    program: str
    sha256: str
    recorded_at: int
    recorded_by: str
    reason: str = ""
    withdrawn_at: int | None = None
    withdrawn_by: str = ""

    @property
    def shown(self) -> str:
        """Its title, else its name."""
        return self.title or self.name


@dataclass(frozen=True)
class Document:
    """What a release froze: its text, and what stands in it."""

    text: str

    @cached_property
    def content(self) -> dict:
        """Parts of the document: indicators, levels, definitions, rules, figures."""
        return json.loads(self.text)

    @property
    def figures(self) -> list[list]:
        """Rows of `FIGURE`; the whole has neither level nor code."""
        return self.content["figures"]


@dataclass(frozen=True)
class Wanted:
    """A release to be made. as_of: microseconds UTC, None: now; levels: none named, the first three."""

    name: str
    period: Period
    as_of: int | None = None
    title: str = ""
    note: str = ""
    indicators: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    boundaries: Boundaries = "as-was"


def releases(connection: Connection, *, tree: str | None = None) -> list[Release]:
    """Every release, the newest first, also those withdrawn."""
    rows = connection.execute(select(*(release.c[name] for name in HEAD)).order_by(release.c.id.desc())).all()
    gone = {row.name: row for row in rows if row.act == WITHDRAWN}
    return [_release(row, gone.get(row.name)) for row in rows if row.act == MADE and tree in (None, row.tree)]


def find(connection: Connection, name: str) -> Release:
    """The release of that name. Raises ReleaseError."""
    for one in releases(connection):
        if one.name == name:
            return one
    raise ReleaseError(f"release: got '{name[:60]}'; expected the name of a release")


def document(connection: Connection, name: str) -> Document:
    """What a release froze. Raises ReleaseError."""
    query = select(release.c.document).where(release.c.name == name, release.c.act == MADE)
    text = connection.scalar(query)
    if text is None:
        raise ReleaseError(f"release: got '{name[:60]}'; expected the name of a release")
    return Document(text)


def make(reader: Reader, wanted: Wanted, *, by: str) -> Release:
    """Freeze the figures of a period as known at an instant, for a reader of the whole.

    Raises ReleaseError, NotReady
    """
    now = micros(reader.clock())
    as_of = now if wanted.as_of is None else wanted.as_of
    with one_at_a_time(reader.store, "releases"):
        with reader.read() as connection:
            _check(connection, reader, wanted, as_of=as_of, now=now)
            content = frozen(reader, _complete(reader, wanted), as_of=as_of)
        text = written(content)
        row = {
            "name": wanted.name, "act": MADE, "title": wanted.title[:LONGEST], "note": wanted.note[:LONGEST],
            "from_on": epoch_day(wanted.period.start), "to_on": epoch_day(wanted.period.end), "as_of": as_of,
            "tree": reader.tree, "boundaries": wanted.boundaries, "program": program_version(),
            "sha256": hashlib.sha256(text.encode()).hexdigest(), "document": text,
        }  # fmt: skip
        _add(reader.store, row, by=by, now=reader.clock())
    with reader.store.read() as connection:
        return find(connection, wanted.name)


def withdraw(store: Store, name: str, reason: str, *, by: str, now: datetime) -> None:
    """Say that a release no longer holds, and why; it stays listed with its figures. Raises ReleaseError."""
    told = " ".join(reason.split())[:LONGEST]
    if not told:
        raise ReleaseError("reason: got nothing; expected why the release no longer holds")
    with one_at_a_time(store, "releases"):
        with store.read() as connection:
            known = find(connection, name)
        if known.withdrawn_at is not None:
            raise ReleaseError(f"release: got '{name}', which is withdrawn already; expected one that holds")
        row = {
            "name": name, "act": WITHDRAWN, "title": known.title, "note": told, "as_of": known.as_of,
            "from_on": epoch_day(known.period.start), "to_on": epoch_day(known.period.end), "tree": known.tree,
            "boundaries": known.boundaries, "program": program_version(), "sha256": known.sha256, "document": "",
        }  # fmt: skip
        _add(store, row, by=by, now=now)


def frozen(reader: Reader, wanted: Wanted, *, as_of: int) -> dict:
    """Definitions, rules and figures of a period as known at an instant: the content of a document."""
    with reader.read() as connection:
        rules = rules_as_of(connection, reader.settings, as_of, period=wanted.period)
        query = Query(None, None, wanted.indicators, wanted.period, boundaries=wanted.boundaries, as_of=as_of,
                      tree=reader.tree)  # fmt: skip
        return {
            "indicators": list(wanted.indicators),
            "levels": list(wanted.levels),
            "definitions": {name: _defined(name) for name in wanted.indicators},
            "rules": rules,
            "figures": figures(reader, query, wanted.levels),
        }


def figures(reader: Reader, query: Query, levels: Sequence[str]) -> list[list]:
    """Measures of the whole and of every unit of some levels, as rows of `FIGURE`: whole numbers as such, None for
    what has no value."""
    known = reader.at(query.as_of)
    rows = []
    for level in ("", *levels):
        parts = Parts(("unit_code",), level) if level else Parts(())
        table = measure_table(known, query, parts)
        for line in table[["indicator", "unit_code", *FIGURE[3:]]].itertuples(index=False):
            rows.append([line[0], level, line[1], *(_plain(value) for value in line[2:])])
    return rows


def written(content: dict) -> str:
    """A document as text, the same for the same content; a figure stands on a line of its own."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in content["figures"])
    rest = {name: part for name, part in content.items() if name != "figures"}
    head = json.dumps(rest, ensure_ascii=False, sort_keys=True)
    return f'{head[:-1]}, "figures": [\n{lines}\n]}}\n'


def _plain(value: float) -> float | int | None:
    if np.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def _defined(name: str) -> dict[str, str]:
    entry = INDICATORS[name]
    return {"formula": entry.formula, "counted_on": entry.counted_on, "exclusions": entry.exclusions,
            "basis": entry.basis, "direction": entry.better or ""}  # fmt: skip


def _complete(reader: Reader, wanted: Wanted) -> Wanted:
    levels = wanted.levels or tuple(level.name for level in reader.levels()[:USUAL_DEPTH])
    names = wanted.indicators or tuple(INDICATORS)
    return Wanted(**vars(wanted) | {"levels": levels, "indicators": names})


def _check(connection: Connection, reader: Reader, wanted: Wanted, *, as_of: int, now: int) -> None:
    """Raise ReleaseError for what cannot be frozen."""
    if not NAME.match(wanted.name):
        raise ReleaseError(
            f"name: got '{wanted.name[:60]}'; expected 1 to 60 letters, digits, '.', '-' and '_'"
        )
    if any(one.name == wanted.name for one in releases(connection)):
        raise ReleaseError(f"name: got '{wanted.name}' again; expected one that no release has")
    if as_of > now:
        raise ReleaseError(f"as-of: got '{moment(as_of).isoformat()}'; expected an instant that has passed")
    seen = reader.published
    if seen is not None and load_as_of(connection, as_of) > seen.load:
        raise ReleaseError("as-of: got facts that are not summed yet; expected a 'linli refresh' before")
    known = [level.name for level in reader.levels()]
    for level in wanted.levels:
        if level not in known:
            raise ReleaseError(f"level: got '{level[:60]}'; expected one of {', '.join(known)}")
    for name in wanted.indicators:
        if name not in INDICATORS:
            raise ReleaseError(f"indicator: got '{name[:60]}'; expected one of {', '.join(INDICATORS)}")


def _add(store: Store, row: dict, *, by: str, now: datetime) -> None:
    with store.write() as connection:
        number = (connection.scalar(select(func.max(release.c.id))) or 0) + 1
        connection.execute(insert(release).values(id=number, recorded_at=micros(now), recorded_by=by, **row))
        act = "release made" if row["act"] == MADE else "release withdrawn"
        note(connection, act, by=by, now=now, detail=row["name"])


def _release(row, gone) -> Release:
    period = Period(*(EPOCH_DAY + timedelta(days=day) for day in (row.from_on, row.to_on)))
    told = {} if gone is None else {
        "reason": gone.note, "withdrawn_at": gone.recorded_at, "withdrawn_by": gone.recorded_by
    }  # fmt: skip
    return Release(
        row.name, row.title, period, row.as_of, row.tree, row.boundaries, row.note, row.program, row.sha256,
        row.recorded_at, row.recorded_by, **told,
    )  # fmt: skip
