"""Figures of a release beside those of now, and what changed since: the facts behind a difference."""

from typing import Any
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from data.defining import Indicator
from data.indicators import INDICATORS
from layouts import ids, parts, values
from layouts.parts import Option
from layouts.releases_ask import MOST, ReleasesAnswer, ReleasesAsk, Shown
from layouts.values import NOTHING, known
from layouts.words import Words

WHOLE = "-"


def figures(ask: ReleasesAsk, shown: Shown, words: Words) -> Component:
    """One indicator at one level: released, now, the difference; what differs leads to the facts behind."""
    entry = INDICATORS[shown.indicator]
    named = [
        Option(words(f"indicator.{name}"), ask.href(indicator=name, unit=""), name == shown.indicator)
        for name in shown.indicators
    ]
    levels = [
        Option(title, ask.href(level=name, unit=""), name == shown.level) for name, title in shown.levels
    ]
    menus = [
        parts.menu(words("releases.indicator"), named, name="indicator"),
        parts.segment(words("releases.levels"), levels),
    ]
    unit = values.unit(entry, words)
    heads = [parts.column(words("releases.column.unit"))]
    heads += [
        parts.column(words(f"releases.column.{key}", unit=unit), name="num")
        for key in ("then", "base_then", "now", "base_now", "change")
    ]
    differ = int(shown.rows["differs"].sum())
    title = words(f"indicator.{entry.name}")
    note = words("releases.differ", n=words.number(differ), m=words.number(len(shown.rows)))
    body = [_figure(row, ask, entry, words) for row in shown.rows.to_dict("records")]
    table = parts.table(heads, body, caption=title, name="book-rows released")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    bar = html.Div(menus, className="ask")
    return parts.card(parts.head(title, note), bar, scroll, name="entries")


def _figure(row: dict[Any, Any], ask: ReleasesAsk, entry: Indicator, words: Words) -> Component:
    code = row["unit_code"] or WHOLE
    name = {
        "total": words("releases.total"),
        "unassigned": words("releases.unassigned", name=row["unit_name"]),
    }.get(row["kind"], row["unit_name"])
    then, now = known(row["value_then"]), known(row["value_now"])
    step, tone = (
        (NOTHING, "t3") if then is None or now is None else values.change(entry, now - then, words, bare=True)
    )
    if row["differs"] and step in (NOTHING, words("parts.change.none")):
        step, tone = words("releases.parts.differ"), "t2"
    shown = html.Span(step, className=tone if row["differs"] else "t3")
    if row["differs"] and row["opens"]:
        shown = html.A(
            [shown, f" {words('releases.why')}"],
            href=f"{ask.href(unit=code)}#{ids.Releases.BEHIND}",
            className="link",
        )
    cells = [
        parts.cell(values.number(entry, then, words), name="num"),
        parts.cell(_base(row, "then", entry, words), name="num t2"),
        parts.cell(values.number(entry, now, words), name="num b" if row["differs"] else "num"),
        parts.cell(_base(row, "now", entry, words), name="num t2"),
        parts.cell(shown, name="num"),
    ]
    tone = "sel" if ask.unit == code else "differs" if row["differs"] else ""
    return html.Tr([html.Th(name, scope="row", className="b" if code == WHOLE else "", title=row["unit_code"]), *cells],
                   className=tone)  # fmt: skip


def _base(row: dict[Any, Any], when: str, entry: Indicator, words: Words) -> str:
    """Numerator over denominator, or the base alone of what has no numerator."""
    above, base = known(row[f"numerator_{when}"]), known(row[f"denominator_{when}"])
    if base is None:
        return NOTHING
    below = values.base(entry, base, words)
    return below if above is None else f"{words.number(above)}/{below}"


def behind(ask: ReleasesAsk, answer: ReleasesAnswer, words: Words) -> list[Component]:
    """The facts behind a difference, with what became of each and what it gives."""
    shown = answer.shown
    if shown is None or shown.facts is None:
        return []
    facts, entry = shown.facts, INDICATORS[shown.indicator]
    title = words("releases.behind", n=words.number(len(facts)))
    close = html.A(words("releases.close"), href=ask.href(unit=""), className="btn s")
    if facts.empty:
        text = html.P(words("releases.behind.none"), className="note-line t2")
        return [html.Div(parts.card(parts.head(title, None, close), text), id=ids.Releases.BEHIND)]
    heads = [
        parts.column(words(f"releases.column.{key}"), name="num" if key in ("before", "after") else key)
        for key in ("id", "what", "where", "before", "after")
    ]
    body = [_fact(row, entry, words) for row in facts.head(MOST).to_dict("records")]
    body.append(_sum(facts, words))
    table = parts.table(heads, body, caption=title, name="book-rows behind")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    more = [html.P(words("releases.more", n=words.number(len(facts) - MOST)), className="note-line t2")]
    rest = more if len(facts) > MOST else []
    card = parts.card(parts.head(title, words("releases.behind.note"), close), scroll, *rest)
    return [html.Div(card, id=ids.Releases.BEHIND)]


def _fact(row: dict[Any, Any], entry: Indicator, words: Words) -> Component:
    to = "/analyst?" + urlencode({"subject": entry.subject, "id": row["id"]})
    link = html.A(row["id"], href=to, className="row-link")
    names = [words.texts.get(f"field.{name}", name) for name in row["fields"].split()]
    fields = words.brackets(words.texts["upload.and"].join(names)) if names else ""
    where = row["unit_before"] or NOTHING
    if row["unit_after"] != row["unit_before"]:
        where = f"{where} → {row['unit_after'] or NOTHING}"
    told = words(f"releases.what.{row['change']}")
    return html.Tr(
        [
            html.Th(link, scope="row", title=f"{row['id']}{words.gap}{row['source']}"),
            parts.cell(
                [html.B(told), html.Span(fields, className="t2")], name="what", title=f"{told}{fields}"
            ),
            parts.cell(where, name="t2 where", title=where),
            parts.cell(_share(row, "before", words), name="num"),
            parts.cell(_share(row, "after", words), name="num"),
        ]
    )


def _share(row: dict[Any, Any], when: str, words: Words) -> str:
    above, base = row[f"numerator_{when}"], row[f"denominator_{when}"]
    digits = 0 if float(above).is_integer() else 1
    return f"{words.number(above, digits)}/{words.number(base)}" if base else words.number(above, digits)


def _sum(facts, words: Words) -> Component:
    """What the listed facts give in all, before and after: the difference of the two is that of the figures."""
    names = [f"{side}_{when}" for side in ("numerator", "denominator") for when in ("before", "after")]
    row = facts[names].sum().to_dict()
    return html.Tr(
        [
            html.Th(words("releases.sum"), scope="row", className="b"),
            parts.cell("", name="what"),
            parts.cell("", name="where"),
            parts.cell(_share(row, "before", words), name="num b"),
            parts.cell(_share(row, "after", words), name="num b"),
        ]
    )
