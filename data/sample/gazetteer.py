"""The gazetteer of the sample city, made from its own town plan: what an office would import on its first day."""

from pathlib import Path

import pandas as pd

from data.sample.spellings import REGIONS, estate_of, landmark_of

COLUMNS = ("kind", "name", "road", "lane", "low", "high", "level", "lon", "lat")


def gazetteer_rows(plots: pd.DataFrame) -> pd.DataFrame:
    """Entries of a town: its regions, every building under its name and its door, estates, lanes and landmarks.

    plots    table of `data.sample.plots.plot_table`
    returns  COLUMNS as the file of a gazetteer has them; a place is a point, and the level it is known at
    """
    parts = plots["address"].str.extract(r"^(?P<road>\D+?)(?:(?P<lane>\d+)弄)?(?P<low>\d+)号$")
    buildings = parts.assign(kind="building", name=plots["name"], lon=plots["lon"], lat=plots["lat"])
    regions = pd.DataFrame({"kind": "region", "name": list(REGIONS)})
    first = plots.drop_duplicates("micro_code")
    estates = first["name"].map(lambda name: estate_of(name)[0])
    at = {"lon": first["lon"], "lat": first["lat"], "level": "microgrid"}
    named = [
        pd.DataFrame({"kind": "estate", "name": estates, **at}),
        pd.DataFrame({"kind": "landmark", "name": landmarks(plots).reindex(first["micro_code"]).array, **at},
                     index=first.index),
    ]  # fmt: skip
    yards = buildings[buildings["lane"].notna()].assign(micro=plots["micro_code"])
    lanes = yards.groupby(["road", "lane", "micro"], as_index=False)[["lon", "lat"]].first()
    lanes = lanes.assign(kind="lane", level="microgrid")
    table = pd.concat([regions, *named, lanes, buildings], ignore_index=True)
    return table.reindex(columns=list(COLUMNS))


def landmarks(plots: pd.DataFrame) -> pd.Series:
    """The landmark of each micro-grid, by its code."""
    first = plots.drop_duplicates("micro_code")
    titles = [landmark_of(estate_of(name)[0], number) for number, name in enumerate(first["name"])]
    return pd.Series(titles, index=first["micro_code"].to_numpy())


def write_gazetteer(plots: pd.DataFrame, path: Path) -> None:
    """Write the file that `linli gazetteer import` reads."""
    gazetteer_rows(plots).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
