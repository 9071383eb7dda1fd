"""The district's own table: every sub-district as published, ours beside it, the next ranks, what may still come."""

from dash import html
from dash.development.base_component import Component

from data.bulletin_beside import Beside, Compared, Step
from data.bulletin_columns import TOTAL
from data.bulletin_file import Figure
from data.indicators import INDICATORS
from layouts import district_strip, parts, recoverable, values
from layouts.district_ask import PATH, WITHDRAW, DistrictAnswer, DistrictAsk
from layouts.parts import Option
from layouts.upload_page import drop, hidden
from layouts.values import NOTHING
from layouts.words import Words

ROWS = 60  # orders of the list


def page(ask: DistrictAsk, answer: DistrictAnswer, words: Words) -> list[Component]:
    """Everything below the links of the assessment."""
    top = [_head(ask, answer, words)]
    if ask.done:
        told = parts.badge("met", words(f"district.done.{ask.done}"))
        top.append(html.Section(told, className="card note", role="status"))
    if ask.bring and answer.judges:
        brought = [drop(words, answer.csrf, to=PATH, kind="district"), _columns(words)]
        return [*top, html.Div(brought, className="upload book bringing")]
    outlook, listed = _prospect(answer, words)
    if answer.compared is None:
        none = parts.state("empty", words("district.none"), words, note=words("district.none.note"))
        return [*top, none, *outlook, *listed]
    left = html.Div([_table(answer.compared, answer, words), *outlook], className="stack")
    right = html.Div(_ours(ask, answer, words), className="stack")
    return [*top, html.Div([left, right], className="two"), *listed]


def _head(ask: DistrictAsk, answer: DistrictAnswer, words: Words) -> Component:
    shown = answer.compared.bulletin if answer.compared else None
    options = [
        Option(f"{words.period(one.period.start, one.period.end)} {one.title}", ask.href(number=one.number),
               shown is not None and one.number == shown.number)
        for one in answer.bulletins
    ]  # fmt: skip
    menu = parts.menu(words("district.bulletin"), options) if options else None
    views = [
        Option(
            words(f"district.view.{'import' if bring else 'table'}"),
            ask.href(bring=bring),
            bring == ask.bring,
        )
        for bring in (False, True)
    ]
    segment = parts.segment(words("district.views"), views) if answer.judges else None
    return district_strip.strip(answer.standing, words, menu, segment)


def _columns(words: Words) -> Component:
    """What a table may hold."""
    names = ("unit", "figures", "total", "parts")
    lines = [
        html.Div([html.Dt(words(f"district.header.{name}")), html.Dd(words(f"district.header.{name}.text"))])
        for name in names
    ]
    head = parts.head(words("gazetteer.columns"), words("district.columns.note"))
    return parts.card(head, html.Dl(lines, className="columns-of"), name="whose")


# The published table ------------------------------------------------------------------------------------------------


def _table(compared: Compared, answer: DistrictAnswer, words: Words) -> Component:
    one = compared.bulletin
    by_name: dict[str, dict[str, Figure]] = {}
    for figure in compared.figures:
        by_name.setdefault(figure.name, {})[figure.indicator or figure.title] = figure
    columns = list(dict.fromkeys(figure.indicator or figure.title for figure in compared.figures))
    columns.sort(key=lambda key: key != TOTAL)
    known = {key: next(row[key] for row in by_name.values() if key in row) for key in columns}
    ranked = sorted(by_name.items(), key=lambda pair: _rank(pair[1]) or len(by_name) + 1)
    heads = [parts.column(words("district.column.rank"), name="num rank"),
             parts.column(words("district.column.unit"), name="d-unit"),
             *(parts.column(figure_title(figure, words), name="num") for figure in known.values())]  # fmt: skip
    body = [_line(name, row, columns, compared.unit, words) for name, row in ranked]
    table = parts.table(heads, body, caption=one.title, name="published")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": one.title})
    told = [words("district.published", day=words.day(one.published_on)), one.issuer]
    note = words.gap.join(text for text in told if text)
    return parts.card(parts.head(one.title, note, _withdraw(answer, words)), scroll, name="entries")


def _withdraw(answer: DistrictAnswer, words: Words) -> Component | None:
    if not answer.judges or answer.compared is None:
        return None
    number = str(answer.compared.bulletin.number)
    button = html.Button(words("district.withdraw"), className="btn s", type="submit",
                         **{"data-sure": words("district.withdraw.sure")})  # fmt: skip
    return html.Form(
        [*hidden({"token": answer.csrf, "number": number}), button], method="post", action=WITHDRAW
    )


def _rank(row: dict[str, Figure]) -> int | None:
    return row[TOTAL].rank if TOTAL in row else None


def _line(name: str, row: dict[str, Figure], columns: list[str], ours: str | None, words: Words) -> Component:
    own = ours is not None and any(figure.unit_code == ours for figure in row.values())
    mark = [name, html.Small(words("district.ours"), className="ours")] if own else name
    cells = [
        parts.cell(figure_text(row[key], words) if key in row else NOTHING, name="num b" if own else "num")
        for key in columns
    ]
    rank = _rank(row)
    head = html.Th(mark, scope="row", className="d-unit b" if own else "d-unit", title=name)
    return html.Tr(
        [parts.cell(str(rank or NOTHING), name="num rank"), head, *cells], className="sel" if own else ""
    )


def figure_title(figure: Figure, words: Words) -> str:
    """The head of a column of figures: ours by their name with the unit, others as printed."""
    if figure.indicator == TOTAL:
        return words("district.total")
    entry = INDICATORS.get(figure.indicator)
    if entry is None:
        return figure.title
    return f"{words(f'indicator.{entry.name}.short')} {values.unit(entry, words)}"


def figure_text(figure: Figure, words: Words) -> str:
    """A published value at the precision of its column."""
    if figure.value is None:
        return NOTHING
    entry = INDICATORS.get(figure.indicator)
    if entry is not None:
        decimals = 2 if entry.kind in ("rate", "score") else values.decimals(entry)
        return words.number(values.scaled(entry, figure.value), decimals)
    return words.number(figure.value, 2)


# Ours ---------------------------------------------------------------------------------------------------------------


def _ours(ask: DistrictAsk, answer: DistrictAnswer, words: Words) -> list[Component]:
    compared = answer.compared
    if compared is None or not compared.ours:
        key = "unmatched" if answer.sees_whole else "foreign"
        return [parts.state("forbidden", words("district.beside"), words, note=words(f"district.{key}"))]
    names = ("figure", "published", "then", "now", "base", "difference", "above", "more", "below", "fewer")
    heads = [parts.column(words(f"district.column.{name}"), name="d-figure" if name == "figure" else f"num {name}")
             for name in names]  # fmt: skip
    chosen = answer.chosen(ask)
    body = [_beside(each, each is chosen, ask, words) for each in compared.ours]
    title = words("district.beside")
    table = parts.table(heads, body, caption=title, name="beside")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    card = parts.card(parts.head(title, words("district.beside.note")), scroll,
                      html.P(words("district.steps.note"), className="note-line t2 f12"))  # fmt: skip
    return [card, *([_causes(chosen, words)] if chosen else [])]


def _beside(each: Beside, here: bool, ask: DistrictAsk, words: Words) -> Component:
    figure = each.figure
    title: Component | str = figure_title(figure, words)
    if each.causes:
        href = ask.href(indicator=figure.indicator)
        title = html.A(title, href=href, className="row-link", **({"aria-current": "true"} if here else {}))
    cells = [
        (figure_text(figure, words), "num b"),
        (_own_text(each, each.then.value if each.then else None, words), "num t2"),
        (_own_text(each, each.now.value if each.now else None, words), "num b"),
        (words.number(each.now.denominator or None) if each.now else NOTHING, "num t2"),
        (_signed(each, each.difference, words), "num"),
        *_step(each, each.above, words), *_step(each, each.below, words),
    ]  # fmt: skip
    row = [
        html.Th(title, scope="row", className="d-figure"),
        *(parts.cell(text, name=name) for text, name in cells),
    ]
    return html.Tr(row, className="sel" if here else "")


def _own_text(each: Beside, value: float | None, words: Words) -> str:
    entry = INDICATORS.get(each.figure.indicator)
    if entry is None or value is None:
        return NOTHING
    return words.number(values.scaled(entry, value), 2 if entry.kind in ("rate", "score") else 0)


def _signed(each: Beside, value: float | None, words: Words) -> str:
    """A difference with its sign, in the unit of the column."""
    text = _own_text(each, abs(value) if value is not None else None, words)
    if text == NOTHING or value is None or not float(text.replace(",", "")):
        return text
    return f"{'+' if value > 0 else '−'}{text}"


def _step(each: Beside, step: Step | None, words: Words) -> list[tuple[Component | str, str]]:
    """How far a neighbour is, with its name, and in how many orders."""
    if step is None:
        return [(NOTHING, "num t3"), (NOTHING, "num t3")]
    known = each.figure.indicator in INDICATORS
    gap = _own_text(each, step.gap, words) if known else words.number(step.gap, 2)
    named = html.Span([gap, html.Small(step.name, className="t3")], className="step", title=step.name)
    return [(named, "num"), (NOTHING if step.orders is None else words.number(step.orders), "num b")]


def _causes(chosen: Beside, words: Words) -> Component:
    entry = INDICATORS[chosen.figure.indicator]
    title = words("district.causes", name=words(f"indicator.{entry.name}"))
    heads = [parts.column(words(f"district.column.{name}"), name=name if name == "cause" else f"num {name}")
             for name in ("cause", "count", "effect")]  # fmt: skip
    body = []
    for cause in chosen.causes:
        effect = None if cause.effect is None else float(cause.effect)
        text = words(f"district.cause.{cause.kind}")
        body.append(html.Tr([
            html.Th(text, scope="row", className="cause", title=text),
            parts.cell(words.number(cause.count), name="num"),
            parts.cell(_signed(chosen, effect, words), name="num b"),
        ]))  # fmt: skip
    note = html.P(words("district.causes.note"), className="note-line t2 f12")
    table = parts.table(heads, body, caption=title, name="causes")
    lost = None if chosen.lost is None else words("district.lost", n=_own_text(chosen, chosen.lost, words))
    return parts.card(parts.head(title, lost), table, note)


# What may still come ------------------------------------------------------------------------------------------------


def _prospect(answer: DistrictAnswer, words: Words) -> tuple[list[Component], list[Component]]:
    """What the values may come to, and the orders on which that hangs; nothing where the reader sees no unit."""
    prospect = answer.prospect
    if prospect is None:
        return [], []
    period = words.period(prospect.period.start, prospect.period.end)
    outlook = parts.card(
        parts.head(words("district.outlook"), period),
        recoverable.outlook_table(prospect, answer.targets, words),
        html.P(words("district.outlook.note"), className="note-line t2 f12"),
    )
    total = words("district.orders", n=words.number(prospect.total))
    listed = parts.card(
        parts.head(words("district.recoverable"), f"{period}{words.gap}{total}"),
        *recoverable.listing(prospect, answer.zone, words, most=ROWS), name="recoverable",
    )  # fmt: skip
    return [outlook], [listed]
