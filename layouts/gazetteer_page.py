"""The gazetteer as a page: entries found and mended, proposals judged, a file brought, an address tried."""

from dash import dcc, html
from dash.development.base_component import Component

from data.place_list import PlaceEntry
from geo.gazetteer import KINDS
from layouts import parts, tree_switch
from layouts.gazetteer_ask import EXPORT, PATH, VIEWS, GazetteerAnswer, GazetteerAsk
from layouts.gazetteer_entry import editor, held, pager, trial_card, unit_cell
from layouts.gazetteer_proposals import proposals_card
from layouts.parts import Option
from layouts.plain import plain
from layouts.upload_page import drop, hidden
from layouts.values import NOTHING
from layouts.words import Words


def page(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    title = html.H1(words("gazetteer.title"), className="sr")
    top = [title, _strip(ask, answer, words), *_told(ask, answer, words)]
    if ask.view == "import":
        told = [drop(words, answer.csrf, to=PATH, kind="gazetteer"), _columns(words)]
        return html.Main(plain([*top, *told]), className="page sources upload book bringing")
    if ask.view == "proposals":
        return html.Main(plain([*top, proposals_card(ask, answer, words)]), className="page sources book")
    aside = [*editor(ask, answer, words), plain(trial_card(ask, answer, words))]
    two = [plain(_entries(ask, answer, words)), html.Div(aside, className="stack")]
    name = "page sources book" + ("" if ask.entry is None else " mending")
    return html.Main([plain(top), html.Div(two, className="two")], className=name)


def _strip(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    """How much is known, the views, the file."""
    kinds = [
        words("gazetteer.some", kind=words(f"word.place.kind.{kind}"), n=words.number(answer.counts[kind]))
        for kind in KINDS
        if answer.counts.get(kind)
    ]
    pairs = [
        (words("gazetteer.entries"), words.number(answer.entries), words.gap.join(kinds)),
        (words("gazetteer.waiting"), words.number(answer.counts["proposed"]), None),
    ]
    views = [
        Option(words(f"gazetteer.view.{view}"), ask.href(view=view, start=0, entry=None, text="", kind=""),
               view == ask.view)
        for view in VIEWS
    ]  # fmt: skip
    ways = tree_switch.switch(answer.ways, words, to=lambda way: ask.href(tree=way.tree.name))
    link = html.A(words("gazetteer.export"), href=EXPORT, className="btn", download=True)
    return parts.facts(pairs, ways, parts.segment(words("gazetteer.views"), views), link, name="what")


def _told(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> list[Component]:
    """What became of the last form."""
    if not ask.done:
        return []
    row, sign, key = answer.chosen, "met", ask.done
    if ask.done == "grown" and not ask.count:
        sign, key = "unknown", "grown.none"
    elif ask.done == "saved" and row is not None and row.has_target and not row.unit_code:
        sign, key = "due", "nowhere"
    badge = parts.badge(sign, words(f"gazetteer.done.{key}", n=words.number(ask.count)))
    return [html.Section(badge, className="card note", role="status")]


def _entries(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    title = words("gazetteer.found", n=words.number(answer.total))
    new = html.A(words("gazetteer.new"), href=ask.href(entry=0), className="btn s")
    form = html.Form(
        [
            *hidden(ask.kept("tree")),
            parts.select("kind", words("gazetteer.field.kind"), _kinds(ask, words)),
            html.Label(
                [
                    html.Em(words("gazetteer.search")),
                    dcc.Input(name="text", value=ask.text, autoComplete="off", maxLength=80),
                ],
                className="ctl field",
            ),
            html.Button(words("gazetteer.search.go"), className="btn s", type="submit"),
        ],
        method="get", action=PATH, className="ask", **{"data-ask": "yes"},
    )  # fmt: skip
    if not answer.rows:
        note = html.P(
            words("gazetteer.none" if answer.entries else "gazetteer.empty"), className="note-line t2"
        )
        return parts.card(parts.head(title, None, new), form, note, name="entries")
    heads = [
        parts.column(words(f"gazetteer.column.{key}"), name=key) for key in ("words", "kind", "in-unit", "by")
    ]
    body = [_row(row, ask, answer, words) for row in answer.rows]
    table = parts.table(heads, body, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(
        parts.head(title, None, new), form, scroll, pager(ask, len(answer.rows), answer.total, words),
        name="entries",
    )  # fmt: skip


def _kinds(ask: GazetteerAsk, words: Words) -> list[Option]:
    every = Option(words("gazetteer.kind.all"), "", not ask.kind)
    return [every, *(Option(words(f"word.place.kind.{kind}"), kind, kind == ask.kind) for kind in KINDS)]


def _row(row: PlaceEntry, ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    here = answer.chosen is not None and answer.chosen.id == row.id
    link = html.A(
        row.entry.written or NOTHING, href=ask.href(entry=row.id), className="row-link",
        **({"aria-current": "true"} if here else {}),
    )  # fmt: skip
    by = words("gazetteer.by", origin=words(f"gazetteer.origin.{row.origin}"), who=row.recorded_by)
    when = words.stamp(answer.moment(row.recorded_at))
    return html.Tr(
        [
            html.Th(link, scope="row", className="b words", title=row.entry.written),
            parts.cell(words(f"word.place.kind.{row.entry.kind}"), name="t2 kind"),
            unit_cell(row, words),
            parts.cell(by, name="t2 by", title=f"{by} {when} {held(row, words)}".strip()),
        ],
        className="sel" if here else "",
    )


def _columns(words: Words) -> Component:
    """What a file may hold."""
    keys = [f"gazetteer.header.{name}" for name in ("kind", "name", "road", "door", "place", "days")]
    lines = [html.Div([html.Dt(html.Code(words(key))), html.Dd(words(f"{key}.text"))]) for key in keys]
    return parts.card(parts.head(words("gazetteer.columns"), words("gazetteer.columns.note")),
                      html.Dl(lines, className="columns-of"), name="whose")  # fmt: skip
