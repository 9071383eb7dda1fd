"""The map's own style: background of the instance drawn from its own files, every word drawn by the browser.

A style without `glyphs` makes the browser draw all text itself, Chinese too, and asks no other host for anything.
Street names are placed along their streets by the map engine, which hides a label rather than let two touch;
layers further down this list win.

Absent on purpose: tiles, sprites, fonts of elsewhere.
"""

from collections.abc import Mapping

from layouts.theme import PALETTES, Palette

# The first name sets the weight, the rest are families tried in turn.
REGULAR = ["regular", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC"]
SEMIBOLD = ["semibold", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC"]
BACKGROUND = ("roads", "water", "buildings", "places")
# Fills of units lie below the first of these anchors, their hatch below the second, borders below the third.
FILL_ANCHOR, OVER_ANCHOR, BORDER_ANCHOR = "fills-below", "over-fills", "borders-below"
# Width in pixels by the class of a road, and the width of its casing.
WIDTHS = {"main": (7.0, 8.5), "secondary": (4.0, 5.5)}
LANE = 2.2


def style(theme: str, addresses: Mapping[str, str]) -> dict:
    """A MapLibre style.

    theme      light or dark
    addresses  where the background files present are served: a part of BACKGROUND to its URL; features carry
               `name`, and roads `class` (main, secondary; anything else is a lane)
    """
    colours = PALETTES[theme]
    # An empty dictionary of sources would be dropped on the way and the map would fail at its next update.
    sources: dict[str, dict] = {"none": {"type": "geojson", "data": _nothing()}}
    sources |= {name: {"type": "geojson", "data": url} for name, url in addresses.items()}
    layers = [{"id": "ground", "type": "background", "paint": {"background-color": colours.ground}}]
    layers += [_anchor(FILL_ANCHOR), _anchor(OVER_ANCHOR)]
    for name, drawn in (("buildings", _buildings), ("roads", _roads), ("water", _water)):
        layers += drawn(colours) if name in addresses else []
    layers += [_anchor(BORDER_ANCHOR)]
    for name, written in (("roads", _road_names), ("places", _place_names)):
        layers += written(colours) if name in addresses else []
    return {"version": 8, "sources": sources, "layers": layers}


def _nothing() -> dict:
    return {"type": "FeatureCollection", "features": []}


def _anchor(name: str) -> dict:
    """A layer that draws nothing and gives others a place in the order."""
    return {"id": name, "type": "line", "source": "none"}


def _buildings(colours: Palette) -> list[dict]:
    return [
        {"id": "buildings", "type": "fill", "source": "buildings", "minzoom": 13,
         "paint": {"fill-color": colours.building}}
    ]  # fmt: skip


def _scaled(width: float) -> list:
    """Pixels at the zoom a sub-district fills the map with; less when further away."""
    return ["interpolate", ["exponential", 1.5], ["zoom"], 11, width * 0.15, 15, width, 18, width * 2]


def _line(name: str, colour: str, width: float, chosen: list, *, opacity: float = 1.0) -> dict:
    return {
        "id": name, "type": "line", "source": "roads", "filter": chosen,
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {"line-color": colour, "line-width": _scaled(width), "line-opacity": opacity},
    }  # fmt: skip


def _roads(colours: Palette) -> list[dict]:
    kind = ["coalesce", ["get", "class"], "lane"]
    lanes = ["!", ["in", kind, ["literal", list(WIDTHS)]]]
    layers = [_line("lanes", colours.road, LANE, lanes)]
    for name, (_, casing) in reversed(WIDTHS.items()):
        layers.append(_line(f"{name}-casing", colours.casing, casing, ["==", kind, name]))
    for name, (width, _) in reversed(WIDTHS.items()):
        layers.append(_line(name, colours.road, width, ["==", kind, name]))
    return layers


def _water(colours: Palette) -> list[dict]:
    fill = {"id": "water", "type": "fill", "source": "water", "paint": {"fill-color": colours.water},
            "filter": ["==", ["geometry-type"], "Polygon"]}  # fmt: skip
    stream = {"id": "streams", "type": "line", "source": "water", "filter": ["==", ["geometry-type"], "LineString"],
              "paint": {"line-color": colours.water, "line-width": _scaled(6.0)}}  # fmt: skip
    return [fill, stream]


def _road_names(colours: Palette) -> list[dict]:
    """Names follow their street; those of north–south streets stand upright, one character below the other."""
    layout = {
        "symbol-placement": "line", "symbol-spacing": 260, "text-field": ["get", "name"], "text-font": REGULAR,
        "text-size": 11, "text-letter-spacing": 0.5, "text-padding": 3, "text-max-angle": 40,
        "text-writing-mode": ["horizontal", "vertical"],
    }  # fmt: skip
    return [_text("road-names", "roads", layout, colours.road_label, colours.halo) | {"minzoom": 13}]


def _place_names(colours: Palette) -> list[dict]:
    """Names of places; over units whose own text is inverted they are too, which the script sorts out by a filter."""
    layout = {"text-field": ["get", "name"], "text-font": REGULAR, "text-size": 11, "text-padding": 8}
    usual = _text("place-names", "places", layout, colours.road_label, colours.halo)
    over = _text("place-names-inverse", "places", layout, colours.ink, "rgba(0,0,0,0)")
    return [usual | {"minzoom": 14.5}, over | {"minzoom": 14.5, "filter": ["boolean", False]}]


def _text(name: str, source: str, layout: dict, colour: str, halo: str) -> dict:
    paint = {"text-color": colour, "text-halo-color": halo, "text-halo-width": 1.6}
    return {"id": name, "type": "symbol", "source": source, "layout": layout, "paint": paint}
