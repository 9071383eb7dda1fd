"""Faults of a set of units, each with its ground; and what changed from version to version."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import shapely
from metres import LAT, LON, METRE, block
from shapely.affinity import translate

from geo.boundaries import read_units
from geo.changes import compare
from geo.faults import ACCEPTABLE, FATAL, check


def units_of(*rows):
    """Frame of (code, level, parent, shape)."""
    frame = pd.DataFrame(rows, columns=["code", "level", "parent_code", "geometry"])
    return frame.assign(name=frame["code"]).astype({"code": "str", "name": "str", "parent_code": "str"})


def town(**shapes):
    """A parent of 200 m by 100 m and its two halves; shapes replace those of the codes named."""
    rows = {
        "P": (0, np.nan, block(0, 0, 200, 100)),
        "A": (1, "P", block(0, 0, 100, 100)),
        "B": (1, "P", block(100, 0, 200, 100)),
    }
    return units_of(*((code, *row[:2], shapes.get(code, row[2])) for code, row in rows.items()))


def kinds(faults):
    return Counter((fault.kind, fault.codes) for fault in faults)


def test_a_clean_set_has_no_fault():
    assert check(town()) == []
    assert check(town(A=None, B=None)) == []
    assert check(town(P=None)) == []
    assert check(units_of()) == []


@pytest.mark.parametrize(
    ("shape", "expected", "area", "width"),
    [
        (block(0, 0, 90, 100), [("gap", ("P",))], 1000, 9.09),
        (block(0, 0, 110, 100), [("overlap", ("A", "B"))], 1000, 9.09),
        (block(0, 0, 100.3, 100), [("sliver", ("A", "B"))], 30, 0.3),
        (block(0, 0, 99.7, 100), [("sliver", ("P",))], 30, 0.3),
        (block(-5, 0, 100, 100), [("child-outside-parent", ("A", "P"))], 500, 4.76),
        (block(-0.2, 0, 100, 100), [("sliver", ("A", "P"))], 20, 0.2),
        (shapely.difference(block(0, 0, 100, 100), block(40, 40, 60, 60)), [("gap", ("P",))], 400, 10),
        (block(0.0001, 0, 100, 100), [], 0, 0),
    ],
)
def test_each_geometric_fault_with_its_area(shape, expected, area, width):
    faults = check(town(A=shape))
    assert list(kinds(faults)) == expected
    for fault in faults:
        # Mean width of a strip of length l and width w is 2 l w / (2 l + 2 w), a little below w ... here in full.
        assert fault.area_m2 == pytest.approx(area, rel=0.01)
        assert fault.width_m == pytest.approx(width, rel=0.05)
        assert f"{fault.codes[0]} " in fault.text and "m²" in fault.text


def test_an_overlap_that_swallows_its_neighbour():
    assert ("overlap", ("A", "B")) in kinds(check(town(A=block(0, 0, 200, 100))))
    assert ("overlap", ("A", "B")) in kinds(check(town(B=block(20, 20, 40, 40))))


def test_what_leaves_an_upper_unit_is_named_down_to_the_bottom():
    far = block(200, 0, 300, 100)
    units = units_of(
        ("P", 0, np.nan, block(0, 0, 200, 100)),
        ("Q", 0, np.nan, far),
        ("A", 1, "P", shapely.union(block(0, 0, 200, 100), far)),
        ("A1", 2, "A", block(0, 0, 200, 100)),
        ("A2", 2, "A", far),
    )
    found = kinds(check(units))
    outside = {codes for kind, codes in found if kind == "child-outside-parent"}
    assert outside == {("A", "P"), ("A2", "P")}


def test_faults_that_cannot_be_accepted():
    bow = shapely.Polygon([(LON, LAT), (LON + 0.001, LAT + 0.001), (LON + 0.001, LAT), (LON, LAT + 0.001)])
    strays = units_of(
        ("B", 1, "P", None), ("C", 1, "none", None), ("D", 1, np.nan, None), ("E", 1, "A", None)
    )
    units = pd.concat([town(A=bow), strays])
    found = kinds(fault for fault in check(units) if fault.kind in FATAL)
    expected = [
        ("duplicate-code", ("B",)),
        ("invalid-ring", ("A",)),
        *(("orphan", (code,)) for code in "CDE"),
    ]
    assert found == Counter(expected)
    assert any("Self-intersection" in fault.text for fault in check(units))
    assert not ACCEPTABLE & FATAL


@pytest.fixture(scope="module")
def new_york(real_data):
    folder = real_data / "nyc_boundaries"
    levels = [
        ("borough", {"code": "borough", "name": "name"}),
        ("nta_2020", {"code": "cdta2020", "name": "cdta_name", "parent": "borough", "dissolve": True}),
        ("nta_2020", {"code": "nta2020", "name": "name", "parent": "cdta2020"}),
        ("census_tract_2020", {"code": "geoid", "name": "name", "parent": "nta2020"}),
    ]
    read = [
        read_units(folder / f"{file}.geojson.gz", level=depth, **columns)
        for depth, (file, columns) in enumerate(levels)
    ]
    return pd.concat([file.units for file in read], ignore_index=True), [
        note for file in read for note in file.notes
    ]


@pytest.mark.real
def test_new_york_and_its_known_traps(new_york):
    units, notes = new_york
    assert units.groupby("level").size().tolist() == [5, 71, 262, 2325]
    assert notes == ["QN01: children give different parents: 'QUEENS' 8 times wins over 'BRONX' 1 times"]
    faults = check(units)
    assert {fault.kind for fault in faults} <= ACCEPTABLE
    real = {fault.codes: fault for fault in faults if fault.kind != "sliver"}
    assert set(real) == {
        ("MANHATTAN",), ("BRONX",),
        ("BX08", "BRONX"), ("BX0802", "BRONX"), ("36061030900", "BRONX"),
        ("QN01", "QUEENS"), ("QN0151", "QUEENS"), ("36005000100", "QUEENS"),
    }  # fmt: skip
    hill = units.loc[units["code"] == "BX0802", "geometry"].iloc[0]
    bronx = units.loc[units["code"] == "BRONX", "geometry"].iloc[0]
    assert shapely.area(shapely.difference(hill, bronx)) / shapely.area(hill) == pytest.approx(
        0.267, abs=0.0005
    )
    assert real["36005000100", "QUEENS"].area_m2 == pytest.approx(1_687_500, rel=0.001)


def changes(old, new):
    frame = compare(old, new)
    return {row.code: (row.change, row.others) for row in frame.itertuples()}, frame.set_index("code")


def test_what_changed_from_version_to_version():
    old = units_of(
        *((code, 1, "P", block(100 * at, 0, 100 * at + 100, 100)) for at, code in enumerate("ABCDEFG")),
        ("L", 1, "P", None),
        ("M", 1, "P", None),
    )
    new = units_of(
        ("A", 1, "P", block(0, 0, 100, 100)),
        ("B", 1, "P", block(100, 0, 200, 100)),
        ("C", 1, "P", block(200, 0, 275, 100)),
        ("D1", 1, "P", block(300, 0, 340, 100)),
        ("D2", 1, "P", block(340, 0, 400, 100)),
        ("EF", 1, "P", block(400, 0, 600, 100)),
        ("N", 1, "P", block(900, 0, 1000, 100)),
        ("H", 1, "P", block(600, 0, 700, 100)),
        ("L", 1, "P", None),
    ).assign(name=lambda frame: frame["name"].replace({"B": "Bee"}))
    found, frame = changes(old, new)
    assert found == {
        "A": ("same", ""), "B": ("renamed", ""), "C": ("redrawn", ""),
        "D": ("split", "D1,D2"), "D1": ("split", "D"), "D2": ("split", "D"),
        "E": ("merged", "EF"), "F": ("merged", "EF"), "EF": ("merged", "E,F"),
        "G": ("renamed", "H"), "H": ("renamed", "G"),
        "L": ("same", ""), "M": ("gone", ""), "N": ("new", ""),
    }  # fmt: skip
    assert frame["share"]["C"] == pytest.approx(0.75) and frame["share"]["A"] == 1
    assert frame["share"]["D"] == pytest.approx(0.6) and np.isnan(frame["share"]["L"])
    assert (frame["old_name"]["B"], frame["name"]["B"], frame["name"]["M"]) == ("B", "Bee", "M")


def test_a_whole_set_that_moved_is_redrawn_and_the_levels_do_not_mix():
    old = town()
    moved = old.assign(geometry=[translate(shape, 20 * METRE[0]) for shape in old["geometry"]])
    found, frame = changes(old, moved)
    assert {change for change, _ in found.values()} == {"redrawn"}
    assert frame["share"][["P", "A", "B"]].tolist() == pytest.approx([0.9, 0.8, 0.8], abs=1e-6)
    assert compare(old, old)["change"].tolist() == ["same"] * 3
    assert compare(old.iloc[:0], old)["change"].tolist() == ["new"] * 3
    assert compare(old, old.iloc[:0])["change"].tolist() == ["gone"] * 3


def test_each_unit_without_a_code_is_a_fault_of_its_own_and_no_duplicate():
    units = units_of(("A", 0, None, None), ("", 1, "A", None), ("", 1, "A", None), ("B", 1, "", None))
    faults = check(units.assign(name=["A", "菊园", "", "B"]))
    assert [(fault.kind, fault.codes, fault.level) for fault in faults] == [
        ("missing-code", (), 1), ("missing-code", (), 1), ("orphan", ("B",), 1),
    ]  # fmt: skip
    assert faults[0].text == "unit 菊园: got no code; expected one (--skip-uncoded leaves it out)"
    assert "missing-code" in FATAL and "missing-code" not in ACCEPTABLE
