"""The frame around every page: top bar with pages, breadcrumb, the page's own controls, search, freshness, switches.

Pure. The frame that Dash validates against, and embeds in every visitor's page, holds no data: `skeleton`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dash import dcc, html
from dash.development.base_component import Component
from pandas import DataFrame

from data.query import Period
from layouts import ids, parts, periods
from layouts.parts import Option
from layouts.plain import plain
from layouts.words import Words

LONG = 3  # names of a way up that are all written
PAGES = ("map", "kpi", "assessment", "analyst", "sources", "glossary")
KEYS = (
    ("/", "search"), ("G M", "map"), ("G K", "kpi"), ("G A", "analyst"), ("G S", "sources"), ("J K ↓ ↑", "row"),
    ("Enter", "down"), ("⌫", "up"), ("[ ]", "period"), ("I", "indicator"), ("T", "table"), ("C", "card"),
    ("?", "help"), ("Esc", "close"),
)  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """What the top bar says.

    page      the page shown, one of PAGES
    to        page to address, for the pages this person may open
    sources   `Reader.freshness` of the sources the page rests on
    person    name of the account, `role` what it may do; `token` that of its session's forms
    """

    page: str
    to: Mapping[str, str]
    sources: DataFrame
    theme: str = "light"
    person: str = ""
    role: str = ""
    token: str = ""
    crumbs: Sequence[Component] = ()
    controls: Sequence[Component] = ()


def skeleton() -> Component:
    """What every visitor's document starts with: the address and empty places, no word and no data."""
    return html.Div(
        [
            dcc.Location(id=ids.Shell.URL, refresh="callback-nav"),
            html.Data(id=ids.Shell.KIND, value=""),
            html.Data(id=ids.Shell.TICK, value=""),
            html.Div(id=ids.Shell.FRAME, className="shell"),
        ]
    )


def frame(bar: Bar, body: Component, words: Words) -> list[Component]:
    """Top bar, page, list of keys."""
    return [_top(bar, words), body, _tabs(bar, words), _help(words)]


def _top(bar: Bar, words: Words) -> Component:
    brand = html.A(
        [words("app.brand"), html.I(words("app.latin"))], href="/", className="brand", title=words("app.home")
    )
    up = html.Button(
        "‹", className="up", title=words("shell.up"), **{"aria-label": words("shell.up"), "data-key": "up"}
    )
    return html.Header(
        [
            html.A(words("shell.skip"), href="#" + ids.Shell.CONTROLS, className="skip"),
            up,
            brand,
            _pages(bar, words),
            _folded(bar, words),
            *_own(bar, words),
            _search(words),
            html.A(
                badge(bar.sources, words),
                id=ids.Shell.FRESHNESS,
                href=bar.to.get("sources", "#"),
                className="fresh",
                title=words("shell.fresh"),
            ),
            html.Span(className="sep"),
            *_switches(bar, words),
        ],
        className="top",
    )  # fmt: skip


def _own(bar: Bar, words: Words) -> list[Component]:
    """The page's own part of the bar: where one is, and its selectors."""
    where = html.Nav(plain(list(bar.crumbs)), id=ids.Shell.CRUMB, className="crumb",
                     **{"aria-label": words("shell.crumb")})  # fmt: skip
    chosen = plain(list(bar.controls)) if bar.controls else None
    return [
        *([html.Span(className="sep")] if bar.crumbs else []),
        where,
        html.Span(className="sp"),
        html.Div(chosen, id=ids.Shell.CONTROLS, className="controls", tabIndex=-1),
    ]


def _links(bar: Bar, words: Words) -> list[Component]:
    return [
        html.A(
            words(f"shell.page.{name}"),
            href=bar.to[name],
            className="on" if name == bar.page else "",
            **({"aria-current": "page"} if name == bar.page else {}),
            **{"data-page": name},
        )
        for name in PAGES
        if name in bar.to
    ]


def _pages(bar: Bar, words: Words) -> Component:
    return html.Nav(plain(_links(bar, words)), className="nav", **{"aria-label": words("shell.pages")})


def _folded(bar: Bar, words: Words) -> Component:
    """The pages as a menu, for narrow windows."""
    face = html.Summary(words(f"shell.page.{bar.page}"), className="ctl")
    return html.Details(
        [face, html.Div(plain(_links(bar, words)), className="pop list")], className="menu folded"
    )


def _tabs(bar: Bar, words: Words) -> Component:
    """The pages at the foot of a phone."""
    return html.Nav(plain(_links(bar, words)), className="tabs", **{"aria-label": words("shell.pages")})


def _search(words: Words) -> Component:
    box = dcc.Input(id=ids.Shell.SEARCH, type="search", debounce=0.25, placeholder=words("shell.search.hint"),
                    autoComplete="off", value="", maxLength=60)  # fmt: skip
    label = html.Label(
        [html.Span(words("shell.search"), className="sr"), box, html.Kbd("/")], className="ctl search"
    )
    return html.Div(
        [label, html.Div(id=ids.Shell.SEARCH_HITS, className="pop hits")], className="find", role="search"
    )


def hits(found: DataFrame, links: Sequence[str], words: Words) -> Component | None:
    """What the search found, as links; `found` as `Reader.search` answers."""
    if found.empty:
        return html.P(words("shell.search.none"), className="t3")
    return html.Div([
        html.A([html.Span(row["title"]), html.Small(row["detail"])], href=to)
        for row, to in zip(found.to_dict("records"), links, strict=True)
    ])  # fmt: skip


def badge(sources: DataFrame, words: Words) -> Component:
    """The worst of all sources; when several are stale, how many."""
    silent = int((sources["state"] == "stale").sum())
    if silent > 1:
        return parts.badge("stale", words("shell.fresh.stale", n=silent))
    return parts.freshness(parts.worst(sources), words)


def _switches(bar: Bar, words: Words) -> list[Component]:
    """Language, theme and account; the first two move into the account's menu where the bar is narrow."""
    leave = html.Form(
        [dcc.Input(type="hidden", name="token", value=bar.token), html.Button(words("shell.leave"), className="row")],
        method="post", action="/logout",
    )  # fmt: skip
    face = html.Summary(html.I(className="ic me", **{"aria-hidden": "true"}), title=bar.person,
                        **{"aria-label": words("shell.account", name=bar.person)})  # fmt: skip
    keys = html.Button([words("shell.help"), html.Kbd("?")], className="row keys", **{"data-key": "help"})
    folded = [
        _language(words, "plain narrow row"),
        _theme(bar, words, words(f"shell.theme.{_other(bar)}"), "plain narrow row"),
    ]
    who = html.Div(
        [html.B(bar.person), html.Span(words(f"role.{bar.role}") if bar.role else "")], className="name"
    )
    icon = html.I(className="ic theme", **{"aria-hidden": "true"})
    return [
        _language(words, "plain switch t2 f12 nw"),
        _theme(bar, words, icon, "plain switch icon"),
        html.Details(
            [face, html.Div([who, *folded, keys, leave], className="pop")],
            className="menu who",
        ),
    ]


def _language(words: Words, name: str) -> Component:
    other = "en" if words.locale == "zh" else "zh"
    title = words("shell.language.title")
    return html.A(
        words("shell.language"),
        href=f"/preference?language={other}",
        title=title,
        className=name,
        hrefLang=other,
    )


def _theme(bar: Bar, words: Words, face: Component | str, name: str) -> Component:
    title = words(f"shell.theme.{_other(bar)}")
    return html.A(
        face, href=f"/preference?theme={_other(bar)}", title=title, className=name, **{"aria-label": title}
    )


def _other(bar: Bar) -> str:
    return "light" if bar.theme == "dark" else "dark"


def crumbs(up: Sequence[tuple[str, str]], here: str, words: Words) -> list[Component]:
    """The way up, and where one is; of a long way the first and the last two, which is where Backspace leads."""
    found: list[Component] = []
    step = html.S("›", **{"aria-hidden": "true"})
    for place, (name, to) in enumerate(up):
        if len(up) <= LONG or place == 0 or place >= len(up) - 2:
            found += [html.A(name, href=to, title=name), step]
        elif place == 1:
            hidden = " › ".join(name for name, _ in up[1:-2])
            found += [html.Span("…", title=hidden), step]
    return [*found, html.B(here, **{"aria-current": "page"})]


def period_menu(
    period: Period, presets: Sequence[tuple[str, Period]], *, to: Callable[[Period], str], words: Words
) -> Component:
    """Named periods as links, and two dates of one's own; earlier and later lie on [ and ]."""
    options = [
        Option(periods.title(name, choice, words), to(choice), choice == period) for name, choice in presets
    ]
    shown = words.period(period.start, period.end)
    items = [html.A(each.text, href=each.to, className="on" if each.chosen else "") for each in options]
    step = period.end - period.start
    moves = [
        html.A(
            words(f"period.{name}"),
            href=to(Period(period.start + shift, period.end + shift)),
            **{"data-step": name},
        )
        for name, shift in (("earlier", -step), ("later", step))
    ]
    own = html.Form(
        [parts.day_field("from", words("period.from"), period.start, words),
         parts.day_field("last", words("period.last"), period.end - timedelta(days=1), words),
         html.Button(words("period.apply"), className="btn s p")],
        method="get", className="dates",
    )  # fmt: skip
    face = html.Summary(
        [html.Em(words("period.title")), html.Span(shown, className="v", title=shown)], className="ctl"
    )
    return html.Details(
        [face, html.Div([*items, html.Div(moves, className="moves"), own], className="pop list")],
        className="menu period",
    )


def notice(title: str, text: str, *, link: str, to: str, kind: str, words: Words) -> Component:
    """A page that says one thing: nothing here, not yet, failed; with a way on."""
    note = html.Span([text, html.A(link, href=to, className="link")])
    return html.Main(
        [html.H1(title, className="sr"), parts.state(kind, title, words, note=note)], className="page alone"
    )


def _help(words: Words) -> Component:
    rows = [
        html.Tr(
            [html.Th([html.Kbd(key) for key in keys.split(" ")], scope="row"), html.Td(words(f"key.{name}"))]
        )
        for keys, name in KEYS
    ]
    switch = html.Button(words("key.off"), className="btn s", **{"data-key": "off"})
    close = html.Button(words("key.closing"), className="btn s", **{"data-key": "close"})
    return html.Dialog(
        [html.Div([html.H2(words("shell.help")), html.Span(className="sp"), switch, close], className="hd"),
         plain(html.Table(html.Tbody(rows)))],
        id=ids.Shell.HELP, className="pop help",
    )  # fmt: skip
