"""The queue 待归属: facts without a place at the left, the chosen one with its proposals and a small map at the right.

Every row is a link, so that the chosen fact has an address; a decision is a button, a key or a click on the map, which
assets/unplaced.js hands to the server. Who may not decide sees the same page without the means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from json import dumps
from math import isfinite
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame

from data.placing import HOWS
from data.query import tree_part
from data.settings import FIRST_TREE
from data.unplaced import Choice, FactKey, Open
from layouts import ids, parts, tree_switch, values
from layouts.parts import Option
from layouts.plain import plain
from layouts.sketch import HEIGHT, WIDTH, View
from layouts.sources_ask import title_of
from layouts.tree_switch import Way
from layouts.words import Words

PATH = "/sources/unplaced"
PAGE = 50
CLOSE = 0.006  # degrees: the picture around a proposal


@dataclass(frozen=True)
class UnplacedAsk:
    """What the address asks: one subject or all, from which row on, the fact chosen, the tree read in."""

    subject: str = ""
    start: int = 0
    fact: str = ""
    tree: str = FIRST_TREE

    def href(self, **changes) -> str:
        """Address of this page with something else asked."""
        asked = replace(self, **changes)
        pairs = {"subject": asked.subject, "start": asked.start or "", "fact": asked.fact}
        pairs |= tree_part(asked.tree)
        kept = urlencode({name: value for name, value in pairs.items() if value})
        return f"{PATH}?{kept}" if kept else PATH


@dataclass(frozen=True)
class UnplacedAnswer:
    """A page of the queue, the count of all, how facts were located, and what the reader may do.

    whole  where the map stands when a fact gives no hint
    tree   the tree read in; ways  those it can be read in, one by one
    """

    rows: Sequence[Open]
    total: int
    located: DataFrame
    whole: View
    subjects: Sequence[str] = ()
    may_place: bool = False
    may_remember: bool = False
    theme: str = "light"
    tree: str = FIRST_TREE
    ways: Sequence[Way] = ()
    when: Callable[[int], datetime | None] = lambda value: None


def written(key: FactKey) -> str:
    """A fact's key as it stands in an address."""
    return "|".join(key)


def chosen(ask: UnplacedAsk, rows: Sequence[Open]) -> Open | None:
    """The fact shown at the right: the one asked for, else the first."""
    named = (row for row in rows if written(row.key) == ask.fact)
    return next(named, rows[0] if rows else None)


def page(ask: UnplacedAsk, answer: UnplacedAnswer, words: Words) -> Component:
    """The whole page below the top bar."""
    return html.Main(
        [
            html.Data(id=ids.Unplaced.DECIDED, value=""),
            html.Div(id=ids.Unplaced.SAID, className="asked f12", role="status"),
            html.Div(body(ask, answer, words), id=ids.Unplaced.BODY, className="stack"),
        ],
        className="page sources unplaced",
    )


def body(ask: UnplacedAsk, answer: UnplacedAnswer, words: Words) -> list[Component]:
    """What a decision draws anew: queue, chosen fact, report."""
    here = chosen(ask, answer.rows)
    panel = _panel(here, answer, words) if here else _nothing(words)
    queue = plain(_queue(ask, answer, here, words))
    return [
        html.H1(words("places.title"), className="sr"),
        html.Div([queue, panel, plain(_report(answer, words))], className="two"),
    ]


def _nothing(words: Words) -> Component:
    return parts.state("empty", words("places.none"), words, value="0", note=words("places.none.note"))


def _queue(ask: UnplacedAsk, answer: UnplacedAnswer, here: Open | None, words: Words) -> Component:
    choices = [Option(words("places.all"), ask.href(subject="", start=0, fact=""), not ask.subject)]
    choices += [
        Option(words(f"parts.subject.{name}"), ask.href(subject=name, start=0, fact=""), name == ask.subject)
        for name in answer.subjects
    ]
    title = words("places.count", n=words.number(answer.total))
    heads = [
        parts.column(words(f"places.column.{name}"), name=name) for name in ("when", "address", "now", "why")
    ]
    rows = [_row(row, ask, answer, words, chosen=row is here) for row in answer.rows]
    table = parts.table(heads, rows, caption=title, name="queue")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    by = tree_switch.switch(answer.ways, words, to=lambda way: ask.href(tree=way.tree.name, start=0, fact=""))
    head = parts.head(title, words("places.note"), by, parts.segment(words("places.which"), choices))
    return parts.card(head, scroll, _pager(ask, answer, words), name="low-card waiting")


def _row(row: Open, ask: UnplacedAsk, answer: UnplacedAnswer, words: Words, *, chosen: bool) -> Component:
    moment = answer.when(row.start_at)
    text = row.address or words("places.without")
    link = html.A(
        text,
        href=ask.href(fact=written(row.key)),
        className="row-link",
        **({"aria-current": "true"} if chosen else {}),
    )
    cells = [
        parts.cell(words.stamp(moment) if moment else values.NOTHING, name="t2 when"),
        html.Th(link, scope="row", className="b address", title=f"{row.key.id} {row.category}"),
        parts.cell(row.unit_name or words("places.nowhere"), name="t2" if row.unit_name else "bad"),
        parts.cell(_why(row, words), name="t2 why", title=_why(row, words)),
    ]
    return html.Tr(cells, className="sel" if chosen else "")


def _why(row: Open, words: Words) -> str:
    if row.outside:
        return words("places.reason.outside")
    known = row.reason in (
        "listed",
        "in-range",
        "in-estate",
        "in-lane",
        "spelling",
        "odd-sign",
        "floor-or-building",
    )
    return words("places.reason.coarse") if known else words(f"places.reason.{row.reason}")


def _pager(ask: UnplacedAsk, answer: UnplacedAnswer, words: Words) -> Component:
    last = ask.start + len(answer.rows)
    links = []
    if ask.start:
        links.append(html.A(words("places.earlier"), href=ask.href(start=max(ask.start - PAGE, 0), fact="")))
    if last < answer.total:
        links.append(html.A(words("places.later"), href=ask.href(start=last, fact="")))
    shown = words("places.shown", first=words.number(min(ask.start + 1, last)), last=words.number(last))
    return html.P([shown, *links], className="note-line f12 t2 pager")


def _panel(row: Open, answer: UnplacedAnswer, words: Words) -> Component:
    """The chosen fact: what is known, what it may mean, and the map."""
    facts = [
        (words("places.fact.id"), f"{words('parts.subject.' + row.key.subject)} {row.key.id}"),
        (words("places.fact.category"), row.category or values.NOTHING),
        (words("places.fact.now"), row.unit_name or words("places.nowhere")),
        (words("places.fact.why"), _why(row, words)),
    ]
    lines = html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="said")
    title = row.address or words("places.without")
    shown: list[Component] = [plain([parts.head(title), lines, _choices(row, answer, words)])]
    return html.Section(
        [*shown, _map(row, answer, words)],
        className="card chosen",
        **{"data-fact": dumps(list(row.key), ensure_ascii=False)},
    )


def _choices(row: Open, answer: UnplacedAnswer, words: Words) -> Component:
    items = [_choice(number, one, answer, words) for number, one in enumerate(row.choices, 1)]
    listed: Component = (
        html.Ol(items, className="choices")
        if items
        else html.P(words("places.guess.none"), className="note-line t2")
    )
    if not (answer.may_place and answer.may_remember and row.address):
        return listed
    label = words("places.remember")
    box = html.Button(
        [html.I(className="tick", **{"aria-hidden": "true"}), label], type="button", className="btn s remember",
        role="checkbox", **{"aria-checked": "false", "data-remember": "yes"},
    )  # fmt: skip
    note = html.Small(words("places.remember.note"), className="t2")
    return html.Div([listed, html.P([box, note], className="note-line")])


def _choice(number: int, one: Choice, answer: UnplacedAnswer, words: Words) -> Component:
    text = [
        html.B(f"{number} {one.unit_name}"),
        html.Span(one.path, className="t2 f12"),
        html.Small(
            f"{words.percent(one.score, 0)} {words.gap} {words('places.reason.' + one.reason)}",
            className="t2",
        ),
    ]
    if not answer.may_place:
        return html.Li(html.Div(text, className="what"))
    what = dumps({"unit": one.unit_code, "entry": one.entry}, ensure_ascii=False)
    name = words("places.accept.named", unit=one.unit_name)
    button = html.Button(
        [words("places.accept"), html.Kbd("Y") if number == 1 else None],
        className=f"btn s{' p' if number == 1 else ''}", type="button", **{"data-decide": what, "aria-label": name},
    )  # fmt: skip
    return html.Li([html.Div(text, className="what"), button])


def view_of(row: Open, answer: UnplacedAnswer) -> View:
    """Where the map stands at first: over the proposals, else over the whole."""
    places = _marks(row)
    if not places:
        return answer.whole
    lon, lat = (sum(part) / len(places) for part in zip(*places, strict=True))
    spread = max(max(abs(x - lon), abs(y - lat)) for x, y in places)
    return View(lon, lat, max(CLOSE, 3 * spread))


def _marks(row: Open) -> list[tuple[float, float]]:
    return [(one.lon, one.lat) for one in row.choices if isfinite(one.lon) and isfinite(one.lat)]


def _map(row: Open, answer: UnplacedAnswer, words: Words) -> Component:
    """The picture with its buttons; a click, or Enter at the cross in the middle, places the fact."""
    view = view_of(row, answer)
    marks = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in _marks(row))
    asked = urlencode({"lon": f"{view.lon:.6f}", "lat": f"{view.lat:.6f}", "span": f"{view.span:.6f}", "at": marks,
                       "theme": answer.theme, **tree_part(answer.tree)})  # fmt: skip
    picture = html.Img(
        src=f"{PATH}/map.svg?{asked}", width=WIDTH, height=HEIGHT, tabIndex=0, className="sketch",
        alt=words("places.map.place" if answer.may_place else "places.map"),
        **{"data-may": "yes" if answer.may_place else ""},
    )  # fmt: skip
    note = html.P(words("places.map.note"), className="note-line f12 t2") if answer.may_place else None
    return html.Div([html.Div([picture, plain(parts.zooms(words))], className="sketch-frame"), note])


def _report(answer: UnplacedAnswer, words: Words) -> Component:
    """How the facts of the last days were located, by source."""
    shown = [name for name in HOWS if name != "unrecorded" or answer.located[name].sum()]
    heads = [parts.column(words("sources.column.source"), name="source")]
    heads += [parts.column(words(f"places.how.{name}"), name="num") for name in shown]
    rows = [
        html.Tr([html.Th(title_of(row), scope="row", className="b", title=row["source"]),
                 *(parts.cell(words.number(row[name]), name="num" + ("" if row[name] else " t3")) for name in shown)])
        for row in answer.located.to_dict("records")
    ]  # fmt: skip
    title = words("places.report")
    table = parts.table(heads, rows, caption=title, name="located")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("places.report.note")), scroll, name="low-card report")


def refused(sentence: str, words: Words) -> Component:
    """Why a decision was not done."""
    key = "outside" if "expected a point inside a unit" in sentence else "other"
    return plain(parts.badge("failed", words(f"places.refused.{key}", why=sentence)))


def said(unit: str, moved: int, *, remembered: bool, key: FactKey, words: Words) -> Component:
    """What became of a decision, with a way back."""
    text = words("places.done.all" if remembered else "places.done", unit=unit, n=words.number(moved))
    undo = html.Button(
        words("places.undo"), className="btn s", type="button",
        **{"data-undo": dumps(list(key), ensure_ascii=False)},
    )  # fmt: skip
    return plain(html.Span([text, " ", undo]))
