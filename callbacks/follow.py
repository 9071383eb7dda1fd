"""One callback that keeps a page in step with its address and the data, without drawing the frame anew."""

from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from callbacks.router import Desk, answered, offload
from layouts import ids


def follow(app: Dash, desk: Desk, *, page: str, body: str, live: bool = True) -> None:
    """Redraw what stands in `body` when the address of this page changes; with `live` also when data does.

    A question that cannot be answered is drawn as the state that says why, like a first visit's.
    """
    inputs = [Input(ids.Shell.URL, "pathname"), Input(ids.Shell.URL, "search")]
    inputs += [Input(ids.Shell.TICK, "value")] if live else []

    @desk.policies.callback(
        app,
        Output(body, "children", allow_duplicate=True),
        Output(ids.Shell.CRUMB, "children", allow_duplicate=True),
        Output(ids.Shell.CONTROLS, "children", allow_duplicate=True),
        *inputs,
        permission=page,
        checks="the page's own reader: units of the scope only",
        prevent_initial_call=True,
    )
    async def change(pathname, search, _tick=None):
        call = desk.call(pathname, search)
        if call.page != page:
            raise PreventUpdate
        found = await offload(answered)(desk, call, here=f"{pathname}{search or ''}")
        return found.body.children, list(found.crumbs), list(found.controls)
