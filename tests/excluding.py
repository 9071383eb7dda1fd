"""What tests of exclusions share: orders delivered, applications made and decided, numbers and their proofs."""

from grove import CASES, ORDERS, ask, totals
from world import World

from data import exclusions
from data.exclusions import Event, Fact
from data.verify import verify

ORDER_NAMES = ("orders_accepted", "order_on_time_rate", "order_satisfaction", "order_events")


def orders(world: World, *rows: tuple) -> None:
    world.load(rows, name="orders", text=ORDERS)


def fact(world: World, key: str, source: str = "orders") -> Fact:
    with world.store.read() as connection:
        found = exclusions.find(connection, source, key)
    assert found is not None
    return found


def apply(
    world: World, key: str, *, by: str = "zhang", source: str = "orders", reason: str = "outside"
) -> Event:
    return exclusions.apply(
        world.store, fact(world, key, source), reason=reason, clause="3.2", text="", by=by, clock=world.clock
    )


def decide(
    world: World, key: str, state: str, *, by: str = "li", source: str = "orders", judge: bool = True
) -> Event:
    return exclusions.decide(
        world.store, fact(world, key, source), state, note="", by=by, clock=world.clock, judge=judge
    )


def leave_out(world: World, key: str, *, source: str = "orders") -> None:
    apply(world, key, source=source)
    decide(world, key, "approved", source=source)


def numbers(world: World, *names: str, as_of: int | None = None) -> dict:
    return totals(world.reader(), ask(*names, as_of=as_of))


def right(world: World) -> bool:
    """A refresh and a full rebuild agree, and both with the plain recount."""
    world.refresh()
    found = numbers(world, *CASES, *ORDER_NAMES)
    assert [str(one) for one in verify(world.store)] == []
    world.refresh(full=True)
    return numbers(world, *CASES, *ORDER_NAMES) == found and verify(world.store) == []
