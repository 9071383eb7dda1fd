"""Cells become micro-grids, micro-grids become building plots: cuts along the board, none left over."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from data.sample.board import GRAIN, METRE, Board, Cell, avenue_part

SNAP = 0.11


@dataclass(frozen=True)
class Block:
    """One micro-grid on the board: its shape, its plots in the order they were cut, and the cuts between."""

    shape: Polygon
    plots: tuple[Polygon, ...]
    cuts: tuple[LineString, ...]


@dataclass(frozen=True)
class Middle:
    """Where the through lane of a column (x) or a row (y) runs, so that lanes meet across grid borders."""

    x: int
    y: int


def middles(board: Board, draw: np.random.Generator) -> dict[Cell, Middle]:
    """One through lane per column and per row, somewhere between two fifths and three fifths."""
    share_x = {c: draw.uniform(0.4, 0.6) for c in board.columns}
    share_y = {r: draw.uniform(0.4, 0.6) for r in board.rows}
    x = {c: _on_grain(board.x(c) + s * (board.x(c + 1) - board.x(c))) for c, s in share_x.items()}
    y = {r: _on_grain(board.y(r) + s * (board.y(r + 1) - board.y(r))) for r, s in share_y.items()}
    return {(c, r): Middle(x[c], y[r]) for c in board.columns for r in board.rows}


def _on_grain(value: float) -> int:
    return round(value / GRAIN) * GRAIN


def _at_share(shape: Polygon, axis: int, share: float) -> int:
    """The position along an axis that leaves `share` of the area on its low side."""
    x0, y0, x1, y1 = shape.bounds
    low, high = (x0, x1) if axis == 0 else (y0, y1)
    guess = low + share * (high - low)
    if shape.area > 0.999 * (x1 - x0) * (y1 - y0):
        return _on_grain(guess)
    for _ in range(12):
        cut = (x0, y0, guess, y1) if axis == 0 else (x0, y0, x1, guess)
        if shapely.clip_by_rect(shape, *cut).area < share * shape.area:
            low = guess
        else:
            high = guess
        guess = (low + high) / 2
    return _on_grain(guess)


def _cut(shape: Polygon, axis: int, at: int) -> tuple[Polygon, Polygon, LineString] | None:
    """Cut a shape at one position of an axis; nothing if a side would fall into several pieces."""
    x0, y0, x1, y1 = shape.bounds
    if axis == 0:
        first, second = box(x0, y0, at, y1), box(at, y0, x1, y1)
        line = LineString([(at, y0), (at, y1)])
    else:
        first, second = box(x0, y0, x1, at), box(x0, at, x1, y1)
        line = LineString([(x0, at), (x1, at)])
    one, two, seam = shape.intersection(first), shape.intersection(second), shape.intersection(line)
    if isinstance(one, Polygon) and isinstance(two, Polygon) and isinstance(seam, LineString):
        return one, two, seam
    return None


def divide(
    shape: Polygon, count: int, draw: np.random.Generator, *, through: Middle | None = None
) -> tuple[list[Polygon], list[LineString]]:
    """Divide a shape into `count` pieces of like area, always across its longer side.

    through: a lane to follow if one lies close to where the cut would be
    returns: the pieces and the cuts between them
    """
    if count <= 1:
        return [shape], []
    x0, y0, x1, y1 = shape.bounds
    axes = (0, 1) if x1 - x0 >= y1 - y0 else (1, 0)
    few = count // 2 if draw.random() < 0.5 else count - count // 2
    for axis in axes:
        at = _at_share(shape, axis, few / count)
        if through is not None:
            lane, reach = (through.x, x1 - x0) if axis == 0 else (through.y, y1 - y0)
            at = lane if abs(lane - at) < SNAP * reach else at
        done = _cut(shape, axis, at)
        if done:
            break
    else:
        raise ValueError(f"divide: got a shape at {shape.bounds} that no straight cut parts in two")
    one, cuts_one = divide(done[0], few, draw, through=through)
    two, cuts_two = divide(done[1], count - few, draw, through=through)
    return one + two, [done[2], *cuts_one, *cuts_two]


def _halves(board: Board, cell: Cell, shape: Polygon) -> list[Polygon]:
    """The parts of a cell on either side of the avenue (one part where it does not pass)."""
    street = avenue_part(board, cell)
    if street is None:
        return [shape]
    (west, south), (east, north) = street.coords
    # A triangle over everything north-west of the avenue, wide enough for a cell that bulges with the river.
    corner_sw, corner_ne = (2 * west - east, 2 * south - north), (2 * east - west, 2 * north - south)
    above = Polygon([corner_sw, corner_ne, (corner_sw[0], corner_ne[1])])
    parts = [shape.intersection(above), shape.difference(above)]
    return parts if all(isinstance(part, Polygon) for part in parts) else [shape]


def cut_cell(
    board: Board,
    cell: Cell,
    shape: Polygon,
    *,
    micros: int,
    plots: int,
    middle: Middle,
    draw: np.random.Generator,
) -> tuple[list[Block], list[LineString]]:
    """A grid's micro-grids with their plots, and the lanes between them (board centimetres)."""
    halves = _halves(board, cell, shape)
    share = halves[0].area / shape.area
    first = min(max(round(share * micros), 1), micros - 1) if len(halves) == 2 else micros
    counts: Sequence[int] = [first, micros - first][: len(halves)]
    blocks: list[Block] = []
    lanes: list[LineString] = []
    for half, count in zip(halves, counts, strict=True):
        pieces, cuts = divide(half, count, draw, through=middle)
        lanes += cuts
        for piece in pieces:
            parts, seams = divide(piece, plots, draw)
            blocks.append(Block(piece, tuple(parts), tuple(seams)))
    return blocks, lanes


def slabs(plot: Polygon, draw: np.random.Generator) -> list[Polygon]:
    """The buildings of one plot: slabs facing south in rows, now and then a tower, a hall, or a green."""
    inner = plot.buffer(-6 * METRE, join_style="mitre")
    if not isinstance(inner, Polygon) or inner.is_empty:
        return []
    x0, y0, x1, y1 = inner.bounds
    kind = draw.random()
    if kind < 0.05:
        return []
    deep, pitch = (12.5, 25.0) if kind < 0.80 else (22.0, 38.0) if kind < 0.93 else (30.0, 70.0)
    rows = max(int((y1 - y0 + (pitch - deep) * METRE) // (pitch * METRE)), 1)
    depth = min(deep * METRE, y1 - y0)
    wide = x1 - x0
    across = 2 if wide > 62 * METRE and kind < 0.93 else 1
    found = []
    for row in range(rows):
        top = y0 + (row + 0.5) * (y1 - y0) / rows - depth / 2
        for k in range(across):
            span = wide / across
            width = span * draw.uniform(0.72, 0.97) - (5 * METRE if across == 2 else 0)
            start = x0 + k * span + draw.uniform(0, span - width)
            found.append(box(start, top, start + width, top + depth))
    if inner.area > 0.999 * (x1 - x0) * (y1 - y0):
        return found
    close = inner.buffer(1)
    return [slab for slab in found if close.contains(slab)] or _shrunk(inner)


def _shrunk(inner: Polygon) -> list[Polygon]:
    """A building that follows the outline of a plot too crooked for a slab."""
    core = inner.buffer(-3 * METRE, join_style="mitre").simplify(2 * METRE)
    if isinstance(core, MultiPolygon):
        core = max(core.geoms, key=lambda part: part.area)
    return [core] if core.area > 60 * METRE**2 else []
