"""What is left out of the assessment (不计入考核): applications in their states, one looked at, a fact looked for."""

from dash import dcc, html
from dash.development.base_component import Component

from data.exclusion_list import Listed
from data.exclusions import STATES
from layouts import parts
from layouts.exclusions_ask import DAYS, PATH, ExclusionsAnswer, ExclusionsAsk, written
from layouts.exclusions_entry import entry
from layouts.parts import Option
from layouts.values import NOTHING
from layouts.words import Words

TONES = {"applied": "due", "approved": "met", "refused": "missed", "withdrawn": "unknown"}


def body(ask: ExclusionsAsk, answer: ExclusionsAnswer, words: Words) -> list[Component]:
    """All below the tabs."""
    top = [_strip(ask, answer, words)]
    if ask.done:
        told = parts.badge(
            "failed" if ask.done in ("own", "moved") else "met", words(f"exclusions.done.{ask.done}")
        )
        top.append(html.Section(told, className="card note", role="status"))
    aside = [_search(ask, answer, words), *entry(ask, answer, words)]
    two = html.Div([_table(ask, answer, words), html.Div(aside, className="stack")], className="two")
    return [html.Div([*top, two], className="book" + (" mending" if ask.fact or ask.number else ""))]


def _strip(ask: ExclusionsAsk, answer: ExclusionsAnswer, words: Words) -> Component:
    pairs = [
        (words(f"exclusions.state.{name}"), words.number(answer.counts.get(name, 0)), None) for name in STATES
    ]
    views = [
        Option(words(f"exclusions.state.{name or 'all'}"), ask.href(state=name), name == ask.state)
        for name in (*STATES, "")
    ]
    times = [
        Option(words("exclusions.days", n=days) if days else words("exclusions.days.all"), ask.href(days=days),
               days == ask.days)
        for days in (*DAYS, 0)
    ]  # fmt: skip
    places = [Option(words("exclusions.unit.all"), ask.href(unit=""), not ask.unit)]
    places += [Option(name, ask.href(unit=code), code == ask.unit) for code, name in answer.units]
    menus = [parts.menu(words("exclusions.unit"), places), parts.menu(words("exclusions.made"), times)]
    return parts.facts(pairs, *menus, parts.segment(words("exclusions.states"), views), name="what")


def _table(ask: ExclusionsAsk, answer: ExclusionsAnswer, words: Words) -> Component:
    title = words("exclusions.count", n=words.number(len(answer.rows)))
    if not answer.rows:
        empty = html.P(words("exclusions.none"), className="note-line t2")
        return parts.card(parts.head(title), empty, name="entries")
    heads = [
        parts.column(words(f"exclusions.column.{key}"), name="lies" if key == "unit" else key)
        for key in ("fact", "unit", "reason", "applicant", "state")
    ]
    rows = [_row(one, ask, answer, words) for one in answer.rows]
    table = parts.table(heads, rows, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("exclusions.note")), scroll, name="entries")


def _row(one: Listed, ask: ExclusionsAsk, answer: ExclusionsAnswer, words: Words) -> Component:
    here = answer.chosen is not None and answer.chosen.fact == one.fact
    link = html.A(one.fact.key, href=ask.href(fact=written(one), number=""), className="row-link",
                  **({"aria-current": "true"} if here else {}))  # fmt: skip
    category, event = answer.category(one.category) or NOTHING, one.event
    if event is None:
        return html.Tr([html.Th(link, scope="row"), parts.cell(category, span=4)])
    applied = [html.Span(event.applicant), html.Small(words.day(answer.when(event.applied_at).date()))]
    reason = answer.reason(event.reason)
    return html.Tr(
        [
            html.Th([link, html.Small(category, title=category)], scope="row", className="words fact"),
            parts.cell(one.unit_name or NOTHING, name="t2 lies", title=one.unit_name),
            parts.cell(
                [reason, html.Small(event.clause)] if event.clause else reason, name="reason", title=reason
            ),
            parts.cell(applied, name="applicant"),
            parts.cell(
                parts.badge(TONES[event.state], words(f"exclusions.state.{event.state}")), name="state"
            ),
        ],
        className="sel" if here else "",
    )


def _state(state: str, words: Words) -> Component:
    return parts.badge(TONES[state], words(f"exclusions.state.{state}"))


def _search(ask: ExclusionsAsk, answer: ExclusionsAnswer, words: Words) -> Component | None:
    """Look for a fact by its number, to apply for it or to see what stands of it."""
    if "propose" not in answer.may:
        return None
    number = dcc.Input(name="number", value=ask.number, maxLength=60, autoComplete="off", required=True)
    label = html.Label([html.Em(words("exclusions.number")), number], className="ctl field")
    button = html.Button(words("exclusions.search"), className="btn", type="submit")
    form = html.Form([label, button], method="get", action=PATH, className="ask")
    listed = [
        html.Li(
            [
                html.A(one.fact.key, href=ask.href(fact=written(one)), className="link"),
                html.Span(answer.category(one.category) or NOTHING, className="t2"),
                html.Span(one.unit_name, className="t3"),
                parts.badge(TONES[one.event.state], words(f"exclusions.state.{one.event.state}"))
                if one.event
                else None,
            ]
        )
        for one in answer.found or ()
    ]
    none = html.P(words("exclusions.found.none"), className="note-line t2") if answer.found == [] else None
    return parts.card(
        parts.head(words("exclusions.new"), words("exclusions.new.note")), form,
        html.Ul(listed, className="guesses") if listed else none, name="seek",
    )  # fmt: skip
