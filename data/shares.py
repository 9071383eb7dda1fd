"""What every fact adds, kept as columns: questions by category, channel or fine level read a few of them whole.

A refresh keeps what it counted as it counted it: facts that came with sign 1, facts taken away with sign -1, so that
the generations base..published add up as the summed tables do. A part is some facts side by side: their place in
every boundary version, their words, the local days they count on and their worth on each. To read three or four
columns of a million facts takes a few milliseconds; which of them a question is about is then a comparison.

Absent on purpose: sums by category. They have more rows than there are facts, and answer only what was foreseen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from data.bulk import insert_rows
from data.defining import Indicator
from data.factstore import narrowing
from data.schema import share
from data.store import Store
from data.tally import Shares, histogram_of

FORMAT = 1  # of the columns kept; another one is made with the next base
PART_FACTS = 250_000
PLACE = "place "
INTEGERS = ("<i1", "<i2", "<i4", "<i8")
COLUMNS = ("subject", "gen", "part", "name", "sign", "size", "kind", "body")


@dataclass(frozen=True)
class Tallied:
    """Facts as a refresh counts them.

    facts   prepared
    places  their place by boundary version
    """

    facts: DataFrame
    shares: Shares
    sign: int
    places: Mapping[int, np.ndarray]


def place_column(version_id: int) -> str:
    """Name of the column of places in a boundary version."""
    return f"{PLACE}{version_id}"


def version_of(name: str) -> int | None:
    """The boundary version whose places a column holds; None for a column of something else."""
    return int(name.removeprefix(PLACE)) if name.startswith(PLACE) else None


def value_column(name: str, on: str) -> str:
    """Name of the column of what facts add to a sum or histogram on the day `on`."""
    return f"{name} {on}"


def added(entry: Indicator) -> list[tuple[str, str]]:
    """The columns of sums, or of a histogram, that an indicator adds to, each with the day it counts on."""
    if entry.kind == "quantile":
        return [(histogram_of(entry), entry.counted_on)]
    found = [(f"n_{entry.name}", entry.counted_on)]
    if entry.leaves_on is not None:
        found.append((f"n_{entry.name}", entry.leaves_on))
    if entry.denominator is not None:
        found.append((f"d_{entry.name}", entry.counted_on))
    return [*found, (f"q_{entry.name}", entry.counted_on)] if entry.kind == "score" else found


def write_shares(store: Store, subject: str, number: int, counted: Sequence[Tallied]) -> None:
    """Keep what a generation counted of a subject, in short transactions."""
    part = 0
    for each in counted:
        kept = _columns(subject, each)
        for start in range(0, len(each.facts), PART_FACTS):
            cut = {name: values[start : start + PART_FACTS] for name, values in kept.items()}
            fixed = (subject, number, part)
            size = min(PART_FACTS, len(each.facts) - start)
            rows = [(*fixed, name, each.sign, size, *_packed(values)) for name, values in cut.items()]
            with store.write() as connection:
                insert_rows(connection, share, COLUMNS, rows)
            part += 1


def _columns(subject: str, counted: Tallied) -> dict[str, np.ndarray]:
    """Everything kept of some facts, by name; a histogram's bin is -1 where a fact has none."""
    kept = {word: counted.facts[f"{word}_id"].to_numpy() for word in narrowing(subject)}
    kept |= {place_column(version): places for version, places in counted.places.items()}
    for each in counted.shares.sums:
        kept[each.on] = counted.facts[each.on].to_numpy()
        kept[value_column(each.name, each.on)] = each.value
    for each in counted.shares.bins:
        kept[each.on] = counted.facts[each.on].to_numpy()
        kept[value_column(each.name, each.on)] = np.where(each.day >= 0, each.value, -1)
    return kept


def _packed(values: np.ndarray) -> tuple[str, bytes]:
    """The smallest kind of integer that holds all values, and their bytes; of equal ones only the first."""
    low, high = int(values.min()), int(values.max())
    kind = next(kind for kind in INTEGERS if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return kind, (values[:1] if low == high else values).astype(kind).tobytes()


def unpacked(kind: str, body: bytes, size: int) -> np.ndarray:
    """Values of a column of so many facts, not to be written to. Raises ValueError where there are more or fewer."""
    values = np.frombuffer(body, dtype=kind)
    return values if len(values) == size else np.broadcast_to(values, size)
