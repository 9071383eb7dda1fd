"""Fixed-width times read from the bytes of a whole column: digits at known places, arithmetic instead of parsing.

A layout says where year, month … stand and which bytes must stand between them. What does not fit exactly is left
to the slow reader, so a layout may be strict and never has to guess.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

SECOND = 1_000_000
NAT = np.iinfo(np.int64).min
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0], dtype=np.int64)
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "p": 2}


@dataclass(frozen=True)
class Layout:
    """Texts of one length.

    spans     (part, first byte, byte after the last)
    literals  (byte, the characters allowed there)
    zone      first byte of a written offset: "Z" or ±hh:mm; None when there is none
    """

    length: int
    spans: tuple[tuple[str, int, int], ...]
    literals: tuple[tuple[int, str], ...]
    zone: int | None = None


@lru_cache(maxsize=1)
def iso_layouts() -> tuple[Layout, ...]:
    """ISO 8601 from a date alone to microseconds, with and without `Z` or an offset."""
    day = (("Y", 0, 4), ("m", 5, 7), ("d", 8, 10))
    minute = (*day, ("H", 11, 13), ("M", 14, 16))
    second = (*minute, ("S", 17, 19))
    dashes, clock = ((4, "-/"), (7, "-/")), ((10, "T "), (13, ":"))
    layouts = [Layout(10, day, dashes)]
    for spans, literals, end in (
        (minute, (*dashes, *clock), 16),
        (second, (*dashes, *clock, (16, ":")), 19),
        ((*second, ("f", 20, 23)), (*dashes, *clock, (16, ":"), (19, ".,")), 23),
        ((*second, ("f", 20, 26)), (*dashes, *clock, (16, ":"), (19, ".,")), 26),
    ):
        layouts.append(Layout(end, spans, literals))
        layouts.append(Layout(end + 1, spans, (*literals, (end, "Z")), zone=end))
        layouts.append(Layout(end + 6, spans, (*literals, (end, "+-"), (end + 3, ":")), zone=end))
    return tuple(layouts)


@lru_cache(maxsize=64)
def compile_format(form: str) -> Layout | None:
    """The layout of a strptime format whose every part has a fixed width; None for any other."""
    spans, literals, place = [], [], 0
    for part in re.findall(r"%.|[^%]", form):
        if part.startswith("%"):
            if part[1] not in _WIDTHS:
                return None
            spans.append((part[1], place, place + _WIDTHS[part[1]]))
            place += _WIDTHS[part[1]]
        elif part.isascii():
            literals.append((place, part))
            place += 1
        else:
            return None
    names = [name for name, _, _ in spans]
    whole = (
        {"Y", "m", "d"} <= set(names) and len(set(names)) == len(names) and ("I" in names) == ("p" in names)
    )
    return Layout(place, tuple(spans), tuple(literals)) if whole and not {"H", "I"} <= set(names) else None


def read_fixed(
    texts: pa.StringArray, left: np.ndarray, layout: Layout
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the texts that fit a layout.

    left     mask of the texts still to be read
    returns  positions read; their local microseconds since 1970; their written offsets (NAT: none written)
    """
    none = np.zeros(0, dtype=np.int64)
    if not left.any():
        return none, none, none
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    places = np.flatnonzero(left & (np.diff(offsets) == layout.length))
    if not len(places):
        return none, none, none
    data = np.frombuffer(texts.buffers()[2], dtype=np.uint8)
    starts = offsets[places].astype(np.int64)
    if starts[-1] - starts[0] == (len(places) - 1) * layout.length:  # they lie side by side: no copy
        block = data[starts[0] : starts[0] + len(places) * layout.length].reshape(-1, layout.length)
    else:
        block = data[starts[:, None] + np.arange(layout.length)]
    fits, local, offset = _evaluate(block, layout)
    return places[fits], local[fits], offset[fits]


def _evaluate(block: np.ndarray, layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    fits = np.ones(len(block), dtype=bool)
    for place, allowed in layout.literals:
        byte = block[:, place]
        fits &= np.logical_or.reduce([byte == ord(character) for character in allowed])
    parts = {}
    for name, first, after in layout.spans:
        parts[name] = (
            _half(block[:, first], block[:, first + 1], fits)
            if name == "p"
            else _digits(block, first, after, fits)
        )
    seconds = _clock(parts, fits)
    day = _civil(parts["Y"], parts["m"], parts["d"], fits)
    local = (day * 86_400 + seconds) * SECOND
    for name, first, after in layout.spans:
        if name == "f":
            local += parts["f"] * 10 ** (6 - (after - first))
    return fits, local, _written(block, layout, fits)


def _digits(block: np.ndarray, first: int, after: int, fits: np.ndarray) -> np.ndarray:
    """The number in a span of digits; rows with anything else stop fitting."""
    number = np.zeros(len(block), dtype=np.int64)
    for place in range(first, after):
        digit = block[:, place] - np.uint8(48)  # wraps below "0", so one comparison is enough
        fits &= digit <= 9
        number = number * 10 + digit
    return number


def _half(first: np.ndarray, second: np.ndarray, fits: np.ndarray) -> np.ndarray:
    """0 for AM, 1 for PM."""
    first, second = first & 0xDF, second & 0xDF  # upper case
    fits &= (second == ord("M")) & ((first == ord("A")) | (first == ord("P")))
    return (first == ord("P")).astype(np.int64)


def _clock(parts: dict[str, np.ndarray], fits: np.ndarray) -> np.ndarray:
    zero = np.int64(0)
    hour, minute, second = parts.get("H", zero), parts.get("M", zero), parts.get("S", zero)
    if "I" in parts:
        fits &= (parts["I"] >= 1) & (parts["I"] <= 12)
        hour = parts["I"] % 12 + parts["p"] * 12
    fits &= (hour < 24) & (minute < 60) & (second < 60)
    return hour * 3600 + minute * 60 + second


def _civil(year: np.ndarray, month: np.ndarray, day: np.ndarray, fits: np.ndarray) -> np.ndarray:
    """Days since 1970-01-01 of proleptic Gregorian dates (H. Hinnant, days_from_civil)."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _DAYS[np.minimum(month, 15)] + (leap & (month == 2))
    fits &= (year >= 1) & (day >= 1) & (day <= longest)
    early = month <= 2
    shifted = year - early
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + np.where(early, 9, -3)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _written(block: np.ndarray, layout: Layout, fits: np.ndarray) -> np.ndarray:
    if layout.zone is None:
        return np.full(len(block), NAT, dtype=np.int64)
    if layout.zone == layout.length - 1:
        return np.zeros(len(block), dtype=np.int64)
    at = layout.zone
    hours, minutes = _digits(block, at + 1, at + 3, fits), _digits(block, at + 4, at + 6, fits)
    fits &= (hours <= 15) & (minutes < 60)
    sign = np.where(block[:, at] == ord("-"), -1, 1)
    return sign * (hours * 3600 + minutes * 60) * SECOND
