"""A file that was sent and is not stored yet: what was understood of it, what it would come to, one confirmation.

Every choice is a field of one form that asks with GET, so that each state of the page has an address.
"""

from dash import dcc, html
from dash.development.base_component import Component

from data.matching import NEW, Plan
from data.mixups import MixUp
from data.unknown_words import unknown_words
from data.uploads import Checked
from layouts import parts, values
from layouts.mixups import mixups_card
from layouts.parts import Option
from layouts.plain import plain
from layouts.upload_account import account_card, rejects_card
from layouts.upload_ask import UploadAnswer, UploadAsk
from layouts.upload_columns import columns_card, field_name
from layouts.upload_page import hidden
from layouts.upload_refusals import refusal
from layouts.upload_words import words_card
from layouts.words import Words

KINDS = ("case", "order", "alert", "parking")
RHYTHMS = ("", "1 day", "1 w", "31 d", "366 d")


def page(ask: UploadAsk, answer: UploadAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    right = [_source_card(ask, answer, words), *_outcome(ask, answer, words)]
    two = html.Div([columns_card(answer, words), html.Div(right, className="stack")], className="two")
    form = html.Form(two, method="get", action=ask.address, className="match", **{"data-ask": "yes"})
    return html.Main(
        plain(
            [
                html.H1(words("upload.title"), className="sr"),
                _strip(answer, words),
                form,
                _bar(ask, answer, words),
            ]
        ),
        className="page sources upload",
    )


def _strip(answer: UploadAnswer, words: Words) -> Component:
    """What the file is."""
    found = answer.checked.found
    header = words.texts["upload.and"].join(map(str, found.header))
    pairs = [
        (words("upload.file"), answer.name, None),
        (words("upload.format"), found.format.upper(), found.encoding.upper().removesuffix("-SIG") or None),
        *([(words("upload.sheet"), found.sheet, None)] if found.sheet else []),
        *([(words("upload.header"), words("upload.header.row", n=header), None)] if header else []),
        (words("upload.columns"), words.number(sum(1 for column in found.columns if column.header)), None),
    ]  # fmt: skip
    note = parts.badge("unknown", words("upload.unstored"))
    return parts.facts(pairs, note, name="what")


def _source_card(ask: UploadAsk, answer: UploadAnswer, words: Words) -> Component:
    """Which source the file belongs to; of a new one what it is called and how it is to be read."""
    plan = answer.checked.plan
    options = [Option(words("upload.source.new"), NEW, plan.is_new)]
    for one in answer.candidates:
        told = words("upload.source.share", title=one.title, share=words.percent(one.share, 0))
        options.append(Option(told, one.name, not plan.is_new and one.name == plan.name))
    fields = [parts.select("source", words("upload.source"), options)]
    fields += _new_fields(ask, answer, words) if plan.is_new else []
    title = words(
        "upload.source.new"
        if plan.is_new
        else "upload.source.is"
        if ask.asked.source
        else "upload.source.seems"
    )
    note = words("upload.source.made" if plan.is_new else "upload.source.known")
    rows = [parts.head(title, note), html.Div(fields, className="fields")]
    if plan.missing:
        names = words.texts["upload.and"].join(plan.missing)
        rows.append(html.P(parts.badge("due", words("upload.missing", names=names)), className="note-line"))
    return parts.card(*rows, name="whose")


def _new_fields(ask: UploadAsk, answer: UploadAnswer, words: Words) -> list[Component]:
    plan = answer.checked.plan
    kinds = [Option(words(f"sources.kind.{kind}"), kind, kind == plan.kind) for kind in KINDS]
    rhythms = [Option(words(f"upload.every.{each or 'none'}"), each, each == plan.every) for each in RHYTHMS]
    zones = [
        Option(zone, zone, zone == plan.timezone)
        for zone in dict.fromkeys((plan.timezone, answer.zone, "UTC"))
    ]
    name = dcc.Input(name="name", value=plan.name, maxLength=60, autoComplete="off")
    found = [
        html.Label([html.Em(words("upload.name")), name], className="ctl field"),
        parts.select("kind", words("upload.kind"), kinds),
        parts.select("every", words("sources.column.every"), rhythms),
        parts.select("zone", words("upload.zone"), zones),
    ]
    if any(match.means == "lon" for match in plan.matches):
        systems = [
            Option(words.texts.get(f"upload.crs.{each}", each), each, each == plan.crs)
            for each in dict.fromkeys((plan.crs, *answer.systems, *fitting(answer.checked)))
        ]
        found.append(parts.select("crs", words("upload.crs"), systems))
    return found


def fitting(checked: Checked) -> list[str]:
    """Coordinate systems that were seen to fit better than the one in use."""
    found = checked.ledger.mixups if checked.ledger else []
    return [str(one.facts["better"]) for one in found if "better" in one.facts]


def _outcome(ask: UploadAsk, answer: UploadAnswer, words: Words) -> list[Component]:
    """What the file would come to, or why it cannot be read so."""
    checked = answer.checked
    if checked.ledger is not None:
        to = f"{ask.address}/rejects.xlsx?" + ask.href().partition("?")[2]
        mixed = mixups_card(checked.ledger.mixups, words, mend=lambda one: _mend(one, checked.plan))
        unknown = unknown_words(checked.ledger.rejects, ask.asked.words, checked.plan.kind)
        return [account_card(checked.ledger, words), *mixed, *words_card(unknown, words),
                *rejects_card(checked.ledger, words, to=to)]  # fmt: skip
    if checked.plan.lacking:
        return [_lacking(checked.plan, words)]
    return [parts.state("failed", words("upload.unreadable"), words, value=values.NOTHING,
                        note=html.Span(refusal(checked.fault, words), className="sign failed"))]  # fmt: skip


def _mend(one: MixUp, plan: Plan) -> dict[str, str]:
    """The choice by which a new source is read in the system that fits; what is declared is changed in its file."""
    return {"crs": str(one.facts["better"])} if one.kind == "crs" and plan.is_new else {}


def _lacking(plan: Plan, words: Words) -> Component:
    """A new source without what every fact has: which columns a person has to choose."""
    names = words.texts["upload.and"].join(field_name(name, words) for name in plan.lacking)
    note = words("upload.lacking.text", kind=words(f"sources.kind.{plan.kind}"))
    return parts.state("few", words("upload.lacking", names=names), words, note=note)


def _bar(ask: UploadAsk, answer: UploadAnswer, words: Words) -> Component:
    """The one confirmation, and the way out; nothing is stored before."""
    checked = answer.checked
    ready = checked.ledger is not None or checked.shrinks
    shrink = [
        html.Label([dcc.Input(type="checkbox", name="shrink", value="yes"), words("upload.shrink")], className="tick")
    ] if checked.shrinks else []  # fmt: skip
    store = html.Button(
        words("upload.store"), className="btn p", type="submit", name="act", value="store", disabled=not ready,
        **{"data-busy": words("upload.storing")},
    )  # fmt: skip
    leave = html.Button(words("upload.discard"), className="btn", type="submit", name="act", value="discard")
    fields = hidden({**ask.pairs, "token": answer.csrf})
    return html.Form(
        [*fields, html.P(_promise(answer, words), className="t2"), html.Span(className="sp"), *shrink, store, leave],
        method="post", action=ask.address, className="card confirm",
    )  # fmt: skip


def _promise(answer: UploadAnswer, words: Words) -> str:
    """What the confirmation will do, in one sentence."""
    ledger, plan = answer.checked.ledger, answer.checked.plan
    if ledger is None:
        return words("upload.promise.none")
    key = (
        "upload.promise.new"
        if plan.is_new
        else "upload.promise.changed"
        if plan.is_changed
        else "upload.promise"
    )
    return words(key, n=words.number(ledger.accepted + ledger.updated), source=plan.name)
