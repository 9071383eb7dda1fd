"""Departments with the facts that name them, and the words of facts that no list names."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from data.departments import Department, roster, usual_kind
from data.factstore import last_load, visible
from data.schema import FACT_COLUMNS, FACTS
from data.terms import terms

NAMING = tuple(subject for subject in FACTS if "department" in FACT_COLUMNS[subject])


@dataclass(frozen=True)
class Use:
    """A department, whether the list names it, and how many facts do, under any of its spellings."""

    department: Department
    listed: bool
    facts: int


def uses(connection: Connection) -> list[Use]:
    """Every department by name: those of the list, and the words in use that it does not know."""
    known, counted = roster(connection), _counted(connection)
    listed = {entry.name: entry for entry in known.entries}
    facts = dict.fromkeys(listed, 0)
    for text, count in counted.items():
        name = known.name(text)
        facts[name] = facts.get(name, 0) + count
    return [
        Use(listed.get(name, Department(name, usual_kind(name))), name in listed, count)
        for name, count in sorted(facts.items())
    ]


def _counted(connection: Connection) -> dict[str, int]:
    """Facts by the word their source uses, as last loaded; a word that no fact uses any more counts none."""
    words, load = terms(connection, "department"), last_load(connection)
    found = dict.fromkeys(words.values(), 0)
    for subject in NAMING:
        table = FACTS[subject]
        query = select(table.c.department, func.count()).where(visible(table, load), ~table.c.withdrawn)
        for number, count in connection.execute(query.group_by(table.c.department)):
            if number in words:
                found[words[number]] += count
    return found
