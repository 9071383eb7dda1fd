"""Cells as text, in the two flavours of the contract.

machine  nothing altered; instants ISO 8601 with the offset of the instance's zone; yes and no as true and false.
excel    local times without offset, to the second; control characters removed; a leading ``'`` before a text cell
         that Excel would run as a formula, and before one that it would read as a number or a date and write back
         otherwise (leading zeros, twelve digits or more, ``3-2``, ``1E5``). Short plain numbers stay as they are.

A leading ``'`` is the one guard that every version of Excel shows as text and that saving keeps; ``="…"`` is itself
a formula, and a tab becomes part of the value.
"""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SECOND = 1_000_000
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"  # all but tab and line ends
_BLANK = r"[\s\p{Z}\p{Cc}\p{Cf}]*"  # what a program may skip: spaces, controls, invisible marks
_SIGNS = (  # also full-width, small, raised, lowered and doubled forms
    r"[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}\x{fe62}\x{fe63}\x{fe66}\x{fe6b}\x{207a}\x{207c}\x{208a}\x{208c}"
    r"\x{fb29}\x{2a75}\x{2a76}]"
)
FORMULA = rf"^[\t\r\n]|^{_BLANK}{_SIGNS}"
_FIGURES = r"[0-9\x{ff10}-\x{ff19}eE+\-/.,:%$()\x{a5}\x{ffe5}\x{ff0e}\x{ff0d}\x{ff0b}\x{ff0f}\x{ff1a} ]*"
_MONTH = (
    r"(?i:jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?"
    r"|dec(ember)?)"
)
NUMBER_LIKE = (
    rf"^{_FIGURES}[0-9\x{{ff10}}-\x{{ff19}}]{_FIGURES}$|^(?i:true|false)$"
    rf"|^[0-9]{{1,4}}[ /.-]?{_MONTH}[ /.,-]*[0-9]{{0,4}}$|^{_MONTH}[ /.,-]*[0-9]{{1,4}}$"
)
PLAIN_NUMBER = (
    r"^-?(0|[1-9][0-9]{0,10}|(0|[1-9][0-9]{0,4})\.[0-9]{0,4}[1-9])$"  # Excel writes it back as it was
)


def guarded(texts: pa.Array) -> pa.Array:
    """Text cells for Excel: control characters removed, and a leading ``'`` where Excel would not keep the text."""
    texts = pc.replace_substring_regex(texts, pattern=CONTROL, replacement="")
    risky = pc.or_(pc.match_substring_regex(texts, FORMULA), pc.match_substring_regex(texts, NUMBER_LIKE))
    risky = pc.and_(risky, pc.invert(pc.match_substring_regex(texts, PLAIN_NUMBER)))
    if not pc.any(risky).as_py():
        return texts
    return pc.if_else(risky, pc.binary_join_element_wise("'", texts, ""), texts)


def local_micros(instants: pa.Array, zone: ZoneInfo) -> np.ndarray:
    """Clock readings in `zone` as microseconds since 1970-01-01 00:00 of that clock; 0 where null."""
    utc = instants.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return _shown(utc, zone)


def _shown(utc: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    moments = pd.DatetimeIndex(utc.view("datetime64[us]")).tz_localize("UTC")
    return moments.tz_convert(zone).tz_localize(None).as_unit("us").asi8


def local_times(instants: pa.Array, zone: ZoneInfo) -> pa.Array:
    """``2026-11-01 08:30:00`` in `zone`."""
    local = local_micros(instants, zone) // SECOND
    return _clock(pa.array(local, mask=_nulls(instants)), "s")


def iso_times(instants: pa.Array, zone: ZoneInfo) -> pa.Array:
    """``2026-11-01T08:30:00+08:00``, with a fraction where there is one."""
    utc = instants.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    local = _shown(utc, zone)
    mask = _nulls(instants)
    texts = _clock(pa.array(local // SECOND, mask=mask), "s")
    broken = local % SECOND != 0
    if broken.any():
        texts = pc.if_else(pa.array(broken), _clock(pa.array(local, mask=mask), "us"), texts)
    texts = pc.binary_replace_slice(texts, start=10, stop=11, replacement="T")
    offsets, at = np.unique((local - utc) // SECOND, return_inverse=True)
    names = pa.array([_offset(int(seconds)) for seconds in offsets])
    return pc.binary_join_element_wise(texts, names.take(pa.array(at)), "")


def _nulls(values: pa.Array) -> np.ndarray:
    return values.is_null().to_numpy(zero_copy_only=False)


def _clock(numbers: pa.Array, unit: str) -> pa.Array:
    return pc.cast(numbers.cast(pa.timestamp(unit)), pa.string())


def _offset(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    text = f"{sign}{hours:02d}:{rest // 60:02d}"
    return f"{text}:{rest % 60:02d}" if rest % 60 else text


EXCEL_START = (date(1900, 3, 1) - date(1970, 1, 1)).days  # before it Excel's calendar is wrong by a day
EXCEL_EPOCH = (date(1970, 1, 1) - date(1899, 12, 30)).days


def excel_serials(instants: pa.Array, zone: ZoneInfo) -> np.ndarray:
    """Excel's day numbers of local times; NaN where null or earlier than its calendar can say."""
    local = local_micros(instants, zone) // SECOND
    serials = local / 86_400 + EXCEL_EPOCH
    return np.where(_nulls(instants) | (local < EXCEL_START * 86_400), np.nan, serials)
