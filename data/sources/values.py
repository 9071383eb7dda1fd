"""Cells of text to values of one type, a column at a time; what does not fit comes back as a mask, not an error."""

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

YES = frozenset({"yes", "y", "true", "t", "1", "是", "有"})
NO = frozenset({"no", "n", "false", "f", "0", "否", "无"})
LARGEST_COUNT = 2**31 - 1
_PLAIN_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_DRESSED = re.compile(_PLAIN_NUMBER[:-1] + r"\Z")
_COMMA_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?\Z")
_WIDE = re.compile("[\uff01-\uff5e\u3000]")
_WIDE_PATTERN = "[\uff01-\uff5e\u3000]"


def tidy(
    texts: pa.StringArray,
    *,
    missing: frozenset[str] = frozenset(),
    values: dict[str, str] | None = None,
    few: bool,
) -> pa.StringArray:
    """Trimmed texts: blank and declared-missing ones null, declared values replaced by ours.

    few  the texts repeat: work is done once per different text
    """
    if few and len(texts):
        coded = texts.dictionary_encode()
        return tidy(coded.dictionary, missing=missing, values=values, few=False).take(coded.indices)
    texts = pc.utf8_trim_whitespace(texts)
    blank = pc.equal(texts, "")
    if pc.any(blank).as_py():
        texts = pc.if_else(blank, pa.scalar(None, pa.string()), texts)
    if missing:
        known = pc.is_in(texts, value_set=pa.array(sorted(missing), pa.string()))
        texts = pc.if_else(known, pa.scalar(None, pa.string()), texts)
    return translate(texts, values.get) if values else texts


def translate(texts: pa.StringArray, ours: Callable[[str], str | None]) -> pa.StringArray:
    """Every different text replaced by what `ours` says of it, or kept where it says nothing."""
    coded = texts.dictionary_encode()
    table = [None if text is None else ours(text) or text for text in coded.dictionary.to_pylist()]
    return pa.array(table, pa.string()).take(coded.indices)


def without_prefix(texts: pa.StringArray, prefixes: tuple[str, ...]) -> pa.StringArray:
    """Texts without the first of some texts that stands before them, and the mark after it; something must remain."""
    ordered = sorted(prefixes, key=len, reverse=True)
    pattern = f"^(?:{'|'.join(map(re.escape, ordered))})[-_ :]?(.)"
    return pc.replace_substring_regex(texts, pattern, r"\1")


def half_width(texts: pa.StringArray) -> pa.StringArray:
    """Texts with full-width letters, digits and marks as the usual ones: an id is the same in either."""
    if not pc.any(pc.match_substring_regex(texts, _WIDE_PATTERN)).as_py():
        return texts
    return translate(
        texts, lambda text: _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    )


def read_numbers(texts: pa.StringArray, *, decimal: str = ".") -> tuple[np.ndarray, np.ndarray]:
    """Numbers (float64, NaN where empty) and the mask of what is none.

    Full-width digits, thousands separators and inner blanks are understood; NaN and infinity are no numbers.

    decimal  what stands before the decimals: with "," 1.234,5 is a number, and 1.5 is none
    """
    if decimal == ",":
        texts = translate(texts, _with_point)
    filled = np.asarray(pc.is_valid(texts))
    try:
        numbers = np.asarray(pc.cast(texts, pa.float64()).fill_null(np.nan)).copy()
    except pa.ArrowInvalid:
        plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN_NUMBER), False)
        direct = pc.if_else(plain, texts, pa.scalar(None, pa.string()))
        numbers = np.asarray(pc.cast(direct, pa.float64()).fill_null(np.nan)).copy()
        dressed = np.flatnonzero(filled & ~np.asarray(plain))
        coded = texts.take(pa.array(dressed)).dictionary_encode()
        table = np.array([_number(text) for text in coded.dictionary.to_pylist()], dtype=np.float64)
        numbers[dressed] = table[np.asarray(coded.indices)]
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers, filled & np.isnan(numbers)


def _with_point(text: str) -> str:
    """A number written with a comma as one with a point; anything else as what is no number."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return plain.replace(".", "").replace(",", ".") if _COMMA_NUMBER.match(plain) else f"? {text}"


def _number(text: str) -> float:
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    if _THOUSANDS.match(plain):
        plain = plain.replace(",", "")
    return float(plain) if _DRESSED.match(plain) else np.nan


def read_yesno(texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Yes or no in the usual spellings: values, mask of the empty ones, mask of what is neither."""
    coded = texts.dictionary_encode()
    spoken = [yes_or_no(text) for text in coded.dictionary.to_pylist()]
    table = np.array([2 if s is None else int(s == "yes") for s in spoken] + [3], dtype=np.int8)
    answers = table[np.asarray(coded.indices.fill_null(len(spoken)))]
    return answers == 1, answers >= 2, answers == 2


def yes_or_no(text: str) -> str | None:
    """`yes`, `no` or None."""
    plain = unicodedata.normalize("NFKC", text).casefold().removesuffix(".0")
    return "yes" if plain in YES else "no" if plain in NO else None


def read_choices(texts: pa.StringArray, choices: tuple[str, ...]) -> tuple[pa.StringArray, np.ndarray]:
    """Texts of a closed list, in its own spelling, and the mask of what is not on it."""

    def chosen(text: str) -> str | None:
        plain = unicodedata.normalize("NFKC", text).casefold()
        if plain in choices:
            return plain
        return yes_or_no(text) if "yes" in choices else None

    found = translate(texts, chosen)
    known = pc.is_in(found, value_set=pa.array(choices, pa.string()))
    return found, np.asarray(pc.is_valid(found)) & ~np.asarray(known)


def take_part(texts: pa.StringArray, part: int, split: str) -> pa.StringArray:
    """One part of cells such as "(41.8, -87.6)"; null where there are not so many."""

    def cut(text: str | None) -> str | None:
        pieces = [] if text is None else text.strip("()[] ").split(split)
        return pieces[part - 1].strip() or None if len(pieces) >= part else None

    return pa.array([cut(text) for text in texts.to_pylist()], pa.string())
