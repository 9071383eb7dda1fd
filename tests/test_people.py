from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import extract_parameters
from sqlalchemy import insert, select

from data import passwords, people
from data.passwords import COSTS, NOBODY
from data.people import (
    SAMPLE_ACCOUNTS,
    PeopleError,
    add_person,
    check_password,
    disable_person,
    ensure_sample_accounts,
    list_people,
)
from data.schema import audit_entry, boundary_version, person, unit, web_session
from data.scope import WHOLE
from data.sessions import (
    SessionRules,
    close_session,
    close_sessions,
    drop_ended_sessions,
    open_session,
    read_session,
)
from data.settings import parse_settings
from data.store import Store

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
RULES = SessionRules()
RIGHT = "correct horse battery"


def make_store(folder, *, url: str, sample: bool = False) -> Store:
    raw = {"levels": [{"name": name} for name in ("district", "grid")], "sample": sample, "database_url": url}
    return Store(parse_settings(raw, folder=folder))


@pytest.fixture
def cheap(monkeypatch):
    """Hashing at the least cost: what is tested here is the counting, not the hash."""
    monkeypatch.setattr(passwords, "COSTS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})


@pytest.fixture
def store(tmp_path, cheap, store_url):
    store = make_store(tmp_path, url=store_url)
    yield store
    store.close()


def add_units(store: Store, *rows: tuple[int, int, str, str], tree: str = "grid", version: int = 1) -> None:
    with store.write() as connection:
        published = {"id": version, "tree": tree, "valid_from_on": 0, "recorded_at": 0, "fingerprint": ""}
        connection.execute(insert(boundary_version).values(**published, note=""))
        for pos, level, code, name in rows:
            values = {
                "version_id": version,
                "pos": pos,
                "end": pos,
                "level": level,
                "parent_pos": 0,
                "code": code,
            }
            connection.execute(insert(unit).values(**values, name=name))


def after(**span) -> datetime:
    return NOW + timedelta(**span)


def test_account_is_stored_with_its_grants_and_never_with_its_password(store):
    made = add_person(store, " ｗang ", role="manager", password=RIGHT, now=NOW, units=["G2", "G1", "G2"])
    assert (made.name, made.grants, made.scope.units, made.scope.whole) == (
        "wang",
        ("G1", "G2"),
        ("G1", "G2"),
        False,
    )
    assert list_people(store) == (made,)
    with store.read() as connection:
        assert connection.scalar(select(person.c.password_hash)).startswith("$argon2id$")
        assert [
            tuple(row) for row in connection.execute(select(audit_entry.c.action, audit_entry.c.object))
        ] == [("person added", "wang")]


def test_without_units_a_leader_sees_the_whole_and_a_manager_is_refused(store):
    assert add_person(store, "li", role="leader", password=RIGHT, now=NOW).grants == (WHOLE,)
    with pytest.raises(PeopleError, match="manager sees named units only"):
        add_person(store, "wang", role="manager", password=RIGHT, now=NOW)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": " "}, "printable"),
        ({"name": "a\nb"}, "printable"),
        ({"name": "x" * 65}, "printable"),
        ({"role": "root"}, "got 'root'; expected one of manager"),
        ({"password": "short"}, "got 5 characters; expected 12"),
        ({"units": ["G9"]}, "got 'G9'; expected the code of a published unit"),
        ({"units": [""]}, "got ''; expected the code"),
        ({"name": "li"}, "taken"),
    ],
)
def test_unfit_accounts_are_refused_and_nothing_is_stored(store, change, says):
    add_units(store, (1, 1, "G1", "一网格"))
    add_person(store, "li", role="leader", password=RIGHT, now=NOW)
    values = {"name": "wang", "role": "manager", "password": RIGHT, "units": ["G1"], **change}
    with pytest.raises(PeopleError, match=says) as refusal:
        add_person(store, values.pop("name"), now=NOW, **values)
    assert RIGHT not in str(refusal.value)
    assert [each.name for each in list_people(store)] == ["li"]


def test_password_is_checked_whatever_its_unicode_form(store):
    add_person(store, "李", role="leader", password="Ａbcdefghijkl①", now=NOW)
    assert check_password(store, "李", "Abcdefghijkl1", now=NOW).name == "李"
    assert check_password(store, "李", "abcdefghijkl1", now=NOW) is None
    assert check_password(store, "张", "Abcdefghijkl1", now=NOW) is None


def test_fifth_failure_in_a_row_locks_for_ten_minutes(store):
    add_person(store, "li", role="leader", password=RIGHT, now=NOW)
    for _ in range(4):
        assert check_password(store, "li", "wrong", now=NOW) is None
    assert check_password(store, "li", RIGHT, now=NOW)  # right before the fifth: the count starts again
    for _ in range(5):
        assert check_password(store, "li", "wrong", now=NOW) is None
    assert check_password(store, "li", RIGHT, now=after(minutes=9, seconds=59)) is None
    assert check_password(store, "li", RIGHT, now=after(minutes=10))


def test_right_password_at_the_fifth_attempt_is_let_in(store):
    add_person(store, "li", role="leader", password=RIGHT, now=NOW)
    for _ in range(4):
        check_password(store, "li", "wrong", now=NOW)
    assert check_password(store, "li", RIGHT, now=NOW)
    assert check_password(store, "li", RIGHT, now=after(seconds=1))


def test_attempts_at_once_verify_five_times_at_most(store, monkeypatch):
    add_person(store, "li", role="leader", password=RIGHT, now=NOW)
    verified = []
    monkeypatch.setattr(people, "verify", lambda stored, _: verified.append(stored != NOBODY))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: check_password(store, "li", "wrong", now=NOW), range(40)))
    assert verified.count(True) == 5
    assert verified.count(False) == 35  # the same work for an attempt that is not verified


def test_disabled_account_signs_nobody_in_and_its_sessions_end(store):
    li = add_person(store, "li", role="leader", password=RIGHT, now=NOW)
    session = open_session(store, li, now=NOW, rules=RULES)
    disable_person(store, "li", now=NOW)
    assert check_password(store, "li", RIGHT, now=NOW) is None
    assert read_session(store, session, now=NOW, rules=RULES, extend=True) is None
    assert list_people(store)[0].disabled
    with pytest.raises(PeopleError, match="got 'nobody'"):
        disable_person(store, "nobody", now=NOW)


def test_an_account_closed_by_any_other_door_is_closed_at_once(store):
    session = open_session(
        store, add_person(store, "li", role="leader", password=RIGHT, now=NOW), now=NOW, rules=RULES
    )
    with store.write() as connection:
        connection.execute(person.update().values(disabled=True))
    assert read_session(store, session, now=NOW, rules=RULES, extend=True) is None


def test_the_stand_in_hash_costs_what_a_real_one_costs():
    stand_in = extract_parameters(NOBODY)
    assert {name: getattr(stand_in, name) for name in COSTS} == COSTS


def test_session_is_kept_hashed_and_carries_the_rights_of_now(store):
    wang = add_person(store, "wang", role="manager", password=RIGHT, now=NOW, units=["G1"])
    session = open_session(store, wang, now=NOW, rules=RULES)
    assert read_session(store, session, now=NOW, rules=RULES, extend=False).person == wang
    assert read_session(store, session + "x", now=NOW, rules=RULES, extend=False) is None
    with store.write() as connection:
        assert session not in str(connection.execute(select(web_session)).all())
        connection.execute(person.update().values(role="operator"))
    assert read_session(store, session, now=NOW, rules=RULES, extend=False).person.role == "operator"


@pytest.mark.parametrize(
    ("requests", "alive"),
    [
        ([timedelta(minutes=29, seconds=59)], True),
        ([timedelta(minutes=30)], False),
        ([timedelta(minutes=29), timedelta(minutes=58, seconds=59)], True),
        ([timedelta(minutes=29), timedelta(minutes=59)], False),
        (
            [timedelta(minutes=20 * step) for step in range(1, 36)]
            + [timedelta(hours=11, minutes=59, seconds=59)],
            True,
        ),
        ([timedelta(minutes=20 * step) for step in range(1, 36)] + [timedelta(hours=12)], False),
    ],
)
def test_session_ends_after_half_an_hour_idle_and_twelve_hours_in_all(store, requests, alive):
    session = open_session(
        store, add_person(store, "li", role="leader", password=RIGHT, now=NOW), now=NOW, rules=RULES
    )
    for span in requests[:-1]:
        assert read_session(store, session, now=NOW + span, rules=RULES, extend=True)
    last = read_session(store, session, now=NOW + requests[-1], rules=RULES, extend=True)
    assert (last is not None) is alive


def test_requests_that_come_by_themselves_keep_nothing_alive(store):
    session = open_session(
        store, add_person(store, "li", role="leader", password=RIGHT, now=NOW), now=NOW, rules=RULES
    )
    for minute in range(30):
        assert read_session(store, session, now=after(minutes=minute), rules=RULES, extend=False)
    assert read_session(store, session, now=after(minutes=30), rules=RULES, extend=False) is None


def test_clock_set_back_ends_a_session_rather_than_prolonging_it(store):
    session = open_session(
        store, add_person(store, "li", role="leader", password=RIGHT, now=NOW), now=NOW, rules=RULES
    )
    assert read_session(store, session, now=after(minutes=-2), rules=RULES, extend=True) is None


def test_sessions_end_one_by_one_all_at_once_and_by_housekeeping(store):
    li = add_person(store, "li", role="leader", password=RIGHT, now=NOW)
    first, second, third = (open_session(store, li, now=NOW, rules=RULES) for _ in range(3))
    close_session(store, first, now=NOW)
    close_session(store, "never was one", now=NOW)
    assert read_session(store, first, now=NOW, rules=RULES, extend=True) is None
    assert read_session(store, second, now=NOW, rules=RULES, extend=True)
    assert drop_ended_sessions(store, now=after(minutes=29), rules=RULES) == 0
    assert read_session(store, third, now=after(minutes=29), rules=RULES, extend=True)
    assert drop_ended_sessions(store, now=after(minutes=31), rules=RULES) == 1
    assert close_sessions(store, li.id) == 1


def test_sample_accounts_exist_in_a_sample_city_only(tmp_path, cheap, store_url):
    plain = make_store(tmp_path, url=store_url)
    assert ensure_sample_accounts(plain, plain.settings, now=NOW) == ()
    assert list_people(plain) == ()
    plain.close()
    store = make_store(tmp_path, url=store_url, sample=True)
    add_units(store, (1, 0, "D", "鹤鸣二街道"), (2, 1, "G1", "鹤鸣一网格"), (3, 1, "G2", "鹤鸣二网格"))
    named = ensure_sample_accounts(store, store.settings, now=NOW)
    assert named == SAMPLE_ACCOUNTS == ensure_sample_accounts(store, store.settings, now=NOW)
    assert {each.name: each.grants for each in list_people(store)} == {
        "admin": (WHOLE,), "analyst": (WHOLE,), "leader": (WHOLE,), "manager": ("G2",), "operator": (WHOLE,),
    }  # fmt: skip
    for account in named:
        assert check_password(store, account.name, account.password, now=NOW).role == account.role
    disable_person(store, "leader", now=NOW)
    assert ensure_sample_accounts(store, store.settings, now=NOW) == SAMPLE_ACCOUNTS[1:]
    store.close()
