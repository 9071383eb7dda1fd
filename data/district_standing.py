"""Where we stand in the district's newest table: the rank with that of the table before, and how far the next are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.bulletin_beside import Step, newest, own_unit, steps
from data.bulletin_columns import TOTAL
from data.bulletin_file import Figure
from data.bulletins import Bulletin

if TYPE_CHECKING:
    from data.reader import Reader


@dataclass(frozen=True)
class Standing:
    """Our place in a table.

    of             how many sub-districts have a total in it
    previous_rank  in the table before, with its name
    """

    bulletin: Bulletin
    name: str
    rank: int | None
    of: int
    total: float | None
    previous_rank: int | None = None
    previous: Bulletin | None = None
    above: Step | None = None
    below: Step | None = None


def standing(reader: Reader, *, unit: str | None = None, as_of: int | None = None) -> Standing | None:
    """Our place in the newest table, of the unit asked for or the first of the reader's; None where there is none.

    Raises UnknownUnit for a unit that may not be seen
    """
    code = reader.unit(unit).code if unit else None
    found = newest(reader, as_of=as_of)
    if not found:
        return None
    one, listed = found[0]
    code = code or own_unit(reader, listed)
    mine = _total(listed, code)
    if mine is None:
        return None
    before = found[1] if len(found) > 1 else None
    then = _total(before[1], code) if before else None
    return Standing(
        one, mine.name, mine.rank, sum(figure.indicator == TOTAL for figure in listed), mine.value,
        then.rank if then else None, before[0] if before else None, **steps(listed, mine, None, None),
    )  # fmt: skip


def _total(listed: Sequence[Figure], code: str | None) -> Figure | None:
    mine = (figure for figure in listed if figure.indicator == TOTAL and figure.unit_code == code)
    return next(mine, None) if code else None
