"""Targets as a page: those that count with where they come from, the one that is changed, and every row it ever had."""

from dash import dcc, html
from dash.development.base_component import Component

from data.indicators import INDICATORS
from data.targets import Target
from layouts import parts, periods, values
from layouts.parts import Option
from layouts.targets_ask import EDIT, PATH, Frame, TargetsAnswer, TargetsAsk
from layouts.targets_form import button, form, text_field
from layouts.upload_page import hidden
from layouts.values import NOTHING
from layouts.words import Words

BADGES = {"good": "met", "warn": "due", "bad": "failed", "": "unknown"}
HEADS = ("indicator", "place", "value", "bands", "period", "who")


def body(ask: TargetsAsk, answer: TargetsAnswer, words: Words) -> list[Component]:
    """What stands below the links of the assessment."""
    aside = html.Div(_aside(ask, answer, words), className="stack")
    two = html.Div([_table(ask, answer, words), aside], className="two")
    return [html.Div([*head(ask, answer.frame, words), two], className="book aims stack")]


def head(ask: TargetsAsk, frame: Frame, words: Words) -> list[Component]:
    """The strip of both views: the assessment year, as of when, and what became of a form."""
    year = periods.title("assessment", frame.year, words)
    pairs = [
        (words("targets.year"), year, None),
        (words("targets.so.far"), words.period(frame.year.start, frame.year.end), None),
        (words("targets.known"), frame.known or words("targets.now"), None),
    ]
    views = [
        Option(words("targets.view.targets"), ask.href(view="", composite="", level=""), not ask.view),
        Option(words("targets.view.composites"), ask.href(view="composites", number=0), bool(ask.view)),
    ]
    found = [
        parts.facts(pairs, parts.segment(words("targets.views"), views), _instant(ask, words), name="what")
    ]
    if ask.done:
        state = "due" if ask.done == "outdated" else "met"
        told = parts.badge(state, words(f"targets.done.{ask.done}"))
        found.append(html.Section(told, className="card note", role="status"))
    return found


def _instant(ask: TargetsAsk, words: Words) -> Component:
    """As of when: the way back to now, or a day to look back to."""
    if ask.as_of:
        return html.A(words("targets.to.now"), href=ask.href(as_of=""), className="btn s")
    day = dcc.Input(
        name="as-of", type="text", placeholder="2026-11-03T09:00+08:00", autoComplete="off", maxLength=40
    )
    kept = hidden({name: text for name, text in ask.pairs.items() if name not in ("as-of", "done", "new")})
    field = html.Label([html.Em(words("targets.as.of")), day], className="ctl field")
    button = html.Button(words("period.apply"), className="btn s", type="submit")
    return html.Form([*kept, field, button], method="get", action=PATH, className="instant")


def _table(ask: TargetsAsk, answer: TargetsAnswer, words: Words) -> Component:
    rows = answer.rows
    title = words("targets.count", n=words.number(len(rows)))
    every = parts.segment(
        words("targets.which"),
        [Option(words(f"targets.which.{key}"), ask.href(every=flag, number=0), flag == ask.every)
         for key, flag in (("now", False), ("every", True))],
    )  # fmt: skip
    new = html.A(words("targets.new"), href=ask.href(new=True, number=0), className="btn s")
    heads = [
        parts.column(words(f"targets.column.{key}"), name="num " + key if key == "value" else key)
        for key in HEADS
    ]
    shown = [_row(row, ask, answer, words) for row in rows]
    shown += [_usual(name, aim, words) for name, aim in answer.usual.items()]
    table = parts.table(heads, shown, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    top = parts.head(title, words("targets.rule"), every, new if answer.frame.may else None)
    return parts.card(top, scroll, name="entries")


def _row(row: Target, ask: TargetsAsk, answer: TargetsAnswer, words: Words) -> Component:
    here = answer.chosen is not None and answer.chosen.number == row.number
    name = words(f"indicator.{row.indicator}")
    link = html.A(name, href=ask.href(number=row.number), className="row-link",
                  **({"aria-current": "true"} if here else {}))  # fmt: skip
    indicator, spot = INDICATORS[row.indicator], place(row, answer, words)
    cells = [
        html.Th(link, scope="row", className="words", title=name),
        parts.cell(spot, name="place", title=spot),
        parts.cell(aim_text(row, words), name="num value b"),
        parts.cell(bands(row, words), name="t2 bands"),
        parts.cell(span(row, words), name="t2 period"),
        parts.cell(f"{row.recorded_by}{words.gap}{answer.frame.stamp(row.recorded_at)}", name="t3 who",
                   title=row.note),
    ]  # fmt: skip
    tone = "sel" if here else "mut" if row.withdrawn or not indicator else ""
    return html.Tr(cells, className=tone)


def _usual(name: str, aim: float, words: Words) -> Component:
    """A value of the settings: it holds below all others and is changed in the file."""
    title = words(f"indicator.{name}")
    return html.Tr([
        html.Th(title, scope="row", className="words", title=title),
        parts.cell(words("targets.everywhere"), name="place"),
        parts.cell(_aim(name, aim, words), name="num value"),
        parts.cell(NOTHING, name="t3 bands"),
        parts.cell(words("targets.always"), name="t2 period"),
        parts.cell(words("targets.usual"), name="t3 who"),
    ], className="usual")  # fmt: skip


def place(row: Target, answer: TargetsAnswer, words: Words) -> str:
    """What a target speaks of."""
    if row.unit:
        return answer.names.get(row.unit, row.unit)
    if row.level:
        titles = {level.name: level.title(words.locale) for level in answer.frame.levels}
        return words("targets.each", level=titles.get(row.level, row.level))
    return words("targets.everywhere")


def aim_text(row: Target, words: Words) -> str:
    """The value aimed at with its sign and unit; a row that withdraws says so."""
    return words("targets.withdrawn") if row.withdrawn else _aim(row.indicator, row.value, words)


def _aim(name: str, aim: float, words: Words) -> str:
    indicator = INDICATORS[name]
    sign = {"low": "≤ ", "high": "≥ ", None: ""}[indicator.better]
    return f"{sign}{values.show(indicator, aim, words)}"


def bands(row: Target, words: Words) -> str:
    """From where it is good, and from where only a warning."""
    if row.bands is None:
        return NOTHING
    good, warn = (values.number(INDICATORS[row.indicator], edge, words) for edge in row.bands)
    return words("targets.bands", good=good, warn=warn)


def span(row: Target, words: Words) -> str:
    """From its first to its last day; without an end it goes on."""
    first = words.day(row.first_on) if row.start else words("targets.beginning")
    if row.end_on is None:
        return words("targets.from", first=first)
    if row.start:
        return words.period(row.first_on, row.end_on)
    return words("targets.until", end=words.day(row.end_on))


def _aside(ask: TargetsAsk, answer: TargetsAnswer, words: Words) -> list[Component]:
    """The chosen target: how it is met, its form, its rows."""
    found = []
    if answer.chosen is not None:
        found.append(_standing(answer.chosen, answer, words))
    if answer.frame.may and (answer.chosen is not None or ask.new):
        found.append(_editor(answer, words))
    if answer.history:
        found.append(_history(answer, words))
    if not found:
        found.append(parts.state("empty", words("targets.none"), words, note=words("targets.none.note")))
    return found


def _standing(row: Target, answer: TargetsAnswer, words: Words) -> Component:
    met, year = answer.standing, answer.frame.year
    indicator = INDICATORS[row.indicator]
    title = f"{words(f'indicator.{row.indicator}')}{words.gap}{place(row, answer, words)}"
    told: list = [html.Div([html.Dt(words("targets.aim")), html.Dd(aim_text(row, words))])]
    if met is None:
        told.append(html.Div([html.Dt(words("targets.met")), html.Dd(NOTHING)]))
    elif met.units is not None:
        told += [
            html.Div([html.Dt(words(f"targets.units.{key}")), html.Dd(words.number(n))])
            for key, n in zip(("good", "warn", "bad"), met.units, strict=True)
            if key != "warn" or row.bands
        ]
    else:
        shown = [str(values.show(indicator, met.value, words)), " "]
        if met.band:
            shown.append(parts.badge(BADGES[met.band], words(f"targets.band.{met.band}")))
        told += [
            html.Div([html.Dt(words("targets.met")), html.Dd(shown)]),
            html.Div([html.Dt("n"), html.Dd(values.base(indicator, met.n, words))]),
        ]
    note = words.period(year.start, year.end)
    return parts.card(parts.head(title, note), html.Dl(told, className="standing"), name="stands")


def _editor(answer: TargetsAnswer, words: Words) -> Component:
    known, given = answer.chosen, answer.values
    title = words("targets.change") if known else words("targets.new")
    names = [Option(words(f"indicator.{name}"), name, name == given.get("indicator")) for name in INDICATORS]
    levels = [Option(words("targets.everywhere"), "", not given.get("level"))]
    levels += [
        Option(
            words("targets.each", level=level.title(words.locale)),
            level.name,
            level.name == given.get("level"),
        )
        for level in answer.frame.levels
    ]
    fields = [
        parts.select("f.indicator", words("targets.column.indicator"), names),
        parts.select("f.level", words("targets.column.place"), levels),
        text_field("unit", given, words, note="unit"),
        text_field("value", given, words, number=True, required=True),
        text_field("good", given, words, number=True), text_field("warn", given, words, number=True),
        text_field("first", given, words, day=True), text_field("last", given, words, day=True),
        text_field("note", given, words, wide=True),
    ]  # fmt: skip
    buttons = [button("save", words("gazetteer.save"), words, main=True)]
    if known and not known.withdrawn:
        buttons.append(
            button("withdraw", words("targets.withdraw"), words, sure=words("targets.withdraw.sure"))
        )
    kept = {
        "token": answer.frame.csrf,
        "target": str(known.number) if known else "",
        "seen": str(known.id if known else 0),
    }
    return form(title, EDIT, kept, fields, answer.fault, buttons, words)


def _history(answer: TargetsAnswer, words: Words) -> Component:
    title = words("targets.history")
    heads = [parts.column(words(f"targets.column.{key}"), name="num " + key if key == "value" else key)
             for key in ("who", "value", "bands", "period", "told")]  # fmt: skip
    rows = [
        html.Tr([
            parts.cell([row.recorded_by, html.Br(), html.Small(answer.frame.stamp(row.recorded_at), className="t3")],
                       name="who"),
            parts.cell(aim_text(row, words), name="num value"),
            parts.cell(bands(row, words), name="t2 bands"),
            parts.cell(span(row, words), name="t2 period"),
            parts.cell(row.note or NOTHING, name="t2 told", title=row.note),
        ])
        for row in answer.history
    ]  # fmt: skip
    table = parts.table(heads, rows, caption=title, name="book-rows past")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("targets.history.note")), scroll, name="history")
