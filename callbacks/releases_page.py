"""The page of releases: figures as published beside those of now, the facts behind a difference; made and withdrawn.

Who sees a part of the instance sees the figures of that part only; who makes or withdraws speaks for the whole.
"""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

from dash import Dash
from dash.development.base_component import Component
from fastapi import Request
from pandas import DataFrame
from starlette.responses import Response

from callbacks.identity import current_csrf, current_person
from callbacks.known import local
from callbacks.router import Call, Desk
from callbacks.sending import Forms, Route
from data import release_check, releases
from data.measures import KINDS, UNASSIGNED, epoch_day
from data.query import Period, QueryError, parse_date
from data.reader import Reader
from data.releases import FIGURE, Document, Release, ReleaseError, Wanted
from layouts import periods, releases_page
from layouts.releases_ask import EDIT, FILE, REFUSED, USUAL, ReleasesAnswer, ReleasesAsk, Shown, read_ask


def register(app: Dash, desk: Desk) -> Callable[[Call], list[Component]]:
    """Add the routes with their policies; answers the builder of the section."""
    door, files = _Door(desk), _Files(desk)
    door.open_routes(app.server, [Route(EDIT, "POST", door.edit)], checks="whole scope")
    files.open_routes(app.server, [Route(FILE, "GET", files.figures)], checks="whole scope")
    return build


class _Door(Forms):
    """The forms that make a release and withdraw one."""

    permission = "judge"

    async def edit(self, request: Request) -> Response:
        """Make or withdraw a release; what is refused is said beside what was filled in."""

        def act(form: dict[str, str]) -> str:
            ask = _edited(self.desk, form)
            return ask.href(done=ask.done, refused=ask.refused, given=ask.given, new=ask.new)

        return await self.posted(request, act)


class _Files(Forms):
    """The figures of a release as a file."""

    permission = "export"

    async def figures(self, request: Request) -> Response:
        """The frozen figures as CSV."""
        name = request.query_params.get("release", "")
        try:
            return await self.downloaded(lambda: _as_csv(self.desk, name), "release.csv")
        except ReleaseError:
            return Response("nothing here\n", 404)


def _edited(desk: Desk, form: dict[str, str]) -> ReleasesAsk:
    """Do what a form says; answers the address that tells of it. Raises QueryError for a form of others."""
    ask, act, by = read_ask(form), form.get("act"), current_person().name
    if act not in ("make", "withdraw"):
        raise QueryError("act: got another; expected those of the page")
    try:
        if act == "withdraw":
            reason = ask.given.get("reason", "")
            releases.withdraw(desk.store, ask.name, reason, by=by, now=desk.clock())
            return ReleasesAsk(name=ask.name, done="withdrawn")
        one = releases.make(desk.reader(), _wanted(desk, form, ask), by=by)
        return ReleasesAsk(name=one.name, done="made")
    except QueryError as error:  # the page says it, with the fields as they were filled in
        where = str(error).partition(":")[0]
        refused = where if where in REFUSED else "period"
        return ReleasesAsk(name=ask.name, new=act == "make", refused=refused, given=ask.given)


def _wanted(desk: Desk, form: dict[str, str], ask: ReleasesAsk) -> Wanted:
    """A release as it was filled in; as known at the end of a day that has passed, else now. Raises QueryError."""
    start, last = parse_date(form.get("from", ""), "period"), parse_date(form.get("last", ""), "period")
    period = Period(start, last + timedelta(days=1))
    if not 1 <= period.days <= 400:
        raise QueryError("period: got another; expected 1 to 400 days")
    known = parse_date(form.get("known", ""), "as-of")
    passed = known < desk.reader().today
    as_of = desk.settings.day_start(epoch_day(known) + 1) - 1 if passed else None
    given = ask.given
    return Wanted(given.get("name", ""), period, as_of, given.get("title", ""), given.get("note", ""))


def _as_csv(desk: Desk, name: str) -> str:
    """The figures of a release. Raises ReleaseError."""
    with desk.store.read() as connection:
        kept = releases.document(connection, name)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([FIGURE, *kept.figures])
    return text.getvalue()


def build(call: Call) -> list[Component]:
    """The section of an address: the list, and one release."""
    ask = read_ask(call.params)
    return releases_page.page(ask, _answer(ask, call), call.words)


def _answer(ask: ReleasesAsk, call: Call) -> ReleasesAnswer:
    """Everything the page shows, in one state of the store."""
    reader = call.reader
    with reader.read() as connection:
        found = releases.releases(connection)
        chosen = next((one for one in found if one.name == ask.name), found[0] if found else None)
        shown = None
        if chosen is not None and not ask.new:
            shown = _shown(
                ask, chosen, releases.document(connection, chosen.name), reader.in_tree(chosen.tree), call
            )
    instants = {
        at for one in found for at in (one.as_of, one.recorded_at, one.withdrawn_at) if at is not None
    }
    if shown is not None and shown.facts is not None:
        instants |= {int(at) for at in shown.facts["recorded_at"].dropna()}
    scope = reader.scope
    return ReleasesAnswer(
        found,
        current_csrf(),
        judge=scope.may("judge") and scope.whole,
        whole=scope.whole,
        period=periods.presets(reader.today)["last-month"],
        today=reader.today,
        times={at: local(reader, at) for at in instants},
        shown=shown,
    )


def _shown(ask: ReleasesAsk, one: Release, kept: Document, reader: Reader, call: Call) -> Shown:
    names, own = kept.content["indicators"], kept.content["levels"]
    usual = USUAL if USUAL in names else names[0]
    indicator = ask.indicator if ask.indicator in names else usual
    level = ask.level if ask.level in own else own[0]
    rows = _rows(release_check.beside(reader, one, indicator=indicator, level=level), reader)
    facts = None
    within = None if ask.unit == "-" else ask.unit
    if ask.unit and (within is not None or reader.scope.whole):
        query = release_check.asked(one, kept).asking(indicators=(indicator,), within=within)
        facts, unit = reader.changes(query, since=one.as_of).rows, _names(reader)
        facts = facts.assign(**{name: facts[name].map(unit) for name in ("unit_before", "unit_after")})
    titles = {each.name: each.title(call.words.locale) for each in reader.levels()}
    return Shown(
        one, indicator, names, level, [(name, titles[name]) for name in own], rows, kept.content["rules"],
        len(kept.figures), facts, ask.unit,
    )  # fmt: skip


def _rows(both: DataFrame, reader: Reader) -> DataFrame:
    """Figures with the names of their units: units, what lies in none of them, the whole."""
    names = _names(reader)
    kind, name, opens = [], [], []
    for code in both["unit_code"]:
        loose = code.endswith(UNASSIGNED)
        parent = code.removesuffix(UNASSIGNED)
        kind.append("total" if not code else "unassigned" if loose else "unit")
        name.append(names.get(parent, parent))
        opens.append(not loose and (not code or code in reader.version.by_code))
    rows = both.assign(kind=kind, unit_name=name, opens=opens)
    return rows.sort_values("kind", key=lambda kinds: kinds.map(KINDS.index), kind="stable")


def _names(reader: Reader) -> dict[str, str]:
    """Names of units by code, the newest of each."""
    pairs = (zip(version.code_at, version.name_at, strict=True) for version in reader.versions)
    return {code: name for version in pairs for code, name in version}
