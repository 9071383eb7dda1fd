"""Composites on the page of targets: the league by one, its parts and their weights, the form, every version."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from data.composites import GRADES, LOWEST, MISSING, SCALES, Composite, Part
from data.indicators import INDICATORS
from layouts import parts, periods, values
from layouts.composite_table import composite_table
from layouts.parts import Option
from layouts.targets_ask import ROWS, WEIGH, CompositesAnswer, TargetsAsk
from layouts.targets_form import button, form, part_field, text_field
from layouts.targets_page import head
from layouts.values import NOTHING
from layouts.words import Words

PERIODS = ("assessment", "quarter", "month", "days90", "year")


def body(ask: TargetsAsk, answer: CompositesAnswer, words: Words) -> list[Component]:
    """What stands below the links of the assessment."""
    new = html.A(words("targets.composite.new"), href=ask.href(new=True, composite=""), className="btn s")
    names = [
        Option(one.title(words.locale), ask.href(composite=one.name, new=False),
               answer.chosen is not None and one.name == answer.chosen.name)
        for one in answer.listed
    ]  # fmt: skip
    choice = [parts.segment(words("targets.composites"), names)] if names else []
    bar = html.Div(
        [*choice, html.Span(className="sp"), new if answer.frame.may else None], className="choose"
    )
    aside = html.Div(_aside(ask, answer, words), className="stack")
    main = _league(ask, answer, answer.chosen, words) if answer.chosen else _nothing(words)
    two = html.Div([main, aside], className="two")
    return [html.Div([*head(ask, answer.frame, words), bar, two], className="book aims composites stack")]


def _nothing(words: Words) -> Component:
    return parts.state(
        "empty", words("targets.composite.none"), words, note=words("targets.composite.none.note")
    )


def _league(ask: TargetsAsk, answer: CompositesAnswer, chosen: Composite, words: Words) -> Component:
    title = chosen.title(words.locale)
    if answer.scores is None or answer.level is None or answer.period is None:
        return parts.state("empty", title, words, note=words("targets.no.figures"))
    levels = [
        Option(
            level.title(words.locale),
            ask.href(composite=chosen.name, level=level.name),
            level == answer.level,
        )
        for level in answer.levels
    ]
    presets = periods.presets(answer.frame.today, answer.frame.start)
    named = [name for name in PERIODS if name in presets]
    here = next((name for name in named if presets[name] == answer.period), "")
    spans = [
        Option(
            words(f"targets.period.{name}"),
            ask.href(
                composite=chosen.name,
                start=presets[name].start.isoformat(),
                end=presets[name].end.isoformat(),
            ),
            name == here,  # in the first month of a year several are the same days
        )
        for name in named
    ]
    level = answer.level.title(words.locale)
    table = composite_table(chosen, answer.scores, words, level=level, to=lambda code: f"/kpi/{code}")
    note = words.period(answer.period.start, answer.period.end)
    choices = html.Div(
        [parts.segment(words("targets.column.period"), spans), parts.segment(words("kpi.levels"), levels)],
        className="choices",
    )
    foot = html.P(_graded(chosen, words), className="note-line f12 t3")
    return parts.card(parts.head(title, note), choices, table, foot, name="entries")


def _graded(chosen: Composite, words: Words) -> str:
    """How grades are given, out of what."""
    steps = [f"{name} ≥ {least:g}" for name, least in GRADES]
    return words("targets.grades", ceiling=f"{chosen.ceiling:g}", steps=words.gap.join([*steps, LOWEST]))


def _aside(ask: TargetsAsk, answer: CompositesAnswer, words: Words) -> list[Component]:
    found = [_parts(answer.chosen, words)] if answer.chosen else []
    if answer.frame.may and (answer.chosen or ask.new):
        found.append(_editor(ask, answer, words))
    if answer.history:
        found.append(_history(answer, words))
    return found


def _parts(chosen: Composite, words: Words) -> Component:
    """The parts with their weights and the sum of these, which is said where it is not 100."""
    heads = [parts.column(words("targets.column.indicator"), name="words"),
             parts.column(words("targets.field.weight"), name="num weight"),
             parts.column(words("targets.field.scale"), name="worth")]  # fmt: skip
    rows = [
        html.Tr([
            html.Th(words(f"indicator.{part.indicator}"), scope="row", className="words"),
            parts.cell(f"{part.weight:g}", name="num weight b"),
            parts.cell(scale(part, words), name="t2 worth"),
        ])
        for part in chosen.parts
    ]  # fmt: skip
    odd = chosen.ceiling != 100
    told = parts.badge("due", words("targets.sum.odd")) if odd else ""
    total = html.Tr([
        html.Th(words("targets.sum"), scope="row", className="words"),
        parts.cell(f"{chosen.ceiling:g}", name="num weight b"), parts.cell(told, name="worth"),
    ], className="tot")  # fmt: skip
    table = parts.table(heads, [*rows, total], caption=words("targets.parts"), name="book-rows weights")
    rule = html.P(words(f"targets.missing.{chosen.missing}.text"), className="note-line f12 t2")
    return parts.card(parts.head(words("targets.parts"), words("targets.parts.note")), table, rule)


def scale(part: Part, words: Words) -> str:
    """How a value becomes points."""
    if part.scale != "bands":
        return words(f"targets.scale.{part.scale}")
    indicator = INDICATORS[part.indicator]
    sign = "≤" if indicator.better == "low" else "≥"
    return words.gap.join(
        f"{sign} {values.number(indicator, edge, words)}: {worth:g}" for edge, worth in part.bands
    )


def _editor(ask: TargetsAsk, answer: CompositesAnswer, words: Words) -> Component:
    known, given = (None if ask.new else answer.chosen), answer.values
    title = words("targets.composite.change") if known else words("targets.composite.new")
    rules = [Option(words(f"targets.missing.{key}"), key, key == given.get("missing")) for key in MISSING]
    name = [] if known else [text_field("name", given, words, required=True, note="name")]
    fields = [
        *name,
        text_field("title", given, words),
        parts.select("f.missing", words("targets.field.missing"), rules),
        text_field("first", given, words, day=True),
        text_field("last", given, words, day=True),
        *_rows(given, max(len(known.parts) + 1 if known else 0, ROWS), words),
        html.P(words("targets.rows.note"), className="t2 f12 wide"),
    ]
    buttons = [button("save", words("gazetteer.save"), words, main=True)]
    if known:
        buttons.append(
            button("withdraw", words("targets.withdraw"), words, sure=words("targets.withdraw.sure"))
        )
    kept = {"token": answer.frame.csrf, "composite": known.name if known else "", "seen": str(answer.seen),
            "view": "composites", "new": "" if known else "yes"}  # fmt: skip
    return form(title, WEIGH, kept, fields, answer.fault, buttons, words)


def _rows(given, count: int, words: Words) -> Sequence[Component]:
    """A line for each part: indicator, weight, scale, edges."""
    lines = []
    for at in range(count):
        chosen, scaled = given.get(f"{at}.indicator", ""), given.get(f"{at}.scale", "value")
        names = [Option(NOTHING, "", not chosen)]
        names += [Option(words(f"indicator.{name}"), name, name == chosen) for name in INDICATORS]
        scales = [Option(words(f"targets.scale.{key}"), key, key == scaled) for key in SCALES]
        lines.append(html.Div([
            parts.select(f"f.{at}.indicator", words("targets.part", n=at + 1), names, inline=False),
            part_field(at, "weight", given, words),
            parts.select(f"f.{at}.scale", words("targets.field.scale"), scales, inline=False),
            part_field(at, "bands", given, words),
        ], className="wide part-row"))  # fmt: skip
    return lines


def _history(answer: CompositesAnswer, words: Words) -> Component:
    title = words("targets.history")
    heads = [parts.column(words(f"targets.column.{key}"), name=key) for key in ("who", "period", "parts")]
    rows = []
    for row in answer.history:
        first = words.day(row.first_on) if row.start else words("targets.beginning")
        held = (
            words("targets.from", first=first)
            if row.end_on is None
            else words.period(row.first_on, row.end_on)
        )
        made = words.gap.join(
            f"{words(f'indicator.{one.indicator}.short')} {one.weight:g}" for one in row.parts
        )
        rows.append(html.Tr([
            parts.cell([row.recorded_by, html.Br(), html.Small(answer.frame.stamp(row.recorded_at), className="t3")],
                       name="who"),
            parts.cell(held, name="t2 period"),
            parts.cell(words("targets.withdrawn") if row.withdrawn else made, name="parts"),
        ]))  # fmt: skip
    table = parts.table(heads, rows, caption=title, name="book-rows past")
    return parts.card(parts.head(title, words("targets.history.note")), table, name="history")
