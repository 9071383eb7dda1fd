"""The page of targets and composites: from an address to its answer, and the form of a target.

Targets and composites hold for the whole instance, so whoever changes them must see the whole of it; whoever reads
them is told of single units only where they lie in the scope.
"""

from collections.abc import Callable
from datetime import date

from dash import Dash
from dash.development.base_component import Component
from fastapi import Request
from starlette.responses import Response

from callbacks.composites_view import composites_answer, weighed
from callbacks.identity import current_csrf, current_person
from callbacks.router import Call, Desk
from callbacks.sending import Forms, Route
from data import target_edits
from data.assessment_periods import so_far
from data.indicators import INDICATORS
from data.instants import moment
from data.measures import NotReady, epoch_day
from data.query import QueryError
from data.reader import Reader, UnknownUnit
from data.standing import Standing, standing
from data.target_edits import TargetError
from data.target_fields import read_target, target_fields
from data.targets import Target, Targets
from layouts import composites_view, targets_page
from layouts.targets_ask import EDIT, WEIGH, Frame, TargetsAnswer, TargetsAsk, read_ask

ORDER = {name: at for at, name in enumerate(INDICATORS)}


def register(app: Dash, desk: Desk) -> Callable[[Call], list[Component]]:
    """Add the routes of the forms with their policies; answers what builds the page below the links."""
    forms = _Forms(desk)
    routes = [Route(EDIT, "POST", forms.edit), Route(WEIGH, "POST", forms.weigh)]
    forms.open_routes(app.server, routes, checks="whole scope; changes are new rows")
    return build


class _Forms(Forms):
    """The forms of a target and of a composite."""

    permission = "judge"

    async def edit(self, request: Request) -> Response:
        """Save or withdraw one target; what is wrong is said beside what was filled in."""
        return await self.posted(request, lambda form: _edited(self.desk, form))

    async def weigh(self, request: Request) -> Response:
        """Save or withdraw one composite."""
        return await self.posted(request, lambda form: weighed(self.desk, form))


def _edited(desk: Desk, form: dict[str, str]) -> str:
    """Do what the form of a target says; answers the address that tells of it. Raises QueryError."""
    ask, act = read_ask(form), form.get("act")
    text, store, clock, by = form.get("seen", ""), desk.store, desk.clock, current_person().name
    seen = int(text) if text.isdecimal() and len(text) < 9 else 0
    if act not in ("save", "withdraw"):
        raise QueryError("act: got another; expected those of the page")
    try:
        if act == "withdraw":
            target_edits.withdraw(store, ask.number, seen=seen, clock=clock, by=by)
            return ask.href(done="withdrawn", number=0)
        number = target_edits.put(
            store, read_target(ask.given), number=ask.number, seen=seen, clock=clock, by=by
        )
    except target_edits.Outdated:
        return ask.href(done="outdated", given=ask.given)
    except TargetError:  # the page says it, with the fields as they were filled in
        return ask.href(given=ask.given, new=not ask.number)
    return ask.href(done="saved", number=number)


def build(call: Call) -> list[Component]:
    """What the page shows below the links. Raises QueryError, UnknownUnit."""
    ask = read_ask(call.params)
    with call.reader.read():
        frame = framed(ask, call)
        if ask.view:
            return composites_view.body(ask, composites_answer(ask, frame, call), call.words)
        return targets_page.body(ask, _answer(ask, frame, call.reader), call.words)


def framed(ask: TargetsAsk, call: Call) -> Frame:
    """What both views show: the day it speaks of, the assessment year, whether anything may be changed."""
    reader, words, settings = call.reader, call.words, call.reader.settings
    local = moment(ask.instant).astimezone(settings.timezone) if ask.instant is not None else None
    today = min(local.date(), reader.today) if local else reader.today
    scope = reader.scope
    return Frame(
        today=today,
        year=so_far("year", today, settings.year_start),
        start=settings.year_start,
        csrf=current_csrf(),
        may=scope.may("judge") and scope.whole and local is None,
        known=words.moment(local) if local else "",
        levels=reader.levels(),
        stamp=lambda instant: words.stamp(moment(instant).astimezone(settings.timezone)),
    )


def _answer(ask: TargetsAsk, frame: Frame, reader: Reader) -> TargetsAnswer:
    known = reader.targets(as_of=ask.instant)
    rows = _listed(known, frame.today, every=ask.every)
    chosen = known.newest.get(ask.number)
    return TargetsAnswer(
        frame=frame,
        rows=rows,
        usual=_usual(known, rows),
        names=_names(reader, [row.unit for row in rows if row.unit]),
        chosen=chosen,
        history=[row for row in reversed(known.rows) if chosen and row.number == chosen.number],
        standing=_standing(reader, chosen, frame) if chosen and reader.scope.may("kpi") else None,
        values=ask.given or (target_fields(chosen) if chosen else {"first": frame.year.start.isoformat()}),
        fault=_fault(ask.given, reader),
    )


def _listed(known: Targets, day: date, *, every: bool) -> list[Target]:
    """Targets that hold on a day, or all there ever were, by indicator, the general ones first."""
    at = epoch_day(day)
    found = [row for row in known.newest.values() if every or (not row.withdrawn and row.holds(at))]
    return sorted(found, key=lambda row: (ORDER[row.indicator], row.rank))


def _usual(known: Targets, rows: list[Target]) -> dict[str, float]:
    """Values of the settings, but those that stand below a target for everywhere."""
    over = {row.indicator for row in rows if not (row.withdrawn or row.level or row.unit)}
    return {name: known.usual[name] for name in ORDER if name in known.usual and name not in over}


def _names(reader: Reader, codes: list[str]) -> dict[str, str]:
    """Names of units in the newest boundaries that know them, of any tree."""
    found: dict[str, str] = {}
    for version in reader.atlas:
        found |= {code: version.name_at[version.by_code[code]] for code in codes if code in version.by_code}
    return found


def _standing(reader: Reader, chosen: Target, frame: Frame) -> Standing | None:
    try:
        return standing(reader, chosen, frame.year)
    except (NotReady, UnknownUnit, QueryError):
        return None


def _fault(given, reader: Reader) -> str:
    """What is wrong with the fields of an address; nothing where they could be saved."""
    if not given:
        return ""
    try:
        entry = read_target(given)
        target_edits.check(entry, reader.settings)
        if entry.unit and not reader.may_see(entry.unit):
            return "targets: unit: got another; expected the code of a unit"
    except TargetError as error:
        return str(error)
    return ""
