"""The map as a figure of plain dictionaries, and the patch that changes its values while zoom and pan stay.

Outlines travel once by address; the figure carries codes and values. assets/map.js draws the rest from the same
figure: hatch of units without data, labels, symbols of points, outlines of what is pointed at and selected. What
it needs for that stands in `layout.meta`.
"""

import math

from dash import Patch
from pandas import DataFrame

from data.judge import judged
from data.points import COUNTED
from layouts import values
from layouts.map_style import BORDER_ANCHOR, FILL_ANCHOR
from layouts.map_view import MapAnswer, MapAsk, classes, diverging
from layouts.theme import PALETTES
from layouts.words import Words

NO_CLASS = -1
NO_SHAPES = {"type": "FeatureCollection", "features": []}  # an empty address would be fetched
BORDER_WIDTHS = (2.8, 1.9, 1.1, 0.9)  # by depth from the top; deeper levels the last
STRONG = 2  # levels down to this depth are outlined in ink, deeper ones by the gaps between their fills
KINDS = {"case": "open", "overdue": "case", "order": "order", "alert": "alert", "parking": "parking"}
DEGREE_M = 100_000  # of a degree at the latitudes of cities, near enough for a first guess
USUAL_SIZE = 720  # pixels the units shown fill on a desktop
CONFIG = {"displayModeBar": False, "scrollZoom": True, "displaylogo": False, "showSendToCloud": False}


def drawn(answer: MapAnswer) -> str:
    """What a drawn figure shows beside values: as long as this is equal, a patch of values is enough."""
    return "|".join([answer.shapes, answer.theme, answer.style, *(address for address, _ in answer.borders)])


def figure(ask: MapAsk, answer: MapAnswer, words: Words) -> dict:
    """The whole figure: units as fills, points, borders of upper levels."""
    palette = PALETTES[answer.theme]
    shaped = _shaped(answer)
    fill = {
        "type": "choroplethmap",
        "geojson": answer.shapes or NO_SHAPES,
        "featureidkey": "id",
        "locations": shaped["unit_code"].tolist(),
        "text": shaped["unit_name"].tolist(),
        "showscale": False,
        "hoverinfo": "skip",
        "zmin": NO_CLASS - 0.5,
        "zmax": 6.5,
        "below": FILL_ANCHOR,
        "marker": {"line": {"width": 1, "color": palette.border}},
        **_values(ask, answer, shaped, words),
    }
    return {
        "data": [fill, {**_points(answer), "type": "scattermap", "mode": "markers", "hoverinfo": "skip",
                        "marker": {"size": 14, "opacity": 0}}],
        "layout": {
            "map": {"style": answer.style, "layers": _borders(answer), **_view(answer)},
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "uirevision": "keep",
            "showlegend": False,
            "clickmode": "event",
            "paper_bgcolor": palette.ground,
            "meta": _meta(ask, answer, shaped, words),
        },
    }  # fmt: skip


def patch(ask: MapAsk, answer: MapAnswer, words: Words) -> Patch:
    """Values, colours and points of a figure that already shows these units."""
    shaped = _shaped(answer)
    change = Patch()
    for name, value in _values(ask, answer, shaped, words).items():
        change["data"][0][name] = value
    for name, value in _points(answer).items():
        change["data"][1][name] = value
    for name, value in _words(ask, answer, words).items():
        change["layout"]["meta"][name] = value
    return change


def _shaped(answer: MapAnswer) -> DataFrame:
    """Measures of the units that have an outline, with their label points."""
    known = answer.units[answer.units["has_shape"]][["code", "lon", "lat"]]
    return answer.rows.merge(known, left_on="unit_code", right_on="code", how="inner")


def _values(ask: MapAsk, answer: MapAnswer, shaped: DataFrame, words: Words) -> dict:
    both = diverging(ask.indicator, answer.level_aim(ask.indicator))
    ramp = PALETTES[answer.theme].ramp(diverging=both)
    steps = (PALETTES[answer.theme].nd_fill, *ramp)
    scale = [[(place + side) / len(steps), colour] for place, colour in enumerate(steps) for side in (0, 1)]
    found = classes(shaped, ask.indicator, cuts=answer.cuts, both_sides=both)
    return {
        "z": found.tolist(),
        "colorscale": scale,
        "customdata": [_card(row, ask, answer, words) for row in shaped.to_dict("records")],
    }


def _card(row: dict, ask: MapAsk, answer: MapAnswer, words: Words) -> list[str]:
    """Value, base, rank range and distance to the target of one unit, as written; "" for what there is not.

    Without a value the last says why.
    """
    indicator, value = ask.indicator, values.known(row["value"])
    if row["state"] != "ok":
        return [
            "",
            base(row, ask, words),
            "",
            words("map.few" if row["state"] == "few" else "map.legend.none"),
        ]
    low, high = values.known(row["rank_low"]), values.known(row["rank_high"])
    rank = "" if low is None or high is None else f"{low:.0f}–{high:.0f}" if low != high else f"{low:.0f}"
    verdict, _ = values.verdict(indicator, value, answer.aims.of(indicator.name, row), words)
    return [values.number(indicator, value, words), base(row, ask, words), rank, verdict]


def base(row: dict, ask: MapAsk, words: Words) -> str:
    """ "72/83" of a rate, "83" of another judged value; nothing of a count, which is its own base."""
    indicator, n = ask.indicator, values.known(row["n"])
    if indicator.kind == "rate" and indicator.base_scale == 1:
        return (
            f"{words.number(values.known(row['numerator']))}/{words.number(values.known(row['denominator']))}"
        )
    return values.base(indicator, n, words) if judged(indicator) and n else ""


def _points(answer: MapAnswer) -> dict:
    """Each point with its kind, title, detail and number; or a disc a unit with its name and the counts by kind."""
    if len(answer.points.counted):
        return _discs(answer.points.counted)
    found = answer.points.listed
    title, detail = found["title"].astype(str), found["detail"].fillna("").astype(str)
    kinds = [KINDS[kind] for kind in found["kind"]]
    return {
        "lon": found["lon"].astype(float).round(6).tolist(),
        "lat": found["lat"].astype(float).round(6).tolist(),
        "customdata": [list(row) for row in zip(kinds, title, detail, found["id"].astype(str), strict=True)],
    }


def _discs(counted: DataFrame) -> dict:
    """One disc a unit at the point of its label; the counts stand in the order of KINDS."""
    place = {kind: number for number, kind in enumerate(KINDS)}
    discs: dict[tuple, list[int]] = {}
    known = counted[counted["lon"].notna()]
    for *unit, kind, count in zip(*(known[name].tolist() for name in COUNTED), strict=True):
        discs.setdefault(tuple(unit), [0] * len(KINDS))[place[kind]] = count
    return {
        "lon": [round(lon, 5) for _, _, lon, _ in discs],
        "lat": [round(lat, 5) for _, _, _, lat in discs],
        "customdata": [["count", name, counts] for (_, name, _, _), counts in discs.items()],
    }


def _borders(answer: MapAnswer) -> list[dict]:
    """Outlines of the levels above, thicker the higher, over roads and under every name."""
    palette = PALETTES[answer.theme]
    layers = []
    for address, depth in sorted(answer.borders, key=lambda border: -border[1]):
        colour = palette.grid if depth >= 2 else palette.area
        layers.append({
            "sourcetype": "geojson", "source": address, "type": "line", "color": colour,
            "line": {"width": BORDER_WIDTHS[min(depth, len(BORDER_WIDTHS) - 1)]}, "below": BORDER_ANCHOR,
        })  # fmt: skip
    return layers


def _view(answer: MapAnswer) -> dict:
    """A first guess of the view, for a map of the usual size; the script fits it to the outlines it then knows."""
    known = answer.units.dropna(subset=["lon", "lat"])
    if known.empty:
        return {"zoom": 1}
    wide, high = (float(known[name].max() - known[name].min()) for name in ("lon", "lat"))
    lat = float(known["lat"].max() + known["lat"].min()) / 2
    # A unit reaches about half its own size beyond its label point.
    own = float(known["area_m2"].max() ** 0.5 / DEGREE_M) if known["area_m2"].notna().any() else 0.0
    shown = max(wide + own, (high + own) / math.cos(math.radians(lat))) or 0.01
    lon = float(known["lon"].max() + known["lon"].min()) / 2
    return {"center": {"lon": lon, "lat": lat}, "zoom": round(math.log2(360 / shown * USUAL_SIZE / 512), 2)}


def _meta(ask: MapAsk, answer: MapAnswer, shaped: DataFrame, words: Words) -> dict:
    palette = PALETTES[answer.theme]
    return {
        "shapes": answer.shapes,
        "theme": {name: getattr(palette, name) for name in
                  ("surface", "ink", "accent", "t1", "bad", "warn", "nodata", "nd_fill", "label", "halo")},
        "lon": shaped["lon"].round(5).tolist(),
        "lat": shaped["lat"].round(5).tolist(),
        "above": [_names(units) for units in answer.above],
        **_words(ask, answer, words),
    }  # fmt: skip


def _names(units: DataFrame) -> dict:
    """Names of a level above with their label points, for where the units shown are too small for theirs."""
    known = units.dropna(subset=["lon", "lat"])
    return {
        "name": known["name"].tolist(),
        "lon": known["lon"].round(5).tolist(),
        "lat": known["lat"].round(5).tolist(),
    }


def _words(ask: MapAsk, answer: MapAnswer, words: Words) -> dict:
    """What changes with the question: title and unit of the card, templates, inverted classes, where a click leads."""
    both = diverging(ask.indicator, answer.level_aim(ask.indicator))
    ranked = int(answer.rows["position"].notna().sum())
    to = ask.href(level=answer.below.name, within="@") if answer.below else ""
    return {
        "go": to.replace("%40", "@"),
        "inverse": list(PALETTES[answer.theme].inverse(diverging=both)),
        "card": {
            "title": words(f"indicator.{ask.indicator.name}"),
            "unit": values.unit(ask.indicator, words),
            "base": words(
                "map.card.base", base="@", unit=values.base_unit(ask.indicator, words) or _records(ask, words)
            ),
            "rank": words("map.card.rank", range="@", ranked=ranked),
            "few": words("map.few"),
            "points": {
                name: words(f"map.point.{name}") for name in (*dict.fromkeys(KINDS.values()), "count")
            },
        },
    }


def _records(ask: MapAsk, words: Words) -> str:
    """What a base counts."""
    return words(f"parts.unit.{values.UNITS[ask.indicator.subject]}")
