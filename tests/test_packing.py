"""Narrow columns that travel as one number, on both stores; and items that are made while others are dealt with."""

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, MetaData, Table, insert, literal_column

from data.ahead import ahead
from data.packing import BITS, Narrow, Packing, read_narrow

bounds = st.tuples(st.integers(-(2**30), 2**30), st.integers(0, 2**40)).map(lambda pair: (pair[0], sum(pair)))


@st.composite
def tables(draw):
    """Bounds of up to twelve columns, and rows within them that touch both ends."""
    limits = draw(st.lists(bounds, min_size=1, max_size=12))
    inside = st.tuples(
        *(st.one_of(st.just(low), st.just(high), st.integers(low, high)) for low, high in limits)
    )
    return limits, draw(st.lists(inside, min_size=1, max_size=6))


def columns_of(limits, values) -> list[Narrow]:
    return [
        Narrow(f"c{at}", value, *pair) for at, (pair, value) in enumerate(zip(limits, values, strict=True))
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_what_was_packed_comes_back(store, table):
    limits, rows = table
    kept = Table(
        "packed", MetaData(), Column("n", BigInteger), *(Column(f"c{at}", BigInteger) for at in range(12))
    )
    with store.write() as connection:
        kept.create(connection)
        named = [{"n": n, **{f"c{at}": value for at, value in enumerate(row)}} for n, row in enumerate(rows)]
        connection.execute(insert(kept), named)
        columns = columns_of(limits, [kept.c[f"c{at}"] for at in range(len(limits))])
        found = read_narrow(connection, columns, [kept.c.n >= 0], order=kept.c.n)
        kept.drop(connection)
    assert np.array(found).T.tolist() == [list(row) for row in rows]


def test_columns_share_a_number_as_long_as_they_fit():
    half = 2 ** (BITS // 2) - 1
    two = columns_of([(0, half)] * 2, [literal_column("1")] * 2)
    assert len(Packing(two).selected) == 1
    assert len(Packing([*two, Narrow("c2", literal_column("0"), 0, 1)]).selected) == 2


# Ahead


def test_items_keep_their_order_and_the_next_is_made_meanwhile():
    made, next_is_there = [], threading.Event()

    def items():
        for n in range(4):
            made.append(n)
            if n == 1:
                next_is_there.set()
            yield n

    found = ahead(items())
    assert next(found) == 0 and next_is_there.wait(5), "the second is made while the first is dealt with"
    assert len(made) <= 2, "one is made ahead, and no more"
    assert [*found] == [1, 2, 3] and [*ahead([])] == []


def test_what_fails_fails_where_its_item_would_have_come():
    def items():
        yield 1
        raise OSError("gone")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(OSError, match="gone"):
        next(found)


def test_who_stops_early_ends_the_making():
    ended = threading.Event()

    def items():
        try:
            while True:
                yield 1
        finally:
            ended.set()

    source = items()
    found = ahead(source)
    next(found)
    found.close()
    source.close()
    assert ended.is_set() and not [one for one in threading.enumerate() if one.name.startswith("ahead")]
