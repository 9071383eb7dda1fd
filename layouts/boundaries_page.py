"""Boundary versions of every tree, a file that brings the next, and the newest taken back while no fact rests on it."""

from datetime import date, timedelta

from dash import dcc, html
from dash.development.base_component import Component

from data.places import FIRST_DAY
from data.settings import EPOCH_DAY, Tree
from data.versions import Entry
from layouts import parts
from layouts.boundaries_ask import LONGEST, PATH, VersionsAnswer
from layouts.plain import plain
from layouts.upload_page import drop, hidden
from layouts.values import NOTHING
from layouts.words import Words


def page(answer: VersionsAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    trees = [_tree(tree, entries, answer.csrf, words) for tree, entries in answer.trees]
    title = html.H1(words("borders.title"), className="sr")
    file = drop(words, answer.csrf, to=PATH, kind="borders")
    told = [
        html.Section(
            parts.badge("failed", words("borders.stayed")), className="card note failed", role="alert"
        )
    ]
    return html.Main(
        plain([title, *(told if answer.stayed else ()), file, *trees]),
        className="page sources upload start borders",
    )


def from_day(day: int, words: Words) -> str:
    """The day a version holds from."""
    return words("borders.always") if day == FIRST_DAY else written(EPOCH_DAY + timedelta(days=day))


def written(day: date) -> str:
    """A day as tables of versions have it, whatever the year."""
    return day.isoformat()


def _tree(tree: Tree, entries, csrf: str, words: Words) -> Component:
    title = tree.title(words.locale)
    if not entries:
        return parts.state("empty", title, words, note=words("borders.none"))
    heads = [
        parts.column(words(f"borders.column.{key}"), name=f"num {key}" if key == "version" else key)
        for key in ("version", "from", "published", "units", "reason", "back")
    ]
    rows = [_row(tree, entry, csrf, words) for entry in entries]
    table = parts.table(heads, rows, caption=title, name="versions")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(
        parts.head(title, words("borders.versions", n=words.number(len(entries)))), scroll, name="low-card"
    )


def _row(tree: Tree, entry: Entry, csrf: str, words: Words) -> Component:
    levels = {level.depth: level.title(words.locale) for level in tree.levels}
    counts = [f"{levels.get(depth, depth)} {words.number(count)}" for depth, count in entry.counts.items()]
    number = entry.version.id
    return html.Tr(
        [
            parts.cell(str(number), name="num version"),
            parts.cell(from_day(entry.version.valid_from_on, words), name="from"),
            parts.cell(words.stamp(entry.published_at), name="published t2"),
            parts.cell(words.texts["upload.and"].join(counts), name="units"),
            parts.cell(entry.note or NOTHING, name="reason t2"),
            parts.cell(_back(tree, entry, csrf, words), name="back"),
        ]
    )


def _back(tree: Tree, entry: Entry, csrf: str, words: Words) -> Component | str:
    """The button that takes a version back, or why there is none."""
    if entry.lasting == "older":
        return ""
    if entry.lasting:
        return html.Span(words(f"borders.stays.{entry.lasting}"), className="t3 f12")
    name = words("borders.back.reason")
    reason = dcc.Input(name="reason", required=True, maxLength=LONGEST, autoComplete="off")
    label = html.Label([html.Em(name), reason], className="ctl field")
    button = html.Button(words("borders.back"), className="btn s", type="submit")
    return html.Form(
        [*hidden({"token": csrf, "tree": tree.name}), label, button],
        method="post", action=f"{PATH}/{entry.version.id}/undo", className="takeback",
    )  # fmt: skip
