"""Proposals grown from facts: an address whose facts lie, by their coordinates, in one unit time and again."""

from collections.abc import Sequence

import pandas as pd
from pandas import DataFrame
from sqlalchemy import select

from data import places
from data.factstore import last_load, visible
from data.placing import COORDINATES, gazetteer_of
from data.schema import FACT_COLUMNS, FACTS, PLACES, SUBJECTS
from data.store import Store
from geo.gazetteer import Entry

AGREED = 0.9  # of the facts of an address must lie in the unit proposed


def grown(store: Store, *, least: int) -> DataFrame:
    """Entries that facts suggest and the gazetteer does not answer yet.

    least    facts that an address needs
    returns  the columns of `geo.gazetteer.Entry`, lon, lat, level, units, valid_from_on, valid_to_on, note
    """
    with store.read() as connection:
        versions = places.versions(connection, tree="grid", store=store)
        if not versions:
            return _table([])
        placer = places.Placer(connection, versions[-1], cache=store.settings.folder / ".cache")
        gazetteer, version = gazetteer_of(connection, placer, store), versions[-1]
        parts = []
        for subject in (name for name in SUBJECTS if "address" in FACT_COLUMNS[name]):
            table, place = FACTS[subject], PLACES[subject]
            query = select(table.c.address, table.c.lon, table.c.lat, place.c.place).join(
                place, place.c.rev == table.c.rev
            )
            mine = (
                place.c.version_id == version.id,
                place.c.how == COORDINATES,
                table.c.address.is_not(None),
            )
            rows = connection.execute(query.where(*mine, visible(table, last_load(connection)))).all()
            parts.append(DataFrame(rows, columns=["address", "lon", "lat", "place"]))
    facts = pd.concat(parts, ignore_index=True).astype({"address": "str", "place": "int64"})
    answers = gazetteer.match(facts["address"])
    facts = facts[(answers["pos"] == 0).to_numpy()]
    entry_of = {text: gazetteer.entry_for(text) for text in facts["address"].unique()}
    facts = facts.assign(entry=facts["address"].map(entry_of)).dropna(subset="entry")
    levels = store.settings.names
    suggested = [
        _agreed(group, version, levels, least=least) for _, group in facts.groupby("entry", sort=True)
    ]
    return _table([row for row in suggested if row])


def _agreed(facts: DataFrame, version: places.Version, levels: Sequence[str], *, least: int) -> dict | None:
    """The finest unit that holds nearly all facts of an address, no more than one level above the finest."""
    if len(facts) < least:
        return None
    finest = max(version.level_at)
    for depth in (finest, finest - 1):
        if depth < 0:
            continue
        rows = pd.Series(version.ancestors[depth][facts["place"].to_numpy()], index=facts.index)
        unit = int(rows.mode().iloc[0])
        here = facts[rows == unit]
        if unit and version.level_at[unit] == depth and len(here) >= AGREED * len(facts):
            points = here[["lon", "lat"]].astype("float64")
            lon, lat = points.iloc[(points - points.median()).abs().sum(axis=1).argmin()].tolist()
            entry: Entry = facts["entry"].iloc[0]
            return {
                **entry._asdict(), "lon": lon, "lat": lat, "level": levels[depth], "units": "{}",
                "valid_from_on": None, "valid_to_on": None,
                "note": f"{len(here)}/{len(facts)}",
            }  # fmt: skip
    return None


def _table(rows: list[dict]) -> DataFrame:
    names = [*Entry._fields, "lon", "lat", "level", "units", "valid_from_on", "valid_to_on", "note"]
    return DataFrame(rows, columns=names)
