"""The vocabulary of the store: words that repeat, by number, and as people read them."""

from sqlalchemy import Connection, select

from data.departments import roster
from data.schema import term


def terms(connection: Connection, kind: str) -> dict[int, str]:
    """Words of a kind by id."""
    return {
        row.id: row.text
        for row in connection.execute(select(term.c.id, term.c.text).where(term.c.kind == kind))
    }


def read_terms(connection: Connection, kind: str, *, as_of: int | None = None) -> dict[int, str]:
    """Words of a kind by id as people read them: departments by the names of the list known at an instant."""
    found = terms(connection, kind)
    return roster(connection, as_of=as_of).renamed(found) if kind == "department" else found


def term_kind(subject: str, column: str) -> str:
    """Vocabulary of a word column: shared where the meaning is (category, channel, department), else its own."""
    return column if column in ("category", "channel", "department") else f"{subject}.{column}"
