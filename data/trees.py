"""More than one tree of units over the same ground: which are there, and which one a person is at home in."""

from data.reader import Reader
from data.settings import FIRST_TREE, Tree


def trees_of(reader: Reader) -> tuple[Tree, ...]:
    """Trees with published units, in the order of the settings."""
    there = {version.tree for version in reader.atlas}
    return tuple(tree for tree in reader.settings.trees if tree.name in there)


def home_tree(reader: Reader) -> str:
    """The tree a person's own page is read in: that of the scope, for the whole the first with units."""
    names = [tree.name for tree in trees_of(reader)] or [FIRST_TREE]
    return reader.scope.tree if not reader.scope.whole and reader.scope.tree in names else names[0]


def place_of(reader: Reader) -> str:
    """Name of all that a reader sees: the instance's, or those of the units of the scope."""
    if reader.scope.whole:
        return reader.settings.name
    names = reader.across.names if reader.across else [unit.name for unit in reader.roots()]
    return "、".join(names)
