"""The table `[rules]` applied: numbers outside their range are rejected, flagged or clipped, as declared."""

from collections.abc import Callable

import numpy as np

from data.sources.definition import Source
from data.sources.mapping import Rule


def apply_rules(
    numbers: dict[str, np.ndarray],
    flags: dict[str, np.ndarray],
    source: Source,
    *,
    refuse: Callable[[str, np.ndarray, str], None],
) -> None:
    """Check every ruled field, lower bound first.

    numbers  field -> float64, NaN where empty; clipped in place
    flags    name -> mask; `occupied_below_min`, `occupied_above_capacity`, `occupied_clipped` are added
    refuse   called with field, mask and rule for rows to reject
    """
    for rule in source.rules.values():
        if rule.field not in numbers:
            continue
        for bound, lower in ((rule.minimum, True), (rule.maximum, False)):
            if bound is not None:
                _apply(rule, bound, lower, numbers, flags, refuse)


def _apply(
    rule: Rule,
    bound: float | str,
    lower: bool,
    numbers: dict[str, np.ndarray],
    flags: dict[str, np.ndarray],
    refuse: Callable[[str, np.ndarray, str], None],
) -> None:
    values = numbers[rule.field]
    limit = numbers[bound] if isinstance(bound, str) else np.full(len(values), float(bound))
    outside = values < limit if lower else values > limit  # NaN is never outside
    if not outside.any():
        return
    named = bound if isinstance(bound, str) else "min" if lower else "max"
    if rule.otherwise == "reject":
        refuse(rule.field, outside, f"{'at least' if lower else 'at most'} {bound}")
    elif rule.otherwise == "flag":
        flags[f"{rule.field}_{'below' if lower else 'above'}_{named}"] = outside
    else:
        numbers[rule.field] = np.where(outside, limit, values)
        flags[f"{rule.field}_clipped"] = outside | flags.get(f"{rule.field}_clipped", False)
