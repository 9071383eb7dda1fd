"""Who may see what: roles, what each may do, and the units a person may see.

Invariants: a scope that names nothing sees nothing; a unit that a boundary version does not know opens nothing;
the whole instance is never the result of an empty list, only of the explicit grant `WHOLE` or of `whole_scope()`.
"""

from dataclasses import dataclass

from pandas import DataFrame

from data.settings import FIRST_TREE

ROLES = ("manager", "leader", "analyst", "operator", "administrator", "auditor")
READERS = frozenset({"manager", "leader", "analyst", "operator", "administrator"})

# What may be done, and by whom. Pages, callbacks, routes and the navigation all ask this one table.
PERMISSIONS: dict[str, frozenset[str]] = {
    "map": READERS,
    "kpi": READERS,
    "analyst": READERS,
    "export": READERS,
    "sources": READERS | {"auditor"},
    "glossary": READERS | {"auditor"},
    "run": frozenset({"operator", "administrator"}),
    "place": frozenset({"operator", "administrator"}),
    "upload": frozenset({"operator", "administrator"}),
    "assessment": READERS | {"auditor"},
    "propose": frozenset({"manager", "leader", "operator", "administrator"}),
    "judge": frozenset({"leader", "administrator"}),
    "any": frozenset(ROLES),
}

WHOLE = ""  # the grant of the whole instance: the code of its nameless root


@dataclass(frozen=True)
class Scope:
    """The part of the instance one person may see: unit codes of one tree, or the whole of it."""

    person: str
    role: str
    units: tuple[str, ...] = ()
    whole: bool = False
    tree: str = FIRST_TREE

    def ranges(self, tree_frame: DataFrame, *, tree: str = FIRST_TREE) -> tuple[tuple[int, int], ...]:
        """Ranges of `pos` (both ends inclusive) this scope opens in one boundary version.

        tree_frame  one row per unit: pos, end, code
        tree        that the version is of: a unit granted in one tree opens nothing in another, though a unit of
                    the same code be there
        returns     disjoint ranges in ascending order, one for each topmost unit of the scope; the whole
                    instance includes position 0, where facts lie that belong to no unit; no scope, no ranges
        """
        if self.whole:
            return ((0, int(tree_frame["end"].max()) if len(tree_frame) else 0),)
        if tree != self.tree:
            return ()
        named = tree_frame[tree_frame["code"].isin([code for code in self.units if code != WHOLE])]
        ranges: list[tuple[int, int]] = []
        for low, high in sorted(zip(named["pos"].tolist(), named["end"].tolist(), strict=True)):
            if not ranges or low > ranges[-1][1]:
                ranges.append((low, high))
        return tuple(ranges)

    def may(self, permission: str) -> bool:
        """Whether the role allows it; a permission that nobody declared is allowed to nobody."""
        return self.role in PERMISSIONS.get(permission, frozenset())


def scope_of(person: str, role: str, grants: tuple[str, ...], *, tree: str = FIRST_TREE) -> Scope:
    """The scope that an account's stored grants in one tree give; `WHOLE` among them opens everything."""
    units = tuple(sorted(code for code in grants if code != WHOLE))
    return Scope(person, role, units, whole=WHOLE in grants, tree=tree)


def whole_scope() -> Scope:
    """Everything. For the command line and the worker only, never for an answer to a browser."""
    return Scope("linli", "administrator", whole=True)
