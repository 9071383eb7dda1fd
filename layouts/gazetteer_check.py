"""A file of place names before it is taken: what is new, replaced, ended, refused; then what became of it."""

from dash import html
from dash.development.base_component import Component

from data.gazetteer_import import PlaceTrial
from geo.gazetteer import Entry
from layouts import parts
from layouts.gazetteer_ask import PATH, ImportAnswer
from layouts.list_check import confirm_bar, faults_card, strip
from layouts.parts import Option
from layouts.plain import plain
from layouts.upload_refusals import refusal
from layouts.values import NOTHING
from layouts.words import Words

SHOWN = 50
COUNTED = ("added", "replaced", "unchanged", "closed")


def page(answer: ImportAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    trial = answer.trial or PlaceTrial()
    title = html.H1(words("gazetteer.title"), className="sr")
    rows = len(trial.rows) + len(trial.faults)
    top = [title, strip(answer.name, [(words("gazetteer.entries"), words.number(rows))], words)]
    left = [
        _how(answer, words),
        *_account(trial, words),
        *faults_card(trial.faults, "gazetteer.field", words),
    ]
    two = [html.Div(left, className="stack"), _entries(trial, words)]
    asked = {"replace": "yes" if answer.replace else ""}
    bar = confirm_bar(
        f"{PATH}/{answer.token}", answer.csrf, asked, take=words("gazetteer.take"), busy=words("gazetteer.taking"),
        note=words("gazetteer.promise" if not trial.fault else "gazetteer.promise.none"), sound=not trial.fault,
        words=words,
    )  # fmt: skip
    body = [*top, html.Div(two, className="two"), bar]
    return html.Main(plain(body), className="page sources upload book check")


def taken(answer: ImportAnswer, words: Words) -> Component:
    """What became of a file that was taken."""
    done = answer.result or {}
    links = [html.A(words("gazetteer.title"), href=PATH, className="btn p"),
             html.A(words("places.title"), href="/sources/unplaced", className="btn")]  # fmt: skip
    counts = [
        words(f"gazetteer.count.{name}", n=words.number(done[name])) for name in COUNTED if done.get(name)
    ]
    told = [
        html.H1(words("gazetteer.taken", n=words.number(done.get("moved", 0)))),
        html.P(words.gap.join([answer.name, *counts]), className="t2"),
    ]
    head = [html.Div(told), html.Span(className="sp"), html.Div(links, className="links")]
    return html.Main(plain(html.Section(head, className="card done")), className="page sources upload book")


def _how(answer: ImportAnswer, words: Words) -> Component:
    """The one choice: whether entries of files that are not in this one end."""
    options = [Option(words(f"gazetteer.replace.{key or 'no'}"), key, (key == "yes") == answer.replace)
               for key in ("", "yes")]  # fmt: skip
    form = html.Form(
        html.Div(parts.select("replace", words("gazetteer.replace"), options), className="fields"),
        method="get", action=f"{PATH}/{answer.token}", className="match", **{"data-ask": "yes"},
    )  # fmt: skip
    told = []
    fault = answer.trial.fault if answer.trial else ""
    if fault:
        told = [html.P(parts.badge("failed", refusal(fault, words)), className="note-line", role="alert")]
    return parts.card(parts.head(words("gazetteer.how")), form, *told, name="whose")


def _account(trial: PlaceTrial, words: Words) -> list[Component]:
    """What would be added, replaced, left, ended."""
    if trial.weighed is None:
        return []
    values = dict(zip(COUNTED, trial.weighed.counts, strict=True))
    cells = [
        html.Div([html.Dt(words(f"gazetteer.would.{name}")),
                  html.Dd(words.number(values[name]), className="" if values[name] else "t3")])
        for name in COUNTED
    ]  # fmt: skip
    notes = []
    if trial.weighed.by_hand:
        notes.append(words("gazetteer.would.by_hand", n=words.number(trial.weighed.by_hand)))
    if trial.nowhere:
        notes.append(words("gazetteer.would.nowhere", n=words.number(trial.nowhere)))
    lines = [html.P(parts.badge("due", note), className="note-line") for note in notes]
    return [
        parts.card(
            parts.head(words("gazetteer.would")),
            html.Dl(cells, className="counts"),
            *lines,
            name="account-card",
        )
    ]


def _entries(trial: PlaceTrial, words: Words) -> Component:
    """The first entries as they were read, each with the unit it lies in."""
    title = words("gazetteer.read", n=words.number(len(trial.rows)))
    if trial.rows.empty:
        return parts.card(parts.head(title), name="entries")
    heads = [parts.column(words(f"gazetteer.column.{key}"), name=key) for key in ("words", "kind", "in-unit")]
    body = []
    shown = trial.rows.head(SHOWN)
    for row, meant, (code, name) in zip(shown.to_dict("records"), trial.meant, trial.units, strict=False):
        entry = Entry(*(row[field] for field in Entry._fields))
        where = name if code else words("gazetteer.nowhere") if meant else NOTHING
        body.append(html.Tr([
            html.Th(entry.written, scope="row", className="b words", title=entry.written),
            parts.cell(words(f"word.place.kind.{entry.kind}"), name="t2 kind"),
            parts.cell(where, name="in-unit" if code else "in-unit bad" if meant else "in-unit t3", title=code),
        ]))  # fmt: skip
    table = parts.table(heads, body, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    more = words("gazetteer.read.first", n=words.number(len(body))) if len(trial.rows) > len(body) else None
    return parts.card(parts.head(title, more), scroll, name="entries")
