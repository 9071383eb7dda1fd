"""The analyst page: a question on the left, its rows on the right, files of exactly those rows.

The question is one form whose fields are parts of the address, so a preview, a file and a pasted link can never
mean different rows. Sorting and paging are links; all of it runs on the server.
"""

from datetime import timedelta

from dash import dcc, html
from dash.development.base_component import Component

from data.factlist import UNASSIGNED
from layouts import as_of, ids, parts, shell, values
from layouts.analyst_ask import PAGE, PANEL_WORDS, AnalystAnswer, AnalystAsk
from layouts.analyst_panel import panel
from layouts.figures import bars
from layouts.plain import plain
from layouts.rows import MADE, NUMBERS, PREVIEW, RowStyle, value_cell
from layouts.words import Words

TYPED = ("id", "text")


def page(ask: AnalystAsk, answer: AnalystAnswer, style: RowStyle) -> Component:
    """The whole page below the top bar."""
    return html.Main(plain(body(ask, answer, style)), id=ids.Analyst.BODY, className="page analyst")


def body(ask: AnalystAsk, answer: AnalystAnswer, style: RowStyle) -> Component:
    """Question and answer in one form, so that Enter in any field asks the whole question."""
    words = style.words
    main = html.Div(
        [
            *as_of.banner(answer.past, ask.known_at(None), words),
            _summary(ask, answer, words),
            _tools(ask, answer, words),
            _preview(ask, answer, style),
            _manifest(ask, answer, words),
        ],
        className="main",
    )
    return html.Form(
        [panel(ask, answer, style), main],
        action="/analyst",
        method="get",
        className="lay",
        **{"data-ask": "", "aria-label": words("analyst.question")},
    )


def controls(ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> list[Component]:
    """The instant as of which rows are shown."""
    return [as_of.menu(answer.past, ask.known_at, words)]


def bar(ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> list[Component]:
    """The breadcrumb of the top bar: the units above, then the subject."""
    up = [(unit.name, ask.at(unit.code)) for unit in answer.path]
    return shell.crumbs(up, words(f"parts.subject.{ask.subject}"), words)


def _summary(ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> Component:
    found = answer.summary
    pairs: list[tuple[str, parts.Child, parts.Child]] = [
        (words("analyst.matching"), words("analyst.rows", n=words.number(answer.total)), "")
    ]
    for key in ("closed", "overdue", "unassigned"):
        count = found.get(key)
        if count is not None:
            shown = words.number(float(str(count)))
            more = _unassigned_href(ask, answer) if count and key == "unassigned" else ""
            pairs.append(
                (
                    words(f"analyst.{key}"),
                    html.A(shown, href=more, className="link unassigned") if more else shown,
                    "",
                )
            )
    weeks = _weeks(ask, answer)
    if not any(weeks):
        return parts.facts(pairs, name="stat")
    starts = [ask.query.period.start + timedelta(days=7 * place) for place in range(len(weeks))]
    labels = [f"{words.day(day)} {words.number(n)}" for day, n in zip(starts, weeks, strict=True)]
    partial = ask.query.period.days % 7 != 0
    caption = words("analyst.weekly", low=words.number(min(weeks)), high=words.number(max(weeks)))
    note = html.Span(
        [words("analyst.weeks"), html.Br(), words("analyst.partial") if partial else ""], className="t3 f12"
    )
    chart = html.Figure(
        [
            html.Figcaption([note, html.Span(caption, className="sr")]),
            bars(weeks, labels=labels, partial_last=partial),
        ],
        className="weekly",
    )
    return parts.facts(pairs, chart, name="stat")


def _unassigned_href(ask: AnalystAsk, answer: AnalystAnswer) -> str:
    """Address of the rows that lie in no unit of the level below the chosen unit; "" where they are all there is."""
    if not answer.levels or UNASSIGNED in dict(ask.filters):
        return ""
    return ask.href(filters=(*ask.filters, (UNASSIGNED, answer.levels[0].name)), start=0)


def _weeks(ask: AnalystAsk, answer: AnalystAnswer) -> list[int]:
    """Counts of every week of the period, also of those without a row; at most two years of them."""
    counted = dict(answer.summary.get("weeks") or ())  # type: ignore[call-overload]  # pairs of week and count
    whole = min(-(-ask.query.period.days // 7), 104)
    return [int(counted.get(week, 0)) for week in range(whole)]


def _tools(ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> Component:
    shown, known = len(_columns(ask, answer)), len(answer.columns)
    swap = html.A(
        words("analyst.columns", n=shown, all=known),
        href=ask.href(every_column=not ask.every_column),
        className="link",
        title=words("analyst.columns.fewer" if ask.every_column else "analyst.columns.more"),
    )
    files = [
        html.A(words("analyst.csv"), href=ask.file("csv", "excel"), className="btn", title=words("analyst.csv.note")),
        html.A(words("analyst.csv.machine"), href=ask.file("csv", "machine"), className="btn",
               title=words("analyst.csv.machine.note")),
        html.A(words("analyst.xlsx"), href=ask.file("xlsx", "excel"), className="btn p"),
    ]  # fmt: skip
    copy = html.Button(
        words("analyst.copy"), type="button", className="btn", **{"data-copy": words("analyst.copied")}
    )
    note = words("analyst.preview.note", n=words.number(answer.total)) if answer.total else None
    return html.Div(
        [
            html.H2(words("analyst.preview")),
            html.Small(note) if note else None,
            html.Span(className="sp"),
            swap,
            copy,
            *files,
        ],
        className="tools",
    )


def _columns(ask: AnalystAsk, answer: AnalystAnswer) -> list[str]:
    if ask.every_column:
        return list(answer.columns)
    return [name for name in PREVIEW[ask.subject] if name in answer.columns or name in MADE]


def _preview(ask: AnalystAsk, answer: AnalystAnswer, style: RowStyle) -> Component:
    words, names = style.words, _columns(ask, answer)
    heads = [_head(name, ask, answer, words) for name in names]
    cells = [_filter(name, ask, answer, words) for name in names]
    filters = (
        [html.Tr(cells, className="f")] if any(getattr(cell, "children", None) for cell in cells) else []
    )
    rows = [
        html.Tr([value_cell(name, answer.columns.get(name, ""), row, style, ask.subject) for name in names])
        for row in answer.rows.to_dict("records")
    ]
    caption = words("analyst.caption", subject=words(f"parts.subject.{ask.subject}"))
    table = html.Table(
        [html.Caption(caption, className="sr"), html.Thead([html.Tr(heads), *filters]), html.Tbody(rows)],
        className=f"g {ask.subject}" + (" wide" if ask.every_column else ""),
    )
    empty = None
    if not rows:
        note = words("analyst.empty.period")
        empty = parts.state("empty", words("analyst.empty"), words, value=words.number(0), note=note)
    scroll = html.Div(
        [table, empty], className="scroll", tabIndex=0, role="region", **{"aria-label": caption}
    )
    return html.Section([scroll, _pager(ask, answer, words)], className="card rows")


def _head(name: str, ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> Component:
    title = words(f"field.{name}")
    tone = "num" if answer.columns.get(name) in NUMBERS or name in ("took", "limit") else ""
    # A category is sorted as a whole, by the first column that shows a part of it.
    shown, first = name, "major" if "major" in _columns(ask, answer) else "minor"
    name = "category" if name == first else name
    if name not in answer.sortable:
        return parts.column(title, name=f"{tone} c-{shown}")
    down, up = ask.sort == f"-{name}", ask.sort == name
    first = f"-{name}" if answer.columns.get(name) in ("at", *NUMBERS) else name
    second = name if first.startswith("-") else f"-{name}"
    link = html.A(
        [title, " ↓" if down else " ↑" if up else ""],
        href=ask.href(sort=second if ask.sort == first else first, start=0),
    )
    order = "descending" if down else "ascending" if up else None
    return parts.column(link, name=f"{tone} c-{shown}", order=order)


def _filter(name: str, ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> Component:
    """A field under the head of a text column; words are matched whole, so they are chosen in the panel."""
    typed = answer.columns.get(name) in TYPED and name in answer.filterable
    if not typed or name in PANEL_WORDS[ask.subject]:
        return html.Td(className="major" if name == "major" else None)
    here = dict(ask.filters).get(name, "")
    named = html.Span(words("analyst.filter", column=words(f"field.{name}")), className="sr")
    field = dcc.Input(
        name=name, value=here, placeholder=words("analyst.contains"), debounce=True, type="text"
    )
    return html.Td(html.Label([named, field], className="field bare"))


def _pager(ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> Component:
    first, last = ask.start + 1, ask.start + len(answer.rows)
    pages, number = max(-(-answer.total // PAGE), 1), ask.start // PAGE + 1
    text = words(
        "analyst.range", first=words.number(first), last=words.number(last), n=words.number(answer.total)
    )
    steps = [
        ("first", "‹‹", 1, number > 1), ("previous", "‹", number - 1, number > 1),
        ("next", "›", number + 1, number < pages), ("last", "››", pages, number < pages),
    ]  # fmt: skip
    links = [
        html.A(sign, href=ask.href(start=(to - 1) * PAGE), className="step", title=words(f"analyst.page.{name}"),
               **{"aria-label": words(f"analyst.page.{name}")})
        if live
        else html.Span(sign, className="step t3", **{"aria-hidden": "true"})
        for name, sign, to, live in steps
    ]  # fmt: skip
    where = html.Span(words("analyst.page", n=words.number(number), all=words.number(pages)))
    shown = text if len(answer.rows) else words("analyst.range.none")
    return html.Nav(
        [html.Span(shown), html.Span(className="sp"), *links[:2], where, *links[2:]],
        className="pager f12 t2",
        **{"aria-label": words("analyst.pages")},
    )


def _manifest(ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> Component:
    generation = answer.state.get("generation")
    parts_of = [
        words("analyst.manifest.query", id=ask.number),
        words("analyst.manifest.generation", n=words.number(float(str(generation))))
        if generation
        else values.NOTHING,
        answer.published,
        words("analyst.manifest.boundary", version=answer.boundary),
        words("analyst.manifest.sealed") if ask.subject == "orders" else "",
    ]
    link = html.A(
        words("analyst.manifest.file"), href=ask.file("csv.manifest.json", "machine"), className="link"
    )
    return html.Section(
        [
            html.B(words("analyst.manifest")),
            *[html.Span(text, className="t2") for text in parts_of if text],
            html.Span(className="sp"),
            html.Span(words("analyst.flavours"), className="t3"),
            link,
        ],
        className="card manifest f12",
    )
