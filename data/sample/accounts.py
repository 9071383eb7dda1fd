"""Accounts of the sample city. Their password is printed on its sign-in page, so they live on loopback only."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from data.people import PeopleError, add_person, list_people
from data.schema import unit
from data.settings import Settings
from data.store import Store

SAMPLE_PASSWORD = "linli-sample-city"  # noqa: S105 - meant to be read
MANAGED_GRID = "鹤鸣二"


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


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def ensure_sample_accounts(
    store: Store, settings: Settings, *, host: str, now: datetime
) -> tuple[SampleAccount, ...]:
    """Make the sample accounts that are missing; returns those that may be named on the sign-in page.

    Where the instance is no sample city: none. Raises PeopleError where one is to listen beyond loopback while
    such an account is open: its password is public.
    """
    if not settings.sample:
        return ()
    present = {each.name: each for each in list_people(store)}
    if not is_loopback(host):
        open_ones = [
            each.name for each in SAMPLE_ACCOUNTS if each.name in present and not present[each.name].disabled
        ]
        if open_ones:
            raise PeopleError(
                f"host: got {host} with sample accounts {', '.join(open_ones)}; expected 127.0.0.1, "
                "or accounts closed by 'linli users disable'"
            )
        return ()
    for account in SAMPLE_ACCOUNTS:
        if account.name not in present:
            units = _managed_unit(store, settings) if account.role == "manager" else ()
            if account.role != "manager" or units:
                add_person(store, account.name, role=account.role, password=account.password, now=now, units=units,
                           by="sample city")  # fmt: skip
    present = {each.name: each for each in list_people(store)}
    return tuple(each for each in SAMPLE_ACCOUNTS if each.name in present and not present[each.name].disabled)


def _managed_unit(store: Store, settings: Settings) -> tuple[str, ...]:
    """Code of the sample manager's grid: the one named so, else the first of the grids."""
    depth = settings.names.index("grid") if "grid" in settings.names else len(settings.names) // 2
    query = (
        select(unit.c.code)
        .where(unit.c.level == depth)
        .order_by(unit.c.version_id.desc(), unit.c.pos)
        .limit(1)
    )
    with store.read() as connection:
        named = connection.execute(query.where(unit.c.name.startswith(MANAGED_GRID))).scalars().all()
        return tuple(named or connection.execute(query).scalars().all())
