"""Units of one boundary version as a tree in preorder, and the text hints that name them.

Every unit has a position ``pos`` (1..n) and an ``end`` (its last descendant's position), so "all descendants
of U at level L" is ``level == L and U.pos <= pos <= U.end``. Position 0 is the nameless root of the whole.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd

ROOT = 0
NOT_FOUND = -1

# One group of suffixes is one kind of place: a hint may leave the suffix out or use another of the same
# group, but "X社区" never names "X街道". Longest first within the search, whatever the order here.
SUFFIX_GROUPS: tuple[tuple[str, ...], ...] = (
    ("街道", "街道办", "街道办事处", "镇", "乡", "subdistrict", "sub-district", "town", "township"),
    ("社区", "居委会", "居民委员会", "社区居委会", "社区居民委员会", "居委", "community",
     "村", "村委会", "村民委员会", "委会"),
    ("片区", "area"),
    ("网格", "grid"),
    ("微网格", "微格", "microgrid", "micro-grid"),
    ("元网格", "metagrid", "meta-grid"),
    ("区", "县", "市", "district", "borough", "county", "city"),
    ("ward",),
    ("tract", "census tract"),
)  # fmt: skip
_SUFFIXES = sorted(
    ((suffix, group) for group, members in enumerate(SUFFIX_GROUPS) for suffix in members),
    key=lambda pair: -len(pair[0]),
)
_SPACES = re.compile(r"\s+")
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PATH = re.compile(r"\s*(?:/|\\|\||->|>|→|»)\s*")


class OrphanUnit(ValueError):
    """A unit names a parent that does not exist, is not above it, or is missing below the top."""


def _reject_duplicates(units: pd.DataFrame) -> None:
    codes = units["code"]
    if codes.isna().any() or (codes == "").any():
        raise ValueError("units: got a unit without a code; expected a code for each")
    repeated = sorted(set(codes[codes.duplicated()]))
    if repeated:
        raise ValueError(f"units: got code {repeated[0]!r} more than once; expected each code once")


def _parent_rows(units: pd.DataFrame, level: np.ndarray) -> np.ndarray:
    """Row number of each unit's parent, -1 at the top.

    Raises:
        OrphanUnit: a parent that is unknown, missing below the top, or not above its child.
    """
    parents = units["parent_code"]
    rows = pd.Index(units["code"]).get_indexer(parents.fillna("").astype(str))
    missing = parents.isna().to_numpy() | (parents == "").fillna(False).to_numpy(dtype=bool)
    lost = np.where(missing, level > 0, (rows < 0) | (level[rows] >= level))
    if lost.any():
        row = units.iloc[int(np.flatnonzero(lost)[0])]
        parent = "no parent" if missing[np.flatnonzero(lost)[0]] else f"parent {row['parent_code']!r}"
        raise OrphanUnit(f"unit {row['code']!r}: got {parent}; expected the code of a unit at a level above")
    return np.where(missing, -1, rows)


def _room_before(codes: pd.Series, parent: np.ndarray, size: np.ndarray) -> np.ndarray:
    """How many positions the earlier siblings of each unit take with all that is below them."""
    order = np.lexsort((pd.factorize(codes, sort=True)[0], parent))
    before = np.cumsum(size[order]) - size[order]
    first = np.diff(parent[order], prepend=-2) != 0
    room = np.empty(len(codes), dtype=np.int64)
    room[order] = before - before[first][np.cumsum(first) - 1]
    return room


def arrange(units: pd.DataFrame) -> pd.DataFrame:
    """Put units in preorder, siblings by code.

    Args:
        units: columns code (text, unique over all levels), name, level (int, 0 at the top), parent_code
            (missing at the top); further columns are carried along.

    Returns:
        A frame with a fresh index and the columns pos (int32, 1..n), end (int32), code, name, level (int32),
        parent_pos (int32, 0 at the top) and the further columns, sorted by pos.

    Raises:
        OrphanUnit: a parent is unknown, missing below the top, or not at a level above.
        ValueError: a code is missing or occurs twice.
    """
    _reject_duplicates(units)
    level = units["level"].to_numpy(dtype=np.int32)
    parent = _parent_rows(units, level)
    n = len(units)
    size = np.ones(n + 1, dtype=np.int64)  # the extra last row stands for the root
    by_depth = [np.flatnonzero(level == depth) for depth in range(int(level.max(initial=-1)) + 1)]
    for rows in reversed(by_depth):
        np.add.at(size, parent[rows], size[rows])
    offset = _room_before(units["code"], parent, size[:-1])
    pos = np.zeros(n + 1, dtype=np.int64)
    for rows in by_depth:
        pos[rows] = pos[parent[rows]] + 1 + offset[rows]
    named = {
        "pos": pos[:-1].astype(np.int32),
        "end": (pos[:-1] + size[:-1] - 1).astype(np.int32),
        "code": units["code"].to_numpy(),
        "name": units["name"].to_numpy(),
        "level": level,
        "parent_pos": pos[parent].astype(np.int32),
    }
    extra = units.drop(
        columns=["code", "name", "level", "parent_code", "pos", "end", "parent_pos"], errors="ignore"
    )
    frame = pd.DataFrame({**named, **{name: extra[name].array for name in extra.columns}})
    return frame.sort_values("pos", ignore_index=True)


def ancestors(units: pd.DataFrame) -> np.ndarray:
    """Table of row keys by level and position.

    Args:
        units: an arranged frame.

    Returns:
        int32 array of shape (levels, n + 1). Entry [L, p] is the position of p's ancestor at level L when p
        lies at L or below; otherwise (p is above L, or its line of descent skips L) the position of the
        deepest unit above L that holds p: the row of what is unassigned at L. Column 0 is the root, always 0.
    """
    depth = units["level"].to_numpy(dtype=np.int32)
    parent = units["parent_pos"].to_numpy(dtype=np.int32)
    levels = int(depth.max(initial=-1)) + 1
    table = np.tile(np.arange(len(units) + 1, dtype=np.int32), (levels, 1))
    for deeper in range(1, levels):
        rows = np.flatnonzero(depth == deeper)
        table[:deeper, rows + 1] = table[:deeper, parent[rows]]
    return table


def fold(text: str) -> str:
    """Spelling under which names are compared: NFKC, case folded, spaces single, none beside wide characters."""
    plain = _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()
    return plain.replace(" ", "") if _WIDE.search(plain) else plain


def stem(folded: str) -> tuple[str, int | None]:
    """A folded name without its suffix, and the suffix's group (None when it has none)."""
    for suffix, group in _SUFFIXES:
        body = folded.removesuffix(suffix)
        if body == folded or not body:
            continue
        if suffix.isascii() and not body.endswith(" "):
            continue  # "Marlborough" is not the borough of Marl
        return body.rstrip(), group
    return folded, None


class HintIndex:
    """Finds the unit that a text names: a code or a name at any level.

    A code counts before a whole name, a whole name before a name whose suffix is left out. A name that several
    units carry resolves to the finest of them when they lie in one line of descent, otherwise to nothing: a
    guess would be a wrong place. "A / B" narrows B to the units inside A; a part that is unknown there is
    passed over, so the finest part that is known decides.
    """

    def __init__(self, units: pd.DataFrame):
        """Take an arranged frame; its columns pos, end, code and name are read."""
        self._end = np.r_[len(units), units["end"].to_numpy(dtype=np.int64)]
        self._codes: dict[str, list[int]] = {}
        self._names: dict[str, list[int]] = {}
        self._stems: dict[str, list[tuple[int, int | None]]] = {}
        for pos, code, name in zip(units["pos"], units["code"], units["name"], strict=True):
            self._codes.setdefault(fold(str(code)), []).append(int(pos))
            folded = "" if pd.isna(name) else fold(str(name))
            if folded:
                self._names.setdefault(folded, []).append(int(pos))
                body, group = stem(folded)
                self._stems.setdefault(body, []).append((int(pos), group))

    def resolve(self, texts: pd.Series) -> np.ndarray:
        """Positions (int32) named by the texts, -1 where a text is missing, unknown or ambiguous."""
        codes, words = pd.factorize(texts.astype("str"), use_na_sentinel=True)
        found = np.array([self._one(str(word)) for word in words] + [NOT_FOUND], dtype=np.int32)
        return found[codes]

    def _one(self, text: str) -> int:
        whole = self._finest(self._candidates(fold(text), within=ROOT))
        if whole != NOT_FOUND:
            return whole
        place = ROOT
        for part in _PATH.split(text):
            inside = self._finest(self._candidates(fold(part), within=place))
            place = inside if inside != NOT_FOUND else place
        return place or NOT_FOUND

    def _candidates(self, folded: str, *, within: int) -> list[int]:
        body, group = stem(folded)
        alike = [pos for pos, kind in self._stems.get(body, []) if group is None or kind in (None, group)]
        for tried in (self._codes.get(folded, []), self._names.get(folded, []), alike):
            inside = [pos for pos in tried if within <= pos <= self._end[within]]
            if inside:
                return inside
        return []

    def _finest(self, positions: Iterable[int]) -> int:
        """The last of the positions when each lies inside the one before, else -1."""
        line = sorted(set(positions))
        for upper, lower in pairwise(line):
            if lower > self._end[upper]:
                return NOT_FOUND
        return line[-1] if line else NOT_FOUND
