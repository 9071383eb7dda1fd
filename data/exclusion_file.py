"""Exclusions decided elsewhere, from a list: each row an application and its approval, counted like a delivery."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from data.exclusions import AFTER, LONGEST, Event, ExclusionError, find, record, standing
from data.instants import micros
from data.left_out import APPROVED
from data.locks import one_at_a_time
from data.settings import Settings
from data.sources.batch import Reject, shorten
from data.store import Store
from geo.units import fold

HEADERS = {
    "source": ("source", "来源"),
    "id": ("id", "工单编号", "案件编号", "编号"),
    "reason": ("reason", "原因", "理由"),
    "clause": ("clause", "条款", "依据条款"),
    "applicant": ("applicant", "申请人"),
    "approved_by": ("approved_by", "审批人"),
    "approved_at": ("approved_at", "审批时间"),
}
MAY_LACK = ("clause",)


@dataclass
class ExclusionLedger:
    """The account of one list; `read = accepted + updated + unchanged + rejected`."""

    read: int = 0
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The account."""
        names = ("read", "accepted", "updated", "unchanged")
        return {name: getattr(self, name) for name in names} | {"rejected": len(self.rejects)}


def take(
    store: Store, table: Iterable[Sequence[str]], file: str, *, clock: Callable[[], datetime], by: str
) -> ExclusionLedger:
    """Record what a list says; what is recorded already is left. Raises ExclusionError for unknown columns."""
    rows = iter(table)
    at = _places(next((row for row in rows if any(row)), ()), file)
    ledger = ExclusionLedger()
    with one_at_a_time(store, "exclusions"), one_at_a_time(store, "load"), store.write() as connection:
        known, now = standing(connection), clock()
        writing: dict[str, Any] = {"now": now, "by": by, "loads": {}}
        for number, row in enumerate(rows, start=2):
            cells = {name: _cell(row, place) for name, place in at.items()}
            if not any(cells.values()):
                continue
            ledger.read += 1
            event = _read(connection, store, cells)
            if isinstance(event, Refusal):
                name, value, rule = event
                ledger.rejects.append(Reject(file, number, name, shorten(value), rule))
                continue
            before = known.get(event.fact)
            if before is not None and _told(before) == _told(event):
                ledger.unchanged += 1
                continue
            known[event.fact] = _approved(connection, before, event, writing)
            ledger.accepted += before is None
            ledger.updated += before is not None
    return ledger


class Refusal(NamedTuple):
    """Why a row is refused: field, what was found, what was expected."""

    name: str
    value: str
    rule: str


def _told(event: Event) -> tuple:
    """What a list tells of a fact."""
    return (event.state, event.reason, event.clause, event.applicant, event.decided_by, event.decided_at)


def _approved(connection: Connection, before: Event | None, event: Event, writing: dict[str, Any]) -> Event:
    """Record an approval with its application; one that waits is approved if it says the same, else it ends first."""
    same = before is not None and before.state == "applied" and _told(before)[1:4] == _told(event)[1:4]
    if before is not None and same:
        kept = replace(event, applied_at=before.applied_at, text=before.text)
        return record(connection, kept, **writing)
    if before is not None and before.state in AFTER["withdrawn"]:
        ended = replace(
            before, state="withdrawn", decided_by=event.decided_by, decided_at=event.decided_at, note=""
        )
        record(connection, ended, **writing)
    record(connection, replace(event, state="applied", decided_by="", decided_at=None), **writing)
    return record(connection, event, **writing)


def _read(connection: Connection, store: Store, cells: dict[str, str]) -> Event | Refusal:
    """The approval a row tells of."""
    for name in HEADERS:
        if not cells[name] and name not in MAY_LACK:
            return Refusal(name, "", "a value")
    fact = find(connection, cells["source"], cells["id"])
    if fact is None:
        return Refusal("id", cells["id"], f"the number of a case or order of '{shorten(cells['source'])}'")
    code = _code(cells["reason"], store.settings)
    if code is None:
        return Refusal("reason", cells["reason"], f"one of {', '.join(store.settings.reasons)}")
    if cells["approved_by"] == cells["applicant"]:
        return Refusal("approved_by", cells["approved_by"], "another person than the applicant")
    try:
        moment = datetime.fromisoformat(cells["approved_at"].replace("/", "-"))
    except ValueError:
        return Refusal("approved_at", cells["approved_at"], "a time such as 2026-11-03 09:00")
    at = micros(moment if moment.tzinfo else moment.replace(tzinfo=store.settings.timezone))
    clause, person = cells["clause"][:LONGEST], cells["approved_by"]
    return Event(
        fact, APPROVED, code, clause, "", cells["applicant"], applied_at=at, decided_by=person, decided_at=at
    )


def _code(text: str, settings: Settings) -> str | None:
    """Code of a reason given as its code or as one of its titles."""
    for code, titles in settings.reasons.items():
        if fold(text) in (fold(code), *map(fold, titles.values())):
            return code
    return None


def _places(headers: Sequence[str], file: str) -> dict[str, int | None]:
    """Where each column stands. Raises ExclusionError."""
    found = {
        name: next((at for at, cell in enumerate(headers) if fold(cell) in map(fold, known)), None)
        for name, known in HEADERS.items()
    }
    lacking = [name for name, at in found.items() if at is None and name not in MAY_LACK]
    if lacking:
        got = ", ".join(map(shorten, headers)) or "none"
        raise ExclusionError(f"{file}: got columns {got}; expected {', '.join(HEADERS)}")
    return found


def _cell(row: Sequence[str], at: int | None) -> str:
    return "" if at is None or at >= len(row) else row[at].strip()
