"""What is aimed at: a value an indicator is to reach, everywhere, at a level or in one unit, from a day on.

Invariants: a row is never changed; rows of one number are one target, of which the newest row known counts. The most
specific target that holds on the day asked wins: of the unit, then of its level, then of everywhere; among several of
one kind the one recorded last. Below all of them stand the values of `linli.toml`. The day of a period is its last that
has begun (`data.measures.elapsed`). A number of records aimed at everywhere speaks of the whole alone, since its parts
are smaller; of a unit it speaks only where it is given for that unit or its level.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from sqlalchemy import Connection, select

from data.dated_rows import Dated
from data.indicators import INDICATORS
from data.measures import elapsed, epoch_day
from data.query import Period
from data.schema import FOREVER
from data.schema_judging import target as target_table
from data.settings import Settings

ADDED_UP = ("count", "stock")  # kinds of which a part is smaller than the whole


@dataclass(frozen=True)
class Target(Dated):
    """One row of a target: what it speaks of, from and to which day (exclusive), and the value aimed at.

    level, unit  name of a level or code of a unit; both "" for everywhere
    start, end   days since 1970-01-01; FOREVER while open
    bands        None, or (good from, warn from) in the units of the value: beyond the second it is bad
    number       of the target this is a row of; 0 before it is recorded
    """

    indicator: str
    value: float
    level: str = ""
    unit: str = ""
    start: int = 0
    end: int = FOREVER
    bands: tuple[float, float] | None = None
    note: str = ""
    withdrawn: bool = False
    number: int = 0
    id: int = 0
    recorded_at: int = 0
    recorded_by: str = ""

    @property
    def rank(self) -> tuple[int, int, int]:
        """How specific it is, then how new: the greatest counts."""
        return (2 if self.unit else 1 if self.level else 0, self.recorded_at, self.id)

    def band(self, value: float) -> str:
        """good, warn or bad; "" without bands."""
        if self.bands is None:
            return ""
        good, warn = self.bands
        sign = 1 if good >= warn else -1
        reached = [sign * value >= sign * edge for edge in (good, warn)]
        return "good" if reached[0] else "warn" if reached[1] else "bad"


@dataclass(frozen=True)
class Targets:
    """Every row known at an instant, oldest first, over the values of the settings."""

    rows: tuple[Target, ...] = ()
    usual: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def newest(self) -> dict[int, Target]:
        """The row that counts of each target, by number; withdrawn ones too."""
        return {row.number: row for row in self.rows}

    @cached_property
    def live(self) -> dict[str, list[Target]]:
        """Rows that count, by indicator, the one that wins first."""
        found: dict[str, list[Target]] = {}
        for row in sorted(self.newest.values(), key=lambda row: row.rank, reverse=True):
            if not row.withdrawn:
                found.setdefault(row.indicator, []).append(row)
        return found

    def row(
        self, indicator: str, *, day: date, level: str = "", unit: str = "", whole: bool | None = None
    ) -> Target | None:
        """The target that wins for a unit of a level on a day, None where only the settings may say.

        whole  whether the place asked about is the whole, of which numbers of records aimed at everywhere speak;
               not said, it is where neither level nor unit is
        """
        at, everywhere = epoch_day(day), _speaks(indicator, not (level or unit) if whole is None else whole)
        for row in self.live.get(indicator, ()):
            mine = row.unit == unit if row.unit else row.level == level if row.level else everywhere
            if mine and row.holds(at):
                return row
        return None

    def of(
        self, indicator: str, *, day: date, level: str = "", unit: str = "", whole: bool | None = None
    ) -> float | None:
        """The value aimed at, as `row` finds it, else that of the settings; None where there is none."""
        row = self.row(indicator, day=day, level=level, unit=unit, whole=whole)
        if row is not None:
            return row.value
        usual = _speaks(indicator, not (level or unit) if whole is None else whole)
        return self.usual.get(indicator) if usual else None

    def by_unit(
        self, names: Iterable[str], *, day: date, level: str, units: Iterable[str]
    ) -> dict[tuple[str, str], float]:
        """Values by indicator and unit code, of the units whose own target differs from that of their level."""
        own = {(row.indicator, row.unit) for rows in self.live.values() for row in rows if row.unit}
        asked, wanted = set(names), set(units)
        found = {}
        for indicator, unit in own:
            if indicator in asked and unit in wanted:
                value = self.of(indicator, day=day, level=level, unit=unit)
                if value is not None and value != self.of(indicator, day=day, level=level):
                    found[indicator, unit] = value
        return found


def _speaks(indicator: str, whole: bool) -> bool:
    """Whether what is aimed at everywhere speaks of the place asked about."""
    return whole or INDICATORS[indicator].kind not in ADDED_UP


def targets(connection: Connection, settings: Settings, *, as_of: int | None = None) -> Targets:
    """The targets known at an instant (microseconds UTC; None: now)."""
    query = select(target_table).order_by(target_table.c.id)
    if as_of is not None:
        query = query.where(target_table.c.recorded_at <= as_of)
    rows = (_row(found._mapping) for found in connection.execute(query))
    return Targets(tuple(row for row in rows if row.indicator in INDICATORS), settings.targets)


def deciding_day(period: Period, today: date) -> date:
    """The day of a period whose target counts: its last that has begun."""
    return elapsed(period, today).end - timedelta(days=1)


def _row(found: Mapping) -> Target:
    bands = json.loads(found["bands"])
    return Target(
        found["indicator"], found["value"], found["level"], found["unit_code"], found["start_on"], found["end_on"],
        (bands[0], bands[1]) if bands else None, found["note"], bool(found["withdrawn"]), found["number"],
        found["id"], found["recorded_at"], found["recorded_by"],
    )  # fmt: skip
