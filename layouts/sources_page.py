"""The sources page: what arrived, what was refused and why, what ran, and a button that runs a source now.

Rows read = accepted + updated + unchanged + rejected; the bar beside the numbers shows the same account.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component
from pandas import DataFrame

from layouts import ids, parts, values
from layouts.parts import Freshness, Option
from layouts.plain import plain
from layouts.words import Words

MANY = 0.05  # share of rejected rows from which a load is called partly rejected


@dataclass(frozen=True)
class SourcesAsk:
    """What the address asks: the source whose rejects are shown, and whether only failed runs are listed."""

    source: str = ""
    failed: bool = False

    def href(self, **changes: str | bool) -> str:
        """Address of this page with another source or another list of runs."""
        asked = replace(self, **changes)  # type: ignore[arg-type]  # the two fields, by name
        pairs = {"source": asked.source, "runs": "failed" if asked.failed else ""}
        kept = urlencode({name: value for name, value in pairs.items() if value})
        return f"/sources?{kept}" if kept else "/sources"


@dataclass(frozen=True)
class SourcesAnswer:
    """Frames of `Reader.sources`, `Reader.rejects` and `Reader.runs`; `may_run` shows the buttons."""

    sources: DataFrame
    rejects: DataFrame
    runs: DataFrame
    may_run: bool = False
    when: Callable[[object], datetime | None] = lambda value: None


def chosen(ask: SourcesAsk, sources: DataFrame) -> str:
    """The source shown below: the one asked for, else the first that refused rows, else the first."""
    names = sources["source"].tolist()
    if ask.source in names:
        return ask.source
    refused = sources.loc[sources["rejected"].fillna(0) > 0, "source"].tolist()
    return (refused or names or [""])[0]


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
    """Title with banners, the table of sources, rejects beside runs."""
    name = chosen(ask, answer.sources)
    title = html.H1(words("sources.title"), className="sr")
    below = html.Div([_rejects(answer, words, name), _runs(ask, answer, words)], className="two")
    return [title, *_banners(answer.sources, words)], _table(ask, answer, words, name), below


def _fresh(row: dict) -> Freshness:
    return Freshness(str(row["state"]), values.known(row["age_minutes"]), str(row["source"]))


def _banners(sources: DataFrame, words: Words) -> list[Component]:
    """One line for each source that is silent or whose last run failed, with the indicators it holds back."""
    lines = []
    for row in sources[sources["state"].isin(["stale", "failed"])].to_dict("records"):
        subject = next((name for name, kind in parts.KIND_OF.items() if kind == row["kind"]), "cases")
        group = {"parking": "street", "alerts": "street"}.get(subject, subject)
        fresh = _fresh(row)
        text = words("parts.fresh.failed") if row["state"] == "failed" else _silent(fresh, words)
        lines.append(
            html.Section(
                [
                    parts.badge(fresh.state, f"{row['source']} {text}"),
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
        ],
        className="legend t2 f12",
    )
    table = parts.table(heads, body, caption=title, name="accounts")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("sources.note"), legend), scroll, name="s")


def _row(row: dict, ask: SourcesAsk, answer: SourcesAnswer, words: Words, here: bool) -> Component:
    read, unchanged, rejected = (int(row[key] or 0) if values.known(row[key]) else 0 for key in
                                 ("read", "unchanged", "rejected"))  # fmt: skip
    new, updated = (int(values.known(row[key]) or 0) for key in ("accepted", "updated"))
    link = html.A(row["source"], href=ask.href(source=row["source"]), className="row-link")
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
        parts.cell(_when(answer.when(row["last_good_at"]), words), name="good-at"),
        parts.cell(parts.freshness(_fresh(row), words, short=True), name="age"),
        parts.cell(words.number(read), name="num read"),
        parts.cell(words.number(new + updated), name="num accepted", title=both),
        parts.cell(words.number(unchanged), name="num t2 unchanged"),
        parts.cell(words.number(rejected), name="num bad b" if rejected else "num t3"),
        parts.cell(bar, name="account"),
        parts.cell(html.Span(text, className=kind), name="state"),
    ]
    if answer.may_run:
        name = words("sources.run.named", source=row["source"])
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


def _when(moment: datetime | None, words: Words) -> str:
    return words.stamp(moment) if moment else values.NOTHING


def _state(row: dict, words: Words, rejected: int) -> tuple[str, str]:
    if row["state"] in ("stale", "failed"):
        return ("stale" if row["state"] == "stale" else "bad"), words(f"sources.state.{row['state']}")
    if values.known(row["read"]) is None:
        return "t3", values.NOTHING
    many = rejected > MANY * float(row["read"])
    return ("bad", words("sources.state.rejected")) if many else ("", words("sources.state.ok"))


def _rejects(answer: SourcesAnswer, words: Words, name: str) -> Component:
    rows = answer.rejects.to_dict("records")
    total = answer.sources.loc[answer.sources["source"] == name, "rejected"].fillna(0).sum()
    title = words("sources.rejects", source=name, n=words.number(max(int(total), len(rows))))
    if not rows:
        return parts.state("empty", words("sources.rejects.title", source=name), words,
                           value=words.number(0), note=words("sources.rejects.none"))  # fmt: skip
    moment, file = answer.when(rows[0].get("at")), str(rows[0]["file"])
    heads = [parts.column(words(f"sources.reject.{key}"), name=f"num {key}" if key == "row" else key)
             for key in ("row", "field", "value", "rule", "file")]  # fmt: skip
    body = [_reject(row) for row in rows]
    note = f"{_when(moment, words)} {words.gap}{file}"
    foot = words(
        "sources.rejects.shown", n=words.number(len(rows)), all=words.number(max(int(total), len(rows)))
    )
    table = parts.table(heads, body, caption=title, name="rejects")
    return parts.card(
        parts.head(title, note),
        html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title}),
        html.P(foot, className="note-line f12 t2"),
        name="low-card",
    )


def _reject(row: dict) -> Component:
    value = "" if row["value"] is None or row["value"] != row["value"] else str(row["value"])
    return html.Tr(
        [
            parts.cell(str(row["row"]), name="num t3"),
            parts.cell(str(row["field"])),
            parts.cell(value or values.NOTHING, name="b" if value else "t3", title=value),
            parts.cell(str(row["rule"]), name="bad rule", title=str(row["rule"])),
            parts.cell(str(row["file"]), name="t2", title=str(row["file"])),
        ]
    )


def _runs(ask: SourcesAsk, answer: SourcesAnswer, words: Words) -> Component:
    choices = [
        Option(words("sources.runs.all"), ask.href(failed=False), not ask.failed),
        Option(words("sources.runs.failed"), ask.href(failed=True), ask.failed),
    ]
    title = words("sources.runs")
    switch = parts.segment(words("sources.runs.which"), choices)
    rows = answer.runs.to_dict("records")
    if not rows:
        note = html.P(words("sources.runs.none"), className="note-line t2")
        return parts.card(parts.head(title, None, switch), note, name="low-card")
    heads = [parts.column(words(f"sources.run.{key}"), name="num" if key == "seconds" else key)
             for key in ("started", "job", "seconds", "result", "text")]  # fmt: skip
    table = parts.table(heads, [_run(row, answer, words) for row in rows], caption=title, name="runs")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(
        parts.head(title, words("sources.runs.note", n=len(rows)), switch), scroll, name="low-card"
    )


def told(summary: Mapping[str, object], words: Words) -> str:
    """What a run says of itself: the counts we have words for, the sources it could not collect."""
    found = []
    for name, value in summary.items():
        key, count = f"sources.fact.{name}", len(value) if isinstance(value, list) else value
        if key in words.texts and isinstance(count, int | float) and count:
            found.append(words(key, n=words.number(float(count))))
    broken = summary.get("failed")
    if isinstance(broken, Mapping) and broken:
        found.append(words("sources.fact.failed", names=", ".join(map(str, broken))))
    return words.gap.join(found)


def _job(row: dict, words: Words) -> str:
    key = f"sources.job.{row['job']}"
    return words(key) if key in words.texts else str(row["job"])


def _run(row: dict, answer: SourcesAnswer, words: Words) -> Component:
    failed = row["state"] == "failed"
    badge = {"done": "met", "failed": "failed"}.get(str(row["state"]), "unknown")
    text = str(row["error"] or "") if failed else told(row["summary"], words)
    if not text and row["state"] == "done":
        text = words("sources.fact.nothing")
    seconds = values.known(row["seconds"])
    return html.Tr(
        [
            parts.cell(_when(answer.when(row["started_at"]), words)),
            parts.cell(_job(row, words), title=str(row["requested_by"] or "")),
            parts.cell(values.NOTHING if seconds is None else words("sources.seconds", n=words.number(seconds, 1)),
                       name="num t2"),
            parts.cell(parts.badge(badge, words(f"sources.result.{row['state']}"))),
            parts.cell(text or values.NOTHING, name="bad text" if failed else "t2 text", title=text),
        ]
    )  # fmt: skip
