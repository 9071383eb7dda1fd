"""Where the picture of a file of boundaries stands, and what it shows there."""

from dataclasses import replace
from math import hypot, inf

import shapely
from pandas import DataFrame
from shapely.geometry.base import BaseGeometry

from data.boundary_trials import Trial
from geo.fault_places import place_of
from geo.shapes import cut
from layouts.boundaries_ask import WIDEST, BoundaryAsk
from layouts.sketch import WIDTH, View, comparison

CLOSEST = 0.002  # degrees a view is wide at least
ROOM, AROUND = 1.3, 3.0  # times the ground a view is for: all of it, or one place with what is around it
REACH = 0.04  # of the width of the picture: as far from a fault a click still means it
POLE = 84.0  # degrees north or south beyond which no view stands


def drawn(trial: Trial, ask: BoundaryAsk, *, which: str, theme: str) -> str:
    """The outlines of the level in the view of the address; `which`: old, new, anything else both."""
    view = ask.view or view_of(trial, ask)
    present, drafted = [
        cut(_level(frame, trial) if which != other else frame.iloc[:0], view.box, pixel=view.span / WIDTH / 2)
        for frame, other in ((trial.present, "new"), (_units(trial), "old"))
    ]
    spots = [spot for spot in trial.spots if spot is not None] if which != "old" else []
    return comparison(view, present, drafted, _ground(trial, ask), spots, theme=theme)


def pointed(trial: Trial, ask: BoundaryAsk) -> BoundaryAsk:
    """The question with the fault nearest to the place that was clicked; the picture stands where it stood."""
    if ask.near is None or ask.view is None:
        return ask
    x, y = ask.view.at(*ask.near)
    away = [
        hypot(a - x, b - y) if spot else inf
        for spot in trial.spots
        for a, b in [ask.view.at(*(spot or (0, 0)))]
    ]
    nearest = min(range(len(away)), key=away.__getitem__, default=None)
    found = nearest if nearest is not None and away[nearest] <= REACH * WIDTH else None
    return replace(ask, fault=found, unit="", near=None)


def view_of(trial: Trial, ask: BoundaryAsk) -> View:
    """Over the chosen fault or unit, else over the level, old and new."""
    sides = (trial.present, _units(trial))
    ground = _ground(trial, ask)
    room = ROOM if ground is None and not ask.unit else AROUND
    if ground is None:
        chosen = _together([frame[frame["code"] == ask.unit] for frame in sides]) if ask.unit else None
        ground = chosen or _together([_level(frame, trial) for frame in sides])
    if ground is None:
        return View(0.0, 0.0, 20.0)
    west, south, east, north = ground.bounds
    middle = View((west + east) / 2, min(max((south + north) / 2, -POLE), POLE), 1.0)
    span = room * max(east - west, (north - south) / middle.tall)
    return View(middle.lon, middle.lat, min(WIDEST, max(CLOSEST, span)))


def _units(trial: Trial) -> DataFrame:
    """The set that is proposed; nothing where the file cannot be read so."""
    return trial.present.iloc[:0] if trial.fault else trial.units


def _level(units: DataFrame, trial: Trial) -> DataFrame:
    return units[units["level"] == trial.level.depth]


def _ground(trial: Trial, ask: BoundaryAsk) -> BaseGeometry | None:
    if ask.fault is None or ask.fault >= len(trial.faults):
        return None
    return place_of(trial.faults[ask.fault], trial.units)


def _together(frames: list[DataFrame]) -> BaseGeometry | None:
    shapes = [shape for frame in frames for shape in frame["geometry"] if isinstance(shape, BaseGeometry)]
    return shapely.GeometryCollection(shapes) if shapes else None
