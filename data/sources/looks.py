"""What the values of a column look like, and how a personal one is shown: for a first look at an unknown file.

A look is a word: time, day_order, longitude, latitude, number, yesno, phone, person_id, plate, code, words, text, or
empty. It is a guess from samples, used to propose and to mask, never to read.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from data.sources.times import read_any
from data.sources.values import yes_or_no

ENOUGH = 0.9  # share of the values that must agree
FEW_WORDS = 20  # different values of a column of words
_PHONE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}-?[2-8]\d{6,7}")
_PERSON_ID = re.compile(r"\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{2}\d{3}[\dXx]")
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][·. ]?[A-Z0-9]{5,6}")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_DECIMAL = re.compile(r"[+-]?\d{1,3}[.,]\d{3,}")
_COMMA = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})*,\d+")
_CODE = re.compile(r"[A-Za-z]{0,6}[-_]?\d[\dA-Za-z_-]{2,31}")
_ORDERED = re.compile(r"(\d{1,2})([./-])(\d{1,2})[./-]\d{4}(?: (\d{1,2}:\d{2})(:\d{2})?)?")
_CHINA_LON, _CHINA_LAT = (73.0, 136.0), (3.0, 54.0)
_LONG_DIGITS = re.compile(r"\d{5,}")


@dataclass(frozen=True)
class Look:
    """What the samples of a column have in common.

    name    the word
    filled  share of the rows that have a value
    words   its different values, where they are few and not personal
    format  a strptime format, where day and month stand in an order that only the values tell
    comma   some numbers have a decimal comma
    """

    name: str
    filled: float
    words: tuple[str, ...] = ()
    format: str = ""
    comma: bool = False


def look_at(values: Sequence[str]) -> Look:
    """What a column looks like. values: its cells as text, blank where empty."""
    texts = [unicodedata.normalize("NFKC", value).strip() for value in values if value.strip()]
    if not texts:
        return Look("", 0.0)
    filled = len(texts) / len(values)
    different = tuple(dict.fromkeys(texts))
    if _share(texts, _is_ordered) >= ENOUGH:
        return Look("day_order", filled, format=_day_order(texts))
    name = next((word for word, test in _TESTS if _share(texts, test) >= ENOUGH), "")
    if not name:
        few = len(different) <= FEW_WORDS and len(different) * 2 <= len(texts) + 1
        code = _share(texts, _CODE.fullmatch) >= ENOUGH and len(different) == len(texts)
        name = "code" if code else "words" if few else "text"
    if name == "number" and len(different) == len(texts) > 1 and min(map(len, texts)) >= 6:
        name = "code"
    words = different if name in ("words", "yesno") and len(different) <= FEW_WORDS else ()
    return Look(name, filled, words, comma=any(map(_COMMA.fullmatch, texts)))


def _share(texts: Sequence[str], test) -> float:
    return sum(bool(test(text)) for text in texts) / len(texts)


def _is_time(text: str) -> bool:
    try:
        return read_any(text) is not None
    except (ValueError, OverflowError):
        return False


def _is_ordered(text: str) -> bool:
    return _ORDERED.fullmatch(text) is not None


def _day_order(texts: Sequence[str]) -> str:
    """A strptime format, if a number above 12 tells day from month; else nothing."""
    found = [match for match in map(_ORDERED.fullmatch, texts) if match]
    first, second = max(int(match[1]) for match in found), max(int(match[3]) for match in found)
    if first <= 12 and second <= 12:
        return ""
    mark, clock = found[0][2], " %H:%M" + ("" if not found[0][5] else ":%S") if found[0][4] else ""
    return mark.join(("%d", "%m", "%Y") if first > 12 else ("%m", "%d", "%Y")) + clock


def _within(text: str, span: tuple[float, float]) -> bool:
    return _DECIMAL.fullmatch(text) is not None and span[0] <= float(text.replace(",", ".")) <= span[1]


_TESTS = (
    ("person_id", _PERSON_ID.fullmatch),
    ("phone", _PHONE.fullmatch),
    ("plate", _PLATE.fullmatch),
    ("longitude", lambda text: _within(text, _CHINA_LON)),
    ("latitude", lambda text: _within(text, _CHINA_LAT)),
    ("yesno", yes_or_no),
    ("time", _is_time),
    ("number", _NUMBER.fullmatch),
)
PERSONAL = ("person_id", "phone", "plate")


def mask(text: str, *, look: str, personal: bool) -> str:
    """A sample that may be shown: of a personal one only how it begins, of a long one no long number."""
    text = unicodedata.normalize("NFKC", text).strip()
    if look == "phone":
        return f"{text[:3]}****{text[-4:]}" if len(text) > 8 else "****"
    if look in PERSONAL or (personal and look != "text"):
        return text[:1] + "**"
    if personal or look == "text":
        text, most = _LONG_DIGITS.sub("***", text), 6 if personal else 20
        return text if len(text) <= most else f"{text[:most]}…"
    return text if len(text) <= 40 else f"{text[:39]}…"
