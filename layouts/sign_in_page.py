"""The sign-in page: plain HTML from the server, because Dash is not shown to strangers.

Pure: words and values in, one document out. Every text and attribute is escaped by `tag`; there is no script.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

STYLES = ("/assets/look.css", "/assets/sign_in.css")
_VOID = frozenset({"input", "link", "meta", "br"})


@dataclass(frozen=True)
class Account:
    """An account of the sample city, offered with its password."""

    name: str
    role: str
    password: str


@dataclass(frozen=True)
class SignIn:
    """What the page shows. `problem` is the key of a sentence, `languages` are codes with their own names."""

    instance: str
    token: str
    language: str
    languages: Sequence[tuple[str, str]] = ()
    page: str = ""
    name: str = ""
    problem: str = ""
    accounts: Sequence[Account] = ()
    theme: str = ""


class Markup(str):
    """HTML that is safe as it stands."""

    __slots__ = ()


def tag(kind: str, /, *children: str, **attributes: str | bool) -> Markup:
    """One element. Children that are not Markup are escaped; `for_`, `class_` lose their underscore."""
    shown = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not False
    )
    inner = "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    return Markup(f"<{kind}{shown}>" if kind in _VOID else f"<{kind}{shown}>{inner}</{kind}>")


def sign_in_page(view: SignIn, words: Callable[..., str]) -> str:
    """The whole document."""
    card = tag(
        "main",
        tag("h1", words("app.name"), tag("small", view.instance)),
        _problem(view, words),
        _form(view, words),
        _samples(view, words),
        _languages(view),
        class_="signin-card",
    )
    return document(card, title=words("signin.title"), language=view.language, theme=view.theme)


def notice_page(title: str, text: str, *, link: str, language: str, theme: str = "") -> str:
    """A page that says one thing and leads back: nothing here, not for this role."""
    card = tag("main", tag("h1", title), tag("p", text), tag("a", link, href="/"), class_="signin-card")
    return document(card, title=title, language=language, theme=theme)


def document(body: Markup, *, title: str, language: str, theme: str) -> str:
    """A document around `body`, with the program's own styles and nothing from elsewhere."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),  # else the browser asks for one that strangers do not get
        *(tag("link", rel="stylesheet", href=style) for style in STYLES),
    )
    page = tag("html", head, tag("body", body, class_="signin"), lang=language, data_theme=theme or False)
    return f"<!DOCTYPE html>{page}"


def _problem(view: SignIn, words: Callable[..., str]) -> Markup:
    if not view.problem:
        return Markup("")
    return tag("p", words(view.problem), class_="signin-problem bad", role="alert")


def _form(view: SignIn, words: Callable[..., str]) -> Markup:
    return tag(
        "form",
        *_hidden(view),
        tag("label", words("signin.name"), for_="name"),
        tag("input", id="name", name="name", value=view.name, autocomplete="username", maxlength="64",
            required=True, autofocus=not view.name),
        tag("label", words("signin.password"), for_="password"),
        tag("input", id="password", name="password", type="password", autocomplete="current-password",
            maxlength="1024", required=True, autofocus=bool(view.name)),
        tag("button", words("signin.enter"), type="submit"),
        method="post", action="/login", class_="signin-form",
    )  # fmt: skip


def _hidden(view: SignIn) -> tuple[Markup, Markup]:
    return (
        tag("input", type="hidden", name="token", value=view.token),
        tag("input", type="hidden", name="page", value=view.page),
    )


def _samples(view: SignIn, words: Callable[..., str]) -> Markup:
    """The accounts of the sample city, each one a form of one button."""
    if not view.accounts:
        return Markup("")
    rows = [
        tag(
            "form",
            *_hidden(view),
            tag("input", type="hidden", name="name", value=each.name),
            tag("input", type="hidden", name="password", value=each.password),
            tag("button", words(f"role.{each.role}"), tag("code", f"{each.name} · {each.password}"), type="submit"),
            method="post", action="/login",
        )
        for each in view.accounts
    ]  # fmt: skip
    return tag("section", tag("h2", words("signin.samples")), *rows, class_="signin-samples")


def _languages(view: SignIn) -> Markup:
    links = [
        tag("a", title, href=f"/login?language={code}&page={view.page}", lang=code)
        for code, title in view.languages
        if code != view.language
    ]
    return tag("nav", *links, class_="signin-languages") if links else Markup("")
