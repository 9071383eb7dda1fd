"""Composites on the page of targets: from an address to the league, and the form that makes a new version."""

from collections.abc import Mapping
from dataclasses import replace

from callbacks.identity import current_person
from callbacks.map_places import levels_below, own_unit
from callbacks.router import Call, Desk
from data import composite_edits
from data.composite_edits import CompositeError
from data.composites import Composite, composites
from data.measures import NotReady
from data.query import Query, QueryError, parse_period
from data.reader import Reader, UnknownUnit
from data.settings import Level
from data.target_fields import composite_fields, read_composite
from data.targets import deciding_day
from layouts.targets_ask import CompositesAnswer, Frame, TargetsAsk, read_ask


def weighed(desk: Desk, form: dict[str, str]) -> str:
    """Do what the form of a composite says; answers the address that tells of it. Raises QueryError."""
    ask, act = read_ask(form), form.get("act")
    store, clock, by = desk.store, desk.clock, current_person().name
    if act not in ("save", "withdraw"):
        raise QueryError("act: got another; expected those of the page")
    text = form.get("seen", "")
    seen = int(text) if text.isdecimal() and len(text) < 9 else 0
    with store.read() as connection:
        rows = [row for row in composites(connection).rows if row.name == ask.composite]
    known = rows[-1] if rows else None
    try:
        if act == "withdraw" and known:
            composite_edits.put(store, replace(known, withdrawn=True), seen=seen, clock=clock, by=by)
            return ask.href(done="withdrawn", composite="", view="composites")
        entry = read_composite(ask.given, known, locale=desk.settings.locale)
        composite_edits.put(store, entry, seen=seen, clock=clock, by=by)
    except composite_edits.Outdated:
        return ask.href(done="outdated", given=ask.given, new=ask.new)
    except CompositeError:  # the page says it, with the fields as they were filled in
        return ask.href(given=ask.given, new=ask.new)
    return ask.href(done="saved", composite=entry.name, view="composites")


def composites_answer(ask: TargetsAsk, frame: Frame, call: Call) -> CompositesAnswer:
    """The composites in force, and the league by the one asked for. Raises QueryError, UnknownUnit."""
    reader, known = call.reader, call.reader.composites(as_of=ask.instant)
    period = parse_period(ask.start, ask.end, usual=frame.year)
    listed = known.on(frame.today)
    name = ask.composite or ("" if ask.new else next((one.name for one in listed), ""))
    chosen = known.of(name, deciding_day(period, frame.today)) if name else None
    history = [row for row in reversed(known.rows) if row.name == name]
    if ask.composite and not history:
        raise UnknownUnit(f"composite: got '{ask.composite[:40]}'; expected the name of one")
    found = CompositesAnswer(
        frame, listed, chosen, history, seen=history[0].id if history else 0, period=period,
        values=ask.given or _values(chosen, frame, call), fault=_fault(ask.given, chosen),
    )  # fmt: skip
    return _scored(found, ask, reader) if chosen and reader.scope.may("kpi") else found


def _values(chosen: Composite | None, frame: Frame, call: Call) -> Mapping[str, str]:
    if chosen is None:
        return {"first": frame.year.start.isoformat()}
    known = composite_fields(chosen, locale=call.reader.settings.locale)
    return known | {"first": frame.today.isoformat()}  # other weights hold from today, unless said otherwise


def _scored(found: CompositesAnswer, ask: TargetsAsk, reader: Reader) -> CompositesAnswer:
    """The same with scores of the units of a level, where there are figures."""
    if not reader.versions or found.period is None or found.chosen is None:
        return found
    within = own_unit(reader)
    levels = levels_below(reader, within)
    level = _level(levels, ask.level)
    query = Query(level.name, within, (), found.period, as_of=ask.instant, tree=reader.tree)
    try:
        scores = reader.scores(query, found.chosen)
    except NotReady:
        return found
    return replace(found, level=level, levels=levels, scores=scores)


def _level(levels: list[Level], named: str) -> Level:
    for level in levels:
        if level.name == named or not named:
            return level
    raise UnknownUnit(f"level: got '{named[:60]}'; expected one below the unit")


def _fault(given: Mapping[str, str], known: Composite | None) -> str:
    """What is wrong with the fields of an address; nothing where they could be saved."""
    if not given:
        return ""
    try:
        composite_edits.check(read_composite(given, known, locale="zh"))
    except CompositeError as error:
        return str(error)
    return ""
