"""A made-up Greek city whose levels, headers, language and forms no other fixture shares, loaded as a README says."""

import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas
import numpy as np
import pytest
import shapely
from commanding import City, geojson, linli
from pyproj import Transformer
from serving import serving

LEVELS = ("diamerisma", "synoikia", "tetragono")
EAST, NORTH, SIDE = 476_000.0, 4_203_000.0, 200.0  # Greek grid, metres; squares in two rows of six
ATHENS = ZoneInfo("Europe/Athens")
SOURCE = """
kind = "case"
format = "csv"
encoding = "iso-8859-7"
delimiter = ";"
timezone = "Europe/Athens"
crs = "EPSG:2100"
every = "1 day"
drop = ["Ονοματεπώνυμο"]

[fields]
id = "Αρ. Πρωτ."
category = { columns = ["Τομέας", "Είδος"] }
channel = "Κανάλι"
reported_at = { column = "Ημ/νία υποβολής", format = "%d/%m/%Y %H:%M" }
due_at = { column = "Προθεσμία", format = "%d/%m/%Y %H:%M" }
closed_at = { column = "Ημ/νία κλεισίματος", format = "%d/%m/%Y %H:%M" }
lon = "Χ"
lat = "Υ"
unit_hint = "Συνοικία"

[values.channel]
"Τηλέφωνο" = "phone"
"Εφαρμογή" = "app"

[missing]
closed_at = "ΕΚΚΡΕΜΕΙ"
lon = "0"
lat = "0"
"""
HEADER = (
    "Αρ. Πρωτ.;Ονοματεπώνυμο;Τομέας;Είδος;Κανάλι;Ημ/νία υποβολής;Προθεσμία;Ημ/νία κλεισίματος;Χ;Υ;Συνοικία"
)
QUARTERS = {"Σ1": "Άνω Πέτρα", "Σ2": "Κάτω Πέτρα", "Σ3": "Λιμάνι", "Σ4": "Αμπέλια"}
SQUARES = {f"Τ{column}{row}": f"Σ{1 + column // 3 + 2 * row}" for row in (0, 1) for column in range(6)}


def square(column: int, row: int, width: int = 1):
    west, south = EAST + column * SIDE, NORTH + row * SIDE
    return shapely.box(west, south, west + width * SIDE, south + SIDE)


def outlines(folder: Path) -> list[tuple[Path, str, str | None]]:
    """One file a level, each in another format and system: a GeoPackage, a Shapefile, a GeoJSON in degrees."""
    degrees = Transformer.from_crs("EPSG:2100", "EPSG:4326", always_xy=True).transform
    top = {"ΚΩΔ": ["Δ1", "Δ2"], "ΟΝΟΜΑ": ["Νότιο", "Βόρειο"], "ΑΝΗΚ": ["", ""]}
    shapes = [square(0, 0, 6), square(0, 1, 6)]
    geopandas.GeoDataFrame(top, geometry=shapes, crs="EPSG:2100").to_file(folder / "diamerismata.gpkg")
    middle = {"ΚΩΔ": list(QUARTERS), "ΟΝΟΜΑ": list(QUARTERS.values()), "ΑΝΗΚ": ["Δ1", "Δ1", "Δ2", "Δ2"]}
    shapes = [square(column, row, 3) for row in (0, 1) for column in (0, 3)]
    geopandas.GeoDataFrame(middle, geometry=shapes, crs="EPSG:2100").to_file(
        folder / "synoikies.shp", encoding="utf-8"
    )
    rows = [
        (
            {"ΚΩΔ": code, "ΟΝΟΜΑ": f"Τετράγωνο {code[1:]}", "ΑΝΗΚ": parent},
            shapely.transform(square(int(code[1]), int(code[2])), degrees, interleaved=False),
        )
        for code, parent in SQUARES.items()
    ]
    geojson(folder / "tetragona.geojson.gz", rows)
    return [
        (folder / "diamerismata.gpkg", "diamerisma", None),
        (folder / "synoikies.shp", "synoikia", "ΑΝΗΚ"),
        (folder / "tetragona.geojson.gz", "tetragono", "ΑΝΗΚ"),
    ]


def written(moment: datetime) -> str:
    return moment.strftime("%d/%m/%Y %H:%M")


class Records:
    """Requests around the night the clocks go back, and what they must count as."""

    def __init__(self) -> None:
        dice = np.random.default_rng(7)
        self.lines, self.square, self.day, self.channel = [HEADER], Counter(), Counter(), Counter()
        for number in range(400):
            column, row = dice.integers(0, 6), dice.integers(0, 2)
            start = datetime(2025, 10, 20) + timedelta(minutes=int(dice.integers(0, 14 * 1440)))
            east, north = (dice.uniform(0.02, 0.98, 2) + np.array([column, row])) * SIDE + np.array(
                [EAST, NORTH]
            )
            closed = written(start + timedelta(hours=30)) if number % 4 else "ΕΚΚΡΕΜΕΙ"
            channel = "Τηλέφωνο" if number % 3 else "Εφαρμογή"
            place = (f"{east:.2f}", f"{north:.2f}", "")
            self.add(number, "Καθαριότητα", channel, start, closed, place, f"Τ{column}{row}")
        night, noon = datetime(2025, 10, 26, 3, 30), datetime(2025, 10, 25, 12)
        nowhere = ("0", "0")
        self.add(900, "Πράσινο", "Τηλέφωνο", night, "ΕΚΚΡΕΜΕΙ", (*nowhere, "Λιμάνι"), "Σ3/-")
        self.add(901, "Πράσινο", "Τηλέφωνο", night, "ΕΚΚΡΕΜΕΙ", (*nowhere, "λιμανι"), "/-")
        noons = written(noon + timedelta(days=1))
        self.add(902, "Φωτισμός", "Εφαρμογή", noon, noons, (*nowhere, "Δ2"), "Δ2/-")

    def add(self, number, area, channel, start, closed, place, counted) -> None:
        due = written(start + timedelta(days=2))
        cells = (
            f"2025/{number:05d}",
            "Μαρία Π.",
            area,
            "Αίτημα",
            channel,
            written(start),
            due,
            closed,
            *place,
        )
        self.lines.append(";".join(cells))
        self.square[counted] += 1
        self.day[start.date().isoformat()] += 1
        self.channel[{"Τηλέφωνο": "phone", "Εφαρμογή": "app"}[channel]] += 1

    def write(self, path: Path) -> Path:
        path.write_bytes(("\r\n".join(self.lines) + "\r\n").encode("iso-8859-7"))
        return path


@pytest.fixture(scope="module")
def records() -> Records:
    return Records()


@pytest.fixture(scope="module")
def petra(tmp_path_factory, records) -> City:
    folder = tmp_path_factory.mktemp("petra")
    city = City(folder / "petra")
    linli("init", city.folder, "--levels", ",".join(LEVELS), "--timezone", "Europe/Athens", "--locale", "en")
    for path, level, parent in outlines(folder):
        options = [
            "--level",
            level,
            "--code",
            "ΚΩΔ",
            "--name",
            "ΟΝΟΜΑ",
            *(["--parent", parent] if parent else []),
        ]
        city("units", "import", path, *options)
    city.faults = city("units", "check", "--json").json["faults"]
    city("units", "publish", "--accept", "sliver")
    city.source("aitimata", SOURCE)
    city.ledger = city.ingest("aitimata", records.write(folder / "aitimata.csv"))
    city("refresh")
    return city


def test_three_formats_in_two_systems_make_one_tiling(petra):
    assert [fault for fault in petra.faults if fault["kind"] != "sliver"] == []
    names = petra.rows("SELECT name FROM unit WHERE level = 1 ORDER BY code")
    assert [name for (name,) in names] == list(QUARTERS.values())


def test_every_row_is_accounted_for(petra, records):
    ledger = petra.ledger
    assert (ledger["read"], ledger["accepted"], ledger["located"]) == (403, 403, 402)
    assert (ledger["outside"], ledger["no_location"]) == (0, 1)
    folds = sum(", " not in line and ";26/10/2025 03:" in line for line in records.lines)
    assert ledger["notes"]["time_folds"] >= folds >= 2


def test_counts_by_square_day_and_channel(petra, records):
    found = petra.values("cases_reported", "--by", "level:tetragono")
    assert {code: value for code, value in found.items() if value} == records.square
    days = petra.measure("cases_reported", "--by", "day").set_index("day")["value"]
    assert days.to_dict() == records.day
    channels = petra.measure("cases_reported", "--by", "channel").set_index("channel")["value"]
    assert channels.to_dict() == records.channel
    upper = petra.values("cases_reported", "--by", "level:diamerisma")
    assert sum(upper.values()) == 403 and set(upper) == {"Δ1", "Δ2", "/-"}


def test_a_day_with_twenty_five_hours(petra):
    rows = petra.measure("case_hours_median", "--by", "category").set_index("category")
    assert rows.loc["Φωτισμός/Αίτημα", "value"] == pytest.approx(25, rel=0.05)
    noon = datetime(2025, 10, 25, 12, tzinfo=ATHENS).timestamp()
    stored = petra.rows("SELECT reported_at, closed_at FROM fact_cases WHERE key = '2025/00902'")
    assert stored == [(noon * 1e6, (noon + 25 * 3600) * 1e6)]


def test_what_is_dropped_never_reaches_the_disk(petra):
    stored = (path.read_bytes() for path in petra.folder.rglob("*") if path.is_file())
    assert not any("Μαρία Π.".encode() in text for text in stored)


def test_verified(petra):
    assert petra("verify", "--json").json["differences"] == 0
    assert petra("doctor", "--json").json == {"faults": []}


class Visitor:
    """A person with a browser's cookies and nothing else of a browser."""

    def __init__(self, url: str):
        self.url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def open(self, path: str, form: dict | None = None):
        body = urllib.parse.urlencode(form).encode("ascii") if form else None
        headers = {"Origin": self.url, "Accept": "text/html"}
        request = urllib.request.Request(self.url + path, body, headers)
        with self.opener.open(request, timeout=30) as answer:
            return answer.status, answer.url.removeprefix(self.url), answer.read().decode()

    def sign_in(self, name: str, password: str) -> str:
        _, _, page = self.open("/login")
        token = re.search(r'name="token"\s+value="([^"]+)"', page) or re.search(
            r'value="([^"]+)"\s+name="token"', page
        )
        return self.open("/login", {"name": name, "password": password, "token": token[1]})[1]


def test_its_pages_answer(petra, tmp_path):
    petra("users", "add", "ελένη", "--role", "leader", "--password-stdin", stdin="a long enough password\n")
    with serving(petra.folder, log=tmp_path / "server.log") as server:
        visitor = Visitor(server.url)
        assert visitor.open("/map/synoikia/-")[1].startswith("/login")
        visitor.sign_in("ελένη", "a long enough password")
        for path in ("/map/synoikia/-", "/map/tetragono/Σ3", "/kpi/-", "/kpi/Δ1", "/analyst", "/sources"):
            status, landed, page = visitor.open(urllib.parse.quote(path))
            assert (status, landed) == (200, urllib.parse.quote(path)), path
            assert "<html" in page
