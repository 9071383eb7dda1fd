"""The glossary: every declared indicator, how it is computed, on which day it counts, on what it rests.

One article an indicator, its anchor is the indicator's name, so a card or a file can point at it. Beside the
definition stands its specification, the table the tests run: facts with a remark each, and the sums they give.
"""

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from data.defining import Indicator
from data.indicators import INDICATORS
from data.judge import judged
from data.spec_tables import Row, Spec, day, moment
from layouts import ids, parts, values
from layouts.plain import plain
from layouts.words import Words

SUBJECTS = tuple(dict.fromkeys(entry.subject for entry in INDICATORS.values()))


def page(words: Words, *, targets: Mapping[str, float], unit: str, specs: Mapping[str, Spec]) -> Component:
    """The whole page below the top bar; see `body`."""
    shown = body(words, targets=targets, unit=unit, specs=specs)
    return html.Main(plain(shown), id=ids.Glossary.BODY, className="page glossary")


def body(
    words: Words, *, targets: Mapping[str, float], unit: str, specs: Mapping[str, Spec]
) -> list[Component]:
    """Contents, and one article an indicator.

    targets  of the instance, by indicator
    specs    specifications by indicator
    unit     code of the unit whose KPI page the entries lead to
    """
    listed = [
        html.Section(
            [
                html.H2(words(f"parts.subject.{subject}")),
                html.Ul(
                    [html.Li(html.A(words(f"indicator.{entry.name}"), href=f"#{entry.name}")) for entry in of]
                ),
            ]
        )
        for subject, of in _by_subject().items()
    ]
    contents = html.Nav(
        [html.H1(words("glossary.title")), html.P(words("glossary.lead"), className="t2"), *listed],
        className="contents",
        **{"aria-label": words("glossary.jump")},
    )
    articles = [
        _article(entry, words, targets=targets, spec=specs.get(entry.name), unit=unit)
        for entry in INDICATORS.values()
    ]
    return [contents, html.Div(articles, className="entries")]


def _by_subject() -> dict[str, list[Indicator]]:
    return {name: [entry for entry in INDICATORS.values() if entry.subject == name] for name in SUBJECTS}


def _article(
    entry: Indicator, words: Words, *, targets: Mapping[str, float], spec: Spec | None, unit: str
) -> Component:
    name = entry.name
    link = html.A(words("glossary.cards"), href=f"/kpi/{unit or '-'}?indicator={name}", className="link")
    pairs = [
        html.Div([html.Dt(words(f"glossary.{key}")), html.Dd(text)])
        for key, text in _particulars(entry, words, targets)
    ]
    told = [
        html.P(words(f"indicator.{name}.about")),
        html.Div(formula(entry, words), className="formula"),
        html.Dl(pairs),
    ]
    return html.Article(
        [
            parts.head(words(f"indicator.{name}"), html.Code(name), link),
            html.Div(
                [html.Div(told, className="told"), _specification(entry, spec, words) if spec else None],
                className="halves",
            ),
        ],
        id=name,
        className="card entry",
        tabIndex=-1,
    )


def _particulars(entry: Indicator, words: Words, targets: Mapping[str, float]) -> list[tuple[str, str]]:
    name, has_below = entry.name, entry.denominator is not None
    return [
        ("numerator", words(f"indicator.{name}.numerator")),
        ("denominator", words(f"indicator.{name}.denominator") if has_below else values.NOTHING),
        ("kind", words(f"glossary.kind.{entry.kind}")),
        ("day", words(f"day.{entry.counted_on}")),
        ("excluded", words(f"indicator.{name}.excluded")),
        ("better", words(f"glossary.better.{entry.better or 'none'}")),
        ("target", values.target(entry, targets.get(name), words)),
        ("base", str(entry.min_base) if judged(entry) else values.NOTHING),
        ("basis", entry.basis),
    ]


def _specification(entry: Indicator, spec: Spec, words: Words) -> Component:
    """The facts with their remarks, then the sums by day."""
    title = words("glossary.example.of", indicator=words(f"indicator.{entry.name}"))
    heads = [parts.column(words(f"field.{name}")) for name in spec.columns]
    rows = [
        html.Tr(
            [*(_cell(name, text, words) for name, text in row.items()), parts.cell(remark, name="t2 remark")]
        )
        for row, remark in zip(spec.facts, spec.remarks[words.locale], strict=True)
    ]
    facts = parts.table([*heads, parts.column(words("glossary.remark"))], rows, caption=title, name="facts")
    rhythm = words("glossary.every", span=words.duration(spec.every)) if spec.every else ""
    return html.Div(
        [
            html.H3([words("glossary.example"), html.Small(rhythm or words("glossary.example.note"))]),
            html.Div(facts, className="scroll", tabIndex=0, role="region", **{"aria-label": title}),
            _sums(entry, spec, words),
        ],
        className="spec",
    )


def _cell(name: str, text: str, words: Words) -> Component:
    if not text:
        return parts.cell("")
    if name.endswith("_at"):
        return parts.cell(words.stamp(moment(text)))
    if text in ("yes", "no") and f"word.{name}.{text}" not in words.texts:
        return parts.cell(words(f"analyst.{text}"))
    return parts.cell(words.texts.get(f"word.{name}.{text}", text))


def _sums(entry: Indicator, spec: Spec, words: Words) -> Component:
    """What must come out on each day; the value is worked out from the sums beside it."""
    names = [name for name in spec.sums[0] if name not in ("day", "value")]
    label = "glossary.stock" if entry.kind == "stock" else "glossary.sum"
    title = {"numerator": words(label if entry.denominator is None else "glossary.numerator")}
    heads = [parts.column(words("glossary.on"))]
    heads += [parts.column(title.get(name) or words(f"field.{name}"), name="num") for name in names]
    with_value = entry.denominator is not None or entry.quantile
    heads += [parts.column(words("field.value"), name="num")] if with_value else []
    rows = []
    for row in spec.sums:
        cells = [parts.cell(words.day(day(row["day"])))]
        cells += [
            parts.cell(words.number(float(row[name]), int("." in row[name])), name="num") for name in names
        ]
        cells += [parts.cell(str(_value(entry, row, words)), name="num b")] if with_value else []
        rows.append(html.Tr(cells))
    return parts.table(heads, rows, caption=words("glossary.sums"), name="sums")


def _value(entry: Indicator, row: Row, words: Words) -> values.Shown:
    if entry.quantile:
        return values.show(entry, values.known(row["value"] or None), words)
    return values.show(entry, float(row["numerator"]) / float(row["denominator"]), words)


def formula(entry: Indicator, words: Words) -> str:
    """The formula in words: numerator ÷ denominator, a count, or a quantile of the durations."""
    above = words(f"indicator.{entry.name}.numerator")
    if entry.denominator is not None:
        return f"Σ {above} ÷ Σ {words(f'indicator.{entry.name}.denominator')}"
    if entry.quantile:
        return words("glossary.quantile", numerator=above, share=words.percent(entry.quantile, 0))
    return f"Σ {above}"
