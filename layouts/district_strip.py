"""The strip of the district's table: our rank with that of the table before, how far the next are, data as of."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from data.bulletin_beside import Step
from data.district_standing import Standing
from layouts import parts
from layouts.parts import Child
from layouts.values import NOTHING
from layouts.words import Words

Pair = tuple[str, Child, Child]


def strip(standing: Standing | None, words: Words, *right: Child, to: str = "") -> Component:
    """The whole strip; without a place in any table it says so. `to`: where the table is."""
    found = (
        pairs(standing, words)
        if standing
        else [(words("district.rank"), NOTHING, words("district.unranked"))]
    )
    link = html.A(words("district.open"), href=to, className="btn s") if to else None
    return parts.facts(found, *right, link, name="district-strip")


def pairs(standing: Standing, words: Words) -> Sequence[Pair]:
    """Label, value and aside of each part, for a strip that says more."""
    one = standing.bulletin
    period = words.period(one.period.start, one.period.end)
    rank = words("district.of", rank=standing.rank or NOTHING, n=words.number(standing.of))
    return [
        (words("district.period"), period, words("district.published", day=words.day(one.published_on))),
        (words("district.rank"), rank, _moved(standing, words)),
        (words("district.total"), words.number(standing.total, 2), None),
        (words("district.above"), *_distance(standing.above, words, none="district.first")),
        (words("district.below"), *_distance(standing.below, words, none="district.last")),
    ]


def _distance(step: Step | None, words: Words, *, none: str) -> tuple[str, str]:
    if step is None:
        return NOTHING, words(none)
    return words("district.points", n=words.number(step.gap, 2)), step.name


def _moved(standing: Standing, words: Words) -> Component | None:
    """ "上期第 4 名 ▲ 1": up is fewer."""
    if standing.previous_rank is None or standing.rank is None:
        return None
    told = words("district.before", rank=standing.previous_rank)
    step = standing.previous_rank - standing.rank
    if not step:
        return html.Span(f"{told}{words.gap}{words('parts.change.none')}")
    arrow = html.Span(f"{'▲' if step > 0 else '▼'} {abs(step)}", className="good" if step > 0 else "bad")
    return html.Span([f"{told} ", arrow])
