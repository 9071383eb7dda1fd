"""The fast sums against plain pandas, spans against days, histograms against sorted values."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import facts as facts_module
from data.facts import Promises, prepare
from data.histograms import BINS, quantile
from data.indicators import of_subject
from data.strips import pack, unpack, unpack_bins
from data.tally import SPANS, columns, histograms, merge, segments, tally, widen
from data.verify import rollup

DAY = facts_module.DAY_MICROSECONDS
UTC_DAYS = SimpleNamespace(day_start=lambda day: day * DAY, timers={"filing": 400.0, "dispatch": 15.0})


def cases(rows: list[tuple[int, int, int, int]]) -> pd.DataFrame:
    """place, reported, due, closed in quarter days since the epoch (-1 absent) as prepared facts."""
    frame = pd.DataFrame(rows, columns=["place", "reported", "due", "closed"]).astype("int64")
    raw = pd.DataFrame(
        {"place": frame["place"], "rev": range(len(frame)), "source_id": frame["place"] % 2 + 1}
    )
    frame["filed"] = np.where(frame["reported"] % 5, frame["reported"] + frame["place"] % 2, -1)
    frame["dispatched"] = np.where(frame["reported"] % 3, frame["filed"], -1)
    frame["handled"] = np.where(frame["reported"] % 2, frame["closed"], -1)
    for name in ("reported", "filed", "dispatched", "due", "handled", "closed"):
        raw[f"{name}_at"] = np.where(frame[name] >= 0, frame[name] * (DAY // 4), -1)
    counts = {"redispatches": frame["reported"] % 2, "reworks": frame["reported"] % 4 - 1}
    raw = raw.assign(withdrawn=0, on_time=-1, voided=0, forced=0, **counts)
    return prepare(raw, "cases", UTC_DAYS, promises=Promises({}, {"reworks": frozenset({2})}))


quarters = st.integers(4, 800)
case_rows = st.lists(
    st.tuples(
        st.integers(0, 5),
        quarters,
        st.one_of(st.just(-1), quarters),
        st.one_of(st.just(-1), quarters),
    ),
    max_size=40,
)


@given(case_rows)
@settings(max_examples=30, deadline=None)
def test_tally_equals_the_plain_rollup(rows):
    facts = cases(rows)
    indicators = of_subject("cases")
    cells = tally(facts, facts["place"].to_numpy(), indicators)
    ancestors = pd.DataFrame({"place": range(6), "level": 0, "pos": range(6)})
    expected = rollup(facts, ancestors, indicators) if len(facts) else pd.DataFrame(columns=["indicator"])
    for entry in indicators:
        if entry.kind == "quantile":
            continue
        mine = expected[expected["indicator"] == entry.name]
        wanted = {(r.pos, r.day): r.numerator for r in mine.itertuples() if r.numerator}
        column = cells.sums[:, cells.names.index(f"n_{entry.name}")]
        have = {(int(r), int(d)): v for r, d, v in zip(cells.row, cells.day, column, strict=True) if v}
        assert have == wanted, entry.name


@given(case_rows, case_rows)
@settings(max_examples=25, deadline=None)
def test_taking_away_and_adding_again_comes_to_the_same(first, second):
    indicators = of_subject("cases")
    old, both = cases(first), cases(first + second)
    parts = [
        tally(both, both["place"].to_numpy(), indicators),
        tally(old, old["place"].to_numpy(), indicators, sign=-1),
    ]
    rest = cases(second)
    difference, direct = merge(parts), merge([tally(rest, rest["place"].to_numpy(), indicators)])
    assert difference.row.tolist() == direct.row.tolist()
    assert difference.day.tolist() == direct.day.tolist()
    assert (difference.sums == direct.sums).all()
    for name in histograms(indicators):
        got, wanted = (np.stack(side.pairs[name]).tolist() for side in (difference, direct))
        assert got == wanted


@given(case_rows)
@settings(max_examples=25, deadline=None)
def test_spans_hold_what_their_days_hold(rows):
    facts = cases(rows)
    cells = tally(facts, facts["place"].to_numpy(), of_subject("cases"))
    for span in SPANS:
        wide = widen(cells, span)
        assert (wide.day % span == 0).all()
        assert wide.sums.sum(axis=0).tolist() == cells.sums.sum(axis=0).tolist()
        for name in wide.pairs:
            counts = [
                np.bincount(bins, n, minlength=BINS) for _, bins, n in (wide.pairs[name], cells.pairs[name])
            ]
            assert counts[0].tolist() == counts[1].tolist()


@given(st.integers(0, 30_000), st.integers(0, 3_000))
def test_segments_cover_each_day_once(start, length):
    days = []
    for span, first, last in segments(start, start + length):
        assert first % span == 0
        days += [day for head in range(first, last + 1, span) for day in range(head, head + span)]
    assert sorted(days) == list(range(start, start + length))


@given(st.lists(st.floats(1, 500_000), min_size=1, max_size=300), st.sampled_from([0.5, 0.9]))
def test_a_quantile_is_exact_to_one_bin(minutes, share):
    from data.defining import DURATION_EDGES

    bins = np.searchsorted(DURATION_EDGES, minutes, side="right")
    counts = np.bincount(bins, minlength=len(DURATION_EDGES) + 1)
    exact = np.sort(minutes)[int(np.ceil(share * len(minutes))) - 1]
    assert quantile(counts, share) * 60 == pytest.approx(exact, rel=0.05, abs=1.0)


def test_columns_name_every_sum_once():
    for subject in ("cases", "orders", "alerts", "parking"):
        names = columns(of_subject(subject))
        assert len(names) == len(set(names)) > 0


@given(case_rows, st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_strips_unpack_to_what_was_packed(rows, units):
    facts = cases(rows)
    cells = tally(facts, facts["place"].to_numpy(), of_subject("cases"))
    strip_at = np.arange(cells.row.max(initial=0) + 1) // units
    packed = pack(cells, strip_at, fixed=(1, 2, 1, 3))
    assert [row[:6] for row in packed] == sorted({row[:6] for row in packed})
    held, sums, bins = ([row[at] for row in packed] for at in (6, 7, 8))
    lines = unpack(held, sums, width=len(cells.names))
    days = np.array([row[3] for row in packed], dtype=np.int64)
    found = {
        (p, days[o]): line for p, o, line in zip(lines.pos, lines.owner, lines.sums.tolist(), strict=True)
    }
    assert found == {
        (r, d): line for r, d, line in zip(cells.row, cells.day, cells.sums.tolist(), strict=True)
    }
    cell, bin_at, count = next(iter(cells.pairs.values()))
    unpacked = sorted((p, days[o], b, n) for o, p, b, n in unpack_bins(held, bins).tolist())
    assert unpacked == sorted(zip(cells.row[cell], cells.day[cell], bin_at, count, strict=True))
