"""A published table with our own figures beside it: differences, causes, and how far the next rank is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from data.bulletin_causes import Cause, causes
from data.bulletin_columns import TOTAL
from data.bulletin_file import SHARES, Figure
from data.bulletins import Bulletin, bulletins, figures
from data.defining import Indicator
from data.indicators import INDICATORS
from data.measures import epoch_day
from data.next_rank import Counted, exact, neighbours, rate, score, to_fall_behind, to_overtake
from data.order_indicators import SATISFACTION
from data.query import Query

if TYPE_CHECKING:
    from data.reader import Reader

LEVELS = {
    "satisfied": "order_satisfied_rate",
    "mostly": "order_mostly_satisfied_rate",
    "neutral": "order_neutral_rate",
    "dissatisfied": "order_dissatisfied_rate",
}


@dataclass(frozen=True)
class Own:
    """Our own figure: value, and how it is counted (of a score the numerator is the sum of points of 1)."""

    value: float | None
    numerator: float
    denominator: int


@dataclass(frozen=True)
class Step:
    """The next better or the next worse sub-district: its value, how far it is, in how many orders.

    gap     of the value, always positive: shares of 1, or points of the total
    orders  None where none suffice or they are not known
    """

    name: str
    value: float
    gap: float
    orders: int | None = None


@dataclass(frozen=True)
class Beside:
    """One figure of ours: as published, as it was and is known here, why it differs, how far the next ones are.

    then, now  as known on the day of publication, and now; None of what is not counted here
    lost       what one order more that turns out badly takes off the value
    """

    figure: Figure
    then: Own | None = None
    now: Own | None = None
    causes: tuple[Cause, ...] = ()
    above: Step | None = None
    below: Step | None = None
    lost: float | None = None

    @property
    def difference(self) -> float | None:
        """Our value now less the published one."""
        if self.now is None or self.now.value is None or self.figure.value is None:
            return None
        return self.now.value - self.figure.value


@dataclass(frozen=True)
class Compared:
    """A published table, every figure of it, and those of ours; `unit` is None where none of it may be compared."""

    bulletin: Bulletin
    figures: tuple[Figure, ...]
    unit: str | None
    ours: tuple[Beside, ...]


def own_unit(reader: Reader, listed: Sequence[Figure]) -> str | None:
    """The first unit of a table that the reader may see as a whole."""
    known = dict.fromkeys(figure.unit_code for figure in listed if figure.unit_code)
    for code in known:
        pos = reader.version.by_code.get(code)
        if pos is not None and reader.sees(pos):
            return code
    return None


def newest(
    reader: Reader, *, as_of: int | None = None, limit: int = 2
) -> list[tuple[Bulletin, list[Figure]]]:
    """The newest tables with their figures."""
    with reader.read() as connection:
        return [(one, figures(connection, one.id)) for one in bulletins(connection, as_of=as_of)[:limit]]


def compare(reader: Reader, one: Bulletin, *, unit: str | None = None, as_of: int | None = None) -> Compared:
    """A published table beside our own figures, of the unit asked for or the first of the reader's.

    Raises UnknownUnit for a unit that may not be seen
    """
    with reader.read() as connection:
        listed = figures(connection, one.id)
        code = reader.unit(unit).code if unit else own_unit(reader, listed)
        ours = [figure for figure in listed if code and figure.unit_code == code]
        beside = tuple(_beside(reader, one, listed, figure, as_of) for figure in ours)
    return Compared(one, tuple(listed), code, beside)


def _beside(
    reader: Reader, one: Bulletin, listed: Sequence[Figure], figure: Figure, as_of: int | None
) -> Beside:
    entry = INDICATORS.get(figure.indicator)
    if entry is None or entry.subject not in ("orders", "cases") or reader.published is None:
        return Beside(figure, **steps(listed, figure, None, None))
    query = Query(None, figure.unit_code, (entry.name,), one.period, as_of=as_of)
    published_at = reader.settings.day_start(epoch_day(one.published_on + timedelta(days=1))) - 1
    counts = counted(reader, entry, query)
    found: tuple[Cause, ...] = ()
    if entry.kind in SHARES:
        found = tuple(
            causes(
                reader,
                entry,
                unit=str(figure.unit_code),
                period=one.period,
                published_at=published_at,
                as_of=as_of,
            )
        )
    then = published_at if as_of is None else min(published_at, as_of)
    return Beside(
        figure, _own(reader, query.asking(as_of=then)), _own(reader, query), found,
        lost=float(counts.lost_by_one) if counts and counts.lost_by_one is not None else None,
        **steps(listed, figure, entry, counts),
    )  # fmt: skip


def _own(reader: Reader, query: Query) -> Own:
    row = reader.series(query.indicators, unit=query.within, periods=[query.period], query=query).iloc[0]
    value = float(row["value"])
    base = 0 if row["denominator"] != row["denominator"] else int(row["denominator"])
    return Own(value if value == value else None, float(row["numerator"]), base)


def counted(reader: Reader, entry: Indicator, query: Query) -> Counted | None:
    """Our own figure of a period as whole numbers; None of what is no share of orders or cases."""
    if entry.name == "order_satisfaction":
        found = reader.series(tuple(LEVELS.values()), unit=query.within, periods=[query.period], query=query)
        orders = dict(zip(found["indicator"], found["numerator"], strict=True))
        return score(
            {SATISFACTION[level]: int(orders[name]) for level, name in LEVELS.items()}, scale=entry.scale
        )
    if entry.kind != "rate":
        return None
    own = _own(reader, query.asking(indicators=(entry.name,)))
    return rate(round(own.numerator), own.denominator, better=entry.better)


def steps(
    listed: Sequence[Figure], figure: Figure, entry: Indicator | None, counts: Counted | None
) -> dict[str, Any]:
    """The neighbours of a figure among all published ones; of what has no better or worse, none."""
    better = entry.better if entry else "high" if figure.indicator == TOTAL else None
    if better is None:
        return {"above": None, "below": None}
    key = figure.indicator
    peers = [each for each in listed if each.indicator == key]
    values = [exact(each.value) for each in peers]
    places = neighbours(values, peers.index(figure), better=better)
    return {
        side: None
        if at is None
        else _step(peers[at], values[at], figure, counts, better, ahead=side == "above")
        for side, at in zip(("above", "below"), places, strict=True)
    }


def _step(
    peer: Figure, theirs: Fraction | None, figure: Figure, counts: Counted | None, better: str, *, ahead: bool
) -> Step | None:
    mine = exact(figure.value)
    if theirs is None or mine is None:
        return None
    gap = abs(theirs - mine)
    aim = 1 - theirs if better == "low" else theirs
    turned = to_overtake if ahead else to_fall_behind
    return Step(peer.name, float(theirs), float(gap), turned(counts, aim) if counts else None)
