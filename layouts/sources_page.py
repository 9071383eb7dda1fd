"""The sources page: what arrived, what was refused and why, what ran, and a button that runs a source now.

Rows read = accepted + updated + unchanged + rejected; the bar beside the numbers shows the same account.
"""

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame

from layouts import ids, parts, sources_withdrawn, values
from layouts.boundaries_ask import PATH as BOUNDARIES
from layouts.departments_ask import PATH as DEPARTMENTS
from layouts.gazetteer_ask import PATH as GAZETTEER
from layouts.mixups import mixups_card
from layouts.parts import Freshness
from layouts.plain import plain
from layouts.sources_ask import SourcesAnswer, SourcesAsk, called, chosen, title_of
from layouts.sources_lists import loads_card, rejects_card, runs_card, stamp
from layouts.upload_ask import PATH as UPLOAD
from layouts.words import Words

MANY = 0.05  # share of rejected rows from which a load is called partly rejected


def page(ask: SourcesAsk, answer: SourcesAnswer, words: Words) -> Component:
    """The whole page below the top bar; only the table with its buttons is more than markup."""
    asked = html.Div(id=ids.Sources.ASKED, className="asked f12", role="status")
    top, accounts, below = body(ask, answer, words)
    return html.Main(
        [plain(top), asked, accounts, plain(below)], id=ids.Sources.BODY, className="page sources"
    )


def body(
    ask: SourcesAsk, answer: SourcesAnswer, words: Words
) -> tuple[list[Component], Component, Component]:
    """Title with banners, the table of sources; rejects and loads of one source beside runs."""
    name = chosen(ask, answer.sources)
    title = html.H1(words("sources.title"), className="sr")
    shown = called(answer.sources, name)
    at = answer.when(answer.mixed_at)
    mixed = mixups_card(answer.mixed, words, note=words("mixup.load", source=shown, at=stamp(at, words)))
    gone = sources_withdrawn.card(
        answer.withdrawn, _held(answer.sources, name), words, source=name, when=answer.when
    )
    own = [rejects_card(answer, words, name, shown), *mixed, loads_card(answer, words, shown)] if name else []
    below = html.Div(
        [html.Div([*own, *gone], className="stack"), runs_card(ask, answer, words)], className="two"
    )
    return [title, *_banners(answer.sources, words)], _table(ask, answer, words, name), below


def _held(sources: DataFrame, name: str) -> int:
    """Facts the newest load of a source would have withdrawn, had every row been read."""
    notes = sources.loc[sources["source"] == name, "notes"].tolist()
    return int(notes[0].get("withdrawals_held", 0)) if notes and isinstance(notes[0], dict) else 0


def _fresh(row: dict) -> Freshness:
    return Freshness(str(row["state"]), values.known(row["age_minutes"]), title_of(row))


def _banners(sources: DataFrame, words: Words) -> list[Component]:
    """One line for each source that is silent or whose last run failed, with the indicators it holds back."""
    lines = []
    for row in sources[sources["state"].isin(["stale", "failed"])].to_dict("records"):
        subject = next((name for name, kind in parts.KIND_OF.items() if kind == row["kind"]), "cases")
        group = {"stays": "parking"}.get(subject, subject)
        fresh = _fresh(row)
        text = words("parts.fresh.failed") if row["state"] == "failed" else _silent(fresh, words)
        lines.append(
            html.Section(
                [
                    parts.badge(fresh.state, f"{fresh.source} {text}"),
                    html.Span(
                        words(f"sources.banner.{row['state']}", subject=words(f"parts.subject.{subject}")),
                        className="t2",
                    ),
                    html.Span(className="sp"),
                    html.A(words("sources.affected"), href=f"/kpi/-?group={group}", className="link"),
                ],
                className=f"card note {fresh.state}",
                role="status",
            )
        )
    return lines


def _silent(fresh: Freshness, words: Words) -> str:
    return words("parts.fresh.stale", age=words.duration(fresh.age or 0))


def _table(ask: SourcesAsk, answer: SourcesAnswer, words: Words, name: str) -> Component:
    rows = answer.sources.to_dict("records")
    title = words("sources.count", n=len(rows))
    if not rows:
        return parts.state("empty", title, words, note=words("sources.none"))
    numbers = ("read", "accepted", "unchanged", "rejected")
    heads = [
        parts.column(words(f"sources.column.{key}"), name=key) for key in ("source", "kind", "every", "good")
    ]
    heads += [parts.column(words("sources.column.age"), name="age")]
    heads += [parts.column(words(f"sources.column.{key}"), name=f"num {key}") for key in numbers]
    heads += [parts.column(words(f"sources.column.{key}"), name=key) for key in ("account", "state")]
    heads += (
        [parts.column(html.Span(words("sources.run"), className="sr"), name="num run")]
        if answer.may_run
        else []
    )
    body = [_row(row, ask, answer, words, row["source"] == name) for row in rows]
    legend = html.Span(
        [
            *(
                html.Span([html.I(className=f"key {key}"), words(f"sources.column.{key}")])
                for key in ("accepted", "unchanged", "rejected")
            ),
            html.A(words("places.title"), href="/sources/unplaced", className="link"),
            html.A(words("gazetteer.title"), href=GAZETTEER, className="link") if answer.may_upload else None,
            html.A(words("departments.title"), href=DEPARTMENTS, className="link")
            if answer.may_upload
            else None,
            html.A(words("borders.title"), href=BOUNDARIES, className="link") if answer.may_upload else None,
            html.A(words("upload.button"), href=UPLOAD, className="btn p") if answer.may_upload else None,
        ],
        className="legend t2 f12",
    )
    table = parts.table(heads, body, caption=title, name="accounts")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("sources.note"), legend), scroll, name="all")


def _row(row: dict, ask: SourcesAsk, answer: SourcesAnswer, words: Words, here: bool) -> Component:
    read, unchanged, rejected = (int(row[key] or 0) if values.known(row[key]) else 0 for key in
                                 ("read", "unchanged", "rejected"))  # fmt: skip
    new, updated = (int(values.known(row[key]) or 0) for key in ("accepted", "updated"))
    link = html.A(title_of(row), href=ask.href(source=row["source"]), className="row-link")
    both = words("sources.accepted.detail", new=words.number(new), updated=words.number(updated))
    bar = (
        parts.ledger_bar(read, new + updated, unchanged, rejected)
        if read
        else html.Span(words("sources.nothing"), className="t3 f12")
    )
    kind, text = _state(row, words, rejected)
    cells = [
        html.Th(link, scope="row", className="b source", title=row["source"]),
        parts.cell(_what(row, words), name="t2 kind"),
        parts.cell(_every(row, words), name="t2 every"),
        parts.cell(stamp(answer.when(row["last_good_at"]), words), name="good-at"),
        parts.cell(parts.freshness(_fresh(row), words, short=True), name="age"),
        parts.cell(words.number(read), name="num read"),
        parts.cell(words.number(new + updated), name="num accepted", title=both),
        parts.cell(words.number(unchanged), name="num t2 unchanged"),
        parts.cell(words.number(rejected), name="num bad b" if rejected else "num t3"),
        parts.cell(bar, name="account"),
        parts.cell(html.Span(text, className=kind), name="state"),
    ]
    if answer.may_run:
        name = words("sources.run.named", source=title_of(row))
        button = html.Button(
            words("sources.run"), id=ids.Sources.run(row["source"]), className="btn s", type="button",
            **{"aria-label": name},
        )  # fmt: skip
        cells.append(parts.cell(button, name="num run"))
    return html.Tr(cells, className="sel" if here else "")


def _what(row: dict, words: Words) -> str:
    written = str(row["format"]).upper() if isinstance(row["format"], str) else ""
    return f"{words('sources.kind.' + str(row['kind']))} {written}".strip()


def _every(row: dict, words: Words) -> str:
    minutes = values.known(row["every_minutes"])
    return words("sources.every", span=words.duration(minutes)) if minutes else words("sources.every.none")


def _state(row: dict, words: Words, rejected: int) -> tuple[str, str]:
    if row["state"] in ("stale", "failed"):
        return ("stale" if row["state"] == "stale" else "bad"), words(f"sources.state.{row['state']}")
    if values.known(row["read"]) is None:
        return "t3", values.NOTHING
    if row["state"] == "due":
        return "warn", words("sources.state.due")
    many = rejected > MANY * float(row["read"])
    return ("bad", words("sources.state.rejected")) if many else ("", words("sources.state.ok"))
