"""The ranking beside the map: the units shown, as a table one can sort and walk with the keyboard.

Judged indicators (rates, scores, durations) show base, interval and rank range; volumes a bar in the colour of the
map and the change. Rows without enough behind them stand below, unranked; the unassigned part and the total stay
in view at the foot, so that what is shown sums to the whole.
"""

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame

from data.judge import judged
from layouts import ids, parts, values
from layouts.figures import interval_bar, span_of
from layouts.league import rising
from layouts.map_figure import base
from layouts.map_view import MapAnswer, MapAsk, classes, diverging
from layouts.tree_switch import switch
from layouts.words import Words

SHORT = 8  # rows that leave room to spare
COLUMNS = {"name": "unit_name", "base": "n", "value": "value", "change": "change"}


def ranking(ask: MapAsk, answer: MapAnswer, words: Words) -> Component:
    """Head with the count of units and their level, then the table."""
    level = answer.level.title(words.locale)
    rows = ordered(ask, answer.rows)
    reading = words("map.reading", name=words(f"kpi.boundaries.{ask.query.boundaries}"))
    note = words("map.ranking.cut", shown=ask.rows, n=len(rows)) if len(rows) > ask.rows else reading
    keys = html.Span(
        [words("map.ranking.keys"), " ", html.Kbd("J"), " ", html.Kbd("K")], className="f12 t3 keys"
    )
    trees = switch(
        answer.ways, words, to=lambda way: ask.href(level="-", within=way.within, tree=way.tree.name)
    )
    head = parts.head(words("map.ranking.title", n=words.number(len(rows)), level=level), note, keys, trees)
    size = "card rank" + (" short" if len(rows) <= SHORT else "")
    return html.Section([head, _table(ask, answer, rows, words)], className=size, id=ids.Map.RANKING)


def ordered(ask: MapAsk, rows: DataFrame) -> DataFrame:
    """Units in the order asked: best first by default, those that are not ranked last."""
    name = ask.sort.removeprefix("-")
    if not name:
        up = rising(ask.indicator)
        rows = rows.assign(_out=(rows["state"] != "ok") | rows["value"].isna())
        return rows.sort_values(["_out", "value", "n"], ascending=[True, up, False], kind="stable")
    down = ask.sort.startswith("-")
    return rows.sort_values(COLUMNS[name], ascending=not down, kind="stable", na_position="last")


def _table(ask: MapAsk, answer: MapAnswer, rows: DataFrame, words: Words) -> Component:
    shown = rows.head(ask.rows)
    if judged(ask.indicator):
        known = shown[shown["state"] == "ok"]
        edges = [values.known(edge) for name in ("low", "high", "value") for edge in known[name]]
        span = span_of([answer.level_aim(ask.indicator), *edges])
        body = [_judged_row(place, row, span, ask, answer, words) for place, row in _places(shown)]
    else:
        top = max([values.known(value) or 0.0 for value in rows["value"]] + [1.0])
        steps = classes(
            shown,
            ask.indicator,
            cuts=answer.cuts,
            both_sides=diverging(ask.indicator, answer.level_aim(ask.indicator)),
        )
        body = [
            _volume_row(place, row, (int(step), top), ask, answer, words)
            for (place, row), step in zip(_places(shown), steps, strict=True)
        ]
    caption = words("parts.league.caption", level=answer.level.title(words.locale),
                    indicator=words(f"indicator.{ask.indicator.name}"))  # fmt: skip
    grid = html.Table(
        [html.Caption(caption, className="sr"), html.Thead(html.Tr(_heads(ask, answer, words))), html.Tbody(body),
         html.Tfoot(_foot(ask, answer, words))],
        className="ranking walk " + ("judged" if judged(ask.indicator) else "volume"),
    )  # fmt: skip
    more = _more(ask, len(rows), words) if len(rows) > len(shown) else None
    return html.Div([grid, more], className="scroll", tabIndex=0, role="region", **{"aria-label": caption})


def _places(rows: DataFrame) -> list[tuple[str, dict]]:
    """Each row with the position written before it."""
    found = rows.to_dict("records")
    return [
        (f"{row['position']:.0f}" if values.known(row["position"]) else values.NOTHING, row) for row in found
    ]


def _heads(ask: MapAsk, answer: MapAnswer, words: Words) -> list[Component]:
    indicator = ask.indicator
    unit = values.unit(indicator, words)
    title = (
        f"{words('map.column.value')} {unit}"
        if judged(indicator)
        else words(f"indicator.{indicator.name}.short")
    )
    moved = values.change_head(indicator, words("map.column.change"), words)
    heads = [parts.column(words("parts.league.place"), name="num place")]
    heads.append(_head("name", answer.level.title(words.locale), ask, words, name="name"))
    heads.append(_head("value", title, ask, words, name="num value"))
    change = _head("change", moved, ask, words, name="num change")
    if not judged(indicator):
        return [*heads, parts.column("", name="bar"), change]
    base_title = values.base_unit(indicator, words) or words(
        "map.column.base" if indicator.kind == "rate" else "parts.league.base"
    )
    return [
        *heads,
        _head("base", base_title, ask, words, name="num base"),
        change,
        parts.column(words("parts.league.interval"), name="interval"),
        parts.column(words("parts.league.range"), name="num range"),
    ]


def _head(by: str, title: str, ask: MapAsk, words: Words, *, name: str) -> Component:
    """A column head that sorts: the first click the usual way, the second the other."""
    usual = "name" if by == "name" else f"-{by}"
    now = ask.sort or ("value" if rising(ask.indicator) else "-value")
    here = now.removeprefix("-") == by
    other = by if now == f"-{by}" else f"-{by}"
    mark = f" {'↓' if now.startswith('-') else '↑'}" if here else ""
    link = html.A(
        [title, mark], href=ask.href(sort=other if here else usual), title=words("map.sort", column=title)
    )
    order = ("descending" if now.startswith("-") else "ascending") if here else None
    return parts.column(link, name=name, order=order)


def _name(row: dict, ask: MapAsk, answer: MapAnswer) -> Component:
    """The unit's name; a link further down where there is a level below."""
    text = str(row["unit_name"])
    to = ask.href(level=answer.below.name, within=row["unit_code"]) if answer.below else ""
    inner = html.A(text, href=to, className="row-link") if to else html.Span(text, tabIndex=0)
    return html.Th(inner, scope="row", className="name", title=text)


def _row(row: dict, cells: list, *, tone: str = "") -> Component:
    return html.Tr(cells, className=tone, **{"data-code": str(row["unit_code"])})


def _judged_row(
    place: str, row: dict, span: tuple[float, float], ask: MapAsk, answer: MapAnswer, words: Words
):
    indicator, ranked = ask.indicator, row["state"] == "ok"
    value, low, high = (values.known(row[name]) for name in ("value", "low", "high"))
    cells = [
        parts.cell(place, name="num t3 place"),
        _name(row, ask, answer),
        parts.cell(values.number(indicator, value, words) if ranked else values.NOTHING, name="num value b"),
        parts.cell(base(row, ask, words), name="num t2 base"),
        _change(row if ranked else {}, ask, words),
    ]
    if not ranked:
        key = "parts.league.few" if row["state"] == "few" else "parts.league.none"
        reason = words(key, n=words.number(row["n"]), least=indicator.min_base)
        return _row(row, [*cells, parts.cell(reason, name="f12 why", span=2, title=reason)], tone="mut")
    bar = interval_bar(value, low=low, high=high, span=span, target=answer.aims.of(indicator.name, row))
    text = values.interval(indicator, low, high, words)
    cells.append(parts.cell([bar, html.Span(text, className="sr")], name="interval", title=text))
    first, last = values.known(row["rank_low"]), values.known(row["rank_high"])
    # Without an interval the place is exact; a range would only repeat it.
    without = first is None or last is None or low is None
    reach = values.NOTHING if without else f"{first:.0f}–{last:.0f}"
    return _row(row, [*cells, parts.cell(reach, name="num t2 range")])


def _volume_row(
    place: str, row: dict, scale: tuple[int, float], ask: MapAsk, answer: MapAnswer, words: Words
):
    step, top = scale
    value = values.known(row["value"])
    width = f"{100 * (value or 0.0) / top:.1f}%"
    ramp = "d" if diverging(ask.indicator, answer.level_aim(ask.indicator)) else "s"
    bar = html.I(className=f"fill {ramp}{max(step, 0) + 1}", style={"width": width})
    return _row(row, [
        parts.cell(place, name="num t3 place"),
        _name(row, ask, answer),
        parts.cell(values.number(ask.indicator, value, words), name="num value b"),
        parts.cell(html.Span(bar, className="vbar"), name="bar"),
        _change(row, ask, words),
    ])  # fmt: skip


def _change(row: dict, ask: MapAsk, words: Words) -> Component:
    text, tone = values.change(ask.indicator, values.known(row.get("change")), words, bare=True)
    return parts.cell(text, name=f"num change {tone}")


def _more(ask: MapAsk, count: int, words: Words) -> Component:
    text = words("map.ranking.more", n=words.number(count - ask.rows))
    return html.P(html.A(text, href=ask.href(rows=ask.rows * 4), className="link"), className="more")


def _foot(ask: MapAsk, answer: MapAnswer, words: Words) -> list[Component]:
    rows = [_foot_row(together(answer.loose), ask, words)] if answer.loose else []
    return [*rows, _foot_row(answer.total, ask, words)]


def together(rows: list[dict]) -> dict:
    """Several unassigned rows as one: sums, and the value they give; no value where it cannot be summed."""
    if len(rows) == 1:
        return rows[0]
    sums = {
        name: sum(values.known(row[name]) or 0.0 for row in rows)
        for name in ("numerator", "denominator", "n")
    }
    counted = values.known(rows[0]["denominator"]) is None
    value = (
        sums["numerator"]
        if counted
        else sums["numerator"] / sums["denominator"]
        if sums["denominator"]
        else None
    )
    if values.known(rows[0]["numerator"]) is None:
        value = None
    changes = [values.known(row["change"]) for row in rows] if counted else [None]
    change = (
        sum(part for part in changes if part is not None)
        if any(part is not None for part in changes)
        else None
    )
    return {**rows[0], **sums, "value": value, "change": change, "state": "ok", "unit_name": ""}


def _foot_row(row: dict, ask: MapAsk, words: Words) -> Component:
    total = row["kind"] == "total"
    name = words("parts.league.total" if total else "parts.league.unassigned")
    value = values.number(ask.indicator, values.known(row["value"]), words)
    where = row["unit_name"] or words("map.above")
    note = "" if total else words("parts.league.known", unit=where)
    cells = [
        parts.cell("", name="place"),
        html.Th(name, scope="row", className="name"),
        parts.cell(value, name="num value" + (" b" if total else "")),
    ]
    if judged(ask.indicator):
        cells += [
            parts.cell(base(row, ask, words), name="num base"),
            _change(row, ask, words),
            parts.cell(note, name="f12 why", span=2, title=note),
        ]
    else:
        cells += [parts.cell(note, name="f12 why bar", title=note), _change(row, ask, words)]
    return html.Tr(cells, className="tot" if total else "mut")
