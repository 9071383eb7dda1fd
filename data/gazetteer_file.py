"""The gazetteer as a file: read with every fault named by its row, written so that it can be read again."""

import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame

from data.placing import Target
from data.settings import EPOCH_DAY, Settings
from geo.gazetteer import KINDS

NUMBERS = ("lane", "branch", "low", "high")
PLAIN = (
    "kind",
    "name",
    "road",
    *NUMBERS,
    "parity",
    "level",
    "lon",
    "lat",
    "unit",
    "valid_from",
    "valid_to",
    "note",
)
SIDES = {"": -1, "all": -1, "even": 0, "odd": 1, "全": -1, "双": 0, "单": 1}
SIDE_NAMES = {-1: "", 0: "even", 1: "odd"}
OTHER_TREE = "unit:"
TREE = "grid"
MOST_ROWS = 1_000_000


class GazetteerError(ValueError):
    """A file or an entry is refused; one line: where: got value; expected rule."""


def read_file(path: Path, settings: Settings) -> DataFrame:
    """Entries of a CSV file (UTF-8, else GB18030), whole or not at all. Raises GazetteerError.

    returns  one row per entry as the table `place_entry` has it: kind … side, lon, lat, level, units, valid_from_on,
             valid_to_on, note
    """
    body = path.read_bytes()
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("gb18030", errors="replace")
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, nrows=MOST_ROWS)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise GazetteerError(
            f"{path.name}: got {' '.join(str(error).split())}; expected a CSV table"
        ) from None
    table.columns = [str(name).strip() for name in table.columns]
    for name in table.columns:
        if name not in PLAIN and not name.startswith(OTHER_TREE):
            raise GazetteerError(f"{path.name}: got column '{name}'; expected some of {', '.join(PLAIN)}")
    if "kind" not in table:
        raise GazetteerError(
            f"{path.name}: got no column 'kind'; expected one of {', '.join(KINDS)} in each row"
        )
    rows = [
        _row(row, f"{path.name} row {number + 2}", settings)
        for number, row in enumerate(table.to_dict("records"))
    ]
    return DataFrame(rows)


def _row(given: dict, where: str, settings: Settings) -> dict:
    row: dict[str, str] = {str(name): str(value).strip() for name, value in given.items()}
    kind = row["kind"]
    if kind not in KINDS:
        raise GazetteerError(f"{where}: kind: got '{kind}'; expected one of {', '.join(KINDS)}")
    numbers = {name: _whole(row.get(name, ""), f"{where}: {name}") for name in NUMBERS}
    numbers["high"] = numbers["high"] or numbers["low"]
    if numbers["high"] < numbers["low"]:
        raise GazetteerError(f"{where}: high: got {numbers['high']}; expected {numbers['low']} or more")
    parity = row.get("parity", "")
    if parity not in SIDES:
        raise GazetteerError(f"{where}: parity: got '{parity}'; expected odd, even or all")
    name, road = row.get("name", ""), row.get("road", "")
    if kind == "road" and not road:
        name, road = "", name
    if not name and not road:
        raise GazetteerError(f"{where}: name: got nothing; expected a name, a road or both")
    target = _target(row, where, settings, needed=kind not in ("region", "road"))
    days = {f"{edge}_on": _day(row.get(edge, ""), f"{where}: {edge}") for edge in ("valid_from", "valid_to")}
    return {"kind": kind, "name": name, "road": road, **numbers, "side": SIDES[parity], **target.values(), **days,
            "note": row.get("note", "")}  # fmt: skip


def _target(row: dict[str, str], where: str, settings: Settings, *, needed: bool) -> Target:
    lon, lat = (_degrees(row.get(name, ""), f"{where}: {name}") for name in ("lon", "lat"))
    units = {
        name.removeprefix(OTHER_TREE): code
        for name, code in row.items()
        if name.startswith(OTHER_TREE) and code
    }
    if row.get("unit"):
        units[TREE] = row["unit"]
    if (lon is None) != (lat is None):
        raise GazetteerError(f"{where}: lon, lat: got one of them; expected both or neither")
    if needed and lon is None and not units:
        raise GazetteerError(f"{where}: got no place; expected lon and lat, or the code of a unit")
    level = row.get("level", "")
    known = list(dict.fromkeys(name for tree in settings.trees for name in tree.names))
    if level and level not in known:
        raise GazetteerError(f"{where}: level: got '{level}'; expected one of {', '.join(known)}")
    return Target(lon, lat, level, units)


def _whole(text: str, where: str) -> int:
    if not text:
        return 0
    if not text.removesuffix(".0").isdecimal() or len(text) > 8:
        raise GazetteerError(f"{where}: got '{text[:40]}'; expected a whole number")
    return int(text.removesuffix(".0"))


def _degrees(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = np.inf
    if not abs(value) <= (180 if where.endswith("lon") else 90):
        raise GazetteerError(f"{where}: got '{text[:40]}'; expected degrees (WGS84)")
    return value


def _day(text: str, where: str) -> int | None:
    if not text:
        return None
    try:
        return (date.fromisoformat(text) - EPOCH_DAY).days
    except ValueError:
        raise GazetteerError(f"{where}: got '{text[:40]}'; expected a date such as 2026-01-31") from None


def as_file(entries: DataFrame) -> str:
    """Entries as CSV text that `read_file` reads again: UTF-8, LF."""
    units = [json.loads(text) for text in entries["units"]]
    trees = sorted({tree for row in units for tree in row} - {TREE})
    table = entries.assign(
        parity=entries["side"].map(SIDE_NAMES), unit=[row.get(TREE, "") for row in units],
        valid_from=_dates(entries["valid_from_on"]), valid_to=_dates(entries["valid_to_on"]),
        **{name: entries[name].where(entries[name] != 0).astype("Int64") for name in NUMBERS},
        **{OTHER_TREE + tree: [row.get(tree, "") for row in units] for tree in trees},
    )  # fmt: skip
    columns = [*PLAIN, *(OTHER_TREE + tree for tree in trees)]
    return table[columns].to_csv(index=False, lineterminator="\n")


def _dates(days: pd.Series) -> list[str]:
    return ["" if day != day or day is None else str(np.datetime64(int(day), "D")) for day in days]
