"""Fixed cuts of the colour ramps: one set per indicator and level, the same over dates and siblings.

With a target that judges, the middle class holds it and the steps follow its distance to the best value; without one
the cuts are quantiles of what the units of the level showed when the rollups were last made anew. Flows are kept per
day and grow with the length of the period, so that two periods of one length always share their colours.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from data.defining import Indicator
from data.indicators import INDICATORS
from data.places import Version, versions
from data.rollup import Published, published
from data.rollup_read import Ask, from_rollup
from data.schema import scale
from data.settings import Settings
from data.store import Store
from data.strips import rollup_table
from data.sums import Region

SHARES = (0.15, 0.35, 0.55, 0.72, 0.86, 0.95)
STEPS = (-3.0, -1.8, -0.6, 0.6, 1.4, 2.0)  # of a tenth of the way between target and best value or more
WINDOW_DAYS = 364


_CUTS = select(scale.c.cuts).where(
    scale.c.tree == bindparam("tree"),
    scale.c.level == bindparam("depth"),
    scale.c.indicator == bindparam("indicator"),
)


def cuts(
    connection: Connection,
    indicator: Indicator,
    settings: Settings,
    *,
    level: str,
    days: int,
    tree: str,
    target: float | None = None,
) -> tuple[float, ...]:
    """Six ascending cuts in the units of the value; `target` is that of the level."""
    if target is not None and indicator.better and indicator.kind in ("rate", "score"):
        return around(target)
    depth = settings.tree(tree).level(level).depth
    kept = connection.scalar(_CUTS, {"tree": tree, "depth": depth, "indicator": indicator.name})
    found = json.loads(kept) if kept else _usual(indicator)
    grow = days if indicator.kind == "count" else 1
    if indicator.kind in ("rate", "score"):
        return _shares(found)
    whole = indicator.kind in ("count", "stock")
    return _ascending([_round(cut * grow, whole=whole) for cut in found], step=1.0 if whole else 0.001)


def _shares(found: Sequence[float]) -> tuple[float, ...]:
    """Cuts of a share: whole per cent, at least one apart, the last below 1."""
    cuts = _ascending([round(cut, 2) for cut in found], step=0.01)
    over = max(cuts[-1] - 0.99, 0.0)
    return tuple(round(cut - over, 2) for cut in cuts)


def around(target: float) -> tuple[float, ...]:
    """Cuts about a target share: wide steps below, narrow ones above, never past 0 or 1."""
    step = max(1 - target, 0.02) / 3
    return _ascending([round(min(max(target + step * part, 0.001), 0.999), 3) for part in STEPS])


def _usual(indicator: Indicator) -> list[float]:
    if indicator.kind in ("rate", "score"):
        return [0.3, 0.5, 0.65, 0.8, 0.9, 0.96]
    return (
        [1.0, 2.0, 3.0, 5.0, 8.0, 13.0]
        if indicator.kind != "count"
        else [part / 30 for part in (1, 2, 4, 8, 16, 32)]
    )


def _round(value: float, *, whole: bool) -> float:
    if whole:
        value = max(value, 0.0)
        return float(round(value)) if value < 20 else float(f"{value:.2g}")
    return float(f"{value:.2g}")


def _ascending(values: Sequence[float], *, step: float = 0.001) -> tuple[float, ...]:
    """The same cuts, the first at least a step above 0 and each at least a step above the one before."""
    answer: list[float] = []
    for value in values:
        least = answer[-1] + step if answer else step
        answer.append(max(value, round(least, 3)))
    return tuple(answer)


def fix_scales(store: Store, *, anew: bool) -> int:
    """Write the cuts the rollups suggest, for indicators and levels that have none yet (all when `anew`)."""
    with store.write() as connection:
        seen = published(connection)
        if seen is None:
            return 0
        if anew:
            connection.execute(delete(scale))
        have = {
            (row.tree, row.level, row.indicator)
            for row in connection.execute(select(scale.c.tree, scale.c.level, scale.c.indicator))
        }
        # Of each tree the last stays.
        newest = {version.tree: version for version in versions(connection, store=store)}
        rows = []
        for version in newest.values():
            for depth in seen.levels.get(version.id, ()):
                wanted = [
                    entry
                    for entry in INDICATORS.values()
                    if (version.tree, depth, entry.name) not in have and entry.kind != "quantile"
                ]
                suggested = _suggested(connection, wanted, seen=seen, version=version, depth=depth)
                rows += [
                    {"tree": version.tree, "level": depth, "indicator": name, "cuts": json.dumps(found)}
                    for name, found in suggested.items()
                ]
        if rows:
            connection.execute(insert(scale), rows)
    return len(rows)


def _suggested(
    connection: Connection, entries: Sequence[Indicator], *, seen: Published, version: Version, depth: int
) -> dict[str, list[float]]:
    """Quantiles over the units of a level of each indicator's value in the newest year, where there are two or more."""
    found: dict[str, list[float]] = {}
    for subject in dict.fromkeys(entry.subject for entry in entries):
        mine = [entry for entry in entries if entry.subject == subject]
        table = rollup_table(subject)
        days = select(func.max(table.c.day)).where(table.c.version_id == version.id, table.c.level == depth)
        last = connection.scalar(days.where(table.c.span == 1))
        if last is None:
            continue
        region = Region(version, depth, 0, len(version.units))
        year = ((last - WINDOW_DAYS + 1, last + 1),)
        parts = [tuple(x for x in mine if (x.kind == "stock") == stocks) for stocks in (False, True)]
        for ask in (Ask(part, year) for part in parts if part):
            (sums,) = from_rollup(connection, seen, region, [ask])
            by_name = dict(zip(sums.names, sums.values.T.astype(float), strict=True))
            found |= {entry.name: _quantiles(entry, by_name) for entry in ask.indicators}
    return {name: cuts for name, cuts in found.items() if cuts}


def _quantiles(entry: Indicator, sums: Mapping[str, np.ndarray]) -> list[float]:
    """Of one indicator, from the sums of each unit by name."""
    found = sums[f"n_{entry.name}"]
    if entry.denominator is not None:
        base = sums[f"d_{entry.name}"]
        found = found[base > 0] / base[base > 0]
    if len(found) < 2:
        return []
    if entry.kind in ("rate", "score", "mean"):
        found = found * entry.base_scale / entry.scale
    if entry.kind == "count":
        found = found / WINDOW_DAYS
    return [float(cut) for cut in np.quantile(found, SHARES)]
