"""Accounts: who they are, what they may see, and whether a password is theirs.

Invariants: passwords are stored as argon2id hashes only; an attempt is booked before it is verified, so that any
number of tries at once count; an unknown name costs the same work as a known one and gets the same answer.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from data.instants import micros
from data.passwords import NOBODY, PasswordError, hash_password, verify
from data.schema import audit_entry, boundary_version, person, person_unit, unit, web_session
from data.scope import ROLES, WHOLE, Scope, scope_of
from data.settings import FIRST_TREE, Settings, SettingsError
from data.store import Store

FAILURES_ALLOWED = 5
LOCK_OUT = timedelta(minutes=10)
LONGEST_NAME = 64


class PeopleError(ValueError):
    """An account cannot be made or changed; the text says what was found and what was expected."""


@dataclass(frozen=True)
class Person:
    """One account, without its password. `grants` are unit codes of the tree `tree`; WHOLE is everything."""

    id: int
    name: str
    role: str
    grants: tuple[str, ...]
    disabled: bool = False
    must_change: bool = False
    permission_version: int = 1
    created_at: int = 0
    tree: str = FIRST_TREE

    @property
    def units(self) -> tuple[str, ...]:
        """Codes of the units granted one by one; none where the whole instance is."""
        return tuple(code for code in self.grants if code != WHOLE)

    @property
    def scope(self) -> Scope:
        """What this person may see."""
        return scope_of(self.name, self.role, self.grants, tree=self.tree)


MANAGED_GRID = "鹤鸣二"
SAMPLE_PASSWORD = "linli-sample-city"  # noqa: S105 - meant to be read


@dataclass(frozen=True)
class SampleAccount:
    """An account anybody may use who sits at this machine."""

    name: str
    role: str
    password: str = SAMPLE_PASSWORD


SAMPLE_ACCOUNTS = (
    SampleAccount("leader", "leader"),
    SampleAccount("manager", "manager"),
    SampleAccount("analyst", "analyst"),
    SampleAccount("operator", "operator"),
    SampleAccount("admin", "administrator"),
)


def plain_name(text: str) -> str:
    """A name as it is stored and compared: compatibility forms unified (NFKC), no surrounding blanks."""
    return unicodedata.normalize("NFKC", text).strip()


def note(
    connection: Connection, action: str, *, by: str, now: datetime, about: str = "", detail: str = ""
) -> None:
    """Add one line to the audit trail, inside the transaction of the act itself."""
    row = {"at": micros(now), "person": by, "action": action, "object": about, "detail": detail}
    connection.execute(insert(audit_entry).values(row))


def add_person(
    store: Store,
    name: str,
    *,
    role: str,
    password: str,
    now: datetime,
    units: Iterable[str] = (),
    tree: str = FIRST_TREE,
    by: str = "command line",
    must_change: bool = False,
) -> Person:
    """Make an account. Without units the whole instance is granted, except to a manager, who needs units.

    tree  the units are of: all of one account lie in one tree
    Raises PeopleError: an unfit name or password, an unknown role, tree or unit, a name that is taken.
    """
    name = _fit_name(name)
    _known_tree(store.settings, tree, where=f"users add {name}")
    grants = _grants(name, role, units)
    try:
        hashed = hash_password(password)
    except PasswordError as error:
        raise PeopleError(f"users add {name}: {error}") from None
    values: dict[str, object] = {"name": name, "password_hash": hashed, "role": role}
    values |= {"must_change": must_change, "created_at": micros(now)}
    with store.write() as connection:
        _known_units(connection, grants, tree=tree, where=f"users add {name}")
        try:
            made = connection.execute(insert(person).values(values).returning(person.c.id)).scalar_one()
        except IntegrityError:
            raise PeopleError(f"users add {name}: got a name that is taken; expected a new one") from None
        granted = tree if grants else FIRST_TREE
        rows = [{"person_id": made, "tree": granted, "unit_code": code} for code in grants or (WHOLE,)]
        connection.execute(insert(person_unit), rows)
        detail = f"{role} {' '.join(grants)}".strip() + (f" ({tree})" if granted != FIRST_TREE else "")
        note(connection, "person added", by=by, now=now, about=name, detail=detail)
        return read_person(connection, made)


def _grants(name: str, role: str, units: Iterable[str]) -> tuple[str, ...]:
    """The units granted, each once; a manager needs one."""
    if role not in ROLES:
        raise PeopleError(f"users add {name}: role: got '{role}'; expected one of {', '.join(ROLES)}")
    grants = tuple(dict.fromkeys(units))
    if role == "manager" and not grants:
        raise PeopleError(
            f"users add {name}: got no unit; expected one or more, a manager sees named units only"
        )
    return grants


def disable_person(store: Store, name: str, *, now: datetime, by: str = "command line") -> None:
    """Close an account and end its sessions at once. Raises PeopleError where there is none of that name."""
    with store.write() as connection:
        found = connection.execute(select(person.c.id).where(person.c.name == plain_name(name))).scalar()
        if found is None:
            raise PeopleError(f"users disable: got '{name}'; expected the name of an account")
        change = {"disabled": True, "permission_version": person.c.permission_version + 1}
        connection.execute(update(person).where(person.c.id == found).values(change))
        connection.execute(delete(web_session).where(web_session.c.person_id == found))
        note(connection, "person disabled", by=by, now=now, about=plain_name(name))


def list_people(store: Store) -> tuple[Person, ...]:
    """All accounts, by name."""
    with store.read() as connection:
        ids = connection.execute(select(person.c.id).order_by(person.c.name)).scalars().all()
        return tuple(read_person(connection, each) for each in ids)


def read_person(connection: Connection, person_id: int) -> Person:
    """One account with its grants."""
    row = connection.execute(select(person).where(person.c.id == person_id)).one()
    query = select(person_unit.c.tree, person_unit.c.unit_code).where(person_unit.c.person_id == person_id)
    granted = connection.execute(query).all()
    return person_of(row, [(each.tree, each.unit_code) for each in granted])


def person_of(row: Row, granted: Iterable[tuple[str, str]]) -> Person:
    """A Person from a row that holds the columns of `person` and the (tree, unit code) pairs granted.

    Grants in several trees at once are none of ours: they open nothing.
    """
    pairs = sorted(granted)
    trees = {tree for tree, _ in pairs}
    grants = tuple(code for _, code in pairs) if len(trees) == 1 else ()
    return Person(
        row.id,
        row.name,
        row.role,
        grants,
        row.disabled,
        row.must_change,
        row.permission_version,
        row.created_at,
        trees.pop() if len(trees) == 1 else FIRST_TREE,
    )


def check_password(store: Store, name: str, password: str, *, now: datetime) -> Person | None:
    """The person whose name and password these are, else None: unknown, wrong, disabled or locked out alike.

    Five failures in a row lock the account for ten minutes; while it is locked nothing is verified. The lock lies
    in the database, so that it holds for all processes and across restarts.
    """
    name = plain_name(name)[:LONGEST_NAME]
    with store.write() as connection:
        booked = _book_attempt(connection, name, now)
    right = verify(booked.password_hash if booked else NOBODY, password)
    if booked is None or not right:
        return None
    with store.write() as connection:
        clear = update(person).where(person.c.id == booked.id, ~person.c.disabled)
        if not connection.execute(clear.values(failures=0, locked_until=None)).rowcount:
            return None
        return read_person(connection, booked.id)


def _book_attempt(connection: Connection, name: str, now: datetime) -> Row | None:
    """Count this attempt as a failure until it proves right; None where nothing shall be verified."""
    row = connection.execute(select(person).where(person.c.name == name).with_for_update()).one_or_none()
    if row is None or row.disabled or (row.locked_until is not None and row.locked_until > micros(now)):
        note(connection, "sign-in refused", by=row.name if row else "", now=now)
        return None
    failures = row.failures + 1
    change: dict[str, int | None] = {"failures": failures, "locked_until": None}
    if failures >= FAILURES_ALLOWED:
        change = {"failures": 0, "locked_until": micros(now + LOCK_OUT)}
        note(connection, "sign-in locked", by=row.name, now=now)
    connection.execute(update(person).where(person.c.id == row.id).values(change))
    return row


def _fit_name(name: str) -> str:
    plain = plain_name(name)
    if not 0 < len(plain) <= LONGEST_NAME or not plain.isprintable():
        raise PeopleError(f"users add: name: got {name!r}; expected 1 to {LONGEST_NAME} printable characters")
    return plain


def _known_tree(settings: Settings, tree: str, *, where: str) -> None:
    try:
        settings.tree(tree)
    except SettingsError as error:
        raise PeopleError(f"{where}: {error}") from None


def _known_units(connection: Connection, codes: tuple[str, ...], *, tree: str, where: str) -> None:
    """Refuse codes that no published unit of the tree has; a tree without units yet takes any."""
    ours = select(boundary_version.c.id).where(boundary_version.c.tree == tree)
    there = unit.c.version_id.in_(ours)
    if not connection.execute(select(func.count()).where(there)).scalar_one():
        return
    known = set(connection.execute(select(unit.c.code).where(there, unit.c.code.in_(codes))).scalars())
    for code in codes:
        if code not in known or code == WHOLE:
            raise PeopleError(f"{where}: unit: got '{code}'; expected the code of a published unit")


def ensure_sample_accounts(store: Store, settings: Settings, *, now: datetime) -> tuple[SampleAccount, ...]:
    """Make the sample accounts that are missing; returns those that are open.

    Only in a sample city: their password is public, so it is served on loopback only.
    """
    if not settings.sample:
        return ()
    present = {each.name for each in list_people(store)}
    for account in SAMPLE_ACCOUNTS:
        units = _managed_unit(store, settings) if account.role == "manager" else ()
        if account.name not in present and (units or account.role != "manager"):
            add_person(store, account.name, role=account.role, password=account.password, now=now, units=units,
                       by="sample city")  # fmt: skip
    open_ones = {each.name for each in list_people(store) if not each.disabled}
    return tuple(each for each in SAMPLE_ACCOUNTS if each.name in open_ones)


def _managed_unit(store: Store, settings: Settings) -> tuple[str, ...]:
    """Code of the sample manager's grid: the one named so, else the first of the grids."""
    depth = settings.names.index("grid") if "grid" in settings.names else len(settings.names) // 2
    query = (
        select(unit.c.code)
        .join(boundary_version, boundary_version.c.id == unit.c.version_id)
        .where(boundary_version.c.tree == FIRST_TREE, unit.c.level == depth)
        .order_by(unit.c.version_id.desc(), unit.c.pos)
        .limit(1)
    )
    with store.read() as connection:
        named = connection.execute(query.where(unit.c.name.startswith(MANAGED_GRID))).scalars().all()
        return tuple(named or connection.execute(query).scalars().all())
