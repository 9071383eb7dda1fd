"""The account of a file, before it is stored and after: numbers, places, remarks, refused rows with reasons."""

from collections.abc import Iterator

from dash import html
from dash.development.base_component import Component

from data.intake import Ledger
from layouts import parts, values
from layouts.reasons import name_of, reason
from layouts.words import Words

SHOWN = 20
COUNTED = ("accepted", "updated", "unchanged", "rejected")
PLACED = ("located", "outside", "no_location")


def account_card(ledger: Ledger, words: Words, *, stored: bool = False) -> Component:
    """Rows read = accepted + updated + unchanged + rejected, as numbers and as one bar; below it remarks."""
    title = words("upload.account.stored" if stored else "upload.account")
    read = words("upload.account.read", n=words.number(ledger.read))
    bar = parts.ledger_bar(ledger.read, ledger.accepted + ledger.updated, ledger.unchanged, ledger.rejected)
    lines = [html.P(line, className="note-line f12 t2") for line in remarks(ledger, words)]
    return parts.card(
        parts.head(title, read), _numbers(ledger, COUNTED, words), html.Div(bar, className="led-row"),
        _numbers(ledger, (*PLACED, *(("withdrawn",) if ledger.withdrawn else ())), words, name="small"), *lines,
        name="account-card",
    )  # fmt: skip


def _numbers(ledger: Ledger, names: tuple[str, ...], words: Words, *, name: str = "") -> Component:
    cells = []
    for each in names:
        value = int(getattr(ledger, each))
        tone = "bad" if value and each in ("rejected", "withdrawn") else "" if value else "t3"
        cells.append(
            html.Div([html.Dt(words(f"upload.count.{each}")), html.Dd(words.number(value), className=tone)])
        )
    return html.Dl(cells, className=f"counts {name}".strip())


def remarks(ledger: Ledger, words: Words) -> Iterator[str]:
    """What the reading noted, in words; what only a programmer would ask about is left to the shell."""
    for key in ("absent_column", "new_column", "renamed_column"):
        found = [name.partition(":")[2] for name in ledger.notes if name.startswith(f"{key}:")]
        if found:
            yield words(f"upload.note.{key}", names=words.texts["upload.and"].join(sorted(found)))
    for name, count in sorted(ledger.notes.items()):
        key = f"upload.note.{name.replace(':', '.')}"
        if key in words.texts and count:
            yield words(key, n=words.number(count))


def rejects_card(ledger: Ledger, words: Words, *, to: str) -> list[Component]:
    """The first refused rows with what was found and what was expected; all of them as a workbook."""
    if not ledger.rejected:
        return []
    title = words("upload.rejects", n=words.number(ledger.rejected))
    heads = [
        parts.column(words(f"sources.reject.{key}"), name=f"num {key}" if key == "row" else key)
        for key in ("row", "field", "value", "rule")
    ]
    body = []
    for one in ledger.rejects[:SHOWN]:
        why = reason(one.rule, one.field, words)
        body.append(html.Tr([
            parts.cell(str(one.row), name="num t3"),
            parts.cell(name_of(one.field, words) or values.NOTHING, name="field", title=one.field),
            parts.cell(one.value or values.NOTHING, name="b value" if one.value else "t3 value", title=one.value),
            parts.cell(why, name="bad rule", title=why),
        ]))  # fmt: skip
    table = parts.table(heads, body, caption=title, name="rejects")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    link = html.A(words("upload.rejects.file"), href=to, className="btn s", download=True)
    shown = words("upload.rejects.shown", n=words.number(len(body))) if ledger.rejected > len(body) else None
    return [parts.card(parts.head(title, shown, link), scroll, name="low-card refused-rows")]
