"""What the columns of a file of boundaries may be: told by the units that are there already, else by their headers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pandas import DataFrame

from data.settings import Tree

ENOUGH = 0.5  # share of values that must be codes or names of known units
JOIN = "-"  # chosen instead of a column of parents: units are joined by code
HEADERS = {
    "code": ("unit_code", "code", "编码", "代码", "编号", "geoid", "id", "fid"),
    "name": ("name", "名称", "名", "title", "label"),
    "parent": ("parent_code", "parent", "上级编码", "上级", "所属", "up"),
}

Columns = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True)
class Fields:
    """How a file is read: its level and its columns. Empty: not known; without a parent units are joined by code."""

    level: str = ""
    code: str = ""
    name: str = ""
    parent: str = ""


def propose(columns: Columns, known: DataFrame, tree: Tree, asked: Fields) -> Fields:
    """Level and columns of a file, a person's own choice first.

    columns  values as text, None where there is none
    known    code, name and level (depth) of the units that are there
    """
    codes = {
        level.name: set(known.loc[known["level"] == level.depth, "code"])
        for level in tree.levels
        if asked.level in ("", level.name)
    }
    level, code = _alike(columns, codes, asked.code, keys=True)
    if not level:
        level = next((name for name, there in codes.items() if not there), next(reversed(codes), ""))
        code = asked.code or _headed(columns, "code", full=True)
    depth = tree.names.index(level) if level else 0
    names = set(known.loc[known["level"] == depth, "name"])
    rest = {name: values for name, values in columns.items() if name != code}
    name = asked.name or _alike(rest, {"": names}, "")[1] or _headed(rest, "name") or code
    parent = asked.parent or _parent(rest, known, depth)
    return Fields(level, code, name, parent if depth and parent != JOIN else "")


def _parent(columns: Columns, known: DataFrame, depth: int) -> str:
    """The column that names the unit above."""
    above = set(known.loc[known["level"] < depth, "code"])
    return _alike(columns, {"": above}, "")[1]


def _alike(
    columns: Columns, sets: Mapping[str, set[str]], only: str, *, keys: bool = False
) -> tuple[str, str]:
    """The set and the column whose values lie in it most; empty texts where none does enough.

    keys  a value that comes again counts once: codes of the units above fill a column too
    """
    best = (ENOUGH, "", "")
    for key, there in sets.items():
        for name, values in columns.items():
            if not values or not there or only not in ("", name):
                continue
            found = [value for value in values if value in there]
            share = len(set(found) if keys else found) / len(values)
            if share > best[0] or (share == best[0] and not best[2]):
                best = (share, key, name)
    return best[1], best[2]


def _headed(columns: Columns, field: str, *, full: bool = False) -> str:
    """The first column whose header says so; of codes that has one for each unit, else the first such column."""
    fit = [name for name, values in columns.items() if not full or _is_key(values)]
    lowered = {name.strip().lower(): name for name in reversed(fit)}
    for header in HEADERS[field]:
        if header in lowered:
            return lowered[header]
    near = [
        name
        for header in HEADERS[field]
        for low, name in lowered.items()
        if header in low and len(header) > 1
    ]
    return (near or fit or list(columns) or [""])[0]


def _is_key(values: Sequence[str | None]) -> bool:
    return None not in values and len(set(values)) == len(values)
