"""As of when a page is read: the menu in the top bar, and the line that says that a page shows the past."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dash import html
from dash.development.base_component import Component

from data.query import Period
from layouts import parts
from layouts.words import Words


@dataclass(frozen=True)
class Known:
    """An instant a page can be read as of: microseconds UTC, its local time; of a release its title and period."""

    as_of: int
    at: datetime
    title: str = ""
    period: Period | None = None


@dataclass(frozen=True)
class Past:
    """The instants that are offered, and the one shown; None: now."""

    offered: Sequence[Known] = ()
    shown: Known | None = None


NOW = Past()


def menu(past: Past, to: Callable[[int | None], str], words: Words) -> Component:
    """Now, the releases, and a day of one's own, as it was known at its end."""
    shown = past.shown
    items = [_link(words("asof.now"), to(None), shown is None)]
    for one in past.offered:
        days = words.period(one.period.start, one.period.end) if one.period else ""
        text = [html.Span(one.title), html.Small(f"{days}{words.gap}{words.stamp(one.at)}", className="t3")]
        items.append(_link(text, to(one.as_of), one == shown, name="release"))
    day = shown.at.date() if shown else words.today or date.max
    own = html.Form(
        [parts.day_field("known", words("asof.day"), day, words),
         html.Button(words("period.apply"), className="btn s p")],
        method="get", className="dates",
    )  # fmt: skip
    value = words("asof.now") if shown is None else shown.title or words.stamp(shown.at)
    face = html.Summary(
        [html.Em(words("asof.title")), html.Span(value, className="v", title=value)], className="ctl"
    )
    return html.Details([face, html.Div([*items, own], className="pop list")], className="menu known")


def banner(past: Past, back: str, words: Words) -> list[Component]:
    """Says as of when the page is, and leads back to now; nothing where it is now."""
    if past.shown is None:
        return []
    at = words.moment(past.shown.at)
    told = (
        words("asof.release", at=at, title=past.shown.title) if past.shown.title else words("asof.at", at=at)
    )
    link = html.A(words("asof.back"), href=back, className="link")
    return [html.P([parts.badge("due", told), link], className="card past", role="status")]


def _link(text: parts.Child | list, to: str, chosen: bool, *, name: str = "") -> Component:
    """A choice of the menu."""
    current = {"aria-current": "true"} if chosen else {}
    return html.A(text, href=to, className=f"{'on ' if chosen else ''}{name}".strip(), **current)
