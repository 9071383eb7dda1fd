"""Composites: several indicators of a unit as one score, by weights.

Invariants: each part is computed from the sums of the whole period and unit, never from rates of days or of children.
A part that has no base is missing, never 0; what is done then is stated (`MISSING`), and a unit without any part has
no score at all. Weights are not scaled to 100: the score is told out of their sum (`ceiling`), and only the grade goes
by the share of it that was reached. A row is never changed; of one name the newest row that holds on a day counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame
from sqlalchemy import Connection, select

from data.dated_rows import Dated
from data.indicators import INDICATORS
from data.judge import states
from data.measures import epoch_day
from data.query import Query
from data.schema import FOREVER
from data.schema_judging import composite as composite_table

if TYPE_CHECKING:
    from data.reader import Reader

SCALES = ("value", "rest", "bands")
MISSING = ("renormalise", "zero", "none")
GRADES = (("A", 90.0), ("B", 75.0), ("C", 60.0), ("D", 40.0))  # from so many per cent of the ceiling; else E
LOWEST = "E"
SUMS = ("numerator", "denominator", "value", "n")  # what a part shows of its measures
Bands = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Part:
    """One indicator of a composite.

    scale  how a value becomes points of 100: value (100 times it), rest (100 less that), bands
    bands  (edge, points) by ascending edge: points of the highest edge reached, where less is better of the lowest
           edge kept to; outside all of them 0
    """

    indicator: str
    weight: float
    scale: str = "value"
    bands: Bands = ()

    def points(self, value: np.ndarray) -> np.ndarray:
        """Points of 100 of each value; NaN where there is none."""
        if self.scale == "value":
            return np.clip(100 * value, 0, 100)
        if self.scale == "rest":
            return np.clip(100 - 100 * value, 0, 100)
        edges, worth = np.array(self.bands, dtype=float).T
        if INDICATORS[self.indicator].better == "low":
            found = np.append(worth, 0.0)[np.searchsorted(edges, value, side="left")]
        else:
            found = np.insert(worth, 0, 0.0)[np.searchsorted(edges, value, side="right")]
        return np.where(np.isnan(value), np.nan, found)


@dataclass(frozen=True)
class Composite(Dated):
    """One row of a composite: its parts, and from and to which day (exclusive) it holds."""

    name: str
    parts: tuple[Part, ...]
    titles: Mapping[str, str] = field(default_factory=dict)
    missing: str = "renormalise"
    start: int = 0
    end: int = FOREVER
    withdrawn: bool = False
    id: int = 0
    recorded_at: int = 0
    recorded_by: str = ""

    @property
    def ceiling(self) -> float:
        """The sum of the weights: what a unit without fault scores."""
        return sum(part.weight for part in self.parts)

    def title(self, locale: str) -> str:
        """Title in `locale`, else in any language given, else the name."""
        return self.titles.get(locale) or next(iter(self.titles.values()), self.name)


@dataclass(frozen=True)
class Composites:
    """Every row known at an instant, oldest first."""

    rows: tuple[Composite, ...] = ()

    def of(self, name: str, day: date) -> Composite | None:
        """What a name means on a day; None where nothing, or nothing any more."""
        at = epoch_day(day)
        found = [row for row in self.rows if row.name == name and row.holds(at)]
        return found[-1] if found and not found[-1].withdrawn else None

    def on(self, day: date) -> list[Composite]:
        """All that hold on a day, by name."""
        names = sorted({row.name for row in self.rows})
        return [found for name in names if (found := self.of(name, day)) is not None]


def composites(connection: Connection, *, as_of: int | None = None) -> Composites:
    """The composites known at an instant (microseconds UTC; None: now)."""
    query = select(composite_table).order_by(composite_table.c.id)
    if as_of is not None:
        query = query.where(composite_table.c.recorded_at <= as_of)
    return Composites(tuple(_row(found._mapping) for found in connection.execute(query)))


def _row(found: Mapping) -> Composite:
    parts = tuple(
        Part(name, weight, scale, tuple((edge, worth) for edge, worth in bands))
        for name, weight, scale, bands in json.loads(found["parts"])
    )
    return Composite(
        found["name"], parts, json.loads(found["titles"]), found["missing"], found["start_on"], found["end_on"],
        bool(found["withdrawn"]), found["id"], found["recorded_at"], found["recorded_by"],
    )  # fmt: skip


def combine(points: np.ndarray, weights: Sequence[float], missing: str) -> np.ndarray:
    """Scores from points of 100, a row for each unit and a column for each part; NaN for a missing part or score.

    missing  renormalise: what is there stands for the whole · zero: it counts 0 · none: there is no score
    """
    weight, there = np.array(weights, dtype=float), ~np.isnan(points)
    score = np.where(there, points, 0.0) @ weight / 100
    if missing == "renormalise":
        with np.errstate(divide="ignore", invalid="ignore"):
            score = score * weight.sum() / (there @ weight)
    kept = there.all(axis=1) if missing == "none" else there.any(axis=1)
    return np.where(kept, score, np.nan)


def grade(score: float | None, ceiling: float) -> str:
    """A to E by the share of the ceiling that was reached, at the precision shown; "" without a score."""
    if score is None or np.isnan(score):
        return ""
    share = round(100 * score / ceiling, 1)
    return next((name for name, least in GRADES if share >= least), LOWEST)


def scores(reader: Reader, query: Query, composite: Composite) -> DataFrame:
    """Scores of the units of `query.level` inside `query.within`, of the unassigned parts and of the whole.

    returns  unit_code, unit_name, kind (unit, unassigned, total), score, ceiling, grade, position (absent when not
             ranked), state (ok, few, none), missing (indicators without a base, by comma), and of each part
             INDICATOR.numerator, .denominator, .value, .n, .weight, .points, .state
    Raises   UnknownUnit, NotReady; KeyError for an unknown level
    """
    names = tuple(part.indicator for part in composite.parts)
    rows = reader.measures(query.asking(indicators=names), compare=False)
    by_part = [rows[rows["indicator"] == name].reset_index(drop=True) for name in names]
    values = [part["value"].to_numpy(dtype=float) for part in by_part]
    points = np.column_stack(
        [part.points(value) for part, value in zip(composite.parts, values, strict=True)]
    )
    found = by_part[0][["unit_code", "unit_name", "kind"]].copy()
    found["score"] = combine(points, [part.weight for part in composite.parts], composite.missing)
    found["ceiling"] = composite.ceiling
    found["grade"] = [grade(score, composite.ceiling) for score in found["score"]]
    columns: dict[str, Any] = {}
    judged = []
    for at, (part, own) in enumerate(zip(composite.parts, by_part, strict=True)):
        state = states(INDICATORS[part.indicator], own["n"].to_numpy(dtype=float))
        judged.append(state)
        told: dict[str, Any] = {name: own[name].to_numpy() for name in SUMS}
        told |= {"weight": part.weight, "points": points[:, at], "state": state}
        columns |= {f"{part.indicator}.{name}": value for name, value in told.items()}
    found["state"] = np.select(
        [found["score"].isna(), (np.array(judged) == "few").any(axis=0)], ["none", "few"], default="ok"
    )
    found["position"] = _positions(found)
    gone = np.isnan(points)
    found["missing"] = [",".join(name for name, no in zip(names, line, strict=True) if no) for line in gone]
    return found.assign(**columns)


def _positions(found: DataFrame) -> np.ndarray:
    """Places of the units that can be ranked, equals sharing one; NaN for the others."""
    ranked = ((found["kind"] == "unit") & (found["state"] == "ok")).to_numpy()
    score = np.round(found["score"].to_numpy(dtype=float), 9)
    place = np.searchsorted(np.sort(-score[ranked]), -score, side="left") + 1.0
    return np.where(ranked, place, np.nan)
