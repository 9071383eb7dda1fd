"""Instants as the store keeps them: microseconds since 1970-01-01 UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch of an aware instant, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(instant: int) -> datetime:
    """Aware UTC instant of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=instant)


def utc_now() -> datetime:
    """The real clock; everything else takes the clock as a parameter."""
    return datetime.now(UTC)
