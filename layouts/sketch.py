"""A small map without WebGL: outlines, labels and numbered proposals as one SVG, in which a click is a place.

The picture is WIDTH by HEIGHT; a view is its middle and its width in degrees. assets/sketch.js turns a click back
into degrees by the same rule, so both must be changed together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import cos, hypot, inf, radians

import shapely
from pandas import DataFrame
from shapely.geometry.base import BaseGeometry

WIDTH, HEIGHT = 560, 380
LETTER = 11  # pixels of a wide letter, and of a line; others take half
APART = 4  # pixels between labels
MARK = 9  # radius of a numbered proposal
SMALL = 12  # pixels below which a fault is ringed
COLOURS = {
    "light": {
        "ground": "#f4f6f8",
        "line": "#b6c0cc",
        "upper": "#5d6b7c",
        "text": "#36424f",
        "mark": "#0b62c4",
        "fault": "#c0271b",
    },
    "dark": {
        "ground": "#161c23",
        "line": "#3a4653",
        "upper": "#8b99a9",
        "text": "#c5ced8",
        "mark": "#6cb0ff",
        "fault": "#ff8577",
    },
}


Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class View:
    """Middle of the picture (WGS84 degrees) and its width in degrees of longitude."""

    lon: float
    lat: float
    span: float

    @property
    def tall(self) -> float:
        """Height in degrees of latitude."""
        return self.span * cos(radians(self.lat)) * HEIGHT / WIDTH

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        half, tall = self.span / 2, self.tall / 2
        return self.lon - half, self.lat - tall, self.lon + half, self.lat + tall

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Pixels of a place."""
        return (lon - self.lon) / self.span * WIDTH + WIDTH / 2, (
            self.lat - lat
        ) / self.tall * HEIGHT + HEIGHT / 2


def sketch(
    view: View, fine: DataFrame, upper: DataFrame, marks: Sequence[tuple[float, float]], *, theme: str
) -> str:
    """The picture.

    fine, upper  frames of `data.outlines.outlines`
    marks        places of the proposals, best first
    """
    colour = COLOURS.get(theme, COLOURS["light"])
    lines = [_paths(view, fine, colour["line"], 1), _paths(view, upper, colour["upper"], 2)]
    labels = "".join(_labels(view, fine, colour, marks))
    middle = f'<path d="M{WIDTH / 2 - 7} {HEIGHT / 2}h14M{WIDTH / 2} {HEIGHT / 2 - 7}v14" stroke="{colour["upper"]}"/>'
    spots = [_mark(view, number, place, colour) for number, place in enumerate(marks, 1)]
    return _picture(f"{''.join(lines)}{labels}{middle}{''.join(spots)}", colour)


def comparison(
    view: View,
    present: DataFrame,
    drafted: DataFrame,
    fault: BaseGeometry | None,
    spots: Sequence[tuple[float, float]],
    *,
    theme: str,
) -> str:
    """Outlines that are proposed, in the colour of marks, over dashed ones that hold; the ground of a fault filled.

    present, drafted  frames of `geo.shapes.cut`
    spots             where the other faults lie
    """
    colour = COLOURS.get(theme, COLOURS["light"])
    lines = f'<g stroke-dasharray="5 3">{_paths(view, present, colour["upper"], 2)}</g>'
    lines += _paths(view, drafted, colour["mark"], 1.5)
    ground = "" if fault is None else _ground(view, fault, colour["fault"])
    labels = "".join(_labels(view, drafted if len(drafted) else present, colour))
    dots = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4"/>' for x, y in (view.at(*spot) for spot in spots)
                   if 0 <= x <= WIDTH and 0 <= y <= HEIGHT)  # fmt: skip
    others = f'<g fill="{colour["fault"]}" stroke="{colour["ground"]}">{dots}</g>' if dots else ""
    return _picture(f"{ground}{lines}{others}{labels}", colour)


def _ground(view: View, shape: BaseGeometry, colour: str) -> str:
    """A shape filled, with a ring around it where it is too small to be seen."""
    west, south, east, north = shape.bounds
    x, y = view.at((west + east) / 2, (south + north) / 2)
    small = (east - west) / view.span * WIDTH < SMALL and (north - south) / view.tall * HEIGHT < SMALL
    ring = f'<circle cx="{x:.0f}" cy="{y:.0f}" r="14" fill="none" stroke="{colour}" stroke-width="2"/>'
    filled = "".join(f'<polygon points="{part}"/>' for part in _rings(view, shape))
    return f'<g fill="{colour}" fill-opacity="0.45" stroke="{colour}">{filled}</g>{ring if small else ""}'


def _picture(drawn: str, colour: dict[str, str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="{colour["ground"]}"/>{drawn}</svg>'
    )


def _paths(view: View, units: DataFrame, colour: str, width: float) -> str:
    parts = [part for shape in units["geometry"] for part in _rings(view, shape)]
    drawn = "".join(f'<polygon points="{part}"/>' for part in parts)
    return f'<g fill="none" stroke="{colour}" stroke-width="{width}">{drawn}</g>'


def _rings(view: View, shape: BaseGeometry) -> list[str]:
    """Pixels of every ring of a shape."""
    return [
        " ".join(f"{x:.1f},{y:.1f}" for x, y in (view.at(*point) for point in ring.coords))
        for polygon in shapely.get_parts(shape)
        if polygon.geom_type == "Polygon"
        for ring in (polygon.exterior, *polygon.interiors)
    ]


def _labels(
    view: View, units: DataFrame, colour: dict[str, str], marks: Sequence[tuple[float, float]] = ()
) -> list[str]:
    """Names where there is room: one leaves out those it would lie over; that of a marked unit comes first, below."""
    spots = [view.at(*place) for place in marks]
    taken = [(x - MARK, y - MARK, x + MARK, y + MARK) for x, y in spots]
    places = [view.at(float(lon), float(lat)) for lon, lat in zip(units["lon"], units["lat"], strict=True)]
    found = []
    for (x, y), name in sorted(
        zip(places, units["name"].astype("str"), strict=True), key=lambda one: _far(one[0], spots)
    ):
        low = y + LETTER / 2 + (2 * MARK if _far((x, y), spots) < 2 * MARK else 0)
        half = sum(LETTER if ord(letter) > 0x2E7F else LETTER * 0.58 for letter in name) / 2
        box = (x - half, low - LETTER, x + half, low + 2)
        inside = box[0] > 2 and box[1] > 2 and box[2] < WIDTH - 2 and box[3] < HEIGHT - 2
        if inside and not any(_over(box, other) for other in taken):
            taken.append(box)
            found.append(f'<text x="{x:.0f}" y="{low:.0f}">{escape(name)}</text>')
    held = f'fill="{colour["text"]}" stroke="{colour["ground"]}" stroke-width="3" stroke-linejoin="round"'
    return [f'<g text-anchor="middle" paint-order="stroke" {held}>', *found, "</g>"]


def _far(place: tuple[float, float], spots: Sequence[tuple[float, float]]) -> float:
    """Pixels to the nearest spot; equal for all where there is none."""
    return min((hypot(place[0] - x, place[1] - y) for x, y in spots), default=inf)


def _over(box: Box, other: Box) -> bool:
    """Whether two boxes (left, top, right, bottom) come nearer than labels may."""
    return (
        box[0] < other[2] + APART
        and other[0] < box[2] + APART
        and box[1] < other[3] + 1
        and other[1] < box[3] + 1
    )


def _mark(view: View, number: int, place: tuple[float, float], colour: dict[str, str]) -> str:
    x, y = view.at(*place)
    return (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{MARK}" fill="{colour["mark"]}"/>'
        f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" fill="#fff" font-weight="700">{number}</text>'
    )
