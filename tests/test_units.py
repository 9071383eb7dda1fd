"""Units as a tree in preorder, row keys by level, and hints that name units."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.units import HintIndex, OrphanUnit, ancestors, arrange


def units_of(*rows):
    """Frame of (code, name, level, parent)."""
    frame = pd.DataFrame(rows, columns=["code", "name", "level", "parent_code"])
    return frame.astype({"code": "str", "name": "str", "parent_code": "str"})


TOWN = units_of(
    ("B", "碧岭街道", 0, np.nan),
    ("A", "坪山街道", 0, np.nan),
    ("A2", "坪环社区", 1, "A"),
    ("A1", "坪山社区", 1, "A"),
    ("B1", "坪环社区", 1, "B"),
    ("A11", "第一网格", 2, "A1"),
    ("B9", "Marlborough", 2, "B"),
)


def test_preorder_with_siblings_by_code():
    tree = arrange(TOWN.assign(area=range(7)))
    assert tree["code"].tolist() == ["A", "A1", "A11", "A2", "B", "B1", "B9"]
    assert tree["pos"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert tree["end"].tolist() == [4, 3, 3, 4, 7, 6, 7]
    assert tree["parent_pos"].tolist() == [0, 1, 2, 1, 0, 5, 5]
    assert tree["area"].tolist() == [1, 3, 5, 2, 0, 4, 6]


def test_row_keys_by_level():
    table = ancestors(arrange(TOWN))
    assert table.dtype == np.int32
    # B9 skips level 1: at level 1 it counts in what is unassigned of B; A2 has nothing below it at level 2.
    assert table.tolist() == [
        [0, 1, 1, 1, 1, 5, 5, 5],
        [0, 1, 2, 2, 4, 5, 6, 5],
        [0, 1, 2, 3, 4, 5, 6, 7],
    ]


def test_no_units_at_all():
    tree = arrange(TOWN.iloc[:0])
    assert tree.empty and ancestors(tree).shape == (0, 1)


@pytest.mark.parametrize(
    ("row", "got"),
    [
        (("X", "x", 1, "nowhere"), "parent 'nowhere'"),
        (("X", "x", 1, np.nan), "no parent"),
        (("X", "x", 1, "A1"), "parent 'A1'"),
        (("X", "x", 0, "A"), "parent 'A'"),
    ],
)
def test_orphans_are_refused(row, got):
    with pytest.raises(OrphanUnit, match=f"unit 'X': got {got}; expected"):
        arrange(pd.concat([TOWN, units_of(row)], ignore_index=True))


def test_repeated_and_missing_codes_are_refused():
    with pytest.raises(ValueError, match="got code 'A' more than once"):
        arrange(pd.concat([TOWN, TOWN.iloc[[1]]], ignore_index=True))
    with pytest.raises(ValueError, match="without a code"):
        arrange(TOWN.assign(code=TOWN["code"].where(TOWN["code"] != "A2")))


@st.composite
def trees(draw):
    """Random trees of up to four levels, rows in any order; parents may skip levels."""
    rows = []
    for number in range(draw(st.integers(0, 30))):
        above = [row for row in rows if row[2] < 3]
        parent = draw(st.sampled_from(above)) if above and draw(st.booleans()) else None
        level = draw(st.integers(parent[2] + 1, 3)) if parent else 0
        rows.append((draw(st.sampled_from("abc")) + str(number), "n", level, parent[0] if parent else np.nan))
    return units_of(*draw(st.permutations(rows)))


@given(trees())
def test_ranges_and_row_keys_agree_with_walking_up(frame):
    tree = arrange(frame)
    table = ancestors(tree)
    parent = dict(zip(frame["code"], frame["parent_code"], strict=True))
    level = dict(zip(frame["code"], frame["level"], strict=True))
    pos = dict(zip(tree["code"], tree["pos"], strict=True))
    end = dict(zip(tree["code"], tree["end"], strict=True))
    for code in frame["code"]:
        line = [code]
        while isinstance(parent[line[-1]], str):
            line.append(parent[line[-1]])
        for other in frame["code"]:
            assert (pos[other] <= pos[code] <= end[other]) == (other in line)
        for depth in range(len(table)):
            key = next((pos[up] for up in line if level[up] <= depth), 0)
            assert table[depth, pos[code]] == key
    siblings = tree.groupby("parent_pos")["code"]
    assert all(group.is_monotonic_increasing for _, group in siblings)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A1", "A1"),  # a code
        ("ａ１１", "A11"),  # full width, other case
        ("坪山街道", "A"),  # the whole name decides
        ("坪山社区", "A1"),
        ("坪山", "A1"),  # street and community of one name, one inside the other: the finest
        ("坪山居委会", "A1"),  # another suffix of the same kind of place
        ("碧岭", "B"),
        (" 碧 岭 街道 ", "B"),
        ("碧岭社区", None),  # no such community; the street is another kind of place
        ("坪环社区", None),  # two of that name, neither inside the other
        ("碧岭街道 / 坪环社区", "B1"),  # the path tells which
        ("坪山街道/坪环", "A2"),
        ("坪山街道 / 无名社区", "A"),  # the finest part that is known
        ("marlborough", "B9"),
        ("Marl", None),
        ("", None),
        (None, None),
        ("-", None),
    ],
)
def test_hints(text, code):
    tree = arrange(TOWN)
    found = HintIndex(tree).resolve(pd.Series([text, "A2"], dtype="str"))
    expected = -1 if code is None else tree["code"].tolist().index(code) + 1
    assert found.dtype == np.int32 and found.tolist() == [expected, 4]


def test_english_suffixes_may_be_left_out():
    tree = arrange(units_of(("1", "Queens", 0, np.nan), ("2", "Riverdale District", 0, np.nan)))
    hints = HintIndex(tree).resolve(
        pd.Series(["QUEENS  borough", "riverdale", "Riverdale community", "Unspecified"])
    )
    assert hints.tolist() == [1, 2, -1, -1]


@pytest.mark.real
def test_pingshan_communities_are_found_by_name(real_data):
    places = pd.read_csv(real_data / "pingshan_cases" / "pingshan_cases_2018-02_2018-10.csv.gz", dtype="str")
    streets = sorted(places["street_name"].unique())
    inside = places[places["community_name"] != "-"][["street_name", "community_name"]].drop_duplicates()
    rows = [(f"S{number}", name, 0, np.nan) for number, name in enumerate(streets)]
    rows += [
        (f"C{number:02d}", community, 1, f"S{streets.index(street)}")
        for number, (street, community) in enumerate(sorted(map(tuple, inside.to_numpy())))
    ]
    tree = arrange(units_of(*rows))
    hints = HintIndex(tree)
    paths = places["street_name"] + "/" + places["community_name"]
    level = np.r_[-1, tree["level"]][np.maximum(hints.resolve(paths), 0)]
    assert (level == 1).sum() == 6_945 and (level == 0).sum() == 7
    bare = places["community_name"].str.removesuffix("社区")
    assert (hints.resolve(places["street_name"] + "/" + bare) == hints.resolve(paths)).all()
