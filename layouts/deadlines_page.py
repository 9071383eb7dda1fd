"""Deadlines as a page: the list in force, its versions and what changed, categories without a limit."""

from dash import dcc, html
from dash.development.base_component import Component

from data.deadline_uses import DAYS
from data.deadlines import KINDS, Deadline, DeadlineList
from data.limits import clock_of
from layouts import parts
from layouts.deadlines_ask import LONGEST, PATH, DeadlinesAnswer, DeadlinesAsk
from layouts.deadlines_trial import trial
from layouts.parts import Option
from layouts.upload_page import hidden
from layouts.values import NOTHING
from layouts.words import Words

SHOWN = 300  # rows of the list at once; the text narrows it
MOST = 12  # rows of a card beside it


def page(ask: DeadlinesAsk, answer: DeadlinesAnswer, words: Words) -> list[Component]:
    """What stands below the tabs."""
    side = [trial(ask, answer, words), _uncovered(answer, words), _versions(ask, answer, words)]
    if answer.shown is not None and answer.before is not None:
        side.insert(0 if ask.version else 3, _changes(answer.shown, answer.before, answer, words))
    left = html.Div([_list(ask, answer, words)], className="stack")
    return [_strip(ask, answer, words), html.Div([left, html.Div(side, className="stack")], className="two")]


def _strip(ask: DeadlinesAsk, answer: DeadlinesAnswer, words: Words) -> Component:
    one = answer.shown
    kinds = [
        Option(words(f"deadlines.kind.{kind}"), ask.href(kind=kind, version=0), kind == ask.kind)
        for kind in KINDS
    ]
    pairs: list = [(words("deadlines.limits"), words.number(len(one.rows)) if one else NOTHING, None)]
    if one is not None:
        by = f"{one.recorded_by}{words.gap}{words.stamp(answer.local(one.recorded_at))}"
        here = "force" if answer.in_force and one.number == answer.in_force.number else "other"
        pairs.append(
            (words(f"deadlines.{here}"), words("deadlines.number", n=one.number), _since(one, words))
        )
        pairs.append((words("deadlines.recorded"), by, one.note))
    back = [html.A(words("deadlines.back"), href=ask.href(version=0), className="btn")] if ask.version else []
    return parts.facts(pairs, *back, parts.segment(words("deadlines.kinds"), kinds), name="what")


def _since(one: DeadlineList, words: Words) -> str:
    return (
        words("deadlines.always")
        if one.valid_from is None
        else words("deadlines.since", day=words.day(one.valid_from))
    )


def _list(ask: DeadlinesAsk, answer: DeadlinesAnswer, words: Words) -> Component:
    title = words("deadlines.title")
    if answer.shown is None:
        none = html.P(words("deadlines.none"), className="note-line t2")
        return parts.card(parts.head(title), none, name="entries")
    field = dcc.Input(name="q", value=ask.text, maxLength=LONGEST, autoComplete="off")
    search = html.Form(
        [
            *hidden(ask.without("q")),
            html.Label([html.Em(words("deadlines.filter")), field], className="ctl field"),
            html.Button(words("deadlines.find"), className="btn", type="submit"),
        ],
        method="get", action=PATH, className="ask",
    )  # fmt: skip
    note = words(
        "deadlines.found", n=words.number(len(answer.rows)), all=words.number(len(answer.shown.rows))
    )
    told = any(_condition(row, words) for row in answer.shown.rows)
    names = ("category", *(("condition",) if told else ()), "limit", "clock", "counted", "starts")
    heads = [parts.column(words(f"deadlines.column.{name}"), name=f"c-{name}") for name in names]
    body = [_row(row, answer, words, told=told) for row in answer.rows[:SHOWN]]
    table = parts.table(heads, body, caption=title, name="book-rows limits")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    empty = [] if body else [html.P(words("deadlines.nothing"), className="note-line t2")]
    more = len(answer.rows) - SHOWN
    rest = (
        [html.P(words("deadlines.more", n=words.number(more)), className="note-line t2")] if more > 0 else []
    )
    return parts.card(parts.head(title, note), search, *(empty or [scroll]), *rest, name="entries")


def _row(row: Deadline, answer: DeadlinesAnswer, words: Words, *, told: bool) -> Component:
    condition, where = _condition(row, words), answer.word(row.category) or words("deadlines.every")
    return html.Tr(
        [
            html.Th(where, scope="row", className="c-category", title=where),
            *([parts.cell(condition or NOTHING, name="t2 c-condition", title=condition)] if told else []),
            parts.cell(row.limit, name="b c-limit", title=row.limit),
            parts.cell(words(f"deadlines.clock.{clock_of(row.length)}"), name="c-clock"),
            parts.cell(_counted(row, words), name="t2 c-counted"),
            parts.cell(words(f"deadlines.starts.{row.starts}"), name="t2 c-starts"),
        ]
    )


def _condition(row: Deadline, words: Words) -> str:
    """The filing condition, and for whom else it is only."""
    return words.gap.join(part for part in (row.condition, row.channel, row.type) if part)


def _counted(row: Deadline, words: Words) -> str:
    return words("deadlines.counted." + row.length.unit.replace(" ", "-"))


def _uncovered(answer: DeadlinesAnswer, words: Words) -> Component:
    """Categories of the last days for which the list has no limit."""
    title, note = words("deadlines.uncovered"), words("deadlines.uncovered.note", n=DAYS)
    if answer.uncovered is None or not answer.uncovered:
        key = "deadlines.uncovered.unknown" if answer.uncovered is None else "deadlines.uncovered.none"
        told = html.P(words(key), className="note-line t2")
        return parts.card(parts.head(title, note), told)
    heads = [
        parts.column(words("deadlines.column.category")),
        parts.column(words("deadlines.why"), name="c-why"),
        parts.column(words("deadlines.facts"), name="num c-facts"),
    ]
    body = []
    for use in answer.uncovered[:MOST]:
        name = answer.word(use.category) or words("deadlines.uncategorised")
        why = parts.badge(
            "due" if use.doubt == "condition" else "unknown", words(f"deadlines.doubt.{use.doubt}")
        )
        count = parts.cell(words.number(use.facts), name="num")
        body.append(html.Tr([html.Th(name, scope="row", title=name), parts.cell(why), count]))
    more = len(answer.uncovered) - MOST
    rest = (
        [html.P(words("deadlines.more", n=words.number(more)), className="note-line t2")] if more > 0 else []
    )
    return parts.card(parts.head(title, note), parts.table(heads, body, caption=title), *rest)


def _versions(ask: DeadlinesAsk, answer: DeadlinesAnswer, words: Words) -> Component:
    title = words("deadlines.versions")
    if not answer.versions:
        return parts.card(parts.head(title), html.P(words("deadlines.none"), className="note-line t2"))
    heads = [
        parts.column(words(f"deadlines.version.{name}"), name=f"c-{name}")
        for name in ("number", "since", "when", "by", "note")
    ]
    body = []
    for one in answer.versions:
        here = answer.shown is not None and one.number == answer.shown.number
        link = html.A(words("deadlines.number", n=one.number), href=ask.href(version=one.number), className="row-link",
                      **({"aria-current": "true"} if here else {}))  # fmt: skip
        cells = [
            parts.cell(_since(one, words)),
            parts.cell(words.stamp(answer.local(one.recorded_at)), name="t2"),
            parts.cell(one.recorded_by, name="t2", title=one.recorded_by),
            parts.cell(one.note or NOTHING, name="t2", title=one.note),
        ]
        body.append(
            html.Tr([html.Th(link, scope="row", className="b"), *cells], className="sel" if here else "")
        )
    return parts.card(parts.head(title), parts.table(heads, body, caption=title, name="versions"))


def _changes(one: DeadlineList, before: DeadlineList, answer: DeadlinesAnswer, words: Words) -> Component:
    """What differs between a version and the one before it."""
    title = words("deadlines.changes")
    note = words(
        "deadlines.changes.note", old=before.number, new=one.number, n=words.number(len(answer.changes))
    )
    if not answer.changes:
        return parts.card(parts.head(title, note), html.P(words("deadlines.same"), className="note-line t2"))
    heads = [
        parts.column(words("deadlines.column.category")),
        parts.column(words("deadlines.was"), name="c-limit"),
        parts.column(words("deadlines.is"), name="c-limit"),
    ]
    body = []
    for row, old, new in answer.changes[:MOST]:
        name = words.gap.join(part for part in (answer.word(row.category), _condition(row, words)) if part)
        was = parts.cell(_said(old, new, words), name="t2")
        body.append(
            html.Tr(
                [html.Th(name, scope="row", title=name), was, parts.cell(_said(new, old, words), name="b")]
            )
        )
    more = len(answer.changes) - MOST
    rest = (
        [html.P(words("deadlines.more", n=words.number(more)), className="note-line t2")] if more > 0 else []
    )
    return parts.card(parts.head(title, note), parts.table(heads, body, caption=title), *rest)


def _said(row: Deadline | None, other: Deadline | None, words: Words) -> str:
    """What one side of a change grants; from when it counts only where that is what changed."""
    if row is None:
        return NOTHING
    starts = words(f"deadlines.starts.{row.starts}") if other and other.starts != row.starts else ""
    return words.gap.join(part for part in (row.limit, starts) if part)
