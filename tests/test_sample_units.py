"""Units of the sample city: every level tiles, a redrawn boundary, sizes, committees across the borders of grids."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from data.sample.blocks import divide
from data.sample.board import RIVER_LINE
from data.sample.partition import grow
from data.sample.sizes import SIZES, stream
from data.sample.town import ADMIN_LEVELS, LEVELS, make_town
from geo.changes import compare


@pytest.fixture
def frames(sampled) -> dict[str, pd.DataFrame]:
    return sampled.frames


@pytest.fixture
def units(sampled) -> dict[tuple[str, str], pd.DataFrame]:
    return sampled.units


def test_counts_of_units(units):
    assert [len(units["v2", level]) for level in LEVELS] == [1, 5, 20, 100, 700]
    assert [len(units["v1", level]) for level in LEVELS] == [1, 5, 20, 99, 700]
    for frame in units.values():
        assert frame["code"].is_unique


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_level_tiles_exactly(units, version):
    for level in LEVELS:
        shapes = units[version, level]["geometry"].to_numpy()
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes), level


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_children_fill_their_parents_to_the_last_digit(units, version):
    for upper, lower in pairwise(LEVELS):
        parents, children = units[version, upper], units[version, lower]
        assert set(children["parent"]) == set(parents["code"])
        for code, shape in zip(parents["code"], parents["geometry"], strict=True):
            own = children.loc[children["parent"] == code, "geometry"].to_numpy()
            filled = shapely.normalize(shapely.coverage_union_all(own))
            assert filled.equals_exact(shapely.normalize(shape), tolerance=0), code


def test_coordinates_have_seven_decimals(units):
    numbers = shapely.get_coordinates(units["v2", "metagrid"]["geometry"].to_numpy())
    assert (np.round(numbers * 1e7) / 1e7 == numbers).all()


def test_redrawn_boundary(units):
    old, new = units["v1", "grid"].set_index("code"), units["v2", "grid"].set_index("code")
    changed = {
        old["name"][code] for code in old.index if not old["geometry"][code].equals(new["geometry"][code])
    }
    assert changed == {"青藤", "桂堂"}
    assert units["v1", "subdistrict"]["geometry"][0].equals(units["v2", "subdistrict"]["geometry"][0])


def test_a_redrawn_boundary_gives_new_codes_to_new_units_only(units):
    def changed(level: str) -> dict[str, tuple]:
        frames = [units[version, level].assign(level=0) for version in ("v1", "v2")]
        rows = compare(*(frame[["code", "name", "level", "geometry"]] for frame in frames))
        return {row.name: (row.change, row.others) for row in rows.itertuples() if row.change != "same"}

    old, new = (units[version, "microgrid"].set_index("name") for version in ("v1", "v2"))
    assert {name: change for name, (change, _) in changed("grid").items()} == {
        "青藤": "redrawn",
        "桂堂": "redrawn",
    }
    found = changed("microgrid")
    (whole,) = set(old.index) - set(new.index) - {name for name in old.index if name.startswith("桂堂")}
    parts = sorted(set(new.index) - set(old.index) - {"青藤-6"})
    assert found == {
        "青藤-6": ("renamed", ""),
        whole: ("split", ",".join(new["code"][parts])),
        **dict.fromkeys(parts, ("split", old["code"][whole])),
    }
    assert whole.startswith("采薇") and parts == ["采薇-5", "采薇-6"]
    assert changed("metagrid") == changed("area") == changed("subdistrict") == {}


def test_larger_sizes_tile_with_sub_districts_of_their_own_shape():
    town = make_town(SIZES["district"], seed=3)
    streets = town.units["v2"]["subdistrict"]
    assert len(streets) == 12 and streets["name"].is_unique
    assert set(shapely.get_type_id(streets["geometry"].to_numpy())) == {3}  # whole polygons, no islands
    for level in LEVELS:
        assert shapely.coverage_is_valid(town.units["v2"][level]["geometry"].to_numpy()), level
    assert town.units["v2"]["grid"]["name"].is_unique


@pytest.mark.parametrize(("size", "most"), [("subdistrict", 12), ("district", 12)])
def test_committees_tile_each_sub_district_across_the_borders_of_grids(size, most):
    town = make_town(SIZES[size], seed=3)
    streets, committees = (town.admin[level] for level in ADMIN_LEVELS)
    assert streets.equals(town.units["v2"]["subdistrict"])
    assert committees["code"].is_unique and committees["code"].str.len().eq(12).all()
    assert shapely.coverage_is_valid(committees["geometry"].to_numpy())
    for code, own in committees.groupby("parent"):
        assert 8 - 4 * (size != "subdistrict") <= len(own) <= most, code
        assert own["name"].is_unique and own["name"].str.endswith("居委会").all()
        filled = shapely.normalize(shapely.coverage_union_all(own["geometry"].to_numpy()))
        street = streets.set_index("code")["geometry"][code]
        assert filled.equals_exact(shapely.normalize(street), tolerance=0), code
    grids = town.plots.groupby("committee_code")["grid"]
    shared = town.plots.groupby("grid")["committee_code"].nunique()
    assert (grids.nunique() > 1).mean() > 0.9 and (shared > 1).mean() > 0.5
    alone = [own.iloc[0] for _, own in grids if own.nunique() == 1]
    whole = sum(shared[grid] == 1 for grid in alone)  # committees that are just a grid: few, by the river
    assert whole <= (0 if size == "subdistrict" else 0.05 * len(committees))
    assert set(shapely.get_type_id(committees["geometry"].to_numpy())) <= {3, 6}


def test_the_largest_size_has_a_hundred_sub_districts():
    assert SIZES["city"].subdistricts >= 100


@given(
    st.sets(st.tuples(st.integers(-4, 9), st.integers(-4, 5)), min_size=6),
    st.integers(1, 5),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_regions_share_out_every_cell_and_hang_together(cells, count, seed):
    regions = grow(set(cells), min(count, len(cells)), stream(seed, "test"))
    assert Counter(cell for region in regions for cell in region) == Counter(cells)
    for region in regions:
        reached, edge = set(), [min(region)]
        while edge:
            column, row = edge.pop()
            reached.add((column, row))
            near = [(column, row - 1), (column, row + 1), (column - 1, row), (column + 1, row)]
            edge += [
                c
                for c in near
                if c in region and c not in reached and {column, c[0]} != {RIVER_LINE - 1, RIVER_LINE}
            ]
        assert reached == region


@given(st.integers(20, 90), st.integers(20, 90), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_division_leaves_nothing_over(width, height, count, seed):
    shape = Polygon([(0, 0), (width * 100, 0), (width * 130, height * 100), (0, height * 100)])
    pieces, cuts = divide(shape, count, stream(seed, "test"))
    assert len(pieces) == count and len(cuts) == count - 1
    assert sum(piece.area for piece in pieces) == pytest.approx(shape.area, rel=1e-9)
