"""Departments as people count them: one name for every way sources write it, and what kind of office it is.

Invariants: what a source wrote stays in the fact; names apply when facts are read, so that a list imported today
tells the whole history alike, and a question as of an instant is answered by the list known then. Lists are only
ever added. A word that no list knows is its own name; its kind is read from its ending.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from data.instants import micros
from data.people import note
from data.schema import department_list
from data.sources.batch import SourceError, shorten
from data.sources.tables import read_table
from data.store import Store
from geo.units import fold

DEPARTMENT, NEIGHBOURHOOD = KINDS = ("department", "neighbourhood")
LOCAL = ("居委会", "居民委员会", "居委", "村委会", "村民委员会", "村")  # endings of names of neighbourhoods
HEADERS = {
    "name": ("name", "名称", "部门", "承办部门", "主责部门"),
    "aliases": ("aliases", "alias", "别名", "又名"),
    "kind": ("kind", "类型", "类别"),
}
KIND_WORDS = {
    DEPARTMENT: ("department", "部门", "承办部门"),
    NEIGHBOURHOOD: ("neighbourhood", "小区", "居委", "居委会", "村"),
}
BETWEEN = str.maketrans(dict.fromkeys("、；;，,", "|"))


class DepartmentError(ValueError):
    """A list of departments cannot be taken: where: got value; expected rule."""


@dataclass(frozen=True)
class Department:
    """One office: its name, its kind (one of KINDS), and how else sources write it."""

    name: str
    kind: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    """A list of departments; what is not in it stands for itself."""

    entries: tuple[Department, ...] = field(default=())

    @cached_property
    def _by_spelling(self) -> dict[str, Department]:
        return {fold(text): entry for entry in self.entries for text in (entry.name, *entry.aliases)}

    def name(self, text: str) -> str:
        """The name of the department a source writes so."""
        entry = self._by_spelling.get(fold(text))
        return entry.name if entry else text

    def kind(self, text: str) -> str:
        """Its kind: as the list says, else by the ending of the name."""
        entry = self._by_spelling.get(fold(text))
        return entry.kind if entry else usual_kind(text)

    def renamed(self, words: Mapping[int, str]) -> dict[int, str]:
        """Words by number, each under its name."""
        return {number: self.name(text) for number, text in words.items()}


def usual_kind(name: str) -> str:
    """What a name tells by its ending: 听月居委会 is a neighbourhood, 居委会 alone is not one of them."""
    local = any(name.endswith(ending) and name != ending for ending in LOCAL)
    return NEIGHBOURHOOD if local else DEPARTMENT


def roster(connection: Connection, *, as_of: int | None = None) -> Roster:
    """The list known at an instant (microseconds UTC; None: now); an empty one before the first."""
    newest = select(department_list.c.text).order_by(department_list.c.id.desc()).limit(1)
    if as_of is not None:
        newest = newest.where(department_list.c.recorded_at <= as_of)
    text = connection.scalar(newest)
    rows = json.loads(text) if text else []
    return Roster(tuple(Department(name, kind, tuple(aliases)) for name, kind, aliases in rows))


def newest(connection: Connection) -> int:
    """Number of the list that is known now, 0 before the first."""
    return connection.scalar(select(func.max(department_list.c.id))) or 0


def record(store: Store, entries: Iterable[Department], *, now: datetime, by: str) -> None:
    """Make a list the one that is known from now on."""
    rows = [[entry.name, entry.kind, list(entry.aliases)] for entry in entries]
    text = json.dumps(rows, ensure_ascii=False)
    with store.write() as connection:
        row = {"id": newest(connection) + 1, "recorded_at": micros(now), "text": text}
        connection.execute(insert(department_list).values(row))
        note(connection, "departments listed", by=by, now=now, detail=f"{len(rows)} departments")


def read_list(path: Path) -> tuple[Department, ...]:
    """Departments from a CSV or a workbook; as `list_of`. Raises DepartmentError."""
    try:
        return list_of(read_table(path), path.name)
    except SourceError as error:
        raise DepartmentError(str(error)) from None


def list_of(table: Iterable[Sequence[str]], file: str) -> tuple[Department, ...]:
    """Departments from a table: name, aliases (several by `|` or a comma of any width), kind; rows of one name add up.

    Raises DepartmentError
    """
    rows = iter(table)
    headers: Sequence[str] = next((row for row in rows if any(row)), ())
    at = {
        field: next((place for place, cell in enumerate(headers) if fold(cell) in names), None)
        for field, names in HEADERS.items()
    }
    if at["name"] is None:
        there = ", ".join(map(shorten, headers))
        raise DepartmentError(f"{file}: got columns {there}; expected name, and aliases and kind if any")
    made: dict[str, tuple[str, list[str]]] = {}
    for number, row in enumerate(rows, start=2):
        name, others, kind = (_cell(row, at[field]) for field in ("name", "aliases", "kind"))
        where = f"{file} row {number}"
        if not (name or others or kind):
            continue
        if not name:
            raise DepartmentError(f"{where}: name: got nothing; expected the name of a department")
        given, known = made.setdefault(name, (_kind(kind, name, where), []))
        if kind and _kind(kind, name, where) != given:
            raise DepartmentError(f"{where}: kind: got '{kind}'; expected '{given}', as above")
        known += spellings(others)
    entries = tuple(Department(name, kind, tuple(dict.fromkeys(own))) for name, (kind, own) in made.items())
    check_owners(entries, file)
    return entries


def spellings(text: str) -> list[str]:
    """Names that stand in one text, with marks between them."""
    return [part for part in map(str.strip, text.translate(BETWEEN).split("|")) if part]


def _cell(row: Sequence[str], at: int | None) -> str:
    return "" if at is None or at >= len(row) else row[at].strip()


def _kind(text: str, name: str, where: str) -> str:
    if not text:
        return usual_kind(name)
    for kind, words in KIND_WORDS.items():
        if fold(text) in words:
            return kind
    raise DepartmentError(f"{where}: kind: got '{text[:40]}'; expected one of {', '.join(KINDS)}")


def check_owners(entries: Iterable[Department], where: str) -> None:
    """A spelling belongs to one department only. Raises DepartmentError."""
    owners: dict[str, str] = {}
    for entry in entries:
        for text in (entry.name, *entry.aliases):
            owner = owners.setdefault(fold(text), entry.name)
            if owner != entry.name:
                raise DepartmentError(
                    f"{where}: aliases: got '{text}' for {owner} and {entry.name}; expected it for one"
                )
