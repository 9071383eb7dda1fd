"""The queue 待归属: facts that lie nowhere or are known only coarsely, with proposals; and how facts were located.

Everything is seen through the reader's scope: a fact outside it is not there, a unit outside it is not proposed.
Facts are read as last loaded, not as last refreshed, so that what is settled (`data.settling`) leaves at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, or_, select

from data import places
from data.factstore import last_load, visible
from data.measures import epoch_day
from data.placing import HAND, HINT, HOWS, OUTSIDE, gazetteer_of, local_days
from data.query import Period
from data.schema import FACT_COLUMNS, FACTS, PLACES, STARTS, source, unit
from data.terms import term_kind, terms

if TYPE_CHECKING:
    from data.reader import Reader

SUBJECTS = tuple(subject for subject in FACTS if "address" in FACT_COLUMNS[subject])
LARGEST_PAGE = 200


class FactKey(NamedTuple):
    """Which fact: subject, name of its source, its number there."""

    subject: str
    source: str
    id: str


@dataclass(frozen=True)
class Choice:
    """A place proposed for a fact: unit, its line of ancestors, how likely (0 to 1), why, and the entry behind it."""

    unit_code: str
    unit_name: str
    path: str
    score: float
    reason: str
    lon: float
    lat: float
    entry: int = -1


@dataclass(frozen=True)
class Open:
    """One fact of the queue. start_at in microseconds UTC; unit is where its hint says, if anywhere."""

    key: FactKey
    start_at: int
    category: str
    address: str
    unit_code: str
    unit_name: str
    outside: bool
    reason: str
    choices: tuple[Choice, ...]


def queue(
    reader: Reader, *, subject: str | None = None, start: int = 0, limit: int = 50
) -> tuple[list[Open], int]:
    """Facts start..start+limit of the queue and the count of all: with an address first, then the newest.

    A fact is in the queue as long as it lies nowhere, or a hint has placed it in a unit more than one level above the
    finest.
    """
    limit, start = min(max(limit, 1), LARGEST_PAGE), max(start, 0)
    found: list[DataFrame] = []
    total = 0
    with reader.store.read() as connection:
        for each in (subject,) if subject in SUBJECTS else SUBJECTS:
            where = _waiting(connection, reader, each)
            if where is None:
                continue
            total += connection.scalar(select(func.count()).select_from(_joined(each)).where(*where)) or 0
            found.append(_rows(connection, each, where, most=start + limit))
        if not found:
            return [], 0
        table = pd.concat(found, ignore_index=True)
        order = table.assign(named=table["address"].notna()).sort_values(
            ["named", "start"], ascending=False, kind="stable"
        )
        return _told(connection, reader, order.iloc[start : start + limit]), int(total)


def _joined(subject: str) -> FromClause:
    table, place = FACTS[subject], PLACES[subject]
    return table.join(place, place.c.rev == table.c.rev)


def seen_by(connection: Connection, reader: Reader, subject: str) -> list[ColumnElement[bool]] | None:
    """What a current fact joined with its place must be for the reader to see it; None when the scope opens nothing.

    Read in a tree that the scope is not of, the fact must lie in the scope all the same.
    """
    spans = reader.ground(None) if reader.opens else ()
    if not spans:
        return None
    table, place = FACTS[subject], PLACES[subject]
    held = or_(*(place.c.place.between(low, high) for low, high in spans))
    own = reader.across.now(subject) if reader.across else []
    return [place.c.version_id == reader.version.id, visible(table, last_load(connection)), held, *own]


def _waiting(connection: Connection, reader: Reader, subject: str) -> list[ColumnElement[bool]] | None:
    """What a fact of the queue must be; None when the scope opens nothing."""
    seen = seen_by(connection, reader, subject)
    if seen is None:
        return None
    table, place, version = FACTS[subject], PLACES[subject], reader.version
    coarse = select(unit.c.pos).where(unit.c.version_id == version.id, unit.c.level < _fine_enough(version))
    loose = or_(place.c.place == 0, and_(place.c.how == HINT, place.c.place.in_(coarse)))
    return [*seen, ~table.c.withdrawn, loose, place.c.how != HAND]


def _fine_enough(version: places.Version) -> int:
    """Depth from which on a place needs no person: one level above the finest."""
    return max(max(version.level_at) - 1, 0)


def _rows(connection: Connection, subject: str, where: list[ColumnElement[bool]], *, most: int) -> DataFrame:
    table, place = FACTS[subject], PLACES[subject]
    names = {
        "id": table.c.key, "source_id": table.c.source_id, "start": table.c[STARTS[subject]],
        "category": table.c[_category(subject)], "address": table.c.address, "place": place.c.place,
        "how": place.c.how,
    }  # fmt: skip
    query = select(*names.values()).select_from(_joined(subject)).where(*where)
    order = (table.c.address.is_(None), names["start"].desc(), table.c.rev.desc())
    frame = DataFrame(connection.execute(query.order_by(*order).limit(most)).all(), columns=list(names))
    words = terms(connection, term_kind(subject, _category(subject)))
    return frame.assign(subject=subject, category=frame["category"].map(words))


def _category(subject: str) -> str:
    return "category" if "category" in FACT_COLUMNS[subject] else "kind"


def _told(connection: Connection, reader: Reader, rows: DataFrame) -> list[Open]:
    """Rows of the queue with their proposals."""
    version = reader.version
    asker = _Asker(connection, reader)
    days = local_days(rows["start"], reader.store).tolist()
    sources = {row.id: row.name for row in connection.execute(select(source.c.id, source.c.name))}
    found = []
    for row, day in zip(rows.to_dict("records"), days, strict=True):
        pos, address = int(row["place"]), row["address"] if isinstance(row["address"], str) else ""
        reason, choices = asker.choices(address, within=pos, day=day)
        key = FactKey(row["subject"], sources.get(row["source_id"], ""), row["id"])
        category = row["category"] if isinstance(row["category"], str) else ""
        found.append(
            Open(key, int(row["start"]), category, address, version.code_at[pos], version.name_at[pos],
                 row["how"] == OUTSIDE, reason, choices)
        )  # fmt: skip
    return found


class _Asker:
    """The gazetteer as the queue asks it: every proposal that the reader may see, best first."""

    def __init__(self, connection: Connection, reader: Reader):
        self.reader, self.version = reader, reader.version
        placer = places.Placer(connection, self.version, cache=reader.settings.folder / ".cache")
        self.gazetteer = gazetteer_of(connection, placer, reader.store)

    def choices(
        self, address: str, *, within: int = 0, day: int | None = None
    ) -> tuple[str, tuple[Choice, ...]]:
        """Why an address is open, and what it may mean; what contradicts the hint is shown as such."""
        if not address:
            return "empty", ()
        answer = self.gazetteer.ask(address, day=day, within=within)
        if answer.pos == 0 and not answer.proposals and within:
            answer = self.gazetteer.ask(address, day=day)
        seen = [one for one in answer.proposals if self.reader.sees(one.pos)]
        return answer.reason, tuple(self._choice(one.pos, one.score, one.reason, one.entry) for one in seen)

    def _choice(self, pos: int, score: float, reason: str, entry: int) -> Choice:
        version = self.version
        path: list[str] = []
        above = version.parent_at[pos]
        while above and self.reader.sees(above):
            path.insert(0, version.name_at[above])
            above = version.parent_at[above]
        lon, lat, _ = version.label_at[pos].tolist()
        return Choice(
            version.code_at[pos],
            version.name_at[pos],
            " / ".join(path),
            float(score),
            reason,
            lon,
            lat,
            entry,
        )


def said(reader: Reader, address: str) -> dict:
    """What the gazetteer says of one address: unit_code (empty: open), unit_name, how, score, reason, proposals."""
    with reader.store.read() as connection:
        asker = _Asker(connection, reader)
    answer = asker.gazetteer.ask(address)
    seen = answer.pos if reader.sees(answer.pos) else 0
    _, choices = asker.choices(address)
    names = ("unit_code", "unit_name", "path", "score", "reason")
    return {
        "address": address, "unit_code": reader.version.code_at[seen], "unit_name": reader.version.name_at[seen],
        "how": answer.how, "score": answer.score, "reason": answer.reason,
        "proposals": [{name: getattr(one, name) for name in names} for one in choices],
    }  # fmt: skip


def counts(reader: Reader, period: Period) -> DataFrame:
    """How the facts of a period were located, as last loaded.

    returns  source, subject, one column for each of `data.placing.HOWS`
    """
    low, high = (reader.settings.day_start(epoch_day(day)) for day in (period.start, period.end))
    rows: dict[tuple[str, str], dict[str, int]] = {}
    with reader.store.read() as connection:
        names = {row.id: row.name for row in connection.execute(select(source.c.id, source.c.name))}
        for subject, table in FACTS.items():
            seen = seen_by(connection, reader, subject)
            if seen is None:
                continue
            parts = (table.c.source_id, PLACES[subject].c.how)
            query = select(*parts, func.count()).select_from(_joined(subject))
            query = query.where(*seen, ~table.c.withdrawn, table.c[STARTS[subject]].between(low, high - 1))
            for number, how, count in connection.execute(query.group_by(*parts)):
                rows.setdefault((names[number], subject), {})[HOWS[how]] = count
    frame = DataFrame(
        [{"source": name, "subject": subject, **row} for (name, subject), row in sorted(rows.items())]
    )
    frame = frame.reindex(columns=["source", "subject", *HOWS]).fillna(dict.fromkeys(HOWS, 0))
    return frame.astype(dict.fromkeys(HOWS, "int64"))
