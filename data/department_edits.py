"""Changes of the list of departments by a person: one department at a time, or a whole list that was sent as a file.

A list is never overwritten: every change records a new one, known from then on (`data.departments`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from data.departments import Department, DepartmentError, check_owners, list_of, newest, record, roster
from data.list_files import ListFiles
from data.locks import one_at_a_time
from data.people import Person
from data.staging import STORED, Upload
from data.store import Store

WHERE = "departments"


@dataclass(frozen=True)
class ListTrial:
    """What taking a list would do: its departments with what becomes of each, and those that would leave.

    fault  why it cannot be taken; then the rest is empty
    """

    entries: tuple[Department, ...] = ()
    before: tuple[Department, ...] = ()
    fault: str = ""

    @property
    def leaving(self) -> tuple[Department, ...]:
        """Departments of the present list that the new one does not name."""
        names = {entry.name for entry in self.entries}
        return tuple(entry for entry in self.before if entry.name not in names)

    def becomes(self, entry: Department) -> str:
        """new, changed or same."""
        old = {one.name: one for one in self.before}.get(entry.name)
        return "new" if old is None else "same" if old == entry else "changed"


def try_list(store: Store, files: ListFiles, upload: Upload) -> ListTrial:
    """What taking a list that was sent would do."""
    with store.read() as connection:
        before = roster(connection).entries
    try:
        entries = list_of(files.rows(upload), upload.name)
    except DepartmentError as error:
        return ListTrial(before=before, fault=str(error))
    fault = "" if entries else f"{upload.name}: got no department; expected one or more"
    return ListTrial(entries, before, fault)


def take_list(
    store: Store, files: ListFiles, upload: Upload, person: Person, *, clock: Callable[[], datetime]
) -> None:
    """Make a list that was sent the one that is known from now on. Taking twice takes once.

    Raises DepartmentError with nothing changed, BeingStored
    """
    with upload.claimed(), one_at_a_time(store, WHERE):
        if files.open(upload.token, person).state == STORED:
            return
        tried = try_list(store, files, upload)
        if tried.fault:
            raise DepartmentError(tried.fault)
        record(store, tried.entries, now=clock(), by=person.name)
        upload.keep("result", {"departments": len(tried.entries), "left": len(tried.leaving)})
        upload.stored()


class Outdated(DepartmentError):
    """Somebody else has changed the list since it was looked at."""


def mend(
    store: Store, name: str, entry: Department, *, seen: int, clock: Callable[[], datetime], by: str
) -> None:
    """Put a department in the place of the one called `name`, or beside the others where none is.

    A department that gets another name goes on being called by its old one, too: facts name it so.

    seen    number of the list that was looked at
    Raises  DepartmentError for a name or a spelling that is another one's, Outdated
    """

    def change(known: tuple[Department, ...]) -> list[Department]:
        rest = _without(known, name)
        check_entry(entry, rest)
        also = (*entry.aliases, name) if name and name != entry.name else entry.aliases
        return [*rest, replace(entry, aliases=tuple(dict.fromkeys(also)))]

    _change(store, change, seen=seen, clock=clock, by=by)


def also_called(store: Store, name: str, spelling: str, *, clock: Callable[[], datetime], by: str) -> None:
    """Let a department be called so, too. Raises DepartmentError where none is called `name`."""

    def change(known: tuple[Department, ...]) -> list[Department]:
        old = next((entry for entry in known if entry.name == name), None)
        if old is None:
            raise DepartmentError(f"{WHERE}: got '{name[:60]}'; expected the name of a listed department")
        rest = _without(_without(known, name), spelling)  # listed on its own no longer
        return [*rest, replace(old, aliases=(*old.aliases, spelling))]

    _change(store, change, clock=clock, by=by)


def remove(store: Store, name: str, *, clock: Callable[[], datetime], by: str) -> None:
    """Take a department off the list; facts that name it keep their word. Raises DepartmentError."""

    def change(known: tuple[Department, ...]) -> list[Department]:
        rest = _without(known, name)
        if len(rest) == len(known):
            raise DepartmentError(f"{WHERE}: got '{name[:60]}'; expected the name of a listed department")
        return rest

    _change(store, change, clock=clock, by=by)


def check_entry(entry: Department, others: Iterable[Department]) -> None:
    """Raise DepartmentError where a department has the name or a spelling of another."""
    rest = list(others)
    if any(one.name == entry.name for one in rest):
        raise DepartmentError(
            f"{WHERE}: got '{entry.name}' twice; expected a name that no other department has"
        )
    check_owners([*rest, entry], WHERE)


def _without(known: Iterable[Department], name: str) -> list[Department]:
    return [entry for entry in known if entry.name != name]


def _change(
    store: Store,
    change: Callable[[tuple[Department, ...]], list[Department]],
    *,
    seen: int | None = None,
    clock: Callable[[], datetime],
    by: str,
) -> None:
    """Record the present list with something changed, one person at a time."""
    with one_at_a_time(store, WHERE):
        with store.read() as connection:
            known, number = roster(connection).entries, newest(connection)
        if seen is not None and seen != number:
            raise Outdated(f"{WHERE}: got list {seen} as the newest; expected {number}")
        entries = change(known)
        check_owners(entries, WHERE)
        if set(entries) != set(known):
            record(store, sorted(entries, key=lambda entry: entry.name), now=clock(), by=by)
