"""Departments as a page: how many facts name each, under which spellings; the words no list knows; a list brought."""

from dash import dcc, html
from dash.development.base_component import Component

from data.department_edits import ListTrial
from data.department_uses import Use
from data.departments import KINDS, Department
from layouts import parts
from layouts.departments_ask import (
    EDIT,
    EXPORT,
    LONGEST,
    LONGEST_LIST,
    PATH,
    DepartmentsAnswer,
    DepartmentsAsk,
    ListAnswer,
)
from layouts.list_check import confirm_bar, strip
from layouts.parts import Option
from layouts.plain import plain
from layouts.upload_page import drop, hidden
from layouts.upload_refusals import refusal
from layouts.values import NOTHING
from layouts.words import Words


def page(ask: DepartmentsAsk, answer: DepartmentsAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    top = [html.H1(words("departments.title"), className="sr"), _strip(ask, answer, words)]
    if ask.done:
        text = words(f"departments.done.{ask.done}")
        top.append(
            html.Section(
                parts.badge("due" if ask.done == "outdated" else "met", text),
                className="card note",
                role="status",
            )
        )
    if ask.bring:
        body = [*top, drop(words, answer.csrf, to=PATH, kind="departments"), _columns(words)]
        return html.Main(plain(body), className="page sources upload book bringing")
    aside = html.Div(_editor(ask, answer, words), className="stack")
    two = html.Div([_table(answer, ask, words), aside], className="two")
    name = "page sources book offices" + (" mending" if ask.name or ask.new else "")
    return html.Main(plain([*top, two]), className=name)


def _strip(ask: DepartmentsAsk, answer: DepartmentsAnswer, words: Words) -> Component:
    unlisted = sum(not row.listed for row in answer.rows)
    pairs = [
        (words("departments.listed"), words.number(len(answer.listed)), None),
        (words("departments.unlisted"), words.number(unlisted), words("departments.unlisted.note")),
    ]
    views = [Option(words(f"departments.view.{'import' if bring else 'list'}"), ask.href(name="", bring=bring),
                    bring == ask.bring) for bring in (False, True)]  # fmt: skip
    link = html.A(words("departments.export"), href=EXPORT, className="btn", download=True)
    return parts.facts(pairs, parts.segment(words("departments.views"), views), link, name="what")


def _table(answer: DepartmentsAnswer, ask: DepartmentsAsk, words: Words) -> Component:
    title = words("departments.count", n=words.number(len(answer.rows)))
    new = html.A(words("departments.new"), href=ask.href(name="", new=True), className="btn s")
    if not answer.rows:
        return parts.card(
            parts.head(title, None, new), html.P(words("departments.none"), className="note-line t2")
        )
    heads = [
        parts.column(words(f"departments.column.{key}"), name=f"num {key}" if key == "facts" else key)
        for key in ("name", "kind", "aliases", "facts")
    ]
    body = [_row(row, answer, ask, words) for row in answer.rows]
    table = parts.table(heads, body, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("departments.note"), new), scroll, name="entries")


def _row(row: Use, answer: DepartmentsAnswer, ask: DepartmentsAsk, words: Words) -> Component:
    one = row.department
    here = answer.chosen is not None and answer.chosen.department.name == one.name
    link = html.A(
        one.name, href=ask.href(name=one.name), className="row-link",
        **({"aria-current": "true"} if here else {}),
    )  # fmt: skip
    spelt = words.texts["upload.and"].join(one.aliases) or NOTHING
    also = parts.cell(spelt, name="t2 aliases", title=spelt)
    if not row.listed:
        also = parts.cell(words("departments.not.listed"), name="warn aliases")
    return html.Tr(
        [
            html.Th(link, scope="row", className="b words", title=one.name),
            parts.cell(words(f"departments.kind.{one.kind}"), name="t2 kind"),
            also,
            parts.cell(words.number(row.facts), name="num" if row.facts else "num t3"),
        ],
        className="sel" if here else "",
    )


def _editor(ask: DepartmentsAsk, answer: DepartmentsAnswer, words: Words) -> list[Component]:
    """The department that is asked for, else the first of the page: its name, kind and spellings."""
    if answer.chosen is None and not ask.new:
        return []
    listed = answer.chosen is not None and answer.chosen.listed
    title = answer.chosen.department.name if answer.chosen else words("departments.new")
    values = answer.values
    kinds = [Option(words(f"departments.kind.{kind}"), kind, kind == values.get("kind")) for kind in KINDS]
    fields = [
        _text("name", values.get("name", ""), words, LONGEST, required=True),
        parts.select("f.kind", words("departments.column.kind"), kinds),
        _text("aliases", values.get("aliases", ""), words, LONGEST_LIST),
    ]
    told = []
    if answer.fault:
        told = [
            html.P(parts.badge("failed", refusal(answer.fault, words)), className="note-line", role="alert")
        ]
    busy = {"data-busy": words("gazetteer.saving")}
    leave = html.Button(words("departments.remove"), className="btn", type="submit", name="act", value="remove",
                        formNoValidate=True, **busy, **{"data-sure": words("departments.remove.sure")})  # fmt: skip
    save = html.Button(
        words("gazetteer.save"), className="btn p", type="submit", name="act", value="save", **busy
    )
    note = html.P(words("departments.save.note"), className="t2 f12")
    bar = html.Div([note, html.Span(className="sp"), save, leave if listed else None], className="bar")
    kept = hidden(
        {"token": answer.csrf, "seen": str(answer.seen), "department": title if answer.chosen else ""}
    )
    form = html.Form([*kept, html.Div(fields, className="fields one"), *told, bar], method="post", action=EDIT,
                     className="entry")  # fmt: skip
    count = words("departments.facts", n=words.number(answer.chosen.facts)) if answer.chosen else None
    cards = [parts.card(parts.head(title, count), form, name="chosen")]
    return (
        [_join(answer.chosen, answer, words), *cards]
        if answer.chosen and not listed and answer.listed
        else cards
    )


def _text(name: str, value: str, words: Words, longest: int, *, required: bool = False) -> Component:
    field = dcc.Input(name=f"f.{name}", value=value, maxLength=longest, autoComplete="off", required=required)
    return html.Label([html.Em(words(f"departments.column.{name}")), field], className="ctl field wide")


def _join(row: Use, answer: DepartmentsAnswer, words: Words) -> Component:
    """A word that no list knows is another spelling of a department, more often than not."""
    name = row.department.name
    options = [Option(words("departments.choose"), "", True)]
    options += [Option(one.name, one.name, False) for one in answer.listed]
    form = html.Form(
        [
            *hidden({"token": answer.csrf, "department": name}),
            parts.select("owner", words("departments.same.as"), options),
            html.Button(words("departments.join"), className="btn p", type="submit", name="act", value="join"),
        ],
        method="post", action=EDIT, className="ask",
    )  # fmt: skip
    return parts.card(parts.head(words("departments.same", name=name), words("departments.same.note")), form)


def _columns(words: Words) -> Component:
    """What a list may hold."""
    keys = [f"departments.header.{name}" for name in ("name", "aliases", "kind")]
    lines = [html.Div([html.Dt(html.Code(words(key))), html.Dd(words(f"{key}.text"))]) for key in keys]
    return parts.card(parts.head(words("gazetteer.columns"), words("gazetteer.columns.note")),
                      html.Dl(lines, className="columns-of"), name="whose")  # fmt: skip


def check(answer: ListAnswer, words: Words) -> Component:
    """A list before it is taken: what is new, what changes, what would leave."""
    trial = answer.trial or ListTrial()
    counted = [(words("departments.listed"), words.number(len(trial.entries)))]
    top = [html.H1(words("departments.title"), className="sr"), strip(answer.name, counted, words)]
    if trial.fault:
        told = html.P(parts.badge("failed", refusal(trial.fault, words)), className="note-line", role="alert")
        top.append(parts.card(told))
    rows = [*((entry, trial.becomes(entry)) for entry in trial.entries),
            *((entry, "leaves") for entry in (() if trial.fault else trial.leaving))]  # fmt: skip
    note = words("departments.promise" if not trial.fault else "gazetteer.promise.none")
    bar = confirm_bar(
        f"{PATH}/{answer.token}", answer.csrf, {}, take=words("departments.take"), busy=words("gazetteer.taking"),
        note=note, sound=not trial.fault, words=words,
    )  # fmt: skip
    body = [*top, *([_trial_table(rows, words)] if rows else []), bar]
    return html.Main(plain(body), className="page sources upload book offices check")


def _trial_table(rows: list[tuple[Department, str]], words: Words) -> Component:
    title = words("departments.would")
    heads = [
        parts.column(words(f"departments.column.{key}"), name=key)
        for key in ("name", "kind", "aliases", "change")
    ]
    body = []
    for entry, change in rows:
        spelt = words.texts["upload.and"].join(entry.aliases) or NOTHING
        tone = {"same": "t3", "leaves": "bad b", "new": "b", "changed": "b"}[change]
        body.append(html.Tr([
            html.Th(entry.name, scope="row", className="words", title=entry.name),
            parts.cell(words(f"departments.kind.{entry.kind}"), name="t2 kind"),
            parts.cell(spelt, name="t2 aliases", title=spelt),
            parts.cell(words(f"departments.change.{change}"), name=tone),
        ]))  # fmt: skip
    table = parts.table(heads, body, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title), scroll, name="entries")


def taken(answer: ListAnswer, words: Words) -> Component:
    """What became of a list that was taken."""
    count = words.number((answer.result or {}).get("departments", 0))
    told = [html.H1(words("departments.taken", n=count)), html.P(answer.name, className="t2")]
    links = [html.A(words("departments.title"), href=PATH, className="btn p")]
    head = [html.Div(told), html.Span(className="sp"), html.Div(links, className="links")]
    return html.Main(plain(html.Section(head, className="card done")), className="page sources upload book")
