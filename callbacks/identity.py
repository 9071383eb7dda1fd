"""Who asks: the person of the request under way, and the cookie that says so."""

from contextvars import ContextVar

from data.people import Person
from data.scope import Scope
from data.sessions import Visit

# A context variable follows a request through `await` and into the threads it hands work to.
_visit: ContextVar[Visit | None] = ContextVar("linli_visit", default=None)


class NoPerson(RuntimeError):
    """Something that needs a person ran outside a signed-in request; nothing is answered."""


def enter(visit: Visit | None) -> None:
    """Let everything that this request starts know whose it is; None: a stranger's. Called by the guard only."""
    _visit.set(visit)


def current_visit() -> Visit:
    """The session of the request under way. Raises NoPerson outside of one."""
    visit = _visit.get()
    if visit is None:
        raise NoPerson("identity: got no signed-in request; expected the guard ahead of this")
    return visit


def current_person() -> Person:
    """The person of the request under way. Raises NoPerson outside of one."""
    return current_visit().person


def current_scope() -> Scope:
    """What the person of the request under way may see. Raises NoPerson outside of one."""
    return current_visit().person.scope


def current_csrf() -> str:
    """The token that forms of this session carry in a hidden field named `token`."""
    return current_visit().csrf


def session_cookie(*, https: bool) -> str:
    """Name of the session's cookie; a browser takes the `__Host-` prefix over HTTPS only."""
    return "__Host-linli-session" if https else "linli-session"


def form_cookie(*, https: bool) -> str:
    """Name of the cookie that the sign-in form's token is compared with."""
    return "__Host-linli-form" if https else "linli-form"


def read_cookie(header: str, name: str) -> str | None:
    """The value of one cookie; None when it is absent or given twice, as another host may have planted one."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    values = [value for key, _, value in pairs if key == name]
    return values[0] if len(values) == 1 else None


def set_cookie(name: str, value: str, *, https: bool, seconds: int | None = None) -> str:
    """A Set-Cookie header: not for scripts, not sent by other sites' forms, and only over HTTPS where declared."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{'; Secure' if https else ''}"


def drop_cookie(name: str, *, https: bool) -> str:
    """A Set-Cookie header that removes one."""
    return set_cookie(name, "", https=https, seconds=0)
