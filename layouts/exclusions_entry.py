"""One fact on the page of exclusions: what it is, what stands of it, what its exclusion changes, and the forms."""

from dash import dcc, html
from dash.development.base_component import Component

from data.exclusion_list import Listed
from data.exclusion_preview import Change
from data.exclusions import AFTER, Event
from data.exclusions import LONGEST as LONGEST_TEXT
from layouts import parts, values
from layouts.exclusions_ask import APPLY, DECIDE, WITHDRAW, ExclusionsAnswer, ExclusionsAsk, written
from layouts.parts import Option
from layouts.upload_page import hidden
from layouts.values import NOTHING
from layouts.words import Words


def entry(ask: ExclusionsAsk, answer: ExclusionsAnswer, words: Words) -> list[Component]:
    """The card of the fact looked at; nothing where none is."""
    one = answer.chosen
    if one is None:
        return [parts.card(html.P(words("exclusions.missing"), className="note-line t2"))] if ask.fact else []
    stands = one.event.state if one.event else ""
    forms = [_apply(one, answer, words)] if stands in AFTER["applied"] else _decide(one, answer, words)
    made = [_line(event, answer, words) for event in answer.history]
    return [
        parts.card(
            parts.head(one.fact.key, answer.category(one.category) or NOTHING),
            html.Dl(_particulars(one, answer, words), className="columns-of"),
            html.Ol(made, className="events") if made else None,
            *forms, _changes(one, answer, words), name="chosen",
        )
    ]  # fmt: skip


def _particulars(one: Listed, answer: ExclusionsAnswer, words: Words) -> list[Component]:
    closed = words.moment(answer.when(one.closed_at)) if one.closed_at else NOTHING
    pairs = [
        (words("exclusions.column.unit"), one.unit_name or NOTHING),
        (words(f"exclusions.start.{one.fact.subject}"), words.moment(answer.when(one.start_at))),
        (words("exclusions.closed"), closed),
    ]
    if one.excluded:
        pairs.append((words("exclusions.delivered"), one.excluded))
    if one.event and one.event.state != "withdrawn":
        pairs.append((words("exclusions.column.reason"), answer.reason(one.event.reason)))
        pairs.append((words("exclusions.clause"), one.event.clause or NOTHING))
        pairs.append((words("exclusions.text"), one.event.text or NOTHING))
    return [html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs]


def _line(event: Event, answer: ExclusionsAnswer, words: Words) -> Component:
    """Who did what, and when."""
    at = event.decided_at if event.state != "applied" and event.decided_at is not None else event.applied_at
    who = event.applicant if event.state == "applied" else event.decided_by
    said = words(f"exclusions.did.{event.state}", who=who, at=words.moment(answer.when(at)))
    return html.Li([said, html.Small(event.note) if event.note else None])


def _changes(one: Listed, answer: ExclusionsAnswer, words: Words) -> Component | None:
    if answer.period is None:
        return None
    approved = one.event is not None and one.event.state == "approved"
    period = words.period(answer.period.start, answer.period.end)
    title = words(f"exclusions.effect.{'done' if approved else 'asked'}", where=answer.where, period=period)
    if not answer.changes:
        return html.P([html.B(title), " ", words("exclusions.effect.none")], className="note-line t2")
    heads = [
        parts.column(words(f"exclusions.effect.{key}"), name="" if key == "indicator" else "num")
        for key in ("indicator", "before", "after")
    ]
    rows = [
        html.Tr(
            [
                html.Th(words(f"indicator.{each.indicator.name}"), scope="row", className="words"),
                _number(each, each.value, each.n, words),
                _number(each, each.less_value, each.less_n, words),
            ]
        )
        for each in answer.changes
    ]
    table = parts.table(heads, rows, caption=title, name="effect")
    return html.Div([html.P(title, className="b f12"), table], className="effects")


def _number(change: Change, value: float | None, n: float, words: Words) -> Component:
    """A value with what it rests on."""
    shown = values.show(change.indicator, value, words).number
    if change.indicator.kind in ("rate", "score"):  # one fact of many moves the second decimal, if any
        shown = words.number(values.scaled(change.indicator, value), 2)
    shown = values.with_unit(change.indicator, shown, words)
    base = words.number(n) if change.indicator.kind in ("rate", "score", "quantile") else ""
    return parts.cell([shown, html.Small(f"/ {base}") if base else None], name="num")


def _apply(one: Listed, answer: ExclusionsAnswer, words: Words) -> Component | None:
    if "propose" not in answer.may:
        return None
    reasons = [Option(title, code, False) for code, title in answer.reasons.items()]
    fields = [
        parts.select("reason", words("exclusions.column.reason"), reasons),
        _text("clause", words("exclusions.clause"), required=True),
        _text("text", words("exclusions.text")),
    ]
    send = html.Button(words("exclusions.apply"), className="btn p", type="submit")
    return _form(APPLY, one, answer, [html.Div(fields, className="fields one"), _bar("apply", [send], words)])


def _decide(one: Listed, answer: ExclusionsAnswer, words: Words) -> list[Component]:
    """Buttons for what may be done with an application; who applied is told that another decides."""
    event = one.event
    if event is None:
        return []
    own, judge, waits = event.applicant == answer.person, "judge" in answer.may, event.state == "applied"
    forms = []
    if judge and waits and not own:
        buttons = [_button("refused", "", words), _button("approved", "p", words)]
        note = html.Div([_text("note", words("exclusions.remark"))], className="fields one")
        forms.append(_form(DECIDE, one, answer, [note, _bar("decide", buttons, words)]))
    if "propose" in answer.may and ((own and waits) or (judge and not waits)):
        key = "own" if waits else "approved"
        note = html.Div([_text("note", words("exclusions.remark"))], className="fields one")
        back = _bar(f"withdraw.{key}", [_button("withdrawn", "", words)], words)
        forms.append(_form(WITHDRAW, one, answer, [note, back]))
    return forms


def _button(state: str, tone: str, words: Words) -> Component:
    return html.Button(
        words(f"exclusions.do.{state}"),
        className=f"btn {tone}".strip(),
        type="submit",
        name="act",
        value=state,
    )


def _bar(key: str, buttons: list[Component], words: Words) -> Component:
    note = html.P(words(f"exclusions.promise.{key}"), className="t2 f12")
    return html.Div([note, html.Span(className="sp"), *buttons], className="bar")


def _form(to: str, one: Listed, answer: ExclusionsAnswer, children: list[Component]) -> Component:
    kept = hidden({"token": answer.csrf, "fact": written(one)})
    return html.Form([*kept, *children], method="post", action=to, className="entry")


def _text(name: str, label: str, *, required: bool = False) -> Component:
    field = dcc.Input(name=name, maxLength=LONGEST_TEXT, autoComplete="off", required=required)
    return html.Label([html.Em(label), field], className="ctl field wide")
