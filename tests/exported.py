"""Made-up rows for files, and files read back."""

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
from fakes_export import FakeReader
from pandas import DataFrame

from data.instants import micros

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = micros(datetime(2026, 11, 1, 8, 30, tzinfo=SHANGHAI))


def cases(**columns) -> FakeReader:
    return FakeReader(DataFrame(columns))


def read_csv(path: Path, encoding: str) -> list[list[str]]:
    with open(path, encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def column(path: Path, name: str, encoding: str = "utf-8") -> list[str]:
    head, *rows = read_csv(path, encoding)
    return [row[head.index(name)] for row in rows]


def sheet(path: Path) -> tuple[list[str], list[dict]]:
    head, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows()
    names = [cell.value for cell in head]
    return names, [dict(zip(names, row, strict=True)) for row in rows]
