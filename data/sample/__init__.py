"""The sample city: an invented sub-district, district or city as a folder of files, and what arrives there later.

Everything is drawn from a seed: the streets, the units that tile them, a year and a half of cases, orders, alerts
and parking, and the stories of `STORIES` among them. The same arguments give the same bytes.

Deliberately absent: a database, a clock, a network, and anything real. The sample goes through the same doors as
anybody's records: boundaries are imported, files are ingested, nothing is put in by the back.
"""

from datetime import date
from pathlib import Path

from data.sample.arrivals import arrivals
from data.sample.background import layers
from data.sample.days import epoch_day, unknown_years
from data.sample.deadline_lists import limit_lists
from data.sample.declarations import SOURCES, departments, settings
from data.sample.gazetteer import write_gazetteer
from data.sample.geofiles import write_features, write_units
from data.sample.history import write_history
from data.sample.plots import plot_table, read_plots, write_plots
from data.sample.sizes import SIZES, SizeName
from data.sample.stories import REDRAWN_DAY, STORIES, Story
from data.sample.town import LEVELS, Town, make_town
from data.sample.world import make_world, write_world

__all__ = ["STORIES", "Story", "arrivals", "write_sample"]


def _write_boundaries(town: Town, folder: Path, *, until: date, compressed: bool) -> None:
    redrawn = date.fromordinal(until.toordinal() + REDRAWN_DAY)
    for version, levels in town.units.items():
        for level in LEVELS:
            write_units(folder / version / f"{level}.geojson", levels[level], compressed=compressed)
    for level, units in town.admin.items():
        write_units(folder / "admin" / f"{level}.geojson", units, compressed=compressed)
    text = (
        "# Boundary versions in the order they hold; the first of a tree from the beginning of time.\n"
        '[[versions]]\nfolder = "v1"\n\n'
        f'[[versions]]\nfolder = "v2"\nvalid_from = {redrawn.isoformat()}\n\n'
        '[[versions]]\nfolder = "admin"\ntree = "admin"\n'
    )
    (folder / "versions.toml").write_text(text, encoding="utf-8", newline="\n")


def _write_texts(folder: Path, *, size: SizeName, until: date, days: int) -> None:
    (folder / "linli.toml").write_text(settings(SIZES[size]), encoding="utf-8", newline="\n")
    for name, text in {"departments.csv": departments(), **limit_lists()}.items():
        (folder / "sample" / name).write_text(text, encoding="utf-8", newline="\n")
    for name, text in SOURCES.items():
        path = folder / "sources" / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    guessed = unknown_years(epoch_day(until) - days, epoch_day(until))
    if guessed:
        note = f"No holidays are known for {', '.join(map(str, guessed))}: Monday to Friday stand in.\n"
        (folder / "sample" / "calendar.txt").write_text(note, encoding="utf-8", newline="\n")


def write_sample(folder: Path, *, size: SizeName, days: int = 540, seed: int = 1, until: date) -> None:
    """Write a complete instance folder of files: settings, sources, boundaries, background, gazetteer, history.

    folder  made if it does not exist
    days    of history, up to local midnight at the start of `until`, which is exclusive
    Raises  KeyError for an unknown size
    """
    chosen = SIZES[size]
    (folder / "sample").mkdir(parents=True, exist_ok=True)
    (folder / "background").mkdir(exist_ok=True)
    _write_texts(folder, size=size, until=until, days=days)
    town = make_town(chosen, seed=seed)
    _write_boundaries(town, folder / "boundaries", until=until, compressed=chosen.compressed)
    for layer, features in layers(town, chosen, seed=seed):
        write_features(folder / "background" / f"{layer}.geojson", features, compressed=False)
    write_plots(plot_table(town, chosen, seed=seed), folder / "sample" / "plots.csv")
    # The table is read back, so that the history and later arrivals see the very same numbers.
    world = make_world(
        read_plots(folder / "sample" / "plots.csv"), size=chosen, seed=seed, until=until, days=days
    )
    write_gazetteer(world.plots, folder / "sample" / "gazetteer.csv")
    write_world(world, folder / "sample" / "sample.toml")
    write_history(world, folder / "history")
