"""Releases as a page: all of them, one with its figures beside those of now, and the facts behind a difference."""

from collections.abc import Sequence
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from data.query import as_of_part
from data.releases import Release
from layouts import parts
from layouts.releases_ask import EDIT, FILE, LONGEST, ReleasesAnswer, ReleasesAsk, Shown
from layouts.releases_figures import behind, figures
from layouts.upload_page import hidden
from layouts.words import Words

FROZEN = (
    "boundaries",
    "departments",
    "calendar",
    "sources",
    "targets",
    "composites",
    "deadlines",
    "exclusions",
)


def page(ask: ReleasesAsk, answer: ReleasesAnswer, words: Words) -> list[Component]:
    """The body below the row of sections."""
    left = [_list(ask, answer, words)]
    right: list[Component] = []
    if answer.shown is not None:
        left += [_rules(answer.shown, words), *_withdrawal(ask, answer, words)]
        right = [_about(answer.shown, answer, words), figures(ask, answer.shown, words)]
        right += behind(ask, answer, words)
    elif ask.new and answer.judge:
        right = [_new(ask, answer, words)]
    two = html.Div([html.Div(left, className="stack"), html.Div(right, className="stack")], className="two")
    return [*_told(ask, words), two]


def _told(ask: ReleasesAsk, words: Words) -> list[Component]:
    """What became of a form."""
    if not (ask.done or ask.refused):
        return []
    key = f"releases.done.{ask.done}" if ask.done else f"releases.refused.{ask.refused}"
    sign = parts.badge("met" if ask.done else "failed", words(key))
    return [html.Section(sign, className="card note" + ("" if ask.done else " failed"), role="status")]


def _list(ask: ReleasesAsk, answer: ReleasesAnswer, words: Words) -> Component:
    title = words("releases.count", n=words.number(len(answer.releases)))
    new = html.A(words("releases.new"), href=ask.href(name="", new=True), className="btn s")
    right = [new] if answer.judge else []
    if not answer.releases:
        none = html.P(words("releases.none"), className="note-line t2")
        return parts.card(parts.head(title, None, *right), none, name="entries")
    heads = [parts.column(words(f"releases.column.{key}")) for key in ("title", "period", "as_of", "state")]
    body = [_row(one, ask, answer, words) for one in answer.releases]
    table = parts.table(heads, body, caption=title, name="book-rows")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("releases.note"), *right), scroll, name="entries")


def _row(one: Release, ask: ReleasesAsk, answer: ReleasesAnswer, words: Words) -> Component:
    here = answer.shown is not None and answer.shown.release.name == one.name
    current = {"aria-current": "true"} if here else {}
    to = ask.href(name=one.name, indicator="", level="", unit="")
    link = html.A(one.shown, href=to, className="row-link", **current)
    state = parts.badge("met", words("releases.holds"))
    if one.withdrawn_at is not None:
        state = parts.badge("failed", words("releases.withdrawn"), title=one.reason)
    return html.Tr(
        [
            html.Th(link, scope="row", className="b", title=one.name),
            parts.cell(words.period(one.period.start, one.period.end), name="t2"),
            parts.cell(words.stamp(answer.times[one.as_of]), name="t2"),
            parts.cell(state),
        ],
        className="sel" if here else "",
    )


def _about(shown: Shown, answer: ReleasesAnswer, words: Words) -> Component:
    one, times = shown.release, answer.times
    pairs: list[tuple[str, parts.Child]] = [
        (words("releases.name"), one.name),
        (words("releases.column.period"), words.period(one.period.start, one.period.end)),
        (words("releases.column.as_of"), words.moment(times[one.as_of])),
        (words("releases.made"), f"{words.moment(times[one.recorded_at])}{words.gap}{one.recorded_by}"),
        (words("releases.boundaries"), words(f"kpi.boundaries.{one.boundaries}")),
        (words("releases.figures"), words.number(shown.figures)),
    ]
    if one.note:
        pairs.append((words("releases.remark"), one.note))
    if one.withdrawn_at is not None:
        when = f"{words.moment(times[one.withdrawn_at])}{words.gap}{one.withdrawn_by}"
        pairs.append((words("releases.withdrawn"), f"{one.reason}{words.gap}{when}"))
    period = {"from": one.period.start.isoformat(), "to": one.period.end.isoformat()}
    asked = {"indicator": shown.indicator, **period, **as_of_part(one.as_of)}
    links = [html.A(words("releases.open"), href="/kpi/-?" + urlencode(asked), className="btn s")]
    if answer.whole:
        to = f"{FILE}?{urlencode({'release': one.name})}"
        links.append(html.A(words("releases.file"), href=to, className="btn s", download=True))
    return parts.card(parts.head(one.shown, None, *links), _pairs(pairs), name="chosen")


def _pairs(pairs: Sequence[tuple[str, parts.Child]]) -> Component:
    return html.Dl([html.Div([html.Dt(label), html.Dd(value)]) for label, value in pairs], className="told")


def _rules(shown: Shown, words: Words) -> Component:
    """The rules that were frozen: how many of each kind, those of the settings one by one."""
    rules, own = shown.rules, shown.rules["settings"]
    counts = [(words(f"releases.rules.{name}"), words.number(len(rules[name]))) for name in FROZEN]
    timers = words.gap.join(f"{words(f'releases.timer.{step}')} {n:g}" for step, n in own["timers"].items())
    more = [
        (words("releases.rules.timezone"), own["timezone"]),
        (words("releases.rules.settings"), words.number(len(own["targets"]))),
        (words("releases.rules.timers"), timers or words("releases.nothing")),
        (words("releases.rules.sha256"), html.Code(shown.release.sha256[:16], title=shown.release.sha256)),
        (words("releases.rules.program"), shown.release.program),
    ]
    head = parts.head(words("releases.rules"), words("releases.rules.note"))
    return parts.card(head, _pairs([*counts, *more]), name="rules")


def _withdrawal(ask: ReleasesAsk, answer: ReleasesAnswer, words: Words) -> list[Component]:
    """The form that says that the release shown no longer holds."""
    shown = answer.shown
    if not answer.judge or shown is None or shown.release.withdrawn_at is not None:
        return []
    leave = html.Button(
        words("releases.withdraw"), className="btn", type="submit", name="act", value="withdraw",
        **{"data-busy": words("releases.busy"), "data-sure": words("releases.withdraw.sure")},
    )  # fmt: skip
    note = html.P(words("releases.withdraw.note"), className="t2 f12")
    fields = html.Div([_text("reason", ask, words, required=True)], className="fields one")
    kept = hidden({"token": answer.csrf, "release": shown.release.name})
    bar = html.Div([note, html.Span(className="sp"), leave], className="bar")
    form = html.Form([*kept, fields, bar], method="post", action=EDIT, className="entry")
    return [parts.card(parts.head(words("releases.withdraw.title")), form)]


def _new(ask: ReleasesAsk, answer: ReleasesAnswer, words: Words) -> Component:
    """The form that makes a release of a period, as known at the end of a day."""
    period = answer.period
    last = max(period.start, period.end.fromordinal(period.end.toordinal() - 1))
    fields = [
        _text(
            "name", ask, words, required=True, hint=words("releases.name.hint", month=f"{period.start:%Y-%m}")
        ),
        _text("title", ask, words),
        parts.day_field("from", words("period.from"), period.start, words),
        parts.day_field("last", words("period.last"), last, words),
        parts.day_field("known", words("releases.known"), answer.today, words),
        _text("note", ask, words),
    ]
    save = html.Button(
        words("releases.make"), className="btn p", type="submit", name="act", value="make",
        **{"data-busy": words("releases.busy")},
    )  # fmt: skip
    note = html.P(words("releases.make.note"), className="t2 f12")
    bar = html.Div([note, html.Span(className="sp"), save], className="bar")
    kept = hidden({"token": answer.csrf})
    form = html.Form(
        [*kept, html.Div(fields, className="fields one"), bar], method="post", action=EDIT, className="entry"
    )
    return parts.card(parts.head(words("releases.new")), form, name="chosen")


def _text(name: str, ask: ReleasesAsk, words: Words, *, required: bool = False, hint: str = "") -> Component:
    field = dcc.Input(
        name=f"f.{name}", value=ask.given.get(name, ""), maxLength=LONGEST, autoComplete="off", required=required,
        placeholder=hint,
    )  # fmt: skip
    return html.Label([html.Em(words(f"releases.field.{name}")), field], className="ctl field wide")
