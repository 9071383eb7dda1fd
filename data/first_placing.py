"""Places of every fact in a boundary version that is about to be published, as each was known when it came."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from pandas import DataFrame
from sqlalchemy import Connection, select

from data import places
from data.bulk import insert_rows
from data.placing import Finder, changes
from data.schema import FACTS, PLACES, STARTS, load
from data.store import Store
from data.terms import terms

PLACED_AT_ONCE = 100_000


def place_all(store: Store, subject: str, version: places.Version) -> None:
    """Place every revision of a subject in a version that nobody sees yet, in short transactions.

    What was known of an address when a revision came places it, so that the past can be asked for in this version.
    """
    table = FACTS[subject]
    columns = {name: table.c[name] for name in ("rev", "source_id", "key", "lon", "lat", "hint")}
    if "address" in table.c:
        columns |= {"address": table.c.address, "start": table.c[STARTS[subject]]}
    chosen = select(*columns.values(), load.c.recorded_at).join(load, load.c.id == table.c.load)
    with store.read() as connection:
        placer = places.Placer(connection, version, cache=store.settings.folder / ".cache")
        finders, hints = _Finders(connection, store, subject, placer), terms(connection, "hint")
        last = 0
        while True:
            query = chosen.where(table.c.rev > last).order_by(table.c.rev).limit(PLACED_AT_ONCE)
            rows = connection.execute(query).all()
            if not rows:
                return
            frame = DataFrame(rows, columns=[*columns, "known_at"])
            frame["hint"] = frame["hint"].map(hints).astype("str")
            last = rows[-1].rev
            with store.write() as writing:
                for part, place, how in finders.place(frame):
                    placed = zip(part["rev"].tolist(), place, how, strict=True)
                    same = {"version_id": version.id}
                    insert_rows(writing, PLACES[subject], ("rev", "place", "how"), placed, same=same)


class _Finders:
    """Places facts in one version by what was known when each came."""

    def __init__(self, connection: Connection, store: Store, subject: str, placer: places.Placer):
        self.make = partial(Finder, connection, store, subject, [placer])
        self.placer, self.turns = placer, changes(connection)
        self.made: dict[int, Finder] = {}

    def place(self, facts: DataFrame) -> Iterator[tuple[DataFrame, list[int], list[int]]]:
        """Parts of the facts, with the place of each and how it was found."""
        turns = np.searchsorted(self.turns, facts["known_at"].to_numpy(), side="right")
        for turn in np.unique(turns).tolist():
            if turn not in self.made:
                self.made[turn] = self.make(as_of=int(self.turns[turn - 1]) if turn else 0)
            part = facts[turns == turn]
            place, how = self.made[turn].place(self.placer, part)
            yield part, place.tolist(), how.tolist()
