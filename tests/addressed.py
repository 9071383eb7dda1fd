"""The small world with addresses and a gazetteer."""

from sqlalchemy import select
from world import SIDE, START, World, local

from data import gazetteer
from data.placing import HOWS
from data.query import Period, Query
from data.reader import Reader
from data.schema import FACTS, FOREVER, PLACES
from data.scope import Scope

HEADER = ("id", "category", "reported_at", "closed_at", "lon", "lat", "hint", "address", "note")
ADDRESSED = """
kind = "case"
format = "csv"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"
every = "15 min"
sealed = ["note"]
[fields]
id = "id"
category = "category"
reported_at = "reported_at"
closed_at = "closed_at"
lon = "lon"
lat = "lat"
unit_hint = "hint"
address = "address"
text = "note"
"""
ENTRIES = """kind,name,road,lane,low,high,parity,level,lon,lat,unit,valid_from,valid_to
region,汀洲市,,,,,,,,,,,
building,松风苑1号楼,青藤路,,1,1,,,121.005,31.005,,,
building,松风苑2号楼,青藤路,,2,2,,,121.015,31.005,,,
lane,,青藤路,9,1,20,,,,,A3,,
building,,青藤路,,12,12,,,,,B1,,
building,,沧浪路,,5,5,,,,,B2,,2026-02-10
building,,沧浪路,,5,5,,,,,B3,2026-02-10,
"""
FEBRUARY = Period(START.date().replace(month=2), START.date().replace(month=4))


def fact(number, *, square=None, reported=0, closed=None, hint=None, address=None, note=None):
    """A row with an address; `square` is where it lies from west to east, None: without coordinates."""
    lon, lat = (None, None) if square is None else (round(121 + square * SIDE, 6), round(31 + SIDE / 2, 6))
    times = (local(reported), local(closed) if closed is not None else None)
    return (f"C{number}", "litter", *times, lon, lat, hint, address, note)


class Town(World):
    """The small world with addresses."""

    def deliver(self, *rows):
        """Load rows made by `fact`."""
        self.loads += 1
        path = self.settings.folder / f"delivery-{self.loads}.csv"
        lines = [",".join("" if cell is None else str(cell) for cell in row) for row in (HEADER, *rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        from data.ledger import ingest

        return ingest(self.store, self.source("cases", ADDRESSED), [path], clock=self.clock)

    def entries(self, text: str = ENTRIES, **more):
        """Import a gazetteer."""
        path = self.settings.folder / "gazetteer.csv"
        path.write_text(text, encoding="utf-8")
        return gazetteer.import_file(self.store, path, clock=self.clock, by="test", **more)

    def where(self) -> dict[str, tuple[str, str]]:
        """Unit code and way of location of every current fact, in the newest version."""
        version = self.reader().version
        table, place = FACTS["cases"], PLACES["cases"]
        query = select(table.c.key, place.c.place, place.c.how).join(place, place.c.rev == table.c.rev)
        with self.store.read() as connection:
            rows = connection.execute(
                query.where(table.c.superseded == FOREVER, place.c.version_id == version.id)
            ).all()
        return {key: (version.code_at[pos], HOWS[how]) for key, pos, how in rows}

    def writer(self, *units: str, role: str = "operator") -> Reader:
        """A reader who may place facts, with the clock of the world."""
        scope = Scope("olga", role, units, whole=not units)
        return Reader(self.store, scope, clock=self.clock)

    def by_block(self, **more) -> dict[str, float]:
        """Cases reported by block."""
        query = Query(level="block", within=None, indicators=("cases_reported",), period=FEBRUARY, **more)
        rows = self.reader().measures(query, compare=False)
        rows = rows[(rows["kind"] != "total") & (rows["value"] > 0)]
        return dict(zip(rows["unit_code"], rows["value"], strict=True))
