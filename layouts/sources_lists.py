"""The lists of the sources page: refused rows with reasons, the last loads of a source, runs of jobs."""

from collections.abc import Mapping
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from layouts import parts, values
from layouts.parts import Option
from layouts.reasons import name_of, reason
from layouts.sources_ask import SourcesAnswer, SourcesAsk
from layouts.words import Words

SHORT = 0.05  # seconds that are written as less than a tenth
COUNTS = ("read", "accepted", "unchanged", "rejected")


def stamp(moment: datetime | None, words: Words) -> str:
    """A local time as tables write it."""
    return words.stamp(moment) if moment else values.NOTHING


def _scrolled(heads: list, body: list, *, caption: str, name: str) -> Component:
    table = parts.table(heads, body, caption=caption, name=name)
    return html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": caption})


def rejects_card(answer: SourcesAnswer, words: Words, name: str, called: str) -> Component:
    """Refused rows of the newest load that refused any: where, what, why."""
    rows = answer.rejects.to_dict("records")
    if not rows:
        title = words("sources.rejects", source=called, n=words.number(0))
        return parts.card(parts.head(title, words("sources.rejects.none")), name="low-card refused none")
    total = answer.sources.loc[answer.sources["source"] == name, "rejected"].fillna(0).sum()
    count = max(int(total), len(rows))
    title = words("sources.rejects", source=called, n=words.number(count))
    files = {str(row["file"]) for row in rows}
    # The note names the file; a column is for several.
    names = ("row", "field", "value", "rule", *(("file",) if len(files) > 1 else ()))
    heads = [
        parts.column(words(f"sources.reject.{key}"), name=f"num {key}" if key == "row" else key)
        for key in names
    ]
    note = f"{stamp(answer.when(rows[0].get('at')), words)} {words.gap}{rows[0]['file']}"
    body = [html.Tr(_reject(row, words)[: len(names)]) for row in rows]
    table = _scrolled(heads, body, caption=title, name="rejects")
    foot = words("sources.rejects.shown", n=words.number(len(rows)), all=words.number(count))
    more = html.P(foot, className="note-line f12 t2") if count > len(rows) else None
    return parts.card(parts.head(title, note), table, more, name="low-card refused")


def _reject(row: dict, words: Words) -> list[Component]:
    value = "" if row["value"] is None or row["value"] != row["value"] else str(row["value"])
    field, rule = str(row["field"]), str(row["rule"])
    why = reason(rule, field, words)
    return [
        parts.cell(str(row["row"]), name="num t3"),
        parts.cell(name_of(field, words) or values.NOTHING, title=field),
        parts.cell(value or values.NOTHING, name="b" if value else "t3", title=value),
        parts.cell(why, name="bad rule", title=f"{why} · {rule}" if why != rule else rule),
        parts.cell(str(row["file"]), name="t2", title=str(row["file"])),
    ]


def loads_card(answer: SourcesAnswer, words: Words, called: str) -> Component:
    """The last loads of the source, each with its account."""
    rows = answer.loads.to_dict("records")
    title = words("sources.loads", source=called)
    if not rows:
        return parts.card(parts.head(title, words("sources.loads.none")), name="low-card loads")
    heads = [
        parts.column(words("sources.load.at"), name="at"),
        parts.column(words("sources.load.file"), name="file"),
    ]
    heads += [parts.column(words(f"sources.column.{key}"), name=f"num {key}") for key in COUNTS]
    heads.append(parts.column(words("sources.column.account"), name="account"))
    heads.append(parts.column(words("sources.run.seconds"), name="num took"))
    table = _scrolled(heads, [_load(row, answer, words) for row in rows], caption=title, name="loads")
    note = words("sources.loads.note", n=words.number(len(rows)))
    return parts.card(parts.head(title, note), table, name="low-card loads")


def _load(row: dict, answer: SourcesAnswer, words: Words) -> Component:
    new, updated, unchanged, rejected, read = (
        int(values.known(row[key]) or 0) for key in ("accepted", "updated", "unchanged", "rejected", "read")
    )
    file = ", ".join(map(str, row["files"]))
    both = words("sources.accepted.detail", new=words.number(new), updated=words.number(updated))
    return html.Tr(
        [
            parts.cell(stamp(answer.when(row["at"]), words)),
            parts.cell(file, name="t2 file", title=file),
            parts.cell(words.number(read), name="num"),
            parts.cell(words.number(new + updated), name="num", title=both),
            parts.cell(words.number(unchanged), name="num t2"),
            parts.cell(words.number(rejected), name="num bad b" if rejected else "num t3"),
            parts.cell(parts.ledger_bar(read, new + updated, unchanged, rejected), name="account"),
            parts.cell(took(row["seconds"], words), name="num t2"),
        ]
    )


def took(seconds: object, words: Words) -> str:
    """Seconds with one decimal; what is shorter than can be told so says it is less."""
    known = values.known(seconds)
    if known is None:
        return values.NOTHING
    return words(
        "sources.seconds", n=f"< {words.number(0.1, 1)}" if known < SHORT else words.number(known, 1)
    )


def runs_card(ask: SourcesAsk, answer: SourcesAnswer, words: Words) -> Component:
    """The newest runs of jobs: when, which, how long, what came of it."""
    choices = [
        Option(words("sources.runs.all"), ask.href(failed=False), not ask.failed),
        Option(words("sources.runs.failed"), ask.href(failed=True), ask.failed),
    ]
    title = words("sources.runs")
    switch = parts.segment(words("sources.runs.which"), choices)
    rows = answer.runs.to_dict("records")
    if not rows:
        note = words("sources.runs.good" if ask.failed else "sources.runs.none")
        return parts.card(parts.head(title, note, switch), name="low-card run")
    heads = [parts.column(words(f"sources.run.{key}"), name="num" if key == "seconds" else key)
             for key in ("started", "job", "seconds", "result", "text")]  # fmt: skip
    table = _scrolled(heads, [_run(row, answer, words) for row in rows], caption=title, name="runs")
    return parts.card(
        parts.head(title, words("sources.runs.note", n=len(rows)), switch), table, name="low-card run"
    )


def _job(row: dict, words: Words) -> str:
    key = f"sources.job.{row['job']}"
    return words(key) if key in words.texts else str(row["job"])


def _run(row: dict, answer: SourcesAnswer, words: Words) -> Component:
    failed = row["state"] == "failed"
    badge = {"done": "met", "failed": "failed"}.get(str(row["state"]), "unknown")
    text = str(row["error"] or "") if failed else told(row["summary"], words)
    if not text and row["state"] == "done":
        text = words("sources.fact.nothing")
    return html.Tr(
        [
            parts.cell(stamp(answer.when(row["started_at"]), words)),
            parts.cell(_job(row, words), title=_asker(row, words)),
            parts.cell(took(row["seconds"], words), name="num t2"),
            parts.cell(parts.badge(badge, words(f"sources.result.{row['state']}"))),
            parts.cell(text or values.NOTHING, name="bad text" if failed else "t2 text", title=text),
        ]
    )


def _asker(row: dict, words: Words) -> str:
    """Who asked for the run, where somebody did."""
    by = str(row["requested_by"] or "")
    return words("sources.run.by", name=by) if by else _job(row, words)


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
