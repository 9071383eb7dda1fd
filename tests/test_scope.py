import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from data.scope import PERMISSIONS, ROLES, WHOLE, Scope, scope_of, whole_scope

TREE = DataFrame(
    [
        (0, 7, ""),
        (1, 4, "A"),
        (2, 3, "A1"),
        (3, 3, "A11"),
        (4, 4, "A2"),
        (5, 7, "B"),
        (6, 6, "B1"),
        (7, 7, "B2"),
    ],
    columns=["pos", "end", "code"],
)


def scope(*units: str) -> Scope:
    return scope_of("wang", "manager", units)


def test_no_scope_opens_no_rows():
    assert scope().ranges(TREE) == ()
    assert Scope("wang", "administrator").ranges(TREE) == ()


def test_only_the_explicit_grant_opens_the_whole_instance_with_what_lies_nowhere():
    assert scope(WHOLE).ranges(TREE) == ((0, 7),)
    assert scope_of("li", "leader", (WHOLE, "A1")).ranges(TREE) == ((0, 7),)
    assert whole_scope().ranges(TREE) == ((0, 7),)
    assert Scope("li", "leader", units=(WHOLE,)).ranges(TREE) == ()  # the root's code is no unit of a list


def test_ranges_are_the_topmost_units_in_order():
    assert scope("B", "A1", "A").ranges(TREE) == ((1, 4), (5, 7))
    assert scope("B2", "A2").ranges(TREE) == ((4, 4), (7, 7))


def test_unit_unknown_to_the_version_opens_nothing():
    assert scope("Z").ranges(TREE) == ()
    assert scope("Z", "A2").ranges(TREE) == ((4, 4),)
    assert whole_scope().ranges(TREE.iloc[:0]) == ((0, 0),)


def test_a_unit_granted_in_one_tree_opens_nothing_in_another():
    granted = scope_of("wang", "manager", ("A",), tree="admin")
    assert granted.ranges(TREE, tree="admin") == ((1, 4),)
    assert granted.ranges(TREE, tree="grid") == granted.ranges(TREE) == ()
    assert scope_of("li", "leader", (WHOLE,)).ranges(TREE, tree="admin") == ((0, 7),)


def test_every_permission_names_known_roles_and_unknown_permissions_nobody():
    assert all(roles <= set(ROLES) for roles in PERMISSIONS.values())
    assert not any(Scope("x", role, whole=True).may("no such thing") for role in ROLES)
    assert [role for role in ROLES if Scope("x", role).may("run")] == ["operator", "administrator"]
    assert not Scope("x", "auditor").may("map")


@st.composite
def trees(draw):
    """A random preorder: every unit's parent is an earlier one on the current path."""
    parents = [0]
    for pos in range(1, draw(st.integers(1, 40))):
        path, at = [], pos - 1
        while at:
            path.append(at)
            at = parents[at]
        parents.append(draw(st.sampled_from([0, *path])))
    end = list(range(len(parents)))
    for pos in range(len(parents) - 1, 0, -1):
        end[parents[pos]] = max(end[parents[pos]], end[pos])
    return parents, DataFrame(
        {"pos": range(len(parents)), "end": end, "code": [f"u{p}" for p in range(len(parents))]}
    )


@given(trees(), st.data())
def test_ranges_hold_exactly_the_named_units_and_their_descendants(tree, data):
    parents, frame = tree
    named = set(data.draw(st.lists(st.integers(1, max(len(parents) - 1, 1)), max_size=6)))
    expected = set()
    for pos in range(1, len(parents)):
        at = pos
        while at and at not in named:
            at = parents[at]
        if at:
            expected.add(pos)
    ranges = scope(*(f"u{pos}" for pos in named)).ranges(frame)
    covered = [pos for low, high in ranges for pos in range(low, high + 1)]
    assert len(covered) == len(set(covered))
    assert set(covered) == expected
    assert np.all(np.diff([low for low, _ in ranges]) > 0)
