"""Builders every page shares: one component per idea, so that the freshness badge, the interval bar and a state
look the same wherever they stand.

Pure: answers and words in, components out. A choice is a link or a field of a form, so that every state of a
page has an address; a colour never stands without a shape, an arrow or a word. Absent: ids, callbacks, I/O.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from dash import dcc, html
from dash.development.base_component import Component
from pandas import DataFrame

from layouts.values import NOTHING, known
from layouts.words import Words

Child: TypeAlias = Component | str | None
KIND_OF = {"cases": "case", "orders": "order", "parking": "parking", "stays": "stay", "alerts": "alert"}
# From best to worst: a page or card that rests on several sources shows the worst of them.
STATES = ("fresh", "unknown", "due", "stale", "failed")


@dataclass(frozen=True)
class Option:
    """One choice of a control: its text, the address it leads to or the value it sends, whether it is chosen."""

    text: str
    to: str
    chosen: bool = False


@dataclass(frozen=True)
class Freshness:
    """State and age in minutes of one source, or of the worst of several."""

    state: str
    age: float | None = None
    source: str = ""


def badge(state: str, text: str, *, title: str = "") -> Component:
    """Shape and words of a freshness state: ● fresh ◑ due ◆ stale ◌ unknown ✕ failed."""
    icon = html.I(className="ic", **{"aria-hidden": "true"})
    return html.Span([icon, html.Span(text, className="txt")], className=f"fb {state}", title=title)


def freshness(fresh: Freshness, words: Words, *, short: bool = False) -> Component:
    """The badge of a source: its age, or how long it has been silent, or why neither is known."""
    if fresh.state == "failed":
        return badge("failed", words("parts.fresh.failed"), title=fresh.source)
    if fresh.state == "unknown" or fresh.age is None:
        return badge("unknown", words("parts.fresh.unknown"), title=fresh.source)
    if fresh.state == "stale":
        silent = words.duration(fresh.age)
        return badge("stale", silent if short else words("parts.fresh.stale", age=silent), title=fresh.source)
    return badge(fresh.state, words.age(fresh.age), title=fresh.source)


def feeding(sources: DataFrame, subjects: Iterable[str] | None) -> DataFrame:
    """The sources that feed these subjects; all when None."""
    if subjects is None:
        return sources
    return sources[sources["kind"].isin([KIND_OF[subject] for subject in subjects])]


def worst(sources: DataFrame, subject: str | None = None) -> Freshness:
    """The worst state among the sources of `subject` (all when None), and of those the oldest age."""
    rows = feeding(sources, None if subject is None else (subject,))
    timed = rows[
        rows["every_minutes"].notna() | (rows["state"] == "failed")
    ]  # what comes as it comes is never late
    rows = timed if len(timed) else rows
    found = [
        Freshness(str(row["state"]), known(row["age_minutes"]), str(row.get("title") or row["source"]))
        for row in rows.to_dict("records")
    ]
    return max(
        found, key=lambda each: (STATES.index(each.state), each.age or 0.0), default=Freshness("unknown")
    )


def head(title: Child, note: Child = None, *right: Child, level: int = 2) -> Component:
    """The head of a card: a heading, a note beside it, controls at the right."""
    heading = (html.H2 if level == 2 else html.H3)(title)
    return html.Div(
        [heading, html.Small(note) if note else None, html.Span(className="sp"), *right], className="hd"
    )


def card(*children: Child, name: str = "") -> Component:
    """A section with a hairline round it."""
    return html.Section(list(children), className=f"card {name}".strip())


def segment(label: str, options: Sequence[Option]) -> Component:
    """A row of links of which one is chosen; two to six choices."""
    links = [
        html.A(
            option.text,
            href=option.to,
            className="on" if option.chosen else "",
            **({"aria-current": "true"} if option.chosen else {}),
        )
        for option in options
    ]
    return html.Nav(links, className="seg", **{"aria-label": label})


def zooms(words: Words) -> Component:
    """Buttons that bring the small maps of a page nearer and farther; assets/sketch.js moves them."""
    buttons = [
        html.Button(sign, className="btn s", type="button",
                    **{"aria-label": words(f"map.zoom.{name}"), "data-sketch": name})
        for name, sign in (("in", "+"), ("out", "−"))
    ]  # fmt: skip
    return html.Div(buttons, className="zooms")


def menu(label: str, options: Sequence[Option], *, value: str | None = None, name: str = "") -> Component:
    """A control that opens a list of links; `label` stands before the chosen value, a key finds it by `name`."""
    chosen = value or next((option.text for option in options if option.chosen), NOTHING)
    items = [
        html.A(
            option.text,
            href=option.to,
            className="on" if option.chosen else "",
            **({"aria-current": "true"} if option.chosen else {}),
        )
        for option in options
    ]
    face = html.Summary([html.Em(label), html.Span(chosen, className="v", title=chosen)], className="ctl")
    return html.Details([face, html.Div(items, className="pop list")], className=f"menu {name}".strip())


def select(name: str, label: str, options: Sequence[Option], *, inline: bool = True) -> Component:
    """A field of a form with fixed choices. `label` stands inside the control, or is only read out."""
    choices = [html.Option(each.text, value=each.to, selected=each.chosen, key=each.to) for each in options]
    field = html.Select(choices, name=name)
    face = html.Em(label) if inline else html.Span(label, className="sr")
    return html.Label([face, field], className="ctl field")


def day_field(name: str, label: str, day: date, words: Words) -> Component:
    """A field of a form for a date: written in the reader's language, chosen with the browser's own calendar."""
    kind = {"type": "date"}  # known to every browser, though not in the component's own list of types
    field = dcc.Input(name=name, value=day.isoformat(), debounce=True, autoComplete="off", **kind)
    shown = html.Span(words("parts.day", day=words.day(day), weekday=words.weekday(day)), className="v")
    return html.Label([html.Em(label), shown, field], className="ctl field day")


def facts(pairs: Iterable[tuple[str, Child, Child]], *right: Child, name: str = "") -> Component:
    """The strip at the head of a page: label above, value below, an aside in smaller type."""
    cells = [
        html.Div([html.Dt(label), html.Dd([html.B(value), html.Small(aside) if aside else None])])
        for label, value, aside in pairs
    ]
    return html.Section(
        [html.Dl(cells), html.Span(className="sp"), *right], className=f"card strip {name}".strip()
    )


def ledger_bar(read: int, accepted: int, unchanged: int, rejected: int) -> Component:
    """The rows of a load as one bar; a reject is never thinner than 1.5 %, the numbers stand beside it."""
    if not read:
        return html.Span(className="led none", **{"aria-hidden": "true"})
    widths = [100 * accepted / read, 100 * unchanged / read, 100 * rejected / read]
    if rejected:
        widths[2] = max(widths[2], 1.5)
    names = ("accepted", "unchanged", "rejected")
    parts = [
        html.I(className=name, style={"flex": f"{width:.2f} 0 0"})
        for name, width in zip(names, widths, strict=True)
        if width
    ]
    return html.Span(parts, className="led", **{"aria-hidden": "true"})


def state(kind: str, title: str, words: Words, *, value: Child = NOTHING, note: Child = None) -> Component:
    """One of the five designed states, as large as the real thing.

    kind  empty | few | stale | forbidden | failed
    note  replaces the state's own sentence
    """
    sign = {"failed": "failed", "stale": "stale"}.get(kind)
    told: Child = note or words(f"parts.state.{kind}")
    if sign:
        told = html.Span([badge(sign, ""), told], className=f"sign {sign}")
    return html.Section(
        [html.H3(title), html.Div(value, className="big"), html.Div(told)], className=f"card st {kind}"
    )


def table(
    heads: Sequence[Component], rows: Sequence[Component], *, caption: str, name: str = ""
) -> Component:
    """A table with a caption for screen readers."""
    return html.Table(
        [html.Caption(caption, className="sr"), html.Thead(html.Tr(list(heads))), html.Tbody(list(rows))],
        className=name,
    )


def column(title: Child, *, name: str = "", order: str | None = None) -> Component:
    """A column head; `order` is ascending or descending where the rows are sorted by it."""
    return html.Th(title, scope="col", className=name, **({"aria-sort": order} if order else {}))


def cell(content: Child, *, name: str = "", title: str = "", span: int = 1) -> Component:
    """A cell; text that may be cut off carries its whole in `title`."""
    return html.Td(content, className=name, title=title, colSpan=span)
