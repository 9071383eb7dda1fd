"""Names that exports give to one column: the table `aliases.toml`, and how names are compared.

A source still says what it reads. The table only knows that 工单号 is what another export of the same kind calls
12345工单编号, so that a new spelling of a declared column is found, and a first look at an unknown file has ideas.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_NOISE = re.compile(r"[\s_\-—:：()（）【】]+")
# Columns this program adds to rows it gives back: reason and row, in each language. They mean nothing when they return.
RETURNED = ("拒收原因", "原行号", "why refused", "row delivered")
LONGEST_NAME = 200  # characters of a header that are compared


@dataclass(frozen=True)
class Column:
    """One column as exports know it.

    kinds  kinds of source it occurs in
    field  our field; empty where there is none, `drop` where it should never be stored
    names  its names as written, the usual one first
    rank   its place in the table: of several columns for one field the lowest is preferred
    """

    kinds: tuple[str, ...]
    field: str
    names: tuple[str, ...]
    rank: int


def plain(name: str) -> str:
    """A name as it is compared: NFKC, without case, spaces and the punctuation that exports sprinkle."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", name[:LONGEST_NAME])).casefold()


@lru_cache(maxsize=1)
def known_columns() -> tuple[Column, ...]:
    """The whole table, in its order."""
    text = (files(__package__) / "aliases.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["column"]
    return tuple(
        Column(tuple(row["kinds"]), row["field"], tuple(row["names"]), rank) for rank, row in enumerate(rows)
    )


@lru_cache(maxsize=8)
def columns_of(kind: str) -> dict[str, Column]:
    """The columns of a kind by every plain name they have."""
    return {
        plain(name): column for column in known_columns() if kind in column.kinds for name in column.names
    }


def also_called(kind: str, name: str) -> frozenset[str]:
    """Other plain names of a column, without its own; empty for one that is not in the table."""
    column = columns_of(kind).get(plain(name))
    return frozenset(map(plain, column.names)) - {plain(name)} if column else frozenset()
