"""Fixed cuts of the colour ramps: one set per indicator and level, the same over dates and siblings.

With a target that judges, the middle class holds it and the steps follow its distance to the best value; without one
the cuts are quantiles of what the units of the level showed when the rollups were last made anew. Flows are kept per
day and grow with the length of the period, so that two periods of one length always share their colours.
"""

import json
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, delete, insert, select, text

from data.indicators import INDICATORS, Indicator
from data.rollup import published
from data.schema import scale
from data.settings import Settings
from data.store import Store

SHARES = (0.15, 0.35, 0.55, 0.72, 0.86, 0.95)
STEPS = (-3.0, -1.8, -0.6, 0.6, 1.4, 2.0)  # of a tenth of the way between target and best value or more
WINDOW_DAYS = 364


def cuts(
    store: Store, indicator: Indicator, settings: Settings, *, level: str, days: int, tree: str
) -> tuple[float, ...]:
    """Six ascending cuts in the units of the value."""
    target = settings.targets.get(indicator.name)
    if target is not None and indicator.better and indicator.kind in ("rate", "score"):
        return around(target)
    with store.read() as connection:
        kept = connection.scalar(
            select(scale.c.cuts).where(
                scale.c.tree == tree,
                scale.c.level == settings.level(level).depth,
                scale.c.indicator == indicator.name,
            )
        )
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
            (row.level, row.indicator) for row in connection.execute(select(scale.c.level, scale.c.indicator))
        }
        version = max(seen.levels, default=None)
        wanted = [
            (depth, entry)
            for depth in (seen.levels[version] if version is not None else ())
            for entry in INDICATORS.values()
            if (depth, entry.name) not in have and entry.kind in ("count", "stock", "rate", "score")
        ]
        rows = [
            {"tree": "grid", "level": depth, "indicator": entry.name, "cuts": json.dumps(found)}
            for depth, entry in wanted
            if (found := _suggested(connection, entry, version=version, depth=depth))
        ]
        if rows:
            connection.execute(insert(scale), rows)
    return len(rows)


def _suggested(connection: Connection, entry: Indicator, *, version: int | None, depth: int) -> list[float]:
    """Quantiles over the units of a level of their value in the newest year of whole spans."""
    base = f"SUM(d_{entry.name})" if entry.denominator is not None else "1"
    recent = (
        "" if entry.kind == "stock" else " AND day > (SELECT MAX(day) FROM rollup_{0} WHERE span = 1) - :days"
    )
    query = f"SELECT CAST(SUM(n_{entry.name}) AS FLOAT) / NULLIF({base}, 0) FROM rollup_{entry.subject}" + (
        f" WHERE version_id = :version AND level = :depth AND span = 1{recent.format(entry.subject)} GROUP BY pos"
    )
    values = {"version": version, "depth": depth}
    if recent:
        values["days"] = WINDOW_DAYS
    found = np.array(
        [row[0] for row in connection.execute(text(query), values) if row[0] is not None], dtype=float
    )
    if len(found) < 2:
        return []
    if entry.kind in ("rate", "score"):
        found = found * entry.base_scale / entry.scale
    if entry.kind == "count":
        found = found / WINDOW_DAYS
    return [float(cut) for cut in np.quantile(found, SHARES)]
