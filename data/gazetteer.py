"""The gazetteer of an instance: entries that are known from an instant until another, and what grows or mends them.

Invariants: nothing is overwritten, an entry that no longer holds is superseded; a proposal counts only once a person
has accepted it; every change moves the facts it concerns before the lock is given back (see `data.relocation`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame
from sqlalchemy import Connection, func, insert, select, update

from data.bulk import any_of
from data.gazetteer_file import GazetteerError, as_file, read_file
from data.growth import grown
from data.instants import micros
from data.locks import one_at_a_time
from data.people import note
from data.placing import Target, known
from data.relocation import Moved, relocate
from data.schema import hand_place, load, place_entry
from data.store import Store
from geo.gazetteer import Entry

SAYS = (
    "kind",
    "name",
    "road",
    "lane",
    "branch",
    "low",
    "high",
    "side",
    "valid_from_on",
)  # what an entry is about
HOLDS = ("lon", "lat", "level", "units", "valid_to_on", "note")  # and what it says of it
ALL = (*SAYS, *HOLDS)


@dataclass(frozen=True)
class Changed:
    """What a change of the gazetteer did: entries added, replaced, left as they were, closed; and the facts moved.

    number  of the one entry that was written by hand; 0: none was
    """

    added: int
    replaced: int
    unchanged: int
    closed: int
    moved: Moved
    number: int = 0


def import_file(
    store: Store, path: Path, *, clock: Callable[[], datetime], by: str, replace: bool = False
) -> Changed:
    """Take the entries of a file; one about the same words as an entry replaces it. Raises GazetteerError.

    replace  entries that came from files and are not in this one no longer hold
    """
    return put(store, read_file(path, store.settings), clock=clock, by=by, origin="import", replace=replace)


def put(
    store: Store,
    rows: DataFrame,
    *,
    clock: Callable[[], datetime],
    by: str,
    origin: str,
    replace: bool = False,
) -> Changed:
    """Take entries given as rows with the columns ALL, then move the facts they concern."""
    with one_at_a_time(store, "load"):
        with store.write() as connection:
            added, replaced, unchanged, closed = write(
                connection, rows, now=clock(), by=by, origin=origin, replace=replace
            )
        moved = relocate(store, clock=clock)
    return Changed(added, replaced, unchanged, closed, moved)


def mend(store: Store, number: int, row: DataFrame, *, clock: Callable[[], datetime], by: str) -> Changed:
    """Put one entry (a row with the columns ALL) in the place of another, 0: of none; then move the facts it concerns.

    Raises GazetteerError for a number that is no entry that holds, and where another entry is about the same words.
    """
    return _by_hand(store, [number] if number else [], row, clock=clock, by=by)


def end(store: Store, number: int, *, clock: Callable[[], datetime], by: str) -> Changed:
    """Let an entry no longer hold, then move the facts it concerned. Raises GazetteerError."""
    return _by_hand(store, [number], None, clock=clock, by=by)


def _by_hand(
    store: Store, numbers: Sequence[int], row: DataFrame | None, *, clock: Callable[[], datetime], by: str
) -> Changed:
    with one_at_a_time(store, "load"):
        with store.write() as connection:
            held, at = entries(connection), after_all(connection, micros(clock()))
            for number in numbers:
                if number not in held.index:
                    raise GazetteerError(
                        f"gazetteer: got {number}; expected the number of an entry that holds"
                    )
            fresh = DataFrame() if row is None else _comparable(row)
            others = held.drop(numbers)
            if len(fresh) and len(others.merge(fresh, on=list(SAYS))):
                raise GazetteerError(
                    "gazetteer: got words that another entry is about; expected words of its own"
                )
            _close(connection, numbers, at=at)
            made = _add(connection, fresh, state="active", origin="rule", by=by, at=at)
            done = "mended" if numbers and len(fresh) else "added" if len(fresh) else "ended"
            about = ", ".join(map(str, numbers))
            note(connection, f"gazetteer entry {done}", by=by, now=clock(), about=about)
        moved = relocate(store, clock=clock)
    replaced = int(bool(numbers) and len(fresh) > 0)
    return Changed(len(fresh) - replaced, replaced, 0, len(numbers) - replaced, moved, sum(made))


@dataclass(frozen=True)
class Weighed:
    """What taking some rows would do: `fresh` ones to write, the numbers of those they replace, of those that end.

    by_hand  how many of those replaced somebody has written or mended himself
    """

    fresh: DataFrame
    replaced: tuple[int, ...]
    unchanged: int
    lacking: tuple[int, ...]
    by_hand: int

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Those of `Changed`."""
        return len(self.fresh) - len(self.replaced), len(self.replaced), self.unchanged, len(self.lacking)


def weigh(connection: Connection, rows: DataFrame, *, origin: str, replace: bool = False) -> Weighed:
    """What taking rows (columns ALL) would do; of several about the same words the last counts."""
    rows = _comparable(rows).drop_duplicates(list(SAYS), keep="last")
    before = entries(connection).reset_index()
    shared = before.merge(rows, on=list(SAYS), how="inner", suffixes=("", "_new"))
    same = np.logical_and.reduce([_equal(shared[name], shared[f"{name}_new"]) for name in HOLDS])
    lacking = replace & (before["origin"] == origin) & ~before["id"].isin(shared["id"])
    kept = rows.merge(shared.loc[same, list(SAYS)], on=list(SAYS), how="left", indicator=True)
    return Weighed(
        fresh=kept[kept["_merge"] == "left_only"],
        replaced=tuple(shared.loc[~same, "id"].tolist()),
        unchanged=int(same.sum()),
        lacking=tuple(before.loc[lacking, "id"].tolist()),
        by_hand=int((shared.loc[~same, "origin"] == "rule").sum()),
    )


def write(
    connection: Connection, rows: DataFrame, *, now: datetime, by: str, origin: str, replace: bool = False
) -> tuple[int, int, int, int]:
    """Write entries without moving a fact; the caller holds the lock `load`. Answers the counts of `Changed`."""
    at, found = after_all(connection, micros(now)), weigh(connection, rows, origin=origin, replace=replace)
    _close(connection, [*found.replaced, *found.lacking], at=at)
    _add(connection, found.fresh, state="active", origin=origin, by=by, at=at)
    note(connection, "gazetteer changed", by=by, now=now, detail=f"{len(found.fresh)} entries, {origin}")
    return found.counts


def entries(connection: Connection, *, state: str = "active", as_of: int | None = None) -> DataFrame:
    """Entries by id: ALL, origin, recorded_at, recorded_by; those that hold, or held at an instant."""
    names = [*ALL, "origin", "recorded_at", "recorded_by"]
    query = select(place_entry.c.id, *(place_entry.c[name] for name in names)).where(
        place_entry.c.state == state, known(place_entry, as_of)
    )
    rows = connection.execute(query.order_by(place_entry.c.id)).all()
    return _comparable(DataFrame(rows, columns=["id", *names])).set_index("id")


def _comparable(rows: DataFrame) -> DataFrame:
    """Columns of one type each, so that rows from a file and from the store can be compared."""
    texts = {"kind", "name", "road", "level", "units", "note"}
    floats = {"lon", "lat", "valid_from_on", "valid_to_on"}
    frame = rows.reindex(columns=[*rows.columns, *(name for name in ALL if name not in rows)])
    for name in ALL:
        if name in texts:
            frame[name] = frame[name].fillna("{}" if name == "units" else "").astype("str")
        else:
            frame[name] = frame[name].astype("float64" if name in floats else "int64")
    return frame


def _equal(one: pd.Series, other: pd.Series) -> np.ndarray:
    return np.asarray((one == other) | (one.isna() & other.isna()))


def after_all(connection: Connection, now: int) -> int:
    """An instant after everything recorded so far, so that what was placed before is not placed by what comes now."""
    parts = (
        load.c.recorded_at, place_entry.c.recorded_at, place_entry.c.superseded_at, hand_place.c.recorded_at,
        hand_place.c.superseded_at,
    )  # fmt: skip
    latest = [connection.scalar(select(func.max(column))) or 0 for column in parts]
    return max(now, *(at + 1 for at in latest))


def _close(connection: Connection, numbers: Collection[int], *, at: int) -> None:
    if numbers:
        which = place_entry.c.id.in_(any_of(connection, [int(number) for number in numbers]))
        connection.execute(update(place_entry).where(which).values(superseded_at=at))


def _add(connection: Connection, rows: DataFrame, *, state: str, origin: str, by: str, at: int) -> list[int]:
    if rows.empty:
        return []
    first = (connection.scalar(select(func.max(place_entry.c.id))) or 0) + 1
    plain = rows[list(ALL)].astype(object).where(rows[list(ALL)].notna(), None)
    more = {"state": state, "origin": origin, "recorded_at": at, "recorded_by": by}
    values = [{"id": first + turn, **row, **more} for turn, row in enumerate(plain.to_dict("records"))]
    connection.execute(insert(place_entry), values)
    return [first + turn for turn in range(len(values))]


def export_file(store: Store, *, as_of: int | None = None) -> str:
    """The entries that hold (or held at an instant) as a file's text."""
    with store.read() as connection:
        return as_file(entries(connection, as_of=as_of))


def propose(store: Store, *, clock: Callable[[], datetime], by: str, least: int) -> int:
    """Grow proposals from facts that coordinates placed; those made or refused before are not made again."""
    rows = _comparable(grown(store, least=least))
    with store.write() as connection:
        before = pd.concat([entries(connection, state=state) for state in ("active", "proposed", "refused")])
        about = list(SAYS[:-1])
        old = set(map(tuple, before[about].itertuples(index=False, name=None)))
        fresh = rows[[key not in old for key in rows[about].itertuples(index=False, name=None)]]
        _add(
            connection,
            fresh,
            state="proposed",
            origin="facts",
            by=by,
            at=after_all(connection, micros(clock())),
        )
    return len(fresh)


def proposals(store: Store) -> DataFrame:
    """Proposals that nobody has judged, as `entries`."""
    with store.read() as connection:
        return entries(connection, state="proposed")


def judge(
    store: Store, numbers: Collection[int] | None, *, accepted: bool, clock: Callable[[], datetime], by: str
) -> Moved:
    """Accept or refuse proposals by number (None: all), and move the facts that accepted ones concern.

    Raises GazetteerError for a number that is no open proposal.
    """
    with one_at_a_time(store, "load"):
        with store.write() as connection:
            open_ones = entries(connection, state="proposed")
            chosen = open_ones.index.tolist() if numbers is None else sorted(set(numbers))
            for number in chosen:
                if number not in open_ones.index:
                    raise GazetteerError(f"gazetteer: got {number}; expected the number of an open proposal")
            now = after_all(connection, micros(clock()))
            _close(connection, chosen, at=now)
            state = "active" if accepted else "refused"
            _add(connection, open_ones.loc[chosen], state=state, origin="facts", by=by, at=now)
            about = ", ".join(map(str, chosen[:20]))
            note(
                connection,
                f"proposals {'accepted' if accepted else 'refused'}",
                by=by,
                now=clock(),
                about=about,
            )
        return relocate(store, clock=clock) if accepted else Moved(0, (), {})


def remembered(entry: Entry, target: Target) -> DataFrame:
    """An entry that somebody asked to be remembered, as a row for `put`."""
    return DataFrame(
        [{**entry._asdict(), **target.values(), "valid_from_on": None, "valid_to_on": None, "note": ""}]
    )
