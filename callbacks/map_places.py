"""Where a map begins and which levels it can show: units and levels inside the scope."""

from data.reader import Reader
from data.settings import Level


def own_unit(reader: Reader) -> str | None:
    """The one unit a reader's scope consists of; None for several, for everything, and in a tree it is not given in."""
    roots = () if reader.across else reader.roots()
    return roots[0].code if len(roots) == 1 else None


def levels_below(reader: Reader, within: str | None) -> list[Level]:
    """Levels with units inside a unit, nearest first; a unit with nothing below it shows its own level."""
    depth = reader.unit(within).depth if within else -1
    below = [
        level for level in reader.levels() if level.depth > depth and len(reader.shown(level.depth, within))
    ]
    return below or [level for level in reader.levels() if level.depth == max(depth, 0)]


def levels_at(reader: Reader, within: str | None, named: str) -> list[Level]:
    """Levels one may ask for at a unit: those below it and, by name, its own, which shows the unit alone."""
    below = levels_below(reader, within)
    if not within or named != reader.unit(within).level or named in {level.name for level in below}:
        return below
    return [reader.level(named), *below]
