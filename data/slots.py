"""When jobs are due, as pure arithmetic on instants: a slot is an instant at which a job should have run.

Slots are computed from rhythm and clock, never from timers, so that a wake-up that came late, twice or not at all
changes nothing. City time is used to find a day's slot and nowhere else.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_AT_ONCE = 1000  # slots listed at one look; what is left comes at the next one


class Rhythm(Protocol):
    """How often a job is due."""

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The newest slot that is not after `now`."""

    def between(self, last: datetime, now: datetime, zone: ZoneInfo) -> list[datetime]:
        """Slots after `last` and not after `now`, in order; no more than MOST_AT_ONCE."""

    def count(self, last: datetime, now: datetime, zone: ZoneInfo) -> int:
        """How many slots there are after `last` and not after `now`."""


@dataclass(frozen=True)
class Every:
    """Every so often, counted from 1970-01-01 UTC, so that all workers mean the same instants."""

    span: timedelta

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The newest multiple of the span."""
        return EPOCH + (now - EPOCH) // self.span * self.span

    def between(self, last: datetime, now: datetime, zone: ZoneInfo) -> list[datetime]:
        """Multiples of the span."""
        first = (last - EPOCH) // self.span + 1
        end = (now - EPOCH) // self.span
        return [EPOCH + step * self.span for step in range(first, min(end, first + MOST_AT_ONCE - 1) + 1)]

    def count(self, last: datetime, now: datetime, zone: ZoneInfo) -> int:
        """Multiples of the span."""
        return max(0, (now - EPOCH) // self.span - (last - EPOCH) // self.span)


@dataclass(frozen=True)
class Daily:
    """Once in each local day, at a local time. Where the clock skips it, at the instant it would have been."""

    at: time

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Today's slot, or the one before while it is not reached."""
        start = now.astimezone(zone).date() + timedelta(days=1)
        return next(
            slot for back in range(4) if (slot := self._slot(start - timedelta(days=back), zone)) <= now
        )

    def between(self, last: datetime, now: datetime, zone: ZoneInfo) -> list[datetime]:
        """One slot a local day."""
        day = last.astimezone(zone).date() - timedelta(days=1)
        slots: list[datetime] = []
        while len(slots) < MOST_AT_ONCE and (slot := self._slot(day, zone)) <= now:
            if slot > last and slot not in slots[-1:]:
                slots.append(slot)
            day += timedelta(days=1)
        return slots

    def count(self, last: datetime, now: datetime, zone: ZoneInfo) -> int:
        """Local days between the two slots."""
        newest = self.latest(now, zone)
        return max(0, (newest.astimezone(zone).date() - last.astimezone(zone).date()).days)

    def _slot(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, self.at, zone).astimezone(UTC)


def written(slot: datetime) -> str:
    """A slot as the ledger holds it: UTC, of one length, so that texts sort as instants do."""
    return slot.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parsed(text: str) -> datetime:
    """The instant of a written slot."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
