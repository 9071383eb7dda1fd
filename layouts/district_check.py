"""A table of the district before it is taken: what is said of it, whose row is ours, what was refused, what it says."""

from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from data.bulletin_file import Figure
from data.sources.batch import Reject
from layouts import parts
from layouts.district_ask import LONGEST, PATH, CheckAnswer
from layouts.district_page import figure_text, figure_title
from layouts.list_check import leave_button, strip
from layouts.parts import Option
from layouts.reasons import reason
from layouts.upload_page import hidden
from layouts.upload_refusals import refusal
from layouts.values import NOTHING
from layouts.words import Words

SHOWN = 50


def check(answer: CheckAnswer, words: Words) -> list[Component]:
    """Everything below the links of the assessment."""
    listed = answer.listed
    if listed is None:
        told = html.P(
            parts.badge("failed", refusal(answer.fault, words)), className="note-line", role="alert"
        )
        form = html.Form([*hidden({"token": answer.csrf}), leave_button(words)], method="post",
                         action=f"{PATH}/{answer.token}", className="bar")  # fmt: skip
        return [strip(answer.name, [], words), parts.card(told, form)]
    counted = [
        (words("district.check.units"), words.number(len(listed.names))),
        (words("district.check.figures"), words.number(len(listed.figures))),
        (words("district.check.left"), words.number(listed.left_out)),
    ]
    two = html.Div(
        [_preview(answer, words), html.Div(_aside(answer, words), className="stack")], className="two"
    )
    return [strip(answer.name, counted, words), two]


def _aside(answer: CheckAnswer, words: Words) -> list[Component]:
    rejects = answer.listed.rejects if answer.listed else ()
    return [_form(answer, words), *([_rejects(rejects, words)] if rejects else [])]


def _form(answer: CheckAnswer, words: Words) -> Component:
    """What is said of the table; a fault stands beside what was filled in."""
    given, listed = answer.given, answer.listed
    names = listed.names if listed else []
    matched = next((figure.name for figure in answer.figures if figure.unit_code), "")
    chosen = given.get("own") or matched
    owners = [Option(words("district.own.none"), "", not chosen)]
    owners += [Option(name, name, name == chosen) for name in names]
    fields = [
        _text("title", given, words, required=True), _text("issuer", given, words),
        _text("published", given, words, kind="date", required=True),
        _text("from", given, words, kind="date", required=True),
        _text("last", given, words, kind="date", required=True),
        parts.select("own", words("district.field.own"), owners),
    ]  # fmt: skip
    told = []
    if answer.fault:
        told = [
            html.P(parts.badge("failed", refusal(answer.fault, words)), className="note-line", role="alert")
        ]
    take = html.Button(words("district.take"), className="btn p", type="submit", name="act", value="take",
                       **{"data-busy": words("gazetteer.saving")})  # fmt: skip
    bar = html.Div([html.Span(className="sp"), take, leave_button(words)], className="bar")
    form = html.Form([*hidden({"token": answer.csrf}), html.Div(fields, className="fields one"), *told, bar],
                     method="post", action=f"{PATH}/{answer.token}", className="entry")  # fmt: skip
    return parts.card(parts.head(words("district.said"), words("district.said.note")), form)


def _text(
    name: str, given: Mapping[str, str], words: Words, *, kind: str = "text", required: bool = False
) -> Component:
    more = {"type": kind}
    field = dcc.Input(name=name, value=given.get(name, ""), maxLength=LONGEST, autoComplete="off",
                      required=required, **more)  # fmt: skip
    return html.Label([html.Em(words(f"district.field.{name}")), field], className="ctl field wide")


def _preview(answer: CheckAnswer, words: Words) -> Component:
    rows: dict[str, dict[str, Figure]] = {}
    for figure in answer.figures:
        rows.setdefault(figure.name, {})[figure.indicator or figure.title] = figure
    columns = {figure.indicator or figure.title: figure for figure in reversed(answer.figures)}
    title = words("district.preview")
    heads = [parts.column(words("district.column.unit"), name="d-unit"),
             *(parts.column(figure_title(figure, words), name="num") for figure in columns.values()),
             parts.column(words("district.column.rank"), name="num")]  # fmt: skip
    body = [_row(name, row, list(columns), words) for name, row in rows.items()]
    table = parts.table(heads, body, caption=title, name="published")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("district.preview.note")), scroll, name="entries")


def _row(name: str, row: dict[str, Figure], columns: Sequence[str], words: Words) -> Component:
    own = any(figure.unit_code for figure in row.values())
    rank = next((figure.rank for figure in row.values() if figure.rank), None)
    cells = [
        parts.cell(figure_text(row[key], words) if key in row else NOTHING, name="num") for key in columns
    ]
    mark = [name, html.Small(words("district.ours"), className="ours")] if own else name
    head = html.Th(mark, scope="row", className="d-unit b" if own else "d-unit", title=name)
    return html.Tr(
        [head, *cells, parts.cell(str(rank or NOTHING), name="num")], className="sel" if own else ""
    )


def _rejects(rejects: Sequence[Reject], words: Words) -> Component:
    """Cells that were refused; everything else of their lines is taken."""
    title = words("district.refused", n=words.number(len(rejects)))
    heads = [
        parts.column(words(f"sources.reject.{key}"), name=f"num {key}" if key == "row" else key)
        for key in ("row", "field", "value", "rule")
    ]
    body = []
    for one in rejects[:SHOWN]:
        field = words("district.column.unit") if one.field == "unit" else one.field
        why = reason(one.rule, "", words)
        body.append(html.Tr([
            parts.cell(str(one.row), name="num t3"), parts.cell(field, name="field", title=field),
            parts.cell(one.value or NOTHING, name="b value", title=one.value),
            parts.cell(why, name="bad rule", title=why),
        ]))  # fmt: skip
    table = parts.table(heads, body, caption=title, name="rejects")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("district.refused.note")), scroll, name="low-card refused-rows")
