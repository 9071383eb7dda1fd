"""The town plan: every unit of every level, in both boundary versions, tiling to the last digit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, Polygon

from data.sample import names
from data.sample.blocks import Block, Middle, cut_cell, middles
from data.sample.board import GRAIN, METRE, Board, Cell, cell_shape, make_board, river_bank, to_ticks
from data.sample.committees import committee_of
from data.sample.partition import drawn_areas, grow, home_areas
from data.sample.sizes import Size, stream

LEVELS = ("subdistrict", "area", "grid", "microgrid", "metagrid")
ADMIN_LEVELS = ("subdistrict", "committee")
FIRST_STREET = 310199001
TWO_DIGITS = "{:02d}".format
LONGEST_EDGE = 40 * METRE
# Version 1 differs from version 2 in two places of the home sub-district: one micro-grid still belonged to the
# grid next door, and two micro-grids were still one.
MOVED_FROM, MOVED_TO, SPLIT_IN = "桂堂", "青藤", "采薇"


@dataclass(frozen=True)
class Town:
    """A laid-out town.

    board     the lattice it was drawn on
    banks     the west and the east bank of the river, on the board
    middles   where the through lanes run, by cell
    plots     one row per meta-grid: street, area, grid, micro (running numbers), estate, name, cell_column,
              cell_row, shape (board centimetres), ground (ticks), committee_code, committee_name
    units     by version ("v1", "v2") and level: frame of code, name, parent, geometry (ticks)
    admin     the same of the tree of committees, which has one version, by level
    lanes     lanes inside grids, on the board
    """

    board: Board
    banks: tuple[LineString, LineString]
    middles: dict[Cell, Middle]
    plots: pd.DataFrame
    units: dict[str, dict[str, pd.DataFrame]]
    admin: dict[str, pd.DataFrame]
    lanes: tuple[LineString, ...]


@dataclass(frozen=True)
class _Grid:
    street: int
    area: int
    area_name: str
    street_name: str
    name: str
    cell: Cell


def _plan(board: Board, size: Size, *, seed: int) -> list[_Grid]:
    """Every grid with its area and sub-district, the home sub-district first."""
    home = set(names.HOME_CELLS)
    rest = set(board.members) - home
    draw = stream(seed, "partition")
    regions = grow(rest, size.subdistricts - 1, draw) if size.subdistricts > 1 else []
    stems = names.place_stems(seed, "places")
    streets = [(names.HOME, home_areas())]
    for region in regions:
        wanted = [next(stems) for _ in range(max(round(len(region) / 4), 1))]
        streets.append((next(stems) + "里街道", drawn_areas(region, wanted, draw)))
    found, area_number = [], 0
    for street, (street_name, areas) in enumerate(streets):
        for area_name, grids in areas:
            found += [_Grid(street, area_number, area_name, street_name, g, cell) for cell, g in grids]
            area_number += 1
    return found


def _reading_order(shapes: Sequence[Polygon]) -> list[int]:
    """North to south in bands of 70 metres, west to east inside a band."""
    middle = shapely.get_coordinates(shapely.centroid(list(shapes)))
    return [int(k) for k in np.lexsort([middle[:, 0], (middle[:, 1] // (70 * METRE)).round()])]


def _cut_all(
    board: Board, grids: list[_Grid], size: Size, *, seed: int
) -> tuple[pd.DataFrame, list[LineString], dict[Cell, Middle], list[LineString]]:
    """Cut every grid; return the plots, all cuts and outlines, the through lanes, and the lanes."""
    banks = river_bank(board, -1), river_bank(board, +1)
    through = middles(board, stream(seed, "middles"))
    rows: list[dict] = []
    lines: list[LineString] = []
    lanes: list[LineString] = []
    estates: dict[int, Iterator[str]] = {}
    micro = 0
    for number, grid in enumerate(grids):
        home = grid.street == 0
        shape = cell_shape(board, grid.cell, banks)
        blocks, cuts = cut_cell(
            board, grid.cell, shape, micros=5 if home else size.micros, plots=7 if home else size.plots,
            middle=through[grid.cell], draw=stream(seed, "cuts", *grid.cell),
        )  # fmt: skip
        lanes += cuts
        lines += [shape.exterior, *(block.shape.exterior for block in blocks)]
        lines += [seam for block in blocks for seam in block.cuts]
        if grid.street not in estates:
            estates[grid.street] = iter(names.estate_names(seed, f"estates {grid.street}", 400))
        for block in (blocks[k] for k in _reading_order([b.shape for b in blocks])):
            rows += _plot_rows(grid, number, micro, block, next(estates[grid.street]))
            micro += 1
    return pd.DataFrame(rows), lines, through, lanes


def _plot_rows(grid: _Grid, number: int, micro: int, block: Block, estate: str) -> list[dict]:
    order = _reading_order(block.plots)
    return [
        {
            "street": grid.street, "street_name": grid.street_name, "area": grid.area, "area_name": grid.area_name,
            "grid": number, "grid_name": grid.name, "micro": micro, "estate": estate,
            "name": f"{estate}{k + 1}号楼", "cell_column": grid.cell[0], "cell_row": grid.cell[1],
            "shape": block.plots[place],
        }
        for k, place in enumerate(order)
    ]  # fmt: skip


def _on_the_ground(plots: pd.DataFrame, lines: list[LineString]) -> np.ndarray:
    """The plots' shapes in ticks, all sharing every vertex along every border.

    The cuts are noded together on the grain of the board, long edges get vertices so that they can bend, and
    faces are formed of what results: two neighbours then use the same numbers, not merely equal ones.
    """
    net = shapely.get_parts(shapely.union_all(lines, grid_size=GRAIN))
    faces = shapely.get_parts(shapely.polygonize(shapely.segmentize(net, LONGEST_EDGE)))
    inside = shapely.point_on_surface(faces)
    tree = shapely.STRtree(plots["shape"].to_numpy())
    face, plot = tree.query(inside, predicate="within")
    ground = shapely.transform(faces[face], to_ticks)
    counts = np.bincount(plot, minlength=len(plots))
    if (counts != 1).any():
        raise ValueError(
            f"town: got {int((counts != 1).sum())} plots without exactly one face; expected none"
        )
    shapes = np.empty(len(plots), dtype=object)
    shapes[plot] = shapely.normalize(ground)
    return shapes


def _codes(plots: pd.DataFrame) -> pd.DataFrame:
    """Codes of the five levels in version 1: nine digits for the street, two more for each level below.

    returns  the codes, and the number of each micro-grid within its grid
    """

    def within(child: str, parent: str) -> pd.Series:
        first = ~plots.duplicated(child)
        return first.groupby(plots[parent]).cumsum()

    number = within("micro", "grid")
    street = (plots["street"] + FIRST_STREET).astype(str)
    area = street + within("area", "street").map(TWO_DIGITS)
    grid = area + within("grid", "area").map(TWO_DIGITS)
    micro = grid + number.map(TWO_DIGITS)
    meta = micro + (plots.groupby("micro").cumcount() + 1).map(TWO_DIGITS)
    codes = pd.DataFrame(dict(zip(LEVELS, (street, area, grid, micro, meta), strict=True)))
    return codes.assign(number=number)


def _codes_after(old: pd.DataFrame, new: pd.DataFrame, codes: pd.DataFrame) -> pd.DataFrame:
    """Codes of version 2, as a careful office gives them: what did not change keeps its own.

    A micro-grid that moved keeps its code and gets the next number in its new grid; the parts of one that was split
    get the next numbers and codes of their grid; buildings keep theirs.
    """
    after, was = codes.reindex(new.index), old["micro"].reindex(new.index)
    for level in ("area", "grid"):
        after[level] = new[level].map(dict(zip(old[level], codes[level], strict=True)))
    split = new.groupby(was)["micro"].transform("nunique") > 1
    moved = after["grid"] != codes["grid"].reindex(new.index)
    last = codes.groupby("grid")["number"].max()
    for grid, own in new[split | moved].groupby(after["grid"]):
        turn = pd.factorize(own["micro"])[0] + 1
        after.loc[own.index, "number"] = last[grid] + turn
    fresh = after["grid"] + after["number"].map(TWO_DIGITS)
    return after.assign(microgrid=after["microgrid"].where(~split, fresh))


def _dissolved(ground: np.ndarray, keys: pd.Series) -> dict[str, shapely.Geometry]:
    """One shape per key: the union of an exact coverage, so no vertex is lost or moved."""
    members: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        members[key].append(place)
    return {key: shapely.normalize(shapely.coverage_union_all(ground[own])) for key, own in members.items()}


def _unit_frames(plots: pd.DataFrame, codes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All units of one version by level, in order of code."""
    titles = [
        plots["street_name"],
        plots["area_name"],
        plots["grid_name"],
        plots["grid_name"] + "-" + codes["number"].astype(str),
        plots["name"],
    ]
    frames = {}
    for depth, level in enumerate(LEVELS):
        parent = codes[LEVELS[depth - 1]] if depth else pd.Series("", index=codes.index)
        frame = pd.DataFrame({"code": codes[level], "name": titles[depth], "parent": parent})
        frame = frame.drop_duplicates("code").sort_values("code", ignore_index=True)
        shapes = _dissolved(plots["ground"].to_numpy(), codes[level])
        frame["geometry"] = [shapes[code] for code in frame["code"]]
        frames[level] = frame
    return frames


def _admin_frames(plots: pd.DataFrame, streets: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Units of the tree of committees by level, in order of code; its sub-districts are those of the grids."""
    codes = plots["committee_code"]
    frame = pd.DataFrame({"code": codes, "name": plots["committee_name"], "parent": plots["street_code"]})
    frame = frame.drop_duplicates("code").sort_values("code", ignore_index=True)
    shapes = _dissolved(plots["ground"].to_numpy(), codes)
    frame["geometry"] = [shapes[code] for code in frame["code"]]
    return dict(zip(ADMIN_LEVELS, (streets, frame), strict=True))


def _moved_micro(plots: pd.DataFrame) -> int:
    """The micro-grid of the giving grid that shares the longest border with the receiving grid."""
    own = plots[plots["grid_name"] == MOVED_FROM]
    other = shapely.union_all(plots.loc[plots["grid_name"] == MOVED_TO, "shape"].to_numpy())
    shapes = _micro_shapes(own)
    return max(shapes, key=lambda micro: shapes[micro].intersection(other).length)


def _micro_shapes(plots: pd.DataFrame) -> dict[int, shapely.Geometry]:
    """The shape of each micro-grid of some plots, on the board."""
    numbers = [int(number) for number in plots["micro"].unique()]
    return {n: shapely.union_all(plots.loc[plots["micro"] == n, "shape"].to_numpy()) for n in numbers}


def _merged_micros(plots: pd.DataFrame) -> tuple[int, int]:
    """The two micro-grids of one grid that share the longest border."""
    shapes = _micro_shapes(plots[(plots["street"] == 0) & (plots["grid_name"] == SPLIT_IN)])
    pairs = [(a, b) for a in shapes for b in shapes if a < b]
    return max(pairs, key=lambda pair: shapes[pair[0]].intersection(shapes[pair[1]]).length)


def _version_frames(plots: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plots as counted in version 1 and in version 2 (after the redrawing)."""
    old = plots.copy()
    one, two = _merged_micros(plots)
    old.loc[old["micro"] == two, ["micro", "estate"]] = [
        one,
        plots.loc[plots["micro"] == one, "estate"].iloc[0],
    ]
    new = plots.copy()
    target = plots[(plots["street"] == 0) & (plots["grid_name"] == MOVED_TO)].iloc[0]
    columns = ["area", "area_name", "grid", "grid_name"]
    new.loc[new["micro"] == _moved_micro(plots), columns] = target[columns].to_list()
    order = ["street", "area", "grid", "micro"]
    return old.sort_values(order, kind="stable"), new.sort_values(order, kind="stable")


def make_town(size: Size, *, seed: int) -> Town:
    """Lay out the whole town for a size and a seed; the same arguments give the same town."""
    board = make_board(size, seed=seed)
    grids = _plan(board, size, seed=seed)
    plots, lines, through, lanes = _cut_all(board, grids, size, seed=seed)
    plots["ground"] = _on_the_ground(plots, lines)
    old, new = _version_frames(plots)
    codes_old = _codes(old)
    codes_new = _codes_after(old, new, codes_old)
    units = {"v1": _unit_frames(old, codes_old), "v2": _unit_frames(new, codes_new)}
    plots = new.assign(code=codes_new["metagrid"], grid_before=old["grid_name"].reindex(new.index))
    plots["micro_code"], plots["grid_code"] = codes_new["microgrid"], codes_new["grid"]
    plots = plots.assign(street_code=codes_new["subdistrict"])
    plots = plots.join(committee_of(plots, seed=seed))
    admin = _admin_frames(plots, units["v2"]["subdistrict"])
    banks = river_bank(board, -1), river_bank(board, +1)
    return Town(board, banks, through, plots.reset_index(drop=True), units, admin, tuple(lanes))
