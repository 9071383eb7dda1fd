"""Tables the district published (区通报): which there are, what they say of whom, and taking another.

Invariants: rows are never changed; a bulletin that is withdrawn is one more row of its number, so that a question as
of an instant sees the tables known then. The same file for the same period is taken once.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from data.bulletin_file import Figure, Listed
from data.instants import micros
from data.people import note
from data.places import Version
from data.query import Period
from data.schema_judging import bulletin, published_figure
from data.settings import EPOCH_DAY
from data.store import Store
from geo.units import fold, stem


class BulletinError(ValueError):
    """A published table cannot be taken: where: got value; expected rule."""


@dataclass(frozen=True)
class Draft:
    """What is said of a table that is to be taken.

    own  the sub-district that is ours, by its name in the table or the code or name of a unit; "": by the names
    """

    title: str
    issuer: str
    published_on: date
    period: Period
    sha256: str
    own: str = ""


@dataclass(frozen=True)
class Bulletin:
    """A published table; `recorded_at` in microseconds UTC."""

    id: int
    number: int
    title: str
    issuer: str
    published_on: date
    period: Period
    sha256: str
    recorded_at: int
    recorded_by: str


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def bulletins(connection: Connection, *, as_of: int | None = None) -> list[Bulletin]:
    """The tables known at an instant (None: now) and not withdrawn, the newest period first."""
    query = select(bulletin).order_by(bulletin.c.id)
    if as_of is not None:
        query = query.where(bulletin.c.recorded_at <= as_of)
    newest = {row.number: row for row in connection.execute(query)}
    found = [_bulletin(row) for row in newest.values() if not row.withdrawn]
    return sorted(found, key=lambda one: (one.period.end, one.published_on, one.number), reverse=True)


def _bulletin(row) -> Bulletin:
    day, start, end = (
        EPOCH_DAY + timedelta(days=each) for each in (row.published_on, row.start_on, row.end_on)
    )
    return Bulletin(
        row.id, row.number, row.title, row.issuer, day, Period(start, end), row.sha256, row.recorded_at, row.recorded_by
    )  # fmt: skip


def figures(connection: Connection, bulletin_id: int) -> list[Figure]:
    """What a table says, in the order of its file."""
    query = (
        select(published_figure)
        .where(published_figure.c.bulletin_id == bulletin_id)
        .order_by(published_figure.c.row, published_figure.c.seq)
    )
    names = list(Figure.__dataclass_fields__)
    return [Figure(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def with_codes(listed: Listed, version: Version, own: str, file: str) -> tuple[Figure, ...]:
    """Figures with the codes of our units: those named so, with or without 街道; else the one said to be ours.

    version  boundaries in force, of whose top level our units are
    Raises   BulletinError where what is said to be ours is in neither the table nor the instance
    """
    tops = version.at_depth(0, 1, len(version.units)).tolist()
    codes: dict[str, set[str]] = {}
    for pos in tops:
        for text in (version.name_at[pos], version.code_at[pos]):
            for spelling in spellings(text):
                codes.setdefault(spelling, set()).add(version.code_at[pos])
    known: dict[str, str | None] = {name: _only(codes, name) for name in listed.names}
    if own:
        named = next((name for name in listed.names if spellings(name) & spellings(own)), None)
        code = _only(codes, own) or (version.code_at[tops[0]] if named and len(tops) == 1 else None)
        named = named or next((name for name, each in known.items() if code and each == code), None)
        if named is None or code is None:
            raise BulletinError(
                f"{file}: unit: got '{own[:60]}'; expected one of {', '.join(listed.names)[:200]}, and a unit of ours"
            )
        known = {name: None if each == code else each for name, each in known.items()} | {named: code}
    return tuple(replace(figure, unit_code=known[figure.name]) for figure in listed.figures)


def spellings(name: str) -> set[str]:
    """A name as it is compared, with and without what says that it is a sub-district."""
    text = fold(name).removesuffix("办事处")
    return {text, stem(text)[0]}


def _only(codes: Mapping[str, set[str]], name: str) -> str | None:
    found = {code for spelling in spellings(name) for code in codes.get(spelling, ())}
    return next(iter(found)) if len(found) == 1 else None


def record(
    store: Store, draft: Draft, listed: Sequence[Figure], *, now: datetime, by: str
) -> tuple[int, bool]:
    """Take a table. Answers its number, and whether it is new: the same file for the same period is there once."""
    days = ((draft.period.start - EPOCH_DAY).days, (draft.period.end - EPOCH_DAY).days)
    with store.write() as connection:
        for known in bulletins(connection):
            if known.sha256 == draft.sha256 and known.period == draft.period:
                return known.number, False
        number = (connection.scalar(select(func.max(bulletin.c.number))) or 0) + 1
        row = {"number": number, "title": draft.title, "issuer": draft.issuer, "start_on": days[0], "end_on": days[1],
               "published_on": (draft.published_on - EPOCH_DAY).days, "sha256": draft.sha256,
               "withdrawn": False}  # fmt: skip
        at = _add(connection, row, now=now, by=by)
        seq: dict[int, int] = {}
        rows = []
        for figure in listed:
            seq[figure.row] = seq.get(figure.row, 0) + 1
            rows.append(asdict(figure) | {"bulletin_id": at, "seq": seq[figure.row]})
        connection.execute(insert(published_figure), rows)
        note(connection, "bulletin taken", by=by, now=now, detail=f"bulletin {number}: {len(rows)} figures")
    return number, True


def withdraw(store: Store, number: int, *, now: datetime, by: str) -> None:
    """Let a table count no longer; what was known of it stays. Raises BulletinError."""
    with store.write() as connection:
        known = next((one for one in bulletins(connection) if one.number == number), None)
        if known is None:
            raise BulletinError(f"bulletin: got {number}; expected the number of a published table")
        old = connection.execute(select(bulletin).where(bulletin.c.id == known.id)).mappings().one()
        row = {name: value for name, value in old.items() if name not in ("id", "recorded_at", "recorded_by")}
        _add(connection, row | {"withdrawn": True}, now=now, by=by)
        note(connection, "bulletin withdrawn", by=by, now=now, detail=f"bulletin {number}")


def _add(connection: Connection, row: dict, *, now: datetime, by: str) -> int:
    at = (connection.scalar(select(func.max(bulletin.c.id))) or 0) + 1
    connection.execute(
        insert(bulletin).values(row | {"id": at, "recorded_at": micros(now), "recorded_by": by})
    )
    return at
