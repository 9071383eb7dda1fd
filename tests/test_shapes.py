"""Shapes for the map: borders that stay closed, equal bytes, label points."""

import json

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.shapes import content_hash, feature_collection, label_point

METRE = 1 / 111_320.0


def crooked(seed, *, columns=3, rows=3, steps=40):
    """A lattice whose borders are crooked lines of many points, shared exactly."""
    rng = np.random.default_rng(seed)

    def line(a, b):
        part = np.linspace(0, 1, steps)[:, None]
        off = rng.uniform(-0.1, 0.1, (steps, 1)) * np.sin(np.pi * part) * (b - a)[::-1] * (1, -1)
        return (a + part * (b - a) + off) * 0.01 + (121.5, 31.2)

    corner = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1)
    level = {(r, c): line(corner[r, c], corner[r, c + 1]) for r in range(rows + 1) for c in range(columns)}
    upright = {(r, c): line(corner[r, c], corner[r + 1, c]) for r in range(rows) for c in range(columns + 1)}
    shapes = [
        shapely.Polygon(
            np.vstack([level[r, c][:-1], upright[r, c + 1][:-1], level[r + 1, c][:0:-1], upright[r, c][::-1]])
        )
        for r in range(rows)
        for c in range(columns)
    ]
    codes = [f"U{number}" for number in range(len(shapes))]
    return pd.DataFrame({"code": codes, "name": [f"第{code}格" for code in codes], "geometry": shapes})


def read(content):
    features = json.loads(content)["features"]
    return features, [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features]


def test_features_carry_code_and_name_and_six_decimals():
    units = crooked(1)
    units.loc[4, "geometry"] = None
    content = feature_collection(units, tolerance_m=0)
    features, shapes = read(content)
    assert [feature["id"] for feature in features] == [f"U{number}" for number in range(9) if number != 4]
    assert {tuple(feature["properties"]) for feature in features} == {("name",)}
    assert "第U0格".encode() in content
    numbers = shapely.get_coordinates(shapes)
    assert (numbers == np.round(numbers, 6)).all()
    kept = units["geometry"][0]
    np.testing.assert_allclose(shapely.get_coordinates(shapes[0]), shapely.get_coordinates(kept), atol=6e-7)
    assert json.loads(feature_collection(units.iloc[:0], tolerance_m=5))["features"] == []


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 10.0, 60.0]))
def test_simplified_borders_stay_shared(seed, tolerance_m):
    units = crooked(seed)
    row = shapely.union_all(units["geometry"].to_numpy()[6:])  # where three borders meet on its side
    units = pd.concat([units[:6], pd.DataFrame({"code": ["R"], "name": ["r"], "geometry": [row]})])
    content = feature_collection(units, tolerance_m=tolerance_m)
    _, shapes = read(content)
    shapes = np.array(shapes)
    assert shapely.coverage_is_valid(shapes)
    before = shapely.get_num_coordinates(units["geometry"].to_numpy()).sum()
    if tolerance_m >= 60:
        assert shapely.get_num_coordinates(shapes).sum() < before * 0.8
    moved = shapely.hausdorff_distance(shapes, units["geometry"].to_numpy()).max()
    assert moved < 5 * tolerance_m * METRE + 1e-6


def test_equal_input_gives_equal_bytes_and_hash():
    content = feature_collection(crooked(2), tolerance_m=5)
    assert content == feature_collection(crooked(2), tolerance_m=5)
    other = feature_collection(crooked(3), tolerance_m=5)
    assert content_hash(content) != content_hash(other) and len(content_hash(content)) == 16


def test_the_label_lies_well_inside():
    horseshoe = shapely.difference(shapely.box(0, 0, 10, 10), shapely.box(3, 0, 7, 8))
    lon, lat = label_point(horseshoe)
    inside = shapely.distance(horseshoe.boundary, shapely.Point(lon, lat))
    assert shapely.contains_xy(horseshoe, lon, lat) and inside > 1.4
    assert not shapely.contains_xy(horseshoe, *horseshoe.centroid.coords[0])
    parts = shapely.MultiPolygon([shapely.box(20, 0, 21, 1), shapely.box(0, 0, 10, 10)])
    assert label_point(parts) == pytest.approx((5, 5), abs=0.1)
