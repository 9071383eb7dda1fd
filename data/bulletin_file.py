"""A district's table as a file: a line a sub-district, figures side by side, each cell read or refused on its own.

Rates come as 0.95, 95 or 95 %; what a column means by a bare number is settled by the column, never by one cell, so
that 0.95 among 94.2 and 96.1 is a fault and not a rate. Lines of totals and notes are left out and counted.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from data.bulletin_columns import TOTAL, UNITS, Figured, Head, bare, find_head
from data.indicators import INDICATORS
from data.sources.batch import Reject, SourceError, shorten

TOTALS = (
    "合计",
    "小计",
    "总计",
    "全区",
    "平均",
    "均值",
    "全区平均",
    "平均值",
    "全区合计",
    "区平均",
    "average",
    "total",
)
NONE = frozenset({"", "-", "–", "—", "/", "无", "n/a"})
NUMBER = re.compile(r"-?\d+(?:\.\d+)?\Z")
RANK = re.compile(r"(?:第|并列|t|=)*(\d{1,3}|[一二三四五六七八九十]{1,3})(?:名|位|并列)*\Z")
HAN = "一二三四五六七八九"
SHARES = ("rate", "score")
MOST_UNITS = 500
LONGEST = 60  # characters of a name


@dataclass(frozen=True)
class Figure:
    """What was published of one sub-district under one title.

    indicator  one of ours, TOTAL, or "" where the title stands for itself
    value      rates and scores of ours as a share of 1, all else as printed
    """

    row: int
    name: str
    indicator: str
    title: str
    value: float | None = None
    numerator: int | None = None
    denominator: int | None = None
    rank: int | None = None
    score: float | None = None
    weight: float | None = None
    unit_code: str | None = None


@dataclass(frozen=True)
class Listed:
    """The figures of a file, the cells that were refused, how many lines were totals or notes."""

    figures: tuple[Figure, ...]
    rejects: tuple[Reject, ...] = ()
    left_out: int = 0

    @property
    def names(self) -> list[str]:
        """The sub-districts, as printed, in the order of the file."""
        return list(dict.fromkeys(figure.name for figure in self.figures))


@dataclass
class _Reading:
    file: str
    rejects: list[Reject] = field(default_factory=list)

    def refuse(self, row: int, named: str, value: str, rule: str) -> None:
        self.rejects.append(Reject(self.file, row, named, shorten(value), rule))


def figures_of(table: Iterable[Sequence[str]], file: str) -> Listed:
    """The figures of a table. Raises SourceError where there is no header or no sub-district."""
    rows = [list(row) for row in table]
    head, reading = find_head(rows, file), _Reading(file)
    lines, left_out = _lines(rows, head, reading)
    if not lines:
        raise SourceError(
            f"{file}: got no line of a sub-district; expected one a sub-district below the header"
        )
    read = {column.place: _cells(column, lines, reading) for column in head.columns}
    figures = [
        figure for at, (row, name, _) in enumerate(lines) for figure in _figures(row, name, at, head, read)
    ]
    reading.rejects.sort(key=lambda reject: reject.row)
    return Listed(tuple(figures), tuple(reading.rejects), left_out)


def _lines(
    rows: Sequence[Sequence[str]], head: Head, reading: _Reading
) -> tuple[list[tuple[int, str, Sequence[str]]], int]:
    """Row number, name and cells of each sub-district, and how many lines were something else."""
    lines: list[tuple[int, str, Sequence[str]]] = []
    left_out, seen = 0, set()
    for number, row in enumerate(rows[head.below :], start=head.below + 1):
        filled, name = sum(map(bool, row)), _cell(row, head.unit)
        if not filled:
            continue
        if filled == 1 or bare(name) in UNITS or any(bare(cell) in TOTALS for cell in (name, row[0])):
            left_out += 1
        elif not name or len(name) > LONGEST:
            reading.refuse(number, "unit", name, "the name of a sub-district")
        elif bare(name) in seen:
            reading.refuse(number, "unit", name, "each sub-district once")
        elif len(lines) == MOST_UNITS:
            raise SourceError(
                f"{reading.file}: got more than {MOST_UNITS} lines; expected at most {MOST_UNITS}"
            )
        else:
            seen.add(bare(name))
            lines.append((number, name, row))
    return lines, left_out


def _cells(
    column: Figured, lines: Sequence[tuple[int, str, Sequence[str]]], reading: _Reading
) -> list[float | None]:
    """The numbers of one column, None where there is none or it was refused."""
    texts = [_cell(row, column.place) for _, _, row in lines]
    if column.part == "rank":
        return [
            _rank(text, row, column, len(lines), reading)
            for text, (row, *_) in zip(texts, lines, strict=True)
        ]
    pairs = [_number(text) for text in texts]
    if not column.indicator and all(number is None for number, _ in pairs):
        return [None] * len(texts)  # words under a title of no figure
    share = column.part == "value" and _is_share(column, texts)
    plain = [number for number, percent in pairs if number is not None and not percent]
    high = column.indicator in INDICATORS and INDICATORS[column.indicator].better == "high"
    of_hundred = any(number > 1 for number in plain) or (column.percent and not high)
    whole = _is_whole(column)
    found: list[float | None] = []
    for text, (number, percent), (row, *_) in zip(texts, pairs, lines, strict=True):
        value, rule = number, ""
        if number is None:
            rule = "" if text.casefold() in NONE else "a number"
        elif share:
            odd = high and of_hundred and not percent and 0 < number < 1
            value = number / 100 if percent or of_hundred else number
            rule = "per cent, as in the rest of the column" if odd else ""
            if not 0 <= value <= 1 and column.indicator:
                rule = "0 to 100 per cent"
        elif whole and (number < 0 or number != int(number)):
            rule = "a whole number, 0 or more"
        if rule:
            reading.refuse(row, column.title, text, rule)
        found.append(None if rule else value)
    return found


def _is_whole(column: Figured) -> bool:
    counts = column.indicator in INDICATORS and INDICATORS[column.indicator].kind == "count"
    return column.part in ("numerator", "denominator") or (column.part == "value" and counts)


def _is_share(column: Figured, texts: Sequence[str]) -> bool:
    if column.indicator in INDICATORS:
        return INDICATORS[column.indicator].kind in SHARES
    return column.indicator != TOTAL and (column.percent or any("%" in _plain(text) for text in texts))


def _rank(text: str, row: int, column: Figured, most: int, reading: _Reading) -> int | None:
    plain = re.sub(r"[()\s]", "", _plain(text).casefold())
    if plain in NONE:
        return None
    found = RANK.match(plain)
    rank = _counted(found[1]) if found else 0
    if not 1 <= rank <= most:
        reading.refuse(row, column.title, text, f"a rank of 1 to {most}")
        return None
    return rank


def _counted(text: str) -> int:
    """A number of up to three digits, or of Chinese ones up to 99; 0 for none."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if (ten and len(tens) > 1) or len(ones) > 1 or (not ten and tens):
        return 0
    return (HAN.find(tens) + 1 if tens else 1) * 10 * bool(ten) + (HAN.find(ones) + 1 if ones else 0)


def _number(text: str) -> tuple[float | None, bool]:
    """The number of a cell, None for none, and whether a sign says that it is per cent."""
    plain = re.sub(r"[\s,]", "", _plain(text))
    percent = plain.endswith("%")
    plain = plain.removesuffix("%").removesuffix("分").removesuffix("件")
    return (float(plain), percent) if NUMBER.match(plain) else (None, percent)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _cell(row: Sequence[str], at: int) -> str:
    return " ".join(row[at].split()) if at < len(row) else ""


def _figures(row: int, name: str, at: int, head: Head, read: dict[int, list[float | None]]) -> list[Figure]:
    """The figures of one line: columns of one indicator are parts of one figure; nothing where all are blank."""
    made: dict[str, Figure] = {}
    for column in head.columns:
        value = read[column.place][at]
        if value is not None:
            key = column.indicator or column.title
            title = next(each.title for each in head.columns if (each.indicator or each.title) == key)
            figure = made.setdefault(key, Figure(row, name, column.indicator, title))
            whole = column.part in ("numerator", "denominator", "rank")
            told: dict[str, Any] = {column.part: int(value) if whole else value}
            made[key] = replace(figure, **told)
    return list(made.values())
