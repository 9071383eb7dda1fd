"""What lies under the units on the map: streets, water, buildings and estate names, beyond the border too."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from data.sample import names
from data.sample.blocks import Middle, cut_cell, slabs
from data.sample.board import METRE, RIVER_LINE, Board, Cell, avenue, canal, cell_shape, river, to_ticks
from data.sample.sizes import Size, stream
from data.sample.town import LONGEST_EDGE, Town

Feature = tuple[dict[str, object], shapely.Geometry]
CANAL_WIDTH = 11 * METRE


def _ground(shape: shapely.Geometry) -> shapely.Geometry:
    """A board shape in ticks, with vertices enough to bend."""
    return shapely.transform(shapely.segmentize(shape, LONGEST_EDGE), to_ticks)


def road_names(board: Board, *, seed: int) -> tuple[dict[int, str], dict[int, str]]:
    """Names of the horizontal and of the vertical streets by line number; the home patch keeps its own."""
    stems = names.place_stems(seed, "roads")
    home_east = dict(enumerate(names.HOME_ROADS_EAST))
    home_north = dict(enumerate(names.HOME_ROADS_NORTH))
    east = {r: home_east.get(r) or next(stems) + "路" for r in range(-board.top, len(board.ys) - board.top)}
    north = {
        c: home_north.get(c) or next(stems) + "路" for c in range(-board.left, len(board.xs) - board.left)
    }
    return east, north


def _is_main(line: int) -> bool:
    """Every other street is a main road; those of the home patch were chosen by eye."""
    return line % 2 == 0 or line == RIVER_LINE


def roads(town: Town, around: list[LineString], *, seed: int) -> list[Feature]:
    """Main roads, secondary roads and lanes with class and name."""
    board = town.board
    east, north = road_names(board, seed=seed)
    found: list[Feature] = []
    for row, name in east.items():
        line = LineString([(board.xs[0], board.y(row)), (board.xs[-1], board.y(row))])
        found.append(({"class": "main" if _is_main(row) else "secondary", "name": name}, _ground(line)))
    for column, name in north.items():
        if column != RIVER_LINE:
            line = LineString([(board.x(column), board.ys[0]), (board.x(column), board.ys[-1])])
            found.append(
                ({"class": "main" if _is_main(column) else "secondary", "name": name}, _ground(line))
            )
    found.append(({"class": "main", "name": names.AVENUE}, _ground(avenue(board))))
    found += [({"class": "lane", "name": ""}, _ground(lane)) for lane in (*town.lanes, *around)]
    return found


def water(board: Board) -> list[Feature]:
    """The river and the canal."""
    stream_bed = canal(board).buffer(CANAL_WIDTH / 2, cap_style="flat")
    return [
        ({"class": "river", "name": names.RIVER}, _ground(river(board))),
        ({"class": "canal", "name": names.CANAL}, _ground(stream_bed)),
    ]


def surroundings(
    board: Board, size: Size, *, banks: tuple[LineString, LineString], middle: dict[Cell, Middle], seed: int
) -> tuple[dict[Cell, list[Polygon]], list[LineString]]:
    """Plots and lanes of the cells that do not belong to the town, so that its map is no island."""
    plots: dict[Cell, list[Polygon]] = {}
    lanes: list[LineString] = []
    for cell in ((c, r) for r in board.rows for c in board.columns):
        if cell in board.members:
            continue
        blocks, cuts = cut_cell(
            board, cell, cell_shape(board, cell, banks), micros=size.micros, plots=size.plots,
            middle=middle[cell], draw=stream(seed, "cuts", *cell),
        )  # fmt: skip
        plots[cell] = [plot for block in blocks for plot in block.plots]
        lanes += cuts
    return plots, lanes


def buildings(town: Town, around: dict[Cell, list[Polygon]], *, seed: int) -> list[Feature]:
    """Buildings, one feature of many polygons per grid cell; none in the canal or under the avenue."""
    plots: dict[Cell, list[Polygon]] = defaultdict(list)
    for column, row, shape in zip(
        town.plots["cell_column"], town.plots["cell_row"], town.plots["shape"], strict=True
    ):
        plots[column, row].append(shape)
    plots |= around
    closed = (
        canal(town.board).buffer(CANAL_WIDTH / 2 + 5 * METRE).union(avenue(town.board).buffer(15 * METRE))
    )
    shapely.prepare(closed)
    found: list[Feature] = []
    for cell, own in plots.items():
        draw = stream(seed, "slabs", *cell)
        slabs_here = np.array([slab for plot in own for slab in slabs(plot, draw)], dtype=object)
        if len(slabs_here):
            free = slabs_here[~shapely.intersects(closed, slabs_here)]
            found.append(({"class": "building"}, _ground(shapely.multipolygons(free))))
    return found


def places(town: Town) -> list[Feature]:
    """Estate names (小区) as points; rank 1 is the first to be shown, 3 the last."""
    by_micro = town.plots.groupby("micro", sort=True)
    rows = [(str(own["estate"].iloc[0]), shapely.union_all(own["ground"].to_numpy())) for _, own in by_micro]
    areas = np.array([shape.area for _, shape in rows])
    rank = np.digitize(areas, np.quantile(areas, [0.4, 0.8]))
    return [
        (
            {"name": name, "kind": "estate", "rank": 3 - int(r)},
            shapely.transform(shapely.point_on_surface(shape), np.round),
        )
        for (name, shape), r in zip(rows, rank, strict=True)
    ]


def layers(town: Town, size: Size, *, seed: int) -> Iterator[tuple[str, list[Feature]]]:
    """Every background layer as (file stem, features), coordinates in ticks."""
    around, lanes = surroundings(town.board, size, banks=town.banks, middle=town.middles, seed=seed)
    yield "roads", roads(town, lanes, seed=seed)
    yield "water", water(town.board)
    yield "buildings", buildings(town, around, seed=seed)
    yield "places", places(town)
