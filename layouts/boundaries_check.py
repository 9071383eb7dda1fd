"""A file of boundaries over the present units: how it is read, its faults and changes, then one confirmation."""

import re
from datetime import timedelta

from dash import dcc, html
from dash.development.base_component import Component

from data.boundary_files import kinds_of
from data.boundary_proposals import JOIN
from data.places import FIRST_DAY
from data.settings import EPOCH_DAY
from geo.faults import ACCEPTABLE
from layouts import parts
from layouts.boundaries_ask import LONGEST, PATH, BoundaryAsk, TrialAnswer
from layouts.boundaries_changes import changes_card, faults_card
from layouts.list_check import leave_button
from layouts.parts import Option
from layouts.plain import plain
from layouts.sketch import HEIGHT, WIDTH
from layouts.upload_page import hidden
from layouts.upload_refusals import refusal
from layouts.words import Words

SHORT = 40  # characters of a coordinate system
NOTES = (
    (re.compile(r"(?P<n>\d+) units took an outline, (?P<bare>\d+) stay without one"), "joined"),
    (re.compile(r"(?P<n>\d+) outlines are of no unit of the level: .*"), "strays"),
    (re.compile(r"(?P<n>\d+) left out, without a code: (?P<names>.*)"), "uncoded"),
)


def page(ask: BoundaryAsk, answer: TrialAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    trial = answer.trial
    below = [] if trial.fault else [faults_card(ask, trial, words), changes_card(ask, trial, words)]
    left = [_fields(ask, answer, words), *below]
    two = [html.Div(plain(left), className="stack"), _picture(ask, answer, words)]
    top = [html.H1(words("borders.title"), className="sr"), _strip(answer, words), *_notices(answer, words)]
    return html.Main(
        [plain(top), html.Div(two, className="two"), plain(_bar(ask, answer, words))],
        className="page sources upload borders",
    )


def published(name: str, version: str, words: Words) -> Component:
    """What became of a file that was published."""
    links = [html.A(words("borders.title"), href=PATH, className="btn p"),
             html.A(words("borders.map"), href="/map/-/-", className="btn")]  # fmt: skip
    told = [
        html.H1(words("borders.done", version=version)),
        html.P(words.gap.join([name, words("borders.done.text")]), className="t2"),
    ]
    done = html.Section(
        [html.Div(told), html.Span(className="sp"), html.Div(links, className="links")], className="card done"
    )
    return html.Main(plain(done), className="page sources upload borders")


def _strip(answer: TrialAnswer, words: Words) -> Component:
    """What the file is."""
    trial = answer.trial
    pairs = [
        (words("upload.file"), answer.name, None),
        (words("borders.rows"), words.number(trial.rows), None),
        (words("upload.columns"), words.number(len(trial.columns)), None),
        (words("borders.declared"), trial.declared[:SHORT] or words("borders.undeclared"), None),
    ]
    return parts.facts(pairs, parts.badge("unknown", words("borders.unpublished")), name="what")


def _notices(answer: TrialAnswer, words: Words) -> list[Component]:
    trial = answer.trial
    told = {"borders.changed": answer.changed, "borders.bare": trial.is_bare}
    lines = [parts.badge("due", words(key)) for key, holds in told.items() if holds]
    if trial.staged:
        tree = next(tree for tree in answer.trees if trial.level in tree.levels)
        names = [level.title(words.locale) for level in tree.levels if level.depth in trial.staged]
        lines.append(
            parts.badge("due", words("borders.staged", levels=words.texts["upload.and"].join(names)))
        )
    return [html.Section(line, className="card note due", role="status") for line in lines]


def _fields(ask: BoundaryAsk, answer: TrialAnswer, words: Words) -> Component:
    """How the file is read: every choice is a field of one form that asks with GET."""
    trial, fields = answer.trial, answer.trial.fields
    tree = next(tree for tree in answer.trees if tree.name == ask.asked.tree)

    def columns(chosen: str) -> list[Option]:
        return [Option(name, name, name == chosen) for name in trial.columns]

    levels = [Option(one.title(words.locale), one.name, one.name == fields.level) for one in tree.levels]
    chosen = [parts.select("level", words("borders.level"), levels)]
    if len(answer.trees) > 1:
        trees = [Option(one.title(words.locale), one.name, one.name == tree.name) for one in answer.trees]
        chosen.insert(0, parts.select("tree", words("borders.tree"), trees))
    chosen += [parts.select(name, words(f"borders.field.{name}"), columns(getattr(fields, name)))
               for name in ("code", "name")]  # fmt: skip
    if trial.level.depth:
        joined = Option(words("borders.join"), JOIN, not fields.parent)
        options = [joined, *columns(fields.parent)]
        chosen.append(parts.select("parent", words("borders.field.parent"), options))
    chosen += [_system(ask, answer, words), _dissolve(ask, words)]
    form = html.Form(
        html.Div(chosen, className="fields"),
        method="get",
        action=ask.address,
        className="match",
        **{"data-ask": "yes"},
    )
    rows = [parts.head(words("borders.how"), words("borders.how.note")), form]
    rows += [html.P(_note(note, words), className="note-line f12 t2") for note in trial.notes]
    if trial.fault:
        told = html.Span(refusal(trial.fault, words), className="sign failed")
        rows.append(html.P([parts.badge("failed", ""), told], className="note-line", role="alert"))
    return parts.card(*rows, name="whose")


def _note(note: str, words: Words) -> str:
    """What the reading remarked, in words; what has none stands as it is."""
    for form, key in NOTES:
        found = form.fullmatch(note)
        if found:
            return words(f"borders.note.{key}", **found.groupdict())
    return note


def _system(ask: BoundaryAsk, answer: TrialAnswer, words: Words) -> Component:
    declared = answer.trial.declared[:SHORT]
    first = words("borders.crs.declared", name=declared) if declared else words("borders.crs.choose")
    options = [Option(first, "", not ask.asked.crs)]
    options += [
        Option(words.texts.get(f"upload.crs.{each}", each), each, each == ask.asked.crs)
        for each in answer.systems
    ]
    return parts.select("crs", words("upload.crs"), options)


def _dissolve(ask: BoundaryAsk, words: Words) -> Component:
    options = [Option(words(f"borders.dissolve.{key or 'no'}"), key, (key == "yes") == ask.asked.dissolve)
               for key in ("", "yes")]  # fmt: skip
    return parts.select("dissolve", words("borders.dissolve"), options)


def _picture(ask: BoundaryAsk, answer: TrialAnswer, words: Words) -> Component:
    """The new outlines over the present ones, or beside them."""
    ways = [Option(words(f"borders.view.{name}"), ask.href(side=name == "side"), (name == "side") == ask.side)
            for name in ("over", "side")]  # fmt: skip
    head = parts.head(words("borders.picture"), None, parts.segment(words("borders.view"), ways))
    keys = ("old", "new") if ask.side else ("both",)
    figures = [_figure(ask, answer, key, words) for key in keys]
    legend = [
        html.Span([html.I(className=f"key {key}"), words(f"borders.{key}")])
        for key in ("new", "old", "fault")
    ]
    whole = html.A(words("borders.whole"), href=ask.href(view=None, fault=None, unit=""), className="btn s")
    row = html.Div([*legend, html.Span(className="sp"), whole], className="legend t2 f12")
    frame = html.Div(
        [html.Div(figures, className="figures"), plain(parts.zooms(words))], className="sketch-frame"
    )
    return html.Section([plain(head), frame, plain(row)], className="card sketches")


def _figure(ask: BoundaryAsk, answer: TrialAnswer, which: str, words: Words) -> Component:
    """One picture; those beside each other say which it is."""
    picture = html.Img(
        src=ask.picture(answer.view, theme=answer.theme, which=which), width=WIDTH, height=HEIGHT,
        alt=words(f"borders.alt.{which}"), className="sketch", tabIndex=0,
        **{"data-near": ask.href(view=None, fault=None, unit="") if answer.trial.faults else ""},
    )  # fmt: skip
    named = html.Figcaption(words(f"borders.{which}"), className="t2 f12") if ask.side else None
    return html.Figure([html.Div(picture, className="window"), named])


def _bar(ask: BoundaryAsk, answer: TrialAnswer, words: Words) -> Component:
    """Why, from which day, with which faults; then it is published, or thrown away."""
    trial = answer.trial
    kinds = [kind for kind in kinds_of(trial.faults) if kind in ACCEPTABLE]
    count = sum(fault.kind in ACCEPTABLE for fault in trial.faults)
    reason = dcc.Input(name="reason", required=True, maxLength=LONGEST, autoComplete="off")
    dated = {"type": "date"}
    if trial.from_on is not None and trial.from_on != FIRST_DAY:
        dated["min"] = (EPOCH_DAY + timedelta(days=trial.from_on)).isoformat()
    day = dcc.Input(name="from", value=answer.today.isoformat() if trial.before else "", **dated)
    asked = [html.Label([html.Em(words("borders.reason")), reason], className="ctl field reason"),
             html.Label([html.Em(words("borders.from" if trial.before else "borders.from.first")), day],
                        className="ctl field dated")]  # fmt: skip
    if kinds and trial.is_sound:
        tick = dcc.Input(type="checkbox", name="accept", value=",".join(kinds), required=True)
        asked.append(html.Label([tick, words("borders.accept", n=words.number(count))], className="tick"))
    button = html.Button(
        words("borders.publish"), className="btn p", type="submit", name="act", value="publish",
        disabled=not trial.is_sound, **{"data-busy": words("borders.publishing")},
    )  # fmt: skip
    leave = leave_button(words)
    fields = hidden({**ask.pairs, "token": answer.csrf, "before": str(trial.before)})
    told = words("borders.promise" if trial.is_sound else "borders.promise.none")
    return html.Form(
        [*fields, html.P(told, className="t2"), *asked, html.Span(className="sp"), button, leave],
        method="post", action=ask.address, className="card confirm",
    )  # fmt: skip
