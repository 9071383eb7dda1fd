"""How far it is to the next rank: from published values of all units and our own whole numbers.

Pure and exact: values are fractions, counts are whole, nothing is rounded before it is compared. The denominator is
that of today: orders change their verdict, none comes or goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

PRINTED = 1_000_000  # published shares are exact to the millionth: four decimals of a per cent


@dataclass(frozen=True)
class Counted:
    """An indicator as whole numbers: its value is `worth` / (`count` × `scale`).

    gains   what an order can still add to the worth -> how many orders can
    losses  what an order would take off it, were it bad -> how many orders would
    """

    worth: int
    count: int
    scale: int = 1
    gains: Mapping[int, int] = field(default_factory=dict)
    losses: Mapping[int, int] = field(default_factory=dict)

    @property
    def whole(self) -> int:
        """What the worth would be if every order were at its best."""
        return self.count * self.scale

    @property
    def lost_by_one(self) -> Fraction | None:
        """How much of the value one order more that turns out badly takes; None where there is none to turn."""
        most = max((size for size, orders in self.losses.items() if orders), default=0)
        return Fraction(most, self.whole) if most and self.whole else None


def exact(value: float | None) -> Fraction | None:
    """A published value as the fraction that was printed."""
    return None if value is None else Fraction(round(value * PRINTED), PRINTED)


def rate(good: int, count: int, *, better: str | None = "high") -> Counted:
    """A rate as counted; of one where low is better the worth is the others, so that more is always better."""
    worth = count - good if better == "low" else good
    return Counted(worth, count, 1, {1: count - worth}, {1: worth})


def score(levels: Mapping[int, int], *, scale: int) -> Counted:
    """A weighted score: worth of a level -> orders of that level; the best level is worth `scale`, the worst 0."""
    worth = sum(each * orders for each, orders in levels.items())
    gains = {scale - each: orders for each, orders in levels.items() if each < scale}
    losses = {each: orders for each, orders in levels.items() if each > 0}
    return Counted(worth, sum(levels.values()), scale, gains, losses)


def to_overtake(counted: Counted, theirs: Fraction) -> int | None:
    """Fewest orders that must turn out well for our value to be above theirs; None where not even all suffice."""
    wanted = floor(theirs * counted.whole) + 1 - counted.worth
    return _fewest(counted.gains, wanted) if counted.count else None


def to_fall_behind(counted: Counted, theirs: Fraction) -> int | None:
    """Fewest orders that must turn out badly for our value to be below theirs; None where not even all suffice."""
    wanted = floor(counted.worth - theirs * counted.whole) + 1
    return _fewest(counted.losses, wanted) if counted.count else None


def _fewest(steps: Mapping[int, int], wanted: int) -> int | None:
    """Fewest orders whose steps make up what is wanted: the longest steps first."""
    taken = 0
    for size in sorted(steps, reverse=True):
        if wanted <= 0:
            break
        orders = min(steps[size], -(-wanted // size))
        taken, wanted = taken + orders, wanted - orders * size
    return taken if wanted <= 0 else None


def neighbours(
    values: Sequence[Fraction | None], own: int, *, better: str | None = "high"
) -> tuple[int | None, int | None]:
    """Places of the next better and the next worse value than that at `own`; equal ones are neither."""
    mine = values[own]
    if mine is None:
        return None, None
    sign = -1 if better == "low" else 1
    ahead = [
        (sign * value, at)
        for at, value in enumerate(values)
        if value is not None and sign * (value - mine) > 0
    ]
    behind = [
        (sign * value, -at)
        for at, value in enumerate(values)
        if value is not None and sign * (value - mine) < 0
    ]
    return (min(ahead)[1] if ahead else None), (-max(behind)[1] if behind else None)


def ranks(values: Sequence[Fraction | None], *, better: str | None = "high") -> list[int | None]:
    """The rank of each value, the best 1; equal ones share the better rank and the next is left out."""
    sign = -1 if better == "low" else 1
    known = [sign * value for value in values if value is not None]
    return [None if value is None else 1 + sum(other > sign * value for other in known) for value in values]
