"""A question to the map page and an answer to it, of made-up figures."""

import fakes_pages as fakes
import numpy as np
from pandas import DataFrame

from data.points import COUNTED, Points
from data.settings import Level
from layouts import periods
from layouts.map_view import MapAnswer, MapAsk, parse_map_ask
from layouts.words import load_words

ZH, EN = load_words("zh").on(fakes.TODAY), load_words("en").on(fakes.TODAY)
MICRO = Level("microgrid", 3, {"zh": "微网格", "en": "Micro-grid"})
CUTS = (0.8, 0.84, 0.88, 0.92, 0.95, 0.97)


def ask_of(**params: str) -> MapAsk:
    return parse_map_ask(fakes.query(**params), params)


def points(count: int = 3) -> Points:
    kinds = ["overdue", "case", "order", "alert", "parking"]
    rows = [
        (kinds[at % 5], f"N{at}", 121.5 + at / 1e4, 31.2, "市容环境/暴露垃圾", "沧浪路 1 号")
        for at in range(count)
    ]
    frame = DataFrame(rows, columns=["kind", "id", "lon", "lat", "title", "detail"])
    return Points(frame, DataFrame(columns=list(COUNTED)))


def crowd(units: int) -> Points:
    """Three overdue cases and an order in each of so many units; the last is known without a label."""
    rows = [
        (f"G{at:02d}", f"网格{at}", 121.5 + at / 1000 if at < units - 1 else np.nan, 31.2, kind, n)
        for at in range(units)
        for kind, n in (("overdue", 3), ("order", 1))
    ]
    return Points(points(0).listed, DataFrame(rows, columns=list(COUNTED)))


def longest(count: int = 2) -> DataFrame:
    rows = [
        ("C1", "设施/井盖松动", None if at else "沧浪路 128 号", "鹤鸣二", 13_260 - at, 121.5, 31.2)
        for at in range(count)
    ]
    names = ["id", "category", "address", "unit_name", "overdue_minutes", "lon", "lat"]
    return DataFrame(rows, columns=names)


def answer_of(ask: MapAsk, **changes) -> MapAnswer:
    measured = fakes.measures((ask.indicator.name,))
    units = measured[measured["kind"] == "unit"]
    places = DataFrame({
        "code": units["unit_code"], "name": units["unit_name"], "has_shape": True,
        "lon": 121.5 + np.arange(len(units)) / 1000, "lat": 31.2, "area_m2": 90_000.0,
    })  # fmt: skip
    recent = periods.recent(ask.query.period)
    answered = {
        "compared": fakes.compared(ask.query),
        "path": [fakes.unit()], "levels": [*fakes.LEVELS[1:], MICRO], "all_levels": [*fakes.LEVELS, MICRO],
        "level": fakes.LEVELS[2], "below": MICRO, "measures": measured, "units": places, "points": points(),
        "longest": longest(), "periods": recent, "line": [0.9] * 13, "years": [None] * 13, "cuts": CUTS,
        "sources": fakes.sources(), "shapes": "/shapes/abc/grid/WT", "borders": [("/shapes/d/area/WT", 1)],
        "style": "/map-style/e/light", "aims": fakes.AIMS, "place": "梧桐里",
    }  # fmt: skip
    return MapAnswer(**(answered | changes))
