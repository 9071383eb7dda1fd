"""The ranking: one row a unit, a column an indicator, the interval of the ranked one, its rank range, its base.

Rows that cannot be ranked stand below the ranked ones with the reason; the unassigned part and the total close
the table, so that what is shown sums to the whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame, Series, concat

from data.aims import Aims
from data.defining import Indicator
from data.indicators import INDICATORS
from data.judge import judged
from layouts import parts, values
from layouts.figures import interval_bar, span_of
from layouts.words import Words

ROWS = 100
FEW = 3


@dataclass(frozen=True)
class League:
    """What a ranking shows.

    measures  as `Reader.measures` answers: one row per indicator and unit, then unassigned, then the total
    columns   indicators in the order of their columns; `ranked` is one of them
    order     "best", "worst" or "name"
    chosen    code of the unit to mark
    rest      what the unassigned row holds, where it is no part of a unit
    shrunk    whether the ranked units carry shrunk values (`data.fairness.shrunken`), the raw ones as column `raw`
    """

    measures: DataFrame
    columns: Sequence[Indicator]
    ranked: Indicator
    order: str = "best"
    aims: Aims = field(default_factory=Aims)
    chosen: str = ""
    limit: int = ROWS
    rest: str = ""
    shrunk: bool = False


@dataclass(frozen=True)
class Links:
    """Addresses the table leads to: of a unit, and of the same table in another order."""

    unit: Callable[[str], str]
    order: Callable[[str, str], str]


def league(table: League, words: Words, *, links: Links, level: str) -> Component:
    """The table: a head and a foot that stay in view, a body that scrolls between them."""
    cells = {
        (row["indicator"], row["unit_code"], row["kind"]): row for row in table.measures.to_dict("records")
    }
    rows = ordered(table)
    span = span_of([table.aims.level.get(table.ranked.name), *_edges(table.measures, table.ranked)])
    units = [row for row in rows if row["kind"] == "unit"]
    few = [row for row in units if row["state"] != "ok"]
    kept = few if len(few) <= FEW else []  # a handful without a rank stays in view at the foot
    body = [_row(row, cells, table, words, links=links, span=span) for row in units if row not in kept]
    foot = [_row(row, cells, table, words, links=links, span=span) for row in kept]
    loose = [row for row in rows if row["kind"] == "unassigned"]
    if (
        len(loose) > 1
    ):  # what each parent keeps to itself stands at the end of the list, their sum at the foot
        body += [_foot(row, cells, table, words) for row in loose]
        sums = {row["indicator"]: row for row in summed(table.measures).to_dict("records")}
        cells |= {(name, "", "unassigned"): row for name, row in sums.items()}
        loose = [sums[table.ranked.name]]
    total = [row for row in rows if row["kind"] == "total"]
    foot += [_foot(row, cells, table, words) for row in (*loose, *total)]
    caption = words("parts.league.caption", level=level, indicator=words(f"indicator.{table.ranked.name}"))
    grid = html.Table(
        [
            html.Caption(caption, className="sr"),
            html.Thead(html.Tr(_heads(table, words, links=links, level=level))),
            html.Tbody(body),
            html.Tfoot(foot),
        ],
        className="league walk",
        style={"--columns": str(len(table.columns))},
    )
    return html.Div(grid, className="scroll", tabIndex=0, role="region", **{"aria-label": caption})


def summed(measures: DataFrame) -> DataFrame:
    """The unassigned rows of each indicator as one: sums, and the ratio of sums; no value where neither adds up."""
    loose = measures[measures["kind"] == "unassigned"]
    sums = loose.groupby("indicator", sort=False)[["numerator", "denominator", "n"]].sum(min_count=1)
    plain = Series([INDICATORS[name].denominator is None for name in sums.index], index=sums.index)
    value = (sums["numerator"] / sums["denominator"].where(sums["denominator"] > 0)).mask(
        plain, sums["numerator"]
    )
    state = value.notna().map({True: "ok", False: "none"})
    parents = loose.groupby("indicator", sort=False)["unit_code"].count()
    found = sums.assign(value=value, state=state, parents=parents, change=None, unit_name="", unit_code="")
    return found.assign(kind="unassigned").reset_index()


def ordered(table: League) -> list[dict]:
    """Rows of the ranked indicator in the order shown: ranked units, the others, unassigned, total."""
    own = table.measures[table.measures["indicator"] == table.ranked.name]
    units = own[own["kind"] == "unit"]
    if table.order == "name":
        shown = units.sort_values("unit_name", kind="stable")
    else:
        ranked, others = units[units["position"].notna()], units[units["position"].isna()]
        best = ranked.sort_values(["position", "n"], ascending=[table.order == "best", False], kind="stable")
        shown = concat([best, others.sort_values("n", ascending=False, kind="stable")])
    rest = own[own["kind"] != "unit"]
    return [*shown.head(table.limit).to_dict("records"), *rest.to_dict("records")]


def rising(indicator: Indicator) -> bool:
    """Whether the first place has the smallest value: a judged indicator of which less is better.

    Volumes are listed largest first, whatever their direction.
    """
    return judged(indicator) and indicator.better == "low"


def _edges(measures: DataFrame, ranked: Indicator) -> list[float | None]:
    own = measures[
        (measures["indicator"] == ranked.name) & (measures["kind"] == "unit") & (measures["state"] == "ok")
    ]
    return [values.known(edge) for name in ("low", "high", "value") for edge in own[name]]


def _heads(table: League, words: Words, *, links: Links, level: str) -> list[Component]:
    by_name = html.A(level, href=links.order(table.ranked.name, "name"))
    heads = [
        parts.column(words("parts.league.place"), name="num place"),
        parts.column(by_name, name="name", order="ascending" if table.order == "name" else None),
        parts.column(words("parts.league.base"), name="num base"),
    ]
    for indicator in table.columns:
        here = indicator.name == table.ranked.name and table.order != "name"
        turned = "worst" if here and table.order == "best" else "best"
        down = rising(indicator) == (table.order == "worst")
        title = f"{words(f'indicator.{indicator.name}.short')} {_head_unit(indicator, words)}".strip()
        link = html.A(
            [title, f"\u00a0{'↓' if down else '↑'}" if here else ""],
            href=links.order(indicator.name, turned),
            title=words(f"indicator.{indicator.name}"),
        )
        order = ("descending" if down else "ascending") if here else None
        heads.append(parts.column(link, name="num value" + (" ranked" if here else ""), order=order))
    moved = values.change_head(table.ranked, words("parts.league.change"), words)
    heads.append(
        parts.column(words("fair.raw"), name="num raw")
        if table.shrunk
        else parts.column(moved, name="num change")
    )
    heads.append(parts.column(words("parts.league.interval"), name="interval"))
    heads.append(parts.column(words("parts.league.range"), name="num range"))
    return heads


def _head_unit(indicator: Indicator, words: Words) -> str:
    return (
        "%"
        if indicator.kind == "rate"
        else words(f"parts.unit.head.{indicator.time}")
        if indicator.kind in ("mean", "quantile")
        else ""
    )


def _row(row: dict, cells: dict, table: League, words: Words, *, links: Links, span: tuple) -> Component:
    ranked = row["state"] == "ok"
    place = values.known(row["position"])
    name = html.A(row["unit_name"], href=links.unit(row["unit_code"]), className="row-link")
    line = [
        parts.cell(f"{place:.0f}" if place else values.NOTHING, name="num t3 place"),
        html.Th(name, scope="row", className="name", title=row["unit_name"]),
        parts.cell(values.base(table.ranked, row["n"], words), name="num t2 base"),
        *[
            _value(cells.get((each.name, row["unit_code"], "unit")), each, table, words)
            for each in table.columns
        ],
    ]
    line.append(_change(row, table, words))
    if ranked:
        line += [_interval(row, table, words, span=span), _range(row)]
    else:
        line.append(parts.cell(reason(row, table.ranked, words), name="f12 why", span=2))
    tone = "sel" if row["unit_code"] == table.chosen else "" if ranked else "mut"
    return html.Tr(line, className=tone, **{"data-code": row["unit_code"]})


def _interval(row: dict, table: League, words: Words, *, span: tuple[float, float]) -> Component:
    low, high, value = (values.known(row[name]) for name in ("low", "high", "value"))
    bar = interval_bar(value, low=low, high=high, span=span, target=table.aims.of(table.ranked.name, row))
    text = values.interval(table.ranked, low, high, words)
    return parts.cell([bar, html.Span(text, className="sr")], name="interval", title=text)


def _range(row: dict) -> Component:
    first, last = values.known(row["rank_low"]), values.known(row["rank_high"])
    # A volume has no interval: its place is exact, a range would only repeat it.
    without = first is None or last is None or values.known(row["low"]) is None
    text = values.NOTHING if without else f"{first:.0f}–{last:.0f}"
    return parts.cell(text, name="num t2 range")


def _foot(row: dict, cells: dict, table: League, words: Words) -> Component:
    total = row["kind"] == "total"
    loose = "parts.league.rest" if table.rest else "parts.league.unassigned"
    name = words("parts.league.total" if total else loose)
    known = table.rest or words("parts.league.known", unit=row["unit_name"])
    if row.get("parents"):
        known = words("parts.league.spread", n=words.number(row["parents"]))
    line = [
        parts.cell("", name="place"),
        html.Th(name, scope="row", className="name", title=row["unit_name"]),
        parts.cell(values.base(table.ranked, row["n"], words), name="num base"),
        *[
            _value(cells.get((each.name, row["unit_code"], row["kind"])), each, table, words)
            for each in table.columns
        ],
        _change(row, table, words),
        parts.cell("" if total else known, name="f12 why", span=2),
    ]
    return html.Tr(line, className="tot" if total else "mut")


def _value(row: dict | None, indicator: Indicator, table: League, words: Words) -> Component:
    """A value; one that misses its target is marked by colour and sign."""
    name = "num value" + (" ranked b" if indicator.name == table.ranked.name else "")
    if row is None or row["state"] == "none" or (row["state"] == "few" and row["kind"] == "unit"):
        return parts.cell(values.NOTHING, name=name + " t3")
    value = values.known(row["value"])
    text = values.number(indicator, value, words)
    missed = values.met(indicator, value, table.aims.of(indicator.name, row)) is False
    base = values.base(indicator, row["n"], words)
    mark = html.Span("▾", className="under", title=words("parts.league.missed")) if missed else None
    return parts.cell([text, mark], name=name + (" bad" if missed else ""), title=f"n {base}")


def _change(row: dict, table: League, words: Words) -> Component:
    """Change of the ranked indicator, shown where the other columns are not, or where there is room; beside a shrunk
    value the raw one."""
    ranked = table.ranked
    if table.shrunk:
        raw = values.known(row["raw"]) if row["state"] == "ok" and row["kind"] == "unit" else None
        return parts.cell(values.number(ranked, raw, words), name="num t2 raw")
    value = values.known(row["change"]) if row["state"] == "ok" else None
    text, tone = values.change(ranked, value, words, bare=True)
    return parts.cell(text, name=f"num change {tone}")


def reason(row: dict, indicator: Indicator, words: Words) -> str:
    """Why a unit has no rank: too few records, or none."""
    if row["state"] == "few":
        return words("parts.league.few", n=words.number(row["n"]), least=indicator.min_base)
    return words("parts.league.none")
