"""Moving the past: what the gazetteer or a person says anew becomes revisions of the facts it moves.

A moved fact gets a revision with the same content and another place, in a load of its source of the kind
`relocation`; so as-of questions before it see the old place, and a refresh needs to know nothing of it. After a
relocation every fact lies where a clean load of everything would put it.

The caller holds the instance's lock `load`: nothing is delivered between a change of what is known and the moves.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pandas import DataFrame
from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, tuple_, update

from data import places, secrets
from data.bulk import any_of, insert_rows
from data.instants import micros
from data.ledger import take_back, undo_broken
from data.placing import (
    COORDINATES,
    HOWS,
    LOCATED,
    NOWHERE,
    OUTSIDE,
    UNRECORDED,
    Finder,
    leading,
)
from data.register import COUNTS
from data.schema import (
    FACT_COLUMNS,
    FACTS,
    FOREVER,
    PLACES,
    STARTS,
    SUBJECTS,
    hand_place,
    load,
    sealed,
    source_definition,
)
from data.store import Store
from data.terms import terms

AT_ONCE = 50_000
Key = tuple[str, int, str]  # subject, source_id, key


@dataclass(frozen=True)
class Moved:
    """Facts that got another place, and how each of them is located now."""

    facts: int
    loads: tuple[int, ...]
    how: dict[str, int]


def relocate(store: Store, *, clock: Callable[[], datetime], only: Collection[Key] | None = None) -> Moved:
    """Put every current fact (or only some) where what is known now puts it; see the module.

    1. take back what a broken load left; 2. find the facts that coordinates do not place; 3. place them anew in
    every version; 4. write revisions of those that moved, source by source, each source whole or not at all.
    """
    undo_broken(store)
    with store.read() as connection:
        versions = places.versions(connection, store=store)
        cache = store.settings.folder / ".cache"
        placers = [places.Placer(connection, version, cache=cache) for version in versions]
    loads: list[int] = []
    counts: dict[str, int] = {}
    for subject in (name for name in SUBJECTS if placers and "address" in FACT_COLUMNS[name]):
        mover = _Mover(store, subject, placers)
        for source_id, moved in mover.moved(only):
            loads.append(mover.write(source_id, moved, clock=clock))
            for how in moved["how"].tolist():
                counts[HOWS[how]] = counts.get(HOWS[how], 0) + 1
    return Moved(sum(counts.values()), tuple(loads), counts)


class _Mover:
    """The facts of one subject under relocation. Frames hold place_V and how_V for each version V."""

    def __init__(self, store: Store, subject: str, placers: Sequence[places.Placer]):
        self.store, self.subject, self.placers = store, subject, placers
        self.table, self.place = FACTS[subject], PLACES[subject]
        atlas = [placer.version for placer in placers]
        self.main = (leading(atlas, store.settings) or atlas[-1]).id
        with store.read() as connection:
            self.finder = Finder(connection, store, subject, placers)

    def moved(self, only: Collection[Key] | None) -> list[tuple[int, DataFrame]]:
        """By source, current revisions whose place differs from what is known now, with their new places."""
        parts: dict[int, list[DataFrame]] = {}
        with self.store.read() as connection:
            hints, last = terms(connection, "hint"), 0
            while len(frame := self._read(connection, only, after=last)):
                last = frame["rev"].tolist()[-1]
                found = self._placed(connection, frame.assign(hint=frame["hint"].map(hints).astype("str")))
                for source_id in found["source_id"].unique().tolist():
                    parts.setdefault(source_id, []).append(found[found["source_id"] == source_id])
        return [(number, _joined(found)) for number, found in sorted(parts.items())]

    def _read(self, connection: Connection, only: Collection[Key] | None, *, after: int) -> DataFrame:
        names = ["rev", "source_id", "key", "lon", "lat", "hint"]
        columns = [self.table.c[name] for name in (*names, "address", STARTS[self.subject])]
        query = select(*columns).where(
            self.table.c.superseded == FOREVER, self.table.c.rev > after, self._wanted(only)
        )
        rows = connection.execute(query.order_by(self.table.c.rev).limit(AT_ONCE)).all()
        return DataFrame(rows, columns=[*names, "address", "start"])

    def _wanted(self, only: Collection[Key] | None) -> ColumnElement[bool]:
        """Condition for facts that something else than coordinates may place."""
        fact = tuple_(self.table.c.source_id, self.table.c.key)
        if only is not None:
            return fact.in_([(source_id, key) for subject, source_id, key in only if subject == self.subject])
        spread = self.place.c.how.in_((COORDINATES, OUTSIDE))
        unknown = and_(self.place.c.how == UNRECORDED, self.table.c.lon.is_not(None))
        every = [placer.version.id for placer in self.placers]
        loose = select(1).where(self.place.c.rev == self.table.c.rev, self.place.c.version_id.in_(every))
        by_hand = select(1).where(
            hand_place.c.subject == self.subject,
            hand_place.c.source_id == self.table.c.source_id,
            hand_place.c.key == self.table.c.key,
        )
        return or_(exists(loose.where(~spread, ~unknown)), exists(by_hand))

    def _placed(self, connection: Connection, frame: DataFrame) -> DataFrame:
        """Rows that lie elsewhere, or are located otherwise, in some version now."""
        differs = np.zeros(len(frame), dtype=bool)
        for placer in self.placers:
            number = placer.version.id
            old_place, old_how = self._stored(connection, frame, number)
            place, how = self.finder.place(placer, frame)
            frame[f"place_{number}"], frame[f"how_{number}"] = place, how
            differs |= (place != old_place) | ((how != old_how) & (old_how != UNRECORDED))
        frame["how"] = frame[f"how_{self.main}"]
        return frame[differs]

    def _stored(self, connection: Connection, frame: DataFrame, number: int) -> tuple[np.ndarray, np.ndarray]:
        query = select(self.place.c.rev, self.place.c.place, self.place.c.how).where(
            self.place.c.version_id == number, self.place.c.rev.in_(any_of(connection, frame["rev"].tolist()))
        )
        rows = DataFrame(connection.execute(query).all(), columns=["rev", "place", "how"]).set_index("rev")
        found = rows.reindex(frame["rev"]).fillna(0)
        return found["place"].to_numpy(dtype=np.int64), found["how"].to_numpy(dtype=np.int64)

    def write(self, source_id: int, moved: DataFrame, *, clock: Callable[[], datetime]) -> int:
        """One load that brings the new revisions of one source; answers its number."""
        number = self._begin(source_id, moved["how"].to_numpy(), now=micros(clock()))
        try:
            for start in range(0, len(moved), AT_ONCE):
                with self.store.write() as connection:
                    self._revise(connection, moved.iloc[start : start + AT_ONCE], number)
        except BaseException:
            with self.store.write() as connection:
                take_back(connection, number)
            raise
        with self.store.write() as connection:
            latest = connection.scalar(select(func.max(load.c.recorded_at))) or 0
            done = {"state": "done", "recorded_at": max(micros(clock()), latest + 1)}
            connection.execute(update(load).where(load.c.id == number).values(**done))
        return number

    def _begin(self, source_id: int, how: np.ndarray, *, now: int) -> int:
        counts = dict.fromkeys(COUNTS, 0) | {
            "read": len(how), "updated": len(how), "located": int(np.isin(how, LOCATED).sum()),
            "outside": int((how == OUTSIDE).sum()), "no_location": int((how == NOWHERE).sum()),
        }  # fmt: skip
        with self.store.write() as connection:
            number = (connection.scalar(select(func.max(load.c.id))) or 0) + 1
            definition = select(func.max(source_definition.c.id)).where(
                source_definition.c.source_id == source_id
            )
            connection.execute(
                insert(load).values(
                    id=number, source_id=source_id, definition_id=connection.scalar(definition) or 0,
                    started_at=now, state="running", files="[]", notes="{}", kind="relocation", **counts,
                )
            )  # fmt: skip
        return number

    def _revise(self, connection: Connection, moved: DataFrame, number: int) -> None:
        """Copy revisions under new numbers, close the old ones, record the new places."""
        old = moved["rev"].tolist()
        first = (connection.scalar(select(func.max(self.table.c.rev))) or 0) + 1
        fresh = dict(zip(old, range(first, first + len(old)), strict=True))
        names = [column.name for column in self.table.columns]
        rows = connection.execute(select(self.table).where(self.table.c.rev.in_(any_of(connection, old))))
        copies = [
            tuple(
                (row | {"rev": fresh[row["rev"]], "load": number, "superseded": FOREVER})[name]
                for name in names
            )
            for row in map(dict, rows.mappings())
        ]
        insert_rows(connection, self.table, names, copies)
        self._reseal(connection, fresh)
        closing = update(self.table).where(self.table.c.rev.in_(any_of(connection, old)))
        connection.execute(closing.values(superseded=number))
        for version in (placer.version.id for placer in self.placers):
            where = zip(moved[f"place_{version}"].tolist(), moved[f"how_{version}"].tolist(), strict=True)
            lines = [(version, fresh[rev], place, how) for rev, (place, how) in zip(old, where, strict=True)]
            insert_rows(connection, self.place, ("version_id", "rev", "place", "how"), lines)

    def _reseal(self, connection: Connection, fresh: dict[int, int]) -> None:
        """Sealed fields are bound to their revision, so they are opened and sealed again."""
        query = select(sealed).where(
            sealed.c.subject == self.subject, sealed.c.rev.in_(any_of(connection, list(fresh)))
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        sealer = secrets.Sealer(secrets.load_key(self.store.settings.folder))
        boxes = []
        for row in rows:
            text = sealer.unseal(row.box, context=f"{self.subject}/{row.rev}/{row.field}")
            rev = fresh[row.rev]
            boxes.append(
                (self.subject, rev, row.field, sealer.seal(text, context=f"{self.subject}/{rev}/{row.field}"))
            )
        insert_rows(connection, sealed, ("subject", "rev", "field", "box"), boxes)


def _joined(parts: list[DataFrame]) -> DataFrame:
    return (
        parts[0]
        if len(parts) == 1
        else DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    )
