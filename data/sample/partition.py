"""Which cells form a sub-district, which grids form an area: connected groups of like size, of many shapes."""

import numpy as np

from data.sample import names
from data.sample.board import RIVER_LINE, Cell


def _beside(cell: Cell) -> tuple[Cell, ...]:
    """The four neighbours of a cell; the river parts those on either bank."""
    column, row = cell
    found = [(column, row - 1), (column, row + 1)]
    if column != RIVER_LINE:
        found.append((column - 1, row))
    if column != RIVER_LINE - 1:
        found.append((column + 1, row))
    return tuple(found)


def _spread_seeds(cells: list[Cell], count: int, draw: np.random.Generator) -> list[Cell]:
    """`count` cells far from each other: each next one is the farthest of a random handful."""
    places = np.array(cells)
    chosen = [int(draw.integers(len(cells)))]
    nearest = np.abs(places - places[chosen[0]]).sum(axis=1)
    while len(chosen) < count:
        handful = draw.choice(len(cells), size=min(len(cells), 24), replace=False)
        best = int(handful[np.argmax(nearest[handful])])
        chosen.append(best)
        nearest = np.minimum(nearest, np.abs(places - places[best]).sum(axis=1))
    return [cells[k] for k in chosen]


def _next_cell(region: set[Cell], free: set[Cell], draw: np.random.Generator) -> Cell | None:
    """The free neighbour that touches the region most, ties by chance: shapes stay compact, never square."""
    frontier = sorted({n for cell in region for n in _beside(cell) if n in free})
    if not frontier:
        return None
    touching = [sum(n in region for n in _beside(cell)) + draw.random() for cell in frontier]
    return frontier[int(np.argmax(touching))]


def grow(cells: set[Cell], count: int, draw: np.random.Generator) -> list[set[Cell]]:
    """Divide cells into about `count` connected regions.

    The smallest region that can grow takes a cell, over and over. Cells cut off by the river from every
    seed become regions of their own, so that nothing is left over.
    """
    free = set(cells)
    regions = [{seed} for seed in _spread_seeds(sorted(cells), count, draw)]
    free -= set().union(*regions)
    growing = list(regions)
    while free:
        if not growing:
            first = min(free)
            regions.append({first})
            growing.append(regions[-1])
            free.discard(first)
        region = min(growing, key=len)
        cell = _next_cell(region, free, draw)
        if cell is None:
            growing = [other for other in growing if other is not region]
        else:
            region.add(cell)
            free.discard(cell)
    return sorted(regions, key=lambda region: min((r, c) for c, r in region))


def home_areas() -> list[tuple[str, list[tuple[Cell, str]]]]:
    """The areas of the home sub-district with their cells and grid names, as planned by hand."""
    cell_of = {name: cell for cell, name in names.HOME_CELLS.items()}
    return [(area, [(cell_of[grid], grid) for grid in grids]) for area, grids in names.HOME_AREAS.items()]


def drawn_areas(
    region: set[Cell], stems: list[str], draw: np.random.Generator
) -> list[tuple[str, list[tuple[Cell, str]]]]:
    """Areas of any other sub-district: connected groups of about four grids, named stem + number."""
    parts = grow(region, len(stems), draw)
    ordinals = "一二三四五六七八九十"
    named = []
    for stem, part in zip(stems, parts, strict=False):
        cells = sorted(part, key=lambda c: (c[1], c[0]))
        named.append((stem, [(cell, f"{stem}{ordinals[k]}") for k, cell in enumerate(cells)]))
    return named
