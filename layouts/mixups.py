"""What looks mixed up in a delivery: each with its count, in one sentence, and the rows behind it to be opened."""

from collections.abc import Callable, Sequence

from dash import html
from dash.development.base_component import Component

from data.mixups import MixUp
from layouts import parts
from layouts.reasons import name_of
from layouts.words import Words

ROW = 1  # place of a row's number in what a mix-up lists
FILE, TEXT, FIELD = 0, 2, 3


def mixups_card(
    found: Sequence[MixUp],
    words: Words,
    *,
    note: str | None = None,
    mend: Callable[[MixUp], dict[str, str]] = lambda one: {},
) -> list[Component]:
    """The list; nothing where nothing looks mixed up.

    note  beside the title
    mend  the fields of the page's form by which one of them is put right; none where there is no such way
    """
    if not found:
        return []
    title = words("mixup.title", n=words.number(len(found)))
    items = [_item(one, words, mend(one)) for one in found]
    told = note or words("mixup.note")
    return [parts.card(parts.head(title, told), html.Ul(items, className="mixups"), name="mixed")]


def _item(one: MixUp, words: Words, fields: dict[str, str]) -> Component:
    line: list[Component] = [parts.badge("due", said(one, words))]
    for name, value in fields.items():
        told = words("mixup.mend", system=system(value, words))
        chosen = {"data-field": name, "data-value": value}
        line.append(html.Button(told, type="button", className="btn s", **chosen))
    return html.Li([html.Div(line, className="line"), _behind(one, words) if one.rows else None])


def said(one: MixUp, words: Words) -> str:
    """One mix-up in one sentence, with its count."""
    told: dict[str, object] = dict(one.facts)
    for name in ("declared", "better"):
        if name in told:
            told[name] = system(told[name], words)
    for name in ("declared_share", "better_share", "share"):
        if name in one.facts:
            told[name] = words.percent(float(one.facts[name]))
    for name in ("usual", "addresses"):
        if name in one.facts:
            told[name] = words.number(float(one.facts[name]))
    plain = one.kind == "axes" and "better" not in one.facts
    return words(f"mixup.{one.kind}{'.plain' if plain else ''}", n=words.number(one.count), **told)


def system(name: object, words: Words) -> str:
    """What people call a coordinate system."""
    return words.texts.get(f"upload.crs.{name}", str(name))


def _behind(one: MixUp, words: Words) -> Component:
    """The first rows behind a mix-up: number of the row, what stands there."""
    rows = []
    for each in one.rows:
        row, text = words.number(each[ROW]) if one.kind == "month" else str(each[ROW]), str(each[TEXT])
        where = words("mixup.month.rows", n=row) if one.kind == "month" else words("mixup.row", row=row)
        name = [html.Span(name_of(str(each[FIELD]), words), className="t3")] if len(each) > FIELD else []
        rows.append(html.Li([html.Span(where, className="t3", title=str(each[FILE])), html.B(text), *name]))
    shown = words("mixup.behind.months" if one.kind == "month" else "mixup.behind", n=words.number(len(rows)))
    return html.Details([html.Summary(shown), html.Ul(rows)], className="behind")
