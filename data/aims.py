"""The targets one page judges by: of the unit shown, of the units ranked below it, all on one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data.indicators import INDICATORS
from data.query import Query
from data.targets import ADDED_UP, deciding_day

if TYPE_CHECKING:
    from data.reader import Reader


@dataclass(frozen=True)
class Aims:
    """Values aimed at, by indicator: of the unit shown (`own`), of the level ranked, and of those of its units that
    have another one, by indicator and code."""

    own: Mapping[str, float] = field(default_factory=dict)
    level: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def of(self, indicator: str, row: Mapping) -> float | None:
        """The value aimed at by a row of measures (`kind`, `unit_code`)."""
        if row["kind"] == "total":
            return self.own.get(indicator)
        return self.units.get((indicator, row["unit_code"]), self.level.get(indicator))


def aims(reader: Reader, query: Query, *, level: str | None, codes: Iterable[str] = ()) -> Aims:
    """What a question's indicators are to reach, in `query.within` and in units of a level inside it.

    level   None where what is ranked is no level: parts of the unit, which are judged by its own targets
    codes   of the units ranked
    Raises  UnknownUnit
    """
    day, known = deciding_day(query.period, reader.today), reader.targets(as_of=query.as_of)
    place = reader.unit(query.within) if query.within else None
    at = {"level": place.level, "unit": place.code} if place else {}
    whole = is_whole(reader, query.within)
    own = {name: known.of(name, day=day, whole=whole, **at) for name in query.indicators}
    if level is None:
        ranked = {name: aim for name, aim in own.items() if INDICATORS[name].kind not in ADDED_UP}
        return Aims(_told(own), _told(ranked))
    ranked = {name: known.of(name, day=day, level=level) for name in query.indicators}
    return Aims(_told(own), _told(ranked), known.by_unit(query.indicators, day=day, level=level, units=codes))


def everywhere(reader: Reader) -> dict[str, float]:
    """What is aimed at everywhere today, by indicator."""
    known = reader.targets()
    return _told({name: known.of(name, day=reader.today) for name in INDICATORS})


def is_whole(reader: Reader, within: str | None) -> bool:
    """Whether a place is the whole of the instance: everything for who may see it, or the one unit at the top."""
    if reader.across is not None:
        return False
    if within is None:
        return reader.scope.whole
    top = reader.unit(within).depth == 0
    return top and len(reader.version.at_depth(0, 0, len(reader.version.units))) == 1


def _told(found: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in found.items() if value is not None}
