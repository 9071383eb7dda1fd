"""What became of each unit from one version of the boundaries to the next."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely

from geo.exact import as_array

KINDS = ("same", "renamed", "redrawn", "split", "merged", "new", "gone")
SAME_SHARE = 1e-6  # of the area; below it a border has not moved
PART_SHARE = 0.02  # of a unit's area; a smaller piece of a neighbour is a border's noise, not a part
WHOLE_SHARE = 0.9
_COLUMNS = ("code", "name", "old_name", "level", "change", "share", "others")


def compare(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Change of every unit of two versions.

    Args:
        old, new: columns code, name, level, geometry (WGS84 shape, or missing); codes are unique in each.

    Returns:
        One row per code of either version, by level and code: code, name (new, or old when gone), old_name,
        level, change, share, others. A code in both versions is ``same``, ``renamed`` (the name differs, the
        border does not) or ``redrawn`` (share: of the old area that stayed). A code that ended is ``split``
        (others: the units that hold its parts), ``merged`` (others: the one unit that holds it with more), or
        ``gone``. A code that began is ``split`` (others: the unit it was a part of), ``merged`` (others: the
        units it was made of), or ``new``. ``others`` is codes joined by commas; ``share`` is missing unless
        both shapes are known. A unit with the shape of one that ended is ``renamed``, its code too.
    """
    rows = [
        row
        for level in sorted({*old["level"], *new["level"]})
        for row in _level(old[old["level"] == level], new[new["level"] == level], int(level))
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    frame = frame.astype({"code": "str", "name": "str", "old_name": "str", "change": "str", "others": "str"})
    return frame.sort_values(["level", "code"], ignore_index=True)


def _level(old: pd.DataFrame, new: pd.DataFrame, level: int) -> Iterator[tuple]:
    old, new = old.reset_index(drop=True), new.reset_index(drop=True)
    shared = _shared_area(old, new)
    old_at, new_at = (pd.Series(frame.index, index=frame["code"]) for frame in (old, new))
    for code in sorted({*old["code"], *new["code"]}):
        before = old.loc[old_at[code]] if code in old_at.index else None
        after = new.loc[new_at[code]] if code in new_at.index else None
        change, share, others = _change(before, after, shared)
        old_name, name = (None if unit is None else unit["name"] for unit in (before, after))
        yield code, old_name if after is None else name, old_name, level, change, share, ",".join(others)


def _without_equals(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames without the units whose shape is the same in the other: most of them, most of the time."""
    both = old[["code", "geometry"]].merge(new[["code", "geometry"]], on="code", suffixes=("", "_new"))
    before, after = as_array(both["geometry"].to_numpy()), as_array(both["geometry_new"].to_numpy())
    equal = both["code"][shapely.equals_exact(before, after, 0.0)]
    return old[~old["code"].isin(equal)], new[~new["code"].isin(equal)]


def _shared_area(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Pairs of units that share ground: old, new (codes), of_old, of_new (shares of their areas)."""
    old, new = _without_equals(old, new)
    before, after = as_array(old["geometry"].to_numpy()), as_array(new["geometry"].to_numpy())
    other, one = shapely.STRtree(before).query(after, predicate="intersects")
    area = shapely.area(shapely.intersection(before[one], after[other]))
    frame = pd.DataFrame(
        {
            "old": old["code"].to_numpy()[one],
            "new": new["code"].to_numpy()[other],
            "of_old": area / shapely.area(before)[one],
            "of_new": area / shapely.area(after)[other],
        }
    )
    return frame[(frame["of_old"] >= PART_SHARE) | (frame["of_new"] >= PART_SHARE)]


def _change(
    before: pd.Series | None, after: pd.Series | None, shared: pd.DataFrame
) -> tuple[str, float, list[str]]:
    if before is None:
        return ("new", np.nan, []) if after is None else _began(after, shared)
    return _ended(before, shared) if after is None else _stayed(before, after, shared)


def _stayed(before: pd.Series, after: pd.Series, shared: pd.DataFrame) -> tuple[str, float, list[str]]:
    shapes = as_array([before["geometry"], after["geometry"]])
    equal = bool(shapely.equals_exact(shapes[0], shapes[1], 0.0))
    if not equal and not shapely.is_missing(shapes).any():
        pair = shared[(shared["old"] == before["code"]) & (shared["new"] == after["code"])]
        of_old, of_new = pair[["of_old", "of_new"]].iloc[0] if len(pair) else (0.0, 0.0)
        if min(of_old, of_new) < 1 - SAME_SHARE:
            return "redrawn", float(of_old), []
    elif shapely.is_missing(shapes).sum() == 1:
        return "redrawn", np.nan, []  # a shape appeared or disappeared
    share = np.nan if shapely.is_missing(shapes).any() else 1.0
    return ("same" if before["name"] == after["name"] else "renamed"), share, []


def _ended(before: pd.Series, shared: pd.DataFrame) -> tuple[str, float, list[str]]:
    heirs = shared[(shared["old"] == before["code"]) & (shared["of_old"] >= PART_SHARE)]
    others = sorted(heirs["new"])
    if not others:
        return "gone", np.nan, []
    largest = heirs.loc[heirs["of_old"].idxmax()]
    if largest["of_old"] < WHOLE_SHARE:
        return "split", float(largest["of_old"]), others
    alone = largest["of_new"] >= WHOLE_SHARE
    return ("renamed" if alone else "merged"), float(largest["of_old"]), [largest["new"]]


def _began(after: pd.Series, shared: pd.DataFrame) -> tuple[str, float, list[str]]:
    sources = shared[(shared["new"] == after["code"]) & (shared["of_new"] >= PART_SHARE)]
    if sources.empty or sources["of_new"].sum() < 0.5:
        return "new", np.nan, []
    largest = sources.loc[sources["of_new"].idxmax()]
    if largest["of_new"] < WHOLE_SHARE:
        return "merged", float(largest["of_new"]), sorted(sources["old"])
    alone = largest["of_old"] >= WHOLE_SHARE
    return ("renamed" if alone else "split"), float(largest["of_new"]), [largest["old"]]
