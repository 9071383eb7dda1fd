"""Recomputing everything another way: plain pandas over the facts against what the rollups say, and the ledgers' law.

This path shares the definitions of the indicators with the fast one, and nothing of its arithmetic.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, func, select

from data import left_out, places
from data.defining import DURATION_EDGES, Indicator, above, below
from data.exclusion_check import check, left_out_plainly
from data.facts import prepare
from data.factstore import narrowing, promised, read_facts
from data.indicators import of_subject
from data.rollup import Published, published, rollup_table, with_ends
from data.schema import FACTS, SUBJECT_OF_KIND, SUBJECTS, load, source
from data.share_read import BrokenShares, all_shares
from data.shares import added
from data.store import Store
from data.strips import unpack, unpack_bins
from data.tally import SPANS, histogram_of, histograms

KEYS = ["level", "pos", "day"]
SIDES = {"numerator": "n_", "denominator": "d_"}


@dataclass(frozen=True)
class Difference:
    """Something that does not agree: where, what is stored, what was expected."""

    where: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: got {self.got}; expected {self.expected}"


def rollup(facts: DataFrame, ancestors: DataFrame, indicators: Sequence[Indicator]) -> DataFrame:
    """Sum every indicator for every unit row and day, the plain way.

    facts      prepared (`data.facts.prepare`), one row per fact with its `place`
    ancestors  place, level, pos: the row a fact of that place counts in at each level
    returns    indicator, level, pos, day, numerator, denominator (0 where there is none), bin (quantiles: of the
               duration, and the numerator counts), as integers; no ratios, no NaN
    """
    parts = [part for entry in indicators for part in _contributions(facts, entry)]
    rows = pd.concat(parts, ignore_index=True).merge(ancestors, on="place")
    keys = ["indicator", *KEYS, "bin"]
    summed = rows.groupby(keys, as_index=False)[["numerator", "denominator"]].sum()
    return summed[(summed["numerator"] != 0) | (summed["denominator"] != 0)].reset_index(drop=True)


def _contributions(facts: DataFrame, entry: Indicator, of: Sequence[str] = ("place",)) -> list[DataFrame]:
    """What each fact adds: day, numerator, denominator, bin, beside the columns `of` the fact."""
    value = above(entry, facts)
    base = below(entry, facts)
    frame = facts[list(of)].assign(
        day=facts[entry.counted_on], numerator=value, denominator=0 if base is None else base, bin=0
    )
    if entry.kind == "quantile":
        frame = frame[value >= 0].assign(denominator=0, numerator=1)
        frame["bin"] = np.digitize(value[value >= 0], DURATION_EDGES)
    parts = [frame[frame["day"] >= 0]]
    if entry.leaves_on is not None:
        left = frame.assign(day=facts[entry.leaves_on], numerator=-value)
        parts.append(left[(left["day"] >= 0) & (frame["day"] >= 0)])
    return [part.assign(indicator=entry.name) for part in parts]


def verify(store: Store, *, progress: Callable[[str], None] = lambda step: None) -> list[Difference]:
    """Every difference found between facts, rollups and ledgers, in a stable order.

    Boundaries published since the last refresh are not in the rollups yet, and are left out.
    """
    found: list[Difference] = []
    with store.read() as connection:
        found += _ledger_law(connection)
        found += [Difference(*broken) for broken in check(connection)]
        seen = published(connection)
        if seen is None:
            return found
        atlas = places.versions(connection, store=store)
        for version, ends in with_ends(tuple(known for known in atlas if seen.knows(known.id))):
            for subject in SUBJECTS:
                progress(f"{subject} in version {version.id}")
                found += _compare(connection, store, seen, version, subject, ends=ends)
    return found


def _ledger_law(connection: Connection) -> list[Difference]:
    """read = accepted + updated + unchanged + rejected; what was taken lies somewhere; keys and revisions are there."""
    found = []
    done = connection.execute(select(load).where(load.c.state == "done")).all()
    for row in done:
        parts = row.accepted + row.updated + row.unchanged + row.rejected
        if row.read != parts:
            found.append(Difference(f"load {row.id}: read", str(row.read), str(parts)))
        if row.accepted + row.updated != row.located + row.outside + row.no_location:
            places_of = row.located + row.outside + row.no_location
            found.append(
                Difference(f"load {row.id}: placed", str(places_of), str(row.accepted + row.updated))
            )
    found += _withdrawn_law(connection, {row.id: row.withdrawn for row in done})
    for number, name, kind in connection.execute(select(source.c.id, source.c.name, source.c.kind)):
        table = FACTS[SUBJECT_OF_KIND[kind]]
        counts = select(func.count(), func.count(table.c.key.distinct())).where(table.c.source_id == number)
        revisions, keys = connection.execute(counts).one()
        loads = [row for row in done if row.source_id == number]
        accepted, changed = (
            sum(row.accepted for row in loads),
            sum(row.updated + row.withdrawn for row in loads),
        )
        if (keys, revisions) != (accepted, accepted + changed):
            got = f"{keys} keys in {revisions} revisions"
            found.append(Difference(f"source {name}", got, f"{accepted} in {accepted + changed}"))
    return found


def _withdrawn_law(connection: Connection, accounted: Mapping[int, int]) -> list[Difference]:
    """Every withdrawn revision is in the account of its load."""
    found = dict.fromkeys(accounted, 0)
    for table in FACTS.values():
        counts = select(table.c.load, func.count()).where(table.c.withdrawn).group_by(table.c.load)
        for number, count in connection.execute(counts):
            found[number] = found.get(number, 0) + count
    return [
        Difference(f"load {number}: withdrawn", str(accounted.get(number, 0)), str(count))
        for number, count in sorted(found.items())
        if accounted.get(number, 0) != count
    ]


def _compare(
    connection: Connection,
    store: Store,
    seen: Published,
    version: places.Version,
    subject: str,
    *,
    ends: int | None,
) -> list[Difference]:
    indicators = of_subject(subject)
    rows = read_facts(connection, subject, load=seen.load)
    if subject in left_out.SUBJECTS:
        rows["set_aside"] = left_out_plainly(connection, subject, rows["rev"], at_load=seen.load)
    facts = prepare(rows, subject, store.settings, promises=promised(connection))
    facts["place"] = places.of_revisions(connection, subject, version.id, facts["rev"])
    depths = seen.levels.get(version.id, ())
    wide = (
        DataFrame(version.ancestors[list(depths)].T, columns=list(depths)).rename_axis("place").reset_index()
    )
    ancestors = wide.melt("place", var_name="level", value_name="pos").astype("int64")
    expected = rollup(facts, ancestors, indicators)
    if ends is not None:
        expected = expected[expected["day"] < ends]
    found = []
    for span in SPANS:
        stored, binned = _stored(connection, seen, version, subject, span)
        at_span = expected.assign(day=expected["day"] // span * span)
        where = f"version {version.id}, span {span}"
        found += _differences(where, _as_lines(stored), _by_column(at_span, indicators))
        for name in histograms(indicators):
            one = next(x.name for x in indicators if x.kind == "quantile" and histogram_of(x) == name)
            wanted = at_span[at_span["indicator"] == one].groupby([*KEYS, "bin"])["numerator"].sum()
            have = binned[name].groupby([*KEYS, "bin"])["n"].sum()
            found += _differences(f"{name}, {where}", have, wanted)
    return found + (_kept(connection, seen, version, subject, facts) if seen.shares else [])


def _kept(
    connection: Connection, seen: Published, version: places.Version, subject: str, facts: DataFrame
) -> list[Difference]:
    """Differences of the shares kept of every fact, put together by place, words and day."""
    of = ["place", *(f"{word}_id" for word in narrowing(subject))]
    try:
        kept, found = all_shares(connection, seen, version, subject), []
    except BrokenShares as error:
        return [Difference(*error.args)]
    for entry in of_subject(subject):
        expected = pd.concat(_contributions(facts, entry, of))
        for name in {name for name, _ in added(entry)}:
            wanted = expected["denominator" if name.startswith("d_") else "numerator"]
            wanted = wanted**2 if name.startswith("q_") else wanted
            lines = kept.get(name, expected.head(0).assign(value=0, sign=1))
            have = (lines["value"] * lines["sign"]).groupby([lines[key] for key in (*of, "day", "bin")]).sum()
            sums = wanted.groupby([expected[key] for key in (*of, "day", "bin")]).sum()
            found += _differences(f"shares of {entry.name}, version {version.id}", have, sums)
    return found


def _stored(
    connection: Connection, seen: Published, version: places.Version, subject: str, span: int
) -> tuple[DataFrame, dict[str, DataFrame]]:
    """Published sums by level, unit row and day; and each histogram: the same with bin and n."""
    table, hists = rollup_table(subject), seen.histograms(subject)
    wanted = select(*(table.c[name] for name in ("level", "day", "units", "sums", *hists))).where(
        table.c.version_id == version.id,
        table.c.span == span,
        table.c.gen.between(seen.base, seen.generation),
    )
    rows = connection.execute(wanted).all()
    level, day, units, sums, *bins = zip(*rows, strict=True) if rows else [()] * (4 + len(hists))
    names = seen.columns(subject)
    lines = unpack(units, sums, width=len(names))
    heads = DataFrame({"level": level, "day": day}, dtype="int64")
    whole = heads.iloc[lines.owner].reset_index(drop=True).assign(pos=lines.pos)
    whole[list(names)] = lines.sums
    return whole, {name: _binned(heads, units, packed) for name, packed in zip(hists, bins, strict=True)}


def _binned(heads: DataFrame, units: Sequence[bytes], packed: Sequence[bytes | None]) -> DataFrame:
    owner, pos, bins, counts = unpack_bins(units, packed).T
    return heads.iloc[owner].reset_index(drop=True).assign(pos=pos, bin=bins, n=counts)


def _as_lines(stored: DataFrame) -> pd.Series:
    """Stored sums by KEYS and column; squares, which no plain sum stands against, are left out."""
    names = [name for name in stored if str(name)[:2] in SIDES.values()]
    lines = stored.melt(KEYS, names, "column", "sum")
    return lines.groupby([*KEYS, "column"])["sum"].sum()


def _by_column(expected: DataFrame, indicators: Sequence[Indicator]) -> pd.Series:
    """The plain sums, named like the stored ones."""
    plain = {side: [x.name for x in indicators if x.kind != "quantile" and _has(x, side)] for side in SIDES}
    parts = [
        expected.loc[expected["indicator"].isin(names), [*KEYS, "indicator", side]].rename(
            columns={side: "sum"}
        )
        for side, names in plain.items()
    ]
    for part, side in zip(parts, plain, strict=True):
        part["column"] = SIDES[side] + part["indicator"]
    return pd.concat(parts).groupby([*KEYS, "column"])["sum"].sum()


def _has(entry: Indicator, side: str) -> bool:
    return side == "numerator" or entry.denominator is not None


def _differences(where: str, have: pd.Series, wanted: pd.Series) -> list[Difference]:
    both = pd.concat([have.rename("got"), wanted.rename("expected")], axis=1).fillna(0)
    off = both[both["got"] != both["expected"]].sort_index()
    return [
        Difference(
            f"{where} at {dict(zip(off.index.names, key, strict=True))}", f"{row.got:g}", f"{row.expected:g}"
        )
        for key, row in zip(off.index, off.itertuples(), strict=True)
    ]
