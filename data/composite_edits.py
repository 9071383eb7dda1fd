"""Changes of composites by a person: a new version of one, or an end to it. A change is a new row."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, insert, select

from data.composites import MISSING, SCALES, Composite, Part, composites
from data.indicators import INDICATORS
from data.instants import micros
from data.locks import one_at_a_time
from data.people import note
from data.schema_judging import composite as composite_table
from data.settings import CODE_NAME, LOCALES
from data.store import Store

WHERE = "composites"
MOST_PARTS = 12
HEAVIEST = 100.0
LONGEST_TITLE = 60


class CompositeError(ValueError):
    """A composite cannot be recorded: where: got value; expected rule."""


class Outdated(CompositeError):
    """Somebody else has changed the composite since it was looked at."""


def check(entry: Composite) -> None:
    """Raise CompositeError where a composite says what cannot be. Weights need not sum to 100: that is said instead."""
    if not CODE_NAME.match(entry.name):
        raise CompositeError(f"{WHERE}: name: got '{entry.name[:40]}'; expected a-z, digits and '_'")
    if any(lang not in LOCALES or len(text) > LONGEST_TITLE for lang, text in entry.titles.items()):
        raise CompositeError(
            f"{WHERE}: title: got another language or length; expected up to {LONGEST_TITLE}"
        )
    if entry.missing not in MISSING:
        raise CompositeError(f"{WHERE}: missing: got '{entry.missing[:40]}'; expected {', '.join(MISSING)}")
    names = [part.indicator for part in entry.parts]
    if not 1 <= len(names) <= MOST_PARTS or len(set(names)) < len(names):
        raise CompositeError(f"{WHERE}: parts: got {len(names)}; expected 1 to {MOST_PARTS}, all different")
    if entry.start >= entry.end:
        raise CompositeError(f"{WHERE}: last: got a day before the first; expected one from it on")
    for part in entry.parts:
        _check_part(part)


def _check_part(part: Part) -> None:
    where, indicator = f"{WHERE}: {part.indicator[:60]}", INDICATORS.get(part.indicator)
    if indicator is None:
        raise CompositeError(f"{where}: got it as a part; expected the name of an indicator")
    if not math.isfinite(part.weight) or not 0 < part.weight <= HEAVIEST:
        raise CompositeError(
            f"{where}: weight: got {part.weight:g}; expected more than 0, at most {HEAVIEST:g}"
        )
    if part.scale not in SCALES:
        raise CompositeError(f"{where}: scale: got '{part.scale[:40]}'; expected {', '.join(SCALES)}")
    if part.scale == "bands":
        _check_bands(part, where, indicator.better)
    elif indicator.kind not in ("rate", "score"):
        raise CompositeError(f"{where}: scale: got '{part.scale}'; expected bands, for it is no share")
    elif indicator.better and (indicator.better == "high") != (part.scale == "value"):
        # 100 − closure rate was seen in a real system: who closed most came last.
        right = "value" if indicator.better == "high" else "rest"
        raise CompositeError(f"{where}: scale: got '{part.scale}'; expected '{right}', by its direction")


def _check_bands(part: Part, where: str, better: str | None) -> None:
    sound = part.bands and all(math.isfinite(edge) and 0 <= worth <= 100 for edge, worth in part.bands)
    if not sound or any(low[0] >= high[0] for low, high in pairwise(part.bands)):
        raise CompositeError(
            f"{where}: bands: got {len(part.bands)}; expected ascending edges, points 0 to 100"
        )
    sign = -1 if better == "low" else 1
    if better and any(sign * low[1] > sign * high[1] for low, high in pairwise(part.bands)):
        raise CompositeError(f"{where}: bands: got fewer points for a better value; expected more")


def put(store: Store, entry: Composite, *, seen: int = 0, clock: Callable[[], datetime], by: str) -> None:
    """Record a composite: a new one, or what its name means from now on.

    seen    id of the newest row of that name that was looked at, 0 for a new name
    Raises  CompositeError, Outdated
    """
    check(entry)
    with one_at_a_time(store, WHERE):
        with store.read() as connection:
            rows = [row for row in composites(connection).rows if row.name == entry.name]
        newest = rows[-1].id if rows else 0
        if newest != seen:
            raise Outdated(f"{WHERE}: got row {seen} as the newest; expected {newest}")
        told = replace(entry, id=newest, recorded_at=0, recorded_by="")
        if not rows or replace(rows[-1], recorded_at=0, recorded_by="") != told:
            record(store, [entry], now=clock(), by=by)


def record(store: Store, entries: Iterable[Composite], *, now: datetime, by: str) -> None:
    """Write rows."""
    with store.write() as connection:
        first = (connection.scalar(select(func.max(composite_table.c.id))) or 0) + 1
        rows = [
            {
                "id": at, "name": entry.name, "titles": json.dumps(dict(entry.titles), ensure_ascii=False),
                "parts": json.dumps([[one.indicator, one.weight, one.scale, one.bands] for one in entry.parts]),
                "missing": entry.missing, "start_on": entry.start, "end_on": entry.end,
                "withdrawn": entry.withdrawn, "recorded_at": micros(now), "recorded_by": by,
            }
            for at, entry in enumerate(entries, start=first)
        ]  # fmt: skip
        if rows:
            connection.execute(insert(composite_table), rows)
            note(connection, "composites set", by=by, now=now, detail=f"{len(rows)} rows")
