"""Coordinate systems: reference vectors, inverses, suspects and the hint at a better system."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geo import crs

METRE = 1 / 111_320.0
FORWARD = {
    ("WGS84", "GCJ02"): crs.wgs84_to_gcj02,
    ("GCJ02", "BD09"): crs.gcj02_to_bd09,
    ("GCJ02", "WGS84"): crs.gcj02_to_wgs84,
    ("BD09", "GCJ02"): crs.bd09_to_gcj02,
    ("BD09", "WGS84"): lambda lon, lat: crs.to_wgs84(lon, lat, "BD-09"),
}


def test_golden_vector_through_every_system():
    lon, lat = np.array([121.525]), np.array([31.285])
    gcj = crs.wgs84_to_gcj02(lon, lat)
    np.testing.assert_allclose(np.ravel(gcj), [121.529348, 31.282932], atol=6e-7)
    np.testing.assert_allclose(np.ravel(crs.gcj02_to_bd09(*gcj)), [121.535833, 31.288915], atol=6e-7)
    metres = np.array([645217.004]), np.array([3463576.541])
    np.testing.assert_allclose(np.ravel(crs.to_wgs84(*metres, "EPSG:4549")), [121.525, 31.285], atol=1e-8)
    zoned = metres[0] + 40_000_000, metres[1]
    np.testing.assert_allclose(np.ravel(crs.to_wgs84(*zoned, "EPSG:4528")), [121.525, 31.285], atol=1e-8)
    np.testing.assert_array_equal(np.ravel(crs.to_wgs84(lon, lat, "EPSG:4490")), [121.525, 31.285])


def _allowed(pair):
    """Degrees a reference pair allows: its own tolerance, or what its one-step inverse leaves."""
    if "go/transform_test.go" in pair.source_ref:
        return 5e-6
    if (pair.from_crs, pair.to_crs) == ("BD09", "GCJ02"):
        return max(float(pair.tolerance), 0.13 * METRE)  # their closed form, not an inverse
    return 5 * METRE if "single-step" in pair.note else max(float(pair.tolerance), 2e-8)


@pytest.mark.real
def test_reference_vectors(real_data):
    pairs = pd.read_csv(real_data / "gcj_vectors" / "gcj02_bd09_reference_vectors.csv")
    pairs["note"] = pairs["note"].fillna("")
    # Two pairs come from a program whose BD-09 wave has pi where the formula in use has 3000 pi / 180.
    other = (pairs["from_crs"] == "BD09") & (pairs["to_crs"] == "WGS84")
    assert (len(pairs), other.sum()) == (17, 2)
    for pair in pairs[~other].itertuples():
        found = FORWARD[pair.from_crs, pair.to_crs](np.array([pair.from_lng]), np.array([pair.from_lat]))
        expected = [pair.to_lng, pair.to_lat]
        np.testing.assert_allclose(np.ravel(found), expected, rtol=0, atol=_allowed(pair), err_msg=str(pair))


@pytest.mark.real
def test_the_two_vectors_left_out_are_of_another_formula(real_data, monkeypatch):
    pairs = pd.read_csv(real_data / "gcj_vectors" / "gcj02_bd09_reference_vectors.csv")
    other = pairs[(pairs["from_crs"] == "BD09") & (pairs["to_crs"] == "WGS84")]
    monkeypatch.setattr(crs, "_BD_TURN", np.pi)
    gcj = crs.bd09_to_gcj02(other["from_lng"].to_numpy(), other["from_lat"].to_numpy())
    ahead = crs.wgs84_to_gcj02(*gcj)
    one_step = np.array([2 * gcj[0] - ahead[0], 2 * gcj[1] - ahead[1]])
    np.testing.assert_allclose(one_step, [other["to_lng"], other["to_lat"]], rtol=0, atol=3e-8)


def test_outside_china_nothing_moves():
    lon, lat = np.array([-104.9903, 153.0251, -43.1729]), np.array([39.7392, -27.4698, -22.9068])
    for convert in (crs.wgs84_to_gcj02, crs.gcj02_to_wgs84):
        x, y = convert(lon, lat)
        assert (x == lon).all() and (y == lat).all()


@given(st.lists(st.tuples(st.floats(73.6, 135.0), st.floats(3.9, 53.5)), min_size=1, max_size=40))
def test_inverses_are_within_a_centimetre_of_the_forward_formula(points):
    lon, lat = np.array(points).T
    centimetre = 0.01 * METRE
    for convert, name in (
        (crs.wgs84_to_gcj02, "GCJ-02"),
        (lambda x, y: crs.gcj02_to_bd09(*crs.wgs84_to_gcj02(x, y)), "BD-09"),
    ):
        back = crs.to_wgs84(*convert(lon, lat), name)
        np.testing.assert_allclose(back[0], lon, atol=centimetre)
        np.testing.assert_allclose(back[1], lat, atol=centimetre)


@pytest.mark.parametrize("name", ["GCJ-02", "gcj02", "BD-09", "bd_09", "EPSG:4490", "EPSG:4550", "OGC:CRS84"])
def test_known_systems(name):
    assert crs.is_known(name)
    assert np.isnan(crs.to_wgs84(np.array([np.nan]), np.array([1.0]), name)[0]).all()


@pytest.mark.parametrize("name", ["EPSG:999999", "Shanghai", ""])
def test_unknown_systems_are_refused_by_name(name):
    assert not crs.is_known(name)
    with pytest.raises(crs.UnknownSystem, match="expected a PROJ name"):
        crs.to_wgs84(np.array([1.0]), np.array([1.0]), name)


def test_degrees_and_metres():
    assert crs.in_degrees("EPSG:4490") and crs.in_degrees("GCJ-02") and not crs.in_degrees("EPSG:4549")


def test_infinite_and_impossible_coordinates_are_nowhere():
    x, y = crs.to_wgs84(np.array([np.inf, 1e30]), np.array([0.0, 1e30]), "EPSG:4549")
    assert np.isnan(x).all() and np.isnan(y).all()


def test_suspects_by_kind():
    lon = np.array([121.5251, np.nan, np.inf, 0.0, 31.2, 181.0, 121.52, 121.52])
    lat = np.array([31.28511, 31.2, 31.2, 0.0, 121.5251, 1.0, 31.29, 31.2851])
    expected = ["", "missing", "infinite", "zero", "out-of-range", "out-of-range", "two-decimals", ""]
    assert crs.unusable(lon, lat).tolist() == expected
    metres = crs.unusable(np.array([500000.0, 0.0]), np.array([3463576.25, 0.0]), degrees=False)
    assert metres.tolist() == ["", "zero"]


def _square(lon, lat):
    """A sub-district of about 2 km by 2 km."""
    with np.errstate(invalid="ignore"):
        return (np.abs(lon - 121.525) < 0.01) & (np.abs(lat - 31.285) < 0.01)


def _zone(lon, lat):
    return Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True).transform(lon, lat)


@pytest.fixture
def points():
    rng = np.random.default_rng(5)
    return 121.525 + rng.uniform(-0.0098, 0.0098, 500), 31.285 + rng.uniform(-0.0098, 0.0098, 500)


def test_no_hint_when_the_declared_system_fits(points):
    assert crs.likely_system(*points, "EPSG:4326", _square) is None
    assert crs.likely_system(*points, "EPSG:4490", _square) is None
    assert crs.likely_system(*(part[:10] + 50 for part in points), "EPSG:4326", _square) is None


@pytest.mark.parametrize(
    ("deliver", "declared", "better", "swapped"),
    [
        (crs.wgs84_to_gcj02, "EPSG:4326", "GCJ-02", False),
        (lambda x, y: crs.gcj02_to_bd09(*crs.wgs84_to_gcj02(x, y)), "GCJ-02", "BD-09", False),
        (lambda x, y: (x, y), "BD-09", "EPSG:4326", False),
        (lambda x, y: (y, x), "EPSG:4326", "EPSG:4326", True),
        (lambda x, y: _zone(x, y)[::-1], "EPSG:4549", "EPSG:4549", True),
        (_zone, "EPSG:4550", "EPSG:4549", False),
        (lambda x, y: (_zone(x, y)[0] + 40e6, _zone(x, y)[1]), "EPSG:4549", "EPSG:4528", False),
    ],
)
def test_hint_names_the_system_that_fits(points, deliver, declared, better, swapped):
    hint = crs.likely_system(*deliver(*points), declared, _square)
    assert (hint.better, hint.swapped) == (better, swapped)
    assert hint.better_share == 1.0 and hint.declared_share < 0.9
    assert better in hint.text and "%" in hint.text
