"""What the key group of the KPI page shows beside its indicators: the place in the district's table, and what can still
change the period or waits for review."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from data.district_standing import Standing
from data.recoverable import Prospect
from layouts import district_strip, recoverable
from layouts.assessment import address
from layouts.words import Words

SHOWN = ("district.rank", "district.above")  # of the strip of the district's table


@dataclass(frozen=True)
class Ahead:
    """What the store answered; nothing where the page does not show it.

    waiting  applications to leave facts of the unit out of the assessment that nobody has decided on
    """

    standing: Standing | None = None
    prospect: Prospect | None = None
    waiting: int = 0
    zone: ZoneInfo | None = None


def pairs(ahead: Ahead, words: Words) -> Sequence[district_strip.Pair]:
    """Rank with that of the table before, and how far the next one is."""
    if ahead.standing is None:
        return ()
    wanted = [words(name) for name in SHOWN]
    return [pair for pair in district_strip.pairs(ahead.standing, words) if pair[0] in wanted]


def card(ahead: Ahead, words: Words) -> Component:
    """Orders that can still change the period, and what waits for review."""
    if ahead.prospect is None or ahead.zone is None:
        raise ValueError("ahead: got no prospect; expected one, with its zone")
    text = words("kpi.waiting", n=ahead.waiting) if ahead.waiting else words("kpi.waiting.none")
    waits = html.P(
        html.A(text, href=address("exclusions")) if ahead.waiting else text, className="note f12 t3 waits"
    )
    return recoverable.card(ahead.prospect, ahead.zone, words, waits, to=address("district"))
