"""What the pages of the assessment share: addresses, the row of links that leads from one to the other, their frame."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from layouts import parts
from layouts.parts import Option
from layouts.plain import plain
from layouts.words import Words

PATH = "/assessment"
SECTIONS = ("targets", "exclusions", "deadlines", "calendar", "releases", "district")


def address(section: str) -> str:
    """Where a section is."""
    return f"{PATH}/{section}"


def sections(here: str, open_ones: Sequence[str], words: Words) -> Component:
    """The row of links from section to section."""
    options = [
        Option(words(f"assessment.section.{name}"), address(name), name == here)
        for name in SECTIONS
        if name in open_ones
    ]
    return parts.segment(words("assessment.sections"), options)


def page(here: str, open_ones: Sequence[str], body: Sequence[Component], words: Words) -> Component:
    """The whole page below the top bar: the links, then what a section shows; `parts` of its own style by its name."""
    title = html.H1(words(f"assessment.section.{here}"), className="sr")
    head = html.Div([sections(here, open_ones, words)], className="assess-head")
    return html.Main(plain([title, head, *body]), className=f"page sources assess {here}")
