"""The record of exclusions (不计入考核): who applied to leave a fact out of the assessment, and who decided.

Invariants: every event is a row, and none is ever changed; of one fact the newest row known counts. Nobody decides on
his own application. A decision that numbers hang on comes with a load of the fact's source that brings no row, so that
what was known at an instant is one thing for facts and for exclusions (`data.left_out`).
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select

from data.instants import micros
from data.left_out import APPROVED, SUBJECTS
from data.locks import one_at_a_time
from data.people import note
from data.register import COUNTS
from data.schema import FACTS, load, source, source_definition
from data.schema_judging import exclusion
from data.store import Store

APPLIED = "applied"
STATES = (APPLIED, APPROVED, "refused", "withdrawn")
AFTER = {APPLIED: ("", "refused", "withdrawn"), APPROVED: (APPLIED,), "refused": (APPLIED,),
         "withdrawn": (APPLIED, APPROVED)}  # fmt: skip
LONGEST = 500  # characters of a text


class ExclusionError(ValueError):
    """An application cannot be made or decided so; one line: where: got value; expected rule."""


class OwnApplication(ExclusionError):
    """Somebody would decide on his own application."""


@dataclass(frozen=True)
class Fact:
    """Which fact: subject, number of its source, its own number there."""

    subject: str
    source_id: int
    key: str


@dataclass(frozen=True)
class Event:
    """What stands of a fact after an event; instants in microseconds UTC.

    reason      code of a reason (`data.exclusion_reasons`)
    decided_by  who did what made the state, empty of an application
    load        see the module; None where numbers stay as they were
    """

    fact: Fact
    state: str
    reason: str
    clause: str
    text: str
    applicant: str
    applied_at: int
    decided_by: str = ""
    decided_at: int | None = None
    note: str = ""
    load: int | None = None
    recorded_at: int = 0
    recorded_by: str = ""


def standing(connection: Connection, *, as_of: int | None = None) -> dict[Fact, Event]:
    """The newest event of every fact known at an instant (microseconds UTC; None: now)."""
    return {event.fact: event for event in events(connection, as_of=as_of)}


def events(connection: Connection, *, as_of: int | None = None, fact: Fact | None = None) -> Iterable[Event]:
    """Every event known at an instant, of one fact or of all, in the order in which they were recorded."""
    query = select(exclusion).order_by(exclusion.c.id)
    if as_of is not None:
        query = query.where(exclusion.c.recorded_at <= as_of)
    if fact is not None:
        query = query.where(*(exclusion.c[name] == value for name, value in asdict(fact).items()))
    return [_event(row) for row in connection.execute(query)]


def _event(row: Row) -> Event:
    values = dict(row._mapping)
    values.pop("id")
    fact = Fact(*(values.pop(name) for name in ("subject", "source_id", "key")))
    return Event(fact, **values)


def apply(
    store: Store, fact: Fact, *, reason: str, clause: str, text: str, by: str, clock: Callable[[], datetime]
) -> Event:
    """Ask to leave a fact out of the assessment. Raises ExclusionError."""
    check_reason(store, reason, f"exclusion {fact.key}")
    for name, value in (("clause", clause), ("text", text)):
        if len(value) > LONGEST:
            raise ExclusionError(f"{name}: got {len(value)} characters; expected at most {LONGEST}")
    with one_at_a_time(store, "exclusions"), store.write() as connection:
        now = clock()
        _check_move(_last(connection, fact), fact, APPLIED)
        event = Event(fact, APPLIED, reason, clause, text, by, micros(now))
        return record(connection, event, now=now, by=by)


def decide(
    store: Store, fact: Fact, state: str, *, note: str, by: str, clock: Callable[[], datetime], judge: bool
) -> Event:
    """Approve, refuse or withdraw what stands of a fact. Raises ExclusionError.

    judge  whether the person may decide; who may not can take back an application of his own only
    """
    with ExitStack() as held:
        held.enter_context(one_at_a_time(store, "exclusions"))
        with store.read() as connection:
            last = _last(connection, fact)
        if last is None:
            raise ExclusionError(f"exclusion {fact.key}: got no application; expected one")
        check_decision(last, state, by=by, judge=judge)
        if APPROVED in (state, last.state):
            held.enter_context(one_at_a_time(store, "load"))
        with store.write() as connection:
            now = clock()
            event = replace(last, state=state, decided_by=by, decided_at=micros(now), note=note[:LONGEST])
            return record(connection, event, now=now, by=by)


def check_reason(store: Store, reason: str, where: str) -> None:
    """Raise ExclusionError for a reason the instance does not accept."""
    if reason not in store.settings.reasons:
        known = ", ".join(store.settings.reasons)
        raise ExclusionError(f"{where}: reason: got '{reason[:40]}'; expected one of {known}")


def check_decision(last: Event, state: str, *, by: str, judge: bool) -> None:
    """Raise ExclusionError where a person may not bring an application to a state."""
    where = f"exclusion {last.fact.key}"
    _check_move(last, last.fact, state)
    own = by == last.applicant
    if state != "withdrawn" and own:
        raise OwnApplication(f"{where}: got '{by}', who applied; expected a second person to decide")
    if not judge and not (state == "withdrawn" and last.state == APPLIED and own):
        raise ExclusionError(f"{where}: got '{by}'; expected a person who may decide")


def _check_move(last: Event | None, fact: Fact, state: str) -> None:
    before = last.state if last else ""
    if before not in AFTER[state]:
        rule = " or ".join(name or "none yet" for name in AFTER[state])
        raise ExclusionError(f"exclusion {fact.key}: got one that is {before or 'none yet'}; expected {rule}")


def _last(connection: Connection, fact: Fact) -> Event | None:
    found = list(events(connection, fact=fact))
    return found[-1] if found else None


def record(
    connection: Connection, event: Event, *, now: datetime, by: str, loads: dict | None = None
) -> Event:
    """Write an event as it is; with a load where numbers hang on it: the caller then holds the lock `load`.

    loads  by source, loads of this transaction that more events may come with; None: each has its own
    """
    fact, before = event.fact, _last(connection, event.fact)
    moves = APPROVED in (event.state, before.state if before else "")
    loads = {} if loads is None else loads
    if moves and fact.source_id not in loads:
        loads[fact.source_id] = _bring(connection, fact.source_id, now=micros(now))
    number, at = loads[fact.source_id] if moves else (None, _after_all(connection, micros(now)))
    done = replace(event, load=number, recorded_at=at, recorded_by=by)
    row = asdict(done)
    last_id = connection.scalar(select(func.max(exclusion.c.id))) or 0
    connection.execute(insert(exclusion).values(id=last_id + 1, **row.pop("fact"), **row))
    about = f"{fact.subject} {fact.source_id} {fact.key}"
    note(connection, f"exclusion {event.state}", by=by, now=now, about=about, detail=event.reason)
    return done


def _after_all(connection: Connection, now: int) -> int:
    """An instant at which everything recorded so far is known."""
    return max(now, connection.scalar(select(func.max(exclusion.c.recorded_at))) or 0)


def _bring(connection: Connection, source_id: int, *, now: int) -> tuple[int, int]:
    """An empty load of a source, done at once: its number, and the instant from which it is known."""
    newest = connection.execute(select(func.max(load.c.id), func.max(load.c.recorded_at))).one()
    number, at = (newest[0] or 0) + 1, max(_after_all(connection, now), (newest[1] or 0) + 1)
    definition = select(func.max(source_definition.c.id)).where(source_definition.c.source_id == source_id)
    connection.execute(
        insert(load).values(
            id=number, source_id=source_id, definition_id=connection.scalar(definition) or 0, started_at=now,
            recorded_at=at, state="done", files="[]", notes="{}", kind="exclusion", seconds=0.0,
            **dict.fromkeys(COUNTS, 0),
        )
    )  # fmt: skip
    return number, at


def find(connection: Connection, name: str, key: str) -> Fact | None:
    """The fact of a source's name and its number there; None where there is none that can be left out."""
    for subject in SUBJECTS:
        fact = FACTS[subject]
        query = select(fact.c.source_id).join(source, source.c.id == fact.c.source_id)
        number = connection.scalar(query.where(source.c.name == name, fact.c.key == key).limit(1))
        if number is not None:
            return Fact(subject, number, key)
    return None
