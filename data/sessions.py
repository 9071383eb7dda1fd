"""Sessions of signed-in people, kept on the server, so that any of them can be ended at once.

The browser holds 256 random bits; the store holds their SHA-256, so a copied database signs nobody in. Rights are
read with every request, never kept in the session. A session ends after a time without requests and after a time
in all; requests that come by themselves (the live stream) do not keep it alive.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update

from data.instants import micros
from data.people import Person, note, person_of
from data.schema import person, person_unit, web_session
from data.store import Store

MICROSECOND = timedelta(microseconds=1)
CLOCK_SLACK = timedelta(minutes=1)  # replicas' clocks may differ by this much
NOTICED_EVERY = timedelta(
    seconds=30
)  # how often a request is written down: a session may end this much early


@dataclass(frozen=True)
class SessionRules:
    """How long a session lives without a request, and in all."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True)
class Visit:
    """One request's identity: the person, and the token that forms of this session must carry."""

    person: Person
    csrf: str
    id_hash: str
    seen_at: int  # the last request that was written down, in microseconds


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "surrogateescape")).hexdigest()


# Built once: with every request it runs, and building it takes longer than running it. A row for each grant.
_VISIT = (
    select(
        person,
        web_session.c.csrf,
        web_session.c.seen_at,
        web_session.c.expires_at,
        person_unit.c.tree,
        person_unit.c.unit_code,
    )
    .select_from(
        web_session.join(person, web_session.c.person_id == person.c.id).outerjoin(
            person_unit, person_unit.c.person_id == person.c.id
        )
    )
    .where(web_session.c.id_hash == bindparam("key"))
)


def open_session(store: Store, owner: Person, *, now: datetime, rules: SessionRules = SessionRules()) -> str:
    """Make a session and return its id, which is shown to the browser and kept nowhere else."""
    session_id = secrets.token_urlsafe(32)
    row = {
        "id_hash": _hash(session_id),
        "person_id": owner.id,
        "csrf": secrets.token_urlsafe(32),
        "created_at": micros(now),
        "seen_at": micros(now),
        "expires_at": micros(now + rules.absolute),
    }
    with store.write() as connection:
        connection.execute(insert(web_session).values(row))
        note(connection, "signed in", by=owner.name, now=now)
    return session_id


def read_session(
    store: Store, session_id: str, *, now: datetime, rules: SessionRules, extend: bool
) -> Visit | None:
    """Whose session this is, as their rights stand now; None when unknown, ended, too old or disabled.

    extend  whether this request counts as activity; written down at most every 30 seconds
    """
    with store.read() as connection:
        rows = connection.execute(_VISIT, {"key": (key := _hash(session_id))}).all()
    if not rows or rows[0].disabled or _over(rows[0].seen_at, rows[0].expires_at, now=now, rules=rules):
        return None
    row = rows[0]
    granted = [(each.tree, each.unit_code) for each in rows if each.unit_code is not None]
    visit = Visit(person_of(row, granted), row.csrf, key, row.seen_at)
    if extend and wants_notice(visit, now=now):
        notice(store, visit, now=now)
    return visit


def wants_notice(visit: Visit, *, now: datetime) -> bool:
    """Whether the last request that was written down lies long enough back to write this one down."""
    return (micros(now) - visit.seen_at) * MICROSECOND >= NOTICED_EVERY


def notice(store: Store, visit: Visit, *, now: datetime) -> None:
    """Write a request down as activity of its session."""
    seen = update(web_session).where(web_session.c.id_hash == visit.id_hash)
    with store.write() as connection:
        connection.execute(seen.values(seen_at=micros(now)))


def _over(seen_at: int, expires_at: int, *, now: datetime, rules: SessionRules) -> bool:
    """Whether a session's time is over; where the clock went back its age is not known, so it is over too."""
    since = micros(now) - seen_at
    return not -CLOCK_SLACK <= since * MICROSECOND < rules.idle or micros(now) >= expires_at


def close_session(store: Store, session_id: str, *, now: datetime) -> None:
    """End one session; one that is unknown is ended already."""
    key = _hash(session_id)
    owner = select(person.c.name).join(web_session, web_session.c.person_id == person.c.id)
    with store.write() as connection:
        name = connection.execute(owner.where(web_session.c.id_hash == key)).scalar()
        if name is None:
            return
        connection.execute(delete(web_session).where(web_session.c.id_hash == key))
        note(connection, "signed out", by=name, now=now)


def close_sessions(store: Store, person_id: int) -> int:
    """End all sessions of one person (a changed password, say); returns how many there were."""
    with store.write() as connection:
        return connection.execute(delete(web_session).where(web_session.c.person_id == person_id)).rowcount


def drop_ended_sessions(store: Store, *, now: datetime, rules: SessionRules) -> int:
    """Delete sessions whose time is over; returns how many. Part of the daily housekeeping."""
    quiet = micros(now - rules.idle)
    ended = (web_session.c.expires_at <= micros(now)) | (web_session.c.seen_at <= quiet)
    with store.write() as connection:
        return connection.execute(delete(web_session).where(ended)).rowcount
