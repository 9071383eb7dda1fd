"""Points to units: never a difference from shapely, on borders the lowest index, whatever the shapes."""

import threading

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import raster
from geo.locate import Locator, fingerprint
from geo.place import UnitLocator, open_locator
from geo.place import fingerprint as tree_fingerprint
from geo.units import arrange

WEST, SOUTH, STEP = 121.5, 31.2, 0.001


def expected(shapes, lon, lat):
    """Lowest index among the shapes that intersect each point, by shapely alone."""
    found = np.full(len(lon), -1)
    for index in range(len(shapes) - 1, -1, -1):
        if shapes[index] is not None:
            found[shapely.intersects_xy(shapes[index], lon, lat)] = index
    return found


def at(x, y):
    """Lattice units to degrees."""
    return WEST + np.asarray(x, float) * STEP, SOUTH + np.asarray(y, float) * STEP


def box(left, bottom, right, top):
    (west, east), (south, north) = at([left, right], [bottom, top])
    return shapely.box(west, south, east, north)


def delicate(shapes, rng):
    """Points where a careless test goes wrong: vertices, midpoints, level with vertices, a hair beside them."""
    vertices = np.vstack([shapely.get_coordinates(shape) for shape in shapes if shape is not None])
    middles = (vertices[:-1] + vertices[1:]) / 2
    level = np.column_stack([rng.choice(vertices[:, 0], 200), rng.choice(vertices[:, 1], 200)])
    spread = np.ptp(vertices, axis=0).max()
    anywhere = vertices.min(axis=0) + rng.uniform(-0.2, 1.2, (400, 2)) * np.ptp(vertices, axis=0)
    beside = [points + rng.normal(0, spread * hair, points.shape)
              for points in (vertices, middles) for hair in (1e-12, 1e-9, 1e-6, 1e-4)]  # fmt: skip
    return np.vstack([vertices, middles, level, anywhere, *beside]).T


@st.composite
def tilings(draw):
    """A jittered lattice of quadrilaterals, some merged with others, with a hole filled or left, or missing."""
    columns, rows = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    snap = draw(st.sampled_from([2, 7, 15]))
    corner = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1)
    corner += rng.uniform(-0.3, 0.3, corner.shape) * draw(st.sampled_from([0, 1]))
    corner = np.round(corner, snap) * STEP + (WEST, SOUTH)
    loops = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], axis=2)
    quads = shapely.polygons(loops.reshape(-1, 4, 2))
    owner = rng.integers(0, max(1, len(quads) * 2 // 3), len(quads))
    shapes = [shapely.union_all([quad for quad, own in zip(quads, owner, strict=True) if own == unit])
              for unit in range(owner.max() + 1)]  # fmt: skip
    return [None if shape.is_empty else shape for shape in shapes]


@st.composite
def tangles(draw):
    """Shapes that share no border on purpose: overlaps, gaps, holes, several parts."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = []
    for _ in range(draw(st.integers(1, 8))):
        spokes = rng.integers(3, 24)
        turn = np.sort(rng.uniform(0, 2 * np.pi, spokes))
        reach = rng.uniform(0.3, 2.5, spokes)
        middle = rng.uniform(0, 4, 2)
        ring = middle + np.column_stack([np.cos(turn), np.sin(turn)]) * reach[:, None]
        shape = shapely.make_valid(shapely.Polygon(np.column_stack(at(*ring.T))))
        if rng.random() < 0.5:
            shape = shape.difference(box(*middle - 0.2, *middle + 0.2))
        if rng.random() < 0.3:
            shape = shape.union(box(*(middle + 3), *(middle + 3.5)))
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        shapes.append(shapely.MultiPolygon(parts) if parts else None)
    return shapes


@settings(max_examples=60, deadline=None)
@given(st.one_of(tilings(), tangles()), st.sampled_from([None, 3.0, 40.0, 400.0]))
def test_never_a_difference_from_shapely(shapes, cell_m):
    if all(shape is None for shape in shapes):
        return
    locator = Locator.build(shapes, cell_m=cell_m)
    lon, lat = delicate(shapes, np.random.default_rng(3))
    np.testing.assert_array_equal(locator.locate(lon, lat), expected(shapes, lon, lat))


def test_each_shared_border_point_goes_once_to_the_lowest():
    shapes = [box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 1, 2), box(1, 1, 2, 2)]
    lon, lat = at([1, 1, 0.5, 1.5, 1, 0, 2, 2.0001], [1, 0.5, 1, 1, 2, 0, 2, 2])
    assert Locator.build(shapes).locate(lon, lat).tolist() == [0, 0, 0, 1, 2, 0, 3, -1]


def test_holes_parts_and_what_lies_inside_a_hole():
    ring = shapely.difference(box(0, 0, 6, 6), box(2, 2, 4, 4))
    island = shapely.union(ring, box(8, 0, 9, 1))
    shapes = [island, box(2.5, 2.5, 3.5, 3.5)]
    lon, lat = at([1, 3, 2.2, 8.5, 7, 2], [1, 3, 2.2, 0.5, 0.5, 3])
    assert Locator.build(shapes).locate(lon, lat).tolist() == [0, 1, -1, 0, -1, 0]


def test_where_units_overlap_the_lowest_index_wins_also_deep_inside():
    small, large = box(2, 2, 3, 3), box(0, 0, 10, 10)
    lon, lat = at([2.5, 5, 2, 11], [2.5, 5, 2.5, 5])
    assert Locator.build([small, large]).locate(lon, lat).tolist() == [0, 1, 0, -1]
    assert Locator.build([large, small]).locate(lon, lat).tolist() == [0, 0, 0, -1]


@pytest.mark.parametrize("count", [16, 17, 40])
@pytest.mark.parametrize("cell_m", [None, 20.0, 500.0])
def test_more_units_in_one_cell_than_it_can_number(count, cell_m):
    turn = np.linspace(0, 2 * np.pi, count + 1)
    rim = 1 + 0.9 * np.column_stack([np.cos(turn), np.sin(turn)])
    rings = [np.vstack([[1, 1], rim[n : n + 2]]) for n in range(count)]
    slices = [shapely.Polygon(np.column_stack(at(*ring.T))) for ring in rings]
    lon, lat = delicate(slices, np.random.default_rng(4))
    found = Locator.build(slices, cell_m=cell_m).locate(lon, lat)
    np.testing.assert_array_equal(found, expected(slices, lon, lat))


@pytest.mark.parametrize("probes", [raster._PROBES, raster._PROBES[:1]])
def test_a_border_through_the_middle_of_its_cells(monkeypatch, probes):
    monkeypatch.setattr(raster, "_PROBES", probes)  # with one probe alone such a cell cannot be calibrated
    shapes = [box(0, 0, 1, 2), box(1, 0, 2, 2)]
    width_m = 2 * STEP * 111_320 * np.cos(np.radians(SOUTH + STEP))
    locator = Locator.build(shapes, cell_m=width_m / 21)
    assert locator.grid.across(at([1], [1])[0]) % 1 == pytest.approx(0.5, abs=1e-6)
    lon, lat = delicate(shapes, np.random.default_rng(8))
    np.testing.assert_array_equal(locator.locate(lon, lat), expected(shapes, lon, lat))


def test_more_edges_in_one_cell_than_are_worth_keeping(monkeypatch):
    monkeypatch.setattr(raster, "MAX_EDGES", 5)
    rng = np.random.default_rng(5)
    turn = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    reach = rng.uniform(0.7, 1.3, 300)
    star = shapely.Polygon(np.column_stack(at(2 + np.cos(turn) * reach, 2 + np.sin(turn) * reach)))
    shapes = [star, shapely.difference(box(0, 0, 4, 4), star)]
    lon, lat = delicate(shapes, rng)
    locator = Locator.build(shapes, cell_m=30.0)
    assert np.diff(locator.cells.first).max() <= 5
    np.testing.assert_array_equal(locator.locate(lon, lat), expected(shapes, lon, lat))


def test_points_that_are_nowhere():
    locator = Locator.build([box(0, 0, 1, 1)])
    lon = np.array([np.nan, WEST, np.inf, -np.inf, 0.0, 1e300, -1e300])
    lat = np.array([SOUTH, np.nan, SOUTH, SOUTH, 0.0, 1e300, SOUTH])
    assert (locator.locate(lon, lat) == -1).all()
    assert locator.locate(np.array([]), np.array([])).tolist() == []


@pytest.mark.parametrize("shapes", [[], [None], [shapely.Polygon()], [None, float("nan")]])
def test_no_shapes_at_all(shapes, tmp_path):
    locator = Locator.build(shapes)
    locator.save(tmp_path / "index.npz")
    for each in (locator, Locator.load(tmp_path / "index.npz")):
        assert each.locate(np.array([WEST, np.nan]), np.array([SOUTH, 0.0])).tolist() == [-1, -1]


def test_a_saved_index_answers_alike(tmp_path):
    rng = np.random.default_rng(6)
    shapes = [box(x, y, x + 1, y + 1) for x in range(6) for y in range(6)]
    locator = Locator.build(shapes)
    path = tmp_path / "index.npz"
    locator.save(path)
    loaded = Locator.load(path)
    lon, lat = delicate(shapes, rng)
    np.testing.assert_array_equal(loaded.locate(lon, lat), locator.locate(lon, lat))
    assert loaded.nbytes == locator.nbytes
    assert [file.name for file in tmp_path.iterdir()] == ["index.npz"]


@pytest.mark.parametrize("damage", [lambda raw: raw[:200], lambda raw: b"", lambda raw: b"not an archive"])
def test_a_damaged_index_is_refused(tmp_path, damage):
    path = tmp_path / "index.npz"
    Locator.build([box(0, 0, 1, 1)]).save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="expected an index of boundaries"):
        Locator.load(path)


def test_fingerprint_follows_shapes_and_order():
    one, two = box(0, 0, 1, 1), box(1, 0, 2, 1)
    assert fingerprint([one, two]) == fingerprint([shapely.from_wkb(one.wkb), two])
    assert (
        len({fingerprint([one, two]), fingerprint([two, one]), fingerprint([one]), fingerprint([one, None])})
        == 4
    )


def test_threads_agree():
    shapes = [box(x, y, x + 1, y + 1) for x in range(8) for y in range(8)]
    locator = Locator.build(shapes)
    lon, lat = delicate(shapes, np.random.default_rng(7))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(locator.locate(lon, lat))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((answer == expected(shapes, lon, lat)).all() for answer in answers) and len(answers) == 4


def tree_of(*rows):
    frame = pd.DataFrame(rows, columns=["code", "level", "parent_code", "geometry"])
    return arrange(frame.assign(name=frame["code"]).astype({"code": "str", "parent_code": "str"}))


@pytest.fixture
def town():
    """A: children with shapes and a gap at the top right; B: children known by code alone; C: no shape."""
    return tree_of(
        ("B", 0, np.nan, box(4, 0, 8, 4)),
        ("A", 0, np.nan, box(0, 0, 4, 4)),
        ("C", 0, np.nan, None),
        ("B1", 1, "B", None),
        ("A2", 1, "A", box(2, 0, 4, 2)),
        ("A1", 1, "A", box(0, 0, 2, 4)),
    )


def test_the_finest_unit_that_holds_a_point(town, tmp_path):
    assert town["code"].tolist() == ["A", "A1", "A2", "B", "B1", "C"]
    locator = UnitLocator.build(town)
    locator.save(tmp_path / "places.npz")
    lon, lat = at([1, 3, 3, 6, 4, 2, 9, np.nan], [1, 1, 3, 1, 1, 1, 1, 1])
    for each in (locator, UnitLocator.load(tmp_path / "places.npz")):
        found = each.locate(lon, lat)
        # Between B (whose children have no shape) and A2, the finer one.
        assert found.dtype == np.int32 and found.tolist() == [2, 3, 1, 4, 3, 2, 0, 0]


def test_a_tree_without_shapes_finds_nothing():
    locator = UnitLocator.build(tree_of(("A", 0, np.nan, None), ("A1", 1, "A", None)))
    assert locator.locate(*at([1, 2], [1, 2])).tolist() == [0, 0]


def test_the_kept_index_is_found_again_and_mended(town, tmp_path):
    folder = tmp_path / "cache"
    first = open_locator(town, folder)
    (path,) = folder.iterdir()
    written = path.stat().st_mtime_ns
    assert open_locator(town, folder).locate(*at([1], [1])) == first.locate(*at([1], [1]))
    assert path.stat().st_mtime_ns == written
    path.write_bytes(path.read_bytes()[:500])
    assert open_locator(town, folder).locate(*at([3], [3])).tolist() == [1]
    assert path.stat().st_mtime_ns != written
    renamed = town.assign(code=town["code"].replace({"A1": "A9"}))
    assert tree_fingerprint(renamed) != tree_fingerprint(town)


@pytest.mark.real
def test_real_points_in_real_tracts(real_data):
    import geopandas

    path = real_data / "nyc_boundaries" / "census_tract_2020.geojson.gz"
    tracts = geopandas.read_file(f"/vsigzip/{path}").sort_values("geoid")
    shapes = tracts.geometry.to_numpy()
    requests = pd.read_csv(
        real_data / "nyc311" / "nyc311_2026_weekly_100k.csv.gz", usecols=["longitude", "latitude"]
    )
    lon, lat = requests["longitude"].to_numpy(), requests["latitude"].to_numpy()
    locator = Locator.build(shapes)
    tree = shapely.STRtree(shapes)

    def reference(lon, lat):
        known = np.flatnonzero(np.isfinite(lon))
        point, unit = tree.query(shapely.points(lon[known], lat[known]), predicate="intersects")
        found = np.full(len(lon), len(shapes))
        np.minimum.at(found, known[point], unit)
        return np.where(found == len(shapes), -1, found)

    found = locator.locate(lon, lat)
    np.testing.assert_array_equal(found, reference(lon, lat))
    assert ((found >= 0).sum(), np.isfinite(lon).sum() - (found >= 0).sum()) == (98_447, 24)
    vertices = shapely.get_coordinates(shapes)[::3]
    for points in (vertices, (vertices[1:] + vertices[:-1]) / 2, vertices + 1e-9):
        np.testing.assert_array_equal(locator.locate(*points.T), reference(*points.T))
