"""What a period may still come to: the value so far, and what it would be if all that is open came out well or badly.

Pure and exact. An open order need not end within the period; whatever part of them does, and however they end, the
final value lies between the two.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Outlook:
    """One indicator of a period.

    worth    what the settled orders add to the numerator
    settled  how many they are
    pending  orders that can still change the value
    scale    what an order is worth at its best
    """

    indicator: str
    worth: int
    settled: int
    pending: int
    scale: int = 1
    better: str | None = "high"

    @property
    def value(self) -> Fraction | None:
        """The value of what is settled; None before anything is."""
        return Fraction(self.worth, self.settled * self.scale) if self.settled else None

    @property
    def best(self) -> Fraction | None:
        """If all that is open came out well."""
        return self._bound(well=self.better != "low")

    @property
    def worst(self) -> Fraction | None:
        """If all that is open came out badly."""
        return self._bound(well=self.better == "low")

    def _bound(self, *, well: bool) -> Fraction | None:
        count = self.settled + self.pending
        added = self.pending * self.scale if well else 0
        return Fraction(self.worth + added, count * self.scale) if count else None

    def still(self, target: float | None) -> str:
        """Whether a target is safe (met even at worst), lost (missed even at best), or open; "" without either."""
        if target is None or self.best is None or self.worst is None:
            return ""
        sign = -1 if self.better == "low" else 1
        aim = sign * Fraction(str(target))
        if sign * self.worst >= aim:
            return "safe"
        return "open" if sign * self.best >= aim else "lost"
