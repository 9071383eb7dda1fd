"""Where facts happen: one row per building plot with its address and room inside, light enough to read often."""

from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from data.sample import names
from data.sample.background import road_names
from data.sample.board import METRE, RIVER_LINE, TICKS, Board, to_ticks
from data.sample.sizes import Size, stream
from data.sample.town import Town

KEPT = (
    "code",
    "micro_code",
    "grid_code",
    "street",
    "street_name",
    "area_name",
    "grid_name",
    "grid_before",
    "committee_name",
    "name",
)
SMALL_GRID = "松间"
TEXT_CODES = dict.fromkeys(("code", "micro_code", "grid_code"), "str")
SHRINK = 0.85
NEAR = 46 * METRE


def _room(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and half width, half height of an upright box inside each shape (board centimetres)."""
    bounds = shapely.bounds(shapes)
    middle = np.column_stack([bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)])
    inside = shapely.get_coordinates(shapely.point_on_surface(shapes))
    upright = shapely.area(shapes) > 0.999 * np.prod(bounds[:, 2:] - bounds[:, :2], axis=1)
    centre = np.where(upright[:, None], middle, inside)
    half = (bounds[:, 2:] - bounds[:, :2]) * 0.46
    for _ in range(24):
        corners = [centre + half * np.array(sign) for sign in ((-1, -1), (-1, 1), (1, -1), (1, 1))]
        fits = np.all([shapely.contains_xy(shapes, corner) for corner in corners], axis=0)
        half[~fits] *= SHRINK
    return centre, half


def _sides(plots: pd.DataFrame, centre: np.ndarray, board: Board, *, seed: int) -> pd.DataFrame:
    """The street each plot lies at: road, metres along it, whether on its odd side, whether deep in the block."""
    east, north = road_names(board, seed=seed)
    found = []
    for (x, y), column, row in zip(centre, plots["cell_column"], plots["cell_row"], strict=True):
        sides = [(abs(y - board.y(r)), east[r], x - board.xs[0], r == row) for r in (row, row + 1)]
        sides += [
            (abs(x - board.x(c)), north[c], y - board.ys[0], c == column)
            for c in (column, column + 1)
            if c != RIVER_LINE
        ]
        found.append(min(sides))
    frame = pd.DataFrame(found, columns=["distance", "road", "along", "odd"], index=plots.index)
    return frame.assign(deep=frame["distance"] > NEAR)


def _addresses(plots: pd.DataFrame, centre: np.ndarray, board: Board, *, seed: int) -> list[str]:
    """ "青藤路66号" beside a street, "沧浪路128弄7号" deeper in the block.

    Numbers grow along the street, odd on one side and even on the other; a lane is the yard of one micro-grid, its
    doors are the buildings there. No two plots share an address.
    """
    sides = _sides(plots, centre, board, seed=seed)
    taken: set[tuple[str, int]] = set()
    lanes: dict[tuple[str, str], int] = {}
    found = dict.fromkeys(plots.index, "")
    order = sides.sort_values("along", kind="stable")
    micro, ordinal = plots["micro_code"].to_dict(), plots["code"].str[-2:].astype(int).to_dict()
    for index, road, along, odd, deep in zip(
        order.index.tolist(), order["road"], order["along"].tolist(), order["odd"], order["deep"], strict=True
    ):
        number = lanes.get((road, micro[index])) if deep else None
        if number is None:
            number = 2 * int(along // (14 * METRE)) + (1 if odd else 2)
            while (road, number) in taken:
                number += 2
            taken.add((road, number))
        if deep:
            lanes[road, micro[index]] = number
        found[index] = f"{road}{number}弄{ordinal[index]}号" if deep else f"{road}{number}号"
    return list(found.values())


def _weights(plots: pd.DataFrame, size: Size, *, seed: int) -> np.ndarray:
    """How much happens in each plot: uneven by grid, more so by micro-grid and building; little in 松间."""
    draw = stream(seed, "weights")
    weight = draw.lognormal(0, 0.55, len(plots))
    for level, spread in (("micro_code", 0.3), ("grid_code", 0.16)):
        keys, place = np.unique(plots[level].to_numpy(dtype=object).astype(str), return_inverse=True)
        weight /= np.bincount(place, weight)[place] / np.bincount(place)[place]
        weight *= draw.lognormal(0, spread, len(keys))[place]
    grid, members = np.unique(plots["grid_code"].to_numpy(dtype=object).astype(str), return_inverse=True)
    weight /= np.bincount(members)[members]
    home = (plots["street"] == 0).to_numpy()
    weight[home] *= size.home
    weight[home & (plots["grid_name"] == SMALL_GRID).to_numpy()] *= 0.1
    return weight / weight.sum() * len(grid)


def plot_table(town: Town, size: Size, *, seed: int) -> pd.DataFrame:
    """The plots of a town as places for facts.

    returns  KEPT, address, lon, lat (degrees of the centre), across_lon, across_lat, down_lon, down_lat (half
             sides of the room inside, in degrees), weight (share of what happens; sums to the number of grids)
    """
    plots = town.plots
    centre, half = _room(plots["shape"].to_numpy())
    ground = to_ticks(centre)
    across = to_ticks(centre + half * [1, 0]) - ground
    down = to_ticks(centre + half * [0, 1]) - ground
    table = plots[list(KEPT)].copy()
    table["address"] = _addresses(plots, centre, town.board, seed=seed)
    for name, ticks in (("lon", ground[:, 0]), ("lat", ground[:, 1]), ("across_lon", across[:, 0]),
                        ("across_lat", across[:, 1]), ("down_lon", down[:, 0]), ("down_lat", down[:, 1])):  # fmt: skip
        table[name] = ticks / TICKS
    table["weight"] = np.round(_weights(plots, size, seed=seed), 7)
    return table


def write_plots(table: pd.DataFrame, path: Path) -> None:
    """Keep the table beside the instance's files: new records are drawn from it without the town plan."""
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def read_plots(path: Path) -> pd.DataFrame:
    """The table as it was written."""
    return pd.read_csv(path, dtype=TEXT_CODES, encoding="utf-8")


def points_in(
    table: pd.DataFrame, rows: np.ndarray, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A random point in each of the given plots, in degrees rounded to 1e-6."""
    a, b = draw.uniform(-1, 1, len(rows)), draw.uniform(-1, 1, len(rows))
    part = {name: table[name].to_numpy()[rows] for name in table.columns if name.endswith(("lon", "lat"))}
    lon = part["lon"] + a * part["across_lon"] + b * part["down_lon"]
    lat = part["lat"] + a * part["across_lat"] + b * part["down_lat"]
    return lon.round(6), lat.round(6)


def home_rows(table: pd.DataFrame, grid: str) -> np.ndarray:
    """Row numbers of the plots of one grid of the home sub-district."""
    return np.flatnonzero((table["street_name"] == names.HOME) & (table["grid_name"] == grid))
