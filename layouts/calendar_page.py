"""The calendar of an office as a page: the year at a glance, its holidays, what was entered, and a form for more.

A day is told by a letter as well as by its ground: 休 free by order, 班 worked instead; other days follow the week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from data.calendar_days import Day, Entry
from data.holidays import FREE, WORKING
from data.working_time import WorkingTime
from layouts import parts
from layouts.assessment import address
from layouts.upload_page import hidden
from layouts.upload_refusals import refusal
from layouts.words import NOTHING, Words

PATH = address("calendar")
EDIT, EXPORT = f"{PATH}/edit", f"{PATH}/days.csv"
LONGEST = 20_000  # characters of days entered at once


@dataclass(frozen=True)
class CalendarAnswer:
    """What the store answered.

    days     every day of the year, in order; of an unknown year their `working` is -1
    entries  what was entered of the year, newest first
    local    from microseconds UTC to a local moment
    may      whether the reader may enter days; `whole` whether he sees the whole and may take the year as a file
    given    what was filled in and refused, with the reason in `fault`
    """

    year: int
    days: Sequence[Day]
    entries: Sequence[tuple[Entry, datetime]]
    hours: WorkingTime
    token: str = ""
    may: bool = False
    whole: bool = False
    done: str = ""
    given: str = ""
    fault: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether every day of the year is known."""
        return all(day.working >= 0 for day in self.days)

    def href(self, year: int) -> str:
        """Address of another year."""
        return f"{PATH}?{urlencode({'year': year, **self.kept})}"


def body(answer: CalendarAnswer, words: Words) -> list[Component]:
    """Everything below the row of sections."""
    told = []
    if answer.done:
        text = words("calendar.done", n=answer.done)
        told = [html.Section(parts.badge("met", text), className="card note", role="status")]
    aside = [_holidays(answer, words), _form(answer, words) if answer.may else None, _entered(answer, words)]
    year = _months(answer, words) if answer.known else _unknown(answer, words)
    return [
        _strip(answer, words),
        *told,
        html.Div([year, html.Div(aside, className="stack")], className="two"),
    ]


def _strip(answer: CalendarAnswer, words: Words) -> Component:
    work = sum(day.working == WORKING for day in answer.days) if answer.known else None
    free = len(answer.days) - work if work is not None else None
    slots = " · ".join(f"{_clock(start)}–{_clock(end)}" for start, end in answer.hours.slots)
    pairs = [
        (words("calendar.working"), words.number(work), ""),
        (words("calendar.free"), words.number(free), ""),
        (words("calendar.slots"), slots, words("calendar.hours", n=words.number(_hours(answer.hours), 1))),
        (words("calendar.entered"), words.number(len({entry.day.day for entry, _ in answer.entries})), ""),
    ]
    years = [
        parts.Option(str(year), answer.href(year), year == answer.year)
        for year in range(answer.year - 1, answer.year + 2)
    ]
    file = html.A(words("calendar.file"), href=f"{EXPORT}?year={answer.year}", className="btn", download=True)
    right = [parts.segment(words("calendar.years"), years), file if answer.whole else None]
    return parts.facts(pairs, *right, name="what")


def _hours(hours: WorkingTime) -> float:
    return sum(end - start for start, end in hours.slots) / 60


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _months(answer: CalendarAnswer, words: Words) -> Component:
    """Twelve small tables, a week a row from Monday."""
    months = groupby(answer.days, key=lambda day: day.on.month)
    cells = [_month(list(days), answer.hours, words) for _, days in months]
    keys = [part for name in ("free", "work") for part in _key(name, words)]
    note = html.P(keys, className="keys f12 t2")
    return parts.card(
        parts.head(words("calendar.title", year=answer.year), None, note), html.Div(cells, className="months")
    )


def _key(name: str, words: Words) -> list[Component]:
    letter = html.I(words(f"calendar.letter.{name}"), className=f"odd {name}", **{"aria-hidden": "true"})
    return [letter, html.Span(words(f"calendar.key.{name}"))]


def _month(days: Sequence[Day], hours: WorkingTime, words: Words) -> Component:
    first = days[0].on
    blank = [html.Td() for _ in range(first.isoweekday() - 1)]
    cells = [*blank, *(_day(day, hours, words) for day in days)]
    rows = [html.Tr(cells[at : at + 7]) for at in range(0, len(cells), 7)]
    heads = [html.Th(name, scope="col") for name in words("calendar.weekdays").split()]
    count = sum(day.working == WORKING for day in days)
    title = [html.B(words.month(first)), html.Small(words("calendar.days", n=count))]
    return html.Table([html.Caption(title), html.Thead(html.Tr(heads)), html.Tbody(rows)], className="month")


def _day(day: Day, hours: WorkingTime, words: Words) -> Component:
    """A day; where it is not as the week has it a letter says so, and the holiday's name is its title."""
    usual = WORKING if day.on.isoweekday() in hours.week else FREE
    name = "work" if day.working == WORKING else "free"
    if day.working == usual and not day.name:
        return html.Td(str(day.on.day), className=name)
    letter = words(f"calendar.letter.{name}")
    title = " ".join(filter(None, (_called(day.name, words), words(f"calendar.is.{name}"))))
    return html.Td([str(day.on.day), html.Small(letter)], className=f"odd {name}", title=title)


def _unknown(answer: CalendarAnswer, words: Words) -> Component:
    text = words("calendar.unknown.text", year=answer.year)
    return parts.state("empty", words("calendar.unknown", year=answer.year), words, note=text)


def _holidays(answer: CalendarAnswer, words: Words) -> Component | None:
    """Each holiday: its free days, and the days worked instead."""
    named: dict[str, list[Day]] = {}
    for day in answer.days:
        if day.name:
            named.setdefault(day.name, []).append(day)
    if not named:
        return None
    heads = [parts.column(words(f"calendar.column.{key}"), name="num" if key == "free" else "")
             for key in ("name", "span", "free", "instead")]  # fmt: skip
    rows = [_holiday(name, days, words) for name, days in named.items()]
    title = words("calendar.holidays")
    table = parts.table(heads, rows, caption=title, name="holidays")
    return parts.card(parts.head(title), table, name="named")


def _holiday(name: str, days: Sequence[Day], words: Words) -> Component:
    free = [day.on for day in days if day.working == FREE]
    worked = [words.day(day.on) for day in days if day.working == WORKING]
    runs: list[list[date]] = []
    for on in free:
        if runs and (on - runs[-1][-1]).days == 1:
            runs[-1].append(on)
        else:
            runs.append([on])
    spans = [words.period(run[0], run[-1] + timedelta(days=1)) for run in runs]
    also = words.texts["upload.and"]
    cells = [
        parts.cell(also.join(spans) or NOTHING),
        parts.cell(words.number(len(free)), name="num"),
        parts.cell(also.join(worked) or NOTHING, name="t2"),
    ]
    return html.Tr([html.Th(_called(name, words), scope="row"), *cells])


def _called(name: str, words: Words) -> str:
    """A holiday in the reader's language; one an office named itself stays as it is."""
    return words.texts.get(f"calendar.holiday.{name}", name)


def _form(answer: CalendarAnswer, words: Words) -> Component:
    """Days as lines: date, 休 or 班, name. Of a year nobody knows the days not named are as the week has them."""
    note = html.P(words("calendar.form.note"), className="t2 f12 note-line")
    area = html.Textarea(
        answer.given, name="days", rows="4", maxLength=LONGEST, className="lines",
        placeholder=words("calendar.form.example", year=answer.year),
    )  # fmt: skip
    label = html.Label([html.Em(words("calendar.form.days"), className="sr"), area], className="wide")
    told = (
        html.P(parts.badge("failed", refusal(answer.fault, words)), className="note-line", role="alert")
        if answer.fault
        else None
    )
    save = html.Button(words("calendar.form.save"), className="btn p", type="submit",
                       **{"data-busy": words("gazetteer.saving")})  # fmt: skip
    form = html.Form([*hidden({"token": answer.token, "year": str(answer.year)}), label, told,
                      html.Div([html.Span(className="sp"), save], className="bar")],
                     method="post", action=EDIT, className="entry")  # fmt: skip
    return parts.card(parts.head(words("calendar.form")), note, form, name="chosen")


def _entered(answer: CalendarAnswer, words: Words) -> Component:
    title = words("calendar.history")
    if not answer.entries:
        return parts.card(parts.head(title), html.P(words("calendar.history.none"), className="note-line t2"))
    rows = [
        html.Tr(
            [
                html.Th(words.day(entry.day.on), scope="row"),
                parts.cell(
                    words(f"calendar.is.{'work' if entry.day.working == WORKING else 'free'}"), name="t2"
                ),
                parts.cell(_called(entry.day.name, words) or NOTHING),
                parts.cell(words.stamp(at), name="t2"),
                parts.cell(entry.recorded_by, name="t2"),
            ]
        )
        for entry, at in answer.entries
    ]
    heads = [
        parts.column(words(f"calendar.column.{key}")) for key in ("day", "working", "name", "when", "who")
    ]
    table = parts.table(heads, rows, caption=title, name="entered")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words.number(len(rows))), scroll, name="log")
