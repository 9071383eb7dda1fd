"""The section of the deadlines: read from the address, answered for the reader's scope."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from dash import Dash
from dash.development.base_component import Component

from callbacks.router import Call, Desk
from data import deadlines
from data.deadline_steps import Steps, steps
from data.deadline_uses import Uncovered, uncovered
from data.deadlines import Deadline, DeadlineList, Lists
from data.instants import micros, moment
from data.limits import LimitError, read_limit
from data.measures import NotReady
from data.settings import EPOCH_DAY
from geo.units import fold
from layouts.deadlines_ask import DeadlinesAnswer, DeadlinesAsk, read_ask
from layouts.deadlines_page import page

YEARS = (2004, 2100)  # in which a limit can be counted


def register(app: Dash, desk: Desk) -> Callable[[Call], list[Component]]:
    """What builds the section; it has no routes of its own."""
    return build


def build(call: Call) -> list[Component]:
    """The section of an address. Raises KeyError for a version there is not."""
    ask = read_ask(call.params)
    return page(ask, _answer(ask, call), call.words)


def _answer(ask: DeadlinesAsk, call: Call) -> DeadlinesAnswer:
    reader = call.reader
    with reader.read() as connection:
        known = deadlines.lists(connection, ask.kind)
        in_force = known.on((reader.today - EPOCH_DAY).days)
        shown = in_force if not ask.version else _version(ask.version, known)
        before = _before(shown, known)
        start = ask.start or f"{reader.clock().astimezone(reader.settings.timezone):%Y-%m-%d %H:%M}"
        tried = _tried(ask, start, call)
        return DeadlinesAnswer(
            shown=shown, in_force=in_force, rows=_rows(shown, ask.text, call),
            versions=sorted(known.lists, key=lambda one: -one.number), before=before,
            changes=deadlines.changes(before, shown) if before and shown else (),
            uncovered=_uncovered(ask, in_force, call), tried=None if isinstance(tried, str) else tried,
            fault=tried if isinstance(tried, str) else "", start=start,
            local=lambda at: moment(at).astimezone(reader.settings.timezone),
            word=partial(call.word, "category"),
        )  # fmt: skip


def _version(number: int, known: Lists) -> DeadlineList:
    found = [one for one in known.lists if one.number == number]
    if not found:
        raise KeyError("version")  # answered as what there is not
    return found[0]


def _before(shown: DeadlineList | None, known: Lists) -> DeadlineList | None:
    """The version recorded before one."""
    older = [one for one in known.lists if shown is not None and one.number < shown.number]
    return max(older, key=lambda one: one.number, default=None)


def _rows(shown: DeadlineList | None, text: str, call: Call) -> list[Deadline]:
    """Rows that hold a text, as they were written or as the reader's language has them."""
    wanted = fold(text)
    return [
        row
        for row in (shown.rows if shown else ())
        if wanted in fold(" ".join((*row.place, row.limit, call.word("category", row.category))))
    ]


def _uncovered(ask: DeadlinesAsk, in_force: DeadlineList | None, call: Call) -> list[Uncovered] | None:
    with suppress(NotReady):
        return uncovered(call.reader, ask.kind, in_force)
    return None


def _tried(ask: DeadlinesAsk, start: str, call: Call) -> Steps | str:
    """A limit counted day by day, or which field cannot be read."""
    settings = call.reader.settings
    by_hours = ask.counting == "hours" if ask.counting else settings.working_time.by_hours
    try:
        limit = read_limit(ask.limit or call.words("deadlines.trial.usual"), by_hours=by_hours)
    except LimitError:
        return "limit"
    try:
        begin = datetime.fromisoformat(start)
    except ValueError:
        return "start"
    if not YEARS[0] <= begin.year < YEARS[1]:
        return "start"
    with call.reader.read() as connection:
        return steps(connection, settings, limit, micros(begin.replace(tzinfo=settings.timezone)))
