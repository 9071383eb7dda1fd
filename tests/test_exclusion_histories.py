"""Random histories of deliveries, applications, decisions, lists and refreshes: every number is what plain Python says.

What must count in the end is worked out from the acts alone: the last delivery of each order, and whether the last
decision left it out; then that is compared with the store refreshed by parts, made anew, and as of every act.
"""

import shutil
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from conftest import SOAK
from excluding import numbers
from grove import ORDERS, ask
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from world import SIX, World, case, stored

from data import exclusions
from data.exclusions import AFTER, ExclusionError, Fact
from data.instants import micros
from data.verify import verify

KEYS = 2
PEOPLE = ("zhang", "li", "wang")
NAMES = ("orders_accepted", "order_on_time_rate", "order_satisfaction")
ACTS = ("deliver", "applied", "applied", "approved", "approved", "refused", "withdrawn", "refresh", "refresh")
TEXT = ORDERS.replace('unit_hint = "hint"', 'excluded = "hint"')  # what the source itself leaves out
QUERY = ask(*NAMES)
Act = tuple[str, int, int, bool]  # what, which order, by whom or which state of it, left out as delivered


@dataclass
class Model:
    """What stands: the delivered state of each order, and of its application the state and who applied."""

    orders: dict[int, tuple[int, bool]] = field(default_factory=dict)
    states: dict[int, tuple[str, str]] = field(default_factory=dict)

    def allows(self, what: str, key: int, by: str) -> bool:
        before, applicant = self.states.get(key, ("", ""))
        fits = key in self.orders and before in AFTER[what]
        return fits and (what in ("applied", "withdrawn") or by != applicant)

    def act(self, what: str, key: int, by: str) -> None:
        self.states[key] = (what, by if what == "applied" else self.states[key][1])

    def counted(self, *, before: bool = False) -> list[int]:
        """Variants of the orders that count; with those left out too."""
        return [
            variant
            for key, (variant, out) in self.orders.items()
            if before or not (out or self.states.get(key, ("", ""))[0] == "approved")
        ]


def expected(variants: list[int]) -> dict[str, tuple]:
    """Numerator and denominator of NAMES: of a variant v, an order is due at 4 and finished at v, satisfied if even."""
    timely, satisfied = sum(v <= 4 for v in variants), sum(v % 2 == 0 for v in variants)
    n = len(variants)
    return dict(zip(NAMES, ((n, -1), (timely, n), (satisfied, n)), strict=True))


def row(prefix: str, key: int, variant: int, out: bool) -> tuple:
    made = case(key, square=key + 0.5, reported=0, due=4, closed=variant,
                channel="patrol" if variant % 2 == 0 else "video", hint="重复" if out else None)  # fmt: skip
    return (prefix + made[0], *made[1:])


def play(world: World, prefix: str, acts: list[Act]) -> Model:
    """Do all acts; what the model forbids must be refused."""
    model = Model()
    for what, key, number, out in acts:
        by = PEOPLE[number % 3]
        if what == "deliver":
            model.orders[key] = (number, out)
            given = [row(prefix, one, *state) for one, state in model.orders.items()]  # the others repeated
            world.load(given, name="orders", text=TEXT)
        elif what == "refresh":
            world.refresh()
        elif key in model.orders:
            assert decided(world, Fact("orders", 1, f"{prefix}C{key}"), what, by) == model.allows(
                what, key, by
            )
            if model.allows(what, key, by):
                model.act(what, key, by)
    return model


def decided(world: World, fact: Fact, what: str, by: str) -> bool:
    """Whether the office takes an act."""
    with suppress(ExclusionError):
        if what == "applied":
            exclusions.apply(
                world.store, fact, reason="outside", clause="", text="", by=by, clock=world.clock
            )
        else:
            exclusions.decide(world.store, fact, what, note="", by=by, clock=world.clock, judge=True)
        return True
    return False


def check(world: World, models: list[Model]) -> None:
    """By parts and in full the same sums, those expected, before exclusions too."""
    world.refresh()
    parts = stored(world, "orders").tolist()
    assert [str(one) for one in verify(world.store)] == []
    found = {name: told[:2] for name, told in numbers(world, *NAMES).items()}
    assert found == expected([v for model in models for v in model.counted()])
    whole = world.reader().before_exclusions(QUERY).fillna(-1.0).set_index("indicator")
    wanted = expected([v for model in models for v in model.counted(before=True)])
    left = sum(len(model.counted(before=True)) - len(model.counted()) for model in models)
    assert {name: tuple(whole.loc[name, ["numerator", "denominator"]]) for name in NAMES} == wanted
    assert set(whole["n_excluded"]) == {left}
    world.refresh(full=True)
    assert stored(world, "orders").tolist() == parts


def histories() -> st.SearchStrategy[list[Act]]:
    """Acts in any order, after both orders came and were counted: so that decisions alone must move the sums."""
    act = st.tuples(st.sampled_from(ACTS), st.integers(0, KEYS - 1), st.integers(1, 6), st.booleans())
    first: list[Act] = [("deliver", key, 3 + key, False) for key in range(KEYS)]
    start = [*first, ("refresh", 0, 1, False)]
    return st.lists(act, min_size=4, max_size=12).map(lambda acts: [*start, *acts])


@pytest.mark.parametrize("start", range(2))
def test_every_history_of_decisions_and_deliveries_ends_in_the_numbers_it_should(
    tmp_path, migrated_sqlite, start
):
    shutil.copyfile(migrated_sqlite, tmp_path / "store.db")
    world = World(tmp_path, f"sqlite:///{tmp_path}/store.db")
    world.publish(SIX)
    models: list[Model] = []

    @seed(start)
    @settings(max_examples=500 if SOAK else 12, database=None, deadline=None)
    @given(histories())
    def one(acts: list[Act]) -> None:
        models.append(play(world, f"h{len(models)}", acts))

    one()
    check(world, models)
    world.store.close()


def test_histories_as_of_each_act_on_either_store(world):
    """Asked as of an instant, the store answers what the history up to that instant ends in."""
    models: list[Model] = []
    marks: list[tuple[int, dict]] = []

    @seed(5)
    @settings(max_examples=60 if SOAK else 8, database=None, deadline=None)
    @given(histories())
    def one(acts: list[Act]) -> None:
        models.append(play(world, f"h{len(models)}", acts))
        marks.append((micros(world.clock()), expected([v for model in models for v in model.counted()])))

    one()
    check(world, models)
    for at, wanted in marks:
        assert {name: told[:2] for name, told in numbers(world, *NAMES, as_of=at).items()} == wanted
