"""A release against the store: played again as of its instant, and beside the figures of now.

Played again it must give the same bytes, whatever was loaded, corrected, published or listed since. The figures of
now differ by what the facts behind them tell (`data.changes`).
"""

from collections.abc import Callable

from pandas import DataFrame, concat

from data.measures import UNASSIGNED
from data.query import Query
from data.reader import Reader
from data.releases import FIGURE, Document, Release, Wanted, document, figures, frozen, written

FIRST = 20  # differences told
KEYS = ["indicator", "level", "unit_code"]
VALUES = ["numerator", "denominator", "value"]


def replay(reader: Reader, one: Release) -> list[str]:
    """What differs from the release when it is made again as of its instant; nothing where the bytes are the same."""
    with reader.read() as connection:
        kept = document(connection, one.name)
        held = kept.content
        wanted = Wanted(
            one.name, one.period, indicators=tuple(held["indicators"]), levels=tuple(held["levels"]),
            boundaries=one.boundaries,
        )  # fmt: skip
        again = frozen(reader.in_tree(one.tree), wanted, as_of=one.as_of)
    if written(again) == kept.text:
        return []
    return [*_rules(held, again), *_figures(held["figures"], again["figures"])]


def asked(one: Release, kept: Document) -> Query:
    """The question a release answers, as known now."""
    names = tuple(kept.content["indicators"])
    return Query(None, None, names, one.period, boundaries=one.boundaries, tree=one.tree)


def beside(
    reader: Reader, one: Release, *, indicator: str | None = None, level: str | None = None
) -> DataFrame:
    """Released figures beside those of now.

    Of the whole where the reader sees it, and of the units of the scope only.

    returns  indicator, level, unit_code, and numerator, denominator, value as `…_then` and `…_now` (NaN where there
             is none), differs
    """
    with reader.read() as connection:
        kept = document(connection, one.name)
        query = asked(one, kept)
        query = query.asking(indicators=(indicator,) if indicator else query.indicators)
        levels = kept.content["levels"] if level is None else [level] if level else []
        now = figures(reader.in_tree(one.tree), query, levels)
    then = [row for row in kept.figures if row[0] in query.indicators and row[1] in ("", *levels)]
    opened = _opened(reader.in_tree(one.tree))
    seen = [[row for row in rows if opened(row[2])] for rows in (then, now)]
    tables = [DataFrame(rows, columns=list(FIGURE))[KEYS + VALUES] for rows in seen]
    typed = [table.astype(dict.fromkeys(VALUES, "float64")) for table in tables]
    both = typed[0].merge(typed[1], on=KEYS, how="outer", suffixes=("_then", "_now"), sort=False)
    order = concat([table[KEYS] for table in tables]).drop_duplicates()
    both = order.merge(both, on=KEYS, how="left", validate="one_to_one")
    equal = [(both[f"{name}_then"].fillna(-1) == both[f"{name}_now"].fillna(-1)) for name in VALUES]
    return both.assign(differs=~(equal[0] & equal[1] & equal[2]))


def _opened(reader: Reader) -> Callable[[str], bool]:
    """Whether a scope opens the unit of a code, or of its unassigned part, in any boundary version."""
    if reader.scope.whole:
        return lambda code: True
    codes: set[str] = set()
    for version in reader.versions:
        for low, high in reader.scope.ranges(version.units, tree=reader.tree):
            codes.update(version.code_at[low : high + 1])
    return lambda code: code.removesuffix(UNASSIGNED) in codes - {""}


def _rules(held: dict, again: dict) -> list[str]:
    found = []
    for part in ("definitions", "rules"):
        for name in sorted(held[part].keys() | again[part].keys()):
            old, new = held[part].get(name), again[part].get(name)
            if old != new:
                found.append(f"{part} {name}: released {_short(old)}; now {_short(new)}")
    return found


def _figures(held: list[list], again: list[list]) -> list[str]:
    old, new = ({tuple(row[:3]): row[3:] for row in rows} for rows in (held, again))
    found = []
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) != new.get(key):
            where = " ".join(part for part in key if part)
            found.append(f"{where}: released {_short(old.get(key))}; played again {_short(new.get(key))}")
        if len(found) == FIRST:
            break
    return found


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 160 else text[:157] + "..."
