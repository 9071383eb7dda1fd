"""The sample city of the tests of the sample: its files, and what they hold."""

import json
import tomllib
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import pandas as pd
import shapely

from data.sample import write_sample
from data.sample.town import LEVELS
from data.sources.definition import load_sources
from data.sources.reading import read_batches

UNTIL = date(2026, 11, 2)
DAYS = 190
MIDNIGHT = datetime(2026, 11, 1, 16, tzinfo=UTC)  # local midnight at the start of UNTIL
STARTS = {
    "case": "reported_at",
    "order": "accepted_at",
    "alert": "occurred_at",
    "parking": "observed_at",
    "stay": "entry_at",
}


class Sampled:
    """A sample city of 190 days, made once, and what its files hold."""

    def __init__(self, folder: Path):
        self.folder = folder
        write_sample(folder, size="subdistrict", days=DAYS, until=UNTIL)

    @cached_property
    def deliveries(self) -> list[dict]:
        """Entries of the manifest of the history."""
        return tomllib.loads((self.folder / "history" / "manifest.toml").read_text(encoding="utf-8"))[
            "deliveries"
        ]

    @cached_property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Every delivered row by source, as the intake reads it, with the instant of its delivery."""
        sources = load_sources(self.folder / "sources")
        parts: dict[str, list[pd.DataFrame]] = {name: [] for name in sources}
        for entry in self.deliveries:
            path = self.folder / "history" / entry["file"]
            for batch in read_batches(sources[entry["source"]], [path], now=datetime(2027, 1, 1, tzinfo=UTC)):
                assert not batch.rejects or entry["source"] == "hotline_12345", batch.rejects[:3]
                parts[entry["source"]].append(
                    batch.frame.assign(delivered=pd.Timestamp(entry["delivered_at"]))
                )
        return {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}

    @cached_property
    def newest(self) -> dict[str, pd.DataFrame]:
        """The last state of every fact."""
        return {name: frame.drop_duplicates("key", keep="last") for name, frame in self.frames.items()}

    @cached_property
    def units(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Units by version and level as their files hold them."""
        found = {}
        for version in ("v1", "v2"):
            for level in LEVELS:
                document = json.loads(
                    (self.folder / "boundaries" / version / f"{level}.geojson").read_bytes()
                )
                frame = pd.DataFrame([feature["properties"] for feature in document["features"]])
                shapes = [json.dumps(feature["geometry"]) for feature in document["features"]]
                found[version, level] = frame.assign(geometry=shapely.from_geojson(shapes))
        return found


def local(series: pd.Series) -> pd.Series:
    return series.dt.tz_convert("Asia/Shanghai")


def since_day(frame: pd.DataFrame, column: str, first: int, end: int) -> pd.DataFrame:
    """Rows whose local day of `column` lies in [UNTIL + first, UNTIL + end)."""
    day = (local(frame[column]).dt.normalize().dt.tz_localize(None) - pd.Timestamp(UNTIL)).dt.days
    return frame[(day >= first) & (day < end)]
