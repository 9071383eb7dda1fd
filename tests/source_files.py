"""Small declared sources and files for the tests of data/sources."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from pandas import DataFrame

from data.sources.batch import Reject
from data.sources.definition import Source, load_source
from data.sources.reading import read_batches

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DECLARED = Path(__file__).parent / "sources"
CASES = """
kind = "case"
format = "csv"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"

[fields]
id = "编号"
category = "类别"
reported_at = "上报时间"
closed_at = "结案时间"
lon = "经度"
lat = "纬度"
"""
HEADER = "编号,类别,上报时间,结案时间,经度,纬度"
ROW = "A1,市容,2025-01-01 09:00,2025-01-01 10:00,121.5001,31.2001"


def declare(folder: Path, text: str = CASES, *, name: str = "cases") -> Source:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_source(path)


def write(folder: Path, text: str, *, name: str = "cases.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(
    source: Source, *files: Path, now: datetime = NOW, limit: int = 50_000
) -> tuple[DataFrame, Sequence[Reject], Counter[str]]:
    """Everything of some files at once; the law of conservation is checked on every batch."""
    frames, rejects, notes = [], [], Counter()
    for batch in read_batches(source, files, now=now, limit=limit):
        assert batch.read == len(batch.frame) + len(batch.rejects)
        assert len(batch.frame) <= limit
        frames.append(batch.frame)
        rejects += batch.rejects
        notes += batch.notes
    return (pd.concat(frames, ignore_index=True) if frames else DataFrame()), rejects, notes


SMALL = """
kind = "case"
format = "csv"
timezone = "Asia/Shanghai"
[fields]
id = "案件号"
category = { columns = ["大类", "小类"], join = "/" }
reported_at = "上报时间"
closed_at = "结案时间"
unit_hint = ["社区", "街道"]
"""
SMALL_HEADER = "案件号,大类,小类,上报时间,结案时间,社区,街道"
SMALL_ROW = "A1,市容,垃圾,2025-01-01 09:00,2025-01-02,延吉社区,延吉街道"


def cases(folder, header, *rows, source=SMALL, name="cases.csv"):
    """What a file of rows below a header comes to."""
    return read(declare(folder, source), write(folder, "\n".join((header, *rows)) + "\n", name=name))


def facts(frame):
    """Facts without where they stood."""
    return frame.drop(columns=["file", "row"])
