"""The drawing board: streets, river and canal as straight lines in centimetres, and the bend that turns
them into a city.

Everything is laid out on a plain lattice first, in whole grains of 20 cm so that crossings are exact, x to
the east and y to the south. `to_ticks` then bends the board (no street stays straight, none are parallel) and
lays it on the ground near 121.525 E 31.285 N. A tick is 1e-7 degree; ground coordinates stay whole ticks
until they are written, so that two units share a border to the last digit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

from data.sample import names
from data.sample.sizes import Size, stream

METRE = 100
# Corners of the plan lie on this grid of centimetres: apart enough to stay apart when ticks are rounded.
GRAIN = 20
TICKS = 10_000_000
CENTRE = (121.525, 31.285)
METRES_PER_DEGREE = 111_195.0
TURN = np.radians(-9.0)
HOME_WIDTHS = (318, 338, 356, 346, 380)
HOME_HEIGHTS = (298, 270, 318, 306, 280)

Cell = tuple[int, int]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Board:
    """The lattice of streets. Lines are numbered from the home patch: line 0 is its west (north) edge.

    xs, ys      positions of the lattice lines in centimetres, by index + `left` (`top`)
    left, top   how many lines lie west (north) of the home patch
    members     cells (column, row) that belong to the city; the rest are surroundings
    """

    xs: tuple[int, ...]
    ys: tuple[int, ...]
    left: int
    top: int
    members: frozenset[Cell]

    def x(self, column: int) -> int:
        """Where vertical line `column` stands."""
        return self.xs[column + self.left]

    def y(self, row: int) -> int:
        """Where horizontal line `row` lies."""
        return self.ys[row + self.top]

    @property
    def columns(self) -> range:
        """Columns of cells, members and surroundings."""
        return range(-self.left, len(self.xs) - 1 - self.left)

    @property
    def rows(self) -> range:
        """Rows of cells, members and surroundings."""
        return range(-self.top, len(self.ys) - 1 - self.top)


RIVER_LINE = len(HOME_WIDTHS)


def on_grain(value: Floats) -> Floats:
    """Board centimetres on the nearest grain."""
    return np.round(value / GRAIN) * GRAIN


def _positions(
    widths: tuple[int, ...], *, before: int, after: int, draw: np.random.Generator
) -> tuple[int, ...]:
    lead = on_grain(draw.uniform(275, 355, before) * METRE)
    tail = on_grain(draw.uniform(275, 355, after) * METRE)
    home = np.concatenate([[0], np.cumsum(widths)]) * METRE
    west = -np.cumsum(lead)[::-1]
    east = home[-1] + np.cumsum(tail)
    return tuple(int(v) for v in np.concatenate([west, home, east]))


def _members(size: Size) -> frozenset[Cell]:
    """The home patch and, in larger sizes, the cells inside a rounded outline around it."""
    home = set(names.HOME_CELLS)
    if size.subdistricts == 1:
        return frozenset(home)
    wide, high = size.radius
    reach = range(-int(wide + high) - 2, int(wide + high) + 8)
    middle_x, middle_y = 3.0, 1.5
    around = {
        (c, r)
        for c in reach
        for r in reach
        if (abs(c + 0.5 - middle_x) / wide) ** 2.6 + (abs(r + 0.5 - middle_y) / high) ** 2.6 < 1
    }
    return frozenset(home | around)


def make_board(size: Size, *, seed: int) -> Board:
    """Lay out the lattice: the home patch by hand, the rest drawn from the seed."""
    members = _members(size)
    columns, rows = [c for c, _ in members], [r for _, r in members]
    left, top = size.margin - min(columns), size.margin - min(rows)
    right = size.margin + max(columns) + 1 - len(HOME_WIDTHS)
    bottom = size.margin + max(rows) + 1 - len(HOME_HEIGHTS)
    return Board(
        xs=_positions(HOME_WIDTHS, before=left, after=right, draw=stream(seed, "columns")),
        ys=_positions(HOME_HEIGHTS, before=top, after=bottom, draw=stream(seed, "rows")),
        left=left,
        top=top,
        members=members,
    )


def river_bank(board: Board, side: int) -> LineString:
    """The west (-1) or east (+1) bank: it follows lattice line `RIVER_LINE`, from north to south.

    Its vertices include the height of every horizontal street, so that cells above and below share them.
    """
    y = np.unique(np.concatenate([board.ys, np.arange(board.ys[0], board.ys[-1], 32 * METRE)])) / METRE
    middle = board.x(RIVER_LINE) / METRE - 20 + 62 * np.sin(y / 330 + 1.9) + 24 * np.sin(y / 147 + 0.4)
    half = 25 + 5 * np.sin(y / 210) + 3 * np.sin(y / 61)
    return LineString(np.column_stack([on_grain((middle + side * half) * METRE), on_grain(y * METRE)]))


def river(board: Board) -> Polygon:
    """The river between its banks."""
    west, east = river_bank(board, -1), river_bank(board, +1)
    return Polygon([*west.coords, *reversed(east.coords)])


def canal(board: Board) -> LineString:
    """The middle of a narrow canal that winds through the second column."""
    y = np.arange(board.ys[0], board.ys[-1], 25 * METRE) / METRE
    x = board.x(1) / METRE + 118 + 48 * np.sin(y / 260 + 0.7) + 17 * np.sin(y / 97)
    return LineString(np.column_stack([x, y]) * METRE)


def avenue(board: Board) -> LineString:
    """The diagonal avenue: through the street corners where column + row = 4, from south-west to north-east."""
    corners = [
        (board.x(c), board.y(4 - c))
        for c in range(-board.left, len(board.xs) - board.left)
        if -board.top <= 4 - c < len(board.ys) - board.top
    ]
    return LineString(corners)


def cell_shape(board: Board, cell: Cell, banks: tuple[LineString, LineString]) -> Polygon:
    """One cell between four streets; beside the river its bank takes the place of the street."""
    column, row = cell
    x0, x1, y0, y1 = board.x(column), board.x(column + 1), board.y(row), board.y(row + 1)
    if column not in (RIVER_LINE - 1, RIVER_LINE):
        return Polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    bank = banks[0] if column == RIVER_LINE - 1 else banks[1]
    edge = [(x, y) for x, y in bank.coords if y0 <= y <= y1]
    far = x0 if column == RIVER_LINE - 1 else x1
    return Polygon([(far, y0), *edge, (far, y1)])


def avenue_part(board: Board, cell: Cell) -> LineString | None:
    """The stretch of the avenue that runs through a cell from corner to corner, if one does."""
    column, row = cell
    if column + row != 3:
        return None
    return LineString([(board.x(column), board.y(row + 1)), (board.x(column + 1), board.y(row))])


def to_metres(points: Floats) -> Floats:
    """Bend the board: points in centimetres on it become metres east and north of the centre."""
    x, y = points[:, 0] / METRE, points[:, 1] / METRE
    east = x + 30 * np.sin(y / 310 + 0.6) + 13 * np.sin((x + y) / 190) + 140 * np.sin(y / 2300 + 0.2)
    south = y + 36 * np.sin(x / 420 + 1.1) + 11 * np.sin((x - 1.3 * y) / 210) + 170 * np.sin(x / 2600 - 0.3)
    east, south = east - 845, south - 640
    return np.column_stack(
        [east * np.cos(TURN) - south * np.sin(TURN), -(east * np.sin(TURN) + south * np.cos(TURN))]
    )


def to_ticks(points: Floats) -> Floats:
    """Board centimetres to longitude and latitude in whole ticks (WGS84)."""
    metres = to_metres(points)
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(CENTRE[1])), 1.0])
    return np.round((metres / scale + CENTRE) * TICKS)
