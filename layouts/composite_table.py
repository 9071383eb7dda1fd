"""A league by a composite: units with score, grade and place, their parts as columns, and what is missing said."""

from collections.abc import Callable

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame

from data.composites import Composite, Part
from data.indicators import INDICATORS
from layouts import parts, values
from layouts.words import Words

DECIMALS = 1


def composite_table(
    composite: Composite, scores: DataFrame, words: Words, *, level: str, to: Callable[[str], str]
) -> Component:
    """The table, best first; at its foot what lies in no unit of the level, and the whole.

    scores  `data.composites.scores`; level  title of the units; to  address of a unit by its code
    """
    units = scores[scores["kind"] == "unit"].sort_values(
        ["position", "unit_name"], kind="stable", na_position="last"
    )
    rest = scores[scores["kind"] != "unit"]
    caption = words("targets.league", level=level, composite=composite.title(words.locale))
    table = html.Table(
        [
            html.Caption(caption, className="sr"),
            html.Thead(html.Tr(_heads(composite, words, level=level))),
            html.Tbody([_row(row, composite, words, to=to) for row in units.to_dict("records")]),
            html.Tfoot([_row(row, composite, words, to=None) for row in rest.to_dict("records")]),
        ],
        className="book-rows scores",
    )
    return html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": caption})


def _heads(composite: Composite, words: Words, *, level: str) -> list[Component]:
    score = words("targets.out.of", n=f"{composite.ceiling:g}")
    return [
        parts.column(words("targets.column.rank"), name="num rank"),
        parts.column(level, name="words"),
        parts.column([words("targets.column.score"), html.Small(score)], name="num score"),
        parts.column(words("targets.column.grade"), name="grade"),
        *[
            parts.column(
                [words(f"indicator.{part.indicator}.short"), html.Small(f"× {part.weight:g}")],
                name="num part",
            )
            for part in composite.parts
        ],
        parts.column(words("targets.column.why"), name="why"),
    ]


def _row(row: dict, composite: Composite, words: Words, *, to: Callable[[str], str] | None) -> Component:
    ranked, place = row["state"] == "ok", values.known(row["position"])
    shown = row["score"] if ranked or row["kind"] == "total" else None
    name = {"unassigned": words("parts.league.unassigned"), "total": words("parts.league.total")}.get(
        row["kind"]
    )
    known: Component | str = name or row["unit_name"]
    if to is not None:
        known = html.A(row["unit_name"], href=to(row["unit_code"]), className="row-link")
    line = [
        parts.cell(f"{place:.0f}" if place else values.NOTHING, name="num t3 rank"),
        html.Th(known, scope="row", className="words", title=row["unit_name"]),
        parts.cell(words.number(values.known(shown), DECIMALS), name="num score b"),
        parts.cell(row["grade"] if shown is not None and row["grade"] else values.NOTHING, name="grade"),
        *[_part(row, part, words) for part in composite.parts],
        parts.cell(why(row, composite, words), name="f12 why", title=why(row, composite, words)),
    ]
    tone = "tot" if row["kind"] == "total" else "" if ranked and row["kind"] == "unit" else "mut"
    return html.Tr(line, className=tone)


def _part(row: dict, part: Part, words: Words) -> Component:
    """The points of a part with the value and base behind them; a dash where it has no base or too few."""
    indicator = INDICATORS[part.indicator]
    own = {name: row[f"{part.indicator}.{name}"] for name in ("value", "n", "points")}
    n = values.base(indicator, values.known(own["n"]), words)
    few = row[f"{part.indicator}.state"] == "few" and row["kind"] != "total"
    points = None if few else values.known(own["points"])
    value = values.show(indicator, values.known(own["value"]), words)
    aside = html.Small(words("targets.base", n=n), className="t3")
    text = f"{value}{words.gap}n {n}"
    return parts.cell([words.number(points, DECIMALS), aside], name="num part" + (" t3" if points is None else ""),
                      title=text)  # fmt: skip


def why(row: dict, composite: Composite, words: Words) -> str:
    """Why there is no place, or what of the score is not there."""
    titles = [words(f"indicator.{name}.short") for name in row["missing"].split(",") if name]
    listed = words.texts["upload.and"].join(titles)
    if row["state"] == "none":
        return words("targets.why.none")
    if row["state"] == "few" and row["kind"] == "unit":
        return words("targets.why.few")
    return words(f"targets.why.{composite.missing}", parts=listed) if titles else ""
