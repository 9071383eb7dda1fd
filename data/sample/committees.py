"""Residents' committees: a second division of every sub-district, made of whole micro-grids but not of whole grids."""

import numpy as np
import pandas as pd
import shapely

from data.sample import names
from data.sample.board import METRE
from data.sample.sizes import stream

MICROS = 10  # of a committee, about
FEWEST, MOST = 2, 12  # committees of a sub-district
BORDER = 20 * METRE  # two micro-grids that share less than this only touch

Graph = dict[int, dict[int, float]]


def committee_of(plots: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Code and name of the committee of each plot, on the index of `plots`.

    plots   street (number), street_code, micro (number), shape (board centimetres)
    """
    parts = [_of_street(part, seed=seed) for _, part in plots.groupby("street", sort=True)]
    return pd.concat(parts).reindex(plots.index)


def _of_street(plots: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    shapes = {
        int(micro): shapely.union_all(plots.loc[plots["micro"] == micro, "shape"].to_numpy())
        for micro in plots["micro"].unique()
    }
    count = int(np.clip(round(len(shapes) / MICROS), FEWEST, MOST))
    street = int(plots["street"].iloc[0])
    draw = stream(seed, "committees", street)
    regions = _grow(_neighbours(shapes), _spread(shapes, count, draw))
    centres = {micro: shape.centroid for micro, shape in shapes.items()}
    order = sorted(regions, key=lambda own: min((centres[m].y // (200 * METRE), centres[m].x) for m in own))
    called = names.committee_names(seed, f"committees {street}", len(order))
    number = {micro: place for place, own in enumerate(order) for micro in own}
    place = plots["micro"].map(number)
    code = plots["street_code"] + (place + 1).map("{:03d}".format)
    return pd.DataFrame({"committee_code": code, "committee_name": place.map(dict(enumerate(called)))})


def _neighbours(shapes: dict[int, shapely.Geometry]) -> Graph:
    """Lengths of the borders that micro-grids share, in centimetres."""
    numbers = list(shapes)
    outlines = np.array([shapes[number] for number in numbers], dtype=object)
    one, other = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    one, other = one[one < other], other[one < other]
    length = shapely.length(shapely.intersection(outlines[one], outlines[other]))
    found: Graph = {number: {} for number in numbers}
    for first, second, border in zip(one.tolist(), other.tolist(), length.tolist(), strict=True):
        if border >= BORDER:
            found[numbers[first]][numbers[second]] = border
            found[numbers[second]][numbers[first]] = border
    return found


def _spread(shapes: dict[int, shapely.Geometry], count: int, draw: np.random.Generator) -> list[int]:
    """Micro-grids far from each other: a first by chance, then always the farthest from all chosen."""
    numbers = sorted(shapes)
    points = np.array([(shapes[n].centroid.x, shapes[n].centroid.y) for n in numbers])
    chosen = [int(draw.integers(len(numbers)))]
    nearest = np.hypot(*(points - points[chosen[0]]).T)
    while len(chosen) < min(count, len(numbers)):
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.hypot(*(points - points[chosen[-1]]).T))
    return [numbers[at] for at in chosen]


def _grow(graph: Graph, seeds: list[int]) -> list[list[int]]:
    """Connected regions around the seeds: over and over the smallest takes the neighbour it shares most border with.

    What no region reaches (the river parts it from all) becomes a region of its own.
    """
    regions = [[seed] for seed in seeds]
    free = set(graph) - set(seeds)
    growing = list(regions)
    while free:
        if not growing:
            regions.append([min(free)])
            free -= set(regions[-1])
            growing = [regions[-1]]
        region = min(growing, key=len)
        border: dict[int, float] = {}
        for member in region:
            for neighbour, length in graph[member].items():
                if neighbour in free:
                    border[neighbour] = border.get(neighbour, 0.0) + length
        if not border:
            growing = [other for other in growing if other is not region]
            continue
        taken = max(sorted(border), key=lambda number: border[number])
        region.append(taken)
        free.discard(taken)
    return regions
