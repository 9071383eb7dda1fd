"""What a file of boundaries would come to, and what a person decides of it."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from pandas import DataFrame

from data import boundaries
from data.boundary_proposals import Fields
from data.settings import Level
from geo.boundaries import BoundaryError
from geo.fault_places import place_of
from geo.faults import ACCEPTABLE, Fault

PLACED = 100  # faults that are shown one by one


@dataclass(frozen=True)
class Trial:
    """What a file would come to.

    fields   how it is read; columns its headers, rows its units, declared its own coordinate system
    present  the newest version, `before`: its number, 0 where there is none; from_on the day it holds from
    units    the set that publishing would make: code, name, level (depth), parent_code, geometry
    faults   those that cannot be accepted first
    changes  of `geo.changes.compare` with those of `ground_of`, without what stays the same; None: cannot be told
    staged   depths that were staged by command and would be published too
    fault    why it cannot be read so; then the rest is empty
    """

    fields: Fields
    level: Level
    columns: tuple[str, ...]
    rows: int
    declared: str
    before: int
    present: DataFrame
    from_on: int | None = None
    units: DataFrame = field(default_factory=DataFrame)
    faults: tuple[Fault, ...] = ()
    changes: DataFrame | None = None
    notes: tuple[str, ...] = ()
    staged: tuple[int, ...] = ()
    fault: str = ""

    @cached_property
    def spots(self) -> list[tuple[float, float] | None]:
        """A point on the ground of each of the first `PLACED` faults, WGS84 degrees; None where none has a shape."""
        places = [place_of(fault, self.units) for fault in self.faults[:PLACED]]
        points = [place and place.representative_point() for place in places]
        return [(point.x, point.y) if point else None for point in points]

    @property
    def is_bare(self) -> bool:
        """Whether the level would have no shape any more, since the file holds none."""
        if self.fault:
            return False
        had, has = (frame.loc[frame["level"] == self.level.depth, "geometry"].notna().any()
                    for frame in (self.present, self.units))  # fmt: skip
        return bool(had and not has)

    @property
    def is_sound(self) -> bool:
        """Whether it can be published, be it with faults accepted."""
        return not self.fault and all(fault.kind in ACCEPTABLE for fault in self.faults)


@dataclass(frozen=True)
class Decision:
    """What a person decided: why, from which day (None: as usual), against which version, which kinds of faults."""

    reason: str
    valid_from_on: int | None
    before: int
    accept: frozenset[str]


def check_decision(tried: Trial, decided: Decision) -> None:
    """Refuse what was decided on other grounds than are there now. Raises BoundaryError."""
    if tried.fault:
        raise BoundaryError(tried.fault)
    if tried.before != decided.before:
        raise BoundaryError(f"version: got {decided.before} as the newest; expected {tried.before}")
    standing = [fault for fault in tried.faults if fault.kind not in ACCEPTABLE & decided.accept]
    if standing:
        raise boundaries.UnacceptedFaults(standing)
    day = decided.valid_from_on
    if day is not None and tried.from_on is not None and day < tried.from_on:
        earliest = np.datetime64(tried.from_on, "D")
        raise BoundaryError(f"valid from: got {np.datetime64(day, 'D')}; expected {earliest} or later")
