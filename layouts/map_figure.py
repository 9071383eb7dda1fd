"""The map as a figure of plain dictionaries, and the patch that changes its values while zoom and pan stay.

Outlines travel once by address; the figure carries codes and values. assets/map.js draws the rest from the same
figure: hatch of units without data, labels, symbols of points, outlines of what is pointed at and selected. What
it needs for that stands in `layout.meta`.
"""

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
BORDER_WIDTHS = (2.8, 1.9, 1.1, 0.9)  # by depth from the top; deeper levels the last
STRONG = 2  # levels down to this depth are outlined in ink, deeper ones by the gaps between their fills
KINDS = {"case": "open", "overdue": "case", "order": "order", "alert": "alert", "parking": "parking"}
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
        "geojson": answer.shapes,
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
    both = diverging(ask.indicator, answer.aim)
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
    """Value, base, rank range and distance to the target of one unit, as written; "" for what there is not."""
    indicator = ask.indicator
    low, high = values.known(row["rank_low"]), values.known(row["rank_high"])
    rank = "" if low is None or high is None else f"{low:.0f}–{high:.0f}"
    shown = values.number(indicator, values.known(row["value"]), words) if row["state"] == "ok" else ""
    verdict, _ = (
        values.verdict(indicator, values.known(row["value"]), answer.aim, words) if shown else ("", "")
    )
    return [shown, base(row, ask, words), rank, verdict]


def base(row: dict, ask: MapAsk, words: Words) -> str:
    """ "72/83" of a rate, "n 83" of another judged value; nothing of a count, which is its own base."""
    if ask.indicator.kind == "rate":
        whole = 0 if ask.indicator.scale == 1 else 1
        return f"{words.number(values.known(row['numerator']), whole)}/{words.number(values.known(row['denominator']))}"
    return words.number(values.known(row["n"])) if judged(ask.indicator) else ""


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
        "lon": [round(lon, 6) for _, _, lon, _ in discs],
        "lat": [round(lat, 6) for _, _, _, lat in discs],
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
    """A first guess of the view; the script fits it to the outlines as soon as it knows the size of the box."""
    known = answer.units.dropna(subset=["lon", "lat"])
    if known.empty:
        return {"zoom": 1}
    return {"center": {"lon": float(known["lon"].mean()), "lat": float(known["lat"].mean())}, "zoom": 14.2}


def _meta(ask: MapAsk, answer: MapAnswer, shaped: DataFrame, words: Words) -> dict:
    palette = PALETTES[answer.theme]
    return {
        "shapes": answer.shapes,
        "theme": {name: getattr(palette, name) for name in
                  ("surface", "accent", "t1", "bad", "warn", "nodata", "nd_fill", "label", "halo")},
        "lon": shaped["lon"].round(6).tolist(),
        "lat": shaped["lat"].round(6).tolist(),
        **_words(ask, answer, words),
    }  # fmt: skip


def _words(ask: MapAsk, answer: MapAnswer, words: Words) -> dict:
    """What changes with the question: title and unit of the card, templates, inverted classes, where a click leads."""
    both = diverging(ask.indicator, answer.aim)
    ranked = int(answer.rows["position"].notna().sum()) if judged(ask.indicator) else 0
    to = ask.href(level=answer.below.name, within="@") if answer.below else ""
    return {
        "go": to.replace("%40", "@"),
        "inverse": list(PALETTES[answer.theme].inverse(diverging=both)),
        "card": {
            "title": words(f"indicator.{ask.indicator.name}"),
            "unit": values.unit(ask.indicator, words),
            "base": words("map.card.base", base="@"),
            "rank": words("map.card.rank", range="@", ranked=ranked),
            "few": words("map.few"),
            "points": {name: words(f"map.point.{name}") for name in (*KINDS.values(), "count")},
        },
    }
