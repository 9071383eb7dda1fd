"""The pages of the assessment: what is aimed at, left out, allowed in time and published; one builder a section."""

from collections.abc import Callable, Mapping
from functools import partial

from dash import Dash
from dash.development.base_component import Component

from callbacks import (
    calendar_page,
    deadlines_page,
    district_page,
    exclusions_page,
    releases_page,
    targets_page,
)
from callbacks.router import Call, Desk, Page
from layouts import assessment, shell

Section = Callable[[Call], list[Component]]


def register(app: Dash, desk: Desk) -> None:
    """Add the page and its sections. Each section is a module with `register(app, desk)` that answers its builder."""
    sections: dict[str, Section] = {
        "targets": targets_page.register(app, desk),
        "exclusions": exclusions_page.register(app, desk),
        "deadlines": deadlines_page.register(app, desk),
        "calendar": calendar_page.register(app, desk),
        "releases": releases_page.register(app, desk),
        "district": district_page.register(app, desk),
    }
    desk.page(
        "assessment", partial(build, sections=sections), assessment.PATH, *map(assessment.address, sections),
        permission="assessment", checks="rules of the instance; figures and facts of the scope only",
    )  # fmt: skip


def build(call: Call, sections: Mapping[str, Section]) -> Page:
    """The page of an address: a section, the first where it names none. Raises KeyError for one there is not."""
    here = call.place[0] if call.place else next(iter(sections))
    body = assessment.page(here, list(sections), sections[here](call), call.words)
    up = [(call.reader.settings.name, "/"), (call.words("shell.page.assessment"), assessment.PATH)]
    return Page(body=body, crumbs=shell.crumbs(up, call.words(f"assessment.section.{here}"), call.words))
