"""Point to unit: the grid index against geopandas, on nested synthetic cities of 3,200 and 38,400 leaves.

    python benchmarks/locate.py [--leaves 3200 38400] [--points 1000000] [--rounds 3]

Prints, per city, medians and ratios taken within one run: building, saving and loading the index; a million
clustered points to all five levels by ``Locator`` and parent positions against five ``geopandas.sjoin`` calls;
differences from shapely; points exactly on shared vertices and on rounded midpoints of shared edges.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely

from geo.edges import edges_of, shared
from geo.locate import Locator
from geo.units import ancestors, arrange

# Children per unit at the five levels, as columns x rows.
NESTS = {
    3_200: ((1, 1), (5, 1), (2, 4), (2, 5), (4, 2)),
    38_400: ((4, 3), (5, 1), (2, 4), (2, 5), (4, 2)),
}
LEAF_M = 132.0
WEST, SOUTH = 121.5, 31.2
PER_LON, PER_LAT = 111_320.0 * np.cos(np.radians(SOUTH)), 111_320.0


def _lines(start: np.ndarray, stop: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Crooked lines of 1 to 9 inner points between corners, ends included, snapped to 1e-7 degree."""
    lines = []
    for a, b, inner in zip(start, stop, rng.integers(1, 10, len(start)), strict=True):
        part = np.sort(rng.uniform(0.05, 0.95, inner))[:, None]
        # Flat towards both corners, so that no line crosses its neighbours there.
        off = rng.uniform(-0.07, 0.07, (inner, 1)) * np.sin(np.pi * part) * (b - a)[::-1] * (1, -1)
        lines.append(np.round(np.vstack([a, a + part * (b - a) + off, b]), 7))
    return lines


def leaves_of(columns: int, rows: int, *, rng: np.random.Generator) -> np.ndarray:
    """Polygons of a jittered lattice, row by row; neighbours share their crooked edges exactly."""
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    corner = np.stack([x, y], axis=-1) + rng.uniform(-0.2, 0.2, (rows + 1, columns + 1, 2))
    corner = np.round(corner * LEAF_M / (PER_LON, PER_LAT) + (WEST, SOUTH), 7)
    level = _lines(corner[:, :-1].reshape(-1, 2), corner[:, 1:].reshape(-1, 2), rng)
    upright = _lines(corner[:-1].reshape(-1, 2), corner[1:].reshape(-1, 2), rng)
    shapes = np.empty(rows * columns, dtype=object)
    for row in range(rows):
        for column in range(columns):
            bottom, top = level[row * columns + column], level[(row + 1) * columns + column]
            left, right = upright[row * (columns + 1) + column], upright[row * (columns + 1) + column + 1]
            ring = np.vstack([bottom[:-1], right[:-1], top[:0:-1], left[::-1]])
            shapes[row * columns + column] = shapely.Polygon(ring)
    return shapes


def city(leaves: int, *, seed: int) -> pd.DataFrame:
    """An arranged five-level tree with shapes; parents are exact unions of their children."""
    nest = np.array(NESTS[leaves])
    columns, rows = nest.prod(axis=0).tolist()
    at = np.stack([np.tile(np.arange(columns), rows), np.repeat(np.arange(rows), columns)])
    shapes = leaves_of(columns, rows, rng=np.random.default_rng(seed))
    frames = []
    codes = pd.Series("", index=range(leaves))
    for level in range(5):
        across, up = nest[level + 1 :].prod(axis=0)
        part = (at[0] // across % nest[level][0]) * nest[level][1] + at[1] // up % nest[level][1]
        parent, codes = codes, codes + pd.Series(part).map("{:02d}".format)
        frame = pd.DataFrame({"code": codes, "parent_code": parent, "level": level, "geometry": shapes})
        frames.append(frame)
    units = [frame.groupby(["code", "parent_code", "level"], as_index=False).agg(_union) for frame in frames]
    whole = pd.concat(units, ignore_index=True).replace({"parent_code": {"": np.nan}})
    return arrange(whole.assign(name=whole["code"]))


def _union(shapes: pd.Series) -> object:
    return shapely.coverage_union_all(shapes.to_numpy()) if len(shapes) > 1 else shapes.iloc[0]


def clustered(shapes: np.ndarray, points: int, *, seed: int) -> np.ndarray:
    """Points as cases fall: 55 % in hot spots, 25 % within 15 m of a border, 18 % anywhere, 2 % far away."""
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(shapes)
    low, size = np.array([west, south]), np.array([east - west, north - south])
    metre = 1 / np.array([PER_LON, PER_LAT])
    spots = low + rng.uniform(0, 1, (400, 2)) * size
    hot = spots[rng.integers(0, 400, points * 55 // 100)]
    hot = hot + rng.normal(0, 60, hot.shape) * metre
    vertices = shapely.get_coordinates(shapes)
    border = vertices[rng.integers(0, len(vertices), points // 4)]
    border = border + rng.uniform(-15, 15, border.shape) * metre
    anywhere = low + rng.uniform(0, 1, (points * 18 // 100, 2)) * size
    far = low + rng.uniform(-3, 4, (points - len(hot) - len(border) - len(anywhere), 2)) * size
    return rng.permutation(np.vstack([hot, border, anywhere, far]))


def reference(shapes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Lowest index among the shapes that intersect each point, -1 for none, by shapely alone."""
    point, unit = shapely.STRtree(shapes).query(shapely.points(at), predicate="intersects")
    found = np.full(len(at), len(shapes))
    np.minimum.at(found, point, unit)
    return np.where(found == len(shapes), -1, found)


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def race(units: pd.DataFrame, locator: Locator, at: np.ndarray, *, rounds: int) -> None:
    """Five levels by the index and parent positions, against five joins, in rotation."""
    table = ancestors(units)
    leaf = units["pos"].to_numpy()[units["level"] == 4]
    pos_of = np.r_[leaf, 0].astype(np.int32)  # index -1 reads the last entry: nowhere
    lon, lat = np.ascontiguousarray(at[:, 0]), np.ascontiguousarray(at[:, 1])
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat))
    level = [
        geopandas.GeoDataFrame(units[units["level"] == depth][["pos", "geometry"]]) for depth in range(5)
    ]

    def by_index() -> np.ndarray:
        return table[:, pos_of[locator.locate(lon, lat)]]

    def by_joins() -> None:
        for frame in level:
            geopandas.sjoin(points, frame, predicate="within")

    ours, theirs = [], []
    for _ in range(rounds):
        ours += [_timed(by_index) for _ in range(3)]
        theirs.append(_timed(by_joins))
    fast, slow = statistics.median(ours), statistics.median(theirs)
    print(
        f"  five levels       {fast / len(at) * 1e9:8.1f} ns/point, five sjoins {slow / len(at) * 1e9:8.1f}: ",
        end="",
    )
    print(f"{slow / fast:.1f} times")


def borders(shapes: np.ndarray, locator: Locator, *, count: int, seed: int) -> None:
    """Points on shared vertices and on rounded midpoints of shared edges: each in one unit, the lowest."""
    edges = edges_of(shapes)
    order, first = shared(edges)
    twins = order[first[:-1][np.diff(first) > 1]]
    chosen = np.random.default_rng(seed).choice(twins, count)
    for title, at in (
        ("shared vertices", edges.a[chosen]),
        ("edge midpoints", (edges.a[chosen] + edges.b[chosen]) / 2),
    ):
        expected = reference(shapes, at)
        found = locator.locate(at[:, 0], at[:, 1])
        print(f"  {title:<16}  {(found != expected).sum()} of {count} differ, {(found < 0).sum()} unassigned")


def bench(leaves: int, *, points: int, rounds: int) -> None:
    """Print every figure for one city."""
    units = city(leaves, seed=7)
    shapes = units["geometry"].to_numpy()[units["level"] == 4]
    build = time.perf_counter()
    locator = Locator.build(shapes)
    build = time.perf_counter() - build
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.npz"
        locator.save(path)
        load = statistics.median(_timed(lambda: Locator.load(path)) for _ in range(5))
        locator = Locator.load(path)
    print(f"{leaves:,} leaves, {len(shapely.get_coordinates(shapes)):,} vertices")
    print(
        f"  index             {locator.nbytes / 1e6:.0f} MB, built in {build:.1f} s, loaded in {load * 1e3:.0f} ms"
    )
    at = clustered(shapes, points, seed=11)
    race(units, locator, at, rounds=rounds)
    differ = (locator.locate(at[:, 0], at[:, 1]) != reference(shapes, at)).sum()
    print(f"  clustered points  {differ} of {len(at):,} differ from shapely")
    borders(shapes, locator, count=100_000, seed=13)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leaves", type=int, nargs="+", choices=sorted(NESTS), default=sorted(NESTS))
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    for leaves in args.leaves:
        bench(leaves, points=args.points, rounds=args.rounds)


if __name__ == "__main__":
    main()
