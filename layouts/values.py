"""How one value of an indicator is written: number and unit, change, target, verdict, interval.

Rates are kept as 0 to 1 and written per cent, scores as points of 100, quantiles as hours; what is not known is
written "–", never 0. The colour names the judgement, the arrow the direction, so the two never depend on
each other.
"""

import math
from dataclasses import dataclass

from pandas import NA

from data.defining import Indicator
from layouts.words import Words

NOTHING = "–"
UNITS = {"cases": "case", "orders": "order", "parking": "case", "stays": "case", "alerts": "alert"}


@dataclass(frozen=True)
class Shown:
    """A number as written, its unit, and both together in the manner of the language."""

    number: str
    unit: str
    text: str

    def __str__(self) -> str:
        return self.text


def known(value: object) -> float | None:
    """A float, or None for what a frame holds as missing."""
    if value is None or value is NA:
        return None
    number = float(value)  # type: ignore[arg-type]  # frames answer numpy scalars, which mypy cannot see
    return number if math.isfinite(number) else None


def scaled(indicator: Indicator, value: float | None) -> float | None:
    """The value in the unit it is written in: per cent or points for fractions, else itself."""
    if value is None:
        return None
    return value * 100 if indicator.kind in ("rate", "score") else value


def most(indicator: Indicator) -> float | None:
    """The largest value there can be, as written: 100 of rates and scores."""
    return 100.0 if indicator.kind in ("rate", "score") else None


def decimals(indicator: Indicator) -> int:
    """Decimal places: one precision a column."""
    return 0 if indicator.kind in ("count", "stock") else 1


def number(indicator: Indicator, value: float | None, words: Words) -> str:
    """The bare number, for columns whose head names the unit."""
    shown = scaled(indicator, value)
    return NOTHING if shown is None else words.number(shown, decimals(indicator))


def unit(indicator: Indicator, words: Words, n: object = "") -> str:
    """The unit of the value: %, points, hours, or what is counted, after the number `n` (a head has none)."""
    if indicator.kind == "rate":
        return "%"
    if indicator.kind == "score":
        return words("parts.unit.score", n=n)
    if indicator.kind in ("mean", "quantile"):
        return words(f"parts.unit.{indicator.time}")
    return words(f"parts.unit.{UNITS[indicator.subject]}", n=n)


def show(indicator: Indicator, value: float | None, words: Words) -> Shown:
    """Number and unit; the unit is left out where there is no number."""
    text = number(indicator, value, words)
    if text == NOTHING:
        return Shown(text, "", text)
    return Shown(text, unit(indicator, words, text), with_unit(indicator, text, words))


def with_unit(indicator: Indicator, text: str, words: Words) -> str:
    """A number as written with its unit: "91.0 %", "91.0%", "116 件"."""
    name = unit(indicator, words, text)
    return words("format.percent", number=text) if name == "%" else f"{text} {name}"


def change(indicator: Indicator, value: float | None, words: Words, *, bare: bool = False) -> tuple[str, str]:
    """Text and class of a change: "▲ 1.2 点", "good"; `bare` leaves the unit to the head of a column."""
    shown = scaled(indicator, value)
    if shown is None:
        return NOTHING, "t3"
    size = words.number(abs(shown), decimals(indicator))
    step = size if bare else f"{size} {change_unit(indicator, words, size)}"
    if float(f"{abs(shown):.{decimals(indicator)}f}") == 0:
        return words("parts.change.none"), "t2"
    rose = shown > 0
    good = rose == (indicator.better == "high")
    tone = "t2" if indicator.better is None else "good" if good else "bad"
    return f"{'▲' if rose else '▼'} {step}", tone


def change_unit(indicator: Indicator, words: Words, n: object = "") -> str:
    """The unit of a change: points of rates and scores, else that of the value."""
    return words("parts.unit.points") if indicator.kind in ("rate", "score") else unit(indicator, words, n)


def change_head(indicator: Indicator, title: str, words: Words) -> str:
    """The head of a column of changes: with the unit where it is not simply what is counted."""
    if indicator.kind in ("count", "stock"):
        return title
    return f"{title} {change_unit(indicator, words)}"


def base(indicator: Indicator, number: float | None, words: Words) -> str:
    """A base as written: how many records, or space-hours of what is measured in space-minutes."""
    if number is None:
        return NOTHING
    return words.number(number / 60 if indicator.base_scale > 1 else number)


def base_unit(indicator: Indicator, words: Words) -> str:
    """What a base counts where that is not records: space-hours."""
    return words("parts.unit.spaces") if indicator.base_scale > 1 else ""


def _step(indicator: Indicator, words: Words, n: str) -> str:
    return words("parts.unit.points") if indicator.kind == "rate" else unit(indicator, words, n)


def target(indicator: Indicator, aim: float | None, words: Words) -> str:
    """ "≥ 90.0" or "≤ 60"; a dash where the instance sets none."""
    if aim is None:
        return NOTHING
    sign = {"low": "≤ ", "high": "≥ ", None: ""}[indicator.better]
    return f"{sign}{number(indicator, aim, words)}"


def met(indicator: Indicator, value: float | None, aim: float | None) -> bool | None:
    """Whether the target is met, at the precision shown; None where there is nothing to judge."""
    if value is None or aim is None or indicator.better is None:
        return None
    scale = 3 if indicator.kind in ("rate", "score") else decimals(indicator)
    gap = round(value, scale) - round(aim, scale)
    return gap >= 0 if indicator.better == "high" else gap <= 0


def verdict(indicator: Indicator, value: float | None, aim: float | None, words: Words) -> tuple[str, str]:
    """Text and class: "达标", "good", or "差 0.4 点", "bad"; empty where there is nothing to judge."""
    reached = met(indicator, value, aim)
    if reached is None or value is None or aim is None:
        return "", ""
    if reached:
        return words("parts.verdict.met"), "good"
    gap = abs((scaled(indicator, value) or 0.0) - (scaled(indicator, aim) or 0.0))
    size = words.number(gap, decimals(indicator))
    key = "parts.verdict.over" if indicator.better == "low" else "parts.verdict.short"
    return words(key, gap=f"{size} {_step(indicator, words, size)}"), "bad"


def interval(indicator: Indicator, low: float | None, high: float | None, words: Words) -> str:
    """ "89.7–92.2"; a dash where there is no interval."""
    if low is None or high is None:
        return NOTHING
    return f"{number(indicator, low, words)}–{number(indicator, high, words)}"
