"""The sources page: its builder, and the button that asks for a run."""

from collections.abc import Mapping
from functools import partial

from dash import ALL, Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from callbacks import boundaries_page, departments_page, gazetteer_page, unplaced_page, upload_page
from callbacks.identity import current_person
from callbacks.kpi_page import local
from callbacks.router import Builder, Call, Desk, Page, offload
from data.jobs import request_run
from layouts import ids, shell, sources_page, values
from layouts.sources_ask import SourcesAnswer, SourcesAsk, chosen

DEEPEST = 2  # parts of an address below the page


def register(app: Dash, desk: Desk) -> None:
    """Add the page, the callback of its buttons, the queue, the uploads and the boundaries."""
    uploads = upload_page.register(app, desk)
    below: dict[str, Builder] = {
        "upload": partial(upload_page.build, uploads=uploads),
        "boundaries": partial(boundaries_page.build, brought=boundaries_page.register(app, desk, uploads)),
        "gazetteer": partial(gazetteer_page.build, files=gazetteer_page.register(app, desk, uploads)),
        "departments": partial(departments_page.build, files=departments_page.register(app, desk, uploads)),
        "unplaced": unplaced_page.build,
    }
    builder = partial(build, below=below)
    desk.page("sources", builder, "/sources", permission="sources", checks="counts and rejects of sources")
    unplaced_page.register(app, desk)

    @desk.policies.callback(
        app,
        Output(ids.Sources.ASKED, "children"),
        Input(ids.Sources.run(ALL), "n_clicks"),
        State(ids.Shell.URL, "search"),
        permission="run",
        checks="operators and administrators; a job by its fixed name",
        prevent_initial_call=True,
    )
    async def run(clicks, search):
        if not any(clicks or ()):
            raise PreventUpdate
        call = await offload(desk.call)("/sources", search)
        await offload(request_run)(desk.store, "collect", by=current_person().name, now=desk.clock())
        return call.words(
            "sources.run.asked", source=call.word("source", str((ctx.triggered_id or {}).get("source", "")))
        )


def build(call: Call, below: Mapping[str, Builder]) -> Page:
    """The whole page of an address, or one of those below it, by the next part of the address."""
    if call.place[:1] and call.place[0] in below and len(call.place) <= DEEPEST:
        return below[call.place[0]](call)
    reader, words = call.reader, call.words
    ask = SourcesAsk(call.params.get("source", ""), call.params.get("runs") == "failed")
    sources = call.titled(reader.sources())
    name = chosen(ask, sources)

    def when(instant):
        known = values.known(instant)
        return None if known is None else local(reader, int(instant))

    mixed, mixed_at = reader.mixups(name)
    answer = SourcesAnswer(
        sources=sources,
        rejects=reader.rejects(name),
        loads=reader.loads(name),
        runs=reader.runs(failed=ask.failed),
        withdrawn=reader.withdrawals(name),
        mixed=mixed,
        mixed_at=mixed_at,
        may_run=reader.scope.may("run"),
        may_upload=reader.scope.may("upload") and reader.scope.whole,
        when=when,
    )
    crumbs = shell.crumbs([(reader.settings.name, "/")], words("sources.title"), words)
    return Page(body=sources_page.page(ask, answer, words), crumbs=crumbs)
