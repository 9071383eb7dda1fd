"""Targets and composites as the fields of a form: what a person fills in, and what stands there of one that is known.

Shares are filled in per cent or points of 100, everything else in its own unit; the last day belongs to the period. An
empty first day is the beginning, an empty last day leaves the end open.
"""

from collections.abc import Mapping
from datetime import timedelta

from data.composite_edits import CompositeError
from data.composites import Bands, Composite, Part
from data.defining import Indicator
from data.indicators import INDICATORS
from data.measures import epoch_day
from data.query import QueryError, parse_date
from data.schema import FOREVER
from data.target_edits import TargetError
from data.targets import Target

MOST_ROWS = 20
Fields = Mapping[str, str]


def read_target(fields: Fields) -> Target:
    """A target as it was filled in. Raises TargetError."""
    indicator = INDICATORS.get(fields.get("indicator", ""))
    if indicator is None:
        raise TargetError("targets: indicator: got nothing known; expected one of the list")
    edges = [fields.get(name, "") for name in ("good", "warn")]
    if any(edges) and not all(edges):
        raise TargetError("targets: bands: got one of two; expected both or none")
    try:
        value = _amount(fields.get("value", ""), indicator)
        bands = (_amount(edges[0], indicator), _amount(edges[1], indicator)) if all(edges) else None
    except ValueError:
        raise TargetError("targets: value: got no number; expected one") from None
    try:
        start, end = _days(fields)
    except QueryError as error:
        raise TargetError(f"targets: first: got no day ({error})") from None
    level, unit = fields.get("level", ""), fields.get("unit", "")
    return Target(indicator.name, value, level, unit, start, end, bands, fields.get("note", ""))


def target_fields(row: Target) -> dict[str, str]:
    """What stands in the form of a target."""
    indicator = INDICATORS[row.indicator]
    good, warn = (_text(edge, indicator) for edge in row.bands) if row.bands else ("", "")
    return {
        "indicator": row.indicator, "level": row.level, "unit": row.unit, "value": _text(row.value, indicator),
        "good": good, "warn": warn, "note": row.note, **_day_fields(row),
    }  # fmt: skip


def read_composite(fields: Fields, known: Composite | None, *, locale: str) -> Composite:
    """A composite as it was filled in, of the name it has or is given. Raises CompositeError."""
    parts = tuple(_part(at, fields) for at in range(MOST_ROWS) if fields.get(f"{at}.indicator"))
    try:
        start, end = _days(fields)
    except QueryError as error:
        raise CompositeError(f"composites: first: got no day ({error})") from None
    titles = dict(known.titles) if known else {}
    if fields.get("title"):
        titles[locale] = fields["title"]
    name = known.name if known else fields.get("name", "")
    return Composite(name, parts, titles, fields.get("missing", ""), start, end)


def composite_fields(row: Composite, *, locale: str) -> dict[str, str]:
    """What stands in the form of a composite."""
    found = {"name": row.name, "title": row.title(locale), "missing": row.missing, **_day_fields(row)}
    for at, part in enumerate(row.parts):
        indicator = INDICATORS[part.indicator]
        edges = ", ".join(f"{_text(edge, indicator)}={worth:g}" for edge, worth in part.bands)
        told = {
            "indicator": part.indicator,
            "weight": f"{part.weight:g}",
            "scale": part.scale,
            "bands": edges,
        }
        found |= {f"{at}.{name}": text for name, text in told.items()}
    return found


def _part(at: int, fields: Fields) -> Part:
    name, scale = fields[f"{at}.indicator"], fields.get(f"{at}.scale", "value")
    indicator = INDICATORS.get(name)
    if indicator is None:
        raise CompositeError(f"composites: {name[:60]}: got it as a part; expected the name of an indicator")
    try:
        weight = float(fields.get(f"{at}.weight", ""))
    except ValueError:
        raise CompositeError(f"composites: {name}: weight: got no number; expected one") from None
    bands = _bands(fields.get(f"{at}.bands", ""), indicator) if scale == "bands" else ()
    return Part(name, weight, scale, bands)


def _bands(text: str, indicator: Indicator) -> Bands:
    """Edges and points written `95=100, 90=80`, in any order."""
    try:
        pairs = [part.split("=") for part in text.replace("，", ",").split(",") if part.strip()]
        return tuple(sorted((_amount(edge, indicator), float(worth)) for edge, worth in pairs))
    except ValueError:
        raise CompositeError(
            f"composites: {indicator.name}: bands: got no list; expected edges and points such as 95=100, 90=80"
        ) from None


def _amount(text: str, indicator: Indicator) -> float:
    """A value of an indicator from its written form. Raises ValueError."""
    number = float(text.strip().removesuffix("%").rstrip())
    return round(number / 100, 9) if indicator.kind in ("rate", "score") else number


def _text(value: float, indicator: Indicator) -> str:
    shown = value * 100 if indicator.kind in ("rate", "score") else value
    return f"{round(shown, 7):.12g}"


def _days(fields: Fields) -> tuple[int, int]:
    """First day and end in days since 1970-01-01. Raises QueryError."""
    first, last = fields.get("first", ""), fields.get("last", "")
    start = epoch_day(parse_date(first, "first")) if first else 0
    return start, epoch_day(parse_date(last, "last")) + 1 if last else FOREVER


def _day_fields(row: Target | Composite) -> dict[str, str]:
    last = "" if row.end_on is None else (row.end_on - timedelta(days=1)).isoformat()
    return {"first": row.first_on.isoformat() if row.start else "", "last": last}
