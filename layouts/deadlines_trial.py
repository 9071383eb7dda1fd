"""A limit counted day by day, as a card: an instant and a limit to fill in, when it runs out, the days between."""

from dash import dcc, html
from dash.development.base_component import Component

from data.deadline_steps import Step, Steps
from data.limits import COUNTING
from layouts import parts
from layouts.deadlines_ask import LONGEST, PATH, DeadlinesAnswer, DeadlinesAsk
from layouts.parts import Option
from layouts.upload_page import hidden
from layouts.values import NOTHING
from layouts.words import Words


def trial(ask: DeadlinesAsk, answer: DeadlinesAnswer, words: Words) -> Component:
    """The card."""
    countings = [Option(words("deadlines.counting.usual"), "", not ask.counting)]
    countings += [
        Option(words(f"deadlines.counting.{name.replace(' ', '-')}"), name, name == ask.counting)
        for name in COUNTING
    ]
    form = html.Form(
        [
            *hidden(ask.without("start", "limit", "counting")),
            _text("start", answer.start, words),
            _text("limit", ask.limit or words("deadlines.trial.usual"), words),
            parts.select("counting", words("deadlines.trial.counting"), countings),
            html.Button(words("deadlines.trial.count"), className="btn p", type="submit"),
        ],
        method="get", action=PATH, className="ask",
    )  # fmt: skip
    head = parts.head(words("deadlines.trial"), words("deadlines.trial.note"))
    if answer.tried is None:
        told = parts.badge("failed", words(f"deadlines.fault.{answer.fault}"))
        return parts.card(head, form, html.P(told, className="note-line", role="alert"), name="trial")
    return parts.card(head, form, *_counted(answer.tried, answer, words), name="trial")


def _text(name: str, value: str, words: Words) -> Component:
    field = dcc.Input(name=name, value=value, maxLength=LONGEST, autoComplete="off", required=True)
    return html.Label([html.Em(words(f"deadlines.trial.{name}")), field], className="ctl field")


def _counted(tried: Steps, answer: DeadlinesAnswer, words: Words) -> list[Component]:
    if tried.due is None:
        due = parts.badge("unknown", words("deadlines.trial.unknown"))
    else:
        due = html.B(words.moment(answer.local(tried.due)))
    heads = [
        parts.column(words("deadlines.step.day"), name="c-day"),
        parts.column(words("deadlines.step.kind"), name="c-kind"),
        parts.column(words("deadlines.step.spans")),
        parts.column(words(f"deadlines.step.counted.{tried.measure}"), name="num c-sum"),
        parts.column(words("deadlines.step.total"), name="num c-sum"),
    ]
    rows = [_step(step, tried, answer, words) for step in tried.steps]
    table = parts.table(heads, rows, caption=words("deadlines.trial"), name="steps")
    scroll = html.Div(
        table, className="scroll", tabIndex=0, role="region", **{"aria-label": words("deadlines.trial")}
    )
    cut = [html.P(words("deadlines.trial.cut"), className="note-line t2")] if tried.cut else []
    return [html.P([words("deadlines.trial.due"), " ", due], className="due-line"), scroll, *cut]


def _step(step: Step, tried: Steps, answer: DeadlinesAnswer, words: Words) -> Component:
    day = f"{words.day(step.on)} {words.weekday(step.on)}"
    kind = words(
        {1: "deadlines.day.working", 0: "deadlines.day.free", -1: "deadlines.day.unknown"}[step.day.working]
    )
    named = f"{kind}{words.gap}{step.day.name}" if step.day.name else kind
    spans = words.gap.join(f"{answer.local(a):%H:%M}–{_end(b, answer)}" for a, b in step.spans)
    digits = 0 if tried.measure != "hours" else 1
    return html.Tr(
        [
            html.Th(day, scope="row"),
            parts.cell(named, name="t2", title=named),
            parts.cell(spans or NOTHING, name="t2", title=spans),
            parts.cell(words.number(step.counted, digits) if step.counted else NOTHING, name="num"),
            parts.cell(words.number(step.total, digits), name="num b"),
        ],
        className="" if step.counted else "mut",
    )


def _end(instant: int, answer: DeadlinesAnswer) -> str:
    """The end of a span; midnight ends the day it belongs to."""
    text = f"{answer.local(instant):%H:%M}"
    return "24:00" if text == "00:00" else text
