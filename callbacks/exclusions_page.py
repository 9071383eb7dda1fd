"""Exclusions on a page: applications listed within the scope, applied for, decided and taken back by forms."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from dash import Dash
from dash.development.base_component import Component
from fastapi import Request
from starlette.responses import Response

from callbacks.identity import current_csrf, current_person
from callbacks.kpi_page import local
from callbacks.router import Call, Desk
from callbacks.sending import Forms, Route
from data import exclusions
from data.exclusion_list import Listed, found_by_number, one_fact
from data.exclusion_preview import preview
from data.exclusion_reasons import title
from data.exclusions import Event, ExclusionError, OwnApplication
from data.jobs import request_run
from data.measures import NotReady
from data.query import Period, Query, QueryError
from data.reader import Reader
from layouts import exclusions_page
from layouts.exclusions_ask import (
    APPLY,
    DECIDE,
    WITHDRAW,
    ExclusionsAnswer,
    ExclusionsAsk,
    read_ask,
)

SHOWN_LEVELS = 2  # of units to choose from


def register(app: Dash, desk: Desk) -> Callable[[Call], list[Component]]:
    """Add the routes of the forms; answers the builder of the section."""
    checks = "fact inside the scope; a second person decides"
    proposing, judging = _Proposing(desk), _Judging(desk)
    proposing.open_routes(
        app.server,
        [Route(APPLY, "POST", proposing.apply), Route(WITHDRAW, "POST", proposing.withdraw)],
        checks=checks,
    )
    judging.open_routes(app.server, [Route(DECIDE, "POST", judging.decide)], checks=checks)
    return build


class _Proposing(Forms):
    """Applications: made, and taken back."""

    permission = "propose"
    whole = False

    async def apply(self, request: Request) -> Response:
        """Ask to leave a fact out."""

        def act(form: dict[str, str], one: Listed) -> Event:
            texts = {name: " ".join(form.get(name, "").split()) for name in ("reason", "clause", "text")}
            return exclusions.apply(
                self.desk.store, one.fact, **texts, by=current_person().name, clock=self.desk.clock
            )

        return await self.posted(request, lambda form: _done(self.desk, form, act))

    async def withdraw(self, request: Request) -> Response:
        """Take back an application, or what was approved."""
        return await self.posted(
            request, lambda form: _done(self.desk, form | {"act": "withdrawn"}, self._decided)
        )

    def _decided(self, form: dict[str, str], one: Listed) -> Event:
        by, store = current_person().name, self.desk.store
        judge = self.desk.reader().scope.may("judge")
        state, said = form.get("act", ""), " ".join(form.get("note", "").split())
        return exclusions.decide(store, one.fact, state, note=said, by=by, clock=self.desk.clock, judge=judge)


class _Judging(_Proposing):
    """Decisions."""

    permission = "judge"

    async def decide(self, request: Request) -> Response:
        """Approve or refuse."""

        def act(form: dict[str, str]) -> str:
            if form.get("act") not in ("approved", "refused"):
                raise QueryError("act: got another; expected those of the page")
            return _done(self.desk, form, self._decided)

        return await self.posted(request, act)


def _done(desk: Desk, form: dict[str, str], act: Callable[[dict[str, str], Listed], Event]) -> str:
    """Do what a form says about a fact; answers the address that tells of it. Raises QueryError."""
    ask = read_ask({"fact": form.get("fact", ""), "state": "all"})
    one = _fact(desk.reader(), ask)
    if one is None:
        raise QueryError("fact: got another; expected one you may see")
    try:
        event = act(form, one)
    except OwnApplication:
        return ask.href(done="own")
    except ExclusionError:  # what stands has moved since the page was drawn, or the form is not the page's
        return ask.href(done="moved")
    if event.load is not None:
        request_run(desk.store, "refresh", by=current_person().name, now=desk.clock())
    return ask.href(done=event.state)


def _fact(reader: Reader, ask: ExclusionsAsk) -> Listed | None:
    if ask.named is None:
        return None
    subject, name, key = ask.named
    return one_fact(reader, name, key, subject=subject)


def build(call: Call) -> list[Component]:
    """The body of an address."""
    ask = read_ask(call.params)
    with call.reader.read():
        return exclusions_page.body(ask, read_answer(ask, call), call.words)


def read_answer(ask: ExclusionsAsk, call: Call) -> ExclusionsAnswer:
    """Everything the page shows."""
    reader, person = call.reader, current_person()
    today = reader.today
    period = Period(today - timedelta(days=ask.days - 1), today + timedelta(days=1)) if ask.days else None
    rows = reader.exclusions(unit=ask.unit or None, period=period)
    waiting = [one for one in rows if one.event and one.event.state == ask.state]
    shown = waiting if ask.state else rows
    chosen = _fact(reader, ask) if ask.fact else next(iter(shown), None)
    with reader.read() as connection:
        history = list(exclusions.events(connection, fact=chosen.fact)) if chosen else []
    month, where, changes = _effect(reader, chosen)
    reasons = reader.settings.reasons
    return ExclusionsAnswer(
        rows=shown,
        counts=Counter(one.event.state for one in rows if one.event),
        csrf=current_csrf(),
        person=person.name,
        when=lambda instant: local(reader, instant),
        category=lambda text: call.word("category", text),
        reasons={code: title(reasons, code, call.words.locale) for code in reasons},
        may=frozenset(name for name in ("propose", "judge") if reader.scope.may(name)),
        units=_units(reader),
        found=found_by_number(reader, ask.number) if ask.number else None,
        chosen=chosen,
        history=history,
        changes=changes,
        period=month,
        where=where,
    )


def _units(reader: Reader) -> list[tuple[str, str]]:
    """Units to choose from: the topmost the reader sees, and those one level below."""
    roots = reader.roots()
    depth = min((unit.depth for unit in roots), default=0)
    levels = [level for level in reader.levels() if depth <= level.depth < depth + SHOWN_LEVELS]
    frames = [reader.units(level.name, None) for level in levels]
    return [pair for frame in frames for pair in zip(frame["code"], frame["name"], strict=True)]


def _effect(reader: Reader, one: Listed | None) -> tuple[Period | None, str, list]:
    """What an exclusion changes in the topmost unit the reader sees the fact in, in the month the fact counts in."""
    if one is None or not one.unit_code or (one.event and one.event.state in ("refused", "withdrawn")):
        return None, "", []
    root = reader.path(one.unit_code)[0]
    day = local(reader, one.closed_at or one.start_at).date()
    month = day.replace(day=1)
    period = Period(month, (month + timedelta(days=32)).replace(day=1))
    query = Query(None, root.code, ("orders_accepted",), period, tree=reader.tree)
    state = one.event.state if one.event else "applied"
    try:
        return period, root.name, preview(reader, one.fact, state, query)
    except NotReady:
        return None, "", []
