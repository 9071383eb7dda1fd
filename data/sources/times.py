"""Texts to instants: the common fixed-width forms for whole columns at once, every other form one by one.

Recognised without a declared format: ISO 8601 with or without offset and fraction, `2025-01-01 09:00`,
`2025/1/1`, `2025.1.1`, `20250101`, `20250101093000`, `2025年1月1日 9时5分`, 12-hour clocks (AM, PM, 上午, 下午 and
the like), dates alone (midnight), Excel serial days (five digits, origin 1899-12-30). Day and month in another
order, and numbers since 1970, need a declared format.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.sources.layouts import Layout, compile_format, iso_layouts, read_fixed
from data.sources.zones import SECOND, to_utc

NAT = np.iinfo(np.int64).min
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1)
EXCEL_ORIGIN = (date(1899, 12, 30) - EPOCH.date()).days

Clock = tuple[int, int | None]  # local microseconds since 1970, offset in microseconds if written

_AFTERNOON = ("pm", "p.m.", "下午", "晚上", "傍晚")
_NIGHT = ("凌晨", "早上", "早晨", "上午", "am", "a.m.")
_HALF = "a\\.?m\\.?|p\\.?m\\.?|凌晨|早上|早晨|上午|中午|下午|傍晚|晚上"
_ANY = re.compile(
    r"(?P<Y>\d{4})(?:\s*年\s*|[-/.])(?P<m>\d{1,2})(?:\s*月\s*|[-/.])(?P<d>\d{1,2})(?:\s*日)?"
    rf"(?:(?:(?<=日)\s*|[T\s]+|(?=[凌早上中下傍晚]))(?P<half>{_HALF})?\s*(?P<H>\d{{1,2}})(?:\s*[:时点時點]\s*(?:(?P<M>\d{{1,2}})"
    r"(?:\s*[:分]\s*(?:(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?秒?)?)?)?)?"
    rf"\s*(?P<half2>{_HALF})?\s*(?P<z>Z|[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}})?)?\Z",
    re.IGNORECASE,
)
_UNPADDED = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{1,2}(:\d{1,2})?)?$"
_CHINESE_DAY = r"^\s*(\d{4})年(\d{1,2})月(\d{1,2})日"
_CHINESE = (
    (_CHINESE_DAY + r"\s*$", r"\1-\2-\3"),
    (_CHINESE_DAY + r"\s*(\d{1,2})[时点:：](\d{1,2})分?\s*$", r"\1-\2-\3 \4:\5"),
    (_CHINESE_DAY + r"\s*(\d{1,2})[时点:：](\d{1,2})[分:：](\d{1,2})秒?\s*$", r"\1-\2-\3 \4:\5:\6"),
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?\Z")
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?\Z")  # 1954 to 2118
_NUMBER = re.compile(r"-?\d{1,17}(?:\.\d+)?\Z")


@dataclass(frozen=True)
class Times:
    """Instants of a column.

    at      microseconds since 1970 UTC (int64), NAT where empty or unreadable
    bad     mask of what could not be read
    folds   mask of local times that happened twice; gaps: of local times that never happened
    """

    at: np.ndarray
    bad: np.ndarray
    folds: np.ndarray
    gaps: np.ndarray


def read_times(
    texts: pa.StringArray, *, zone: ZoneInfo, form: str | None = None, fold: str = "first"
) -> Times:
    """Instants of a column of texts; null stays empty.

    form  None (recognised), iso, excel, epoch (seconds), epoch_ms, or a strptime format; a time without an offset
          is local to `zone`
    """
    count = len(texts)
    local = np.full(count, NAT, dtype=np.int64)
    offset = np.full(count, NAT, dtype=np.int64)
    left = np.asarray(pc.is_valid(texts))
    layouts = _layouts(form)
    _read_quickly(texts, layouts, left, local, offset)
    if left.any() and form != "iso":
        _read_quickly(_padded(texts, left, form), layouts, left, local, offset)
    bad = np.zeros(count, dtype=bool)
    if left.any():
        _read_slowly(texts, np.flatnonzero(left), _reader(form), local, offset, bad)
    return _instants(local, offset, bad, zone, fold)


def _instants(local: np.ndarray, offset: np.ndarray, bad: np.ndarray, zone: ZoneInfo, fold: str) -> Times:
    at = local - offset
    at[local == NAT] = NAT
    naive = np.flatnonzero((local != NAT) & (offset == NAT))
    folds, gaps = np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=bool)
    at[naive], folds[naive], gaps[naive] = to_utc(local[naive], zone, fold=fold)
    return Times(at, bad, folds, gaps)


def _read_quickly(
    texts: pa.StringArray,
    layouts: tuple[Layout, ...],
    left: np.ndarray,
    local: np.ndarray,
    offset: np.ndarray,
) -> None:
    """Read what fits a layout into the columns given; what was read is left no longer."""
    for layout in layouts:
        done, at, written = read_fixed(texts, left, layout)
        local[done], offset[done] = at, written
        left[done] = False


def _padded(texts: pa.StringArray, left: np.ndarray, form: str | None) -> pa.StringArray:
    """The texts still to be read with a 0 before lone digits (2025/1/1 9:05), where that changes no fraction.

    Without a declared format 2025年1月1日 9时5分 is brought to that form too.
    """
    lone = pa.array(left)
    if form is None:
        for pattern, replacement in _CHINESE:
            texts = pc.replace_substring_regex(texts, pattern, replacement)
        lone = pc.and_(lone, pc.fill_null(pc.match_substring_regex(texts, _UNPADDED), False))
    texts = pc.if_else(lone, texts, "")
    return pc.replace_substring_regex(texts, r"\b(\d)\b", r"0\1")


def _layouts(form: str | None) -> tuple[Layout, ...]:
    if form in (None, "iso"):
        return iso_layouts()
    # no fraction in a compiled format, so padding lone digits reads it as strptime would
    layout = compile_format(form) if form and "%" in form else None
    return (layout,) if layout else ()


def _read_slowly(
    texts: pa.StringArray,
    places: np.ndarray,
    reader: Callable[[str], Clock | None],
    local: np.ndarray,
    offset: np.ndarray,
    bad: np.ndarray,
) -> None:
    """Read what is left, each different text once, into the three columns given."""
    coded = texts.take(pa.array(places)).dictionary_encode()
    different = coded.dictionary.to_pylist()
    clocks = [_guarded(reader, text) for text in different]
    codes = np.asarray(coded.indices)
    table = np.array([(NAT, NAT) if c is None else (c[0], NAT if c[1] is None else c[1]) for c in clocks])
    table = table.reshape(-1, 2)
    local[places], offset[places] = table[codes, 0], table[codes, 1]
    unread = np.array(
        [c is None and bool(t.strip()) for c, t in zip(clocks, coded.dictionary.to_pylist(), strict=True)]
    )
    bad[places] = unread[codes]


def _guarded(reader: Callable[[str], Clock | None], text: str) -> Clock | None:
    try:
        return reader(unicodedata.normalize("NFKC", text).strip()) if len(text) <= 64 else None
    except (ValueError, OverflowError):  # a month 13, a day 31 of April, a year 0
        return None


def _reader(form: str | None) -> Callable[[str], Clock | None]:
    if form is None:
        return read_any
    if form in _READERS:
        return _READERS[form]
    return lambda text: _from_datetime(datetime.strptime(text, form))


def read_any(text: str) -> Clock | None:
    """A time in any form that is recognised; None when it is none of them. Raises ValueError, OverflowError."""
    return _read_parts(text) or _read_compact(text) or (_read_excel(text) if _SERIAL.match(text) else None)


def _read_parts(text: str) -> Clock | None:
    match = _ANY.match(text)
    if not match:
        return None
    part = match.groupdict()
    hour = _hour(int(part["H"] or 0), (part["half"] or part["half2"] or "").lower())
    day = datetime(int(part["Y"]), int(part["m"]), int(part["d"]))
    minute, second = int(part["M"] or 0), int(part["S"] or 0)
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and minute + second):
        return None
    fraction = int((part["f"] or "0")[:6].ljust(6, "0"))
    clock = (hour * 3600 + minute * 60 + second) * SECOND + fraction
    return _microseconds(day) + clock, _offset(part["z"])


def _hour(hour: int, half: str) -> int:
    """The hour of day of a 12-hour clock; 中午 is noon and the hour after. Raises ValueError."""
    if not half:
        return hour
    if half == "中午":
        return hour + 12 if hour < 3 else hour
    if half in _AFTERNOON:
        return hour + 12 if hour < 12 else hour
    if half in _NIGHT and hour <= 12:
        return 0 if hour == 12 else hour
    raise ValueError(f"hour {hour} {half}")


def _offset(text: str | None) -> int | None:
    if not text:
        return None
    if text.upper() == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 15 or minutes > 59:
        raise ValueError(text)
    return (-1 if text[0] == "-" else 1) * (hours * 3600 + minutes * 60) * SECOND


def _read_compact(text: str) -> Clock | None:
    match = _COMPACT.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return _microseconds(datetime(year, month, day, hour, minute, second)), None


def _read_excel(text: str) -> Clock | None:
    """Days since 1899-12-30 on the local clock, to the millisecond (Excel keeps no more)."""
    if not _NUMBER.match(text):
        return None
    milliseconds = round(float(text) * 86_400_000)
    return EXCEL_ORIGIN * DAY + milliseconds * 1000, None


def _read_iso(text: str) -> Clock | None:
    return _from_datetime(datetime.fromisoformat(text))


def _read_epoch(text: str) -> Clock | None:
    return (round(float(text) * SECOND), 0) if _NUMBER.match(text) else None


def _read_epoch_ms(text: str) -> Clock | None:
    return (round(float(text) * 1000), 0) if _NUMBER.match(text) else None


def _from_datetime(moment: datetime) -> Clock:
    offset = moment.utcoffset()
    return _microseconds(moment.replace(tzinfo=None)), None if offset is None else offset // timedelta(
        microseconds=1
    )


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


_READERS: dict[str, Callable[[str], Clock | None]] = {
    "iso": _read_iso,
    "excel": _read_excel,
    "epoch": _read_epoch,
    "epoch_ms": _read_epoch_ms,
}
