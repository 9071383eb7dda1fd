"""How a target is met so far: the value of its unit, or how many units of its level meet it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.defining import Indicator
from data.indicators import INDICATORS
from data.query import Period, Query
from data.targets import Target

if TYPE_CHECKING:
    from data.reader import Reader


@dataclass(frozen=True)
class Standing:
    """A value with its base and band (good, warn, bad; "" where neither bands nor a direction judge it), or of a level
    how many of the units that have a value fall into each band."""

    value: float | None = None
    n: float | None = None
    band: str = ""
    units: tuple[int, int, int] | None = None


def standing(reader: Reader, target: Target, period: Period) -> Standing | None:
    """How a target is met in a period, by what the reader may see. None where there is no unit of its level.

    Raises UnknownUnit, NotReady
    """
    indicator = INDICATORS[target.indicator]
    query = Query(target.level or None, target.unit or None, (indicator.name,), period, tree=reader.tree)
    if not target.level:
        (row,) = reader.series(query.indicators, unit=query.within, periods=[period], query=query).to_dict(
            "records"
        )
        value = None if row["value"] != row["value"] else float(row["value"])
        return Standing(value, float(row["n"]), "" if value is None else band(indicator, target, value))
    if target.level not in {level.name for level in reader.levels()}:
        return None
    rows = reader.measures(query, compare=False)
    known = rows[(rows["kind"] == "unit") & (rows["state"] == "ok")]["value"]
    found = [band(indicator, target, float(value)) for value in known]
    return Standing(units=(found.count("good"), found.count("warn"), found.count("bad")))


def band(indicator: Indicator, target: Target, value: float) -> str:
    """good, warn or bad by the bands of a target; without bands by its value alone, "" where no direction judges.

    A share is judged at the precision it is shown in, so that what reads as 90.0 meets 90.
    """
    if indicator.kind in ("rate", "score"):
        value = round(value, 3)
    if target.bands:
        return target.band(value)
    if indicator.better is None:
        return ""
    sign = 1 if indicator.better == "high" else -1
    return "good" if sign * value >= sign * target.value else "bad"
