"""The `linli` command inside the test's own process: what it answered, what it printed, what it left behind."""

import gzip
import hashlib
import io
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import shapely
from pandas import DataFrame

import app

PASSING = ("-wal", "-shm", "-journal", ".lock")  # what a database and its locks keep beside them while open
# Cases of the plainest columns; a test adds what its files have besides below it.
CASES = """
kind = "case"
format = "csv"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"
[fields]
id = "id"
category = "category"
reported_at = "reported"
lon = "lon"
lat = "lat"
"""
LEDGER = ("source", "files", "read", "accepted", "updated", "unchanged", "rejected", "located", "outside",
          "no_location", "rejects", "seconds")  # fmt: skip


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        """The one document on standard output; NaN and Infinity are no JSON."""
        return json.loads(self.out, parse_constant=_refuse)

    @property
    def table(self) -> DataFrame:
        """The CSV on standard output; codes are text, an empty code is ''."""
        kinds = {"unit_code": str, "category": str, "channel": str, "day": str, "week": str, "month": str}
        frame = pd.read_csv(io.StringIO(self.out), dtype=kinds)
        return frame.fillna({"unit_code": ""})


def _refuse(name: str) -> float:
    raise ValueError(f"{name} in a JSON document")


def linli(*arguments: object, status: int = 0, stdin: str = "") -> Done:
    """Run a command; its exit status must be `status`, and what was refused is one line on standard error."""
    out, err = io.StringIO(), io.StringIO()
    with _standard_input(stdin), redirect_stdout(out), redirect_stderr(err):
        try:
            code = app.main([str(part) for part in arguments])
        except SystemExit as stop:  # argparse, for wrong usage
            code = int(stop.code or 0)
    done = Done(code, out.getvalue(), err.getvalue())
    assert done.status == status, (
        f"linli {arguments}: exit {done.status}\n{done.out[-2000:]}{done.err[-2000:]}"
    )
    assert "Traceback" not in done.out + done.err
    if status == 1:
        assert done.err.startswith("linli: ") and done.err.count("\n") == 1, done.err
    return done


@contextmanager
def _standard_input(text: str) -> Iterator[None]:
    kept, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = kept


class City:
    """An instance and the commands that work on it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, *arguments: object, status: int = 0, stdin: str = "") -> Done:
        return linli("--instance", self.folder, *arguments, status=status, stdin=stdin)

    def refused(self, *arguments: object, says: str) -> str:
        """Run a command that must be refused with a line that holds `says`, and must change nothing."""
        before = self.dump()
        line = self(*arguments, status=1).err
        assert says in line, line
        assert self.dump() == before
        return line

    def source(self, name: str, text: str) -> None:
        (self.folder / "sources" / f"{name}.toml").write_text(text, encoding="utf-8")

    def ingest(self, source: str, *files: Path) -> dict:
        """Load files; the ledger, which must balance."""
        ledger = self("ingest", source, *files, "--json").json
        assert ledger["read"] == sum(
            ledger[name] for name in ("accepted", "updated", "unchanged", "rejected")
        )
        assert ledger["accepted"] + ledger["updated"] == sum(
            ledger[name] for name in ("located", "outside", "no_location")
        )
        return ledger

    def measure(self, *arguments: object) -> DataFrame:
        return self("measure", *arguments).table

    def values(self, *arguments: object) -> dict:
        """Measures of one indicator by unit."""
        return self.measure(*arguments).set_index("unit_code")["value"].to_dict()

    def rows(self, query: str) -> list[tuple]:
        """Rows straight from the database."""
        connection = sqlite3.connect(f"file:{self.folder / 'linli.db'}?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def dump(self) -> dict[str, object]:
        """Every table in full, and a hash of every file that is kept: to compare before with after."""
        names = [
            row[0] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        ]
        tables = {name: sorted(map(repr, self.rows(f'SELECT * FROM "{name}"'))) for name in names}
        kept = (path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.name != "linli.db")
        files = {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in kept
            if not path.name.endswith(PASSING) and ".cache" not in path.parts
        }
        return {**tables, "files": files}


def geojson(path: Path, units: list[tuple[dict, object]], **members: object) -> Path:
    """Write units, (properties, shape or None), as GeoJSON; gzipped where the name ends so."""
    features = [
        {"type": "Feature", "properties": values, "geometry": shape and json.loads(shapely.to_geojson(shape))}
        for values, shape in units
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features, **members}, ensure_ascii=False)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path
