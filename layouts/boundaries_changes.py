"""Faults of a set of boundaries and its changes against the version that holds; each row moves the picture to it."""

from collections.abc import Mapping
from math import isfinite

from dash import html
from dash.development.base_component import Component

from data.boundary_trials import PLACED, Trial
from geo.faults import ACCEPTABLE, Fault
from layouts import parts, values
from layouts.boundaries_ask import BoundaryAsk
from layouts.words import Words

SHOWN = PLACED


def faults_card(ask: BoundaryAsk, trial: Trial, words: Words) -> Component:
    """Every fault as a link that moves the picture to it; those that cannot be accepted first."""
    count = len(trial.faults)
    if not count:
        return parts.card(
            parts.head(words("borders.faults", n="0"), words("borders.faults.none")), name="faults"
        )
    names = dict(zip(trial.units["code"], trial.units["name"], strict=True))
    items = [_fault(ask, number, fault_text(fault, names, words), fault.kind, words)
             for number, fault in enumerate(trial.faults[:SHOWN])]  # fmt: skip
    more = words("borders.more", n=words.number(SHOWN)) if count > SHOWN else None
    title = words("borders.faults", n=words.number(count))
    scroll = html.Div(html.Ul(items), className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, more or words("borders.faults.note")), scroll, name="faults")


def _fault(ask: BoundaryAsk, number: int, text: str, kind: str, words: Words) -> Component:
    here = {"aria-current": "true"} if ask.fault == number else {}
    link = html.A(text, href=ask.href(fault=number, unit="", view=None), className="row-link", **here)
    sign = parts.badge("due" if kind in ACCEPTABLE else "failed", words(f"borders.kind.{kind}"))
    return html.Li([sign, link], className="sel" if here else "")


def fault_text(fault: Fault, names: Mapping[str, str], words: Words) -> str:
    """A fault in words, units by code and name.

    names  code -> name
    """
    called = [f"{names[code]} {code}" if names.get(code) else code for code in fault.codes]
    two = ".pair" if fault.kind == "sliver" and len(called) > 1 else ""
    text = words(
        f"borders.fault.{fault.kind}{two}", **dict(zip(("one", "other"), (*called, "", ""), strict=False))
    )
    if not fault.area_m2:
        return text
    area, width = area_of(fault.area_m2, words), words.number(fault.width_m, 2)
    return words("borders.fault.size", text=text, area=area, width=width)


def area_of(area: float, words: Words) -> str:
    """Square metres; of less than ten with a decimal."""
    return (
        words("borders.area", n=words.number(area, 0 if area >= 10 else 1))
        if isfinite(area)
        else values.NOTHING
    )


def changes_card(ask: BoundaryAsk, trial: Trial, words: Words) -> Component:
    """What becomes of every unit that does not stay the same."""
    if trial.changes is None:
        return parts.card(
            parts.head(words("borders.changes"), words("borders.changes.unclear")), name="changes"
        )
    rows = trial.changes.to_dict("records")
    title = words("borders.changes.count", n=words.number(len(rows)))
    note = words(
        "borders.changes.first" if not trial.before else "borders.changes.against", version=str(trial.before)
    )
    if not rows:
        return parts.card(parts.head(title, note), name="changes")
    keys = ("unit", "change", "share", "lost", "gained")
    heads = [
        parts.column(
            words(f"borders.column.{key}"), name={"unit": "named", "change": "change"}.get(key, f"num {key}")
        )
        for key in keys
    ]
    shown = [_change(ask, row, words) for row in rows[:SHOWN]]
    more = words("borders.more", n=words.number(SHOWN)) if len(rows) > SHOWN else note
    table = parts.table(heads, shown, caption=title, name="changed")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, more), scroll, name="changes")


def _change(ask: BoundaryAsk, row: dict, words: Words) -> Component:
    code = str(row["code"])
    names = [text for text in (row["name"], row["old_name"]) if isinstance(text, str)]
    link = html.A(
        [html.B(code), f" {names[0] if names else ''}"],
        href=ask.href(unit=code, fault=None, view=None),
        className="row-link",
    )
    others = row["others"] if isinstance(row["others"], str) else ""
    told = words(f"borders.change.{row['change']}")
    if row["change"] == "renamed" and isinstance(row["old_name"], str):
        told = words("borders.change.from", name=str(row["old_name"]))
    kept = words.percent(row["share"]) if isfinite(row["share"]) else values.NOTHING
    cells = [
        parts.cell(told + (words.brackets(others) if others else ""), name="change", title=others),
        parts.cell(kept, name="num share"),
        parts.cell(area_of(row["lost_m2"], words), name="num lost"),
        parts.cell(area_of(row["gained_m2"], words), name="num gained"),
    ]
    chosen = "sel" if ask.unit == code else ""
    return html.Tr([html.Th(link, scope="row", className="named"), *cells], className=chosen)
