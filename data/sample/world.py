"""What every generator of facts needs to know: the plots, the size, the seed and the day the history ends."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from data.sample.days import EPOCH, day_table, epoch_day
from data.sample.gazetteer import landmarks
from data.sample.plots import home_rows, points_in, read_plots
from data.sample.sizes import SIZES, Size, stream
from data.sample.spellings import STYLES, spelt
from data.sample.stories import BEHIND_GRID, REDRAWN_DAY

SPAN = 28  # days whose facts are drawn together
EXACT, ADDRESS, GRID_ONLY, AREA_ONLY, STREET_ONLY, NOWHERE, PLACEHOLDER, OUTSIDE = range(8)
PLACING_SHARES = (0.9595, 0.012, 0.010, 0.006, 0.003, 0.005, 0.003, 0.0015)
FAR_AWAY = 0.35  # degrees east: a case reported for a place in another city


@dataclass(frozen=True)
class World:
    """A laid-out town together with its calendar.

    until, days  first epoch day without history, and how many days of history there are
    plots        table of `data.sample.plots`
    grid_of      grid number of each plot; quality: share closed in time that each grid tends to
    behind       plots of the grid that falls behind
    """

    size: Size
    seed: int
    until: int
    days: int
    plots: pd.DataFrame
    cumulative: np.ndarray
    quality: np.ndarray
    behind: np.ndarray

    @property
    def first(self) -> int:
        """First epoch day of history."""
        return self.until - self.days

    @property
    def streets(self) -> int:
        """Number of sub-districts."""
        return int(self.plots["street"].nunique())

    def calendar(self, span: int) -> pd.DataFrame:
        """The days of a span; span n begins on epoch day n * SPAN."""
        return day_table(span * SPAN, span * SPAN + SPAN, seed=self.seed, until=self.until)


def make_world(plots: pd.DataFrame, *, size: Size, seed: int, until: date, days: int) -> World:
    """A world from its table of plots."""
    grids, grid_of = np.unique(plots["grid_code"].to_numpy(dtype=object).astype(str), return_inverse=True)
    quality = np.clip(stream(seed, "quality").normal(0.915, 0.028, len(grids)), 0.83, 0.975)[grid_of]
    behind = np.zeros(len(plots), dtype=bool)
    behind[home_rows(plots, BEHIND_GRID)] = True
    cumulative = np.cumsum(plots["weight"].to_numpy())
    return World(
        size, seed, epoch_day(until), days, plots, cumulative / cumulative[-1],
        np.where(behind, 0.90, quality), behind,
    )  # fmt: skip


def write_world(world: World, path: Path) -> None:
    """Keep what `read_world` cannot find elsewhere."""
    until = EPOCH + timedelta(days=world.until)
    text = (
        "# What the sample city was made with; 'linli demo' continues it from here.\n"
        f'size = "{world.size.name}"\nseed = {world.seed}\ndays = {world.days}\nuntil = {until.isoformat()}\n'
    )
    path.write_text(text, encoding="utf-8", newline="\n")


def read_world(folder: Path) -> World:
    """The world that `write_sample` left in `folder/sample`."""
    made = tomllib.loads((folder / "sample" / "sample.toml").read_text(encoding="utf-8"))
    plots = read_plots(folder / "sample" / "plots.csv")
    return make_world(
        plots, size=SIZES[made["size"]], seed=made["seed"], until=made["until"], days=made["days"]
    )


def draw_places(world: World, day: np.ndarray, draw: np.random.Generator) -> pd.DataFrame:
    """Where `len(day)` facts happened and how much of that their record tells.

    returns  plot (row number), lon, lat (nan where not recorded, 0 where a placeholder stands), street_hint,
             area_hint, grid_hint, committee_hint (empty where not recorded), address, committee
    """
    count = len(day)
    plot = np.searchsorted(world.cumulative, draw.random(count), side="right").clip(0, len(world.plots) - 1)
    lon, lat = points_in(world.plots, plot, draw)
    placing = draw.choice(len(PLACING_SHARES), size=count, p=PLACING_SHARES)
    names = world.plots.iloc[plot]
    redrawn = day >= world.until + REDRAWN_DAY
    grid = np.where(redrawn, names["grid_name"], names["grid_before"])
    lon = np.where(placing == OUTSIDE, lon + FAR_AWAY, lon)
    known = np.isin(placing, (EXACT, OUTSIDE))
    zero = placing == PLACEHOLDER
    told = np.isin(placing, (EXACT, PLACEHOLDER))
    return pd.DataFrame(
        {
            "plot": plot,
            "lon": np.where(zero, 0.0, np.where(known, lon, np.nan)),
            "lat": np.where(zero, 0.0, np.where(known, lat, np.nan)),
            "street_hint": np.where(~np.isin(placing, (NOWHERE, OUTSIDE, ADDRESS)), names["street_name"], ""),
            "area_hint": np.where(told | (placing == AREA_ONLY), names["area_name"], ""),
            "grid_hint": np.where(told | (placing == GRID_ONLY), grid, ""),
            "committee_hint": np.where(told | (placing == GRID_ONLY), names["committee_name"], ""),
            "address": _spelt(world, placing, names, day, known | zero),
            "committee": names["committee_name"].to_numpy(dtype=object),
        }
    )


def _spelt(
    world: World, placing: np.ndarray, plots: pd.DataFrame, day: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Addresses of facts, empty where not recorded; those that stand alone in the many ways people write them."""
    found = np.where(known, plots["address"], "").astype(object)
    alone = np.flatnonzero(placing == ADDRESS)
    if not len(alone):
        return found
    draw = stream(world.seed, "spellings", int(day[0]), len(day))
    style = draw.choice(len(STYLES), size=len(alone))
    marks = landmarks(world.plots)
    for at, kind in zip(alone.tolist(), style.tolist(), strict=True):
        plot = plots.iloc[at]
        found[at] = spelt(plot, STYLES[kind], draw, landmark=marks[plot["micro_code"]])
    return found
