"""The glossary: the definitions of the indicators, their specifications, this instance's targets."""

from dash import Dash

from callbacks.map_places import own_unit
from callbacks.router import Call, Desk, Page
from data.aims import everywhere
from data.indicators import INDICATORS
from data.spec_tables import load_spec
from layouts import glossary_page, shell


def register(app: Dash, desk: Desk) -> None:
    """Add the page; it changes with nothing but the program."""
    desk.page("glossary", build, "/glossary", permission="glossary", checks="definitions only, no data")


def build(call: Call) -> Page:
    """The whole page."""
    reader, words = call.reader, call.words
    unit = own_unit(reader) if reader.versions else None
    specs = {name: load_spec(name) for name in INDICATORS}
    page = glossary_page.page(words, targets=everywhere(reader), unit=unit or "", specs=specs)
    crumbs = shell.crumbs([(reader.settings.name, "/")], words("glossary.title"), words)
    return Page(body=page, crumbs=crumbs, unit=unit)
