"""The question of the analyst page: fields whose values are the parts of the address."""

from datetime import timedelta
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from data.factlist import UNASSIGNED
from data.query import NARROWING, Period, as_of_part, tree_part
from layouts import parts, periods
from layouts.analyst_ask import PANEL_WORDS, SUBJECTS, AnalystAnswer, AnalystAsk
from layouts.parts import Option
from layouts.rows import RowStyle
from layouts.tree_switch import switch
from layouts.words import Words


def panel(ask: AnalystAsk, answer: AnalystAnswer, style: RowStyle) -> Component:
    """Subject, scope, period, words, version, and the button that asks."""
    words, query = style.words, ask.query
    last = query.period.end - timedelta(days=1)
    subjects = [Option(words(f"parts.subject.{name}"), name, name == ask.subject) for name in SUBJECTS]
    starts = words(f"analyst.counted.{ask.subject}")
    fields = [
        html.H1(words("analyst.title"), className="sr"),
        _group(
            words("analyst.subject"),
            parts.select("subject", words("analyst.subject"), subjects, inline=False),
        ),
        _group(words("analyst.scope"), *_place(ask, answer, words)),
        _group(
            words("analyst.period", day=starts),
            parts.day_field("from", words("analyst.from"), query.period.start, words),
            parts.day_field("last", words("analyst.last"), last, words),
        ),
        _group(
            words("analyst.words"), *[_words(name, ask, answer, style) for name in PANEL_WORDS[ask.subject]]
        ),
        *_only_unassigned(ask, words),
        *_kept(ask),
        html.Div(
            [
                html.Button(words("analyst.show"), type="submit", className="btn p"),
                html.A(words("analyst.reset"), href=_anew(ask), className="btn"),
            ],
            className="go",
        ),
        *_often(ask, words),
    ]
    return html.Div(fields, className="q")


def _anew(ask: AnalystAsk) -> str:
    return "/analyst?" + urlencode({"subject": ask.subject, **tree_part(ask.query.tree)})


def _often(ask: AnalystAsk, words: Words) -> list[Component]:
    """Questions people ask again and again, as links."""
    if words.today is None:
        return []
    named = periods.presets(words.today)
    asked = [
        ("measures", "last-month", {"subject": "measures"}),
        ("month", "last-month", {"subject": "cases"}),
        ("dissatisfied", "days30", {"subject": "orders", "satisfaction": "dissatisfied"}),
        ("littering", "days30", {"subject": "alerts", "kind": "littering"}),
    ]
    tree = tree_part(ask.query.tree) | as_of_part(ask.query.as_of)
    to = {key: "/analyst?" + urlencode(pairs | _days(named[period]) | tree) for key, period, pairs in asked}
    links = [html.Li(html.A(words(f"analyst.often.{key}"), href=address)) for key, address in to.items()]
    return [html.Div([html.B(words("analyst.often")), html.Ul(links)], className="often f12")]


def _days(period: Period) -> dict[str, str]:
    return {"from": period.start.isoformat(), "to": period.end.isoformat()}


def _kept(ask: AnalystAsk) -> list[Component]:
    """What no field shows but the next question keeps."""
    pairs = {
        "sort": ask.href_sort(),
        "columns": "all" if ask.every_column else "",
        **tree_part(ask.query.tree),
        **as_of_part(ask.query.as_of),
    }
    return [dcc.Input(type="hidden", name=name, value=value) for name, value in pairs.items() if value]


def _only_unassigned(ask: AnalystAsk, words: Words) -> list[Component]:
    """Says that only rows in no unit of a level are shown, keeps it for the next question, and how to end it."""
    level = dict(ask.filters).get(UNASSIGNED)
    if level is None:
        return []
    rest = tuple(pair for pair in ask.filters if pair[0] != UNASSIGNED)
    return [
        dcc.Input(type="hidden", name=UNASSIGNED, value=level),
        html.A(
            words("analyst.unassigned.only"), href=ask.href(filters=rest), className="tag",
            title=words("analyst.unassigned.end"),
        ),
    ]  # fmt: skip


def _group(title: str, *fields: Component) -> Component:
    return html.Fieldset([html.Legend(title), *fields])


def _place(ask: AnalystAsk, answer: AnalystAnswer, words: Words) -> list[Component]:
    options = [] if any(not code for code, _, _ in answer.units) else [("", words("analyst.everything"), 0)]
    places = [
        Option("\u2003" * depth + name, code, code == (ask.query.within or ""))
        for code, name, depth in [*options, *answer.units]
    ]
    trees = switch(answer.ways, words, to=lambda way: ask.by(way.tree.name, way.within))
    fields = [*([trees] if trees else []), parts.select("unit", words("analyst.unit"), places)]
    if ask.subject == "measures":
        levels = [
            Option(level.title(words.locale), level.name, level.name == ask.query.level)
            for level in answer.levels
        ]
        fields.append(parts.select("level", words("analyst.level"), levels))
        fields.append(parts.select("boundaries", words("analyst.boundaries"), _readings(ask, words)))
    return fields


def _words(name: str, ask: AnalystAsk, answer: AnalystAnswer, style: RowStyle) -> Component:
    query = ask.query
    here = getattr(query, name) if name in NARROWING else dict(ask.filters).get(name)
    options = [Option(style.words("analyst.all"), "", not here)]
    for text in answer.choices.get(name, ()):
        shown = style.word(name, text).rsplit("/", 1)[-1]
        options.append(Option("\u2003" * text.count("/") + shown, text, text == here))
    if here and all(option.to != here for option in options):
        options.append(Option(style.word(name, here), here, True))
    return parts.select(name, style.words(f"field.{name}"), options)


def _readings(ask: AnalystAsk, words: Words) -> list[Option]:
    return [
        Option(
            words(f"kpi.boundaries.{name}"), "" if name == "as-was" else name, name == ask.query.boundaries
        )
        for name in ("as-was", "today")
    ]
