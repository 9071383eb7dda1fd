"""The gazetteer as a table: read with every fault named by its row, written so that it can be read again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame

from data.placing import Target
from data.settings import EPOCH_DAY, Settings
from data.sources.batch import Reject, SourceError, shorten
from data.sources.gates import DELIVERY
from data.sources.tables import read_table
from geo.gazetteer import KINDS
from geo.units import fold

NUMBERS = ("lane", "branch", "low", "high")
COLUMNS = {  # what a file's columns may be called, beside `unit:TREE`
    "kind": ("kind", "类型", "类别", "地名类型"),
    "name": ("name", "名称", "地名", "小区名称"),
    "road": ("road", "道路", "路名"),
    "lane": ("lane", "弄"),
    "branch": ("branch", "支弄"),
    "low": ("low", "起号", "号", "门牌号"),
    "high": ("high", "止号"),
    "parity": ("parity", "单双号", "单双"),
    "level": ("level", "层级"),
    "lon": ("lon", "经度"),
    "lat": ("lat", "纬度"),
    "unit": ("unit", "网格编码", "单元编码"),
    "valid_from": ("valid_from", "生效日期"),
    "valid_to": ("valid_to", "失效日期"),
    "note": ("note", "备注"),
}
PLAIN = tuple(COLUMNS)
KIND_WORDS = {
    "estate": ("小区", "住宅小区"),
    "road": ("道路", "路"),
    "lane": ("弄",),
    "building": ("楼栋", "楼", "门牌"),
    "shop": ("商铺", "店铺"),
    "landmark": ("地标", "单位"),
    "region": ("区域", "行政区"),
}
NAMED = {fold(word): name for name, words in COLUMNS.items() for word in words}
CALLED = {fold(word): kind for kind in KINDS for word in (kind, *KIND_WORDS[kind])}
SIDES = {"": -1, "all": -1, "even": 0, "odd": 1, "全": -1, "双": 0, "单": 1}
SIDE_NAMES = {-1: "", 0: "even", 1: "odd"}
OTHER_TREE = "unit:"
TREE = "grid"
SEARCHED_ROWS = 10  # in which the header lies
MOST_ROWS = 1_000_000


class GazetteerError(ValueError):
    """A file or an entry is refused; one line: where: got value; expected rule."""


class Refused(ValueError):
    """One row is refused: field, what was got, the rule it breaks."""

    def __init__(self, field: str, got: str, rule: str):
        super().__init__(field, got, rule)
        self.field, self.got, self.rule = field, got, rule


def read_file(path: Path, settings: Settings) -> DataFrame:
    """Entries of a CSV file or a workbook, whole or not at all; as `entries_of`. Raises GazetteerError."""
    try:
        rows, faults = entries_of(read_table(path, limits=DELIVERY), path.name, settings)
    except SourceError as error:
        raise GazetteerError(str(error)) from None
    if faults:
        raise GazetteerError(str(faults[0]))
    return rows


def entries_of(
    table: Iterable[Sequence[str]], name: str, settings: Settings
) -> tuple[DataFrame, tuple[Reject, ...]]:
    """Entries of a table's rows as text, with the rows that are refused.

    returns  one row per entry as the table `place_entry` has it: kind … side, lon, lat, level, units, valid_from_on,
             valid_to_on, note
    Raises   GazetteerError for a header that is none
    """
    numbered = enumerate(table, 1)
    head = [(number, row) for number, row in islice(numbered, SEARCHED_ROWS) if any(row)]
    columns, body = _header(head, name)
    rows, faults = [], []
    for number, cells in (pair for part in (body, numbered) for pair in part):
        if number > MOST_ROWS:
            raise GazetteerError(f"{name}: got more than {MOST_ROWS:,} rows; expected at most {MOST_ROWS:,}")
        given = dict(zip(columns, cells, strict=False))
        if not any(given.values()):
            continue
        try:
            rows.append(entry_of(given, settings))
        except Refused as refusal:
            faults.append(Reject(name, number, refusal.field, shorten(refusal.got), refusal.rule))
    return DataFrame(rows), tuple(faults)


def _header(
    head: Sequence[tuple[int, Sequence[str]]], name: str
) -> tuple[list[str], list[tuple[int, Sequence[str]]]]:
    """Our names of the columns, and the rows below the header among the first ones."""
    for at, (_, row) in enumerate(head):
        columns = [_column(cell) for cell in row]
        if "kind" in columns:
            known = [column for column in columns if column]
            for column, cell in zip(columns, row, strict=True):
                if column and column not in PLAIN and not column.startswith(OTHER_TREE):
                    raise GazetteerError(
                        f"{name}: got column '{shorten(cell)}'; expected some of {', '.join(PLAIN)}"
                    )
                if known.count(column) > 1:
                    raise GazetteerError(f"{name}: got the column '{column}' twice; expected it once")
            return columns, list(head[at + 1 :])
    raise GazetteerError(f"{name}: got no column 'kind'; expected one of {', '.join(KINDS)} in each row")


def _column(cell: str) -> str:
    text = cell.strip()
    return text if text.startswith(OTHER_TREE) else NAMED.get(fold(text), text)


def entry_of(given: Mapping[str, str], settings: Settings) -> dict:
    """An entry from the texts of a row by column. Raises Refused."""
    row: dict[str, str] = {name: value.strip() for name, value in given.items()}
    kind = CALLED.get(fold(row["kind"]), "")
    if not kind:
        raise Refused("kind", row["kind"], f"one of {', '.join(KINDS)}")
    numbers = {name: _whole(row.get(name, ""), name) for name in NUMBERS}
    numbers["high"] = numbers["high"] or numbers["low"]
    if numbers["high"] < numbers["low"]:
        raise Refused("high", str(numbers["high"]), f"{numbers['low']} or more")
    parity = row.get("parity", "").lower()
    if parity not in SIDES:
        raise Refused("parity", row["parity"], "odd, even or all")
    name, road = row.get("name", ""), row.get("road", "")
    if kind == "road" and not road:
        name, road = "", name
    if not name and not road:
        raise Refused("name", "", "a name, a road or both")
    target = _target(row, settings, needed=kind not in ("region", "road"))
    days = {f"{edge}_on": _day(row.get(edge, ""), edge) for edge in ("valid_from", "valid_to")}
    first, last = days.values()
    if first is not None and last is not None and last <= first:
        raise Refused("valid_to", row["valid_to"], f"a day after {row['valid_from']}")
    return {"kind": kind, "name": name, "road": road, **numbers, "side": SIDES[parity], **target.values(), **days,
            "note": row.get("note", "")}  # fmt: skip


def _target(row: dict[str, str], settings: Settings, *, needed: bool) -> Target:
    lon, lat = (_degrees(row.get(name, ""), name) for name in ("lon", "lat"))
    units = {
        name.removeprefix(OTHER_TREE): code
        for name, code in row.items()
        if name.startswith(OTHER_TREE) and code
    }
    if row.get("unit"):
        units[TREE] = row["unit"]
    if (lon is None) != (lat is None):
        raise Refused("lon", f"{row.get('lon', '')}, {row.get('lat', '')}", "both degrees or neither")
    if needed and lon is None and not units:
        raise Refused("", "", "lon and lat, or the code of a unit")
    every = {level.name: level for tree in settings.trees for level in tree.levels}
    called = {fold(word): name for name, one in every.items() for word in (*one.titles.values(), name)}
    level = called.get(fold(row.get("level", "")), "")
    if row.get("level") and not level:
        raise Refused("level", row["level"], f"one of {', '.join(every)}")
    return Target(lon, lat, level, units)


def _whole(text: str, field: str) -> int:
    if not text:
        return 0
    if not text.removesuffix(".0").isdecimal() or len(text) > 8:
        raise Refused(field, text, "a whole number")
    return int(text.removesuffix(".0"))


def _degrees(text: str, field: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = np.inf
    if not abs(value) <= (180 if field == "lon" else 90):
        raise Refused(field, text, "degrees (WGS84)")
    return value


def _day(text: str, field: str) -> int | None:
    if not text:
        return None
    try:
        return (date.fromisoformat(text[:10]) - EPOCH_DAY).days
    except ValueError:
        raise Refused(field, text, "a date such as 2026-01-31") from None


def as_table(entries: DataFrame) -> DataFrame:
    """Entries as the columns of a file: PLAIN and one for each tree more; a number that is absent is missing."""
    units = [json.loads(text) for text in entries["units"]]
    trees = sorted({tree for row in units for tree in row} - {TREE})
    table = entries.assign(
        parity=entries["side"].map(SIDE_NAMES), unit=[row.get(TREE, "") for row in units],
        valid_from=_dates(entries["valid_from_on"]), valid_to=_dates(entries["valid_to_on"]),
        **{name: entries[name].where(entries[name] != 0).astype("Int64") for name in NUMBERS},
        **{OTHER_TREE + tree: [row.get(tree, "") for row in units] for tree in trees},
    )  # fmt: skip
    columns = [*PLAIN, *(OTHER_TREE + tree for tree in trees)]
    return table[columns]


def as_file(entries: DataFrame) -> str:
    """Entries as CSV text that `read_file` reads again: UTF-8, LF."""
    return as_table(entries).to_csv(index=False, lineterminator="\n")


def _dates(days: pd.Series) -> list[str]:
    return ["" if day != day or day is None else str(np.datetime64(int(day), "D")) for day in days]
