"""Standards for filing and closing cases, as cities publish them: what is filed as what, and within which limit.

A standards workbook has titles, two heading rows, and merged cells for the categories. `read_standards` takes its rows
as text (`sources.tables.read_table`) and gives one standard a filing condition, or says which row it refuses and why.
One category has several conditions, each with a limit of its own. Deliberately absent: storing them, and turning a
limit into an instant.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.sources.aliases import plain
from data.sources.batch import Reject, SourceError, shorten

SEARCHED_ROWS = 10
LIMIT_KINDS = {  # what a limit counts -> its name
    "紧急工作时": "urgent working hours",
    "工作时": "working hours",
    "工作日": "working days",
}
MOST = {"urgent working hours": 240, "working hours": 240, "working days": 366}
COLUMNS = {
    "major_code": ("大类代码", "大类编码"),
    "major_name": ("大类名称", "大类"),
    "minor_code": ("小类代码", "小类编码"),
    "minor_name": ("小类名称", "小类"),
    "condition": ("立案条件", "立案标准"),
    "limit": ("处置时限", "处置期限", "办理时限"),
}
FILLED = ("major_code", "major_name", "minor_code", "minor_name")
_LIMIT = re.compile(rf"(\d{{1,3}})个?({'|'.join(LIMIT_KINDS)})\Z")
_SEASON = re.compile(r"^[^\d\s]{1,20}季节?(?=\d)")
_CODE = re.compile(r"\d{1,4}\Z")


@dataclass(frozen=True)
class Standard:
    """One filing condition of one category.

    row         number of its row
    limit       the limit as published; `limit_kind` is one of `LIMIT_KINDS`' names, `amount` how many of them
    """

    row: int
    major_code: str
    major_name: str
    minor_code: str
    minor_name: str
    condition: str
    limit: str
    limit_kind: str
    amount: int


def read_standards(
    rows: Iterable[Sequence[str]], *, file: str, seasons: bool = False
) -> tuple[tuple[Standard, ...], tuple[Reject, ...]]:
    """Standards of a published table, and the rows that are none.

    rows     cells as text, blank where empty; every row of the table from the first on, titles too
    seasons  whether a limit may say a season before its number (种植季节15工作日); it is kept as published
    returns  standards in the order of the table; rejects with row, column, value and rule
    Raises   SourceError where the six columns are not there
    """
    table = [[cell.strip() for cell in row] for row in rows]
    header, places = _header(table, file)
    found: list[Standard] = []
    rejects: list[Reject] = []
    above = dict.fromkeys(FILLED, "")
    for number, row in enumerate(table[header + 1 :], header + 2):
        cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        if not any(cells.values()) or _repeats(cells):
            continue
        above = _filled(cells, above)
        outcome = _standard(number, cells | above, file, seasons=seasons)
        if isinstance(outcome, Standard):
            found.append(outcome)
        else:
            rejects.append(outcome)
    return tuple(found), tuple(rejects)


def _header(table: Sequence[Sequence[str]], file: str) -> tuple[int, dict[str, int]]:
    best: dict[str, int] = {}
    at = 0
    for index, row in enumerate(table[:SEARCHED_ROWS]):
        names = [plain(cell) for cell in row]
        places = {
            field: next(place for place, name in enumerate(names) if name in map(plain, wanted))
            for field, wanted in COLUMNS.items()
            if set(map(plain, wanted)) & set(names)
        }
        if len(places) > len(best):
            best, at = places, index
    missing = [wanted[0] for field, wanted in COLUMNS.items() if field not in best]
    if missing:
        there = ", ".join(shorten(cell) for cell in table[at] if cell) if table else "nothing"
        raise SourceError(f"{file}: got no column {missing[0]!r}; expected it among: {there}")
    return at, best


def _repeats(cells: dict[str, str]) -> bool:
    """Whether a row is the header once more."""
    return all(plain(cells[field]) in map(plain, wanted) for field, wanted in COLUMNS.items())


def _filled(cells: dict[str, str], above: dict[str, str]) -> dict[str, str]:
    """The category of a row: what stands in it, else what stands above. A new major leaves no minor."""
    major = any(cells[name] and cells[name] != above[name] for name in FILLED[:2])
    minor = any(cells[name] for name in FILLED[2:])
    kept = {name: cells[name] or above[name] for name in FILLED[:2]}
    if major and cells["major_code"] and not cells["major_name"]:
        kept["major_name"] = ""
    for name in FILLED[2:]:
        kept[name] = cells[name] if major or minor else above[name]
    return kept


def _standard(number: int, cells: dict[str, str], file: str, *, seasons: bool) -> Standard | Reject:
    for name in ("major_code", "minor_code"):
        if not _CODE.match(cells[name]):
            return Reject(file, number, COLUMNS[name][0], shorten(cells[name]), "a code of digits")
    for name in ("major_name", "minor_name", "condition"):
        if not cells[name]:
            return Reject(file, number, COLUMNS[name][0], "", "a text")
    limit = read_limit(_SEASON.sub("", cells["limit"].strip()) if seasons else cells["limit"])
    if limit is None:
        rule = f"a number and one of {', '.join(LIMIT_KINDS)}, as in 4工作时"
        return Reject(file, number, COLUMNS["limit"][0], shorten(cells["limit"]), rule)
    return Standard(number, **cells, limit_kind=limit[0], amount=limit[1])


def read_limit(text: str) -> tuple[str, int] | None:
    """Kind and amount of a limit such as 2紧急工作时 or 5工作日; None for what says more, or something else."""
    match = _LIMIT.match(re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))
    if match is None:
        return None
    kind, amount = LIMIT_KINDS[match[2]], int(match[1])
    return (kind, amount) if 1 <= amount <= MOST[kind] else None


def disagreements(standards: Sequence[Standard]) -> tuple[str, ...]:
    """Codes that are published under several names, one line each; the first name is the usual one to keep."""
    names: dict[str, Counter[str]] = {}
    for one in standards:
        for code, name in (
            (one.major_code, one.major_name),
            (f"{one.major_code}/{one.minor_code}", one.minor_name),
        ):
            names.setdefault(code, Counter())[name] += 1
    told = []
    for code, counted in names.items():
        if len(counted) > 1:
            listed = ", ".join(f"{name} ({times} times)" for name, times in counted.items())
            told.append(f"{code}: got the names {listed}; expected one")
    return tuple(told)
