"""One entry of the gazetteer as a form beside its small map, and an address that is tried."""

from collections.abc import Mapping
from datetime import timedelta
from math import isfinite
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from data.place_list import PlaceEntry
from data.query import tree_part
from data.settings import EPOCH_DAY, FIRST_TREE
from geo.gazetteer import KINDS
from layouts import parts
from layouts.gazetteer_ask import ENTRY, FIELD, LONGEST, PAGE, PATH, UNIT, GazetteerAnswer, GazetteerAsk
from layouts.parts import Option
from layouts.plain import plain
from layouts.reasons import reason
from layouts.sketch import HEIGHT, WIDTH, View
from layouts.unplaced_page import PATH as PICTURES
from layouts.upload_page import hidden
from layouts.values import NOTHING
from layouts.words import Words

CLOSE = 0.006  # degrees: the picture around a point
PARITIES = ("", "odd", "even")
NUMBERS = ("lane", "branch", "low", "high")


def editor(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> list[Component]:
    """The form of the entry that is asked for, else of the first that is listed; nothing where none is."""
    if answer.chosen is None and not ask.entry and ask.entry != 0:
        return []
    if ask.entry and answer.chosen is None and not ask.given:
        return [parts.state("empty", words("gazetteer.gone"), words, note=words("gazetteer.gone.note"))]
    number = answer.chosen.id if answer.chosen else 0  # of one that is gone a new one is made
    title = answer.chosen.entry.written if answer.chosen else words("gazetteer.new")
    fields = html.Div(_fields(answer, words), className="fields")
    told = []
    if answer.refused:
        told = [html.P(parts.badge("failed", refused(answer, words)), className="note-line", role="alert")]
    kept = hidden({"token": answer.csrf, "entry": str(number), **ask.kept("tree", "text", "kind", "start")})
    form = html.Form(
        [*kept, fields, *told, _bar(number, words)], method="post", action=ENTRY, className="entry"
    )
    who = _who(answer.chosen, answer, words) if answer.chosen else None
    written = plain([parts.head(title, who), form])
    return [html.Section([written, _map(ask, answer, words)], className="card chosen")]


def refused(answer: GazetteerAnswer, words: Words) -> str:
    """What is wrong with the fields, in words."""
    found = answer.refused
    if found is None:
        return ""
    why = reason(found.rule, f"place.{found.field}", words)
    name = words.texts.get(f"gazetteer.field.{found.field.partition(':')[0]}", "")
    return words("gazetteer.refused", field=name, why=why) if name else why


def _who(row: PlaceEntry, answer: GazetteerAnswer, words: Words) -> str:
    by = words("gazetteer.by", origin=words(f"gazetteer.origin.{row.origin}"), who=row.recorded_by)
    return words.gap.join(filter(None, [by, words.stamp(answer.moment(row.recorded_at)), held(row, words)]))


def held(row: PlaceEntry, words: Words) -> str:
    """From and until which day an entry holds for what happened then; nothing where always."""
    days = [None if day is None else (EPOCH_DAY + timedelta(days=day)).isoformat()
            for day in (row.valid_from_on, row.valid_to_on)]  # fmt: skip
    first, last = days
    if first and last:
        return words("gazetteer.held", first=first, last=last)
    if first or last:
        return words("gazetteer.held.from" if first else "gazetteer.held.to", day=first or last)
    return ""


def _fields(answer: GazetteerAnswer, words: Words) -> list[Component]:
    values = answer.values
    kinds = [Option(words(f"word.place.kind.{kind}"), kind, kind == values.get("kind")) for kind in KINDS]
    sides = [Option(words(f"gazetteer.parity.{side or 'all'}"), side, side == values.get("parity", ""))
             for side in PARITIES]  # fmt: skip
    levels = [Option(words("gazetteer.level.finest"), "", not values.get("level"))]
    every = {level.name: level for tree in answer.trees for level in tree.levels}
    levels += [
        Option(level.title(words.locale), name, name == values.get("level")) for name, level in every.items()
    ]
    day = {"type": "date"}
    return [
        parts.select(f"{FIELD}kind", words("gazetteer.field.kind"), kinds),
        parts.select(f"{FIELD}parity", words("gazetteer.field.parity"), sides),
        *(_text(name, values, words, wide=True) for name in ("name", "road")),
        html.Div([_text(name, values, words, number=True) for name in NUMBERS], className="numbers"),
        *(_text(name, values, words) for name in ("lon", "lat")),
        parts.select(f"{FIELD}level", words("gazetteer.field.level"), levels),
        *(_unit(tree, answer, words) for tree in answer.trees),
        *(_text(name, values, words, more=day) for name in ("valid_from", "valid_to")),
        _text("note", values, words, wide=len(answer.trees) % 2 == 1),
    ]


def _text(
    name: str, values: Mapping[str, str], words: Words, *, number: bool = False, wide: bool = False,
    more: Mapping[str, str] | None = None,
) -> Component:  # fmt: skip
    kind = {"inputMode": "numeric"} if number else {}
    field = dcc.Input(name=f"{FIELD}{name}", value=values.get(name, ""), maxLength=LONGEST, autoComplete="off",
                      **kind, **(more or {}))  # fmt: skip
    label = html.Em(words(f"gazetteer.field.{name}"))
    return html.Label([label, field], className="ctl field wide" if wide else "ctl field")


def _unit(tree, answer: GazetteerAnswer, words: Words) -> Component:
    name = "unit" if tree.name == FIRST_TREE else f"{UNIT}{tree.name}"
    label = words("gazetteer.field.unit")
    if len(answer.trees) > 1:
        label = words("gazetteer.unit.of", tree=tree.title(words.locale))
    field = dcc.Input(
        name=f"{FIELD}{name}", value=answer.values.get(name, ""), maxLength=LONGEST, autoComplete="off"
    )
    return html.Label([html.Em(label), field], className="ctl field")


def _bar(number: int, words: Words) -> Component:
    busy = {"data-busy": words("gazetteer.saving")}
    end = html.Button(words("gazetteer.end"), className="btn", type="submit", name="act", value="end",
                      formNoValidate=True, **busy, **{"data-sure": words("gazetteer.end.sure")})  # fmt: skip
    save = html.Button(
        words("gazetteer.save"), className="btn p", type="submit", name="act", value="save", **busy
    )
    note = html.P(words("gazetteer.save.note"), className="t2 f12")
    return html.Div([note, html.Span(className="sp"), save, end if number else None], className="bar")


def _map(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    """Where the entry lies; a click, or Enter at the cross in the middle, fills in the point."""
    point = _point(answer.values)
    view = View(*point, CLOSE) if point else answer.whole
    mark = f"{point[0]:.6f},{point[1]:.6f}" if point else ""
    asked = {"lon": f"{view.lon:.6f}", "lat": f"{view.lat:.6f}", "span": f"{view.span:.6f}", "at": mark,
             "theme": answer.theme, **tree_part(ask.tree)}  # fmt: skip
    picture = html.Img(
        src=f"{PICTURES}/map.svg?{urlencode(asked)}", width=WIDTH, height=HEIGHT, tabIndex=0,
        className="sketch", alt=words("gazetteer.map"), **{"data-fills": "yes"},
    )  # fmt: skip
    frame = html.Div([picture, plain(parts.zooms(words))], className="sketch-frame")
    return html.Div([frame, html.P(words("gazetteer.map.note"), className="note-line f12 t2")])


def _point(values: Mapping[str, str]) -> tuple[float, float] | None:
    try:
        lon, lat = (float(values.get(name, "")) for name in ("lon", "lat"))
    except ValueError:
        return None
    return (lon, lat) if isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 85 else None


def unit_cell(row: PlaceEntry, words: Words) -> Component:
    """The unit an entry lies in; of one that says where and lies nowhere, that."""
    if row.unit_code:
        return parts.cell(row.unit_name, name="in-unit", title=row.unit_code)
    text = words("gazetteer.nowhere") if row.has_target else NOTHING
    return parts.cell(text, name="in-unit bad" if row.has_target else "in-unit t3")


def pager(ask: GazetteerAsk, shown: int, total: int, words: Words) -> Component:
    """Which rows are shown, and the ways on."""
    last = ask.start + shown
    links = []
    if ask.start:
        links.append(html.A(words("places.earlier"), href=ask.href(start=max(ask.start - PAGE, 0))))
    if last < total:
        links.append(html.A(words("places.later"), href=ask.href(start=last)))
    text = words("places.shown", first=words.number(min(ask.start + 1, last)), last=words.number(last))
    return html.P([text, *links], className="note-line f12 t2 pager")


def trial_card(ask: GazetteerAsk, answer: GazetteerAnswer, words: Words) -> Component:
    """What the gazetteer says of an address."""
    form = html.Form(
        [
            *hidden(ask.kept("tree", "text", "kind", "start", "entry")),
            html.Label(
                [
                    html.Em(words("gazetteer.try.address")),
                    dcc.Input(name="address", value=ask.address, autoComplete="off", maxLength=LONGEST),
                ],
                className="ctl field",
            ),
            html.Button(words("gazetteer.try.go"), className="btn s", type="submit"),
        ],
        method="get", action=PATH, className="ask",
    )  # fmt: skip
    return parts.card(
        parts.head(words("gazetteer.try"), words("gazetteer.try.note")),
        form,
        *_answered(answer, words),
        name="try",
    )


def _answered(answer: GazetteerAnswer, words: Words) -> list[Component]:
    said = answer.tried
    if not said:
        return []
    if said["unit_code"]:
        text = words(
            "gazetteer.try.found", unit=said["unit_name"], how=words(f"gazetteer.how.{said['how']}"),
            why=words(f"places.reason.{said['reason']}"),
        )  # fmt: skip
        lines: list[Component] = [html.P(parts.badge("met", text), className="note-line", role="status")]
    else:
        text = words("gazetteer.try.open", why=words(f"places.reason.{said['reason']}"))
        lines = [html.P(parts.badge("due", text), className="note-line", role="status")]
    items = [
        html.Li([html.B(one["unit_name"]), html.Span(one["path"], className="t2 f12"),
                 html.Small(f"{words.percent(one['score'], 0)} {words.gap} {words('places.reason.' + one['reason'])}",
                            className="t2")])
        for one in said["proposals"]
    ]  # fmt: skip
    return [*lines, html.Ol(items, className="guesses")] if items and not said["unit_code"] else lines
